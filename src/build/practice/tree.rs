//! A base as data: what there is at which path, before any of it is copied.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use super::{BaseKind, Fingerprint, Note};
use crate::digest::Digest;

/// Everything in a practice base.
#[derive(Debug)]
pub struct BaseTree {
    /// The entries, sorted by path, so that a folder comes before what is in it.
    pub entries: Vec<BaseEntry>,
    /// What is missing or was left out, and why.
    pub notes: Vec<Note>,
    /// Which sort of base it is.
    pub kind: BaseKind,
    /// Names the base: the same key means the same base. See [`Fingerprint::key`].
    pub key: Digest,
    /// Says later, without looking for tools again, whether the host still is as it was.
    pub fingerprint: Fingerprint,
}

/// One path of a base. Its time of change is 0; uid and gid are 0 but for the folder of an
/// ordinary user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseEntry {
    /// Relative to the rootfs: no leading `/`, no `.` or `..`.
    pub path: String,
    /// What it is.
    pub kind: EntryKind,
    /// Permission bits: 755 or 644, and what /tmp and its like need. Never setuid or setgid.
    pub mode: u32,
    /// The user it belongs to.
    pub uid: u32,
    /// The group it belongs to.
    pub gid: u32,
}

/// What a path is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryKind {
    /// A folder.
    Folder,
    /// A regular file.
    File(Content),
    /// A symbolic link and the text in it.
    Symlink(String),
}

/// Where the bytes of a file are.
#[derive(Clone, PartialEq, Eq)]
pub enum Content {
    /// In a file of the host, to be copied as it is.
    Host(PathBuf),
    /// Here.
    Bytes(Vec<u8>),
}

impl Content {
    /// Opens the bytes for reading and tells how many there are.
    pub fn open(&self) -> io::Result<(Box<dyn Read + '_>, u64)> {
        Ok(match self {
            Self::Host(path) => {
                let file = File::open(path)?;
                let size = file.metadata()?.len();
                (Box::new(file), size)
            }
            Self::Bytes(bytes) => (Box::new(bytes.as_slice()), bytes.len() as u64),
        })
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(path) => write!(f, "Host({path:?})"),
            Self::Bytes(bytes) => write!(f, "Bytes({})", bytes.len()), // may be megabytes
        }
    }
}
