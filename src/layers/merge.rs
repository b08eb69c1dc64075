//! How levels become one view: the rules of overlay.
//!
//! For each path the uppermost level that has something there decides. A whiteout ends the search,
//! and so does anything but a folder; folders of several levels are one folder, down to the first
//! that is opaque.

use std::collections::BTreeMap;
use std::ffi::OsString;

use rustix::fs::{FileType, Stat};

use super::RootPath;
use super::entry::EntryKind;
use super::error::Result;
use super::level;
use super::stack::{Node, Stack};

/// What the levels have at one path: the node that shows, and the levels that show something in
/// it, uppermost first, if it is a folder.
pub(super) struct Merged {
    pub(super) node: Node,
    pub(super) levels: Vec<usize>,
}

impl Stack {
    /// The root shows as the uppermost level has it; without levels it is an empty folder.
    pub(super) fn root(&self) -> Result<Node> {
        let all: Vec<usize> = (0..self.levels.len()).rev().collect();
        match self.merge(&RootPath::root(), &all)? {
            Some(merged) => Ok(merged.node),
            None => Ok(Node {
                path: RootPath::root(),
                kind: EntryKind::Directory { opaque: false },
                mode: 0o755,
                uid: 0,
                gid: 0,
                mtime: 0,
                level: 0,
            }),
        }
    }

    /// Returns the levels that show something in a folder, uppermost first; none if it is no
    /// folder.
    pub(super) fn folder_levels(&self, folder: &RootPath) -> Result<Option<Vec<usize>>> {
        let Some(parent) = folder.parent() else {
            return Ok(Some((0..self.levels.len()).rev().collect()));
        };
        if let Some(levels) = self.folders.borrow().get(folder) {
            return Ok(Some(levels.clone()));
        }
        let Some(above) = self.folder_levels(&parent)? else {
            return Ok(None);
        };
        match self.merge(folder, &above)? {
            Some(merged) if merged.node.kind.is_directory() => {
                let mut folders = self.folders.borrow_mut();
                folders.insert(folder.clone(), merged.levels.clone());
                Ok(Some(merged.levels))
            }
            _ => Ok(None),
        }
    }

    /// Puts together what the levels of a folder have at a path in it.
    pub(super) fn merge(&self, path: &RootPath, candidates: &[usize]) -> Result<Option<Merged>> {
        let mut merged: Option<Merged> = None;
        for (at, number) in candidates.iter().copied().enumerate() {
            let level = &self.levels[number];
            let Some(stat) = level.stat(path)? else {
                continue;
            };
            let is_folder = FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
            let hidden = is_whiteout(&stat) || level.records.is_whiteout(path);
            if hidden || (merged.is_some() && !is_folder) {
                break;
            }
            match &mut merged {
                None => merged = self.node(path, number, &stat)?,
                Some(merged) => self.show_through(merged, number, &stat)?,
            }
            let Some(merged) = merged.as_mut().filter(|_| is_folder) else {
                break;
            };
            merged.levels.push(number);
            let is_last = at + 1 == candidates.len();
            if !is_last && !path.is_root() && level.is_opaque(path)? {
                break;
            }
        }
        Ok(merged)
    }

    fn node(&self, path: &RootPath, number: usize, stat: &Stat) -> Result<Option<Merged>> {
        let level = &self.levels[number];
        let (uid, gid) = level.owner(path, stat);
        let node = level.kind(path, stat)?.map(|kind| Node {
            path: path.clone(),
            kind,
            mode: level::mode(stat),
            uid,
            gid,
            mtime: stat.st_mtime,
            level: number,
        });
        Ok(node.map(|node| Merged {
            node,
            levels: Vec::new(),
        }))
    }

    /// A folder that a layer's tar only implied looks as it does in the level below.
    fn show_through(&self, merged: &mut Merged, number: usize, stat: &Stat) -> Result<()> {
        let path = merged.node.path.clone();
        if self.levels[merged.node.level]
            .records
            .implied
            .contains(&path)
            && let Some(lower) = self.node(&path, number, stat)?
        {
            merged.node = lower.node;
        }
        Ok(())
    }

    pub(super) fn merged_children(
        &self,
        folder: &RootPath,
        levels: &[usize],
    ) -> Result<Vec<Merged>> {
        let mut having: BTreeMap<OsString, Vec<usize>> = BTreeMap::new();
        for number in levels {
            for name in self.levels[*number].names(folder)? {
                having.entry(name).or_default().push(*number);
            }
        }
        let mut children = Vec::with_capacity(having.len());
        for (name, levels) in having {
            children.extend(self.merge(&folder.join(name), &levels)?);
        }
        Ok(children)
    }

    pub(super) fn walk_folder(
        &self,
        folder: &RootPath,
        levels: &[usize],
        visit: &mut dyn FnMut(&Node) -> Result<()>,
    ) -> Result<()> {
        for child in self.merged_children(folder, levels)? {
            visit(&child.node)?;
            if child.node.kind.is_directory() {
                self.walk_folder(&child.node.path, &child.levels, visit)?;
            }
        }
        Ok(())
    }
}

fn is_whiteout(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::CharacterDevice && stat.st_rdev == 0
}
