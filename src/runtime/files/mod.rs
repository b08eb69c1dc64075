//! The files of a container as tars, in and out, while it runs and while it does not.
//!
//! ```text
//! face ──► __files                 stopped: enters namespaces of its own and merges the layers
//!    │        │                    running: joins the supervisor's, looks through PID 1's root
//!    │ Ask ──►│
//!    │◄── tar ┤  pack, or unpack ◄── tar ──
//! ```
//!
//! Every path is looked up with the container's root as `/` (openat2(2), `RESOLVE_IN_ROOT`): a
//! link in there leads nowhere else.
//!
//! | file | what |
//! |---|---|
//! | `pack` | files become a tar |
//! | `unpack` | a tar becomes files |
//! | `helper` | the process that can reach them |

mod helper;
mod pack;
mod unpack;

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use rustix::fs::{FileType, Mode, OFlags, ResolveFlags, openat2, readlinkat, statat};
use serde::{Deserialize, Serialize};

pub use pack::pack;
pub use unpack::{Owner, Rename, unpack};

pub(super) use helper::{VERB, main};

use super::child::Child;
use super::container_error::ContainerError;
use super::frames;

/// What is at a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// What it is.
    pub kind: Thing,
    /// Where it leads, of a link.
    pub target: Option<OsString>,
}

/// What something is, as far as copying asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Thing {
    /// A folder.
    Folder,
    /// A plain file.
    File,
    /// A symbolic link.
    Link,
    /// A device, a pipe, a socket.
    Other,
}

/// What the helper is asked.
#[derive(Debug, Serialize, Deserialize)]
enum Ask {
    /// What is there? A link at the end is not followed.
    Look(OsString),
    /// Write it as a tar into the descriptor that is sent along, under this name.
    Pack(OsString, OsString),
    /// Make what the tar holds that comes through the descriptor that is sent along.
    Unpack(OsString, Rename, bool),
}

/// What it answers; an error as the system says it, with its number where it has one.
type Answer<T> = Result<T, (Option<i32>, String)>;

/// The files of one container.
pub struct Files {
    channel: UnixStream,
    // Ends when the channel closes; waited for at the end.
    child: Child,
}

impl Files {
    /// Returns what is at a path; none where nothing is.
    pub fn look(&self, path: &str) -> Result<Option<Found>, ContainerError> {
        self.ask(&Ask::Look(path.into()), None)
    }

    /// Writes something as a tar, under a name.
    pub fn pack(&self, path: &str, named: &str, to: OwnedFd) -> Result<(), ContainerError> {
        self.ask(&Ask::Pack(path.into(), named.into()), Some(to))
    }

    /// Begins to write something as a tar, to be read from the pipe; then ask how it ended.
    pub fn begin_pack(&self, path: &str, named: &str) -> Result<io::PipeReader, ContainerError> {
        let (read, write) = io::pipe().map_err(failed)?;
        self.send(&Ask::Pack(path.into(), named.into()), Some(write.into()))?;
        Ok(read)
    }

    /// Begins to make what a tar holds in a folder, which comes through the pipe; then ask how it
    /// ended.
    pub fn begin_unpack(
        &self,
        folder: &str,
        rename: &Rename,
        owner: Owner,
    ) -> Result<io::PipeWriter, ContainerError> {
        let (read, write) = io::pipe().map_err(failed)?;
        self.send(&ask_unpack(folder, rename, owner), Some(read.into()))?;
        Ok(write)
    }

    /// Makes what a tar holds in a folder.
    pub fn unpack(&self, folder: &str, from: OwnedFd, owner: Owner) -> Result<(), ContainerError> {
        self.ask(&ask_unpack(folder, &Rename::Not, owner), Some(from))
    }

    /// Returns how what was begun ended.
    pub fn end(&self) -> Result<(), ContainerError> {
        self.answer()
    }

    fn ask<T: for<'a> Deserialize<'a>>(
        &self,
        ask: &Ask,
        along: Option<OwnedFd>,
    ) -> Result<T, ContainerError> {
        self.send(ask, along)?;
        self.answer()
    }

    fn send(&self, ask: &Ask, along: Option<OwnedFd>) -> Result<(), ContainerError> {
        let fds: Vec<_> = along.iter().map(AsFd::as_fd).collect();
        let sent = frames::send_with_fds(&self.channel, ask, &fds).map_err(failed);
        // The other end of a pipe sees its end only when this one is closed here too.
        drop(along);
        sent
    }

