//! [`Image`]: a config and its layers; finding, making, naming and removing images.

use super::config::ImageConfig;
use super::error::Result;
use super::store::Store;
use crate::digest::{DiffId, Digest, ImageId};
use crate::reference::ImageReference;

/// An image of the store.
#[derive(Debug, Clone, PartialEq)]
pub struct Image {
    /// The digest of its config.
    pub id: ImageId,
    /// The digest of its manifest.
    pub manifest: Digest,
    /// Its config.
    pub config: ImageConfig,
    /// Its layers, base first.
    pub layers: Vec<DiffId>,
}

/// A line of the list of images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageSummary {
    /// The names it has, sorted; none for an image that lost its name.
    pub references: Vec<ImageReference>,
    /// The digest of its config.
    pub id: ImageId,
    /// The digest of its manifest.
    pub manifest: Digest,
    /// When it was made, RFC 3339.
    pub created: Option<String>,
    /// Bytes of file content in all layers.
    pub size: u64,
}

/// What became of an image that lost a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untagged {
    /// The image.
    pub id: ImageId,
    /// Whether that was its last name, so that nothing names it now.
    pub last: bool,
}

impl Store {
    /// Returns every image that has a name or once had one, newest first.
    pub fn images(&self) -> Result<Vec<ImageSummary>> {
        todo!()
    }

    /// Finds an image by reference, by id, or by the first digits of its id. Images of steps,
    /// which never had a name, are found by id too.
    pub fn find(&self, name: &str) -> Result<Image> {
        let _ = name;
        todo!()
    }

    /// Returns the image with this id.
    pub fn image(&self, id: ImageId) -> Result<Image> {
        let _ = id;
        todo!()
    }

    /// Returns the image a reference names, if there is one.
    pub fn tagged(&self, reference: &ImageReference) -> Result<Option<Image>> {
        let _ = reference;
        todo!()
    }

    /// Stores an image: config and manifest become blobs. `rootfs.diff_ids` of the config is set
    /// to `layers`. The image has no name yet, and garbage collection takes it unless it is told
    /// to keep it.
    pub fn put_image(&self, config: &ImageConfig, layers: &[DiffId]) -> Result<Image> {
        let _ = (config, layers);
        todo!()
    }

    /// Lists an image without giving it a name, as `<none>`.
    pub fn list(&self, image: &Image) -> Result<()> {
        let _ = image;
        todo!()
    }

    /// Gives an image a name, and makes sure that it survives a power loss. An image that had the
    /// name before stays in the list, without it.
    pub fn tag(&self, reference: &ImageReference, image: &Image) -> Result<()> {
        let _ = (reference, image);
        todo!()
    }

    /// Takes a name away. An image that loses its last name leaves the list; its bytes go with
    /// the next [`collect_garbage`](Self::collect_garbage).
    pub fn untag(&self, reference: &ImageReference) -> Result<Untagged> {
        let _ = reference;
        todo!()
    }

    /// Takes an image off the list, with all its names, which are returned.
    pub fn remove_image(&self, id: ImageId) -> Result<Vec<ImageReference>> {
        let _ = id;
        todo!()
    }
}
