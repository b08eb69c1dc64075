//! Lines of a continued instruction that look like something of their own: a missing `&&`, or a
//! `\` too many.
//!
//! Both are guesses about what was meant, so they are notes. A package that is installed can have a
//! command's name, and some commands take another one as their argument: those are left alone.

use super::super::judge::Judge;
use super::super::note::Note;
use super::word_of;
use crate::parser::instruction::{Command, Word};
use crate::parser::{INSTRUCTIONS, Instruction, Located};
use crate::source::Span;

/// Commands that begin a line of a RUN so often that they hardly mean an argument.
const COMMANDS: [&str; 51] = [
    "adduser",
    "addgroup",
    "apk",
    "apt",
    "apt-get",
    "bundle",
    "cargo",
    "cat",
    "cd",
    "chmod",
    "chown",
    "cmake",
    "composer",
    "cp",
    "curl",
    "dnf",
    "dpkg",
    "echo",
    "export",
    "fallocate",
    "find",
    "gem",
    "git",
    "go",
    "groupadd",
    "gunzip",
    "ln",
    "ls",
    "make",
    "mkdir",
    "mv",
    "node",
    "npm",
    "npx",
    "pip",
    "pip3",
    "printf",
    "python",
    "python3",
    "rm",
    "rmdir",
    "sed",
    "sh",
    "tar",
    "touch",
    "unzip",
    "useradd",
    "usermod",
    "wget",
    "yarn",
    "yum",
];

/// Commands that are no packages: also after `install` they are meant as commands.
const NO_PACKAGES: [&str; 10] = [
    "cd", "chmod", "chown", "cp", "ln", "mkdir", "mv", "rm", "rmdir", "touch",
];

/// Words whose arguments are commands, or any text at all.
const WRAPPERS: [&str; 14] = [
    "-exec", "command", "echo", "env", "exec", "gosu", "nice", "nohup", "printf", "su", "sudo",
    "time", "timeout", "xargs",
];

/// Looks through the lines of an instruction.
pub(super) fn lines(judge: &mut Judge<'_>, at: &Located<Instruction>) {
    let lines = lines_of(judge, at);
    let command = match &at.value {
        Instruction::Run(run) if run.heredocs.is_empty() => match &run.command {
            Command::Shell(text) => Some(text),
            Command::Exec(_) => None,
        },
        _ => None,
    };
    let mut script = Script::default();
    for (place, line) in lines.iter().enumerate() {
        let runs_on = script.runs_on(&line.text);
        script.read(&line.text);
        if place == 0 {
            continue;
        }
        let first = first_word(&line.text);
        let (word, length) = (first.to_owned(), first.len());
        let span = Span::new(line.span.start, line.span.start + length);
        if INSTRUCTIONS.contains(&first) {
            let instruction = word_of(at);
            judge.note(at, span, Note::Swallowed { instruction, word });
        } else if let Some(text) = command
            && span.start > text.span.start
            && let Some(command) = runs_on
        {
            judge.note(at, span, Note::RunOn { command, word });
        }
    }
}

/// Returns the lines of an instruction, without `\`, comments, empty lines, here-documents and
/// leading white space.
fn lines_of(judge: &Judge<'_>, at: &Located<Instruction>) -> Vec<Word> {
    if at.lines.0 == at.lines.1 || at.original.contains("<<") {
        return Vec::new();
    }
    let numbers = at.lines.0..=at.lines.1;
    let lines = numbers.map(|number| {
        let span = judge.source.line_span(number);
        let text = judge.source.slice(span);
        let indented = text.len() - text.trim_start().len();
        let text = text.trim().trim_end_matches(judge.file.escape).trim_end();
        let start = span.start + indented;
        Word {
            text: text.to_owned(),
            span: Span::new(start, start + text.len()),
        }
    });
    lines
        .filter(|line| !line.text.is_empty() && !line.text.starts_with('#'))
        .collect()
}

fn first_word(text: &str) -> &str {
    text.split(char::is_whitespace).next().unwrap_or_default()
}

