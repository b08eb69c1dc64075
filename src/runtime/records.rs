//! Reads the rows of `ps`, a thousand of them in milliseconds.
//!
//! Each row is a small file of its own. What costs is not its bytes but the kernel's way to it: the
//! way up to the containers' folder is gone once, and a file is read with three calls.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags, openat};

use super::names::ContainerId;
use super::state::Record;

/// More than a row has; a longer one is left to who reads it by itself.
const ROOM: usize = 16 * 1024;

/// Returns the rows of the containers as they were written, in their order; none where a row cannot
/// be read, for a reason that
/// [`ContainerFolder::record`](super::container_folder::ContainerFolder::record) will tell.
pub(super) fn read_all(folder: &Path, ids: &[ContainerId]) -> io::Result<Vec<Option<Record>>> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let folder = openat(CWD, folder, flags, Mode::empty())?;
    let mut buffer = vec![0; ROOM];
    let row = |id| read(folder.as_fd(), id, &mut buffer);
    Ok(ids.iter().map(row).collect())
}

fn read(folder: BorrowedFd<'_>, id: &ContainerId, buffer: &mut [u8]) -> Option<Record> {
    let path = [id.as_str(), "/state.json"].concat();
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let mut file = File::from(openat(folder, path, flags, Mode::empty()).ok()?);
    let read = file.read(buffer).ok()?;
    // A row is replaced, never written over, so one that left room has been read to its end.
    let is_whole = read < buffer.len();
    serde_json::from_slice(buffer.get(..read).filter(|_| is_whole)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::container_folder::{ContainerConfig, ContainerFolder};
    use crate::runtime::spec::{IdMode, Rootfs, Spec};

    fn write(store: &Path, number: u8, image: &str) -> ContainerId {
        let mut bytes = [0; 32];
        bytes[..2].copy_from_slice(&[10, number]);
        let id = ContainerId::from_bytes(bytes);
        let spec = Spec::new(Rootfs::Folder("/".into()), vec![], IdMode::Many);
        let config = ContainerConfig::new(id.clone(), image, "sha256:0", spec);
        ContainerFolder::new(store.join(id.as_str()))
            .write_new(&config)
            .unwrap();
        id
    }

    #[test]
    fn rows_come_in_the_order_of_their_ids() {
        let store = tempfile::tempdir().unwrap();
        let ids: Vec<_> = (0..=9).map(|n| write(store.path(), n, "a")).collect();
        let rows = read_all(store.path(), &ids).unwrap();
        let read: Vec<_> = rows.into_iter().map(|row| row.unwrap().id).collect();
        assert_eq!(read, ids);
    }

    #[test]
    fn a_row_that_is_damaged_missing_or_too_long_is_left_to_others() {
        let store = tempfile::tempdir().unwrap();
        let damaged = write(store.path(), 1, "a");
        let path = store.path().join(damaged.as_str()).join("state.json");
        std::fs::write(path, "{\"id\":").unwrap();
        let long = write(store.path(), 2, &"a".repeat(ROOM));
        let missing = ContainerId::from_bytes([7; 32]);
        let ids = [damaged, long, missing, write(store.path(), 3, "b")];
        let rows = read_all(store.path(), &ids).unwrap();
        let read: Vec<bool> = rows.iter().map(Option::is_some).collect();
        assert_eq!(read, [false, false, false, true]);
    }
}
