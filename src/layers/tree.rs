//! [`TreeWriter`]: entries of a layer in the making, put on disk in the order of a sorted walk.
//!
//! Everything goes through handles of the folders that are open just now: no path is walked twice,
//! and no link is ever followed. A folder gets its own mode and time when the walk leaves it, since
//! putting something into it needs the one and changes the other.

use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{
    AtFlags, CWD, FileType, Gid, Mode, OFlags, ResolveFlags, Timespec, Timestamps, Uid,
};
use rustix::io::Errno;

use super::RootPath;
use super::entry::{Device, Entry, EntryKind};
use super::error::{Result, StoreError};
use super::records::{Node, Records};
use super::store::{OwnersMode, Store, Whiteouts};
use super::xattrs;

/// Paths stay inside of the handle they start from, and contain no links.
pub(super) const PLAIN: ResolveFlags = ResolveFlags::BENEATH
    .union(ResolveFlags::NO_SYMLINKS)
    .union(ResolveFlags::NO_MAGICLINKS);
pub(super) const FOLDER: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// Writes a tree.
#[derive(Debug)]
pub(super) struct TreeWriter {
    root: OwnedFd,
    open: Vec<OpenFolder>,
    how: How,
    records: Records,
}

/// Who is writing, and what that means for owners and modes.
#[derive(Debug, Clone, Copy)]
pub(super) struct How {
    owners: OwnersMode,
    whiteouts: Whiteouts,
    /// Who a new file belongs to.
    own: (u32, u32),
    /// Bits that the kernel takes off the mode of a new file.
    umask: u32,
}

#[derive(Debug)]
struct OpenFolder {
    path: RootPath,
    handle: OwnedFd,
    mode: u32,
    mtime: i64,
}

impl How {
    pub(super) fn new(store: &Store) -> Self {
        Self {
            owners: store.owners(),
            whiteouts: store.whiteouts(),
            own: (
                rustix::process::geteuid().as_raw(),
                rustix::process::getegid().as_raw(),
            ),
            umask: umask(),
        }
    }

    pub(super) fn whiteouts(&self) -> Whiteouts {
        self.whiteouts
    }
}

/// Returns the umask; all bits where it cannot be known, so that every mode is set explicitly.
fn umask() -> u32 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("Umask:"))
        .and_then(|octal| u32::from_str_radix(octal.trim(), 8).ok())
        .unwrap_or(0o777)
}

impl TreeWriter {
    /// Starts a tree in an empty folder.
    pub(super) fn new(store: &Store, folder: &Path) -> Result<Self> {
        let io = |error: Errno| StoreError::io("open", folder)(error);
        let root = rustix::fs::openat(CWD, folder, FOLDER, Mode::empty()).map_err(io)?;
        // Not what the umask, or a setgid folder above, make of it.
        rustix::fs::fchmod(&root, Mode::from_raw_mode(0o755)).map_err(io)?;
        Ok(Self {
            root,
            open: Vec::new(),
            how: How::new(store),
            records: Records::new(store.owners()),
        })
    }

    /// Puts something without content into the tree.
    pub(super) fn put(&mut self, entry: &Entry) -> Result<()> {
        self.leave_until(&entry.path)?;
        match &entry.kind {
            EntryKind::Directory { opaque } => self.folder(entry, *opaque)?,
            EntryKind::HardLink { target } => self.hard_link(entry, target)?,
            _ => {
                put_node(
                    innermost(&self.open, &self.root),
                    entry.path.name(),
                    entry,
                    self.how,
                    &mut self.records,
                )
                .map_err(StoreError::io("create", entry.path.as_path()))?;
            }
        }
        Ok(())
    }

    /// Creates a regular file, to be filled and then [finished](Self::finish_file).
    pub(super) fn create_file(&mut self, entry: &Entry) -> Result<File> {
        self.leave_until(&entry.path)?;
        create_file(self.here(), entry.path.name(), entry)
            .map_err(StoreError::io("create", entry.path.as_path()))
    }

    /// Gives a file that was filled everything else.
    pub(super) fn finish_file(&mut self, file: &File, entry: &Entry) -> Result<()> {
        finish(file, entry, self.how, &mut self.records)
            .map_err(StoreError::io("finish", entry.path.as_path()))
    }

    /// Makes the entry a further name of a file elsewhere; false where that cannot be done.
    pub(super) fn link_from(
        &mut self,
        entry: &Entry,
        folder: impl AsFd,
        path: &RootPath,
    ) -> Result<bool> {
        self.leave_until(&entry.path)?;
        let here = self.here();
        let name = entry.path.name();
        let linked = rustix::fs::linkat(folder, path.as_path(), here, name, AtFlags::empty());
        if linked.is_ok() {
            note_owner(entry, self.how, &mut self.records);
        }
        Ok(linked.is_ok())
    }

