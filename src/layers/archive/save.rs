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
            let names = &mut named.annotations;
            names.insert(REF_NAME.to_owned(), reference.to_string());
            names.insert(CONTAINERD_NAME.to_owned(), whole_name(reference));
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
