//! What facts are about - an image, a container, a file: it gives them names and words.

use std::fmt::Display;

use super::sheet::{NOTHING, Sheet};
use crate::language::Language;
use crate::lesson::check::{Bounds, Bytes, Words};
use crate::lesson::sentences;

/// Something with values. What is not expected of it (none) makes no fact.
pub(super) struct Subject<'a> {
    /// What its facts' names begin with: `image.shop:3`.
    name: String,
    /// What a learner reads: `image shop:3`.
    thing: Box<dyn Fn(Language) -> String + 'a>,
}

impl<'a> Subject<'a> {
    pub fn new(name: impl Into<String>, thing: impl Fn(Language) -> String + 'a) -> Self {
        Self {
            name: name.into(),
            thing: Box::new(thing),
        }
    }

    fn fact(&self, key: &str) -> String {
        format!("{}.{key}", self.name)
    }

    fn noun(&self, what: impl Fn(Language) -> String) -> impl Fn(Language) -> String {
        move |language| sentences::of(language, &(self.thing)(language), &what(language))
    }

    /// Whether it is there. A subject that should be gone is asked `there` with `false`.
    pub fn there(&self, key: &str, expected: Option<bool>, got: bool, sheet: &mut Sheet) {
        let Some(expected) = expected else { return };
        let word = |there| if there { "there" } else { "absent" };
        let values = (word(expected), word(got));
        let sentence = |language, ok| {
            let thing = (self.thing)(language);
            match (expected, ok) {
                (true, true) => sentences::is_there(language, &thing),
                (true, false) => sentences::must_be_there(language, &thing),
                (false, true) => sentences::is_gone(language, &thing),
                (false, false) => sentences::must_be_gone(language, &thing),
            }
        };
        sheet.judge(self.fact(key), expected == got, values, sentence);
    }

    /// A value that was judged already.
    pub fn value(
        &self,
        key: &str,
        what: impl Fn(Language) -> String,
        ok: bool,
        values: (impl Display, impl Display),
        sheet: &mut Sheet,
    ) {
        sheet.value(self.fact(key), ok, values, self.noun(what));
    }

    /// A value that has to be a certain one and has words of its own in every language.
    pub fn worded(
        &self,
        key: &str,
        what: impl Fn(Language) -> String,
        (expected, got): (String, Option<String>),
        words: fn(Language, &str) -> String,
        sheet: &mut Sheet,
    ) {
        let shown = |language| got.as_deref().map(|got| words(language, got));
        let english = shown(Language::En).unwrap_or(NOTHING.to_owned());
        let values = (words(Language::En, &expected), english);
        let noun = self.noun(what);
        let ok = got.as_ref() == Some(&expected);
        sheet.judge(self.fact(key), ok, values, |language, ok| {
            let (what, expected) = (noun(language), words(language, &expected));
            match shown(language) {
                _ if ok => sentences::value_ok(language, &what, &expected),
                Some(got) => sentences::value_not_yet(language, &what, &expected, &got),
                None => sentences::value_missing(language, &what, &expected),
            }
        });
    }

    /// A value that has to be a certain one.
    pub fn equal<T: PartialEq + Display>(
        &self,
        key: &str,
        what: impl Fn(Language) -> String,
        expected: Option<&T>,
        got: Option<T>,
        sheet: &mut Sheet,
    ) {
        if let Some(expected) = expected {
            sheet.equal(self.fact(key), expected, got, self.noun(what));
        }
    }

    /// A number that has to be large enough.
    pub fn at_least<T: PartialOrd + Display>(
        &self,
        key: &str,
        what: impl Fn(Language) -> String,
        expected: Option<T>,
        got: Option<T>,
        sheet: &mut Sheet,
    ) {
        let Some(least) = expected else { return };
        let ok = got.as_ref().is_some_and(|got| *got >= least);
        let got = got.map_or(NOTHING.to_owned(), |got| got.to_string());
        self.value(key, what, ok, (format!(">= {least}"), got), sheet);
    }

    /// A size that has to lie between two others.
    pub fn within(
        &self,
        key: &str,
        what: impl Fn(Language) -> String,
        bounds: &Bounds,
        got: Option<u64>,
        sheet: &mut Sheet,
    ) {
        let fits = |got: u64| {
            bounds.min.is_none_or(|Bytes(min)| got >= min)
                && bounds.max.is_none_or(|Bytes(max)| got <= max)
        };
        let bound =
            |sign: &str, bound: Option<Bytes>| bound.map(|Bytes(n)| format!("{sign} {n} B"));
        let expected = [bound(">=", bounds.min), bound("<=", bounds.max)];
        let expected: Vec<String> = expected.into_iter().flatten().collect();
        if !expected.is_empty() {
            let ok = got.is_some_and(fits);
            self.value(key, what, ok, (expected.join(" "), bytes(got)), sheet);
        }
    }

    /// A text that has to have some words.
    pub fn contains(
        &self,
        key: &str,
        what: impl Fn(Language) -> String,
        expected: Option<&Words>,
        text: Option<&str>,
        sheet: &mut Sheet,
    ) {
        if let Some(words) = expected {
            sheet.contains(&self.fact(key), words, text, self.noun(what));
        }
    }

    /// A list that has to have some items.
    pub fn all_in(
        &self,
        key: &str,
        what: impl Fn(Language) -> String,
        expected: Option<&[String]>,
        got: Option<&[String]>,
        sheet: &mut Sheet,
    ) {
        if let Some(items) = expected {
            sheet.all_in(&self.fact(key), items, got, self.noun(what));
        }
    }
}

/// Returns a size, or what stands for none.
pub(super) fn bytes(size: Option<u64>) -> String {
    size.map_or(NOTHING.to_owned(), |size| format!("{size} B"))
}
