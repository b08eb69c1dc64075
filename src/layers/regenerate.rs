//! A layer's plain tar, made again from its tree.

use std::io::{self, Read, Write};

use flate2::read::MultiGzDecoder;

use super::entry::EntryKind;
use super::error::{Result, StoreError};
use super::layer::Layer;
use super::level::{Found, Level};
use super::plain;
use super::records::Records;
use super::store::Store;
use super::{descriptor::MediaType, tar_header};
use crate::digest::{DiffId, HashingWriter};

impl Store {
    /// Writes a layer's plain tar, byte for byte what its diff id is the digest of.
    ///
    /// # Errors
    /// [`StoreError::WrongDigest`] after the last byte, where the store was tampered with.
    pub fn layer_tar(&self, layer: &Layer, to: &mut dyn Write) -> Result<()> {
        let mut to = HashingWriter::new(to);
        if self.has_blob(layer.blob.digest) {
            self.tar_from_blob(layer, &mut to)?;
        } else {
            tar_from_tree(layer, &mut to)?;
        }
        let (found, _, _) = to.finish();
        if found == layer.diff_id.0 {
            return Ok(());
        }
        Err(StoreError::WrongDigest {
            what: "layer".to_owned(),
            expected: layer.diff_id.0,
            found,
        })
    }

    fn tar_from_blob(&self, layer: &Layer, to: &mut dyn Write) -> Result<()> {
        let blob = self.open_blob(layer.blob.digest)?;
        let copied = match layer.blob.media_type {
            MediaType::LayerGzip | MediaType::DockerLayerGzip => {
                copy(&mut MultiGzDecoder::new(io::BufReader::new(blob)), to)
            }
            MediaType::LayerZstd => copy(&mut plain::zstd(io::BufReader::new(blob)), to),
            _ => copy(&mut &blob, to),
        };
        copied.map_err(StoreError::io("copy", self.blob_path(layer.blob.digest)))
    }
}

/// Writes the tar of what is in a layer's tree now. Folders that the layer's own tar left out are
/// left out here too.
pub(super) fn tar_from_tree(layer: &Layer, to: &mut dyn Write) -> Result<()> {
    let level = Level::open(layer.tree.clone(), Records::read(layer.folder())?)?;
    let mut header = Vec::new();
    let mut buffer = vec![0; BUFFER];
    level.walk(&mut |found: &mut Found<'_>| {
        if level.records.implied.contains(&found.entry.path) {
            return Ok(());
        }
        header.clear();
        tar_header::append(&found.entry, &mut header);
        write(to, &header)?;
        if let EntryKind::File { size } = found.entry.kind {
            let io = |source| StoreError::io("copy", level.on_disk(&found.entry.path))(source);
            let mut content = found.open(&level.tree)?.take(size);
            copy_through(&mut buffer, &mut content, to).map_err(io)?;
            write(to, tar_header::padding(size))?;
        }
        Ok(())
    })?;
    write(to, &tar_header::END)
}

/// Returns the diff id of what is in a layer's tree now.
pub(super) fn diff_id_of_tree(layer: &Layer) -> Result<DiffId> {
    let mut hashing = HashingWriter::new(io::sink());
    tar_from_tree(layer, &mut hashing)?;
    Ok(DiffId(hashing.finish().0))
}

fn write(to: &mut dyn Write, bytes: &[u8]) -> Result<()> {
    to.write_all(bytes).map_err(StoreError::io("write", "tar"))
}

/// Large enough for hashing at full speed.
const BUFFER: usize = 256 * 1024;

/// Like `io::copy`, with a large buffer.
pub(super) fn copy(from: &mut dyn Read, to: &mut dyn Write) -> io::Result<()> {
    copy_through(&mut vec![0; BUFFER], from, to)
}

fn copy_through(buffer: &mut [u8], from: &mut dyn Read, to: &mut dyn Write) -> io::Result<()> {
    loop {
        match from.read(buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => to.write_all(&buffer[..count])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::store::tests::temporary_store;
    use crate::layers::{Content, Entry, RootPath};

    #[test]
    fn without_its_blob_a_layer_gives_the_same_tar_and_tampering_shows() {
        let (_folder, store) = temporary_store();
        let mut draft = store.draft_layer().unwrap();
        let mut folder = Entry::directory(RootPath::clean("a"), 0o700, 5);
        folder.kind = EntryKind::Directory { opaque: true };
        draft.add(&folder).unwrap();
        let mut file = Entry::file(RootPath::clean("a/f"), 3, 0o644, 5);
        file.xattrs.insert("user.note".into(), b"\n".to_vec());
        draft.add_file(&file, Content::Bytes(b"abc")).unwrap();
        let target = RootPath::clean("a/f");
        let link = EntryKind::HardLink { target };
        draft
            .add(&Entry::new(RootPath::clean("a/g"), link, 0o644, 5))
            .unwrap();
        draft.add(&Entry::whiteout(RootPath::clean("b"))).unwrap();
        let layer = draft.commit().unwrap();

        let tar = |store: &Store| {
            let mut tar = Vec::new();
            store.layer_tar(&layer, &mut tar).map(|()| tar)
        };
        let kept = tar(&store).unwrap();
        std::fs::remove_file(store.blob_path(layer.blob.digest)).unwrap();
        assert_eq!(tar(&store).unwrap(), kept);
        std::fs::write(layer.tree.join("a/f"), "abd").unwrap();
        let error = tar(&store).unwrap_err();
        assert!(matches!(error, StoreError::WrongDigest { .. }), "{error}");
    }
}
