//! What can be wrong with a Dockerfile's text, and how strata says it.
//!
//! The key words are BuildKit's (`unknown flag`, `requires exactly one argument`), so that a
//! search for the message finds what others wrote about it.

use thiserror::Error;

use crate::diagnostic::Diagnostic;
use crate::language::Language;
use crate::source::{Source, Span};

use super::{help, message};

/// Something wrong at one place.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{kind}")]
pub struct ParseError {
    /// What is wrong.
    pub kind: ParseErrorKind,
    /// Where.
    pub span: Span,
    /// The first word of the instruction it belongs to; the same as `span` outside of any.
    /// A message about a continued instruction names that word's line.
    pub instruction: Span,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}", self.message(Language::En))]
pub enum ParseErrorKind {
    /// The file's bytes are no UTF-8 text.
    NotUtf8,
    /// The file's bytes are no text at all.
    Binary,
    /// A line has more bytes than BuildKit accepts.
    LineTooLong,
    /// A file has more instructions than anybody writes: judging it would take seconds.
    TooManyInstructions,
    /// The file has no bytes but white space.
    Empty,
    /// The file has only comments.
    NoInstructions,
    /// A parser directive stands there twice.
    DuplicateDirective {
        /// Its name.
        name: String,
    },
    /// `# escape=` has a value that is no escape character.
    InvalidEscape {
        /// The value.
        value: String,
    },
    /// A here-document's terminator never comes.
    UnterminatedHeredoc {
        /// The name.
        name: String,
    },
    /// A JSON array holds something that is no string.
    ArrayNotStrings,
    /// A word among `key=value` words has no `=`.
    PairWithoutEquals {
        /// The word.
        word: String,
    },
    /// `ENV KEY` without a value.
    PairWithoutValue {
        /// ENV or LABEL.
        instruction: &'static str,
    },
    /// ONBUILD inside ONBUILD, more than strata follows.
    NestedTooDeep,
    /// No instruction has this name.
    UnknownInstruction {
        /// The name as typed.
        name: String,
        /// A near name, in the case typed.
        suggestion: Option<String>,
    },
    /// The instruction has no such flag.
    UnknownFlag {
        /// The flag without dashes.
        flag: String,
        /// A near flag of the same instruction.
        suggestion: Option<String>,
        /// The flags that the instruction has.
        known: Vec<&'static str>,
    },
    /// A flag that can stand once stands twice.
    DuplicateFlag {
        /// The flag without dashes.
        flag: String,
    },
    /// A flag needs a value.
    FlagWithoutValue {
        /// The flag without dashes.
        flag: String,
    },
    /// A flag needs `true` or `false`.
    FlagNotBoolean {
        /// The flag without dashes.
        flag: String,
        /// What was given.
        value: String,
    },
    /// An instruction needs one argument and has none.
    NeedsOneArgument {
        /// The instruction.
        instruction: &'static str,
    },
    /// An instruction needs arguments and has none.
    NeedsArguments {
        /// The instruction.
        instruction: &'static str,
    },
    /// COPY or ADD with fewer than two arguments.
    NoDestination {
        /// The instruction.
        instruction: &'static str,
        /// Whether there was one argument.
        one: bool,
    },
    /// COPY or ADD with a here-document as the destination.
    HeredocDestination {
        /// The instruction.
        instruction: &'static str,
    },
    /// COPY with a URL as its source.
    UrlSource,
    /// `--from` with a variable.
    VariableInFrom,
    /// FROM with neither one nor three arguments.
    FromArguments,
    /// A stage has a name it cannot have.
    InvalidStageName {
        /// The name as typed.
        name: String,
    },
    /// ARG, ENV or LABEL with an empty name.
    BlankName {
        /// The instruction.
        instruction: &'static str,
    },
    /// An instruction other than ARG before the first FROM.
    NoStage {
        /// The instruction.
        instruction: &'static str,
    },
    /// ONBUILD ONBUILD.
    OnbuildChained,
    /// ONBUILD with an instruction it cannot store.
    OnbuildForbidden {
        /// The instruction.
        instruction: &'static str,
    },
    /// HEALTHCHECK with a first word that is neither NONE nor CMD.
    HealthcheckType {
        /// The word in upper case.
        kind: String,
    },
    /// HEALTHCHECK CMD without a command.
    HealthcheckNoCommand,
    /// HEALTHCHECK NONE with arguments.
    HealthcheckNoneArguments,
    /// A HEALTHCHECK duration that is none.
    InvalidDuration {
        /// The flag without dashes.
        flag: String,
        /// The value.
        value: String,
    },
    /// A HEALTHCHECK duration below a millisecond.
    ShortInterval {
        /// The flag without dashes.
        flag: String,
    },
    /// `--retries` with something that is no number.
    InvalidRetries {
        /// The value.
        value: String,
    },
    /// `--retries` below zero.
    NegativeRetries {
        /// The value.
        value: String,
    },
    /// SHELL not in the exec form.
    ShellNotJson,
    /// VOLUME with an empty path.
    EmptyVolume,
    /// `RUN --network` with an unknown mode.
    InvalidNetwork {
        /// The value.
        value: String,
    },
    /// `RUN --security` with an unknown mode.
    InvalidSecurity {
        /// The value.
        value: String,
    },
}

