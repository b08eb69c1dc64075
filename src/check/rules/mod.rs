//! The build checks and strata's own notes, a file for each family, a function for each check.
//!
//! | file | checks | needs |
//! |---|---|---|
//! | `casing` | `ConsistentInstructionCasing`, `FromAsCasing`, `StageNameCasing` | the text |
//! | `naming` | `DuplicateStageName`, `ReservedStageName`, `InvalidDefinitionDescription`; near and unused stages | the text |
//! | `outdated` | `LegacyKeyValueFormat`, `MaintainerDeprecated`, `NoEmptyContinuation` | the text |
//! | `lines` | lines of a continued instruction that look like something of their own | the text |
//! | `form` | `JSONArgsRecommended`, `MultipleInstructionsDisallowed`; brackets that are no JSON | the stage |
//! | `variables` | `UndefinedVar`, `SecretsUsedInArgOrEnv` | what is visible |
//! | `files` | `CopyIgnoredFile`, `WorkdirRelativePath`; sources above the context | what is visible |
//! | `ports` | `ExposeInvalidFormat`, `ExposeProtoCasing` | what is visible |
//! | `base` | `UndefinedArgInFrom`, `InvalidDefaultArgInFrom`, the platform's | the stages |

mod almost_json;
mod base;
mod casing;
mod files;
mod form;
mod lines;
mod naming;
mod outdated;
mod ports;
mod variables;

use super::World;
use super::judge::Judge;
use crate::parser::{Instruction, Located};
use crate::plan::ignore::Ignore;
use crate::plan::{Place, Survey};

/// The ignore file of the context, by name.
pub(super) type Ignored = Option<(String, Ignore)>;

/// What can be told from each instruction's text, also in a file with mistakes.
pub(super) fn text(judge: &mut Judge<'_>) {
    let file = judge.file;
    casing::instruction_words(judge);
    outdated::empty_continuations(judge);
    naming::stages(judge);
    for at in &file.instructions {
        match &at.value {
            Instruction::From(from) => casing::from(judge, at, from),
            Instruction::Env(pairs) => outdated::pairs(judge, at, "ENV", pairs),
            Instruction::Label(pairs) => outdated::pairs(judge, at, "LABEL", pairs),
            Instruction::Maintainer(name) => outdated::maintainer(judge, at, name),
            _ => {}
        }
        naming::definition(judge, at);
        lines::lines(judge, at);
    }
}

/// What depends on what an instruction sees.
pub(super) fn place(judge: &mut Judge<'_>, ignored: &Ignored, place: &Place<'_>) {
    variables::undefined(judge, place);
    let (at, scope) = (place.instruction, place.scope);
    match &at.value {
        Instruction::Arg(arguments) => variables::secret_arguments(judge, at, arguments, scope),
        Instruction::Env(pairs) => variables::secret_pairs(judge, at, pairs, scope),
        Instruction::Copy(copy) if copy.from.is_none() => {
            files::sources(judge, at, &copy.transfer, scope, ignored);
        }
        Instruction::Add(add) => files::sources(judge, at, &add.transfer, scope, ignored),
        Instruction::Workdir(path) => files::workdir(judge, at, path, scope),
        Instruction::Expose(words) => ports::ports(judge, at, words, scope),
        Instruction::Cmd(command) => form::command(judge, at, "CMD", command, scope),
        Instruction::Entrypoint(command) => form::command(judge, at, "ENTRYPOINT", command, scope),
        _ => {}
    }
    almost_json::brackets(judge, at);
    form::nothing_to_run(judge, at);
}

/// What depends on how the stages stand to each other.
pub(super) fn stages(judge: &mut Judge<'_>, survey: &Survey, world: &World<'_>) {
    let file = judge.file;
    for stage in file.stages.iter().filter(|it| survey.seen[it.index]) {
        form::only_the_last_counts(judge, stage);
        naming::near_stages(judge, stage);
        if !survey.needed[stage.index] {
            naming::unused(judge, stage);
        }
    }
    base::arguments(judge, survey);
    base::defaults(judge);
    base::platforms(judge, survey, world);
}

/// Returns the instruction that a text belongs to, for messages.
fn word_of(at: &Located<Instruction>) -> &'static str {
    at.value.name()
}
