//! A mistake in somebody's text: what is wrong, the line with carets under it, what to type.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::screen::Screen;
use super::text::{Line, Style, Text};
use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::source::{Source, Span};

/// A source line longer than this is shown around its carets only.
const WIDEST: usize = 140;

/// How much of a line is looked at on either side of the carets, in bytes: far more than is shown.
const FARTHEST: usize = 2_000;

/// Draws a diagnostic: `FILE:LINE: error: sentence`, the place, `help:`.
pub fn diagnostic(diagnostic: &Diagnostic, source: &Source, screen: &Screen) -> Text {
    let line = source.line(diagnostic.span().start.min(source.text().len()));
    let place = format!("{}:{line}", source.name());
    let style = match diagnostic.severity {
        Severity::Error => Style::Error,
        Severity::Warning => Style::Warning,
        Severity::Note => Style::Help,
    };
    let mut text = header(&place, style, &diagnostic.message, screen);
    // Of a text that is empty, or no text at all, there is no line to show.
    if !source.text().is_empty() {
        text.append(snippet(&diagnostic.labels, source, style, screen));
    }
    text.append(help(diagnostic.help.as_deref(), screen));
    text
}

/// Draws an error that is about no text: `strata: error: sentence`, `help:`.
pub fn error(message: &str, what_to_do: Option<&str>, screen: &Screen) -> Text {
    let mut text = header("strata", Style::Error, message, screen);
    text.append(help(what_to_do, screen));
    text
}

/// Draws a warning that is about no text.
pub fn warning(message: &str, what_to_do: Option<&str>, screen: &Screen) -> Text {
    let mut text = header("strata", Style::Warning, message, screen);
    text.append(help(what_to_do, screen));
    text
}

/// The words `error`, `warning`, `note` and `help` are the same in every language, for scripts and search.
fn header(place: &str, style: Style, message: &str, screen: &Screen) -> Text {
    let word = match style {
        Style::Error => "error",
        Style::Warning => "warning",
        _ => "note",
    };
    let line = Line::styled(Style::Strong, format!("{place}: "));
    let line = line
        .with(style, word)
        .with(Style::Plain, format!(": {message}"));
    screen.wrap(&line, 2)
}

/// Draws what to type or do.
pub(super) fn help(what_to_do: Option<&str>, screen: &Screen) -> Text {
    let lines = what_to_do.unwrap_or_default().lines().enumerate();
    lines
        .flat_map(|(index, words)| {
            let line = match index {
                0 => Line::styled(Style::Help, "help").with(Style::Plain, format!(": {words}")),
                _ => Line::plain(format!("      {words}")),
            };
            screen.wrap(&line, 6).into_lines()
        })
        .collect()
}

fn snippet(labels: &[Label], source: &Source, style: Style, screen: &Screen) -> Text {
    let spans: Vec<Span> = labels.iter().map(|it| inside(it.span, source)).collect();
    let window = window(&spans, source);
    let annotations = labels.iter().zip(&spans).enumerate();
    let annotations = annotations.map(|(index, (label, span))| {
        let kind = if index == 0 {
            AnnotationKind::Primary
        } else {
            AnnotationKind::Context
        };
        let words = (!label.message.is_empty()).then_some(label.message.as_str());
        kind.span(span.start - window.start..span.end - window.start)
            .label(words)
    });
    let snippet = Snippet::source(source.slice(window))
        .line_start(source.line(window.start))
        .fold(true)
        .annotations(annotations);
    let group = Group::with_level(Level::ERROR).element(snippet);
    let columns = screen.width.clamp(20, WIDEST);
    let drawn = Renderer::plain().term_width(columns).render(&[group]);
    let styled = drawn
        .lines()
        .map(|line| gutter_and_line(line, style).cut(screen.width));
    // The first and the last line are an empty gutter.
    styled.skip(1).filter(|line| !line.is_empty()).collect()
}

/// Returns the lines that hold all places. To look at the whole text for every mistake of a long file
/// would take minutes.
fn window(spans: &[Span], source: &Source) -> Span {
    let all = spans.iter().copied().reduce(Span::to).unwrap_or_default();
    let first = source.line_span(source.line(all.start));
    let last = source.line_span(source.line(all.end));
    // Nor at all of a line that nobody could see.
    let near = Span::new(
        all.start.saturating_sub(FARTHEST),
        all.end.saturating_add(FARTHEST),
    );
    let near = inside(near, source);
    Span::new(
        first.start.max(near.start),
        last.end.min(near.end).max(all.end),
    )
}

