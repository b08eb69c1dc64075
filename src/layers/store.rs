//! [`Store`]: the folder that holds images and layers.

use std::path::{Path, PathBuf};

use super::error::Result;
use super::files::Guard;

/// Where the owners of files in trees are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OwnersMode {
    /// By the kernel, on the files themselves.
    #[default]
    Kernel,
    /// In `records.json`: only one id exists, so every file on disk belongs to it. Device nodes,
    /// which cannot be made there, are kept the same way.
    Recorded,
}

/// The attribute in which overlay looks for opaque folders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Whiteouts {
    /// `user.overlay.`: overlay mounted in a user namespace.
    #[default]
    User,
    /// `trusted.overlay.`: overlay mounted by root.
    Trusted,
}

/// A store of images and layers. Safe for many processes at once.
#[derive(Debug)]
pub struct Store {
    root: PathBuf,
    owners: OwnersMode,
    whiteouts: Whiteouts,
}

impl Store {
    /// Opens a store, and makes it if the folder is new or empty. Collects what dead processes
    /// left in it.
    pub fn open(root: &Path) -> Result<Self> {
        let _ = root;
        todo!()
    }

    /// Says where owners of files are kept; [`OwnersMode::Kernel`] unless told otherwise.
    pub fn set_owners(&mut self, owners: OwnersMode) {
        self.owners = owners;
    }

    /// Says which overlay will mount the trees; [`Whiteouts::User`] unless told otherwise.
    pub fn set_whiteouts(&mut self, whiteouts: Whiteouts) {
        self.whiteouts = whiteouts;
    }

    /// Returns where owners of files are kept.
    pub fn owners(&self) -> OwnersMode {
        self.owners
    }

    /// Returns which overlay will mount the trees.
    pub fn whiteouts(&self) -> Whiteouts {
        self.whiteouts
    }

    /// Returns the folder, absolute.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Makes an empty folder of this process's under `tmp/`, for example for an upper directory.
    /// It goes when the value is dropped, or is collected after a crash.
    pub fn scratch(&self) -> Result<ScratchDir> {
        todo!()
    }

    /// Keeps the garbage collection of other processes away while layers exist that nothing
    /// refers to yet: from before the first draft until the cache record or the tag is written.
    pub fn hold(&self) -> Result<Guard> {
        todo!()
    }
}

/// A folder under `tmp/`, removed with everything in it when dropped.
#[derive(Debug)]
pub struct ScratchDir {
    path: PathBuf,
}

impl ScratchDir {
    /// Returns the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }
}
