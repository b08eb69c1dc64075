//! What each piece of a text is, so that a prompt can colour it while it is typed.

use std::collections::HashMap;

use super::lines::Lines;
use super::read;
use super::syntax::{Arguments, Node};
use super::typed::INSTRUCTIONS;
use crate::source::{Source, Span};

/// What a piece of text is, for colouring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Highlight {
    /// An instruction word that exists, and AS, NONE, CMD where they are words of the language.
    Instruction,
    /// `--name=value`.
    Flag,
    /// Quoted text and JSON strings.
    String,
    /// `$name`, `${name}`.
    Variable,
    /// Comments and directives.
    Comment,
    /// Here-document markers, bodies and terminators.
    Heredoc,
    /// Anything else.
    Text,
}

/// Splits a text into pieces to be coloured: in order, without gaps or overlaps.
pub fn highlight(text: &str) -> Vec<(Span, Highlight)> {
    highlight_in(text, None)
}

/// Returns the same for text that goes on a file with an escape character of its own; with none,
/// the text's directives decide.
pub fn highlight_in(text: &str, escape: Option<char>) -> Vec<(Span, Highlight)> {
    let source = Source::new("", text);
    let (escape, mut lines) = Lines::start(&source, escape);
    let mut canvas = Canvas {
        text,
        colours: vec![Highlight::Text; text.len()],
    };
    let mut done = 0;
    while let Some(line) = lines.next_line() {
        canvas.comments(Span::new(done, line.span.start));
        canvas.scan(line.span);
        if let Ok(mut node) = read::read(&line, escape) {
            for heredoc in &mut node.heredocs {
                lines.take_body(heredoc);
            }
            canvas.node(&node);
            canvas.paint(Span::new(line.span.end, lines.cursor()), Highlight::Heredoc);
        } else {
            canvas.first_word(line.span);
        }
        canvas.comments(line.span);
        done = lines.cursor();
    }
    canvas.comments(Span::new(done, text.len()));
    canvas.pieces()
}

/// One colour for every byte; later strokes lie over earlier ones.
struct Canvas<'a> {
    text: &'a str,
    colours: Vec<Highlight>,
}

impl Canvas<'_> {
    fn paint(&mut self, span: Span, colour: Highlight) {
        self.colours[span.start..span.end].fill(colour);
    }

    /// Lines that start with `#`, outside of instructions or dropped inside them.
    fn comments(&mut self, span: Span) {
        let text = self.text;
        let mut start = span.start;
        for line in text[span.start..span.end].split_inclusive('\n') {
            let indent = line.len() - line.trim_start_matches(['\u{FEFF}', ' ', '\t']).len();
            let end = start + line.trim_end().len();
            if line[indent..].starts_with('#') {
                self.paint(Span::new(start + indent, end), Highlight::Comment);
            }
            start += line.len();
        }
    }

    /// Quoted parts and variables.
    fn scan(&mut self, span: Span) {
        let text = self.text;
        let closing = closing_braces(&text[span.start..span.end]);
        let mut quote = None;
        let mut at = span.start;
        while let Some(character) = text[at..span.end].chars().next() {
            let mut end = at + character.len_utf8();
            let mut colour = if quote.is_some() {
                Highlight::String
            } else {
                Highlight::Text
            };
            match character {
                '\\' if quote != Some('\'') => {
                    end += text[end..span.end].chars().next().map_or(0, char::len_utf8);
                }
                '"' | '\'' if quote.is_none() => {
                    quote = Some(character);
                    colour = Highlight::String;
                }
                '"' | '\'' if quote == Some(character) => quote = None,
                '$' if quote != Some('\'') => {
                    let length = match text[end..span.end].strip_prefix('{') {
                        Some(_) => closing
                            .get(&(end - span.start))
                            .map(|to| to + span.start - at),
                        None => name_length(&text[end..span.end]).map(|name| 1 + name),
                    };
                    if let Some(length) = length {
                        end = at + length;
                        colour = Highlight::Variable;
                    }
                }
                // An apostrophe in a shell comment must not colour the rest of a long file.
                '\n' if quote.is_some() => quote = None,
                _ => {}
            }
            self.paint(Span::new(at, end), colour);
            at = end;
        }
    }

    fn node(&mut self, node: &Node) {
        if INSTRUCTIONS.contains(&node.name.as_str()) {
            self.paint(node.keyword.span, Highlight::Instruction);
        }
        for flag in &node.flags {
            self.paint(flag.span, Highlight::Flag);
        }
        match &node.arguments {
            Arguments::Exec(words) => {
                for word in words {
                    self.paint(word.span, Highlight::String);
                }
            }
            Arguments::Words(words) if node.name == "FROM" => {
                let keywords = words
                    .iter()
                    .skip(1)
                    .filter(|word| word.text.eq_ignore_ascii_case("as"));
                for word in keywords {
                    self.paint(word.span, Highlight::Instruction);
                }
            }
            Arguments::Check { kind, .. } => {
                if matches!(kind.text.to_uppercase().as_str(), "CMD" | "NONE") {
                    self.paint(kind.span, Highlight::Instruction);
                }
            }
            _ => {}
        }
        for heredoc in &node.heredocs {
            self.paint(heredoc.marker, Highlight::Heredoc);
        }
        if let Some(trigger) = &node.onbuild {
            self.node(trigger);
        }
    }

    /// The instruction word of a line that cannot be read yet.
    fn first_word(&mut self, span: Span) {
        let line = &self.text[span.start..span.end];
        let start = span.start + (line.len() - line.trim_start().len());
        let word = line.split_whitespace().next().unwrap_or_default();
        if INSTRUCTIONS.contains(&word.to_uppercase().as_str()) {
            self.paint(Span::new(start, start + word.len()), Highlight::Instruction);
        }
    }

    fn pieces(&self) -> Vec<(Span, Highlight)> {
        let mut pieces: Vec<(Span, Highlight)> = Vec::new();
        for (at, colour) in self.colours.iter().enumerate() {
            match pieces.last_mut() {
                Some((span, last)) if last == colour => span.end = at + 1,
                _ => pieces.push((Span::new(at, at + 1), *colour)),
            }
        }
        pieces
    }
}

