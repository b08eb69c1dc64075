//! Blobs: bytes under the name of their digest.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use super::error::{Result, StoreError};
use super::store::Store;
use crate::digest::{Digest, HashingWriter};

/// A blob being written; gone when dropped before [`complete`](Self::complete).
pub(super) struct BlobWriter {
    store: Store,
    path: PathBuf,
    to: HashingWriter<BufWriter<File>>,
}

impl Store {
    /// Stores bytes as a blob.
    pub(super) fn put_blob(&self, bytes: &[u8]) -> Result<Digest> {
        let digest = Digest::of(bytes);
        if !self.has_blob(digest) {
            let mut writer = self.write_blob()?;
            writer
                .write_all(bytes)
                .map_err(StoreError::io("write", self.blob_path(digest)))?;
            writer.complete()?;
        }
        Ok(digest)
    }

    /// Starts a blob whose digest is not known yet.
    pub(super) fn write_blob(&self) -> Result<BlobWriter> {
        let path = self.own_scratch()?.unused_path();
        let file = File::create(&path).map_err(StoreError::io("create", &path))?;
        Ok(BlobWriter {
            store: self.clone(),
            path,
            to: HashingWriter::new(BufWriter::with_capacity(64 * 1024, file)),
        })
    }

    /// Returns the bytes of a blob, after checking that they are the right ones.
    pub(super) fn read_blob(&self, digest: Digest) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let path = self.blob_path(digest);
        self.open_blob(digest)?
            .read_to_end(&mut bytes)
            .map_err(StoreError::io("read", path))?;
        match Digest::of(&bytes) {
            found if found == digest => Ok(bytes),
            found => Err(StoreError::WrongDigest {
                what: "blob".to_owned(),
                expected: digest,
                found,
            }),
        }
    }

    /// Opens a blob for reading; whoever reads it checks the digest.
    pub(super) fn open_blob(&self, digest: Digest) -> Result<File> {
        let path = self.blob_path(digest);
        match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(StoreError::BlobMissing(digest))
            }
            file => file.map_err(StoreError::io("open", path)),
        }
    }

    /// Whether a blob is here.
    pub(super) fn has_blob(&self, digest: Digest) -> bool {
        self.blob_path(digest).is_file()
    }

    /// Makes a finished file a blob; the digest is known to be right.
    pub(super) fn adopt_blob(&self, file: &Path, digest: Digest) -> Result<()> {
        fs::rename(file, self.blob_path(digest)).map_err(StoreError::io("rename", file))
    }
}

impl BlobWriter {
    /// Finishes the blob and returns its digest and size.
    pub(super) fn complete(self) -> Result<(Digest, u64)> {
        let (digest, size, to) = self.to.finish();
        let flushed = to.into_inner().map_err(io::IntoInnerError::into_error);
        flushed.map_err(StoreError::io("write", &self.path))?;
        self.store.adopt_blob(&self.path, digest)?;
        Ok((digest, size))
    }
}

impl Write for BlobWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.to.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::store::tests::temporary_store;

    #[test]
    fn a_blob_comes_back_by_its_digest() {
        let (_folder, store) = temporary_store();
        let digest = store.put_blob(b"hello").unwrap();
        assert_eq!(digest, Digest::of(b"hello"));
        assert_eq!(store.read_blob(digest).unwrap(), b"hello");
    }

    #[test]
    fn damaged_and_missing_blobs_are_told_apart() {
        let (_folder, store) = temporary_store();
        let digest = store.put_blob(b"hello").unwrap();
        fs::write(store.blob_path(digest), b"jello").unwrap();
        let error = store.read_blob(digest).unwrap_err();
        assert!(matches!(error, StoreError::WrongDigest { .. }), "{error}");
        let error = store.read_blob(Digest::of(b"other")).unwrap_err();
        assert!(matches!(error, StoreError::BlobMissing(_)), "{error}");
    }

    #[test]
    fn an_unfinished_blob_is_not_in_the_store() {
        let (_folder, store) = temporary_store();
        let mut writer = store.write_blob().unwrap();
        writer.write_all(b"half").unwrap();
        drop(writer);
        assert!(!store.has_blob(Digest::of(b"half")));
    }
}
