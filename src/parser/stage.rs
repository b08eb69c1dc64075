//! A whole Dockerfile: its instructions in order, and the stages they form.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt;

use super::error::{ParseError, ParseErrorKind};
use super::file::{self, Reading};
use super::instruction::{Instruction, Located};
use super::lint::{self, Warning};
use super::syntax::{Directive, Node, Word};
use super::typed;
use crate::source::{Source, Span};

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
    /// The stages of each name, in order.
    named: BTreeMap<StageName, Vec<usize>>,
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

impl Borrow<str> for StageName {
    fn borrow(&self) -> &str {
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

    /// Returns the last stage of a name among the first `before` ones. The name is compared as it
    /// is; names of stages are in lower case.
    pub fn stage_named(&self, name: &str, before: usize) -> Option<usize> {
        let indexes = self.named.get(name)?;
        let count = indexes.partition_point(|index| *index < before);
        indexes[..count].last().copied()
    }

    /// Returns the instructions of a stage, its FROM first.
    pub fn stage_instructions(&self, stage: &Stage) -> &[Located<Instruction>] {
        &self.instructions[stage.first..=stage.last]
    }
}

/// Reads a text, gives every instruction its type and groups them into stages; those with errors are
/// left out.
pub(super) fn dockerfile(source: &Source) -> (Dockerfile, Vec<ParseError>) {
    let mut instructions = Vec::new();
    let mut mistakes = Vec::new();
    let mut beginning = Beginning::default();
    let Reading { file, mut errors } = file::walk(source, &mut |node| {
        mistakes.extend(beginning.look_at(&node));
        match located(node) {
            Ok(instruction) => instructions.push(instruction),
            Err(error) => mistakes.push(error),
        }
    });
    errors.append(&mut mistakes);
    errors.sort_by_key(|error| error.span);
    let stages = stages(&instructions);
    let mut named: BTreeMap<StageName, Vec<usize>> = BTreeMap::new();
    for stage in &stages {
        if let Some(name) = &stage.name {
            named.entry(name.clone()).or_default().push(stage.index);
        }
    }
    let mut warnings = file.warnings;
    warnings.extend(lint::hardly_meant(&instructions));
    warnings.sort_by_key(|warning| warning.span);
    let file = Dockerfile {
        escape: file.escape,
        directives: file.directives,
        named,
        stages,
        instructions,
        warnings,
    };
    (file, errors)
}

/// Only ARG may stand before the first FROM. One error is enough for all that do, and none is
/// needed where a word that is no instruction might be that FROM.
#[derive(Default)]
struct Beginning {
    is_over: bool,
}

impl Beginning {
    fn look_at(&mut self, node: &Node) -> Option<ParseError> {
        if self.is_over || node.name == "ARG" {
            return None;
        }
        self.is_over = true;
        let mut early = typed::INSTRUCTIONS.into_iter();
        let instruction = early.find(|name| *name != "FROM" && *name == node.name)?;
        let span = node.keyword.span;
        Some(ParseError {
            kind: ParseErrorKind::NoStage { instruction },
            span,
            instruction: span,
        })
    }
}

fn located(mut node: Node) -> Result<Located<Instruction>, ParseError> {
    let (span, lines) = (node.span, node.lines);
    let keyword = node.keyword.clone();
    let comments = std::mem::take(&mut node.comments);
    // The text of a trigger is cut out of its line.
    let original = match node.onbuild {
        Some(_) => node.original.clone(),
        None => std::mem::take(&mut node.original),
    };
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

#[cfg(test)]
mod tests {
    use crate::parser::parse;
    use crate::source::Source;

    #[test]
    fn instructions_belong_to_the_stage_before_them() {
        let text = "ARG A\nFROM a AS Build\nRUN x\nFROM --platform=p build\nRUN y\nRUN z\n";
        let file = parse(&Source::new("Dockerfile", text)).unwrap();
        let ranges: Vec<_> = file
            .stages
            .iter()
            .map(|stage| (stage.first, stage.last))
            .collect();
        assert_eq!(ranges, [(1, 2), (3, 5)]);
        assert_eq!(file.globals().len(), 1);
        assert_eq!(file.stage_instructions(&file.stages[1]).len(), 3);
        assert_eq!(file.stages[0].name.as_ref().unwrap().as_str(), "build");
        assert_eq!(file.stages[1].platform.as_ref().unwrap().text, "p");
    }

    #[test]
    fn only_arg_may_stand_before_the_first_stage() {
        let source = Source::new("Dockerfile", "ARG A\nRUN x\nENV a=b\nFROM a\n");
        let errors = parse(&source).unwrap_err();
        assert_eq!(errors.len(), 1);
        let message = "no build stage in current context: RUN before the first FROM";
        assert_eq!(errors[0].to_string(), message);
    }

    #[test]
    fn a_broken_from_is_still_the_first_stage() {
        let errors = parse(&Source::new("Dockerfile", "FROM a b\nRUN x\n")).unwrap_err();
        assert_eq!(errors.len(), 1);
    }
}
