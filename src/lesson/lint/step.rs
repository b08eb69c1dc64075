//! One step's machine blocks: is there something to check, and does every name lead somewhere?

use super::Finding;
use crate::lesson::assemble::{LessonText, solution};
use crate::lesson::evaluate::{evaluate, matches_name};
use crate::lesson::evidence::NoEvidence;
use crate::lesson::line::{Act, LineKind};
use crate::lesson::markdown::RawStep;
use crate::lesson::{Block, Check, CodeRole, Condition, ConsoleLine, Localized, Step, StepKind};
use crate::source::Source;

/// Judges the step with an index.
pub(super) fn judge(
    lesson: &LessonText,
    number: usize,
    parse_dockerfile: &dyn Fn(&str) -> Result<(), String>,
) -> Vec<Finding> {
    let steps = &lesson.english.document.steps;
    let mut desk = Desk {
        source: &lesson.english.source,
        raw: &steps[number],
        check: &lesson.checks[number],
        earlier: &steps[..number],
        findings: Vec::new(),
    };
    desk.duties();
    desk.names(lesson);
    desk.wrongs();
    desk.prediction();
    desk.lines();
    desk.paths();
    desk.dockerfiles(parse_dockerfile);
    desk.findings
}

struct Desk<'a> {
    source: &'a Source,
    raw: &'a RawStep,
    check: &'a Check,
    earlier: &'a [RawStep],
    findings: Vec<Finding>,
}

