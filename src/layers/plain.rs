//! The plain bytes of an archive, whatever it is compressed with, and not more than a limit: a few
//! kilobytes can unpack to what no disk holds.

use std::io::{self, BufRead, BufReader, Read};

use bzip2::read::MultiBzDecoder;
use flate2::bufread::MultiGzDecoder;
use lzma_rust2::XzReader;
use ruzstd::decoding::FrameDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};

use super::error::StoreError;

const READ_AHEAD: usize = 256 * 1024;
/// In KiB; `xz -9` asks for 65 MiB, and an archive may ask for gigabytes before it has shown a byte.
const MOST_XZ_MEMORY: u32 = 256 * 1024;
/// What an archive may unpack to in any case, where nobody says otherwise.
pub const UNPACKS_TO: u64 = 1 << 30;
/// How much larger than itself it may become beyond that. Text and programs shrink to a third or
/// a tenth; what shrinks to less than a hundredth is hardly anything but zeros.
const MOST_RATIO: u64 = 100;

/// What an archive may unpack to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limit(u64);

impl Limit {
    /// As much as there is room for.
    pub(super) const NONE: Self = Self(u64::MAX);

    /// Returns the limit of an archive of `size` bytes that may become `any_case` bytes anyhow.
    pub(super) fn new(size: u64, any_case: u64) -> Self {
        Self(any_case.max(size.saturating_mul(MOST_RATIO)))
    }
}

/// More came out of an archive than it may unpack to.
#[derive(Debug, thiserror::Error)]
#[error("it unpacks to more than {0} bytes")]
struct TooMuch(u64);

/// Makes the error of an archive that has more than may come out of it.
pub(super) fn too_much(limit: u64) -> io::Error {
    io::Error::other(TooMuch(limit))
}

/// Makes the error of a read that failed.
pub(super) fn read_error(error: io::Error) -> StoreError {
    let too_much = error.get_ref().and_then(|inner| inner.downcast_ref());
    match too_much {
        Some(TooMuch(limit)) => StoreError::UnpacksToTooMuch { limit: *limit },
        None => StoreError::Tar(error),
    }
}

/// Returns a reader of the plain bytes.
pub(super) fn plain<'a>(from: impl Read + 'a, limit: Limit) -> io::Result<Box<dyn Read + 'a>> {
    let mut from = BufReader::with_capacity(READ_AHEAD, from);
    let start = from.fill_buf()?;
    let plain: Box<dyn Read + 'a> = if start.starts_with(b"\x1f\x8b") {
        Box::new(MultiGzDecoder::new(from))
    } else if start.starts_with(b"BZh") {
        Box::new(MultiBzDecoder::new(from))
    } else if start.starts_with(b"\xfd7zXZ\0") {
        Box::new(XzReader::new_mem_limit(from, true, MOST_XZ_MEMORY))
    } else if is_zstd(start) {
        Box::new(ZstdFrames {
            from,
            decoder: FrameDecoder::new(),
        })
    } else {
        // What is not compressed is as large as it is.
        return Ok(Box::new(from));
    };
    Ok(Box::new(Limited {
        from: plain,
        left: limit.0,
        limit,
    }))
}

/// Whether these first bytes are those of something that [`plain`] decompresses.
pub(super) fn is_compressed(start: &[u8]) -> bool {
    let known: [&[u8]; 3] = [b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0"];
    known.iter().any(|magic| start.starts_with(magic)) || is_zstd(start)
}

/// Returns a reader of what zstd frames hold.
pub(super) fn zstd<'a>(from: impl BufRead + 'a) -> impl Read + 'a {
    ZstdFrames {
        from,
        decoder: FrameDecoder::new(),
    }
}

