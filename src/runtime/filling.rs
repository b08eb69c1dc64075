//! Copies what an image has at a volume's place into the volume, the first time it is mounted and
//! while nothing is in it: docker's way to let an image bring data along.
//!
//! It happens as root of the container's namespaces, before anything of the container runs, and
//! after `/` has become the container's: no link of an image leads outside.

use std::collections::HashMap;
use std::ffi::{CStr, CString, OsStr};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, CWD, Dir, FileType, FlockOperation, Gid, Mode, OFlags, Stat, Timespec, Timestamps,
    Uid, XattrFlags,
};
use rustix::io::Errno;

use super::remove_tree::empty_folder;

/// There while files are copied: a volume with it is half full, whatever lies in it.
const MARK: &str = ".filling";

/// Fills a volume, given its files and the folder that they are in, with what lies at `target`.
pub(super) fn fill(data: &OwnedFd, volume: &OwnedFd, target: &Path) -> io::Result<()> {
    let source = match open_folder(CWD, target) {
        Ok(source) => source,
        // The image has nothing there that could be copied.
        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(()),
        Err(errno) => return Err(errno.into()),
    };
    let volume = open_folder(volume, ".")?;
    rustix::fs::flock(&volume, FlockOperation::LockExclusive)?;
    let data = open_folder(data, ".")?;
    if rustix::fs::statat(&volume, MARK, AtFlags::SYMLINK_NOFOLLOW).is_ok() {
        empty_folder(data.try_clone()?)?;
    } else if !is_empty(data.as_fd())? {
        return Ok(());
    }
    let flags = OFlags::CREATE | OFlags::WRONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    rustix::fs::openat(&volume, MARK, flags, Mode::from_raw_mode(0o600))?;
    let mut copier = Copier {
        data: data.as_fd(),
        made: HashMap::new(),
    };
    copier.folder(source.as_fd(), data.as_fd(), Path::new(""))?;
    dress(source.as_fd(), data.as_fd())?;
    Ok(rustix::fs::unlinkat(&volume, MARK, AtFlags::empty())?)
}

fn open_folder(folder: impl AsFd, path: impl rustix::path::Arg) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::openat(folder, path, flags, Mode::empty())
}

fn is_empty(folder: BorrowedFd<'_>) -> io::Result<bool> {
    Ok(names(folder)?.is_empty())
}

fn names(folder: BorrowedFd<'_>) -> io::Result<Vec<CString>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(folder)? {
        let name = entry?.file_name().to_owned();
        if !matches!(name.to_bytes(), b"." | b"..") {
            names.push(name);
        }
    }
    Ok(names)
}

struct Copier<'a> {
    /// The volume's files.
    data: BorrowedFd<'a>,
    /// Where a file with several names was made first.
    made: HashMap<(u64, u64), PathBuf>,
}

impl Copier<'_> {
    fn folder(&mut self, from: BorrowedFd<'_>, to: BorrowedFd<'_>, path: &Path) -> io::Result<()> {
        for name in names(from)? {
            let stat = rustix::fs::statat(from, &name, AtFlags::SYMLINK_NOFOLLOW)?;
            let path = path.join(OsStr::from_bytes(name.to_bytes()));
            self.one(from, to, &name, &stat, &path)?;
        }
        Ok(())
    }

    fn one(
        &mut self,
        from: BorrowedFd<'_>,
        to: BorrowedFd<'_>,
        name: &CStr,
        stat: &Stat,
        path: &Path,
    ) -> io::Result<()> {
        let kind = FileType::from_raw_mode(stat.st_mode);
        if kind != FileType::Directory && stat.st_nlink > 1 {
            let key = (stat.st_dev, stat.st_ino);
            if let Some(first) = self.made.get(&key) {
                let linked = rustix::fs::linkat(self.data, first, to, name, AtFlags::empty());
                return Ok(linked?);
            }
            self.made.insert(key, path.to_owned());
        }
        match kind {
            FileType::Directory => {
                let source = open_folder(from, name)?;
                rustix::fs::mkdirat(to, name, Mode::from_raw_mode(0o700))?;
                let target = open_folder(to, name)?;
                self.folder(source.as_fd(), target.as_fd(), path)?;
                dress(source.as_fd(), target.as_fd())
            }
            FileType::RegularFile => regular(from, to, name),
            FileType::Symlink => {
                let leads = rustix::fs::readlinkat(from, name, Vec::new())?;
                rustix::fs::symlinkat(&leads, to, name)?;
                own(to, name, stat)
            }
            // A user namespace makes no devices, and no image needs them in a volume.
            FileType::CharacterDevice | FileType::BlockDevice => {
                match rustix::fs::mknodat(to, name, kind, Mode::empty(), stat.st_rdev) {
                    Err(Errno::PERM) => return Ok(()),
                    answer => answer?,
                }
                node(to, name, stat)
            }
            _ => {
                rustix::fs::mknodat(to, name, kind, Mode::empty(), 0)?;
                node(to, name, stat)
            }
        }
    }
}

fn regular(from: BorrowedFd<'_>, to: BorrowedFd<'_>, name: &CStr) -> io::Result<()> {
    let read = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let write = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let mut source = File::from(rustix::fs::openat(from, name, read, Mode::empty())?);
    let mode = Mode::from_raw_mode(0o600);
    let mut target = File::from(rustix::fs::openat(to, name, write, mode)?);
    io::copy(&mut source, &mut target)?;
    dress(source.as_fd(), target.as_fd())
}

