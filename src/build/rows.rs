//! The rows of a report: what is known of a step before, after a look at the cache, and at its end.

use super::base::Images;
use super::builder::{Builder, Prepared};
use super::error::BuildError;
use super::report::{LayerReport, StepFailure, StepReport, StepState};
use crate::digest::DiffId;
use crate::language::Language;
use crate::layers::{Follow, Layer, Stack};
use crate::plan::scope::join_path;
use crate::plan::{Base, Judged, MissReason, Plan, RunStep, Step, StepKind, Verdict};
use crate::runtime::Exit;

impl Builder<'_> {
    /// Returns a step's row before anything is known of it.
    pub(super) fn row(&self, plan: &Plan, step: &Step) -> StepReport {
        let stage = step.stage.map(|stage| &plan.stages[stage]);
        // Of a stage whose place something else takes only FROM is carried out.
        let needed = !matches!(step.kind, StepKind::NotNeeded);
        StepReport {
            number: step.number,
            trigger: step.trigger,
            stage: step.stage,
            stage_name: stage.and_then(|stage| stage.name.clone()),
            lines: step.lines,
            text: step.text.clone(),
            state: if needed {
                StepState::Wait
            } else {
                StepState::Skip
            },
            reasons: Vec::new(),
            until: None,
            layer: None,
            key: None,
            millis: None,
            image: None,
            origin: None,
            failure: None,
        }
    }

    /// Tells why a step could not be carried out.
    pub(super) fn failure(&self, error: &BuildError) -> StepFailure {
        StepFailure {
            exit_code: None,
            message: error.message(self.language),
            help: error.help(self.language),
            output: Vec::new(),
        }
    }

    /// Tells that a step would have to run that should have been reused.
    pub(super) fn not_reused(&self, step: usize) -> StepFailure {
        StepFailure {
            exit_code: None,
            message: not_reused(self.language, step),
            help: None,
            output: Vec::new(),
        }
    }

    /// Tells how a RUN failed.
    pub(super) fn run_failure(
        &self,
        run: &RunStep,
        below: &Stack,
        exit: Exit,
        output: Vec<String>,
    ) -> StepFailure {
        let code = exit.code();
        StepFailure {
            exit_code: Some(code),
            message: did_not_complete(self.language, &run.argv.join(" "), code),
            help: exit_help(self.language, run, below, code),
            output,
        }
    }

    /// Fills in the row of a FROM.
    pub(super) fn base_row(
        &self,
        base: &Base,
        prepared: &Prepared,
        row: &mut StepReport,
    ) -> Result<(), BuildError> {
        row.state = StepState::Base;
        let Base::Image(reference) = base else {
            // A folder that is called otherwise is no earlier stage: it brings no layers either.
            let is_called = row.text.split_whitespace().any(|word| word == "scratch");
            if matches!(base, Base::Scratch) && !is_called {
                row.layer = Some(LayerReport::none());
            }
            return Ok(());
        };
        let image = &prepared.bases[&reference.to_string()];
        let mut sum = LayerReport {
            diff_ids: image.layers.clone(),
            ..LayerReport::none()
        };
        for layer in self.store_layers(&image.layers)? {
            sum.size += layer.size;
            sum.files += layer.files;
            sum.folders += layer.folders;
        }
        row.layer = Some(sum);
        row.image = Some(image.id);
        Ok(())
    }

    fn store_layers(&self, ids: &[DiffId]) -> Result<Vec<Layer>, BuildError> {
        let mut layers = Vec::new();
        for id in ids {
            layers.extend(self.store.layer(*id)?);
        }
        Ok(layers)
    }

    /// Fills in what the cache says of a step.
    pub(super) fn judged_row(
        &self,
        judged: &Judged,
        row: &mut StepReport,
    ) -> Result<(), BuildError> {
        row.key = judged.key;
        match &judged.verdict {
            Verdict::Hit => row.state = StepState::Hit,
            Verdict::Miss(reasons) => {
                row.state = StepState::Miss;
                row.reasons.clone_from(reasons);
                self.name_remade_base(&mut row.reasons);
            }
            Verdict::Unknown { until } => {
                row.state = StepState::Unknown;
                row.until = Some(*until);
            }
        }
        if let Some(record) = &judged.record {
            row.millis = Some(record.millis);
            row.origin.clone_from(&record.origin);
            row.layer = self
                .store
                .layer(record.layer)?
                .map(|layer| layer_report(&layer));
        }
        Ok(())
    }

    /// Adds why a built-in base is another one.
    fn name_remade_base(&self, reasons: &mut [MissReason]) {
        for reason in reasons {
            if let MissReason::BaseChanged { old, new, remade } = reason {
                *remade = Images::new(self.store, self.cache).why_remade(old, new);
            }
        }
    }
}

