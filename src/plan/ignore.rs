//! `.dockerignore`: which files of a folder stay out of the build context.

use thiserror::Error;

use crate::language::Language;

/// The patterns of a `.dockerignore`, compiled.
#[derive(Debug, Clone, Default)]
pub struct Ignore {}

/// What decided about a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision<'a> {
    /// The path stays out.
    pub ignored: bool,
    /// The line that decided, if any matched.
    pub rule: Option<Rule<'a>>,
}

/// A line of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule<'a> {
    /// The pattern as written, trimmed, `!` included.
    pub pattern: &'a str,
    /// Its line, from 1.
    pub line: usize,
}

/// A pattern that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}", self.message(Language::En))]
pub struct IgnoreError {
    /// Its line, from 1.
    pub line: usize,
    /// The pattern as written.
    pub pattern: String,
}

impl IgnoreError {
    /// Returns the sentence in a language.
    pub fn message(&self, language: Language) -> String {
        let _ = language;
        unimplemented!()
    }
}

impl Ignore {
    /// Reads the text of a `.dockerignore`.
    pub fn parse(text: &str) -> Result<Self, IgnoreError> {
        let _ = text;
        unimplemented!()
    }

    /// Returns whether a path stays out. Paths are relative to the context, `/` between segments.
    pub fn is_ignored(&self, path: &str) -> bool {
        self.decide(path).ignored
    }

    /// Returns whether a path stays out, and which line decided.
    pub fn decide(&self, path: &str) -> Decision<'_> {
        let _ = path;
        unimplemented!()
    }

    /// Returns whether nothing at or below a folder can be in the context, so that a walk need
    /// not enter it.
    pub fn excludes_whole_folder(&self, path: &str) -> bool {
        let _ = path;
        unimplemented!()
    }
}
