//! [`Stack`]: the merged view of layers, without mounting anything.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::RootPath;
use super::entry::{Entry, EntryKind};
use super::error::Result;
use super::layer::LayerFile;
use super::store::Store;
use crate::digest::DiffId;

/// Layers on top of each other, as a container would see them.
#[derive(Debug)]
pub struct Stack {}

/// Whether a symbolic link at the end of a path is followed; on the way they always are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follow {
    /// Follow it.
    Yes,
    /// The link itself is meant.
    No,
}

/// Something a stack shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Where.
    pub path: RootPath,
    /// What; hard links show as files, whiteouts never show, and no folder as opaque.
    pub kind: EntryKind,
    /// Permission bits.
    pub mode: u32,
    /// The owner an image says it has.
    pub uid: u32,
    /// The group an image says it has.
    pub gid: u32,
    /// When it was last modified, in seconds since the epoch.
    pub mtime: i64,
    /// The layer it comes from, counted from the base: an index into [`Stack::layers`], or their
    /// number for the upper directory.
    pub level: usize,
}

/// Where a path leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The path without symbolic links. Parts that do not exist are kept as they were written.
    pub path: RootPath,
    /// What is there, if anything is.
    pub node: Option<Node>,
}

impl Store {
    /// Returns the view of these layers, base first.
    pub fn stack(&self, layers: &[DiffId]) -> Result<Stack> {
        let _ = layers;
        todo!()
    }
}

impl Stack {
    /// Puts an overlay's upper directory on top: the view of a container.
    pub fn with_upper(self, upper: &Path) -> Result<Self> {
        let _ = upper;
        todo!()
    }

    /// Returns the layers, base first.
    pub fn layers(&self) -> &[DiffId] {
        todo!()
    }

    /// Returns the trees, base first, for an overlay mount.
    pub fn lower_dirs(&self) -> Vec<PathBuf> {
        todo!()
    }

    /// Returns what is at a path, following no symbolic link at all.
    pub fn lookup(&self, path: &RootPath) -> Result<Option<Node>> {
        let _ = path;
        todo!()
    }

    /// Follows a path as a process in the container would: links on the way, `..` not above the
    /// root. `path` may be absolute or relative to the root.
    pub fn resolve(&self, path: &str, follow: Follow) -> Result<Resolved> {
        let _ = (path, follow);
        todo!()
    }

    /// Returns what a folder shows, sorted by name. The path is one without links.
    pub fn read_dir(&self, folder: &RootPath) -> Result<Vec<Node>> {
        let _ = folder;
        todo!()
    }

    /// Visits a path without links and everything in it, in the order of [`RootPath`].
    pub fn walk(&self, from: &RootPath, visit: &mut dyn FnMut(&Node) -> Result<()>) -> Result<()> {
        let _ = (from, visit);
        todo!()
    }

    /// Opens a regular file for reading.
    pub fn open(&self, node: &Node) -> Result<File> {
        let _ = node;
        todo!()
    }

    /// Reads a whole file by a path, links followed, such as `/etc/passwd`; none if it is missing.
    pub fn read(&self, path: &str) -> Result<Option<Vec<u8>>> {
        let _ = path;
        todo!()
    }

    /// Returns the entry that puts this node into another layer, extended attributes included.
    pub fn entry(&self, node: &Node) -> Result<Entry> {
        let _ = node;
        todo!()
    }

    /// Names the file for [`Content::Layer`](super::Content::Layer); none for what lies in the
    /// upper directory or is no regular file.
    pub fn layer_file(&self, node: &Node) -> Option<LayerFile> {
        let _ = node;
        todo!()
    }
}
