//! [`Source`]: the parts of an archive by their paths, from a folder or a tar.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use tar::EntryType;

use crate::digest::{Digest, HashingReader};
use crate::layers::error::{Result, StoreError};
use crate::layers::plain::{self, Limit};
use crate::layers::regenerate::copy;
use crate::layers::store::Store;
use crate::layers::tar_entry::safe_path;
use crate::layers::tar_reader::TarReader;
use crate::layers::{RootPath, ScratchDir};

/// Documents are small; one that is not wants our memory.
const LARGEST_DOCUMENT: u64 = 16 * 1024 * 1024;
/// How large a compressed archive is that comes through a pipe nobody knows before its end.
const UNKNOWN: Limit = Limit::NONE;
/// docker writes an equal layer as a link to the first, never a link to a link to a link.
const MOST_LINKS: usize = 8;

/// An archive.
pub(super) struct Source {
    name: String,
    parts: Parts,
    /// Holds the plain tar of an archive that could not be read in place.
    _scratch: Option<ScratchDir>,
}

enum Parts {
    Folder(PathBuf),
    Tar {
        file: File,
        members: HashMap<RootPath, Part>,
    },
}

/// Where a member's content is in the tar.
enum Part {
    Content { position: u64, size: u64 },
    Link(RootPath),
}

/// Reads a piece of a file, without moving the position others see.
struct Piece<'a> {
    file: &'a File,
    position: u64,
    end: u64,
}

impl Source {
    /// Opens a folder or an archive file.
    pub(super) fn open(store: &Store, path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        if path.is_dir() {
            return Ok(Self {
                name,
                parts: Parts::Folder(path.to_owned()),
                _scratch: None,
            });
        }
        let file = File::open(path).map_err(StoreError::io("open", path))?;
        let meta = file.metadata().map_err(StoreError::io("open", path))?;
        let mut start = BufReader::new(&file);
        let bytes = start.fill_buf().map_err(StoreError::io("read", path))?;
        if !meta.is_file() || plain::is_compressed(bytes) {
            let limit = if meta.is_file() {
                Limit::new(meta.len(), store.unpacks_to())
            } else {
                UNKNOWN
            };
            return Self::spool(store, name, start, limit);
        }
        Self::tar(name, file, None)
    }

    /// Takes an archive from a pipe: what comes first may need what comes last, so it is written
    /// down before it is read.
    pub(super) fn from_pipe(store: &Store, from: &mut dyn Read) -> Result<Self> {
        Self::spool(store, "standard input".to_owned(), from, UNKNOWN)
    }

    fn spool(store: &Store, name: String, from: impl Read, limit: Limit) -> Result<Self> {
        let scratch = store.scratch()?;
        let path = scratch.path().join("archive");
        let io = |source| StoreError::io("write", &path)(source);
        let mut from = plain::plain(from, limit).map_err(plain::read_error)?;
        let mut file = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)
            .map_err(io)?;
        copy(&mut from, &mut file).map_err(|error| match error.get_ref() {
            // What decompresses makes errors of its own; the system's are about the file.
            Some(_) => plain::read_error(error),
            None => io(error),
        })?;
        Self::tar(name, file, Some(scratch))
    }

    fn tar(name: String, mut file: File, scratch: Option<ScratchDir>) -> Result<Self> {
        file.rewind().map_err(StoreError::Tar)?;
        let members = members(&file).map_err(|error| match error {
            // Of no tar at all, the first header is wrong.
            StoreError::Tar(cause) => StoreError::NotAnArchive {
                name: name.clone(),
                reason: format!("malformed tar: {cause}"),
            },
            other => other,
        })?;
        Ok(Self {
            name,
            parts: Parts::Tar { file, members },
            _scratch: scratch,
        })
    }

    /// Whether there is a part of this name.
    pub(super) fn has(&self, part: &str) -> Result<bool> {
        let path = safe_path(part.as_bytes())?;
        Ok(match &self.parts {
            Parts::Folder(folder) => folder.join(path.as_path()).is_file(),
            Parts::Tar { members, .. } => members.contains_key(&path),
        })
    }

    /// Opens a part.
    pub(super) fn part(&self, part: &str) -> Result<Box<dyn Read + '_>> {
        let path = safe_path(part.as_bytes())?;
        match &self.parts {
            Parts::Folder(folder) => {
                let path = folder.join(path.as_path());
                match File::open(&path) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {
                        Err(self.wrong(format!("`{part}` is missing")))
                    }
                    file => Ok(Box::new(file.map_err(StoreError::io("open", path))?)),
                }
            }
            Parts::Tar { file, members } => {
                let (position, size) = find(members, &path)
                    .ok_or_else(|| self.wrong(format!("`{part}` is missing")))?;
                Ok(Box::new(Piece {
                    file,
                    position,
                    end: position + size,
                }))
            }
        }
    }

    /// Reads a document whole.
    pub(super) fn document(&self, part: &str) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut limited = self.part(part)?.take(LARGEST_DOCUMENT + 1);
        limited
            .read_to_end(&mut bytes)
            .map_err(StoreError::io("read", part))?;
        if bytes.len() as u64 > LARGEST_DOCUMENT {
            return Err(self.wrong(format!("`{part}` is too large")));
        }
        Ok(bytes)
    }

    /// Reads a document of a blob folder and checks its digest.
    pub(super) fn blob_document(&self, digest: Digest) -> Result<Vec<u8>> {
        let bytes = self.document(&blob_part(digest))?;
        check("blob", digest, Digest::of(&bytes))?;
        Ok(bytes)
    }

    /// Copies a blob out and checks its digest.
    pub(super) fn copy_blob(&self, digest: Digest, to: &mut dyn io::Write) -> Result<()> {
        let mut from = HashingReader::new(self.part(&blob_part(digest))?);
        copy(&mut from, to).map_err(StoreError::io("copy", blob_part(digest)))?;
        check("blob", digest, from.finish().0)
    }

    /// Makes the error that this is no archive, or a broken one.
    pub(super) fn wrong(&self, reason: String) -> StoreError {
        StoreError::NotAnArchive {
            name: self.name.clone(),
            reason,
        }
    }
}

