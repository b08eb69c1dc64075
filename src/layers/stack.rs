//! [`Stack`]: the merged view of layers, without mounting anything.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::RootPath;
use super::entry::{Entry, EntryKind, Xattrs};
use super::error::{Result, StoreError};
use super::layer::LayerFile;
use super::level::Level;
use super::records::Records;
use super::store::{OwnersMode, Store};
use crate::digest::DiffId;

/// As many symbolic links as the kernel follows (`path_resolution(7)`).
const MOST_LINKS: usize = 40;

/// Layers on top of each other, as a container would see them.
#[derive(Debug)]
pub struct Stack {
    layers: Vec<DiffId>,
    /// Base first; one more than `layers` where there is an upper directory.
    pub(super) levels: Vec<Arc<Level>>,
    owners: OwnersMode,
    /// The levels that show something in a folder, uppermost first. A walk asks for the same
    /// folders over and over.
    pub(super) folders: RefCell<HashMap<RootPath, Vec<usize>>>,
}

/// Whether a symbolic link at the end of a path is followed; on the way they always are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follow {
    /// Follow it.
    Yes,
    /// The link itself is meant.
    No,
}

/// Something a stack shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Where.
    pub path: RootPath,
    /// What; hard links show as files, whiteouts never show, and no folder as opaque.
    pub kind: EntryKind,
    /// Permission bits.
    pub mode: u32,
    /// The owner an image says it has.
    pub uid: u32,
    /// The group an image says it has.
    pub gid: u32,
    /// When it was last modified, in seconds since the epoch.
    pub mtime: i64,
    /// The layer it comes from, counted from the base: an index into [`Stack::layers`], or their
    /// number for the upper directory.
    pub level: usize,
}

/// Where a path leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The path without symbolic links. Parts that do not exist are kept as they were written.
    pub path: RootPath,
    /// What is there, if anything is.
    pub node: Option<Node>,
}

impl Store {
    /// Returns the view of these layers, base first.
    pub fn stack(&self, layers: &[DiffId]) -> Result<Stack> {
        let level = |layer: &DiffId| {
            let layer = self.needed_layer(*layer)?;
            let records = Records::read(layer.folder())?;
            Level::open(layer.tree, records).map(Arc::new)
        };
        Ok(Stack {
            layers: layers.to_vec(),
            levels: layers.iter().map(level).collect::<Result<_>>()?,
            owners: self.owners(),
            folders: RefCell::default(),
        })
    }
}

impl Stack {
    /// Puts an overlay's upper directory on top: the view of a container.
    pub fn with_upper(mut self, upper: &Path) -> Result<Self> {
        let records = Records::new(self.owners);
        self.levels.truncate(self.layers.len());
        self.levels
            .push(Arc::new(Level::open(upper.to_owned(), records)?));
        self.folders.get_mut().clear();
        Ok(self)
    }

    /// Puts a tree that is no layer on top.
    pub(super) fn with_level(mut self, level: Level) -> Self {
        self.levels.push(Arc::new(level));
        self.folders.get_mut().clear();
        self
    }

    /// Returns the view of the lowest `count` levels alone.
    pub fn below(&self, count: usize) -> Self {
        let keep = |all: usize| count.min(all);
        Self {
            layers: self.layers[..keep(self.layers.len())].to_vec(),
            levels: self.levels[..keep(self.levels.len())].to_vec(),
            owners: self.owners,
            folders: RefCell::default(),
        }
    }

    /// Returns the layers, base first.
    pub fn layers(&self) -> &[DiffId] {
        &self.layers
    }

    /// Returns the trees, base first, for an overlay mount, each once: overlayfs refuses a folder
    /// that is named twice (ELOOP), and equal layers, such as those of two RUNs that change
    /// nothing, are one folder. The last of them says all that the earlier ones say.
    pub fn lower_dirs(&self) -> Vec<PathBuf> {
        let levels = self.levels[..self.layers.len()].iter().enumerate();
        levels
            .filter(|(index, _)| !self.layers[index + 1..].contains(&self.layers[*index]))
            .map(|(_, level)| level.tree.clone())
            .collect()
    }

