//! What one word becomes: quotes and escapes resolved, `$variables` put in.
//!
//! Dockerfile reference, "Environment replacement"; the rules are those of BuildKit's shell lexer.
//! A word nests as its writer likes (`${a:-${b:-"$c"}}`), so what is open is kept on a stack of
//! frames rather than on the thread's stack, and the text is read once, from left to right.
//!
//! | written | becomes |
//! | --- | --- |
//! | `$x` `${x}` | the value, or nothing |
//! | `${x:-w}` `${x-w}` | the value, or `w` if unset or empty / only if unset |
//! | `${x:+w}` `${x+w}` | `w` if set and not empty / if set, or nothing |
//! | `${x:?m}` `${x?m}` | the value, or an error with the message `m` |
//! | `${x#p}` `##` `%` `%%` | the value without its shortest / longest beginning / end that fits `p` |
//! | `${x/p/r}` `${x//p/r}` | the value with the first / every part that fits `p` replaced |

use std::collections::BTreeSet;

pub use super::word_error::WordError;
use super::word_pattern::Glob;

/// How a variable's value is found.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A word after expansion.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expanded {
    /// The result.
    pub text: String,
    /// The result split at white space that was neither quoted nor escaped.
    pub words: Vec<String>,
    /// The variables that were looked up and found, also in branches not taken.
    pub used: BTreeSet<String>,
    /// The variables that were looked up and not found.
    pub unset: BTreeSet<String>,
}

/// Expands a word of an instruction. `escape` is the file's escape character.
///
/// ```
/// use strata::parser::word::expand;
///
/// let lookup = |name: &str| (name == "PWD").then(|| "/home".to_owned());
/// let expanded = expand("he$PWD${XXX:-xx}", '\\', &lookup).unwrap();
/// assert_eq!(expanded.text, "he/homexx");
/// assert!(expanded.unset.contains("XXX"));
/// ```
pub fn expand(word: &str, escape: char, lookup: Lookup<'_>) -> Result<Expanded, WordError> {
    Expansion::new(word, escape, true, lookup).run()
}

/// Expands the body of an unquoted here-document: quotes stay, the escape is always `\`.
pub fn expand_heredoc(body: &str, lookup: Lookup<'_>) -> Result<Expanded, WordError> {
    Expansion::new(body, '\\', false, lookup).run()
}

/// An expansion under way.
struct Expansion<'a> {
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

/// Something that is open, and what it has become so far.
struct Frame {
    kind: Kind,
    text: String,
    /// Escapes stay where they are, for the pattern to understand.
    raw: bool,
}

enum Kind {
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

#[derive(Clone, Copy, PartialEq, Eq)]
struct Modifier {
    /// `-`, `+`, `?`, `#` or `%`.
    sign: char,
    /// A `:` stands before it: an empty value counts as unset.
    colon: bool,
}

/// How a text counts where words are split.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// White space in it separates words.
    Open,
    /// It was quoted or escaped.
    Protected,
}

#[derive(Default)]
struct Words {
    done: Vec<String>,
    current: String,
}

