//! The process that reaches the files of a container: `__files`.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};

use nix::sched::CloneFlags;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{Ask, Files, Owner, Root, failed, unpack};
use crate::runtime::container_error::ContainerError;
use crate::runtime::containers::Containers;
use crate::runtime::enter::{self, Enter, EnterStdio, Entered, complete_entry, enter};
use crate::runtime::exec::differs;
use crate::runtime::frames;
use crate::runtime::launch::LaunchError;
use crate::runtime::names::ContainerId;
use crate::runtime::probe::Mode;
use crate::runtime::spec::{MergedLayers, Mount, MountSource, Rootfs, Spec};
use crate::runtime::{mounting, rootfs, state, sys};

/// The hidden verb.
pub(in crate::runtime) const VERB: &str = "__files";

/// Where the files are. With a running container the pidfds of its supervisor and its PID 1 ride
/// along, with a stopped one its lock, so that it is not started meanwhile.
#[derive(Debug, Serialize, Deserialize)]
enum Place {
    Running(state::Running),
    Stopped(Box<Spec>),
}

impl Containers {
    /// Reaches the files of a container.
    pub fn files(&self, id: &ContainerId, mode: &Mode) -> Result<Files, ContainerError> {
        let folder = self.folder(id);
        if folder.record()?.state.is_running() {
            let (running, pidfds) = self.hold(id)?;
            return join(&running, &pidfds);
        }
        let lock = folder.try_lock()?;
        let lock = lock.ok_or_else(|| ContainerError::AlreadyRunning { id: id.clone() })?;
        let mut spec = folder.config()?.spec;
        // The store may have moved since.
        if let Rootfs::Overlay { lower, .. } = spec.rootfs {
            spec.rootfs = folder.rootfs(lower);
        }
        let how = Enter {
            stdio: EnterStdio::Null,
            detached: false,
        };
        let arguments = [OsStr::new(VERB), OsStr::new("stopped")];
        let Entered { child, channel } =
            enter(mode, &arguments, how).map_err(ContainerError::Enter)?;
        let place = Place::Stopped(Box::new(spec));
        frames::send_with_fds(&channel, &place, &[lock.as_fd()]).map_err(failed)?;
        let files = Files { channel, child };
        // It says that it is there, or why not.
        files.answer::<()>()?;
        Ok(files)
    }
}

fn join(running: &state::Running, pidfds: &[OwnedFd; 2]) -> Result<Files, ContainerError> {
    let files = start(running, pidfds).map_err(failed)?;
    // As above.
    files.answer::<()>()?;
    Ok(files)
}

fn start(running: &state::Running, pidfds: &[OwnedFd; 2]) -> io::Result<Files> {
    let (channel, theirs) = UnixStream::pair()?;
    let null = || File::options().read(true).write(true).open("/dev/null");
    let child = Command::new(crate::runtime::executable())
        .arg0("strata")
        .args([VERB, "running"])
        .stdin(OwnedFd::from(theirs))
        .stdout(null()?)
        .stderr(null()?)
        .spawn()?;
    let fds: Vec<_> = pidfds.iter().map(AsFd::as_fd).collect();
    frames::send_with_fds(&channel, &Place::Running(running.clone()), &fds)?;
    Ok(Files {
        channel,
        child: child.try_into()?,
    })
}

/// Plays `__files`.
pub(in crate::runtime) fn main(arguments: &[OsString]) -> ExitCode {
    // Before Linux 5.9 what was inherited stays open; nothing depends on it.
    let _ = sys::close_inherited();
    let entered = arguments.first().is_some_and(|word| word == "stopped");
    let channel = if entered {
        complete_entry().ok()
    } else {
        stdin_channel().ok()
    };
    // Whatever goes wrong is the other side's to say: it sees the channel close.
    let served = channel.map(|channel| serve(&channel));
    match served {
        Some(Ok(())) => ExitCode::SUCCESS,
        _ => ExitCode::from(125),
    }
}

/// Takes the channel that came as stdin.
fn stdin_channel() -> io::Result<UnixStream> {
    let channel = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3)?;
    rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
    Ok(UnixStream::from(channel))
}

fn serve(channel: &UnixStream) -> io::Result<()> {
    let (place, fds) = receive(channel)?;
    let root = reach(&place, &fds);
    // Modes are given in full.
    rustix::process::umask(rustix::fs::Mode::empty());
    let there: Result<(), _> = match &root {
        Ok(_) => Ok(()),
        Err(error) => Err(told(error)),
    };
    frames::send(channel, &there)?;
    let Ok(root) = root else {
        return Ok(());
    };
    while let Some((ask, along)) = frames::receive_with_fds::<Ask>(channel)? {
        let along = along.into_iter().next().map(File::from);
        answer(channel, &root, ask, along)?;
    }
    Ok(())
}

