//! What differs between two levels of a stack, or between two images.

use std::cmp::Ordering;
use std::io::Read;

use super::RootPath;
use super::entry::EntryKind;
use super::error::{Result, StoreError};
use super::level::Found;
use super::stack::{Node, Stack};

/// How a path differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    /// It was not there before.
    Added,
    /// Content, kind, mode, owner or link target differ.
    Modified,
    /// It is not there any more.
    Deleted,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// How.
    pub kind: ChangeKind,
    /// Where.
    pub path: RootPath,
    /// What it is; for [`ChangeKind::Deleted`], what it was.
    pub what: EntryKind,
    /// Bytes of content before; 0 for what was not there.
    pub before: u64,
    /// Bytes of content after; 0 for what is not there any more.
    pub after: u64,
}

impl Change {
    fn added(node: &Node) -> Self {
        Self {
            kind: ChangeKind::Added,
            path: node.path.clone(),
            what: node.kind.clone(),
            before: 0,
            after: node.kind.size(),
        }
    }

    fn deleted(node: &Node, size: u64) -> Self {
        Self {
            kind: ChangeKind::Deleted,
            path: node.path.clone(),
            what: node.kind.clone(),
            before: size,
            after: 0,
        }
    }

    fn modified(before: &Node, after: &Node) -> Self {
        Self {
            kind: ChangeKind::Modified,
            path: after.path.clone(),
            what: after.kind.clone(),
            before: before.kind.size(),
            after: after.kind.size(),
        }
    }
}

impl Stack {
    /// Returns what the level `level` changes in those below it, sorted by path: for a layer what
    /// its instruction did, for the upper directory (level number = number of layers) what the
    /// container did. A deleted folder is one change, with the bytes of everything that was in
    /// it. Folders that only lead to a change are none.
    pub fn changes(&self, level: usize) -> Result<Vec<Change>> {
        let below = self.below(level);
        let here = self.below(level + 1);
        let mut changes = Vec::new();
        let Some(top) = self.level(level) else {
            return Ok(changes);
        };
        top.walk(&mut |found: &mut Found<'_>| {
            let path = &found.entry.path;
            let before = below.lookup(path)?;
            let Some(after) = here.lookup(path)? else {
                if let Some(before) = before {
                    changes.push(Change::deleted(&before, below.size_within(path)?));
                }
                return Ok(());
            };
            match before {
                None => changes.push(Change::added(&after)),
                Some(before) if leads_only(&before, &after) => {}
                Some(before) => {
                    let hides = before.kind.is_directory() && !after.kind.is_directory();
                    let mut change = Change::modified(&before, &after);
                    if hides {
                        change.before = below.size_within(path)?;
                    }
                    changes.push(change);
                }
            }
            if found.entry.kind == (EntryKind::Directory { opaque: true }) {
                hidden_children(&below, &here, path, &mut changes)?;
            }
            Ok(())
        })?;
        changes.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(changes)
    }

    /// Returns the bytes of content at a path and in it.
    pub fn size_within(&self, path: &RootPath) -> Result<u64> {
        let mut size = 0;
        self.walk(path, &mut |node| {
            size += node.kind.size();
            Ok(())
        })?;
        Ok(size)
    }
}

