//! Layers that no build makes: what a container changed (`commit`), and the files of a tar (`import`).

use std::collections::BTreeMap;
use std::fs::File;

use super::RootPath;
use super::changes::{self, Change, ChangeKind};
use super::draft::{Content, LayerDraft};
use super::entry::{Entry, EntryKind};
use super::error::{Result, StoreError};
use super::layer::Layer;
use super::plain::{self, Limit};
use super::stack::{Node, Stack};
use super::store::{OwnersMode, Store};

impl Store {
    /// Makes a layer of what `after`, `before` with a container's changes on top, has over `before`.
    /// The container keeps its files, and may be running: a file that becomes shorter while it is
    /// read is refused.
    pub fn capture(&self, before: &Stack, after: &Stack) -> Result<Layer> {
        let number = before.layers().len();
        let changes = if after.layers().len() == number {
            after.changes(number)?
        } else {
            // The container has a copy of the layers instead of an overlay.
            changes::between(before, after)?
        };
        let mut parts: BTreeMap<RootPath, Option<&Change>> = BTreeMap::new();
        for change in changes.iter().filter(|change| !change.path.is_root()) {
            // What went with its folder is hidden by that one's whiteout.
            if change.kind == ChangeKind::Deleted && !has_folder(after, &change.path)? {
                continue;
            }
            let mut folder = change.path.parent();
            while let Some(leading) = folder.filter(|folder| !folder.is_root()) {
                parts.entry(leading.clone()).or_default();
                folder = leading.parent();
            }
            parts.insert(change.path.clone(), Some(change));
        }
        let mut draft = self.draft_layer()?;
        for (path, change) in parts {
            let kind = change.map(|change| change.kind);
            if kind == Some(ChangeKind::Deleted) {
                draft.add(&Entry::whiteout(path))?;
                continue;
            }
            // What went while we were looking is not there.
            let Some(node) = after.lookup(&path)? else {
                continue;
            };
            let entry = self.entry_as_owned(before, after, &node)?;
            match change {
                None => draft.add_leading(&entry)?,
                Some(_) => add(&mut draft, after, &node, &entry)?,
            }
        }
        draft.commit()
    }

    /// With one id, nothing on disk says whose a file is: what was there before keeps its owner.
    fn entry_as_owned(&self, before: &Stack, after: &Stack, node: &Node) -> Result<Entry> {
        let mut entry = after.entry(node)?;
        if let EntryKind::Directory { opaque } = &mut entry.kind {
            // Every path that is hidden is deleted by name.
            *opaque = false;
        }
        if self.owners() == OwnersMode::Recorded
            && let Some(known) = before.lookup(&node.path)?
        {
            (entry.uid, entry.gid) = (known.uid, known.gid);
        }
        Ok(entry)
    }

    /// Makes a layer of a tar, plain or compressed in any way that is known.
    pub fn import_tar(&self, from: File) -> Result<Layer> {
        let size = from.metadata().map_or(0, |meta| meta.len());
        let limit = Limit::new(size, self.unpacks_to());
        let mut plain = plain::plain(from, limit).map_err(plain::read_error)?;
        self.apply_tar(&mut plain, &[])
    }
}

/// Whether the folder is there that a path would lie in.
fn has_folder(stack: &Stack, path: &RootPath) -> Result<bool> {
    let Some(folder) = path.parent().filter(|folder| !folder.is_root()) else {
        return Ok(true);
    };
    let there = stack.lookup(&folder)?;
    Ok(there.is_some_and(|node| node.kind.is_directory()))
}

fn add(draft: &mut LayerDraft, after: &Stack, node: &Node, entry: &Entry) -> Result<()> {
    if !matches!(entry.kind, EntryKind::File { .. }) {
        return draft.add(entry);
    }
    let mut file = after.open(node)?;
    let size = file
        .metadata()
        .map_err(StoreError::io("read", node.path.as_path()))?
        .len();
    // A file that is being written to has its size from the moment it is opened.
    let mut entry = entry.clone();
    entry.kind = EntryKind::File { size };
    let mut whole = std::io::Read::take(&mut file, size);
    draft.add_file(&entry, Content::Reader(&mut whole))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::layers::store::tests::temporary_store;

    fn base(store: &Store) -> Layer {
        let mut draft = store.draft_layer().unwrap();
        for folder in ["d", "old"] {
            draft
                .add(&Entry::directory(RootPath::clean(folder), 0o755, 1))
                .unwrap();
            let path = RootPath::clean(format!("{folder}/f"));
            draft
                .add_file(&Entry::file(path, 1, 0o644, 1), Content::Bytes(b"1"))
                .unwrap();
        }
        draft.commit().unwrap()
    }

    #[test]
    fn what_a_copied_container_changed_becomes_a_layer() {
        let (_folder, store) = temporary_store();
        let base = base(&store);
        let before = store.stack(&[base.diff_id]).unwrap();
        let copied = store.scratch().unwrap();
        let root = copied.path().join("root");
        store.check_out(&before, &root).unwrap();
        fs::remove_dir_all(root.join("old")).unwrap();
        fs::create_dir_all(root.join("new/deep")).unwrap();
        fs::write(root.join("new/deep/f"), "22").unwrap();
        fs::write(root.join("d/f"), "333").unwrap();
        let after = store.stack(&[]).unwrap().with_upper(&root).unwrap();
        let layer = store.capture(&before, &after).unwrap();
        assert_eq!((layer.files, layer.deleted, layer.size), (2, 1, 5));
        let whole = store.stack(&[base.diff_id, layer.diff_id]).unwrap();
        assert_eq!(whole.read("/new/deep/f").unwrap().unwrap(), b"22");
        assert_eq!(whole.read("/d/f").unwrap().unwrap(), b"333");
        assert!(whole.read("/old/f").unwrap().is_none());
        assert_eq!(store.fsck().unwrap(), []);
    }
}
