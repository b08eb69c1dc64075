//! Where the files of a COPY go.
//!
//! Nothing is mounted. The destination is looked up in the merged view of the layers below
//! ([`Stack`]), and folders that lead to something come first.

use std::collections::hash_map::Entry::{Occupied, Vacant};
use std::collections::{BTreeMap, HashMap};

use super::copy::{Bytes, Same, Source, Tree};
use super::error::{BuildError, CopyError};
use crate::layers::{Entry, EntryKind, Follow, Node, RootPath, Stack};
use crate::plan::CopyStep;

/// Permission bits of folders that have to be made.
const FOLDER_MODE: u32 = 0o755;

/// What is to be made at a path of the new layer.
pub struct Target {
    /// The path and what is there.
    pub entry: Entry,
    /// Where a file's bytes are.
    pub bytes: Bytes,
    /// Leads to something; lower layers may have it already.
    pub leading: bool,
    /// Where it is in what is copied from.
    pub source: RootPath,
    /// The source it belongs to, and what further names of the file have in common.
    same: Option<(usize, Same)>,
}

/// Works out what a COPY makes.
pub struct Placement<'a> {
    below: &'a Stack,
    copy: &'a CopyStep,
    owner: Option<(u32, u32)>,
    now: i64,
    /// The source that is being placed.
    tree: usize,
    targets: BTreeMap<RootPath, Target>,
}

impl<'a> Placement<'a> {
    /// Begins with nothing. `owner` is what everything is given to, if it is.
    pub fn new(below: &'a Stack, copy: &'a CopyStep, owner: Option<(u32, u32)>, now: i64) -> Self {
        Self {
            below,
            copy,
            owner,
            now,
            tree: 0,
            targets: BTreeMap::new(),
        }
    }

    /// Places a source.
    pub fn add(&mut self, tree: &Tree) -> Result<(), BuildError> {
        self.tree += 1;
        self.place(tree)
    }

    /// Returns what is to be made, in the order of a layer's entries.
    pub fn targets(&mut self) -> impl Iterator<Item = &Target> {
        self.link_names_of_one_file();
        self.targets.values()
    }

    fn place(&mut self, tree: &Tree) -> Result<(), BuildError> {
        if self.copy.parents {
            return self.place_with_parents(tree);
        }
        if tree.archive {
            return self.place_archive(tree);
        }
        let wanted = &self.copy.destination;
        let there = self.below.resolve(wanted, Follow::Yes)?;
        let exists_as_folder = there
            .node
            .as_ref()
            .is_some_and(|node| node.kind.is_directory());
        let into_folder = exists_as_folder || wanted.ends_with('/') || there.path.is_root();
        if tree.top.kind.is_directory() {
            if there.node.is_some() && !exists_as_folder {
                return Err(self.conflict(&tree.top, &there.path, true));
            }
            self.folder_top(&tree.top, &there.path, exists_as_folder)?;
            return self.below_folder(tree, &there.path);
        }
        if wanted.ends_with('/') && there.node.is_some() && !exists_as_folder {
            return Err(self.conflict(&tree.top, &there.path, false));
        }
        let path = if into_folder {
            there.path.join(&tree.name)
        } else {
            there.path
        };
        self.nested(&tree.top, &path)
    }

    /// Puts a source with the folders it keeps into the destination, which is a folder.
    fn place_with_parents(&mut self, tree: &Tree) -> Result<(), BuildError> {
        let there = self.below.resolve(&self.copy.destination, Follow::Yes)?;
        self.leading_folders(&there.path)?;
        let mut path = there.path;
        if !path.is_root() {
            self.leading(&path)?;
        }
        for (name, folder) in &tree.parents {
            path = path.join(name);
            self.nested(folder, &path)?;
        }
        if !tree.name.is_empty() {
            path = path.join(&tree.name);
            self.nested(&tree.top, &path)?;
        }
        self.below_folder(tree, &path)
    }

    fn below_folder(&mut self, tree: &Tree, path: &RootPath) -> Result<(), BuildError> {
        for source in &tree.below {
            let within = source.path.within(&tree.top.path).unwrap_or_default();
            self.nested(source, &path.join(within.as_path()))?;
        }
        Ok(())
    }

    /// Puts what was in an archive into the destination, which is a folder.
    fn place_archive(&mut self, tree: &Tree) -> Result<(), BuildError> {
        let there = self.below.resolve(&self.copy.destination, Follow::Yes)?;
        let is_folder = |node: &Node| node.kind.is_directory();
        if there.node.as_ref().is_some_and(|node| !is_folder(node)) {
            return Err(self.conflict(&tree.top, &there.path, true));
        }
        self.folder_top(&tree.top, &there.path, there.node.is_some())?;
        // Where each folder of the archive goes.
        let mut folders = HashMap::from([(RootPath::root(), there.path)]);
        for source in &tree.below {
            let parent = source.path.parent().unwrap_or_default();
            let path = folders[&parent].join(source.path.name());
            if source.implied {
                let path = self.implied_folder(&path)?;
                folders.insert(source.path.clone(), path);
                continue;
            }
            if source.kind.is_directory() {
                folders.insert(source.path.clone(), path.clone());
            } else {
                self.targets.retain(|placed, _| !placed.is_within(&path));
            }
            self.leading_folders(&path)?;
            self.put(source, &path, false);
        }
        Ok(())
    }

