//! COPY: which files go where, and how they get into a layer.
//!
//! Nothing is mounted. The destination is looked up in the merged view of the layers below
//! ([`Stack`]), and what is copied goes straight into a new layer, folders that lead to it first.

use std::collections::hash_map::Entry::{Occupied, Vacant};
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::rc::Rc;

use super::error::{BuildError, CopyError};
use super::fetch::Download;
use super::stop::Stop;
use crate::digest::{DiffId, Digest};
use crate::layers::{
    Content, Entry, EntryKind, Follow, Layer, LayerDraft, LayerFile, Node, RootPath, Stack, Store,
    StoreError, Unpacked, Xattrs, users,
};
use crate::plan::context::{ContextFile, FileStat, Selection};
use crate::plan::{CopyStep, FileContent, FileIngredient, InlineFile, file_name};

/// Permission bits of folders that have to be made, and of files from heredocs.
const FOLDER_MODE: u32 = 0o755;
const INLINE_MODE: u32 = 0o644;
/// Permission bits of files that were fetched.
pub const FETCHED_MODE: u32 = 0o600;

/// Something to be copied: a file, folder or link of the context or of other layers.
#[derive(Clone)]
pub struct Source {
    /// Path relative to the root that COPY takes from.
    pub path: RootPath,
    /// What it is.
    pub kind: EntryKind,
    /// Permission bits.
    pub mode: u32,
    /// Owner and group it has where it comes from.
    pub owner: (u32, u32),
    /// Seconds since the epoch.
    pub mtime: i64,
    /// Where the bytes of a file are.
    pub bytes: Bytes,
    /// What further names of the same file have in common, if it may have any.
    pub same: Option<Same>,
    /// A folder that an archive has only because something lies in it.
    pub implied: bool,
}

/// Tells hard links to one file from other files.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Same {
    /// Device and inode.
    Inode(u64, u64),
    /// The layer and the file's first name in it.
    Layer((usize, RootPath)),
}

/// Where a file's bytes are.
#[derive(Clone)]
pub enum Bytes {
    /// There are none.
    None,
    /// In the context.
    Context(ContextFile),
    /// In a layer.
    Layer(Node),
    /// In an archive that was unpacked.
    Archive(Rc<Unpacked>, Node),
    /// In a file that was fetched.
    Fetched(PathBuf),
    /// In the Dockerfile.
    Inline(String),
}

/// One source of a COPY: itself, and what is below it.
pub struct Tree {
    /// The name it is copied under into a folder.
    pub name: String,
    /// The source's own file or folder.
    pub top: Source,
    /// What is below a folder, sorted, parents first.
    pub below: Vec<Source>,
    /// With `--parents`: the folders it keeps, outermost first, and their names.
    pub parents: Vec<(String, Source)>,
    /// What was in an archive: it takes the place of whatever is there, but of folders.
    pub archive: bool,
}

impl Reader<'_> {
    /// Returns the extended attributes of what comes from a layer or an archive.
    fn xattrs(&self, bytes: &Bytes) -> Result<Xattrs, BuildError> {
        Ok(match bytes {
            Bytes::Layer(node) => {
                let layers = self.layers.expect("nodes come from these layers");
                layers.entry(node)?.xattrs
            }
            Bytes::Archive(archive, node) => archive.stack().entry(node)?.xattrs,
            Bytes::None | Bytes::Context(_) | Bytes::Fetched(_) | Bytes::Inline(_) => Xattrs::new(),
        })
    }
}

impl Tree {
    /// Returns the folders it keeps, the source itself and everything below it.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        let parents = self.parents.iter().map(|(_, folder)| folder);
        parents.chain(std::iter::once(&self.top)).chain(&self.below)
    }
}

/// Where bytes are read, and what an earlier run of the step left.
pub struct Reader<'a> {
    /// The layers, if files come from there.
    pub layers: Option<&'a Stack>,
    /// Unchanged files of the layer this step made last time.
    pub unchanged: Unchanged,
    /// Asked before every file whether the build goes on.
    pub stop: &'a Stop,
}

