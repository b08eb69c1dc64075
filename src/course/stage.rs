//! A lesson on a console: how to get to the start of any step, and what happened since.
//!
//! The state at the start of a step is never copied from anywhere: it is made by replaying the
//! solutions of the steps it starts from in an empty store and work folder. So a mangled step can
//! always be left, and a jump leads to the same state as the long way.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::acts::{self, Editing};
use super::console::{Console, Input, Place};
use super::folder::{FolderError, Snapshot, WorkFolder};
use super::witness::Witness;
use crate::digest::Digest;
use crate::lesson::{
    ConsoleLine, Course, FactResult, Lesson, LineKind, Notice, Outcome, Prediction, Score, Step,
    Wrong, evaluate, normalised_command, notices, question, score, wrong_case,
};

/// Digests of the work folder's files, by path.
pub(super) type Digests = BTreeMap<String, Digest>;

/// A lesson in progress.
#[derive(Debug)]
pub struct Stage {
    course: Arc<Course>,
    lesson: usize,
    step: usize,
    folder: WorkFolder,
    record: Record,
    /// Files at the end of every step so far, by step id.
    marks: BTreeMap<String, Digests>,
    /// Files when the current step began.
    start: Digests,
    last_build: Option<String>,
}

/// What happened in the current step.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Record {
    pub commands: Vec<Outcome>,
    /// The work folder's files when the last build of the step ended.
    pub built: Option<Digests>,
    pub prediction: Option<Prediction>,
    pub score: Option<Score>,
}

/// Why a stage can't be set.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// The work folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The session.
    #[error("cannot {what}: {why}")]
    Console {
        /// What was asked of it.
        what: &'static str,
        /// What it said.
        why: String,
    },
}

/// What a learner could tell two moments apart by. Times and ids are left out: they differ
/// between equal replays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Digests of the work folder's files. Of archives it is only known that they are there: an
    /// image that `save` put into one has the time it was built in it.
    pub files: BTreeMap<String, Option<Digest>>,
    /// Numbers of layers and lines of history, by image name.
    pub images: BTreeMap<String, (usize, usize)>,
    /// Image, command and state of every container, newest first.
    pub containers: Vec<(String, Vec<String>, String)>,
    /// The draft.
    pub draft: Vec<String>,
}

fn asked(what: &'static str) -> impl FnOnce(String) -> StageError {
    move |why| StageError::Console { what, why }
}

impl Stage {
    /// Opens a lesson's place. The state there is whatever was left; see [`Stage::rebuild`].
    pub fn open(
        course: &Arc<Course>,
        lesson: usize,
        place: &Place,
        console: &mut dyn Console,
    ) -> Result<Self, StageError> {
        let folder = WorkFolder::open(&place.work)?;
        console
            .open(place)
            .map_err(asked("open the lesson's store"))?;
        Ok(Self {
            course: Arc::clone(course),
            lesson,
            step: 0,
            start: folder.snapshot()?.digests(),
            folder,
            record: Record::default(),
            marks: BTreeMap::new(),
            last_build: None,
        })
    }

    /// Returns the lesson.
    pub fn lesson(&self) -> &Lesson {
        &self.course.lessons[self.lesson]
    }

    /// Returns the current step.
    pub fn step(&self) -> &Step {
        &self.lesson().steps[self.step]
    }

    /// Returns the current step's place in the lesson, from 0.
    pub fn step_index(&self) -> usize {
        self.step
    }

    /// Returns the work folder.
    pub fn folder(&self) -> &WorkFolder {
        &self.folder
    }

    pub(super) fn record(&self) -> &Record {
        &self.record
    }

    pub(super) fn record_mut(&mut self) -> &mut Record {
        &mut self.record
    }

    pub(super) fn marks(&self) -> &BTreeMap<String, Digests> {
        &self.marks
    }

    pub(super) fn set_marks(&mut self, marks: BTreeMap<String, Digests>) {
        self.marks = marks;
    }

