//! [`Layer`]: a finished layer of the store, and how a finished draft becomes one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::RootPath;
use super::descriptor::{Descriptor, MediaType};
use super::error::{Result, StoreError};
use super::scratch::ScratchDir;
use super::store::Store;
use super::stream::Streamed;
use crate::digest::DiffId;

const FILE: &str = "layer.json";
/// Lies beside a tree that may not be on the disk for good yet.
const UNSYNCED: &str = "unsynced";

/// A layer of the store; never changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Layer {
    /// The digest of its plain tar.
    pub diff_id: DiffId,
    /// Bytes of file content.
    pub size: u64,
    /// Files and links in it.
    pub files: u64,
    /// Folders in it, without those that only lead to something.
    pub folders: u64,
    /// Paths of lower layers that it hides.
    pub deleted: u64,
    /// Bytes of the plain tar.
    pub tar_size: u64,
    /// The blob that manifests name: the plain tar, or the compressed one it came as.
    pub blob: Descriptor,
    /// The unpacked tree, whiteouts in overlay's form.
    #[serde(skip)]
    pub tree: PathBuf,
}

/// A regular file of a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerFile {
    /// The layer.
    pub layer: DiffId,
    /// The file.
    pub path: RootPath,
}

/// What a layer brings, counted while it is made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Numbers {
    pub(super) size: u64,
    pub(super) files: u64,
    pub(super) folders: u64,
    pub(super) deleted: u64,
}

impl Layer {
    pub(super) fn new(diff_id: DiffId, tar_size: u64, numbers: Numbers) -> Self {
        Self {
            diff_id,
            size: numbers.size,
            files: numbers.files,
            folders: numbers.folders,
            deleted: numbers.deleted,
            tar_size,
            blob: Descriptor::new(MediaType::Layer, diff_id.0, tar_size),
            tree: PathBuf::new(),
        }
    }

    /// The folder that holds the tree and what is noted about it.
    pub(super) fn folder(&self) -> &Path {
        self.tree
            .parent()
            .expect("a tree lies in its layer's folder")
    }
}

impl Store {
    /// Returns a layer, if it is here.
    pub fn layer(&self, diff_id: DiffId) -> Result<Option<Layer>> {
        let folder = self.layer_path(diff_id);
        let path = folder.join(FILE);
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            bytes => bytes.map_err(StoreError::io("read", &path))?,
        };
        let mut layer: Layer =
            serde_json::from_slice(&bytes).map_err(|source| StoreError::Json { path, source })?;
        layer.tree = folder.join("tree");
        Ok(Some(layer))
    }

    /// Returns a layer that has to be here.
    pub(super) fn needed_layer(&self, diff_id: DiffId) -> Result<Layer> {
        self.layer(diff_id)?
            .ok_or(StoreError::LayerMissing(diff_id))
    }

    /// Takes a finished draft in: `tree/` and records lie in its folder already.
    pub(super) fn adopt(
        &self,
        draft: &ScratchDir,
        streamed: &Streamed,
        numbers: Numbers,
    ) -> Result<Layer> {
        if let Some(tar) = &streamed.kept {
            self.adopt_blob(tar, streamed.diff_id.0)?;
        }
        let layer = Layer::new(streamed.diff_id, streamed.size, numbers);
        self.adopt_tree(draft, layer)
    }

    /// Moves a finished tree into the store, in one step. If the layer is here already, that one
    /// stays: two builds may finish the same step at once.
    pub(super) fn adopt_tree(&self, draft: &ScratchDir, mut layer: Layer) -> Result<Layer> {
        if let Some(existing) = self.layer(layer.diff_id)? {
            return Ok(existing);
        }
        let write = |name: &str, bytes: &[u8]| {
            let path = draft.path().join(name);
            fs::write(&path, bytes).map_err(StoreError::io("write", path))
        };
        let json = serde_json::to_vec_pretty(&layer).expect("a layer has only text keys");
        write(FILE, &json)?;
        write(UNSYNCED, b"")?;
        let folder = self.layer_path(layer.diff_id);
        layer.tree = folder.join("tree");
        match fs::rename(draft.path(), &folder) {
            Ok(()) => Ok(layer),
            Err(error) => match self.layer(layer.diff_id)? {
                Some(existing) => Ok(existing),
                None => Err(StoreError::io("rename", draft.path())(error)),
            },
        }
    }

    /// Makes sure that layers survive a power loss. Syncing the whole file system once costs less
    /// than syncing each file; layers that went through it before cost nothing.
    pub(super) fn sync_layers(&self, layers: &[DiffId]) -> Result<()> {
        let markers: Vec<PathBuf> = layers
            .iter()
            .map(|layer| self.layer_path(*layer).join(UNSYNCED))
            .filter(|marker| marker.exists())
            .collect();
        if markers.is_empty() {
            return Ok(());
        }
        let root = fs::File::open(self.root()).map_err(StoreError::io("open", self.root()))?;
        rustix::fs::syncfs(&root).map_err(StoreError::io("sync", self.root()))?;
        for marker in markers {
            match fs::remove_file(&marker) {
                // Another process was here at the same time.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                outcome => outcome.map_err(StoreError::io("remove", marker))?,
            }
        }
        Ok(())
    }
}
