//! Recomputes every digest and size in a store and lists all that does not match.

use std::path::PathBuf;

use super::error::Result;
use super::store::Store;
use crate::digest::{DiffId, Digest};
use crate::language::Language;

/// Something wrong in a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// A blob's bytes are not what its name says.
    BlobDigest {
        /// The name.
        expected: Digest,
        /// The digest of the bytes.
        found: Digest,
    },
    /// A blob has another size than the descriptor that points at it.
    BlobSize {
        /// The blob.
        digest: Digest,
        /// By the descriptor.
        expected: u64,
        /// On disk.
        found: u64,
    },
    /// Something refers to a blob that is not there.
    BlobMissing {
        /// The blob.
        digest: Digest,
        /// Who refers to it.
        by: String,
    },
    /// Something refers to a layer that is not there.
    LayerMissing {
        /// The layer.
        diff_id: DiffId,
        /// Who refers to it.
        by: String,
    },
    /// A layer's tree does not give the tar its diff id promises.
    LayerDigest {
        /// The layer.
        expected: DiffId,
        /// The digest of the tar of what is there.
        found: DiffId,
    },
    /// A layer's numbers do not fit its tree.
    LayerSize {
        /// The layer.
        diff_id: DiffId,
        /// By layer.json.
        expected: u64,
        /// In the tree.
        found: u64,
    },
    /// A document cannot be read.
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A file or folder that belongs to nothing.
    Leftover {
        /// Where.
        path: PathBuf,
    },
}

impl Problem {
    /// Says it to a person.
    pub fn message(&self, language: Language) -> String {
        let _ = language;
        todo!()
    }
}

impl Store {
    /// Reads everything in the store and returns all that is wrong, in a fixed order.
    pub fn fsck(&self) -> Result<Vec<Problem>> {
        todo!()
    }
}
