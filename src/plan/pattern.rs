//! Patterns in COPY and ADD sources: Go's `filepath.Match`, segment by segment.

/// A pattern, compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {}

/// A pattern that cannot be read: an open `[`, a lone `\` at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("bad pattern")]
pub struct BadPattern;

impl Pattern {
    /// Compiles a pattern.
    pub fn new(pattern: &str) -> Result<Self, BadPattern> {
        let _ = pattern;
        unimplemented!()
    }

    /// Returns whether the whole of a path matches. `*`, `?` and `[]` never match a `/`.
    pub fn matches(&self, path: &str) -> bool {
        let _ = path;
        unimplemented!()
    }

    /// Returns whether a text has a character that means something in a pattern.
    pub fn is_pattern(text: &str) -> bool {
        text.contains(['*', '?', '[', '\\'])
    }
}