    /// Whether a file elsewhere, linked here, would be just like the entry.
    pub(super) fn is_like(&self, entry: &Entry, file: &File, on_disk: &Path) -> Result<bool> {
        let io = |error: Errno| StoreError::io("read", on_disk)(error);
        let stat = rustix::fs::fstat(file).map_err(io)?;
        let same_owner = self.how.owners == OwnersMode::Recorded
            || (stat.st_uid, stat.st_gid) == (entry.uid, entry.gid);
        Ok(same_owner
            && stat.st_mode & 0o7777 == entry.mode
            && (stat.st_mtime, stat.st_mtime_nsec) == (entry.mtime, 0)
            && xattrs::read(on_disk).map_err(StoreError::io("read", on_disk))? == entry.xattrs)
    }

    /// Leaves all folders and returns what the tree could not hold.
    pub(super) fn finish(mut self) -> Result<Records> {
        while let Some(folder) = self.open.pop() {
            folder.finish()?;
        }
        Ok(self.records)
    }

    /// Leaves folders until the one that `path` lies in is the innermost.
    fn leave_until(&mut self, path: &RootPath) -> Result<()> {
        let parent = path.parent().unwrap_or_default();
        while let Some(folder) = self.open.pop_if(|folder| folder.path != parent) {
            folder.finish()?;
        }
        if self.open.is_empty() && !parent.is_root() {
            return Err(StoreError::FolderMissing(path.clone()));
        }
        Ok(())
    }

    fn here(&self) -> BorrowedFd<'_> {
        innermost(&self.open, &self.root)
    }

    fn folder(&mut self, entry: &Entry, opaque: bool) -> Result<()> {
        let here = innermost(&self.open, &self.root);
        let handle = make_folder(here, entry, opaque, self.how, &mut self.records)
            .map_err(StoreError::io("create", entry.path.as_path()))?;
        self.open.push(OpenFolder {
            path: entry.path.clone(),
            handle,
            mode: entry.mode,
            mtime: entry.mtime,
        });
        Ok(())
    }

    fn hard_link(&mut self, entry: &Entry, target: &RootPath) -> Result<()> {
        hard_link(self.root.as_fd(), target, self.here(), entry.path.name())
            .map_err(StoreError::io("link", entry.path.as_path()))?;
        self.records.share(target, &entry.path);
        Ok(())
    }
}

fn innermost<'a>(open: &'a [OpenFolder], root: &'a OwnedFd) -> BorrowedFd<'a> {
    open.last()
        .map_or(root.as_fd(), |folder| folder.handle.as_fd())
}

impl OpenFolder {
    fn finish(self) -> Result<()> {
        set_mode_and_time(&self.handle, self.mode, self.mtime)
            .map_err(StoreError::io("finish", self.path.as_path()))
    }
}

/// Makes a folder that is open to this process until it gets its own mode.
pub(super) fn make_folder(
    parent: BorrowedFd<'_>,
    entry: &Entry,
    opaque: bool,
    how: How,
    records: &mut Records,
) -> std::io::Result<OwnedFd> {
    let name = entry.path.name();
    rustix::fs::mkdirat(parent, name, Mode::RWXU)?;
    let handle = rustix::fs::openat(parent, name, FOLDER, Mode::empty())?;
    if opaque {
        xattrs::set_opaque(&handle, how.whiteouts)?;
    }
    dress_folder(&handle, entry, how, records)?;
    Ok(handle)
}

/// Gives a folder its owner and attributes.
pub(super) fn dress_folder(
    handle: impl AsFd,
    entry: &Entry,
    how: How,
    records: &mut Records,
) -> std::io::Result<()> {
    own(&handle, entry, how, records)?;
    set_xattrs(&handle, entry, records)
}

/// Sets the mode and time of a folder when it is complete.
pub(super) fn set_mode_and_time(handle: impl AsFd, mode: u32, mtime: i64) -> std::io::Result<()> {
    rustix::fs::fchmod(&handle, Mode::from_raw_mode(mode))?;
    Ok(rustix::fs::futimens(&handle, &times(mtime))?)
}

/// Creates an empty regular file where there is nothing.
pub(super) fn create_file(
    parent: BorrowedFd<'_>,
    name: &OsStr,
    entry: &Entry,
) -> std::io::Result<File> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mode = Mode::from_raw_mode(entry.mode & 0o777);
    Ok(rustix::fs::openat(parent, name, flags, mode)?.into())
}

/// Gives a file owner, mode, attributes and time, in the order in which one takes back another:
/// `chown` clears setuid and capabilities.
pub(super) fn finish(
    file: impl AsFd,
    entry: &Entry,
    how: How,
    records: &mut Records,
) -> std::io::Result<()> {
    own(&file, entry, how, records)?;
    let created_with = entry.mode & 0o777 & !how.umask;
    if entry.mode != created_with {
        rustix::fs::fchmod(&file, Mode::from_raw_mode(entry.mode))?;
    }
    set_xattrs(&file, entry, records)?;
    Ok(rustix::fs::futimens(&file, &times(entry.mtime))?)
}

