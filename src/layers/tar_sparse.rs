//! Files with holes in a tar: only what lies between the holes is stored, and a map says where it
//! goes. GNU tar writes the map into the header, into PAX records, or in front of the content
//! (GNU tar manual, "Storing Sparse Files").

use std::collections::VecDeque;
use std::io::{self, Read};

use tar::{GnuExtSparseHeader, GnuSparseHeader, Header};

use super::tar_header::BLOCK;

/// A map of more parts than this wants our memory.
const MOST_PARTS: usize = 1 << 18;
/// Bytes of the longest line of a map in front of the content: a number of 64 bits.
const LONGEST: usize = 20;

/// The parts that are stored: offset and length.
type Parts = Vec<(u64, u64)>;

/// A file of which only parts are stored, while it is read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SparseFile {
    parts: VecDeque<(u64, u64)>,
    size: u64,
    position: u64,
}

/// What PAX records say of a sparse file.
#[derive(Debug, Default)]
pub(super) struct SparseRecords {
    parts: Parts,
    offset: Option<u64>,
    size: Option<u64>,
    /// Whether the map is in front of the content (format 1.0).
    map_in_content: bool,
}

impl SparseFile {
    /// Makes one of a map, of which `stored` bytes follow. `holes` is what may be between.
    fn new(parts: Parts, size: u64, stored: u64, holes: u64) -> io::Result<Self> {
        let (mut end, mut sum) = (0, 0_u64);
        for (offset, length) in &parts {
            let next = offset.checked_add(*length).filter(|next| *next <= size);
            let fits = *offset >= end && next.is_some();
            end = next.filter(|_| fits).ok_or_else(damaged)?;
            sum += length;
        }
        if sum != stored {
            return Err(damaged());
        }
        if size - sum > holes {
            return Err(super::plain::too_much(holes));
        }
        Ok(Self {
            parts: parts.into(),
            size,
            position: 0,
        })
    }

    /// Returns how long the file is with its holes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Reads on, holes as zeros; `stored` gives the parts.
    pub fn read(&mut self, buffer: &mut [u8], stored: &mut impl Read) -> io::Result<usize> {
        while self.parts.front().is_some_and(|(_, length)| *length == 0) {
            self.parts.pop_front();
        }
        let room =
            |bytes: u64| usize::try_from(bytes).map_or(buffer.len(), |it| it.min(buffer.len()));
        let (next, length) = self.parts.front().copied().unwrap_or((self.size, 0));
        let count = if self.position < next {
            let count = room(next - self.position);
            buffer[..count].fill(0);
            count
        } else {
            let most = room(length);
            let count = stored.read(&mut buffer[..most])?;
            if count == 0 && most > 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some((offset, length)) = self.parts.front_mut() {
                *offset += count as u64;
                *length -= count as u64;
            }
            count
        };
        self.position += count as u64;
        Ok(count)
    }
}

/// Reads the map of GNU's own format, which begins in the header and goes on in blocks behind it.
pub(super) fn of_header(
    header: &Header,
    stored: u64,
    holes: u64,
    next_block: &mut dyn FnMut() -> io::Result<[u8; BLOCK]>,
) -> io::Result<SparseFile> {
    let gnu = header.as_gnu().ok_or_else(damaged)?;
    let mut parts = Parts::new();
    add(&mut parts, &gnu.sparse)?;
    let mut goes_on = gnu.is_extended();
    while goes_on {
        let mut block = GnuExtSparseHeader::new();
        *block.as_mut_bytes() = next_block()?;
        add(&mut parts, block.sparse())?;
        goes_on = block.is_extended();
    }
    SparseFile::new(parts, gnu.real_size()?, stored, holes)
}

fn add(parts: &mut Parts, headers: &[GnuSparseHeader]) -> io::Result<()> {
    for header in headers.iter().filter(|header| !header.is_empty()) {
        parts.push((header.offset()?, header.length()?));
    }
    limited(parts.len())
}

impl SparseRecords {
    /// Takes a record whose key begins with `GNU.sparse.`; what is no part of a map is left alone.
    pub fn take(&mut self, key: &[u8], value: &[u8]) -> io::Result<()> {
        match key {
            b"size" | b"realsize" => self.size = Some(number(value)?),
            b"major" => self.map_in_content = number(value)? == 1,
            b"offset" => self.offset = Some(number(value)?),
            b"numbytes" => {
                let offset = self.offset.take().ok_or_else(damaged)?;
                self.parts.push((offset, number(value)?));
            }
            b"map" => {
                let numbers = value.split(|byte| *byte == b',').map(number);
                let numbers = numbers.collect::<io::Result<Vec<u64>>>()?;
                self.parts = pairs(&numbers)?;
            }
            _ => {}
        }
        limited(self.parts.len())
    }

