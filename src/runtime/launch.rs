//! The parent's side of a container's start. Works inside an entered process only (`enter`).

use std::borrow::Cow;
use std::ffi::CStr;
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use nix::sched::CloneFlags;
use serde::{Deserialize, Serialize};

use super::cgroup::Cgroup;
use super::freezer::Frozen;
use super::network::{self, Making};
use super::probe::Overlay;
use super::protocol::{Event, Handshake, Orders, Report};
use super::resolving::resolv_conf;
use super::spec::{Network, Spec};
use super::{enter, frames, guard, rootfs, seccomp, sys};

pub use super::failure::{LaunchError, Missing, NoLimit, Note, What};
pub use super::stubs::{clean_folder, clean_mount_points, clean_upper};

/// What the process gets as stdin, stdout and stderr; none is `/dev/null`. Not looked at when the
/// spec asks for a terminal.
#[derive(Debug, Default)]
pub struct Stdio {
    /// Read by the process.
    pub stdin: Option<OwnedFd>,
    /// Written by the process.
    pub stdout: Option<OwnedFd>,
    /// Written by the process.
    pub stderr: Option<OwnedFd>,
}

/// A container whose program has been started. Dropping it kills whatever still runs in it; so
/// does the end of the *thread* that launched it, even by `kill -9`.
#[derive(Debug)]
pub struct Running {
    pid: u32,
    pidfd: OwnedFd,
    terminal: Option<OwnedFd>,
    notes: Vec<Note>,
    exit: Option<Exit>,
    cgroup: Cgroup,
    network: Option<OwnedFd>,
    frozen: Option<Frozen>,
}

/// How the program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Exit {
    /// It exited with this code.
    Code(i32),
    /// It was killed by this signal.
    Signal(i32),
}

impl Exit {
    /// Returns the code a shell would show: 128 and the number for a signal.
    pub fn code(self) -> i32 {
        match self {
            Self::Code(code) => code,
            Self::Signal(signal) => 128 + signal,
        }
    }
}

/// Starts the process that `spec` describes and returns when its program runs.
///
/// The container ends with the calling thread. The one exception the kernel makes: a program that
/// raises its privileges by being executed (set-user-ID, started as another user than root) is told
/// of no parent's death (prctl(2), `PR_SET_PDEATHSIG`).
pub fn launch(spec: &Spec, stdio: Stdio) -> Result<Running, LaunchError> {
    launch_with(spec, stdio, None)
}

/// Like [`launch`], with the network namespace that was begun [`ahead`](network_ahead).
pub(super) fn launch_with(
    spec: &Spec,
    stdio: Stdio,
    ahead: Option<Making>,
) -> Result<Running, LaunchError> {
    let facts = enter::facts().ok_or_else(|| init(&io::ErrorKind::NotConnected.into()))?;
    let cgroup = Cgroup::make(&spec.resources)?;
    let mut notes = cgroup.notes().to_vec();
    let network = match spec.network {
        Network::Host => None,
        _ if !facts.network => {
            notes.push(Note::HostNetwork);
            None
        }
        Network::Loopback
        | Network::Default
        | Network::Bridge
        | Network::Named(_)
        | Network::Container(_) => match ahead {
            Some(making) => Some(making),
            None => Some(network::make().map_err(|error| net(&error))?),
        },
    };
    let (channel, theirs) = UnixStream::pair().map_err(|error| init(&error))?;
    let (pid, pidfd) = spawn(c"__init", NEW, &stdio, &theirs)?;
    drop((theirs, stdio));
    // From here on an early return kills it.
    let mut running = Running {
        pid,
        pidfd,
        terminal: None,
        notes,
        exit: None,
        cgroup,
        network: None,
        frozen: None,
    };
    running.cgroup.add(pid)?;
    let merged = rootfs::ahead(&spec.rootfs, facts.overlay, facts.rootless)?;
    let network = network
        .map(Making::finish)
        .transpose()
        .map_err(|error| net(&error))?
        .map(|namespace| namespace.descriptor);
    let orders = Orders {
        spec: Cow::Borrowed(spec),
        rootless: facts.rootless,
        overlay: facts.overlay,
        own_network: network.is_some(),
        resolv_conf: resolv_conf(&host_resolv_conf(), &spec.dns, spec.own_address),
    };
    let riders: Vec<_> = [&network, &merged]
        .into_iter()
        .flatten()
        .map(AsFd::as_fd)
        .collect();
    give(&channel, &orders, &riders).map_err(|error| init(&error))?;
    running.listen(&channel)?;
    running.network = network;
    Ok(running)
}

