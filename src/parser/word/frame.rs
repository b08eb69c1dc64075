//! What is open while a word is read: quotes and braces.

use super::modifier::Modifier;

/// Something that is open.
pub(super) struct Frame {
    pub kind: Kind,
    /// Where in the result stands what it has become so far; all that follows is its own.
    pub start: usize,
    /// Where in the word it begins: its quote, or its `$`.
    pub begun: usize,
    /// Escapes stay where they are, for the pattern to understand.
    pub raw: bool,
}

/// What a frame is.
pub(super) enum Kind {
    /// The word itself.
    Word,
    /// Between double quotes.
    Quoted,
    /// Between a modifier and `}`.
    Operand { name: String, modifier: Modifier },
    /// Between `${x/` and the next `/`.
    Pattern { name: String, all: bool },
    /// Between that and `}`.
    Replacement {
        name: String,
        all: bool,
        pattern: String,
    },
}

/// How a text counts where words are split.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// White space in it separates words.
    Open,
    /// It was quoted or escaped.
    Protected,
}

/// The words so far.
#[derive(Default)]
pub(super) struct Words {
    pub done: Vec<String>,
    pub current: String,
}

impl Words {
    /// Adds text.
    pub fn add(&mut self, text: &str, origin: Origin) {
        if origin == Origin::Protected {
            self.current.push_str(text);
            return;
        }
        for character in text.chars() {
            if character.is_whitespace() {
                self.end();
            } else {
                self.current.push(character);
            }
        }
    }

    /// Ends the word under way, if there is one.
    pub fn end(&mut self) {
        if !self.current.is_empty() {
            self.done.push(std::mem::take(&mut self.current));
        }
    }
}

impl Frame {
    /// The character that closes it.
    pub fn stop(&self) -> Option<char> {
        match self.kind {
            Kind::Word => None,
            Kind::Quoted => Some('"'),
            Kind::Operand { .. } | Kind::Replacement { .. } => Some('}'),
            Kind::Pattern { .. } => Some('/'),
        }
    }
}
