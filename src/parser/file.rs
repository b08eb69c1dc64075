//! A whole text becomes a syntax file: line by line, errors gathered as it goes.

use super::error::{ParseError, ParseErrorKind};
use super::lines::{Lines, LogicalLine};
use super::lint::{Rule, Warning};
use super::read;
use super::syntax::{Arguments, File, Node, Outline};
use crate::source::{Source, Span};

/// The longest line BuildKit accepts, in bytes, its line end left out.
const LONGEST_LINE: usize = 65_535;

/// What could be read, and what could not. Instructions with errors are left out of the file.
pub(super) struct Reading {
    pub file: File,
    pub errors: Vec<ParseError>,
}

/// Reads as much of a text as can be read.
pub(super) fn read(source: &Source) -> Reading {
    let (head, mut lines) = Lines::new(source);
    let mut reading = Reading {
        file: File {
            escape: head.escape,
            directives: head.directives,
            instructions: Vec::new(),
            stages: Vec::new(),
            warnings: Vec::new(),
        },
        errors: head.errors,
    };
    reading.errors.extend(too_long_lines(source.text()));
    let mut seen_any = false;
    while let Some(line) = lines.next_line() {
        seen_any = true;
        reading.take(source, line, &mut lines);
    }
    if !seen_any {
        reading.errors.push(nothing_there(source));
    }
    reading.file.stages = outlines(&reading.file.instructions);
    reading.errors.sort_by_key(|error| error.span);
    reading
}

impl Reading {
    fn take(&mut self, source: &Source, line: LogicalLine<'_>, lines: &mut Lines<'_>) {
        let last_line = |end: usize| source.line(end.max(line.span.start + 1) - 1);
        let node = read::read(&line, self.file.escape);
        if line.has_empty_line {
            self.file.warnings.push(Warning {
                rule: Rule::NoEmptyContinuation,
                span: node.as_ref().map_or(line.span, |node| node.span),
                line: last_line(line.span.end),
            });
        }
        let mut node = match node {
            Ok(node) => node,
            Err(error) => return self.errors.push(error),
        };
        for heredoc in &mut node.heredocs {
            if !lines.take_body(heredoc) {
                self.errors.push(ParseError {
                    kind: ParseErrorKind::UnterminatedHeredoc {
                        name: heredoc.name.clone(),
                    },
                    span: heredoc.marker,
                    instruction: node.keyword.span,
                });
                return;
            }
        }
        if !node.heredocs.is_empty() {
            let end = lines.cursor();
            let line_end = source.text()[..end].trim_end_matches(['\r', '\n']).len();
            node.span.end = line_end;
        }
        node.lines = (source.line(line.span.start), last_line(lines.cursor()));
        node.original = line.text.into_owned();
        node.comments = line.comments;
        self.file.instructions.push(node);
    }
}

/// Groups the instructions by FROM.
fn outlines(instructions: &[Node]) -> Vec<Outline> {
    let mut stages: Vec<Outline> = Vec::new();
    for (place, node) in instructions.iter().enumerate() {
        if node.name == "FROM" {
            stages.push(outline(stages.len(), place, node));
        } else if let Some(stage) = stages.last_mut() {
            stage.last = place;
        }
    }
    stages
}

fn outline(index: usize, place: usize, from: &Node) -> Outline {
    let words: &[_] = match &from.arguments {
        Arguments::Words(words) => words,
        _ => &[],
    };
    let name = match words {
        [_, keyword, name] if keyword.text.eq_ignore_ascii_case("as") => {
            Some(name.text.to_lowercase())
        }
        _ => None,
    };
    let platform = from.flags.iter().find(|flag| flag.name() == "platform");
    Outline {
        index,
        name,
        base: words
            .first()
            .map_or_else(String::new, |word| word.text.clone()),
        platform: platform.and_then(|flag| flag.value()).map(str::to_owned),
        first: place,
        last: place,
    }
}

fn too_long_lines(text: &str) -> impl Iterator<Item = ParseError> {
    let mut start = 0;
    let lines = text.split('\n').map(move |line| {
        let span = Span::new(start, start + line.len());
        start = span.end + 1;
        span
    });
    let long = lines.filter(|span| span.end - span.start > LONGEST_LINE);
    long.map(|span| {
        // Its first byte is enough to point at: drawing the whole line would fill the screen.
        let span = Span::new(span.start, span.start);
        error(ParseErrorKind::LineTooLong, span)
    })
}

fn nothing_there(source: &Source) -> ParseError {
    let kind = match source.text().trim_start_matches('\u{FEFF}').trim() {
        "" => ParseErrorKind::Empty,
        _ => ParseErrorKind::NoInstructions,
    };
    error(kind, Span::new(0, 0))
}

fn error(kind: ParseErrorKind, span: Span) -> ParseError {
    ParseError {
        kind,
        span,
        instruction: span,
    }
}
