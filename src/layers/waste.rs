//! Bytes of an image that nobody sees: a later layer hides them, or holds the same bytes again.
//!
//! Only what could really be got back counts. The layers of the base image are as they are, so what
//! is hidden of them is no waste; a copy of them that only changes mode or owner is. Names of one
//! file (hard links) count once, and not at all while one of them is still to be seen.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use serde::{Deserialize, Serialize};

use super::RootPath;
use super::entry::EntryKind;
use super::error::{Result, StoreError};
use super::level::Found;
use super::stack::Stack;

/// How bytes came to be of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Loss {
    /// A later layer deletes them.
    Deleted,
    /// A later layer has something else in their place.
    Replaced,
    /// A later layer holds them again: only mode, owner or time changed.
    Doubled,
}

/// Bytes that could be got back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waste {
    /// The path that was deleted or replaced, absolute; a folder ends with `/`.
    pub path: String,
    /// How many.
    pub size: u64,
    /// In how many files.
    pub files: u64,
    /// The layer that brought them, counted from 0.
    pub added: usize,
    /// The layer that hides or doubles them.
    pub hidden: usize,
    /// How.
    pub how: Loss,
}

/// A file that the layers looked at so far show.
#[derive(Clone)]
struct Seen {
    level: usize,
    size: u64,
    /// The layer and the first name of the file in it.
    file: (usize, RootPath),
}

/// A file that is not shown any more.
struct Lost {
    seen: Seen,
    /// What was done to it or to a folder it lay in, and where.
    path: RootPath,
    is_folder: bool,
    hidden: usize,
    how: Loss,
}

#[derive(Default)]
struct Search {
    base: usize,
    shown: BTreeMap<RootPath, Seen>,
    lost: Vec<Lost>,
}

impl Stack {
    /// Returns what could be got back, the most first. The lowest `base` layers are the base
    /// image's.
    pub fn waste(&self, base: usize) -> Result<Vec<Waste>> {
        let mut search = Search {
            base,
            ..Search::default()
        };
        for number in 0..self.layers().len() {
            let Some(level) = self.level(number) else {
                continue;
            };
            level.walk(&mut |found: &mut Found<'_>| search.meet(self, number, found))?;
        }
        Ok(search.sum())
    }

    /// Whether two layers have the same bytes at a path.
    fn same_at(&self, path: &RootPath, one: usize, other: usize) -> Result<bool> {
        let open = |number: usize| match self.level(number) {
            Some(level) => level.open_file(path),
            None => Err(StoreError::NotFound(path.clone())),
        };
        let (mut one, mut other) = (open(one)?, open(other)?);
        let (mut left, mut right) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
        let read = |source| StoreError::io("read", path.as_path())(source);
        loop {
            let count = one.read(&mut left).map_err(read)?;
            if count == 0 {
                return Ok(true);
            }
            if other.read_exact(&mut right[..count]).is_err() || left[..count] != right[..count] {
                return Ok(false);
            }
        }
    }
}

impl Search {
    fn meet(&mut self, stack: &Stack, number: usize, found: &Found<'_>) -> Result<()> {
        let path = &found.entry.path;
        match &found.entry.kind {
            EntryKind::Whiteout => self.lose_within(path, number, Loss::Deleted, true),
            EntryKind::Directory { opaque } => {
                if *opaque {
                    self.lose_within(path, number, Loss::Deleted, false);
                }
                self.lose(path, path, number, Loss::Replaced);
            }
            EntryKind::File { .. } | EntryKind::HardLink { .. } => {
                let (size, first) = match &found.entry.kind {
                    EntryKind::HardLink { target } => {
                        let first = self.shown.get(target).filter(|seen| seen.level == number);
                        (first.map_or(0, |seen| seen.size), target.clone())
                    }
                    kind => (kind.size(), path.clone()),
                };
                let before = self.shown.get(path);
                let again = before.filter(|seen| seen.size == size && size > 0);
                let doubled = match again {
                    Some(seen) => stack.same_at(path, seen.level, number)?,
                    None => false,
                };
                let how = if doubled {
                    Loss::Doubled
                } else {
                    Loss::Replaced
                };
                self.lose_within(path, number, how, true);
                let seen = Seen {
                    level: number,
                    size,
                    file: (number, first),
                };
                self.shown.insert(path.clone(), seen);
            }
            _ => self.lose_within(path, number, Loss::Replaced, true),
        }
        Ok(())
    }

    /// Takes down that a path, and everything in it, is hidden; `itself` tells that it counts too.
    fn lose_within(&mut self, path: &RootPath, number: usize, how: Loss, itself: bool) {
        let run = self.shown.range(path..).map(|(known, _)| known);
        let within = run.take_while(|known| known.is_within(path));
        let within = within.filter(|known| itself || *known != path);
        for gone in within.cloned().collect::<Vec<_>>() {
            self.lose(&gone, path, number, how);
        }
    }

    fn lose(&mut self, gone: &RootPath, path: &RootPath, number: usize, how: Loss) {
        let Some(seen) = self.shown.remove(gone) else {
            return;
        };
        let is_base = seen.level < self.base;
        // What is made twice within one layer's own tar is the tar's affair.
        if seen.size == 0 || seen.level == number || number < self.base {
            return;
        }
        if !is_base || how == Loss::Doubled {
            self.lost.push(Lost {
                seen,
                path: path.clone(),
                is_folder: gone != path,
                hidden: number,
                how,
            });
        }
    }

