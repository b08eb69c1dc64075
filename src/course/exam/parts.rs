//! One lesson through one proof after the other.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use super::{Exam, Failure, LessonExam, Part, Tally};
use crate::course::acts::Editing;
use crate::course::console::Console;
use crate::course::stage::{Stage, StageError, State};
use crate::course::undo::{Journal, Moment};
use crate::language::Language;
use crate::lesson::{ConsoleLine, FactResult, Lesson, Step, StepKind, matches_name};

/// A lesson under examination.
pub(super) struct Candidate<'a> {
    exam: &'a Exam<'a>,
    number: usize,
    pub sheet: Sheet,
}

/// Trials and failures so far.
#[derive(Default)]
pub(super) struct Sheet {
    tallies: Vec<Tally>,
    failures: Vec<Failure>,
}

impl Sheet {
    /// Notes a trial; it succeeded if it brought no failures.
    pub fn note(&mut self, part: Part, failures: Vec<Failure>) {
        let known = self.tallies.iter().position(|tally| tally.part == part);
        let place = known.unwrap_or(self.tallies.len());
        if known.is_none() {
            self.tallies.push(Tally {
                part,
                passed: 0,
                of: 0,
            });
        }
        let tally = &mut self.tallies[place];
        tally.of += 1;
        tally.passed += usize::from(failures.is_empty());
        self.failures.extend(failures);
    }

    pub fn into_exam(mut self, lesson: &str, skipped: Option<String>) -> LessonExam {
        self.tallies
            .sort_by_key(|tally| Part::ALL.iter().position(|part| *part == tally.part));
        LessonExam {
            lesson: lesson.to_owned(),
            skipped,
            left_out: 0,
            tallies: self.tallies,
            failures: self.failures,
        }
    }
}

/// Makes a failure without a record.
pub(super) fn failure(
    step: &str,
    part: Part,
    what: impl Into<String>,
    (expected, got): (impl Into<String>, impl Into<String>),
) -> Failure {
    Failure {
        step: step.to_owned(),
        part,
        what: what.into(),
        expected: expected.into(),
        got: got.into(),
        record: None,
        difference: None,
    }
}

impl<'a> Candidate<'a> {
    pub fn new(exam: &'a Exam<'a>, number: usize) -> Self {
        Self {
            exam,
            number,
            sheet: Sheet::default(),
        }
    }

