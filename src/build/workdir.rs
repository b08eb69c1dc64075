//! WORKDIR: makes the folder where it is missing.

use super::copy::Times;
use super::error::{BuildError, CopyError};
use crate::layers::{Entry, Follow, Layer, Stack, Store, users};
use crate::plan::WorkdirStep;

/// Makes the layer: the missing folders, owned by the current user; empty if none is missing.
pub fn workdir(
    store: &Store,
    below: &Stack,
    step: &WorkdirStep,
    times: Times,
) -> Result<Layer, BuildError> {
    let there = below.resolve(&step.path, Follow::Yes)?;
    let mut draft = store.draft_layer()?.clamp_times(times.latest);
    match there.node {
        Some(node) if node.kind.is_directory() => {}
        Some(_) => {
            return Err(CopyError::NotAFolder {
                path: there.path.absolute(),
            }
            .into());
        }
        None => {
            let user = users::resolve(below, &step.user)?;
            for folder in there.path.ancestors().chain([there.path.clone()]) {
                match below.lookup(&folder)? {
                    Some(node) => draft.add_leading(&below.entry(&node)?)?,
                    None => draft.add(
                        &Entry::directory(folder, 0o755, times.now).owned_by(user.uid, user.gid),
                    )?,
                }
            }
        }
    }
    Ok(draft.commit()?)
}
