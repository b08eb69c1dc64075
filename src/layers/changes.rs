//! What differs between two levels of a stack, or between two images.

use super::RootPath;
use super::entry::EntryKind;
use super::error::Result;
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

impl Stack {
    /// Returns what the level `level` changes in those below it, sorted by path: for a layer what
    /// its instruction did, for the upper directory (level number = number of layers) what the
    /// container did. A deleted folder is one change, with the bytes of everything that was in
    /// it.
    pub fn changes(&self, level: usize) -> Result<Vec<Change>> {
        let _ = level;
        todo!()
    }
}

/// Compares two listings, each sorted by path; pure. Folders differ by mode and owner, files also
/// by size and content, never by time. `same_content` is asked about files of equal size only.
pub fn compare(
    before: &[Node],
    after: &[Node],
    same_content: &mut dyn FnMut(&Node, &Node) -> Result<bool>,
) -> Result<Vec<Change>> {
    let _ = (before, after, same_content);
    todo!()
}

/// Compares everything two stacks show.
pub fn between(before: &Stack, after: &Stack) -> Result<Vec<Change>> {
    let _ = (before, after);
    todo!()
}