fn own(folder: BorrowedFd<'_>, name: &CStr, stat: &Stat) -> io::Result<()> {
    let owner = (
        Some(Uid::from_raw(stat.st_uid)),
        Some(Gid::from_raw(stat.st_gid)),
    );
    let flags = AtFlags::SYMLINK_NOFOLLOW;
    Ok(rustix::fs::chownat(folder, name, owner.0, owner.1, flags)?)
}

/// Gives a node that cannot be opened its owner, and then its mode.
fn node(folder: BorrowedFd<'_>, name: &CStr, stat: &Stat) -> io::Result<()> {
    own(folder, name, stat)?;
    let mode = Mode::from_raw_mode(stat.st_mode);
    Ok(rustix::fs::chmodat(folder, name, mode, AtFlags::empty())?)
}

/// Gives what was copied its owner, then its mode, which a change of owner cuts, its attributes and
/// its times.
fn dress(from: BorrowedFd<'_>, to: BorrowedFd<'_>) -> io::Result<()> {
    let stat = rustix::fs::fstat(from)?;
    let (owner, group) = (Uid::from_raw(stat.st_uid), Gid::from_raw(stat.st_gid));
    rustix::fs::fchown(to, Some(owner), Some(group))?;
    rustix::fs::fchmod(to, Mode::from_raw_mode(stat.st_mode))?;
    attributes(from, to);
    let time = |tv_sec, nanoseconds: u64| Timespec {
        tv_sec,
        tv_nsec: nanoseconds.cast_signed(),
    };
    let times = Timestamps {
        last_access: time(stat.st_atime, stat.st_atime_nsec),
        last_modification: time(stat.st_mtime, stat.st_mtime_nsec),
    };
    Ok(rustix::fs::futimens(to, &times)?)
}

/// Copies extended attributes as far as the file system of the volume takes them.
fn attributes(from: BorrowedFd<'_>, to: BorrowedFd<'_>) {
    let mut list = vec![0_u8; 1 << 16];
    let Ok(length) = rustix::fs::flistxattr(from, &mut list) else {
        return;
    };
    for name in list[..length].split_inclusive(|byte| *byte == 0) {
        let Ok(name) = CStr::from_bytes_with_nul(name) else {
            continue;
        };
        let mut value = vec![0_u8; 1 << 16];
        if let Ok(length) = rustix::fs::fgetxattr(from, name, &mut value) {
            // As `cp -a` does: what is refused is left out.
            let _ = rustix::fs::fsetxattr(to, name, &value[..length], XattrFlags::empty());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    struct Fixture {
        root: tempfile::TempDir,
    }

    impl Fixture {
        fn new() -> Self {
            let root = tempfile::tempdir().unwrap();
            fs::create_dir_all(root.path().join("image/deep")).unwrap();
            fs::create_dir_all(root.path().join("volume/_data")).unwrap();
            fs::write(root.path().join("image/deep/a"), "text").unwrap();
            Self { root }
        }

        fn data(&self) -> PathBuf {
            self.root.path().join("volume/_data")
        }

        fn fill(&self) {
            let open = |path: &Path| OwnedFd::from(File::open(path).unwrap());
            let volume = open(&self.root.path().join("volume"));
            fill(
                &open(&self.data()),
                &volume,
                &self.root.path().join("image"),
            )
            .unwrap();
        }
    }

    #[test]
    fn an_empty_volume_takes_over_files_modes_links_and_times() {
        let fixture = Fixture::new();
        let image = fixture.root.path().join("image");
        fs::hard_link(image.join("deep/a"), image.join("b")).unwrap();
        std::os::unix::fs::symlink("/nowhere", image.join("link")).unwrap();
        fs::set_permissions(image.join("deep/a"), fs::Permissions::from_mode(0o4640)).unwrap();
        fs::set_permissions(&image, fs::Permissions::from_mode(0o1777)).unwrap();
        fixture.fill();
        let data = fixture.data();
        let (a, b) = (data.join("deep/a"), data.join("b"));
        assert_eq!(fs::read_to_string(&a).unwrap(), "text");
        let meta = fs::metadata(&a).unwrap();
        assert_eq!(meta.mode() & 0o7777, 0o4640);
        assert_eq!(meta.ino(), fs::metadata(b).unwrap().ino());
        assert_eq!(
            fs::read_link(data.join("link")).unwrap(),
            Path::new("/nowhere")
        );
        assert_eq!(fs::metadata(&data).unwrap().mode() & 0o7777, 0o1777);
        let there = fs::metadata(image.join("deep/a")).unwrap();
        assert_eq!(meta.mtime_nsec(), there.mtime_nsec());
        assert!(!fixture.root.path().join("volume/.filling").exists());
    }

    #[test]
    fn a_volume_with_something_in_it_stays_as_it_is() {
        let fixture = Fixture::new();
        fs::write(fixture.data().join("mine"), "").unwrap();
        fixture.fill();
        assert!(!fixture.data().join("deep").exists());
    }

    #[test]
    fn a_copy_that_was_cut_off_begins_anew() {
        let fixture = Fixture::new();
        fs::write(fixture.data().join("half"), "").unwrap();
        fs::write(fixture.root.path().join("volume/.filling"), "").unwrap();
        fixture.fill();
        assert!(!fixture.data().join("half").exists());
        assert!(fixture.data().join("deep/a").exists());
    }
}
