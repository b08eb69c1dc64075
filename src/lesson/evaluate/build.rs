//! Facts about the last build's steps and about the draft.

use super::sheet::{NOTHING, Sheet};
use super::subject::Subject;
use crate::build::{BuildReport, StepReport, StepState};
use crate::language::Language;
use crate::lesson::check::{
    BuildExpectation, CacheWord, DraftExpectation, Expect, Makes, StepExpectation,
};
use crate::lesson::{Evidence, sentences};
use crate::plan::MissReason;

/// Judges `build`, `step` and `draft`.
pub(super) fn judge(expect: &Expect, sheet: &mut Sheet) {
    let build = sheet.evidence.last_build().cloned();
    if let Some(expected) = &expect.build {
        judge_build(expected, build.as_ref(), sheet);
    }
    for expected in &expect.step {
        judge_step(expected, build.as_ref(), sheet);
    }
    if let Some(expected) = &expect.draft {
        judge_draft(expected, sheet);
    }
}

fn judge_build(expected: &BuildExpectation, build: Option<&BuildReport>, sheet: &mut Sheet) {
    if let Some(tag) = &expected.tag {
        let tags = build.map(|build| build.tags.clone()).unwrap_or_default();
        let ok = tags.iter().any(|known| same_reference(known, tag));
        let got = if tags.is_empty() {
            NOTHING.to_owned()
        } else {
            tags.join(" ")
        };
        sheet.judge("build.tag", ok, (tag, &got), |language, ok| {
            if ok {
                sentences::tagged(language, tag)
            } else {
                match build {
                    Some(_) => sentences::not_tagged(language, tag, &got),
                    None => sentences::not_tagged_yet(language, tag),
                }
            }
        });
    }
    if let Some(steps) = &expected.steps {
        let got = build.map(BuildReport::count);
        sheet.equal("build.steps", steps, got, sentences::build_steps);
    }
    if let Some(bounds) = &expected.sent {
        let got = build.map(|build| build.context.bytes);
        let subject = Subject::new("build", sentences::the_build);
        subject.within("sent", sentences::build_sent, bounds, got, sheet);
    }
    if let Some(number) = &expected.failed_at {
        let got = build.and_then(BuildReport::failed).map(|step| step.number);
        sheet.equal("build.failed_at", number, got, sentences::build_failed_at);
    }
}

/// Tells whether two names are the same image: `shop` is `shop:latest`.
fn same_reference(one: &str, other: &str) -> bool {
    short(one) == short(other)
}

/// Returns a name as short as it can be typed.
fn short(name: &str) -> &str {
    let name = name.strip_prefix("docker.io/library/").unwrap_or(name);
    name.strip_suffix(":latest").unwrap_or(name)
}

/// Returns the short name that the step's last build gave.
pub(super) fn first_tag(evidence: &dyn Evidence) -> Option<String> {
    let tags = &evidence.last_build()?.tags;
    tags.first().map(|tag| short(tag).to_owned())
}

/// A step of the last build.
type Found<'a> = Result<&'a StepReport, Missing>;

/// Why there is no such step.
#[derive(Clone, Copy)]
enum Missing {
    /// Nothing was built.
    Build,
    /// The build has no such step.
    Step,
}

fn judge_step(expected: &StepExpectation, build: Option<&BuildReport>, sheet: &mut Sheet) {
    let label = expected.label();
    let find = |build| find_step(build, expected.n, expected.is.as_deref()).ok_or(Missing::Step);
    let step = build.ok_or(Missing::Build).and_then(find);
    let name = format!("step.{label}");
    let keys = [
        expected.cache.is_some(),
        expected.makes.is_some(),
        expected.cause.is_some(),
        expected.size.is_some(),
    ];
    if !keys.contains(&true) {
        let got = if step.is_ok() { "there" } else { NOTHING };
        sheet.judge(
            format!("{name}.present"),
            step.is_ok(),
            ("there", got),
            |language, ok| {
                if ok {
                    label.clone()
                } else {
                    format!("{label}: {}", clause(language, step))
                }
            },
        );
    }
    if let Some(cache) = expected.cache {
        judge_cache(&name, &label, cache, step, sheet);
    }
    if let Some(makes) = expected.makes {
        judge_makes(&name, &label, makes, step, sheet);
    }
    if let Some(cause) = &expected.cause {
        judge_cause(&name, &label, cause, step, sheet);
    }
    if let Some(bounds) = &expected.size {
        let got = step.ok().and_then(|step| Some(step.layer.as_ref()?.size));
        let subject = Subject::new(name, |_| label.clone());
        subject.within("size", sentences::layer_size, bounds, got, sheet);
    }
}

