//! What a face has to show after a line, as data. `render::lesson` draws it.

use crate::build::BuildReport;
use crate::language::Language;
use crate::lesson::{
    Bilingual, FactResult, Localized, Prediction, Prose, Question, Score, StepMark,
};

/// One thing to show.
#[derive(Debug, Clone, PartialEq)]
pub enum Say {
    /// The page of the current step.
    Page,
    /// The next item of a question.
    Ask(Box<Asked>),
    /// The last answer was none; the question follows again.
    NotAnAnswer,
    /// How good a prediction was, with the build that decided it.
    Score {
        /// Item by item.
        score: Score,
        /// The build, for the picture.
        build: Option<Box<BuildReport>>,
    },
    /// Checked facts, each ok or not yet.
    Facts(Vec<FactResult>),
    /// The text for a known mistake, or a remark.
    Text(Localized<Prose>),
    /// The step is passed.
    Passed {
        /// The text after it.
        after: Option<Localized<Prose>>,
        /// The step's number, from 1.
        number: usize,
        /// Whether it was the last one.
        last: bool,
    },
    /// A hint.
    Hint {
        /// Which one, from 1.
        number: usize,
        /// Of how many.
        of: usize,
        /// Its text.
        text: Localized<Prose>,
    },
    /// Lines to put on the prompt, one after the other, without carrying them out.
    Solution(Vec<String>),
    /// The list of lessons.
    List(Vec<ListLine>),
    /// A question whether to go on, answered with the next line.
    Confirm(Scope, Bilingual),
    /// The lesson is done.
    Finished {
        /// Steps that were skipped, by title.
        skipped: Vec<Localized<String>>,
        /// The next lesson's title.
        next: Option<Localized<String>>,
    },
    /// One sentence.
    Note(Bilingual),
    /// The one screen of help: the face knows its keys.
    Help,
    /// Another language was asked for.
    Language(Language),
    /// The learner leaves; how to come back.
    Leave {
        /// The lesson's id, for `learn ID`.
        lesson: String,
        /// The step's number, from 1.
        step: usize,
    },
}

/// A question on the screen.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// What is asked.
    pub question: Question,
    /// What was answered so far.
    pub prediction: Prediction,
    /// The item to answer now, from 0.
    pub next: usize,
    /// The line that waits.
    pub line: String,
    /// The steps of the waiting build, for the picture; its states must not be shown.
    pub forecast: Option<BuildReport>,
}

/// What starts again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// This step.
    Step,
    /// This lesson.
    Lesson,
    /// All of them.
    Course,
}

/// One lesson of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListLine {
    /// Its number.
    pub number: Option<u32>,
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: Localized<String>,
    /// Minutes.
    pub minutes: u32,
    /// How far the learner got.
    pub state: ListState,
    /// Whether it is the current one.
    pub current: bool,
}

/// How far a learner got in a lesson.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListState {
    /// Never opened.
    New,
    /// So many steps of so many are passed.
    Begun {
        /// Passed.
        passed: usize,
        /// All.
        steps: usize,
    },
    /// All steps are passed.
    Passed,
    /// All are passed, but the lesson changed since.
    PassedBefore,
}

impl ListState {
    /// Works the state out from marks and whether each is outdated.
    pub(super) fn of(steps: &[(Option<StepMark>, bool)]) -> Self {
        let passed = steps
            .iter()
            .filter(|(mark, _)| *mark == Some(StepMark::Passed))
            .count();
        match passed {
            all if all == steps.len() && steps.iter().any(|(_, outdated)| *outdated) => {
                Self::PassedBefore
            }
            all if all == steps.len() => Self::Passed,
            0 if steps.iter().all(|(mark, _)| mark.is_none()) => Self::New,
            passed => Self::Begun {
                passed,
                steps: steps.len(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skipped_step_keeps_a_lesson_open() {
        let passed = (Some(StepMark::Passed), false);
        assert_eq!(ListState::of(&[passed, passed]), ListState::Passed);
        assert_eq!(
            ListState::of(&[passed, (Some(StepMark::Skipped), false)]),
            ListState::Begun {
                passed: 1,
                steps: 2
            }
        );
        assert_eq!(ListState::of(&[(None, false)]), ListState::New);
        assert_eq!(
            ListState::of(&[(Some(StepMark::Passed), true)]),
            ListState::PassedBefore
        );
    }
}
