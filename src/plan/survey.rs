//! Looks at every stage the way planning does, but goes on after a mistake and builds nothing:
//! what `check` stands on.

use super::error::PlanError;
use super::planner::{BaseInfo, PlanOptions, Planner};
use super::platform::Platform;
use super::scope::{Pairs, Scope};
use super::stage_graph::{base_of, find_target, reachable};
use super::step::Base;
use super::triggers::Trigger;
use crate::parser::instruction::{Argument, FromInstruction, Pair};
use crate::parser::{Dockerfile, Instruction, Located, Stage};
use crate::reference::ImageReference;

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
    pub globals: Pairs,
    /// By stage: what it is built on, where that can be told.
    pub bases: Vec<Option<Base>>,
    /// By stage: the platform that its FROM asks for.
    pub platforms: Vec<Option<Platform>>,
    /// By stage: whether the target needs it.
    pub needed: Vec<bool>,
    /// By stage: whether it was looked at.
    pub seen: Vec<bool>,
}

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
        let (scope, triggers) = survey.start(&planner, stage, base);
        planner.scopes.push(scope);
        for trigger in triggers {
            // A mistake in it is the base's, and the build's to tell.
            let _ = planner.kind(stage.index, &trigger.instruction);
        }
        if survey.seen[stage.index] {
            survey.walk(&mut planner, stage, visit);
        }
    }
    survey
}

/// Returns the global ARGs of a file and the platform's, as far as they can be worked out.
pub fn global_args(file: &Dockerfile, options: &PlanOptions) -> Pairs {
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

    /// Returns what a stage sees at its beginning, of an image that is not at hand nothing, and what
    /// its base left for it.
    fn start(
        &self,
        planner: &Planner<'_>,
        stage: &Stage,
        find: &dyn Fn(&ImageReference) -> Option<BaseInfo>,
    ) -> (Scope, Vec<Trigger>) {
        let found = self.bases[stage.index].as_ref();
        let base = found.unwrap_or(&Base::Scratch);
        let info = match base {
            Base::Image(reference) => find(reference),
            _ => None,
        };
        let scope = planner.start(base, info.as_ref());
        let texts = info.map(|info| info.triggers).unwrap_or_default();
        let read = |text: &String| Trigger::parse(text, stage.base.span).ok();
        let triggers = match base {
            Base::Stage(below) => Trigger::of_stage(planner.file, &planner.file.stages[*below]),
            _ => texts.iter().filter_map(read).collect(),
        };
        (scope, triggers)
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
            if let Err(error) = planner.kind(stage.index, &instruction.value) {
                self.errors.push((Some(stage.first + offset), error));
                declare(&mut planner.scopes[stage.index], &instruction.value);
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
