//! Garbage collection by reference: what neither the list of images nor the caller needs, goes.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::descriptor::{Descriptor, MediaType};
use super::error::{Result, StoreError};
use super::files;
use super::image;
use super::names;
use super::store::Store;
use crate::digest::{DiffId, Digest, ImageId};

/// What is to be kept although no name of the store refers to it: the layers of cache records,
/// the images of containers.
#[derive(Debug, Clone, Default)]
pub struct Keep {
    /// Images, with their layers.
    pub images: BTreeSet<ImageId>,
    /// Layers.
    pub layers: BTreeSet<DiffId>,
}

/// What a collection removed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collected {
    /// Images, by the digests of their configs.
    pub images: Vec<ImageId>,
    /// Layers.
    pub layers: Vec<DiffId>,
    /// Bytes of content and blobs.
    pub bytes: u64,
}

/// Everything that is referred to.
#[derive(Debug, Default)]
struct Used {
    blobs: BTreeSet<Digest>,
    layers: BTreeSet<DiffId>,
}

impl Store {
    /// Removes every image, layer and blob that neither the list of images nor `keep` refers to.
    /// Returns none, and does nothing, while some process [holds](Self::hold) the store.
    ///
    /// `keep` is asked once this process has the store alone: what others made until then counts.
    pub fn collect_garbage(&self, keep: impl FnOnce() -> Keep) -> Result<Option<Collected>> {
        let Some(alone) = files::try_lock(&self.hold_file())? else {
            return Ok(None);
        };
        let used = self.used(&keep())?;
        let mut collected = Collected::default();
        let doomed = self.collect_layers(&used, &mut collected)?;
        self.collect_blobs(&used, &mut collected)?;
        // Out of the store already: nobody need wait for the rest.
        drop(alone);
        for tree in doomed {
            files::remove_tree(&tree)?;
        }
        Ok(Some(collected))
    }

    /// Returns the layers that images need: those of the list, and these.
    pub fn layers_of_images(&self, images: &BTreeSet<ImageId>) -> Result<BTreeSet<DiffId>> {
        let keep = Keep {
            images: images.clone(),
            layers: BTreeSet::new(),
        };
        Ok(self.used(&keep)?.layers)
    }