impl ParseErrorKind {
    /// Returns a stable name for machines, such as `unknown-flag`.
    pub fn id(&self) -> &'static str {
        match self {
            Self::NotUtf8 => "not-utf8",
            Self::Binary => "binary",
            Self::LineTooLong => "line-too-long",
            Self::TooManyInstructions => "too-many-instructions",
            Self::Empty => "empty",
            Self::NoInstructions => "no-instructions",
            Self::DuplicateDirective { .. } => "duplicate-directive",
            Self::InvalidEscape { .. } => "invalid-escape",
            Self::UnterminatedHeredoc { .. } => "unterminated-heredoc",
            Self::ArrayNotStrings => "array-not-strings",
            Self::PairWithoutEquals { .. } => "pair-without-equals",
            Self::PairWithoutValue { .. } => "pair-without-value",
            Self::NestedTooDeep => "nested-too-deep",
            Self::UnknownInstruction { .. } => "unknown-instruction",
            Self::UnknownFlag { .. } => "unknown-flag",
            Self::DuplicateFlag { .. } => "duplicate-flag",
            Self::FlagWithoutValue { .. } => "flag-without-value",
            Self::FlagNotBoolean { .. } => "flag-not-boolean",
            Self::NeedsOneArgument { .. } => "needs-one-argument",
            Self::NeedsArguments { .. } => "needs-arguments",
            Self::NoDestination { .. } => "no-destination",
            Self::HeredocDestination { .. } => "heredoc-destination",
            Self::UrlSource => "url-source",
            Self::VariableInFrom => "variable-in-from",
            Self::FromArguments => "from-arguments",
            Self::InvalidStageName { .. } => "invalid-stage-name",
            Self::BlankName { .. } => "blank-name",
            Self::NoStage { .. } => "no-stage",
            Self::OnbuildChained => "onbuild-chained",
            Self::OnbuildForbidden { .. } => "onbuild-forbidden",
            Self::HealthcheckType { .. } => "healthcheck-type",
            Self::HealthcheckNoCommand => "healthcheck-no-command",
            Self::HealthcheckNoneArguments => "healthcheck-none-arguments",
            Self::InvalidDuration { .. } => "invalid-duration",
            Self::ShortInterval { .. } => "short-interval",
            Self::InvalidRetries { .. } => "invalid-retries",
            Self::NegativeRetries { .. } => "negative-retries",
            Self::ShellNotJson => "shell-not-json",
            Self::EmptyVolume => "empty-volume",
            Self::InvalidNetwork { .. } => "invalid-network",
            Self::InvalidSecurity { .. } => "invalid-security",
        }
    }

    /// Returns the sentence in a language.
    pub fn message(&self, language: Language) -> String {
        message::of(self, language)
    }

    /// Returns what to type instead, where that can be said.
    pub fn help(&self, language: Language) -> Option<String> {
        help::of(self, language)
    }
}

impl ParseError {
    /// Returns the error as a diagnostic, in a language.
    ///
    /// In a continued instruction the first label is the instruction's first word, so that the
    /// line that is named is where the instruction begins; the place itself is the second.
    pub fn diagnostic(&self, source: &Source, language: Language) -> Diagnostic {
        Diagnostic::error(self.kind.id(), self.kind.message(language), self.span)
            .in_instruction(source, self.instruction)
            .with_help(self.kind.help(language))
    }
}