    /// Returns where a folder really is that an archive says nothing about but that something lies
    /// in it: links of the image are followed, inside of its root.
    fn implied_folder(&mut self, path: &RootPath) -> Result<RootPath, BuildError> {
        if let Some(placed) = self.targets.get(path)
            && placed.entry.kind.is_directory()
        {
            return Ok(path.clone());
        }
        let there = self.below.resolve(path.as_path(), Follow::Yes)?;
        let is_link = self.below.lookup(path)?.is_some() && there.node.is_none();
        if is_link || self.targets.contains_key(path) {
            let path = path.absolute();
            return Err(CopyError::NotAFolder { path }.into());
        }
        self.leading_folders(&there.path)?;
        if !there.path.is_root() {
            self.leading(&there.path)?;
        }
        Ok(there.path)
    }

    /// Makes hard links of what were names of one file where it comes from.
    fn link_names_of_one_file(&mut self) {
        let mut first: HashMap<(usize, Same), RootPath> = HashMap::new();
        for (path, target) in &mut self.targets {
            let Some(same) = target.same.take() else {
                continue;
            };
            if !matches!(target.entry.kind, EntryKind::File { .. }) {
                continue;
            }
            match first.entry(same) {
                Vacant(place) => drop(place.insert(path.clone())),
                Occupied(first) => {
                    let target_path = first.get().clone();
                    target.bytes = Bytes::None;
                    target.entry.kind = EntryKind::HardLink {
                        target: target_path,
                    };
                }
            }
        }
    }

    /// The folder that COPY names becomes the destination: one that exists keeps what it is,
    /// unless owner or mode are asked for.
    fn folder_top(
        &mut self,
        source: &Source,
        path: &RootPath,
        exists: bool,
    ) -> Result<(), BuildError> {
        self.leading_folders(path)?;
        if path.is_root() {
            return Ok(());
        }
        if exists {
            return self.leading(path);
        }
        self.put(source, path, false);
        Ok(())
    }

    fn nested(&mut self, source: &Source, path: &RootPath) -> Result<(), BuildError> {
        self.leading_folders(path)?;
        let is_folder = source.kind.is_directory();
        let below = self.below.lookup(path)?;
        let placed = self
            .targets
            .get(path)
            .map(|target| target.entry.kind.is_directory());
        let there = placed.or(below.map(|node| node.kind.is_directory()));
        match there {
            Some(folder) if folder != is_folder => Err(self.conflict(source, path, is_folder)),
            _ => {
                self.put(source, path, false);
                Ok(())
            }
        }
    }

    fn put(&mut self, source: &Source, path: &RootPath, leading: bool) {
        let chmod = self.copy.chmod.as_ref();
        let is_folder = source.kind.is_directory();
        let mode = chmod.map_or(source.mode, |chmod| chmod.apply(source.mode, is_folder));
        let (uid, gid) = self.owner.unwrap_or(source.owner);
        let entry =
            Entry::new(path.clone(), source.kind.clone(), mode, source.mtime).owned_by(uid, gid);
        let bytes = source.bytes.clone();
        let target = Target {
            entry,
            bytes,
            leading,
            source: source.path.clone(),
            same: source.same.clone().map(|same| (self.tree, same)),
        };
        self.targets.insert(path.clone(), target);
    }

    /// Adds the folders a path lies in: as they are below, or new ones.
    fn leading_folders(&mut self, path: &RootPath) -> Result<(), BuildError> {
        for folder in path.ancestors() {
            self.leading(&folder)?;
        }
        Ok(())
    }

    fn leading(&mut self, folder: &RootPath) -> Result<(), BuildError> {
        if self.targets.contains_key(folder) {
            return Ok(());
        }
        let target = match self.below.lookup(folder)? {
            Some(node) if node.kind.is_directory() => Target {
                entry: self.below.entry(&node)?,
                bytes: Bytes::None,
                leading: true,
                source: RootPath::root(),
                same: None,
            },
            Some(_) => {
                let path = folder.absolute();
                return Err(CopyError::NotAFolder { path }.into());
            }
            None => {
                let (uid, gid) = self.owner.unwrap_or((0, 0));
                let entry =
                    Entry::directory(folder.clone(), FOLDER_MODE, self.now).owned_by(uid, gid);
                Target {
                    entry,
                    bytes: Bytes::None,
                    leading: false,
                    source: RootPath::root(),
                    same: None,
                }
            }
        };
        self.targets.insert(folder.clone(), target);
        Ok(())
    }

    fn conflict(&self, source: &Source, path: &RootPath, folder: bool) -> BuildError {
        CopyError::Conflict {
            from: source.path.to_string(),
            target: path.absolute(),
            folder_over_file: folder,
        }
        .into()
    }
}
