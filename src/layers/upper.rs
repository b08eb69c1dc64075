//! The upper directory of an overlay becomes a layer.
//!
//! Overlay keeps more than the change itself: copies of folders on the way, its own attributes, a
//! mark on every new folder that hides nothing. The layer shall say only what the instruction did,
//! and the same on every kernel, so what means nothing for the layers below is dropped, from the
//! tree and from the tar.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use rustix::fs::AtFlags;

use super::entry::{Entry, EntryKind};
use super::error::{Result, StoreError};
use super::layer::{Layer, Numbers};
use super::level::{Found, Level, Visitor};
use super::records::Records;
use super::stack::{Node, Stack};
use super::store::Store;
use super::stream::TarStream;
use super::{RootPath, tar_header, tree, xattrs};

/// How an upper directory is to be read.
pub struct UpperOptions<'a> {
    /// What the overlay was mounted on. Says which whiteouts and opaque folders hide something,
    /// and which owners files had ([`OwnersMode::Recorded`](super::OwnersMode::Recorded)).
    pub below: &'a Stack,
    /// Who owns new files, in [`OwnersMode::Recorded`](super::OwnersMode::Recorded); the kernel knows otherwise.
    pub owner: (u32, u32),
    /// Cuts times later than this off (SOURCE_DATE_EPOCH).
    pub clamp: Option<i64>,
}

impl Store {
    /// Makes a layer of an overlay's upper directory, which is moved, not copied: it has to lie
    /// in the store's file system, unmounted. Times lose their fractions of seconds, sockets and
    /// overlay's own attributes go.
    pub fn commit_upper(&self, upper: &Path, options: &UpperOptions<'_>) -> Result<Layer> {
        let draft = self.scratch()?;
        let tar = draft.path().join("tar");
        let level = Level::open(upper.to_owned(), Records::default())?;
        drop_marks(upper, MarkOpaque::Drop)?;
        let mut reading = Reading {
            level: &level,
            options,
            stream: TarStream::keeping_small(&tar).map_err(StoreError::io("create", &tar))?,
            numbers: Numbers::default(),
            names: HashMap::new(),
            records: Records::new(self.owners()),
        };
        level.walk(&mut reading)?;
        reading.write(&tar_header::END)?;
        reading.records.write(draft.path())?;
        let streamed = reading.stream.finish();
        let streamed = streamed.map_err(StoreError::io("write", &tar))?;
        std::fs::rename(upper, draft.path().join("tree"))
            .map_err(StoreError::io("rename", upper))?;
        self.adopt(&draft, streamed, reading.numbers)
    }
}

/// An upper directory on its way into a tar.
struct Reading<'a> {
    level: &'a Level,
    options: &'a UpperOptions<'a>,
    stream: TarStream,
    numbers: Numbers,
    /// The first name of each file that has several.
    names: HashMap<(u64, u64), RootPath>,
    records: Records,
}

impl Visitor for Reading<'_> {
    fn visit(&mut self, found: &mut Found<'_>) -> Result<()> {
        let below = self.options.below.lookup(&found.entry.path)?;
        match &found.entry.kind {
            EntryKind::Whiteout if below.is_none() => return remove(self.level, found),
            EntryKind::Whiteout => self.numbers.count(&EntryKind::Whiteout),
            _ => self.clean(found, below.as_ref())?,
        }
        let mut header = Vec::with_capacity(tar_header::BLOCK);
        tar_header::append(&found.entry, &mut header);
        self.write(&header)?;
        match found.entry.kind {
            EntryKind::File { size } => self.write_content(found, size),
            _ => Ok(()),
        }
    }

    fn leave(&mut self, folder: &Found<'_>) -> Result<()> {
        self.set_time(folder)
    }

    fn skip(&mut self, on_disk: &Path) -> Result<()> {
        std::fs::remove_file(on_disk).map_err(StoreError::io("remove", on_disk))
    }
}