    fn lesson(&self) -> &'a Lesson {
        &self.exam.course.lessons[self.number]
    }

    /// Takes every proof that needs the console.
    pub fn take(&mut self, console: &mut dyn Console) -> Result<(), StageError> {
        let place = self.exam.place(self.lesson());
        let course = Arc::clone(&self.exam.course);
        let mut stage = Stage::open(&course, self.number, &place, console)?;
        let ends = self.solve(&mut stage, console)?;
        self.wrong(&mut stage, console)?;
        self.jump(&ends, &mut stage, console)?;
        self.back(&mut stage, console)?;
        self.clean(&mut stage, console)
    }

    /// Steps that the filter lets through.
    fn steps(&self) -> Vec<(usize, &'a Step)> {
        let exam = self.exam;
        let wanted = |(_, step): &(usize, &Step)| exam.wants_step(&step.id) && exam.takes(step);
        self.lesson()
            .steps
            .iter()
            .enumerate()
            .filter(wanted)
            .collect()
    }

    /// Parts 1 and 2: from the first step to the last, and no step is done before it is done.
    /// Returns the state at the end of every step.
    fn solve(
        &mut self,
        stage: &mut Stage,
        console: &mut dyn Console,
    ) -> Result<BTreeMap<usize, State>, StageError> {
        let mut ends = BTreeMap::new();
        for (number, step) in self.lesson().steps.iter().enumerate() {
            if !self.exam.takes(step) {
                continue;
            }
            if number > 0 && stage.leads_to(number) {
                stage.begin(number, console)?;
            } else {
                stage.rebuild(number, None, console)?;
            }
            let wanted = self.exam.wants_step(&step.id);
            if wanted && !step.check.is_empty() && step.kind != StepKind::Look {
                let done = stage.facts(console).iter().all(|fact| fact.ok);
                let found = ("something not yet", "everything ok");
                let failures =
                    done.then(|| failure(&step.id, Part::StartFails, "untouched start", found));
                self.sheet
                    .note(Part::StartFails, failures.into_iter().collect());
            }
            stage.solve(console)?;
            if wanted {
                let facts = stage.facts(console);
                let mut failures = self.failed_facts(&step.id, Part::Solve, &facts, stage);
                failures.extend(pinned_failures(step, stage));
                self.sheet.note(Part::Solve, failures);
            }
            stage.end()?;
            ends.insert(number, stage.state(console)?);
        }
        Ok(ends)
    }

    /// Part 3: known mistakes fail as they say, and get their own words in every language.
    fn wrong(&mut self, stage: &mut Stage, console: &mut dyn Console) -> Result<(), StageError> {
        for (number, step) in self.steps() {
            for wrong in &step.check.wrong {
                stage.rebuild(number, None, console)?;
                stage.go_wrong(wrong, console)?;
                let facts = stage.facts(console);
                let failed =
                    |name: &String| facts.iter().any(|f| !f.ok && matches_name(&f.name, name));
                let mut failures: Vec<Failure> = wrong
                    .fails
                    .iter()
                    .filter(|name| !failed(name))
                    .map(|name| {
                        failure(
                            &step.id,
                            Part::Wrong,
                            format!("{}: {name}", wrong.name),
                            ("not yet", "ok"),
                        )
                    })
                    .collect();
                let chosen = stage
                    .mistake(&facts, console)
                    .map_or("none", |chosen| chosen.says());
                if chosen != wrong.says() {
                    let what = format!("{}: text", wrong.name);
                    failures.push(failure(&step.id, Part::Wrong, what, (wrong.says(), chosen)));
                }
                failures.extend(untold(step, wrong.says()));
                self.sheet.note(Part::Wrong, failures);
            }
        }
        Ok(())
    }

    /// Part 4: a jump to any step, in random order, leads where the long way led.
    fn jump(
        &mut self,
        ends: &BTreeMap<usize, State>,
        stage: &mut Stage,
        console: &mut dyn Console,
    ) -> Result<(), StageError> {
        let mut steps = self.steps();
        shuffle(&mut steps, self.exam.seed);
        for (number, step) in steps {
            stage.rebuild(number, None, console)?;
            stage.solve(console)?;
            let facts = stage.facts(console);
            let mut failures = self.failed_facts(&step.id, Part::Jump, &facts, stage);
            let reached = stage.state(console)?;
            failures.extend(state_failure(
                step,
                Part::Jump,
                "state at the end",
                &ends[&number],
                &reached,
            ));
            self.sheet.note(Part::Jump, failures);
        }
        Ok(())
    }

    /// Part 5: reset leads to the start, undo to the moment before.
    fn back(&mut self, stage: &mut Stage, console: &mut dyn Console) -> Result<(), StageError> {
        for (number, step) in self.steps() {
            stage.rebuild(number, None, console)?;
            let first = stage.state(console)?;
            stage.solve(console)?;
            stage.rebuild(number, None, console)?;
            let second = stage.state(console)?;
            let failures = state_failure(step, Part::Reset, "state after reset", &first, &second);
            self.sheet.note(Part::Reset, failures.into_iter().collect());
            let failures = undo_failure(step, stage, console)?;
            self.sheet.note(Part::Reset, failures.into_iter().collect());
        }
        Ok(())
    }

    /// Part 6: nothing is left outside the store.
    fn clean(&mut self, stage: &mut Stage, console: &mut dyn Console) -> Result<(), StageError> {
        stage.clean_up(console);
        let forgotten = console.forget();
        forgotten.map_err(|why| StageError::Console {
            what: "empty the lesson's store",
            why,
        })?;
        let left = console.leftovers();
        let failures = left
            .into_iter()
            .map(|left| failure("-", Part::Clean, "left behind", ("nothing", left)));
        self.sheet.note(Part::Clean, failures.collect());
        Ok(())
    }

    /// Turns facts that are not ok into failures, with the record of the build they are about.
    fn failed_facts(
        &self,
        step: &str,
        part: Part,
        facts: &[FactResult],
        stage: &Stage,
    ) -> Vec<Failure> {
        let failed = facts.iter().filter(|fact| !fact.ok);
        let mut failures: Vec<Failure> = failed
            .map(|fact| failure(step, part, &fact.name, (&fact.expected, &fact.got)))
            .collect();
        if !failures.is_empty() {
            let record = self.keep_record(step, part, stage);
            for failure in &mut failures {
                failure.record.clone_from(&record);
            }
        }
        failures
    }

    fn keep_record(&self, step: &str, part: Part, stage: &Stage) -> Option<std::path::PathBuf> {
        let mut newest_first = stage.record().commands.iter().rev();
        let build = newest_first.find_map(|outcome| outcome.build.as_ref())?;
        let name = format!("build-{}-{step}-{}.json", self.lesson().id, part.name());
        let path = self.exam.scratch.join(name);
        let text = serde_json::to_vec_pretty(build).ok()?;
        // The record helps; a full disk should not hide the failure itself.
        fs::write(&path, text).ok()?;
        Some(path)
    }
}

