//! The learner's work folder: every path stays inside, nothing is lost.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use crate::digest::Digest;

/// Larger files are remembered by digest only: an undo can't bring them back.
const LARGEST_KEPT: u64 = 4 << 20;

/// A folder that paths can't leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkFolder {
    root: PathBuf,
}

/// Why something in the work folder could not be done.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The path leaves the folder.
    #[error("`{0}` is not inside the work folder")]
    Outside(String),
    /// The file system refused.
    #[error("cannot {what} `{path}`")]
    Refused {
        /// What was being done.
        what: &'static str,
        /// To which path.
        path: String,
        /// The refusal.
        #[source]
        source: io::Error,
    },
}

/// Every file of a work folder at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Snapshot {
    files: BTreeMap<String, Kept>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Kept {
    digest: Digest,
    mode: u32,
    content: Option<Vec<u8>>,
}

impl Snapshot {
    /// Returns the digests of all files, by path.
    pub fn digests(&self) -> BTreeMap<String, Digest> {
        let digest = |(path, kept): (&String, &Kept)| (path.clone(), kept.digest);
        self.files.iter().map(digest).collect()
    }

    /// Returns the paths that differ from a later snapshot, in order.
    pub fn changed(&self, later: &Self) -> Vec<String> {
        let gone = self
            .files
            .keys()
            .filter(|path| !later.files.contains_key(*path));
        let differs = |(path, kept): &(&String, &Kept)| self.files.get(*path) != Some(*kept);
        let new = later.files.iter().filter(differs).map(|(path, _)| path);
        let mut paths: Vec<String> = gone.chain(new).cloned().collect();
        paths.sort();
        paths
    }
}

impl WorkFolder {
    /// Uses a folder; makes it where it is missing.
    pub fn open(root: &Path) -> Result<Self, FolderError> {
        let shown = root.display().to_string();
        fs::create_dir_all(root).map_err(refused("make", &shown))?;
        let root = root.canonicalize().map_err(refused("open", &shown))?;
        Ok(Self { root })
    }

    /// Returns where it is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns where a path of the folder is. Neither `..` nor a symbolic link may be part of it,
    /// so what is written or read lies in the folder.
    pub fn resolve(&self, path: &str) -> Result<PathBuf, FolderError> {
        let outside = || FolderError::Outside(path.to_owned());
        let mut full = self.root.clone();
        for component in Path::new(path).components() {
            match component {
                Component::CurDir => continue,
                Component::Normal(name) => full.push(name),
                _ => return Err(outside()),
            }
            if fs::symlink_metadata(&full).is_ok_and(|metadata| metadata.is_symlink()) {
                return Err(outside());
            }
        }
        if full == self.root {
            return Err(outside());
        }
        Ok(full)
    }

    /// Returns a file's content; none where there is no such file.
    pub fn read(&self, path: &str) -> Option<Vec<u8>> {
        fs::read(self.resolve(path).ok()?).ok()
    }

    /// Tells whether a file is a tar archive, such as `save` writes.
    pub fn is_archive(&self, path: &str) -> bool {
        const MAGIC: &[u8] = b"ustar";
        const AT: u64 = 257;
        let head = || -> io::Result<[u8; MAGIC.len()]> {
            let full = self.resolve(path).map_err(io::Error::other)?;
            let mut head = [0; MAGIC.len()];
            fs::File::open(full)?.read_exact_at(&mut head, AT)?;
            Ok(head)
        };
        head().is_ok_and(|head| head == MAGIC)
    }

    /// Writes a file, its folders too where they are missing.
    pub fn write(&self, path: &str, content: &[u8]) -> Result<(), FolderError> {
        let full = self.resolve(path)?;
        let parent = full.parent().expect("the path is below the root");
        fs::create_dir_all(parent).map_err(refused("make the folder of", path))?;
        fs::write(&full, content).map_err(refused("write", path))
    }

    /// Writes a file and keeps what was there as `PATH.1`, `PATH.2`, ...; returns that name.
    pub fn write_keeping(&self, path: &str, content: &[u8]) -> Result<Option<String>, FolderError> {
        let old = self.read(path);
        let kept = match old {
            Some(old) if old != content => Some(self.keep(path)?),
            _ => None,
        };
        self.write(path, content)?;
        Ok(kept)
    }

