//! Loading images. What an archive is, its content says: an `index.json` makes it an OCI image
//! layout, else a `manifest.json` makes it docker's; today's docker writes both, and then the
//! layout has the documents and docker's manifest the names.

use std::io::Read;
use std::path::Path;

use super::source::{Source, blob_part};
use super::{CONTAINERD_NAME, DOCKER_MANIFEST, DockerImage, INDEX, Loaded};
use crate::digest::{DiffId, Digest, ImageId};
use crate::layers::apply::Promised;
use crate::layers::config::ImageConfig;
use crate::layers::descriptor::{Descriptor, MediaType};
use crate::layers::error::Result;
use crate::layers::image::Image;
use crate::layers::layout;
use crate::layers::manifest::{ImageIndex, Manifest};
use crate::layers::store::Store;
use crate::reference::ImageReference;

/// An index may name indexes, but nobody nests them deeper than this.
const DEEPEST_INDEX: usize = 4;

impl Store {
    /// Loads the images of an archive, plain or gzipped, or of an OCI image layout folder. What
    /// it is, its content says.
    pub fn load(&self, path: &Path) -> Result<Vec<Loaded>> {
        let source = Source::open(self, path)?;
        self.load_source(&source)
    }

    /// Loads the images of an archive that comes through a pipe.
    pub fn load_reader(&self, from: &mut dyn Read) -> Result<Vec<Loaded>> {
        let source = Source::from_pipe(self, from)?;
        self.load_source(&source)
    }

    fn load_source(&self, source: &Source) -> Result<Vec<Loaded>> {
        let _held = self.hold()?;
        let docker = docker_images(source)?;
        let images = if source.has(INDEX)? {
            self.load_layout(source, &docker)?
        } else if docker.is_empty() {
            let reason = format!("it has neither {INDEX} nor {DOCKER_MANIFEST}");
            return Err(source.wrong(reason));
        } else {
            let load = |image| self.load_docker_image(source, image);
            docker.iter().map(load).collect::<Result<_>>()?
        };
        for loaded in &images {
            for reference in &loaded.references {
                self.tag(reference, &loaded.image)?;
            }
            if loaded.references.is_empty() {
                self.list(&loaded.image)?;
            }
        }
        Ok(images)
    }

    fn load_layout(&self, source: &Source, docker: &[DockerImage]) -> Result<Vec<Loaded>> {
        let index: ImageIndex = parse(source, INDEX, &source.document(INDEX)?)?;
        let mut images: Vec<Loaded> = Vec::new();
        for descriptor in &index.manifests {
            let Some(manifest) = choose_manifest(source, descriptor.clone(), DEEPEST_INDEX)? else {
                continue;
            };
            let image = self.load_manifest(source, &manifest)?;
            let references = names(descriptor, image.id, docker);
            match images
                .iter_mut()
                .find(|known| known.image.manifest == image.manifest)
            {
                Some(known) => known.references.extend(references),
                None => images.push(Loaded { image, references }),
            }
        }
        for loaded in &mut images {
            loaded.references.sort();
            loaded.references.dedup();
        }
        Ok(images)
    }

    fn load_manifest(&self, source: &Source, descriptor: &Descriptor) -> Result<Image> {
        let bytes = source.blob_document(descriptor.digest)?;
        let manifest: Manifest = parse(source, &blob_part(descriptor.digest), &bytes)?;
        let config = source.blob_document(manifest.config.digest)?;
        let parsed = parse_config(source, &config, manifest.layers.len())?;
        let diff_ids = &parsed.rootfs.diff_ids;
        for (at, layer) in manifest.layers.iter().enumerate() {
            self.load_layer(source, layer, diff_ids[at], &diff_ids[..at])?;
        }
        self.put_blob(&config)?;
        self.put_blob(&bytes)?;
        Ok(Image {
            id: ImageId(manifest.config.digest),
            manifest: descriptor.digest,
            layers: diff_ids.clone(),
            config: parsed,
        })
    }