    fn answer<T: for<'a> Deserialize<'a>>(&self) -> Result<T, ContainerError> {
        let answer = frames::receive::<Answer<T>>(&self.channel).map_err(failed)?;
        let lost = || failed(io::ErrorKind::UnexpectedEof.into());
        answer.ok_or_else(lost)?.map_err(|(errno, text)| {
            failed(errno.map_or_else(|| io::Error::other(text), io::Error::from_raw_os_error))
        })
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        // It ends when it sees this.
        let _ = self.channel.shutdown(std::net::Shutdown::Both);
        let _ = self.child.wait();
    }
}

fn ask_unpack(folder: &str, rename: &Rename, owner: Owner) -> Ask {
    Ask::Unpack(folder.into(), rename.clone(), owner == Owner::Tar)
}

fn failed(source: io::Error) -> ContainerError {
    ContainerError::Copy { source }
}

/// A tree whose `/` is this folder, whatever links in it say.
pub struct Root {
    folder: OwnedFd,
    own: Option<(u32, u32)>,
}

/// How a path is looked up in it.
const IN_ROOT: ResolveFlags = ResolveFlags::IN_ROOT.union(ResolveFlags::NO_MAGICLINKS);

const FOLDER: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

impl Root {
    /// Takes a folder as the root.
    pub fn new(folder: impl Into<OwnedFd>) -> Self {
        Self {
            folder: folder.into(),
            own: None,
        }
    }

    /// Writes what belongs to this user as root's, which he is in a user namespace.
    pub fn own_is_root(&mut self) {
        let (user, group) = (rustix::process::getuid(), rustix::process::getgid());
        self.own = Some((user.as_raw(), group.as_raw()));
    }

    /// Takes this machine's root.
    pub fn host() -> io::Result<Self> {
        File::open("/").map(Self::new)
    }

    /// Returns what is at a path; none where nothing is. A link at the end is not followed, unless
    /// the path says that it is a folder.
    pub fn look(&self, path: &std::ffi::OsStr) -> io::Result<Option<Found>> {
        match self.look_closely(path) {
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                Ok(None)
            }
            answer => answer.map(Some),
        }
    }

    fn look_closely(&self, path: &std::ffi::OsStr) -> io::Result<Found> {
        let (folder, name) = self.parent(path)?;
        let stat = statat(&folder, &name, rustix::fs::AtFlags::SYMLINK_NOFOLLOW)?;
        let (kind, target) = match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => (Thing::Folder, None),
            FileType::RegularFile => (Thing::File, None),
            FileType::Symlink => {
                let target = readlinkat(&folder, &name, Vec::new())?;
                let target = std::os::unix::ffi::OsStringExt::from_vec(target.into_bytes());
                (Thing::Link, Some(target))
            }
            _ => (Thing::Other, None),
        };
        Ok(Found { kind, target })
    }

    /// Opens the folder that something lies in, and returns its name there; `.` of the root and of
    /// what a path says to be a folder.
    fn parent(&self, path: &std::ffi::OsStr) -> io::Result<(OwnedFd, OsString)> {
        use std::os::unix::ffi::OsStrExt;
        let bytes = path.as_bytes();
        let is_folder = bytes.ends_with(b"/") || bytes.ends_with(b"/.") || bytes == b".";
        let path = PathBuf::from(path);
        let split = path.parent().zip(path.file_name());
        match split.filter(|_| !is_folder) {
            Some((parent, name)) => Ok((self.folder(parent.as_os_str())?, name.to_owned())),
            // Also `..` at the end: it is a folder.
            None => Ok((self.folder(path.as_os_str())?, ".".into())),
        }
    }

    /// Opens a folder.
    pub fn folder(&self, path: &std::ffi::OsStr) -> io::Result<OwnedFd> {
        let path = if path.is_empty() { ".".as_ref() } else { path };
        Ok(openat2(&self.folder, path, FOLDER, Mode::empty(), IN_ROOT)?)
    }

    /// Opens a folder, which is made if it is missing, with those on the way to it.
    pub fn made_folder(&self, path: &std::ffi::OsStr) -> io::Result<OwnedFd> {
        match self.folder(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            answer => return answer,
        }
        let above = std::path::Path::new(path)
            .parent()
            .ok_or(io::ErrorKind::NotFound)?;
        let name = std::path::Path::new(path)
            .file_name()
            .ok_or(io::ErrorKind::NotFound)?;
        let above = self.made_folder(above.as_os_str())?;
        rustix::fs::mkdirat(&above, name, Mode::from_raw_mode(0o755))?;
        self.folder(path)
    }

    /// Writes what is at a path as a tar, under a name.
    pub fn pack(
        &self,
        path: &std::ffi::OsStr,
        named: &std::ffi::OsStr,
        to: impl io::Write,
    ) -> io::Result<()> {
        let (folder, name) = self.parent(path)?;
        pack((folder.as_fd(), &name), named.as_ref(), to, self.own)
    }
}
