//! [`Unpacker`]: an outside layer's tar, whose every path is hostile, becomes a tree.
//!
//! Where a path really leads is worked out first (see `links`). The answer has no links in it, and is
//! then opened by a call that refuses links, so a mistake there is an error and never a way out.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode};

use super::RootPath;
use super::entry::{Entry, EntryKind};
use super::error::{Result, StoreError};
use super::files;
use super::layer::Numbers;
use super::links::Links;
use super::node::{self, FOLDER, How, PLAIN};
use super::path::remove_within;
use super::records::Records;
use super::refusal::Refusal;
use super::stack::Stack;
use super::store::Store;
use super::tar_entry::{Meaning, meaning, refuse};
use super::tar_reader::TarReader;
use super::xattrs;

/// Makes a tree of a tar.
pub(super) struct Unpacker {
    folder: PathBuf,
    handles: Handles,
    how: How,
    below: Stack,
    records: Records,
    links: Links,
    /// Every folder, with what it gets once everything is in it.
    folders: BTreeMap<RootPath, (u32, i64)>,
    /// Everything that is no folder, with its bytes of content.
    files: BTreeMap<RootPath, u64>,
    opaque: BTreeSet<RootPath>,
    whiteouts: BTreeSet<RootPath>,
    /// Whether names that mark deleted files are refused: what is unpacked is no layer.
    refuses_whiteouts: bool,
    /// Bytes that may be in holes of files.
    holes: u64,
    buffer: Vec<u8>,
}

/// The root, and the folder that was used last: most entries lie in the same as the one before.
struct Handles {
    root: OwnedFd,
    last: Option<(RootPath, OwnedFd)>,
}

impl Unpacker {
    /// Starts a tree at `folder`, which is made.
    pub(super) fn new(store: &Store, folder: &Path, below: Stack) -> Result<Self> {
        std::fs::create_dir(folder).map_err(StoreError::io("make folder", folder))?;
        let root = rustix::fs::openat(CWD, folder, FOLDER, Mode::empty())
            .map_err(StoreError::io("open", folder))?;
        rustix::fs::fchmod(&root, Mode::from_raw_mode(0o755))
            .map_err(StoreError::io("open", folder))?;
        Ok(Self {
            folder: folder.to_owned(),
            handles: Handles { root, last: None },
            how: How::new(store),
            below,
            records: Records::new(store.owners()),
            links: Links::default(),
            folders: BTreeMap::new(),
            files: BTreeMap::new(),
            opaque: BTreeSet::new(),
            whiteouts: BTreeSet::new(),
            refuses_whiteouts: false,
            holes: store.unpacks_to(),
            buffer: vec![0; 256 * 1024],
        })
    }

    /// Refuses whiteouts, which only a layer can have.
    pub(super) fn without_whiteouts(mut self) -> Self {
        self.refuses_whiteouts = true;
        self
    }

    /// Unpacks every member.
    pub(super) fn unpack(&mut self, from: &mut dyn Read) -> Result<()> {
        let mut tar = TarReader::new(from).with_holes(self.holes);
        while let Some(member) = tar.next().map_err(StoreError::Tar)? {
            match meaning(&member)? {
                Meaning::Nothing => {}
                Meaning::Whiteout(_) | Meaning::Opaque(_) if self.refuses_whiteouts => {
                    return Err(refuse(&member.name, Refusal::MarksDeleted));
                }
                Meaning::Whiteout(path) => drop(self.whiteouts.insert(self.links.resolve(&path)?)),
                Meaning::Opaque(folder) => {
                    let folder = self.links.resolve_folder(&folder)?;
                    self.make_folders(&folder)?;
                    self.opaque.insert(folder);
                }
                Meaning::Entry(entry) => self.put(entry, &mut tar)?,
            }
        }
        Ok(())
    }