fn answer(channel: &UnixStream, root: &Root, ask: Ask, along: Option<File>) -> io::Result<()> {
    let missing = || io::Error::from(io::ErrorKind::InvalidInput);
    match ask {
        Ask::Look(path) => send(channel, root.look(&path)),
        Ask::Pack(path, named) => {
            let packed = along
                .ok_or_else(missing)
                .and_then(|to| root.pack(&path, &named, io::BufWriter::with_capacity(1 << 16, to)));
            send(channel, packed)
        }
        Ask::Unpack(folder, rename, keep) => {
            let owner = if keep { Owner::Tar } else { Owner::Maker };
            let unpacked = along.ok_or_else(missing).and_then(|from| {
                let from = io::BufReader::with_capacity(1 << 16, from);
                unpack(root.folder(&folder)?, from, owner, &rename)
            });
            send(channel, unpacked)
        }
    }
}

fn send<T: Serialize>(channel: &UnixStream, answer: io::Result<T>) -> io::Result<()> {
    frames::send(channel, &answer.map_err(|error| told(&error)))
}

fn told(error: &io::Error) -> (Option<i32>, String) {
    (error.raw_os_error(), error.to_string())
}

fn receive<T: DeserializeOwned>(channel: &UnixStream) -> io::Result<(T, Vec<OwnedFd>)> {
    frames::receive_with_fds(channel)?.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

fn reach(place: &Place, fds: &[OwnedFd]) -> io::Result<Root> {
    match place {
        Place::Running(running) => {
            let [supervisor, _init] = fds else {
                return Err(io::ErrorKind::InvalidInput.into());
            };
            // There it is root over what is the container's, rootless too.
            if differs("user", running.supervisor)? {
                sys::join(supervisor, CloneFlags::CLONE_NEWUSER)?;
            }
            // As long as its pidfd is open this number is nobody else's, unless it has ended: then
            // there is no such folder.
            File::open(format!("/proc/{}/root", running.init)).map(Root::new)
        }
        Place::Stopped(spec) => merged(spec),
    }
}

/// Shows a stopped container's files as it would see them: its layers, and what it mounts.
fn merged(spec: &Spec) -> io::Result<Root> {
    let refused = |error: LaunchError| io::Error::other(error.to_string());
    let facts = enter::facts().ok_or(io::ErrorKind::NotConnected)?;
    let root = match &spec.rootfs {
        Rootfs::Folder(folder) => OwnedFd::from(File::open(folder)?),
        Rootfs::Overlay { lower, upper, .. } if lower.is_empty() => File::open(upper)?.into(),
        Rootfs::Overlay { lower, upper, work } => {
            let layers = MergedLayers {
                lower: lower.clone(),
                upper: upper.clone(),
                work: work.clone(),
                path: Path::new("").to_owned(),
            };
            rootfs::merge_part(&layers, facts.overlay, facts.rootless).map_err(refused)?;
            // It covers its upper folder now, in this mount namespace.
            File::open(upper)?.into()
        }
    };
    let root = Root::new(root);
    for mount in &spec.mounts {
        show(&root, mount)?;
    }
    Ok(root)
}

/// Mounts what lies outside of the container where it will be seen, if there is a place for it.
fn show(root: &Root, mount: &Mount) -> io::Result<()> {
    // One that is gone will be missed at the start.
    let taken = match &mount.source {
        MountSource::Bind(source) if fs::metadata(source).is_ok_and(|it| it.is_dir()) => {
            sys::clone_mount(rustix::fs::CWD, source, true).ok()
        }
        MountSource::Volume(volume) => mounting::take_volume(volume).ok(),
        _ => None,
    };
    if let Some(taken) = taken {
        let Ok(place) = root.made_folder(mount.target.as_ref()) else {
            // The image has something else there: the start will say so.
            return Ok(());
        };
        let target = format!("/proc/self/fd/{}", place.as_raw_fd());
        sys::attach_mount(taken, Path::new(&target))?;
        if mount.read_only {
            let place = root.folder(mount.target.as_ref())?;
            let target = format!("/proc/self/fd/{}", place.as_raw_fd());
            sys::set_read_only(Path::new(&target), true)?;
        }
    }
    Ok(())
}
