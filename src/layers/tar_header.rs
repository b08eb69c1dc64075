//! Writing tar headers: the same bytes for the same entry, on every machine.
//!
//! POSIX ustar headers; what does not fit them (long or non-ASCII names, big numbers, extended
//! attributes) goes into a PAX header before (pax(1), and `SCHILY.xattr.` for attributes, as Go,
//! GNU tar and libarchive have it). No names of owners, no fractions of seconds.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::RootPath;
use super::entry::{Device, Entry, EntryKind};

/// Tars are made of blocks of this size.
pub(super) const BLOCK: usize = 512;
/// Two empty blocks end a tar.
pub(super) const END: [u8; 2 * BLOCK] = [0; 2 * BLOCK];
/// Starts the name of a whiteout (image-spec, layer.md, Whiteouts).
pub(super) const WHITEOUT_PREFIX: &str = ".wh.";
/// The name of an opaque whiteout (image-spec, layer.md, Opaque Whiteout).
pub(super) const OPAQUE_WHITEOUT: &str = ".wh..wh..opq";

const NAME: std::ops::Range<usize> = 0..100;
const LINK: std::ops::Range<usize> = 157..257;
/// Octal digits that fit beside the closing NUL.
const SHORT: usize = 7;
const LONG: usize = 11;

/// Returns the zero bytes after `size` bytes of content.
pub(super) fn padding(size: u64) -> &'static [u8] {
    let over = usize::try_from(size % BLOCK as u64).expect("less than a block");
    &END[..(BLOCK - over) % BLOCK]
}

/// Appends everything that stands before the content of an entry; for an opaque folder, also the
/// marker after it.
pub(super) fn append(entry: &Entry, to: &mut Vec<u8>) {
    append_named(entry, &tar_name(entry), to);
    if entry.kind == (EntryKind::Directory { opaque: true }) {
        let marker = Entry::whiteout(entry.path.join(OPAQUE_WHITEOUT));
        append_named(&marker, marker.path.as_bytes(), to);
    }
}

fn tar_name(entry: &Entry) -> Vec<u8> {
    match entry.kind {
        EntryKind::Directory { .. } => [entry.path.as_bytes(), b"/"].concat(),
        EntryKind::Whiteout => {
            let hidden = [WHITEOUT_PREFIX.as_bytes(), entry.path.name().as_bytes()].concat();
            let folder = entry.path.parent().unwrap_or_else(RootPath::root);
            folder.join(OsStr::from_bytes(&hidden)).as_bytes().to_vec()
        }
        _ => entry.path.as_bytes().to_vec(),
    }
}

fn append_named(entry: &Entry, name: &[u8], to: &mut Vec<u8>) {
    let mut fields = Fields::default();
    fields.text(NAME, "path", name);
    fields.text(LINK, "linkpath", link_target(&entry.kind));
    fields.number(100, SHORT, "", i64::from(entry.mode));
    fields.number(108, SHORT, "uid", i64::from(entry.uid));
    fields.number(116, SHORT, "gid", i64::from(entry.gid));
    let size = i64::try_from(entry.kind.size()).unwrap_or(i64::MAX);
    fields.number(124, LONG, "size", size);
    fields.number(136, LONG, "mtime", entry.mtime);
    let device = device(&entry.kind);
    fields.number(329, SHORT, "", i64::from(device.major));
    fields.number(337, SHORT, "", i64::from(device.minor));
    let is_link = matches!(entry.kind, EntryKind::HardLink { .. });
    // Those of a hard link stand with its file already.
    for (attribute, value) in entry.xattrs.iter().filter(|_| !is_link) {
        let key = [b"SCHILY.xattr.", attribute.as_bytes()].concat();
        fields.record(&key, value);
    }
    if !fields.pax.is_empty() {
        append_pax(name, &mut fields.pax, to);
    }
    to.extend_from_slice(&fields.finish(type_flag(&entry.kind)));
}

fn link_target(kind: &EntryKind) -> &[u8] {
    match kind {
        EntryKind::Symlink { target } => target.as_bytes(),
        EntryKind::HardLink { target } => target.as_bytes(),
        _ => b"",
    }
}

fn device(kind: &EntryKind) -> Device {
    match kind {
        EntryKind::CharDevice(device) | EntryKind::BlockDevice(device) => *device,
        _ => Device { major: 0, minor: 0 },
    }
}

fn type_flag(kind: &EntryKind) -> u8 {
    match kind {
        EntryKind::File { .. } | EntryKind::Whiteout => b'0',
        EntryKind::HardLink { .. } => b'1',
        EntryKind::Symlink { .. } => b'2',
        EntryKind::CharDevice(_) => b'3',
        EntryKind::BlockDevice(_) => b'4',
        EntryKind::Directory { .. } => b'5',
        EntryKind::Fifo => b'6',
    }
}