    pub(super) fn level(&self, number: usize) -> Option<&Level> {
        self.levels.get(number).map(Arc::as_ref)
    }

    /// Returns what is at a path, following no symbolic link at all.
    pub fn lookup(&self, path: &RootPath) -> Result<Option<Node>> {
        let Some(parent) = path.parent() else {
            return self.root().map(Some);
        };
        match self.folder_levels(&parent)? {
            Some(levels) => Ok(self.merge(path, &levels)?.map(|merged| merged.node)),
            None => Ok(None),
        }
    }

    /// Follows a path as a process in the container would: links on the way, `..` not above the
    /// root. `path` may be absolute or relative to the root.
    pub fn resolve(&self, path: impl AsRef<OsStr>, follow: Follow) -> Result<Resolved> {
        let mut parts = split(path.as_ref());
        let mut at = RootPath::root();
        let mut node = Some(self.root()?);
        let mut links = 0;
        while let Some(part) = parts.pop_front() {
            if let Some(here) = &node
                && !here.kind.is_directory()
            {
                return Err(StoreError::NotADirectory(at));
            }
            match part.as_bytes() {
                b"" | b"." => continue,
                b".." => at = at.parent().unwrap_or_default(),
                _ => at = at.join(&part),
            }
            node = self.lookup(&at)?;
            if let Some(EntryKind::Symlink { target }) = node.as_ref().map(|node| &node.kind)
                && (follow == Follow::Yes || !parts.is_empty())
            {
                links += 1;
                if links > MOST_LINKS {
                    return Err(StoreError::SymlinkLoop(RootPath::clean(path.as_ref())));
                }
                let absolute = target.as_bytes().starts_with(b"/");
                let mut ahead = split(target);
                ahead.append(&mut parts);
                parts = ahead;
                at = if absolute {
                    RootPath::root()
                } else {
                    at.parent().unwrap_or_default()
                };
                node = self.lookup(&at)?;
            }
        }
        Ok(Resolved { path: at, node })
    }

    /// Returns what a folder shows, sorted by name. The path is one without links.
    pub fn read_dir(&self, folder: &RootPath) -> Result<Vec<Node>> {
        let Some(levels) = self.folder_levels(folder)? else {
            return Err(match self.lookup(folder)? {
                Some(_) => StoreError::NotADirectory(folder.clone()),
                None => StoreError::NotFound(folder.clone()),
            });
        };
        let merged = self.merged_children(folder, &levels)?;
        Ok(merged.into_iter().map(|merged| merged.node).collect())
    }

    /// Visits a path without links and everything in it, in the order of [`RootPath`].
    pub fn walk(&self, from: &RootPath, visit: &mut dyn FnMut(&Node) -> Result<()>) -> Result<()> {
        let node = self.lookup(from)?;
        let node = node.ok_or_else(|| StoreError::NotFound(from.clone()))?;
        visit(&node)?;
        match self.folder_levels(from)? {
            Some(levels) => self.walk_folder(from, &levels, visit),
            None => Ok(()),
        }
    }

    /// Opens a regular file for reading.
    pub fn open(&self, node: &Node) -> Result<File> {
        match node.kind {
            EntryKind::File { .. } => self.levels[node.level].open_file(&node.path),
            _ => Err(StoreError::NotAFile(node.path.clone())),
        }
    }

    /// Reads a whole file by a path, links followed, such as `/etc/passwd`; none if it is missing.
    pub fn read(&self, path: impl AsRef<OsStr>) -> Result<Option<Vec<u8>>> {
        let Some(node) = self.resolve(path, Follow::Yes)?.node else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        self.open(&node)?
            .read_to_end(&mut bytes)
            .map_err(StoreError::io("read", node.path.as_path()))?;
        Ok(Some(bytes))
    }

    /// Returns the entry that puts this node into another layer, extended attributes included.
    pub fn entry(&self, node: &Node) -> Result<Entry> {
        let xattrs = match self.level(node.level) {
            Some(level) => level.xattrs(&node.path)?,
            None => Xattrs::new(),
        };
        Ok(Entry {
            path: node.path.clone(),
            kind: node.kind.clone(),
            mode: node.mode,
            uid: node.uid,
            gid: node.gid,
            mtime: node.mtime,
            xattrs,
        })
    }

