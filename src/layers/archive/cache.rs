//! A build cache as other machines read it, for `--cache-to` and `--cache-from`: a manifest that
//! names the layers of the steps, and as its config a document that says which is which.
//!
//! In a folder it is an OCI image layout, in a registry a manifest like others. Everything but the
//! manifest's name is named by its digest and checked when it is read.

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

/// What belongs to a build cache.
#[derive(Debug, Clone, PartialEq)]
pub struct CacheManifest {
    /// The document.
    pub document: Descriptor,
    layers: Vec<Descriptor>,
}

impl CacheManifest {
    /// Names a document.
    pub fn describe(document: &[u8]) -> Descriptor {
        let kind = MediaType::Other(CACHE.to_owned());
        Descriptor::new(kind, Digest::of(document), document.len() as u64)
    }

    /// Puts together a document and the layers it speaks of, each with what its plain tar is.
    pub fn new(document: Descriptor, layers: Vec<(DiffId, Descriptor)>) -> Self {
        let told = |(diff_id, mut layer): (DiffId, Descriptor)| {
            let text = diff_id.to_string();
            layer.annotations.insert(DIFF_ID.to_owned(), text);
            layer
        };
        let layers = layers.into_iter().map(told).collect();
        Self { document, layers }
    }

    /// Reads a manifest; none if it is one of something else.
    pub fn read(bytes: &[u8]) -> serde_json::Result<Option<Self>> {
        let manifest: Manifest = serde_json::from_slice(bytes)?;
        let is_cache = manifest.config.media_type == MediaType::Other(CACHE.to_owned());
        Ok(is_cache.then_some(Self {
            document: manifest.config,
            layers: manifest.layers,
        }))
    }

    /// Returns the bytes of the manifest.
    pub fn to_bytes(&self) -> Vec<u8> {
        Manifest::new(self.document.clone(), self.layers.clone()).to_bytes()
    }

    /// Finds the blob of a layer.
    pub fn layer(&self, diff_id: DiffId) -> Result<&Descriptor> {
        let text = diff_id.to_string();
        let mut layers = self.layers.iter();
        let found = layers.find(|layer| layer.annotations.get(DIFF_ID) == Some(&text));
        found.ok_or(StoreError::LayerMissing(diff_id))
    }
}

/// A folder with a build cache.
pub struct CacheFolder {
    source: Source,
    document: Vec<u8>,
    manifest: CacheManifest,
}

impl Store {
    /// Writes a document and the layers it speaks of into a folder, in the place of the cache that
    /// was there; layers that are there already stay.
    pub fn save_cache(&self, folder: &Path, document: &[u8], layers: &[DiffId]) -> Result<()> {
        files::make_folder(&folder.join("blobs/sha256"))?;
        let put = |blob: &Descriptor, bytes: &[u8]| {
            files::atomic_write(&folder.join(blob_part(blob.digest)), bytes)
        };
        let mut named = Vec::new();
        for diff_id in layers {
            let layer = self.needed_layer(*diff_id)?;
            let blob = layer.blob.clone();
            self.save_layer_blob(layer, &folder.join(blob_part(blob.digest)))?;
            named.push((*diff_id, blob));
        }
        let manifest = CacheManifest::new(CacheManifest::describe(document), named);
        put(&manifest.document, document)?;
        let bytes = manifest.to_bytes();
        let blob = Descriptor::new(MediaType::Manifest, Digest::of(&bytes), bytes.len() as u64);
        put(&blob, &bytes)?;
        files::atomic_write(&folder.join(OCI_LAYOUT), OCI_LAYOUT_TEXT)?;
        let index = ImageIndex::new(vec![blob]);
        files::atomic_write(&folder.join(INDEX), &index.to_bytes())
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
            let read = CacheManifest::read(&bytes);
            if let Some(manifest) = read.map_err(|e| json(&blob_part(named.digest), e))? {
                return Ok(Self {
                    document: source.blob_document(manifest.document.digest)?,
                    manifest,
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
        let blob = self.manifest.layer(diff_id)?.digest;
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
