//! Grows a base entry by entry, and remembers which files of the host it leans on.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

use super::fingerprint::{Fingerprint, Witness};
use super::tree::{BaseEntry, BaseTree, Content, EntryKind};
use super::{BaseKind, Choice, Note};

/// As many links as the kernel follows before it gives up (`path_resolution(7)`).
const MAX_LINKS: usize = 40;

/// A base in the making. What is added first at a path stays.
#[derive(Default)]
pub(super) struct TreeBuilder {
    entries: BTreeMap<String, BaseEntry>,
    witnesses: BTreeMap<String, Witness>,
}

impl TreeBuilder {
    /// Adds a path of the host with everything on the way: folders, the links that lead there,
    /// the file at the end. So `/bin/awk` brings `/bin -> usr/bin`, the alternatives and mawk.
    /// Returns where the links led.
    pub(super) fn place(&mut self, path: &Path) -> io::Result<PathBuf> {
        let mut at = PathBuf::from("/");
        let mut ahead = components(path);
        let mut links = 0;
        while let Some(name) = ahead.pop() {
            if name == ".." {
                at.pop();
                continue;
            }
            let next = at.join(name);
            let found = fs::symlink_metadata(&next)?;
            if found.is_symlink() {
                links += 1;
                if links > MAX_LINKS {
                    return Err(io::Error::from_raw_os_error(nix::libc::ELOOP));
                }
                let target = fs::read_link(&next)?;
                if target.is_absolute() {
                    at = PathBuf::from("/");
                }
                ahead.extend(components(&target));
                self.witness(&next)?;
                self.insert(inner(&next)?, EntryKind::Symlink(text(&target)?), 0o777);
                continue;
            }
            if found.is_dir() {
                self.insert(inner(&next)?, EntryKind::Folder, 0o755);
            } else {
                self.witness(&next)?;
                let mode = if found.permissions().mode() & 0o111 == 0 {
                    0o644
                } else {
                    0o755
                };
                self.insert(
                    inner(&next)?,
                    EntryKind::File(Content::Host(next.clone())),
                    mode,
                );
            }
            at = next;
        }
        Ok(at)
    }

    /// Adds a folder, and those it is in.
    pub(super) fn folder(&mut self, path: &str, mode: u32) {
        self.add(path, EntryKind::Folder, mode);
    }

    /// Adds a file, and the folders it is in.
    pub(super) fn file(&mut self, path: &str, content: Content, mode: u32) {
        self.add(path, EntryKind::File(content), mode);
    }

    /// Adds a symbolic link, and the folders it is in.
    pub(super) fn link(&mut self, path: &str, target: &str) {
        self.add(path, EntryKind::Symlink(target.to_owned()), 0o777);
    }

    /// Gives a path to another user than root.
    pub(super) fn give(&mut self, path: &str, id: u32) {
        if let Some(entry) = self.entries.get_mut(path) {
            (entry.uid, entry.gid) = (id, id);
        }
    }

    /// Says whether something is at a path, links on the way followed.
    pub(super) fn has(&self, path: &str) -> bool {
        self.entries.contains_key(&self.resolve(path))
    }

    /// Remembers how a path of the host looks now, also when there is nothing.
    pub(super) fn witness(&mut self, path: &Path) -> io::Result<()> {
        let path = text(path)?;
        let witness = Witness::of(Path::new(&path));
        self.witnesses.entry(path).or_insert(witness);
        Ok(())
    }

    /// Returns the finished base.
    pub(super) fn finish(self, choice: &Choice, kind: BaseKind, notes: Vec<Note>) -> BaseTree {
        let entries: Vec<_> = self.entries.into_values().collect();
        let fingerprint = Fingerprint::new(choice, &entries, self.witnesses);
        BaseTree {
            entries,
            notes,
            kind,
            key: fingerprint.key(),
            fingerprint,
        }
    }

    fn add(&mut self, path: &str, kind: EntryKind, mode: u32) {
        let path = self.resolve(path);
        for (end, _) in path.match_indices('/') {
            self.insert(path[..end].to_owned(), EntryKind::Folder, 0o755);
        }
        self.insert(path, kind, mode);
    }

    fn insert(&mut self, path: String, kind: EntryKind, mode: u32) {
        self.entries.entry(path.clone()).or_insert(BaseEntry {
            path,
            kind,
            mode,
            uid: 0,
            gid: 0,
        });
    }

