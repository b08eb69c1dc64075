//! Saving images: as an OCI image layout folder, or as one archive for `docker load`.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use super::source::blob_part;
use super::{CONTAINERD_NAME, DOCKER_MANIFEST, DockerImage, INDEX, OCI_LAYOUT, OCI_LAYOUT_TEXT};
use crate::layers::descriptor::{Descriptor, MediaType};
use crate::layers::error::{Result, StoreError};
use crate::layers::image::Image;
use crate::layers::layer::Layer;
use crate::layers::layout::{self, REF_NAME};
use crate::layers::manifest::ImageIndex;
use crate::layers::regenerate::copy;
use crate::layers::store::Store;
use crate::layers::{Entry, RootPath, files, tar_header};
use crate::reference::ImageReference;

impl Store {
    /// Writes images into an OCI image layout folder, which is made or added to.
    pub fn save_oci(&self, folder: &Path, images: &[(Image, Vec<ImageReference>)]) -> Result<()> {
        files::make_folder(&folder.join("blobs/sha256"))?;
        for (image, _) in images {
            for blob in self.blobs_of(image)? {
                self.save_blob(&blob, &folder.join(blob_part(blob.descriptor.digest)))?;
            }
        }
        files::atomic_write(&folder.join(OCI_LAYOUT), OCI_LAYOUT_TEXT)?;
        let path = folder.join(INDEX);
        let mut index = if path.exists() {
            layout::read(&path)?
        } else {
            ImageIndex::new(Vec::new())
        };
        for (image, references) in images {
            let named = self.named_descriptors(image, references)?;
            index
                .manifests
                .retain(|known| !named.iter().any(|new| same_name(known, new)));
            index.manifests.extend(named);
        }
        files::atomic_write(&path, &index.to_bytes())
    }

    /// Writes images as one archive that `docker load` reads, an OCI archive at the same time.
    pub fn save_docker(
        &self,
        to: &mut dyn Write,
        images: &[(Image, Vec<ImageReference>)],
    ) -> Result<()> {
        let mut to = BufWriter::with_capacity(256 * 1024, to);
        let mut written = BTreeSet::new();
        let (mut index, mut docker) = (Vec::new(), Vec::new());
        append_folders(&mut to)?;
        for (image, references) in images {
            let blobs = self.blobs_of(image)?;
            for blob in &blobs {
                if written.insert(blob.descriptor.digest) {
                    self.append_blob(blob, &mut to)?;
                }
            }
            docker.push(docker_image(image, references, &blobs));
            index.extend(self.named_descriptors(image, references)?);
        }
        let docker = serde_json::to_vec(&docker).expect("lists of text are JSON");
        append(&mut to, INDEX, &ImageIndex::new(index).to_bytes())?;
        append(&mut to, DOCKER_MANIFEST, &docker)?;
        append(&mut to, OCI_LAYOUT, OCI_LAYOUT_TEXT)?;
        write(&mut to, &tar_header::END)?;
        to.flush().map_err(StoreError::io("write", "archive"))
    }

    /// Returns everything an image consists of: layers, base first, config and manifest.
    fn blobs_of(&self, image: &Image) -> Result<Vec<Blob>> {
        let manifest = self.read_manifest(image.manifest)?;
        let mut blobs = Vec::new();
        for (descriptor, diff_id) in manifest.layers.iter().zip(&image.layers) {
            let tree = (descriptor.digest == diff_id.0).then(|| self.needed_layer(*diff_id));
            blobs.push(Blob {
                descriptor: descriptor.clone(),
                layer: tree.transpose()?,
            });
        }
        let size = fs::metadata(self.blob_path(image.manifest))
            .map_err(|_| StoreError::BlobMissing(image.manifest))?
            .len();
        let own = Descriptor::new(MediaType::Manifest, image.manifest, size);
        blobs.extend([manifest.config, own].map(|descriptor| Blob {
            descriptor,
            layer: None,
        }));
        Ok(blobs)
    }

    fn save_blob(&self, blob: &Blob, path: &Path) -> Result<()> {
        let size = fs::metadata(path).map(|meta| meta.len()).ok();
        if size == Some(blob.descriptor.size) {
            return Ok(());
        }
        let part = path.with_extension("part");
        let io = |source| StoreError::io("write", &part)(source);
        if self.has_blob(blob.descriptor.digest) {
            // Shares the bytes where the file system can; a hard link would let whoever edits
            // the saved image damage the store.
            fs::copy(self.blob_path(blob.descriptor.digest), &part).map_err(io)?;
        } else {
            let mut file = File::create(&part).map_err(io)?;
            self.write_blob_to(blob, &mut file)?;
        }
        fs::rename(&part, path).map_err(io)
    }

    /// Writes the blob of a layer to a file, unless it is there.
    pub(in crate::layers) fn save_layer_blob(&self, layer: Layer, path: &Path) -> Result<()> {
        let descriptor = layer.blob.clone();
        let layer = (descriptor.digest == layer.diff_id.0).then_some(layer);
        self.save_blob(&Blob { descriptor, layer }, path)
    }

