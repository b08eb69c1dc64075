//! [`Image`]: a config and its layers; finding, making, naming and removing images.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;

use super::config::ImageConfig;
use super::descriptor::{Descriptor, MediaType};
use super::error::{Result, StoreError};
use super::files;
use super::layout::{self, REF_NAME};
use super::manifest::Manifest;
use super::store::Store;
use crate::digest::{DiffId, Digest, ImageId};
use crate::reference::ImageReference;

const ID: &str = "strata.image.id";
const CREATED: &str = "strata.image.created";
const SIZE: &str = "strata.image.size";

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
        }
        let mut images: Vec<_> = images.into_values().collect();
        for image in &mut images {
            image.references.sort();
            image.references.dedup();
        }
        images.sort_by_cached_key(|image| {
            let created = image.created.as_deref().unwrap_or_default();
            let time = created.parse::<jiff::Timestamp>().ok();
            (std::cmp::Reverse(time), image.references.clone(), image.id)
        });
        Ok(images)
    }

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
            Some(digest) => descriptor.digest == digest,
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

    /// Returns the manifest of an image made here.
    pub(super) fn manifest_of(&self, config: &[u8], layers: &[DiffId]) -> Result<Manifest> {
        let blobs = layers
            .iter()
            .map(|layer| self.needed_layer(*layer).map(|layer| layer.blob));
        let config = Descriptor::of(MediaType::Config, config);
        Ok(Manifest::new(config, blobs.collect::<Result<_>>()?))
    }

    fn load_image(&self, id: ImageId, manifest: Digest) -> Result<Image> {
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
        }))
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

fn is_named(descriptor: &Descriptor, reference: &ImageReference) -> bool {
    layout::reference(descriptor)
        .is_some_and(|known| (known.name(), known.tag()) == (reference.name(), reference.tag()))
}

/// Blobs are configs, manifests and layers; only a config is a document with a `rootfs`.
pub(super) fn is_config(path: &std::path::Path) -> bool {
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
mod tests {
    use super::*;
    use crate::layers::store::tests::temporary_store;

    fn image(store: &Store, created: &str) -> Image {
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
                (new.id, vec!["shop".to_owned(), "shop:2".to_owned()]),
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
