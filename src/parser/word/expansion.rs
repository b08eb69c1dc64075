//! Expands one word, from left to right.
//!
//! A word nests as its writer likes (`${a:-${b:-"$c"}}`), so what is open is kept on a stack of
//! frames rather than on the thread's stack, and no character is read twice.

use std::collections::BTreeSet;

use super::error::WordError;
use super::frame::{Frame, Kind, Modifier, Origin, Words};
use super::pattern::{Glob, LONGEST};
use super::{Expanded, Lookup};

/// An expansion under way.
pub(super) struct Expansion<'a> {
    text: &'a str,
    position: usize,
    escape: char,
    /// Quotes mean something.
    quotes: bool,
    lookup: Lookup<'a>,
    /// What is open, outermost first: the word itself, then quotes and braces inside it.
    frames: Vec<Frame>,
    words: Words,
    used: BTreeSet<String>,
    unset: BTreeSet<String>,
}

impl<'a> Expansion<'a> {
    /// Begins with the whole word open.
    pub fn new(text: &'a str, escape: char, quotes: bool, lookup: Lookup<'a>) -> Self {
        let word = Frame {
            kind: Kind::Word,
            text: String::with_capacity(text.len()),
            raw: false,
        };
        Self {
            text,
            position: 0,
            escape,
            quotes,
            lookup,
            frames: vec![word],
            words: Words::default(),
            used: BTreeSet::new(),
            unset: BTreeSet::new(),
        }
    }

    /// Reads the word to its end.
    pub fn run(mut self) -> Result<Expanded, WordError> {
        while let Some(character) = self.peek() {
            self.step(character).map_err(|error| self.at_end(error))?;
        }
        if self.frames.len() > 1 {
            return Err(self.at_end(WordError::UnclosedQuote { quote: '"' }));
        }
        self.words.end();
        let word = self.frames.pop().expect("the word itself is never closed");
        Ok(Expanded {
            text: word.text,
            words: self.words.done,
            used: self.used,
            unset: self.unset,
        })
    }

    /// What is wrong when the text is over: the outermost open brace, if there is one, as whatever
    /// is wrong inside might be well once it is closed.
    fn at_end(&self, error: WordError) -> WordError {
        if self.position < self.text.len() {
            return error;
        }
        let mut errors = self.frames.iter().filter_map(|frame| match frame.kind {
            Kind::Operand { .. } | Kind::Replacement { .. } => Some(WordError::MissingBrace),
            Kind::Pattern { .. } => Some(WordError::MissingSlash),
            Kind::Word | Kind::Quoted => None,
        });
        errors.next().unwrap_or(error)
    }

