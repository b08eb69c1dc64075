//! Instructions with a type: everything planning needs, words not yet expanded.

use std::time::Duration;

use super::stage::StageName;
pub use super::syntax::{Command, Heredoc, Pair, Word};
use crate::source::Span;

/// A value and where it stands in the Dockerfile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Its bytes, heredoc bodies included.
    pub span: Span,
    /// First and last line, from 1.
    pub lines: (usize, usize),
    /// The instruction as one line, continuations joined, heredoc bodies left out.
    pub original: String,
    /// The instruction word as typed.
    pub keyword: Word,
    /// The comment lines right before it, without `#`.
    pub comments: Vec<Word>,
}

/// One of the 18 instructions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Instruction {
    /// ADD.
    Add(AddInstruction),
    /// ARG.
    Arg(Vec<Argument>),
    /// CMD.
    Cmd(Command),
    /// COPY.
    Copy(CopyInstruction),
    /// ENTRYPOINT.
    Entrypoint(Command),
    /// ENV; never empty.
    Env(Vec<Pair>),
    /// EXPOSE; never empty, ports not yet read.
    Expose(Vec<Word>),
    /// FROM.
    From(FromInstruction),
    /// HEALTHCHECK.
    Healthcheck(Healthcheck),
    /// LABEL; never empty.
    Label(Vec<Pair>),
    /// MAINTAINER.
    Maintainer(Word),
    /// ONBUILD.
    Onbuild(OnbuildInstruction),
    /// RUN.
    Run(RunInstruction),
    /// SHELL; never empty.
    Shell(Vec<Word>),
    /// STOPSIGNAL.
    StopSignal(Word),
    /// USER.
    User(Word),
    /// VOLUME; never empty.
    Volume(Vec<Word>),
    /// WORKDIR.
    Workdir(Word),
}

/// FROM: starts a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FromInstruction {
    /// The image or earlier stage, unexpanded.
    pub image: Word,
    /// `--platform`, unexpanded.
    pub platform: Option<Word>,
    /// The name after AS.
    pub name: Option<Named>,
}

/// A stage's name where it is declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The name.
    pub name: StageName,
    /// As typed: case is kept.
    pub typed: Word,
    /// The AS word as typed.
    pub keyword: Word,
}

/// ARG declares one or more of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument {
    /// The name, unexpanded.
    pub name: Word,
    /// What follows `=`, unexpanded.
    pub default: Option<Word>,
}

/// RUN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunInstruction {
    /// The command; an empty shell form where nothing was typed.
    pub command: Command,
    /// `--mount`, each unexpanded and unread.
    pub mounts: Vec<Word>,
    /// `--network`.
    pub network: Option<Word>,
    /// `--security`.
    pub security: Option<Word>,
    /// `--device`.
    pub devices: Vec<Word>,
    /// Here-documents of the shell form.
    pub heredocs: Vec<Heredoc>,
}

impl RunInstruction {
    /// Tells whether there is nothing to run.
    pub fn is_empty(&self) -> bool {
        let is_blank = match &self.command {
            Command::Shell(text) => text.text.is_empty(),
            Command::Exec(_) => false,
        };
        is_blank && self.heredocs.is_empty()
    }
}

/// What a shell-form RUN hands to its shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Script {
    /// A text for `SHELL`.
    Text(String),
    /// A file to be written and executed itself, as it begins with `#!`.
    File {
        /// The heredoc's name.
        name: String,
        /// The file's content.
        content: String,
    },
}

/// What COPY and ADD share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// Paths, patterns or (ADD) URLs, unexpanded. Empty when there are only heredocs.
    pub sources: Vec<Word>,
    /// Files written in the Dockerfile itself.
    pub heredocs: Vec<Heredoc>,
    /// The destination, unexpanded.
    pub destination: Word,
    /// `--chown`, unexpanded.
    pub chown: Option<Word>,
    /// `--chmod`, unexpanded.
    pub chmod: Option<Word>,
    /// `--link`.
    pub link: bool,
    /// `--exclude`, unexpanded.
    pub exclude: Vec<Word>,
}

/// COPY.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyInstruction {
    /// What, where to, and with which owner and mode.
    pub transfer: Transfer,
    /// `--from`: a stage, its number, or an image. Never expanded.
    pub from: Option<Word>,
    /// `--parents`.
    pub parents: bool,
}

/// ADD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddInstruction {
    /// What, where to, and with which owner and mode.
    pub transfer: Transfer,
    /// `--checksum`, unexpanded.
    pub checksum: Option<Word>,
    /// `--keep-git-dir`.
    pub keep_git_dir: bool,
    /// `--unpack`, where it was given.
    pub unpack: Option<bool>,
}