    /// Follows the links among the *parents* of a path: on a merged-usr base, `bin/x` is
    /// `usr/bin/x`.
    fn resolve(&self, path: &str) -> String {
        let mut at = PathBuf::new();
        let mut ahead = components(Path::new(path));
        let mut links = 0;
        while let Some(name) = ahead.pop() {
            if name == ".." {
                at.pop();
                continue;
            }
            let next = at.join(&name);
            let entry = self.entries.get(next.to_string_lossy().as_ref());
            match entry.map(|entry| &entry.kind) {
                Some(EntryKind::Symlink(target)) if !ahead.is_empty() && links < MAX_LINKS => {
                    links += 1;
                    if target.starts_with('/') {
                        at.clear();
                    }
                    ahead.extend(components(Path::new(target)));
                }
                _ => at = next,
            }
        }
        at.to_string_lossy().into_owned()
    }
}

/// Returns the names of a path, last one first; `..` is kept.
fn components(path: &Path) -> Vec<OsString> {
    let names = path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        _ => None,
    });
    names.rev().collect()
}

/// Returns an absolute path as a path in the rootfs.
fn inner(path: &Path) -> io::Result<String> {
    text(path.strip_prefix("/").unwrap_or(path))
}

fn text(path: &Path) -> io::Result<String> {
    let text = path.to_str().map(str::to_owned);
    text.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the name is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn kinds(builder: &TreeBuilder, below: &Path) -> Vec<(String, EntryKind)> {
        let below = format!("{}/", inner(below).unwrap());
        let entries = builder.entries.values();
        entries
            .filter_map(|e| Some((e.path.strip_prefix(&below)?.to_owned(), e.kind.clone())))
            .collect()
    }

    #[test]
    fn placing_a_path_brings_every_link_on_the_way() {
        let host = tempfile::tempdir().unwrap();
        let root = host.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("usr/bin")).unwrap();
        fs::write(root.join("usr/bin/mawk"), "x").unwrap();
        symlink("usr/bin", root.join("bin")).unwrap();
        symlink("../bin/mawk", root.join("usr/bin/awk")).unwrap();

        let mut builder = TreeBuilder::default();
        let end = builder.place(&root.join("bin/awk")).unwrap();

        assert_eq!(end, root.join("usr/bin/mawk"));
        let link = |to: &str| EntryKind::Symlink(to.to_owned());
        // usr/bin/../bin/mawk, as `..` goes up from where the first link led
        assert_eq!(
            kinds(&builder, &root),
            [
                ("bin".to_owned(), link("usr/bin")),
                ("usr".to_owned(), EntryKind::Folder),
                ("usr/bin".to_owned(), EntryKind::Folder),
                ("usr/bin/awk".to_owned(), link("../bin/mawk")),
                (
                    "usr/bin/mawk".to_owned(),
                    EntryKind::File(Content::Host(root.join("usr/bin/mawk")))
                ),
            ]
        );
    }

    #[test]
    fn a_circle_of_links_is_an_error() {
        let host = tempfile::tempdir().unwrap();
        symlink("b", host.path().join("a")).unwrap();
        symlink("a", host.path().join("b")).unwrap();
        let error = TreeBuilder::default().place(&host.path().join("a"));
        assert_eq!(error.unwrap_err().raw_os_error(), Some(nix::libc::ELOOP));
    }

    #[test]
    fn setuid_bits_are_dropped() {
        let host = tempfile::tempdir().unwrap();
        let su = host.path().canonicalize().unwrap().join("su");
        fs::write(&su, "x").unwrap();
        fs::set_permissions(&su, fs::Permissions::from_mode(0o4711)).unwrap();
        let mut builder = TreeBuilder::default();
        builder.place(&su).unwrap();
        assert_eq!(builder.entries[&inner(&su).unwrap()].mode, 0o755);
    }

    #[test]
    fn what_is_added_follows_the_links_of_its_parents() {
        let mut builder = TreeBuilder::default();
        builder.link("bin", "usr/bin");
        builder.file("bin/x", Content::Bytes(vec![]), 0o755);
        let paths: Vec<_> = builder.entries.keys().cloned().collect();
        assert_eq!(paths, ["bin", "usr", "usr/bin", "usr/bin/x"]);
        assert!(builder.has("bin/x") && builder.has("bin") && !builder.has("bin/y"));
    }

    #[test]
    fn the_first_at_a_path_stays() {
        let mut builder = TreeBuilder::default();
        builder.folder("tmp", 0o1777);
        builder.folder("tmp/x", 0o755);
        assert_eq!(builder.entries["tmp"].mode, 0o1777);
    }
}
