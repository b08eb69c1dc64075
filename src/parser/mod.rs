//! Knows text: a Dockerfile becomes typed instructions, every word with its place.

pub mod editor;
pub mod error;
mod file;
mod form;
mod grammar;
mod help;
pub mod instruction;
mod lines;
pub mod lint;
mod message;
mod read;
pub mod stage;
pub mod syntax;
pub mod word;

pub use editor::{Completeness, Highlight, Missing, completeness, highlight};
pub use error::{ParseError, ParseErrorKind};
pub use instruction::{Instruction, Located};
pub use lint::Warning;
pub use stage::{Dockerfile, Stage, StageName};

use crate::source::Source;

/// Bytes that are no UTF-8 text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotText {
    /// The text with replacement characters, for showing where.
    pub source: Source,
    /// What is wrong and where.
    pub error: ParseError,
}

/// Takes a file's bytes as text.
pub fn decode(name: &str, bytes: Vec<u8>) -> Result<Source, Box<NotText>> {
    let _ = (name, bytes);
    unimplemented!()
}

/// Reads a Dockerfile without judging what it means.
pub fn syntax(source: &Source) -> Result<syntax::File, Vec<ParseError>> {
    let reading = file::read(source);
    if reading.errors.is_empty() {
        Ok(reading.file)
    } else {
        Err(reading.errors)
    }
}

/// Reads a Dockerfile; every instruction makes sense by itself.
pub fn parse(source: &Source) -> Result<Dockerfile, Vec<ParseError>> {
    let _ = source;
    unimplemented!()
}
