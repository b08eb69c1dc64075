//! What is to be built and what of it is already there: typed instructions become a [`Plan`],
//! and the cache is asked about every step.

pub mod ignore;
pub mod pattern;
mod step;
mod verdict;

pub use step::{
    Base, ConfigChange, CopyFrom, CopyStep, InlineFile, LayerStep, Plan, PlannedStage, RunStep,
    Step, StepKind, StepNumber, WorkdirStep,
};
pub use verdict::{Changed, FileChange, FileDifference, MissReason, Verdict};