/// What of a script has been read: its last command, and whether a quote is open. A few facts are
/// kept rather than the words, as there may be many.
#[derive(Debug, Default)]
struct Script {
    /// The first word of the last command; none where a new one begins.
    command: Option<String>,
    /// It installs something, so that any word can be a package.
    installs: bool,
    /// Its arguments are commands or text.
    is_text: bool,
    /// Its last word is an option, which may want a value.
    stays_open: bool,
    /// How many quotes have been seen, single and double.
    quotes: [usize; 2],
}

impl Script {
    fn read(&mut self, line: &str) {
        self.quotes[0] += line.matches('\'').count();
        self.quotes[1] += line.matches('"').count();
        for word in line.split_whitespace() {
            self.take(word);
        }
    }

    fn take(&mut self, word: &str) {
        let is_operator = OPERATORS.contains(&word);
        if is_operator || word.ends_with([';', '|', '&', '(', '{']) {
            let quotes = self.quotes;
            *self = Self {
                quotes,
                ..Self::default()
            };
            return;
        }
        self.is_text |= WRAPPERS.contains(&word);
        if self.command.is_none() {
            if !is_not_yet_a_command(word) {
                self.command = Some(word.to_owned());
            }
            return;
        }
        self.installs |= matches!(word, "install" | "add" | "update");
        self.stays_open = word.starts_with('-');
    }

    /// Tells whether a line begins a command though nothing separates it from the one before; then
    /// returns that one.
    fn runs_on(&self, line: &str) -> Option<String> {
        let word = first_word(line);
        let has_arguments = line.len() > word.len();
        // Inside quotes everything is text.
        let is_quoted = self.quotes.iter().any(|count| count % 2 == 1);
        if !COMMANDS.contains(&word) || !has_arguments || is_quoted {
            return None;
        }
        let may_be_package = self.installs && !NO_PACKAGES.contains(&word);
        let command = self.command.clone()?;
        (!self.is_text && !self.stays_open && !may_be_package).then_some(command)
    }
}

/// Words behind which a command begins.
const OPERATORS: [&str; 13] = [
    "&&", "||", ";", "|", "&", "(", "{", "do", "then", "else", "if", "while", "!",
];

/// RUN itself, its flags, `set -x` style assignments before a command.
fn is_not_yet_a_command(word: &str) -> bool {
    word.eq_ignore_ascii_case("RUN") || word.starts_with("--") || word.contains('=')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs_on_after(lines: &[&str], line: &str) -> Option<String> {
        let mut script = Script::default();
        for line in lines {
            script.read(line);
        }
        script.runs_on(line)
    }

    #[test]
    fn a_command_without_a_separator_runs_on() {
        let found = runs_on_after(&["RUN mkdir /test"], "touch /test/x");
        assert_eq!(found.as_deref(), Some("mkdir"));
        let found = runs_on_after(&["RUN --network=none A=1 cp a b &&", "mkdir x"], "rm -rf y");
        assert_eq!(found.as_deref(), Some("mkdir"));
        let found = runs_on_after(&["RUN apt-get install -y curl"], "rm -rf /var/lib/apt");
        assert_eq!(found.as_deref(), Some("apt-get"));
    }

    #[test]
    fn what_is_separated_or_an_argument_is_left_alone() {
        for (before, line) in [
            ("RUN mkdir /test &&", "touch /test/x"),
            ("RUN set -e;", "mkdir x"),
            ("RUN if true; then", "mkdir x"),
            ("RUN apt-get install package-1", "package-2"),
            ("RUN apt-get install -y curl", "git make"),
            ("RUN find . -name x |", "xargs rm"),
            ("RUN find . -name x -exec", "rm -f x"),
            ("RUN xargs -n 1", "rm -f"),
            ("RUN sh -c 'mkdir a", "touch b'"),
            ("RUN mkdir", "touch"),
        ] {
            assert_eq!(runs_on_after(&[before], line), None, "{before} / {line}");
        }
    }
}
