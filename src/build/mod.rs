//! Carries a plan out, step by step, and reports what happened.

pub mod practice;
mod report;

pub use report::{
    BuildEvent, BuildReport, ContextReport, LayerReport, StepFailure, StepReport, StepState,
};