    fn peek(&self) -> Option<char> {
        self.text[self.position..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.position += character.len_utf8();
        Some(character)
    }

    fn top(&self) -> &Frame {
        self.frames.last().expect("the word itself is never closed")
    }

    fn step(&mut self, character: char) -> Result<(), WordError> {
        let is_quoted = matches!(self.top().kind, Kind::Quoted);
        if self.top().stop() == Some(character) {
            self.next();
            return self.close();
        }
        match character {
            '$' => self.dollar(),
            '\'' if self.quotes && !is_quoted => self.single_quoted(),
            '"' if self.quotes => {
                self.next();
                self.open(Kind::Quoted, self.top().raw);
                Ok(())
            }
            _ if character == self.escape && is_quoted => self.escape_in_quotes(),
            _ if character == self.escape => self.escape(),
            _ => {
                self.next();
                self.emit_character(character, Origin::Open)
            }
        }
    }

    fn open(&mut self, kind: Kind, raw: bool) {
        self.frames.push(Frame {
            kind,
            text: String::new(),
            raw,
        });
    }

    /// Closes the innermost frame and puts its value into the one around it.
    fn close(&mut self) -> Result<(), WordError> {
        let Some(frame) = self.frames.pop() else {
            return Ok(());
        };
        let inner = frame.text;
        match frame.kind {
            Kind::Word | Kind::Quoted => self.emit(&inner, Origin::Protected),
            Kind::Operand { name, modifier } => {
                let value = self.modified(name, modifier, inner)?;
                self.emit(&value, Origin::Open)
            }
            Kind::Pattern { name, all } => {
                self.open(
                    Kind::Replacement {
                        name,
                        all,
                        pattern: inner,
                    },
                    true,
                );
                Ok(())
            }
            Kind::Replacement { name, all, pattern } => {
                let value = self.look_up(&name).unwrap_or_default();
                let value = Glob::new(&pattern)?.replace(&value, &inner, all)?;
                self.emit(&value, Origin::Open)
            }
        }
    }

    /// Adds text to the innermost frame. Only the word itself splits into words.
    fn emit(&mut self, text: &str, origin: Origin) -> Result<(), WordError> {
        if self.frames.len() == 1 {
            self.words.add(text, origin);
        }
        let frame = self
            .frames
            .last_mut()
            .expect("the word itself is never closed");
        frame.text.push_str(text);
        if frame.text.len() > LONGEST {
            return Err(WordError::TooLong);
        }
        Ok(())
    }

    fn emit_character(&mut self, character: char, origin: Origin) -> Result<(), WordError> {
        self.emit(character.encode_utf8(&mut [0; 4]), origin)
    }

    /// Nothing is special between single quotes.
    fn single_quoted(&mut self) -> Result<(), WordError> {
        let start = self.position + 1;
        let Some(length) = self.text[start..].find('\'') else {
            self.position = self.text.len();
            return Err(WordError::UnclosedQuote { quote: '\'' });
        };
        self.position = start + length + 1;
        self.emit(&self.text[start..start + length], Origin::Protected)
    }

    /// Outside of quotes the escape takes the meaning from whatever follows, and vanishes.
    fn escape(&mut self) -> Result<(), WordError> {
        self.next();
        if self.top().raw {
            self.emit_character(self.escape, Origin::Protected)?;
        }
        match self.next() {
            Some(character) => self.emit_character(character, Origin::Protected),
            None => Ok(()),
        }
    }

    /// In double quotes the escape works before `"`, `$` and itself; elsewhere it stays.
    fn escape_in_quotes(&mut self) -> Result<(), WordError> {
        self.next();
        if self.top().raw {
            self.emit_character(self.escape, Origin::Protected)?;
        }
        match self.peek() {
            None => Ok(()),
            Some(escaped) if matches!(escaped, '"' | '$') || escaped == self.escape => {
                self.next();
                self.emit_character(escaped, Origin::Protected)
            }
            Some(_) => self.emit_character(self.escape, Origin::Protected),
        }
    }

    fn dollar(&mut self) -> Result<(), WordError> {
        self.next();
        if self.peek() != Some('{') {
            let name = self.name();
            if name.is_empty() {
                return self.emit("$", Origin::Open);
            }
            return self.emit_variable(&name);
        }
        self.next();
        match self.peek() {
            None => return Err(WordError::MissingBrace),
            Some('{' | '}' | ':') => return Err(WordError::BadSubstitution),
            Some(_) => {}
        }
        let name = self.name();
        match self.next() {
            None => Err(WordError::MissingBrace),
            Some('}') => self.emit_variable(&name),
            Some(':') => self.open_operand(name, true),
            Some('/') => {
                let all = self.peek() == Some('/');
                if all {
                    self.next();
                }
                self.open(Kind::Pattern { name, all }, true);
                Ok(())
            }
            Some(sign @ ('-' | '+' | '?' | '#' | '%')) => {
                let modifier = Modifier { sign, colon: false };
                self.open(Kind::Operand { name, modifier }, matches!(sign, '#' | '%'));
                Ok(())
            }
            Some(other) => Err(WordError::UnsupportedModifier {
                modifier: other.to_string(),
            }),
        }
    }

    fn open_operand(&mut self, name: String, colon: bool) -> Result<(), WordError> {
        match self.next() {
            None => Err(WordError::MissingBrace),
            Some(sign @ ('-' | '+' | '?')) => {
                let modifier = Modifier { sign, colon };
                self.open(Kind::Operand { name, modifier }, false);
                Ok(())
            }
            Some(other) => Err(WordError::UnsupportedModifier {
                modifier: format!(":{other}"),
            }),
        }
    }

    /// Reads a name: letters, digits and `_`; or digits only; or one of the shell's special ones.
    fn name(&mut self) -> String {
        let rest = &self.text[self.position..];
        let is_special = |c: char| matches!(c, '@' | '*' | '#' | '?' | '-' | '$' | '!');
        let length = match rest.chars().next() {
            Some(first) if first.is_ascii_digit() => rest
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(rest.len()),
            Some(first) if is_special(first) => 1,
            _ => rest
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len()),
        };
        self.position += length;
        rest[..length].to_owned()
    }

    fn emit_variable(&mut self, name: &str) -> Result<(), WordError> {
        let value = self.look_up(name).unwrap_or_default();
        self.emit(&value, Origin::Open)
    }

    fn look_up(&mut self, name: &str) -> Option<String> {
        let value = (self.lookup)(name);
        let names = if value.is_some() {
            &mut self.used
        } else {
            &mut self.unset
        };
        names.insert(name.to_owned());
        value
    }

    fn modified(
        &mut self,
        name: String,
        modifier: Modifier,
        operand: String,
    ) -> Result<String, WordError> {
        let value = self.look_up(&name);
        let is_unset = value.is_none();
        let counts = value
            .as_deref()
            .is_some_and(|value| !(modifier.colon && value.is_empty()));
        let value = value.unwrap_or_default();
        match modifier.sign {
            '-' => Ok(if counts { value } else { operand }),
            '+' => Ok(if counts { operand } else { String::new() }),
            '?' if counts => Ok(value),
            '?' => Err(WordError::Required {
                name,
                message: operand,
                unset: is_unset,
            }),
            sign => {
                let (pattern, longest) = match operand.strip_prefix(sign) {
                    Some(pattern) => (pattern, true),
                    None => (operand.as_str(), false),
                };
                let glob = Glob::new(pattern)?;
                Ok(if sign == '#' {
                    glob.without_prefix(&value, longest)
                } else {
                    glob.without_suffix(&value, longest)
                })
            }
        }
    }
}
