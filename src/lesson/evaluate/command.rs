//! Facts about what was typed: exit codes and output.

use super::sheet::{NOTHING, Sheet};
use crate::language::Language;
use crate::lesson::check::{Exit, Expect, TextExpectation};
use crate::lesson::{Evidence, Outcome, sentences};

/// Returns `yes` when the last command was a `build` that was not even begun: its words were
/// wrong, or there was nothing to build.
pub(super) fn refused_build(evidence: &dyn Evidence) -> Option<String> {
    let last = evidence.last_command(None)?;
    let refused = last.verb == "build" && last.exit != 0 && last.build.is_none();
    refused.then(|| "yes".to_owned())
}

/// Judges `exit`, `command`, `stdout` and `stderr`.
pub(super) fn judge(expect: &Expect, sheet: &mut Sheet) {
    let verb = expect.command.as_deref();
    let outcome = sheet.evidence.last_command(verb).cloned();
    if let Some(verb) = verb {
        let used = outcome.is_some();
        let got = if used { verb } else { NOTHING };
        sheet.judge("command", used, (verb, got), |language, ok| {
            if ok {
                sentences::used(language, verb)
            } else {
                sentences::not_used(language, verb)
            }
        });
    }
    if let Some(expected) = &expect.exit {
        judge_exit(expected, outcome.as_ref(), sheet);
    }
    if let Some(expected) = &expect.stdout {
        let text = outcome.as_ref().map(|o| plain(&o.stdout));
        judge_text(
            "stdout",
            expected,
            text.as_deref(),
            sheet,
            sentences::the_output,
        );
    }
    if let Some(expected) = &expect.stderr {
        let text = outcome.as_ref().map(|o| plain(&o.stderr));
        judge_text(
            "stderr",
            expected,
            text.as_deref(),
            sheet,
            sentences::the_error_output,
        );
    }
}

fn judge_exit(expected: &Exit, outcome: Option<&Outcome>, sheet: &mut Sheet) {
    let Some(outcome) = outcome else {
        let sentence = |language, _| sentences::nothing_typed(language);
        sheet.judge("exit", false, (exit_word(expected), NOTHING), sentence);
        return;
    };
    let ok = exit_fits(expected, outcome.exit);
    let what = |language| sentences::exit_code(language, &outcome.verb);
    sheet.value("exit", ok, (exit_word(expected), outcome.exit), what);
}

pub(super) fn exit_fits(expected: &Exit, got: i32) -> bool {
    match expected {
        Exit::Code(code) => *code == got,
        Exit::Word(_) => got != 0,
    }
}

pub(super) fn exit_word(expected: &Exit) -> String {
    match expected {
        Exit::Code(code) => code.to_string(),
        Exit::Word(_) => "nonzero".to_owned(),
    }
}

/// Judges every key of a text expectation; no text fails them all.
fn judge_text(
    name: &str,
    expected: &TextExpectation,
    text: Option<&str>,
    sheet: &mut Sheet,
    what: impl Fn(Language) -> String,
) {
    if let Some(words) = &expected.contains {
        sheet.contains(&format!("{name}.contains"), words, text, &what);
    }
    if let Some(words) = &expected.lacks {
        sheet.lacks(&format!("{name}.lacks"), words, text, &what);
    }
    let got = text.map_or(NOTHING, str::trim_end);
    if let Some(pattern) = &expected.matches {
        let ok = text.is_some_and(|text| text.lines().any(|line| fits(pattern, line)));
        sheet.value(format!("{name}.matches"), ok, (pattern, got), &what);
    }
    if let Some(equal) = &expected.equals {
        let ok =
            text.is_some_and(|text| text.trim_end_matches('\n') == equal.trim_end_matches('\n'));
        sheet.value(format!("{name}.equals"), ok, (equal, got), &what);
    }
    if let Some(lines) = &expected.lines {
        let count = text.map(|text| text.lines().count());
        sheet.equal(format!("{name}.lines"), lines, count, &what);
    }
}

/// Removes colours and folds line ends.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\x1b' if chars.peek() == Some(&'[') => {
                // A control sequence ends with a letter or one of `@[\]^_`{|}~` (ECMA-48, 5.4).
                chars.next();
                for end in chars.by_ref() {
                    if ('@'..='~').contains(&end) {
                        break;
                    }
                }
            }
            '\r' if chars.peek() == Some(&'\n') => {}
            other => plain.push(other),
        }
    }
    plain
}

/// Tells whether a line fits a pattern of `*` (any text), `?` (any character), `#` (a digit).
fn fits(pattern: &str, line: &str) -> bool {
    let mut rest = pattern.chars();
    match rest.next() {
        None => line.is_empty(),
        Some('*') => line
            .char_indices()
            .map(|(offset, _)| offset)
            .chain([line.len()])
            .any(|offset| fits(rest.as_str(), &line[offset..])),
        Some(wanted) => {
            let mut chars = line.chars();
            let same = chars.next().is_some_and(|c| match wanted {
                '?' => true,
                '#' => c.is_ascii_digit(),
                _ => c == wanted,
            });
            same && fits(rest.as_str(), chars.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::scene::{Scene, failing_in as failing};

    fn said(stdout: &str) -> Scene {
        Scene::default().typed(Outcome {
            stdout: stdout.to_owned(),
            ..Outcome::done("run")
        })
    }

    #[test]
    fn output_is_compared_without_colours_and_carriage_returns() {
        let check = "[expect.stdout]\nequals = \"hello\"\nlines = 1\n";
        assert!(failing(check, &said("\x1b[1;31mhello\x1b[0m\r\n")).is_empty());
        assert_eq!(
            failing(check, &said("hello\nyou\n")),
            ["stdout.equals", "stdout.lines"]
        );
    }

    #[test]
    fn without_a_command_nothing_fits() {
        let check = "[expect]\nexit = 0\ncommand = \"run\"\n[expect.stdout]\nlacks = \"x\"\n";
        assert_eq!(
            failing(check, &Scene::default()),
            ["command", "exit", "stdout.lacks"]
        );
    }

    #[test]
    fn nonzero_is_any_failure() {
        let mut outcome = Outcome::done("build");
        outcome.exit = 127;
        let scene = Scene::default().typed(outcome);
        assert!(failing("[expect]\nexit = \"nonzero\"\n", &scene).is_empty());
        assert_eq!(failing("[expect]\nexit = 1\n", &scene), ["exit"]);
    }

    #[test]
    fn patterns_have_wildcards() {
        assert!(fits("*##:##:##*", "Sun Nov 22 00:50:48 UTC 2026"));
        assert!(!fits("##", "1a"));
        assert!(fits("a?c*", "abc"));
        assert!(fits("*", ""));
    }
}