/// Where the text behind each brace's partner begins, by the place of the brace; partners stand on
/// one line. In one walk: looking for each partner by itself would be quadratic in braces that are
/// left open.
fn closing_braces(text: &str) -> HashMap<usize, usize> {
    let mut open = Vec::new();
    let mut closing = HashMap::new();
    for (at, character) in text.bytes().enumerate() {
        match character {
            b'{' => open.push(at),
            b'}' => {
                closing.extend(open.pop().map(|brace| (brace, at + 1)));
            }
            b'\n' => open.clear(),
            _ => {}
        }
    }
    closing
}

/// How long the name is that a text begins with, in bytes; none for no name.
fn name_length(text: &str) -> Option<usize> {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_');
    Some(end.unwrap_or(text.len())).filter(|length| *length > 0)
}

#[cfg(test)]
mod tests {
    use super::{Highlight, highlight};

    fn coloured(text: &str) -> Vec<(&str, Highlight)> {
        let pieces = highlight(text).into_iter();
        let named = pieces.map(|(span, colour)| (&text[span.start..span.end], colour));
        named
            .filter(|(_, colour)| *colour != Highlight::Text)
            .collect()
    }

    #[test]
    fn each_kind_of_text_has_its_colour() {
        use Highlight::{Comment, Flag, Heredoc, Instruction, String, Variable};
        let text = "# syntax=a\nFROM --platform=x $B AS c\nRUN \"a $x\" 'b $y' \\\n  # in\n  it\nRUN <<E\nx $y\nE\nCMD [\"a\"]";
        assert_eq!(
            coloured(text),
            [
                ("# syntax=a", Comment),
                ("FROM", Instruction),
                ("--platform=x", Flag),
                ("$B", Variable),
                ("AS", Instruction),
                ("RUN", Instruction),
                ("\"a ", String),
                ("$x", Variable),
                ("\"", String),
                ("'b $y'", String),
                ("# in", Comment),
                ("RUN", Instruction),
                ("<<E", Heredoc),
                ("x $y\nE\n", Heredoc),
                ("CMD", Instruction),
                ("\"a\"", String),
            ]
        );
    }

    #[test]
    fn a_variable_ends_at_its_own_brace_or_is_none() {
        assert_eq!(
            coloured("ENV a=${b:-${c}}x d=${e $f $"),
            [
                ("ENV", Highlight::Instruction),
                ("${b:-${c}}", Highlight::Variable),
                ("$f", Highlight::Variable),
            ]
        );
    }

    #[test]
    fn an_unknown_instruction_is_not_coloured() {
        assert_eq!(coloured("FORM a"), []);
    }

    #[test]
    fn what_cannot_be_read_yet_keeps_its_instruction_word() {
        assert_eq!(coloured("ENV A"), [("ENV", Highlight::Instruction)]);
    }

    #[test]
    fn the_pieces_cover_the_text_without_gaps() {
        let text = "FROM a\nRUN 한글 \"열린\n  COPY <<X /y\n한\n";
        let mut end = 0;
        for (span, _) in highlight(text) {
            assert_eq!(span.start, end);
            assert!(text.is_char_boundary(span.end));
            end = span.end;
        }
        assert_eq!(end, text.len());
    }
}
