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
mod console;
pub mod exam;
mod folder;
mod homes;
mod http;
mod library;
mod progress_file;
mod report;
mod runner;
#[cfg(test)]
pub(crate) mod script;
mod sentences;
mod show;
mod stage;
mod sync;
mod undo;
mod witness;

pub use acts::Editing;
pub use console::{Console, Place};
pub use folder::{FolderError, Snapshot, WorkFolder};
pub use homes::Homes;
pub use library::{LibraryError, embedded_files, folder_files, load};
pub use progress_file::{ProgressFile, ProgressFileError, Setback};
pub use report::{LessonReport, Report, StepReportLine, report};
pub use runner::{Asked, ListLine, ListState, Runner, Say, Scope};
pub use show::show;
pub use stage::{Stage, StageError, State};
pub use sync::{SyncStep, Synced, sync};