fn judge_makes(name: &str, label: &str, expected: Makes, step: Found, sheet: &mut Sheet) {
    let got = step.ok().and_then(made);
    let values = (makes_word(expected), got.map_or(NOTHING, makes_word));
    let fact = format!("{name}.makes");
    sheet.judge(fact, got == Some(expected), values, |language, ok| {
        if ok {
            return sentences::step_is(language, label, &sentences::makes(language, expected));
        }
        let state = clause(language, step);
        let must = sentences::must_make(language, expected);
        sentences::step_must(language, label, &must, &state)
    });
}

fn judge_cache(name: &str, label: &str, expected: CacheWord, step: Found, sheet: &mut Sheet) {
    let word = match expected {
        CacheWord::Hit => "hit",
        CacheWord::Miss => "miss",
        CacheWord::Skip => "skip",
        CacheWord::Unreached => "unreached",
        CacheWord::Fail => "fail",
    };
    let got = step.map_or(NOTHING, |step| cache_word(step.state));
    sheet.judge(
        format!("{name}.cache"),
        got == word,
        (word, got),
        |language, ok| {
            let state = clause(language, step);
            match expected {
                CacheWord::Hit if ok => sentences::step_reused(language, label),
                CacheWord::Miss if ok => sentences::step_ran(language, label),
                _ if ok => sentences::step_is(language, label, &state),
                _ => sentences::step_must(
                    language,
                    label,
                    &sentences::must(language, expected),
                    &state,
                ),
            }
        },
    );
}

fn judge_cause(name: &str, label: &str, cause: &str, step: Found, sheet: &mut Sheet) {
    let causes = step.map(causes).unwrap_or_default();
    let ok = causes.iter().any(|known| known == cause);
    let got = causes.first().map_or(NOTHING, String::as_str).to_owned();
    sheet.judge(format!("{name}.cause"), ok, (cause, got), |language, ok| {
        if ok {
            return sentences::step_ran_because(
                language,
                label,
                &sentences::because(language, cause),
            );
        }
        let state = clause(language, step);
        let must = sentences::must_because(language, cause);
        sentences::step_must(language, label, &must, &state)
    });
}

/// Says what became of a step, if there is a build that has it.
fn clause(language: Language, step: Found) -> String {
    match step {
        Ok(step) => sentences::became(language, step),
        Err(Missing::Step) => sentences::no_such_step(language),
        Err(Missing::Build) => sentences::no_build(language),
    }
}

fn judge_draft(expected: &DraftExpectation, sheet: &mut Sheet) {
    let draft: Vec<String> = sheet
        .evidence
        .draft()
        .iter()
        .map(|line| tidy(line))
        .collect();
    if let Some(lines) = &expected.lines {
        sheet.equal(
            "draft.lines",
            lines,
            Some(draft.len()),
            sentences::draft_lines,
        );
    }
    if let Some(last) = &expected.last {
        sheet.equal(
            "draft.last",
            &tidy(last),
            draft.last().cloned(),
            sentences::draft_last,
        );
    }
    let text = draft.join("\n");
    if let Some(words) = &expected.has {
        sheet.contains("draft.has", words, Some(&text), sentences::the_draft);
    }
    if let Some(words) = &expected.lacks {
        sheet.lacks("draft.lacks", words, Some(&text), sentences::the_draft);
    }
}

/// Returns a step by number or text, the last one where several have the same text.
pub fn find_step<'a>(
    build: &'a BuildReport,
    number: Option<usize>,
    text: Option<&str>,
) -> Option<&'a StepReport> {
    if let Some(number) = number {
        return build.step(number);
    }
    let text = tidy(text?);
    build
        .steps
        .iter()
        .rev()
        .find(|step| tidy(&step.text) == text)
}

/// Returns an instruction with single spaces and an upper-case keyword.
fn tidy(text: &str) -> String {
    let mut words = text.split_whitespace();
    let keyword = words.next().unwrap_or_default().to_ascii_uppercase();
    std::iter::once(keyword)
        .chain(words.map(str::to_owned))
        .collect::<Vec<_>>()
        .join(" ")
}

/// Returns the word of a check block for a state.
pub(in crate::lesson) fn cache_word(state: StepState) -> &'static str {
    match state {
        StepState::Hit => "hit",
        StepState::Miss => "miss",
        StepState::Meta => "meta",
        StepState::Skip => "skip",
        StepState::Wait => "unreached",
        StepState::Fail => "fail",
        StepState::Base => "base",
        StepState::Unknown => "unknown",
    }
}

