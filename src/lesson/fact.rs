//! One checked fact: its stable name, whether it holds, and a sentence for the learner.

use crate::language::Language;

/// A sentence in every language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bilingual {
    /// English.
    pub en: String,
    /// Korean.
    pub ko: String,
}

impl Bilingual {
    /// Asks a sentence made by `messages!` for every language.
    pub fn of(sentence: impl Fn(Language) -> String) -> Self {
        Self {
            en: sentence(Language::En),
            ko: sentence(Language::Ko),
        }
    }

    /// Returns the sentence in a language.
    pub fn get(&self, language: Language) -> &str {
        match language {
            Language::En => &self.en,
            Language::Ko => &self.ko,
        }
    }
}

/// Whether one expectation holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactResult {
    /// A stable name, such as `step.RUN npm install.cache`; `fails` of a wrong case names it.
    pub name: String,
    /// Shown as `ok` or `not yet`.
    pub ok: bool,
    /// What the lesson expects, in the words of the check block.
    pub expected: String,
    /// What is the case, in the same words.
    pub got: String,
    /// For the learner: what holds, or what must hold and what is the case instead.
    pub sentence: Bilingual,
}

impl FactResult {
    /// Returns the word that stands before the sentence.
    pub fn word(&self) -> &'static str {
        if self.ok { "ok" } else { "not yet" }
    }
}
