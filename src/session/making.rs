//! Images that no build makes: `commit` of a container, `import` of a tar; and `export`, the way back.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::worker::Request;
use super::{Result, Session, Trouble};
use crate::build::{Downloads, FetchError, apply_changes};
use crate::digest::{DiffId, ImageId};
use crate::layers::{ContainerConfig, History, Image, ImageConfig};
use crate::reference::ImageReference;
use crate::runtime::containers;
use crate::runtime::spec::Rootfs;

/// What an image is to be made of.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Material {
    /// What a container changed.
    Container(ContainerFiles),
    /// A tar that comes through the descriptor that is sent along.
    Tar,
}

/// The files of a container.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ContainerFiles {
    /// The layers of its image, base first.
    pub layers: Vec<DiffId>,
    /// What it changed; or all its files, where there is no overlay.
    pub changed: PathBuf,
    /// Whether that is all its files.
    pub copied: bool,
}

/// An image that is to be made, with a new layer on top.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MakeImage {
    /// What the new layer is made of.
    pub material: Material,
    /// Its config, the entry of the new layer included.
    pub config: ImageConfig,
    /// Its name; none for none.
    pub name: Option<ImageReference>,
}

/// `commit` and `import`, as they are asked for.
#[derive(Debug, Clone, Default)]
pub struct NewImage {
    /// The name of the image.
    pub name: Option<String>,
    /// `-a`
    pub author: Option<String>,
    /// `-m`
    pub message: Option<String>,
    /// `-c`
    pub changes: Vec<String>,
    /// Now, in seconds since the epoch.
    pub now: i64,
}

impl Session {
    /// Writes all files of a container as a tar.
    pub fn export_container(&self, name: &str, to: OwnedFd) -> Result<()> {
        let files = self.files_of_container(name)?;
        self.ask(Request::ExportContainer(files), Some(to), &mut |_| {})
    }

    /// Makes an image of a container: its image, with what it changed on top.
    pub fn commit_container(&self, container: &str, call: &NewImage) -> Result<ImageId> {
        let name = self.name_of_new(call)?;
        let material = Material::Container(self.files_of_container(container)?);
        let config = self.container_config(container)?;
        let mut image = self.find_image(&config.record.image_id)?;
        take_settings(&mut image.config.config, &config);
        let by = config.spec.process.argv.join(" ");
        self.make_image(image, material, name, by, call)
    }

    /// Makes an image of a tar: a file, or what a web address holds.
    pub fn import(&self, source: &str, from: OwnedFd, call: &NewImage) -> Result<ImageId> {
        let name = self.name_of_new(call)?;
        let platform = crate::plan::platform();
        let mut config = ImageConfig::default();
        if let Some((os, architecture)) = platform.split_once('/') {
            os.clone_into(&mut config.os);
            architecture.clone_into(&mut config.architecture);
        }
        "layers".clone_into(&mut config.rootfs.kind);
        let image = Image {
            id: ImageId(crate::digest::Digest::of(b"")),
            manifest: crate::digest::Digest::of(b""),
            config,
            layers: Vec::new(),
        };
        let mut call = call.clone();
        let comment = call.message.take();
        call.message = Some(comment.unwrap_or_else(|| format!("Imported from {source}")));
        let request = self.new_image(image, Material::Tar, name, String::new(), &call)?;
        self.ask(
            Request::MakeImage(Box::new(request)),
            Some(from),
            &mut |_| {},
        )
    }

    /// Fetches what a web address holds.
    pub fn fetch(&self, url: &str) -> Result<File> {
        let downloads = Downloads::new(self.store()?, self.cache()?.downloads_folder());
        let open = || -> std::result::Result<PathBuf, FetchError> {
            Ok(downloads.bytes(&downloads.look(url, None)?)?.1)
        };
        let not_fetched = |error| {
            let url = url.to_owned();
            let error = crate::build::BuildError::Fetch { url, error };
            Trouble::build(&error, self.language())
        };
        let path = open().map_err(not_fetched)?;
        self.open_file(&path)
    }

    /// Opens a file to import.
    pub fn open_file(&self, path: &Path) -> Result<File> {
        let trouble = |e: std::io::Error| Trouble::system(&format!("open {}", path.display()), &e);
        Ok(File::open(path).map_err(trouble)?)
    }

    fn name_of_new(&self, call: &NewImage) -> Result<Option<ImageReference>> {
        let read = |name: &String| name.parse::<ImageReference>();
        let name = call.name.as_ref().map(read).transpose();
        Ok(name.map_err(|e| Trouble::reference(&e, self.language()).with_exit(1))?)
    }

    fn make_image(
        &self,
        image: Image,
        material: Material,
        name: Option<ImageReference>,
        by: String,
        call: &NewImage,
    ) -> Result<ImageId> {
        let request = self.new_image(image, material, name, by, call)?;
        self.ask(Request::MakeImage(Box::new(request)), None, &mut |_| {})
    }

    fn new_image(
        &self,
        mut image: Image,
        material: Material,
        name: Option<ImageReference>,
        by: String,
        call: &NewImage,
    ) -> Result<MakeImage> {
        apply_changes(&mut image, &call.changes, self.language()).map_err(Trouble::new)?;
        let mut config = image.config;
        let seconds = self.settings.epoch.unwrap_or(call.now);
        let time = jiff::Timestamp::from_second(seconds).unwrap_or_default();
        config.created = Some(time.to_string());
        if let Some(author) = &call.author {
            config.author = Some(author.clone());
        }
        config.history.push(History {
            created: config.created.clone(),
            created_by: (!by.is_empty()).then_some(by),
            author: call.author.clone(),
            comment: call.message.clone(),
            ..History::default()
        });
        Ok(MakeImage {
            material,
            config,
            name,
        })
    }

    fn files_of_container(&self, name: &str) -> Result<ContainerFiles> {
        let config = self.container_config(name)?;
        // The container's folder says where its image's layers are; the image may have no name.
        let layers = self.find_image(&config.record.image_id)?.layers;
        let (changed, copied) = match config.spec.rootfs {
            Rootfs::Overlay { upper, .. } => (upper, false),
            Rootfs::Folder(folder) => (folder, true),
        };
        Ok(ContainerFiles {
            layers,
            changed,
            copied,
        })
    }
}

/// What `run` was told becomes the image's settings, as far as it differs from what the image says.
fn take_settings(settings: &mut ContainerConfig, container: &containers::ContainerConfig) {
    let process = &container.spec.process;
    let known = |line: &String, name: &str| line.split_once('=').is_some_and(|(it, _)| it == name);
    for (name, value) in &process.env {
        let is_known = settings.env.iter().any(|line| known(line, name));
        // These are the container's own.
        let own = matches!(name.as_str(), "HOSTNAME" | "HOME" | "TERM") && !is_known;
        if own {
            continue;
        }
        settings.env.retain(|line| !known(line, name));
        settings.env.push(format!("{name}={value}"));
    }
    settings.labels.extend(container.record.labels.clone());
    let entrypoint = settings.entrypoint.clone().unwrap_or_default();
    match process.argv.strip_prefix(&entrypoint[..]) {
        Some(rest) => settings.cmd = (!rest.is_empty()).then(|| rest.to_vec()),
        None => {
            settings.entrypoint = None;
            settings.cmd = Some(process.argv.clone());
        }
    }
    if !(process.cwd.is_empty() || process.cwd == "/" && settings.working_dir.is_empty()) {
        settings.working_dir.clone_from(&process.cwd);
    }
}
