//! Garbage collection by reference.

use std::collections::BTreeSet;

use super::error::Result;
use super::store::Store;
use crate::digest::{DiffId, ImageId};

/// What is to be kept although no name of the store refers to it: the layers of cache records,
/// the images of containers.
#[derive(Debug, Clone, Default)]
pub struct Keep {
    /// Images, with their layers.
    pub images: BTreeSet<ImageId>,
    /// Layers.
    pub layers: BTreeSet<DiffId>,
}

/// What a collection removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Collected {
    /// Images, by the digests of their configs.
    pub images: Vec<ImageId>,
    /// Layers.
    pub layers: Vec<DiffId>,
    /// Bytes of content and blobs.
    pub bytes: u64,
}

impl Store {
    /// Removes every image, layer and blob that neither the list of images nor `keep` refers to.
    /// Returns none, and does nothing, while some process [holds](Self::hold) the store.
    pub fn collect_garbage(&self, keep: &Keep) -> Result<Option<Collected>> {
        let _ = keep;
        todo!()
    }
}
