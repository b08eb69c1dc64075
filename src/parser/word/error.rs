//! Why a word cannot be expanded, and how strata says it; BuildKit's key words are kept.

use thiserror::Error;

use crate::language::Language;
use crate::source::Span;

/// Why a word cannot be expanded, and where in it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{error}")]
pub struct WordFault {
    /// What is wrong.
    pub error: WordError,
    /// The bytes of the word it is about: from the quote or `$` that begins it.
    pub span: Span,
}

impl From<WordFault> for WordError {
    fn from(fault: WordFault) -> Self {
        fault.error
    }
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
    /// The result would fill the memory.
    TooLong,
    /// Pattern and value are so long that to compare them would take minutes.
    TooCostly,
}

crate::messages! {
    unclosed_quote(name: &str) {
        en: "unexpected end of statement while looking for matching {name}",
        ko: "{name}가 닫히지 않은 채 문장이 끝났습니다",
    }
    missing_brace() {
        en: "syntax error: missing '}}'",
        ko: "문법 오류: '}}'가 없습니다",
    }
    missing_slash() {
        en: "syntax error: missing '/' in ${{}}",
        ko: "문법 오류: ${{}} 안에 '/'가 없습니다",
    }
    bad_substitution() {
        en: "syntax error: bad substitution",
        ko: "문법 오류: 변수 이름이 없는 치환입니다",
    }
    unsupported_modifier(modifier: &str) {
        en: "unsupported modifier ({modifier}) in substitution",
        ko: "치환에 쓸 수 없는 수식어입니다: ({modifier})",
    }
    invalid_pattern(pattern: &str, escaped: &str) {
        en: "invalid pattern ({pattern}) in substitution: invalid escape '\\{escaped}'",
        ko: "치환의 패턴이 올바르지 않습니다 ({pattern}): 이스케이프 '\\{escaped}'",
    }
    required(name: &str, message: &str) {
        en: "{name}: {message}",
        ko: "{name}: {message}",
    }
    required_unset(name: &str) {
        en: "{name}: is not allowed to be unset",
        ko: "{name}: 값이 정해져 있어야 합니다",
    }
    required_empty(name: &str) {
        en: "{name}: is not allowed to be empty",
        ko: "{name}: 값이 비어 있으면 안 됩니다",
    }
    too_long() {
        en: "the word expands to more than 1 MiB",
        ko: "단어가 1 MiB보다 길게 확장됩니다",
    }
    too_costly() {
        en: "the values and patterns are too long: to expand them would take minutes",
        ko: "값과 패턴이 너무 깁니다. 확장하는 데 몇 분이 걸립니다",
    }
    close_quote(quote: char) {
        en: "write another {quote}, or put an escape character before the first",
        ko: "{quote}를 하나 더 쓰거나 첫 번째 앞에 이스케이프 문자를 쓰세요",
    }
    close_brace() {
        en: "write a }} after what begins with ${{",
        ko: "${{로 시작한 곳 뒤에 }}를 쓰세요",
    }
    write_replacement() {
        en: "write ${{NAME/PATTERN/REPLACEMENT}}; a / inside the pattern is written \\/",
        ko: "${{NAME/패턴/바꿀 내용}} 처럼 쓰세요. 패턴 안의 /는 \\/로 씁니다",
    }
    name_a_variable() {
        en: "write ${{NAME}}",
        ko: "${{NAME}} 처럼 쓰세요",
    }
    supported_modifiers() {
        en: "the modifiers are :- - :+ + :? ? # ## % %% / //",
        ko: "쓸 수 있는 수식어: :- - :+ + :? ? # ## % %% / //",
    }
    supported_escapes() {
        en: "in a pattern only \\* \\? \\\\ \\/ and \\}} mean something",
        ko: "패턴에서는 \\* \\? \\\\ \\/ \\}} 만 뜻이 있습니다",
    }
    give_a_value(name: &str) {
        en: "give {name} a value with ENV, ARG or --build-arg",
        ko: "ENV, ARG 또는 --build-arg로 {name}에 값을 주세요",
    }
}

impl WordError {
    /// Returns a stable name for machines.
    pub fn id(&self) -> &'static str {
        match self {
            Self::UnclosedQuote { .. } => "unclosed-quote",
            Self::MissingBrace => "missing-brace",
            Self::MissingSlash => "missing-slash",
            Self::BadSubstitution => "bad-substitution",
            Self::UnsupportedModifier { .. } => "unsupported-modifier",
            Self::InvalidPattern { .. } => "invalid-pattern",
            Self::Required { .. } => "required-variable",
            Self::TooLong => "word-too-long",
            Self::TooCostly => "pattern-too-long",
        }
    }

    /// Returns the sentence in a language.
    pub fn message(&self, language: Language) -> String {
        match self {
            Self::UnclosedQuote { quote: '\'' } => unclosed_quote(language, "single-quote"),
            Self::UnclosedQuote { .. } => unclosed_quote(language, "double-quote"),
            Self::MissingBrace => missing_brace(language),
            Self::MissingSlash => missing_slash(language),
            Self::BadSubstitution => bad_substitution(language),
            Self::UnsupportedModifier { modifier } => unsupported_modifier(language, modifier),
            Self::InvalidPattern { pattern, escaped } => {
                let escaped = escaped.map_or_else(String::new, String::from);
                invalid_pattern(language, pattern, &escaped)
            }
            Self::Required {
                name,
                message,
                unset,
            } => match (message.as_str(), unset) {
                ("", true) => required_unset(language, name),
                ("", false) => required_empty(language, name),
                (message, _) => required(language, name, message),
            },
            Self::TooLong => too_long(language),
            Self::TooCostly => too_costly(language),
        }
    }

    /// Returns what to type instead, where that can be said.
    pub fn help(&self, language: Language) -> Option<String> {
        match self {
            Self::UnclosedQuote { quote } => Some(close_quote(language, *quote)),
            Self::BadSubstitution => Some(name_a_variable(language)),
            Self::UnsupportedModifier { .. } => Some(supported_modifiers(language)),
            Self::InvalidPattern { .. } => Some(supported_escapes(language)),
            Self::Required { name, .. } => Some(give_a_value(language, name)),
            Self::MissingBrace => Some(close_brace(language)),
            Self::MissingSlash => Some(write_replacement(language)),
            Self::TooLong | Self::TooCostly => None,
        }
    }
}
