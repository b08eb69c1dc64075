//! [`Manifest`] and [`ImageIndex`] (image-spec, manifest.md and image-index.md).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::descriptor::{Annotations, Descriptor, MediaType};

/// Names an image's config and its layers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Always 2.
    pub schema_version: u32,
    /// What this document is; old ones do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<MediaType>,
    /// The image config.
    pub config: Descriptor,
    /// The layers, base first.
    pub layers: Vec<Descriptor>,
    /// Free text about it.
    #[serde(default, skip_serializing_if = "Annotations::is_empty")]
    pub annotations: Annotations,
    /// Fields strata does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Manifest {
    /// Returns the manifest of a config and its layers, base first.
    pub fn new(config: Descriptor, layers: Vec<Descriptor>) -> Self {
        Self {
            schema_version: 2,
            media_type: Some(MediaType::Manifest),
            config,
            layers,
            annotations: Annotations::new(),
            other: Map::new(),
        }
    }

    /// Returns the bytes of the document; the same for equal manifests.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a manifest has only text keys")
    }
}

/// Names manifests: those of a store, or those of one image for several platforms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageIndex {
    /// Always 2.
    pub schema_version: u32,
    /// What this document is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<MediaType>,
    /// What it names.
    pub manifests: Vec<Descriptor>,
    /// Fields strata does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl ImageIndex {
    /// Returns an index of these manifests.
    pub fn new(manifests: Vec<Descriptor>) -> Self {
        Self {
            schema_version: 2,
            media_type: Some(MediaType::Index),
            manifests,
            other: Map::new(),
        }
    }

    /// Returns the bytes of the document, laid out for people to read.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("an index has only text keys");
        bytes.push(b'\n');
        bytes
    }
}
