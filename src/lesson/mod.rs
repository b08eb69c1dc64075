//! Lessons as values: what a lesson is, how its file is read, and whether a step is done.
//!
//! Everything here is a function from values to values. A lesson's files come in as bytes; what
//! the learner did comes in through [`Evidence`]. `crate::course` above drives a session with it.
//!
//! ```text
//! lesson.md ─ front     the `---` block            ┐
//!           ├ markdown  steps, marks, code blocks  ├─► assemble ─► Lesson { steps: [Step] }
//!           └ check     the TOML of `toml check`   ┘
//! Step.check + Evidence ─ evaluate ─► [FactResult] ─ which `wrong`, which `notice`
//! ```

mod assemble;
mod check;
mod condition;
mod evaluate;
mod evidence;
mod fact;
mod front;
mod grammar;
mod line;
mod lint;
mod markdown;
mod model;
mod predict;
mod progress;
#[cfg(test)]
pub(crate) mod scene;
mod sentences;
mod translation;

pub use assemble::{LessonError, LessonFiles, assemble_course};
pub use check::{
    Check, Cleanup, ContainerExpectation, Exit, Expect, FileExpectation, ImageExpectation, Layers,
    Notice, Pinned, Predict, PredictKind, Setup, StepExpectation, Wrong,
};
pub use condition::{Condition, ConditionError};
pub use evaluate::{evaluate, find_step, matches_name, notices, wrong_case};
pub use evidence::{
    ConfigFacts, ContainerDetails, ContainerFacts, Evidence, FileFacts, HttpFacts, ImageFacts,
    NoEvidence, Outcome, WasteFacts,
};
pub use fact::{Bilingual, FactResult};
pub use front::{Front, FrontError};
pub use line::{Act, ConsoleLine, LineKind, normalised_command, taught_words};
pub use lint::{Finding, Linter};
pub use model::{
    Block, CodeBlock, CodeRole, Course, Hint, Inline, InlineStyle, Lesson, Limits, Local,
    Localized, Network, Part, Prose, Rights, Step, StepKind,
};
pub use predict::{Guess, Prediction, Question, QuestionItem, Score, ScoredItem, question, score};
pub use progress::{LessonProgress, Progress, ProgressError, StepMark, StepProgress};
pub use translation::{stale_steps, synced_file};
