//! Moving about: to the next step, past one, back to a start, to another lesson, to free play.

use std::collections::BTreeMap;
use std::fs;

use serde::{Deserialize, Serialize};

use super::{Mode, Runner, RunnerError, Say, Scope};
use crate::course::console::Console;
use crate::course::progress_file::write_whole;
use crate::course::sentences;
use crate::course::stage::{Digests, Stage};
use crate::language::{not_yes_or_no, yes_or_no};
use crate::lesson::{Localized, StepMark};

/// What a later process has to know to go on where this one stopped.
#[derive(Debug, Serialize, Deserialize)]
struct Marks {
    /// Whose images and containers are in the store.
    lesson: String,
    /// The step they belong to.
    step: String,
    /// Files at the end of every step.
    files: BTreeMap<String, Digests>,
}

impl Runner {
    /// Goes on where the learner left this lesson: with the state that is there if it is this
    /// lesson's, else with a state made anew.
    pub(super) fn resume(&mut self, console: &mut dyn Console) -> Result<Vec<Say>, RunnerError> {
        let lesson = self.lesson();
        let step = self.progress().step_to_go_on(lesson);
        let marks = self.read_marks();
        let marks = marks.filter(|marks| marks.lesson == lesson.id);
        let left = marks
            .as_ref()
            .and_then(|it| lesson.step_position(&it.step))
            .zip(marks);
        match left {
            Some((left, marks)) if left == step => {
                self.stage.set_marks(marks.files);
                self.stage.resume_at(step)?;
                self.arrive()
            }
            // Left between the end of a step and the start of the next.
            Some((left, marks)) if left + 1 == step && marks.files.contains_key(&marks.step) => {
                self.stage.set_marks(marks.files);
                self.stage.resume_at(left)?;
                if !self.stage.leads_to(step) {
                    return self.travel_to(step, console);
                }
                self.stage.begin(step, console)?;
                self.arrive()
            }
            _ if self.progress().lessons.contains_key(&self.lesson().id) => {
                let aside = self.homes.before_reset(self.lesson(), &(self.clock)());
                self.stage.rebuild_around_files(step, &aside, console)?;
                self.arrive()
            }
            _ => self.travel_to(step, console),
        }
    }

    /// Makes the start of a step and shows its page. The learner's files are kept aside.
    pub(super) fn travel_to(
        &mut self,
        step: usize,
        console: &mut dyn Console,
    ) -> Result<Vec<Say>, RunnerError> {
        let keep = self.homes.before_reset(self.lesson(), &(self.clock)());
        self.stage.rebuild(step, Some(&keep), console)?;
        let mut says = Vec::new();
        // Files of the lesson alone are not worth a sentence: only a folder that was made is.
        if keep.is_dir() {
            let shown = keep.display().to_string();
            says.push(Say::note(|language| {
                sentences::files_moved(language, &shown)
            }));
        }
        says.extend(self.arrive()?);
        Ok(says)
    }

    /// Shows the current step's page and remembers where the learner is.
    fn arrive(&mut self) -> Result<Vec<Say>, RunnerError> {
        self.mode = Mode::Prompt;
        self.journal.clear();
        self.hints = 0;
        self.watch = self
            .watch
            .take()
            .map(|_| self.stage.snapshot())
            .transpose()?;
        let (lesson, step) = (self.lesson().id.clone(), self.step().id.clone());
        let hash = self.step().check_hash.clone();
        self.progress.progress.move_to(&lesson, &step);
        let outdated = self
            .progress
            .progress
            .step_mut(&lesson, &step)
            .outdated(&hash);
        self.save()?;
        let mut says = vec![Say::Page];
        if outdated {
            says.push(Say::note(sentences::lesson_changed));
        }
        Ok(says)
    }

    /// Goes to the step after this one, or ends the lesson.
    pub(super) fn go_on(&mut self, console: &mut dyn Console) -> Result<Vec<Say>, RunnerError> {
        let next = self.step_index() + 1;
        if next >= self.lesson().steps.len() {
            return Ok(self.finish(console));
        }
        let passed = self.state_of_step() == Some(StepMark::Passed);
        if passed && self.mode == Mode::Passed && self.stage.leads_to(next) {
            self.stage.begin(next, console)?;
            return self.arrive();
        }
        self.travel_to(next, console)
    }

    fn finish(&mut self, console: &mut dyn Console) -> Vec<Say> {
        self.stage.clean_up(console);
        self.mode = Mode::Finished;
        let lesson = &self.course.lessons[self.lesson];
        let skipped = lesson.steps.iter().filter(|step| {
            let known = self.progress().step(&lesson.id, &step.id);
            known.is_some_and(|known| known.state == StepMark::Skipped)
        });
        let skipped = skipped.map(|step| step.title.clone()).collect();
        let next = self.course.lessons.get(self.lesson + 1);
        let next = next.map(|lesson| lesson.title.clone());
        let unfinished = match next {
            Some(_) => Vec::new(),
            None => self.unfinished(),
        };
        vec![Say::Finished {
            skipped,
            next,
            unfinished,
        }]
    }

    /// Returns the other lessons that are not passed, by id and title.
    fn unfinished(&self) -> Vec<(String, Localized<String>)> {
        let others = self.course.lessons.iter().enumerate();
        others
            .filter(|(at, lesson)| *at != self.lesson && !self.progress().passed(lesson))
            .map(|(_, lesson)| (lesson.id.clone(), lesson.title.clone()))
            .collect()
    }

