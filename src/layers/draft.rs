//! [`LayerDraft`]: a layer in the making. Entries go to the tree and to the tar's hash at once.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use rustix::fs::{CWD, Mode, OFlags};

use super::entry::{Entry, EntryKind};
use super::error::{Result, StoreError};
use super::layer::{Layer, LayerFile, Numbers};
use super::node::{FOLDER, PLAIN};
use super::scratch::ScratchDir;
use super::store::Store;
use super::stream::TarStream;
use super::tree::TreeWriter;
use super::{RootPath, tar_header};
use crate::digest::{DiffId, Digest, Hasher};

/// Files up to this size are hashed here; handing larger ones to a thread pays.
const HASHED_HERE: u64 = 128 * 1024;

/// Where a file's content comes from.
pub enum Content<'a> {
    /// From memory.
    Bytes(&'a [u8]),
    /// From a reader with exactly as many bytes as the entry says.
    Reader(&'a mut dyn Read),
    /// From a file of a finished layer. The file is hard-linked where everything about it is
    /// equal, else its bytes are shared (reflink), else copied.
    Layer(&'a LayerFile),
}

/// A layer in the making, under `tmp/`; gone when dropped.
pub struct LayerDraft {
    store: Store,
    folder: ScratchDir,
    tree: TreeWriter,
    stream: TarStream,
    numbers: Numbers,
    last: Option<RootPath>,
    clamp: Option<i64>,
    /// The trees of finished layers that files were taken from.
    sources: HashMap<DiffId, (PathBuf, OwnedFd)>,
}

impl Store {
    /// Starts a layer.
    pub fn draft_layer(&self) -> Result<LayerDraft> {
        let folder = self.scratch()?;
        let tree = folder.path().join("tree");
        fs::create_dir(&tree).map_err(StoreError::io("make folder", &tree))?;
        let tar = folder.path().join("tar");
        Ok(LayerDraft {
            store: self.clone(),
            tree: TreeWriter::new(self, &tree)?,
            stream: TarStream::keeping_small(&tar).map_err(StoreError::io("create", &tar))?,
            folder,
            numbers: Numbers::default(),
            last: None,
            clamp: None,
            sources: HashMap::new(),
        })
    }
}

impl LayerDraft {
    /// Cuts times later than this (`SOURCE_DATE_EPOCH`) off, in every entry added from now on.
    pub fn clamp_times(mut self, latest: Option<i64>) -> Self {
        self.clamp = latest;
        self
    }

    /// Adds something that has no content: a folder, a link, a whiteout, a device, an empty file. Entries come
    /// in the order of [`RootPath`], and every folder before what lies in it.
    pub fn add(&mut self, entry: &Entry) -> Result<()> {
        if let EntryKind::File { .. } = entry.kind {
            return self.add_file(entry, Content::Bytes(b""));
        }
        self.numbers.count(&entry.kind);
        self.put(entry)
    }

    /// Adds a folder that lower layers have and that only leads to an entry to come: part of the
    /// tar, but not counted in [`Layer::folders`].
    pub fn add_leading(&mut self, entry: &Entry) -> Result<()> {
        self.put(entry)
    }

    /// Adds a regular file.
    pub fn add_file(&mut self, entry: &Entry, content: Content<'_>) -> Result<()> {
        self.file(entry, content, None).map(drop)
    }

    /// Adds a regular file and returns the digest of its content: one read feeds both hashes.
    pub fn add_hashed(&mut self, entry: &Entry, content: Content<'_>) -> Result<Digest> {
        let hash = ContentHash::new(entry.kind.size());
        let digest = self.file(entry, content, Some(hash))?;
        Ok(digest.expect("a hash was asked for"))
    }

    /// Finishes the layer: it gets its diff id and moves into the store. If the store has it
    /// already, that one is returned and the draft goes.
    pub fn commit(mut self) -> Result<Layer> {
        self.write_tar(&tar_header::END)?;
        let records = self.tree.finish()?;
        records.write(self.folder.path())?;
        let streamed = self
            .stream
            .finish()
            .map_err(StoreError::io("write", self.folder.path()))?;
        self.store.adopt(&self.folder, &streamed, self.numbers)
    }

    fn put(&mut self, entry: &Entry) -> Result<()> {
        let mut entry = self.prepare(entry)?;
        self.tree.put(&entry)?;
        if let EntryKind::HardLink { .. } = entry.kind {
            self.tree.look_like_target(&mut entry)?;
        }
        self.write_header(&entry)
    }

    fn file(
        &mut self,
        entry: &Entry,
        content: Content<'_>,
        hash: Option<ContentHash>,
    ) -> Result<Option<Digest>> {
        let entry = &self.prepare(entry)?;
        self.numbers.count(&entry.kind);
        self.write_header(entry)?;
        match content {
            Content::Bytes(mut bytes) => self.write_new(entry, &mut bytes, hash),
            Content::Reader(reader) => self.write_new(entry, reader, hash),
            Content::Layer(file) => self.reuse(entry, file, hash),
        }
    }

    /// Checks the order and cuts the time.
    fn prepare(&mut self, entry: &Entry) -> Result<Entry> {
        if let Some(last) = &self.last
            && *last >= entry.path
        {
            return Err(StoreError::EntryOrder {
                path: entry.path.clone(),
                after: last.clone(),
            });
        }
        self.last = Some(entry.path.clone());
        let mut entry = entry.clone();
        entry.mtime = entry.mtime.min(self.clamp.unwrap_or(i64::MAX));
        Ok(entry)
    }

    fn write_header(&mut self, entry: &Entry) -> Result<()> {
        let mut header = Vec::with_capacity(tar_header::BLOCK);
        tar_header::append(entry, &mut header);
        self.write_tar(&header)
    }

    fn write_tar(&mut self, bytes: &[u8]) -> Result<()> {
        let written = self.stream.write_all(bytes);
        written.map_err(StoreError::io("write", self.folder.path()))
    }

    fn write_new(
        &mut self,
        entry: &Entry,
        from: &mut dyn Read,
        hash: Option<ContentHash>,
    ) -> Result<Option<Digest>> {
        let mut file = self.tree.create_file(entry)?;
        let digest = self.pump(entry, from, Some(&mut file), hash)?;
        self.tree.finish_file(&file, entry)?;
        Ok(digest)
    }

    /// Takes a file of a finished layer: linked, else sharing its bytes, else copied.
    fn reuse(
        &mut self,
        entry: &Entry,
        file: &LayerFile,
        hash: Option<ContentHash>,
    ) -> Result<Option<Digest>> {
        let (mut source, on_disk) = self.open_source(file)?;
        if self.tree.is_like(entry, &source, &on_disk)? {
            let (_, folder) = &self.sources[&file.layer];
            if self.tree.link_from(entry, folder, &file.path)? {
                return self.pump(entry, &mut source, None, hash);
            }
        }
        let mut copy = self.tree.create_file(entry)?;
        let shared = rustix::fs::ioctl_ficlone(&copy, &source).is_ok();
        let to = (!shared).then_some(&mut copy);
        let digest = self.pump(entry, &mut source, to, hash)?;
        self.tree.finish_file(&copy, entry)?;
        Ok(digest)
    }

    fn open_source(&mut self, file: &LayerFile) -> Result<(File, PathBuf)> {
        if !self.sources.contains_key(&file.layer) {
            let tree = self.store.layer_path(file.layer).join("tree");
            let handle = rustix::fs::openat(CWD, &tree, FOLDER, Mode::empty())
                .map_err(|_| StoreError::LayerMissing(file.layer))?;
            self.sources.insert(file.layer, (tree, handle));
        }
        let (tree, folder) = &self.sources[&file.layer];
        let on_disk = tree.join(file.path.as_path());
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let source = rustix::fs::openat2(folder, file.path.as_path(), flags, Mode::empty(), PLAIN)
            .map_err(StoreError::io("open", &on_disk))?;
        Ok((source.into(), on_disk))
    }

    /// Moves a file's content into the stream, a file on disk and the hash of its own.
    fn pump(
        &mut self,
        entry: &Entry,
        from: &mut dyn Read,
        mut to: Option<&mut File>,
        mut hash: Option<ContentHash>,
    ) -> Result<Option<Digest>> {
        let io = |source| StoreError::io("copy", entry.path.as_path())(source);
        if matches!(hash, Some(ContentHash::Thread)) {
            self.stream.begin_content();
        }
        let mut left = entry.kind.size();
        while left > 0 {
            let room = self.stream.room();
            let most = usize::try_from(left).map_or(room.len(), |left| left.min(room.len()));
            let count = read_some(from, &mut room[..most]).map_err(io)?;
            if count == 0 {
                return Err(StoreError::FileChanged(entry.path.clone()));
            }
            let bytes = self.stream.take(count);
            if let Some(file) = &mut to {
                file.write_all(bytes).map_err(io)?;
            }
            if let Some(ContentHash::Here(hasher)) = &mut hash {
                hasher.update(bytes);
            }
            left -= count as u64;
        }
        let digest = match hash {
            None => None,
            Some(ContentHash::Here(hasher)) => Some(hasher.finish()),
            Some(ContentHash::Thread) => Some(self.stream.end_content()),
        };
        self.write_tar(tar_header::padding(entry.kind.size()))?;
        Ok(digest)
    }
}

impl std::fmt::Debug for LayerDraft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LayerDraft")
            .field("folder", &self.folder)
            .field("last", &self.last)
            .finish_non_exhaustive()
    }
}

