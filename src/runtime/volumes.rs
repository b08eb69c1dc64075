//! The volumes of a store: folders that outlive the containers they are mounted in.
//!
//! ```text
//! ROOT/volumes/<name>/
//!     volume.json    its labels and options; small, replaced whole
//!     _data/         its files, as docker calls the folder
//!     .filling       there while an image's files are being copied into it (`filling`)
//! ```
//!
//! Whoever makes a volume for a container holds the lock until the container's record is there, and
//! whoever removes one looks at the records under the same lock: nobody loses what somebody begins
//! to use.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use super::container_error::ContainerError;
use super::container_folder::make_folder;
use super::containers::Containers;
use super::mount_point::MountPoint;
use super::names::ContainerId;
use super::spec::{MountSource, Spec};
use super::state::moment;

/// What is known of a volume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Volume {
    /// Its name; 64 hex digits where nobody gave it one.
    pub name: String,
    /// When it was made.
    #[serde(with = "moment")]
    pub created: Timestamp,
    /// Labels, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// What `volume create --opt` said.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
    /// Whether nobody gave it a name.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub anonymous: bool,
}

impl Volume {
    /// Describes a volume that is to be made.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            created: Timestamp::now(),
            labels: BTreeMap::new(),
            options: BTreeMap::new(),
            anonymous: false,
        }
    }

    /// Describes one that nobody gives a name.
    pub fn anonymous() -> io::Result<Self> {
        let name = ContainerId::generate()?;
        Ok(Self {
            anonymous: true,
            ..Self::new(name.as_str())
        })
    }

    /// The folder of this machine that it shows instead of one of its own.
    pub fn device(&self) -> Option<PathBuf> {
        self.options.get("device").map(PathBuf::from)
    }
}

/// Whether docker would take it for the name of a volume.
pub fn is_volume_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    let first = bytes
        .next()
        .is_some_and(|byte| byte.is_ascii_alphanumeric());
    let rest = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    first && name.len() <= LONGEST_NAME && bytes.all(rest)
}

/// The longest name of a folder that is renamed to `.gone-NAME`.
const LONGEST_NAME: usize = 240;

/// The volumes of one store.
#[derive(Debug, Clone)]
pub struct Volumes {
    folder: PathBuf,
}

