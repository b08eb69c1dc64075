//! Knows text: a Dockerfile becomes typed instructions, every word with its place.

mod duration;
pub mod editor;
pub mod error;
mod file;
#[cfg(test)]
mod fixtures;
mod flags;
mod form;
mod grammar;
mod help;
pub mod instruction;
pub mod json;
mod lines;
pub mod lint;
mod message;
#[cfg(test)]
mod properties;
mod read;
pub mod stage;
mod suggest;
pub mod syntax;
pub mod tree;
mod typed;
mod typed_health;
pub mod word;
mod word_error;
mod word_pattern;

pub use editor::{
    Completeness, Highlight, Missing, completeness, completeness_in, highlight, highlight_in,
};
pub use error::{ParseError, ParseErrorKind};
pub use instruction::{Instruction, Located};
pub use lint::Warning;
pub use stage::{Dockerfile, Stage, StageName};
pub use typed::{INSTRUCTIONS, flags_of};
pub use word_error::WordError;

use crate::source::{Source, Span};

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
    let bytes = match String::from_utf8(bytes) {
        Ok(text) => return Ok(Source::new(name, text)),
        Err(error) => error,
    };
    // Up to the first byte that is wrong, the shown text is the file's own.
    let at = bytes.utf8_error().valid_up_to();
    let shown = String::from_utf8_lossy(bytes.as_bytes()).into_owned();
    let span = Span::new(at, at + char::REPLACEMENT_CHARACTER.len_utf8());
    Err(Box::new(NotText {
        source: Source::new(name, shown),
        error: ParseError {
            kind: ParseErrorKind::NotUtf8,
            span,
            instruction: span,
        },
    }))
}

/// Reads a Dockerfile without judging what it means: unknown instructions and flags are kept.
///
/// # Errors
///
/// All that are independent of each other, in the order of the text.
pub fn syntax(source: &Source) -> Result<syntax::File, Vec<ParseError>> {
    let reading = file::read(source);
    if reading.errors.is_empty() {
        Ok(reading.file)
    } else {
        Err(reading.errors)
    }
}

/// Reads a Dockerfile. Every instruction makes sense by itself; what they mean together is the
/// plan's.
///
/// ```
/// use strata::parser::{Instruction, parse};
/// use strata::source::Source;
///
/// let file = parse(&Source::new("Dockerfile", "FROM practice-os AS base\nRUN echo hi\n")).unwrap();
/// assert_eq!(file.stages[0].name.as_ref().unwrap().as_str(), "base");
/// assert!(matches!(file.instructions[1].value, Instruction::Run(_)));
/// ```
///
/// # Errors
///
/// All that are independent of each other, in the order of the text.
pub fn parse(source: &Source) -> Result<Dockerfile, Vec<ParseError>> {
    stage::dockerfile(file::read(source))
}
