//! A tar becomes files in a folder. The tar may come from a hostile container, or go into one: no
//! entry leads out of the folder, and none is written through a link.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{
    AtFlags, CWD, FileType, Gid, Mode, OFlags, ResolveFlags, Timespec, Timestamps, UTIME_OMIT, Uid,
    chownat, linkat, mkdirat, mknodat, openat, openat2, statat, symlinkat, unlinkat, utimensat,
};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use tar::{Archive, Entry, EntryType};

/// Who owns what is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// Whoever makes it.
    Maker,
    /// Whom the tar names.
    Tar,
}

/// What becomes of the tar's names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rename {
    /// Nothing.
    #[default]
    Not,
    /// Their first part is replaced.
    First(OsString),
    /// They are of a folder's content, and come to lie in a folder of this name.
    Under(OsString),
}

const FOLDER: OFlags = OFlags::PATH
    .union(OFlags::DIRECTORY)
    .union(OFlags::CLOEXEC)
    .union(OFlags::NOFOLLOW);

/// A path is followed down from the folder only, through folders only.
const DOWN: ResolveFlags = ResolveFlags::BENEATH
    .union(ResolveFlags::NO_SYMLINKS)
    .union(ResolveFlags::NO_MAGICLINKS);

/// Makes what a tar holds in a folder.
pub fn unpack(folder: impl AsFd, from: impl Read, owner: Owner, rename: &Rename) -> io::Result<()> {
    let top = folder.as_fd().try_clone_to_owned()?;
    let mut unpacker = Unpacker {
        top,
        owner,
        folders: Vec::new(),
    };
    let mut archive = Archive::new(from);
    for entry in archive.entries()? {
        unpacker.entry(entry?, rename)?;
    }
    // What follows the last entry, so that its writer is not cut off.
    io::copy(&mut archive.into_inner(), &mut io::sink())?;
    unpacker.finish()
}

struct Unpacker {
    top: OwnedFd,
    owner: Owner,
    /// Folders with their modes and times, which are set when nothing is written there any more.
    folders: Vec<(PathBuf, Facts)>,
}

#[derive(Clone, Copy)]
struct Facts {
    mode: u32,
    owner: (u32, u32),
    time: i64,
}

impl Unpacker {
    fn entry<R: Read>(&mut self, mut entry: Entry<'_, R>, rename: &Rename) -> io::Result<()> {
        let path = inside(&entry.path()?, rename)?;
        let facts = facts(&entry)?;
        let kind = entry.header().entry_type();
        if path.as_os_str().is_empty() {
            // The folder itself: what is copied into it leaves it as it is.
            return Ok(());
        }
        let parent = self.parent(&path)?;
        let name = path
            .file_name()
            .expect("not empty, and of plain parts only");
        let told =
            |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        let made = match kind {
            EntryType::Directory => {
                self.folder(&parent, name, &path).map_err(told)?;
                self.folders.push((path, facts));
                return Ok(());
            }
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                make_room(&parent, name, &path)?;
                let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
                let file = openat(&parent, name, flags, Mode::from_raw_mode(0o600));
                let mut file = file.map(File::from).map_err(|errno| told(errno.into()))?;
                io::copy(&mut entry, &mut file).map_err(told)?;
                return self.dress(&file.into(), facts, false).map_err(told);
            }
            EntryType::Symlink => {
                make_room(&parent, name, &path)?;
                let target = target(&entry)?;
                symlinkat(target.as_path(), &parent, name).map_err(Into::into)
            }
            EntryType::Link => {
                let target = inside(&target(&entry)?, rename)?;
                make_room(&parent, name, &path)?;
                return self.link(&target, &parent, name).map_err(told);
            }
            EntryType::Fifo => {
                make_room(&parent, name, &path)?;
                node(&parent, name, FileType::Fifo, 0)
            }
            EntryType::Char | EntryType::Block => {
                make_room(&parent, name, &path)?;
                let kind = match kind {
                    EntryType::Char => FileType::CharacterDevice,
                    _ => FileType::BlockDevice,
                };
                let header = entry.header();
                let [major, minor] = [header.device_major()?, header.device_minor()?];
                let number = rustix::fs::makedev(major.unwrap_or(0), minor.unwrap_or(0));
                node(&parent, name, kind, number)
            }
            // Comments of other tars.
            _ => return Ok(()),
        };
        made.and_then(|()| handle(&parent, name))
            .and_then(|(handle, kind)| self.dress(&handle, facts, kind == FileType::Symlink))
            .map_err(told)
    }

    /// Opens the folder that something lies in; folders that are missing are made.
    fn parent(&self, path: &Path) -> io::Result<OwnedFd> {
        let mut folder = self.top.try_clone()?;
        for part in path.parent().unwrap_or(Path::new("")) {
            match mkdirat(&folder, part, Mode::from_raw_mode(0o755)) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(errno) => return Err(errno.into()),
            }
            folder = openat(&folder, part, FOLDER, Mode::empty())?;
        }
        Ok(folder)
    }

    fn folder(&self, parent: &OwnedFd, name: &OsStr, path: &Path) -> io::Result<()> {
        match mkdirat(parent, name, Mode::from_raw_mode(0o700)) {
            Err(Errno::EXIST) => match statat(parent, name, AtFlags::SYMLINK_NOFOLLOW)?.st_mode {
                mode if FileType::from_raw_mode(mode) == FileType::Directory => Ok(()),
                _ => Err(in_the_way("non-directory", "directory", path)),
            },
            answer => Ok(answer?),
        }
    }

    fn link(&self, target: &Path, parent: &OwnedFd, name: &OsStr) -> io::Result<()> {
        let folder = target.parent().filter(|it| !it.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let folder = openat2(&self.top, folder, FOLDER, Mode::empty(), DOWN)?;
        let target = target.file_name().unwrap_or_default();
        Ok(linkat(&folder, target, parent, name, AtFlags::empty())?)
    }

    /// Gives a new entry its owner, mode and time, in this order: a change of owner takes mode bits
    /// away. All by its handle: its name may be another file's by now.
    fn dress(&self, handle: &OwnedFd, facts: Facts, is_link: bool) -> io::Result<()> {
        let path = format!("/proc/self/fd/{}", handle.as_raw_fd());
        if self.owner == Owner::Tar {
            let (uid, gid) = facts.owner;
            let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(gid));
            chownat(CWD, &path, Some(uid), Some(gid), AtFlags::empty())?;
        }
        if !is_link {
            rustix::fs::chmodat(
                CWD,
                &path,
                Mode::from_raw_mode(facts.mode),
                AtFlags::empty(),
            )?;
        }
        let time = |tv_sec, tv_nsec| Timespec { tv_sec, tv_nsec };
        let times = Timestamps {
            last_access: time(0, UTIME_OMIT),
            last_modification: time(facts.time, 0),
        };
        Ok(utimensat(CWD, &path, &times, AtFlags::empty())?)
    }

    /// Sets what was left of folders, the innermost first.
    fn finish(self) -> io::Result<()> {
        for (path, facts) in self.folders.iter().rev() {
            let parent = path.parent().filter(|it| !it.as_os_str().is_empty());
            let parent = parent.unwrap_or(Path::new("."));
            let parent = openat2(&self.top, parent, FOLDER, Mode::empty(), DOWN)?;
            let name = path.file_name().unwrap_or_default();
            self.dress(
                &openat(&parent, name, FOLDER, Mode::empty())?,
                *facts,
                false,
            )?;
        }
        Ok(())
    }
}

