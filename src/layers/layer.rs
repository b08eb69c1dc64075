//! [`Layer`]: a finished layer of the store.

use std::io::{Read, Write};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::RootPath;
use super::descriptor::Descriptor;
use super::error::Result;
use super::store::Store;
use crate::digest::DiffId;

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

impl Store {
    /// Returns a layer, if it is here.
    pub fn layer(&self, diff_id: DiffId) -> Result<Option<Layer>> {
        let _ = diff_id;
        todo!()
    }

    /// Writes a layer's plain tar, byte for byte what its diff id is the digest of.
    ///
    /// # Errors
    /// [`StoreError::WrongDigest`](super::StoreError::WrongDigest) after the last byte, where the tree on disk was tampered
    /// with.
    pub fn layer_tar(&self, layer: &Layer, to: &mut dyn Write) -> Result<()> {
        let _ = (layer, to);
        todo!()
    }

    /// Takes in a layer from outside: plain or gzipped, its bytes are kept as they are. `below`
    /// are the layers it belongs on, base first; folders that the tar only implies look as they
    /// do there.
    pub fn apply_tar(&self, from: &mut dyn Read, below: &[DiffId]) -> Result<Layer> {
        let _ = (from, below);
        todo!()
    }
}
