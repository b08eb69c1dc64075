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
//! - values: [`path`](RootPath), [`entry`](Entry), [`config`], [`descriptor`], [`manifest`], [`problem`](Problem)
//! - the store: [`store`](Store), `scratch` (tmp/), `blob`, `layout` (index.json), `layer`,
//!   [`image`](Image) and `names`, `garbage`, [`fsck`], and [`files`] for whoever has files of their own
//! - a layer made here: [`draft`](LayerDraft) or `upper`; `tree` and `node` put it on disk, `tar_header`
//!   and `stream` (with `chunks`) make and hash its tar, `records` keeps what the disk cannot
//! - a layer from outside: `apply`, `compression`, `tar_reader`, `tar_sparse`, `tar_entry`, `unpack`, `links`
//! - what ADD unpacks: `unpacked`, `plain`; what is refused in both: [`refusal`](Refusal)
//! - without overlayfs: `checkout` copies layers into a folder, [`snapshot`](Snapshot) tells what changed in it
//! - a layer of what a container changed, or of a tar to import: `capture`
//! - looking in: `level` is one tree, [`stack`](Stack) and `merge` are several, [`changes`] what differs, `waste` what is of no use,
//!   [`users`] who is who; `regenerate` makes a layer's tar again
//! - whole images in and out: [`archive`]; `exchange` and [`partial`](Partial): with registries; `export`: the files of one

mod apply;
pub mod archive;
mod blob;
mod capture;
pub mod changes;
mod checkout;
mod chunks;
mod compression;
pub mod config;
pub mod descriptor;
mod draft;
mod entry;
mod error;
mod exchange;
mod export;
pub mod files;
pub mod fsck;
mod garbage;
mod image;
mod layer;
mod layout;
mod level;
mod links;
pub mod manifest;
mod merge;
mod names;
mod node;
mod partial;
mod path;
mod plain;
mod problem;
#[cfg(test)]
mod properties;
mod records;
mod refusal;
mod regenerate;
mod scratch;
mod snapshot;
mod stack;
mod store;
mod stream;
mod tar_entry;
mod tar_header;
mod tar_reader;
mod tar_sparse;
mod tree;
mod unpack;
mod unpacked;
mod upper;
pub mod users;
mod waste;
mod xattrs;

pub use changes::{Change, ChangeKind};
pub use checkout::TakenChanges;
pub use config::{ContainerConfig, Empty, Healthcheck, History, ImageConfig, RootFs};
pub use descriptor::{Annotations, Descriptor, MediaType};
pub use draft::{Content, LayerDraft};
pub use entry::{Device, Entry, EntryKind, Xattrs};
pub use error::{Result, StoreError};
pub use exchange::Outgoing;
pub use garbage::{Collected, Keep};
pub use image::Image;
pub use layer::{Layer, LayerFile};
pub use manifest::{ImageIndex, Manifest};
pub use names::{ImageSummary, Untagged};
pub use partial::Partial;
pub use path::RootPath;
pub use plain::UNPACKS_TO;
pub use problem::Problem;
pub use refusal::Refusal;
pub use scratch::ScratchDir;
pub use snapshot::Snapshot;
pub use stack::{Follow, Node, Resolved, Stack};
pub use store::{OwnersMode, Store, Whiteouts};
pub use unpacked::{Unpacked, is_archive};
pub use upper::UpperOptions;
pub use waste::{Loss, Waste};
