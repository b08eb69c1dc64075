//! `--build-context`: names that stand for a folder or for another image in COPY --from, in mounts
//! and in FROM. A stage of the name is not built: what the name stands for takes its place.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::mount::RunMountSource;
use super::step::{Base, CopyFrom, CopyStep, LayerStep, Plan, Step, StepKind};
use crate::parser::Stage;
use crate::reference::ImageReference;

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum NamedContext {
    /// A folder of this machine, absolute.
    Folder(PathBuf),
    /// An image.
    Image(ImageReference),
}

/// Names, and what they stand for.
pub type NamedContexts = Vec<(ImageReference, NamedContext)>;

/// A stage that begins with the files of a folder.
#[derive(Debug, Clone)]
pub(super) struct FolderBase {
    name: String,
    folder: PathBuf,
}

impl FolderBase {
    /// Returns the step behind FROM that copies the folder, so that there is one layer to begin with.
    pub fn step(&self, from: &Step) -> Step {
        let folder = CopyFrom::Folder(self.folder.clone());
        let copy = CopyStep {
            written: [".", "/"].map(str::to_owned).into(),
            ..CopyStep::new(folder, vec![String::new()], "/".to_owned())
        };
        Step {
            trigger: Some(1),
            text: format!("COPY --from={} . /", self.name),
            kind: StepKind::Layer(LayerStep::Copy(copy)),
            ..from.clone()
        }
    }
}

/// Returns what takes the place of a stage, if its name stands for something.
pub(super) fn stage_context(
    contexts: &NamedContexts,
    stage: &Stage,
) -> Option<(Base, Option<FolderBase>)> {
    let name = stage.name.as_ref()?.as_str().parse().ok()?;
    named(contexts, &name).map(|context| begins_with(&name, context))
}

/// Returns what a stage begins with whose FROM names this: an image's name may stand for something.
pub(super) fn begun(base: Base, contexts: &NamedContexts) -> (Base, Option<FolderBase>) {
    match &base {
        Base::Image(name) => match named(contexts, name) {
            Some(context) => begins_with(name, context),
            None => (base, None),
        },
        _ => (base, None),
    }
}

fn begins_with(name: &ImageReference, context: &NamedContext) -> (Base, Option<FolderBase>) {
    match context {
        NamedContext::Image(image) => (Base::Image(image.clone()), None),
        NamedContext::Folder(folder) => {
            let base = FolderBase {
                name: name.to_string(),
                folder: folder.clone(),
            };
            (Base::Scratch, Some(base))
        }
    }
}

/// Returns what a name stands for; the last one given counts.
fn named<'a>(contexts: &'a NamedContexts, reference: &ImageReference) -> Option<&'a NamedContext> {
    let mut contexts = contexts.iter().rev();
    let found = contexts.find(|(name, _)| name == reference);
    found.map(|(_, context)| context)
}

impl Plan {
    /// Puts what names stand for in the place of the images that were meant by them.
    pub(super) fn with_named(mut self, contexts: &NamedContexts) -> Self {
        if contexts.is_empty() {
            return self;
        }
        let layers = self
            .steps
            .iter_mut()
            .filter_map(|step| match &mut step.kind {
                StepKind::Layer(layer) => Some(layer),
                _ => None,
            });
        for layer in layers {
            match layer {
                LayerStep::Copy(copy) => put(&mut copy.from, contexts),
                LayerStep::Run(run) => {
                    for mount in &mut run.mounts {
                        match &mut mount.source {
                            RunMountSource::Bind(shown)
                            | RunMountSource::Cache {
                                begins_with: Some(shown),
                                ..
                            } => put(&mut shown.from, contexts),
                            _ => {}
                        }
                    }
                }
                LayerStep::Workdir(_) => {}
            }
        }
        self
    }
}

fn put(from: &mut CopyFrom, contexts: &NamedContexts) {
    let CopyFrom::Image(reference) = from else {
        return;
    };
    match named(contexts, reference) {
        Some(NamedContext::Folder(folder)) => *from = CopyFrom::Folder(folder.clone()),
        Some(NamedContext::Image(image)) => *from = CopyFrom::Image(image.clone()),
        None => {}
    }
}
