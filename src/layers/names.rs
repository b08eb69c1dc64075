//! The list of images: giving them names, taking names away, showing what there is.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;

use super::descriptor::{Descriptor, MediaType};
use super::error::{Result, StoreError};
use super::files;
use super::image::{Image, is_named};
use super::layout::{self, REF_NAME};
use super::store::Store;
use crate::digest::{Digest, ImageId};
use crate::reference::ImageReference;

/// Notes beside a name, so that the list takes one read.
pub(super) const ID: &str = "strata.image.id";
const CREATED: &str = "strata.image.created";
const SIZE: &str = "strata.image.size";
/// What registries call the image: `NAME@DIGEST` of the manifest or index that was pulled or
/// pushed, separated by spaces.
const DIGESTS: &str = "strata.image.digests";

/// A line of the list of images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageSummary {
    /// The names it has, sorted; none for an image that lost its name.
    pub references: Vec<ImageReference>,
    /// The digest of its config.
    pub id: ImageId,
    /// The digest of its manifest.
    pub manifest: Digest,
    /// When it was made, RFC 3339.
    pub created: Option<String>,
    /// Bytes of file content in all layers.
    pub size: u64,
    /// What registries call it: `NAME@DIGEST`, sorted.
    pub digests: Vec<String>,
}

/// What became of an image that lost a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untagged {
    /// The image.
    pub id: ImageId,
    /// Whether that was its last name, so that nothing names it now.
    pub last: bool,
}

