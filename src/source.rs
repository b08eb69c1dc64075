//! A text and places in it: byte spans, and their lines and columns.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A named text, cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    name: Arc<str>,
    text: Arc<str>,
    /// Byte offset of the first byte of every line.
    lines: Arc<[usize]>,
}

/// A half-open range of bytes of a [`Source`].
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset behind the last byte.
    pub end: usize,
}

/// A place as a person names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl Span {
    /// Makes the span of `start..end`.
    pub fn new(start: usize, end: usize) -> Self {
        Self {
            start,
            end: end.max(start),
        }
    }

    /// Returns the smallest span that covers both.
    pub fn to(self, other: Self) -> Self {
        Self {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }
}

impl Source {
    /// Names a text. The name is what diagnostics show: a path, or `-`.
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Self {
        let text: Arc<str> = text.into();
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let lines = std::iter::once(0)
            .chain(ends.map(|(offset, _)| offset + 1))
            .collect();
        Self {
            name: name.into(),
            text,
            lines,
        }
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the text of a span.
    pub fn slice(&self, span: Span) -> &str {
        &self.text[span.start..span.end]
    }

    /// Returns the line, from 1, that holds a byte offset.
    pub fn line(&self, offset: usize) -> usize {
        self.lines.partition_point(|start| *start <= offset).max(1)
    }

    /// Returns line and column of a byte offset.
    ///
    /// ```
    /// use strata::source::{Position, Source};
    /// let source = Source::new("Dockerfile", "FROM a\nRUN b\n");
    /// assert_eq!(source.position(11), Position { line: 2, column: 5 });
    /// ```
    pub fn position(&self, offset: usize) -> Position {
        let line = self.line(offset);
        let start = self.lines[line - 1];
        let end = offset.min(self.text.len());
        Position {
            line,
            column: self.text[start..end].chars().count() + 1,
        }
    }

    /// Returns the span of a line, from 1, without its line end.
    pub fn line_span(&self, line: usize) -> Span {
        let start = self.lines.get(line - 1).copied().unwrap_or(self.text.len());
        let end = self
            .lines
            .get(line)
            .map_or(self.text.len(), |next| next - 1);
        let text = &self.text[start..end.max(start)];
        Span::new(start, start + text.trim_end_matches('\r').len())
    }
}
