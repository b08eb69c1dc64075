//! What one word becomes: quotes and escapes resolved, `$variables` put in.
//!
//! Dockerfile reference, "Environment replacement"; the rules are those of BuildKit's shell lexer.

use std::collections::BTreeSet;

use thiserror::Error;

use crate::language::Language;

/// How a variable's value is found.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A word after expansion.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expanded {
    /// The result.
    pub text: String,
    /// The result split at white space that was neither quoted nor escaped.
    pub words: Vec<String>,
    /// The variables that were looked up and found, also in branches not taken.
    pub used: BTreeSet<String>,
    /// The variables that were looked up and not found.
    pub unset: BTreeSet<String>,
}

/// Why a word cannot be expanded.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}", self.message(Language::En))]
pub enum WordError {
    /// A quote is not closed.
    UnclosedQuote {
        /// `'` or `"`.
        quote: char,
    },
    /// `${` without `}`.
    MissingBrace,
    /// `${x/p` without the second `/`.
    MissingSlash,
    /// `${}` and the like.
    BadSubstitution,
    /// `${x^}` and the like.
    UnsupportedModifier {
        /// The characters after the name.
        modifier: String,
    },
    /// `${x#p}` with an escape that means nothing.
    InvalidPattern {
        /// The pattern.
        pattern: String,
        /// The character after the backslash; none at the pattern's end.
        escaped: Option<char>,
    },
    /// `${x:?message}` and `x` has no value.
    Required {
        /// The variable.
        name: String,
        /// The message the Dockerfile gives; may be empty.
        message: String,
        /// It is unset, not only empty.
        unset: bool,
    },
    /// `${a:-${b:-...` deeper than strata follows.
    NestedTooDeep,
}

/// Expands a word of an instruction. `escape` is the file's escape character.
pub fn expand(word: &str, escape: char, lookup: Lookup<'_>) -> Result<Expanded, WordError> {
    let _ = (word, escape, lookup);
    unimplemented!()
}

/// Expands the body of an unquoted here-document: quotes stay, the escape is always `\`.
pub fn expand_heredoc(body: &str, lookup: Lookup<'_>) -> Result<Expanded, WordError> {
    let _ = (body, lookup);
    unimplemented!()
}

impl WordError {
    /// Returns the sentence in a language.
    pub fn message(&self, language: Language) -> String {
        let _ = language;
        unimplemented!()
    }

    /// Returns what to type instead, where that can be said.
    pub fn help(&self, language: Language) -> Option<String> {
        let _ = language;
        None
    }
}