impl Desk<'_> {
    fn error(&mut self, kind: &'static str, message: impl Into<String>) {
        let finding = Finding::error(self.source, kind, message, self.raw.span);
        self.findings.push(finding);
    }

    fn warning(&mut self, kind: &'static str, message: impl Into<String>) {
        let finding = Finding::warning(self.source, kind, message, self.raw.span);
        self.findings.push(finding);
    }

    /// What every step of a kind has to have.
    fn duties(&mut self) {
        let acts = matches!(self.raw.kind, StepKind::Do | StepKind::Edit);
        if acts && self.check.is_empty() {
            self.error(
                "no-check",
                "a `do` or `edit` step says in a check block when it is done",
            );
        }
        if acts && self.raw.hints.is_empty() {
            self.error("no-hint", "a `do` or `edit` step has a hint");
        }
        if self.raw.kind == StepKind::Predict && self.check.predict.is_none() {
            self.error("no-predict", "a `predict` step has a `[predict]` table");
        }
        if self.raw.kind == StepKind::Edit && self.check.wrong.is_empty() {
            self.warning(
                "no-wrong",
                "an `edit` step knows at least one mistake, as `[[wrong]]`",
            );
        }
        if self.raw.id.is_empty() {
            self.error("no-id", "the step has no id");
        }
        if self.earlier.iter().any(|step| step.id == self.raw.id) {
            self.error(
                "duplicate-id",
                format!("another step has the id `{}`", self.raw.id),
            );
        }
    }

    /// Names of steps, files and texts.
    fn names(&mut self, lesson: &LessonText) {
        let setup = &self.check.setup;
        let expect = &self.check.expect;
        let since = expect
            .file
            .values()
            .filter_map(|file| file.changed_since.as_ref());
        let unknown: Vec<String> = setup
            .start_from
            .iter()
            .chain(since)
            .filter(|id| !self.earlier.iter().any(|step| step.id == **id))
            .cloned()
            .collect();
        for id in unknown {
            self.error("unknown-step", format!("there is no earlier step `{id}`"));
        }
        let real = |id: &String| self.earlier.iter().any(|step| step.real && step.id == *id);
        if !self.raw.real && setup.start_from.iter().any(real) {
            let message = "only a `real` step may start from one that needs real images";
            self.error("starts-from-real", message);
        }
        for path in &setup.files {
            if !lesson.files.contains_key(path) {
                self.error(
                    "unknown-file",
                    format!("there is no files/{path} to bring back"),
                );
            }
        }
        let wrongs = self.check.wrong.iter().map(|wrong| wrong.says().to_owned());
        let notices = self.check.notice.iter().map(|notice| notice.says.clone());
        let says: Vec<String> = wrongs.chain(notices).collect();
        for name in &says {
            if !self.raw.whens.iter().any(|(known, _)| known == name) {
                self.error(
                    "no-when",
                    format!("there is no text `<!-- when: {name} -->`"),
                );
            }
        }
        for (n, (name, _)) in self.raw.whens.iter().enumerate() {
            if !says.contains(name) {
                self.warning("unused-when", format!("nothing shows the text `{name}`"));
            }
            if self.raw.whens[..n].iter().any(|(known, _)| known == name) {
                self.error("duplicate-id", format!("there are two texts `{name}`"));
            }
        }
    }

    /// Facts that wrong cases and notices name.
    fn wrongs(&mut self) {
        let facts = evaluate(&bare_step(self.raw, self.check), &NoEvidence);
        for wrong in &self.check.wrong {
            for name in &wrong.fails {
                if !facts.iter().any(|fact| matches_name(&fact.name, name)) {
                    let message = format!(
                        "`fails` of `{}` names `{name}`, which nothing expects",
                        wrong.name
                    );
                    self.error("unknown-fact", message);
                }
            }
            if wrong.fails.is_empty() {
                self.error(
                    "unknown-fact",
                    format!("`{}` says nothing that fails", wrong.name),
                );
            }
        }
        let conditions = self
            .check
            .wrong
            .iter()
            .filter_map(|wrong| wrong.condition.as_ref());
        let conditions = conditions.chain(self.check.notice.iter().map(|notice| &notice.condition));
        for condition in conditions {
            if let Err(error) = Condition::parse(condition) {
                self.error("condition", format!("`{condition}`: {}", error.message));
            }
        }
    }

    fn prediction(&mut self) {
        let Some(predict) = &self.check.predict else {
            return;
        };
        for item in &predict.ask {
            if !predict.pinned.contains_key(item) {
                self.error("not-pinned", format!("`[predict.pinned]` lacks `{item}`"));
            }
        }
        if let Some(by) = &predict.by {
            let command = crate::lesson::normalised_command(by);
            let typed = solution(&self.raw.body).iter().any(|line| match line {
                ConsoleLine::Type(line) => crate::lesson::normalised_command(line) == command,
                ConsoleLine::Write { .. } => false,
            });
            if !typed {
                self.error("predict-by", format!("the solution never types `{by}`"));
            }
        }
    }

    /// Lines that are typed must be lines strata knows.
    fn lines(&mut self) {
        for line in self.all_lines() {
            if let Err(error) = LineKind::parse(&line) {
                self.error("line", format!("`{line}`: {error}"));
            }
        }
        let lines = self.all_lines();
        for line in self.check.typed.keys() {
            if !lines.contains(line) {
                self.error(
                    "line",
                    format!("`[typed]` names `{line}`, which is no line of this step"),
                );
            }
        }
    }

    fn all_lines(&self) -> Vec<String> {
        let typed = solution(&self.raw.body)
            .into_iter()
            .filter_map(|line| match line {
                ConsoleLine::Type(line) => Some(line),
                ConsoleLine::Write { .. } => None,
            });
        let wrongs = self
            .check
            .wrong
            .iter()
            .flat_map(|wrong| wrong.lines.clone());
        typed
            .chain(self.check.setup.run.clone())
            .chain(wrongs)
            .collect()
    }

    /// Paths must stay in the work folder.
    fn paths(&mut self) {
        let lines = self.all_lines();
        let acts = lines
            .iter()
            .filter_map(|line| Act::parse(line).ok().flatten());
        let mut paths: Vec<String> = acts
            .flat_map(|act| {
                act.paths()
                    .into_iter()
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            })
            .collect();
        for block in &self.raw.body {
            if let Block::Code(code) = block
                && let CodeRole::File { path, .. } = &code.role
            {
                paths.push(path.clone());
            }
        }
        paths.extend(self.check.expect.file.keys().cloned());
        paths.extend(self.check.setup.files.iter().cloned());
        paths.extend(
            self.check
                .wrong
                .iter()
                .flat_map(|wrong| wrong.file.keys().cloned()),
        );
        for path in paths {
            if path.starts_with(['/', '~']) || path.split('/').any(|part| part == "..") {
                self.error("host-path", format!("`{path}` leaves the work folder"));
            }
        }
        if let Some(http) = &self.check.expect.http
            && !super::text::is_loopback(&http.url)
        {
            self.error("url", format!("`{}` is not a loopback address", http.url));
        }
    }

    /// Dockerfiles must parse unless the step is about one that doesn't.
    fn dockerfiles(&mut self, parse: &dyn Fn(&str) -> Result<(), String>) {
        let expect = &self.check.expect;
        let broken = expect.file.values().any(|file| file.parses == Some(false));
        if broken {
            return;
        }
        for block in &self.raw.body {
            let Block::Code(code) = block else { continue };
            let CodeRole::File { path, .. } = &code.role else {
                continue;
            };
            if code.language == "dockerfile"
                && let Err(message) = parse(&code.text)
            {
                self.error("dockerfile", format!("{path} is no Dockerfile: {message}"));
            }
        }
    }
}