/// HEALTHCHECK.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Healthcheck {
    /// `HEALTHCHECK NONE`.
    Disabled,
    /// `HEALTHCHECK [flags] CMD command`.
    Check(HealthcheckOptions),
}

/// A health check; zero stands for "not given", as in an image's config.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthcheckOptions {
    /// What is run.
    pub command: Command,
    /// `--interval`.
    pub interval: Duration,
    /// `--timeout`.
    pub timeout: Duration,
    /// `--start-period`.
    pub start_period: Duration,
    /// `--start-interval`.
    pub start_interval: Duration,
    /// `--retries`.
    pub retries: u32,
}

/// ONBUILD: an instruction that is stored for a child image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnbuildInstruction {
    /// The instruction.
    pub trigger: Box<Instruction>,
    /// It as text, heredocs included: what an image's config stores.
    pub text: String,
}

impl Instruction {
    /// Returns the instruction word in upper case.
    ///
    /// ```
    /// use strata::parser::{Instruction, parse};
    /// use strata::source::Source;
    /// let file = parse(&Source::new("Dockerfile", "from scratch")).unwrap();
    /// assert_eq!(file.instructions[0].value.name(), "FROM");
    /// ```
    pub fn name(&self) -> &'static str {
        match self {
            Self::Add(_) => "ADD",
            Self::Arg(_) => "ARG",
            Self::Cmd(_) => "CMD",
            Self::Copy(_) => "COPY",
            Self::Entrypoint(_) => "ENTRYPOINT",
            Self::Env(_) => "ENV",
            Self::Expose(_) => "EXPOSE",
            Self::From(_) => "FROM",
            Self::Healthcheck(_) => "HEALTHCHECK",
            Self::Label(_) => "LABEL",
            Self::Maintainer(_) => "MAINTAINER",
            Self::Onbuild(_) => "ONBUILD",
            Self::Run(_) => "RUN",
            Self::Shell(_) => "SHELL",
            Self::StopSignal(_) => "STOPSIGNAL",
            Self::User(_) => "USER",
            Self::Volume(_) => "VOLUME",
            Self::Workdir(_) => "WORKDIR",
        }
    }
}

impl RunInstruction {
    /// Returns what the shell form hands to its shell; none for the exec form.
    ///
    /// A lone here-document is the script itself; with other text around it, line and bodies
    /// are put together again and the shell reads the here-documents.
    pub fn script(&self) -> Option<Script> {
        let Command::Shell(line) = &self.command else {
            return None;
        };
        let [only] = &self.heredocs[..] else {
            return Some(Script::Text(self.rebuilt(&line.text)));
        };
        // The marker is all there is: nothing else stands on the line.
        if line.span != only.marker {
            return Some(Script::Text(self.rebuilt(&line.text)));
        }
        let content = only.text();
        Some(if content.starts_with("#!") {
            let name = only.name.clone();
            Script::File { name, content }
        } else {
            Script::Text(content)
        })
    }

    fn rebuilt(&self, line: &str) -> String {
        let mut text = line.to_owned();
        for heredoc in &self.heredocs {
            text.push('\n');
            text.push_str(&heredoc.content);
            text.push_str(&heredoc.name);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::{Instruction, Script};
    use crate::parser::parse;
    use crate::source::Source;

    fn script(run: &str) -> Option<Script> {
        let file = parse(&Source::new("Dockerfile", format!("FROM a\n{run}\n"))).expect(run);
        match &file.instructions[1].value {
            Instruction::Run(run) => run.script(),
            other => panic!("a RUN, not {other:?}"),
        }
    }

    #[track_caller]
    fn check_text(run: &str, expected: &str) {
        assert_eq!(script(run), Some(Script::Text(expected.to_owned())));
    }

    #[test]
    fn a_plain_run_hands_its_line_to_the_shell() {
        check_text("RUN a \\\n  b", "a   b");
        assert_eq!(script("RUN [\"a\"]"), None);
        check_text("RUN", "");
    }

    #[test]
    fn a_lone_heredoc_is_the_script() {
        check_text(
            "RUN --mount=type=tmpfs,target=/x <<-E\n\ta\n\t b\n\tE",
            "a\n b\n",
        );
        check_text("RUN << E\na\nE", "a\n");
    }

    #[test]
    fn a_heredoc_with_text_around_it_is_left_to_the_shell() {
        check_text("RUN python3 <<E\nx\nE", "python3 <<E\nx\nE");
        check_text("RUN 3<<A 4<<B cat\n1\nA\n2\nB", "3<<A 4<<B cat\n1\nA\n2\nB");
    }

    #[test]
    fn a_lone_heredoc_with_an_interpreter_is_a_file() {
        let file = Script::File {
            name: "E".to_owned(),
            content: "#!/bin/awk\nx\n".to_owned(),
        };
        assert_eq!(script("RUN <<E\n#!/bin/awk\nx\nE"), Some(file));
    }
}