    fn append_blob(&self, blob: &Blob, to: &mut dyn Write) -> Result<()> {
        let size = blob.descriptor.size;
        append_header(to, &blob_part(blob.descriptor.digest), size)?;
        self.write_blob_to(blob, to)?;
        write(to, tar_header::padding(size))
    }

    fn write_blob_to(&self, blob: &Blob, to: &mut dyn Write) -> Result<()> {
        let digest = blob.descriptor.digest;
        match &blob.layer {
            Some(layer) => self.layer_tar(layer, to),
            None => copy(&mut self.open_blob(digest)?, to)
                .map_err(StoreError::io("copy", self.blob_path(digest))),
        }
    }

    /// Returns a descriptor of the manifest for each name; one without for an image that has none.
    fn named_descriptors(
        &self,
        image: &Image,
        references: &[ImageReference],
    ) -> Result<Vec<Descriptor>> {
        let size = fs::metadata(self.blob_path(image.manifest))
            .map_err(|_| StoreError::BlobMissing(image.manifest))?
            .len();
        let descriptor = Descriptor::new(MediaType::Manifest, image.manifest, size);
        if references.is_empty() {
            return Ok(vec![descriptor]);
        }
        let named = references.iter().map(|reference| {
            let mut named = descriptor.clone();
            let annotations = &mut named.annotations;
            annotations.insert(REF_NAME.to_owned(), reference.to_string());
            annotations.insert(CONTAINERD_NAME.to_owned(), whole_name(reference));
            named
        });
        Ok(named.collect())
    }
}

/// One blob of an image on its way out.
struct Blob {
    descriptor: Descriptor,
    /// The layer whose plain tar it is: made again where the store keeps no blob.
    layer: Option<Layer>,
}

fn docker_image(image: &Image, references: &[ImageReference], blobs: &[Blob]) -> DockerImage {
    let parts = blobs.iter().map(|blob| blob_part(blob.descriptor.digest));
    DockerImage {
        config: blob_part(image.id.0),
        repo_tags: Some(references.iter().map(ImageReference::with_tag).collect()),
        layers: parts.take(image.layers.len()).collect(),
    }
}

/// Returns the name with everything people leave out.
fn whole_name(reference: &ImageReference) -> String {
    let name = reference.with_tag();
    match reference.name().split_once('/') {
        Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => name,
        Some(_) => format!("docker.io/{name}"),
        None => format!("docker.io/library/{name}"),
    }
}

/// Whether a new descriptor takes the place of a known one.
fn same_name(known: &Descriptor, new: &Descriptor) -> bool {
    let name = |descriptor: &Descriptor| descriptor.annotations.get(REF_NAME).cloned();
    match (name(known), name(new)) {
        (None, None) => known.digest == new.digest,
        (known, new) => known == new,
    }
}

fn append_folders(to: &mut dyn Write) -> Result<()> {
    for folder in ["blobs", "blobs/sha256"] {
        let mut header = Vec::new();
        tar_header::append(
            &Entry::directory(RootPath::clean(folder), 0o755, 0),
            &mut header,
        );
        write(to, &header)?;
    }
    Ok(())
}

fn append(to: &mut dyn Write, part: &str, bytes: &[u8]) -> Result<()> {
    append_header(to, part, bytes.len() as u64)?;
    write(to, bytes)?;
    write(to, tar_header::padding(bytes.len() as u64))
}

fn append_header(to: &mut dyn Write, part: &str, size: u64) -> Result<()> {
    let mut header = Vec::new();
    tar_header::append(
        &Entry::file(RootPath::clean(part), size, 0o644, 0),
        &mut header,
    );
    write(to, &header)
}

