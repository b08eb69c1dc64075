//! What a COPY takes and what the mounts of a RUN show, looked up once: for the key, and for the
//! layer.

use super::copy::Unchanged;
use super::fetch::Download;
use super::fetch::git::Commit;
use super::shown;
use super::stage::Stage;
use super::world::BuildWorld;
use crate::digest::DiffId;
use crate::plan::context::Selection;
use crate::plan::{FileIngredient, Ingredients, LayerStep, Step};

/// What a COPY takes, and what the mounts of a RUN show.
#[derive(Default)]
pub(super) struct Taken {
    pub selections: Vec<Selection>,
    pub files: Vec<FileIngredient>,
    /// What an ADD fetches.
    pub downloads: Vec<Download>,
    /// The repositories that an ADD takes.
    pub commits: Vec<Commit>,
    /// The layers it comes from, if not from the context.
    pub layers: Option<Vec<DiffId>>,
    /// What the mounts of a RUN show.
    pub shown: Vec<shown::Files>,
}

/// Finds files that are in the layer of the last run already, at the places where they go now.
///
/// That is only known where nothing but files differs: the same words on the same base. Even so two
/// sources, or two matches of a pattern, may have gone to one place, and the bytes there are those
/// of the last: one plain source is asked for.
pub(super) fn unchanged(
    step: &Step,
    layer: &LayerStep,
    stage: &Stage,
    files: &[FileIngredient],
    world: &BuildWorld<'_>,
) -> Unchanged {
    let LayerStep::Copy(copy) = layer else {
        return Unchanged::default();
    };
    let plain = |source: &String| !source.contains(['*', '?', '[', '\\']);
    // What an archive holds has other digests than the archive.
    if copy.add.is_some() {
        return Unchanged::default();
    }
    if copy.sources.len() != 1 || !copy.sources.iter().all(plain) {
        return Unchanged::default();
    }
    let (Some(below), Some((before, made))) = (stage.chain.below(), world.last_time(step)) else {
        return Unchanged::default();
    };
    if before.values != Ingredients::of(layer, &below, &[]).values {
        return Unchanged::default();
    }
    Unchanged::new(made.diff_id, &before.files, files)
}