/// Compares the real result of a question with the pinned one.
fn pinned_failures(step: &Step, stage: &Stage) -> Vec<Failure> {
    let Some(predict) = &step.check.predict else {
        return Vec::new();
    };
    let Some(score) = &stage.record().score else {
        return vec![failure(
            &step.id,
            Part::Solve,
            "predict",
            ("a result", "none"),
        )];
    };
    let differs = |item: &crate::lesson::ScoredItem| {
        let pinned = predict.pinned.get(&item.item)?.text();
        let what = format!("predict.pinned.{}", item.item);
        (pinned != item.real).then(|| failure(&step.id, Part::Solve, what, (pinned, &item.real)))
    };
    score.items.iter().filter_map(differs).collect()
}

/// Says in which languages a text is missing.
fn untold(step: &Step, name: &str) -> Option<Failure> {
    let text = step.whens.get(name);
    let missing = |language: &Language| text.is_none_or(|text| !text.get(*language).translated);
    let languages: Vec<&str> = Language::ALL
        .iter()
        .filter(|l| missing(l))
        .map(|l| l.code())
        .collect();
    let what = format!("when: {name}");
    let got = format!("not in {}", languages.join(", "));
    (!languages.is_empty())
        .then(|| failure(&step.id, Part::Wrong, what, ("in every language", got)))
}

fn state_failure(
    step: &Step,
    part: Part,
    what: &str,
    wanted: &State,
    got: &State,
) -> Option<Failure> {
    let shown = |state: &State| format!("{state:?}");
    (wanted != got).then(|| failure(&step.id, part, what, (shown(wanted), shown(got))))
}

/// Carries the solution out and takes its last line back.
fn undo_failure(
    step: &Step,
    stage: &mut Stage,
    console: &mut dyn Console,
) -> Result<Option<Failure>, StageError> {
    let mut journal = Journal::default();
    let mut before = stage.state(console)?;
    for line in &step.solution {
        match line {
            ConsoleLine::Write { path, text } => stage.folder().write(path, text.as_bytes())?,
            ConsoleLine::Type(line) => {
                let now = stage.state(console)?;
                let moment = Moment::now(line, stage, console)?;
                stage.carry_out(line, Editing::Rehearsal, console);
                if stage.state(console)? != now {
                    before = now;
                }
                journal.add(moment, stage, console)?;
            }
        }
    }
    match journal.undo(stage, console)? {
        // Nothing changed, or it can't be taken back and the learner is told so.
        None => Ok(None),
        Some(undone) if !undone.left.is_empty() => Ok(None),
        Some(undone) => {
            let what = format!("state after undo of `{}`", undone.line);
            Ok(state_failure(
                step,
                Part::Reset,
                &what,
                &before,
                &stage.state(console)?,
            ))
        }
    }
}

/// Puts things into an order that a seed decides (xorshift64, Marsaglia 2003).
fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut state = seed | 1;
    for last in (1..items.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let choice = state % (last as u64 + 1);
        items.swap(last, usize::try_from(choice).expect("it is at most `last`"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_order_of_all_steps() {
        let order = |seed| {
            let mut items: Vec<u32> = (0..9).collect();
            shuffle(&mut items, seed);
            items
        };
        assert_eq!(order(7), order(7));
        assert_ne!(order(7), order(8));
        let mut all = order(12345);
        all.sort_unstable();
        assert_eq!(all, (0..9).collect::<Vec<_>>());
    }
}
