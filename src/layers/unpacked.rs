//! Archives that ADD unpacks: plain or compressed, recognised by their bytes, never by their name.
//!
//! They go through the same hands as a layer from outside, into a folder that is no layer: names
//! that lead out of it are refused, and so are those that would mark deleted files in a layer.

use std::io::{BufReader, Read};
use std::path::PathBuf;

use super::error::{Result, StoreError};
use super::level::Level;
use super::plain::{Limit, plain, read_error};
use super::scratch::ScratchDir;
use super::stack::Stack;
use super::store::Store;
use super::tar_reader::TarReader;
use super::unpack::Unpacker;

const TREE: &str = "tree";
const READ_AHEAD: usize = 256 * 1024;
/// What looking at the first member may take: its extended headers.
const FIRST_MEMBER: u64 = 16 * 1024 * 1024;

/// An archive as a tree, which goes when this does.
pub struct Unpacked {
    stack: Stack,
    folder: ScratchDir,
}

impl Unpacked {
    /// Returns the folder that holds the tree.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().join(TREE)
    }

    /// Returns the view of what was in it.
    pub fn stack(&self) -> &Stack {
        &self.stack
    }
}

/// Tells whether this is a tar, perhaps compressed, with something in it.
pub fn is_archive(from: &mut dyn Read) -> bool {
    let Ok(mut plain) = plain(from, Limit::new(0, FIRST_MEMBER)) else {
        return false;
    };
    // Too many holes are refused by whoever unpacks it.
    let mut tar = TarReader::new(&mut plain).with_holes(u64::MAX);
    matches!(tar.next(), Ok(Some(_)))
}

impl Store {
    /// Unpacks an archive of `size` bytes.
    pub fn unpack_archive(&self, from: &mut dyn Read, size: u64) -> Result<Unpacked> {
        let folder = self.scratch()?;
        let tree = folder.path().join(TREE);
        let limit = Limit::new(size, self.unpacks_to());
        let plain = plain(from, limit).map_err(StoreError::Tar)?;
        let mut plain = BufReader::with_capacity(READ_AHEAD, plain);
        let mut unpacker = Unpacker::new(self, &tree, self.stack(&[])?)?.without_whiteouts();
        unpacker.unpack(&mut plain).map_err(|error| match error {
            StoreError::Tar(error) => read_error(error),
            other => other,
        })?;
        let (records, _) = unpacker.finish()?;
        let level = Level::open(tree, records)?;
        Ok(Unpacked {
            stack: self.stack(&[])?.with_level(level),
            folder,
        })
    }
}

#[cfg(test)]
mod tests {
    use tar::{EntryType, Header};

    use super::*;
    use crate::layers::store::tests::temporary_store;
    use crate::layers::{Follow, RootPath};

    fn archive(name: &str, entry_type: EntryType, link: &str) -> Vec<u8> {
        let mut tar = tar::Builder::new(Vec::new());
        let mut header = Header::new_gnu();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.as_mut_bytes()[157..157 + link.len()].copy_from_slice(link.as_bytes());
        header.set_entry_type(entry_type);
        header.set_mode(0o640);
        header.set_size(0);
        header.set_cksum();
        tar.append(&header, &[][..]).unwrap();
        tar.into_inner().unwrap()
    }

    #[test]
    fn only_a_tar_with_something_in_it_is_an_archive() {
        let tar = archive("a", EntryType::Regular, "");
        assert!(is_archive(&mut &tar[..]));
        for other in [&b""[..], &[0; 1024], b"text", b"\x1f\x8btext", b"BZhtext"] {
            assert!(!is_archive(&mut &*other), "{other:?}");
        }
    }

    #[test]
    fn absolute_names_and_links_stay_inside() {
        let (_folder, store) = temporary_store();
        let tar = archive("/etc/x", EntryType::Regular, "");
        let unpacked = store.unpack_archive(&mut &tar[..], 0).unwrap();
        let found = unpacked.stack().lookup(&RootPath::clean("etc/x")).unwrap();
        assert_eq!(found.unwrap().mode, 0o640);
        let tar = archive("l", EntryType::Symlink, "/etc/passwd");
        let unpacked = store.unpack_archive(&mut &tar[..], 0).unwrap();
        let found = unpacked.stack().resolve("l", Follow::Yes).unwrap();
        assert_eq!(found.node, None);
    }

    #[test]
    fn what_leads_out_or_marks_deleted_files_is_refused() {
        let (_folder, store) = temporary_store();
        for (name, entry_type, link) in [
            ("../x", EntryType::Regular, ""),
            ("a/../../x", EntryType::Directory, ""),
            ("h", EntryType::Link, "../x"),
            ("h", EntryType::Link, "/etc/passwd"),
            (".wh.x", EntryType::Regular, ""),
            ("d/.wh..wh..opq", EntryType::Regular, ""),
        ] {
            let tar = archive(name, entry_type, link);
            let refused = store.unpack_archive(&mut &tar[..], 0).err();
            let hostile = matches!(refused, Some(StoreError::HostileEntry { .. }));
            assert!(hostile, "{name} {link}: {refused:?}");
        }
    }
}
