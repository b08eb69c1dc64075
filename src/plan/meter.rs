//! What it costs to expand the words of a file, and when that is enough.
//!
//! One word is bounded by itself (see `parser::word`). But each of a hundred thousand lines may put in
//! a value of a megabyte, or compare one with a pattern: that would take minutes, and is no
//! Dockerfile anybody meant.

use std::cell::Cell;
use std::rc::Rc;

use crate::parser::word::{self, Expanded, Lookup, WordError};

/// How many bytes of values all words of a file may take together; times the length of a word that
/// has patterns.
const MOST: usize = 1 << 25;

/// What was spent; shared by its clones.
#[derive(Debug, Clone, Default)]
pub struct Meter(Rc<Cell<usize>>);

impl Meter {
    /// Expands a word, as long as there is something left to be spent.
    pub fn expand(
        &self,
        word: &str,
        escape: char,
        lookup: Lookup<'_>,
    ) -> Result<Expanded, WordError> {
        self.counted(word, lookup, |lookup| word::expand(word, escape, lookup))
    }

    /// Expands the body of a here-document likewise.
    pub fn expand_heredoc(&self, body: &str, lookup: Lookup<'_>) -> Result<Expanded, WordError> {
        self.counted(body, lookup, |lookup| word::expand_heredoc(body, lookup))
    }

    fn counted(
        &self,
        text: &str,
        lookup: Lookup<'_>,
        expand: impl Fn(Lookup<'_>) -> Result<Expanded, WordError>,
    ) -> Result<Expanded, WordError> {
        if self.0.get() > MOST && text.contains('$') {
            return Err(WordError::TooCostly);
        }
        let has_patterns = text.contains("${") && text.contains(['#', '%', '/']);
        let times = if has_patterns { text.len() } else { 1 };
        expand(&|name| {
            let value = lookup(name)?;
            self.spend(value.len().saturating_mul(times));
            Some(value)
        })
    }

    fn spend(&self, cost: usize) {
        self.0.set(self.0.get().saturating_add(cost));
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST, Meter};
    use crate::parser::word::WordError;

    #[test]
    fn many_long_values_are_refused_and_plain_words_never() {
        let (meter, value) = (Meter::default(), "x".repeat(1 << 20));
        let expand = |word| {
            let lookup = |_: &str| Some(value.clone());
            meter.expand(word, '\\', &lookup).map(|it| it.text.len())
        };
        let times = MOST / value.len();
        assert!((0..times).all(|_| expand("$A").is_ok()));
        assert!(expand("$A").is_ok(), "it is spent once it is over");
        assert_eq!(expand("$A"), Err(WordError::TooCostly));
        assert_eq!(expand("plain"), Ok(5));
    }
}