/// Returns where a blob lies in an image layout.
pub(super) fn blob_part(digest: Digest) -> String {
    format!("blobs/sha256/{}", digest.hex())
}

fn check(what: &str, expected: Digest, found: Digest) -> Result<()> {
    if expected == found {
        return Ok(());
    }
    Err(StoreError::WrongDigest {
        what: what.to_owned(),
        expected,
        found,
    })
}

/// Lists the members by reading the headers alone.
fn members(file: &File) -> Result<HashMap<RootPath, Part>> {
    let end = file.metadata().map_err(StoreError::Tar)?.len();
    let piece = Piece {
        file,
        position: 0,
        end,
    };
    let mut tar = TarReader::new(piece);
    let mut members = HashMap::new();
    while let Some(member) = tar.next_seeking().map_err(StoreError::Tar)? {
        let path = safe_path(&member.name)?;
        let folder = path.parent().unwrap_or_default();
        let part = match member.entry_type {
            EntryType::Regular | EntryType::Continuous => Part::Content {
                position: member.position,
                size: member.size,
            },
            EntryType::Symlink => {
                let link = [folder.as_bytes(), b"/", &member.link[..]].concat();
                Part::Link(RootPath::clean(String::from_utf8_lossy(&link).as_ref()))
            }
            EntryType::Link => Part::Link(safe_path(&member.link)?),
            _ => continue,
        };
        members.insert(path, part);
    }
    Ok(members)
}

fn find(members: &HashMap<RootPath, Part>, path: &RootPath) -> Option<(u64, u64)> {
    let mut path = path;
    for _ in 0..MOST_LINKS {
        match members.get(path)? {
            Part::Content { position, size } => return Some((*position, *size)),
            Part::Link(target) => path = target,
        }
    }
    None
}

impl Read for Piece<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.end.saturating_sub(self.position);
        let most = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let count = self.file.read_at(&mut buffer[..most], self.position)?;
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for Piece<'_> {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        let position = match to {
            io::SeekFrom::Start(position) => Some(position),
            io::SeekFrom::Current(by) => self.position.checked_add_signed(by),
            io::SeekFrom::End(by) => self.end.checked_add_signed(by),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::store::tests::temporary_store;

    fn tar_with(members: &[(&str, EntryType, &str)]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (name, entry_type, text) in members {
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(*entry_type);
            if *entry_type == EntryType::Regular {
                header.set_size(text.len() as u64);
                builder
                    .append_data(&mut header, name, text.as_bytes())
                    .unwrap();
            } else {
                header.set_size(0);
                builder.append_link(&mut header, name, text).unwrap();
            }
        }
        builder.into_inner().unwrap()
    }

    #[test]
    fn parts_are_found_in_any_order_and_through_links() {
        let (_folder, store) = temporary_store();
        let tar = tar_with(&[
            ("b/layer.tar", EntryType::Symlink, "../a/layer.tar"),
            ("a/layer.tar", EntryType::Regular, "content"),
            ("round", EntryType::Symlink, "round"),
        ]);
        let source = Source::from_pipe(&store, &mut &tar[..]).unwrap();
        assert_eq!(source.document("b/layer.tar").unwrap(), b"content");
        assert_eq!(source.document("./a//layer.tar").unwrap(), b"content");
        for missing in ["c", "round"] {
            let error = source.document(missing).unwrap_err();
            assert!(matches!(error, StoreError::NotAnArchive { .. }), "{error}");
        }
    }

    #[test]
    fn no_document_names_a_file_outside_of_the_folder() {
        let (folder, store) = temporary_store();
        std::fs::write(folder.path().join("secret"), "x").unwrap();
        let inside = folder.path().join("archive");
        std::fs::create_dir(&inside).unwrap();
        let source = Source::open(&store, &inside).unwrap();
        let error = source.document("../secret").unwrap_err();
        assert!(matches!(error, StoreError::HostileEntry { .. }), "{error}");
    }

    #[test]
    fn a_blob_with_other_bytes_is_refused() {
        let (_folder, store) = temporary_store();
        let digest = Digest::of(b"right");
        let tar = tar_with(&[(&blob_part(digest), EntryType::Regular, "wrong")]);
        let source = Source::from_pipe(&store, &mut &tar[..]).unwrap();
        let error = source.blob_document(digest).unwrap_err();
        assert!(matches!(error, StoreError::WrongDigest { .. }), "{error}");
        assert!(source.copy_blob(digest, &mut io::sink()).is_err());
    }
}
