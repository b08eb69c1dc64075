//! Names of stages, and the comments that describe stages and arguments.

use std::collections::BTreeSet;

use super::super::judge::Judge;
use super::super::note::Note;
use super::super::remark::Remark;
use crate::parser::instruction::Word;
use crate::parser::{Dockerfile, Instruction, Located, Stage, StageName, nearest};

/// Names that mean something else already.
const RESERVED: [&str; 2] = ["scratch", "context"];

/// `DuplicateStageName` and `ReservedStageName`.
pub(super) fn stages(judge: &mut Judge<'_>) {
    let file = judge.file;
    let mut seen = BTreeSet::new();
    for at in &file.instructions {
        let Instruction::From(from) = &at.value else {
            continue;
        };
        let Some(named) = &from.name else { continue };
        let name = named.name.as_str().to_owned();
        if RESERVED.contains(&name.as_str()) {
            let remark = Remark::ReservedStageName { name: name.clone() };
            judge.warn(at, named.typed.span, remark);
        }
        if !seen.insert(name.clone()) {
            judge.warn(at, named.typed.span, Remark::DuplicateStageName { name });
        }
    }
}

/// `InvalidDefinitionDescription`: a comment right before an ARG or a named FROM begins with the
/// name it describes.
pub(super) fn definition(judge: &mut Judge<'_>, at: &Located<Instruction>) {
    let (instruction, names) = match &at.value {
        Instruction::From(from) => {
            let named = from.name.iter().map(|named| named.typed.text.clone());
            ("FROM", named.collect::<Vec<_>>())
        }
        Instruction::Arg(arguments) => {
            let names = arguments.iter().map(|argument| argument.name.text.clone());
            ("ARG", names.collect())
        }
        _ => return,
    };
    let is_setting = |comment: &&Word| !comment.text.starts_with("check=");
    let described = at.comments.iter().filter(is_setting);
    let first_words = described.map(|comment| comment.text.split(' ').next().unwrap_or_default());
    let first_words: Vec<&str> = first_words.collect();
    let fits = first_words
        .iter()
        .any(|word| names.iter().any(|name| name == word));
    let (Some(comment), Some(name), false) = (at.comments.first(), names.first(), fits) else {
        return;
    };
    if first_words.is_empty() {
        return;
    }
    let name = if names.len() > 1 {
        "<arg_key>".to_owned()
    } else {
        name.clone()
    };
    // The comment stands before the instruction, which is the line that is named.
    let remark = Remark::InvalidDefinitionDescription { instruction, name };
    judge.warn(at, comment.span, remark);
}

/// How many earlier stages a name is compared to.
const COMPARED: usize = 50;

/// A FROM or `--from` that is an image, and nearly the name of an earlier stage.
pub(super) fn near_stages(judge: &mut Judge<'_>, stage: &Stage) {
    let file = judge.file;
    let earlier = file.stages[..stage.index].iter().rev().take(COMPARED);
    let names: Vec<&str> = earlier
        .filter_map(|it| it.name.as_ref().map(StageName::as_str))
        .collect();
    for at in file.stage_instructions(stage) {
        let (word, any_case) = match &at.value {
            Instruction::From(from) => (Some(&from.image), false),
            Instruction::Copy(copy) => (copy.from.as_ref(), true),
            _ => (None, false),
        };
        let Some(word) = word.filter(|word| !is_meant(file, stage, &word.text, any_case)) else {
            continue;
        };
        if let Some(stage) = nearest(&word.text, names.iter().copied()) {
            let name = word.text.clone();
            judge.note(at, word.span, Note::NearStage { name, stage });
        }
    }
}

/// A stage that nothing is taken from, and that nobody can ask for by name.
pub(super) fn unused(judge: &mut Judge<'_>, stage: &Stage) {
    if stage.name.is_none() {
        let at = &judge.file.instructions[stage.first];
        judge.note(at, stage.base.span, Note::UnusedStage);
    }
}

/// Tells whether a name is surely meant as it is written. Names of stages are in lower case, and
/// only COPY looks for them in any case.
fn is_meant(file: &Dockerfile, stage: &Stage, name: &str, any_case: bool) -> bool {
    let lower = name.to_lowercase();
    let asked = if any_case { lower.as_str() } else { name };
    file.stage_named(asked, stage.index + 1).is_some()
        || name == "scratch"
        || name.contains([':', '/', '$', '@'])
        || name.parse::<i64>().is_ok()
}
