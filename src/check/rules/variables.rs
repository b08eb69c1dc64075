//! Variables that nobody sets, and secrets that everybody can read.

use std::collections::BTreeSet;

use super::super::judge::Judge;
use super::super::remark::Remark;
use crate::parser::instruction::{Argument, Heredoc, Pair, Transfer, Word};
use crate::parser::{Dockerfile, Instruction, Located};
use crate::plan::Place;
use crate::plan::scope::Scope;
use crate::source::Span;

/// Set in every stage: the build sees to it.
const ALWAYS_SET: &str = "PATH";

/// `UndefinedVar`: a word that strata expands names a variable that has no value and is no ARG.
pub(super) fn undefined(judge: &mut Judge<'_>, place: &Place<'_>) {
    let (at, scope) = (place.instruction, place.scope);
    let mut told = BTreeSet::new();
    for word in expanded_words(&at.value) {
        let Ok(expanded) = scope.expand(&word.text) else {
            continue;
        };
        for name in expanded.unset {
            let span = use_of(&word.text, &name).map_or(word.span, |at| inside(word, at));
            tell(judge, at, scope, name, span, &mut told);
        }
    }
    for heredoc in heredocs(&at.value).iter().filter(|it| it.expand) {
        let expanded = scope
            .meter
            .expand_heredoc(&heredoc.content, &|name| scope.get(name));
        for name in expanded.map(|it| it.unset).unwrap_or_default() {
            let found = use_of(&heredoc.content, &name);
            let start = heredoc.body.start;
            let span = found.map_or(heredoc.marker, |(from, to)| {
                Span::new(start + from, start + to)
            });
            tell(judge, at, scope, name, span, &mut told);
        }
    }
}

fn tell(
    judge: &mut Judge<'_>,
    at: &Located<Instruction>,
    scope: &Scope,
    name: String,
    span: Span,
    told: &mut BTreeSet<String>,
) {
    let is_known = name == ALWAYS_SET || scope.declared.contains(&name);
    if is_known || !told.insert(name.clone()) {
        return;
    }
    let known = scope.env.iter().chain(scope.args.iter());
    let known = known.map(|(name, _)| name);
    let known = known.chain(scope.declared.iter().map(String::as_str));
    let remark = Remark::UndefinedVar {
        suggestion: judge.nearest(&name, known),
        global: is_global(judge.file, &name),
        name,
    };
    judge.warn(at, span, remark);
}

fn is_global(file: &Dockerfile, name: &str) -> bool {
    let mut arguments = file.globals().iter().flat_map(|at| match &at.value {
        Instruction::Arg(arguments) => arguments.as_slice(),
        _ => &[],
    });
    arguments.any(|argument| argument.name.text == name)
}

/// Returns the words in which variables are expanded (dockerfile-spec.md, 5). What a shell gets is
/// none of them: the shell expands it itself.
fn expanded_words(instruction: &Instruction) -> Vec<&Word> {
    match instruction {
        Instruction::Arg(arguments) => arguments
            .iter()
            .filter_map(|it| it.default.as_ref())
            .collect(),
        Instruction::Env(pairs) | Instruction::Label(pairs) => pairs
            .iter()
            .flat_map(|pair| [&pair.key, &pair.value])
            .collect(),
        Instruction::Expose(words) | Instruction::Volume(words) => words.iter().collect(),
        Instruction::User(word) | Instruction::Workdir(word) | Instruction::StopSignal(word) => {
            vec![word]
        }
        Instruction::Copy(copy) => transferred(&copy.transfer),
        Instruction::Add(add) => {
            let mut words = transferred(&add.transfer);
            words.extend(&add.checksum);
            words
        }
        Instruction::Run(run) => run.mounts.iter().collect(),
        _ => Vec::new(),
    }
}

fn transferred(transfer: &Transfer) -> Vec<&Word> {
    let mut words: Vec<&Word> = transfer.sources.iter().collect();
    words.push(&transfer.destination);
    words.extend(&transfer.chown);
    words.extend(&transfer.chmod);
    words.extend(&transfer.exclude);
    words
}

fn heredocs(instruction: &Instruction) -> &[Heredoc] {
    match instruction {
        Instruction::Copy(copy) => &copy.transfer.heredocs,
        Instruction::Add(add) => &add.transfer.heredocs,
        _ => &[],
    }
}

/// Finds where a text uses a variable: `$name` or `${name...}`, the dollar included.
pub(super) fn use_of(text: &str, name: &str) -> Option<(usize, usize)> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices('$').find_map(|(start, _)| {
        let rest = &text[start + 1..];
        let (brace, rest) = match rest.strip_prefix('{') {
            Some(inner) => (1, inner),
            None => (0, rest),
        };
        let after = rest.strip_prefix(name)?;
        let end = start + 1 + brace + name.len();
        let end = end + usize::from(brace == 1 && after.starts_with('}'));
        (!after.starts_with(is_name)).then_some((start, end))
    })
}

/// Returns a range of a word's text as bytes of the file; the whole word where quotes or
/// continuations make the two differ.
pub(super) fn inside(word: &Word, (start, end): (usize, usize)) -> Span {
    if word.span.end - word.span.start != word.text.len() {
        return word.span;
    }
    Span::new(word.span.start + start, word.span.start + end)
}

/// Parts of names that tell of a secret.
const SECRET: [&str; 10] = [
    "apikey",
    "auth",
    "credential",
    "credentials",
    "key",
    "password",
    "pword",
    "passwd",
    "secret",
    "token",
];

/// Parts of names that tell of something everybody may read.
const PUBLIC: [&str; 3] = ["public", "file", "version"];

/// `SecretsUsedInArgOrEnv`, in ARG.
pub(super) fn secret_arguments(
    judge: &mut Judge<'_>,
    at: &Located<Instruction>,
    arguments: &[Argument],
    scope: &Scope,
) {
    for argument in arguments {
        secret(judge, at, "ARG", &argument.name, scope);
    }
}

/// `SecretsUsedInArgOrEnv`, in ENV.
pub(super) fn secret_pairs(
    judge: &mut Judge<'_>,
    at: &Located<Instruction>,
    pairs: &[Pair],
    scope: &Scope,
) {
    for pair in pairs {
        secret(judge, at, "ENV", &pair.key, scope);
    }
}

fn secret(
    judge: &mut Judge<'_>,
    at: &Located<Instruction>,
    instruction: &'static str,
    key: &Word,
    scope: &Scope,
) {
    let Ok(expanded) = scope.expand(&key.text) else {
        return;
    };
    let lower = expanded.text.to_lowercase();
    let has = |list: &[&str]| lower.split('_').any(|part| list.contains(&part));
    if has(&SECRET) && !has(&PUBLIC) {
        let key_text = expanded.text;
        let remark = Remark::SecretsUsedInArgOrEnv {
            instruction,
            key: key_text,
        };
        judge.warn(at, key.span, remark);
    }
}

#[cfg(test)]
mod tests {
    use super::use_of;

    #[test]
    fn a_use_is_found_with_its_braces() {
        assert_eq!(use_of("a$xy$x", "x"), Some((4, 6)));
        assert_eq!(use_of("a${x}b", "x"), Some((1, 5)));
        assert_eq!(use_of("a${x:-b}", "x"), Some((1, 4)));
        assert_eq!(use_of("ax", "x"), None);
    }
}