/// Files that are the same as in the layer of an earlier run, by their path in the source.
#[derive(Default)]
pub struct Unchanged {
    layer: Option<DiffId>,
    digests: BTreeMap<String, (Digest, Digest)>,
}

impl Unchanged {
    /// Compares what was copied last time with what is copied now.
    pub fn new(layer: DiffId, before: &[FileIngredient], now: &[FileIngredient]) -> Self {
        let digest = |file: &FileIngredient| match file.content {
            FileContent::File(digest) => Some((file.path.clone(), digest)),
            _ => None,
        };
        let now: BTreeMap<String, Digest> = now.iter().filter_map(digest).collect();
        let pair = |(path, old): (String, Digest)| {
            let new = *now.get(&path)?;
            (old == new).then_some((path, (old, new)))
        };
        let digests = before.iter().filter_map(digest).filter_map(pair).collect();
        Self {
            layer: Some(layer),
            digests,
        }
    }

    fn file(&self, source: &RootPath, target: &RootPath) -> Option<LayerFile> {
        self.digests.get(&source.to_string())?;
        Some(LayerFile {
            layer: self.layer?,
            path: target.clone(),
        })
    }
}

/// Turns what was selected from the context into sources. Everything belongs to root.
pub fn from_context(selections: &[Selection]) -> Vec<Tree> {
    let tree = |selection: &Selection| Tree {
        name: selection.name.clone(),
        top: context_source(&selection.top),
        below: selection.below.iter().map(context_source).collect(),
        parents: parents(&selection.parents),
        archive: false,
    };
    selections.iter().map(tree).collect()
}

fn parents(folders: &[(String, ContextFile)]) -> Vec<(String, Source)> {
    let parent = |(name, folder): &(String, ContextFile)| (name.clone(), context_source(folder));
    folders.iter().map(parent).collect()
}

fn context_source(file: &ContextFile) -> Source {
    let stat = &file.metadata;
    let kind = match &file.target {
        Some(target) => EntryKind::Symlink {
            target: target.into(),
        },
        None if stat.is_folder() => EntryKind::Directory { opaque: false },
        None if stat.is_file() => EntryKind::File { size: stat.size },
        // Sockets cannot be in a tar and devices not be made; a pipe is the harmless special file.
        None => EntryKind::Fifo,
    };
    Source {
        path: RootPath::clean(&file.path),
        kind,
        mode: stat.mode & 0o7777,
        owner: (0, 0),
        mtime: i64::try_from(stat.modified.div_euclid(1_000_000_000)).unwrap_or(0),
        bytes: Bytes::Context(file.clone()),
        same: file.has_more_names().then(|| {
            let (device, inode) = stat.inode;
            Same::Inode(device, inode)
        }),
        implied: false,
    }
}

/// Turns a file that was fetched into a source; nobody but its owner may read it, as with docker.
pub fn from_download(download: &Download, path: PathBuf) -> Tree {
    let name = file_name(&download.url).unwrap_or_default();
    let top = Source {
        path: RootPath::clean(&name),
        kind: EntryKind::File {
            size: download.size,
        },
        mode: FETCHED_MODE,
        owner: (0, 0),
        mtime: download.mtime,
        bytes: Bytes::Fetched(path),
        same: None,
        implied: false,
    };
    Tree {
        name,
        top,
        below: Vec::new(),
        parents: Vec::new(),
        archive: false,
    }
}

fn inline_tree(file: &InlineFile, now: i64) -> Tree {
    let top = Source {
        path: RootPath::clean(&file.name),
        kind: EntryKind::File {
            size: file.content.len() as u64,
        },
        mode: INLINE_MODE,
        owner: (0, 0),
        mtime: now,
        bytes: Bytes::Inline(file.content.clone()),
        same: None,
        implied: false,
    };
    Tree {
        name: file.name.clone(),
        top,
        below: Vec::new(),
        parents: Vec::new(),
        archive: false,
    }
}

/// What is to be made at a path of the new layer.
struct Target {
    entry: Entry,
    bytes: Bytes,
    /// Leads to something; lower layers may have it already.
    leading: bool,
    source: RootPath,
    /// The source it belongs to, and what further names of the file have in common.
    same: Option<(usize, Same)>,
}