    /// Tells names of one file from those of others: hard links of a layer have the same answer.
    /// None for what cannot have further names.
    pub fn same_file(&self, node: &Node) -> Option<(usize, RootPath)> {
        let links = &self.level(node.level)?.records.links;
        let first = links.get(&node.path).unwrap_or(&node.path);
        (!links.is_empty()).then(|| (node.level, first.clone()))
    }

    /// Whether a folder is there only because the tar has something in it.
    pub fn is_implied(&self, node: &Node) -> bool {
        let level = self.level(node.level);
        level.is_some_and(|level| level.records.implied.contains(&node.path))
    }

    /// Names the file for [`Content::Layer`](super::Content::Layer); none for what lies in the
    /// upper directory or is no regular file.
    pub fn layer_file(&self, node: &Node) -> Option<LayerFile> {
        let layer = *self.layers.get(node.level)?;
        matches!(node.kind, EntryKind::File { .. }).then(|| LayerFile {
            layer,
            path: node.path.clone(),
        })
    }
}

fn split(path: &OsStr) -> VecDeque<OsString> {
    path.as_bytes()
        .split(|byte| *byte == b'/')
        .map(|part| OsStr::from_bytes(part).to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::store::tests::temporary_store;
    use crate::layers::{Content, Layer};

    fn path(text: &str) -> RootPath {
        RootPath::clean(text)
    }

    /// A layer from a list: `dir/`, `opaque//`, `link -> target`, `!whiteout`, `file`.
    fn layer(store: &Store, entries: &[&str]) -> Layer {
        let mut draft = store.draft_layer().unwrap();
        for text in entries {
            if let Some((name, target)) = text.split_once(" -> ") {
                draft.add(&Entry::symlink(path(name), target, 0)).unwrap();
            } else if let Some(name) = text.strip_prefix('!') {
                draft.add(&Entry::whiteout(path(name))).unwrap();
            } else if let Some(name) = text.strip_suffix('/') {
                let mut folder = Entry::directory(path(name), 0o755, 0);
                let opaque = name.ends_with('/');
                folder.kind = EntryKind::Directory { opaque };
                draft.add(&folder).unwrap();
            } else {
                let entry = Entry::file(path(text), text.len() as u64, 0o644, 0);
                draft
                    .add_file(&entry, Content::Bytes(text.as_bytes()))
                    .unwrap();
            }
        }
        draft.commit().unwrap()
    }

    fn stack(store: &Store, layers: &[&[&str]]) -> Stack {
        let layers: Vec<_> = layers
            .iter()
            .map(|entries| layer(store, entries).diff_id)
            .collect();
        store.stack(&layers).unwrap()
    }

    /// Paths and the levels they come from.
    fn shown(stack: &Stack) -> Vec<(String, usize)> {
        let mut shown = Vec::new();
        stack
            .walk(&RootPath::root(), &mut |node| {
                shown.push((node.path.to_string(), node.level));
                Ok(())
            })
            .unwrap();
        shown.split_off(1)
    }

    fn owned(list: &[(&str, usize)]) -> Vec<(String, usize)> {
        list.iter()
            .map(|(path, level)| ((*path).to_owned(), *level))
            .collect()
    }

    #[test]
    fn folders_of_several_levels_are_one_and_upper_files_win() {
        let (_folder, store) = temporary_store();
        let stack = stack(&store, &[&["a/", "a/x", "a/y"], &["a/", "a/y", "b"]]);
        let expected = [("a", 1), ("a/x", 0), ("a/y", 1), ("b", 1)];
        assert_eq!(shown(&stack), owned(&expected));
        assert_eq!(stack.lower_dirs().len(), 2);
    }

    #[test]
    fn equal_layers_are_one_folder_for_an_overlay() {
        let (_folder, store) = temporary_store();
        let stack = stack(&store, &[&["a"], &["b"], &["a"], &["c"]]);
        let expected = [&stack.layers[1], &stack.layers[2], &stack.layers[3]];
        let expected = expected
            .map(|id| store.layer(*id).unwrap().unwrap().tree)
            .to_vec();
        assert_eq!(stack.lower_dirs(), expected);
    }

    #[test]
    fn whiteouts_and_opaque_folders_hide() {
        let (_folder, store) = temporary_store();
        let stack = stack(
            &store,
            &[
                &["a/", "a/x", "b/", "b/old", "c"],
                &["!a", "b//", "b/new", "!c"],
                &["a/", "a/z"],
            ],
        );
        let expected = [("a", 2), ("a/z", 2), ("b", 1), ("b/new", 1)];
        assert_eq!(shown(&stack), owned(&expected));
        assert_eq!(stack.lookup(&path("a/x")).unwrap(), None);
        assert_eq!(stack.lookup(&path("b/old")).unwrap(), None);
        assert_eq!(shown(&stack.below(1)).len(), 5);
    }

    #[test]
    fn a_file_in_place_of_a_folder_hides_what_was_in_it() {
        let (_folder, store) = temporary_store();
        let stack = stack(&store, &[&["a/", "a/x"], &["a"], &["a/", "a/y"]]);
        assert_eq!(shown(&stack), owned(&[("a", 2), ("a/y", 2)]));
        assert_eq!(shown(&stack.below(2)), owned(&[("a", 1)]));
    }

    #[test]
    fn links_lead_where_they_would_in_a_container() {
        let (_folder, store) = temporary_store();
        let stack = stack(
            &store,
            &[
                &[
                    "bin -> usr/bin",
                    "etc/",
                    "etc/up -> ../../../usr",
                    "usr/",
                    "usr/bin/",
                    "usr/bin/sh",
                ],
                &["abs -> /etc/up/bin", "loop -> loop2", "loop2 -> loop"],
            ],
        );
        for (from, to) in [
            ("/bin/sh", "usr/bin/sh"),
            ("abs/sh", "usr/bin/sh"),
            ("/etc/../../bin/./sh", "usr/bin/sh"),
            ("abs/new/file", "usr/bin/new/file"),
            ("/..", ""),
        ] {
            let resolved = stack.resolve(from, Follow::Yes).unwrap();
            assert_eq!(resolved.path, path(to), "{from}");
        }
        let link = stack.resolve("abs", Follow::No).unwrap();
        assert_eq!(link.path, path("abs"));
        let error = stack.resolve("loop/x", Follow::No).unwrap_err();
        assert!(matches!(error, StoreError::SymlinkLoop(_)));
        let error = stack.resolve("bin/sh/x", Follow::Yes).unwrap_err();
        assert!(matches!(error, StoreError::NotADirectory(at) if at == path("usr/bin/sh")));
    }

    #[test]
    fn a_link_to_a_file_of_the_host_reads_the_image() {
        let (_folder, store) = temporary_store();
        let stack = stack(
            &store,
            &[&["etc/", "passwd -> /etc/passwd", "up -> ../../../etc/passwd"]],
        );
        assert_eq!(stack.read("/passwd").unwrap(), None);
        assert_eq!(stack.read("/up").unwrap(), None);
    }

    #[test]
    fn a_container_shows_its_upper_directory_on_top() {
        let (folder, store) = temporary_store();
        let upper = folder.path().join("upper");
        std::fs::create_dir(&upper).unwrap();
        std::fs::write(upper.join("a"), "new").unwrap();
        let stack = stack(&store, &[&["a", "b"]]).with_upper(&upper).unwrap();
        assert_eq!(shown(&stack), owned(&[("a", 1), ("b", 0)]));
        assert_eq!(stack.read("a").unwrap().unwrap(), b"new");
        let node = stack.lookup(&path("a")).unwrap().unwrap();
        assert_eq!(stack.layer_file(&node), None);
        assert_eq!(stack.lower_dirs().len(), 1);
    }

    #[test]
    fn nothing_is_an_empty_folder() {
        let (_folder, store) = temporary_store();
        let stack = store.stack(&[]).unwrap();
        assert_eq!(shown(&stack), []);
        assert!(stack.read_dir(&RootPath::root()).unwrap().is_empty());
        let error = stack.read_dir(&path("x")).unwrap_err();
        assert!(matches!(error, StoreError::NotFound(_)));
    }
}
