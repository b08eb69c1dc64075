//! (see docs)

pub mod completion;
pub mod editor;
pub mod line_kind;
pub mod line_source;
pub mod offers;
mod prompt_helper;
