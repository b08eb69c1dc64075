//! One thing that was found: what it is, where it stands, how bad it is.

use super::note::Note;
use super::remark::Remark;
use super::settings::OptionError;
use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::language::Language;
use crate::parser::ParseErrorKind;
use crate::plan::PlanErrorKind;
use crate::plan::ignore::IgnoreError;
use crate::source::{Source, Span};

/// Something found in a Dockerfile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is.
    pub what: What,
    /// The bytes it is about.
    pub span: Span,
    /// The first word of the instruction it is in.
    pub instruction: Option<Span>,
    /// The line it names, from 1.
    pub line: usize,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// An instruction that makes no sense.
    Parse(ParseErrorKind),
    /// Instructions that make no sense together.
    Plan(PlanErrorKind),
    /// A `# check=` that cannot be read.
    Option(OptionError),
    /// A pattern of the ignore file.
    Ignore {
        /// The name of the file.
        name: String,
        /// What is wrong with it.
        error: IgnoreError,
    },
    /// A build check fires.
    Remark(Remark),
    /// A remark of strata's own.
    Note(Note),
}

crate::messages! {
    in_ignore_file(name: &str, line: usize, why: &str) {
        en: "{name}, line {line}: {why}",
        ko: "{name} {line}번째 줄: {why}",
    }
}

impl What {
    /// Returns how bad it is.
    pub fn severity(&self) -> Severity {
        match self {
            Self::Remark(_) => Severity::Warning,
            Self::Note(_) => Severity::Note,
            _ => Severity::Error,
        }
    }

    /// Returns a stable name: a build check's own, or such as `unknown-flag`.
    pub fn id(&self) -> &'static str {
        match self {
            Self::Parse(kind) => kind.id(),
            Self::Plan(kind) => kind.name(),
            Self::Option(_) => "check-option",
            Self::Ignore { .. } => "bad-pattern",
            Self::Remark(remark) => remark.rule().name(),
            Self::Note(note) => note.id(),
        }
    }

    /// Returns the sentence in a language.
    pub fn message(&self, language: Language) -> String {
        match self {
            Self::Parse(kind) => kind.message(language),
            Self::Plan(kind) => kind.message(language),
            Self::Option(error) => error.message(language),
            Self::Ignore { name, error } => {
                in_ignore_file(language, name, error.line, &error.message(language))
            }
            Self::Remark(remark) => remark.message(language),
            Self::Note(note) => note.message(language),
        }
    }

    /// Returns what to type instead, where that can be said.
    pub fn help(&self, language: Language) -> Option<String> {
        match self {
            Self::Parse(kind) => kind.help(language),
            Self::Plan(kind) => kind.help(language),
            Self::Option(error) => Some(error.help(language)),
            Self::Ignore { .. } => None,
            Self::Remark(remark) => Some(remark.help(language)),
            Self::Note(note) => Some(note.help(language)),
        }
    }
}

impl Finding {
    /// Returns the finding as a diagnostic. A build check is named behind its sentence, so that
    /// it can be looked up and silenced.
    pub fn diagnostic(&self, source: &Source, language: Language) -> Diagnostic {
        let mut message = self.what.message(language);
        if let What::Remark(remark) = &self.what {
            message = format!("{message} [{}]", remark.rule().name());
        }
        let what = &self.what;
        let diagnostic = Diagnostic::new(what.severity(), what.id(), message, self.span);
        let mut diagnostic = match self.instruction {
            Some(word) => diagnostic.in_instruction(source, word),
            None => diagnostic,
        };
        // A check that names another line than its place's shows that line, too.
        if source.line(diagnostic.span().start) != self.line {
            let label = Label {
                span: source.line_span(self.line),
                message: String::new(),
            };
            diagnostic.labels.insert(0, label);
        }
        diagnostic.with_help(what.help(language))
    }
}
