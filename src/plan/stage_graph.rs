//! Which stages the target needs: names to indexes, and what refers to what.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use super::error::{PlanError, PlanErrorKind};
use super::globals::Globals;
use super::mount;
use super::named::{FolderBase, begun, stage_context};
use super::planner::PlanOptions;
use super::step::{Base, CopyFrom};
use super::triggers::Trigger;
use crate::parser::instruction::Word;
use crate::parser::word::WordError;
use crate::parser::{Dockerfile, Instruction, Stage, StageName, nearest};
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
    /// By stage: whether `--build-context` put something in its place, so that its instructions
    /// are not carried out.
    pub(super) replaced: Vec<bool>,
    /// By stage: the folder that it begins with, where `--build-context` says so.
    pub(super) folders: Vec<Option<FolderBase>>,
}

impl StageGraph {
    /// Works out the graph. `globals` are the ARGs before the first FROM.
    pub fn new(
        file: &Dockerfile,
        options: &PlanOptions,
        globals: &Globals,
    ) -> Result<Self, PlanError> {
        let target = find_target(file, options.target.as_deref())?;
        let stages = file.stages.len();
        let mut graph = Self {
            bases: Vec::with_capacity(stages),
            target,
            needed: vec![false; stages],
            replaced: Vec::with_capacity(stages),
            folders: Vec::with_capacity(stages),
        };
        for stage in &file.stages {
            let own = stage_context(&options.contexts, stage);
            graph.replaced.push(own.is_some());
            let (base, folder) = match own {
                Some(context) => context,
                None => begun(base_of(file, stage, globals)?, &options.contexts),
            };
            graph.bases.push(base);
            graph.folders.push(folder);
        }
        graph.need(file, target)?;
        Ok(graph)
    }

    /// Marks a stage, and all that it needs itself.
    pub(super) fn need(&mut self, file: &Dockerfile, stage: usize) -> Result<(), PlanError> {
        let mut waiting = vec![stage];
        while let Some(index) = waiting.pop() {
            if std::mem::replace(&mut self.needed[index], true) {
                continue;
            }
            if let Base::Stage(below) = self.bases[index] {
                waiting.push(below);
            }
            if self.replaced[index] {
                continue;
            }
            for from in sources_of(file, index) {
                if let CopyFrom::Stage(source) = copy_from(file, index, &from)? {
                    waiting.push(source);
                }
            }
        }
        Ok(())
    }
}

pub(super) fn find_target(file: &Dockerfile, target: Option<&str>) -> Result<usize, PlanError> {
    let end = file
        .instructions
        .last()
        .map_or(Span::default(), |last| last.span);
    let last = file.stages.len().checked_sub(1);
    let last = last.ok_or_else(|| PlanError::new(PlanErrorKind::NoStage, end))?;
    let Some(target) = target else {
        return Ok(last);
    };
    if let Some(index) = file.stage_named(&target.to_lowercase(), usize::MAX) {
        return Ok(index);
    }
    if let Some(index) = target.parse().ok().filter(|index| *index <= last) {
        return Ok(index);
    }
    let names = file.stages.iter().filter_map(|stage| stage.name.as_ref());
    let suggestion = nearest(target, names.map(StageName::as_str));
    let kind = PlanErrorKind::NoTarget {
        target: target.to_owned(),
        suggestion,
    };
    Err(PlanError::new(kind, file.stages[last].span))
}