/// An opaque folder deletes what lower levels have in it and it does not bring anew.
fn hidden_children(
    below: &Stack,
    here: &Stack,
    folder: &RootPath,
    changes: &mut Vec<Change>,
) -> Result<()> {
    let before = match below.read_dir(folder) {
        Err(StoreError::NotFound(_) | StoreError::NotADirectory(_)) => return Ok(()),
        children => children?,
    };
    for child in before {
        match here.lookup(&child.path)? {
            None => changes.push(Change::deleted(&child, below.size_within(&child.path)?)),
            // A new folder in place of the old one hides in turn what that one had.
            Some(after) if after.kind.is_directory() => {
                hidden_children(below, here, &child.path, changes)?;
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// A folder that is as it was: it is in the level because of what lies in it.
fn leads_only(before: &Node, after: &Node) -> bool {
    before.kind.is_directory() && same_metadata(before, after)
}

fn same_metadata(before: &Node, after: &Node) -> bool {
    before.kind == after.kind
        && (before.mode, before.uid, before.gid) == (after.mode, after.uid, after.gid)
}

/// Compares two listings, each sorted by path; pure. Folders differ by mode and owner, files also
/// by size and content, never by time. `same_content` is asked about files of equal size only.
/// What lies in a deleted folder is listed too.
pub fn compare(
    before: &[Node],
    after: &[Node],
    same_content: &mut dyn FnMut(&Node, &Node) -> Result<bool>,
) -> Result<Vec<Change>> {
    let mut changes = Vec::new();
    let (mut old, mut new) = (before.iter().peekable(), after.iter().peekable());
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return Ok(changes),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(old), Some(new)) => old.path.cmp(&new.path),
        };
        let gone = old.next_if(|_| order.is_le());
        let come = new.next_if(|_| order.is_ge());
        match (gone, come) {
            (Some(old), Some(new)) => {
                let is_file = matches!(new.kind, EntryKind::File { .. });
                if !same_metadata(old, new) || (is_file && !same_content(old, new)?) {
                    changes.push(Change::modified(old, new));
                }
            }
            (Some(old), None) => changes.push(Change::deleted(old, old.kind.size())),
            (None, Some(new)) => changes.push(Change::added(new)),
            (None, None) => {}
        }
    }
}

/// Compares everything two stacks show.
pub fn between(before: &Stack, after: &Stack) -> Result<Vec<Change>> {
    let (old, new) = (listing(before)?, listing(after)?);
    compare(&old, &new, &mut |one, other| {
        let same_file = before.layer_file(one).zip(after.layer_file(other));
        if same_file.is_some_and(|(one, other)| one == other) {
            return Ok(true);
        }
        same_bytes(before, one, after, other)
    })
}

fn listing(stack: &Stack) -> Result<Vec<Node>> {
    let mut nodes = Vec::new();
    stack.walk(&RootPath::root(), &mut |node| {
        nodes.push(node.clone());
        Ok(())
    })?;
    nodes.remove(0); // the root itself is no change anybody asked for
    Ok(nodes)
}

fn same_bytes(before: &Stack, one: &Node, after: &Stack, other: &Node) -> Result<bool> {
    let io = |source| StoreError::io("read", other.path.as_path())(source);
    let (mut one, mut other_file) = (before.open(one)?, after.open(other)?);
    let (mut a, mut b) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        let count = one.read(&mut a).map_err(io)?;
        if count == 0 {
            return Ok(true);
        }
        other_file.read_exact(&mut b[..count]).map_err(io)?;
        if a[..count] != b[..count] {
            return Ok(false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(path: &str, kind: EntryKind, mode: u32) -> Node {
        Node {
            path: RootPath::clean(path),
            kind,
            mode,
            uid: 0,
            gid: 0,
            mtime: 0,
            level: 0,
        }
    }

    fn file(path: &str, size: u64) -> Node {
        node(path, EntryKind::File { size }, 0o644)
    }

    fn folder(path: &str, mode: u32) -> Node {
        node(path, EntryKind::Directory { opaque: false }, mode)
    }

    #[test]
    fn listings_are_compared_path_by_path() {
        let before = [
            folder("a", 0o755),
            file("a/gone", 3),
            file("a/same", 1),
            file("z", 9),
        ];
        let mut touched = file("a/same", 1);
        touched.mtime = 99;
        let after = [folder("a", 0o700), file("a/new", 4), touched, file("z", 8)];
        let changes = compare(&before, &after, &mut |_, _| Ok(true)).unwrap();
        let seen: Vec<_> = changes
            .iter()
            .map(|c| (c.kind, c.path.to_string(), c.before, c.after))
            .collect();
        assert_eq!(
            seen,
            [
                (ChangeKind::Modified, "a".to_owned(), 0, 0),
                (ChangeKind::Deleted, "a/gone".to_owned(), 3, 0),
                (ChangeKind::Added, "a/new".to_owned(), 0, 4),
                (ChangeKind::Modified, "z".to_owned(), 9, 8),
            ]
        );
    }

    #[test]
    fn content_is_asked_for_only_where_nothing_else_tells() {
        let before = [file("a", 1), file("b", 1)];
        let after = [file("a", 1), file("b", 2)];
        let mut asked = Vec::new();
        let changes = compare(&before, &after, &mut |_, node| {
            asked.push(node.path.to_string());
            Ok(false)
        });
        assert_eq!(asked, ["a"]);
        assert_eq!(changes.unwrap().len(), 2);
    }
}