    /// Returns the last line that built something, also of an earlier step.
    pub fn last_build_line(&self) -> Option<&str> {
        self.last_build.as_deref()
    }

    /// Returns a file's digest at the end of a step, or at the start of the current one where
    /// that step was left out.
    pub(super) fn file_at(&self, path: &str, step: &str) -> Option<Digest> {
        self.marks
            .get(step)
            .unwrap_or(&self.start)
            .get(path)
            .copied()
    }

    /// Makes the exact state at the start of a step, in an empty store and work folder. Files of
    /// the learner move to `keep`, where there is such a folder.
    pub fn rebuild(
        &mut self,
        step: usize,
        keep: Option<&Path>,
        console: &mut dyn Console,
    ) -> Result<(), StageError> {
        let course = Arc::clone(&self.course);
        let lesson = &course.lessons[self.lesson];
        if let Some(keep) = keep {
            self.folder.move_content(keep)?;
        }
        self.folder.clear()?;
        console
            .forget()
            .map_err(asked("empty the lesson's store"))?;
        for image in &lesson.images {
            console
                .provide(image)
                .map_err(asked("make a practice image"))?;
        }
        for (path, content) in &lesson.files {
            self.folder.write(path, content)?;
        }
        self.marks.clear();
        self.last_build = None;
        // What the lesson does on the way is nothing the learner asked to see again.
        let hidden = console.hide(true);
        let replayed = self.replay(&before(lesson, step), console);
        console.hide(hidden);
        replayed?;
        self.begin(step, console)
    }

    fn replay(&mut self, steps: &[usize], console: &mut dyn Console) -> Result<(), StageError> {
        for step in steps {
            self.begin(*step, console)?;
            self.solve(console)?;
            self.end()?;
        }
        Ok(())
    }

    /// Makes the state at the start of a step, but leaves the learner's files as they are; they
    /// wait in `aside` meanwhile.
    pub(super) fn rebuild_around_files(
        &mut self,
        step: usize,
        aside: &Path,
        console: &mut dyn Console,
    ) -> Result<(), StageError> {
        self.rebuild(step, Some(aside), console)?;
        if aside.is_dir() {
            self.folder.clear()?;
            WorkFolder::open(aside)?.move_content(self.folder.root())?;
            // An empty folder that stays does no harm.
            let _ = std::fs::remove_dir(aside);
        }
        Ok(())
    }

    /// Begins a step in the state there is, with the step's own set-up.
    pub fn begin(&mut self, step: usize, console: &mut dyn Console) -> Result<(), StageError> {
        let course = Arc::clone(&self.course);
        let lesson = &course.lessons[self.lesson];
        self.step = step;
        let setup = &lesson.steps[step].check.setup;
        for path in &setup.files {
            if let Some(content) = lesson.files.get(path) {
                self.folder.write(path, content)?;
            }
        }
        // What the lesson prepares is nothing the learner asked to see.
        let hidden = console.hide(true);
        for line in &setup.run {
            self.carry_out(line, Editing::Rehearsal, console);
        }
        console.hide(hidden);
        self.resume()
    }

    /// Begins a step as it was left: nothing typed, its start is now.
    pub(super) fn resume(&mut self) -> Result<(), StageError> {
        self.record = Record::default();
        self.start = self.folder.snapshot()?.digests();
        Ok(())
    }

    /// Goes on with a step that was left, without its set-up.
    pub(super) fn resume_at(&mut self, step: usize) -> Result<(), StageError> {
        self.step = step;
        self.resume()
    }

    /// Ends the current step: `changed_since` of later ones looks here.
    pub fn end(&mut self) -> Result<(), StageError> {
        let digests = self.folder.snapshot()?.digests();
        self.marks.insert(self.step().id.clone(), digests);
        Ok(())
    }