/// Returns what a stage is built on. An earlier stage comes before an image; its name is compared
/// as it is written, and stage names are kept in lower case, so `FROM Base` is an image.
pub(super) fn base_of(
    file: &Dockerfile,
    stage: &Stage,
    globals: &Globals,
) -> Result<Base, PlanError> {
    let error = |kind| PlanError::new(kind, stage.base.span);
    let written = &stage.base.text;
    let name = globals
        .expand(written, file.escape)
        .map_err(|word: WordError| error(PlanErrorKind::Word(word)))?
        .text;
    if name.is_empty() {
        Err(error(PlanErrorKind::BlankBase {
            written: written.clone(),
        }))
    } else if let Some(index) = file.stage_named(&name, stage.index) {
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

/// Returns where a `COPY --from` or the `from` of a mount takes its files.
pub fn copy_from(file: &Dockerfile, current: usize, from: &Word) -> Result<CopyFrom, PlanError> {
    let error = |kind| PlanError::new(kind, from.span);
    let name = &from.text;
    if name.contains('$') {
        return Err(error(PlanErrorKind::VariableInFrom));
    }
    match meant_stage(file, current, name) {
        Meant::Stage(index) if index < current => Ok(CopyFrom::Stage(index)),
        Meant::Stage(index) if is_short(file) && leads_to(file, index, current) => {
            Err(error(PlanErrorKind::CircularStage {
                stage: label(&file.stages[current]),
            }))
        }
        Meant::Stage(index) => Err(error(PlanErrorKind::LaterStage {
            from: label(&file.stages[index]),
            current: label(&file.stages[current]),
        })),
        Meant::NoIndex => Err(error(PlanErrorKind::NoStageIndex {
            index: name.clone(),
        })),
        Meant::Image => {
            let reference = ImageReference::from_str(name);
            reference
                .map(CopyFrom::Image)
                .map_err(|e| error(PlanErrorKind::BadReference(e)))
        }
    }
}

/// What a name behind `from` means.
enum Meant {
    /// A stage, not necessarily an earlier one.
    Stage(usize),
    /// A number that no stage has.
    NoIndex,
    /// An image.
    Image,
}

fn meant_stage(file: &Dockerfile, current: usize, name: &str) -> Meant {
    if let Ok(index) = name.parse::<i64>() {
        let index = usize::try_from(index).unwrap_or(usize::MAX);
        return if index < file.stages.len() {
            Meant::Stage(index)
        } else {
            Meant::NoIndex
        };
    }
    let name = name.to_lowercase();
    let earlier = file.stage_named(&name, current);
    match earlier.or_else(|| file.stage_named(&name, usize::MAX)) {
        Some(index) => Meant::Stage(index),
        None => Meant::Image,
    }
}

/// How many stages are followed to find a circle.
const FOLLOWED: usize = 64;

/// Tells whether a circle of stages is looked for, and told from a stage that only comes too late:
/// nobody writes more instructions, and a file of a megabyte can have a hundred thousand.
fn is_short(file: &Dockerfile) -> bool {
    file.instructions.len() <= 300
}

/// Tells whether a stage needs another one, itself included, whatever their order.
fn leads_to(file: &Dockerfile, start: usize, goal: usize) -> bool {
    let mut seen = BTreeSet::new();
    let mut waiting = vec![start];
    while let Some(index) = waiting.pop() {
        if index == goal {
            return true;
        }
        if !seen.insert(index) || seen.len() > FOLLOWED {
            continue;
        }
        for from in sources_of(file, index) {
            if let Meant::Stage(source) = meant_stage(file, index, &from.text) {
                waiting.push(source);
            }
        }
        let base = &file.stages[index].base.text;
        waiting.extend(file.stage_named(base, index));
    }
    false
}

/// Returns what the instructions of a stage take files from, in order.
fn sources_of(file: &Dockerfile, stage: usize) -> Vec<Word> {
    let instructions = file.stage_instructions(&file.stages[stage]).iter();
    instructions
        .flat_map(|instruction| sources_of_instruction(&instruction.value))
        .collect()
}

/// Returns what one instruction takes files from.
pub(super) fn sources_of_instruction(instruction: &Instruction) -> Vec<Word> {
    match instruction {
        Instruction::Copy(copy) => copy.from.iter().cloned().collect(),
        Instruction::Run(run) => run.mounts.iter().filter_map(mount::from_of).collect(),
        _ => Vec::new(),
    }
}

/// What messages call a stage: its name, or its number as BuildKit writes it.
fn label(stage: &Stage) -> String {
    stage.name.as_ref().map_or_else(
        || format!("stage-{}", stage.index),
        |name| name.as_str().to_owned(),
    )
}

/// Tells which stages a target needs, as far as that can be told of a file with mistakes.
pub(super) fn reachable(file: &Dockerfile, bases: &[Option<Base>], target: usize) -> Vec<bool> {
    let mut left: BTreeMap<usize, Vec<Word>> = BTreeMap::new();
    let mut reached = vec![false; bases.len()];
    reached[target] = true;
    for index in (0..=target).rev() {
        if !reached[index] {
            continue;
        }
        let mut sources = sources_of(file, index);
        if let Some(Base::Stage(below)) = bases[index] {
            reached[below] = true;
            let left = left.entry(below).or_insert_with(|| left_by(file, below));
            sources.extend(left.iter().cloned());
        }
        for from in sources {
            if let Ok(CopyFrom::Stage(source)) = copy_from(file, index, &from) {
                reached[source] = true;
            }
        }
    }
    reached
}

/// Returns what the triggers of a stage take files from in one that is built on it.
fn left_by(file: &Dockerfile, stage: usize) -> Vec<Word> {
    let triggers = Trigger::of_stage(file, &file.stages[stage]);
    triggers
        .flat_map(|trigger| trigger.sources())
        .take(FOLLOWED)
        .collect()
}
