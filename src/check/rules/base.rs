//! FROM: its variables, its platform, and the image it names.

use std::collections::BTreeSet;
use std::str::FromStr;

use super::super::World;
use super::super::judge::Judge;
use super::super::remark::Remark;
use super::variables::{inside, use_of};
use crate::parser::instruction::{FromInstruction, Word};
use crate::parser::word::Expanded;
use crate::parser::{Dockerfile, Instruction, Located, Stage};
use crate::plan::platform::Platform;
use crate::plan::{Base, Globals, PlanOptions, Survey, global_args, platform};
use crate::reference::ImageReference;

const TARGET_PLATFORM: &str = "TARGETPLATFORM";

/// `UndefinedArgInFrom`: FROM sees global ARGs only, and those of the platform.
pub(super) fn arguments(judge: &mut Judge<'_>, survey: &Survey) {
    let file = judge.file;
    let declared = declared(file);
    for (_, at, from) in froms(file) {
        for word in [Some(&from.image), from.platform.as_ref()]
            .into_iter()
            .flatten()
        {
            let Some(expanded) = expand(file, word, &survey.globals) else {
                continue;
            };
            for name in expanded.unset.difference(&declared) {
                let known = survey.globals.names();
                let known = known.chain(declared.iter().map(String::as_str));
                let remark = Remark::UndefinedArgInFrom {
                    name: name.clone(),
                    suggestion: judge.nearest(name, known),
                };
                let span = use_of(&word.text, name).map_or(word.span, |at| inside(word, at));
                judge.warn(at, span, remark);
            }
        }
    }
}

/// `InvalidDefaultArgInFrom`: without any `--build-arg`, FROM has to name an image.
pub(super) fn defaults(judge: &mut Judge<'_>) {
    let file = judge.file;
    let globals = global_args(file, &PlanOptions::default());
    for (_, at, from) in froms(file) {
        let Some(expanded) = expand(file, &from.image, &globals) else {
            continue;
        };
        let has_variables = !expanded.used.is_empty() || !expanded.unset.is_empty();
        if has_variables && ImageReference::from_str(&expanded.text).is_err() {
            let base = from.image.text.clone();
            let remark = Remark::InvalidDefaultArgInFrom { base };
            judge.warn(at, from.image.span, remark);
        }
    }
}

/// `FromPlatformFlagConstDisallowed`, `RedundantTargetPlatform` and `InvalidBaseImagePlatform`.
pub(super) fn platforms(judge: &mut Judge<'_>, survey: &Survey, world: &World<'_>) {
    let file = judge.file;
    for (stage, at, from) in froms(file) {
        if let Some(word) = &from.platform
            && let Some(expanded) = expand(file, word, &survey.globals)
        {
            constant(judge, at, from, &expanded);
            redundant(judge, at, word, &expanded, &survey.globals);
        }
        if survey.seen[stage.index] {
            of_image(judge, at, stage, survey, world);
        }
    }
}

/// A stage that is named after its platform is meant to be for that one.
fn constant(
    judge: &mut Judge<'_>,
    at: &Located<Instruction>,
    from: &FromInstruction,
    expanded: &Expanded,
) {
    if !expanded.used.is_empty() || !expanded.unset.is_empty() {
        return;
    }
    let Some(platform) = parse(&expanded.text) else {
        return;
    };
    let name = from.name.as_ref().map_or("", |named| named.name.as_str());
    let word = from.platform.as_ref();
    if name.contains(&platform.os) || name.contains(&platform.arch) {
        return;
    }
    let platform = expanded.text.clone();
    let remark = Remark::FromPlatformFlagConstDisallowed { platform };
    judge.warn(at, word.map_or(at.span, |word| word.span), remark);
}

fn redundant(
    judge: &mut Judge<'_>,
    at: &Located<Instruction>,
    word: &Word,
    expanded: &Expanded,
    globals: &Globals,
) {
    let only_target = expanded.unset.is_empty()
        && expanded.used.len() == 1
        && expanded.used.contains(TARGET_PLATFORM);
    let target = globals.get(TARGET_PLATFORM);
    if only_target && target == Some(expanded.text.as_str()) {
        let written = word.text.clone();
        let remark = Remark::RedundantTargetPlatform { written };
        judge.warn(at, word.span, remark);
    }
}

/// Judged only where the image is at hand: nothing is fetched for a check.
fn of_image(
    judge: &mut Judge<'_>,
    at: &Located<Instruction>,
    stage: &Stage,
    survey: &Survey,
    world: &World<'_>,
) {
    let Some(Base::Image(reference)) = &survey.bases[stage.index] else {
        return;
    };
    let wanted = survey.platforms[stage.index].clone();
    let known = (world.image)(reference).and_then(|image| parse(&image.platform));
    let (Some(found), Some(expected)) = (known, wanted.or_else(|| parse(&platform()))) else {
        return;
    };
    if (&found.os, &found.arch) != (&expected.os, &expected.arch) {
        let remark = Remark::InvalidBaseImagePlatform {
            image: stage.base.text.clone(),
            found: found.to_string(),
            expected: expected.to_string(),
        };
        judge.warn(at, stage.base.span, remark);
    }
}

fn parse(text: &str) -> Option<Platform> {
    Platform::parse(text, Platform::parse(&platform(), None).as_ref())
}

fn froms(
    file: &Dockerfile,
) -> impl Iterator<Item = (&Stage, &Located<Instruction>, &FromInstruction)> {
    file.stages.iter().filter_map(|stage| {
        let at = &file.instructions[stage.first];
        match &at.value {
            Instruction::From(from) => Some((stage, at, from)),
            _ => None,
        }
    })
}

fn declared(file: &Dockerfile) -> BTreeSet<String> {
    let arguments = file.globals().iter().flat_map(|at| match &at.value {
        Instruction::Arg(arguments) => arguments.as_slice(),
        _ => &[],
    });
    arguments.map(|it| it.name.text.clone()).collect()
}

/// Expands a word of FROM; none where it is a mistake, which is told elsewhere.
fn expand(file: &Dockerfile, word: &Word, globals: &Globals) -> Option<Expanded> {
    globals.expand(&word.text, file.escape).ok()
}
