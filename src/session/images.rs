//! Images: listing, naming, removing, bringing in and out.

use std::fs::File;
use std::io::Seek;
use std::os::fd::OwnedFd;
use std::path::Path;

use serde::Serialize;

use super::worker::Request;
use super::{FileChange, FileFacts, LoadedImage, Result, Session, Trouble, Which};
use crate::build::base::Images;
use crate::digest::ImageId;
use crate::layers::{Image, ImageSummary, Layer, StoreError};
use crate::reference::ImageReference;

/// A line of an image's history, newest first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HistoryRow {
    /// The image's id on the newest line, none on the others.
    pub id: Option<ImageId>,
    /// When, RFC 3339.
    pub created: Option<String>,
    /// The instruction.
    pub created_by: String,
    /// Bytes of the layer it made; 0 for none.
    pub size: u64,
    /// Whether it made a layer.
    pub layer: bool,
    /// A remark.
    pub comment: String,
}

/// What `inspect` says of one name.
#[derive(Debug, Clone, PartialEq)]
pub enum Inspected {
    /// docker's JSON.
    Found(serde_json::Value),
    /// Nothing has this name.
    Missing,
}

impl From<Result<serde_json::Value>> for Inspected {
    fn from(answer: Result<serde_json::Value>) -> Self {
        answer.map_or(Self::Missing, Self::Found)
    }
}

impl Session {
    /// Lists images, newest first.
    pub fn images(&self) -> Result<Vec<ImageSummary>> {
        Ok(self.store()?.images().map_err(|e| self.in_store(&e))?)
    }

    /// Finds an image by name or id.
    pub fn find_image(&self, name: &str) -> Result<Image> {
        Ok(self.store()?.find(name).map_err(|e| self.in_store(&e))?)
    }

    /// Finds an image; a built-in base is made when it is first asked for.
    pub fn image_or_base(&self, name: &str) -> Result<Image> {
        let store = self.store()?;
        let reference: ImageReference = match (name.parse(), store.find(name)) {
            (Ok(reference), _) => reference,
            (Err(_), Ok(image)) => return Ok(image),
            (Err(error), Err(_)) => return Err(Trouble::reference(&error, self.language()).into()),
        };
        let cache = self.cache()?;
        let images = Images::new(store, &cache).with_practice(self.setup()?.practice);
        let current = images.current(&reference);
        if let Some(image) = current.map_err(|e| Trouble::build(&e, self.language()))? {
            return Ok(image);
        }
        let id: ImageId = self.ask(Request::Image(reference), None, &mut |_| {})?;
        Ok(store.image(id).map_err(|e| self.in_store(&e))?)
    }

    pub(super) fn in_store(&self, error: &StoreError) -> Trouble {
        Trouble::store(error, self.language())
    }

    /// Returns the layers of an image, base first.
    pub fn layers(&self, image: &Image) -> Result<Vec<Layer>> {
        let mut layers = Vec::new();
        for id in &image.layers {
            layers.extend(self.store()?.layer(*id).map_err(|e| self.in_store(&e))?);
        }
        Ok(layers)
    }

    /// Returns an image's history, newest first.
    pub fn history(&self, name: &str) -> Result<Vec<HistoryRow>> {
        let image = self.find_image(name)?;
        let mut sizes = self.layers(&image)?.into_iter().map(|layer| layer.size);
        let mut rows = Vec::new();
        for entry in &image.config.history {
            let size = if entry.empty_layer {
                0
            } else {
                sizes.next().unwrap_or(0)
            };
            rows.push(HistoryRow {
                id: None,
                created: entry.created.clone(),
                created_by: entry.created_by.clone().unwrap_or_default(),
                size,
                layer: !entry.empty_layer,
                comment: entry.comment.clone().unwrap_or_default(),
            });
        }
        rows.reverse();
        if let Some(first) = rows.first_mut() {
            first.id = Some(image.id);
        }
        Ok(rows)
    }

    /// Gives an image another name.
    pub fn tag(&self, source: &str, target: &str) -> Result<()> {
        let reference = target
            .parse()
            .map_err(|e| Trouble::reference(&e, self.language()).with_exit(1))?;
        let image = self.find_image(source)?;
        Ok(self
            .store()?
            .tag(&reference, &image)
            .map_err(|e| self.in_store(&e))?)
    }

    /// Loads images from an archive or an OCI folder.
    pub fn load(&self, path: &Path) -> Result<Vec<LoadedImage>> {
        let path = path
            .canonicalize()
            .map_err(|e| Trouble::system(&format!("open {}", path.display()), &e))?;
        self.ask(Request::Load(path), None, &mut |_| {})
    }

    /// Loads images from an archive that comes through a descriptor.
    pub fn load_stream(&self, from: OwnedFd) -> Result<Vec<LoadedImage>> {
        self.ask(Request::LoadStream, Some(from), &mut |_| {})
    }

    /// Writes images into an OCI image layout folder.
    pub fn save_oci(&self, folder: &Path, names: &[String]) -> Result<()> {
        let absolute = std::path::absolute(folder)
            .map_err(|e| Trouble::system(&format!("open {}", folder.display()), &e))?;
        self.ask(
            Request::SaveOci(absolute, names.to_vec()),
            None,
            &mut |_| {},
        )
    }

    /// Writes images as an archive.
    pub fn save_archive(&self, to: OwnedFd, names: &[String]) -> Result<()> {
        self.ask(Request::SaveArchive(names.to_vec()), Some(to), &mut |_| {})
    }

