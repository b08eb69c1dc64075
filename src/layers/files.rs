//! Small things with files that every part of the store needs: atomic writes, locks, removal.
//!
//! A lock is `flock` on a file: the kernel lets go of it when its process ends, however it ends.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use super::error::{Result, StoreError};

/// Holds a lock until it is dropped, or its process ends in whatever way.
#[derive(Debug)]
pub struct Guard {
    _file: File,
}

/// Takes the lock on a file, which is made if it is missing; waits while another process has it.
pub fn lock(path: &Path) -> Result<Guard> {
    let file = open_lock(path)?;
    file.lock().map_err(StoreError::io("lock", path))?;
    Ok(Guard { _file: file })
}

/// Takes the lock together with others who share it; waits while one has it alone.
pub fn lock_shared(path: &Path) -> Result<Guard> {
    let file = open_lock(path)?;
    file.lock_shared().map_err(StoreError::io("lock", path))?;
    Ok(Guard { _file: file })
}

/// Takes the lock if it is free.
pub fn try_lock(path: &Path) -> Result<Option<Guard>> {
    let file = open_lock(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Guard { _file: file })),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(source)) => Err(StoreError::io("lock", path)(source)),
    }
}

fn open_lock(path: &Path) -> Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(StoreError::io("open", path))
}

/// Writes a file so that at any instant either the old or the new content is there: under a
/// temporary name beside it, then renamed.
pub fn atomic_write(path: &Path, bytes: &[u8]) -> Result<()> {
    write_and_rename(path, bytes, false)
}

/// Like [`atomic_write`], and returns only when the content is on the disk for good.
pub fn durable_write(path: &Path, bytes: &[u8]) -> Result<()> {
    write_and_rename(path, bytes, true)?;
    sync_folder(path.parent().unwrap_or(Path::new("/")))
}

/// Puts the names in a folder on the disk for good.
pub fn sync_folder(folder: &Path) -> Result<()> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(StoreError::io("sync", folder))
}

fn write_and_rename(path: &Path, bytes: &[u8], sync: bool) -> Result<()> {
    loop {
        let (temporary, mut file) = temporary_beside(path)?;
        let written = file
            .write_all(bytes)
            .and_then(|()| if sync { file.sync_all() } else { Ok(()) });
        if let Err(source) = written {
            // The write failed already, and that is what the caller has to know.
            let _ = fs::remove_file(&temporary);
            return Err(StoreError::io("write", path)(source));
        }
        match fs::rename(&temporary, path) {
            Ok(()) => return Ok(()),
            // Another process collected it in the moment before it was locked.
            Err(error) if error.kind() == io::ErrorKind::NotFound && folder_exists(path) => {}
            Err(source) => return Err(StoreError::io("rename", path)(source)),
        }
    }
}

fn folder_exists(path: &Path) -> bool {
    path.parent().is_some_and(Path::is_dir)
}

const TEMPORARY: &str = ".tmp";

/// Makes `.name.PID.N.tmp`, locked as long as it is open, so that others see it is in use.
fn temporary_beside(path: &Path) -> Result<(PathBuf, File)> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let process = std::process::id();
    let temporary = path.with_file_name(format!(".{name}.{process}.{count}{TEMPORARY}"));
    let file = File::create(&temporary).map_err(StoreError::io("create", &temporary))?;
    file.lock().map_err(StoreError::io("lock", &temporary))?;
    Ok((temporary, file))
}

/// Removes the temporary files that [`atomic_write`] left in a folder when its process died.
pub fn collect_temporaries(folder: &Path) -> Result<()> {
    for path in entries(folder)? {
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        if name.starts_with(b".")
            && name.ends_with(TEMPORARY.as_bytes())
            && let Ok(file) = File::open(&path)
            && file.try_lock().is_ok()
        {
            // Gone already or not ours to remove: the next start tries again.
            let _ = fs::remove_file(&path);
        }
    }
    Ok(())
}

