//! What a report adds up to, and counts in words.

use crate::build::{BuildReport, LayerReport, StepReport, StepState};
use crate::language::Language;

/// The sums of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Summary {
    /// Layers of the image: `base`, and one for each step of it that was reused or made.
    pub layers: usize,
    /// Those of them that the base image brings.
    pub base: usize,
    /// Bytes of those layers.
    pub size: u64,
    /// Instructions in the file.
    pub lines: usize,
    /// Steps that were reused.
    pub reused: usize,
    /// Steps that ran.
    pub made: usize,
    /// Bytes of the layers they made.
    pub made_size: u64,
    /// How long they took, or took last time.
    pub made_millis: u64,
    /// Steps of which nothing can be said yet.
    pub unknown: usize,
    /// Steps that were reused, and that ran, in stages that the image only copies from.
    pub elsewhere: (usize, usize),
}

impl Summary {
    pub(super) fn of(report: &BuildReport) -> Self {
        let chain = image_chain(report);
        let mut sums = Self {
            lines: report.count(),
            ..Self::default()
        };
        for step in &report.steps {
            sums.count_state(step);
            if !step.stage.is_some_and(|stage| chain.contains(&stage)) {
                sums.elsewhere.0 += usize::from(step.state == StepState::Hit);
                sums.elsewhere.1 += usize::from(step.state == StepState::Miss);
                continue;
            }
            sums.layers += layers_of(step);
            sums.size += size_of(step);
            if step.state == StepState::Base {
                sums.base += layers_of(step);
            }
        }
        sums
    }

    /// Steps of the image itself that were reused.
    pub(super) fn reused_here(&self) -> usize {
        self.reused - self.elsewhere.0
    }

    /// Steps of the image itself that ran.
    pub(super) fn made_here(&self) -> usize {
        self.made - self.elsewhere.1
    }

    fn count_state(&mut self, step: &StepReport) {
        match step.state {
            StepState::Hit => self.reused += 1,
            StepState::Unknown => self.unknown += 1,
            StepState::Miss => {
                self.made += 1;
                self.made_size += size_of(step);
                self.made_millis += step.millis.unwrap_or(0);
            }
            _ => {}
        }
    }
}

/// Returns the stage that becomes the image: the last one that is needed.
pub(super) fn image_stage(report: &BuildReport) -> Option<usize> {
    let needed = report
        .steps
        .iter()
        .rev()
        .find(|step| step.state != StepState::Skip);
    needed.and_then(|step| step.stage)
}

/// Returns the stages whose layers are the image's: the last one that is needed, the stage it goes
/// on from, and so on.
fn image_chain(report: &BuildReport) -> Vec<usize> {
    let mut chain: Vec<usize> = image_stage(report).into_iter().collect();
    while let Some(parent) = chain.last().and_then(|&stage| parent_of(report, stage)) {
        chain.push(parent);
    }
    chain
}

/// Returns the stage that a stage's FROM names: an earlier one, so that a walk ends.
fn parent_of(report: &BuildReport, stage: usize) -> Option<usize> {
    let of_stage = |step: &&StepReport| step.stage == Some(stage);
    let name = from_stage(report.steps.iter().find(of_stage)?)?;
    let before = report.steps.iter().rev();
    let mut before = before.filter(|step| step.stage.is_some_and(|it| it < stage));
    let is_it = |step: &&StepReport| {
        let called = step.stage_name.as_deref();
        called.is_some_and(|called| called.eq_ignore_ascii_case(name))
    };
    before.find(is_it)?.stage
}

/// Returns the stage that a FROM goes on from: it brings no layers of its own then.
pub(super) fn from_stage(step: &StepReport) -> Option<&str> {
    if step.state != StepState::Base || step.layer.is_some() {
        return None;
    }
    let mut words = step.text.split_whitespace().skip(1);
    let name = words.find(|word| !word.starts_with("--"))?;
    (name != "scratch").then_some(name)
}

/// Tells whether the file has more than one stage.
pub(super) fn has_stages(report: &BuildReport) -> bool {
    report
        .steps
        .iter()
        .any(|step| step.stage.is_some_and(|stage| stage > 0))
}

/// Returns the name of a step's stage; without one its index, as `COPY --from` takes it.
pub(super) fn stage_label(step: &StepReport, language: Language) -> Option<String> {
    let index = step.stage?;
    let name = step.stage_name.clone().unwrap_or_else(|| index.to_string());
    Some(stage(language, &name))
}

/// Returns how many layers a step put on the stack. In a forecast a layer that is yet to be made
/// counts too.
fn layers_of(step: &StepReport) -> usize {
    match (step.state, &step.layer) {
        (StepState::Base | StepState::Hit | StepState::Miss, Some(layer)) => layer.diff_ids.len(),
        (StepState::Miss | StepState::Hit | StepState::Unknown, None) => 1,
        _ => 0,
    }
}

fn size_of(step: &StepReport) -> u64 {
    step.layer.as_ref().map_or(0, |layer| layer.size)
}

