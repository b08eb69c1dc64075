//! What a picture is drawn for: how wide, in which language, with which lines.

use super::text::{Line, Style, Text};
use super::theme;
use crate::language::Language;

/// What a picture is drawn for. Whoever prints decides it once and passes it to every function
/// that renders; none of them looks at the environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// Columns. Nothing is ever wider; for a pipe `usize::MAX` says that lines may be of any length.
    pub width: usize,
    /// The language of the sentences.
    pub language: Language,
    /// What lines are drawn with.
    pub chrome: Chrome,
    /// Whether to use colour.
    pub color: bool,
}

/// What lines are drawn with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Chrome {
    /// Light box-drawing characters.
    #[default]
    Unicode,
    /// ASCII.
    Ascii,
    /// None: sentences, one fact a line, for pipes and screen readers.
    Plain,
}

impl Chrome {
    /// Returns the character of horizontal lines.
    pub fn horizontal(self) -> &'static str {
        match self {
            Self::Unicode => "─",
            Self::Ascii | Self::Plain => "-",
        }
    }

    /// Returns the character of vertical lines.
    pub fn vertical(self) -> &'static str {
        match self {
            Self::Unicode => "│",
            Self::Ascii | Self::Plain => "|",
        }
    }

    /// Returns the sign between an old and a new value.
    pub fn arrow(self) -> &'static str {
        match self {
            Self::Unicode => "→",
            Self::Ascii | Self::Plain => "->",
        }
    }
}

impl Screen {
    /// Makes a screen without colour, as tests and snapshots want it.
    pub fn new(width: usize, language: Language, chrome: Chrome) -> Self {
        Self {
            width,
            language,
            chrome,
            color: false,
        }
    }

    /// Tells whether sentences are wanted instead of drawings.
    pub fn is_plain(&self) -> bool {
        self.chrome == Chrome::Plain
    }

    /// Returns a horizontal line that begins at a column and takes the given columns.
    pub fn rule(&self, from: usize, columns: usize) -> Line {
        Line::plain(" ".repeat(from)).with(Style::Rule, self.chrome.horizontal().repeat(columns))
    }

    /// Breaks a sentence so that it fits.
    pub fn wrap(&self, line: &Line, indent: usize) -> Text {
        line.wrap(self.width, indent)
    }

    /// Turns a picture into what is printed; every line ends with a line end.
    pub fn paint(&self, text: &Text) -> String {
        theme::paint(text, self.color)
    }

    /// Turns a line into what is printed, without a line end.
    pub fn paint_line(&self, line: &Line) -> String {
        theme::paint_line(line, self.color)
    }
}
