//! A whole text becomes a syntax file: line by line, errors gathered as it goes.

use super::error::{ParseError, ParseErrorKind};
use super::lines::{Lines, LogicalLine, span_trimmed};
use super::lint::{Rule, Warning};
use super::read;
use super::syntax::{Arguments, File, Node, Outline};
use crate::source::{Source, Span};

/// The longest line BuildKit accepts, in bytes, its line end left out.
const LONGEST_LINE: usize = 65_535;

/// The most instructions that are read; more would take seconds, and nobody means them.
const MOST_INSTRUCTIONS: usize = 200_000;

/// What could be read, and what could not. Instructions with errors are left out of the file.
pub(super) struct Reading {
    pub file: File,
    pub errors: Vec<ParseError>,
}

/// Reads as much of a text as can be read.
pub(super) fn read(source: &Source) -> Reading {
    let mut nodes = Vec::new();
    let mut reading = walk(source, &mut |node| nodes.push(node));
    reading.file.stages = outlines(&nodes);
    reading.file.instructions = nodes;
    reading
}

/// Reads a text and gives every instruction away as soon as it is read: of a large file two lists of
/// instructions are one too many.
pub(super) fn walk(source: &Source, each: &mut dyn FnMut(Node)) -> Reading {
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
    let mut seen = 0;
    while let Some(line) = lines.next_line() {
        if seen == MOST_INSTRUCTIONS {
            let first = source.line_span(source.line(line.span.start));
            let kind = ParseErrorKind::TooManyInstructions;
            reading
                .errors
                .push(error(kind, span_trimmed(source, first)));
            break;
        }
        seen += 1;
        if let Some(node) = reading.take(source, line, &mut lines) {
            each(node);
        }
    }
    if seen == 0 {
        reading.errors.push(nothing_there(source));
    }
    reading.errors.sort_by_key(|error| error.span);
    reading
}

