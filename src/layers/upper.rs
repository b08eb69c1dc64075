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
use super::{RootPath, node, tar_header, xattrs};

/// How an upper directory is to be read.
pub struct UpperOptions<'a> {
    /// What the overlay was mounted on. Says which whiteouts and opaque folders hide something,
    /// and which owners files had ([`OwnersMode::Recorded`](super::OwnersMode::Recorded)).
    pub below: &'a Stack,
    /// Who owns new files, in [`OwnersMode::Recorded`](super::OwnersMode::Recorded); the kernel knows otherwise.
    pub owner: (u32, u32),
    /// Cuts times later than this off (`SOURCE_DATE_EPOCH`).
    pub clamp: Option<i64>,
}

impl Store {
    /// Makes a layer of an overlay's upper directory, which is moved, not copied: it has to lie
    /// in the store's file system, unmounted. Times lose their fractions of seconds, sockets and
    /// overlay's own attributes go.
    pub fn commit_upper(&self, upper: &Path, options: &UpperOptions<'_>) -> Result<Layer> {
        let level = Level::open(upper.to_owned(), Records::default())?;
        self.commit_level(&level, options)
    }

    /// Makes a layer of a tree in the form of an upper directory, and what is noted about it.
    pub(super) fn commit_level(&self, level: &Level, options: &UpperOptions<'_>) -> Result<Layer> {
        let draft = self.scratch()?;
        let tar = draft.path().join("tar");
        let upper = level.tree.as_path();
        drop_marks(upper, MarkOpaque::Drop)?;
        let mut reading = Reading {
            level,
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
        self.adopt(&draft, &streamed, reading.numbers)
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
            EntryKind::Whiteout => {
                self.numbers.count(&EntryKind::Whiteout);
                self.records
                    .keep_whiteout(&self.level.records, &found.entry.path);
            }
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
        let Some(first) = self.names.get(&inode).cloned() else {
            self.names.insert(inode, entry.path.clone());
            return;
        };
        // One file has one owner, whatever was at its further names before.
        (entry.uid, entry.gid) = self.records.owner(&first, (entry.uid, entry.gid));
        self.records.forget(&entry.path);
        self.records.share(&first, &entry.path);
        entry.kind = EntryKind::HardLink { target: first };
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
        let times = node::times(found.entry.mtime);
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::MetadataExt;
    use std::path::PathBuf;

    use rustix::fs::{FileType, Mode, XattrFlags};

    use super::*;
    use crate::layers::regenerate::diff_id_of_tree;
    use crate::layers::store::tests::temporary_store;
    use crate::layers::{ChangeKind, Content, OwnersMode};

    struct Fixture {
        _folder: tempfile::TempDir,
        store: Store,
        base: Layer,
        upper: PathBuf,
    }

    impl Fixture {
        /// A base with `etc/passwd`, owned by 5:6, and `old/f`; and an empty upper directory.
        fn new() -> Self {
            let (folder, store) = temporary_store();
            let mut draft = store.draft_layer().unwrap();
            let path = RootPath::clean;
            draft.add(&Entry::directory(path("etc"), 0o755, 9)).unwrap();
            let passwd = Entry::file(path("etc/passwd"), 4, 0o644, 9);
            let passwd = match store.owners() {
                OwnersMode::Recorded => passwd.owned_by(5, 6),
                OwnersMode::Kernel => passwd,
            };
            draft.add_file(&passwd, Content::Bytes(b"root")).unwrap();
            draft.add(&Entry::directory(path("old"), 0o755, 9)).unwrap();
            let file = Entry::file(path("old/f"), 1, 0o644, 9);
            draft.add_file(&file, Content::Bytes(b"x")).unwrap();
            let base = draft.commit().unwrap();
            let upper = store.root().join("containers/upper");
            fs::create_dir(&upper).unwrap();
            Self {
                _folder: folder,
                store,
                base,
                upper,
            }
        }

        fn write(&self, path: &str, text: &str) {
            let path = self.upper.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }

        fn whiteout(&self, path: &str) {
            let path = self.upper.join(path);
            let mode = Mode::empty();
            rustix::fs::mknodat(rustix::fs::CWD, path, FileType::CharacterDevice, mode, 0).unwrap();
        }

        fn mark(&self, path: &str, name: &str, value: &[u8]) {
            let path = self.upper.join(path);
            rustix::fs::lsetxattr(path, name, value, XattrFlags::empty()).unwrap();
        }

        fn below(&self) -> Stack {
            self.store.stack(&[self.base.diff_id]).unwrap()
        }

        fn commit(&self) -> Result<Layer> {
            let below = self.below();
            let options = UpperOptions {
                below: &below,
                owner: (0, 0),
                clamp: Some(100),
            };
            self.store.commit_upper(&self.upper, &options)
        }

        fn changes(&self, layer: &Layer) -> Vec<(ChangeKind, String)> {
            let stack = self
                .store
                .stack(&[self.base.diff_id, layer.diff_id])
                .unwrap();
            let changes = stack.changes(1).unwrap();
            changes
                .into_iter()
                .map(|change| (change.kind, change.path.to_string()))
                .collect()
        }
    }

    #[test]
    fn an_upper_directory_becomes_a_layer_and_is_gone() {
        let upper = Fixture::new();
        upper.write("etc/passwd", "root and more");
        upper.write("new/f", "n");
        upper.whiteout("old");
        let layer = upper.commit().unwrap();
        assert!(!upper.upper.exists());
        assert_eq!(
            upper.changes(&layer),
            [
                (ChangeKind::Modified, "etc/passwd".to_owned()),
                (ChangeKind::Added, "new".to_owned()),
                (ChangeKind::Added, "new/f".to_owned()),
                (ChangeKind::Deleted, "old".to_owned()),
            ]
        );
        // `etc` only leads to a change.
        assert_eq!((layer.files, layer.folders, layer.deleted), (2, 1, 1));
        assert_eq!(diff_id_of_tree(&layer).unwrap(), layer.diff_id);
        let file = fs::metadata(layer.tree.join("new/f")).unwrap();
        assert_eq!((file.mtime(), file.mtime_nsec()), (100, 0));
    }

    #[test]
    fn marks_that_hide_nothing_are_dropped() {
        let upper = Fixture::new();
        upper.write("new/f", "n");
        upper.mark("new", "user.overlay.opaque", b"y");
        upper.mark("new", "user.overlay.origin", b"abc");
        upper.mark("", "user.overlay.impure", b"y");
        upper.whiteout("new/nothing-below");
        let layer = upper.commit().unwrap();
        assert!(!xattrs::is_opaque(&layer.tree.join("new")).unwrap());
        let left = xattrs::overlay_marks(&layer.tree).unwrap().names;
        assert!(left.is_empty(), "{left:?}");
        assert_eq!(layer.deleted, 0);
        assert!(!layer.tree.join("new/nothing-below").exists());
        assert_eq!(diff_id_of_tree(&layer).unwrap(), layer.diff_id);
    }

    #[test]
    fn an_opaque_folder_in_place_of_a_lower_one_hides_it() {
        let upper = Fixture::new();
        upper.write("old/g", "g");
        upper.mark("old", "user.overlay.opaque", b"y");
        let layer = upper.commit().unwrap();
        let expected = [
            (ChangeKind::Deleted, "old/f".to_owned()),
            (ChangeKind::Added, "old/g".to_owned()),
        ];
        assert_eq!(upper.changes(&layer), expected);
        assert_eq!(diff_id_of_tree(&layer).unwrap(), layer.diff_id);
    }

    #[test]
    fn hard_links_stay_links_and_sockets_go() {
        let upper = Fixture::new();
        upper.write("a", "linked");
        fs::hard_link(upper.upper.join("a"), upper.upper.join("b")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(upper.upper.join("s")).unwrap();
        let layer = upper.commit().unwrap();
        assert_eq!((layer.files, layer.size), (2, 6));
        assert!(!layer.tree.join("s").exists());
        let mut tar = Vec::new();
        upper.store.layer_tar(&layer, &mut tar).unwrap();
        let kinds: Vec<_> = tar::Archive::new(&tar[..])
            .entries()
            .unwrap()
            .map(|entry| entry.unwrap().header().entry_type())
            .collect();
        assert_eq!(kinds, [tar::EntryType::Regular, tar::EntryType::Link]);
    }

    #[test]
    fn what_only_overlay_understands_is_refused() {
        let upper = Fixture::new();
        upper.write("moved/f", "x");
        upper.mark("moved", "user.overlay.redirect", b"/old");
        let error = upper.commit().unwrap_err();
        assert!(matches!(
            error,
            StoreError::OverlayFeature {
                feature: "redirect_dir",
                ..
            }
        ));
    }

    #[test]
    fn with_one_id_a_changed_file_keeps_its_owner() {
        let mut upper = Fixture::new();
        upper.store.set_owners(OwnersMode::Recorded);
        let mut draft = upper.store.draft_layer().unwrap();
        let file = Entry::file(RootPath::clean("theirs"), 1, 0o644, 9).owned_by(1000, 7);
        draft.add_file(&file, Content::Bytes(b"x")).unwrap();
        upper.base = draft.commit().unwrap();
        upper.write("theirs", "changed");
        upper.write("mine", "new");
        let below = upper.below();
        let options = UpperOptions {
            below: &below,
            owner: (33, 34),
            clamp: None,
        };
        let layer = upper.store.commit_upper(&upper.upper, &options).unwrap();
        let stack = upper
            .store
            .stack(&[upper.base.diff_id, layer.diff_id])
            .unwrap();
        let owner = |path: &str| {
            let node = stack.lookup(&RootPath::clean(path)).unwrap().unwrap();
            (node.uid, node.gid)
        };
        assert_eq!((owner("theirs"), owner("mine")), ((1000, 7), (33, 34)));
        assert_eq!(diff_id_of_tree(&layer).unwrap(), layer.diff_id);
    }
}