impl Words {
    fn add(&mut self, text: &str, origin: Origin) {
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

    fn end(&mut self) {
        if !self.current.is_empty() {
            self.done.push(std::mem::take(&mut self.current));
        }
    }
}

impl Frame {
    /// The character that closes it.
    fn stop(&self) -> Option<char> {
        match self.kind {
            Kind::Word => None,
            Kind::Quoted => Some('"'),
            Kind::Operand { .. } | Kind::Replacement { .. } => Some('}'),
            Kind::Pattern { .. } => Some('/'),
        }
    }
}

impl<'a> Expansion<'a> {
    fn new(text: &'a str, escape: char, quotes: bool, lookup: Lookup<'a>) -> Self {
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

    fn run(mut self) -> Result<Expanded, WordError> {
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
        if frame.text.len() > super::word_pattern::LONGEST {
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

#[cfg(test)]
mod tests {
    use super::{Expanded, WordError, expand, expand_heredoc};

    const ENVIRONMENT: &[(&str, &str)] = &[
        ("PWD", "/home"),
        ("SHELL", "bash"),
        ("KOREAN", "한국어"),
        ("NULL", ""),
        ("TWO", "a b"),
        ("FOO", "xxyy"),
        ("STAR", "*"),
    ];

    fn lookup(name: &str) -> Option<String> {
        let found = ENVIRONMENT.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    }

    fn text(word: &str) -> String {
        match expand(word, '\\', &lookup) {
            Ok(expanded) => expanded.text,
            Err(error) => format!("error: {error}"),
        }
    }

    #[track_caller]
    fn check(cases: &[(&str, &str)]) {
        for (word, expected) in cases {
            assert_eq!(text(word), *expected, "{word}");
        }
    }

    #[test]
    fn variables_become_their_values() {
        check(&[
            ("hello", "hello"),
            ("he$PWD", "he/home"),
            ("he$PWDx", "he"),
            ("he${PWD}x", "he/homex"),
            ("$KOREAN한", ""),
            ("${KOREAN}한", "한국어한"),
            ("$1x$12y", "xy"),
            ("$@$*$#$?$-$$$!$0.", "."),
            ("a$", "a$"),
            ("a$.b", "a$.b"),
        ]);
    }

    #[test]
    fn quotes_and_escapes_are_resolved() {
        check(&[
            ("he'll'o", "hello"),
            ("he'$PWD'o", "he$PWDo"),
            ("he\"$PWD\"o", "he/homeo"),
            ("he\\tx", "hetx"),
            ("he\\\\tx", "he\\tx"),
            ("he\\$PWD", "he$PWD"),
            ("\"he\\$PWD\"", "he$PWD"),
            ("\"a\\tb\\\"c\\\\\"", "a\\tb\"c\\"),
            ("'a\\'b", "a\\b"),
            ("\"it's\"", "it's"),
            ("end\\", "end"),
            ("\"\"", ""),
        ]);
    }

    #[test]
    fn the_escape_character_follows_the_directive() {
        let expanded = expand("C:\\x`$PWD\"`\"\\$\"", '`', &lookup).unwrap();
        assert_eq!(expanded.text, "C:\\x$PWD\"\\$");
    }

    #[test]
    fn defaults_and_alternatives_look_at_unset_and_empty() {
        check(&[
            ("${X:-w}${X-w}", "ww"),
            ("${NULL:-w}${NULL-w}", "w"),
            ("${PWD:-w}${PWD-w}", "/home/home"),
            ("${X:+w}${X+w}", ""),
            ("${NULL:+w}${NULL+w}", "w"),
            ("${PWD:+w}${PWD+w}", "ww"),
            ("${X:-a${Y:-$PWD}b}", "a/homeb"),
            ("${X:-'a}b'}", "a}b"),
            ("${X:-\"$PWD\"}", "/home"),
            ("${X:-a\\}b}", "a}b"),
        ]);
    }

    #[test]
    fn a_required_variable_without_a_value_is_an_error() {
        check(&[
            ("${PWD:?m}${NULL?m}", "/home"),
            ("${X:?no $SHELL}", "error: X: no bash"),
            ("${X?}", "error: X: is not allowed to be unset"),
            ("${NULL:?}", "error: NULL: is not allowed to be empty"),
        ]);
    }

    #[test]
    fn prefixes_and_suffixes_that_fit_a_pattern_go() {
        check(&[
            ("${FOO#x}", "xyy"),
            ("${FOO##*x}", "yy"),
            ("${FOO#*}", "xxyy"),
            ("${FOO##*}", ""),
            ("${FOO%y}", "xxy"),
            ("${FOO%y*}", "xxy"),
            ("${FOO%%y*}", "xx"),
            ("${FOO#?}", "xyy"),
            ("${FOO#z}", "xxyy"),
            ("${FOO#[x]}", "xxyy"),
            ("${STAR#\\*}", ""),
            ("${STAR#\\?}", "*"),
            ("${FOO##}", "xxyy"),
            ("${X#a}", ""),
            (
                "${FOO#\\x}",
                "error: invalid pattern (\\x) in substitution: invalid escape '\\x'",
            ),
        ]);
    }

    #[test]
    fn parts_that_fit_a_pattern_are_replaced() {
        check(&[
            ("${FOO/x/1}", "1xyy"),
            ("${FOO//x/1}", "11yy"),
            ("${FOO//x*y/1}", "1"),
            ("${FOO/z/1}", "xxyy"),
            ("${PWD/\\//:}", ":home"),
            ("${PWD//o/$SHELL}", "/hbashme"),
            ("${FOO/$NULL/w}", "wxxyy"),
            ("${FOO/x/\\}}", "\\}xyy"),
            ("${FOO//ww}", "error: syntax error: missing '/' in ${}"),
            ("${FOO/x/y", "error: syntax error: missing '}'"),
        ]);
    }

    #[test]
    fn what_is_not_well_formed_is_named() {
        check(&[
            (
                "'a",
                "error: unexpected end of statement while looking for matching single-quote",
            ),
            (
                "\"a",
                "error: unexpected end of statement while looking for matching double-quote",
            ),
            ("${", "error: syntax error: missing '}'"),
            ("${X", "error: syntax error: missing '}'"),
            ("${X:", "error: syntax error: missing '}'"),
            ("${X:-'a", "error: syntax error: missing '}'"),
            ("\"${X:-a\"", "error: syntax error: missing '}'"),
            ("${}", "error: syntax error: bad substitution"),
            ("${:x}", "error: syntax error: bad substitution"),
            ("${{x}}", "error: syntax error: bad substitution"),
            ("${X=w}", "error: unsupported modifier (=) in substitution"),
            (
                "${X:=w}",
                "error: unsupported modifier (:=) in substitution",
            ),
            (
                "${X:#p}",
                "error: unsupported modifier (:#) in substitution",
            ),
            ("${X^^}", "error: unsupported modifier (^) in substitution"),
        ]);
    }

    #[test]
    fn values_are_not_expanded_again() {
        let lookup = |name: &str| (name == "A").then(|| "$B'\\".to_owned());
        assert_eq!(expand("$A", '\\', &lookup).unwrap().text, "$B'\\");
    }

    fn words(word: &str) -> Vec<String> {
        expand(word, '\\', &lookup).unwrap().words
    }

    #[test]
    fn words_split_at_white_space_that_is_not_protected() {
        assert_eq!(words(" a  b\tc "), ["a", "b", "c"]);
        assert_eq!(words("x$TWO y"), ["xa", "b", "y"]);
        assert_eq!(words("\"$TWO\" 'c d' e\\ f"), ["a b", "c d", "e f"]);
        assert_eq!(words("\"\" ''"), Vec::<String>::new());
    }

    #[test]
    fn variables_that_were_looked_up_are_listed() {
        let Expanded { used, unset, .. } =
            expand("$PWD ${A:-$B} ${SHELL:-$C}", '\\', &lookup).unwrap();
        assert_eq!(used.into_iter().collect::<Vec<_>>(), ["PWD", "SHELL"]);
        assert_eq!(unset.into_iter().collect::<Vec<_>>(), ["A", "B", "C"]);
    }

    #[test]
    fn heredoc_bodies_keep_quotes_and_lose_single_backslashes() {
        let body = "\"$PWD\" 'x' \\$PWD \\\\ \\n it's\n";
        let expanded = expand_heredoc(body, &lookup).unwrap();
        assert_eq!(expanded.text, "\"/home\" 'x' $PWD \\ n it's\n");
    }

    #[test]
    fn nesting_may_be_as_deep_as_the_text_is_long() {
        let deep = "${X:-\"".repeat(50_000) + "end" + &"\"}".repeat(50_000);
        assert_eq!(text(&deep), "end");
        let open = "${X:-".repeat(100_000);
        assert_eq!(expand(&open, '\\', &lookup), Err(WordError::MissingBrace));
    }

    #[test]
    fn a_word_that_explodes_is_refused() {
        let mut word = "$BIG".to_owned();
        for _ in 0..9 {
            word = format!("${{BIG//?/{word}}}");
        }
        let lookup = |_: &str| Some("x".repeat(100));
        assert_eq!(expand(&word, '\\', &lookup), Err(WordError::TooLong));
    }
}