    /// Opens another lesson.
    pub(super) fn open_lesson(
        &mut self,
        lesson: usize,
        console: &mut dyn Console,
    ) -> Result<Vec<Say>, RunnerError> {
        let place = self.homes.place(&self.course.lessons[lesson]);
        self.stage = Stage::open(&self.course, lesson, &place, console)?;
        self.lesson = lesson;
        self.enter(console)
    }

    /// Leaves this step out; the next one starts as if it were done.
    pub(super) fn skip(&mut self, console: &mut dyn Console) -> Result<Vec<Say>, RunnerError> {
        let (lesson, step) = (self.lesson().id.clone(), self.step().id.clone());
        let known = self.progress.progress.step_mut(&lesson, &step);
        if known.state != StepMark::Passed {
            known.state = StepMark::Skipped;
        }
        self.save()?;
        let mut says = vec![Say::note(sentences::skipped)];
        says.extend(self.go_on(console)?);
        Ok(says)
    }

    /// Asks before anything goes, unless told not to.
    pub(super) fn reset(
        &mut self,
        scope: Scope,
        yes: bool,
        console: &mut dyn Console,
    ) -> Result<Vec<Say>, RunnerError> {
        if yes {
            return self.start_again(scope, console);
        }
        self.mode = Mode::Confirming(scope);
        let (lesson, step) = (self.lesson().id.clone(), self.step_index() + 1);
        let goes = crate::lesson::Bilingual::of(|language| match scope {
            Scope::Step => sentences::goes_step(language, step),
            Scope::Lesson => sentences::goes_lesson(language, &lesson),
            Scope::Course => sentences::goes_course(language),
        });
        Ok(vec![Say::Confirm(scope, goes)])
    }

    /// Reads the answer to [`Say::Confirm`].
    pub(super) fn confirmed(
        &mut self,
        line: &str,
        scope: Scope,
        console: &mut dyn Console,
    ) -> Result<Vec<Say>, RunnerError> {
        self.mode = Mode::Prompt;
        match yes_or_no(line) {
            Some(true) => self.start_again(scope, console),
            Some(false) => Ok(vec![Say::note(sentences::kept_all)]),
            None => {
                let mut says = vec![Say::note(not_yes_or_no)];
                says.extend(self.reset(scope, false, console)?);
                Ok(says)
            }
        }
    }

    fn start_again(
        &mut self,
        scope: Scope,
        console: &mut dyn Console,
    ) -> Result<Vec<Say>, RunnerError> {
        let lesson = self.lesson().id.clone();
        match scope {
            Scope::Step => self.travel_to(self.step_index(), console),
            Scope::Lesson => {
                self.progress.progress.forget(&lesson);
                self.travel_to(0, console)
            }
            Scope::Course => {
                self.progress.progress.lessons.clear();
                self.progress.progress.current = None;
                self.forget_marks();
                self.open_lesson(0, console)
            }
        }
    }

    /// Goes to a copy of this moment that nothing depends on.
    pub(super) fn begin_play(
        &mut self,
        console: &mut dyn Console,
    ) -> Result<Vec<Say>, RunnerError> {
        if self.play.is_none() {
            let files = self.stage.snapshot()?;
            let place = self.homes.playground(self.lesson());
            let mut play = Stage::open(&self.course, self.lesson, &place, console)?;
            play.rebuild(self.step_index(), None, console)?;
            play.folder()
                .restore(&files)
                .map_err(crate::course::StageError::from)?;
            self.play = Some(play);
        }
        Ok(vec![Say::note(sentences::playing)])
    }

    /// Comes back from free play.
    pub(super) fn end_play(&mut self, console: &mut dyn Console) -> Result<Vec<Say>, RunnerError> {
        let Some(play) = self.play.take() else {
            return Ok(vec![Say::note(sentences::not_playing)]);
        };
        let forgotten = console.forget();
        play.folder()
            .clear()
            .map_err(crate::course::StageError::from)?;
        let opened = console.open(&self.place());
        for (what, done) in [
            ("empty the playground", forgotten),
            ("return to the lesson", opened),
        ] {
            done.map_err(|why| crate::course::StageError::Console { what, why })?;
        }
        Ok(vec![Say::note(sentences::back_again), Say::Page])
    }

    fn state_of_step(&self) -> Option<StepMark> {
        let known = self.progress().step(&self.lesson().id, &self.step().id)?;
        Some(known.state)
    }

    /// Writes progress and marks.
    pub(super) fn save(&self) -> Result<(), RunnerError> {
        self.progress.save()?;
        let marks = Marks {
            lesson: self.lesson().id.clone(),
            step: self.step().id.clone(),
            files: self.stage.marks().clone(),
        };
        let text = serde_json::to_vec(&marks).expect("marks are maps with string keys");
        // Without marks the next start makes the step anew: a loss of time, not of work.
        let _ = write_whole(&self.homes.marks(), &text);
        Ok(())
    }

    fn read_marks(&self) -> Option<Marks> {
        let text = fs::read(self.homes.marks()).ok()?;
        serde_json::from_slice(&text).ok()
    }

    pub(super) fn forget_marks(&self) {
        // A missing file is what is wanted.
        let _ = fs::remove_file(self.homes.marks());
    }
}