    /// Takes in a layer that a manifest names: the tree once, and the very blob it names.
    fn load_layer(
        &self,
        source: &Source,
        blob: &Descriptor,
        diff_id: DiffId,
        below: &[DiffId],
    ) -> Result<()> {
        if self.layer(diff_id)?.is_none() {
            let promised = Promised {
                diff_id: Some(diff_id),
                blob: Some(blob.digest),
            };
            let mut part = source.part(&blob_part(blob.digest))?;
            self.take_in(&mut part, below, promised)?;
        } else if blob.digest != diff_id.0 && !self.has_blob(blob.digest) {
            let mut writer = self.write_blob()?;
            source.copy_blob(blob.digest, &mut writer)?;
            writer.complete()?;
        }
        Ok(())
    }

    fn load_docker_image(&self, source: &Source, docker: &DockerImage) -> Result<Loaded> {
        let config = source.document(&docker.config)?;
        let parsed = parse_config(source, &config, docker.layers.len())?;
        let diff_ids = &parsed.rootfs.diff_ids;
        for (at, part) in docker.layers.iter().enumerate() {
            if self.layer(diff_ids[at])?.is_none() {
                let promised = Promised {
                    diff_id: Some(diff_ids[at]),
                    blob: None,
                };
                self.take_in(&mut source.part(part)?, &diff_ids[..at], promised)?;
            }
        }
        let manifest = self.manifest_of(&config, diff_ids)?;
        Ok(Loaded {
            references: docker_names(docker),
            image: Image {
                id: ImageId(self.put_blob(&config)?),
                manifest: self.put_blob(&manifest.to_bytes())?,
                layers: diff_ids.clone(),
                config: parsed,
            },
        })
    }
}

fn docker_images(source: &Source) -> Result<Vec<DockerImage>> {
    if !source.has(DOCKER_MANIFEST)? {
        return Ok(Vec::new());
    }
    parse(source, DOCKER_MANIFEST, &source.document(DOCKER_MANIFEST)?)
}

fn docker_names(image: &DockerImage) -> Vec<ImageReference> {
    let tags = image.repo_tags.iter().flatten();
    tags.filter_map(|tag| tag.parse().ok()).collect()
}

/// Returns the manifest for this machine: an index may lead to several.
fn choose_manifest(
    source: &Source,
    descriptor: Descriptor,
    depth: usize,
) -> Result<Option<Descriptor>> {
    if !matches!(
        descriptor.media_type,
        MediaType::Index | MediaType::DockerIndex
    ) {
        return Ok(Some(descriptor));
    }
    let bytes = source.blob_document(descriptor.digest)?;
    let index: ImageIndex = parse(source, &blob_part(descriptor.digest), &bytes)?;
    let mut here = Vec::new();
    for inner in index.manifests {
        // An archive of an image for many platforms often has the bytes of one. Proofs of origin
        // stand in the same list, for the platform `unknown`.
        if source.has(&blob_part(inner.digest))? && architecture(&inner) != Some("unknown") {
            here.push(inner);
        }
    }
    let own = here
        .iter()
        .position(|inner| architecture(inner) == Some(own_architecture()));
    match (own, here.is_empty() || depth == 0) {
        (_, true) => Ok(None),
        (own, false) => choose_manifest(source, here.swap_remove(own.unwrap_or(0)), depth - 1),
    }
}

fn architecture(descriptor: &Descriptor) -> Option<&str> {
    descriptor
        .other
        .get("platform")?
        .get("architecture")?
        .as_str()
}

/// Returns this machine's processor in Go's words.
fn own_architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        other => other,
    }
}

fn names(descriptor: &Descriptor, id: ImageId, docker: &[DockerImage]) -> Vec<ImageReference> {
    let is_this = |image: &&DockerImage| config_digest(image) == Some(id.0);
    let names: Vec<_> = docker
        .iter()
        .filter(is_this)
        .flat_map(docker_names)
        .collect();
    if !names.is_empty() {
        return names;
    }
    let containerd = descriptor.annotations.get(CONTAINERD_NAME);
    match containerd.and_then(|name| name.parse().ok()) {
        Some(name) => vec![name],
        None => layout::reference(descriptor).into_iter().collect(),
    }
}

/// docker names the config `blobs/sha256/HEX`, earlier `HEX.json`.
fn config_digest(image: &DockerImage) -> Option<Digest> {
    let file = image.config.rsplit('/').next()?;
    Digest::from_hex(file.strip_suffix(".json").unwrap_or(file)).ok()
}

