//! A build cache in a folder, for `--cache-to` and `--cache-from`: an OCI image layout whose one
//! manifest names the layers of the steps, and as its config a document that says which is which.
//!
//! Everything but `index.json` is named by its digest and checked when it is read.

use std::path::Path;

use super::source::{Source, blob_part};
use super::{INDEX, OCI_LAYOUT, OCI_LAYOUT_TEXT};
use crate::digest::{DiffId, Digest};
use crate::layers::apply::Promised;
use crate::layers::descriptor::{Descriptor, MediaType};
use crate::layers::error::{Result, StoreError};
use crate::layers::files;
use crate::layers::layer::Layer;
use crate::layers::manifest::{ImageIndex, Manifest};
use crate::layers::store::Store;

/// What the document is, for other programs.
const CACHE: &str = "application/vnd.strata.cache.v1+json";
/// The annotation of a layer that says what its plain tar is.
const DIFF_ID: &str = "io.strata.cache.diff-id";

/// A folder with a build cache.
pub struct CacheFolder {
    source: Source,
    document: Vec<u8>,
    layers: Vec<Descriptor>,
}

impl Store {
    /// Writes a document and the layers it speaks of into a folder, in the place of the cache that
    /// was there; layers that are there already stay.
    pub fn save_cache(&self, folder: &Path, document: &[u8], layers: &[DiffId]) -> Result<()> {
        files::make_folder(&folder.join("blobs/sha256"))?;
        let put = |bytes: &[u8], kind| {
            let digest = Digest::of(bytes);
            files::atomic_write(&folder.join(blob_part(digest)), bytes)?;
            Ok(Descriptor::new(kind, digest, bytes.len() as u64))
        };
        let mut named = Vec::new();
        for diff_id in layers {
            named.push(self.save_cached_layer(*diff_id, folder)?);
        }
        let config = put(document, MediaType::Other(CACHE.to_owned()))?;
        let manifest = put(
            &Manifest::new(config, named).to_bytes(),
            MediaType::Manifest,
        )?;
        files::atomic_write(&folder.join(OCI_LAYOUT), OCI_LAYOUT_TEXT)?;
        let index = ImageIndex::new(vec![manifest]);
        files::atomic_write(&folder.join(INDEX), &index.to_bytes())
    }

    fn save_cached_layer(&self, diff_id: DiffId, folder: &Path) -> Result<Descriptor> {
        let layer = self.needed_layer(diff_id)?;
        let mut descriptor = layer.blob.clone();
        let annotations = &mut descriptor.annotations;
        annotations.insert(DIFF_ID.to_owned(), diff_id.to_string());
        self.save_layer_blob(layer, &folder.join(blob_part(descriptor.digest)))?;
        Ok(descriptor)
    }
}

impl CacheFolder {
    /// Opens a folder; nothing but its documents is read.
    pub fn open(store: &Store, folder: &Path) -> Result<Self> {
        let source = Source::open(store, folder)?;
        let json = |part: &str, error: serde_json::Error| {
            source.wrong(format!(
                "`{part}` is not the document it should be: {error}"
            ))
        };
        let index = source.document(INDEX)?;
        let index: ImageIndex = serde_json::from_slice(&index).map_err(|e| json(INDEX, e))?;
        for named in &index.manifests {
            let bytes = source.blob_document(named.digest)?;
            let part = blob_part(named.digest);
            let manifest: Manifest =
                serde_json::from_slice(&bytes).map_err(|error| json(&part, error))?;
            if manifest.config.media_type == MediaType::Other(CACHE.to_owned()) {
                return Ok(Self {
                    document: source.blob_document(manifest.config.digest)?,
                    layers: manifest.layers,
                    source,
                });
            }
        }
        Err(source.wrong("it holds no cache of strata".to_owned()))
    }

    /// Returns the document.
    pub fn document(&self) -> &[u8] {
        &self.document
    }

    /// Takes a layer into the store. What is not as its digests promise does not get in.
    pub fn take_in(&self, store: &Store, diff_id: DiffId, below: &[DiffId]) -> Result<Layer> {
        let text = diff_id.to_string();
        let mut layers = self.layers.iter();
        let found = layers.find(|layer| layer.annotations.get(DIFF_ID) == Some(&text));
        let blob = found.ok_or(StoreError::LayerMissing(diff_id))?.digest;
        let promised = Promised {
            diff_id: Some(diff_id),
            blob: Some(blob),
        };
        store.take_in(&mut self.source.part(&blob_part(blob))?, below, promised)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::store::tests::temporary_store;
    use crate::layers::{Content, Entry, RootPath};

    fn with_layer(store: &Store) -> DiffId {
        let mut draft = store.draft_layer().unwrap();
        let file = Entry::file(RootPath::clean("a"), 4, 0o644, 7);
        draft.add_file(&file, Content::Bytes(b"text")).unwrap();
        draft.commit().unwrap().diff_id
    }

    #[test]
    fn a_layer_goes_from_store_to_store() {
        let (folder, store) = temporary_store();
        let (_other_folder, other) = temporary_store();
        let layer = with_layer(&store);
        let cache = folder.path().join("cache");
        store.save_cache(&cache, b"said", &[layer]).unwrap();
        let opened = CacheFolder::open(&other, &cache).unwrap();
        assert_eq!(opened.document(), b"said");
        assert_eq!(opened.take_in(&other, layer, &[]).unwrap().size, 4);
        assert!(other.layer(layer).unwrap().is_some());
    }

    #[test]
    fn what_was_changed_does_not_get_in() {
        let (folder, store) = temporary_store();
        let (_other_folder, other) = temporary_store();
        let layer = with_layer(&store);
        let cache = folder.path().join("cache");
        store.save_cache(&cache, b"said", &[layer]).unwrap();
        let blob = cache.join(blob_part(layer.0));
        let text = std::fs::read(&blob).unwrap();
        std::fs::write(&blob, [&text[..512], b"TEXT", &text[516..]].concat()).unwrap();
        let opened = CacheFolder::open(&other, &cache).unwrap();
        let error = opened.take_in(&other, layer, &[]).unwrap_err();
        assert!(matches!(error, StoreError::WrongDigest { .. }), "{error}");
        assert!(other.layer(layer).unwrap().is_none());
        // The document's digest counts, too.
        std::fs::write(cache.join(blob_part(Digest::of(b"said"))), b"sait").unwrap();
        let error = CacheFolder::open(&other, &cache).err().unwrap();
        assert!(matches!(error, StoreError::WrongDigest { .. }), "{error}");
    }
}