    /// Tells whether a step begins where the current one ends, so that nothing has to be made.
    pub fn leads_to(&self, step: usize) -> bool {
        before(self.lesson(), step).last() == Some(&self.step)
    }

    /// Carries a line out and remembers what came of it.
    pub fn carry_out(
        &mut self,
        line: &str,
        editing: Editing,
        console: &mut dyn Console,
    ) -> Outcome {
        let typed = match editing {
            Editing::Rehearsal => self.step().check.typed.get(line).cloned(),
            Editing::Learner => None,
        };
        let input = typed.as_deref().map_or(Input::Own, Input::Typed);
        let line = with_last_container(line, console);
        let outcome = match LineKind::parse(&line) {
            Ok(LineKind::Act(act)) => acts::carry_out(&act, &self.folder, editing, console),
            _ => console.execute(&line, input),
        };
        if outcome.verb == "build" && outcome.build.is_some() {
            self.last_build = Some(line);
        }
        if outcome.build.is_some() {
            // A folder that can't be read now is no folder that was built.
            self.record.built = self.snapshot().ok().map(|files| files.digests());
        }
        self.record.commands.push(outcome.clone());
        outcome
    }

    /// Tells whether the step built something and files changed after that.
    pub(super) fn built_before_a_change(&self) -> bool {
        self.record.built.is_some() && !self.build_is_current()
    }

    /// Tells whether the step's last build saw the work folder as it is now.
    pub(super) fn build_is_current(&self) -> bool {
        let built = self.record.built.as_ref();
        built.is_some_and(|built| self.snapshot().is_ok_and(|now| now.digests() == *built))
    }

    /// Does what the lesson itself would do: files, lines, and no guess at questions.
    pub fn solve(&mut self, console: &mut dyn Console) -> Result<(), StageError> {
        let lines = self.step().solution.clone();
        for line in lines {
            match line {
                ConsoleLine::Write { path, text } => self.folder.write(&path, text.as_bytes())?,
                ConsoleLine::Type(line) => {
                    self.carry_out(&line, Editing::Rehearsal, console);
                    self.score_after(&line, console);
                }
            }
        }
        self.score_choice(console);
        Ok(())
    }

    /// Makes a known mistake.
    pub fn go_wrong(&mut self, wrong: &Wrong, console: &mut dyn Console) -> Result<(), StageError> {
        for (path, text) in &wrong.file {
            self.folder.write(path, text.as_bytes())?;
        }
        for line in &wrong.lines {
            self.carry_out(line, Editing::Rehearsal, console);
            self.score_after(line, console);
        }
        self.score_choice(console);
        Ok(())
    }

    /// Scores the prediction if a line is the one that brings the real result.
    pub(super) fn score_after(&mut self, line: &str, console: &mut dyn Console) -> Option<Score> {
        let by = self.step().check.predict.as_ref()?.by.as_ref()?;
        if normalised_command(by) != normalised_command(line) {
            return None;
        }
        self.score(console)
    }

    /// Scores a choice, which has its key in the lesson and needs no result.
    pub(super) fn score_choice(&mut self, console: &mut dyn Console) -> Option<Score> {
        let predict = self.step().check.predict.as_ref()?;
        if predict.by.is_some() {
            return None;
        }
        self.score(console)
    }

    fn score(&mut self, console: &mut dyn Console) -> Option<Score> {
        let course = Arc::clone(&self.course);
        let check = &course.lessons[self.lesson].steps[self.step].check;
        let question = question(check)?;
        let predict = check.predict.as_ref()?;
        let prediction = self.record.prediction.clone().unwrap_or_default();
        let score = score(
            predict,
            &question,
            &prediction,
            &Witness::new(self, console),
        )?;
        self.record.score = Some(score.clone());
        Some(score)
    }

    /// Judges the current step.
    pub fn facts(&self, console: &mut dyn Console) -> Vec<FactResult> {
        evaluate(self.step(), &Witness::new(self, console))
    }

