//! The files that a RUN's mounts show: where they come from, and as layers.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};

use super::copy::{self, Reader, Unchanged};
use super::error::BuildError;
use super::mounts::system;
use super::room::make_folder;
use super::run::Workplace;
use super::world::{BuildWorld, layer_ingredients};
use crate::digest::DiffId;
use crate::layers::{Follow, Stack, Store};
use crate::plan::context::Selection;
use crate::plan::{Access, CopyFrom, FileIngredient, LayerStep, Shown, asked_files};
use crate::runtime::IdMode;

/// Where the files come from that one mount shows.
pub enum Files {
    /// The context.
    Context(Vec<Selection>),
    /// These layers.
    Layers(Vec<DiffId>),
}

/// Finds out what the mounts of a step show, and what of that is in the key. `layers_of` knows the
/// layers of a finished stage.
pub fn find(
    store: &Store,
    step: &LayerStep,
    layers_of: &dyn Fn(usize) -> Vec<DiffId>,
    world: &BuildWorld<'_>,
) -> Result<(Vec<Files>, Vec<FileIngredient>), BuildError> {
    let (mut found, mut ingredients) = (Vec::new(), Vec::new());
    for asked in asked_files(step) {
        let copy = asked.copy.as_ref();
        let layers = match &copy.from {
            CopyFrom::Context | CopyFrom::Folder(_) => {
                let selections = world.select(copy)?;
                ingredients.extend(asked.named(world.ingredients(copy, &selections)?));
                found.push(Files::Context(selections));
                continue;
            }
            CopyFrom::Stage(stage) => layers_of(*stage),
            CopyFrom::Image(_) => world.image_layers(copy)?,
        };
        let stack = store.stack(&layers)?;
        let files = layer_ingredients(&stack, &world.layer_trees(&stack, copy)?)?;
        ingredients.extend(asked.named(files));
        found.push(Files::Layers(layers));
    }
    Ok((found, ingredients))
}

/// Makes a new cache with what it begins with. It is there whole or not at all.
pub fn fill(
    place: &Workplace<'_>,
    tree: &Path,
    begin: Option<&Part>,
    access: Access,
) -> Result<(), BuildError> {
    let scratch = place.store.scratch()?;
    let mut new = scratch.path().join("tree");
    match begin {
        Some(part) => {
            place.store.check_out(&part.stack, &new)?;
            new.push(&part.path);
        }
        None => {
            make_folder(&new).map_err(system)?;
            let (uid, gid) = owner(access, place.ids);
            chown(&new, Some(uid), Some(gid)).map_err(system)?;
            let mode = Permissions::from_mode(access.mode);
            fs::set_permissions(&new, mode).map_err(system)?;
        }
    }
    fs::rename(&new, tree).map_err(system)
}

/// Part of merged layers.
pub struct Part {
    /// The layers.
    pub stack: Stack,
    /// Relative to the root, without links.
    pub path: PathBuf,
}

/// Returns the layers that have what a mount shows, and where.
pub fn shown_layers(
    place: &Workplace<'_>,
    shown: &Shown,
    files: &Files,
) -> Result<Part, BuildError> {
    let store = place.store;
    let ids = match files {
        Files::Layers(ids) => ids.clone(),
        Files::Context(selections) => {
            let trees = copy::from_context(selections);
            let reader = Reader {
                layers: None,
                unchanged: Unchanged::default(),
                stop: place.stop,
            };
            let nothing = store.stack(&[])?;
            let copied = copy::copy(store, &nothing, &shown.copy(), trees, &reader, place.times)?;
            vec![copied.diff_id]
        }
    };
    let stack = store.stack(&ids)?;
    let path = match files {
        Files::Context(_) => Shown::PLACE,
        Files::Layers(_) => &shown.path,
    };
    let path = stack.resolve(path, Follow::Yes)?.path;
    Ok(Part {
        path: path.as_path().to_owned(),
        stack,
    })
}

/// The owner as it is on disk: where one id exists, everything is its.
pub fn owner(access: Access, ids: IdMode) -> (u32, u32) {
    match ids {
        IdMode::Many => (access.uid, access.gid),
        IdMode::Single => (0, 0),
    }
}
