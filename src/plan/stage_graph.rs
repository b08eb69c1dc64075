//! Which stages the target needs: names to indexes, and what refers to what.

use std::str::FromStr;

use super::error::{PlanError, PlanErrorKind};
use super::scope::Pairs;
use super::step::{Base, CopyFrom};
use crate::parser::word::{self, WordError};
use crate::parser::{Dockerfile, Instruction, Stage};
use crate::reference::ImageReference;
use crate::source::Span;

/// The stages of a file, with what each is built on and copies from.
pub struct StageGraph {
    /// By stage.
    pub bases: Vec<Base>,
    /// The stage that becomes the image.
    pub target: usize,
    /// By stage: whether the target needs it.
    pub needed: Vec<bool>,
}

impl StageGraph {
    /// Works out the graph. `globals` are the ARGs before the first FROM.
    pub fn new(
        file: &Dockerfile,
        target: Option<&str>,
        globals: &Pairs,
    ) -> Result<Self, PlanError> {
        let target = find_target(file, target)?;
        let base = |stage| base_of(file, stage, globals);
        let bases = file
            .stages
            .iter()
            .map(base)
            .collect::<Result<Vec<_>, _>>()?;
        let needed = needed(file, &bases, target)?;
        Ok(Self {
            bases,
            target,
            needed,
        })
    }
}

fn find_target(file: &Dockerfile, target: Option<&str>) -> Result<usize, PlanError> {
    let end = file
        .instructions
        .last()
        .map_or(Span::default(), |last| last.span);
    let last = file.stages.len().checked_sub(1);
    let last = last.ok_or_else(|| PlanError::new(PlanErrorKind::NoStage, end))?;
    let Some(target) = target else {
        return Ok(last);
    };
    if let Some(index) = find_name(&file.stages, target) {
        return Ok(index);
    }
    if let Some(index) = target.parse().ok().filter(|index| *index <= last) {
        return Ok(index);
    }
    let names = file.stages.iter().filter_map(|stage| stage.name.as_ref());
    let near = names
        .map(super::super::parser::stage::StageName::as_str)
        .min_by_key(|name| strsim::levenshtein(name, target));
    let suggestion = near
        .filter(|name| strsim::levenshtein(name, target) <= 2)
        .map(str::to_owned);
    let kind = PlanErrorKind::NoTarget {
        target: target.to_owned(),
        suggestion,
    };
    Err(PlanError::new(kind, file.stages[last].span))
}

/// Finds a stage by name, in any case; of equal names the later one counts.
fn find_name(stages: &[Stage], name: &str) -> Option<usize> {
    let name = name.to_lowercase();
    stages
        .iter()
        .rposition(|stage| stage.name.as_ref().is_some_and(|n| n.as_str() == name))
}

/// Returns what a stage is built on. An earlier stage comes before an image; its name is compared
/// as it is written, and stage names are kept in lower case, so `FROM Base` is an image.
fn base_of(file: &Dockerfile, stage: &Stage, globals: &Pairs) -> Result<Base, PlanError> {
    let error = |kind| PlanError::new(kind, stage.base.span);
    let written = &stage.base.text;
    let lookup = |name: &str| {
        globals
            .iter()
            .find(|(k, _)| k == name)
            .map(|(_, v)| v.clone())
    };
    let name = word::expand(written, file.escape, &lookup)
        .map_err(|word: WordError| error(PlanErrorKind::Word(word)))?
        .text;
    let earlier = &file.stages[..stage.index];
    let same_name = |s: &Stage| s.name.as_ref().is_some_and(|n| n.as_str() == name);
    if name.is_empty() {
        Err(error(PlanErrorKind::BlankBase {
            written: written.clone(),
        }))
    } else if let Some(index) = earlier.iter().rposition(same_name) {
        Ok(Base::Stage(index))
    } else if name == "scratch" {
        Ok(Base::Scratch)
    } else {
        let reference = ImageReference::from_str(&name);
        reference
            .map(Base::Image)
            .map_err(|e| error(PlanErrorKind::BadReference(e)))
    }
}

/// Returns where a `COPY --from` of a stage takes its files.
pub fn copy_from(
    stages: &[Stage],
    current: usize,
    from: &crate::parser::instruction::Word,
) -> Result<CopyFrom, PlanError> {
    let error = |kind| PlanError::new(kind, from.span);
    let name = &from.text;
    if name.contains('$') {
        return Err(error(PlanErrorKind::VariableInFrom));
    }
    if let Ok(index) = name.parse::<usize>() {
        return match index.cmp(&current) {
            std::cmp::Ordering::Less => Ok(CopyFrom::Stage(index)),
            std::cmp::Ordering::Equal => Err(error(PlanErrorKind::CircularStage {
                stage: name.clone(),
            })),
            std::cmp::Ordering::Greater => Err(error(PlanErrorKind::NoStageIndex {
                index: name.clone(),
            })),
        };
    }
    if let Some(index) = find_name(&stages[..current], name) {
        return Ok(CopyFrom::Stage(index));
    }
    match find_name(stages, name) {
        Some(index) if index == current => Err(error(PlanErrorKind::CircularStage {
            stage: name.clone(),
        })),
        Some(_) => Err(error(PlanErrorKind::LaterStage { from: name.clone() })),
        None => {
            let reference = ImageReference::from_str(name);
            reference
                .map(CopyFrom::Image)
                .map_err(|e| error(PlanErrorKind::BadReference(e)))
        }
    }
}

/// Marks what the target needs. Stages only refer to earlier ones, so one pass from the target
/// back finds everything.
fn needed(file: &Dockerfile, bases: &[Base], target: usize) -> Result<Vec<bool>, PlanError> {
    let mut needed = vec![false; bases.len()];
    needed[target] = true;
    for index in (0..=target).rev().collect::<Vec<_>>() {
        if !needed[index] {
            continue;
        }
        if let Base::Stage(below) = bases[index] {
            needed[below] = true;
        }
        for instruction in file.stage_instructions(&file.stages[index]) {
            let Instruction::Copy(copy) = &instruction.value else {
                continue;
            };
            let Some(from) = &copy.from else { continue };
            if let CopyFrom::Stage(source) = copy_from(&file.stages, index, from)? {
                needed[source] = true;
            }
        }
    }
    Ok(needed)
}
