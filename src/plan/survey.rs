//! Looks at every stage the way planning does, but goes on after a mistake and builds nothing:
//! what `check` stands on.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::error::PlanError;
use super::globals::Globals;
use super::planner::{BaseInfo, PlanOptions, Planner};
use super::platform::Platform;
use super::scope::Scope;
use super::stage_graph::{base_of, find_target, reachable};
use super::step::Base;
use super::triggers::{Trigger, judged_alone};
use crate::parser::instruction::{Argument, FromInstruction, Pair};
use crate::parser::{Dockerfile, Instruction, Located, Stage};
use crate::reference::ImageReference;
use crate::source::Span;

/// An instruction of a stage, and what it sees.
pub struct Place<'a> {
    /// Its stage.
    pub stage: &'a Stage,
    /// The instruction; never a FROM.
    pub instruction: &'a Located<Instruction>,
    /// What is visible before it takes effect.
    pub scope: &'a Scope,
}

/// What a survey found.
#[derive(Debug, Default)]
pub struct Survey {
    /// The mistakes, each with the index of its instruction; none for a wrong target.
    pub errors: Vec<(Option<usize>, PlanError)>,
    /// The global ARGs and the platform's.
    pub globals: Globals,
    /// By stage: what it is built on, where that can be told.
    pub bases: Vec<Option<Base>>,
    /// By stage: the platform that its FROM asks for.
    pub platforms: Vec<Option<Platform>>,
    /// By stage: whether the target needs it.
    pub needed: Vec<bool>,
    /// By stage: whether it was looked at.
    pub seen: Vec<bool>,
    /// The places of the mistakes in triggers that were told where these stand.
    told: BTreeSet<Span>,
    /// By stage that others are built on: the indexes of its ONBUILDs.
    onbuilds: BTreeMap<usize, Rc<[usize]>>,
    /// How many triggers were carried out.
    fired: usize,
}

/// How many triggers of earlier stages are carried out; nobody writes more, and a file of a megabyte
/// can ask for milliards.
const FIRED: usize = 10_000;

/// Surveys a Dockerfile: the stages that the target needs, or all if none is named. `base` knows
/// the images that are at hand; `visit` sees every instruction before it takes effect.
pub fn survey(
    file: &Dockerfile,
    options: &PlanOptions,
    base: &dyn Fn(&ImageReference) -> Option<BaseInfo>,
    visit: &mut dyn FnMut(&Place<'_>),
) -> Survey {
    let mut survey = Survey::default();
    let mut planner = Planner::new(file, options);
    for (index, instruction) in file.globals().iter().enumerate() {
        if let Err(error) = planner.global(instruction) {
            survey.errors.push((Some(index), error));
        }
    }
    survey.globals.clone_from(&planner.globals);
    survey.look_at_bases(&planner);
    let target = match find_target(file, options.target.as_deref()) {
        Ok(target) => target,
        Err(error) => {
            survey.errors.push((None, error));
            survey.seen = vec![false; file.stages.len()];
            survey.needed.clone_from(&survey.seen);
            return survey;
        }
    };
    survey.needed = reachable(file, &survey.bases, target);
    survey.seen = match options.target {
        Some(_) => survey.needed.clone(),
        None => vec![true; file.stages.len()],
    };
    for stage in &file.stages {
        survey.start(&mut planner, stage, base);
        if survey.seen[stage.index] {
            survey.walk(&mut planner, stage, visit);
        }
    }
    survey
}

/// Returns the global ARGs of a file and the platform's, as far as they can be worked out.
pub fn global_args(file: &Dockerfile, options: &PlanOptions) -> Globals {
    let mut planner = Planner::new(file, options);
    for instruction in file.globals() {
        // A mistake is the survey's to tell.
        let _ = planner.global(instruction);
    }
    planner.globals
}

impl Survey {
    fn look_at_bases(&mut self, planner: &Planner<'_>) {
        for stage in &planner.file.stages {
            let found = base_of(planner.file, stage, &planner.globals);
            let base = self.kept(stage.first, found);
            self.bases.push(base);
            let platform = from_of(planner.file, stage).map(|from| planner.platform(from));
            let platform = platform.and_then(|found| self.kept(stage.first, found));
            self.platforms.push(platform.flatten());
        }
    }

    /// Keeps a mistake, and returns the value otherwise.
    fn kept<T>(&mut self, index: usize, found: Result<T, PlanError>) -> Option<T> {
        match found {
            Ok(value) => Some(value),
            Err(error) => {
                self.errors.push((Some(index), error));
                None
            }
        }
    }

    /// Begins a stage with what its base gives it, of an image that is not at hand nothing, and with
    /// what its base left for it.
    fn start(
        &mut self,
        planner: &mut Planner<'_>,
        stage: &Stage,
        find: &dyn Fn(&ImageReference) -> Option<BaseInfo>,
    ) {
        let base = self.bases[stage.index].clone().unwrap_or(Base::Scratch);
        let info = match &base {
            Base::Image(reference) => find(reference),
            _ => None,
        };
        let scope = planner.start(&base, info.as_ref());
        planner.scopes.push(scope);
        let file = planner.file;
        if let Base::Stage(below) = base {
            let left = FIRED.saturating_sub(self.fired);
            for index in self.onbuilds(file, below).iter().take(left) {
                if let Some(trigger) = Trigger::of(&file.instructions[*index].value) {
                    self.fire(planner, stage, Ok(trigger));
                }
            }
        }
        for text in info.iter().flat_map(|info| &info.triggers) {
            self.fire(planner, stage, Trigger::parse(text, stage.base.span));
        }
    }

    fn onbuilds(&mut self, file: &Dockerfile, stage: usize) -> Rc<[usize]> {
        let find = || {
            let stage = &file.stages[stage];
            let instructions = file.stage_instructions(stage).iter().zip(stage.first..);
            let is_onbuild =
                |at: &Located<Instruction>| matches!(at.value, Instruction::Onbuild(_));
            let onbuilds = instructions.filter(|(at, _)| is_onbuild(at));
            onbuilds.map(|(_, index)| index).take(FIRED).collect()
        };
        Rc::clone(self.onbuilds.entry(stage).or_insert_with(find))
    }

    /// Carries out what a base left. A mistake in it is shown at the FROM, if it was not told where
    /// the trigger stands.
    fn fire(
        &mut self,
        planner: &mut Planner<'_>,
        stage: &Stage,
        trigger: Result<Trigger, PlanError>,
    ) {
        self.fired += 1;
        let is_told = |error: &PlanError| self.told.contains(&error.span);
        let found =
            trigger.and_then(
                |trigger| match planner.kind(stage.index, &trigger.instruction) {
                    Err(error) if !is_told(&error) => Err(trigger.explain(error, stage.base.span)),
                    _ => Ok(()),
                },
            );
        if let Err(error) = found
            && self.seen[stage.index]
        {
            self.errors.push((Some(stage.first), error));
        }
    }

    fn walk(
        &mut self,
        planner: &mut Planner<'_>,
        stage: &Stage,
        visit: &mut dyn FnMut(&Place<'_>),
    ) {
        let instructions = planner.file.stage_instructions(stage);
        for (offset, instruction) in instructions.iter().enumerate().skip(1) {
            visit(&Place {
                stage,
                instruction,
                scope: &planner.scopes[stage.index],
            });
            let place = Some(stage.first + offset);
            if let Err(error) = planner.kind(stage.index, &instruction.value) {
                self.errors.push((place, error));
                declare(&mut planner.scopes[stage.index], &instruction.value);
            }
            if let Instruction::Onbuild(onbuild) = &instruction.value
                && let Some(error) = judged_alone(planner, stage, &onbuild.trigger)
            {
                // What hangs on a variable is told where it fires.
                if !onbuild.text.contains('$') {
                    self.told.insert(error.span);
                }
                self.errors.push((place, error));
            }
        }
    }
}

fn from_of<'a>(file: &'a Dockerfile, stage: &Stage) -> Option<&'a FromInstruction> {
    match &file.instructions[stage.first].value {
        Instruction::From(from) => Some(from),
        _ => None,
    }
}

