//! Taking in a layer from outside: its bytes become a blob as they are, its tar becomes a tree.

use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use super::compression::{self, Compression};
use super::descriptor::{Descriptor, MediaType};
use super::error::{Result, StoreError};
use super::layer::Layer;
use super::regenerate::copy;
use super::store::Store;
use super::stream::{Streamed, TarStream};
use super::unpack::Unpacker;
use crate::digest::{DiffId, Digest};

const READ_AHEAD: usize = 256 * 1024;

/// What an outside layer was promised to be.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Promised {
    pub(super) diff_id: Option<DiffId>,
    pub(super) blob: Option<Digest>,
}

impl Store {
    /// Takes in a layer from outside: plain or gzipped, its bytes are kept as they are. `below`
    /// are the layers it belongs on, base first; folders that the tar only implies look as they
    /// do there.
    pub fn apply_tar(&self, from: &mut dyn Read, below: &[DiffId]) -> Result<Layer> {
        self.take_in(from, below, Promised::default())
    }

    /// Like [`apply_tar`](Self::apply_tar); what is not as promised does not get into the store.
    pub(super) fn take_in(
        &self,
        from: &mut dyn Read,
        below: &[DiffId],
        promised: Promised,
    ) -> Result<Layer> {
        let draft = self.scratch()?;
        let blob = draft.path().join("blob");
        let io = |source| StoreError::io("create", &blob)(source);
        let mut from = BufReader::with_capacity(READ_AHEAD, from);
        let compression = compression::detect(&mut from)?;
        let mut outer = Tee {
            from: &mut from,
            stream: TarStream::keeping(&blob).map_err(io)?,
        };
        let unpacker = Unpacker::new(self, &draft.path().join("tree"), self.stack(below)?)?;
        let (numbers, inner) = match compression {
            Compression::None => (unpack(unpacker, &mut outer, draft.path())?, None),
            Compression::Gzip => {
                let mut inner = Tee {
                    from: compression::decompress(compression, &mut outer),
                    stream: TarStream::hashing(),
                };
                let numbers = unpack(unpacker, &mut inner, draft.path())?;
                (numbers, Some(inner.finish()?))
            }
        };
        // What follows the compressed bytes belongs to the blob too.
        drain(&mut outer)?;
        let outer = outer.finish()?;
        let plain = inner.as_ref().unwrap_or(&outer);
        check(
            "layer",
            promised.diff_id.map(|diff_id| diff_id.0),
            plain.diff_id.0,
        )?;
        check("blob", promised.blob, outer.diff_id.0)?;

        self.adopt_blob(&blob, outer.diff_id.0)?;
        let mut layer = Layer::new(plain.diff_id, plain.size, numbers);
        layer.blob = describe(compression, &outer);
        self.adopt_tree(&draft, layer)
    }
}

fn unpack(
    mut unpacker: Unpacker,
    from: &mut dyn Read,
    layer: &Path,
) -> Result<super::layer::Numbers> {
    let mut from = BufReader::with_capacity(READ_AHEAD, from);
    unpacker.unpack(&mut from)?;
    // A tar ends with empty blocks, and often many more of them.
    drain(&mut from)?;
    let (records, numbers) = unpacker.finish()?;
    records.write(layer)?;
    Ok(numbers)
}

fn describe(compression: Compression, blob: &Streamed) -> Descriptor {
    let media_type = match compression {
        Compression::None => MediaType::Layer,
        Compression::Gzip => MediaType::LayerGzip,
    };
    Descriptor::new(media_type, blob.diff_id.0, blob.size)
}

fn check(what: &str, expected: Option<Digest>, found: Digest) -> Result<()> {
    match expected {
        Some(expected) if expected != found => Err(StoreError::WrongDigest {
            what: what.to_owned(),
            expected,
            found,
        }),
        _ => Ok(()),
    }
}

fn drain(from: &mut dyn Read) -> Result<()> {
    copy(from, &mut io::sink()).map_err(StoreError::Tar)
}

/// Reads, and passes everything that was read on to a stream.
struct Tee<R> {
    from: R,
    stream: TarStream,
}

impl<R> Tee<R> {
    fn finish(self) -> Result<Streamed> {
        let finished = self.stream.finish();
        finished.map_err(StoreError::io("write", "blob"))
    }
}

impl<R: Read> Read for Tee<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(buffer)?;
        self.stream.write_all(&buffer[..count])?;
        Ok(count)
    }
}
