//! Compressed tars, recognised by their first bytes.

use std::io::{self, BufRead, Read};

use flate2::bufread::MultiGzDecoder;

use super::error::{Result, StoreError};
use super::plain;

/// How bytes are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Gzip,
    Zstd,
}

/// The first bytes of formats that are recognised, to be refused by name.
const UNSUPPORTED: [(&[u8], &str); 2] = [(b"BZh", "bzip2"), (b"\xfd7zXZ\0", "xz")];

/// Looks at what comes next, without taking it.
pub(super) fn detect(from: &mut dyn BufRead) -> Result<Compression> {
    let start = from.fill_buf().map_err(StoreError::Tar)?;
    if start.starts_with(b"\x1f\x8b") {
        return Ok(Compression::Gzip);
    }
    if plain::is_zstd(start) {
        return Ok(Compression::Zstd);
    }
    match UNSUPPORTED
        .iter()
        .find(|(magic, _)| start.starts_with(magic))
    {
        Some((_, name)) => Err(StoreError::Compression(name)),
        None => Ok(Compression::None),
    }
}

/// Returns a reader of the plain bytes.
pub(super) fn decompress<'a>(compression: Compression, from: impl Read + 'a) -> Box<dyn Read + 'a> {
    match compression {
        Compression::None => Box::new(from),
        Compression::Gzip => {
            let buffered = io::BufReader::with_capacity(64 * 1024, from);
            Box::new(MultiGzDecoder::new(buffered))
        }
        Compression::Zstd => {
            let buffered = io::BufReader::with_capacity(64 * 1024, from);
            Box::new(plain::zstd(buffered))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell() {
        for (bytes, expected) in [
            (&b"\x1f\x8b\x08rest"[..], Some(Compression::Gzip)),
            (b"plain", Some(Compression::None)),
            (b"", Some(Compression::None)),
            (b"\x28\xb5\x2f\xfd", Some(Compression::Zstd)),
            (b"BZh9", None),
            (b"\xfd7zXZ\0", None),
        ] {
            let mut from = bytes;
            assert_eq!(detect(&mut from).ok(), expected, "{bytes:?}");
            assert_eq!(from, bytes, "nothing was taken");
        }
    }
}