    /// Adds up what was lost in one place by one layer.
    fn sum(self) -> Vec<Waste> {
        let shown: BTreeSet<_> = self.shown.into_values().map(|seen| seen.file).collect();
        let mut counted = BTreeSet::new();
        let mut sums: BTreeMap<(RootPath, usize, usize, Loss), Waste> = BTreeMap::new();
        for lost in self.lost {
            // The copy in a later layer is what can be got back of a file of the base.
            let again = lost.how == Loss::Doubled;
            if (!again && shown.contains(&lost.seen.file)) || !counted.insert(lost.seen.file) {
                continue;
            }
            let slash = if lost.is_folder { "/" } else { "" };
            let key = (lost.path.clone(), lost.seen.level, lost.hidden, lost.how);
            let sum = sums.entry(key).or_insert_with(|| Waste {
                path: String::new(),
                size: 0,
                files: 0,
                added: lost.seen.level,
                hidden: lost.hidden,
                how: lost.how,
            });
            if sum.path.is_empty() || lost.is_folder {
                sum.path = format!("{}{slash}", lost.path.absolute());
            }
            sum.size += lost.seen.size;
            sum.files += 1;
        }
        let mut waste: Vec<Waste> = sums.into_values().collect();
        waste.sort_by(|one, other| (other.size, &one.path).cmp(&(one.size, &other.path)));
        waste
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::DiffId;
    use crate::layers::store::tests::temporary_store;
    use crate::layers::{Content, Entry, Store};

    /// A layer from a list: `dir/`, `opaque//`, `!whiteout`, `name=content`, `name:600=content`,
    /// `name>target` for a hard link.
    fn layer(store: &Store, entries: &[&str]) -> DiffId {
        let mut draft = store.draft_layer().unwrap();
        for text in entries {
            if let Some((name, content)) = text.split_once('=') {
                let (name, mode) = name.split_once(':').unwrap_or((name, "644"));
                let mode = u32::from_str_radix(mode, 8).unwrap();
                let path = RootPath::clean(name);
                let entry = Entry::file(path, content.len() as u64, mode, 0);
                let content = Content::Bytes(content.as_bytes());
                draft.add_file(&entry, content).unwrap();
            } else if let Some((name, target)) = text.split_once('>') {
                let mut entry = Entry::file(RootPath::clean(name), 0, 0o644, 0);
                let target = RootPath::clean(target);
                entry.kind = EntryKind::HardLink { target };
                draft.add(&entry).unwrap();
            } else if let Some(name) = text.strip_prefix('!') {
                draft.add(&Entry::whiteout(RootPath::clean(name))).unwrap();
            } else {
                let opaque = text.ends_with("//");
                let mut folder = Entry::directory(RootPath::clean(text), 0o755, 0);
                folder.kind = EntryKind::Directory { opaque };
                draft.add(&folder).unwrap();
            }
        }
        draft.commit().unwrap().diff_id
    }

    /// Returns `path size added>hidden how` of every waste.
    fn waste(base: usize, layers: &[&[&str]]) -> Vec<String> {
        let (_folder, store) = temporary_store();
        let layers: Vec<DiffId> = layers.iter().map(|it| layer(&store, it)).collect();
        let found = store.stack(&layers).unwrap().waste(base).unwrap();
        let shown = |it: &Waste| {
            let how = format!("{:?}", it.how).to_lowercase();
            format!("{} {} {}>{} {how}", it.path, it.size, it.added, it.hidden)
        };
        found.iter().map(shown).collect()
    }

    #[test]
    fn what_a_later_layer_deletes_names_both_layers() {
        let layers: [&[&str]; 3] = [
            &["base=b"],
            &["test/", "test/dummy=1234"],
            &["test/", "!test/dummy"],
        ];
        assert_eq!(waste(1, &layers), ["/test/dummy 4 1>2 deleted"]);
    }

    #[test]
    fn a_folder_that_goes_is_one_line() {
        let layers: [&[&str]; 2] = [&["d/", "d/a=12", "d/e/", "d/e/b=3"], &["!d"]];
        assert_eq!(waste(0, &layers), ["/d/ 3 0>1 deleted"]);
        let layers: [&[&str]; 2] = [&["d/", "d/a=12", "d/b=3"], &["d//", "d/b=345"]];
        assert_eq!(waste(0, &layers), ["/d/ 3 0>1 deleted"]);
    }

    #[test]
    fn files_that_are_changed_are_replaced_or_doubled() {
        let layers: [&[&str]; 3] = [&["a=one"], &["a:600=one"], &["a=two"]];
        assert_eq!(waste(0, &layers), ["/a 3 0>1 doubled", "/a 3 1>2 replaced"]);
    }

    #[test]
    fn the_base_cannot_be_got_back_but_a_copy_of_it_can() {
        let layers: [&[&str]; 2] = [&["a=one", "b=two", "c=1"], &["!a", "b:600=two", "c=2"]];
        assert_eq!(waste(1, &layers), ["/b 3 0>1 doubled"]);
    }

    #[test]
    fn names_of_one_file_count_once_and_only_when_all_are_gone() {
        let layers: [&[&str]; 2] = [&["a=one", "b>a"], &["!a"]];
        assert_eq!(waste(0, &layers), [""; 0]);
        let layers: [&[&str]; 2] = [&["a=one", "b>a"], &["!a", "!b"]];
        assert_eq!(waste(0, &layers), ["/a 3 0>1 deleted"]);
    }

    #[test]
    fn nothing_hidden_is_no_waste() {
        let layers: [&[&str]; 2] = [&["d/", "d/a=1"], &["d/", "d/b=2"]];
        assert_eq!(waste(0, &layers), [""; 0]);
    }
}
