//! What went wrong, ready to be shown: crosses from the worker to the face.

use serde::{Deserialize, Serialize};

use crate::build::shipping::ShippingError;
use crate::build::{BuildError, ImageError};
use crate::diagnostic::Diagnostic;
use crate::language::Language;
use crate::layers::StoreError;
use crate::reference::ParseReferenceError;
use crate::registry::RegistryError;
use crate::runtime::{LaunchError, RuntimeError};
use crate::source::{Source, Span};

/// A failure in words, with what the shell is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// One sentence in the session's language.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Where in the Dockerfile, if it is about one.
    pub place: Option<Span>,
    /// docker's exit code for it.
    pub exit: i32,
}

/// Why a session cannot answer.
#[derive(Debug)]
pub enum SessionError {
    /// A Dockerfile is wrong; never empty.
    Dockerfile {
        /// Its text.
        source: Source,
        /// What is wrong, in the order of the file.
        diagnostics: Vec<Diagnostic>,
    },
    /// Anything else.
    Trouble(Trouble),
}

impl Trouble {
    /// Makes one of a sentence, with exit code 1.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            help: None,
            place: None,
            exit: 1,
        }
    }

    /// Adds what to do about it.
    pub fn with_help(mut self, help: impl Into<Option<String>>) -> Self {
        self.help = help.into();
        self
    }

    /// Sets the exit code.
    pub fn with_exit(mut self, exit: i32) -> Self {
        self.exit = exit;
        self
    }

    /// Says what came of a build that could not begin.
    pub fn build(error: &BuildError, language: Language) -> Self {
        Self {
            message: error.message(language),
            help: error.help(language),
            place: error.span(),
            exit: 1,
        }
    }

    /// Says what is wrong with the store.
    pub fn store(error: &StoreError, language: Language) -> Self {
        Self::new(error.message(language)).with_help(error.help(language))
    }

    /// Says why an image does not come from a registry or go there.
    pub fn shipping(error: &ShippingError, language: Language) -> Self {
        Self::new(error.message(language)).with_help(error.help(language))
    }

    /// Says what a registry refuses.
    pub fn registry(error: &RegistryError, language: Language) -> Self {
        Self::new(error.message(language)).with_help(error.help(language))
    }

    /// Says why a built-in image cannot be had.
    pub fn image(error: ImageError, language: Language) -> Self {
        let error = BuildError::Image {
            span: Span::default(),
            near: None,
            error: Box::new(error),
        };
        Self {
            place: None,
            ..Self::build(&error, language)
        }
    }

    /// Says why no process got into its namespaces.
    pub fn runtime(error: &RuntimeError, language: Language) -> Self {
        Self::new(error.message(language))
            .with_help(error.help(language))
            .with_exit(125)
    }

    /// Says why a program was not started.
    pub fn launch(error: &LaunchError, language: Language) -> Self {
        Self::new(error.message(language))
            .with_help(error.help(language))
            .with_exit(error.exit_code())
    }

    /// Says what the system refused.
    pub fn system(doing: &str, error: &std::io::Error) -> Self {
        Self::new(format!("cannot {doing}: {error}"))
    }

    /// Says what is wrong with a name of an image.
    pub fn reference(error: &ParseReferenceError, language: Language) -> Self {
        Self::new(error.message(language))
            .with_help(error.help(language))
            .with_exit(125)
    }
}

impl From<Trouble> for SessionError {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl SessionError {
    /// Returns what the shell is told.
    pub fn exit(&self) -> i32 {
        match self {
            Self::Dockerfile { .. } => 1,
            Self::Trouble(trouble) => trouble.exit,
        }
    }

    /// Returns the sentence.
    pub fn message(&self) -> &str {
        match self {
            Self::Dockerfile { diagnostics, .. } => diagnostics
                .first()
                .map_or("", |first| first.message.as_str()),
            Self::Trouble(trouble) => &trouble.message,
        }
    }
}
