//! What holds for every text.

use proptest::prelude::*;

use super::json::meaning;
use super::syntax::{Arguments, File};
use super::{completeness, format, highlight, parse, syntax, word};
use crate::language::Language;
use crate::source::{Source, Span};

/// Texts made of the pieces that mean something, so that most of them get far.
fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("FROM a AS b"),
        Just("RUN "),
        Just("COPY "),
        Just("ENV "),
        Just("ARG "),
        Just("ONBUILD "),
        Just("HEALTHCHECK "),
        Just("CMD "),
        Just("LABEL"),
        Just("\n"),
        Just("\n"),
        Just("\r\n"),
        Just("\\\n"),
        Just("`\n"),
        Just("\\"),
        Just("`"),
        Just("#"),
        Just("# escape=`\n"),
        Just(" "),
        Just("\t"),
        Just("<<E"),
        Just("E\n"),
        Just("<<-'E'"),
        Just("["),
        Just("]"),
        Just("\""),
        Just("'"),
        Just(","),
        Just("a=b"),
        Just("="),
        Just("--x=y "),
        Just("--"),
        Just("$x"),
        Just("${x:-"),
        Just("}"),
        Just("${x//"),
        Just("/"),
        Just("*"),
        Just("한"),
        Just("\u{A0}"),
        Just("\u{FEFF}"),
        Just("\u{0}"),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn spans(file: &File) -> Vec<Span> {
    let mut spans = Vec::new();
    for node in &file.instructions {
        spans.extend([node.span, node.keyword.span]);
        spans.extend(node.flags.iter().map(|flag| flag.span));
        spans.extend(
            node.heredocs
                .iter()
                .flat_map(|heredoc| [heredoc.marker, heredoc.body]),
        );
        match &node.arguments {
            Arguments::Words(words) | Arguments::Exec(words) => {
                spans.extend(words.iter().map(|word| word.span));
            }
            Arguments::Shell(word) | Arguments::Text(word) => spans.push(word.span),
            Arguments::Pairs(pairs) => {
                spans.extend(
                    pairs
                        .iter()
                        .flat_map(|pair| [pair.key.span, pair.value.span]),
                );
            }
            Arguments::None | Arguments::Check { .. } => {}
        }
    }
    spans
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_fail(text in texts()) {
        let source = Source::new("Dockerfile", text);
        if let Err(errors) = parse(&source) {
            for error in errors {
                let diagnostic = error.diagnostic(&source, Language::Ko);
                prop_assert!(diagnostic.labels.iter().all(|label| source.text().get(label.span.start..label.span.end).is_some()));
            }
        }
    }

    #[test]
    fn no_characters_at_all_make_the_parser_fail(text in "\\PC*[\\\\\n`\"' ]*\\PC*") {
        let source = Source::new("Dockerfile", text);
        let _ = parse(&source);
    }

    #[test]
    fn every_place_is_inside_the_text(text in texts()) {
        let source = Source::new("Dockerfile", text);
        if let Ok(file) = syntax(&source) {
            for span in spans(&file) {
                prop_assert!(source.text().get(span.start..span.end).is_some(), "{span:?}");
            }
        }
    }

    #[test]
    fn instructions_follow_each_other_and_lines_agree(text in texts()) {
        let source = Source::new("Dockerfile", text);
        if let Ok(file) = syntax(&source) {
            for pair in file.instructions.windows(2) {
                prop_assert!(pair[0].lines.1 < pair[1].lines.0);
                prop_assert!(pair[0].span.end <= pair[1].span.start);
            }
            for node in &file.instructions {
                prop_assert!(node.lines.0 <= source.line(node.span.start));
                prop_assert!(node.lines.1 >= source.line(node.span.end));
            }
        }
    }

    #[test]
    fn colours_cover_every_text(text in texts()) {
        let pieces = highlight(&text);
        let mut end = 0;
        for (span, _) in pieces {
            prop_assert_eq!(span.start, end);
            prop_assert!(text.is_char_boundary(span.end));
            end = span.end;
        }
        prop_assert_eq!(end, text.len());
        let _ = completeness(&text);
    }

    #[test]
    fn no_word_makes_the_expansion_fail(text in texts()) {
        let lookup = |name: &str| (name == "x").then(|| "a*b/한".to_owned());
        let _ = word::expand(&text, '\\', &lookup);
        let _ = word::expand_heredoc(&text, &lookup);
    }

    #[test]
    fn a_word_in_single_quotes_stays_as_it_is(text in "[^']*") {
        let expanded = word::expand(&format!("'{text}'"), '\\', &|_| None).unwrap();
        prop_assert_eq!(expanded.text, text);
    }
}

/// Returns the comment lines of a text that are no directives, whatever stands before them.
fn comments(text: &str) -> Vec<String> {
    let lines = text.trim_start_matches('\u{FEFF}').lines().map(str::trim);
    let comments = lines.filter(|line| line.starts_with('#'));
    comments.map(|line| line.replace([' ', '\t'], "")).collect()
}

proptest! {
    #[test]
    fn laying_out_changes_nothing_that_is_said_and_is_done_once(text in texts()) {
        let source = Source::new("Dockerfile", text.clone());
        let Ok(before) = syntax(&source) else { return Ok(()) };
        let laid_out = format(&source).expect("it could be read");
        let after = syntax(&Source::new("Dockerfile", laid_out.clone())).expect("it can still be read");
        prop_assert_eq!(before.escape, after.escape);
        let said = |file: &File| file.instructions.iter().map(meaning).collect::<Vec<_>>();
        prop_assert_eq!(said(&before), said(&after), "{:?} became {:?}", text, laid_out);
        prop_assert_eq!(comments(&text), comments(&laid_out), "{:?} became {:?}", text, laid_out);
        let again = format(&Source::new("Dockerfile", laid_out.clone())).expect("it can be read");
        prop_assert_eq!(laid_out, again);
    }
}
