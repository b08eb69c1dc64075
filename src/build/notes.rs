//! What is worth a line beside the steps: what this machine did in a lesser way than another would,
//! and what the Dockerfile probably did not mean.

use super::builder::Builder;
use super::copy::Tree;
use super::report::{BuildReport, StepState};
use super::room::is_copying;
use crate::language::Language;
use crate::layers::EntryKind;
use crate::parser::Warning;
use crate::parser::lint::Rule;
use crate::plan::context::Rights;
use crate::plan::{LayerStep, Plan, RunStep, StepKind};
use crate::runtime::IdMode;

crate::messages! {
    in_line(line: usize, what: &str, help: &str) {
        en: "line {line}: {what}; {help}",
        ko: "{line}번째 줄: {what}. {help}",
    }
    copied() {
        en: "overlayfs cannot be used here, so every RUN works on a copy of its layers; the result is the same",
        ko: "이곳에서는 overlayfs를 쓸 수 없어 RUN마다 레이어를 복사해서 작업합니다. 결과는 같습니다",
    }
    device(line: usize, path: &str) {
        en: "line {line}: /{path} of the archive is a device; the image has it, but nothing that an ordinary user runs here can open it",
        ko: "{line}번째 줄: 아카이브의 /{path}은(는) 장치입니다. 이미지에는 들어가지만 일반 사용자가 실행하는 컨테이너에서는 열 수 없습니다",
    }
    one_id() {
        en: "only one id exists here: chown in a RUN changes nothing, neither here nor in what `save` writes, while COPY --chown and USER are recorded; `doctor` says how to get more",
        ko: "이곳에는 ID가 하나뿐입니다. RUN 안의 chown은 여기에서도, `save`로 쓰는 이미지에서도 아무것도 바꾸지 않습니다. COPY --chown과 USER는 기록됩니다. ID를 늘리는 방법은 `doctor`가 알려 줍니다",
    }
}

impl Builder<'_> {
    /// Returns a note about a device among what was unpacked, where none can be made.
    pub(super) fn device_note(&self, line: usize, trees: &[Tree]) -> Option<String> {
        if self.rights == Rights::Kernel && self.ids == IdMode::Many {
            return None;
        }
        let is_device =
            |kind: &EntryKind| matches!(kind, EntryKind::CharDevice(_) | EntryKind::BlockDevice(_));
        let mut unpacked = trees
            .iter()
            .filter(|tree| tree.archive)
            .flat_map(Tree::sources);
        let found = unpacked.find(|source| is_device(&source.kind))?;
        Some(device(self.language, line, &found.path.to_string()))
    }
}

/// Returns the notes about the RUNs that were carried out.
pub fn notes(plan: &Plan, report: &BuildReport, ids: IdMode, language: Language) -> Vec<String> {
    let ran = |number| {
        let mut rows = report.steps.iter();
        let row = rows.find(|row| row.number == number);
        row.is_some_and(|row| matches!(row.state, StepState::Miss | StepState::Fail))
    };
    let steps = plan.steps.iter().filter(|step| ran(step.number));
    let runs: Vec<&RunStep> = steps
        .filter_map(|step| match &step.kind {
            StepKind::Layer(LayerStep::Run(run)) => Some(run),
            _ => None,
        })
        .collect();
    let mut notes = Vec::new();
    if !runs.is_empty() && is_copying() {
        notes.push(copied(language));
    }
    if ids == IdMode::Single && runs.iter().any(|run| gives_away(run)) {
        notes.push(one_id(language));
    }
    notes
}

/// Returns the notes about words that became something else than was probably meant.
pub fn remarks(warnings: &[Warning], language: Language) -> Vec<String> {
    let surprising = |warning: &&Warning| {
        matches!(
            warning.rule,
            Rule::JsonArrayNotQuite | Rule::RunWithoutCommand
        )
    };
    let said = |warning: &Warning| {
        let help = warning.rule.help(language);
        in_line(
            language,
            warning.line,
            &warning.rule.message(language),
            &help,
        )
    };
    warnings.iter().filter(surprising).map(said).collect()
}

/// Whether a step means to give files to somebody.
fn gives_away(run: &RunStep) -> bool {
    let mut words = run.argv.iter().chain(&run.script);
    words.any(|word| word.contains("chown") || word.contains("chgrp"))
}
