//! `tmp/`: unfinished work, one folder for each process, collected once that process is gone.
//!
//! A process takes a lock on `tmp/NAME.lock` before it makes `tmp/NAME/`. Whoever opens the store
//! later and gets that lock knows that the process has ended, and clears up after it: no process
//! ids, which are used again, and no times.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::error::{Result, StoreError};
use super::files;

/// The folder of this process. Goes with the last scratch folder and store that use it.
#[derive(Debug)]
pub(super) struct Scratch {
    folder: PathBuf,
    lock: PathBuf,
    _file: File,
    count: AtomicU64,
}

impl Scratch {
    /// Makes the folder of this process under `tmp`.
    pub(super) fn create(tmp: &Path) -> Result<Self> {
        let mut number = 0_u32;
        loop {
            let name = format!("{}-{number}", std::process::id());
            let lock = tmp.join(format!("{name}.lock"));
            if let Some(file) = create_locked(&lock)? {
                let folder = tmp.join(name);
                files::remove_tree(&folder)?;
                files::make_folder(&folder)?;
                return Ok(Self {
                    folder,
                    lock,
                    _file: file,
                    count: AtomicU64::new(0),
                });
            }
            number += 1;
        }
    }

    /// Makes an empty folder in it.
    pub(super) fn folder(self: &Arc<Self>) -> Result<ScratchDir> {
        let path = self.unused_path();
        fs::create_dir(&path).map_err(StoreError::io("make folder", &path))?;
        Ok(ScratchDir {
            path,
            _scratch: Arc::clone(self),
        })
    }

    /// Returns a path in it at which there is nothing.
    pub(super) fn unused_path(&self) -> PathBuf {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        self.folder.join(number.to_string())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed now is collected by the next start.
        if files::remove_tree(&self.folder).is_ok() {
            let _ = fs::remove_file(&self.lock);
        }
    }
}

/// A folder under `tmp/`, removed with everything in it when dropped.
#[derive(Debug)]
pub struct ScratchDir {
    path: PathBuf,
    _scratch: Arc<Scratch>,
}

impl ScratchDir {
    /// Returns the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for ScratchDir {
    fn drop(&mut self) {
        // What cannot be removed now is collected by the next start.
        let _ = files::remove_tree(&self.path);
    }
}

/// Creates a lock file and locks it; none if the name is taken, or was collected at once by a
/// process that saw it before it was locked.
fn create_locked(path: &Path) -> Result<Option<File>> {
    let file = match OpenOptions::new().write(true).create_new(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
        file => file.map_err(StoreError::io("create", path))?,
    };
    file.lock().map_err(StoreError::io("lock", path))?;
    Ok(still_there(path, &file).then_some(file))
}

fn still_there(path: &Path, file: &File) -> bool {
    match (fs::metadata(path), file.metadata()) {
        (Ok(named), Ok(open)) => files::same_file(&named, &open),
        _ => false,
    }
}

/// Removes the folders of processes that are gone. What this process may not remove stays: in a
/// store made rootless it can take the worker, who is root in there.
pub(super) fn collect_leftovers(tmp: &Path) -> Result<()> {
    for lock in files::entries(tmp)? {
        if lock
            .extension()
            .is_some_and(|extension| extension == "lock")
            && let Ok(file) = File::open(&lock)
            && file.try_lock().is_ok()
            && still_there(&lock, &file)
            && files::remove_tree(&lock.with_extension("")).is_ok()
        {
            // Not removed now, it is collected by the next start.
            let _ = fs::remove_file(&lock);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_dead_process_left_goes_and_what_a_living_one_uses_stays() {
        let tmp = tempfile::tempdir().unwrap();
        let alive = Arc::new(Scratch::create(tmp.path()).unwrap());
        let used = alive.folder().unwrap();
        fs::create_dir_all(tmp.path().join("9-0/half/done")).unwrap();
        fs::write(tmp.path().join("9-0.lock"), "").unwrap();

        collect_leftovers(tmp.path()).unwrap();

        assert!(used.path().is_dir());
        assert_eq!(
            files::entries(tmp.path()).unwrap(),
            [alive.folder.clone(), alive.lock.clone()]
        );
    }

    #[test]
    fn a_process_leaves_nothing_behind() {
        let tmp = tempfile::tempdir().unwrap();
        let scratch = Arc::new(Scratch::create(tmp.path()).unwrap());
        let folder = scratch.folder().unwrap();
        fs::write(folder.path().join("file"), "x").unwrap();
        drop(scratch);
        assert!(folder.path().join("file").exists());
        drop(folder);
        assert!(files::entries(tmp.path()).unwrap().is_empty());
    }

    #[test]
    fn two_stores_of_one_process_have_folders_of_their_own() {
        let tmp = tempfile::tempdir().unwrap();
        let one = Scratch::create(tmp.path()).unwrap();
        let two = Scratch::create(tmp.path()).unwrap();
        assert_ne!(one.folder, two.folder);
    }
}
