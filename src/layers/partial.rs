//! [`Partial`]: a blob on its way into the store, which an interruption does not throw away.
//!
//! `tmp/partial/HEX` is named after the digest it is to have. Whoever downloads holds a lock on
//! it; another process that wants the same blob waits. What nobody goes on with goes after a day.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::error::{Result, StoreError};
use super::files;
use super::store::Store;
use crate::digest::Digest;

const FOLDER: &str = "partial";
/// Nobody comes back for it later than this.
const KEPT: Duration = Duration::from_hours(24);

/// A blob on its way; its file stays until it is whole.
#[derive(Debug)]
pub struct Partial {
    file: File,
    path: PathBuf,
}

impl Store {
    /// Opens the beginning of a blob, empty where there is none.
    pub fn partial(&self, digest: Digest) -> Result<Partial> {
        let folder = self.path("tmp").join(FOLDER);
        let path = folder.join(digest.hex());
        let io = |source| StoreError::io("open", &path)(source);
        loop {
            files::make_folder(&folder)?;
            let mut options = File::options();
            let options = options.read(true).write(true).create(true).truncate(false);
            let file = match options.open(&path) {
                // Whoever was last took the folder away, too.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                file => file.map_err(io)?,
            };
            file.lock().map_err(io)?;
            if is_still_there(&path, &file) {
                return Ok(Partial { file, path });
            }
        }
    }
}

impl Partial {
    /// Returns the file.
    pub fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Returns where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if self.file.metadata().is_ok_and(|meta| meta.len() == 0)
            && is_still_there(&self.path, &self.file)
        {
            // Empty, it is of no use; what stays is collected later.
            let _ = fs::remove_file(&self.path);
        }
        // Only an empty folder goes.
        let _ = self.path.parent().map(fs::remove_dir);
    }
}

fn is_still_there(path: &Path, file: &File) -> bool {
    match (fs::metadata(path), file.metadata()) {
        (Ok(named), Ok(open)) => files::same_file(&named, &open),
        _ => false,
    }
}

/// Removes what nobody went on with.
pub(super) fn collect_old(tmp: &Path) -> Result<()> {
    let folder = tmp.join(FOLDER);
    if !folder.is_dir() {
        return Ok(());
    }
    for path in files::entries(&folder)? {
        let Ok(file) = File::open(&path) else {
            continue;
        };
        let written = file.metadata().and_then(|meta| meta.modified());
        let age = written.map(|time| SystemTime::now().duration_since(time).unwrap_or_default());
        if age.is_ok_and(|age| age > KEPT) && file.try_lock().is_ok() {
            // Not removed now, it is collected by the next start.
            let _ = fs::remove_file(&path);
        }
    }
    // Only an empty folder goes.
    let _ = fs::remove_dir(&folder);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::layers::store::tests::temporary_store;

    #[test]
    fn what_was_begun_is_there_the_next_time_until_it_is_old() {
        let (_folder, store) = temporary_store();
        let digest = Digest::of(b"blob");
        let mut partial = store.partial(digest).unwrap();
        partial.file().write_all(b"bl").unwrap();
        drop(partial);
        let store = Store::open(store.root()).unwrap();
        let partial = store.partial(digest).unwrap();
        assert_eq!(fs::read(partial.path()).unwrap(), b"bl");
        let old = SystemTime::now() - 2 * KEPT;
        partial.file.set_modified(old).unwrap();
        // Somebody is at work on it.
        collect_old(&store.path("tmp")).unwrap();
        assert!(partial.path().is_file());
        drop(partial);
        collect_old(&store.path("tmp")).unwrap();
        assert!(!store.path("tmp").join(FOLDER).exists());
    }

    #[test]
    fn an_empty_one_leaves_nothing() {
        let (_folder, store) = temporary_store();
        drop(store.partial(Digest::of(b"blob")).unwrap());
        assert!(!store.path("tmp").join(FOLDER).exists());
    }
}
