//! [`Level`]: one tree on disk in overlay's form, a layer's or a container's upper directory, read
//! as entries.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::RootPath;
use super::entry::{Device, Entry, EntryKind, Xattrs};
use super::error::{Result, StoreError};
use super::node::{FOLDER, PLAIN};
use super::records::Records;
use super::xattrs;

/// A tree and what is noted about it.
#[derive(Debug)]
pub(super) struct Level {
    pub(super) tree: PathBuf,
    root: OwnedFd,
    pub(super) records: Records,
}

/// Something met on a walk.
pub(super) struct Found<'a> {
    /// All about it, extended attributes included.
    pub(super) entry: Entry,
    pub(super) stat: Stat,
    /// The folder it lies in, and its name there.
    pub(super) folder: BorrowedFd<'a>,
    pub(super) name: &'a OsStr,
}

/// Takes what a walk meets.
pub(super) trait Visitor {
    /// Something was met; for a folder, before what lies in it.
    fn visit(&mut self, found: &mut Found<'_>) -> Result<()>;

    /// Something was met that no tar can hold: a socket.
    fn skip(&mut self, _on_disk: &Path) -> Result<()> {
        Ok(())
    }

    /// A folder is left.
    fn leave(&mut self, _folder: &Found<'_>) -> Result<()> {
        Ok(())
    }
}

impl<F: FnMut(&mut Found<'_>) -> Result<()>> Visitor for F {
    fn visit(&mut self, found: &mut Found<'_>) -> Result<()> {
        self(found)
    }
}

impl Level {
    /// Opens a tree.
    pub(super) fn open(tree: PathBuf, records: Records) -> Result<Self> {
        let root = rustix::fs::openat(CWD, &tree, FOLDER, Mode::empty())
            .map_err(StoreError::io("open", &tree))?;
        Ok(Self {
            tree,
            root,
            records,
        })
    }

    /// Returns where a path lies on disk.
    pub(super) fn on_disk(&self, path: &RootPath) -> PathBuf {
        self.tree.join(path.as_path())
    }

    /// Looks at a path whose folders are known to be folders of this very tree.
    pub(super) fn stat(&self, path: &RootPath) -> Result<Option<Stat>> {
        match rustix::fs::statat(&self.root, path.or_dot(), AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
            Err(error) => Err(StoreError::io("look at", self.on_disk(path))(error)),
        }
    }

    /// Opens a regular file.
    pub(super) fn open_file(&self, path: &RootPath) -> Result<File> {
        // Not blocking: what was replaced by a pipe must not hang whoever reads.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        rustix::fs::openat2(&self.root, path.as_path(), flags, Mode::empty(), PLAIN)
            .map(File::from)
            .map_err(StoreError::io("open", self.on_disk(path)))
    }

    /// Whether a folder is opaque.
    pub(super) fn is_opaque(&self, folder: &RootPath) -> Result<bool> {
        let on_disk = self.on_disk(folder);
        xattrs::is_opaque(&on_disk).map_err(StoreError::io("look at", on_disk))
    }

    /// Returns the attributes of a path that belong to the layer.
    pub(super) fn xattrs(&self, path: &RootPath) -> Result<Xattrs> {
        let on_disk = self.on_disk(path);
        let mut xattrs =
            xattrs::read(&on_disk).map_err(StoreError::io("read attributes of", on_disk))?;
        self.records.add_xattrs(path, &mut xattrs);
        Ok(xattrs)
    }

    /// Returns the names in a folder, sorted.
    pub(super) fn names(&self, folder: &RootPath) -> Result<Vec<OsString>> {
        let io = |error: Errno| StoreError::io("read", self.on_disk(folder))(error);
        let handle = rustix::fs::openat2(&self.root, folder.or_dot(), FOLDER, Mode::empty(), PLAIN)
            .map_err(io)?;
        names(&handle).map_err(io)
    }

    /// Returns what a path is in this tree, hard links as the files they are; none for a socket,
    /// which no tar can hold. Whether a folder is opaque is not looked up.
    pub(super) fn kind(&self, path: &RootPath, stat: &Stat) -> Result<Option<EntryKind>> {
        let device = Device {
            major: rustix::fs::major(stat.st_rdev),
            minor: rustix::fs::minor(stat.st_rdev),
        };
        Ok(Some(match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => match self.records.kind(path) {
                Some(recorded) => recorded,
                None => EntryKind::File {
                    size: u64::try_from(stat.st_size).unwrap_or(0),
                },
            },
            FileType::Directory => EntryKind::Directory { opaque: false },
            FileType::Symlink => EntryKind::Symlink {
                target: self.link_target(path)?,
            },
            FileType::CharacterDevice if stat.st_rdev == 0 => EntryKind::Whiteout,
            FileType::CharacterDevice => EntryKind::CharDevice(device),
            FileType::BlockDevice => EntryKind::BlockDevice(device),
            FileType::Fifo => EntryKind::Fifo,
            FileType::Socket | FileType::Unknown => return Ok(None),
        }))
    }