/// Begins to make a network namespace for a container that is yet to be described: most want one
/// of their own. None where this machine gives none, or if it fails: `launch` will say so.
pub(super) fn network_ahead() -> Option<Making> {
    enter::facts().filter(|facts| facts.network)?;
    network::make().ok()
}

/// Starts a further process beside a container's PID 1. Works in a process that has joined its
/// namespaces except for the mount namespace, which `__join` enters itself: here strata's own
/// libraries must still be found. `container` is a pidfd of PID 1; only the process of `spec` and
/// what hardens it are looked at.
pub(super) fn join(
    spec: &Spec,
    stdio: Stdio,
    container: BorrowedFd<'_>,
    cgroups: &[PathBuf],
) -> Result<Running, LaunchError> {
    let (channel, theirs) = UnixStream::pair().map_err(|error| init(&error))?;
    let (pid, pidfd) = spawn(c"__join", CloneFlags::empty(), &stdio, &theirs)?;
    drop((theirs, stdio));
    let mut running = Running {
        pid,
        pidfd,
        terminal: None,
        notes: Vec::new(),
        exit: None,
        cgroup: Cgroup::default(),
        network: None,
        frozen: None,
    };
    for folder in cgroups {
        fs::write(folder.join("cgroup.procs"), pid.to_string())
            .map_err(|error| LaunchError::setup(What::Limit, folder, &error))?;
    }
    let orders = Orders {
        spec: Cow::Borrowed(spec),
        // Nothing is mounted any more, so these do not count.
        rootless: false,
        overlay: Overlay::None,
        own_network: false,
        resolv_conf: String::new(),
    };
    give(&channel, &orders, &[container]).map_err(|error| init(&error))?;
    running.listen(&channel)?;
    Ok(running)
}

fn init(error: &io::Error) -> LaunchError {
    LaunchError::setup(What::Init, "", error)
}

fn net(error: &io::Error) -> LaunchError {
    LaunchError::setup(What::Network, "", error)
}

/// The namespaces that PID 1 is born with; the network's is made beside and joined.
const NEW: CloneFlags = CloneFlags::CLONE_NEWPID
    .union(CloneFlags::CLONE_NEWNS)
    .union(CloneFlags::CLONE_NEWUTS)
    .union(CloneFlags::CLONE_NEWIPC)
    .union(CloneFlags::CLONE_NEWCGROUP);

fn spawn(
    verb: &CStr,
    namespaces: CloneFlags,
    stdio: &Stdio,
    channel: &UnixStream,
) -> Result<(u32, OwnedFd), LaunchError> {
    let null = null().map_err(|error| init(&error))?;
    let [read, write, complain] = [&stdio.stdin, &stdio.stdout, &stdio.stderr]
        .map(|fd| fd.as_ref().map_or(null.as_fd(), AsFd::as_fd));
    let fds = [read, write, complain, channel.as_fd()];
    let executable = guard::executable().map_err(|error| init(&error))?;
    sys::spawn(executable, &[c"strata", verb], namespaces, fds)
        .map_err(|error| LaunchError::setup(What::Namespaces, "", &error))
}

fn null() -> io::Result<File> {
    File::options().read(true).write(true).open("/dev/null")
}

/// The host's, as docker does without a network of its own. A machine without one has no names.
fn host_resolv_conf() -> String {
    fs::read_to_string("/etc/resolv.conf").unwrap_or_default()
}

