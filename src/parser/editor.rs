//! What an editor or a prompt asks about text that is still being typed.

use crate::source::Span;

/// Whether a text can be carried out as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Completeness {
    /// It ends where an instruction ends.
    Complete,
    /// It ends in the middle of an instruction.
    Incomplete(Missing),
}

/// What an incomplete text waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// The next line: the last one ends in the escape character.
    Continuation,
    /// A here-document's terminator.
    Heredoc {
        /// The terminator.
        name: String,
    },
}

/// What a piece of text is, for colouring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Highlight {
    /// An instruction word that exists, and AS, NONE, CMD where they are words of the language.
    Instruction,
    /// `--name=value`.
    Flag,
    /// Quoted text and JSON strings.
    String,
    /// `$name`, `${name}`.
    Variable,
    /// Comments and directives.
    Comment,
    /// Here-document markers, bodies and terminators.
    Heredoc,
    /// Anything else.
    Text,
}

/// Returns whether a text can be carried out as it stands.
pub fn completeness(text: &str) -> Completeness {
    let _ = text;
    unimplemented!()
}

/// Splits a text into pieces to be coloured: in order, without gaps or overlaps.
pub fn highlight(text: &str) -> Vec<(Span, Highlight)> {
    let _ = text;
    unimplemented!()
}