/// Takes hold of what was made, whatever it is. A plain file is not what was made: it would be
/// another one with its name, and not ours to change.
fn handle(parent: &OwnedFd, name: &OsStr) -> io::Result<(OwnedFd, FileType)> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let handle = openat(parent, name, flags, Mode::empty())?;
    match FileType::from_raw_mode(rustix::fs::fstat(&handle)?.st_mode) {
        FileType::RegularFile | FileType::Directory => Err(io::ErrorKind::AlreadyExists.into()),
        kind => Ok((handle, kind)),
    }
}

fn in_the_way(there: &str, new: &str, path: &Path) -> io::Error {
    let path = path.display();
    io::Error::other(format!(
        "cannot overwrite {there} \"{path}\" with {new} \"{path}\""
    ))
}

/// Takes away what has the name, unless it is a folder.
fn make_room(parent: &OwnedFd, name: &OsStr, path: &Path) -> io::Result<()> {
    match unlinkat(parent, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(Errno::ISDIR | Errno::PERM) => Err(in_the_way("directory", "non-directory", path)),
        Err(errno) => Err(errno.into()),
    }
}

fn node(parent: &OwnedFd, name: &OsStr, kind: FileType, number: u64) -> io::Result<()> {
    Ok(mknodat(
        parent,
        name,
        kind,
        Mode::from_raw_mode(0o600),
        number,
    )?)
}

/// Returns a name of the tar as a path of plain parts, its first one replaced.
///
/// # Errors
/// It leads upwards.
fn inside(name: &Path, rename: &Rename) -> io::Result<PathBuf> {
    let mut parts = Vec::new();
    for part in name.components() {
        match part {
            Component::Normal(part) => parts.push(part),
            Component::CurDir | Component::RootDir => {}
            Component::ParentDir | Component::Prefix(_) => {
                let text = format!("{}: leads out of the folder", name.display());
                return Err(io::Error::new(io::ErrorKind::InvalidData, text));
            }
        }
    }
    let path: PathBuf = parts.iter().collect();
    Ok(match rename {
        Rename::Not => path,
        Rename::First(new) => [new.as_os_str()]
            .into_iter()
            .chain(parts.into_iter().skip(1))
            .collect(),
        // Not joined with nothing: that would end it with a slash.
        Rename::Under(new) if parts.is_empty() => new.into(),
        Rename::Under(new) => Path::new(new).join(path),
    })
}

fn target<R: Read>(entry: &Entry<'_, R>) -> io::Result<PathBuf> {
    let target = entry.link_name()?;
    let missing = || io::Error::new(io::ErrorKind::InvalidData, "a link without a target");
    Ok(target.ok_or_else(missing)?.into_owned())
}