    /// Returns the owner and group an image gives a path.
    pub(super) fn owner(&self, path: &RootPath, stat: &Stat) -> (u32, u32) {
        self.records.owner(path, (stat.st_uid, stat.st_gid))
    }

    /// Visits everything but the root itself, in the order of [`RootPath`].
    pub(super) fn walk(&self, visitor: &mut dyn Visitor) -> Result<()> {
        self.walk_folder(&RootPath::root(), self.root.as_fd(), visitor)
    }

    fn walk_folder(
        &self,
        folder: &RootPath,
        handle: BorrowedFd<'_>,
        visitor: &mut dyn Visitor,
    ) -> Result<()> {
        let names = names(handle).map_err(StoreError::io("read", self.on_disk(folder)))?;
        for name in names {
            let path = folder.join(&name);
            let Some(mut found) = self.find(path, handle, &name)? else {
                visitor.skip(&self.on_disk(&folder.join(&name)))?;
                continue;
            };
            visitor.visit(&mut found)?;
            if found.entry.kind.is_directory() {
                let inner = rustix::fs::openat(handle, &name, FOLDER, Mode::empty())
                    .map_err(StoreError::io("open", self.on_disk(&found.entry.path)))?;
                self.walk_folder(&found.entry.path, inner.as_fd(), visitor)?;
                visitor.leave(&found)?;
            }
        }
        Ok(())
    }

    fn find<'a>(
        &self,
        path: RootPath,
        folder: BorrowedFd<'a>,
        name: &'a OsStr,
    ) -> Result<Option<Found<'a>>> {
        let stat = rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)
            .map_err(StoreError::io("look at", self.on_disk(&path)))?;
        let Some(kind) = self.tar_kind(&path, &stat)? else {
            return Ok(None);
        };
        let entry = if kind == EntryKind::Whiteout {
            Entry::whiteout(path)
        } else {
            let (uid, gid) = self.owner(&path, &stat);
            Entry {
                kind,
                mode: mode(&stat),
                uid,
                gid,
                mtime: stat.st_mtime,
                xattrs: self.xattrs(&path)?,
                path,
            }
        };
        Ok(Some(Found {
            entry,
            stat,
            folder,
            name,
        }))
    }

    /// The kind as the tar has it: opaque folders and hard links as such.
    fn tar_kind(&self, path: &RootPath, stat: &Stat) -> Result<Option<EntryKind>> {
        if let Some(target) = self.records.links.get(path) {
            let target = target.clone();
            return Ok(Some(EntryKind::HardLink { target }));
        }
        let mut kind = self.kind(path, stat)?;
        if let Some(EntryKind::Directory { opaque }) = &mut kind {
            *opaque = self.is_opaque(path)?;
        }
        Ok(kind)
    }

    fn link_target(&self, path: &RootPath) -> Result<OsString> {
        let target = rustix::fs::readlinkat(&self.root, path.as_path(), Vec::new())
            .map_err(StoreError::io("read link", self.on_disk(path)))?;
        Ok(OsStr::from_bytes(target.as_bytes()).to_owned())
    }
}

impl Found<'_> {
    /// Opens the content of a regular file.
    pub(super) fn open(&self, tree: &Path) -> Result<File> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        rustix::fs::openat(self.folder, self.name, flags, Mode::empty())
            .map(File::from)
            .map_err(StoreError::io("open", tree.join(self.entry.path.as_path())))
    }
}

/// Returns the permission bits of a file.
pub(super) fn mode(stat: &Stat) -> u32 {
    stat.st_mode & 0o7777
}

fn names(handle: impl AsFd) -> Result<Vec<OsString>, Errno> {
    let mut names = Vec::new();
    for entry in Dir::read_from(handle)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if !matches!(name, b"." | b"..") {
            names.push(OsStr::from_bytes(name).to_owned());
        }
    }
    names.sort();
    Ok(names)
}
