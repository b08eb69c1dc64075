//! Recomputes every digest and size in a store and lists all that does not match.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use super::compression;
use super::descriptor::{Descriptor, MediaType};
use super::error::{Result, StoreError};
use super::files;
use super::garbage::named_digest;
use super::layer::Layer;
use super::level::{Found, Level};
pub use super::problem::Problem;
use super::records::Records;
use super::regenerate::{copy, diff_id_of_tree};
use super::store::{self, Store};
use super::unpack::Unpacker;
use crate::digest::{DiffId, Digest, HashingWriter, ImageId};
use crate::language::Language;

impl Store {
    /// Reads everything in the store and returns all that is wrong, in a fixed order: names and
    /// what they lead to, blobs, layers, leftovers.
    pub fn fsck(&self) -> Result<Vec<Problem>> {
        let _held = self.hold()?;
        let mut check = Check {
            store: self,
            problems: Vec::new(),
        };
        check.names();
        check.blobs()?;
        check.layers()?;
        check.root()?;
        Ok(check.problems)
    }
}

struct Check<'a> {
    store: &'a Store,
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn names(&mut self) {
        let index = match self.store.index() {
            Ok(index) => index,
            Err(error) => return self.unreadable(&self.store.path("index.json"), &error),
        };
        for descriptor in &index.manifests {
            let by = match super::layout::reference(descriptor) {
                Some(reference) => format!("image {reference}"),
                None => "index.json".to_owned(),
            };
            if self.blob(descriptor, &by)
                && !matches!(
                    descriptor.media_type,
                    MediaType::Index | MediaType::DockerIndex
                )
            {
                self.manifest(descriptor.digest, &by);
            }
        }
    }

    fn manifest(&mut self, digest: Digest, by: &str) {
        let manifest = match self.store.read_manifest(digest) {
            Ok(manifest) => manifest,
            // Wrong bytes are reported with the blobs.
            Err(StoreError::WrongDigest { .. }) => return,
            Err(error) => return self.unreadable(&self.store.blob_path(digest), &error),
        };
        let layers = if self.blob(&manifest.config, by) {
            self.config_layers(manifest.config.digest)
        } else {
            Vec::new()
        };
        for (at, blob) in manifest.layers.iter().enumerate() {
            let diff_id = layers.get(at).copied();
            // The plain tar of a tree may be made again when it is needed.
            if diff_id.map(|diff_id| diff_id.0) != Some(blob.digest)
                || self.store.has_blob(blob.digest)
            {
                self.blob(blob, by);
            }
        }
        for diff_id in layers {
            if !self.store.layer_path(diff_id).is_dir() {
                let by = by.to_owned();
                self.problems.push(Problem::LayerMissing { diff_id, by });
            }
        }
    }

    fn config_layers(&mut self, digest: Digest) -> Vec<DiffId> {
        match self.store.image(ImageId(digest)) {
            Ok(image) => image.layers,
            Err(StoreError::WrongDigest { .. } | StoreError::LayerMissing(_)) => Vec::new(),
            Err(error) => {
                self.unreadable(&self.store.blob_path(digest), &error);
                Vec::new()
            }
        }
    }

    /// Checks that a blob is there, in the right size; whether it is there.
    fn blob(&mut self, descriptor: &Descriptor, by: &str) -> bool {
        match fs::metadata(self.store.blob_path(descriptor.digest)) {
            Err(_) => self.problems.push(Problem::BlobMissing {
                digest: descriptor.digest,
                by: by.to_owned(),
            }),
            Ok(meta) if meta.len() != descriptor.size => self.problems.push(Problem::BlobSize {
                digest: descriptor.digest,
                expected: descriptor.size,
                found: meta.len(),
            }),
            Ok(_) => return true,
        }
        false
    }

    fn blobs(&mut self) -> Result<()> {
        for path in files::entries(&self.store.path("blobs/sha256"))? {
            match (named_digest(&path), digest_of_file(&path)) {
                (None, _) => self.problems.push(Problem::Leftover { path }),
                (Some(_), Err(error)) => self.unreadable(&path, &error),
                (Some(expected), Ok(found)) if expected != found => {
                    self.problems.push(Problem::BlobDigest { expected, found });
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn layers(&mut self) -> Result<()> {
        for path in files::entries(&self.store.path("layers"))? {
            let Some(diff_id) = named_digest(&path).map(DiffId) else {
                self.problems.push(Problem::Leftover { path });
                continue;
            };
            let checked = match self.store.layer(diff_id) {
                Ok(Some(layer)) => self.layer(&layer, diff_id),
                Ok(None) => {
                    self.problems.push(Problem::Leftover { path });
                    continue;
                }
                Err(error) => Err(error),
            };
            if let Err(error) = checked {
                self.unreadable(&path, &error);
            }
        }
        Ok(())
    }

    fn layer(&mut self, layer: &Layer, expected: DiffId) -> Result<()> {
        let found = content_size(layer)?;
        if found != layer.size {
            self.problems.push(Problem::LayerSize {
                diff_id: expected,
                expected: layer.size,
                found,
            });
        }
        let found = diff_id_of_tree(layer)?;
        if found != expected && self.unpacked_differs(layer, found)? {
            self.problems.push(Problem::LayerDigest { expected, found });
        }
        Ok(())
    }

    /// The tar of an outside layer is its own program's; what can be compared is what its blob
    /// unpacks to.
    fn unpacked_differs(&self, layer: &Layer, found: DiffId) -> Result<bool> {
        let Ok(blob) = self.store.open_blob(layer.blob.digest) else {
            return Ok(true);
        };
        let scratch = self.store.scratch()?;
        let mut fresh = layer.clone();
        fresh.tree = scratch.path().join("tree");
        let mut unpacker = Unpacker::new(self.store, &fresh.tree, self.store.stack(&[])?)?;
        let mut blob = io::BufReader::new(blob);
        let compression = compression::detect(&mut blob)?;
        match unpacker.unpack(&mut compression::decompress(compression, blob)) {
            // A damaged blob is reported with the blobs.
            Err(StoreError::Tar(_)) => return Ok(true),
            outcome => outcome?,
        }
        let (records, _) = unpacker.finish()?;
        records.write(scratch.path())?;
        Ok(diff_id_of_tree(&fresh)? != found)
    }

    fn root(&mut self) -> Result<()> {
        for path in files::entries(self.store.root())? {
            if !store::is_known(&path) {
                self.problems.push(Problem::Leftover { path });
            }
        }
        Ok(())
    }

    fn unreadable(&mut self, path: &Path, error: &StoreError) {
        self.problems.push(Problem::Unreadable {
            path: path.to_owned(),
            reason: error.message(Language::En),
        });
    }
}

fn digest_of_file(path: &Path) -> Result<Digest> {
    let mut file = File::open(path).map_err(StoreError::io("open", path))?;
    let mut hashing = HashingWriter::new(io::sink());
    copy(&mut file, &mut hashing).map_err(StoreError::io("read", path))?;
    Ok(hashing.finish().0)
}

fn content_size(layer: &Layer) -> Result<u64> {
    let level = Level::open(layer.tree.clone(), Records::read(layer.folder())?)?;
    let mut size = 0;
    level.walk(&mut |found: &mut Found<'_>| {
        size += found.entry.kind.size();
        Ok(())
    })?;
    Ok(size)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::store::tests::temporary_store;
    use crate::layers::{Content, Entry, Image, ImageConfig, RootPath};

    fn image(store: &Store) -> Image {
        let mut draft = store.draft_layer().unwrap();
        let entry = Entry::file(RootPath::clean("f"), 5, 0o644, 1);
        draft.add_file(&entry, Content::Bytes(b"hello")).unwrap();
        let layer = draft.commit().unwrap();
        let image = store
            .put_image(&ImageConfig::default(), &[layer.diff_id])
            .unwrap();
        store.tag(&"shop".parse().unwrap(), &image).unwrap();
        image
    }

    /// An outside layer, whose tar strata would have written differently.
    fn outside(store: &Store) -> Layer {
        let mut builder = tar::Builder::new(Vec::new());
        for name in ["z", "a/b"] {
            let mut header = tar::Header::new_gnu();
            header.set_size(2);
            header.set_mode(0o644);
            builder.append_data(&mut header, name, &b"ab"[..]).unwrap();
        }
        let tar = builder.into_inner().unwrap();
        store.apply_tar(&mut &tar[..], &[]).unwrap()
    }

    #[test]
    fn a_sound_store_has_no_problems() {
        let (_folder, store) = temporary_store();
        image(&store);
        outside(&store);
        assert_eq!(store.fsck().unwrap(), []);
    }

    #[test]
    fn a_changed_file_of_a_layer_is_found() {
        let (_folder, store) = temporary_store();
        let image = image(&store);
        let outside = outside(&store);
        let own = store.layer(image.layers[0]).unwrap().unwrap();
        fs::write(own.tree.join("f"), "hallo").unwrap();
        fs::write(outside.tree.join("z"), "abc").unwrap();
        let problems = store.fsck().unwrap();
        let damaged = |layer: &Layer| {
            problems.iter().any(|problem| {
                matches!(problem, Problem::LayerDigest { expected, .. } if *expected == layer.diff_id)
            })
        };
        assert!(damaged(&own) && damaged(&outside), "{problems:?}");
        let size = Problem::LayerSize {
            diff_id: outside.diff_id,
            expected: 4,
            found: 5,
        };
        assert!(problems.contains(&size), "{problems:?}");
        assert_eq!(problems.len(), 3);
    }

    #[test]
    fn damaged_and_missing_blobs_are_found() {
        let (_folder, store) = temporary_store();
        let image = image(&store);
        fs::write(store.blob_path(image.layers[0].0), "short").unwrap();
        fs::remove_file(store.blob_path(image.id.0)).unwrap();
        let problems = store.fsck().unwrap();
        assert!(problems.contains(&Problem::BlobMissing {
            digest: image.id.0,
            by: "image shop".into(),
        }));
        assert!(problems.contains(&Problem::BlobDigest {
            expected: image.layers[0].0,
            found: Digest::of(b"short"),
        }));
    }

    #[test]
    fn lost_layers_and_strangers_are_found() {
        let (_folder, store) = temporary_store();
        let image = image(&store);
        files::remove_tree(&store.layer_path(image.layers[0])).unwrap();
        fs::write(store.path("layers/stranger"), "").unwrap();
        fs::write(store.path("notes.txt"), "").unwrap();
        assert_eq!(
            store.fsck().unwrap(),
            [
                Problem::LayerMissing {
                    diff_id: image.layers[0],
                    by: "image shop".into(),
                },
                Problem::Leftover {
                    path: store.path("layers/stranger"),
                },
                Problem::Leftover {
                    path: store.path("notes.txt"),
                },
            ]
        );
    }
}
