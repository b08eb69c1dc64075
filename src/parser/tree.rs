//! A syntax file as a tree to be drawn: what `strata parse` shows a person.

use super::syntax::{Arguments, Command, File, Heredoc, Node, Word};
use crate::language::Language;

/// A branch: what it is, its text, and what hangs on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// What it is.
    pub label: Label,
    /// Its text; may hold line ends (here-documents).
    pub text: String,
    /// First and last line, from 1, where it has lines of its own.
    pub lines: Option<(usize, usize)>,
    /// What it is made of.
    pub branches: Vec<Branch>,
}

/// What a branch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// A parser directive.
    Directive,
    /// An instruction; the text is its word in upper case.
    Instruction,
    /// A flag.
    Flag,
    /// One string for a shell.
    Shell,
    /// The exec form; its words hang on it.
    Exec,
    /// A word.
    Word,
    /// A pair, as `key = value`.
    Pair,
    /// The rest of the line.
    Text,
    /// A here-document; the text is its name, its body hangs on it.
    Heredoc,
    /// A here-document's body.
    Body,
    /// The type of a HEALTHCHECK.
    Kind,
}

crate::messages! {
    directive() { en: "directive", ko: "지시자" }
    instruction() { en: "instruction", ko: "명령" }
    flag() { en: "flag", ko: "플래그" }
    shell() { en: "shell form", ko: "셸 형식" }
    exec() { en: "exec form", ko: "exec 형식" }
    word() { en: "word", ko: "단어" }
    pair() { en: "pair", ko: "쌍" }
    text() { en: "text", ko: "문자열" }
    heredoc() { en: "heredoc", ko: "heredoc" }
    body() { en: "body", ko: "본문" }
    kind() { en: "type", ko: "종류" }
}

impl Label {
    /// Returns the word for it.
    pub fn name(self, language: Language) -> String {
        match self {
            Self::Directive => directive(language),
            Self::Instruction => instruction(language),
            Self::Flag => flag(language),
            Self::Shell => shell(language),
            Self::Exec => exec(language),
            Self::Word => word(language),
            Self::Pair => pair(language),
            Self::Text => text(language),
            Self::Heredoc => heredoc(language),
            Self::Body => body(language),
            Self::Kind => kind(language),
        }
    }
}

/// Returns a file's tree: directives first, then instructions.
pub fn tree(file: &File) -> impl Iterator<Item = Branch> + '_ {
    let directives = file.directives.iter().map(|directive| Branch {
        lines: Some((directive.line, directive.line)),
        ..leaf(
            Label::Directive,
            format!("{}={}", directive.name, directive.value.text),
        )
    });
    let instructions = file.instructions.iter().map(|node| Branch {
        lines: Some(node.lines),
        ..of_node(node)
    });
    directives.chain(instructions)
}

fn leaf(label: Label, text: impl Into<String>) -> Branch {
    Branch {
        label,
        text: text.into(),
        lines: None,
        branches: Vec::new(),
    }
}

/// The reader limits how deep ONBUILD goes, so this recursion is short.
fn of_node(node: &Node) -> Branch {
    let flags = node.flags.iter().map(|flag| leaf(Label::Flag, &flag.text));
    let trigger = node.onbuild.iter().map(|inner| of_node(inner));
    let heredocs = node.heredocs.iter().map(of_heredoc);
    let parts = flags
        .chain(of_arguments(&node.arguments))
        .chain(trigger)
        .chain(heredocs);
    Branch {
        branches: parts.collect(),
        ..leaf(Label::Instruction, &node.name)
    }
}

fn of_arguments(arguments: &Arguments) -> Vec<Branch> {
    match arguments {
        Arguments::None => Vec::new(),
        Arguments::Shell(word) => vec![leaf(Label::Shell, &word.text)],
        Arguments::Exec(words) => vec![of_exec(words)],
        Arguments::Words(words) => of_words(words),
        Arguments::Text(word) => vec![leaf(Label::Text, &word.text)],
        Arguments::Pairs(pairs) => {
            let written = pairs
                .iter()
                .map(|pair| format!("{} = {}", pair.key.text, pair.value.text));
            written.map(|text| leaf(Label::Pair, text)).collect()
        }
        Arguments::Check { kind, command } => {
            let mut parts = vec![leaf(Label::Kind, &kind.text)];
            parts.extend(command.as_deref().map(|command| match command {
                Command::Shell(word) => leaf(Label::Shell, &word.text),
                Command::Exec(words) => of_exec(words),
            }));
            parts
        }
    }
}

/// The strings of an array are shown as they can be typed: one may hold a line end.
fn of_exec(words: &[Word]) -> Branch {
    let quoted = |word: &Word| {
        leaf(
            Label::Word,
            serde_json::Value::from(&*word.text).to_string(),
        )
    };
    Branch {
        branches: words.iter().map(quoted).collect(),
        ..leaf(Label::Exec, "")
    }
}

fn of_words(words: &[Word]) -> Vec<Branch> {
    words
        .iter()
        .map(|word| leaf(Label::Word, &word.text))
        .collect()
}

fn of_heredoc(heredoc: &Heredoc) -> Branch {
    // The end of its last line begins no other line.
    let body = heredoc.content.strip_suffix('\n');
    let body = body.map(|body| leaf(Label::Body, body));
    Branch {
        branches: body.into_iter().collect(),
        ..leaf(Label::Heredoc, &heredoc.name)
    }
}

#[cfg(test)]
mod tests {
    use super::{Branch, Label, leaf, tree};
    use crate::parser::syntax;
    use crate::source::Source;

    #[test]
    fn an_instruction_is_a_branch_with_its_flags_and_words() {
        let source = Source::new(
            "Dockerfile",
            "# check=skip=all\nFROM --platform=a b\nCMD [\"c\"]\n",
        );
        let exec = Branch {
            branches: vec![leaf(Label::Word, "\"c\"")],
            ..leaf(Label::Exec, "")
        };
        let instruction = |name, line, branches| Branch {
            lines: Some((line, line)),
            branches,
            ..leaf(Label::Instruction, name)
        };
        let from = vec![leaf(Label::Flag, "--platform=a"), leaf(Label::Word, "b")];
        let directive = Branch {
            lines: Some((1, 1)),
            ..leaf(Label::Directive, "check=skip=all")
        };
        assert_eq!(
            tree(&syntax(&source).unwrap()).collect::<Vec<_>>(),
            [
                directive,
                instruction("FROM", 2, from),
                instruction("CMD", 3, vec![exec])
            ]
        );
    }
}