impl Reading<'_> {
    /// Brings an entry and what is on disk for it into the form a layer has.
    fn clean(&mut self, found: &mut Found<'_>, below: Option<&Node>) -> Result<()> {
        let entry = &mut found.entry;
        let mut opaque = MarkOpaque::Drop;
        if let EntryKind::Directory { opaque: marked } = &mut entry.kind {
            *marked &= below.is_some_and(|node| node.kind.is_directory());
            if *marked {
                opaque = MarkOpaque::Keep;
            }
        }
        drop_marks_at(&self.level.on_disk(&entry.path), opaque, &entry.path)?;
        entry.mtime = entry.mtime.min(self.options.clamp.unwrap_or(i64::MAX));
        self.set_owner(entry, below);
        if !entry.kind.is_directory() {
            if found.stat.st_nlink > 1 {
                self.link(entry, (found.stat.st_dev, found.stat.st_ino));
            }
            self.set_time(found)?;
        }
        self.count(&found.entry, below);
        Ok(())
    }

    /// What was there before keeps its owner: with one id, nothing on disk can say that it
    /// changed, and a changed mode must not change it.
    fn set_owner(&mut self, entry: &mut Entry, below: Option<&Node>) {
        if !self.records.recorded {
            return;
        }
        let before = below.filter(|node| same_kind(&node.kind, &entry.kind));
        let owner = before.map_or(self.options.owner, |node| (node.uid, node.gid));
        (entry.uid, entry.gid) = owner;
        self.records.set_owner(&entry.path, owner);
    }

    fn link(&mut self, entry: &mut Entry, inode: (u64, u64)) {
        match self.names.get(&inode) {
            None => drop(self.names.insert(inode, entry.path.clone())),
            Some(first) => {
                let target = first.clone();
                self.records
                    .links
                    .insert(entry.path.clone(), target.clone());
                entry.kind = EntryKind::HardLink { target };
            }
        }
    }

    /// A folder that is as it was only leads to what changed in it.
    fn count(&mut self, entry: &Entry, below: Option<&Node>) {
        let leads_only = entry.kind == (EntryKind::Directory { opaque: false })
            && below.is_some_and(|node| {
                node.kind.is_directory()
                    && (node.mode, node.uid, node.gid) == (entry.mode, entry.uid, entry.gid)
            });
        if !leads_only {
            self.numbers.count(&entry.kind);
        }
    }

    fn set_time(&self, found: &Found<'_>) -> Result<()> {
        let times = tree::times(found.entry.mtime);
        rustix::fs::utimensat(found.folder, found.name, &times, AtFlags::SYMLINK_NOFOLLOW).map_err(
            StoreError::io("set the time of", self.level.on_disk(&found.entry.path)),
        )
    }

    fn write_content(&mut self, found: &Found<'_>, size: u64) -> Result<()> {
        let path = &found.entry.path;
        let mut file = found.open(&self.level.tree)?;
        let copied = self.stream.read_from(&mut file, size);
        if copied.map_err(StoreError::io("read", self.level.on_disk(path)))? < size {
            return Err(StoreError::FileChanged(path.clone()));
        }
        self.write(tar_header::padding(size))
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let written = self.stream.write_all(bytes);
        written.map_err(StoreError::io("write", &self.level.tree))
    }
}

fn same_kind(one: &EntryKind, other: &EntryKind) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
        || (one.is_file() && other.is_file())
}

fn remove(level: &Level, found: &Found<'_>) -> Result<()> {
    rustix::fs::unlinkat(found.folder, found.name, AtFlags::empty())
        .map_err(StoreError::io("remove", level.on_disk(&found.entry.path)))
}

/// Whether the mark that makes a folder opaque stays.
#[derive(Clone, Copy, PartialEq)]
enum MarkOpaque {
    Keep,
    Drop,
}

fn drop_marks(on_disk: &Path, opaque: MarkOpaque) -> Result<()> {
    drop_marks_at(on_disk, opaque, &RootPath::root())
}

/// Removes overlay's own attributes. Some say that content or place are those of another path,
/// which only the overlay that wrote them can undo.
fn drop_marks_at(on_disk: &Path, opaque: MarkOpaque, path: &RootPath) -> Result<()> {
    let io = |error| StoreError::io("read attributes of", on_disk)(error);
    let marks = xattrs::overlay_marks(on_disk).map_err(io)?;
    if let Some(feature) = marks.foreign {
        return Err(StoreError::OverlayFeature {
            path: path.clone(),
            feature,
        });
    }
    for name in marks.names {
        let is_opaque = name.as_encoded_bytes().ends_with(b".opaque");
        if !(is_opaque && opaque == MarkOpaque::Keep) {
            rustix::fs::lremovexattr(on_disk, &name)
                .map_err(StoreError::io("clean attributes of", on_disk))?;
        }
    }
    Ok(())
}