impl Store {
    /// Returns every image that has a name or once had one, newest first.
    pub fn images(&self) -> Result<Vec<ImageSummary>> {
        let mut images: BTreeMap<Digest, ImageSummary> = BTreeMap::new();
        for descriptor in self.index()?.manifests {
            let image = match images.entry(descriptor.digest) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(place) => match self.summary(&descriptor)? {
                    Some(summary) => place.insert(summary),
                    None => continue,
                },
            };
            image.references.extend(layout::reference(&descriptor));
            image.digests.extend(noted(&descriptor).map(str::to_owned));
        }
        let mut images: Vec<_> = images.into_values().collect();
        for image in &mut images {
            image.references.sort();
            image.references.dedup();
            image.digests.sort();
            image.digests.dedup();
        }
        images.sort_by_cached_key(|image| {
            let created = image.created.as_deref().unwrap_or_default();
            let time = created.parse::<jiff::Timestamp>().ok();
            (std::cmp::Reverse(time), image.references.clone(), image.id)
        });
        Ok(images)
    }

    /// Lists an image without giving it a name, as `<none>`.
    pub fn list(&self, image: &Image) -> Result<()> {
        let descriptor = self.describe(image)?;
        self.change_index(|index| {
            if !index.iter().any(|known| known.digest == image.manifest) {
                index.push(descriptor);
            }
            Ok(())
        })
    }

    /// Gives an image a name, and makes sure that it survives a power loss. An image that had the
    /// name before stays in the list, without it.
    pub fn tag(&self, reference: &ImageReference, image: &Image) -> Result<()> {
        if reference.digest().is_some() {
            return Err(StoreError::TagWithDigest(reference.to_string()));
        }
        let is_this =
            |known: &Descriptor| known.digest == image.manifest && is_named(known, reference);
        if self.index()?.manifests.iter().any(is_this) {
            return Ok(());
        }
        self.sync_image(image)?;
        let mut descriptor = self.describe(image)?;
        let name = reference.to_string();
        descriptor.annotations.insert(REF_NAME.to_owned(), name);
        self.change_index(|index| {
            take_name(index, reference, KeepUnnamed::Yes);
            index.retain(|known| {
                known.digest != image.manifest || known.annotations.contains_key(REF_NAME)
            });
            index.push(descriptor);
            Ok(())
        })
    }

    /// Notes what a registry calls an image: the digest of the manifest or index under this name.
    /// The blob of that digest stays as long as the name does.
    pub fn note_digest(
        &self,
        reference: &ImageReference,
        image: &Image,
        digest: Digest,
    ) -> Result<()> {
        let name = reference.name();
        self.change_index(|index| {
            let named = |known: &&mut Descriptor| {
                known.digest == image.manifest
                    && (reference.digest().is_some() || is_named(known, reference))
            };
            for descriptor in index.iter_mut().filter(named) {
                let other = |it: &&str| it.split('@').next() != Some(name);
                let others = noted(descriptor).filter(other).map(str::to_owned);
                let notes: Vec<String> = others.chain([format!("{name}@{digest}")]).collect();
                let notes = notes.join(" ");
                descriptor.annotations.insert(DIGESTS.to_owned(), notes);
            }
            Ok(())
        })
    }

    /// Returns what registries call an image, under all its names: `NAME@DIGEST`, sorted.
    pub fn repo_digests(&self, id: ImageId) -> Result<Vec<String>> {
        let mut found = Vec::new();
        for descriptor in self.index()?.manifests {
            if noted(&descriptor).next().is_some() && self.id_of(&descriptor)? == id {
                found.extend(noted(&descriptor).map(str::to_owned));
            }
        }
        found.sort();
        found.dedup();
        Ok(found)
    }

    /// Returns every note of this kind, with the manifest it stands beside.
    pub fn noted_manifests(&self) -> Result<Vec<(String, Digest)>> {
        let index = self.index()?.manifests;
        let notes = index.iter().flat_map(|descriptor| {
            noted(descriptor).filter_map(|note| {
                let (name, digest) = note.split_once('@')?;
                Some((name.to_owned(), digest.parse().ok()?))
            })
        });
        Ok(notes.collect())
    }

    /// Takes a name away. An image that loses its last name leaves the list; its bytes go with
    /// the next [`collect_garbage`](Self::collect_garbage).
    pub fn untag(&self, reference: &ImageReference) -> Result<Untagged> {
        let not_found = || StoreError::ImageNotFound(reference.to_string());
        self.change_index(|index| {
            let named = take_name(index, reference, KeepUnnamed::No).ok_or_else(not_found)?;
            Ok(Untagged {
                id: self.id_of(&named)?,
                last: !index.iter().any(|other| other.digest == named.digest),
            })
        })
    }

    /// Takes all names of an image away and leaves it in the list without one: something still
    /// needs it. The names are returned.
    pub fn unname(
        &self,
        id: ImageId,
        only: Option<&ImageReference>,
    ) -> Result<Vec<ImageReference>> {
        self.change_index(|index| {
            let mut names: Vec<ImageReference> = Vec::new();
            for descriptor in &*index {
                let name = layout::reference(descriptor);
                let wanted = name.filter(|name| only.is_none_or(|only| only == name));
                if let Some(name) = wanted
                    && self.id_of(descriptor)? == id
                {
                    names.push(name);
                }
            }
            for name in &names {
                take_name(index, name, KeepUnnamed::Yes);
            }
            names.sort();
            Ok(names)
        })
    }

    /// Takes an image off the list, with all its names, which are returned.
    pub fn remove_image(&self, id: ImageId) -> Result<Vec<ImageReference>> {
        self.change_index(|index| {
            let mut names = Vec::new();
            let mut error = None;
            index.retain(|descriptor| match self.id_of(descriptor) {
                Ok(found) if found == id => {
                    names.extend(layout::reference(descriptor));
                    false
                }
                Ok(_) => true,
                Err(cause) => {
                    error = Some(cause);
                    true
                }
            });
            names.sort();
            error.map_or(Ok(names), Err)
        })
    }

    /// Returns the descriptor for the index, with the notes that make listing quick.
    fn describe(&self, image: &Image) -> Result<Descriptor> {
        let size = fs::metadata(self.blob_path(image.manifest))
            .map_err(|_| StoreError::BlobMissing(image.manifest))?
            .len();
        let mut content = 0;
        for layer in &image.layers {
            content += self.needed_layer(*layer)?.size;
        }
        let mut descriptor = Descriptor::new(MediaType::Manifest, image.manifest, size);
        let notes = &mut descriptor.annotations;
        notes.insert(ID.to_owned(), image.id.to_string());
        notes.insert(SIZE.to_owned(), content.to_string());
        if let Some(created) = &image.config.created {
            notes.insert(CREATED.to_owned(), created.clone());
        }
        Ok(descriptor)
    }

    /// What the list says of a descriptor; none for what is no image, such as a nested index
    /// that another program put there.
    fn summary(&self, descriptor: &Descriptor) -> Result<Option<ImageSummary>> {
        let notes = &descriptor.annotations;
        if let (Some(Ok(id)), Some(Ok(size))) = (
            notes.get(ID).map(|id| id.parse()),
            notes.get(SIZE).map(|size| size.parse()),
        ) {
            return Ok(Some(ImageSummary {
                references: Vec::new(),
                id,
                manifest: descriptor.digest,
                created: notes.get(CREATED).cloned(),
                size,
                digests: Vec::new(),
            }));
        }
        if !matches!(
            descriptor.media_type,
            MediaType::Manifest | MediaType::DockerManifest
        ) {
            return Ok(None);
        }
        let image = self.load_image(self.id_of(descriptor)?, descriptor.digest)?;
        let mut size = 0;
        for layer in &image.layers {
            size += self.layer(*layer)?.map_or(0, |layer| layer.size);
        }
        Ok(Some(ImageSummary {
            references: Vec::new(),
            id: image.id,
            manifest: image.manifest,
            created: image.config.created,
            size,
            digests: Vec::new(),
        }))
    }

    fn sync_image(&self, image: &Image) -> Result<()> {
        self.sync_layers(&image.layers)?;
        for digest in [image.id.0, image.manifest] {
            let path = self.blob_path(digest);
            self.open_blob(digest)?
                .sync_all()
                .map_err(StoreError::io("sync", path))?;
        }
        files::sync_folder(&self.path("blobs/sha256"))
    }
}