/// The PAX header: an entry of its own whose content are the records, sorted by key.
fn append_pax(name: &[u8], records: &mut [(Vec<u8>, Vec<u8>)], to: &mut Vec<u8>) {
    records.sort();
    let content: Vec<u8> = records
        .iter()
        .flat_map(|(key, value)| pax_record(key, value))
        .collect();
    let mut fields = Fields::default();
    let base = OsStr::from_bytes(name);
    let base = RootPath::clean(base).name().as_bytes().to_vec();
    let ascii: Vec<u8> = base.into_iter().filter(u8::is_ascii).take(80).collect();
    fields.text(NAME, "path", &[b"PaxHeaders.0/", &ascii[..]].concat());
    for (at, digits) in [(100, SHORT), (108, SHORT), (116, SHORT), (136, LONG)] {
        fields.number(at, digits, "", 0);
    }
    let size = i64::try_from(content.len()).unwrap_or(i64::MAX);
    fields.number(124, LONG, "size", size);
    to.extend_from_slice(&fields.finish(b'x'));
    to.extend_from_slice(&content);
    to.extend_from_slice(padding(content.len() as u64));
}

/// `LENGTH KEY=VALUE\n`, where the length counts its own digits too.
fn pax_record(key: &[u8], value: &[u8]) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while rest + length.to_string().len() != length {
        length = rest + length.to_string().len();
    }
    [length.to_string().as_bytes(), b" ", key, b"=", value, b"\n"].concat()
}

/// A header block being filled, and what did not fit it.
struct Fields {
    block: [u8; BLOCK],
    pax: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Default for Fields {
    fn default() -> Self {
        Self {
            block: [0; BLOCK],
            pax: Vec::new(),
        }
    }
}

impl Fields {
    fn text(&mut self, at: std::ops::Range<usize>, key: &str, text: &[u8]) {
        if text.len() > at.len() || !text.is_ascii() {
            self.record(key.as_bytes(), text);
        }
        // Readers that know no PAX get as much of it as fits.
        let fits = text.len().min(at.len());
        self.block[at.start..at.start + fits].copy_from_slice(&text[..fits]);
    }

    fn number(&mut self, at: usize, digits: usize, key: &str, number: i64) {
        let text = format!("{:0digits$o}", number.max(0));
        if number < 0 || text.len() > digits {
            self.record(key.as_bytes(), number.to_string().as_bytes());
            self.block[at..at + digits].fill(b'0');
        } else {
            self.block[at..at + digits].copy_from_slice(text.as_bytes());
        }
    }

    fn record(&mut self, key: &[u8], value: &[u8]) {
        self.pax.push((key.to_vec(), value.to_vec()));
    }

    fn finish(mut self, type_flag: u8) -> [u8; BLOCK] {
        self.block[156] = type_flag;
        self.block[257..265].copy_from_slice(b"ustar\x0000");
        self.block[148..156].fill(b' ');
        let sum: u32 = self.block.iter().map(|byte| u32::from(*byte)).sum();
        self.block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        self.block
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads headers back with the tar crate.
    fn read_back(entries: &[Entry]) -> Vec<(String, u64, Option<String>)> {
        let mut bytes = Vec::new();
        for entry in entries {
            append(entry, &mut bytes);
        }
        bytes.extend_from_slice(&END);
        let mut archive = tar::Archive::new(&bytes[..]);
        let read = archive.entries().unwrap().map(|entry| {
            let entry = entry.unwrap();
            let link = entry.link_name_bytes().map(std::borrow::Cow::into_owned);
            (
                String::from_utf8(entry.path_bytes().into_owned()).unwrap(),
                entry.header().uid().unwrap(),
                link.map(|name| String::from_utf8(name).unwrap()),
            )
        });
        read.collect()
    }

    #[test]
    fn long_and_korean_names_come_back_whole() {
        let long = format!("{}/{}", "d".repeat(90), "f".repeat(120));
        let entries = [
            Entry::file(RootPath::clean(&long), 0, 0o644, 1),
            Entry::directory(RootPath::clean("레이어"), 0o755, 1),
            Entry::symlink(RootPath::clean("link"), "t".repeat(150), 1),
        ];
        assert_eq!(
            read_back(&entries),
            [
                (long, 0, None),
                ("레이어/".to_owned(), 0, None),
                ("link".to_owned(), 0, Some("t".repeat(150))),
            ]
        );
    }

    #[test]
    fn numbers_beyond_octal_go_into_pax() {
        let entry = Entry::file(RootPath::clean("f"), 0, 0o644, -5).owned_by(3_000_000_000, 0);
        let mut bytes = Vec::new();
        append(&entry, &mut bytes);
        let content = String::from_utf8_lossy(&bytes[BLOCK..2 * BLOCK]);
        assert!(
            content.starts_with("12 mtime=-5\n18 uid=3000000000\n"),
            "{content}"
        );
        assert_eq!(bytes.len(), 3 * BLOCK);
    }

    #[test]
    fn whiteouts_have_names_of_their_own() {
        let mut folder = Entry::directory(RootPath::clean("a"), 0o755, 1);
        folder.kind = EntryKind::Directory { opaque: true };
        let names: Vec<_> = read_back(&[folder, Entry::whiteout(RootPath::clean("a/b"))])
            .into_iter()
            .map(|(name, ..)| name)
            .collect();
        assert_eq!(names, ["a/", "a/.wh..wh..opq", "a/.wh.b"]);
    }

    #[test]
    fn a_pax_length_counts_its_own_digits() {
        for length in 1..300 {
            let record = pax_record(b"path", &vec![b'x'; length]);
            let digits = record.split(|byte| *byte == b' ').next().unwrap();
            let said: usize = std::str::from_utf8(digits).unwrap().parse().unwrap();
            assert_eq!(said, record.len());
        }
    }
}
