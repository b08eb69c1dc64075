//! What can be wrong with a Dockerfile whose every instruction is well-formed by itself.
//!
//! The key words are BuildKit's, so that a search for the message finds what others wrote.

use super::ignore::IgnoreError;
use super::message;
use super::mount::FieldError;
use crate::diagnostic::Diagnostic;
use crate::language::Language;
use crate::parser::ParseErrorKind;
use crate::parser::word::WordError;
use crate::reference::ParseReferenceError;
use crate::source::Span;

/// A mistake and where it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.kind.message(Language::En))]
pub struct PlanError {
    /// What is wrong.
    pub kind: PlanErrorKind,
    /// Where.
    pub span: Span,
}

/// A mistake in what a Dockerfile means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlanErrorKind {
    /// The file has no FROM.
    NoStage,
    /// An instruction other than ARG stands before the first FROM.
    BeforeFrom {
        /// The instruction.
        instruction: &'static str,
    },
    /// `--target` names no stage.
    NoTarget {
        /// The name as given.
        target: String,
        /// A near name.
        suggestion: Option<String>,
    },
    /// The image's name in FROM expands to nothing.
    BlankBase {
        /// The name as written.
        written: String,
    },
    /// The image's name is malformed.
    BadReference(ParseReferenceError),
    /// `--from=N` and there is no such stage.
    NoStageIndex {
        /// The number.
        index: String,
    },
    /// A stage copies from itself.
    CircularStage {
        /// The stage.
        stage: String,
    },
    /// A stage copies from a later one.
    LaterStage {
        /// The stage that is copied from.
        from: String,
        /// The stage that copies.
        current: String,
    },
    /// A variable in `--from`.
    VariableInFrom,
    /// A word that cannot be expanded.
    Word(WordError),
    /// A URL as a source of COPY.
    UrlSource,
    /// Several sources, and the destination does not end in `/`.
    DestinationNotFolder {
        /// The destination.
        destination: String,
    },
    /// `--chmod` with something that is no mode.
    BadMode {
        /// The value.
        value: String,
    },
    /// A port that is none.
    BadPort {
        /// The word.
        port: String,
    },
    /// A protocol that is none.
    BadProtocol {
        /// The protocol.
        protocol: String,
    },
    /// A signal that is none.
    BadSignal {
        /// The word.
        signal: String,
    },
    /// EXPOSE with a port of the host that is none.
    BadHostPort {
        /// The port.
        port: String,
    },
    /// EXPOSE with an address that is none.
    BadAddress {
        /// The address.
        address: String,
    },
    /// `--platform` with something that is no platform.
    BadPlatform {
        /// The value after expansion.
        value: String,
    },
    /// `--platform` whose value expands to nothing.
    BlankPlatform {
        /// The value as written.
        written: String,
    },
    /// A field of `RUN --mount` or `RUN --device`.
    Field(FieldError),
    /// WORKDIR with a path longer than any path can be.
    LongPath,
    /// VOLUME with a path that expands to nothing.
    EmptyVolume,
    /// `ADD --checksum` with several sources.
    ChecksumSources,
    /// `ADD --checksum` with something that is no digest.
    BadChecksum {
        /// The value.
        value: String,
    },
    /// ADD of a URL without a file's name into a folder.
    NamelessUrl {
        /// The URL.
        url: String,
    },
    /// `ADD --checksum` with a source that is fetched from nowhere.
    ChecksumNotRemote,
    /// A base has an ONBUILD instruction that cannot be carried out.
    Trigger {
        /// Its first line.
        trigger: String,
        /// What is wrong with it.
        mistake: TriggerMistake,
    },
    /// `--link` with an owner by name.
    LinkOwner {
        /// The owner.
        owner: String,
    },
    /// A pattern of `--exclude`.
    BadExclude(IgnoreError),
    /// An empty name.
    BlankName {
        /// The instruction.
        instruction: &'static str,
    },
}

/// What is wrong with an ONBUILD instruction of a base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TriggerMistake {
    /// It cannot be read.
    Parse(ParseErrorKind),
    /// It is none, or more than one.
    NotOne,
    /// It does not fit this Dockerfile.
    Plan(Box<PlanErrorKind>),
}

impl PlanErrorKind {
    /// Returns the sentence in a language.
    pub fn message(&self, language: Language) -> String {
        message::of(self, language)
    }

    /// Returns what to type instead, where that can be said.
    pub fn help(&self, language: Language) -> Option<String> {
        message::help_of(self, language)
    }

    /// Returns a stable name for machines.
    pub fn name(&self) -> &'static str {
        match self {
            Self::NoStage | Self::BeforeFrom { .. } => "no-stage",
            Self::NoTarget { .. } => "no-target",
            Self::BlankBase { .. } => "blank-base",
            Self::BadReference(_) => "bad-reference",
            Self::NoStageIndex { .. } => "no-stage-index",
            Self::CircularStage { .. } => "circular-stage",
            Self::LaterStage { .. } => "later-stage",
            Self::LinkOwner { .. } => "link-owner",
            Self::BadExclude(_) => "bad-exclude",
            Self::VariableInFrom => "variable-in-from",
            Self::Trigger { .. } => "bad-trigger",
            Self::Word(_) => "bad-word",
            Self::UrlSource => "url-source",
            Self::DestinationNotFolder { .. } => "destination-not-folder",
            Self::BadMode { .. } => "bad-mode",
            Self::BadPort { .. } => "bad-port",
            Self::BadProtocol { .. } => "bad-protocol",
            Self::BadSignal { .. } => "bad-signal",
            Self::BadHostPort { .. } => "bad-host-port",
            Self::BadAddress { .. } => "bad-address",
            Self::BadPlatform { .. } => "bad-platform",
            Self::BlankPlatform { .. } => "blank-platform",
            Self::Field(_) => "bad-field",
            Self::LongPath => "long-path",
            Self::EmptyVolume => "empty-volume",
            Self::ChecksumSources => "checksum-sources",
            Self::BadChecksum { .. } => "bad-checksum",
            Self::NamelessUrl { .. } => "nameless-url",
            Self::ChecksumNotRemote => "checksum-not-remote",
            Self::BlankName { .. } => "blank-name",
        }
    }
}

impl PlanError {
    /// Makes an error about a place.
    pub fn new(kind: PlanErrorKind, span: Span) -> Self {
        Self { kind, span }
    }

    /// Returns the error as a diagnostic.
    pub fn diagnostic(&self, language: Language) -> Diagnostic {
        Diagnostic::error(self.kind.name(), self.kind.message(language), self.span)
            .with_help(self.kind.help(language))
    }
}
