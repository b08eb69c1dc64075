//! Small things with files that every part of the store needs: atomic writes, locks, removal.

use std::fs::File;
use std::path::Path;

use super::error::Result;

/// Holds a lock until it is dropped, or its process ends in whatever way.
#[derive(Debug)]
pub struct Guard {
    _file: File,
}

/// Takes the lock on a file, which is made if it is missing; waits while another process has it.
pub fn lock(path: &Path) -> Result<Guard> {
    let _ = path;
    todo!()
}

/// Takes the lock together with others who share it; waits while one has it alone.
pub fn lock_shared(path: &Path) -> Result<Guard> {
    let _ = path;
    todo!()
}

/// Takes the lock if it is free.
pub fn try_lock(path: &Path) -> Result<Option<Guard>> {
    let _ = path;
    todo!()
}

/// Writes a file so that at any instant either the old or the new content is there: under a
/// temporary name beside it, then renamed.
pub fn atomic_write(path: &Path, bytes: &[u8]) -> Result<()> {
    let _ = (path, bytes);
    todo!()
}

/// Removes a folder and everything in it, whatever the permissions in there are.
pub fn remove_tree(path: &Path) -> Result<()> {
    let _ = path;
    todo!()
}