    /// Removes a folder of the store at once, whatever is in it: a crash leaves all of it or, in
    /// `tmp/`, nothing that counts.
    pub fn discard(&self, folder: &Path) -> Result<()> {
        let doomed = self.own_scratch()?.unused_path();
        match fs::rename(folder, &doomed) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            renamed => renamed.map_err(StoreError::io("rename", folder))?,
        }
        files::remove_tree(&doomed)
    }

    fn used(&self, keep: &Keep) -> Result<Used> {
        let mut used = Used::default();
        for descriptor in self.index()?.manifests {
            used.blobs.extend(names::noted_digests(&descriptor));
            self.use_manifest(&descriptor, &mut used)?;
        }
        for id in &keep.images {
            match self.image(*id) {
                Ok(image) => {
                    used.blobs.extend([image.id.0, image.manifest]);
                    used.layers.extend(image.layers);
                }
                // A container outlives its image.
                Err(StoreError::ImageNotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        used.layers.extend(&keep.layers);
        let layers: Vec<DiffId> = used.layers.iter().copied().collect();
        for layer in layers {
            used.blobs.insert(layer.0);
            used.blobs
                .extend(self.layer(layer)?.map(|layer| layer.blob.digest));
        }
        Ok(used)
    }

    fn use_manifest(&self, descriptor: &Descriptor, used: &mut Used) -> Result<()> {
        used.blobs.insert(descriptor.digest);
        if matches!(
            descriptor.media_type,
            MediaType::Index | MediaType::DockerIndex
        ) {
            // Somebody else's: what it leads to is kept as far as it is here.
            let nested = self.read_blob(descriptor.digest)?;
            let index: super::ImageIndex =
                serde_json::from_slice(&nested).map_err(|source| StoreError::Json {
                    path: self.blob_path(descriptor.digest),
                    source,
                })?;
            for inner in index
                .manifests
                .iter()
                .filter(|inner| self.has_blob(inner.digest))
            {
                self.use_manifest(inner, used)?;
            }
            return Ok(());
        }
        let manifest = self.read_manifest(descriptor.digest)?;
        used.blobs.insert(manifest.config.digest);
        used.blobs
            .extend(manifest.layers.iter().map(|layer| layer.digest));
        if self.has_blob(manifest.config.digest)
            && let Ok(image) = self.image(ImageId(manifest.config.digest))
        {
            used.layers.extend(image.layers);
        }
        Ok(())
    }

    /// Takes layers out of the store; the trees that are returned are still to be removed.
    fn collect_layers(&self, used: &Used, collected: &mut Collected) -> Result<Vec<PathBuf>> {
        let mut taken = Vec::new();
        for path in files::entries(&self.path("layers"))? {
            let Some(diff_id) = named_digest(&path).map(DiffId) else {
                continue;
            };
            if used.layers.contains(&diff_id) {
                continue;
            }
            // A layer whose numbers cannot be read goes all the same.
            let size = self
                .layer(diff_id)
                .ok()
                .flatten()
                .map_or(0, |layer| layer.size);
            // In one step out of the store; removing takes time and may be interrupted.
            let doomed = self.own_scratch()?.unused_path();
            fs::rename(&path, &doomed).map_err(StoreError::io("rename", &path))?;
            taken.push(doomed);
            collected.layers.push(diff_id);
            collected.bytes += size;
        }
        Ok(taken)
    }

    fn collect_blobs(&self, used: &Used, collected: &mut Collected) -> Result<()> {
        for path in files::entries(&self.path("blobs/sha256"))? {
            let digest = named_digest(&path);
            if digest.is_some_and(|digest| used.blobs.contains(&digest)) {
                continue;
            }
            if let Some(digest) = digest.filter(|_| image::is_config(&path)) {
                collected.images.push(ImageId(digest));
            }
            let size = fs::metadata(&path).map_or(0, |meta| meta.len());
            fs::remove_file(&path).map_err(StoreError::io("remove", &path))?;
            collected.bytes += size;
        }
        Ok(())
    }
}

/// Returns the digest that a file or folder is named after.
pub(super) fn named_digest(path: &Path) -> Option<Digest> {
    Digest::from_hex(path.file_name()?.to_str()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::store::tests::temporary_store;
    use crate::layers::{Content, Entry, Image, ImageConfig, Layer, RootPath};

    fn layer(store: &Store, content: &str) -> Layer {
        let mut draft = store.draft_layer().unwrap();
        let entry = Entry::file(RootPath::clean("f"), content.len() as u64, 0o644, 0);
        draft
            .add_file(&entry, Content::Bytes(content.as_bytes()))
            .unwrap();
        draft.commit().unwrap()
    }

    fn image(store: &Store, content: &str) -> Image {
        let layer = layer(store, content);
        store
            .put_image(&ImageConfig::default(), &[layer.diff_id])
            .unwrap()
    }

    #[test]
    fn what_is_named_or_kept_stays_and_the_rest_goes() {
        let (_folder, store) = temporary_store();
        let named = image(&store, "named");
        store.tag(&"shop".parse().unwrap(), &named).unwrap();
        let listed = image(&store, "listed");
        store.list(&listed).unwrap();
        let kept = image(&store, "kept");
        let cached = layer(&store, "cached");
        let lost = image(&store, "lost");

        let keep = Keep {
            images: [kept.id].into(),
            layers: [cached.diff_id].into(),
        };
        let collected = store.collect_garbage(|| keep.clone()).unwrap().unwrap();

        assert_eq!(collected.images, [lost.id]);
        assert_eq!(collected.layers, lost.layers);
        for image in [&named, &listed, &kept] {
            assert_eq!(store.image(image.id).unwrap(), *image);
            assert!(store.layer(image.layers[0]).unwrap().is_some());
            assert!(store.has_blob(image.layers[0].0));
        }
        assert!(store.layer(cached.diff_id).unwrap().is_some());
        assert!(store.layer(lost.layers[0]).unwrap().is_none());
        let again = store.collect_garbage(|| keep.clone()).unwrap().unwrap();
        assert_eq!(again, Collected::default());
    }

    #[test]
    fn nothing_is_collected_while_somebody_holds_the_store() {
        let (_folder, store) = temporary_store();
        let lost = image(&store, "lost");
        let held = Store::open(store.root()).unwrap().hold().unwrap();
        assert_eq!(store.collect_garbage(Keep::default).unwrap(), None);
        assert_eq!(store.image(lost.id).unwrap(), lost);
        drop(held);
        let collected = store.collect_garbage(Keep::default).unwrap().unwrap();
        assert_eq!(collected.images, [lost.id]);
    }
}
