//! What is wrong with a template, and where.

use crate::language::Language;

/// A template that cannot be read, or not be filled in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {problem:?}")]
pub struct TemplateError {
    /// Where, in characters from 1.
    pub column: usize,
    /// What.
    pub problem: Problem,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// `{{` without `}}`.
    Unclosed,
    /// A text or a comment that does not end.
    UnclosedText,
    /// `if`, `range` or `with` without `end`.
    NoEnd(String),
    /// `end`, `else`, `break` or `continue` where there is nothing to end.
    NotOpen(String),
    /// Something stands where it makes no sense.
    Unexpected(String),
    /// Nothing stands where something has to.
    Missing(&'static str),
    /// A number that is none.
    BadNumber(String),
    /// There is no such function.
    NoFunction {
        /// As it was written.
        name: String,
        /// What may have been meant.
        near: Option<String>,
    },
    /// There is no such variable.
    NoVariable(String),
    /// There is no such field.
    NoField {
        /// As it was written.
        name: String,
        /// What may have been meant.
        near: Option<String>,
        /// The fields there are.
        known: Vec<String>,
    },
    /// A field of what has none.
    NoFields {
        /// The field.
        name: String,
        /// What it was asked of: `string`, `number`, ...
        of: &'static str,
    },
    /// Too few or too many arguments.
    Arguments {
        /// The function.
        name: String,
        /// How many it takes.
        wanted: &'static str,
        /// How many there are.
        found: usize,
    },
    /// A function cannot do with what it was given.
    BadArgument {
        /// The function.
        name: String,
        /// What it was given.
        found: &'static str,
    },
    /// Beyond the end of a list.
    OutOfRange(String),
    /// Nested too deeply, too much work, too much output.
    TooMuch,
}

impl TemplateError {
    pub(super) fn new(column: usize, problem: Problem) -> Self {
        Self { column, problem }
    }

    /// Says what is wrong.
    pub fn message(&self, language: Language) -> String {
        let what = match &self.problem {
            Problem::Unclosed => unclosed(language),
            Problem::UnclosedText => unclosed_text(language),
            Problem::NoEnd(word) => no_end(language, word),
            Problem::NotOpen(word) => not_open(language, word),
            Problem::Unexpected(word) => unexpected(language, word),
            Problem::Missing(what) => missing(language, what),
            Problem::BadNumber(text) => bad_number(language, text),
            Problem::NoFunction { name, .. } => no_function(language, name),
            Problem::NoVariable(name) => no_variable(language, name),
            Problem::NoField { name, .. } => no_field(language, name),
            Problem::NoFields { name, of } => no_fields(language, name, of),
            Problem::Arguments {
                name,
                wanted,
                found,
            } => arguments(language, name, wanted, *found),
            Problem::BadArgument { name, found } => bad_argument(language, name, found),
            Problem::OutOfRange(index) => out_of_range(language, index),
            Problem::TooMuch => too_much(language),
        };
        parsing_error(language, self.column, &what)
    }

    /// Says what to do about it.
    pub fn help(&self, language: Language) -> Option<String> {
        match &self.problem {
            Problem::NoFunction { near, .. } => Some(match near {
                Some(near) => did_you_mean(language, near),
                None => functions(language, &super::function::NAMES.join(" ")),
            }),
            Problem::NoField { near, known, .. } => {
                let list = known.join(" ");
                Some(match near {
                    Some(near) => did_you_mean_of(language, near, &list),
                    None => there_are(language, &list),
                })
            }
            Problem::NoEnd(_) => Some(end_help(language)),
            _ => None,
        }
    }
}

crate::messages! {
    parsing_error(column: usize, what: &str) {
        en: "template parsing error: column {column}: {what}",
        ko: "템플릿이 올바르지 않습니다(template parsing error). {column}번째 글자: {what}",
    }
    unclosed() { en: "`{{{{` is not closed with `}}}}`", ko: "`{{{{`가 `}}}}`로 닫히지 않았습니다" }
    unclosed_text() { en: "the text or comment does not end", ko: "글이나 주석이 끝나지 않습니다" }
    no_end(word: &str) { en: "`{word}` has no `end`", ko: "`end`가 없습니다: `{word}`" }
    not_open(word: &str) { en: "`{word}` has nothing it belongs to", ko: "속할 곳이 없습니다: `{word}`" }
    unexpected(word: &str) { en: "unexpected `{word}`", ko: "여기에 올 수 없습니다: `{word}`" }
    missing(what: &str) { en: "{what} is missing", ko: "빠진 것이 있습니다: {what}" }
    bad_number(text: &str) { en: "`{text}` is no number", ko: "숫자가 아닙니다: `{text}`" }
    no_function(name: &str) { en: "function \"{name}\" not defined", ko: "그런 함수가 없습니다: {name}" }
    no_variable(name: &str) { en: "undefined variable \"{name}\"", ko: "그런 변수가 없습니다: {name}" }
    no_field(name: &str) { en: "there is no field .{name} here", ko: "그런 필드가 없습니다: .{name}" }
    no_fields(name: &str, of: &str) {
        en: "can't evaluate field {name}: it is asked of a {of}",
        ko: "필드 {name}의 값을 얻을 수 없습니다. 필드가 없는 값입니다: {of}",
    }
    arguments(name: &str, wanted: &str, found: usize) {
        en: "wrong number of args for {name}: want {wanted} got {found}",
        ko: "{name} 함수의 인자 수가 맞지 않습니다: {wanted}개가 필요한데 {found}개입니다",
    }
    bad_argument(name: &str, found: &str) {
        en: "{name} cannot work on a {found}",
        ko: "{name} 함수는 이 값에 쓸 수 없습니다: {found}",
    }
    out_of_range(index: &str) { en: "index out of range: {index}", ko: "범위를 벗어난 번호입니다: {index}" }
    too_much() {
        en: "it is nested too deeply, or would take too long",
        ko: "너무 깊거나 시간이 너무 오래 걸립니다",
    }
    did_you_mean(near: &str) { en: "did you mean {near}?", ko: "{near} 아닌가요?" }
    did_you_mean_of(near: &str, list: &str) {
        en: "did you mean .{near}? There are: {list}",
        ko: ".{near} 아닌가요? 쓸 수 있는 필드: {list}",
    }
    there_are(list: &str) { en: "there are: {list}", ko: "쓸 수 있는 필드: {list}" }
    functions(list: &str) { en: "there are: {list}", ko: "쓸 수 있는 함수: {list}" }
    end_help() { en: "close it with {{{{end}}}}", ko: "{{{{end}}}}로 닫으세요" }
}
