//! Archives that ADD unpacks: plain or compressed, recognised by their bytes, never by their name.
//!
//! They go through the same hands as a layer from outside, into a folder that is no layer: names
//! that lead out of it are refused, and so are those that would mark deleted files in a layer.

use std::io::{self, BufRead, BufReader, Read};

use bzip2::read::MultiBzDecoder;
use flate2::bufread::MultiGzDecoder;
use lzma_rust2::XzReader;
use ruzstd::decoding::StreamingDecoder;

use super::error::{Result, StoreError};
use super::level::Level;
use super::scratch::ScratchDir;
use super::stack::Stack;
use super::store::Store;
use super::tar_reader::TarReader;
use super::unpack::Unpacker;

const READ_AHEAD: usize = 256 * 1024;
/// In KiB; `xz -9` asks for 65 MiB, and an archive may ask for gigabytes before it has shown a byte.
const MOST_XZ_MEMORY: u32 = 256 * 1024;

/// An archive as a tree, which goes when this does.
pub struct Unpacked {
    stack: Stack,
    _folder: ScratchDir,
}

impl Unpacked {
    /// Returns the view of what was in it.
    pub fn stack(&self) -> &Stack {
        &self.stack
    }
}

/// Tells whether this is a tar, perhaps compressed, with something in it.
pub fn is_archive(from: &mut dyn Read) -> bool {
    let Ok(mut plain) = plain(BufReader::new(from)) else {
        return false;
    };
    let mut tar = TarReader::new(&mut plain);
    matches!(tar.next(), Ok(Some(_)))
}

impl Store {
    /// Unpacks an archive.
    pub fn unpack_archive(&self, from: &mut dyn Read) -> Result<Unpacked> {
        let folder = self.scratch()?;
        let tree = folder.path().join("tree");
        let plain = plain(BufReader::with_capacity(READ_AHEAD, from)).map_err(StoreError::Tar)?;
        let mut plain = BufReader::with_capacity(READ_AHEAD, plain);
        let mut unpacker = Unpacker::new(self, &tree, self.stack(&[])?)?.without_whiteouts();
        unpacker.unpack(&mut plain)?;
        let (records, _) = unpacker.finish()?;
        let level = Level::open(tree, records)?;
        Ok(Unpacked {
            stack: self.stack(&[])?.with_level(level),
            _folder: folder,
        })
    }
}

/// Returns a reader of the plain bytes, whatever they are compressed with.
fn plain<'a>(mut from: impl BufRead + 'a) -> io::Result<Box<dyn Read + 'a>> {
    let start = from.fill_buf()?;
    Ok(if start.starts_with(b"\x1f\x8b") {
        Box::new(MultiGzDecoder::new(from))
    } else if start.starts_with(b"BZh") {
        Box::new(MultiBzDecoder::new(from))
    } else if start.starts_with(b"\xfd7zXZ\0") {
        Box::new(XzReader::new_mem_limit(from, true, MOST_XZ_MEMORY))
    } else if start.starts_with(b"\x28\xb5\x2f\xfd") {
        Box::new(StreamingDecoder::new(from).map_err(io::Error::other)?)
    } else {
        Box::new(from)
    })
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
        let unpacked = store.unpack_archive(&mut &tar[..]).unwrap();
        let found = unpacked.stack().lookup(&RootPath::clean("etc/x")).unwrap();
        assert_eq!(found.unwrap().mode, 0o640);
        let tar = archive("l", EntryType::Symlink, "/etc/passwd");
        let unpacked = store.unpack_archive(&mut &tar[..]).unwrap();
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
            let refused = store.unpack_archive(&mut &tar[..]).err();
            let hostile = matches!(refused, Some(StoreError::HostileEntry { .. }));
            assert!(hostile, "{name} {link}: {refused:?}");
        }
    }
}
