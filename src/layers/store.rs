//! [`Store`]: the folder that holds images and layers.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::error::{Result, StoreError};
use super::files::{self, Guard};
use super::partial;
use super::plain::UNPACKS_TO;
use super::scratch::{self, Scratch, ScratchDir};
use crate::digest::{DiffId, Digest};

/// The format this strata writes; a change that older ones cannot read raises it.
const FORMAT: u32 = 1;
const FORMAT_FILE: &str = "strata.json";

/// Everything that may lie in a store; the folders among it are made with it.
const FOLDERS: [&str; 9] = [
    "blobs",
    "blobs/sha256",
    "layers",
    "cache",
    "drafts",
    "containers",
    "networks",
    "volumes",
    "tmp",
];
const FILES: [&str; 5] = [
    FORMAT_FILE,
    "oci-layout",
    "index.json",
    "index.lock",
    "store.lock",
];
/// A learner's lessons have a store of their own inside the usual one; either may be made first.
const NESTED: &str = "lessons";

/// Where the owners of files in trees are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OwnersMode {
    /// By the kernel, on the files themselves.
    #[default]
    Kernel,
    /// In `records.json`: only one id exists, so every file on disk belongs to it. Device nodes,
    /// which cannot be made there, are kept the same way.
    Recorded,
}

/// The attribute in which overlay looks for opaque folders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Whiteouts {
    /// `user.overlay.`: overlay mounted in a user namespace.
    #[default]
    User,
    /// `trusted.overlay.`: overlay mounted by root.
    Trusted,
}

/// A store of images and layers. Safe for many processes at once; clones share one folder
/// under `tmp/`.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
    owners: OwnersMode,
    unpacks_to: u64,
    whiteouts: Whiteouts,
    scratch: Arc<Mutex<Option<Arc<Scratch>>>>,
}

#[derive(Serialize, Deserialize)]
struct Format {
    format: u32,
}

impl Store {
    /// Opens a store, and makes it if the folder is new or empty. Collects what dead processes
    /// left in it.
    pub fn open(root: &Path) -> Result<Self> {
        let root = std::path::absolute(root).map_err(StoreError::io("find", root))?;
        match read_format(&root)? {
            None => create(&root)?,
            Some(found) if found > FORMAT => {
                return Err(StoreError::NewerFormat {
                    found,
                    known: FORMAT,
                });
            }
            Some(_) => {}
        }
        let store = Self {
            root,
            owners: OwnersMode::default(),
            unpacks_to: UNPACKS_TO,
            whiteouts: Whiteouts::default(),
            scratch: Arc::default(),
        };
        scratch::collect_leftovers(&store.path("tmp"))?;
        partial::collect_old(&store.path("tmp"))?;
        files::collect_temporaries(&store.root)?;
        Ok(store)
    }

    /// Says where owners of files are kept; [`OwnersMode::Kernel`] unless told otherwise.
    pub fn set_owners(&mut self, owners: OwnersMode) {
        self.owners = owners;
    }

    /// Says which overlay will mount the trees; [`Whiteouts::User`] unless told otherwise.
    pub fn set_whiteouts(&mut self, whiteouts: Whiteouts) {
        self.whiteouts = whiteouts;
    }

    /// Says what an archive of any size may unpack to, in bytes; [`UNPACKS_TO`] unless told
    /// otherwise.
    pub fn set_unpacks_to(&mut self, bytes: u64) {
        self.unpacks_to = bytes;
    }

    /// Returns what an archive of any size may unpack to.
    pub(super) fn unpacks_to(&self) -> u64 {
        self.unpacks_to
    }

    /// Returns where owners of files are kept.
    pub fn owners(&self) -> OwnersMode {
        self.owners
    }

    /// Returns which overlay will mount the trees.
    pub fn whiteouts(&self) -> Whiteouts {
        self.whiteouts
    }

    /// Returns the folder, absolute.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Makes an empty folder of this process's under `tmp/`, for example for an upper directory.
    /// It goes when the value is dropped, or is collected after a crash.
    pub fn scratch(&self) -> Result<ScratchDir> {
        self.own_scratch()?.folder()
    }

    /// Keeps the garbage collection of other processes away while layers exist that nothing
    /// refers to yet: from before the first draft until the cache record or the tag is written.
    pub fn hold(&self) -> Result<Guard> {
        files::lock_shared(&self.hold_file())
    }

