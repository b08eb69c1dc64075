//! A build cache in a registry: its document comes at once, a layer when a step is reused.

use super::pull::fetch_blob;
use super::{MOST_CONFIG, ShippingError};
use crate::digest::DiffId;
use crate::layers::Store;
use crate::layers::archive::CacheManifest;
use crate::reference::{DEFAULT_TAG, ImageReference};
use crate::registry::{Client, Endpoint, RegistryError, Settings};

/// A build cache in a registry.
pub struct RegistryCache {
    client: Client,
    document: Vec<u8>,
    manifest: CacheManifest,
}

impl RegistryCache {
    /// Fetches what is said of the steps.
    pub fn open(settings: &Settings, reference: &ImageReference) -> Result<Self, ShippingError> {
        let client = Client::new(Endpoint::of(reference), settings)?;
        let digest = reference.digest().map(|digest| digest.to_string());
        let tag = || reference.tag().unwrap_or(DEFAULT_TAG).to_owned();
        let found = client.manifest(&digest.unwrap_or_else(tag))?;
        let manifest = CacheManifest::read(&found.bytes).ok().flatten();
        let manifest = manifest.ok_or_else(|| ShippingError::NoCache(reference.to_string()))?;
        let named = &manifest.document;
        let document = client.blob(named.digest, named.size, MOST_CONFIG)?;
        Ok(Self {
            client,
            document,
            manifest,
        })
    }

    /// Returns what is said of the steps.
    pub fn document(&self) -> &[u8] {
        &self.document
    }

    /// Takes a layer into the store.
    pub fn take_in(
        &self,
        store: &Store,
        diff_id: DiffId,
        below: &[DiffId],
    ) -> Result<(), ShippingError> {
        let blob = self.manifest.layer(diff_id)?;
        if !store.has_layer(diff_id, blob.digest)? {
            fetch_blob(store, &self.client, blob, &|_| true)?;
            store.take_in_blob(blob.digest, diff_id, below)?;
        }
        Ok(())
    }

    /// Says that the document is not one.
    pub fn wrong(reference: &ImageReference, why: &serde_json::Error) -> ShippingError {
        let what = reference.to_string();
        let reason = why.to_string();
        RegistryError::NotAnImage { what, reason }.into()
    }
}
