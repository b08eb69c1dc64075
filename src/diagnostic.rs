//! A mistake in somebody's text, as data: what is wrong, where, and what to type instead.
//!
//! `render::diagnostic` draws it; the command line, the REPL and lessons all show the same.

use crate::source::{Source, Span};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The text is refused.
    Error,
    /// The text works, but likely not as meant.
    Warning,
    /// Something worth knowing that counts for nothing.
    Note,
}

/// One thing that is wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// A stable name for machines, such as `unknown-instruction`.
    pub kind: &'static str,
    /// One sentence, lower case, without a full stop.
    pub message: String,
    /// Where, most important place first. Never empty.
    pub labels: Vec<Label>,
    /// What to type or do.
    pub help: Option<String>,
}

/// A place and what is to be said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The bytes to underline.
    pub span: Span,
    /// A few words under the line; may be empty.
    pub message: String,
}

impl Diagnostic {
    /// Makes an error about one place.
    pub fn error(kind: &'static str, message: impl Into<String>, span: Span) -> Self {
        Self::new(Severity::Error, kind, message, span)
    }

    /// Makes a warning about one place.
    pub fn warning(kind: &'static str, message: impl Into<String>, span: Span) -> Self {
        Self::new(Severity::Warning, kind, message, span)
    }

    /// Makes one of any severity about one place.
    pub fn new(
        severity: Severity,
        kind: &'static str,
        message: impl Into<String>,
        span: Span,
    ) -> Self {
        let labels = vec![Label {
            span,
            message: String::new(),
        }];
        Self {
            severity,
            kind,
            message: message.into(),
            labels,
            help: None,
        }
    }

    /// Adds what to type or do.
    pub fn with_help(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }

    /// Names the line where an instruction begins, given by its first word; the place itself comes
    /// second when it is on a later line of a continued instruction.
    pub fn in_instruction(mut self, source: &Source, word: Span) -> Self {
        if source.line(word.start) != source.line(self.span().start) {
            let message = String::new();
            self.labels.insert(
                0,
                Label {
                    span: word,
                    message,
                },
            );
        }
        self
    }

    /// Returns the most important place.
    pub fn span(&self) -> Span {
        self.labels[0].span
    }
}
