//! What a pull brings into the store, and what a push takes out of it.
//!
//! A layer made here is a plain tar; registries get it gzipped, the same bytes each time, so its
//! digest is noted beside the layer and a second push need not compress to know what is there.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use flate2::{Compression, GzBuilder};

use super::apply::Promised;
use super::config::ImageConfig;
use super::descriptor::{Descriptor, MediaType};
use super::error::{Result, StoreError};
use super::files;
use super::image::Image;
use super::layer::Layer;
use super::manifest::Manifest;
use super::partial::Partial;
use super::scratch::ScratchDir;
use super::store::Store;
use crate::digest::{DiffId, Digest, HashingWriter, ImageId};

/// Lies beside a tree: what its tar is when it is gzipped.
const COMPRESSED: &str = "compressed.json";

/// A layer as it leaves the store.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    /// Which layer.
    pub diff_id: DiffId,
    /// What the manifest names; none as long as nobody has compressed it.
    pub descriptor: Option<Descriptor>,
    /// Whether it is compressed on the way out.
    pub compress: bool,
}

impl Store {
    /// Whether a blob is here.
    pub fn has(&self, digest: Digest) -> bool {
        self.has_blob(digest)
    }

    /// Keeps a document: a manifest, an index or a config.
    pub fn keep_document(&self, bytes: &[u8]) -> Result<Digest> {
        self.put_blob(bytes)
    }

    /// Returns a document, its digest checked.
    pub fn document(&self, digest: Digest) -> Result<Vec<u8>> {
        self.read_blob(digest)
    }

    /// Whether a layer need not be fetched: its tree is here, and the bytes its manifest names.
    pub fn has_layer(&self, diff_id: DiffId, blob: Digest) -> Result<bool> {
        let is_here = self.layer(diff_id)?.is_some();
        Ok(is_here && (blob == diff_id.0 || self.has_blob(blob)))
    }

    /// Makes a blob of what was downloaded, and whose digest is known to be right.
    pub fn adopt_partial(&self, partial: &Partial, digest: Digest) -> Result<()> {
        self.adopt_blob(partial.path(), digest)
    }

    /// Takes in a layer whose blob is here.
    pub fn take_in_blob(&self, blob: Digest, diff_id: DiffId, below: &[DiffId]) -> Result<()> {
        if self.layer(diff_id)?.is_some() {
            return Ok(());
        }
        let promised = Promised {
            diff_id: Some(diff_id),
            blob: Some(blob),
        };
        self.take_in_file(&self.blob_path(blob), below, promised)?;
        Ok(())
    }

    /// Keeps the documents of an image whose layers are here.
    pub fn keep_image(&self, manifest: &[u8], config: &[u8], parsed: ImageConfig) -> Result<Image> {
        Ok(Image {
            id: ImageId(self.put_blob(config)?),
            manifest: self.put_blob(manifest)?,
            layers: parsed.rootfs.diff_ids.clone(),
            config: parsed,
        })
    }

    /// Returns the manifest of an image and how its layers leave the store. What came from a
    /// registry goes back as it came; plain layers made here are compressed.
    pub fn outgoing(&self, image: &Image) -> Result<(Vec<u8>, Manifest, Vec<Outgoing>)> {
        let bytes = self.read_blob(image.manifest)?;
        let manifest = self.read_manifest(image.manifest)?;
        let config = self.read_blob(image.id.0)?;
        let noted = self.noted_manifests()?;
        let from_outside = noted.iter().any(|(_, digest)| *digest == image.manifest)
            || self.manifest_of(&config, &image.layers)?.to_bytes() != bytes;
        let mut layers = Vec::new();
        for (diff_id, descriptor) in image.layers.iter().zip(&manifest.layers) {
            let compress = !from_outside && descriptor.media_type == MediaType::Layer;
            layers.push(Outgoing {
                diff_id: *diff_id,
                descriptor: if compress {
                    self.compressed(*diff_id)?
                } else {
                    Some(descriptor.clone())
                },
                compress,
            });
        }
        Ok((bytes, manifest, layers))
    }

    /// Returns how a layer that belongs to no image leaves the store.
    pub fn outgoing_layer(&self, diff_id: DiffId) -> Result<Outgoing> {
        let blob = self.needed_layer(diff_id)?.blob;
        let compress = blob.media_type == MediaType::Layer;
        Ok(Outgoing {
            diff_id,
            descriptor: if compress {
                self.compressed(diff_id)?
            } else {
                Some(blob)
            },
            compress,
        })
    }