/// How the content of one file gets its own digest.
enum ContentHash {
    Here(Hasher),
    Thread,
}

impl ContentHash {
    fn new(size: u64) -> Self {
        if size > HASHED_HERE {
            Self::Thread
        } else {
            Self::Here(Hasher::new())
        }
    }
}

fn read_some(from: &mut dyn Read, room: &mut [u8]) -> io::Result<usize> {
    loop {
        match from.read(room) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}

impl Numbers {
    /// Counts an entry.
    pub(super) fn count(&mut self, kind: &EntryKind) {
        match kind {
            EntryKind::Whiteout => self.deleted += 1,
            EntryKind::Directory { .. } => self.folders += 1,
            _ => self.files += 1,
        }
        self.size += kind.size();
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{FileTypeExt, MetadataExt};

    use super::*;
    use crate::layers::store::tests::temporary_store;

    const TIME: i64 = 1_700_000_000;

    fn path(text: &str) -> RootPath {
        RootPath::clean(text)
    }

    fn file(text: &str, size: u64) -> Entry {
        Entry::file(path(text), size, 0o644, TIME)
    }

    #[test]
    fn a_layer_has_the_digest_of_its_tar() {
        let (_folder, store) = temporary_store();
        let mut draft = store.draft_layer().unwrap();
        draft
            .add(&Entry::directory(path("app"), 0o2750, TIME))
            .unwrap();
        let size = 300_000;
        let content = vec![7; size];
        let mut entry = file("app/big", size as u64);
        entry.mode = 0o4711;
        let digest = draft.add_hashed(&entry, Content::Reader(&mut &content[..]));
        assert_eq!(digest.unwrap(), Digest::of(&content));
        draft
            .add_file(&file("app/small", 2), Content::Bytes(b"hi"))
            .unwrap();
        draft
            .add(&Entry::symlink(path("app/to"), "/etc", TIME))
            .unwrap();
        draft.add(&Entry::whiteout(path("gone"))).unwrap();
        let layer = draft.commit().unwrap();

        let tar = fs::read(store.blob_path(layer.diff_id.0)).unwrap();
        assert_eq!(Digest::of(&tar), layer.diff_id.0);
        assert_eq!(tar.len() as u64, layer.tar_size);
        assert_eq!(
            (layer.size, layer.files, layer.folders, layer.deleted),
            (300_002, 3, 1, 1)
        );
        let on_disk = |name: &str| fs::symlink_metadata(layer.tree.join(name)).unwrap();
        assert_eq!(on_disk("app").mode() & 0o7777, 0o2750);
        assert_eq!(on_disk("app").mtime(), TIME);
        assert_eq!(on_disk("app/big").mode() & 0o7777, 0o4711);
        assert!(on_disk("gone").file_type().is_char_device());
        assert_eq!(store.layer(layer.diff_id).unwrap(), Some(layer));
    }

    #[test]
    fn equal_drafts_become_one_layer() {
        let (_folder, store) = temporary_store();
        let make = || {
            let mut draft = store.draft_layer().unwrap();
            draft.add_file(&file("f", 1), Content::Bytes(b"x")).unwrap();
            draft.commit().unwrap()
        };
        assert_eq!(make(), make());
        let scratch = store.scratch().unwrap();
        let own = scratch.path().parent().unwrap();
        assert_eq!(fs::read_dir(own).unwrap().count(), 1);
    }

    #[test]
    fn a_file_without_content_needs_none() {
        let (_folder, store) = temporary_store();
        let mut draft = store.draft_layer().unwrap();
        draft.add(&file("empty", 0)).unwrap();
        let error = draft.add(&file("full", 1));
        assert!(matches!(error, Err(StoreError::FileChanged(_))));
        drop(draft);
    }

    #[test]
    fn an_empty_layer_is_the_empty_tar() {
        let (_folder, store) = temporary_store();
        let layer = store.draft_layer().unwrap().commit().unwrap();
        assert_eq!(layer.diff_id.0, Digest::of(&[0; 1024]));
    }

    #[test]
    fn entries_out_of_order_or_without_their_folder_are_refused() {
        let (_folder, store) = temporary_store();
        let mut draft = store.draft_layer().unwrap();
        draft
            .add(&Entry::directory(path("b"), 0o755, TIME))
            .unwrap();
        let error = draft.add(&Entry::directory(path("a"), 0o755, TIME));
        assert!(matches!(error, Err(StoreError::EntryOrder { .. })));
        let error = draft.add(&Entry::directory(path("c/d"), 0o755, TIME));
        assert!(matches!(error, Err(StoreError::FolderMissing(_))));
    }

    #[test]
    fn a_file_that_shrinks_while_it_is_read_is_refused() {
        let (_folder, store) = temporary_store();
        let mut draft = store.draft_layer().unwrap();
        let error = draft.add_file(&file("f", 5), Content::Reader(&mut &b"four"[..]));
        assert!(matches!(error, Err(StoreError::FileChanged(_))));
    }

    #[test]
    fn an_equal_file_of_an_older_layer_is_linked_and_a_changed_one_is_not() {
        let (_folder, store) = temporary_store();
        let mut draft = store.draft_layer().unwrap();
        draft
            .add_file(&file("f", 5), Content::Bytes(b"bytes"))
            .unwrap();
        let old = draft.commit().unwrap();
        let source = LayerFile {
            layer: old.diff_id,
            path: path("f"),
        };

        let mut draft = store.draft_layer().unwrap();
        let mut other_mode = file("a", 5);
        other_mode.mode = 0o600;
        let digest = draft.add_hashed(&other_mode, Content::Layer(&source));
        assert_eq!(digest.unwrap(), Digest::of(b"bytes"));
        draft
            .add_file(&file("b", 5), Content::Layer(&source))
            .unwrap();
        let new = draft.commit().unwrap();

        let inode = |layer: &Layer, name: &str| fs::metadata(layer.tree.join(name)).unwrap().ino();
        assert_eq!(inode(&new, "b"), inode(&old, "f"));
        assert_ne!(inode(&new, "a"), inode(&old, "f"));
        assert_eq!(fs::read(new.tree.join("a")).unwrap(), b"bytes");
    }

    #[test]
    fn a_hard_link_says_of_itself_what_its_file_is() {
        let (_folder, store) = temporary_store();
        let mut draft = store.draft_layer().unwrap();
        let mut entry = file("a", 2);
        entry.mode = 0o600;
        draft.add_file(&entry, Content::Bytes(b"hi")).unwrap();
        let target = path("a");
        let link = EntryKind::HardLink { target };
        draft.add(&Entry::new(path("b"), link, 0o777, 3)).unwrap();
        let layer = draft.commit().unwrap();
        let tar = fs::read(store.blob_path(layer.diff_id.0)).unwrap();
        let mut archive = tar::Archive::new(&tar[..]);
        let seen: Vec<_> = archive
            .entries()
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                (
                    entry.header().mode().unwrap(),
                    entry.header().mtime().unwrap(),
                )
            })
            .collect();
        assert_eq!(seen, [(0o600, TIME.unsigned_abs()); 2]);
    }

    #[test]
    fn later_times_are_cut_and_earlier_ones_stay() {
        let (_folder, store) = temporary_store();
        let mut draft = store.draft_layer().unwrap().clamp_times(Some(100));
        draft.add(&Entry::directory(path("a"), 0o755, 7)).unwrap();
        draft
            .add(&Entry::directory(path("b"), 0o755, TIME))
            .unwrap();
        let layer = draft.commit().unwrap();
        let time = |name: &str| fs::metadata(layer.tree.join(name)).unwrap().mtime();
        assert_eq!((time("a"), time("b")), (7, 100));
    }
}
