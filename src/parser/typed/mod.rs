//! Syntax nodes become instructions with a type: what is unknown, missing or too much is found
//! here.
//!
//! | file | what |
//! |---|---|
//! | `untyped`, `flags` | an instruction on its way to a type, and what all kinds share |
//! | `plain` | instructions that are only their words: ARG, ENV, LABEL, EXPOSE, USER, ... |
//! | `from`, `run`, `transfer`, `health`, `onbuild` | one kind each; `transfer` is COPY and ADD |
//! | `duration`, `suggest` | times of a HEALTHCHECK; "did you mean" |

mod duration;
mod flags;
mod from;
mod health;
mod onbuild;
mod plain;
mod run;
mod suggest;
mod transfer;
mod untyped;

pub use duration::parse as nanoseconds;
use flags::Known;
use plain::{arg, command, one_text, pairs, shell, volume, words};
pub use suggest::nearest;
use suggest::suggestion;
use untyped::Untyped;

use super::error::{ParseError, ParseErrorKind as Kind};
use super::instruction::Instruction;
use super::syntax::Node;

/// The 18 instruction words, in the order of the alphabet.
pub const INSTRUCTIONS: [&str; 18] = [
    "ADD",
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "MAINTAINER",
    "ONBUILD",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
];

const NO_FLAGS: Known = &[];

/// Returns the flags an instruction has, without dashes; for completion at a prompt.
pub fn flags_of(instruction: &str) -> Vec<&'static str> {
    let known = match instruction.to_ascii_uppercase().as_str() {
        "FROM" => from::FROM_FLAGS,
        "RUN" => run::RUN_FLAGS,
        "COPY" => transfer::COPY_FLAGS,
        "ADD" => transfer::ADD_FLAGS,
        "HEALTHCHECK" => health::FLAGS,
        _ => NO_FLAGS,
    };
    known.iter().map(|(name, _)| *name).collect()
}

/// Gives a node its type.
pub(super) fn instruction(node: Node) -> Result<Instruction, ParseError> {
    let name = INSTRUCTIONS.into_iter().find(|name| *name == node.name);
    let mut untyped = Untyped::from(node);
    let Some(name) = name else {
        return Err(unknown(&untyped));
    };
    match name {
        "ADD" => transfer::add(untyped).map(Instruction::Add),
        "ARG" => arg(untyped).map(Instruction::Arg),
        "CMD" => command(untyped).map(Instruction::Cmd),
        "COPY" => transfer::copy(untyped).map(Instruction::Copy),
        "ENTRYPOINT" => command(untyped).map(Instruction::Entrypoint),
        "ENV" => pairs(untyped, name).map(Instruction::Env),
        "EXPOSE" => words(untyped, name).map(Instruction::Expose),
        "FROM" => from::from(untyped).map(Instruction::From),
        "HEALTHCHECK" => health::healthcheck(untyped).map(Instruction::Healthcheck),
        "LABEL" => pairs(untyped, name).map(Instruction::Label),
        "ONBUILD" => onbuild::onbuild(untyped).map(Instruction::Onbuild),
        "RUN" => run::run(untyped).map(Instruction::Run),
        "SHELL" => shell(untyped).map(Instruction::Shell),
        "VOLUME" => volume(untyped).map(Instruction::Volume),
        _ => {
            let text = one_text(&mut untyped, name)?;
            Ok(match name {
                "MAINTAINER" => Instruction::Maintainer(text),
                "STOPSIGNAL" => Instruction::StopSignal(text),
                "USER" => Instruction::User(text),
                _ => Instruction::Workdir(text),
            })
        }
    }
}

fn unknown(untyped: &Untyped) -> ParseError {
    let name = untyped.keyword.text.clone();
    let near = suggestion(&name, INSTRUCTIONS.into_iter());
    let suggestion = near.or_else(|| suggest::meant(&name).map(str::to_owned));
    untyped.error_here(Kind::UnknownInstruction { name, suggestion })
}

#[cfg(test)]
mod tests;
