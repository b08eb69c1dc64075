//! What the stages of a plan begin with: what is known of their base images, and what those, or
//! earlier stages, left for them with ONBUILD.

use std::collections::BTreeMap;

use super::error::PlanError;
use super::planner::{BaseInfo, PlanFailure};
use super::stage_graph::{StageGraph, copy_from};
use super::step::{Base, CopyFrom};
use super::triggers::Trigger;
use crate::parser::Dockerfile;
use crate::reference::ImageReference;

/// By stage, for those that are needed.
#[derive(Default)]
pub(super) struct Inherited {
    infos: BTreeMap<usize, BaseInfo>,
    triggers: BTreeMap<usize, Vec<Trigger>>,
}

impl Inherited {
    /// Asks about the base of every needed stage. What a base left may take files from a stage that
    /// nothing else needs, and makes it needed.
    pub fn find<E>(
        file: &Dockerfile,
        graph: &mut StageGraph,
        base: &mut dyn FnMut(&ImageReference) -> Result<BaseInfo, E>,
    ) -> Result<Self, PlanFailure<E>> {
        let mut inherited = Self::default();
        while let Some(index) = inherited.next(graph) {
            let span = file.stages[index].base.span;
            let triggers = match &graph.bases[index] {
                Base::Scratch => Vec::new(),
                Base::Stage(below) => Trigger::of_stage(file, &file.stages[*below]).collect(),
                Base::Image(reference) => {
                    let found = base(reference);
                    let info = found.map_err(|error| PlanFailure::Base { span, error })?;
                    // What takes a stage's place is not built upon: nothing is triggered.
                    let texts = info.triggers.iter().filter(|_| !graph.replaced[index]);
                    let triggers = texts.map(|text| Trigger::parse(text, span));
                    let triggers = triggers.collect::<Result<_, PlanError>>()?;
                    inherited.infos.insert(index, info);
                    triggers
                }
            };
            for trigger in &triggers {
                for from in trigger.sources() {
                    let source = copy_from(file, index, &from);
                    let source = source.map_err(|error| trigger.explain(error, span))?;
                    if let CopyFrom::Stage(source) = source {
                        graph.need(file, source)?;
                    }
                }
            }
            inherited.triggers.insert(index, triggers);
        }
        Ok(inherited)
    }

    /// Returns the first needed stage that was not looked at.
    fn next(&self, graph: &StageGraph) -> Option<usize> {
        let mut stages = graph.needed.iter().enumerate();
        stages
            .find(|(index, needed)| **needed && !self.triggers.contains_key(index))
            .map(|(index, _)| index)
    }

    /// Returns what is known of the image that a stage is built on.
    pub fn info(&self, stage: usize) -> Option<&BaseInfo> {
        self.infos.get(&stage)
    }

    /// Returns what a stage's base left for it.
    pub fn triggers(&self, stage: usize) -> &[Trigger] {
        self.triggers.get(&stage).map_or(&[], Vec::as_slice)
    }
}
