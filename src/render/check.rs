//! What a check found, and the pages of its rules.

use super::diagnostic::diagnostic;
use super::screen::Screen;
use super::text::{Line, Style, Text};
use super::width::pad_right;
use crate::check::page::{Page, page};
use crate::check::{Finding, Report, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::language::Language;
use crate::source::Source;

crate::messages! {
    and_more(count: usize) {
        en: "... and {count} more; --json has them all",
        ko: "... 이 밖에 {count}개. 모두 보려면 --json을 쓰세요",
    }
    nothing(name: &str) {
        en: "{name}: nothing to complain about",
        ko: "{name}: 문제가 없습니다",
    }
    one_error(count: usize) { en: "{count} error", ko: "오류 {count}개" }
    many_errors(count: usize) { en: "{count} errors", ko: "오류 {count}개" }
    one_warning(count: usize) { en: "{count} warning", ko: "경고 {count}개" }
    many_warnings(count: usize) { en: "{count} warnings", ko: "경고 {count}개" }
    one_note(count: usize) { en: "{count} note", ko: "참고 {count}개" }
    many_notes(count: usize) { en: "{count} notes", ko: "참고 {count}개" }
    explain(rule: &str) {
        en: "`check --explain {rule}` says why",
        ko: "이유를 보려면: `check --explain {rule}`",
    }
    violations(rules: &str) {
        en: "lint violation found for rules: {rules}",
        ko: "경고도 오류로 셉니다(lint violation found for rules): {rules}",
    }
    violations_help() {
        en: "put these right, leave them out with skip=RULE, or leave out error=true",
        ko: "경고를 고치거나, skip=RULE로 빼거나, error=true를 지우세요",
    }
    not_so() {
        en: "Not so:",
        ko: "이렇게 말고:",
    }
    but_so() {
        en: "But so:",
        ko: "이렇게:",
    }
    with_ignore_file() {
        en: "With this .dockerignore:",
        ko: ".dockerignore가 이럴 때:",
    }
    silence(rule: &str) {
        en: "To silence it, write `# check=skip={rule}` as the first line of the file, or right before the one instruction.",
        ko: "이 규칙을 끄려면 파일 첫 줄이나 해당 명령 바로 앞에 이렇게 쓰세요: `# check=skip={rule}`",
    }
    list_head() {
        en: "The build checks; `check --explain NAME` explains one:",
        ko: "빌드 검사 규칙입니다. `check --explain NAME`으로 하나씩 볼 수 있습니다:",
    }
}

/// Draws everything that was found, in the order of the file; or, if asked so, the mistakes alone.
pub fn check_findings(
    report: &Report,
    source: &Source,
    only_errors: bool,
    screen: &Screen,
) -> Text {
    let is_wanted = |found: &&Finding| !only_errors || found.what.severity() == Severity::Error;
    let mut counts = [0, 0];
    let mut text = Text::new();
    for found in report.findings.iter().filter(is_wanted) {
        // A mistake is not to be lost among warnings.
        let count = &mut counts[usize::from(found.what.severity() == Severity::Error)];
        *count += 1;
        if *count <= MOST_FINDINGS {
            let drawn = found.diagnostic(source, screen.language);
            text.append(diagnostic(&drawn, source, screen));
        }
    }
    let more: usize = counts
        .iter()
        .map(|it| it.saturating_sub(MOST_FINDINGS))
        .sum();
    if more > 0 {
        text.push(Line::plain(and_more(screen.language, more)));
    }
    if report.is_strictly_wrong() {
        text.append(strictly(report, source, screen));
    }
    text
}

/// Of a file that is wrong from end to end nobody reads more; `--json` has them all.
const MOST_FINDINGS: usize = 100;

/// Says that warnings count as errors, and which there are.
fn strictly(report: &Report, source: &Source, screen: &Screen) -> Text {
    let mut names: Vec<&str> = report
        .of(Severity::Warning)
        .map(|it| it.what.id())
        .collect();
    names.sort_unstable();
    names.dedup();
    let message = violations(screen.language, &names.join(", "));
    let span = source.line_span(report.strict.unwrap_or(1));
    let help = Some(violations_help(screen.language));
    let strict = Diagnostic::error("lint-violation", message, span).with_help(help);
    diagnostic(&strict, source, screen)
}

/// A number with its noun.
type Counted = fn(Language, usize) -> String;

/// Draws the last line: how much was found, and where more is said.
pub fn check_summary(report: &Report, source: &Source, screen: &Screen) -> Text {
    let counts = [Severity::Error, Severity::Warning, Severity::Note];
    let [errors, warnings, notes] = counts.map(|severity| report.count(severity));
    let language = screen.language;
    if errors + warnings + notes == 0 {
        return screen.wrap(
            &Line::styled(Style::Good, nothing(language, source.name())),
            2,
        );
    }
    let one_or_many: [(usize, Counted, Counted); 3] = [
        (errors, one_error, many_errors),
        (warnings, one_warning, many_warnings),
        (notes, one_note, many_notes),
    ];
    let counted = one_or_many.into_iter().filter(|(count, ..)| *count > 0);
    let words: Vec<String> = counted
        .map(|(count, one, many)| if count == 1 { one } else { many }(language, count))
        .collect();
    let line = format!("{}: {}", source.name(), words.join(", "));
    let mut text = screen.wrap(&Line::plain(line), 2);
    if let Some(first) = report.of(Severity::Warning).next() {
        let line = Line::styled(Style::Dim, explain(language, first.what.id()));
        text.append(screen.wrap(&line, 2));
    }
    text
}

/// Draws a rule's page.
pub fn rule_page(page: &Page, screen: &Screen) -> Text {
    let language = screen.language;
    let name = page.rule.name();
    let mut text = Text::new();
    text.push(Line::styled(Style::Title, name));
    text.blank();
    text.append(screen.wrap(&Line::plain(page.why(language)), 0));
    if let Some(ignore) = page.ignore {
        text.append(example(&with_ignore_file(language), Style::Strong, ignore));
    }
    text.append(example(&not_so(language), Style::Bad, page.bad));
    text.append(example(&but_so(language), Style::Good, page.good));
    text.blank();
    let line = Line::styled(Style::Dim, silence(language, name));
    text.append(screen.wrap(&line, 0));
    text
}

fn example(head: &str, style: Style, code: &str) -> Text {
    let mut text = Text::new();
    text.blank();
    text.push(Line::styled(style, head));
    for line in code.lines() {
        text.push(Line::styled(Style::Code, format!("  {line}")));
    }
    text
}

/// Columns of the longest name, and a gap.
const NAME: usize = 33;

/// Draws the list of all rules, each with the first sentence of its page.
pub fn rule_list(screen: &Screen) -> Text {
    let language = screen.language;
    let mut text = Text::new();
    text.append(screen.wrap(&Line::plain(list_head(language)), 0));
    text.blank();
    for rule in Rule::ALL {
        let why = page(rule).why(language);
        let sentence = why.split_once(". ").map_or(why, |(first, _)| first);
        let sentence = sentence.trim_end_matches('.');
        let line = Line::styled(Style::Strong, pad_right(rule.name(), NAME));
        text.append(screen.wrap(&line.with(Style::Plain, sentence), NAME));
    }
    text
}
