//! Text to tokens: what stands between `{{` and `}}`, and what stands around it.

use super::error::{Problem, TemplateError};

/// A piece of an action.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A word: a function, a keyword, `true`, `nil`.
    Word(String),
    /// `.` alone.
    Dot,
    /// `.Name`; `after` tells that it follows what stands before it without a space.
    Field { name: String, after: bool },
    /// `$` or `$name`, without the `$`.
    Variable(String),
    /// A text, without quotes.
    Text(String),
    /// A number.
    Number(f64, bool),
    /// `( ) | , = :=`
    Sign(&'static str),
}

/// A piece of a template.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Piece {
    /// Text that is written as it is.
    Text(String),
    /// What stands in `{{ }}`, each token with its column.
    Action(Vec<(Token, usize)>, usize),
}

/// Splits a template.
pub(super) fn split(text: &str) -> Result<Vec<Piece>, TemplateError> {
    let mut scanner = Scanner {
        characters: text.chars().collect(),
        at: 0,
    };
    let mut pieces = Vec::new();
    let mut trim = false;
    loop {
        let begin = scanner.at;
        let found = scanner.find("{{");
        let end = found.unwrap_or(scanner.characters.len());
        let plain: String = scanner.characters[begin..end].iter().collect();
        let mut plain = plain.as_str();
        if trim {
            plain = plain.trim_start_matches(is_space);
        }
        let Some(open) = found else {
            pieces.push(Piece::Text(plain.to_owned()));
            return Ok(pieces);
        };
        scanner.at = open + 2;
        // `{{- ` takes the spaces before it away; `{{-3}}` is a number.
        if scanner.peek(0) == Some('-') && scanner.peek(1).is_some_and(is_space) {
            plain = plain.trim_end_matches(is_space);
            scanner.at += 1;
        }
        pieces.push(Piece::Text(plain.to_owned()));
        let (tokens, trims) = scanner.action(open)?;
        trim = trims;
        if let Some(tokens) = tokens {
            pieces.push(Piece::Action(tokens, open + 1));
        }
    }
}

fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}

fn is_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

struct Scanner {
    characters: Vec<char>,
    at: usize,
}

type Tokens = Vec<(Token, usize)>;

impl Scanner {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.characters.get(self.at + ahead).copied()
    }

    fn starts_with(&self, text: &str) -> bool {
        text.chars()
            .enumerate()
            .all(|(at, it)| self.peek(at) == Some(it))
    }

    fn find(&self, text: &str) -> Option<usize> {
        let wanted: Vec<char> = text.chars().collect();
        let rest = &self.characters[self.at..];
        let found = rest.windows(wanted.len()).position(|it| *it == wanted[..]);
        found.map(|found| self.at + found)
    }

    /// Reads up to `}}`; none for a comment. Also says whether what follows loses its spaces.
    fn action(&mut self, open: usize) -> Result<(Option<Tokens>, bool), TemplateError> {
        let error = |at: usize, problem| Err(TemplateError::new(at + 1, problem));
        let mut tokens = Vec::new();
        let mut comment = false;
        loop {
            let spaced = self.skip_spaces();
            if spaced && self.starts_with("-}}") {
                self.at += 3;
                return Ok(((!comment).then_some(tokens), true));
            }
            if self.starts_with("}}") {
                self.at += 2;
                return Ok(((!comment).then_some(tokens), false));
            }
            if self.starts_with("/*") && tokens.is_empty() {
                let Some(end) = self.find("*/") else {
                    return error(self.at, Problem::UnclosedText);
                };
                self.at = end + 2;
                comment = true;
                continue;
            }
            if matches!(self.peek(0), None | Some('}')) {
                return error(open, Problem::Unclosed);
            }
            let at = self.at;
            let token = self.token(spaced || tokens.is_empty())?;
            tokens.push((token, at + 1));
        }
    }

    fn skip_spaces(&mut self) -> bool {
        let before = self.at;
        while self.peek(0).is_some_and(is_space) {
            self.at += 1;
        }
        self.at > before
    }

    fn token(&mut self, apart: bool) -> Result<Token, TemplateError> {
        let at = self.at;
        let first = self.peek(0).expect("the caller has seen a character");
        for sign in [":=", "(", ")", "|", ",", "="] {
            if self.starts_with(sign) {
                self.at += sign.len();
                return Ok(Token::Sign(sign));
            }
        }
        match first {
            '"' => self.quoted(),
            '`' => self.raw(),
            '$' => {
                self.at += 1;
                Ok(Token::Variable(self.name()))
            }
            '.' if self.peek(1).is_some_and(is_name) && !self.is_fraction() => {
                self.at += 1;
                let name = self.name();
                Ok(Token::Field {
                    name,
                    after: !apart,
                })
            }
            '.' if !self.is_fraction() => {
                self.at += 1;
                Ok(Token::Dot)
            }
            '+' | '-' | '.' | '0'..='9' => self.number(),
            it if is_name(it) => Ok(Token::Word(self.name())),
            other => Err(TemplateError::new(
                at + 1,
                Problem::Unexpected(other.to_string()),
            )),
        }
    }

    fn is_fraction(&self) -> bool {
        self.peek(1).is_some_and(|it| it.is_ascii_digit())
    }

    fn name(&mut self) -> String {
        let begin = self.at;
        while self.peek(0).is_some_and(is_name) {
            self.at += 1;
        }
        self.characters[begin..self.at].iter().collect()
    }

    fn number(&mut self) -> Result<Token, TemplateError> {
        let begin = self.at;
        let part = |it: char| is_name(it) || matches!(it, '.' | '+' | '-');
        while self.peek(0).is_some_and(part) {
            self.at += 1;
        }
        let text: String = self.characters[begin..self.at].iter().collect();
        let whole = text.parse::<i64>().is_ok();
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Token::Number(number, whole)),
            _ => Err(TemplateError::new(begin + 1, Problem::BadNumber(text))),
        }
    }

    fn raw(&mut self) -> Result<Token, TemplateError> {
        let begin = self.at;
        self.at += 1;
        let Some(end) = self.find("`") else {
            return Err(TemplateError::new(begin + 1, Problem::UnclosedText));
        };
        let text = self.characters[self.at..end].iter().collect();
        self.at = end + 1;
        Ok(Token::Text(text))
    }

    fn quoted(&mut self) -> Result<Token, TemplateError> {
        let begin = self.at;
        let unclosed = || TemplateError::new(begin + 1, Problem::UnclosedText);
        self.at += 1;
        let mut text = String::new();
        loop {
            let next = self.peek(0).ok_or_else(unclosed)?;
            self.at += 1;
            match next {
                '"' => return Ok(Token::Text(text)),
                '\\' => {
                    let escaped = self.peek(0).ok_or_else(unclosed)?;
                    self.at += 1;
                    text.push(match escaped {
                        'n' => '\n',
                        't' => '\t',
                        'r' => '\r',
                        '"' | '\\' | '\'' => escaped,
                        other => {
                            let shown = format!("\\{other}");
                            return Err(TemplateError::new(
                                self.at - 1,
                                Problem::Unexpected(shown),
                            ));
                        }
                    });
                }
                other => text.push(other),
            }
        }
    }
}
