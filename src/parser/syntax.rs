//! A Dockerfile as it is written: instructions, flags and words with their places, nothing judged.
//!
//! This is what `strata parse` shows. An unknown instruction or flag is still here; whether it
//! makes sense is decided when [`super::instruction`] gives it a type.

use super::lint::Warning;
use crate::source::Span;

/// A file, read but not judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// The escape character: `\` or a backtick.
    pub escape: char,
    /// The parser directives, in order.
    pub directives: Vec<Directive>,
    /// The instructions, in order; never empty.
    pub instructions: Vec<Node>,
    /// Which instructions form which stage.
    pub stages: Vec<Outline>,
    /// What the reader should know though the text is accepted.
    pub warnings: Vec<Warning>,
}

/// A parser directive, such as `# syntax=docker/dockerfile:1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directive {
    /// The name in lower case: `syntax`, `escape` or `check`.
    pub name: String,
    /// The value as written.
    pub value: Word,
    /// Its line, from 1.
    pub line: usize,
}

/// A piece of text and where it stands. Nothing in it is expanded.
///
/// `text` can differ from the source under `span`: continuations are joined, JSON strings are
/// decoded, and flags have lost their quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The text.
    pub text: String,
    /// Its bytes in the source, continuations in between included.
    pub span: Span,
}

/// One instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The instruction word as typed.
    pub keyword: Word,
    /// The instruction word in upper case.
    pub name: String,
    /// The leading `--name[=value]` words; a bare `--` is left out.
    pub flags: Vec<Flag>,
    /// What follows the flags.
    pub arguments: Arguments,
    /// The here-documents, in the order of their bodies. Those of an ONBUILD's trigger are at
    /// the ONBUILD.
    pub heredocs: Vec<Heredoc>,
    /// The trigger of an ONBUILD.
    pub onbuild: Option<Box<Node>>,
    /// The comment lines right before it, without `#`.
    pub comments: Vec<Word>,
    /// Its bytes, heredoc bodies and terminators included.
    pub span: Span,
    /// First and last line, from 1, heredoc terminators included.
    pub lines: (usize, usize),
    /// The instruction as one line, continuations joined, heredoc bodies left out.
    pub original: String,
}

/// A flag with its quotes and escapes resolved, as BuildKit does before it looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// The whole flag: `--from=build`.
    pub text: String,
    /// Its bytes.
    pub span: Span,
}

impl Flag {
    /// Returns the name without dashes: `from`.
    pub fn name(&self) -> &str {
        let text = self.text.strip_prefix("--").unwrap_or(&self.text);
        text.split_once('=').map_or(text, |(name, _)| name)
    }

    /// Returns what follows the first `=`, if there is one.
    pub fn value(&self) -> Option<&str> {
        self.text.split_once('=').map(|(_, value)| value)
    }
}

/// What follows the flags, in the form its instruction asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arguments {
    /// Nothing, or the arguments of an unknown instruction, or ONBUILD's (see [`Node::onbuild`]).
    None,
    /// One string for a shell.
    Shell(Word),
    /// A JSON array, decoded.
    Exec(Vec<Word>),
    /// Words; those of ARG keep their quotes and escapes.
    Words(Vec<Word>),
    /// Pairs of ENV and LABEL.
    Pairs(Vec<Pair>),
    /// The rest of the line as one string.
    Text(Word),
    /// HEALTHCHECK: its type (`CMD`, `NONE`), then the command.
    Check {
        /// `CMD`, `NONE`, or whatever was typed.
        kind: Word,
        /// What follows the type.
        command: Option<Box<Command>>,
    },
}

/// A command in one of its two forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// One string for a shell: `RUN echo hi`.
    Shell(Word),
    /// The words themselves, decoded from JSON: `RUN ["echo", "hi"]`. May be empty.
    Exec(Vec<Word>),
}

/// A key and its value. Quotes and escapes are kept, nothing is expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The key.
    pub key: Word,
    /// The value.
    pub value: Word,
    /// Written `KEY rest of the line` instead of `KEY=value`.
    pub legacy: bool,
}

/// A here-document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heredoc {
    /// The name without quotes: the terminator, and the file's name for COPY and ADD.
    pub name: String,
    /// The body as written, leading tabs included.
    pub content: String,
    /// Variables in the body are expanded (COPY, ADD): no part of the name was quoted.
    pub expand: bool,
    /// Written `<<-`: leading tabs do not count.
    pub strip_tabs: bool,
    /// The number before `<<`, 0 where there is none.
    pub fd: u32,
    /// The bytes of the marker.
    pub marker: Span,
    /// The bytes of the body.
    pub body: Span,
}

impl Heredoc {
    /// Returns the body as it is used: without leading tabs where `<<-` asks for that.
    pub fn text(&self) -> String {
        if !self.strip_tabs {
            return self.content.clone();
        }
        let lines = self.content.split_inclusive('\n');
        lines.map(|line| line.trim_start_matches('\t')).collect()
    }
}

/// Where a stage lies, whether or not its FROM makes sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// Place among the stages, from 0.
    pub index: usize,
    /// The name in lower case.
    pub name: Option<String>,
    /// The base as written; empty where FROM has no argument.
    pub base: String,
    /// The value of `--platform` as written.
    pub platform: Option<String>,
    /// Index of the FROM among the file's instructions.
    pub first: usize,
    /// Index of the last instruction of the stage.
    pub last: usize,
}
