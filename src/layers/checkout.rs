//! Layers copied into one folder, for machines without overlayfs, and the way back: what differs
//! in the folder afterwards becomes the upper directory that overlay would have left.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::entry::{Entry, EntryKind};
use super::error::{Result, StoreError};
use super::layer::Layer;
use super::level::{self, Level};
use super::records::Records;
use super::snapshot::{Part, Parts, Snapshot};
use super::stack::Stack;
use super::store::Store;
use super::tree::TreeWriter;
use super::upper::UpperOptions;
use super::{RootPath, files};

impl Store {
    /// Copies everything a stack shows into `folder`, which is made. Bytes are shared where the
    /// file system can (reflink). Files with several names become several files: overlay parts
    /// them as well, as soon as one is written to.
    pub fn check_out(&self, stack: &Stack, folder: &Path) -> Result<()> {
        files::make_folder(folder)?;
        let mut tree = TreeWriter::new(self, folder)?;
        stack.walk(&RootPath::root(), &mut |node| {
            if node.path.is_root() {
                return Ok(());
            }
            let entry = stack.entry(node)?;
            if !matches!(entry.kind, EntryKind::File { .. }) {
                return tree.put(&entry);
            }
            let (from, to) = (stack.open(node)?, tree.create_file(&entry)?);
            copy(&from, &to).map_err(StoreError::io("copy", folder.join(node.path.as_path())))?;
            tree.finish_file(&to, &entry)
        })?;
        // What the tree cannot hold is not seen through overlay either.
        tree.finish().map(drop)
    }

    /// Moves what changed in `folder` since the snapshot into `upper`, an empty folder beside it,
    /// in overlay's form. The folder is of no use afterwards.
    ///
    /// One thing overlay notices and this does not: a file that was opened for writing and then
    /// not written to.
    pub fn take_changes(
        &self,
        folder: &Path,
        before: &Snapshot,
        upper: &Path,
    ) -> Result<TakenChanges> {
        let parts = before.parts(&Snapshot::last(folder)?);
        let mut taking = Taking {
            from: Level::open(folder.to_owned(), Records::default())?,
            to: TreeWriter::new(self, upper)?,
        };
        taking.take(&RootPath::root(), &parts)?;
        Ok(TakenChanges {
            upper: upper.to_owned(),
            records: taking.to.finish()?.only_nodes(),
        })
    }

    /// Makes a layer of them, as [`commit_upper`](Self::commit_upper) does.
    pub fn commit_changes(
        &self,
        changes: TakenChanges,
        options: &UpperOptions<'_>,
    ) -> Result<Layer> {
        self.commit_level(&Level::open(changes.upper, changes.records)?, options)
    }
}

/// What was changed in a copy, in overlay's form.
#[derive(Debug)]
pub struct TakenChanges {
    upper: PathBuf,
    /// Whiteouts that could not be made.
    records: Records,
}

impl TakenChanges {
    /// Returns the upper directory.
    pub fn upper(&self) -> &Path {
        &self.upper
    }
}

/// Copies a file's content; it is shared where both lie in a file system that can.
fn copy(mut from: &File, mut to: &File) -> io::Result<()> {
    if rustix::fs::ioctl_ficlone(to, from).is_err() {
        io::copy(&mut from, &mut to)?;
    }
    Ok(())
}

/// Changes on their way into an upper directory.
struct Taking {
    from: Level,
    to: TreeWriter,
}

impl Taking {
    fn take(&mut self, folder: &RootPath, parts: &Parts) -> Result<()> {
        for (name, part) in parts {
            let path = folder.join(name);
            match part {
                Part::Gone => self.to.put(&Entry::whiteout(path))?,
                Part::Taken { opaque } => {
                    let on_disk = self.from.on_disk(&path);
                    self.to.move_in(&path, &on_disk, *opaque)?;
                }
                Part::Led(parts) => {
                    self.to.put(&self.folder(&path)?)?;
                    self.take(&path, parts)?;
                }
            }
        }
        Ok(())
    }

