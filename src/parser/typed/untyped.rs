//! One instruction on its way to a type, and what every kind of instruction takes from it.

use super::flags::{Flags, Known};
use crate::parser::error::{ParseError, ParseErrorKind as Kind};
use crate::parser::syntax::{Arguments, Command, Flag, Heredoc, Node, Word};
use crate::source::Span;

/// One instruction on its way to a type.
pub(super) struct Untyped {
    pub keyword: Word,
    pub flags: Vec<Flag>,
    pub arguments: Arguments,
    pub heredocs: Vec<Heredoc>,
    pub onbuild: Option<Box<Node>>,
    pub original: String,
}

impl Untyped {
    /// Makes an error at a place of this instruction.
    pub fn error(&self, kind: Kind, span: Span) -> ParseError {
        ParseError {
            kind,
            span,
            instruction: self.keyword.span,
        }
    }

    /// Makes an error about the instruction word.
    pub fn error_here(&self, kind: Kind) -> ParseError {
        self.error(kind, self.keyword.span)
    }

    /// Takes the flags out, checked.
    pub fn take_flags(&mut self, known: Known) -> Result<Flags, ParseError> {
        Flags::new(std::mem::take(&mut self.flags), known, self.keyword.span)
    }
}

impl From<Node> for Untyped {
    fn from(node: Node) -> Self {
        Self {
            keyword: node.keyword,
            flags: node.flags,
            arguments: node.arguments,
            heredocs: node.heredocs,
            onbuild: node.onbuild,
            original: node.original,
        }
    }
}

/// Takes the words, of either form; none where there are none.
pub(super) fn take_words(untyped: &mut Untyped) -> Vec<Word> {
    match std::mem::replace(&mut untyped.arguments, Arguments::None) {
        Arguments::Words(words) | Arguments::Exec(words) => words,
        _ => Vec::new(),
    }
}

/// Takes the command; an empty shell form where there is none, which BuildKit accepts.
pub(super) fn take_command(untyped: &mut Untyped) -> Command {
    match std::mem::replace(&mut untyped.arguments, Arguments::None) {
        Arguments::Exec(words) => Command::Exec(words),
        Arguments::Shell(text) => Command::Shell(text),
        _ => Command::Shell(Word {
            text: String::new(),
            span: Span::new(untyped.keyword.span.end, untyped.keyword.span.end),
        }),
    }
}