    /// Writes images as an archive into a file, which appears whole or not at all.
    pub fn save_file(&self, path: &Path, names: &[String]) -> Result<()> {
        self.whole_file(path, |file| self.save_archive(file.into(), names))
    }

    /// Writes a file, which appears whole or not at all.
    pub fn whole_file(&self, path: &Path, write: impl FnOnce(File) -> Result<()>) -> Result<()> {
        let mut partial = path.as_os_str().to_owned();
        partial.push(".partial");
        let trouble = |e: std::io::Error| Trouble::system(&format!("write {}", path.display()), &e);
        let file = File::create(&partial).map_err(trouble)?;
        let saved = write(file);
        if saved.is_err() {
            // What was written so far is of no use, and the reason has been found already.
            let _ = std::fs::remove_file(&partial);
        }
        saved?;
        Ok(std::fs::rename(&partial, path).map_err(trouble)?)
    }

    /// Writes the files of an image as one tar.
    pub fn export_tar(&self, image: &Image, to: OwnedFd) -> Result<()> {
        let layers = image.layers.clone();
        self.ask(Request::ExportTree(layers), Some(to), &mut |_| {})
    }

    /// Writes the files of an image into a folder, which is made or added to. They belong to
    /// whoever asks, as with docker; devices are left out.
    pub fn export_folder(&self, image: &Image, folder: &Path) -> Result<()> {
        let trouble =
            |e: std::io::Error| Trouble::system(&format!("write {}", folder.display()), &e);
        let mut tar = tempfile::tempfile_in(self.root()).map_err(trouble)?;
        self.export_tar(image, tar.try_clone().map_err(trouble)?.into())?;
        tar.rewind().map_err(trouble)?;
        Ok(unpack_into(tar, folder).map_err(trouble)?)
    }

    /// Lists what the topmost layer of an image changes, or all files it shows.
    pub fn changes(&self, image: &Image, which: Which) -> Result<Vec<FileChange>> {
        self.ask(
            Request::Changes(image.layers.clone(), which),
            None,
            &mut |_| {},
        )
    }

    /// Looks at a file of an image.
    pub fn file_in_image(&self, image: &Image, path: &str) -> Result<Option<FileFacts>> {
        self.ask(
            Request::File(image.layers.clone(), path.to_owned()),
            None,
            &mut |_| {},
        )
    }

    /// Returns docker's JSON about an image.
    pub fn inspect_image(&self, name: &str) -> Result<serde_json::Value> {
        let image = self.find_image(name)?;
        let size: u64 = self.layers(&image)?.iter().map(|layer| layer.size).sum();
        let summary = self
            .images()?
            .into_iter()
            .find(|summary| summary.id == image.id);
        let references = summary
            .map(|summary| summary.references)
            .unwrap_or_default();
        let digests = self.store()?.repo_digests(image.id);
        let digests = digests.map_err(|e| self.in_store(&e))?;
        let names: Vec<String> = references.iter().map(ImageReference::with_tag).collect();
        let config = &image.config;
        Ok(serde_json::json!({
            "Id": image.id,
            "RepoTags": names,
            "RepoDigests": digests,
            "Created": config.created,
            "Author": config.author.clone().unwrap_or_default(),
            "Config": config.config,
            "Architecture": config.architecture,
            "Os": config.os,
            "Size": size,
            "RootFS": { "Type": "layers", "Layers": image.layers },
            "Descriptor": {
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "digest": image.manifest,
            },
        }))
    }

    /// Checks every digest of the store; returns what is wrong, in sentences.
    pub fn fsck(&self) -> Result<Vec<String>> {
        let mut problems: Vec<String> = self.ask(Request::Fsck, None, &mut |_| {})?;
        problems.extend(self.damaged_networks());
        Ok(problems)
    }

    /// Removes the whole store. Its trees may belong to ids that only exist inside.
    pub fn reset(&self) -> Result<()> {
        let root = self.root().to_owned();
        self.store()?;
        let parts = std::fs::read_dir(&root)
            .map_err(|e| Trouble::system(&format!("read {}", root.display()), &e))?;
        // The files beside the folders are this user's own: they go with the store's folder below.
        let folders = parts.flatten().map(|part| part.path());
        let folders = folders.filter(|part| part.is_dir()).collect();
        // What a killed supervisor left of the network; in use, it stays.
        let _ = crate::runtime::bridge::sweep(&self.containers());
        // At once: a store half removed is no store to be asked again.
        self.ask::<()>(Request::RemoveTrees(folders), None, &mut |_| {})?;
        self.stop_worker();
        Ok(std::fs::remove_dir_all(&root).map_err(|e| Trouble::system("remove the store", &e))?)
    }
}

/// Unpacks a tar of files, folders and links. Folders come last, innermost first: one may take away
/// the permission to write into it.
fn unpack_into(tar: File, folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut archive = tar::Archive::new(tar);
    archive.set_preserve_permissions(true);
    archive.set_preserve_mtime(true);
    let mut folders = Vec::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        match entry.header().entry_type() {
            tar::EntryType::Directory => folders.push(entry),
            tar::EntryType::Regular | tar::EntryType::Symlink | tar::EntryType::Link => {
                entry.unpack_in(folder)?;
            }
            _ => {}
        }
    }
    for mut entry in folders.into_iter().rev() {
        entry.unpack_in(folder)?;
    }
    Ok(())
}
