//! [`LayerDraft`]: a layer in the making. Entries go to the tree and to the tar's hash at once.

use std::io::Read;

use super::Entry;
use super::error::Result;
use super::layer::{Layer, LayerFile};
use super::store::Store;
use crate::digest::Digest;

/// Where a file's content comes from.
pub enum Content<'a> {
    /// From memory.
    Bytes(&'a [u8]),
    /// From a reader with exactly as many bytes as the entry says.
    Reader(&'a mut dyn Read),
    /// From a file of a finished layer. The file is hard-linked where everything about it is
    /// equal, else its bytes are shared (reflink), else copied.
    Layer(&'a LayerFile),
}

/// A layer in the making, under `tmp/`; gone when dropped.
#[derive(Debug)]
pub struct LayerDraft {}

impl Store {
    /// Starts a layer.
    pub fn draft_layer(&self) -> Result<LayerDraft> {
        todo!()
    }
}

impl LayerDraft {
    /// Cuts times later than this (SOURCE_DATE_EPOCH) off, in every entry added from now on.
    pub fn clamp_times(mut self, latest: Option<i64>) -> Self {
        let _ = latest;
        let _ = &mut self;
        todo!()
    }

    /// Adds something that has no content: a folder, a link, a whiteout, a device. Entries come
    /// in the order of [`RootPath`](super::RootPath), and every folder before what lies in it.
    pub fn add(&mut self, entry: &Entry) -> Result<()> {
        let _ = entry;
        todo!()
    }

    /// Adds a folder that lower layers have and that only leads to an entry to come: part of the
    /// tar, but not counted in [`Layer::folders`].
    pub fn add_leading(&mut self, entry: &Entry) -> Result<()> {
        let _ = entry;
        todo!()
    }

    /// Adds a regular file.
    pub fn add_file(&mut self, entry: &Entry, content: Content<'_>) -> Result<()> {
        let _ = (entry, content);
        todo!()
    }

    /// Adds a regular file and returns the digest of its content: one read feeds both hashes.
    pub fn add_hashed(&mut self, entry: &Entry, content: Content<'_>) -> Result<Digest> {
        let _ = (entry, content);
        todo!()
    }

    /// Finishes the layer: it gets its diff id and moves into the store. If the store has it
    /// already, that one is returned and the draft goes.
    pub fn commit(self) -> Result<Layer> {
        todo!()
    }
}
