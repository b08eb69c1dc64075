//! [`TarReader`]: the members of a tar that may have been made by anybody.
//!
//! Header blocks are read by the `tar` crate; the long names of GNU and the PAX records between
//! them are read here, because that crate splits PAX records at line ends, and the value of
//! `security.capability` is binary and may contain one.

use std::ffi::OsString;
use std::io::{self, Read, Seek};
use std::os::unix::ffi::OsStringExt;

use tar::{EntryType, Header};

use super::entry::Xattrs;
use super::plain::UNPACKS_TO;
use super::tar_header::BLOCK;
use super::tar_sparse::{self, SparseFile, SparseRecords};

/// Long names and attributes fit many times; a tar that claims more wants our memory.
const MOST_EXTRA: u64 = 4 * 1024 * 1024;

/// Where a header has mode, owner, group, size and time.
const NUMBERS: [std::ops::Range<usize>; 5] = [100..108, 108..116, 116..124, 124..136, 136..148];

/// Reads a tar member by member.
pub(super) struct TarReader<R> {
    from: R,
    /// Bytes of the current member's content that nobody has read yet.
    left: u64,
    /// Zero bytes after them.
    padding: u64,
    position: u64,
    /// The current member, if only parts of it are stored.
    sparse: Option<SparseFile>,
    /// Bytes that may still be in holes of files: they cost the tar nothing, and us as much as others.
    holes: u64,
}

/// A member: its header, with what the extended headers before it say.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) name: Vec<u8>,
    pub(super) link: Vec<u8>,
    pub(super) entry_type: EntryType,
    pub(super) size: u64,
    pub(super) mode: u32,
    pub(super) uid: u64,
    pub(super) gid: u64,
    pub(super) mtime: i64,
    pub(super) device: (u32, u32),
    pub(super) xattrs: Xattrs,
    /// Where its content begins in the tar.
    pub(super) position: u64,
}

/// What extended headers say about the member that follows them.
#[derive(Default)]
struct Extra {
    name: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
    uid: Option<u64>,
    gid: Option<u64>,
    mtime: Option<i64>,
    xattrs: Xattrs,
    sparse: Option<SparseRecords>,
    sparse_name: Option<Vec<u8>>,
}

impl<R: Read> TarReader<R> {
    /// Reads a tar from its start.
    pub(super) fn new(from: R) -> Self {
        Self {
            from,
            left: 0,
            padding: 0,
            position: 0,
            sparse: None,
            holes: UNPACKS_TO,
        }
    }

    /// Says how many bytes may be in holes of files; [`UNPACKS_TO`] unless told otherwise.
    pub(super) fn with_holes(mut self, most: u64) -> Self {
        self.holes = most;
        self
    }

    /// Returns the next member; none at the end. Content that was not read is skipped.
    pub(super) fn next(&mut self) -> io::Result<Option<Member>> {
        self.next_after(Self::skip)
    }

    fn next_after(&mut self, skip: fn(&mut Self) -> io::Result<()>) -> io::Result<Option<Member>> {
        let mut extra = Extra::default();
        loop {
            skip(self)?;
            let Some(header) = self.header()? else {
                return Ok(None);
            };
            self.left = header.entry_size()?;
            self.padding = padding_after(self.left);
            self.sparse = None;
            match header.entry_type() {
                EntryType::GNULongName => extra.name = Some(self.text()?),
                EntryType::GNULongLink => extra.link = Some(self.text()?),
                EntryType::XHeader => extra.read(&self.extra()?)?,
                EntryType::XGlobalHeader => {}
                _ => return self.member(&header, extra).map(Some),
            }
        }
    }

    fn member(&mut self, header: &Header, extra: Extra) -> io::Result<Member> {
        if let Some(size) = extra.size {
            self.left = size;
            self.padding = padding_after(size);
        }
        let mut entry_type = header.entry_type();
        let sparse = self.sparse_file(header, extra.sparse)?;
        let size = sparse.as_ref().map_or(self.left, SparseFile::size);
        if sparse.is_some() {
            self.holes -= size - self.left;
            entry_type = EntryType::Regular;
        }
        self.sparse = sparse;
        let link = header.link_name_bytes().map(std::borrow::Cow::into_owned);
        // Whoever is no device may have anything in these fields.
        let device = |field: io::Result<Option<u32>>| field.ok().flatten().unwrap_or(0);
        let number = |said: Option<u64>, header: io::Result<u64>| said.map_or(header, Ok);
        Ok(Member {
            name: extra
                .sparse_name
                .or(extra.name)
                .unwrap_or_else(|| header.path_bytes().into_owned()),
            link: extra.link.or(link).unwrap_or_default(),
            entry_type,
            size,
            mode: header.mode()? & 0o7777,
            uid: number(extra.uid, header.uid())?,
            gid: number(extra.gid, header.gid())?,
            mtime: extra.mtime.map_or_else(|| signed_time(header), Ok)?,
            device: (device(header.device_major()), device(header.device_minor())),
            xattrs: extra.xattrs,
            position: self.position,
        })
    }

