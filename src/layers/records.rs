//! [`Records`]: what a layer's tar says and its tree on disk cannot.
//!
//! Kept in `records.json` beside the tree, apart from `layer.json`, because it can be large and
//! whoever only wants a layer's numbers should not have to read it.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::RootPath;
use super::entry::{Device, EntryKind, Xattrs};
use super::error::{Result, StoreError};
use super::path::remove_within;
use super::store::OwnersMode;

const FILE: &str = "records.json";

/// Notes about paths of one layer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Records {
    /// The owners on disk mean nothing: who is not in `owners` is 0:0.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) recorded: bool,
    /// Owner and group.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) owners: BTreeMap<RootPath, (u32, u32)>,
    /// Device nodes and whiteouts that could not be made; on disk there is an empty file.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) devices: BTreeMap<RootPath, Node>,
    /// Hard links to an earlier path of the layer. On disk a link may as well be one to a lower
    /// layer's file, so the inode does not tell.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) links: BTreeMap<RootPath, RootPath>,
    /// Extended attributes that could not be set.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    xattrs: BTreeMap<RootPath, BTreeMap<String, Vec<u8>>>,
    /// Folders the tar only implies: lower layers, where they have them, decide how they look.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) implied: BTreeSet<RootPath>,
}

/// What a file stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Node {
    Char(Device),
    Block(Device),
    Whiteout,
}

impl Records {
    /// Returns empty records of a tree whose owners are kept like this.
    pub(super) fn new(owners: OwnersMode) -> Self {
        Self {
            recorded: owners == OwnersMode::Recorded,
            ..Self::default()
        }
    }

    /// Reads the records of a layer.
    pub(super) fn read(layer: &Path) -> Result<Self> {
        let path = layer.join(FILE);
        match fs::read(&path) {
            Ok(bytes) => {
                serde_json::from_slice(&bytes).map_err(|source| StoreError::Json { path, source })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(StoreError::io("read", path)(source)),
        }
    }

    /// Writes them into the folder of a layer in the making; nothing where there is nothing to say.
    pub(super) fn write(&self, layer: &Path) -> Result<()> {
        if *self == Self::default() {
            return Ok(());
        }
        let path = layer.join(FILE);
        let bytes = serde_json::to_vec_pretty(self).expect("paths are written as text");
        fs::write(&path, bytes).map_err(StoreError::io("write", path))
    }

    /// Returns the owner of a path whose file on disk belongs to `on_disk`.
    pub(super) fn owner(&self, path: &RootPath, on_disk: (u32, u32)) -> (u32, u32) {
        let default = if self.recorded { (0, 0) } else { on_disk };
        self.owners.get(path).copied().unwrap_or(default)
    }

    /// Notes an owner; that of root goes without saying.
    pub(super) fn set_owner(&mut self, path: &RootPath, owner: (u32, u32)) {
        if owner != (0, 0) {
            self.owners.insert(path.clone(), owner);
        }
    }

    /// Returns what is noted instead of the regular file on disk.
    pub(super) fn kind(&self, path: &RootPath) -> Option<EntryKind> {
        Some(match self.devices.get(path)? {
            Node::Char(device) => EntryKind::CharDevice(*device),
            Node::Block(device) => EntryKind::BlockDevice(*device),
            Node::Whiteout => EntryKind::Whiteout,
        })
    }

    /// Whether a file on disk stands for a whiteout.
    pub(super) fn is_whiteout(&self, path: &RootPath) -> bool {
        self.devices.get(path) == Some(&Node::Whiteout)
    }

    /// Notes an attribute that could not be set.
    pub(super) fn set_xattr(&mut self, path: &RootPath, name: &OsStr, value: &[u8]) {
        let of_path = self.xattrs.entry(path.clone()).or_default();
        of_path.insert(name.to_string_lossy().into_owned(), value.to_vec());
    }

    /// Keeps nothing but what files stand for.
    pub(super) fn only_nodes(self) -> Self {
        Self {
            devices: self.devices,
            ..Self::default()
        }
    }

    /// Notes a whiteout that other records note.
    pub(super) fn keep_whiteout(&mut self, other: &Self, path: &RootPath) {
        if other.is_whiteout(path) {
            self.devices.insert(path.clone(), Node::Whiteout);
        }
    }

    /// Adds the attributes that are noted for a path.
    pub(super) fn add_xattrs(&self, path: &RootPath, to: &mut Xattrs) {
        for (name, value) in self.xattrs.get(path).into_iter().flatten() {
            to.insert(name.into(), value.clone());
        }
    }

    /// Notes for a further name of a file what is noted for its first.
    pub(super) fn share(&mut self, first: &RootPath, name: &RootPath) {
        if let Some(owner) = self.owners.get(first).copied() {
            self.owners.insert(name.clone(), owner);
        }
        if let Some(device) = self.devices.get(first).copied() {
            self.devices.insert(name.clone(), device);
        }
        if let Some(xattrs) = self.xattrs.get(first).cloned() {
            self.xattrs.insert(name.clone(), xattrs);
        }
        let first = self.links.get(first).unwrap_or(first).clone();
        self.links.insert(name.clone(), first);
    }

    /// Forgets a path, and everything in it, that something else took the place of.
    pub(super) fn forget(&mut self, path: &RootPath) {
        remove_within(&mut self.owners, path);
        remove_within(&mut self.devices, path);
        remove_within(&mut self.links, path);
        self.links.retain(|_, first| !first.is_within(path));
        remove_within(&mut self.xattrs, path);
        self.implied.retain(|known| !known.is_within(path));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back_as_they_were_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = RootPath::clean("dev/null");
        let mut records = Records::new(OwnersMode::Recorded);
        records.set_owner(&path, (1000, 5));
        records.set_xattr(&path, OsStr::new("user.x"), &[0, 255]);
        let device = Device { major: 1, minor: 3 };
        records.devices.insert(path.clone(), Node::Char(device));
        records.write(folder.path()).unwrap();

        let read = Records::read(folder.path()).unwrap();
        assert_eq!(read, records);
        assert_eq!(read.owner(&path, (7, 7)), (1000, 5));
        assert_eq!(read.owner(&RootPath::clean("x"), (7, 7)), (0, 0));
        assert_eq!(read.kind(&path), Some(EntryKind::CharDevice(device)));
    }

    #[test]
    fn names_of_a_file_all_lead_to_its_first() {
        let path = RootPath::clean;
        let mut records = Records::default();
        records.share(&path("a"), &path("b"));
        records.share(&path("b"), &path("c"));
        assert_eq!(records.links[&path("c")], path("a"));
        // `a` is taken away, and comes back as a name of what `b` is.
        records.forget(&path("a"));
        records.share(&path("b"), &path("a"));
        assert_eq!(records.links, BTreeMap::from([(path("a"), path("b"))]));
    }

    #[test]
    fn nothing_to_say_makes_no_file() {
        let folder = tempfile::tempdir().unwrap();
        Records::default().write(folder.path()).unwrap();
        assert!(!folder.path().join(FILE).exists());
        let read = Records::read(folder.path()).unwrap();
        assert_eq!(read.owner(&RootPath::root(), (7, 8)), (7, 8));
    }
}