    fn keep(&self, path: &str) -> Result<String, FolderError> {
        let mut number = 1;
        let name = loop {
            let name = format!("{path}.{number}");
            if fs::symlink_metadata(self.resolve(&name)?).is_err() {
                break name;
            }
            number += 1;
        };
        fs::rename(self.resolve(path)?, self.resolve(&name)?).map_err(refused("rename", path))?;
        Ok(name)
    }

    /// Removes a file.
    pub fn remove(&self, path: &str) -> Result<(), FolderError> {
        fs::remove_file(self.resolve(path)?).map_err(refused("remove", path))
    }

    /// Returns every file as it is now.
    pub fn snapshot(&self) -> Result<Snapshot, FolderError> {
        let mut snapshot = Snapshot::default();
        self.collect(&self.root, &mut snapshot)?;
        Ok(snapshot)
    }

    /// Returns times and sizes of all files without reading any: where they are the same,
    /// nothing was written. What can't be looked at is left out.
    pub fn outside(&self) -> Vec<(String, SystemTime, u64)> {
        let mut found = Vec::new();
        let mut folders = vec![self.root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let Ok(metadata) = entry.metadata() else {
                    continue;
                };
                if metadata.is_dir() {
                    folders.push(entry.path());
                } else if let Ok(modified) = metadata.modified() {
                    let path = entry.path().to_string_lossy().into_owned();
                    found.push((path, modified, metadata.len()));
                }
            }
        }
        found.sort();
        found
    }

    fn collect(&self, folder: &Path, snapshot: &mut Snapshot) -> Result<(), FolderError> {
        let shown = folder.display().to_string();
        for entry in fs::read_dir(folder).map_err(refused("list", &shown))? {
            let path = entry.map_err(refused("list", &shown))?.path();
            let shown = path.display().to_string();
            let metadata = fs::symlink_metadata(&path).map_err(refused("look at", &shown))?;
            if metadata.is_dir() {
                self.collect(&path, snapshot)?;
            } else if metadata.is_file() {
                let content = fs::read(&path).map_err(refused("read", &shown))?;
                let relative = path.strip_prefix(&self.root).expect("it is below the root");
                let kept = Kept {
                    digest: Digest::of(&content),
                    mode: metadata.permissions().mode() & 0o7777,
                    content: (metadata.len() <= LARGEST_KEPT).then_some(content),
                };
                let relative = relative.to_string_lossy().into_owned();
                snapshot.files.insert(relative, kept);
            }
        }
        Ok(())
    }

    /// Brings every file back; returns the paths that were too large to keep.
    pub fn restore(&self, snapshot: &Snapshot) -> Result<Vec<String>, FolderError> {
        let now = self.snapshot()?;
        let mut lost = Vec::new();
        for path in now
            .files
            .keys()
            .filter(|path| !snapshot.files.contains_key(*path))
        {
            self.remove(path)?;
        }
        for (path, kept) in &snapshot.files {
            if now.files.get(path) == Some(kept) {
                continue;
            }
            match &kept.content {
                Some(content) => {
                    self.write(path, content)?;
                    self.chmod(path, kept.mode)?;
                }
                None => lost.push(path.clone()),
            }
        }
        Ok(lost)
    }

    /// Sets permission bits.
    pub fn chmod(&self, path: &str, mode: u32) -> Result<(), FolderError> {
        let permissions = fs::Permissions::from_mode(mode);
        fs::set_permissions(self.resolve(path)?, permissions).map_err(refused("change", path))
    }

    /// Moves everything in the folder into another one, which is made; tells whether there was
    /// anything.
    pub fn move_content(&self, to: &Path) -> Result<bool, FolderError> {
        let shown = to.display().to_string();
        let mut any = false;
        let entries = fs::read_dir(&self.root).map_err(refused("list", &shown))?;
        for entry in entries {
            let entry = entry.map_err(refused("list", &shown))?;
            if !any {
                fs::create_dir_all(to).map_err(refused("make", &shown))?;
                any = true;
            }
            let target = to.join(entry.file_name());
            fs::rename(entry.path(), &target).map_err(refused("move to", &shown))?;
        }
        Ok(any)
    }

    /// Removes everything in the folder.
    pub fn clear(&self) -> Result<(), FolderError> {
        let shown = self.root.display().to_string();
        for entry in fs::read_dir(&self.root).map_err(refused("list", &shown))? {
            let path = entry.map_err(refused("list", &shown))?.path();
            let gone = if path.is_dir() && !path.is_symlink() {
                fs::remove_dir_all(&path)
            } else {
                fs::remove_file(&path)
            };
            gone.map_err(refused("empty", &shown))?;
        }
        Ok(())
    }
}

