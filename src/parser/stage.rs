//! A whole Dockerfile: its instructions in order, and the stages they form.

use std::fmt;

use super::instruction::{Instruction, Located};
use super::lint::Warning;
use super::syntax::{Directive, Word};
use crate::source::Span;

/// A Dockerfile whose every instruction makes sense by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dockerfile {
    /// The escape character: `\` or a backtick.
    pub escape: char,
    /// The parser directives.
    pub directives: Vec<Directive>,
    /// Every instruction, global ARGs included; never empty.
    pub instructions: Vec<Located<Instruction>>,
    /// The stages, in order; empty in a file of nothing but ARGs.
    pub stages: Vec<Stage>,
    /// What the reader should know though the text is accepted.
    pub warnings: Vec<Warning>,
}

/// One stage: a FROM and what follows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// Place among the stages, from 0.
    pub index: usize,
    /// Its name.
    pub name: Option<StageName>,
    /// What it is built on, unexpanded.
    pub base: Word,
    /// `--platform`, unexpanded.
    pub platform: Option<Word>,
    /// Index of its FROM among [`Dockerfile::instructions`].
    pub first: usize,
    /// Index of its last instruction.
    pub last: usize,
    /// The bytes of its FROM.
    pub span: Span,
}

/// A stage's name: lower case, a letter first, then letters, digits, `-`, `_` and `.`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StageName(String);

impl StageName {
    /// Reads a name in any case; none when it has characters a name cannot have.
    ///
    /// ```
    /// use strata::parser::StageName;
    /// assert_eq!(StageName::new("Build").unwrap().as_str(), "build");
    /// assert_eq!(StageName::new("1st"), None);
    /// ```
    pub fn new(text: &str) -> Option<Self> {
        let name = text.to_lowercase();
        let mut characters = name.chars();
        let starts_well = characters.next().is_some_and(|c| c.is_ascii_lowercase());
        let goes_on_well = characters
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.'));
        (starts_well && goes_on_well).then_some(Self(name))
    }

    /// Returns the lower-case name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Dockerfile {
    /// Returns the instructions before the first FROM: global ARGs.
    pub fn globals(&self) -> &[Located<Instruction>] {
        let end = self
            .stages
            .first()
            .map_or(self.instructions.len(), |stage| stage.first);
        &self.instructions[..end]
    }

    /// Returns the instructions of a stage, its FROM first.
    pub fn stage_instructions(&self, stage: &Stage) -> &[Located<Instruction>] {
        &self.instructions[stage.first..=stage.last]
    }
}