    /// Describes a folder as it is on disk: it has to be asked before anything is moved out of it.
    fn folder(&self, path: &RootPath) -> Result<Entry> {
        let found = self.from.stat(path)?;
        let stat = found.ok_or_else(|| StoreError::NotFound(path.clone()))?;
        Ok(Entry {
            xattrs: self.from.xattrs(path)?,
            ..Entry::directory(path.clone(), level::mode(&stat), stat.st_mtime)
                .owned_by(stat.st_uid, stat.st_gid)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;
    use crate::layers::store::tests::temporary_store;
    use crate::layers::{Change, ChangeKind, Content};

    /// A folder that two layers were copied into.
    struct Fixture {
        _folder: tempfile::TempDir,
        store: Store,
        below: Stack,
        folder: PathBuf,
        before: Snapshot,
    }

    impl Fixture {
        fn new() -> Self {
            let (keep, store) = temporary_store();
            let path = RootPath::clean;
            let mut base = store.draft_layer().unwrap();
            for folder in ["a", "a/b"] {
                let entry = Entry::directory(path(folder), 0o750, 9);
                base.add(&entry).unwrap();
            }
            for name in ["a/b/old", "a/f", "g"] {
                let entry = Entry::file(path(name), 4, 0o644, 9);
                base.add_file(&entry, Content::Bytes(b"base")).unwrap();
            }
            let mut link = Entry::symlink(path("z"), "nowhere", 9);
            link.mtime = 7;
            base.add(&link).unwrap();
            let base = base.commit().unwrap().diff_id;
            let mut top = store.draft_layer().unwrap();
            top.add(&Entry::whiteout(path("g"))).unwrap();
            let below = store.stack(&[base, top.commit().unwrap().diff_id]).unwrap();
            let folder = store.root().join("containers/rootfs");
            store.check_out(&below, &folder).unwrap();
            let before = Snapshot::take(&folder).unwrap();
            Self {
                _folder: keep,
                store,
                below,
                folder,
                before,
            }
        }

        fn at(&self, path: &str) -> PathBuf {
            self.folder.join(path)
        }

        /// What a layer made of the changes changes.
        fn changes(&self) -> Vec<(ChangeKind, String)> {
            let upper = self.store.root().join("containers/upper");
            fs::create_dir(&upper).unwrap();
            let taken = self
                .store
                .take_changes(&self.folder, &self.before, &upper)
                .unwrap();
            let options = UpperOptions {
                below: &self.below,
                owner: (0, 0),
                clamp: None,
            };
            let layer = self.store.commit_changes(taken, &options).unwrap();
            let mut layers = self.below.layers().to_vec();
            layers.push(layer.diff_id);
            let changes = self.store.stack(&layers).unwrap().changes(2).unwrap();
            let plain = |change: Change| (change.kind, change.path.to_string());
            changes.into_iter().map(plain).collect()
        }
    }

    fn expected(list: &[(ChangeKind, &str)]) -> Vec<(ChangeKind, String)> {
        list.iter()
            .map(|(kind, path)| (*kind, (*path).to_owned()))
            .collect()
    }

    #[test]
    fn a_copy_shows_what_the_stack_shows() {
        let fixture = Fixture::new();
        assert_eq!(fs::read(fixture.at("a/f")).unwrap(), b"base");
        assert!(!fixture.at("g").exists());
        let link = fs::read_link(fixture.at("z")).unwrap();
        assert_eq!(link, Path::new("nowhere"));
        let folder = fs::metadata(fixture.at("a/b")).unwrap();
        assert_eq!(folder.permissions().mode() & 0o7777, 0o750);
        assert_eq!(
            folder.modified().unwrap(),
            std::time::UNIX_EPOCH + std::time::Duration::from_secs(9)
        );
    }

    #[test]
    fn nothing_changed_is_an_empty_layer() {
        assert_eq!(Fixture::new().changes(), []);
    }

    #[test]
    fn what_was_changed_added_and_removed_is_found() {
        let fixture = Fixture::new();
        fs::write(fixture.at("a/new"), "n").unwrap();
        // As long as before, and with the same time: only the kernel's own mark tells.
        fs::write(fixture.at("a/b/old"), "BASE").unwrap();
        let times = super::super::node::times(9);
        rustix::fs::utimensat(
            rustix::fs::CWD,
            fixture.at("a/b/old"),
            &times,
            rustix::fs::AtFlags::empty(),
        )
        .unwrap();
        fs::remove_file(fixture.at("z")).unwrap();
        let changes = [
            (ChangeKind::Modified, "a/b/old"),
            (ChangeKind::Added, "a/new"),
            (ChangeKind::Deleted, "z"),
        ];
        assert_eq!(fixture.changes(), expected(&changes));
    }

    #[test]
    fn a_folder_that_was_made_anew_hides_the_old_one() {
        let fixture = Fixture::new();
        fs::remove_dir_all(fixture.at("a/b")).unwrap();
        fs::create_dir(fixture.at("a/b")).unwrap();
        fs::write(fixture.at("a/b/new"), "n").unwrap();
        let changes = fixture.changes();
        let inside: Vec<_> = changes
            .into_iter()
            .filter(|(_, path)| path.starts_with("a/b/"))
            .collect();
        let hidden = [
            (ChangeKind::Added, "a/b/new"),
            (ChangeKind::Deleted, "a/b/old"),
        ];
        assert_eq!(inside, expected(&hidden));
    }

    #[test]
    fn kinds_can_change_both_ways() {
        let fixture = Fixture::new();
        fs::remove_dir_all(fixture.at("a/b")).unwrap();
        symlink("f", fixture.at("a/b")).unwrap();
        fs::remove_file(fixture.at("a/f")).unwrap();
        fs::create_dir(fixture.at("a/f")).unwrap();
        let changes = [(ChangeKind::Modified, "a/b"), (ChangeKind::Modified, "a/f")];
        assert_eq!(fixture.changes(), expected(&changes));
    }
}