/// Works out what a COPY makes.
struct Placement<'a> {
    below: &'a Stack,
    copy: &'a CopyStep,
    owner: Option<(u32, u32)>,
    now: i64,
    /// The source that is being placed.
    tree: usize,
    targets: BTreeMap<RootPath, Target>,
}

/// Carries a COPY out: everything in `trees` goes on top of `below` as a new layer.
pub fn copy(
    store: &Store,
    below: &Stack,
    copy: &CopyStep,
    mut trees: Vec<Tree>,
    reader: &Reader<'_>,
    times: Times,
) -> Result<Layer, BuildError> {
    let owner = copy
        .chown
        .as_ref()
        .map(|owner| users::chown(below, owner))
        .transpose()?;
    trees.extend(copy.inline.iter().map(|file| inline_tree(file, times.now)));
    let mut placement = Placement {
        below,
        copy,
        owner,
        now: times.now,
        tree: 0,
        targets: BTreeMap::new(),
    };
    for (index, tree) in trees.iter().enumerate() {
        placement.tree = index;
        placement.place(tree)?;
    }
    placement.link_names_of_one_file();
    let mut draft = store.draft_layer()?.clamp_times(times.latest);
    for target in placement.targets.values() {
        reader.stop.check()?;
        write(&mut draft, target, reader)?;
    }
    Ok(draft.commit()?)
}

/// The time of the step, and the latest time anything in a layer may have.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// Seconds since the epoch.
    pub now: i64,
    /// `SOURCE_DATE_EPOCH`.
    pub latest: Option<i64>,
}

fn write(draft: &mut LayerDraft, target: &Target, reader: &Reader<'_>) -> Result<(), BuildError> {
    let mut entry = target.entry.clone();
    entry.xattrs = reader.xattrs(&target.bytes)?;
    let entry = &entry;
    if !matches!(entry.kind, EntryKind::File { .. }) {
        let added = if target.leading {
            draft.add_leading(entry)
        } else {
            draft.add(entry)
        };
        return Ok(added?);
    }
    if let Some(file) = reader.unchanged.file(&target.source, &entry.path) {
        return Ok(draft.add_file(entry, Content::Layer(&file))?);
    }
    match &target.bytes {
        Bytes::None => Ok(draft.add_file(entry, Content::Bytes(&[]))?),
        Bytes::Inline(text) => Ok(draft.add_file(entry, Content::Bytes(text.as_bytes()))?),
        Bytes::Layer(node) => {
            let layers = reader.layers.expect("nodes come from these layers");
            match layers.layer_file(node) {
                Some(file) => Ok(draft.add_file(entry, Content::Layer(&file))?),
                None => Ok(draft.add_file(entry, Content::Reader(&mut layers.open(node)?))?),
            }
        }
        Bytes::Archive(archive, node) => {
            let mut bytes = archive.stack().open(node)?;
            Ok(draft.add_file(entry, Content::Reader(&mut bytes))?)
        }
        Bytes::Fetched(path) => {
            let read = |source| StoreError::io("read", path)(source);
            let mut bytes = File::open(path).map_err(read)?;
            Ok(draft.add_file(entry, Content::Reader(&mut bytes))?)
        }
        Bytes::Context(file) => write_from_context(draft, entry, file),
    }
}

/// Copies a file of the context, which must still be what it was when its digest was taken: the
/// step's key promises these bytes.
fn write_from_context(
    draft: &mut LayerDraft,
    entry: &Entry,
    file: &ContextFile,
) -> Result<(), BuildError> {
    let path = || file.path.clone();
    let changed = || CopyError::Changed { path: path() };
    let unread = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => changed(),
        _ => CopyError::Read {
            path: path(),
            source,
        },
    };
    let mut bytes = File::open(file.host_path()).map_err(unread)?;
    match draft.add_file(entry, Content::Reader(&mut bytes)) {
        Err(StoreError::FileChanged(_)) => return Err(changed().into()),
        added => added?,
    }
    let now = FileStat::new(&bytes.metadata().map_err(unread)?);
    if now == file.metadata {
        Ok(())
    } else {
        Err(changed().into())
    }
}

impl Placement<'_> {
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