    /// Returns what a layer is when it is gzipped, if that was found out before.
    fn compressed(&self, diff_id: DiffId) -> Result<Option<Descriptor>> {
        let path = self.layer_path(diff_id).join(COMPRESSED);
        let Ok(bytes) = fs::read(&path) else {
            return Ok(None);
        };
        // A note that cannot be read is made again.
        Ok(serde_json::from_slice(&bytes).ok())
    }

    /// Writes a layer as it leaves the store into a file, and returns what it is.
    pub fn write_outgoing(
        &self,
        layer: &Outgoing,
        scratch: &ScratchDir,
    ) -> Result<(Descriptor, PathBuf)> {
        let known = layer.descriptor.clone().filter(|_| !layer.compress);
        if let Some(descriptor) = known {
            let path = self.blob_path(descriptor.digest);
            if path.is_file() {
                return Ok((descriptor, path));
            }
            // The plain tar of a large layer is made when it is needed.
            let path = scratch.path().join(descriptor.digest.hex());
            self.save_layer_blob(self.needed_layer(layer.diff_id)?, &path)?;
            return Ok((descriptor, path));
        }
        let path = scratch.path().join(layer.diff_id.0.hex());
        let found = self.needed_layer(layer.diff_id)?;
        let descriptor = self.compress(&found, &path)?;
        let note = serde_json::to_vec(&descriptor).expect("a descriptor has only text keys");
        files::atomic_write(&found.folder().join(COMPRESSED), &note)?;
        Ok((descriptor, path))
    }

    fn compress(&self, layer: &Layer, path: &std::path::Path) -> Result<Descriptor> {
        let io = |source| StoreError::io("write", path)(source);
        let file = BufWriter::with_capacity(256 * 1024, File::create(path).map_err(io)?);
        // No name, no time, no system: the same bytes each time.
        let gzip = GzBuilder::new().mtime(0).operating_system(255);
        let mut gzip = gzip.write(HashingWriter::new(file), Compression::default());
        self.layer_tar(layer, &mut gzip)?;
        let (digest, size, mut file) = gzip.finish().map_err(io)?.finish();
        file.flush().map_err(io)?;
        Ok(Descriptor::new(MediaType::LayerGzip, digest, size))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::store::tests::temporary_store;
    use crate::layers::{Content, Entry, RootPath};

    fn image(store: &Store) -> Image {
        let mut draft = store.draft_layer().unwrap();
        let file = Entry::file(RootPath::clean("a"), 4, 0o644, 7);
        draft.add_file(&file, Content::Bytes(b"text")).unwrap();
        let layer = draft.commit().unwrap();
        store
            .put_image(&ImageConfig::default(), &[layer.diff_id])
            .unwrap()
    }

    #[test]
    fn a_layer_made_here_leaves_gzipped_with_the_same_bytes_each_time() {
        let (_folder, store) = temporary_store();
        let image = image(&store);
        let (_, _, layers) = store.outgoing(&image).unwrap();
        assert_eq!((layers[0].compress, &layers[0].descriptor), (true, &None));
        let scratch = store.scratch().unwrap();
        let (descriptor, path) = store.write_outgoing(&layers[0], &scratch).unwrap();
        assert_eq!(descriptor.media_type, MediaType::LayerGzip);
        assert_eq!(Digest::of(&fs::read(&path).unwrap()), descriptor.digest);
        let (_, _, again) = store.outgoing(&image).unwrap();
        assert_eq!(again[0].descriptor.as_ref(), Some(&descriptor));
        let (second, _) = store.write_outgoing(&again[0], &scratch).unwrap();
        assert_eq!(second, descriptor);
    }

    #[test]
    fn what_came_from_a_registry_leaves_as_it_came() {
        let (_folder, store) = temporary_store();
        let image = image(&store);
        let reference = "localhost:5000/shop".parse().unwrap();
        store.tag(&reference, &image).unwrap();
        store
            .note_digest(&reference, &image, image.manifest)
            .unwrap();
        let (bytes, manifest, layers) = store.outgoing(&image).unwrap();
        assert_eq!(Digest::of(&bytes), image.manifest);
        assert!(!layers[0].compress);
        assert_eq!(layers[0].descriptor.as_ref(), Some(&manifest.layers[0]));
        let by_digest = format!("localhost:5000/shop@{}", image.manifest);
        assert_eq!(
            store.repo_digests(image.id).unwrap(),
            std::slice::from_ref(&by_digest)
        );
        assert_eq!(store.find(&by_digest).unwrap(), image);
    }
}
