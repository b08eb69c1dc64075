//! What a face has to show after a line, as data. `render::lesson` draws it.

use crate::build::BuildReport;
use crate::course::list::ListLine;
use crate::language::Language;
use crate::lesson::{Bilingual, FactResult, Localized, Prediction, Prose, Question, Score};

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
        /// Whether there is a build to ask about.
        why: bool,
    },
    /// What can be done about a step that is not done yet.
    TryAgain {
        /// The next hint, from 1, and of how many; none where there are no hints.
        hint: Option<(usize, usize)>,
        /// Whether there is a solution to be shown.
        solution: bool,
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
        /// After the last lesson: the others that are not passed, by id and title.
        unfinished: Vec<(String, Localized<String>)>,
    },
    /// One sentence.
    Note(Bilingual),
    /// The lesson's verbs on one screen.
    Help,
    /// One of them explained.
    HelpOn(String),
    /// Another language was asked for.
    Language(Language),
    /// The lesson is closed, and the prompt goes on without it.
    Closed,
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
