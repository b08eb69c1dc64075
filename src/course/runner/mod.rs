//! The learner's side of a lesson: one line in, things to show out.
//!
//! `say` lists what there is to show, `verbs` are the words of the lesson itself, `turn` is what
//! follows a line that was carried out, `travel` moves between steps and lessons.

mod say;
#[cfg(test)]
mod tests;
mod travel;
mod turn;
mod verbs;

use std::sync::Arc;

use super::console::{Console, Place};
use super::folder::Snapshot;
use super::homes::Homes;
use super::progress_file::{ProgressFile, ProgressFileError};
use super::sentences;
use super::stage::{Stage, StageError};
use super::undo::Journal;
use crate::language::Language;
use crate::lesson::{Bilingual, Course, Lesson, Prediction, Progress, Question, Rights, Step};

pub use say::{Asked, Say, Scope};

/// A learner in a course.
#[derive(Debug)]
pub struct Runner {
    course: Arc<Course>,
    homes: Homes,
    progress: ProgressFile,
    stage: Stage,
    lesson: usize,
    mode: Mode,
    journal: Journal,
    hints: usize,
    /// The playground's stage and what to come back to.
    play: Option<Stage>,
    watch: Option<Snapshot>,
    /// The present moment for names of folders, such as `2026-11-22T09-30-00`.
    clock: fn() -> String,
}

/// What the next line means.
#[derive(Debug, Clone, PartialEq)]
enum Mode {
    /// A command, an instruction, a verb of the lesson.
    Prompt,
    /// An answer to the question about a line that waits.
    Asking {
        question: Question,
        prediction: Prediction,
        line: String,
    },
    /// Yes or no.
    Confirming(Scope),
    /// The step is passed; an empty line goes on.
    Passed,
    /// The lesson is done; an empty line opens the next.
    Finished,
}

/// Why a lesson can't go on.
#[derive(Debug, thiserror::Error)]
pub enum RunnerError {
    /// Store or work folder.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// The progress file.
    #[error(transparent)]
    Progress(#[from] ProgressFileError),
    /// No such lesson.
    #[error("there is no lesson `{0}`")]
    NoLesson(String),
}

impl Runner {
    /// Opens a lesson by id, folder or number: the named one, else the one to go on with, else
    /// the first. Where it was left, its state is taken up again.
    pub fn open(
        course: Arc<Course>,
        homes: Homes,
        name: Option<&str>,
        clock: fn() -> String,
        console: &mut dyn Console,
    ) -> Result<(Self, Vec<Say>), RunnerError> {
        let (progress, setback) = ProgressFile::open(&homes.progress(), &course.id)?;
        let lesson = match name {
            Some(name) => course
                .position(name)
                .ok_or_else(|| RunnerError::NoLesson(name.to_owned()))?,
            None => progress
                .progress
                .going_on(&course)
                .map_or(0, |(lesson, _)| lesson),
        };
        let place = homes.place(&course.lessons[lesson]);
        let stage = Stage::open(&course, lesson, &place, console)?;
        let mut runner = Self {
            course,
            homes,
            progress,
            stage,
            lesson,
            mode: Mode::Prompt,
            journal: Journal::default(),
            hints: 0,
            play: None,
            watch: None,
            clock,
        };
        let mut says = Vec::new();
        if let Some(setback) = setback {
            let (why, kept) = (setback.why.to_string(), setback.kept.display().to_string());
            says.push(Say::note(|language| {
                sentences::set_aside(language, &why, &kept)
            }));
        }
        says.extend(runner.enter(console)?);
        Ok((runner, says))
    }

    /// Takes a line and returns what to show. Errors are shown, too: the session goes on.
    pub fn line(&mut self, line: &str, console: &mut dyn Console) -> Vec<Say> {
        match self.answer(line, console) {
            Ok(says) => says,
            Err(error) => {
                let what = with_causes(&error);
                vec![Say::note(|language| sentences::trouble(language, &what))]
            }
        }
    }

    fn answer(&mut self, line: &str, console: &mut dyn Console) -> Result<Vec<Say>, RunnerError> {
        let line = line.trim();
        match self.mode.clone() {
            Mode::Asking {
                question,
                prediction,
                line: waiting,
            } => self.answered(line, question, prediction, &waiting, console),
            Mode::Confirming(scope) => self.confirmed(line, scope, console),
            Mode::Prompt | Mode::Passed | Mode::Finished => {
                if let Some(says) = self.verb(line, console)? {
                    return Ok(says);
                }
                if let Some(play) = &mut self.play {
                    let outcome = play.carry_out(line, super::acts::Editing::Learner, console);
                    return Ok(turn::refusal(line, outcome.error.as_deref())
                        .into_iter()
                        .collect());
                }
                self.typed(line, console)
            }
        }
    }

    /// Cancels a question or a confirmation: what Ctrl-C does.
    pub fn cancel(&mut self) {
        if matches!(self.mode, Mode::Asking { .. } | Mode::Confirming(_)) {
            self.mode = Mode::Prompt;
        }
    }

    /// Returns the lesson.
    pub fn lesson(&self) -> &Lesson {
        &self.course.lessons[self.lesson]
    }

    /// Returns the course.
    pub fn course(&self) -> &Course {
        &self.course
    }

    /// Returns the current step.
    pub fn step(&self) -> &Step {
        self.stage.step()
    }

    /// Returns the current step's place, from 0.
    pub fn step_index(&self) -> usize {
        self.stage.step_index()
    }

    /// Returns what the learner has done.
    pub fn progress(&self) -> &Progress {
        &self.progress.progress
    }

    /// Returns where the lesson happens; screens name the store.
    pub fn place(&self) -> Place {
        self.homes.place(self.lesson())
    }

    /// Tells whether the learner is in free play.
    pub fn playing(&self) -> bool {
        self.play.is_some()
    }

    /// Enters the current lesson at the step to go on with.
    fn enter(&mut self, console: &mut dyn Console) -> Result<Vec<Say>, RunnerError> {
        let mut says = Vec::new();
        if self.lesson().rights == Rights::Run
            && let Err(why) = console.can_run()
        {
            says.push(Say::note(|language| sentences::cannot_run(language, &why)));
        }
        says.extend(self.resume(console)?);
        Ok(says)
    }
}

/// Returns an error with all its causes on one line.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.ends_with(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

/// Reads a language's name.
fn language_named(name: &str) -> Option<Language> {
    Language::ALL
        .into_iter()
        .find(|language| language.code() == name)
}

impl Say {
    fn note(sentence: impl Fn(Language) -> String) -> Self {
        Self::Note(Bilingual::of(sentence))
    }
}
