//! Steps of different stages that will turn out to be the same one.
//!
//! Two steps are twins when everything that decides their keys is equal: the image that their
//! stages begin with, every step before them, and what they do themselves. That is seen before
//! anything is built. One of them is made, the one that stands first in the file, and the others
//! find it: so the verdicts of a build do not depend on which stage happens to be faster.

use std::collections::HashMap;

use super::step::{Base, LayerStep, Plan, StepId, StepKind};
use crate::digest::ImageId;
use crate::reference::ImageReference;

/// By step: the nearest one before it, of another stage, that asks for the same.
pub type Twins = HashMap<StepId, StepId>;

/// What a step stands on, as far as its key goes: equal numbers stand for equal keys.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Below {
    parent: Parent,
    /// The `--link` steps since then.
    linked: Vec<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Parent {
    Nothing,
    Image(ImageId),
    Step(usize),
}

impl Below {
    fn new(parent: Parent) -> Self {
        Self {
            parent,
            linked: Vec::new(),
        }
    }
}

/// Finds the twins of a plan. `image` says which image a name stands for.
pub fn twins(plan: &Plan, image: &dyn Fn(&ImageReference) -> Option<ImageId>) -> Twins {
    let mut stages: HashMap<usize, Below> = HashMap::new();
    // Every different step once; its place is its number.
    let mut known: Vec<(Below, &LayerStep)> = Vec::new();
    let mut last: HashMap<usize, (usize, StepId)> = HashMap::new();
    let mut twins = Twins::new();
    for step in &plan.steps {
        let Some(stage) = step.stage else { continue };
        match &step.kind {
            StepKind::From(base) => {
                let below = match base {
                    Base::Stage(below) => stages.get(below).cloned(),
                    Base::Scratch => Some(Below::new(Parent::Nothing)),
                    Base::Image(name) => image(name).map(|id| Below::new(Parent::Image(id))),
                };
                stages.extend(below.map(|below| (stage, below)));
            }
            StepKind::Layer(layer) => {
                let Some(below) = stages.get_mut(&stage) else {
                    continue;
                };
                let stands_on = if layer.is_linked() {
                    Below::new(Parent::Nothing)
                } else {
                    below.clone()
                };
                let same = |(on, it): &(Below, &LayerStep)| *on == stands_on && *it == layer;
                let number = known.iter().position(same).unwrap_or_else(|| {
                    known.push((stands_on, layer));
                    known.len() - 1
                });
                if layer.is_linked() {
                    below.linked.push(number);
                } else {
                    *below = Below::new(Parent::Step(number));
                }
                let before = last.insert(number, (stage, step.id()));
                let twin = before.filter(|(other, _)| *other != stage);
                twins.extend(twin.map(|(_, twin)| (step.id(), twin)));
            }
            _ => {}
        }
    }
    twins
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;
    use crate::plan::{BaseInfo, PlanOptions, plan};
    use crate::source::Source;

    /// Returns the twins of a Dockerfile by step number; every name is an image of its own.
    fn found(text: &str) -> Vec<(usize, usize)> {
        let file = crate::parser::parse(&Source::new("Dockerfile", text)).unwrap();
        let id = |name: &ImageReference| ImageId(Digest::of(name.to_string().as_bytes()));
        let mut find = |name: &ImageReference| {
            Ok::<_, std::convert::Infallible>(BaseInfo {
                id: id(name),
                env: Vec::new(),
                workdir: String::new(),
                user: String::new(),
                shell: None,
                triggers: Vec::new(),
            })
        };
        let plan = plan(&file, &PlanOptions::default(), &mut find).unwrap();
        let twins = twins(&plan, &|name| Some(id(name)));
        let mut found: Vec<(usize, usize)> =
            twins.iter().map(|(one, other)| (one.0, other.0)).collect();
        found.sort_unstable();
        found
    }

    const LAST: &str = "FROM a\nCOPY --from=one / /1/\nCOPY --from=two / /2/\n";

    #[test]
    fn equal_beginnings_of_stages_are_twins_until_they_part() {
        let stages = "FROM a AS one\nRUN x\nENV A=1\nRUN y\nRUN z\n\
            FROM a AS two\nRUN x\nENV A=1\nRUN y\nRUN other\nRUN z\n";
        let expected = [(7, 2), (9, 4)];
        assert_eq!(found(&format!("{stages}{LAST}")), expected);
    }

    #[test]
    fn a_setting_or_base_of_its_own_makes_a_step_another_one() {
        let stages = "FROM a AS one\nENV A=1\nRUN x\nFROM b AS two\nENV A=1\nRUN x\n";
        assert_eq!(found(&format!("{stages}{LAST}")), []);
        let stages = "FROM a AS one\nENV A=1\nRUN x\nFROM a AS two\nENV A=2\nRUN x\n";
        assert_eq!(found(&format!("{stages}{LAST}")), []);
    }

    #[test]
    fn a_linked_copy_is_the_same_on_whatever_it_is_put() {
        let stages =
            "FROM a AS one\nCOPY --link f /\nRUN x\nFROM b AS two\nCOPY --link f /\nRUN x\n";
        assert_eq!(found(&format!("{stages}{LAST}")), [(5, 2)]);
    }

    #[test]
    fn a_stage_on_a_stage_goes_on_where_that_one_ends() {
        let stages = "FROM a AS base\nRUN x\nFROM base AS one\nRUN y\nFROM base AS two\nRUN y\n";
        assert_eq!(found(&format!("{stages}{LAST}")), [(6, 4)]);
    }

    #[test]
    fn a_step_that_a_stage_asks_for_twice_needs_no_waiting() {
        let stages = "FROM a AS one\nCOPY --link f /\nCOPY --link f /\n";
        assert_eq!(found(stages), []);
    }
}
