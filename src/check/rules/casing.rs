//! Upper and lower case: of instruction words, of AS, of stage names.

use super::super::judge::Judge;
use super::super::remark::Remark;
use crate::parser::instruction::FromInstruction;
use crate::parser::{Instruction, Located};

/// A word in one case.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Case {
    Upper,
    Lower,
    Mixed,
}

fn case(word: &str) -> Case {
    if word == word.to_uppercase() {
        Case::Upper
    } else if word == word.to_lowercase() {
        Case::Lower
    } else {
        Case::Mixed
    }
}

/// `ConsistentInstructionCasing`: every instruction word is in the case of most of them; with as many
/// of both, in upper case.
pub(super) fn instruction_words(judge: &mut Judge<'_>) {
    let file = judge.file;
    let count = |wanted| {
        let words = file.instructions.iter().map(|at| case(&at.keyword.text));
        words.filter(|case| *case == wanted).count()
    };
    let majority = if count(Case::Lower) > count(Case::Upper) {
        Case::Lower
    } else {
        Case::Upper
    };
    for at in &file.instructions {
        if case(&at.keyword.text) != majority {
            let remark = Remark::ConsistentInstructionCasing {
                word: at.keyword.text.clone(),
                upper: majority == Case::Upper,
            };
            judge.warn(at, at.keyword.span, remark);
        }
    }
}

/// `FromAsCasing`, and `StageNameCasing`: a name is kept in lower case, whatever is written.
pub(super) fn from(judge: &mut Judge<'_>, at: &Located<Instruction>, from: &FromInstruction) {
    let Some(named) = &from.name else { return };
    // A FROM that is itself in mixed case is told of elsewhere.
    let wanted = case(&at.keyword.text);
    if wanted != Case::Mixed && case(&named.keyword.text) != wanted {
        let remark = Remark::FromAsCasing {
            from: at.keyword.text.clone(),
            keyword: named.keyword.text.clone(),
        };
        judge.warn(at, named.keyword.span, remark);
    }
    if named.typed.text != named.name.as_str() {
        let name = named.typed.text.clone();
        judge.warn(at, named.typed.span, Remark::StageNameCasing { name });
    }
}
