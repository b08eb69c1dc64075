//! What is accepted but worth a remark. Rule names are BuildKit's, where it has the rule.

use super::instruction::{Healthcheck, Instruction, Located};
use super::syntax::{Command, Word};
use crate::diagnostic::Diagnostic;
use crate::language::Language;
use crate::source::Span;

/// A remark about a text that is accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// What it is about.
    pub rule: Rule,
    /// The bytes it is about.
    pub span: Span,
    /// The line it names, from 1.
    pub line: usize,
}

/// The rules the parser itself can judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// An empty line inside a continued instruction.
    NoEmptyContinuation,
    /// A shell form that was meant to be an exec form: `CMD ["echo", 'hi']`. strata's own rule.
    JsonArrayNotQuite,
    /// A RUN without a command, which BuildKit accepts. strata's own rule.
    RunWithoutCommand,
}

crate::messages! {
    no_empty_continuation() {
        en: "Empty continuation line",
        ko: "이어지는 명령 안에 빈 줄이 있습니다",
    }
    no_empty_continuation_help() {
        en: "remove the empty line, or write a comment there",
        ko: "빈 줄을 지우거나 그 자리에 주석을 쓰세요",
    }
    not_quite() {
        en: "this looks like a JSON array but is none, so it became a line for the shell, brackets and quotes included",
        ko: "JSON 배열처럼 보이지만 아닙니다. 대괄호와 따옴표까지 그대로 셸에 넘기는 줄이 되었습니다",
    }
    not_quite_help() {
        en: "put double quotes around every word, and commas only between words: `[\"echo\", \"hi\"]`",
        ko: "단어마다 큰따옴표를 쓰고 쉼표는 단어 사이에만 쓰세요: `[\"echo\", \"hi\"]`",
    }
}

crate::messages! {
    nothing_to_run() {
        en: "this RUN has no command: it runs an empty line, and its layer changes nothing",
        ko: "이 RUN에는 명령이 없습니다. 빈 줄을 실행하므로 레이어에서 바뀌는 것이 없습니다",
    }
    nothing_to_run_help() {
        en: "write what is to be run, for example RUN echo hi, or remove the line",
        ko: "실행할 것을 쓰거나(예: RUN echo hi) 그 줄을 지우세요",
    }
}

impl Rule {
    /// Returns the rule's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoEmptyContinuation => "NoEmptyContinuation",
            Self::JsonArrayNotQuite => "JSONArrayNotQuite",
            Self::RunWithoutCommand => "RunWithoutCommand",
        }
    }

    /// Returns the sentence.
    pub fn message(self, language: Language) -> String {
        match self {
            Self::NoEmptyContinuation => no_empty_continuation(language),
            Self::JsonArrayNotQuite => not_quite(language),
            Self::RunWithoutCommand => nothing_to_run(language),
        }
    }

    /// Returns what to type instead.
    pub fn help(self, language: Language) -> String {
        match self {
            Self::NoEmptyContinuation => no_empty_continuation_help(language),
            Self::JsonArrayNotQuite => not_quite_help(language),
            Self::RunWithoutCommand => nothing_to_run_help(language),
        }
    }
}

impl Warning {
    /// Returns the remark with its sentences in a language.
    pub fn diagnostic(&self, language: Language) -> Diagnostic {
        Diagnostic::warning(self.rule.name(), self.rule.message(language), self.span)
            .with_help(Some(self.rule.help(language)))
    }
}

/// Finds what was hardly meant.
pub(super) fn hardly_meant(
    instructions: &[Located<Instruction>],
) -> impl Iterator<Item = Warning> + '_ {
    almost_arrays(instructions).chain(empty_runs(instructions))
}

fn empty_runs(instructions: &[Located<Instruction>]) -> impl Iterator<Item = Warning> + '_ {
    let is_empty = |it: &&Located<Instruction>| match &it.value {
        Instruction::Run(run) => run.is_empty(),
        _ => false,
    };
    instructions.iter().filter(is_empty).map(|it| Warning {
        rule: Rule::RunWithoutCommand,
        span: it.keyword.span,
        line: it.lines.0,
    })
}

