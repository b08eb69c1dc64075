//! [`Entry`]: one path of a layer, as its tar and its tree both say it.

use std::collections::BTreeMap;
use std::ffi::OsString;

use super::RootPath;

/// Extended attributes by name, such as `security.capability`.
pub type Xattrs = BTreeMap<OsString, Vec<u8>>;

/// One path of a layer with everything about it but its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it lies; for a whiteout, the path that is hidden.
    pub path: RootPath,
    /// What it is.
    pub kind: EntryKind,
    /// Permission bits with setuid, setgid and sticky: at most `0o7777`.
    pub mode: u32,
    /// The owner.
    pub uid: u32,
    /// The group.
    pub gid: u32,
    /// When it was last modified, in seconds since the epoch.
    pub mtime: i64,
    /// Extended attributes, without those overlay keeps for itself.
    pub xattrs: Xattrs,
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File {
        /// Bytes of content.
        size: u64,
    },
    /// A folder.
    Directory {
        /// Whether it hides everything that lower layers have in it (image-spec, layer.md,
        /// Opaque Whiteout).
        opaque: bool,
    },
    /// A symbolic link; the target is text and may lead anywhere.
    Symlink {
        /// What it says.
        target: OsString,
    },
    /// A further name of a file that stands earlier in the same layer.
    HardLink {
        /// The first name.
        target: RootPath,
    },
    /// A character device.
    CharDevice(Device),
    /// A block device.
    BlockDevice(Device),
    /// A named pipe.
    Fifo,
    /// Hides a path of lower layers (image-spec, layer.md, Whiteouts).
    Whiteout,
}

/// The numbers of a device node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Device {
    /// Which driver.
    pub major: u32,
    /// Which of its devices.
    pub minor: u32,
}

impl Entry {
    /// Returns a file of root's, without extended attributes.
    pub fn file(path: RootPath, size: u64, mode: u32, mtime: i64) -> Self {
        Self::new(path, EntryKind::File { size }, mode, mtime)
    }

    /// Returns a folder of root's that hides nothing.
    pub fn directory(path: RootPath, mode: u32, mtime: i64) -> Self {
        Self::new(path, EntryKind::Directory { opaque: false }, mode, mtime)
    }

    /// Returns a symbolic link of root's.
    pub fn symlink(path: RootPath, target: impl Into<OsString>, mtime: i64) -> Self {
        let target = target.into();
        Self::new(path, EntryKind::Symlink { target }, 0o777, mtime)
    }

    /// Returns a whiteout. Its time is always 0: the kernel shares one node between many, so
    /// the time on disk says nothing.
    pub fn whiteout(path: RootPath) -> Self {
        Self::new(path, EntryKind::Whiteout, 0, 0)
    }

    /// Returns an entry of root's.
    pub fn new(path: RootPath, kind: EntryKind, mode: u32, mtime: i64) -> Self {
        Self {
            path,
            kind,
            mode,
            uid: 0,
            gid: 0,
            mtime,
            xattrs: Xattrs::new(),
        }
    }

    /// Gives it an owner and a group.
    pub fn owned_by(mut self, uid: u32, gid: u32) -> Self {
        (self.uid, self.gid) = (uid, gid);
        self
    }
}

impl EntryKind {
    /// Whether it is a folder.
    pub fn is_directory(&self) -> bool {
        matches!(self, Self::Directory { .. })
    }

    /// Whether it is a regular file, under its first name or a further one.
    pub fn is_file(&self) -> bool {
        matches!(self, Self::File { .. } | Self::HardLink { .. })
    }

    /// Returns the bytes of content: those of a file, 0 for everything else.
    pub fn size(&self) -> u64 {
        match self {
            Self::File { size } => *size,
            _ => 0,
        }
    }
}
