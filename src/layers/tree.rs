//! [`TreeWriter`]: entries of a layer in the making, put on disk in the order of a sorted walk.
//!
//! Everything goes through handles of the folders that are open just now: no path is walked twice,
//! and no link is ever followed. A folder gets its own mode and time when the walk leaves it, since
//! putting something into it needs the one and changes the other.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Mode};
use rustix::io::Errno;

use super::RootPath;
use super::entry::{Entry, EntryKind};
use super::error::{Result, StoreError};
use super::node::{self, FOLDER, How};
use super::records::Records;
use super::store::{OwnersMode, Store};
use super::xattrs;

/// Writes a tree.
#[derive(Debug)]
pub(super) struct TreeWriter {
    root: OwnedFd,
    open: Vec<OpenFolder>,
    how: How,
    records: Records,
}

#[derive(Debug)]
struct OpenFolder {
    path: RootPath,
    handle: OwnedFd,
    mode: u32,
    mtime: i64,
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
                node::put_node(
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
        node::create_file(self.here(), entry.path.name(), entry)
            .map_err(StoreError::io("create", entry.path.as_path()))
    }

    /// Gives a file that was filled everything else.
    pub(super) fn finish_file(&mut self, file: &File, entry: &Entry) -> Result<()> {
        node::finish(file, entry, self.how, &mut self.records)
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
            node::note_owner(entry, self.how, &mut self.records);
        }
        Ok(linked.is_ok())
    }

    /// Moves something here as it is, with everything in it, from a place in the same file system.
    pub(super) fn move_in(&mut self, path: &RootPath, from: &Path, opaque: bool) -> Result<()> {
        self.leave_until(path)?;
        let (here, name) = (self.here(), path.name());
        rustix::fs::renameat(CWD, from, here, name).map_err(StoreError::io("move", from))?;
        if opaque {
            node::set_opaque(here, name, self.how)
                .map_err(StoreError::io("finish", path.as_path()))?;
        }
        Ok(())
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

    /// Gives the entry of a hard link that was just made what its file has: programs that unpack
    /// the tar give it to the file once more.
    pub(super) fn look_like_target(&self, entry: &mut Entry) -> Result<()> {
        let stat = rustix::fs::statat(self.here(), entry.path.name(), AtFlags::SYMLINK_NOFOLLOW)
            .map_err(StoreError::io("look at", entry.path.as_path()))?;
        entry.mode = stat.st_mode & 0o7777;
        entry.mtime = stat.st_mtime;
        (entry.uid, entry.gid) = self.records.owner(&entry.path, (stat.st_uid, stat.st_gid));
        Ok(())
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
        let handle = node::make_folder(here, entry, opaque, self.how, &mut self.records)
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
        node::hard_link(self.root.as_fd(), target, self.here(), entry.path.name())
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
        node::set_mode_and_time(&self.handle, self.mode, self.mtime)
            .map_err(StoreError::io("finish", self.path.as_path()))
    }
}
