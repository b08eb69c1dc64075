//! A file or folder becomes a tar, as it lies there: links are links, and nothing is followed.

use std::collections::HashMap;
use std::ffi::{CString, OsStr};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat, openat, readlinkat, statat};
use tar::{Builder, EntryType, Header};

/// How an entry is opened: not through a link, not waiting for the writer of a pipe.
const ENTRY: OFlags = OFlags::CLOEXEC
    .union(OFlags::NOFOLLOW)
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY);

/// Writes `name` of a folder, with all that is in it, under the name it has in the tar. With `.`
/// that is the folder itself. What belongs to the user and group of `root` is written as root's.
pub fn pack(
    (folder, name): (BorrowedFd<'_>, &OsStr),
    named: &Path,
    to: impl Write,
    root: Option<(u32, u32)>,
) -> io::Result<()> {
    let mut packer = Packer {
        tar: Builder::new(to),
        links: HashMap::new(),
        root,
    };
    packer.entry(folder, name, named)?;
    packer.tar.into_inner()?.flush()
}

struct Packer<W: Write> {
    tar: Builder<W>,
    /// Where files with several names stand in the tar.
    links: HashMap<(u64, u64), PathBuf>,
    root: Option<(u32, u32)>,
}

impl<W: Write> Packer<W> {
    fn entry(&mut self, parent: BorrowedFd<'_>, name: &OsStr, named: &Path) -> io::Result<()> {
        let stat = statat(parent, name, AtFlags::SYMLINK_NOFOLLOW)?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => self.folder(parent, name, named, &stat),
            FileType::RegularFile => self.file(parent, name, named, &stat),
            FileType::Symlink => {
                let target = readlinkat(parent, name, Vec::new())?;
                let mut header = header(EntryType::Symlink, &stat, self.root);
                self.tar.append_link(&mut header, named, bytes(&target))
            }
            FileType::Fifo => self.bare(EntryType::Fifo, named, &stat),
            FileType::CharacterDevice => self.bare(EntryType::Char, named, &stat),
            FileType::BlockDevice => self.bare(EntryType::Block, named, &stat),
            // A socket lives as long as its program: a tar has no word for it.
            FileType::Socket | FileType::Unknown => Ok(()),
        }
    }

    fn folder(
        &mut self,
        parent: BorrowedFd<'_>,
        name: &OsStr,
        named: &Path,
        stat: &Stat,
    ) -> io::Result<()> {
        self.bare(EntryType::Directory, named, stat)?;
        let folder = openat(parent, name, ENTRY | OFlags::DIRECTORY, Mode::empty())?;
        for name in names(&folder)? {
            let name = OsStr::from_bytes(name.to_bytes());
            match self.entry(folder.as_fd(), name, &named.join(name)) {
                // What a running program has removed meanwhile is not there.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                answer => answer?,
            }
        }
        Ok(())
    }

    fn file(
        &mut self,
        parent: BorrowedFd<'_>,
        name: &OsStr,
        named: &Path,
        stat: &Stat,
    ) -> io::Result<()> {
        let inode = (stat.st_dev, stat.st_ino);
        if stat.st_nlink > 1
            && let Some(first) = self.links.get(&inode)
        {
            let mut header = header(EntryType::Link, stat, self.root);
            return self.tar.append_link(&mut header, named, first);
        }
        let file = File::from(openat(parent, name, ENTRY | OFlags::RDONLY, Mode::empty())?);
        // Its size may be another by now, and a tar says it before the bytes.
        let stat = rustix::fs::fstat(&file)?;
        let mut header = header(EntryType::Regular, &stat, self.root);
        let size = u64::try_from(stat.st_size).unwrap_or(0);
        header.set_size(size);
        // A file that shrinks while it is read is filled up, so that what follows stays readable.
        let whole = file.chain(io::repeat(0)).take(size);
        self.tar.append_data(&mut header, named, whole)?;
        self.links.insert(inode, named.to_owned());
        Ok(())
    }

    fn bare(&mut self, kind: EntryType, named: &Path, stat: &Stat) -> io::Result<()> {
        let mut header = header(kind, stat, self.root);
        if matches!(kind, EntryType::Char | EntryType::Block) {
            header.set_device_major(rustix::fs::major(stat.st_rdev))?;
            header.set_device_minor(rustix::fs::minor(stat.st_rdev))?;
        }
        self.tar.append_data(&mut header, named, io::empty())
    }
}

fn header(kind: EntryType, stat: &Stat, root: Option<(u32, u32)>) -> Header {
    let own = |id: u32, root: Option<u32>| if root == Some(id) { 0 } else { u64::from(id) };
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(stat.st_mode & 0o7777);
    header.set_uid(own(stat.st_uid, root.map(|it| it.0)));
    header.set_gid(own(stat.st_gid, root.map(|it| it.1)));
    header.set_mtime(u64::try_from(stat.st_mtime).unwrap_or(0));
    header.set_size(0);
    header
}

fn bytes(text: &CString) -> &Path {
    Path::new(OsStr::from_bytes(text.to_bytes()))
}

/// Returns the names in a folder, sorted: the same folder makes the same tar.
fn names(folder: &OwnedFd) -> io::Result<Vec<CString>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(folder)? {
        let name = entry?.file_name().to_owned();
        if !matches!(name.to_bytes(), b"." | b"..") {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}