/// Says of a file that it was used now, as far as that can be said: nobody fails because of it.
pub fn mark_used(path: &Path) {
    if let Ok(file) = OpenOptions::new().append(true).open(path) {
        // As said.
        let _ = file.set_modified(SystemTime::now());
    }
}

/// Returns when a file was [used](mark_used) last, in milliseconds since the epoch; 0 if it is gone.
pub fn last_used(path: &Path) -> i64 {
    let millis = |meta: fs::Metadata| meta.mtime() * 1000 + meta.mtime_nsec() / 1_000_000;
    fs::metadata(path).map_or(0, millis)
}

/// Returns the bytes of all files below a folder, or of a file.
pub fn size_of_tree(path: &Path) -> u64 {
    let Ok(meta) = fs::symlink_metadata(path) else {
        return 0;
    };
    if !meta.is_dir() {
        return if meta.is_file() { meta.len() } else { 0 };
    }
    let inside = fs::read_dir(path).into_iter().flatten().flatten();
    inside.map(|entry| size_of_tree(&entry.path())).sum()
}

/// Returns the paths of what lies in a folder, sorted.
pub fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let read = || -> io::Result<Vec<PathBuf>> {
        fs::read_dir(folder)?
            .map(|entry| Ok(entry?.path()))
            .collect()
    };
    let mut paths = read().map_err(StoreError::io("read", folder))?;
    paths.sort();
    Ok(paths)
}

/// Makes a folder with everything above it; it may exist.
pub fn make_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(StoreError::io("make folder", path))
}

/// Removes a folder and everything in it, whatever the permissions in there are. What is not
/// there needs no removing.
pub fn remove_tree(path: &Path) -> Result<()> {
    let outcome = match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            // Folders without write permission, or overlay's `work` with none at all.
            open_up(path).and_then(|()| fs::remove_dir_all(path))
        }
        outcome => outcome,
    };
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        outcome => outcome.map_err(StoreError::io("remove", path)),
    }
}

fn open_up(folder: &Path) -> io::Result<()> {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            open_up(&entry.path())?;
        }
    }
    Ok(())
}

/// Whether two paths or handles are the same file.
pub(crate) fn same_file(a: &fs::Metadata, b: &fs::Metadata) -> bool {
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_free_again_when_its_guard_goes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let guard = lock(&path).unwrap();
        assert!(try_lock(&path).unwrap().is_none());
        drop(guard);
        assert!(try_lock(&path).unwrap().is_some());
    }

    #[test]
    fn sharing_a_lock_keeps_out_who_wants_it_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let _one = lock_shared(&path).unwrap();
        let _two = lock_shared(&path).unwrap();
        assert!(try_lock(&path).unwrap().is_none());
    }

    #[test]
    fn an_atomic_write_replaces_and_leaves_nothing_beside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        atomic_write(&path, b"old").unwrap();
        durable_write(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(entries(folder.path()).unwrap(), [path]);
    }

    #[test]
    fn temporaries_of_the_dead_go_and_those_in_use_stay() {
        let folder = tempfile::tempdir().unwrap();
        let (used, _file) = temporary_beside(&folder.path().join("a")).unwrap();
        let (dead, file) = temporary_beside(&folder.path().join("b")).unwrap();
        drop(file);
        collect_temporaries(folder.path()).unwrap();
        assert_eq!(entries(folder.path()).unwrap(), [used]);
        assert!(!dead.exists());
    }

    #[test]
    fn folders_without_permissions_are_removed_too() {
        let folder = tempfile::tempdir().unwrap();
        let tree = folder.path().join("tree");
        fs::create_dir_all(tree.join("work/work/deep")).unwrap();
        for path in ["work/work", "work"] {
            fs::set_permissions(tree.join(path), fs::Permissions::from_mode(0o0)).unwrap();
        }
        remove_tree(&tree).unwrap();
        remove_tree(&tree).unwrap();
        assert!(!tree.exists());
    }
}
