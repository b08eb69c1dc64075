//! Evidence as a test tells it, piece by piece.

use std::collections::BTreeMap;

use super::evidence::*;
use crate::build::{BuildReport, ContextReport, LayerReport, StepReport, StepState};
use crate::digest::Digest;
use crate::lesson::{Check, Localized, Step, StepKind, evaluate};
use crate::plan::MissReason;

/// Evidence made up piece by piece.
#[derive(Default)]
pub(crate) struct Scene {
    commands: Vec<Outcome>,
    build: Option<BuildReport>,
    edited: bool,
    images: BTreeMap<String, ImageFacts>,
    image_files: BTreeMap<(String, String), FileFacts>,
    base: Option<usize>,
    containers: Vec<ContainerFacts>,
    draft: Vec<String>,
    files: BTreeMap<String, Vec<u8>>,
    files_at: BTreeMap<(String, String), Digest>,
    predictions: BTreeMap<String, String>,
}

impl Scene {
    pub fn typed(mut self, outcome: Outcome) -> Self {
        self.commands.push(outcome);
        self
    }

    pub fn built(mut self, steps: Vec<StepReport>) -> Self {
        self.build = Some(report(steps));
        self
    }

    /// Files changed after the last build.
    pub fn edited(mut self) -> Self {
        self.edited = true;
        self
    }

    pub fn tagged(mut self, tags: &[&str]) -> Self {
        let build = self.build.as_mut().expect("built before it is tagged");
        build.tags = tags.iter().map(|&tag| tag.to_owned()).collect();
        self
    }

    pub fn with_image(mut self, name: &str, image: ImageFacts) -> Self {
        self.images.insert(name.to_owned(), image);
        self
    }

    pub fn with_base(mut self, layers: usize) -> Self {
        self.base = Some(layers);
        self
    }

    pub fn with_image_file(mut self, image: &str, path: &str, file: FileFacts) -> Self {
        self.image_files
            .insert((image.to_owned(), path.to_owned()), file);
        self
    }

    pub fn with_container(mut self, container: ContainerFacts) -> Self {
        self.containers.insert(0, container);
        self
    }

    pub fn drafting(mut self, lines: &[&str]) -> Self {
        self.draft = lines.iter().map(|&line| line.to_owned()).collect();
        self
    }

    pub fn with_file(mut self, path: &str, text: &str) -> Self {
        self.files.insert(path.to_owned(), text.as_bytes().to_vec());
        self
    }

    pub fn with_file_at(mut self, path: &str, step: &str, text: &str) -> Self {
        let key = (path.to_owned(), step.to_owned());
        self.files_at.insert(key, Digest::of(text.as_bytes()));
        self
    }

    pub fn predicting(mut self, item: &str, guess: &str) -> Self {
        self.predictions.insert(item.to_owned(), guess.to_owned());
        self
    }
}

impl Evidence for Scene {
    fn last_command(&self, verb: Option<&str>) -> Option<&Outcome> {
        let fits = |outcome: &&Outcome| verb.is_none_or(|verb| outcome.verb == verb);
        self.commands.iter().rev().find(fits)
    }
    fn last_build(&self) -> Option<&BuildReport> {
        self.build.as_ref()
    }
    fn build_is_current(&self) -> bool {
        self.build.is_some() && !self.edited
    }
    fn image(&self, name: &str) -> Option<ImageFacts> {
        self.images.get(name).cloned()
    }
    fn base_layers(&self, _: &ImageFacts) -> Option<usize> {
        self.base
    }
    fn file_in_image(&self, image: &str, path: &str) -> Option<FileFacts> {
        self.image_files
            .get(&(image.to_owned(), path.to_owned()))
            .cloned()
    }
    fn containers(&self) -> Vec<ContainerFacts> {
        self.containers.clone()
    }
    fn container_details(&self, _: &str) -> Option<ContainerDetails> {
        Some(ContainerDetails::default())
    }
    fn draft(&self) -> Vec<String> {
        self.draft.clone()
    }
    fn file(&self, path: &str) -> Option<Vec<u8>> {
        self.files.get(path).cloned()
    }
    fn file_at(&self, path: &str, step: &str) -> Option<Digest> {
        self.files_at
            .get(&(path.to_owned(), step.to_owned()))
            .copied()
    }
    fn parse_dockerfile(&self, text: &str) -> Result<(), String> {
        let ok = text.starts_with("FROM");
        ok.then_some(()).ok_or_else(|| "no FROM".to_owned())
    }
    fn http(&self, _: &str) -> HttpFacts {
        HttpFacts::Refused
    }
    fn predicted(&self, item: &str) -> Option<String> {
        self.predictions.get(item).cloned()
    }
    fn scored(&self) -> bool {
        !self.predictions.is_empty()
    }
}

/// Makes a build report of some steps.
pub(crate) fn report(steps: Vec<StepReport>) -> BuildReport {
    BuildReport {
        file: "Dockerfile".to_owned(),
        dockerfile: String::new(),
        steps,
        image: None,
        tags: Vec::new(),
        context: ContextReport::default(),
        notes: Vec::new(),
        millis: 0,
    }
}

/// Makes a step's report; HIT, MISS and BASE have a layer.
pub(crate) fn step(number: usize, text: &str, state: StepState) -> StepReport {
    let layered = matches!(state, StepState::Hit | StepState::Miss | StepState::Base);
    StepReport {
        number,
        trigger: None,
        stage: Some(0),
        stage_name: None,
        lines: (number, number),
        text: text.to_owned(),
        state,
        reasons: Vec::new(),
        until: None,
        layer: layered.then(|| LayerReport {
            diff_ids: Vec::new(),
            size: 100,
            files: 1,
            folders: 0,
            deleted: 0,
        }),
        key: None,
        millis: None,
        image: None,
        origin: None,
        failure: None,
    }
}

/// Makes the report of a step that missed.
pub(crate) fn missed(number: usize, text: &str, reason: MissReason) -> StepReport {
    let mut step = step(number, text, StepState::Miss);
    step.reasons.push(reason);
    step
}

/// Makes a step with a check block and nothing else.
pub(crate) fn step_with(check: &str) -> Step {
    let check = Check::parse(check).expect("the test's check block is right");
    Step {
        id: "step".to_owned(),
        kind: StepKind::Do,
        real: false,
        title: Localized::new("Step".to_owned()),
        body: Localized::new(Vec::new()),
        hints: Vec::new(),
        whens: BTreeMap::new(),
        after: None,
        check_hash: check.hash(),
        check,
        solution: Vec::new(),
    }
}

/// Returns the names of facts that a scene does not meet.
pub(crate) fn failing_in(check: &str, scene: &Scene) -> Vec<String> {
    let facts = evaluate(&step_with(check), scene);
    let failing = facts.into_iter().filter(|fact| !fact.ok);
    failing.map(|fact| fact.name).collect()
}