/// Held while volumes are made or removed.
#[derive(Debug)]
pub struct VolumesLock(#[allow(dead_code, reason = "held for its lock")] File);

impl Volumes {
    /// Looks at the volumes of the store at `root`. Nothing is read or made yet.
    pub fn new(root: &Path) -> Self {
        Self {
            folder: root.join("volumes"),
        }
    }

    /// Returns the folder of a volume, whether it exists or not.
    pub fn folder(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Returns where a volume's own files are.
    pub fn data(&self, name: &str) -> PathBuf {
        self.folder(name).join(DATA)
    }

    /// Waits for its turn to make or remove volumes.
    pub fn lock(&self) -> Result<VolumesLock, ContainerError> {
        make_folder(&self.folder)?;
        let lock = || {
            let file = File::open(&self.folder)?;
            flock(&file, FlockOperation::LockExclusive)?;
            Ok(VolumesLock(file))
        };
        lock().map_err(ContainerError::io("lock", &self.folder))
    }

    /// Makes a volume, unless it is there; whether it was made.
    pub fn create(&self, volume: &Volume, _lock: &VolumesLock) -> Result<bool, ContainerError> {
        let path = self.folder(&volume.name);
        if path.exists() {
            return Ok(false);
        }
        let draft = self.folder.join(format!(".new-{}", volume.name));
        make_folder(&draft.join(DATA))?;
        let json = serde_json::to_vec(volume).expect("volumes have no maps with odd keys");
        let note = draft.join(NOTE);
        fs::write(&note, json).map_err(ContainerError::io("write", &note))?;
        fs::rename(&draft, &path).map_err(ContainerError::io("make", &path))?;
        Ok(true)
    }

    /// Finds a volume by its name.
    pub fn find(&self, name: &str) -> Result<Option<Volume>, ContainerError> {
        if !is_volume_name(name) {
            return Ok(None);
        }
        let path = self.folder(name).join(NOTE);
        match fs::read(&path) {
            Ok(json) => serde_json::from_slice(&json)
                .map(Some)
                .map_err(|error| ContainerError::io("read", &path)(error.into())),
            // A store of before there were verbs for them may have bare folders.
            Err(error) if is_missing(&error) => Ok(self.bare(name)),
            Err(error) => Err(ContainerError::io("read", &path)(error)),
        }
    }

    fn bare(&self, name: &str) -> Option<Volume> {
        let found = fs::metadata(self.data(name)).ok()?;
        let created = found.modified().ok()?;
        Some(Volume {
            created: created.try_into().unwrap_or_default(),
            ..Volume::new(name)
        })
    }

    /// Lists the volumes, by name.
    pub fn list(&self) -> Result<Vec<Volume>, ContainerError> {
        let mut volumes = Vec::new();
        for name in self.names(|name| !name.starts_with('.'))? {
            volumes.extend(self.find(&name)?);
        }
        volumes.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(volumes)
    }

    /// Takes a volume out of the list at once. The returned tree is still to be removed, from inside
    /// the user namespace where its files belong to several ids; none where there was none.
    pub fn take_out(
        &self,
        name: &str,
        _lock: &VolumesLock,
    ) -> Result<Option<PathBuf>, ContainerError> {
        let grave = self.folder.join(format!(".gone-{name}"));
        let path = self.folder(name);
        // What a crash left of one of the same name stands in the way.
        let left = grave.exists().then(|| {
            let number = std::process::id();
            self.folder.join(format!(".gone-{number}-{name}"))
        });
        let grave = left.unwrap_or(grave);
        match fs::rename(&path, &grave) {
            Ok(()) => Ok(Some(grave)),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(ContainerError::io("remove", &path)(error)),
        }
    }

    /// Returns the trees that a crash left half made or half removed.
    pub fn leftovers(&self) -> Result<Vec<PathBuf>, ContainerError> {
        if !self.folder.exists() {
            return Ok(Vec::new());
        }
        let _lock = self.lock()?;
        let left = |name: &str| name.starts_with(".new-") || name.starts_with(".gone-");
        let names = self.names(left)?.into_iter();
        Ok(names.map(|name| self.folder.join(name)).collect())
    }

    fn names(&self, wanted: impl Fn(&str) -> bool) -> Result<Vec<String>, ContainerError> {
        let read = || -> io::Result<Vec<String>> {
            let entries = match fs::read_dir(&self.folder) {
                Err(error) if is_missing(&error) => return Ok(Vec::new()),
                other => other?,
            };
            let mut names = Vec::new();
            for entry in entries {
                names.extend(entry?.file_name().into_string());
            }
            names.retain(|name| wanted(name));
            Ok(names)
        };
        read().map_err(ContainerError::io("read", &self.folder))
    }
}

/// The folder of a volume's files, and what is noted beside it.
const DATA: &str = "_data";
const NOTE: &str = "volume.json";

fn is_missing(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}

impl Containers {
    /// Returns the volumes of the store that these containers are of.
    pub fn volumes(&self) -> Volumes {
        Volumes::new(self.root())
    }

    /// Says where the volumes of a container are now: the store may have moved since it was made.
    pub fn place_volumes(&self, spec: &mut Spec) {
        for mount in &mut spec.mounts {
            if let MountSource::Volume(volume) = &mut mount.source {
                volume.folder = self.volumes().folder(&volume.name);
            }
        }
    }

    /// Returns who uses which volume, whether it runs or not.
    pub fn users_of_volumes(
        &self,
    ) -> Result<BTreeMap<String, BTreeSet<ContainerId>>, ContainerError> {
        let mut users: BTreeMap<String, BTreeSet<ContainerId>> = BTreeMap::new();
        for id in self.ids()? {
            // One that is removed meanwhile uses none.
            for point in self.folder(&id).mount_points().unwrap_or_default() {
                if let Some(name) = point.name {
                    users.entry(name).or_default().insert(id.clone());
                }
            }
        }
        Ok(users)
    }

    /// Takes out the volumes without a name that a container had and that nobody else has. The trees
    /// are still to be removed.
    pub fn take_out_anonymous(
        &self,
        points: &[MountPoint],
    ) -> Result<Vec<PathBuf>, ContainerError> {
        let names = points.iter().filter(|it| it.anonymous);
        let names: Vec<&String> = names.filter_map(|it| it.name.as_ref()).collect();
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let volumes = self.volumes();
        let lock = volumes.lock()?;
        let users = self.users_of_volumes()?;
        let free = names.into_iter().filter(|name| !users.contains_key(*name));
        let mut trees = Vec::new();
        for name in free {
            trees.extend(volumes.take_out(name, &lock)?);
        }
        Ok(trees)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_dockers() {
        for name in ["a", "data", "a.b-c_d", "0x"] {
            assert!(is_volume_name(name), "{name}");
        }
        for name in ["", ".x", "-x", "a/b", "a b", "..", "é", &"a".repeat(300)] {
            assert!(!is_volume_name(name), "{name}");
        }
    }

    #[test]
    fn a_volume_is_made_once_and_gone_after_it_was_taken_out() {
        let root = tempfile::tempdir().unwrap();
        let volumes = Volumes::new(root.path());
        let lock = volumes.lock().unwrap();
        let mut volume = Volume::new("data");
        volume.labels.insert("a".to_owned(), "b".to_owned());
        assert!(volumes.create(&volume, &lock).unwrap());
        assert!(!volumes.create(&Volume::new("data"), &lock).unwrap());
        assert_eq!(volumes.find("data").unwrap(), Some(volume.clone()));
        assert_eq!(volumes.list().unwrap(), [volume]);
        let tree = volumes.take_out("data", &lock).unwrap().unwrap();
        assert_eq!(volumes.find("data").unwrap(), None);
        assert_eq!(volumes.take_out("data", &lock).unwrap(), None);
        drop(lock);
        assert_eq!(volumes.leftovers().unwrap(), [tree]);
    }

    #[test]
    fn a_name_that_leads_elsewhere_finds_nothing() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("other/_data")).unwrap();
        let volumes = Volumes::new(root.path());
        assert_eq!(volumes.find("../other").unwrap(), None);
    }
}