/// Tells init what to do. The filter takes 20 µs to make, while init is being executed.
fn give(channel: &UnixStream, orders: &Orders<'_>, riders: &[BorrowedFd<'_>]) -> io::Result<()> {
    frames::send_with_fds(channel, orders, riders)?;
    let spec = &orders.spec;
    let filter = seccomp::filter(spec.seccomp, spec.capabilities, spec.ids);
    frames::send_bytes(channel, &seccomp::to_bytes(&filter))
}

impl Running {
    /// Follows the start until the program runs or does not.
    fn listen(&mut self, channel: &UnixStream) -> Result<(), LaunchError> {
        let mut handshake = Handshake::SettingUp;
        while handshake.goes_on() {
            let event = match frames::receive_with_fds::<Report>(channel) {
                Ok(Some((report, mut fds))) => {
                    self.terminal = fds.pop().or(self.terminal.take());
                    Event::Report(report)
                }
                Ok(None) => Event::End,
                Err(error) => return Err(init(&error)),
            };
            handshake = handshake.next(event);
        }
        match handshake {
            Handshake::Failed(error) => Err(error),
            Handshake::Running { notes } | Handshake::Executing { notes } => {
                self.notes.extend(notes);
                Ok(())
            }
            Handshake::SettingUp => unreachable!("the loop goes on in this state"),
        }
    }

    /// Returns the process id as this process sees it; it is 1 inside.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Returns a descriptor that becomes readable when the program ends.
    pub fn pidfd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }

    /// Takes the pseudo-terminal's master; none without a terminal or when taken before.
    pub fn terminal(&mut self) -> Option<OwnedFd> {
        self.terminal.take()
    }

    /// Takes the container's network namespace; none where it sees the host's, or when taken before.
    pub(super) fn network(&mut self) -> Option<OwnedFd> {
        self.network.take()
    }

    /// Returns what was done in a lesser way than asked.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// Returns where the container's limits and counts are.
    pub fn cgroup(&self) -> &Cgroup {
        &self.cgroup
    }

    /// Waits for the program's end, which is the end of everything in the container. Later calls
    /// return the same answer at once.
    pub fn wait(&mut self) -> io::Result<Exit> {
        if let Some(exit) = self.exit {
            return Ok(exit);
        }
        let status = sys::wait(self.pidfd.as_fd())?;
        let exit = match (status.exit_status(), status.terminating_signal()) {
            (Some(code), _) => Exit::Code(code),
            (None, Some(signal)) => Exit::Signal(signal),
            (None, None) => return Err(io::ErrorKind::InvalidData.into()),
        };
        self.exit = Some(exit);
        Ok(exit)
    }

    /// Sends a signal to the program (not to what it started). One it has no handler for does
    /// nothing, except KILL and STOP: it is PID 1 (`pid_namespaces(7)`).
    pub fn signal(&self, signal: i32) -> io::Result<()> {
        sys::signal(self.pidfd.as_fd(), signal)?;
        match &self.frozen {
            // One that rests may not hear of it.
            Some(frozen) if signal == nix::libc::SIGKILL => frozen.thaw(),
            _ => Ok(()),
        }
    }

    /// Lets every process of the container rest; false where they do already.
    pub(super) fn pause(&mut self) -> io::Result<bool> {
        if self.frozen.is_some() {
            return Ok(false);
        }
        self.frozen = Some(Frozen::freeze(self.pid, self.cgroup.folders_mut())?);
        Ok(true)
    }

    /// Lets them go on; false where they do already.
    pub(super) fn unpause(&mut self) -> io::Result<bool> {
        let Some(frozen) = self.frozen.take() else {
            return Ok(false);
        };
        frozen.thaw().map(|()| true)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.exit.is_none() {
            // It may have ended by itself; then there is nothing to kill, only to reap.
            let _ = self.signal(nix::libc::SIGKILL);
            let _ = self.wait();
        }
    }
}
