//! Containers whose layers are copied into a folder, where overlayfs cannot merge them.
//!
//! The runtime knows no layers: whoever starts a container says who copies them. A container that
//! was copied once stays so, because that folder then holds what it changed.

use std::path::Path;

use super::container_error::ContainerError;
use super::containers::{ContainerConfig, Containers};
use super::names::ContainerId;
use super::remove_tree::remove_tree;
use super::spec::Rootfs;

/// Copies all that a container shows, its layers and its own changes, into a folder.
pub type CopyLayers<'a> = dyn Fn(&ContainerConfig, &Path) -> Result<(), ContainerError> + 'a;

/// What to do about layers that cannot be merged.
#[derive(Clone, Copy)]
pub struct Copying<'a> {
    /// Whether to copy without trying overlayfs.
    pub at_once: bool,
    /// Who copies.
    pub copy: &'a CopyLayers<'a>,
}

impl Containers {
    /// Makes a container one that has a folder of its own instead of an overlay.
    pub fn copy_layers(
        &self,
        id: &ContainerId,
        copy: &CopyLayers<'_>,
    ) -> Result<(), ContainerError> {
        let folder = self.folder(id);
        let mut config = folder.config()?;
        if matches!(config.spec.rootfs, Rootfs::Folder(_)) {
            return Ok(());
        }
        let lock = folder.try_lock()?;
        let _lock = lock.ok_or_else(|| ContainerError::AlreadyRunning { id: id.clone() })?;
        copy(&config, &folder.copied())?;
        config.spec.rootfs = Rootfs::Folder(folder.copied());
        folder.write_config(&config)
    }

    /// Removes a container that `run` made in vain.
    pub(super) fn give_up(&self, id: &ContainerId) {
        let points = self.folder(id).mount_points().unwrap_or_default();
        // The reason why it is given up is what the caller has to know.
        if let Ok(tree) = self.take_out(id) {
            let _ = remove_tree(&tree);
            for tree in self.take_out_anonymous(&points).unwrap_or_default() {
                let _ = remove_tree(&tree);
            }
        }
    }
}
