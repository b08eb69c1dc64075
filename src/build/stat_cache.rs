//! Digests of context files, remembered from build to build, so that nothing is read twice.
//!
//! A file is taken to be unchanged while its inode, size, mode and both times are the same. One
//! that changed within the clock's granularity of our look could change again unseen, so its
//! digest is not kept ("racily clean", as git calls it).

use std::cell::Cell;
use std::collections::HashMap;
use std::path::PathBuf;
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
        let bytes = std::fs::read(&file).unwrap_or_default();
        let opened = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |d| d.as_nanos());
        Self {
            file,
            known: decode(&bytes).unwrap_or_default(),
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
        atomic_write(&self.file, &encode(&self.known))
    }
}

/// Begins the file; the number is its format's.
const MAGIC: &[u8; 8] = b"strata 1";
/// Bytes of a record besides its path: the path's length, the stat, the digest.
const FIXED: usize = 4 + STAT + 32;
const STAT: usize = 4 + 8 + 16 + 32;

/// Records one after the other, numbers little-endian: with 20,000 files, reading text took a
/// third of a build that has nothing to do.
fn encode(known: &HashMap<String, (FileStat, Digest)>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(known.len() * (FIXED + 40) + MAGIC.len());
    bytes.extend_from_slice(MAGIC);
    for (path, (stat, digest)) in known {
        let length = u32::try_from(path.len()).expect("the kernel's paths are short");
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(path.as_bytes());
        bytes.extend_from_slice(&stat.mode.to_le_bytes());
        for number in [stat.size, stat.inode.0, stat.inode.1] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        for time in [stat.modified, stat.changed] {
            bytes.extend_from_slice(&time.to_le_bytes());
        }
        bytes.extend_from_slice(digest.as_bytes());
    }
    bytes
}

fn decode(bytes: &[u8]) -> Option<HashMap<String, (FileStat, Digest)>> {
    let mut rest = bytes.strip_prefix(MAGIC)?;
    let mut known = HashMap::with_capacity(rest.len() / (FIXED + 20));
    while !rest.is_empty() {
        let length = usize::try_from(u32::from_le_bytes(take(&mut rest)?)).ok()?;
        let path = rest.get(..length)?;
        rest = &rest[length..];
        let stat = FileStat {
            mode: u32::from_le_bytes(take(&mut rest)?),
            size: u64::from_le_bytes(take(&mut rest)?),
            inode: (
                u64::from_le_bytes(take(&mut rest)?),
                u64::from_le_bytes(take(&mut rest)?),
            ),
            modified: i128::from_le_bytes(take(&mut rest)?),
            changed: i128::from_le_bytes(take(&mut rest)?),
        };
        let digest = Digest::from_bytes(take(&mut rest)?);
        known.insert(std::str::from_utf8(path).ok()?.to_owned(), (stat, digest));
    }
    Some(known)
}

/// Takes so many bytes off the front.
fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (front, back) = rest.split_first_chunk()?;
    *rest = back;
    Some(*front)
}

impl KnownDigests for StatCache {
    fn known(&self, path: &str, stat: &FileStat) -> Option<Digest> {
        let (seen, digest) = self.racy.get(path).or_else(|| self.known.get(path))?;
        (seen == stat).then_some(*digest)
    }

    fn remember(&mut self, path: &str, stat: &FileStat, digest: Digest) {
        let settled = stat.modified.max(stat.changed) + GRANULARITY < self.opened;
        if settled {
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
    fn a_damaged_file_counts_as_nothing() {
        let known = HashMap::from([("a".to_owned(), (stat(1), Digest::of(b"a")))]);
        let bytes = encode(&known);
        assert_eq!(decode(&bytes), Some(known));
        assert_eq!(decode(&bytes[..bytes.len() - 1]), None);
        assert_eq!(decode(b"text"), None);
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
