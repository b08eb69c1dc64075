//! `index.json`: the names of the store's images (image-spec, image-layout.md).
//!
//! One descriptor for each name, the name as people write it, `:latest` left out, so that
//! `skopeo inspect oci:STORE:shop` works. An image that lost its name keeps a descriptor without
//! one. Notes about the image (id, time, size) stand beside the name: the list of images then takes
//! one read, and what they say never changes for a digest.

use std::fs;
use std::path::Path;

use super::descriptor::Descriptor;
use super::error::{Result, StoreError};
use super::files;
use super::manifest::ImageIndex;
use super::store::Store;
use crate::reference::ImageReference;

const INDEX: &str = "index.json";
/// The annotation that names an image (image-spec, annotations.md).
pub(super) const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// Makes the index of a new store.
pub(super) fn create(root: &Path) -> Result<()> {
    let path = root.join(INDEX);
    if path.exists() {
        return Ok(());
    }
    files::atomic_write(&path, &ImageIndex::new(Vec::new()).to_bytes())
}

/// Returns the name in a descriptor, if it has one that strata understands.
pub(super) fn reference(descriptor: &Descriptor) -> Option<ImageReference> {
    descriptor.annotations.get(REF_NAME)?.parse().ok()
}

/// Reads an index.
pub(super) fn read(path: &Path) -> Result<ImageIndex> {
    let bytes = fs::read(path).map_err(StoreError::io("read", path))?;
    serde_json::from_slice(&bytes).map_err(|source| StoreError::Json {
        path: path.to_owned(),
        source,
    })
}

impl Store {
    /// Reads the store's index.
    pub(super) fn index(&self) -> Result<ImageIndex> {
        read(&self.path(INDEX))
    }

    /// Changes the store's index; others wait meanwhile. When it returns, the change is on the
    /// disk for good. No change, no write.
    pub(super) fn change_index<T>(
        &self,
        change: impl FnOnce(&mut Vec<Descriptor>) -> Result<T>,
    ) -> Result<T> {
        let _guard = files::lock(&self.path("index.lock"))?;
        let mut index = self.index()?;
        let before = index.manifests.clone();
        let result = change(&mut index.manifests)?;
        if index.manifests != before {
            files::durable_write(&self.path(INDEX), &index.to_bytes())?;
        }
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::image::tests::image;
    use crate::layers::store::tests::temporary_store;

    #[test]
    fn names_stand_in_the_index_as_people_write_them() {
        let (_folder, store) = temporary_store();
        let image = image(&store, "x");
        store
            .tag(&"docker.io/library/shop:latest".parse().unwrap(), &image)
            .unwrap();
        let index = store.index().unwrap();
        assert_eq!(index.manifests[0].annotations[REF_NAME], "shop");
        assert_eq!(index.manifests[0].digest, image.manifest);
    }

    #[test]
    fn what_others_wrote_into_the_index_survives() {
        let (_folder, store) = temporary_store();
        let text = r#"{"schemaVersion":2,"manifests":[],"annotations":{"by":"others"}}"#;
        fs::write(store.path(INDEX), text).unwrap();
        let image = image(&store, "x");
        store.list(&image).unwrap();
        let index = store.index().unwrap();
        assert_eq!(index.other["annotations"]["by"], "others");
        assert_eq!(index.manifests.len(), 1);
    }
}