    /// Reads the map of a file of which only parts are stored; none if it is whole.
    fn sparse_file(
        &mut self,
        header: &Header,
        records: Option<SparseRecords>,
    ) -> io::Result<Option<SparseFile>> {
        let (stored, holes) = (self.left, self.holes);
        let mut next_block = || {
            let mut block = [0; BLOCK];
            let is_there = self.fill(&mut block)?;
            is_there
                .then_some(block)
                .ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
        };
        if header.entry_type() == EntryType::GNUSparse {
            return tar_sparse::of_header(header, stored, holes, &mut next_block).map(Some);
        }
        let Some(records) = records else {
            return Ok(None);
        };
        let (file, taken) = records.file(stored, holes, &mut next_block)?;
        self.left -= taken;
        Ok(Some(file))
    }

    fn header(&mut self) -> io::Result<Option<Header>> {
        let mut block = [0; BLOCK];
        if !self.fill(&mut block)? || block == [0; BLOCK] {
            return Ok(None);
        }
        let sum: u32 = block[..148]
            .iter()
            .chain(&block[156..])
            .map(|byte| u32::from(*byte))
            .sum();
        if sum + 8 * u32::from(b' ') != Header::from_byte_slice(&block).cksum()? {
            return Err(malformed("the checksum of a header is wrong"));
        }
        for field in NUMBERS {
            // Many programs leave a number blank that is 0; the crate takes that for damage.
            if block[field.clone()]
                .iter()
                .all(|byte| matches!(byte, 0 | b' '))
            {
                block[field.start] = b'0';
            }
        }
        Ok(Some(Header::from_byte_slice(&block).clone()))
    }

    /// Fills a block; false where the tar ends before it.
    fn fill(&mut self, block: &mut [u8; BLOCK]) -> io::Result<bool> {
        let mut filled = 0;
        while filled < BLOCK {
            match self.from.read(&mut block[filled..]) {
                Ok(0) if filled == 0 => return Ok(false),
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.position += BLOCK as u64;
        Ok(true)
    }

    fn skip(&mut self) -> io::Result<()> {
        let rest = self.left + self.padding;
        let skipped = io::copy(&mut (&mut self.from).take(rest), &mut io::sink())?;
        // `umoci insert` ends a layer with the last byte of the last file, and Go's reader, which
        // is docker's, takes that for an end.
        if skipped < self.left {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.position += skipped;
        (self.left, self.padding) = (0, 0);
        Ok(())
    }

    fn extra(&mut self) -> io::Result<Vec<u8>> {
        if self.left > MOST_EXTRA {
            return Err(malformed("an extended header is too large"));
        }
        let mut bytes = Vec::new();
        self.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// A long name: ends with a NUL.
    fn text(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = self.extra()?;
        let end = bytes.iter().position(|byte| *byte == 0);
        bytes.truncate(end.unwrap_or(bytes.len()));
        Ok(bytes)
    }
}

impl<R: Read + Seek> TarReader<R> {
    /// Like [`next`](Self::next), without reading the content that is skipped. A tar that is cut
    /// short is noticed only by whoever reads its last member.
    pub(super) fn next_seeking(&mut self) -> io::Result<Option<Member>> {
        self.next_after(|tar| {
            let rest = tar.left + tar.padding;
            tar.position += rest;
            (tar.left, tar.padding) = (0, 0);
            tar.from.seek(io::SeekFrom::Start(tar.position)).map(drop)
        })
    }
}

/// Reads the content of the current member.
impl<R: Read> Read for TarReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(mut sparse) = self.sparse.take() {
            let count = sparse.read(buffer, &mut Stored(self));
            self.sparse = Some(sparse);
            return count;
        }
        Stored(self).read(buffer)
    }
}

/// What is stored of the current member.
struct Stored<'t, R>(&'t mut TarReader<R>);

impl<R: Read> Read for Stored<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let tar = &mut *self.0;
        let most = usize::try_from(tar.left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let count = tar.from.read(&mut buffer[..most])?;
        if count == 0 && most > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        tar.left -= count as u64;
        tar.position += count as u64;
        Ok(count)
    }
}

impl Extra {
    /// Reads PAX records: `LENGTH KEY=VALUE\n`, the value of any bytes.
    fn read(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let (key, value, rest) =
                pax_record(bytes).ok_or_else(|| malformed("a PAX record is malformed"))?;
            self.take(key, value)?;
            bytes = rest;
        }
        Ok(())
    }

    fn take(&mut self, key: &[u8], value: &[u8]) -> io::Result<()> {
        match key {
            b"path" => self.name = Some(value.to_vec()),
            b"linkpath" => self.link = Some(value.to_vec()),
            b"size" => self.size = Some(parse(value)?),
            b"uid" => self.uid = Some(parse(value)?),
            b"gid" => self.gid = Some(parse(value)?),
            b"mtime" => self.mtime = Some(whole_seconds(value)?),
            // The name in the header is made up, for those who do not know of holes.
            b"GNU.sparse.name" => self.sparse_name = Some(value.to_vec()),
            _ => {
                if let Some(key) = key.strip_prefix(b"GNU.sparse.") {
                    self.sparse.get_or_insert_default().take(key, value)?;
                } else if let Some(name) = key.strip_prefix(b"SCHILY.xattr.") {
                    let name = OsString::from_vec(name.to_vec());
                    self.xattrs.insert(name, value.to_vec());
                }
            }
        }
        Ok(())
    }
}