    /// The folder of this process, made when it is first needed: reading makes none.
    pub(super) fn own_scratch(&self) -> Result<Arc<Scratch>> {
        let mut scratch = self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(scratch) = scratch.as_ref() {
            return Ok(Arc::clone(scratch));
        }
        let made = Arc::new(Scratch::create(&self.path("tmp"))?);
        *scratch = Some(Arc::clone(&made));
        Ok(made)
    }

    pub(super) fn hold_file(&self) -> PathBuf {
        self.path("store.lock")
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    pub(super) fn blob_path(&self, digest: Digest) -> PathBuf {
        self.root.join("blobs/sha256").join(digest.hex())
    }

    pub(super) fn layer_path(&self, diff_id: DiffId) -> PathBuf {
        self.root.join("layers").join(diff_id.0.hex())
    }
}

fn read_format(root: &Path) -> Result<Option<u32>> {
    let path = root.join(FORMAT_FILE);
    match fs::read(&path) {
        Ok(bytes) => {
            let format: Format = serde_json::from_slice(&bytes)
                .map_err(|source| StoreError::Json { path, source })?;
            Ok(Some(format.format))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(StoreError::io("read", path)(source)),
    }
}

/// Makes a store. The format file comes last: what lies there without it is either the beginning
/// of a store, which is completed, or not a store at all.
fn create(root: &Path) -> Result<()> {
    files::make_folder(root)?;
    if !files::entries(root)?.iter().all(|path| is_known(path)) {
        return Err(StoreError::NotAStore(root.to_owned()));
    }
    for folder in FOLDERS {
        files::make_folder(&root.join(folder))?;
    }
    files::atomic_write(
        &root.join("oci-layout"),
        b"{\"imageLayoutVersion\":\"1.0.0\"}",
    )?;
    super::layout::create(root)?;
    let format = serde_json::to_vec(&Format { format: FORMAT }).expect("a number is JSON");
    files::atomic_write(&root.join(FORMAT_FILE), &format)
}

/// Whether a file or folder in the root of a store is one of those that make a store.
pub(super) fn is_known(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = name
        .strip_prefix('.')
        .is_some_and(|name| FILES.iter().any(|file| name.starts_with(file)));
    temporary || FILES.contains(&&*name) || FOLDERS.contains(&&*name) || name == NESTED
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A store in a folder of its own, for whoever runs the tests: only root can give files away.
    pub(in crate::layers) fn temporary_store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&folder.path().join("store")).unwrap();
        if !rustix::process::geteuid().is_root() {
            store.set_owners(OwnersMode::Recorded);
        }
        (folder, store)
    }

    #[test]
    fn opening_twice_gives_the_same_store() {
        let (_folder, store) = temporary_store();
        let again = Store::open(store.root()).unwrap();
        assert_eq!(again.root(), store.root());
        assert!(store.root().join("blobs/sha256").is_dir());
        assert!(again.images().unwrap().is_empty());
    }

    #[test]
    fn a_folder_with_other_things_in_it_is_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("thesis.tex"), "years of work").unwrap();
        let error = Store::open(folder.path()).unwrap_err();
        assert!(matches!(error, StoreError::NotAStore(_)), "{error}");
        assert_eq!(files::entries(folder.path()).unwrap().len(), 1);
    }

    #[test]
    fn a_store_can_be_made_around_that_of_the_lessons() {
        let folder = tempfile::tempdir().unwrap();
        Store::open(&folder.path().join("lessons")).unwrap();
        Store::open(folder.path()).unwrap();
    }

    #[test]
    fn a_store_of_a_newer_strata_is_refused() {
        let (_folder, store) = temporary_store();
        fs::write(store.path(FORMAT_FILE), r#"{"format":99}"#).unwrap();
        let error = Store::open(store.root()).unwrap_err();
        assert!(
            matches!(error, StoreError::NewerFormat { found: 99, .. }),
            "{error}"
        );
    }

    #[test]
    fn the_beginning_of_a_store_is_completed() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("blobs")).unwrap();
        fs::write(folder.path().join(".index.json.7.0.tmp"), "half").unwrap();
        Store::open(folder.path()).unwrap();
        assert!(folder.path().join(FORMAT_FILE).is_file());
        assert!(!folder.path().join(".index.json.7.0.tmp").exists());
    }

    #[test]
    fn reading_makes_no_folder_under_tmp() {
        let (_folder, store) = temporary_store();
        assert!(files::entries(&store.path("tmp")).unwrap().is_empty());
        let scratch = store.scratch().unwrap();
        assert!(scratch.path().starts_with(store.path("tmp")));
        drop(scratch);
        drop(store.clone());
        assert_eq!(files::entries(&store.path("tmp")).unwrap().len(), 2);
    }
}
