//! Where facts are collected while a step is judged.

use std::fmt::Display;

use crate::language::Language;
use crate::lesson::check::Words;
use crate::lesson::{Bilingual, Evidence, FactResult, sentences};

/// What stands where there is nothing.
pub(super) const NOTHING: &str = "-";

/// The facts so far, and where to look things up.
pub(super) struct Sheet<'a> {
    pub evidence: &'a dyn Evidence,
    pub facts: Vec<FactResult>,
}

impl<'a> Sheet<'a> {
    pub fn new(evidence: &'a dyn Evidence) -> Self {
        Self {
            evidence,
            facts: Vec::new(),
        }
    }

    /// Adds a fact with a sentence of its own.
    pub fn judge(
        &mut self,
        name: impl Into<String>,
        ok: bool,
        (expected, got): (impl Display, impl Display),
        sentence: impl Fn(Language, bool) -> String,
    ) {
        self.facts.push(FactResult {
            name: name.into(),
            ok,
            expected: expected.to_string(),
            got: got.to_string(),
            sentence: Bilingual::of(|language| sentence(language, ok)),
        });
    }

    /// Adds a fact about a value that should be a certain one.
    pub fn value(
        &mut self,
        name: impl Into<String>,
        ok: bool,
        (expected, got): (impl Display, impl Display),
        what: impl Fn(Language) -> String,
    ) {
        let (expected, got) = (expected.to_string(), got.to_string());
        self.judge(name, ok, (&expected, &got), |language, ok| {
            if ok {
                sentences::value_ok(language, &what(language), &expected)
            } else if got == NOTHING {
                sentences::value_missing(language, &what(language), &expected)
            } else {
                sentences::value_not_yet(language, &what(language), &expected, &got)
            }
        });
    }

    /// Adds a fact about a value that may not be known.
    pub fn equal<T: PartialEq + Display>(
        &mut self,
        name: impl Into<String>,
        expected: &T,
        got: Option<T>,
        what: impl Fn(Language) -> String,
    ) {
        let ok = got.as_ref() == Some(expected);
        let got = got.map_or(NOTHING.to_owned(), |got| got.to_string());
        self.value(name, ok, (expected, got), what);
    }

    /// Adds a fact for every word that a text should have.
    pub fn contains(
        &mut self,
        name: &str,
        words: &Words,
        text: Option<&str>,
        what: impl Fn(Language) -> String,
    ) {
        for word in words.all() {
            let ok = text.is_some_and(|text| text.contains(word.as_str()));
            let got = text.map_or(NOTHING.to_owned(), shortened);
            self.judge(name, ok, (word, got), |language, ok| {
                let what = what(language);
                if ok {
                    sentences::contains_ok(language, &what, word)
                } else {
                    sentences::contains_not_yet(language, &what, word)
                }
            });
        }
    }

    /// Adds a fact for every word that a text should not have.
    pub fn lacks(
        &mut self,
        name: &str,
        words: &Words,
        text: Option<&str>,
        what: impl Fn(Language) -> String,
    ) {
        for word in words.all() {
            let ok = text.is_some_and(|text| !text.contains(word.as_str()));
            let got = text.map_or(NOTHING.to_owned(), shortened);
            self.judge(name, ok, (format!("no {word}"), got), |language, ok| {
                let what = what(language);
                match text {
                    None => sentences::lacks_missing(language, &what, word),
                    Some(_) if ok => sentences::lacks_ok(language, &what, word),
                    Some(_) => sentences::lacks_not_yet(language, &what, word),
                }
            });
        }
    }

    /// Adds a fact for every item that a list should have.
    pub fn all_in(
        &mut self,
        name: &str,
        expected: &[String],
        got: Option<&[String]>,
        what: impl Fn(Language) -> String,
    ) {
        let ok = got.is_some_and(|got| expected.iter().all(|item| got.contains(item)));
        let got = got.map_or(NOTHING.to_owned(), listed);
        self.value(name, ok, (listed(expected), got), what);
    }
}

/// Returns a list as one text.
pub(super) fn listed(items: &[String]) -> String {
    format!("[{}]", items.join(", "))
}

fn shortened(text: &str) -> String {
    let mut chars = text.chars();
    let start: String = chars.by_ref().take(200).collect();
    if chars.next().is_some() {
        start + "..."
    } else {
        start
    }
}
