//! ONBUILD: the instructions that a base has for whoever builds on it.
//!
//! They are carried out right behind the FROM, in order, as if they stood there, and only in that
//! stage: its own image does not hand them on (Dockerfile reference, "ONBUILD").

use super::error::{PlanError, PlanErrorKind, TriggerMistake};
use super::planner::Planner;
use super::stage_graph::sources_of_instruction;
use super::step::Base;
use crate::parser::instruction::Word;
use crate::parser::{self, Dockerfile, Instruction, Stage};
use crate::source::{Source, Span};

/// One instruction that a base left.
#[derive(Debug, Clone)]
pub(super) struct Trigger {
    /// What an image's config says of it: the instruction without ONBUILD.
    pub text: String,
    /// The instruction.
    pub instruction: Instruction,
}

impl Trigger {
    /// Reads what an image's config says. `from` is where mistakes are shown: the word that names
    /// the image, as its Dockerfile is not here.
    pub fn parse(text: &str, from: Span) -> Result<Self, PlanError> {
        let whole = format!("FROM scratch\nONBUILD {text}\n");
        let file = parser::parse(&Source::new("ONBUILD", whole));
        let mistake = |mistake| PlanError::new(trigger_error(text, mistake), from);
        let mut file = file.map_err(|errors| {
            let first = errors.into_iter().next().expect("a refusal says why");
            mistake(TriggerMistake::Parse(first.kind))
        })?;
        let last = file.instructions.pop().map(|last| last.value);
        match (last, file.instructions.len()) {
            (Some(Instruction::Onbuild(only)), 1) => Ok(Self {
                text: text.to_owned(),
                instruction: *only.trigger,
            }),
            _ => Err(mistake(TriggerMistake::NotOne)),
        }
    }

    /// Returns the ONBUILDs of a stage, for one that is built on it.
    pub fn of_stage<'a>(
        file: &'a Dockerfile,
        stage: &Stage,
    ) -> impl Iterator<Item = Self> + use<'a> {
        let instructions = file.stage_instructions(stage).iter();
        instructions.filter_map(|instruction| Self::of(&instruction.value))
    }

    /// Returns what an ONBUILD leaves; none of another instruction.
    pub fn of(instruction: &Instruction) -> Option<Self> {
        match instruction {
            Instruction::Onbuild(onbuild) => Some(Self {
                text: onbuild.text.clone(),
                instruction: (*onbuild.trigger).clone(),
            }),
            _ => None,
        }
    }

    /// Returns the stages and images that it takes files from.
    pub fn sources(&self) -> Vec<Word> {
        sources_of_instruction(&self.instruction)
    }

    /// Says of a mistake found in it where it comes from, and shows it at the FROM.
    pub fn explain(&self, error: PlanError, from: Span) -> PlanError {
        let mistake = TriggerMistake::Plan(Box::new(error.kind));
        PlanError::new(trigger_error(&self.text, mistake), from)
    }
}

/// Judges a trigger where it stands, though it takes effect elsewhere: in a scope of its own, as
/// nothing is known of the variables there. Which stages that file has is not known either.
pub(super) fn judged_alone(
    planner: &mut Planner<'_>,
    stage: &Stage,
    trigger: &Instruction,
) -> Option<PlanError> {
    let elsewhere = planner.start(&Base::Scratch, None);
    let here = std::mem::replace(&mut planner.scopes[stage.index], elsewhere);
    let judged = planner.kind(stage.index, trigger);
    planner.scopes[stage.index] = here;
    judged.err().filter(|error| {
        !matches!(
            error.kind,
            PlanErrorKind::NoStageIndex { .. }
                | PlanErrorKind::CircularStage { .. }
                | PlanErrorKind::LaterStage { .. }
        )
    })
}

fn trigger_error(text: &str, mistake: TriggerMistake) -> PlanErrorKind {
    PlanErrorKind::Trigger {
        trigger: text.lines().next().unwrap_or_default().to_owned(),
        mistake,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    #[test]
    fn a_trigger_is_one_instruction() {
        let read = Trigger::parse("COPY --from=x <<a /b\ntext\na", Span::default()).unwrap();
        assert_eq!(read.instruction.name(), "COPY");
        assert_eq!(read.sources().len(), 1);
        for (wrong, words) in [
            ("RUN a\nRUN b", "not one instruction"),
            ("", "ONBUILD requires"),
            ("ONBUILD RUN a", "isn't allowed"),
            ("FROM a", "FROM"),
            ("COPY a", "at least two arguments"),
        ] {
            let error = Trigger::parse(wrong, Span::default()).unwrap_err();
            let said = error.kind.message(Language::En);
            assert!(said.contains(words), "{wrong:?}: {said}");
        }
    }
}
