//! From a text to logical lines: continuations joined, here-document bodies taken out.
//!
//! The grammar finds the lines. Here-document bodies are taken here, between its two entry rules:
//! where a body begins depends on what the *second* rule found (which instruction it is, and that
//! it is not in the exec form), and where it ends depends on a name with its quotes removed
//! (`<<e'o'f` ends at `eof`), which a PEG cannot compare.
//!
//! The text is given to the grammar in pieces of many lines: what pest remembers of a piece is many
//! times its size.

use std::borrow::Cow;

use pest::iterators::{Pair, Pairs};

use super::error::{ParseError, ParseErrorKind};
use super::grammar::{self, Rule};
use super::places::Places;
use super::syntax::{Directive, Heredoc, Word};
use crate::source::{Source, Span};

/// What a file says before its first instruction.
pub(super) struct Head {
    pub escape: char,
    pub directives: Vec<Directive>,
    pub errors: Vec<ParseError>,
}

/// One instruction's text, its continuations joined.
pub(super) struct LogicalLine<'a> {
    /// The text, white space around it included.
    pub text: Cow<'a, str>,
    /// Where its pieces come from.
    pub places: Places,
    /// The comment lines right before it.
    pub comments: Vec<Word>,
    /// Its bytes, line ends and dropped comments included.
    pub span: Span,
    /// An empty line stands inside.
    pub has_empty_line: bool,
    /// Where its last piece ends, if it has one.
    end_of_text: Option<usize>,
}

/// Walks over the logical lines of a file.
pub(super) struct Lines<'a> {
    text: &'a str,
    escape: char,
    /// The lines still to come, innermost last, each with the offset of its text.
    pending: Vec<(usize, Pairs<'a, Rule>)>,
    /// How far the text was given to the grammar.
    ahead: usize,
    /// Everything before this offset is done with.
    cursor: usize,
    comments: Vec<Word>,
    /// The last line ends in the escape character.
    ends_open: bool,
}

impl<'a> Lines<'a> {
    /// Reads the lines of a source.
    pub fn new(source: &'a Source) -> (Head, Self) {
        let text = source.text();
        let ahead = end_of_piece(text, 0);
        let pairs = cut(Rule::file, &text[..ahead]);
        let mut head = Head {
            escape: '\\',
            directives: Vec::new(),
            errors: Vec::new(),
        };
        let directives = pairs
            .clone()
            .take_while(|pair| pair.as_rule() == Rule::directive);
        for pair in directives {
            head.read(pair, source);
        }
        let lines = Self {
            text,
            escape: head.escape,
            pending: vec![(0, pairs)],
            ahead,
            cursor: 0,
            comments: Vec::new(),
            ends_open: false,
        };
        (head, lines)
    }

    /// Reads text that goes on a file with an escape character of its own; with none, the text's
    /// directives decide. Returns the escape character too.
    pub fn start(source: &'a Source, escape: Option<char>) -> (char, Self) {
        let Some(escape) = escape else {
            let (head, lines) = Self::new(source);
            return (head.escape, lines);
        };
        let lines = Self {
            text: source.text(),
            escape,
            pending: Vec::new(),
            ahead: 0,
            cursor: 0,
            comments: Vec::new(),
            ends_open: false,
        };
        (escape, lines)
    }

    /// Returns the next logical line.
    pub fn next_line(&mut self) -> Option<LogicalLine<'a>> {
        loop {
            let (base, pair) = self.next_pair()?;
            match pair.as_rule() {
                Rule::comment_line => self.note_comment(base, pair),
                Rule::logical_line => {
                    let comments = std::mem::take(&mut self.comments);
                    let line = join(base, pair, comments);
                    self.cursor = line.span.end;
                    self.ends_open = self.is_open(&line);
                    if !line.text.trim().is_empty() {
                        return Some(line);
                    }
                }
                _ => {}
            }
        }
    }

    /// Takes the body of a here-document that begins where the last line or body ended, up to
    /// and including its terminator. False when there is none: then everything is taken.
    pub fn take_body(&mut self, heredoc: &mut Heredoc) -> bool {
        let start = self.cursor;
        for line in self.text[start..].split_inclusive('\n') {
            let end = self.cursor;
            self.cursor += line.len();
            let mut candidate = line.trim_end_matches(['\r', '\n']);
            if heredoc.strip_tabs {
                candidate = candidate.trim_start_matches('\t');
            }
            if candidate == heredoc.name {
                heredoc.body = Span::new(start, end);
                self.text[start..end].clone_into(&mut heredoc.content);
                return true;
            }
        }
        heredoc.body = Span::new(start, self.cursor);
        false
    }

    /// Returns whether the last line that was read waits for another one.
    pub fn ends_open(&self) -> bool {
        self.ends_open
    }

    /// What stands behind a line's last piece is its line end, or a continuation that nothing
    /// followed.
    fn is_open(&self, line: &LogicalLine<'_>) -> bool {
        let behind = line.end_of_text.unwrap_or(line.span.start);
        self.text[behind..line.span.end]
            .trim_start()
            .starts_with(self.escape)
    }

    /// Returns the offset up to which the text is done with.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// Returns the next line that begins at or after the cursor. One that a here-document's body
    /// cut in two is read again from there: it still ends at the same place, as its last physical
    /// line does not go on, so nothing is read more than twice.
    fn next_pair(&mut self) -> Option<(usize, Pair<'a, Rule>)> {
        loop {
            let Some((base, pairs)) = self.pending.last_mut() else {
                self.cut_on()?;
                continue;
            };
            let base = *base;
            let Some(pair) = pairs.next() else {
                self.pending.pop();
                continue;
            };
            let span = pair.as_span();
            let (start, end) = (base + span.start(), base + span.end());
            if start >= self.cursor {
                return Some((base, pair));
            }
            if end > self.cursor {
                let again = cut(grammar::rest(self.escape), &self.text[self.cursor..end]);
                self.pending.push((self.cursor, again));
            }
        }
    }

    /// Gives the next piece of the text to the grammar; none at its end.
    fn cut_on(&mut self) -> Option<()> {
        // A here-document's body may have led beyond the piece it began in.
        let start = self.ahead.max(self.cursor);
        if start >= self.text.len() {
            return None;
        }
        self.ahead = end_of_piece(self.text, start);
        let piece = &self.text[start..self.ahead];
        let pairs = cut(grammar::rest(self.escape), piece);
        self.pending.push((start, pairs));
        Some(())
    }

    /// A comment documents the instruction right after it; an empty one ends the block.
    fn note_comment(&mut self, base: usize, pair: Pair<'a, Rule>) {
        let Some(comment) = pair.into_inner().next() else {
            return;
        };
        let raw = comment.as_str();
        let text = raw.trim();
        if text.is_empty() {
            self.comments.clear();
            return;
        }
        let start = base + comment.as_span().start() + (raw.len() - raw.trim_start().len());
        self.comments.push(Word {
            text: text.to_owned(),
            span: Span::new(start, start + text.len()),
        });
    }
}

