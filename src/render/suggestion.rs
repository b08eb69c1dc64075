//! The advice at the end of `why`: copy what a RUN needs first, and everything else after it.

use crate::build::{StepReport, StepState};
use crate::language::Language;
use crate::plan::MissReason;

/// What a program reads to know what to install. Copied alone before the RUN, these files keep
/// it cached while the rest of the sources change.
const PACKAGE_LISTS: [(&str, &str); 8] = [
    ("npm", "package.json"),
    ("yarn", "package.json"),
    ("pnpm", "package.json"),
    ("pip", "requirements.txt"),
    ("pip3", "requirements.txt"),
    ("go", "go.mod"),
    ("bundle", "Gemfile"),
    ("composer", "composer.json"),
];

/// Returns the advice for a chain of reasons, the asked step first: only where a RUN ran again because
/// an earlier COPY of everything had a changed file.
pub(super) fn suggestion(chain: &[&StepReport], language: Language) -> Option<String> {
    let (run, copy) = (chain.first()?, chain.last()?);
    let is_run = first_word(&run.text).eq_ignore_ascii_case("RUN");
    let caused = copy
        .reasons
        .iter()
        .any(|reason| matches!(reason, MissReason::FilesChanged { .. }));
    let ran = matches!(run.state, StepState::Miss | StepState::Fail);
    if !(is_run && ran && caused && copies_everything(&copy.text)) {
        return None;
    }
    let (run_text, copy_text) = (shortened(&run.text), shortened(&copy.text));
    match package_list(&run.text) {
        Some(list) if !changed(copy, list) => {
            Some(with_list(language, &run_text, &copy_text, list))
        }
        Some(_) => None,
        None => Some(with_its_files(language, &run_text, &copy_text)),
    }
}

fn first_word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or_default()
}

/// Tells whether a COPY takes the whole context.
fn copies_everything(text: &str) -> bool {
    let mut words = text.split_whitespace();
    let is_copy = words
        .next()
        .is_some_and(|word| word.eq_ignore_ascii_case("COPY") || word.eq_ignore_ascii_case("ADD"));
    let from_elsewhere = text
        .split_whitespace()
        .any(|word| word.starts_with("--from"));
    let source = words.find(|word| !word.starts_with("--"));
    is_copy
        && !from_elsewhere
        && source.is_some_and(|source| [".", "./", "/", "*"].contains(&source))
}

fn package_list(run: &str) -> Option<&'static str> {
    let programs = run.split_whitespace().skip(1);
    let lists =
        programs.filter_map(|word| PACKAGE_LISTS.iter().find(|(program, _)| *program == word));
    lists.map(|(_, list)| *list).next()
}

/// Tells whether the package list itself changed: then the RUN had to run, in any order.
fn changed(copy: &StepReport, list: &str) -> bool {
    copy.reasons.iter().any(|reason| match reason {
        MissReason::FilesChanged { files } => files
            .iter()
            .any(|file| file.path.rsplit('/').next() == Some(list)),
        _ => false,
    })
}

fn shortened(text: &str) -> String {
    super::width::cut(text, 32)
}

crate::messages! {
    with_list(run: &str, copy: &str, list: &str) {
        en: "So: put {run} before {copy}, with only {list} before it?",
        ko: "제안: {list}만 먼저 복사하고, {run} 다음에 {copy} 순서로 옮기면 어떨까요?",
    }
    with_its_files(run: &str, copy: &str) {
        en: "So: put {run} before {copy}, with only the files it needs before it?",
        ko: "제안: 필요한 파일만 먼저 복사하고, {run} 다음에 {copy} 순서로 옮기면 어떨까요?",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;

    fn advice(run: &str, copy: &str, file: &str) -> Option<String> {
        let mut first = sample::step(1, StepState::Miss, copy);
        first.reasons = vec![sample::changed(file)];
        let mut second = sample::step(2, StepState::Miss, run);
        second.reasons = vec![MissReason::ParentChanged { step: 1 }];
        suggestion(&[&second, &first], Language::En)
    }

    #[test]
    fn a_copy_of_everything_before_an_install_is_worth_moving() {
        let expected =
            "So: put RUN npm install before COPY . /app, with only package.json before it?";
        assert_eq!(
            advice("RUN npm install", "COPY . /app", "server.js").as_deref(),
            Some(expected)
        );
        let unknown =
            advice("RUN make", "COPY --chown=1 ./ /app", "a.c").expect("everything is copied");
        assert!(unknown.contains("only the files it needs"), "{unknown}");
    }

    #[test]
    fn nothing_is_advised_where_it_would_not_help() {
        assert_eq!(
            advice("RUN npm install", "COPY . /app", "package.json"),
            None
        );
        assert_eq!(
            advice("RUN npm install", "COPY package.json /app", "package.json"),
            None
        );
        assert_eq!(advice("RUN make", "COPY --from=build . /app", "a.c"), None);
        assert_eq!(advice("COPY a /", "COPY . /app", "a"), None);
    }
}