/// Counts what a layer brought.
pub(super) fn layer_report(layer: &Layer) -> LayerReport {
    LayerReport {
        diff_ids: vec![layer.diff_id],
        size: layer.size,
        files: layer.files,
        folders: layer.folders,
        deleted: layer.deleted,
    }
}

crate::messages! {
    did_not_complete(command: &str, code: i32) {
        en: "process \"{command}\" did not complete successfully: exit code: {code}",
        ko: "프로세스가 실패했습니다: process \"{command}\" did not complete successfully: exit code: {code}",
    }
    not_reused(step: usize) {
        en: "step {step} would have to run, and --expect-cached allows none",
        ko: "{step}단계를 다시 실행해야 합니다. --expect-cached는 이를 허용하지 않습니다",
    }
    help_127() {
        en: "127 means that the shell did not find a command: check the spelling, or whether the base has it",
        ko: "127은 셸이 명령을 찾지 못했다는 뜻입니다. 철자를 확인하거나 베이스에 그 명령이 있는지 보세요",
    }
    help_126() {
        en: "126 means that a file was found but cannot be executed",
        ko: "126은 파일은 있지만 실행할 수 없다는 뜻입니다",
    }
    help_126_file(file: &str) {
        en: "126 means that {file} cannot be executed; make it executable: RUN chmod +x {file}",
        ko: "126은 {file} 파일을 실행할 수 없다는 뜻입니다. 실행 권한을 주세요: RUN chmod +x {file}",
    }
    help_126_folder(folder: &str) {
        en: "{folder} is a folder, not a program: write a command before it, for example RUN ls {folder}",
        ko: "{folder} 경로는 프로그램이 아니라 폴더입니다. 앞에 명령을 쓰세요. 예: RUN ls {folder}",
    }
    help_137() {
        en: "137 means that it was killed, often because memory ran out",
        ko: "137은 강제로 종료되었다는 뜻이고, 흔히 메모리가 부족할 때 생깁니다",
    }
}

/// Says why what a shell wanted to execute cannot be, as far as its first word shows it.
fn not_executable(language: Language, run: &RunStep, below: &Stack) -> String {
    let line = run.argv.last().map_or("", String::as_str);
    let word = line.split_whitespace().next().unwrap_or_default();
    let plain = |c: char| c.is_alphanumeric() || "/._-+".contains(c);
    if !word.contains('/') || !word.chars().all(plain) {
        return help_126(language);
    }
    let path = join_path(&run.workdir, word);
    let found = below.resolve(&path, Follow::Yes).ok();
    match found.and_then(|found| found.node) {
        Some(node) if node.kind.is_directory() => help_126_folder(language, word),
        Some(node) if node.mode & 0o111 == 0 => help_126_file(language, word),
        _ => help_126(language),
    }
}

fn exit_help(language: Language, run: &RunStep, below: &Stack, code: i32) -> Option<String> {
    match code {
        126 => Some(not_executable(language, run, below)),
        127 => Some(help_127(language)),
        137 => Some(help_137(language)),
        _ => None,
    }
}