/// Finds shell forms that were meant to be exec forms.
fn almost_arrays(instructions: &[Located<Instruction>]) -> impl Iterator<Item = Warning> + '_ {
    instructions.iter().filter_map(|it| {
        let line = shell_line(&it.value)?;
        is_almost_array(&line.text).then_some(Warning {
            rule: Rule::JsonArrayNotQuite,
            span: line.span,
            line: it.lines.0,
        })
    })
}

fn shell_line(instruction: &Instruction) -> Option<&Word> {
    let command = match instruction {
        Instruction::Cmd(command) | Instruction::Entrypoint(command) => command,
        Instruction::Run(run) => &run.command,
        Instruction::Healthcheck(Healthcheck::Check(check)) => &check.command,
        _ => return None,
    };
    match command {
        Command::Shell(line) => Some(line),
        Command::Exec(_) => None,
    }
}

/// Tells whether a shell line was probably meant as a JSON array. A shell's own `[ -f x ]` and
/// `[[ -f x ]]` begin with a bracket too, but behind theirs stands a blank or another bracket, and
/// no comma behind the first quoted word.
fn is_almost_array(line: &str) -> bool {
    let Some(inner) = line.trim().strip_prefix('[') else {
        return false;
    };
    match inner.chars().next() {
        None | Some('[' | ']' | ':') => false,
        Some(first) if !first.is_whitespace() => true,
        Some(_) => {
            let inner = inner.trim_start();
            let quote = inner.chars().next().filter(|c| matches!(c, '"' | '\''));
            let behind = quote.and_then(|quote| inner[1..].split_once(quote));
            behind.is_some_and(|(_, behind)| behind.trim_start().starts_with(','))
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::parser::parse;
    use crate::source::Source;

    fn rules(text: &str) -> Vec<(&'static str, usize)> {
        let file = parse(&Source::new("Dockerfile", text)).expect("these texts are accepted");
        let warnings = file.warnings.iter();
        warnings.map(|it| (it.rule.name(), it.line)).collect()
    }

    #[test]
    fn an_array_that_is_not_quite_json_is_remarked() {
        for line in [
            "CMD [\"echo\", 'hi']",
            "CMD ['echo']",
            "RUN [\"a\", \"b\",]",
            "ENTRYPOINT [\"a\" \"b\"]",
            "CMD [echo, hi]",
            "CMD [ \"echo\", 'hi' ]",
            "CMD [\"echo\", \"hi\"",
            "HEALTHCHECK CMD ['a']",
        ] {
            let found = rules(&format!("FROM a\n{line}\n"));
            assert_eq!(found, [("JSONArrayNotQuite", 2)], "{line}");
        }
    }

    #[test]
    fn a_shells_own_brackets_are_left_alone() {
        for line in [
            "CMD [\"echo\", \"hi\"]",
            "RUN [ \"$a\" = b ] && echo",
            "RUN [ -f x ]",
            "RUN [[ -f x ]]",
            "CMD echo [hi]",
        ] {
            assert_eq!(rules(&format!("FROM a\n{line}\n")), [], "{line}");
        }
    }

    #[test]
    fn a_run_without_a_command_is_remarked() {
        assert_eq!(rules("FROM a\nRUN\n"), [("RunWithoutCommand", 2)]);
        assert_eq!(
            rules("FROM a\nRUN --network=none\n"),
            [("RunWithoutCommand", 2)]
        );
        assert_eq!(rules("FROM a\nRUN <<E\ntrue\nE\n"), []);
    }

    #[test]
    fn remarks_stand_in_the_order_of_the_file() {
        let found = rules("FROM a\nCMD ['a']\nRUN b \\\n\n  c\n");
        assert_eq!(
            found,
            [("JSONArrayNotQuite", 2), ("NoEmptyContinuation", 5)]
        );
    }
}
