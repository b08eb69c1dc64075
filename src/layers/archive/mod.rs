//! Whole images in and out: docker-archive, OCI archive, OCI folder.
//!
//! - `source`: where an archive's parts come from, a folder or a tar
//! - `load`: what they say, and taking it in
//! - `save`: writing them
//! - `cache`: no image, but the layers of a build cache

mod cache;
mod load;
mod save;
mod source;

use serde::{Deserialize, Serialize};

pub use cache::{CacheFolder, CacheManifest};

use super::image::Image;
use crate::reference::ImageReference;

/// An image that was loaded.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The image.
    pub image: Image,
    /// The names it was given.
    pub references: Vec<ImageReference>,
}

const OCI_LAYOUT: &str = "oci-layout";
const OCI_LAYOUT_TEXT: &[u8] = b"{\"imageLayoutVersion\":\"1.0.0\"}";
const INDEX: &str = "index.json";
const DOCKER_MANIFEST: &str = "manifest.json";
/// Where docker and containerd look for the whole name in an index.
const CONTAINERD_NAME: &str = "io.containerd.image.name";

/// One image in docker's `manifest.json`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DockerImage {
    /// Path of the config.
    config: String,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    /// Paths of the layers, base first.
    layers: Vec<String>,
}
