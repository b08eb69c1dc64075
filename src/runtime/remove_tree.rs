//! Removes a tree whatever its modes are: overlay leaves `work/work` with mode 000, and a
//! container may have made folders that nobody may enter, or very deep ones.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;

/// Folders deeper than this are first moved up, so that neither the stack nor the number of open
/// files grows with the tree.
const DEEPEST: usize = 64;

/// Removes a file or a folder with everything in it; nothing there is fine too. Links are removed,
/// never followed. Must run where the files' owners can be acted for: inside the user namespace
/// when they are sub-ids.
pub fn remove_tree(path: &Path) -> io::Result<()> {
    let path = rustix::path::Arg::into_c_str(path)?;
    match rustix::fs::unlinkat(CWD, &*path, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => return Ok(()),
        Err(Errno::ISDIR | Errno::PERM) => {}
        Err(errno) => return Err(errno.into()),
    }
    empty_folder(open_folder(CWD, &path)?)?;
    remove_empty(CWD, &path)
}

/// Removes everything in an open folder.
pub(super) fn empty_folder(folder: OwnedFd) -> io::Result<()> {
    let mut remover = Remover {
        top: folder,
        moved: 0,
    };
    loop {
        let before = remover.moved;
        let top = remover.top.try_clone()?;
        remover.empty(top.as_fd(), 0)?;
        if remover.moved == before {
            return Ok(());
        }
    }
}

fn remove_empty(parent: BorrowedFd<'_>, name: &CStr) -> io::Result<()> {
    match rustix::fs::unlinkat(parent, name, AtFlags::REMOVEDIR) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

struct Remover {
    top: OwnedFd,
    moved: usize,
}

impl Remover {
    fn empty(&mut self, folder: BorrowedFd<'_>, depth: usize) -> io::Result<()> {
        for entry in Dir::read_from(folder)? {
            let entry = entry?;
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            if entry.file_type() == FileType::Directory {
                self.remove_folder(folder, name, depth)?;
            } else {
                self.remove_unknown(folder, name, depth)?;
            }
        }
        Ok(())
    }

    fn remove_folder(
        &mut self,
        parent: BorrowedFd<'_>,
        name: &CStr,
        depth: usize,
    ) -> io::Result<()> {
        if depth >= DEEPEST {
            return self.move_up(parent, name);
        }
        let folder = match open_folder(parent, name) {
            // Two processes may remove the same leftovers.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            other => other?,
        };
        self.empty(folder.as_fd(), depth + 1)?;
        remove_empty(parent, name)
    }

    /// Moves a folder to the top, under a name that nothing there has.
    fn move_up(&mut self, parent: BorrowedFd<'_>, name: &CStr) -> io::Result<()> {
        loop {
            self.moved += 1;
            let place = format!(".moved-{}", self.moved);
            match rustix::fs::renameat(parent, name, &self.top, place) {
                Ok(()) => return Ok(()),
                Err(Errno::EXIST | Errno::NOTEMPTY | Errno::NOTDIR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }

    /// Some filesystems do not say what an entry is (readdir(3), `d_type`).
    fn remove_unknown(
        &mut self,
        parent: BorrowedFd<'_>,
        name: &CStr,
        depth: usize,
    ) -> io::Result<()> {
        match rustix::fs::unlinkat(parent, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(Errno::ISDIR) => self.remove_folder(parent, name, depth),
            Err(errno) => Err(errno.into()),
        }
    }
}

/// Opens a folder so that its entries may be removed, changing its mode if need be. Root in a
/// user namespace may ignore modes; an ordinary user may not.
fn open_folder(parent: BorrowedFd<'_>, name: &CStr) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let open = || rustix::fs::openat(parent, name, flags, Mode::empty());
    let make_open = || rustix::fs::chmodat(parent, name, Mode::RWXU, AtFlags::empty());
    let folder = match open() {
        // A link would have answered ELOOP or ENOTDIR, so this is a folder and chmod follows nothing.
        Err(Errno::ACCESS) => {
            make_open()?;
            open()?
        }
        other => other?,
    };
    // Readable, but entries can only be removed with write and search permission.
    if rustix::fs::fstat(&folder)?.st_mode & 0o300 != 0o300 {
        // Someone else's folder that root may change anyway is fine as it is.
        let _ = rustix::fs::fchmod(&folder, Mode::RWXU);
    }
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn folders_without_any_permission_are_removed() {
        let root = tempfile::tempdir().unwrap();
        let tree = root.path().join("tree");
        fs::create_dir_all(tree.join("work/work/deep")).unwrap();
        fs::write(tree.join("work/work/deep/file"), "x").unwrap();
        for folder in ["work/work/deep", "work/work"] {
            fs::set_permissions(tree.join(folder), fs::Permissions::from_mode(0o000)).unwrap();
        }
        remove_tree(&tree).unwrap();
        assert!(!tree.exists());
    }

    #[test]
    fn links_are_removed_and_not_followed() {
        let root = tempfile::tempdir().unwrap();
        let (tree, kept) = (root.path().join("tree"), root.path().join("kept"));
        fs::create_dir(&tree).unwrap();
        fs::create_dir(&kept).unwrap();
        fs::write(kept.join("file"), "x").unwrap();
        symlink(&kept, tree.join("link")).unwrap();
        remove_tree(&tree).unwrap();
        assert!(kept.join("file").exists());
        symlink(&kept, &tree).unwrap();
        remove_tree(&tree).unwrap();
        assert!(kept.join("file").exists());
    }

    #[test]
    fn a_tree_deeper_than_any_path_is_removed() {
        let root = tempfile::tempdir().unwrap();
        let tree = root.path().join("tree");
        fs::create_dir(&tree).unwrap();
        let mut at =
            open_folder(CWD, &rustix::path::Arg::into_c_str(tree.as_path()).unwrap()).unwrap();
        for _ in 0..3000 {
            rustix::fs::mkdirat(&at, c"d", Mode::RWXU).unwrap();
            at = open_folder(at.as_fd(), c"d").unwrap();
        }
        remove_tree(&tree).unwrap();
        assert!(!tree.exists());
    }

    #[test]
    fn nothing_and_a_single_file_are_fine() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("file");
        fs::write(&file, "x").unwrap();
        remove_tree(&file).unwrap();
        assert!(!file.exists());
        remove_tree(&file).unwrap();
    }
}
