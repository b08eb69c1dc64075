//! What a registry keeps, as files:
//!
//! ```text
//! blobs/<hex>                        layers, configs and manifests, by their digest
//! names/<NAME>/_blobs/<hex>          which of them a repository has
//! names/<NAME>/_manifests/<hex>      the media type of a manifest
//! names/<NAME>/_tags/<tag>           the digest that a tag means
//! uploads/<id>                       what comes in
//! ```
//!
//! No part of a repository's name begins with `_`. Files come under another name and are renamed:
//! each is there whole, or not at all.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use super::route::Which;
use crate::digest::{Digest, Hasher};

/// See the module.
pub(super) struct Shelf {
    root: PathBuf,
    next: AtomicU64,
}

/// A manifest and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Manifest {
    pub digest: Digest,
    pub media_type: String,
    pub bytes: Vec<u8>,
}

const UPLOADS: &str = "uploads";
const BLOBS: &str = "blobs";
const NAMES: &str = "names";

impl Shelf {
    /// Opens a folder; what was half sent to the one before is thrown away.
    pub fn open(root: &Path) -> io::Result<Self> {
        let shelf = Self {
            root: root.to_owned(),
            next: AtomicU64::new(0),
        };
        let uploads = root.join(UPLOADS);
        match fs::remove_dir_all(&uploads) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        for folder in [&uploads, &root.join(BLOBS), &root.join(NAMES)] {
            fs::create_dir_all(folder)?;
        }
        Ok(shelf)
    }

    /// Whether a repository has a blob, and how large it is.
    pub fn blob_size(&self, name: &str, digest: Digest) -> Option<u64> {
        let is_here = self.part(name, "_blobs", &digest.hex()).is_file();
        let found = fs::metadata(self.blob_path(digest)).ok();
        found.filter(|_| is_here).map(|found| found.len())
    }

    /// Opens a blob, some bytes on.
    pub fn blob(&self, digest: Digest, from: u64) -> io::Result<File> {
        let mut file = File::open(self.blob_path(digest))?;
        file.seek(SeekFrom::Start(from))?;
        Ok(file)
    }

    /// Gives a repository a blob that another one has; false if that has it not.
    pub fn mount(&self, name: &str, from: &str, digest: Digest) -> io::Result<bool> {
        let is_there = self.blob_size(from, digest).is_some();
        if is_there {
            self.mark(name, "_blobs", &digest.hex(), b"")?;
        }
        Ok(is_there)
    }

    /// Takes a blob from a repository.
    pub fn forget_blob(&self, name: &str, digest: Digest) -> io::Result<()> {
        fs::remove_file(self.part(name, "_blobs", &digest.hex()))
    }