fn write(to: &mut dyn Write, bytes: &[u8]) -> Result<()> {
    to.write_all(bytes)
        .map_err(StoreError::io("write", "archive"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;
    use crate::layers::store::tests::temporary_store;
    use crate::layers::{Content, ImageConfig};

    /// An image of a layer made here and a gzipped one from outside, named twice.
    fn image(store: &Store) -> (Image, Vec<ImageReference>) {
        let mut draft = store.draft_layer().unwrap();
        let entry = Entry::file(RootPath::clean("f"), 5, 0o644, 1);
        draft.add_file(&entry, Content::Bytes(b"hello")).unwrap();
        let own = draft.commit().unwrap();
        let mut tar = Vec::new();
        tar_header::append(&Entry::directory(RootPath::clean("d"), 0o750, 3), &mut tar);
        tar.extend_from_slice(&tar_header::END);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&tar).unwrap();
        let gzip = gzip.finish().unwrap();
        let outside = store.apply_tar(&mut &gzip[..], &[own.diff_id]).unwrap();
        let config = ImageConfig {
            architecture: "amd64".into(),
            os: "linux".into(),
            ..ImageConfig::default()
        };
        let image = store
            .put_image(&config, &[own.diff_id, outside.diff_id])
            .unwrap();
        // The plain tar is made again when the blob is not kept.
        fs::remove_file(store.blob_path(own.diff_id.0)).unwrap();
        (
            image,
            vec!["me/shop:1".parse().unwrap(), "shop".parse().unwrap()],
        )
    }

    fn archive(store: &Store, images: &[(Image, Vec<ImageReference>)]) -> Vec<u8> {
        let mut bytes = Vec::new();
        store.save_docker(&mut bytes, images).unwrap();
        bytes
    }

    #[test]
    fn an_archive_loads_as_the_same_image_with_its_names() {
        let (_folder, store) = temporary_store();
        let saved = image(&store);
        let bytes = archive(&store, std::slice::from_ref(&saved));
        let (_folder, other) = temporary_store();
        let loaded = other.load_reader(&mut &bytes[..]).unwrap();
        assert_eq!(loaded.len(), 1);
        assert_eq!(
            (&loaded[0].image, &loaded[0].references),
            (&saved.0, &saved.1)
        );
        assert_eq!(other.find("shop").unwrap(), saved.0);
        assert_eq!(other.fsck().unwrap(), []);
        let again = archive(&other, &[saved]);
        assert_eq!(Digest::of(&again), Digest::of(&bytes));
    }

    #[test]
    fn a_folder_loads_as_the_same_image_and_can_be_added_to() {
        let (folder, store) = temporary_store();
        let (image, names) = image(&store);
        let out = folder.path().join("out");
        store
            .save_oci(&out, &[(image.clone(), vec![names[0].clone()])])
            .unwrap();
        store
            .save_oci(&out, &[(image.clone(), names.clone())])
            .unwrap();
        let (_folder, other) = temporary_store();
        let loaded = other.load(&out).unwrap();
        assert_eq!((&loaded[0].image, &loaded[0].references), (&image, &names));
        assert_eq!(layout::read(&out.join(INDEX)).unwrap().manifests.len(), 2);
        assert_eq!(other.fsck().unwrap(), []);
    }

    #[test]
    fn older_archives_of_docker_load_too() {
        let (folder, store) = temporary_store();
        let (image, _) = image(&store);
        let mut bytes = Vec::new();
        let config = store.read_blob(image.id.0).unwrap();
        let mut layers = Vec::new();
        for (at, diff_id) in image.layers.iter().enumerate() {
            let mut tar = Vec::new();
            let layer = store.layer(*diff_id).unwrap().unwrap();
            store.layer_tar(&layer, &mut tar).unwrap();
            layers.push(format!("{at}/layer.tar"));
            append(&mut bytes, &layers[at], &tar).unwrap();
        }
        append(&mut bytes, "config.json", &config).unwrap();
        let docker = [DockerImage {
            config: "config.json".into(),
            repo_tags: Some(vec!["old:1".into()]),
            layers,
        }];
        append(
            &mut bytes,
            DOCKER_MANIFEST,
            &serde_json::to_vec(&docker).unwrap(),
        )
        .unwrap();
        bytes.extend_from_slice(&tar_header::END);
        let path = folder.path().join("old.tar.gz");
        let mut gzip = flate2::write::GzEncoder::new(
            File::create(&path).unwrap(),
            flate2::Compression::fast(),
        );
        gzip.write_all(&bytes).unwrap();
        gzip.finish().unwrap();

        let (_folder, other) = temporary_store();
        let loaded = other.load(&path).unwrap();
        assert_eq!(loaded[0].image.id, image.id);
        assert_eq!(other.find("old:1").unwrap().layers, image.layers);
        assert_eq!(other.fsck().unwrap(), []);
    }

    #[test]
    fn what_is_no_archive_or_a_damaged_one_is_refused() {
        let (folder, store) = temporary_store();
        let saved = image(&store);
        let mut damaged = archive(&store, &[saved]);
        // The last bytes of the first blob's content.
        damaged[3 * tar_header::BLOCK + 700] ^= 1;
        let (_folder, other) = temporary_store();
        let error = other.load_reader(&mut &damaged[..]).unwrap_err();
        assert!(
            matches!(error, StoreError::WrongDigest { .. } | StoreError::Tar(_)),
            "{error}"
        );
        assert!(other.images().unwrap().is_empty());
        for (bytes, reason) in [(&b"text"[..], "malformed tar"), (b"", "neither")] {
            let error = other.load_reader(&mut &bytes[..]).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
        let error = other.load(folder.path()).unwrap_err();
        assert!(matches!(error, StoreError::NotAnArchive { .. }), "{error}");
    }

    #[test]
    fn names_are_written_out_where_docker_looks() {
        for (name, whole) in [
            ("shop", "docker.io/library/shop:latest"),
            ("me/shop:1", "docker.io/me/shop:1"),
            ("localhost:5000/shop", "localhost:5000/shop:latest"),
        ] {
            assert_eq!(whole_name(&name.parse().unwrap()), whole);
        }
    }
}