/// Makes a step of which only the facts' names matter.
fn bare_step(raw: &RawStep, check: &Check) -> Step {
    Step {
        id: raw.id.clone(),
        kind: raw.kind,
        real: raw.real,
        title: Localized::new(String::new()),
        body: Localized::new(raw.body.clone()),
        hints: Vec::new(),
        whens: std::collections::BTreeMap::new(),
        after: None,
        check_hash: String::new(),
        check: check.clone(),
        solution: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::kinds;

    #[test]
    fn a_do_step_has_check_and_hint() {
        let check = "```toml check\n[expect.build]\ntag = \"a\"\n";
        assert!(kinds(check, "```toml check\n").contains(&"no-check"));
        let hint = "<!-- hint -->\n<details><summary>Hint 1</summary>\n\nA dot.\n\n</details>\n\n";
        assert!(kinds(hint, "").contains(&"no-hint"));
    }

    #[test]
    fn names_lead_somewhere() {
        assert!(kinds("[\"build.tag\"]", "[\"build.tga\"]").contains(&"unknown-fact"));
        assert!(kinds("when: no-tag", "when: other").contains(&"no-when"));
        let setup = "[setup]\nstart_from = \"later\"\nfiles = [\"x\"]\n[expect.build]";
        let found = kinds("[expect.build]", setup);
        assert!(found.contains(&"unknown-step") && found.contains(&"unknown-file"));
    }

    #[test]
    fn paths_stay_in_the_work_folder() {
        assert!(kinds("build -t b .\"", "append ../x y\"").contains(&"host-path"));
        assert!(kinds("file=Dockerfile", "file=/etc/Dockerfile").contains(&"host-path"));
    }

    #[test]
    fn a_dockerfile_parses_unless_it_should_not() {
        assert_eq!(
            kinds("FROM scratch", "FORM scratch")
                .iter()
                .filter(|k| **k == "dockerfile")
                .count(),
            1
        );
        let broken = "[expect.file.Dockerfile]\nparses = false\n[expect.build]";
        assert!(!kinds("[expect.build]", broken).contains(&"dockerfile"));
    }

    #[test]
    fn a_prediction_is_pinned_and_typed() {
        let predict =
            "[predict]\nkind = \"cache\"\nask = [\"RUN a\"]\nby = \"build -t c .\"\n[expect.build]";
        let found = kinds("[expect.build]", predict);
        assert!(found.contains(&"not-pinned") && found.contains(&"predict-by"));
    }
}
