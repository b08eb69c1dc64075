//! A step that failed: its line in the Dockerfile, what it said last, and how it ended.

use super::diagnostic::{diagnostic, help};
use super::screen::Screen;
use super::text::{Line, Style, Text};
use crate::build::{BuildReport, StepFailure, StepReport};
use crate::diagnostic::Diagnostic;
use crate::language::Language;
use crate::source::{Source, Span};

/// Draws why a build stopped; none if it did not.
pub fn failure(report: &BuildReport, screen: &Screen) -> Option<Text> {
    let step = report.failed()?;
    let failure = step.failure.as_ref()?;
    let source = Source::new(report.file.as_str(), report.dockerfile.as_str());
    let message = message(failure, screen.language);
    let found = Diagnostic::error("step-failed", message, place(step, &source));
    let mut text = diagnostic(&found, &source, screen);
    text.append(output(failure, screen));
    text.append(help(failure.help.as_deref(), screen));
    Some(text)
}

/// Makes sure that the exit code is named, whatever the message says.
fn message(failure: &StepFailure, language: Language) -> String {
    match failure.exit_code {
        Some(code) if !failure.message.contains(&code.to_string()) => {
            with_exit_code(language, &failure.message, code)
        }
        _ => failure.message.clone(),
    }
}

/// Returns the bytes of a step's lines, without the spaces around them.
fn place(step: &StepReport, source: &Source) -> Span {
    let span = source
        .line_span(step.lines.0.max(1))
        .to(source.line_span(step.lines.1.max(1)));
    let text = source.slice(span);
    let start = span.start + (text.len() - text.trim_start().len());
    Span::new(start, span.start + text.trim_end().len())
}

fn output(failure: &StepFailure, screen: &Screen) -> Text {
    if failure.output.is_empty() {
        return Text::new();
    }
    let mut text = Text::from(Line::styled(Style::Strong, last_output(screen.language)));
    for line in &failure.output {
        let line = Line::plain("  ").with(Style::Plain, line);
        text.append(screen.wrap(&line, 2));
    }
    text
}

crate::messages! {
    last_output() { en: "last output:", ko: "마지막 출력:" }
    with_exit_code(message: &str, code: i32) {
        en: "{message} (exit code {code})",
        ko: "{message} (종료 코드 {code})",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::{Chrome, sample};

    #[test]
    fn a_failed_run_shows_its_line_its_code_and_its_last_words() {
        let screen = Screen::new(80, Language::Ko, Chrome::Unicode);
        let drawn = failure(&sample::failed(), &screen).expect("the sample failed");
        insta::assert_snapshot!(drawn, @r"
        Dockerfile:3: error: the command ended with exit code 3
        3 | RUN echo 안녕 && exit 3
          | ^^^^^^^^^^^^^^^^^^^^^^^
        마지막 출력:
          안녕
        help: `in 3` opens a shell as it was before the step
        ");
    }

    #[test]
    fn a_run_over_several_lines_is_marked_as_a_whole() {
        let mut report = sample::failed();
        report.dockerfile =
            "FROM a\nWORKDIR /app\nRUN echo 안녕 && \\\n    exit 3\nCMD x\n".to_owned();
        report.steps[2].lines = (3, 4);
        let screen = Screen::new(60, Language::En, Chrome::Ascii);
        let drawn = failure(&report, &screen).expect("the sample failed");
        insta::assert_snapshot!(drawn, @r"
        Dockerfile:3: error: the command ended with exit code 3
        3 | / RUN echo 안녕 && \
        4 | |     exit 3
          | |__________^
        last output:
          안녕
        help: `in 3` opens a shell as it was before the step
        ");
    }

    #[test]
    fn a_build_that_went_well_has_no_failure() {
        let screen = Screen::new(80, Language::En, Chrome::Unicode);
        assert_eq!(failure(&sample::rebuilt(), &screen), None);
    }
}