fn pax_record(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = bytes.iter().position(|byte| *byte == b' ')?;
    let length: usize = std::str::from_utf8(&bytes[..space]).ok()?.parse().ok()?;
    let record = bytes.get(space + 1..length)?.strip_suffix(b"\n")?;
    let equals = record.iter().position(|byte| *byte == b'=')?;
    Some((&record[..equals], &record[equals + 1..], &bytes[length..]))
}

fn parse<T: std::str::FromStr>(value: &[u8]) -> io::Result<T> {
    let text = std::str::from_utf8(value).ok();
    text.and_then(|text| text.parse().ok())
        .ok_or_else(|| malformed("a PAX number is malformed"))
}

/// `-1.5` is one and a half seconds before the epoch, so second -2.
fn whole_seconds(value: &[u8]) -> io::Result<i64> {
    let mut halves = value.splitn(2, |byte| *byte == b'.');
    let seconds: i64 = parse(halves.next().unwrap_or_default())?;
    let fraction = halves.next().unwrap_or_default();
    let below = value.starts_with(b"-") && fraction.iter().any(|digit| *digit != b'0');
    Ok(seconds - i64::from(below))
}

/// Times before the epoch are negative numbers in base 256, which the crate reads as unsigned.
fn signed_time(header: &Header) -> io::Result<i64> {
    Ok(header.mtime()?.cast_signed())
}

fn padding_after(size: u64) -> u64 {
    size.next_multiple_of(BLOCK as u64) - size
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::{Entry, RootPath, tar_header};

    fn tar_of(entry: &Entry, content: &[u8]) -> Vec<u8> {
        let mut tar = Vec::new();
        tar_header::append(entry, &mut tar);
        tar.extend_from_slice(content);
        tar.extend_from_slice(tar_header::padding(content.len() as u64));
        tar
    }

    #[test]
    fn a_binary_attribute_with_a_line_end_hides_nothing_that_follows() {
        let mut entry = Entry::file(RootPath::clean("핑"), 2, 0o755, -7);
        let value = b"\x01\n30 path=evil\n\x00".to_vec();
        let name = OsString::from("security.capability");
        entry.xattrs.insert(name.clone(), value.clone());
        let mut tar = tar_of(&entry, b"hi");
        tar.extend(tar_of(
            &Entry::directory(RootPath::clean("next"), 0o755, 0),
            b"",
        ));

        let mut reader = TarReader::new(&tar[..]);
        let member = reader.next().unwrap().unwrap();
        assert_eq!(member.name, "핑".as_bytes());
        assert_eq!(member.xattrs, Xattrs::from([(name, value)]));
        assert_eq!((member.size, member.mtime), (2, -7));
        let mut content = String::new();
        reader.read_to_string(&mut content).unwrap();
        assert_eq!(content, "hi");
        assert_eq!(reader.next().unwrap().unwrap().name, b"next/");
        assert!(reader.next().unwrap().is_none());
    }

    #[test]
    fn long_names_of_gnu_tar_are_read() {
        let mut builder = tar::Builder::new(Vec::new());
        let long = format!("{}/f", "d".repeat(200));
        let mut header = Header::new_gnu();
        header.set_size(3);
        builder
            .append_data(&mut header, &long, &b"abc"[..])
            .unwrap();
        let tar = builder.into_inner().unwrap();
        let mut reader = TarReader::new(&tar[..]);
        let member = reader.next().unwrap().unwrap();
        assert_eq!(member.name, long.as_bytes());
        let at = usize::try_from(member.position).unwrap();
        assert_eq!(&tar[at..at + 3], b"abc");
        assert!(reader.next().unwrap().is_none());
    }

    #[test]
    fn damaged_tars_are_errors() {
        let entry = Entry::file(RootPath::clean("f"), 600, 0o644, 0);
        let good = tar_of(&entry, &[1; 600]);
        let mut damaged = good.clone();
        damaged[3] ^= 1;
        assert!(TarReader::new(&damaged[..]).next().is_err());
        let mut cut = TarReader::new(&good[..800]);
        assert!(cut.next().unwrap().is_some());
        assert!(cut.next().is_err());
    }

    #[test]
    fn a_tar_may_end_with_its_last_byte_of_content() {
        let entry = Entry::file(RootPath::clean("f"), 600, 0o644, 0);
        let whole = tar_of(&entry, &[1; 600]);
        for end in [512 + 600, 512 + 601, whole.len()] {
            let mut tar = TarReader::new(&whole[..end]);
            assert!(tar.next().unwrap().is_some());
            assert!(tar.next().unwrap().is_none(), "cut at {end}");
        }
    }
}
