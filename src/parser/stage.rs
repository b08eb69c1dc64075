//! A whole Dockerfile: its instructions in order, and the stages they form.

use std::fmt;

use super::error::{ParseError, ParseErrorKind};
use super::file::Reading;
use super::instruction::{Instruction, Located};
use super::lint::Warning;
use super::syntax::{Directive, Node, Word};
use super::typed;
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

/// Gives every instruction its type and groups them into stages.
pub(super) fn dockerfile(reading: Reading) -> Result<Dockerfile, Vec<ParseError>> {
    let Reading { file, mut errors } = reading;
    errors.extend(before_first_stage(&file.instructions));
    let mut instructions = Vec::with_capacity(file.instructions.len());
    for node in file.instructions {
        match located(node) {
            Ok(instruction) => instructions.push(instruction),
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() {
        errors.sort_by_key(|error| error.span);
        return Err(errors);
    }
    Ok(Dockerfile {
        escape: file.escape,
        directives: file.directives,
        stages: stages(&instructions),
        instructions,
        warnings: file.warnings,
    })
}

/// Only ARG may stand before the first FROM. One error is enough for all that do.
fn before_first_stage(nodes: &[Node]) -> Option<ParseError> {
    let early = nodes.iter().take_while(|node| node.name != "FROM");
    let known = early.filter(|node| node.name != "ARG").find_map(|node| {
        let name = typed::INSTRUCTIONS
            .into_iter()
            .find(|name| *name == node.name)?;
        Some((name, node.keyword.span))
    });
    known.map(|(instruction, span)| ParseError {
        kind: ParseErrorKind::NoStage { instruction },
        span,
        instruction: span,
    })
}

fn located(mut node: Node) -> Result<Located<Instruction>, ParseError> {
    let (span, lines) = (node.span, node.lines);
    let keyword = node.keyword.clone();
    let comments = std::mem::take(&mut node.comments);
    let original = node.original.clone();
    Ok(Located {
        value: typed::instruction(node)?,
        span,
        lines,
        original,
        keyword,
        comments,
    })
}

fn stages(instructions: &[Located<Instruction>]) -> Vec<Stage> {
    let mut stages: Vec<Stage> = Vec::new();
    for (place, located) in instructions.iter().enumerate() {
        if let Instruction::From(from) = &located.value {
            stages.push(Stage {
                index: stages.len(),
                name: from.name.as_ref().map(|named| named.name.clone()),
                base: from.image.clone(),
                platform: from.platform.clone(),
                first: place,
                last: place,
                span: located.span,
            });
        } else if let Some(stage) = stages.last_mut() {
            stage.last = place;
        }
    }
    stages
}
