//! Lessons driven: a learner, a session and a lesson in one loop.
//!
//! ```text
//! line ─► Runner ─► Stage ─► Console (a session)      the line is carried out
//!           │         └────► Witness ─► lesson::evaluate   what is the case is judged
//!           └─► [Say]                                 what a face has to show
//! ```
//!
//! [`Stage`] knows how to get to the start of any step and what happened since; [`Runner`] adds
//! the learner: questions, hints, undo, progress. [`exam`] proves that lessons can be finished.

mod acts;
mod again;
mod changes;
mod console;
mod coverage;
pub mod exam;
mod folder;
mod help;
mod homes;
mod http;
mod library;
mod list;
mod progress_file;
mod report;
mod runner;
mod scaffold;
#[cfg(test)]
pub(crate) mod script;
mod sentences;
mod show;
mod stage;
mod sync;
mod tables;
mod undo;
mod witness;

pub use acts::Editing;
pub use again::{AgainError, forget, start_again};
pub use changes::told_of_change;
pub use console::{Console, Input, Place};
pub use coverage::{Coverage, NotesCoverage, WordCoverage, coverage};
pub use folder::{FolderError, Snapshot, WorkFolder};
pub use help::{lesson_help, lesson_help_on, lesson_verbs};
pub use homes::Homes;
pub use library::{LibraryError, embedded_files, folder_files, load};
pub use list::{ListLine, ListState, like, list};
pub use progress_file::{ProgressFile, ProgressFileError, Setback};
pub use report::{LessonReport, Report, StepReportLine, report};
pub use runner::{Asked, Runner, Say, Scope};
pub use scaffold::{NewLessonError, new_lesson};
pub use show::show;
pub use stage::{Stage, StageError, State};
pub use sync::{SyncStep, Synced, sync};
pub use tables::{lesson_coverage, lesson_list, lesson_report};