impl Head {
    fn read(&mut self, pair: Pair<'_, Rule>, source: &Source) {
        let span = span_of(0, &pair);
        let mut inner = pair.into_inner();
        let (Some(name), Some(value)) = (inner.next(), inner.next()) else {
            return;
        };
        let name = name.as_str().to_ascii_lowercase();
        let value = Word {
            text: value.as_str().to_owned(),
            span: span_of(0, &value),
        };
        if self
            .directives
            .iter()
            .any(|directive| directive.name == name)
        {
            self.refuse(
                ParseErrorKind::DuplicateDirective { name: name.clone() },
                value.span,
            );
        } else if name == "escape" {
            match value.text.as_str() {
                "\\" => {}
                "`" => self.escape = '`',
                other => {
                    let value = other.to_owned();
                    let kind = ParseErrorKind::InvalidEscape { value };
                    self.refuse(kind, span_trimmed(source, span));
                }
            }
        }
        let line = source.line(span.start);
        self.directives.push(Directive { name, value, line });
    }

    fn refuse(&mut self, kind: ParseErrorKind, span: Span) {
        self.errors.push(ParseError {
            kind,
            span,
            instruction: span,
        });
    }
}

/// How many bytes the grammar is given at least, before a line at which it can be stopped.
const PIECE: usize = 1 << 15;

/// Returns where the piece of a text ends that begins at `start`: behind a line that surely ends an
/// instruction. Lines are looked at roughly: one that might go on counts as one that does.
fn end_of_piece(text: &str, start: usize) -> usize {
    let mut end = start;
    let mut goes_on = false;
    // Directives are read with the first piece.
    let mut in_directives = start == 0;
    for line in text[start..].split_inclusive('\n') {
        end += line.len();
        let line = line.trim_start_matches('\u{FEFF}').trim();
        in_directives &= line.starts_with('#') && line.contains('=');
        let is_dropped = line.is_empty() || line.starts_with('#');
        goes_on = if goes_on && is_dropped {
            true
        } else {
            line.ends_with(['\\', '`'])
        };
        if end - start >= PIECE && !goes_on && !in_directives {
            break;
        }
    }
    end
}

/// Reads lines by an entry rule of the grammar's first half.
fn cut(rule: Rule, text: &str) -> Pairs<'_, Rule> {
    let entry = grammar::read(rule, text)
        .and_then(|mut pairs| pairs.next())
        .expect("every text is a sequence of lines: each line matches one of the three kinds");
    entry.into_inner()
}

/// Joins the pieces of a logical line.
fn join(base: usize, pair: Pair<'_, Rule>, comments: Vec<Word>) -> LogicalLine<'_> {
    let mut line = LogicalLine {
        text: Cow::Borrowed(""),
        places: Places::default(),
        comments,
        span: span_of(base, &pair),
        has_empty_line: false,
        end_of_text: None,
    };
    for part in pair.into_inner().flatten() {
        match part.as_rule() {
            Rule::piece => {
                line.places
                    .push(line.text.len(), base + part.as_span().start());
                line.end_of_text = Some(base + part.as_span().end());
                if line.text.is_empty() {
                    line.text = Cow::Borrowed(part.as_str());
                } else {
                    line.text.to_mut().push_str(part.as_str());
                }
            }
            Rule::empty_line => line.has_empty_line = true,
            _ => {}
        }
    }
    // The grammar leaves the `\r` of a final "\r\n" in the piece: to stop at it would cost a look
    // at every character.
    let length = line.text.trim_end_matches('\r').len();
    match &mut line.text {
        Cow::Borrowed(text) => *text = &text[..length],
        Cow::Owned(text) => text.truncate(length),
    }
    line
}

fn span_of(base: usize, pair: &Pair<'_, Rule>) -> Span {
    let span = pair.as_span();
    Span::new(base + span.start(), base + span.end())
}

/// Leaves out the white space around a text.
pub(super) fn span_trimmed(source: &Source, span: Span) -> Span {
    let text = source.slice(span);
    let start = span.start + (text.len() - text.trim_start().len());
    Span::new(start, start + text.trim().len())
}