fn parse_config(source: &Source, bytes: &[u8], layers: usize) -> Result<ImageConfig> {
    let config: ImageConfig = parse(source, "config", bytes)?;
    if config.rootfs.diff_ids.len() != layers {
        let reason = format!(
            "its config lists {} layers, its manifest {layers}",
            config.rootfs.diff_ids.len()
        );
        return Err(source.wrong(reason));
    }
    Ok(config)
}

fn parse<T: serde::de::DeserializeOwned>(source: &Source, part: &str, bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|error| {
        source.wrong(format!(
            "`{part}` is not the document it should be: {error}"
        ))
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::*;
    use crate::layers::image::tests::image;
    use crate::layers::store::tests::temporary_store;

    /// A folder with an image for this machine, one for another whose bytes are not there, and a
    /// proof of origin; all behind one name.
    fn many_platforms(store: &Store, folder: &Path) -> Image {
        let image = image(store, "2026-01-01T00:00:00Z");
        store.save_oci(folder, &[(image.clone(), vec![])]).unwrap();
        let size = fs::metadata(store.blob_path(image.manifest)).unwrap().len();
        let manifest = |digest: Digest, architecture: &str| {
            json!({
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "digest": digest, "size": size,
                "platform": {"os": "linux", "architecture": architecture},
            })
        };
        let index = json!({"schemaVersion": 2, "manifests": [
            manifest(Digest::of(b"elsewhere"), "s390x"),
            manifest(image.manifest, "unknown"),
            manifest(image.manifest, own_architecture()),
        ]});
        let index = serde_json::to_vec(&index).unwrap();
        let mut outer = Descriptor::of(MediaType::Index, &index);
        fs::write(folder.join(blob_part(outer.digest)), index).unwrap();
        let name = "docker.io/library/shop:latest".to_owned();
        outer.annotations.insert(CONTAINERD_NAME.to_owned(), name);
        outer
            .annotations
            .insert(layout::REF_NAME.to_owned(), "latest".to_owned());
        let outer = ImageIndex::new(vec![outer]).to_bytes();
        fs::write(folder.join(INDEX), outer).unwrap();
        image
    }

    #[test]
    fn of_many_platforms_the_one_that_is_here_is_taken() {
        let (folder, store) = temporary_store();
        let out = folder.path().join("out");
        let image = many_platforms(&store, &out);
        let (_folder, other) = temporary_store();
        let loaded = other.load(&out).unwrap();
        assert_eq!(
            loaded,
            [Loaded {
                image,
                references: vec!["shop".parse().unwrap()],
            }]
        );
    }

    #[test]
    fn an_image_without_a_name_is_listed() {
        let (folder, store) = temporary_store();
        let image = image(&store, "x");
        let out = folder.path().join("out");
        store.save_oci(&out, &[(image.clone(), vec![])]).unwrap();
        let (_folder, other) = temporary_store();
        other.load(&out).unwrap();
        let images = other.images().unwrap();
        assert_eq!((images.len(), images[0].id), (1, image.id));
        assert!(images[0].references.is_empty());
    }

    #[test]
    fn a_config_that_does_not_fit_its_manifest_is_refused() {
        let (folder, store) = temporary_store();
        let config = store
            .put_blob(br#"{"rootfs":{"type":"layers","diff_ids":[]}}"#)
            .unwrap();
        let size = fs::metadata(store.blob_path(config)).unwrap().len();
        let layer = Descriptor::of(MediaType::Layer, b"x");
        let config = Descriptor::new(MediaType::Config, config, size);
        let manifest = Manifest::new(config.clone(), vec![layer]).to_bytes();
        let out = folder.path();
        fs::create_dir_all(out.join("blobs/sha256")).unwrap();
        let descriptor = Descriptor::of(MediaType::Manifest, &manifest);
        fs::write(out.join(blob_part(descriptor.digest)), manifest).unwrap();
        fs::copy(
            store.blob_path(config.digest),
            out.join(blob_part(config.digest)),
        )
        .unwrap();
        fs::write(
            out.join(INDEX),
            ImageIndex::new(vec![descriptor]).to_bytes(),
        )
        .unwrap();
        let error = store.load(out).unwrap_err().to_string();
        assert!(error.contains("lists 0 layers, its manifest 1"), "{error}");
    }
}