/// Draws the last line of a gutter quietly, and carets in the style of the message.
fn gutter_and_line(line: &str, style: Style) -> Line {
    let Some((gutter, rest)) = line.split_once('|') else {
        return Line::styled(Style::Dim, line);
    };
    let drawn = Line::styled(Style::Dim, format!("{gutter}|"));
    let is_source = gutter.contains(|character: char| character.is_ascii_digit());
    drawn.with(if is_source { Style::Plain } else { style }, rest)
}

/// Makes sure that a span lies inside the text and between characters.
fn inside(span: Span, source: &Source) -> Span {
    let text = source.text();
    let floor = |offset: usize| {
        let offset = offset.min(text.len());
        (0..=offset)
            .rev()
            .find(|&at| text.is_char_boundary(at))
            .unwrap_or(0)
    };
    Span::new(floor(span.start), floor(span.end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;
    use crate::render::Chrome;

    fn screen(columns: usize) -> Screen {
        Screen::new(columns, Language::En, Chrome::Unicode)
    }

    fn about(source: &Source, words: &str) -> Diagnostic {
        let start = source
            .text()
            .find(words)
            .expect("the test names a word of the text");
        let span = Span::new(start, start + words.len());
        Diagnostic::error(
            "unknown-instruction",
            format!("unknown instruction {words}"),
            span,
        )
        .with_help(Some("did you mean RUN?".to_owned()))
    }

    #[test]
    fn carets_stand_under_the_word() {
        let source = Source::new("Dockerfile", "FROM a\nRUNN b\n");
        insta::assert_snapshot!(diagnostic(&about(&source, "RUNN"), &source, &screen(80)), @r"
        Dockerfile:2: error: unknown instruction RUNN
        2 | RUNN b
          | ^^^^
        help: did you mean RUN?
        ");
    }

    #[test]
    fn carets_stand_under_the_word_behind_hangul() {
        let source = Source::new("Dockerfile", "FROM a\nLABEL 이름=가게 나이\n");
        insta::assert_snapshot!(diagnostic(&about(&source, "나이"), &source, &screen(80)), @r"
        Dockerfile:2: error: unknown instruction 나이
        2 | LABEL 이름=가게 나이
          |                 ^^^^
        help: did you mean RUN?
        ");
    }

    #[test]
    fn a_long_line_is_shown_around_the_carets() {
        let text = format!(
            "RUN {} && wrongg && {}\n",
            "true ".repeat(40),
            "false ".repeat(40)
        );
        let source = Source::new("Dockerfile", text);
        insta::assert_snapshot!(diagnostic(&about(&source, "wrongg"), &source, &screen(60)), @r"
        Dockerfile:1: error: unknown instruction wrongg
        1 | ...ue true true true  && wrongg && false false false ...
          |                          ^^^^^^
        help: did you mean RUN?
        ");
    }

    #[test]
    fn several_places_have_their_own_words() {
        let source = Source::new("Dockerfile", "FROM a AS x\nFROM b AS x\n");
        let mut twice = about(&source, "b AS x");
        let first = Label {
            span: Span::new(10, 11),
            message: "first used here".to_owned(),
        };
        twice.labels.push(first);
        insta::assert_snapshot!(diagnostic(&twice, &source, &screen(80)), @r"
        Dockerfile:2: error: unknown instruction b AS x
        1 | FROM a AS x
          |           - first used here
        2 | FROM b AS x
          |      ^^^^^^
        help: did you mean RUN?
        ");
    }

    #[test]
    fn a_span_behind_the_end_is_shown_at_the_end() {
        let source = Source::new("Dockerfile", "FROM a\nRUN");
        let late = Diagnostic::error("x", "it ends too early", Span::new(90, 99));
        insta::assert_snapshot!(diagnostic(&late, &source, &screen(80)), @r"
        Dockerfile:2: error: it ends too early
        2 | RUN
          |    ^
        ");
        let empty = Source::new("Dockerfile", "");
        let nothing = Diagnostic::error("x", "the file is empty", Span::new(0, 0));
        insta::assert_snapshot!(diagnostic(&nothing, &empty, &screen(80)), @"Dockerfile:1: error: the file is empty");
    }

    #[test]
    fn an_error_without_a_file_is_stratas() {
        let drawn = error(
            "no such image: shop",
            Some("build it with\nstrata build"),
            &screen(80),
        );
        insta::assert_snapshot!(drawn, @r"
        strata: error: no such image: shop
        help: build it with
              strata build
        ");
    }
}
