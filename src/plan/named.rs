//! `--build-context`: names that stand for a folder or for another image in COPY --from, in mounts
//! and in FROM. A stage of the name goes before.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::mount::RunMountSource;
use super::step::{CopyFrom, LayerStep, Plan, StepKind};
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

/// Returns what a name stands for; the last one given counts.
pub fn named<'a>(
    contexts: &'a NamedContexts,
    reference: &ImageReference,
) -> Option<&'a NamedContext> {
    let mut contexts = contexts.iter().rev();
    let found = contexts.find(|(name, _)| name == reference);
    found.map(|(_, context)| context)
}

impl Plan {
    /// Puts what names stand for in the place of the images that were meant by them.
    pub fn with_named(mut self, contexts: &NamedContexts) -> Self {
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