impl Reading {
    fn take(
        &mut self,
        source: &Source,
        line: LogicalLine<'_>,
        lines: &mut Lines<'_>,
    ) -> Option<Node> {
        let last_line = |end: usize| source.line(end.max(line.span.start + 1) - 1);
        let node = read::read(&line, self.file.escape);
        if line.has_empty_line {
            let last = last_line(line.span.end);
            self.file.warnings.push(Warning {
                rule: Rule::NoEmptyContinuation,
                span: span_trimmed(source, source.line_span(last)),
                line: last,
            });
        }
        let mut node = match node {
            Ok(node) => node,
            Err(error) => {
                self.errors.push(error);
                return None;
            }
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
                return None;
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
        Some(node)
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

#[cfg(test)]
mod tests {
    use crate::diagnostic::Diagnostic;
    use crate::language::Language;
    use crate::parser::{decode, syntax};
    use crate::source::Source;

    fn diagnostics(text: &str) -> Vec<(usize, String)> {
        let source = Source::new("Dockerfile", text);
        let errors = syntax(&source).expect_err(text).into_iter();
        let diagnostics = errors.map(|error| error.diagnostic(&source, Language::En));
        let line = |diagnostic: &Diagnostic| source.line(diagnostic.span().start);
        diagnostics
            .map(|diagnostic| (line(&diagnostic), diagnostic.message))
            .collect()
    }

    #[track_caller]
    fn refused(text: &str, line: usize, message: &str) {
        assert_eq!(diagnostics(text), [(line, message.to_owned())], "{text:?}");
    }

    #[test]
    fn a_file_needs_an_instruction() {
        let empty = "the Dockerfile cannot be empty: file with no instructions";
        refused("", 1, empty);
        refused("\u{FEFF} \r\n\n", 1, empty);
        refused("# a\n\n#b", 1, "file with no instructions");
        refused("\\\n\\\n", 1, "file with no instructions");
    }

    #[test]
    fn a_directive_stands_once_and_escapes_are_two() {
        let message = "only one escape parser directive can be used";
        refused("# escape=\\\n# escape=`\nFROM a", 2, message);
        let message = "invalid escape token 'x' does not match ` or \\";
        refused("# escape=x\nFROM a", 1, message);
    }

    #[test]
    fn an_open_heredoc_names_the_instruction() {
        refused(
            "FROM a\nRUN x \\\n  <<EOF\nb\n EOF\n",
            2,
            "unterminated heredoc: no line is 'EOF'",
        );
    }

    #[test]
    fn arrays_and_pairs_are_checked() {
        let arrays = "when using JSON array syntax, arrays must be comprised of strings only";
        for line in [
            "CMD [1]",
            "RUN [\"a\", [\"b\"]]",
            "COPY [null, \"b\"]",
            "HEALTHCHECK CMD [{}]",
        ] {
            refused(&format!("FROM a\n{line}"), 2, arrays);
        }
        let message = "Syntax error - can't find = in \"c\". Must be of the form: name=value";
        refused("FROM a\nENV a=b \\\n c", 2, message);
        refused("FROM a\nENV a", 2, "ENV must have two arguments");
        refused("FROM a\nLABEL a", 2, "LABEL must have two arguments");
    }

    #[test]
    fn arrays_nest_as_deep_as_their_writer_likes() {
        let text = format!("FROM a\nCMD {}{}", "[".repeat(30_000), "]".repeat(30_000));
        assert_eq!(diagnostics(&text).len(), 1);
        let open = format!("FROM a\nCMD {}", "[".repeat(30_000));
        assert!(syntax(&Source::new("Dockerfile", open)).is_ok());
    }

    #[test]
    fn a_line_may_have_65535_bytes() {
        let long = |length: usize| format!("FROM a\nRUN {}\n", "x".repeat(length - 4));
        assert!(syntax(&Source::new("Dockerfile", long(65_535))).is_ok());
        let message = "dockerfile line greater than max allowed size of 65535";
        refused(&long(65_536), 2, message);
    }

    #[test]
    fn an_instruction_may_have_ten_thousand_lines() {
        let text = format!(
            "FROM a\nRUN true \\\n{}  ;\n",
            "  && x \\\n# c\n\n".repeat(10_000)
        );
        let source = Source::new("Dockerfile", text);
        let file = syntax(&source).unwrap();
        let node = &file.instructions[1];
        assert_eq!(node.lines, (2, 30_003));
        assert_eq!(node.original.matches("&& x").count(), 10_000);
        assert_eq!(file.warnings[0].line, 30_003);
    }

    /// The grammar is given a long file in pieces; nothing shows where they end.
    #[test]
    fn a_long_file_reads_as_its_parts_do() {
        let part = "# escape=x\nRUN a \\\n  # c \\\n\n  b \\\n\\\nc\n# d\n\nRUN <<E\n# \\\nFROM x \\\nE\nENV a=b\\\\\n";
        let lines = part.lines().count();
        for before in 0..lines {
            // Each line of the part comes to lie where a piece could end.
            let filler = "#\n".repeat(before) + &"# 23456\n".repeat(4_090);
            let text = format!("FROM a\n{filler}{}", part.repeat(12));
            let file = syntax(&Source::new("Dockerfile", text)).unwrap();
            let names: Vec<&str> = file
                .instructions
                .iter()
                .map(|it| it.name.as_str())
                .collect();
            assert_eq!(names.len(), 1 + 3 * 12, "{before}");
            for (place, three) in file.instructions[1..].chunks(3).enumerate() {
                assert_eq!(three[0].original, "RUN a   b c");
                assert_eq!(three[1].heredocs[0].content, "# \\\nFROM x \\\n");
                assert_eq!(three[2].original, "ENV a=b\\\\");
                let first = 2 + before + 4_090 + lines * place;
                assert_eq!(three[0].lines, (first + 1, first + 6));
                assert_eq!(three[2].lines, (first + lines - 1, first + lines - 1));
            }
        }
    }

    #[test]
    fn onbuild_nests_only_so_deep() {
        let text = format!("FROM a\n{}RUN x", "ONBUILD \\\n".repeat(100_000));
        refused(&text, 2, "ONBUILD is nested too deeply");
    }

    #[test]
    fn a_continued_instruction_shows_its_first_line_and_the_place() {
        let source = Source::new("Dockerfile", "FROM a\nENV a=b \\\n  c\n");
        let error = syntax(&source).unwrap_err().remove(0);
        let diagnostic = error.diagnostic(&source, Language::Ko);
        let places: Vec<_> = diagnostic
            .labels
            .iter()
            .map(|label| source.slice(label.span))
            .collect();
        assert_eq!(places, ["ENV", "c"]);
        assert!(diagnostic.message.contains("name=value"));
    }

    #[test]
    fn bytes_that_are_no_text_are_one_clear_error() {
        let refused = decode("Dockerfile", b"FROM a\nRUN \xff\n".to_vec()).unwrap_err();
        let diagnostic = refused.error.diagnostic(&refused.source, Language::En);
        assert_eq!(diagnostic.message, "the file is not UTF-8 text");
        assert_eq!(refused.source.line(diagnostic.span().start), 2);
        assert_eq!(
            decode("Dockerfile", b"FROM a".to_vec()).unwrap().text(),
            "FROM a"
        );
    }

    #[test]
    fn words_point_at_their_bytes_through_continuations() {
        let text = "FROM a\nCOPY --chown=\"1:2\" o\\\nn\\\n# c\ne two \\\n  /x\n";
        let source = Source::new("Dockerfile", text);
        let file = syntax(&source).unwrap();
        let node = &file.instructions[1];
        assert_eq!(source.slice(node.flags[0].span), "--chown=\"1:2\"");
        let super::Arguments::Words(words) = &node.arguments else {
            panic!("words");
        };
        let places: Vec<_> = words
            .iter()
            .map(|word| (word.text.as_str(), source.slice(word.span)))
            .collect();
        assert_eq!(
            places,
            [("one", "o\\\nn\\\n# c\ne"), ("two", "two"), ("/x", "/x")]
        );
        assert_eq!(node.lines, (2, 6));
        assert_eq!(source.slice(node.span), text[7..].trim_end());
    }

    #[test]
    fn comments_right_before_an_instruction_belong_to_it() {
        let text = "# gone\n#\n# one\n\n  # two \nARG A\nFROM a\n";
        let file = syntax(&Source::new("Dockerfile", text)).unwrap();
        let texts = |node: &super::Node| -> Vec<String> {
            node.comments
                .iter()
                .map(|comment| comment.text.clone())
                .collect()
        };
        assert_eq!(texts(&file.instructions[0]), ["one", "two"]);
        assert_eq!(texts(&file.instructions[1]), Vec::<String>::new());
    }
}
