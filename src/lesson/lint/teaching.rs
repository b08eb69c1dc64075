//! Nothing is used before it is taught: verbs, their options, instructions.

use std::collections::BTreeSet;

use super::Finding;
use crate::lesson::assemble::{LessonText, solution};
use crate::lesson::line::INSTRUCTIONS;
use crate::lesson::{Block, CodeRole, ConsoleLine, taught_words};

/// Verbs of the lesson itself, which every screen names.
const ALWAYS_KNOWN: [&str; 6] = ["undo", "redo", "check", "hint", "help", "next"];

/// Adds what a lesson teaches to `taught`, then reports what it uses and nobody taught.
pub(super) fn judge(lesson: &LessonText, taught: &mut BTreeSet<String>) -> Vec<Finding> {
    let file = &lesson.english;
    taught.extend(file.front.teaches.iter().cloned());
    let mut findings = Vec::new();
    for step in &file.document.steps {
        let mut used: Vec<String> = Vec::new();
        for line in solution(&step.body) {
            if let ConsoleLine::Type(line) = line {
                used.extend(taught_words(&line));
            }
        }
        for block in &step.body {
            if let Block::Code(code) = block
                && matches!(code.role, CodeRole::File { .. })
                && code.language == "dockerfile"
            {
                used.extend(instructions(&code.text));
            }
        }
        let mut seen = BTreeSet::new();
        for word in used {
            let known = taught.contains(&word) || ALWAYS_KNOWN.contains(&word.as_str());
            if !known && seen.insert(word.clone()) {
                let message = format!(
                    "`{word}` is used, but neither this lesson nor an earlier one teaches it"
                );
                findings.push(Finding::error(&file.source, "untaught", message, step.span));
            }
        }
    }
    findings
}

/// Returns the instruction words that start a line of a Dockerfile and don't continue another.
fn instructions(text: &str) -> Vec<String> {
    let mut continued = false;
    let mut found = Vec::new();
    for line in text.lines() {
        let word = line.split_whitespace().next().unwrap_or_default();
        if !continued && INSTRUCTIONS.contains(&word) {
            found.push(word.to_owned());
        }
        continued = line.trim_end().ends_with('\\');
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::tests::kinds;
    use super::*;

    #[test]
    fn verbs_options_and_instructions_are_taught_first() {
        assert!(kinds("build -t, FROM", "build -t").contains(&"untaught"));
        assert!(kinds("build, build -t, FROM", "build, FROM").contains(&"untaught"));
    }

    #[test]
    fn continued_lines_hold_no_instruction() {
        assert_eq!(
            instructions("FROM a\nRUN echo \\\n  COPY\n# ENV\nCMD x\n"),
            ["FROM", "RUN", "CMD"]
        );
    }
}
