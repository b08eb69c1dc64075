//! CMD, ENTRYPOINT and HEALTHCHECK: how they are written, and how often.

use super::super::judge::Judge;
use super::super::note::Note;
use super::super::remark::Remark;
use super::super::rule::Rule;
use super::almost_json::{json, repaired};
use crate::parser::instruction::Command;
use crate::parser::{Instruction, Located, Stage};
use crate::plan::scope::Scope;

/// `JSONArgsRecommended`: the shell form, where nobody chose the shell.
pub(super) fn command(
    judge: &mut Judge<'_>,
    at: &Located<Instruction>,
    instruction: &'static str,
    command: &Command,
    scope: &Scope,
) {
    let Command::Shell(text) = command else {
        return;
    };
    if scope.own_shell {
        return;
    }
    let almost = text.text.starts_with('[');
    let meant = if almost {
        repaired(&text.text)
    } else {
        exec_form(&text.text)
    };
    let remark = Remark::JsonArgsRecommended {
        instruction,
        meant,
        almost,
    };
    let span = if text.text.is_empty() {
        at.keyword.span
    } else {
        text.span
    };
    judge.warn(at, span, remark);
}

/// Notes a RUN that runs nothing, which BuildKit accepts.
pub(super) fn nothing_to_run(judge: &mut Judge<'_>, at: &Located<Instruction>) {
    if let Instruction::Run(run) = &at.value
        && run.is_empty()
    {
        judge.note(at, at.keyword.span, Note::NothingToRun);
    }
}

/// Returns a command in the exec form, where no shell is needed for it.
fn exec_form(text: &str) -> Option<String> {
    let special = |c: char| "$&|;<>()`*?~#{}!\\[]=%".contains(c);
    if text.contains(special) {
        return None;
    }
    let words = shlex::split(text)?;
    (!words.is_empty()).then(|| json(&words))
}

/// `MultipleInstructionsDisallowed`: named at the earlier one, which is the one that is lost.
pub(super) fn only_the_last_counts(judge: &mut Judge<'_>, stage: &Stage) {
    let file = judge.file;
    for name in ["CMD", "ENTRYPOINT", "HEALTHCHECK"] {
        let of_name = |at: &&Located<Instruction>| at.value.name() == name;
        let found: Vec<_> = file
            .stage_instructions(stage)
            .iter()
            .filter(of_name)
            .collect();
        for pair in found.windows(2) {
            let (lost, later) = (pair[0], pair[1]);
            let rule = Rule::MultipleInstructionsDisallowed;
            if judge.allows(rule, &later.comments) {
                let remark = Remark::MultipleInstructionsDisallowed { instruction: name };
                judge.warn(lost, lost.keyword.span, remark);
            }
        }
    }
}