fn facts<R: Read>(entry: &Entry<'_, R>) -> io::Result<Facts> {
    let header = entry.header();
    let id = |id: u64| u32::try_from(id).map_err(io::Error::other);
    Ok(Facts {
        mode: header.mode()? & 0o7777,
        owner: (id(header.uid()?)?, id(header.gid()?)?),
        time: i64::try_from(header.mtime()?).unwrap_or(0),
    })
}

#[cfg(test)]
mod tests {
    use super::super::pack::pack;
    use super::*;
    use std::fs;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    fn tar_of(folder: &Path, name: &str, named: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        let folder = File::open(folder).unwrap();
        let source = (folder.as_fd(), OsStr::new(name));
        pack(source, Path::new(named), &mut bytes, None).unwrap();
        bytes
    }

    fn into(folder: &Path, tar: &[u8], rename: Option<&str>) -> io::Result<()> {
        let rename = rename.map_or(Rename::Not, |it| Rename::First(it.into()));
        unpack(File::open(folder).unwrap(), tar, Owner::Maker, &rename)
    }

    #[test]
    fn a_tree_comes_out_as_it_went_in() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let tree = from.path().join("tree");
        fs::create_dir_all(tree.join("deep/er")).unwrap();
        fs::write(tree.join("deep/file"), "text").unwrap();
        fs::hard_link(tree.join("deep/file"), tree.join("same")).unwrap();
        symlink("../nowhere", tree.join("link")).unwrap();
        fs::set_permissions(tree.join("deep/file"), fs::Permissions::from_mode(0o4751)).unwrap();
        fs::set_permissions(tree.join("deep/er"), fs::Permissions::from_mode(0o1777)).unwrap();
        let long = tree.join("n".repeat(120)).join("m".repeat(120));
        fs::create_dir_all(&long).unwrap();
        let before = fs::metadata(tree.join("deep")).unwrap().mtime();
        into(to.path(), &tar_of(from.path(), "tree", "tree"), Some("new")).unwrap();
        let new = to.path().join("new");
        assert_eq!(fs::read_to_string(new.join("same")).unwrap(), "text");
        let [file, same] = ["deep/file", "same"].map(|it| fs::metadata(new.join(it)).unwrap());
        assert_eq!((file.ino(), file.mode() & 0o7777), (same.ino(), 0o4751));
        assert_eq!(
            fs::metadata(new.join("deep/er")).unwrap().mode() & 0o7777,
            0o1777
        );
        assert_eq!(
            fs::read_link(new.join("link")).unwrap(),
            Path::new("../nowhere")
        );
        assert_eq!(fs::metadata(new.join("deep")).unwrap().mtime(), before);
        assert!(new.join("n".repeat(120)).join("m".repeat(120)).is_dir());
        // The content alone, into a folder that is there.
        into(&new.join("deep"), &tar_of(&tree, ".", "."), None).unwrap();
        assert!(new.join("deep/deep/er").is_dir());
        let content = tar_of(&tree, ".", ".");
        let under = Rename::Under("under".into());
        unpack(
            File::open(to.path()).unwrap(),
            &content[..],
            Owner::Maker,
            &under,
        )
        .unwrap();
        assert!(to.path().join("under/deep/er").is_dir());
    }

    fn hostile(name: &str, link: &str) -> Vec<u8> {
        let mut tar = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(EntryType::Symlink);
        header.set_size(0);
        tar.append_link(&mut header, "way", link).unwrap();
        let mut header = tar::Header::new_gnu();
        header.set_size(4);
        header.set_mode(0o644);
        header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        tar.append(&header, &b"evil"[..]).unwrap();
        tar.into_inner().unwrap()
    }

    #[test]
    fn nothing_is_written_through_a_link_or_upwards() {
        for (name, link) in [
            ("way/file", "../outside"),
            ("../outside/file", "x"),
            ("way/file", "/"),
        ] {
            let place = tempfile::tempdir().unwrap();
            let [inside, outside] = ["inside", "outside"].map(|it| place.path().join(it));
            fs::create_dir(&inside).unwrap();
            fs::create_dir(&outside).unwrap();
            into(&inside, &hostile(name, link), None).unwrap_err();
            assert_eq!(fs::read_dir(&outside).unwrap().count(), 0, "{name} {link}");
        }
    }

    #[test]
    fn a_file_takes_no_folders_place_and_a_folder_no_files() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::create_dir(from.path().join("folder")).unwrap();
        fs::write(from.path().join("file"), "").unwrap();
        fs::create_dir(to.path().join("file")).unwrap();
        fs::write(to.path().join("folder"), "").unwrap();
        for (name, words) in [
            (
                "file",
                "cannot overwrite directory \"file\" with non-directory",
            ),
            (
                "folder",
                "cannot overwrite non-directory \"folder\" with directory",
            ),
        ] {
            let error = into(to.path(), &tar_of(from.path(), name, name), None).unwrap_err();
            assert!(error.to_string().contains(words), "{error}");
        }
    }
}