    /// Puts whiteouts into place and gives folders their modes and times.
    pub(super) fn finish(mut self) -> Result<(Records, Numbers)> {
        let mut numbers = Numbers {
            files: self.files.len() as u64,
            size: self.files.values().sum(),
            ..Numbers::default()
        };
        for path in std::mem::take(&mut self.whiteouts) {
            numbers.deleted += u64::from(self.place_whiteout(path)?);
        }
        for folder in &self.opaque {
            xattrs::set_opaque(self.handles.folder(folder)?, self.how.whiteouts())
                .map_err(StoreError::io("create", folder.as_path()))?;
        }
        // From the innermost outwards: a folder may take away the permission to get at those in it.
        for (path, (mode, mtime)) in self.folders.into_iter().rev() {
            node::set_mode_and_time(self.handles.folder(&path)?, mode, mtime)
                .map_err(StoreError::io("finish", path.as_path()))?;
            numbers.folders += u64::from(!self.records.implied.contains(&path));
        }
        Ok((self.records, numbers))
    }

    fn put(&mut self, mut entry: Entry, content: &mut dyn Read) -> Result<()> {
        entry.path = self.links.resolve(&entry.path)?;
        let parent = entry.path.parent().unwrap_or_default();
        self.make_folders(&parent)?;
        if let EntryKind::HardLink { target } = &entry.kind {
            let target = self.links.resolve(target)?;
            if target == entry.path || !self.files.contains_key(&target) {
                let name = entry.path.as_bytes();
                return Err(refuse(name, Refusal::HardLinkToNothing));
            }
            entry.kind = EntryKind::HardLink { target };
        }
        if entry.kind.is_directory() {
            return self.put_folder(&entry);
        }
        self.clear(&entry.path)?;
        let size = self.create(&entry, &parent, content)?;
        if let EntryKind::Symlink { target } = &entry.kind {
            self.links.add(entry.path.clone(), target.clone());
        }
        self.files.insert(entry.path, size);
        Ok(())
    }

    /// Creates anything but a folder, where there is nothing.
    fn create(&mut self, entry: &Entry, parent: &RootPath, content: &mut dyn Read) -> Result<u64> {
        let io = |source| StoreError::io("create", entry.path.as_path())(source);
        let name = entry.path.name();
        match &entry.kind {
            EntryKind::File { size } => {
                let folder = self.handles.folder(parent)?;
                let mut file = node::create_file(folder, name, entry).map_err(io)?;
                copy_content(content, &mut file, &mut self.buffer, entry)?;
                node::finish(&file, entry, self.how, &mut self.records).map_err(io)?;
                return Ok(*size);
            }
            EntryKind::HardLink { target } => {
                self.links.share(target, &entry.path);
                let root = self.handles.root.try_clone().map_err(io)?;
                let folder = self.handles.folder(parent)?;
                node::hard_link(root.as_fd(), target, folder, name).map_err(io)?;
                self.records.share(target, &entry.path);
            }
            _ => {
                let folder = self.handles.folder(parent)?;
                node::put_node(folder, name, entry, self.how, &mut self.records).map_err(io)?;
            }
        }
        Ok(0)
    }

    /// Makes a folder, or gives the one that is there what the tar says about it.
    fn put_folder(&mut self, entry: &Entry) -> Result<()> {
        let io = |source| StoreError::io("create", entry.path.as_path())(source);
        if self.folders.contains_key(&entry.path) {
            self.records.implied.remove(&entry.path);
            let folder = self.handles.folder(&entry.path)?;
            node::dress_folder(folder, entry, self.how, &mut self.records).map_err(io)?;
        } else {
            self.clear(&entry.path)?;
            self.make_folder(entry)?;
        }
        self.folders
            .insert(entry.path.clone(), (entry.mode, entry.mtime));
        Ok(())
    }