    /// Returns the file, and how many bytes of the content its map took. `stored` is the size of
    /// the content.
    pub fn file(
        self,
        stored: u64,
        holes: u64,
        next_block: &mut dyn FnMut() -> io::Result<[u8; BLOCK]>,
    ) -> io::Result<(SparseFile, u64)> {
        let size = self.size.ok_or_else(damaged)?;
        let (parts, taken) = if self.map_in_content {
            map_before_content(stored, next_block)?
        } else {
            (self.parts, 0)
        };
        let file = SparseFile::new(parts, size, stored - taken, holes)?;
        Ok((file, taken))
    }
}

/// Reads lines with numbers, how many parts first, up to the end of the block that has the last.
fn map_before_content(
    stored: u64,
    next_block: &mut dyn FnMut() -> io::Result<[u8; BLOCK]>,
) -> io::Result<(Parts, u64)> {
    let (mut numbers, mut line, mut taken) = (Vec::new(), Vec::new(), 0);
    let is_whole = |numbers: &[u64]| {
        let count = numbers
            .first()
            .and_then(|count| usize::try_from(*count).ok());
        count.is_some_and(|count| numbers.len() > 2 * count.min(MOST_PARTS))
    };
    while !is_whole(&numbers) {
        taken += BLOCK as u64;
        if taken > stored {
            return Err(damaged());
        }
        for byte in next_block()? {
            if is_whole(&numbers) {
                break;
            }
            match byte {
                b'\n' => numbers.push(number(&std::mem::take(&mut line))?),
                _ if line.len() < LONGEST => line.push(byte),
                _ => return Err(damaged()),
            }
        }
    }
    limited(usize::try_from(numbers[0]).unwrap_or(usize::MAX))?;
    Ok((pairs(&numbers[1..])?, taken))
}

fn pairs(numbers: &[u64]) -> io::Result<Parts> {
    let (pairs, rest) = numbers.as_chunks::<2>();
    if rest.is_empty() {
        Ok(pairs
            .iter()
            .map(|[offset, length]| (*offset, *length))
            .collect())
    } else {
        Err(damaged())
    }
}

fn limited(parts: usize) -> io::Result<()> {
    if parts > MOST_PARTS {
        return Err(damaged());
    }
    Ok(())
}

fn number(value: &[u8]) -> io::Result<u64> {
    let text = std::str::from_utf8(value).ok();
    text.and_then(|text| text.parse().ok()).ok_or_else(damaged)
}

fn damaged() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "the map of a sparse file is malformed",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(parts: &[(u64, u64)], size: u64, stored: u64) -> io::Result<SparseFile> {
        SparseFile::new(parts.to_vec(), size, stored, 100)
    }

    #[test]
    fn holes_are_zeros() {
        let mut file = file(&[(2, 3), (5, 0), (7, 1)], 10, 4).unwrap();
        let (mut stored, mut read) = (&b"abcd"[..], Vec::new());
        let mut buffer = [9; 2];
        loop {
            match file.read(&mut buffer, &mut stored).unwrap() {
                0 => break,
                count => read.extend_from_slice(&buffer[..count]),
            }
        }
        assert_eq!(read, b"\0\0abc\0\0d\0\0");
    }

    #[test]
    fn maps_that_overlap_leave_the_file_or_do_not_add_up_are_refused() {
        for (parts, size, stored) in [
            (&[(0, 3), (2, 1)][..], 10, 4),
            (&[(8, 3)], 10, 3),
            (&[(u64::MAX, 2)], 10, 2),
            (&[(0, 3)], 10, 4),
        ] {
            assert!(file(parts, size, stored).is_err(), "{parts:?}");
        }
        assert!(file(&[], 101, 0).is_err(), "more holes than allowed");
        assert_eq!(file(&[], 100, 0).unwrap().size(), 100);
    }

    #[test]
    fn a_map_in_front_of_the_content_ends_with_its_block() {
        let mut records = SparseRecords::default();
        for (key, value) in [("major", "1"), ("minor", "0"), ("realsize", "20")] {
            records.take(key.as_bytes(), value.as_bytes()).unwrap();
        }
        let mut block = [0; BLOCK];
        block[..12].copy_from_slice(b"2\n1\n2\n10\n3\n\0");
        let (file, taken) = records.file(512 + 5, 100, &mut || Ok(block)).unwrap();
        assert_eq!(taken, 512);
        assert_eq!(file.parts, [(1, 2), (10, 3)]);
    }

    #[test]
    fn a_map_in_records_may_be_a_list_or_pairs() {
        let list = [("size", "20"), ("map", "1,2,10,3")];
        let pairs = [
            ("size", "20"),
            ("offset", "1"),
            ("numbytes", "2"),
            ("offset", "10"),
            ("numbytes", "3"),
        ];
        for said in [&list[..], &pairs] {
            let mut records = SparseRecords::default();
            for (key, value) in said {
                records.take(key.as_bytes(), value.as_bytes()).unwrap();
            }
            let none = &mut || unreachable!("the map is not there");
            let (file, taken) = records.file(5, 100, none).unwrap();
            assert_eq!((file.parts, taken), ([(1, 2), (10, 3)].into(), 0));
        }
    }
}
