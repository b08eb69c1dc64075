//! Brackets that look like JSON and are none: single or curly quotes, a comma too many, a bracket
//! missing. They are silently text (dockerfile-spec.md, 3), which is hardly meant.

use super::super::judge::Judge;
use super::super::note::Note;
use super::word_of;
use crate::parser::instruction::{Command, Healthcheck, Word};
use crate::parser::{Instruction, Located};

/// Notes brackets that would be JSON with little changed. CMD and ENTRYPOINT have a warning of
/// their own, which says the same.
pub(super) fn brackets(judge: &mut Judge<'_>, at: &Located<Instruction>) {
    let command = match &at.value {
        Instruction::Run(run) => Some(&run.command),
        Instruction::Healthcheck(Healthcheck::Check(check)) => Some(&check.command),
        _ => None,
    };
    let word = match (command, &at.value) {
        (Some(Command::Shell(text)), _) => Some(text.clone()),
        (_, Instruction::Copy(copy)) => joined(&copy.transfer.sources, &copy.transfer.destination),
        (_, Instruction::Add(add)) => joined(&add.transfer.sources, &add.transfer.destination),
        (_, Instruction::Volume(words)) => words
            .split_last()
            .and_then(|(last, words)| joined(words, last)),
        _ => None,
    };
    let Some(word) = word else { return };
    if let Some(meant) = repaired(&word.text) {
        let instruction = word_of(at);
        judge.note(at, word.span, Note::AlmostJson { instruction, meant });
    }
}

fn joined(words: &[Word], last: &Word) -> Option<Word> {
    let texts: Vec<&str> = words
        .iter()
        .chain([last])
        .map(|word| word.text.as_str())
        .collect();
    let span = words.first().unwrap_or(last).span.to(last.span);
    let text = texts.join(" ");
    text.starts_with('[').then_some(Word { text, span })
}

/// Returns the JSON array that a text nearly is.
pub(super) fn repaired(text: &str) -> Option<String> {
    let inner = text.trim().strip_prefix('[')?.trim_end();
    let inner = inner.strip_suffix(']').unwrap_or(inner);
    let inner = inner.trim().trim_end_matches(',');
    let plain = inner.replace(['\u{2018}', '\u{2019}'], "'");
    let plain = plain.replace(['\u{201C}', '\u{201D}'], "\"");
    let quoted = if plain.contains('"') {
        plain
    } else {
        plain.replace('\'', "\"")
    };
    let words: Vec<String> = serde_json::from_str(&format!("[{quoted}]")).ok()?;
    (!words.is_empty()).then(|| json(&words))
}

/// Writes words as people write them: with a space behind the comma.
pub(super) fn json(words: &[String]) -> String {
    let strings = words.iter().map(|word| format!("{word:?}"));
    format!("[{}]", strings.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::repaired;

    #[test]
    fn single_quotes_missing_brackets_and_commas_are_repaired() {
        let meant = Some("[\"node\", \"server.js\"]".to_owned());
        for text in [
            "['node', 'server.js']",
            "[\"node\", \"server.js\",]",
            "[\"node\", \"server.js\"",
            "[\u{201C}node\u{201D}, \u{201C}server.js\u{201D}]",
        ] {
            assert_eq!(repaired(text), meant, "{text}");
        }
    }

    #[test]
    fn a_test_of_the_shell_is_no_json() {
        for text in [
            "[ -f /x ] && true",
            "[[ $a = b ]]",
            "echo",
            "[]",
            "[ \"$A\" = 'b' ]",
        ] {
            assert_eq!(repaired(text), None, "{text}");
        }
    }
}
