//! Digests of context files, remembered from build to build, so that nothing is read twice.
//!
//! A file is taken to be unchanged while its inode, size, mode and both times are the same. One
//! that changed within the clock's granularity of our look could change again unseen, so its
//! digest is not kept ("racily clean", as git calls it).

use std::cell::Cell;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::digest::Digest;
use crate::layers::StoreError;
use crate::layers::files::atomic_write;
use crate::plan::context::{FileStat, KnownDigests};

/// Longer than the coarsest clock tick of a Linux file system (10 ms at HZ=100).
const GRANULARITY: i128 = 50_000_000;

/// The remembered digests of one context.
pub struct StatCache {
    file: PathBuf,
    known: HashMap<String, (FileStat, Digest)>,
    /// Read in this build, kept apart until it is sure that they did not change while being read.
    opened: i128,
    racy: HashMap<String, (FileStat, Digest)>,
    changed: Cell<bool>,
}

impl StatCache {
    /// Reads what was remembered; a missing or damaged file counts as nothing.
    pub fn load(file: PathBuf) -> Self {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let known = text.lines().filter_map(parse).collect();
        let opened = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |d| d.as_nanos());
        Self {
            file,
            known,
            opened: i128::try_from(opened).unwrap_or(0),
            racy: HashMap::new(),
            changed: Cell::new(false),
        }
    }

    /// Writes what is to be remembered, if anything is new.
    pub fn store(&self) -> Result<(), StoreError> {
        if !self.changed.replace(false) {
            return Ok(());
        }
        let mut text = String::with_capacity(self.known.len() * 160);
        for (path, (stat, digest)) in &self.known {
            let FileStat {
                mode,
                size,
                inode,
                modified,
                changed,
            } = stat;
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "{} {mode:o} {size} {} {} {modified} {changed} {path}",
                digest.hex(),
                inode.0,
                inode.1
            );
        }
        atomic_write(Path::new(&self.file), text.as_bytes())
    }
}

fn parse(line: &str) -> Option<(String, (FileStat, Digest))> {
    let mut words = line.splitn(8, ' ');
    let digest = Digest::from_hex(words.next()?).ok()?;
    let stat = FileStat {
        mode: u32::from_str_radix(words.next()?, 8).ok()?,
        size: words.next()?.parse().ok()?,
        inode: (words.next()?.parse().ok()?, words.next()?.parse().ok()?),
        modified: words.next()?.parse().ok()?,
        changed: words.next()?.parse().ok()?,
    };
    Some((words.next()?.to_owned(), (stat, digest)))
}

impl KnownDigests for StatCache {
    fn known(&self, path: &str, stat: &FileStat) -> Option<Digest> {
        let (seen, digest) = self.racy.get(path).or_else(|| self.known.get(path))?;
        (seen == stat).then_some(*digest)
    }

    fn remember(&mut self, path: &str, stat: &FileStat, digest: Digest) {
        let settled = stat.modified.max(stat.changed) + GRANULARITY < self.opened;
        // A name with a line end would break the file's format; such a file is read every time.
        if settled && !path.contains('\n') {
            self.known.insert(path.to_owned(), (*stat, digest));
            self.changed.set(true);
        } else {
            self.racy.insert(path.to_owned(), (*stat, digest));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stat(modified: i128) -> FileStat {
        FileStat {
            mode: 0o100_644,
            size: 1,
            inode: (1, 2),
            modified,
            changed: modified,
        }
    }

    #[test]
    fn settled_files_are_remembered_and_fresh_ones_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("digests");
        let mut cache = StatCache::load(file.clone());
        let (old, fresh) = (stat(1), stat(cache.opened));
        cache.remember("a file", &old, Digest::of(b"a"));
        cache.remember("fresh", &fresh, Digest::of(b"b"));
        assert_eq!(cache.known("fresh", &fresh), Some(Digest::of(b"b")));
        cache.store().unwrap();

        let again = StatCache::load(file);
        assert_eq!(again.known("a file", &old), Some(Digest::of(b"a")));
        assert_eq!(again.known("a file", &stat(2)), None);
        assert_eq!(again.known("fresh", &fresh), None);
    }
}