/// Makes the function that says what was refused.
pub(super) fn refused<'a>(
    what: &'static str,
    path: &'a str,
) -> impl FnOnce(io::Error) -> FolderError + use<'a> {
    move |source| FolderError::Refused {
        what,
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, WorkFolder) {
        let scratch = tempfile::tempdir().unwrap();
        let folder = WorkFolder::open(&scratch.path().join("work")).unwrap();
        (scratch, folder)
    }

    #[test]
    fn paths_and_links_cannot_leave() {
        let (scratch, folder) = folder();
        std::os::unix::fs::symlink(scratch.path(), folder.root().join("out")).unwrap();
        for path in ["/etc/passwd", "../x", "a/../../x", "out/x", "out", ".", ""] {
            assert!(
                matches!(folder.write(path, b"x"), Err(FolderError::Outside(_))),
                "{path}"
            );
        }
        assert!(!scratch.path().join("x").exists());
    }

    #[test]
    fn an_archive_is_told_by_its_magic_and_not_by_its_name() {
        let (_scratch, folder) = folder();
        let mut archive = vec![0; 512];
        archive[257..262].copy_from_slice(b"ustar");
        for (path, content, is) in [
            ("image", archive.as_slice(), true),
            ("notes.tar", b"no archive", false),
            ("zeros.tar", &[0; 512], false),
        ] {
            folder.write(path, content).unwrap();
            assert_eq!(folder.is_archive(path), is, "{path}");
        }
        assert!(!folder.is_archive("missing.tar"));
    }

    #[test]
    fn what_was_there_is_kept_under_another_name() {
        let (_scratch, folder) = folder();
        assert_eq!(folder.write_keeping("Dockerfile", b"one").unwrap(), None);
        assert_eq!(folder.write_keeping("Dockerfile", b"one").unwrap(), None);
        assert_eq!(
            folder.write_keeping("Dockerfile", b"two").unwrap(),
            Some("Dockerfile.1".into())
        );
        assert_eq!(
            folder.write_keeping("Dockerfile", b"three").unwrap(),
            Some("Dockerfile.2".into())
        );
        assert_eq!(folder.read("Dockerfile.1").unwrap(), b"one");
    }

    #[test]
    fn a_snapshot_brings_content_and_modes_back() {
        let (_scratch, folder) = folder();
        folder.write("a/b", b"old").unwrap();
        folder.chmod("a/b", 0o755).unwrap();
        let before = folder.snapshot().unwrap();
        folder.write("a/b", b"new").unwrap();
        folder.chmod("a/b", 0o600).unwrap();
        folder.write("c", b"more").unwrap();
        let after = folder.snapshot().unwrap();
        assert_eq!(before.changed(&after), ["a/b", "c"]);
        assert_eq!(folder.restore(&before).unwrap(), Vec::<String>::new());
        assert_eq!(folder.snapshot().unwrap(), before);
    }

    #[test]
    fn moved_content_is_all_in_the_other_folder() {
        let (scratch, folder) = folder();
        let to = scratch.path().join("kept/today");
        assert!(!folder.move_content(&to).unwrap());
        folder.write("a/b", b"x").unwrap();
        assert!(folder.move_content(&to).unwrap());
        assert_eq!(fs::read(to.join("a/b")).unwrap(), b"x");
        assert_eq!(folder.snapshot().unwrap(), Snapshot::default());
    }
}