fn makes_word(makes: Makes) -> &'static str {
    match makes {
        Makes::Layer => "layer",
        Makes::Meta => "meta",
        Makes::Base => "base",
    }
}

fn made(step: &StepReport) -> Option<Makes> {
    match step.state {
        StepState::Base => Some(Makes::Base),
        StepState::Meta => Some(Makes::Meta),
        _ => step.layer.is_some().then_some(Makes::Layer),
    }
}

/// Returns all causes of a step, every changed file on its own.
fn causes(step: &StepReport) -> Vec<String> {
    step.reasons
        .iter()
        .flat_map(|reason| match reason {
            MissReason::FilesChanged { files } => files
                .iter()
                .map(|file| format!("file:{}", file.path))
                .collect(),
            other => vec![sentences::cause_word(other)],
        })
        .collect()
}

/// Looks a part of a condition up: `cache`, `cause`, `makes` or `text` of a step by number or
/// text.
pub(super) fn about_step(evidence: &dyn Evidence, step: &str, what: &str) -> Option<String> {
    let build = evidence.last_build()?;
    let step = find_step(build, step.parse().ok(), Some(step))?;
    match what {
        "cache" => Some(cache_word(step.state).to_owned()),
        "cause" => causes(step).into_iter().next(),
        "text" => Some(tidy(&step.text)),
        "makes" => made(step).map(|makes| makes_word(makes).to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;
    use crate::lesson::scene::{Scene, missed, step, step_with};
    use crate::lesson::{FactResult, evaluate};
    use crate::plan::{FileChange, FileDifference};

    fn facts(check: &str, scene: &Scene) -> Vec<FactResult> {
        evaluate(&step_with(check), scene)
    }

    fn changed(path: &str) -> FileChange {
        FileChange {
            path: path.to_owned(),
            what: FileDifference::Content {
                old: Digest::of(b"a"),
                new: Digest::of(b"b"),
            },
        }
    }

    #[test]
    fn any_of_several_changed_files_is_the_cause() {
        let files = vec![changed("a.js"), changed("server.js")];
        let scene = Scene::default().built(vec![missed(
            3,
            "COPY . /app",
            MissReason::FilesChanged { files },
        )]);
        let check = "[[expect.step]]\nis = \"copy  . /app\"\ncause = \"file:server.js\"\n";
        let facts = facts(check, &scene);
        assert!(facts[0].ok);
        assert_eq!(
            facts[0].sentence.en,
            "copy  . /app ran because server.js changed"
        );
    }

    #[test]
    fn not_reached_is_never_reused() {
        let scene = Scene::default().built(vec![step(4, "RUN b", StepState::Wait)]);
        let facts = facts("[[expect.step]]\nn = 4\ncache = \"hit\"\n", &scene);
        assert_eq!((facts[0].ok, facts[0].got.as_str()), (false, "unreached"));
    }

    #[test]
    fn a_step_that_is_not_there_fails_every_key() {
        let scene = Scene::default().built(vec![]);
        let check = "[[expect.step]]\nis = \"COPY . /app\"\ncache = \"hit\"\nmakes = \"layer\"\n";
        let names: Vec<_> = facts(check, &scene)
            .into_iter()
            .map(|f| (f.name, f.ok))
            .collect();
        assert_eq!(
            names,
            [
                ("step.COPY . /app.cache".to_owned(), false),
                ("step.COPY . /app.makes".to_owned(), false)
            ]
        );
    }

    #[test]
    fn latest_is_understood_in_tags() {
        let scene = Scene::default().built(vec![]).tagged(&["shop:latest"]);
        assert!(facts("[expect.build]\ntag = \"shop\"\n", &scene)[0].ok);
        assert!(!facts("[expect.build]\ntag = \"shop:1\"\n", &scene)[0].ok);
    }

    #[test]
    fn the_draft_is_asked_by_line() {
        let scene = Scene::default().drafting(&["FROM practice-os", "RUN  echo hi"]);
        let check =
            "[expect.draft]\nlines = 2\nlast = \"RUN echo hi\"\nhas = \"FROM\"\nlacks = \"COPY\"\n";
        assert!(facts(check, &scene).iter().all(|fact| fact.ok));
        assert!(!facts("[expect.draft]\nlast = \"RUN echo\"\n", &scene)[0].ok);
    }
}