/// Makes a link, pipe, device or whiteout.
pub(super) fn put_node(
    parent: BorrowedFd<'_>,
    name: &OsStr,
    entry: &Entry,
    how: How,
    records: &mut Records,
) -> std::io::Result<()> {
    let none = Device { major: 0, minor: 0 };
    match &entry.kind {
        EntryKind::Symlink { target } => rustix::fs::symlinkat(target.as_os_str(), parent, name)?,
        EntryKind::Whiteout => {
            return make_node(parent, name, FileType::CharacterDevice, 0, none);
        }
        EntryKind::Fifo => make_node(parent, name, FileType::Fifo, entry.mode, none)?,
        EntryKind::CharDevice(device) | EntryKind::BlockDevice(device)
            if how.owners == OwnersMode::Kernel =>
        {
            let file_type = match entry.kind {
                EntryKind::CharDevice(_) => FileType::CharacterDevice,
                _ => FileType::BlockDevice,
            };
            make_node(parent, name, file_type, entry.mode, *device)?;
        }
        EntryKind::CharDevice(device) => {
            record_device(parent, name, entry, Node::Char(*device), records)?;
        }
        EntryKind::BlockDevice(device) => {
            record_device(parent, name, entry, Node::Block(*device), records)?;
        }
        EntryKind::File { .. } | EntryKind::Directory { .. } | EntryKind::HardLink { .. } => {
            unreachable!("files, folders and hard links are made by functions of their own")
        }
    }
    finish_node(parent, name, entry, how, records)
}

/// What `finish` is for files, for things that cannot be opened.
fn finish_node(
    parent: BorrowedFd<'_>,
    name: &OsStr,
    entry: &Entry,
    how: How,
    records: &mut Records,
) -> std::io::Result<()> {
    note_owner(entry, how, records);
    if how.owners == OwnersMode::Kernel && (entry.uid, entry.gid) != how.own {
        let (uid, gid) = ids(entry);
        rustix::fs::chownat(parent, name, uid, gid, AtFlags::SYMLINK_NOFOLLOW)?;
    }
    if !matches!(entry.kind, EntryKind::Symlink { .. }) {
        let mode = Mode::from_raw_mode(entry.mode);
        rustix::fs::chmodat(parent, name, mode, AtFlags::empty())?;
    }
    for (attribute, value) in &entry.xattrs {
        // Links and nodes cannot have those of users.
        records.set_xattr(&entry.path, attribute, value);
    }
    let times = times(entry.mtime);
    Ok(rustix::fs::utimensat(
        parent,
        name,
        &times,
        AtFlags::SYMLINK_NOFOLLOW,
    )?)
}

/// Makes `name` a further name of `target`, a path without links inside of `root`.
pub(super) fn hard_link(
    root: BorrowedFd<'_>,
    target: &RootPath,
    parent: BorrowedFd<'_>,
    name: &OsStr,
) -> std::io::Result<()> {
    let folder = target.parent().unwrap_or_default();
    let folder = rustix::fs::openat2(root, folder.or_dot(), FOLDER, Mode::empty(), PLAIN)?;
    Ok(rustix::fs::linkat(
        &folder,
        target.name(),
        parent,
        name,
        AtFlags::empty(),
    )?)
}

fn make_node(
    parent: BorrowedFd<'_>,
    name: &OsStr,
    file_type: FileType,
    mode: u32,
    device: Device,
) -> std::io::Result<()> {
    let number = rustix::fs::makedev(device.major, device.minor);
    let mode = Mode::from_raw_mode(mode);
    Ok(rustix::fs::mknodat(parent, name, file_type, mode, number)?)
}

fn record_device(
    parent: BorrowedFd<'_>,
    name: &OsStr,
    entry: &Entry,
    node: Node,
    records: &mut Records,
) -> std::io::Result<()> {
    create_file(parent, name, entry)?;
    records.devices.insert(entry.path.clone(), node);
    Ok(())
}

fn own(file: impl AsFd, entry: &Entry, how: How, records: &mut Records) -> std::io::Result<()> {
    note_owner(entry, how, records);
    if how.owners == OwnersMode::Kernel && (entry.uid, entry.gid) != how.own {
        let (uid, gid) = ids(entry);
        rustix::fs::fchown(file, uid, gid)?;
    }
    Ok(())
}

fn note_owner(entry: &Entry, how: How, records: &mut Records) {
    if how.owners == OwnersMode::Recorded {
        records.set_owner(&entry.path, (entry.uid, entry.gid));
    }
}

fn set_xattrs(file: impl AsFd, entry: &Entry, records: &mut Records) -> std::io::Result<()> {
    for (name, value) in &entry.xattrs {
        if !xattrs::set(&file, name, value)? {
            records.set_xattr(&entry.path, name, value);
        }
    }
    Ok(())
}

fn ids(entry: &Entry) -> (Option<Uid>, Option<Gid>) {
    (
        Some(Uid::from_raw(entry.uid)),
        Some(Gid::from_raw(entry.gid)),
    )
}

/// Access and modification time, whole seconds.
pub(super) fn times(mtime: i64) -> Timestamps {
    let time = Timespec {
        tv_sec: mtime,
        tv_nsec: 0,
    };
    Timestamps {
        last_access: time,
        last_modification: time,
    }
}