fn noted(descriptor: &Descriptor) -> impl Iterator<Item = &str> {
    let notes = descriptor.annotations.get(DIGESTS);
    notes.into_iter().flat_map(|notes| notes.split_whitespace())
}

/// Returns the digests of documents that registries know an image by.
pub(super) fn noted_digests(descriptor: &Descriptor) -> impl Iterator<Item = Digest> {
    noted(descriptor).filter_map(|note| note.split_once('@')?.1.parse().ok())
}

/// Whether `NAME@DIGEST` is noted for an image.
pub(super) fn is_noted(descriptor: &Descriptor, reference: &ImageReference) -> bool {
    let digest = reference
        .digest()
        .map(|it| format!("{}@{it}", reference.name()));
    digest.is_some_and(|wanted| noted(descriptor).any(|note| note == wanted))
}

#[derive(Clone, Copy, PartialEq)]
enum KeepUnnamed {
    Yes,
    No,
}

/// Takes a name off the index; the image keeps a descriptor without one if asked to and if it has
/// no other.
fn take_name(
    index: &mut Vec<Descriptor>,
    reference: &ImageReference,
    keep: KeepUnnamed,
) -> Option<Descriptor> {
    let at = index.iter().position(|known| is_named(known, reference))?;
    let mut named = index.remove(at);
    if keep == KeepUnnamed::Yes && !index.iter().any(|other| other.digest == named.digest) {
        named.annotations.remove(REF_NAME);
        index.insert(at, named.clone());
    }
    Some(named)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::image::tests::image;
    use crate::layers::store::tests::temporary_store;

    fn reference(name: &str) -> ImageReference {
        name.parse().unwrap()
    }

    fn listed(store: &Store) -> Vec<(ImageId, Vec<String>)> {
        let names =
            |image: &ImageSummary| image.references.iter().map(ToString::to_string).collect();
        let images = store.images().unwrap();
        images
            .iter()
            .map(|image| (image.id, names(image)))
            .collect()
    }

    #[test]
    fn a_name_that_moves_leaves_its_image_in_the_list() {
        let (_folder, store) = temporary_store();
        let old = image(&store, "2026-01-01T00:00:00Z");
        let new = image(&store, "2026-01-02T00:00:00Z");
        store.tag(&reference("shop"), &old).unwrap();
        store.tag(&reference("shop"), &new).unwrap();
        store.tag(&reference("shop:2"), &new).unwrap();
        assert_eq!(
            listed(&store),
            [
                (new.id, vec!["shop:2".to_owned(), "shop".to_owned()]),
                (old.id, vec![])
            ]
        );
        store.tag(&reference("shop:old"), &old).unwrap();
        assert_eq!(listed(&store)[1], (old.id, vec!["shop:old".to_owned()]));
    }

    #[test]
    fn the_last_name_takes_the_image_off_the_list() {
        let (_folder, store) = temporary_store();
        let image = image(&store, "x");
        store.tag(&reference("a"), &image).unwrap();
        store.tag(&reference("b"), &image).unwrap();
        assert!(!store.untag(&reference("a")).unwrap().last);
        let untagged = store.untag(&reference("b")).unwrap();
        assert_eq!((untagged.id, untagged.last), (image.id, true));
        assert_eq!(listed(&store), []);
        let error = store.untag(&reference("b")).unwrap_err();
        assert!(matches!(error, StoreError::ImageNotFound(name) if name == "b"));
    }

    #[test]
    fn removing_an_image_returns_its_names() {
        let (_folder, store) = temporary_store();
        let image = image(&store, "x");
        store.tag(&reference("b"), &image).unwrap();
        store.tag(&reference("a:1"), &image).unwrap();
        let names = store.remove_image(image.id).unwrap();
        assert_eq!(names, [reference("a:1"), reference("b")]);
        assert_eq!(listed(&store), []);
    }

    #[test]
    fn an_index_written_by_others_is_understood() {
        let (_folder, store) = temporary_store();
        let image = image(&store, "2026-01-01T00:00:00Z");
        store.tag(&reference("shop"), &image).unwrap();
        store
            .change_index(|index| {
                index[0].annotations.retain(|key, _| key == REF_NAME);
                Ok(())
            })
            .unwrap();
        assert_eq!(listed(&store), [(image.id, vec!["shop".to_owned()])]);
        assert_eq!(store.find("shop").unwrap(), image);
    }

    #[test]
    fn naming_an_image_twice_writes_nothing() {
        let (_folder, store) = temporary_store();
        let image = image(&store, "x");
        store.tag(&reference("shop"), &image).unwrap();
        let inode = || {
            std::os::unix::fs::MetadataExt::ino(&fs::metadata(store.path("index.json")).unwrap())
        };
        let before = inode();
        store.tag(&reference("shop"), &image).unwrap();
        assert_eq!(inode(), before);
        let pinned = format!("shop@{}", image.manifest);
        let error = store.tag(&reference(&pinned), &image).unwrap_err();
        assert!(matches!(error, StoreError::TagWithDigest(_)));
    }

    #[test]
    fn many_who_name_images_at_once_lose_no_name() {
        let (_folder, store) = temporary_store();
        let image = image(&store, "x");
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let (image, root) = (&image, store.root());
                scope.spawn(move || {
                    let store = Store::open(root).unwrap();
                    for name in 0..5 {
                        let name = format!("shop:{thread}-{name}");
                        store.tag(&name.parse().unwrap(), image).unwrap();
                    }
                });
            }
        });
        assert_eq!(listed(&store)[0].1.len(), 20);
    }
}
