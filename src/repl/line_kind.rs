//! What a typed line is: an instruction of the draft, a command, or a line for the host's shell.

use crate::parser::{Completeness, INSTRUCTIONS, Missing, completeness};

/// What a typed line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    /// Nothing but spaces.
    Empty,
    /// `!cmd`.
    Shell,
    /// An instruction of the draft, also a misspelt one, or a comment of it.
    Instruction,
    /// A verb with its arguments.
    Command,
}

impl LineKind {
    /// Tells what a line is by its first word: upper case begins an instruction; a lower-case
    /// instruction word begins one too, unless it is a verb.
    pub fn of(line: &str, is_verb: impl Fn(&str) -> bool) -> Self {
        let line = line.trim_start();
        let word = line.split_whitespace().next().unwrap_or_default();
        let is_instruction = INSTRUCTIONS
            .iter()
            .any(|name| name.eq_ignore_ascii_case(word));
        match line.chars().next() {
            None => Self::Empty,
            Some('!') => Self::Shell,
            Some('#') => Self::Instruction,
            Some(first) if first.is_ascii_uppercase() => Self::Instruction,
            Some(_) if is_instruction && !is_verb(word) => Self::Instruction,
            Some(_) => Self::Command,
        }
    }
}

/// Tells whether a text can be carried out, or more lines belong to it. `is_verb` tells lower-case
/// instruction words from verbs.
pub fn is_complete(text: &str, is_verb: impl Fn(&str) -> bool) -> bool {
    missing(text, "", is_verb).is_none()
}

/// Returns what a text waits for; none for one that can be carried out. `directives` are those of
/// the draft an instruction goes into: they name the escape character.
pub fn missing(text: &str, directives: &str, is_verb: impl Fn(&str) -> bool) -> Option<Missing> {
    match LineKind::of(text, is_verb) {
        LineKind::Instruction => match completeness(&format!("{directives}{text}")) {
            Completeness::Complete => None,
            Completeness::Incomplete(missing) => Some(missing),
        },
        LineKind::Empty => None,
        LineKind::Command | LineKind::Shell => text
            .trim_end_matches(' ')
            .ends_with('\\')
            .then_some(Missing::Continuation),
    }
}

/// Cuts a pasted text into what can be carried out one after the other. The last piece may be
/// incomplete. Parser directives at the top count for all of it.
pub fn pieces(text: &str, is_verb: impl Fn(&str) -> bool) -> Vec<String> {
    let directives: String = text
        .split_inclusive('\n')
        .take_while(|line| line.starts_with('#'))
        .collect();
    let mut pieces = Vec::new();
    let mut piece = String::new();
    for line in text.split_inclusive('\n') {
        piece.push_str(line);
        let typed = piece.trim_end_matches(['\n', '\r']);
        let is_done = match LineKind::of(typed, &is_verb) {
            LineKind::Instruction => missing(typed, &directives, |_| false).is_none(),
            _ => is_complete(typed, &is_verb),
        };
        if is_done {
            pieces.push(typed.to_owned());
            piece.clear();
        }
    }
    pieces.push(piece);
    pieces.retain(|piece| !piece.trim().is_empty());
    pieces
}

#[cfg(test)]
mod tests {
    use super::LineKind::{Command, Empty, Instruction, Shell};
    use super::*;

    fn is_verb(word: &str) -> bool {
        ["run", "images"].contains(&word)
    }

    #[test]
    fn the_first_word_decides() {
        let kinds = [
            "", "  ", "!ls", "# note", "RUN a", "RUNN a", "copy a b", "run a", "images", "whatever",
        ];
        let kinds = kinds.map(|line| LineKind::of(line, is_verb));
        let expected = [
            Empty,
            Empty,
            Shell,
            Instruction,
            Instruction,
            Instruction,
            Instruction,
            Command,
            Command,
            Command,
        ];
        assert_eq!(kinds, expected);
    }

    #[test]
    fn a_command_goes_on_after_a_backslash() {
        assert!(!is_complete("run a \\", is_verb));
        assert!(is_complete("run a", is_verb));
    }

    #[test]
    fn an_instruction_goes_on_after_a_backslash_and_inside_a_heredoc() {
        assert!(!is_complete("RUN a \\", is_verb));
        assert!(!is_complete("RUN <<EOF\necho hi", is_verb));
        assert!(is_complete("RUN <<EOF\necho hi\nEOF", is_verb));
    }

    #[test]
    fn a_pasted_dockerfile_falls_into_its_instructions() {
        let text = "FROM a\n\nRUN b \\\n  && c\nCOPY <<X /x\nhello\nX\nimages\nCMD d";
        let expected = [
            "FROM a",
            "RUN b \\\n  && c",
            "COPY <<X /x\nhello\nX",
            "images",
            "CMD d",
        ];
        assert_eq!(pieces(text, is_verb), expected);
    }

    #[test]
    fn an_escape_directive_counts_for_the_whole_paste() {
        let text = "# escape=`\nFROM a\nRUN b `\n  c\n";
        assert_eq!(
            pieces(text, is_verb),
            ["# escape=`", "FROM a", "RUN b `\n  c"]
        );
    }

    #[test]
    fn an_unfinished_paste_keeps_its_end() {
        assert_eq!(
            pieces("FROM a\nRUN b \\\n", is_verb),
            ["FROM a", "RUN b \\\n"]
        );
    }
}