/// A frame, or one of those that a reader skips (RFC 8878, 3.1).
pub(super) fn is_zstd(start: &[u8]) -> bool {
    let skippable = |magic: &[u8]| magic[0] & 0xf0 == 0x50 && magic[1..] == *b"\x2a\x4d\x18";
    let magic = start.get(..4);
    magic.is_some_and(|magic| magic == b"\x28\xb5\x2f\xfd" || skippable(magic))
}

/// One zstd frame after the other: `pzstd` and `cat a.zst b.zst` make several.
struct ZstdFrames<R> {
    from: R,
    decoder: FrameDecoder,
}

impl<R: BufRead> ZstdFrames<R> {
    /// Goes on to the next frame; false where there is none.
    fn next_frame(&mut self) -> io::Result<bool> {
        loop {
            if self.from.fill_buf()?.is_empty() {
                return Ok(false);
            }
            match self.decoder.reset(&mut self.from) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let mut skipped = (&mut self.from).take(u64::from(length));
                    io::copy(&mut skipped, &mut io::sink())?;
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
    }
}

impl<R: BufRead> Read for ZstdFrames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.decoder.can_collect() == 0 {
            if !self.decoder.is_finished() {
                let one = ruzstd::decoding::BlockDecodingStrategy::UptoBlocks(1);
                let decoded = self.decoder.decode_blocks(&mut self.from, one);
                decoded.map_err(io::Error::other)?;
            } else if !self.next_frame()? {
                return Ok(0);
            }
        }
        Read::read(&mut self.decoder, buffer)
    }
}

/// Ends with an error after so many bytes.
struct Limited<R> {
    from: R,
    left: u64,
    limit: Limit,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(buffer)?;
        let left = self.left.checked_sub(count as u64);
        self.left = left.ok_or_else(|| io::Error::other(TooMuch(self.limit.0)))?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const PLENTY: Limit = Limit(u64::MAX);

    fn read(bytes: &[u8], limit: Limit) -> io::Result<Vec<u8>> {
        let mut read = Vec::new();
        plain(bytes, limit)?.read_to_end(&mut read).map(|_| read)
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(text).unwrap();
        gzip.finish().unwrap()
    }

    fn zstd(text: &[u8]) -> Vec<u8> {
        let level = ruzstd::encoding::CompressionLevel::Fastest;
        ruzstd::encoding::compress_to_vec(text, level)
    }

    #[test]
    fn several_members_are_one_text() {
        let gzips = [gzip(b"one "), gzip(b"two")].concat();
        assert_eq!(read(&gzips, PLENTY).unwrap(), b"one two");
    }

    #[test]
    fn several_frames_are_one_text_and_others_are_skipped() {
        let skipped = b"\x5a\x2a\x4d\x18\x03\0\0\0abc";
        let long = vec![7; 500_000];
        let frames = [&skipped[..], &zstd(&long), skipped, &zstd(b"two"), skipped].concat();
        assert_eq!(read(&frames, PLENTY).unwrap(), [&long[..], b"two"].concat());
        let cut = &frames[..frames.len() - skipped.len() - 4];
        assert!(read(cut, PLENTY).is_err());
        let damaged = [&zstd(b"one")[..], b"rest"].concat();
        assert!(read(&damaged, PLENTY).is_err());
    }

    #[test]
    fn the_limit_counts_what_comes_out() {
        let zeros = gzip(&vec![0; 1_000_000]);
        assert_eq!(read(&zeros, Limit(1_000_000)).unwrap().len(), 1_000_000);
        let error = read(&zeros, Limit(999_999)).unwrap_err();
        let error = read_error(error);
        assert!(matches!(
            error,
            StoreError::UnpacksToTooMuch { limit: 999_999 }
        ));
    }

    #[test]
    fn a_large_archive_may_become_a_hundred_times_larger() {
        assert_eq!(Limit::new(10, 2000), Limit(2000));
        assert_eq!(Limit::new(30, 2000), Limit(3000));
        assert_eq!(Limit::new(u64::MAX, 1), Limit(u64::MAX));
    }
}
