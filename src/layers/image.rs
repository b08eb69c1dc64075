//! [`Image`]: a config and its layers; making and finding images.

use std::fs;
use std::path::Path;

use super::config::ImageConfig;
use super::descriptor::{Descriptor, MediaType};
use super::error::{Result, StoreError};
use super::files;
use super::layout;
use super::manifest::Manifest;
use super::names::{ID, is_noted};
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

impl Store {
    /// Finds an image by reference, by id, or by the first digits of its id. Images of steps,
    /// which never had a name, are found by id too.
    pub fn find(&self, name: &str) -> Result<Image> {
        if let Ok(reference) = name.parse::<ImageReference>()
            && let Some(image) = self.tagged(&reference)?
        {
            return Ok(image);
        }
        let prefix = name.strip_prefix("sha256:").unwrap_or(name);
        if prefix.is_empty()
            || !prefix
                .bytes()
                .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        {
            return Err(StoreError::ImageNotFound(name.to_owned()));
        }
        if let Ok(digest) = Digest::from_hex(prefix) {
            return self.image(ImageId(digest));
        }
        let ids = self.ids_starting_with(prefix)?;
        match ids[..] {
            [] => Err(StoreError::ImageNotFound(name.to_owned())),
            [id] => self.image(id),
            _ => Err(StoreError::AmbiguousId {
                prefix: prefix.to_owned(),
                ids: ids.iter().map(ImageId::short).collect(),
            }),
        }
    }

    /// Returns the image with this id.
    pub fn image(&self, id: ImageId) -> Result<Image> {
        let listed = self.index()?.manifests.into_iter().find(|descriptor| {
            let noted = descriptor.annotations.get(ID);
            noted.is_some_and(|noted| *noted == id.to_string())
        });
        if let Some(descriptor) = listed {
            return self.load_image(id, descriptor.digest);
        }
        if !self.has_blob(id.0) {
            return Err(StoreError::ImageNotFound(id.to_string()));
        }
        // Never listed, so made here: its manifest follows from its config.
        let bytes = self.read_blob(id.0)?;
        let config = parse_config(&bytes)
            .filter(is_image)
            .ok_or_else(|| StoreError::ImageNotFound(id.to_string()))?;
        let manifest = self.manifest_of(&bytes, &config.rootfs.diff_ids)?;
        self.load_image(id, Digest::of(&manifest.to_bytes()))
    }

    /// Returns the image a reference names, if there is one.
    pub fn tagged(&self, reference: &ImageReference) -> Result<Option<Image>> {
        let index = self.index()?.manifests;
        let named = index.iter().find(|descriptor| match reference.digest() {
            Some(digest) => descriptor.digest == digest || is_noted(descriptor, reference),
            None => is_named(descriptor, reference),
        });
        match named {
            Some(descriptor) => {
                let id = self.id_of(descriptor)?;
                self.load_image(id, descriptor.digest).map(Some)
            }
            None => Ok(None),
        }
    }

    /// Stores an image: config and manifest become blobs. `rootfs.diff_ids` of the config is set
    /// to `layers`. The image has no name yet, and garbage collection takes it unless it is told
    /// to keep it.
    pub fn put_image(&self, config: &ImageConfig, layers: &[DiffId]) -> Result<Image> {
        let mut config = config.clone();
        config.rootfs.diff_ids = layers.to_vec();
        let bytes = config.to_bytes();
        let manifest = self.manifest_of(&bytes, layers)?;
        let id = ImageId(self.put_blob(&bytes)?);
        Ok(Image {
            id,
            manifest: self.put_blob(&manifest.to_bytes())?,
            config,
            layers: layers.to_vec(),
        })
    }

    /// Returns the manifest of an image made here.
    pub(super) fn manifest_of(&self, config: &[u8], layers: &[DiffId]) -> Result<Manifest> {
        let blobs = layers
            .iter()
            .map(|layer| self.needed_layer(*layer).map(|layer| layer.blob));
        let config = Descriptor::of(MediaType::Config, config);
        Ok(Manifest::new(config, blobs.collect::<Result<_>>()?))
    }

    pub(super) fn load_image(&self, id: ImageId, manifest: Digest) -> Result<Image> {
        let bytes = self.read_blob(id.0)?;
        let config: ImageConfig =
            serde_json::from_slice(&bytes).map_err(|source| StoreError::Json {
                path: self.blob_path(id.0),
                source,
            })?;
        Ok(Image {
            id,
            manifest,
            layers: config.rootfs.diff_ids.clone(),
            config,
        })
    }

