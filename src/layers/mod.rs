//! Images as image-spec describes them, and the store they lie in.
//!
//! The nouns, and how they refer to each other: a reference (`shop:1`) names a **manifest**
//! (`Digest`); the manifest names a **config** (whose digest is the `ImageId`) and the blobs of
//! the **layers**; the config lists the layers by the digest of their plain tars (`DiffId`).
//!
//! ```text
//! oci-layout index.json blobs/sha256/   an OCI image layout, as it is
//! layers/<hex of diff id>/tree/         a layer unpacked, whiteouts in overlay's form
//! layers/<hex of diff id>/layer.json    its numbers; records.json: what the tree cannot hold
//! tmp/<process>/                        unfinished work; collected once its process is gone
//! strata.json                           the format of all this
//! ```
//!
//! How the files divide the work:
//! - values: [`path`](RootPath), [`entry`](Entry), [`config`], [`descriptor`], [`manifest`], [`changes`]
//! - the store: [`store`](Store), [`image`](Image), `layout` (index.json), `blob`, `scratch` (tmp/),
//!   `garbage`, [`fsck`]
//! - layers coming in: [`draft`](LayerDraft) and `upper` make one, `apply` unpacks an outside one
//! - layers going out: `tar_header`, `stream`, `regenerate`
//! - looking in: [`stack`](Stack), [`users`]
//! - whole images in and out: [`archive`]

mod apply;
pub mod archive;
mod blob;
pub mod changes;
mod compression;
pub mod config;
pub mod descriptor;
mod draft;
mod entry;
mod error;
pub mod files;
pub mod fsck;
mod garbage;
mod image;
mod layer;
mod layout;
mod level;
pub mod manifest;
mod path;
#[cfg(test)]
mod properties;
mod records;
mod regenerate;
mod scratch;
mod stack;
mod store;
mod stream;
mod tar_entry;
mod tar_header;
mod tar_reader;
mod tree;
mod unpack;
mod upper;
pub mod users;
mod xattrs;

pub use changes::{Change, ChangeKind};
pub use config::{ContainerConfig, Empty, Healthcheck, History, ImageConfig, RootFs};
pub use descriptor::{Annotations, Descriptor, MediaType};
pub use draft::{Content, LayerDraft};
pub use entry::{Device, Entry, EntryKind, Xattrs};
pub use error::{Result, StoreError};
pub use garbage::{Collected, Keep};
pub use image::{Image, ImageSummary, Untagged};
pub use layer::{Layer, LayerFile};
pub use manifest::{ImageIndex, Manifest};
pub use path::RootPath;
pub use scratch::ScratchDir;
pub use stack::{Follow, Node, Resolved, Stack};
pub use store::{OwnersMode, Store, Whiteouts};
pub use upper::UpperOptions;