    /// Begins an upload.
    pub fn begin(&self) -> io::Result<String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.unwrap_or_default().as_nanos();
        let id = format!("{now:x}x{}", self.next.fetch_add(1, Ordering::Relaxed));
        File::create_new(self.upload_path(&id))?;
        Ok(id)
    }

    /// Returns how much of an upload is here.
    pub fn upload_size(&self, id: &str) -> Option<u64> {
        let found = fs::metadata(self.upload_path(id)).ok();
        found.map(|found| found.len())
    }

    /// Adds to an upload; returns how much of it is here now.
    pub fn append(&self, id: &str, from: &mut dyn Read) -> io::Result<u64> {
        let mut file = OpenOptions::new().append(true).open(self.upload_path(id))?;
        io::copy(from, &mut file)?;
        Ok(file.metadata()?.len())
    }

    /// Makes a blob of an upload; false if it is not what its digest says.
    pub fn finish(&self, name: &str, id: &str, digest: Digest) -> io::Result<bool> {
        let path = self.upload_path(id);
        let mut hasher = Hasher::new();
        let mut file = File::open(&path)?;
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match file.read(&mut buffer)? {
                0 => break,
                count => hasher.update(&buffer[..count]),
            }
        }
        if hasher.finish() != digest {
            fs::remove_file(path)?;
            return Ok(false);
        }
        fs::rename(path, self.blob_path(digest))?;
        self.mark(name, "_blobs", &digest.hex(), b"")?;
        Ok(true)
    }

    /// Throws an upload away.
    pub fn cancel(&self, id: &str) -> io::Result<()> {
        fs::remove_file(self.upload_path(id))
    }

    /// Returns a manifest.
    pub fn manifest(&self, name: &str, which: &Which) -> Option<Manifest> {
        let digest = match which {
            Which::Digest(digest) => *digest,
            Which::Tag(tag) => {
                let text = fs::read_to_string(self.part(name, "_tags", tag)).ok()?;
                text.parse().ok()?
            }
        };
        let media_type = self.part(name, "_manifests", &digest.hex());
        Some(Manifest {
            digest,
            media_type: fs::read_to_string(media_type).ok()?,
            bytes: fs::read(self.blob_path(digest)).ok()?,
        })
    }

    /// Keeps a manifest under its digest, and under a tag where one is given.
    pub fn put_manifest(
        &self,
        name: &str,
        which: &Which,
        media_type: &str,
        bytes: &[u8],
    ) -> io::Result<Digest> {
        let digest = Digest::of(bytes);
        self.write(&self.blob_path(digest), bytes)?;
        self.mark(name, "_manifests", &digest.hex(), media_type.as_bytes())?;
        if let Which::Tag(tag) = which {
            self.mark(name, "_tags", tag, digest.to_string().as_bytes())?;
        }
        Ok(digest)
    }

    /// Takes a tag away, or a manifest with all its tags.
    pub fn forget_manifest(&self, name: &str, which: &Which) -> io::Result<()> {
        match which {
            Which::Tag(tag) => fs::remove_file(self.part(name, "_tags", tag)),
            Which::Digest(digest) => {
                fs::remove_file(self.part(name, "_manifests", &digest.hex()))?;
                for tag in self.tags(name) {
                    let path = self.part(name, "_tags", &tag);
                    if fs::read_to_string(&path).is_ok_and(|it| it == digest.to_string()) {
                        fs::remove_file(path)?;
                    }
                }
                Ok(())
            }
        }
    }

    /// Whether anything was ever sent to a repository.
    pub fn has_name(&self, name: &str) -> bool {
        self.root.join(NAMES).join(name).is_dir()
    }

    /// Lists the tags of a repository.
    pub fn tags(&self, name: &str) -> Vec<String> {
        entries(&self.root.join(NAMES).join(name).join("_tags"))
    }

    /// Lists the repositories that have a manifest.
    pub fn names(&self) -> Vec<String> {
        let mut found = BTreeSet::new();
        let mut ahead = vec![String::new()];
        while let Some(name) = ahead.pop() {
            for entry in entries(&self.root.join(NAMES).join(&name)) {
                if entry == "_manifests" {
                    found.insert(name.clone());
                } else if !entry.starts_with('_') {
                    let slash = if name.is_empty() { "" } else { "/" };
                    ahead.push(format!("{name}{slash}{entry}"));
                }
            }
        }
        found.into_iter().collect()
    }

    fn mark(&self, name: &str, kind: &str, what: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.part(name, kind, what);
        fs::create_dir_all(path.parent().unwrap_or(&self.root))?;
        self.write(&path, bytes)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let id = self.begin()?;
        let scratch = self.upload_path(&id);
        File::create(&scratch)?.write_all(bytes)?;
        fs::rename(scratch, path)
    }

    fn part(&self, name: &str, kind: &str, what: &str) -> PathBuf {
        self.root.join(NAMES).join(name).join(kind).join(what)
    }

    fn blob_path(&self, digest: Digest) -> PathBuf {
        self.root.join(BLOBS).join(digest.hex())
    }

    fn upload_path(&self, id: &str) -> PathBuf {
        self.root.join(UPLOADS).join(id)
    }
}

/// The names in a folder, in their order; none where there is no folder.
fn entries(folder: &Path) -> Vec<String> {
    let found = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = found
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}
