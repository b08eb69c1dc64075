//! One file, folder, link or device of a tree, made through the handle of the folder it lies in.
//!
//! What this process may not do with it (give it away, make a device, set an attribute) goes into
//! the layer's [`Records`] instead.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{ErrorKind, Result};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, FileType, Gid, Mode, OFlags, ResolveFlags, Timespec, Timestamps, Uid};

use super::RootPath;
use super::entry::{Device, Entry, EntryKind};
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

/// Who is writing, and what that means for owners and modes.
#[derive(Debug, Clone, Copy)]
pub(super) struct How {
    pub(super) owners: OwnersMode,
    whiteouts: Whiteouts,
    /// Who a new file belongs to.
    own: (u32, u32),
    /// Bits that the kernel takes off the mode of a new file.
    umask: u32,
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

/// Makes a folder that is open to this process until it gets its own mode.
pub(super) fn make_folder(
    parent: BorrowedFd<'_>,
    entry: &Entry,
    opaque: bool,
    how: How,
    records: &mut Records,
) -> Result<OwnedFd> {
    let name = entry.path.name();
    rustix::fs::mkdirat(parent, name, Mode::RWXU)?;
    let handle = rustix::fs::openat(parent, name, FOLDER, Mode::empty())?;
    if opaque {
        xattrs::set_opaque(&handle, how.whiteouts)?;
    }
    dress_folder(&handle, entry, how, records)?;
    Ok(handle)
}

/// Makes a folder opaque.
pub(super) fn set_opaque(parent: BorrowedFd<'_>, name: &OsStr, how: How) -> Result<()> {
    let handle = rustix::fs::openat(parent, name, FOLDER, Mode::empty())?;
    xattrs::set_opaque(&handle, how.whiteouts)
}

/// Gives a folder its owner and attributes.
pub(super) fn dress_folder(
    handle: impl AsFd,
    entry: &Entry,
    how: How,
    records: &mut Records,
) -> Result<()> {
    own(&handle, entry, how, records)?;
    set_xattrs(&handle, entry, records)
}

/// Sets the mode and time of a folder when it is complete.
pub(super) fn set_mode_and_time(handle: impl AsFd, mode: u32, mtime: i64) -> Result<()> {
    rustix::fs::fchmod(&handle, Mode::from_raw_mode(mode))?;
    Ok(rustix::fs::futimens(&handle, &times(mtime))?)
}

/// Creates an empty regular file where there is nothing.
pub(super) fn create_file(parent: BorrowedFd<'_>, name: &OsStr, entry: &Entry) -> Result<File> {
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
) -> Result<()> {
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
) -> Result<()> {
    match &entry.kind {
        EntryKind::Symlink { target } => rustix::fs::symlinkat(target.as_os_str(), parent, name)?,
        EntryKind::Whiteout => return put_whiteout(parent, name, entry, records),
        EntryKind::Fifo => make_node(parent, name, FileType::Fifo, entry.mode, NO_DEVICE)?,
        EntryKind::CharDevice(device) => {
            put_device(parent, name, entry, Node::Char(*device), how, records)?;
        }
        EntryKind::BlockDevice(device) => {
            put_device(parent, name, entry, Node::Block(*device), how, records)?;
        }
        EntryKind::File { .. } | EntryKind::Directory { .. } | EntryKind::HardLink { .. } => {
            unreachable!("files, folders and hard links are made by functions of their own")
        }
    }
    finish_node(parent, name, entry, how, records)
}

const NO_DEVICE: Device = Device { major: 0, minor: 0 };

/// Makes a whiteout as overlay wants it. On an overlay itself, such as a container's own files,
/// none can be made; as no overlay can be mounted over that either, noting it is as good.
fn put_whiteout(
    parent: BorrowedFd<'_>,
    name: &OsStr,
    entry: &Entry,
    records: &mut Records,
) -> Result<()> {
    match make_node(parent, name, FileType::CharacterDevice, 0, NO_DEVICE) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            record_node(parent, name, entry, Node::Whiteout, records)
        }
        made => made,
    }
}

/// Makes a device where that is allowed: a user namespace never does.
fn put_device(
    parent: BorrowedFd<'_>,
    name: &OsStr,
    entry: &Entry,
    node: Node,
    how: How,
    records: &mut Records,
) -> Result<()> {
    let (file_type, device) = match node {
        Node::Block(device) => (FileType::BlockDevice, device),
        Node::Char(device) => (FileType::CharacterDevice, device),
        Node::Whiteout => (FileType::CharacterDevice, NO_DEVICE),
    };
    if how.owners == OwnersMode::Recorded {
        return record_node(parent, name, entry, node, records);
    }
    match make_node(parent, name, file_type, entry.mode, device) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            record_node(parent, name, entry, node, records)
        }
        made => made,
    }
}

/// What `finish` is for files, for things that cannot be opened.
fn finish_node(
    parent: BorrowedFd<'_>,
    name: &OsStr,
    entry: &Entry,
    how: How,
    records: &mut Records,
) -> Result<()> {
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
) -> Result<()> {
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
) -> Result<()> {
    let number = rustix::fs::makedev(device.major, device.minor);
    let mode = Mode::from_raw_mode(mode);
    Ok(rustix::fs::mknodat(parent, name, file_type, mode, number)?)
}

fn record_node(
    parent: BorrowedFd<'_>,
    name: &OsStr,
    entry: &Entry,
    node: Node,
    records: &mut Records,
) -> Result<()> {
    create_file(parent, name, entry)?;
    records.devices.insert(entry.path.clone(), node);
    Ok(())
}

fn own(file: impl AsFd, entry: &Entry, how: How, records: &mut Records) -> Result<()> {
    note_owner(entry, how, records);
    if how.owners == OwnersMode::Kernel && (entry.uid, entry.gid) != how.own {
        let (uid, gid) = ids(entry);
        rustix::fs::fchown(file, uid, gid)?;
    }
    Ok(())
}

/// Notes the owner of an entry where the disk cannot hold it.
pub(super) fn note_owner(entry: &Entry, how: How, records: &mut Records) {
    if how.owners == OwnersMode::Recorded {
        records.set_owner(&entry.path, (entry.uid, entry.gid));
    }
}

fn set_xattrs(file: impl AsFd, entry: &Entry, records: &mut Records) -> Result<()> {
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