/// Makes the names of a broken ARG or ENV known, so that their uses are no mistakes of their own.
fn declare(scope: &mut Scope, instruction: &Instruction) {
    match instruction {
        Instruction::Arg(arguments) => {
            for Argument { name, .. } in arguments {
                scope.set_arg(&name.text, None);
            }
        }
        Instruction::Env(pairs) => {
            for Pair { key, .. } in pairs {
                scope.set_env(&vec![(key.text.clone(), String::new())]);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parser::parse;
    use crate::source::Source;

    fn errors(text: &str, target: Option<&str>) -> Vec<(Option<usize>, String)> {
        let file = parse(&Source::new("Dockerfile", text)).expect(text);
        let options = PlanOptions {
            target: target.map(str::to_owned),
            ..PlanOptions::default()
        };
        let survey = survey(&file, &options, &|_| None, &mut |_| {});
        let sentence = |(index, error): (Option<usize>, PlanError)| (index, error.to_string());
        survey.errors.into_iter().map(sentence).collect()
    }

    #[test]
    fn all_mistakes_of_all_stages_are_found() {
        let text = "FROM a AS x\nEXPOSE 0\nSTOPSIGNAL NO\nFROM b\nCOPY --chmod=9 a b\n";
        let found: Vec<_> = errors(text, None).into_iter().map(|it| it.0).collect();
        assert_eq!(found, [Some(1), Some(2), Some(4)]);
    }

    #[test]
    fn with_a_target_only_what_it_needs_is_looked_at() {
        let text = "FROM a AS x\nEXPOSE 0\nFROM b AS y\nEXPOSE 99999\nFROM x AS z\n";
        let found: Vec<_> = errors(text, Some("Z")).into_iter().map(|it| it.0).collect();
        assert_eq!(found, [Some(1)]);
        let message = "target stage \"bsae\" could not be found (did you mean base?)";
        let found = errors("FROM a AS base\n", Some("bsae"));
        assert_eq!(found, [(None, message.to_owned())]);
    }

    #[test]
    fn a_circle_of_stages_is_named() {
        let text = "FROM a AS x\nCOPY --from=y /p /p\nFROM x AS y\n";
        let circle = "circular dependency detected on stage: x";
        assert_eq!(errors(text, None), [(Some(1), circle.to_owned())]);
        let text = "FROM a AS x\nCOPY --from=1 /p /p\nFROM a AS y\n";
        let later =
            "cannot copy from stage \"y\", it needs to be defined before current stage \"x\"";
        assert_eq!(errors(text, None), [(Some(1), later.to_owned())]);
        let text = "FROM a\nRUN --mount=from=stage,target=/x true\nCOPY --from=7 a b\n";
        assert_eq!(
            errors(text, None),
            [(Some(2), "invalid stage index 7".to_owned())]
        );
    }

    #[test]
    fn a_broken_declaration_is_no_second_mistake() {
        let file = parse(&Source::new("", "FROM a\nENV A=${x:?no}\nCOPY $A /b\n")).unwrap();
        let mut known = Vec::new();
        let options = PlanOptions::default();
        let survey = survey(&file, &options, &|_| None, &mut |place| {
            known.push(place.scope.get("A"));
        });
        assert_eq!(survey.errors.len(), 1);
        assert_eq!(known, [None, Some(String::new())]);
    }
}
