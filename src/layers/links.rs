//! [`Links`]: the symbolic links of a tree in the making, and where paths through them lead.
//!
//! The tree was empty before, so these are all the links that can be met. Nothing is looked up on
//! disk, and so nothing there can be swapped meanwhile.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use super::RootPath;
use super::error::{Result, StoreError};
use super::path::remove_within;

/// As many links as the kernel follows (`path_resolution(7)`).
const MOST_LINKS: usize = 40;

/// Every symbolic link of a tree, by where it really lies.
#[derive(Debug, Default)]
pub(super) struct Links(BTreeMap<RootPath, OsString>);

impl Links {
    /// Notes a link.
    pub(super) fn add(&mut self, path: RootPath, target: OsString) {
        self.0.insert(path, target);
    }

    /// Notes a further name of what may be a link.
    pub(super) fn share(&mut self, first: &RootPath, name: &RootPath) {
        if let Some(target) = self.0.get(first).cloned() {
            self.0.insert(name.clone(), target);
        }
    }

    /// Forgets a path and everything in it.
    pub(super) fn remove(&mut self, path: &RootPath) {
        remove_within(&mut self.0, path);
    }

    /// Returns where a path really lies: links on the way are followed, one at its end is not.
    /// `..` in a link stops at the root.
    pub(super) fn resolve(&self, path: &RootPath) -> Result<RootPath> {
        if self.0.is_empty() {
            return Ok(path.clone());
        }
        let mut parts: VecDeque<OsString> = path.parts().map(OsStr::to_owned).collect();
        let mut at = RootPath::root();
        let mut followed = 0;
        while let Some(part) = parts.pop_front() {
            if part == ".." {
                at = at.parent().unwrap_or_default();
                continue;
            }
            let next = at.join(&part);
            let Some(target) = self.0.get(&next).filter(|_| !parts.is_empty()) else {
                at = next;
                continue;
            };
            followed += 1;
            if followed > MOST_LINKS {
                return Err(StoreError::SymlinkLoop(path.clone()));
            }
            if target.as_bytes().starts_with(b"/") {
                at = RootPath::root();
            }
            let mut ahead = target_parts(target);
            ahead.append(&mut parts);
            parts = ahead;
        }
        Ok(at)
    }

    /// Like [`resolve`](Self::resolve), and follows a link at the end too.
    pub(super) fn resolve_folder(&self, path: &RootPath) -> Result<RootPath> {
        let inner = self.resolve(&path.join("x"))?;
        Ok(inner.parent().unwrap_or_default())
    }
}

fn target_parts(target: &OsStr) -> VecDeque<OsString> {
    target
        .as_bytes()
        .split(|byte| *byte == b'/')
        .filter(|part| !matches!(*part, b"" | b"."))
        .map(|part| OsStr::from_bytes(part).to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(list: &[(&str, &str)]) -> Links {
        let mut links = Links::default();
        for (path, target) in list {
            links.add(RootPath::clean(path), (*target).into());
        }
        links
    }

    fn lead(links: &Links, path: &str) -> String {
        links.resolve(&RootPath::clean(path)).unwrap().to_string()
    }

    #[test]
    fn links_on_the_way_are_followed_inside_the_root() {
        let links = links(&[
            ("lib", "usr/lib"),
            ("usr/lib/up", "../../../../etc/./"),
            ("abs", "/lib/up"),
        ]);
        assert_eq!(lead(&links, "lib/x"), "usr/lib/x");
        assert_eq!(lead(&links, "lib/up/passwd"), "etc/passwd");
        assert_eq!(lead(&links, "abs/a/b"), "etc/a/b");
        assert_eq!(lead(&links, "lib"), "lib");
        let folder = links.resolve_folder(&RootPath::clean("lib")).unwrap();
        assert_eq!(folder.to_string(), "usr/lib");
    }

    #[test]
    fn links_in_a_circle_are_an_error() {
        let links = links(&[("a", "b"), ("b", "a")]);
        let error = links.resolve(&RootPath::clean("a/x")).unwrap_err();
        assert!(matches!(error, StoreError::SymlinkLoop(_)));
    }
}
