//! Expands one word, from left to right.
//!
//! A word nests as its writer likes (`${a:-${b:-"$c"}}`), so what is open is kept on a stack of
//! frames rather than on the thread's stack. All frames share one text: what an inner one has
//! become already stands where the outer one goes on, so closing it copies nothing and no depth is
//! quadratic.

use std::collections::BTreeSet;

use super::error::{WordError, WordFault};
use super::frame::{Frame, Kind, Origin, Words};
use super::modifier::Modifier;
use super::pattern::{Glob, LONGEST};
use super::{Expanded, Lookup};
use crate::source::Span;

/// What a word may cost: comparisons of one place of a pattern with one character, well below a
/// second of them. A pattern of 100 characters may meet a value of 160,000.
const MOST: usize = 1 << 24;

/// How many bytes of a value are copied in the time of a comparison.
const COPIED_AT_ONCE: usize = 64;

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
    /// What all frames have become so far, one behind the other.
    result: String,
    words: Words,
    used: BTreeSet<String>,
    unset: BTreeSet<String>,
    /// Where the quote or `$` begins that is being read, for whoever is told that it is wrong.
    begun: usize,
    /// What it has cost so far.
    spent: usize,
}

impl<'a> Expansion<'a> {
    /// Begins with the whole word open.
    pub fn new(text: &'a str, escape: char, quotes: bool, lookup: Lookup<'a>) -> Self {
        let word = Frame {
            kind: Kind::Word,
            start: 0,
            begun: 0,
            raw: false,
        };
        Self {
            text,
            position: 0,
            escape,
            quotes,
            lookup,
            frames: vec![word],
            result: String::with_capacity(text.len()),
            words: Words::default(),
            used: BTreeSet::new(),
            unset: BTreeSet::new(),
            begun: 0,
            spent: 0,
        }
    }

    /// Reads the word to its end.
    pub fn run(mut self) -> Result<Expanded, WordFault> {
        while let Some(character) = self.peek() {
            let step = self.step(character);
            step.map_err(|error| self.fault(error))?;
        }
        if let [_, .., innermost] = &self.frames[..] {
            self.begun = innermost.begun;
            return Err(self.fault(WordError::UnclosedQuote { quote: '"' }));
        }
        self.words.end();
        Ok(Expanded {
            text: self.result,
            words: self.words.done,
            used: self.used,
            unset: self.unset,
        })
    }

    /// Says what is wrong, and where. When the text is over that is the outermost open brace, if
    /// there is one: whatever is wrong inside might be well once it is closed.
    fn fault(&self, error: WordError) -> WordFault {
        let here = Span::new(self.begun, self.position);
        let open = |frame: &Frame| {
            let error = match frame.kind {
                Kind::Operand { .. } | Kind::Replacement { .. } => WordError::MissingBrace,
                Kind::Pattern { .. } => WordError::MissingSlash,
                Kind::Word | Kind::Quoted => return None,
            };
            let span = Span::new(frame.begun, self.position);
            Some(WordFault { error, span })
        };
        let at_end = self.position == self.text.len();
        let outermost = at_end.then(|| self.frames.iter().find_map(open)).flatten();
        outermost.unwrap_or(WordFault { error, span: here })
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
                self.begun = self.position;
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
            start: self.result.len(),
            begun: self.begun,
            raw,
        });
    }

    /// Closes the innermost frame: its value stands at the end of the one around it.
    fn close(&mut self) -> Result<(), WordError> {
        let Some(frame) = self.frames.pop() else {
            return Ok(());
        };
        self.begun = frame.begun;
        let origin = match frame.kind {
            Kind::Word | Kind::Quoted => Origin::Protected,
            Kind::Operand { name, modifier } => {
                let value = self.look_up(&name)?;
                if modifier.has_pattern() {
                    let length = value.as_ref().map_or(0, String::len);
                    self.spend(length, self.result.len() - frame.start)?;
                }
                modifier.apply(name, value, &mut self.result, frame.start)?;
                Origin::Open
            }
            Kind::Pattern { name, all } => {
                let pattern = self.result.split_off(frame.start);
                self.open(Kind::Replacement { name, all, pattern }, true);
                return Ok(());
            }
            Kind::Replacement { name, all, pattern } => {
                let value = self.look_up(&name)?.unwrap_or_default();
                self.spend(value.len(), pattern.len())?;
                let by = self.result.split_off(frame.start);
                let replaced = Glob::new(&pattern)?.replace(&value, &by, all)?;
                self.result.push_str(&replaced);
                Origin::Open
            }
        };
        self.note(frame.start, origin)
    }

    /// Adds text to the innermost frame.
    fn emit(&mut self, text: &str, origin: Origin) -> Result<(), WordError> {
        let start = self.result.len();
        self.result.push_str(text);
        self.note(start, origin)
    }

    /// Takes note of text that was added. Only the word itself splits into words.
    fn note(&mut self, start: usize, origin: Origin) -> Result<(), WordError> {
        if self.result.len() > LONGEST {
            return Err(WordError::TooLong);
        }
        if self.frames.len() == 1 {
            self.words.add(&self.result[start..], origin);
        }
        Ok(())
    }

    fn emit_character(&mut self, character: char, origin: Origin) -> Result<(), WordError> {
        self.emit(character.encode_utf8(&mut [0; 4]), origin)
    }

    /// Nothing is special between single quotes.
    fn single_quoted(&mut self) -> Result<(), WordError> {
        self.begun = self.position;
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
        self.begun = self.position;
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
        let value = self.look_up(name)?.unwrap_or_default();
        self.emit(&value, Origin::Open)
    }

    fn look_up(&mut self, name: &str) -> Result<Option<String>, WordError> {
        let value = (!is_shells_own(name))
            .then(|| (self.lookup)(name))
            .flatten();
        let names = if value.is_some() {
            &mut self.used
        } else {
            &mut self.unset
        };
        names.insert(name.to_owned());
        self.spend(value.as_ref().map_or(0, String::len) / COPIED_AT_ONCE, 0)?;
        Ok(value)
    }

    /// Takes note of a value of this length that meets a pattern of this length.
    fn spend(&mut self, value: usize, pattern: usize) -> Result<(), WordError> {
        let comparisons = value.saturating_mul(pattern + 1);
        self.spent = self.spent.saturating_add(comparisons);
        if self.spent > MOST {
            return Err(WordError::TooCostly);
        }
        Ok(())
    }
}

/// Returns whether a character is the name of something that only a shell knows.
fn is_special(character: char) -> bool {
    matches!(character, '@' | '*' | '#' | '?' | '-' | '$' | '!')
}

/// Returns whether a name is a shell's own, such as `$1` and `$?`: no Dockerfile can set it.
fn is_shells_own(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_digit() || is_special(c))
}