    /// Returns the image id behind a descriptor of the index.
    pub(super) fn id_of(&self, descriptor: &Descriptor) -> Result<ImageId> {
        if let Some(noted) = descriptor.annotations.get(ID)
            && let Ok(id) = noted.parse()
        {
            return Ok(id);
        }
        Ok(ImageId(
            self.read_manifest(descriptor.digest)?.config.digest,
        ))
    }

    pub(super) fn read_manifest(&self, digest: Digest) -> Result<Manifest> {
        let bytes = self.read_blob(digest)?;
        serde_json::from_slice(&bytes).map_err(|source| StoreError::Json {
            path: self.blob_path(digest),
            source,
        })
    }

    /// Returns the ids that start with these digits: of listed images, else of any config blob.
    fn ids_starting_with(&self, prefix: &str) -> Result<Vec<ImageId>> {
        let starts = |id: &ImageId| id.0.hex().starts_with(prefix);
        let listed = self.images()?.into_iter().map(|image| image.id);
        let mut ids: Vec<ImageId> = listed.filter(starts).collect();
        ids.sort();
        ids.dedup();
        if !ids.is_empty() {
            return Ok(ids);
        }
        for path in files::entries(&self.path("blobs/sha256"))? {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if let Ok(digest) = Digest::from_hex(&name)
                && starts(&ImageId(digest))
                && is_config(&path)
            {
                ids.push(ImageId(digest));
            }
        }
        Ok(ids)
    }
}

pub(super) fn is_named(descriptor: &Descriptor, reference: &ImageReference) -> bool {
    layout::reference(descriptor).as_ref() == Some(reference)
}

/// Blobs are configs, manifests and layers; only a config is a document with a `rootfs`.
pub(super) fn is_config(path: &Path) -> bool {
    // A config of a megabyte would be a very strange one; layers can be huge.
    let small = fs::metadata(path).is_ok_and(|meta| meta.len() < 1024 * 1024);
    small && fs::read(path).is_ok_and(|bytes| parse_config(&bytes).is_some_and(|c| is_image(&c)))
}

fn parse_config(bytes: &[u8]) -> Option<ImageConfig> {
    serde_json::from_slice(bytes).ok()
}

fn is_image(config: &ImageConfig) -> bool {
    // A manifest, read as a config, has none of these; all fields of a config may be missing.
    !config.other.contains_key("schemaVersion") && config.rootfs.kind == "layers"
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::layers::store::tests::temporary_store;

    /// An image of one empty layer.
    pub(in crate::layers) fn image(store: &Store, created: &str) -> Image {
        let layer = store.draft_layer().unwrap().commit().unwrap();
        let config = ImageConfig {
            created: Some(created.to_owned()),
            ..ImageConfig::default()
        };
        store.put_image(&config, &[layer.diff_id]).unwrap()
    }

    fn reference(name: &str) -> ImageReference {
        name.parse().unwrap()
    }

    #[test]
    fn images_are_found_by_name_id_and_prefix() {
        let (_folder, store) = temporary_store();
        let step = image(&store, "2026-01-01T00:00:00Z");
        let named = image(&store, "2026-01-02T00:00:00Z");
        store.tag(&reference("shop:1"), &named).unwrap();
        for name in [
            "shop:1",
            "docker.io/library/shop:1",
            &named.id.to_string(),
            &named.id.short(),
        ] {
            assert_eq!(store.find(name).unwrap(), named, "{name}");
        }
        let by_digest = format!("shop@{}", named.manifest);
        assert_eq!(store.find(&by_digest).unwrap(), named);
        assert_eq!(store.find(&step.id.short()).unwrap(), step);
        for name in ["shop", "nosuch", "", "Z", &"0".repeat(64)] {
            let error = store.find(name).unwrap_err();
            assert!(
                matches!(error, StoreError::ImageNotFound(_)),
                "{name}: {error}"
            );
        }
    }

    #[test]
    fn an_id_that_fits_several_images_is_ambiguous() {
        let (_folder, store) = temporary_store();
        // With 17 images two start with the same digit.
        let images: Vec<_> = (0..17).map(|n| image(&store, &format!("{n}"))).collect();
        let mut digits: Vec<_> = images
            .iter()
            .map(|image| image.id.short()[..1].to_owned())
            .collect();
        digits.sort();
        let twice = digits.windows(2).find(|pair| pair[0] == pair[1]).unwrap();
        let error = store.find(&twice[0]).unwrap_err();
        assert!(matches!(error, StoreError::AmbiguousId { .. }), "{error}");
    }
}