/// Returns what a layer brought, the fullest account first, each shorter than the one before.
pub(super) fn contents(layer: &LayerReport, language: Language) -> Vec<String> {
    let files = (layer.files > 0).then(|| files(language, layer.files));
    let folders = (layer.folders > 0).then(|| folders(language, layer.folders));
    let hidden = (layer.deleted > 0).then(|| hidden(language, layer.deleted));
    let join = |parts: &[&Option<String>]| {
        let said: Vec<&str> = parts.iter().filter_map(|part| part.as_deref()).collect();
        said.join(", ")
    };
    let short = files.as_ref().or(folders.as_ref()).or(hidden.as_ref());
    let short = short.cloned().unwrap_or_else(|| nothing(language));
    let mut accounts = vec![
        join(&[&files, &folders, &hidden]),
        join(&[&files, &hidden]),
        short,
    ];
    accounts.retain(|account| !account.is_empty());
    accounts.dedup();
    accounts
}

/// Returns a count of files in words.
pub(super) fn files(language: Language, count: u64) -> String {
    if count == 1 {
        one_file(language)
    } else {
        many_files(language, count)
    }
}

/// Returns a count of folders in words.
pub(super) fn folders(language: Language, count: u64) -> String {
    if count == 1 {
        one_folder(language)
    } else {
        many_folders(language, count)
    }
}

/// Returns a count of layers in words.
pub(super) fn layers(language: Language, count: usize) -> String {
    if count == 1 {
        one_layer(language)
    } else {
        many_layers(language, count)
    }
}

/// Returns a count of lines in words.
pub(super) fn lines(language: Language, count: usize) -> String {
    if count == 1 {
        one_line(language)
    } else {
        many_lines(language, count)
    }
}

/// Returns a count of steps in words.
pub(super) fn steps(language: Language, count: usize) -> String {
    if count == 1 {
        one_step(language)
    } else {
        many_steps(language, count)
    }
}

crate::messages! {
    one_file() { en: "1 file", ko: "파일 1개" }
    many_files(count: u64) { en: "{count} files", ko: "파일 {count}개" }
    one_folder() { en: "1 folder", ko: "폴더 1개" }
    many_folders(count: u64) { en: "{count} folders", ko: "폴더 {count}개" }
    hidden(count: u64) { en: "{count} hidden", ko: "{count}개 가림" }
    nothing() { en: "nothing", ko: "바뀐 것 없음" }
    one_layer() { en: "1 layer", ko: "레이어 1개" }
    many_layers(count: usize) { en: "{count} layers", ko: "레이어 {count}개" }
    one_line() { en: "1 line", ko: "1줄" }
    many_lines(count: usize) { en: "{count} lines", ko: "{count}줄" }
    one_step() { en: "1 step", ko: "단계 1개" }
    many_steps(count: usize) { en: "{count} steps", ko: "단계 {count}개" }
    stage(name: &str) { en: "stage {name}", ko: "스테이지 {name}" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;

    #[test]
    fn a_base_counts_its_layers_and_only_steps_are_reused_or_made() {
        let sums = Summary::of(&sample::rebuilt());
        let expected = Summary {
            layers: 4,
            base: 1,
            size: 3_030_071,
            lines: 6,
            reused: 1,
            made: 2,
            made_size: 1_050_071,
            made_millis: 1_252,
            unknown: 0,
            elsewhere: (0, 0),
        };
        assert_eq!(sums, expected);
    }

    #[test]
    fn of_several_stages_only_the_image_counts() {
        let sums = Summary::of(&sample::stages());
        assert_eq!((sums.layers, sums.size), (2, 1_980_300));
    }

    #[test]
    fn the_layers_of_the_image_are_those_of_the_base_and_of_its_steps() {
        let mut goes_on = sample::stages();
        goes_on.steps[5].text = "FROM Build AS end".to_owned();
        goes_on.steps[5].layer = None;
        for (report, layers, elsewhere) in [
            (sample::rebuilt(), 4, (0, 0)),
            (sample::stages(), 2, (0, 1)),
            (goes_on, 3, (0, 0)),
        ] {
            let sums = Summary::of(&report);
            assert_eq!((sums.layers, sums.elsewhere), (layers, elsewhere));
            let parts = sums.base + sums.reused_here() + sums.made_here();
            assert_eq!(sums.layers, parts);
        }
    }

    #[test]
    fn contents_get_shorter_and_say_something_even_of_an_empty_layer() {
        let layer = |files, folders, deleted| LayerReport {
            diff_ids: vec![],
            size: 0,
            files,
            folders,
            deleted,
        };
        let english = |layer| contents(&layer, Language::En);
        assert_eq!(
            english(layer(12, 1, 3)),
            [
                "12 files, 1 folder, 3 hidden",
                "12 files, 3 hidden",
                "12 files"
            ]
        );
        assert_eq!(english(layer(0, 1, 0)), ["1 folder"]);
        assert_eq!(english(layer(0, 0, 0)), ["nothing"]);
    }
}
