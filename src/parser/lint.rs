//! What is accepted but worth a remark. Rule names are BuildKit's.

use crate::diagnostic::Diagnostic;
use crate::language::Language;
use crate::source::Span;

/// A remark about a text that is accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// What it is about.
    pub rule: Rule,
    /// The bytes it is about.
    pub span: Span,
    /// The line it names, from 1.
    pub line: usize,
}

/// The rules the parser itself can judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// An empty line inside a continued instruction.
    NoEmptyContinuation,
}

crate::messages! {
    no_empty_continuation() {
        en: "Empty continuation line",
        ko: "이어지는 명령 안에 빈 줄이 있습니다",
    }
    no_empty_continuation_help() {
        en: "remove the empty line, or write a comment there",
        ko: "빈 줄을 지우거나 그 자리에 주석을 쓰세요",
    }
}

impl Rule {
    /// Returns BuildKit's name of the rule.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoEmptyContinuation => "NoEmptyContinuation",
        }
    }

    /// Returns the sentence.
    pub fn message(self, language: Language) -> String {
        match self {
            Self::NoEmptyContinuation => no_empty_continuation(language),
        }
    }

    /// Returns what to type instead.
    pub fn help(self, language: Language) -> Option<String> {
        match self {
            Self::NoEmptyContinuation => Some(no_empty_continuation_help(language)),
        }
    }
}

impl Warning {
    /// Returns the remark with its sentences in a language.
    pub fn diagnostic(&self, language: Language) -> Diagnostic {
        Diagnostic::warning(self.rule.name(), self.rule.message(language), self.span)
            .with_help(self.rule.help(language))
    }
}