    fn make_folder(&mut self, entry: &Entry) -> Result<()> {
        let parent = entry.path.parent().unwrap_or_default();
        let parent = self.handles.folder(&parent)?;
        let handle = node::make_folder(parent, entry, false, self.how, &mut self.records)
            .map_err(StoreError::io("create", entry.path.as_path()))?;
        self.handles.last = Some((entry.path.clone(), handle));
        self.folders
            .insert(entry.path.clone(), (entry.mode, entry.mtime));
        Ok(())
    }

    /// Makes the folders of a path that the tar only implies, as lower layers have them.
    fn make_folders(&mut self, path: &RootPath) -> Result<()> {
        if path.is_root() || self.folders.contains_key(path) {
            return Ok(());
        }
        for folder in path.ancestors().chain([path.clone()]) {
            if self.folders.contains_key(&folder) {
                continue;
            }
            if self.files.contains_key(&folder) {
                return Err(refuse(path.as_bytes(), Refusal::InNoFolder));
            }
            let entry = match self.below.lookup(&folder)? {
                Some(node) if node.kind.is_directory() => self.below.entry(&node)?,
                _ => Entry::directory(folder.clone(), 0o755, 0),
            };
            self.make_folder(&entry)?;
            self.records.implied.insert(folder);
        }
        Ok(())
    }

    /// Removes what an earlier member put at a path.
    fn clear(&mut self, path: &RootPath) -> Result<()> {
        if self.files.remove(path).is_some() {
            let parent = path.parent().unwrap_or_default();
            let folder = self.handles.folder(&parent)?;
            rustix::fs::unlinkat(folder, path.name(), AtFlags::empty())
                .map_err(StoreError::io("remove", path.as_path()))?;
            self.links.remove(path);
        } else if self.folders.contains_key(path) {
            self.handles.last = None;
            files::remove_tree(&self.folder.join(path.as_path()))?;
            remove_within(&mut self.folders, path);
            remove_within(&mut self.files, path);
            self.links.remove(path);
            self.opaque.retain(|folder| !folder.is_within(path));
        } else {
            return Ok(());
        }
        self.records.forget(path);
        Ok(())
    }

    /// Hides a path of lower layers; returns whether that took a whiteout. What the same layer
    /// brings is not hidden (image-spec, layer.md): a folder of its own then hides the one below.
    fn place_whiteout(&mut self, path: RootPath) -> Result<bool> {
        if self.files.contains_key(&path) {
            return Ok(false);
        }
        if self.folders.contains_key(&path) {
            self.opaque.insert(path);
            return Ok(true);
        }
        let parent = path.parent().unwrap_or_default();
        self.make_folders(&parent)?;
        let entry = Entry::whiteout(path);
        let folder = self.handles.folder(&parent)?;
        let name = entry.path.name();
        node::put_node(folder, name, &entry, self.how, &mut self.records)
            .map_err(StoreError::io("create", entry.path.as_path()))?;
        Ok(true)
    }
}

impl Handles {
    /// Returns a folder by a path without links.
    fn folder(&mut self, path: &RootPath) -> Result<BorrowedFd<'_>> {
        if path.is_root() {
            return Ok(self.root.as_fd());
        }
        if self.last.as_ref().is_none_or(|(last, _)| last != path) {
            let handle =
                rustix::fs::openat2(&self.root, path.as_path(), FOLDER, Mode::empty(), PLAIN)
                    .map_err(StoreError::io("open", path.as_path()))?;
            self.last = Some((path.clone(), handle));
        }
        let (_, handle) = self.last.as_ref().expect("it was just put there");
        Ok(handle.as_fd())
    }
}

fn copy_content(
    from: &mut dyn Read,
    to: &mut dyn Write,
    buffer: &mut [u8],
    entry: &Entry,
) -> Result<()> {
    let mut left = entry.kind.size();
    while left > 0 {
        let count = from.read(buffer).map_err(StoreError::Tar)?;
        to.write_all(&buffer[..count])
            .map_err(StoreError::io("write", entry.path.as_path()))?;
        left = left.saturating_sub(count as u64);
    }
    Ok(())
}
