//! [`Descriptor`]: how image-spec documents point at a blob (image-spec, descriptor.md).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::digest::Digest;

/// What a blob is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
pub enum MediaType {
    /// An image manifest.
    Manifest,
    /// An index of manifests.
    Index,
    /// An image config.
    Config,
    /// A layer as a plain tar.
    Layer,
    /// A layer as a gzipped tar.
    LayerGzip,
    /// A layer as a tar compressed with zstd.
    LayerZstd,
    /// docker's manifest, schema 2.
    DockerManifest,
    /// docker's manifest list.
    DockerIndex,
    /// docker's image config.
    DockerConfig,
    /// docker's plain layer.
    DockerLayer,
    /// docker's gzipped layer.
    DockerLayerGzip,
    /// Anything else.
    Other(String),
}

const NAMES: [(MediaType, &str); 11] = [
    (
        MediaType::Manifest,
        "application/vnd.oci.image.manifest.v1+json",
    ),
    (MediaType::Index, "application/vnd.oci.image.index.v1+json"),
    (
        MediaType::Config,
        "application/vnd.oci.image.config.v1+json",
    ),
    (MediaType::Layer, "application/vnd.oci.image.layer.v1.tar"),
    (
        MediaType::LayerGzip,
        "application/vnd.oci.image.layer.v1.tar+gzip",
    ),
    (
        MediaType::LayerZstd,
        "application/vnd.oci.image.layer.v1.tar+zstd",
    ),
    (
        MediaType::DockerManifest,
        "application/vnd.docker.distribution.manifest.v2+json",
    ),
    (
        MediaType::DockerIndex,
        "application/vnd.docker.distribution.manifest.list.v2+json",
    ),
    (
        MediaType::DockerConfig,
        "application/vnd.docker.container.image.v1+json",
    ),
    (
        MediaType::DockerLayer,
        "application/vnd.docker.image.rootfs.diff.tar",
    ),
    (
        MediaType::DockerLayerGzip,
        "application/vnd.docker.image.rootfs.diff.tar.gzip",
    ),
];

impl From<String> for MediaType {
    fn from(text: String) -> Self {
        let known = NAMES.into_iter().find(|(_, name)| *name == text);
        known.map_or(Self::Other(text), |(media_type, _)| media_type)
    }
}

impl From<MediaType> for String {
    fn from(media_type: MediaType) -> Self {
        if let MediaType::Other(text) = media_type {
            return text;
        }
        let known = NAMES.into_iter().find(|(known, _)| *known == media_type);
        known
            .expect("every media type but Other has a name")
            .1
            .to_owned()
    }
}

/// Annotations: free text by name.
pub type Annotations = BTreeMap<String, String>;

/// Points at a blob: what it is, its digest, its size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// What the blob is.
    pub media_type: MediaType,
    /// The digest of its bytes.
    pub digest: Digest,
    /// How many bytes it has.
    pub size: u64,
    /// Free text about it.
    #[serde(default, skip_serializing_if = "Annotations::is_empty")]
    pub annotations: Annotations,
    /// Fields strata does not know, kept as they are.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Descriptor {
    /// Returns a descriptor without annotations.
    pub fn new(media_type: MediaType, digest: Digest, size: u64) -> Self {
        Self {
            media_type,
            digest,
            size,
            annotations: Annotations::new(),
            other: Map::new(),
        }
    }

    /// Returns the descriptor of some bytes.
    pub fn of(media_type: MediaType, bytes: &[u8]) -> Self {
        Self::new(media_type, Digest::of(bytes), bytes.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unknown_survives() {
        let json = format!(
            r#"{{"mediaType":"application/x-new","digest":"{}","size":3,"annotations":{{"a":"b"}},"urls":["x"]}}"#,
            Digest::of(b"abc")
        );
        let descriptor: Descriptor = serde_json::from_str(&json).unwrap();
        assert_eq!(
            descriptor.media_type,
            MediaType::Other("application/x-new".into())
        );
        assert_eq!(serde_json::to_string(&descriptor).unwrap(), json);
    }
}