    /// Returns the known mistake that was made, if facts say so.
    pub fn mistake(&self, facts: &[FactResult], console: &mut dyn Console) -> Option<&Wrong> {
        wrong_case(self.step(), facts, &Witness::new(self, console))
    }

    /// Returns the remarks to make.
    pub fn remarks(&self, facts: &[FactResult], console: &mut dyn Console) -> Vec<&Notice> {
        notices(self.step(), facts, &Witness::new(self, console))
    }

    /// Removes what the lesson's `[cleanup]` tables name.
    pub fn clean_up(&mut self, console: &mut dyn Console) {
        let course = Arc::clone(&self.course);
        for step in &course.lessons[self.lesson].steps {
            let cleanup = &step.check.cleanup;
            for name in &cleanup.containers {
                let ids: Vec<String> = match name.as_str() {
                    "*" => console.containers().into_iter().map(|c| c.id).collect(),
                    name => vec![name.to_owned()],
                };
                for id in ids {
                    console.execute(&format!("rm -f {id}"), Input::Own);
                }
            }
            for image in &cleanup.images {
                console.execute(&format!("rmi {image}"), Input::Own);
            }
            for path in &cleanup.files {
                // What the learner already removed need not be removed again.
                let _ = self.folder.remove(path);
            }
        }
    }

    /// Returns what can be told of this moment.
    pub fn state(&self, console: &mut dyn Console) -> Result<State, StageError> {
        let names: Vec<String> = console.images().into_iter().map(|(name, _)| name).collect();
        let images = names.into_iter().filter_map(|name| {
            let image = console.image(&name)?;
            Some((name, (image.layers.len(), image.history)))
        });
        let images = images.collect();
        let containers = console.containers().into_iter();
        let files = self.snapshot()?.digests().into_iter();
        let told = |(path, digest): (String, Digest)| {
            let digest = (!self.folder.is_archive(&path)).then_some(digest);
            (path, digest)
        };
        Ok(State {
            files: files.map(told).collect(),
            images,
            containers: containers
                .map(|c| (without_id(c.image), c.argv, c.state))
                .collect(),
            draft: console.draft(),
        })
    }

    pub(super) fn snapshot(&self) -> Result<Snapshot, StageError> {
        Ok(self.folder.snapshot()?)
    }
}

/// An image that is named by its id, as a draft's is, has the time it was built in it.
fn without_id(image: String) -> String {
    let digits = image.strip_prefix("sha256:").unwrap_or(&image);
    let is_id = digits.len() >= 12 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_id { "<id>".to_owned() } else { image }
}

/// Returns the steps whose solutions lead to the start of a step, in order.
fn before(lesson: &Lesson, step: usize) -> Vec<usize> {
    let mut chain = Vec::new();
    let mut at = step;
    while let Some(earlier) = start_of(lesson, at) {
        chain.push(earlier);
        at = earlier;
    }
    chain.reverse();
    chain
}

/// Returns the step that another starts from: the one it names, else the one before. Only those
/// that need real images start from one that does.
fn start_of(lesson: &Lesson, step: usize) -> Option<usize> {
    let named = lesson.steps[step].check.setup.start_from.as_deref();
    let named = named.and_then(|id| lesson.step_position(id));
    let fits = |earlier: &usize| lesson.steps[step].real || !lesson.steps[*earlier].real;
    // Only earlier steps: a circle would never end.
    named
        .or_else(|| (0..step).rev().find(fits))
        .filter(|earlier| *earlier < step)
}

/// Puts the newest container's short id for `{last}`.
pub(super) fn with_last_container(line: &str, console: &mut dyn Console) -> String {
    const LAST: &str = "{last}";
    if !line.contains(LAST) {
        return line.to_owned();
    }
    let newest = console.containers().into_iter().next();
    let id = newest.map_or_else(String::new, |container| container.id);
    let short: String = id.chars().take(12).collect();
    line.replace(LAST, &short)
}
