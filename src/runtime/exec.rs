//! `exec`: a further process in a running container.
//!
//! ```text
//! face ──► __exec                joins the supervisor's user and mount namespaces, then the
//!            │                   container's others; carries the bytes
//!            └──► __join         born in the PID namespace; joins the mount namespace, is hardened
//!                                like PID 1, becomes the program
//! ```

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};

use nix::sched::CloneFlags;
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use serde::{Deserialize, Serialize};

use super::attach::{Attachment, Outcome, catch_signals, failed};
use super::container_error::ContainerError;
use super::containers::Containers;
use super::launch::{self, LaunchError, Running, Stdio};
use super::names::ContainerId;
use super::peer::Peer;
use super::relay::{Client, Relay};
use super::spec::{Spec, User};
use super::start::{Attach, ask, check_terminal, keep, wait_started};
use super::state::{self, LOST_EXIT_CODE, Status};
use super::stdio::{Ends, pipes};
use super::supervisor::refuse;
use super::wire::{Failure, Reply, Size, Start};
use super::{frames, sys};

/// The hidden verb.
pub(super) const VERB: &str = "__exec";

/// What to run in a container, and how to watch it.
pub struct ExecOptions<'a> {
    /// The command and its arguments.
    pub argv: Vec<String>,
    /// Added to the container's environment; a name that is there already is replaced.
    pub env: Vec<(String, String)>,
    /// Who runs it; the container's user by default.
    pub user: Option<User>,
    /// The working directory, which must exist; the container's by default.
    pub cwd: Option<String>,
    /// Whether it gets a terminal of its own.
    pub terminal: bool,
    /// Who watches; none for `-d`.
    pub attach: Option<Attach<'a>>,
}

impl ExecOptions<'_> {
    /// Makes the container's spec one of the further process.
    fn apply(self, mut spec: Spec, size: Option<Size>) -> Spec {
        // PID 1 is there already.
        spec.init = false;
        let process = &mut spec.process;
        process.argv = self.argv;
        merge(&mut process.env, self.env);
        if let Some(cwd) = self.cwd {
            process.cwd = cwd;
        }
        if let Some(user) = self.user {
            process.user = user;
        }
        process.terminal = self.terminal;
        process.terminal_size = size.map(|size| (size.rows, size.columns));
        spec
    }
}

/// What the face asks `__exec` for. The supervisor's and PID 1's pidfds ride along, then stdin,
/// stdout and stderr when they are passed through.
#[derive(Debug, Serialize, Deserialize)]
struct Errand {
    spec: Spec,
    start: Start,
    container: state::Running,
}

impl Containers {
    /// Runs a further process in a running container. Returns its end, or at once without a
    /// watcher.
    ///
    /// # Errors
    ///
    /// [`ContainerError::Launch`] holds docker's 126 and 127.
    pub fn exec(
        &self,
        id: &ContainerId,
        mut options: ExecOptions<'_>,
    ) -> Result<Outcome, ContainerError> {
        let (container, pidfds) = self.hold(id)?;
        let folder = self.folder(id);
        let attach = options.attach.take();
        check_terminal(options.terminal, attach.as_ref())?;
        let start = ask(attach.as_ref(), options.terminal);
        let caught = catch_signals(options.terminal).map_err(failed)?;
        let errand = Errand {
            spec: options.apply(folder.config()?.spec, start.size),
            start,
            container,
        };
        let mut peer = send(&errand, &pidfds).map_err(failed)?;
        wait_started(&mut peer, id, folder.path())?;
        let Some(attach) = attach else {
            return Ok(Outcome::Started);
        };
        let mut streams = attach.streams;
        if errand.start.passthrough {
            streams.stdin = None;
        }
        Attachment {
            peer,
            streams,
            tty: errand.spec.process.terminal,
            caught,
            keys: attach.manner.keys,
            // docker's `exec` passes no signals on: Ctrl-C ends it, and its process here with it.
            pass_on: None,
            interrupts: 0,
        }
        .run()
    }

    /// Takes hold of a running container: its process ids could be another program's by the time
    /// they are used, descriptors could not.
    pub(super) fn hold(
        &self,
        id: &ContainerId,
    ) -> Result<(state::Running, [OwnedFd; 2]), ContainerError> {
        let not_running = || ContainerError::NotRunning { id: id.clone() };
        let folder = self.folder(id);
        let running = match folder.record()?.state {
            Status::Running(running) => running,
            Status::Restarting(_) => return Err(ContainerError::Restarting { id: id.clone() }),
            Status::Created | Status::Exited(_) => return Err(not_running()),
        };
        if running.paused {
            return Err(ContainerError::ExecPaused { id: id.clone() });
        }
        let open = |pid: u32| {
            let pid = i32::try_from(pid).ok().and_then(Pid::from_raw)?;
            pidfd_open(pid, PidfdFlags::empty()).ok()
        };
        let supervisor = open(running.supervisor).ok_or_else(not_running)?;
        let init = open(running.init).ok_or_else(not_running)?;
        // It held its lock after they were opened: they are the right ones.
        match folder.record()?.state {
            Status::Running(still) if still == running => Ok((running, [supervisor, init])),
            _ => Err(not_running()),
        }
    }
}

/// Adds variables to an environment; a name that is there already keeps its place.
fn merge(env: &mut Vec<(String, String)>, added: Vec<(String, String)>) {
    for (name, value) in added {
        match env.iter_mut().find(|(known, _)| *known == name) {
            Some(known) => known.1 = value,
            None => env.push((name, value)),
        }
    }
}

/// Starts `__exec` and gives it its errand.
fn send(errand: &Errand, pidfds: &[OwnedFd; 2]) -> io::Result<Peer> {
    let (channel, theirs) = UnixStream::pair()?;
    let null = || File::options().read(true).write(true).open("/dev/null");
    let child = Command::new(super::executable())
        .arg0("strata")
        .arg(VERB)
        .stdin(OwnedFd::from(theirs))
        .stdout(null()?)
        .stderr(null()?)
        .spawn()?;
    keep(child.try_into()?);
    let mut fds: Vec<_> = pidfds.iter().map(AsFd::as_fd).collect();
    let null = null()?;
    if errand.start.passthrough {
        let stdin = if errand.start.stdin {
            rustix::stdio::stdin()
        } else {
            null.as_fd()
        };
        fds.extend([stdin, rustix::stdio::stdout(), rustix::stdio::stderr()]);
    }
    frames::send_with_fds(&channel, errand, &fds)?;
    Peer::new(channel)
}

/// Plays `__exec`.
pub(super) fn main() -> ExitCode {
    match receive() {
        Ok((channel, errand, fds)) => run(channel, &errand, fds),
        // Only someone who types the hidden verb has no errand.
        Err(_) => return ExitCode::from(125),
    }
    ExitCode::SUCCESS
}

fn receive() -> io::Result<(UnixStream, Errand, Vec<OwnedFd>)> {
    // Before Linux 5.9 what was inherited stays open; nothing depends on it.
    let _ = sys::close_inherited();
    // Ctrl-C at the face's terminal is for the face. A leader of a group may not, and need not.
    let _ = rustix::process::setsid();
    let channel = UnixStream::from(rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3)?);
    rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
    let (errand, fds) = frames::receive_with_fds(&channel)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    Ok((channel, errand, fds))
}

fn run(channel: UnixStream, errand: &Errand, fds: Vec<OwnedFd>) {
    // If this fails there is no way to tell.
    let Ok(mut owner) = Peer::new(channel) else {
        return;
    };
    match start(errand, fds) {
        Ok(mut relay) => {
            let notes = relay.program().notes().to_vec();
            owner.outbox.message(&Reply::Started { notes });
            // Whoever is gone already is seen to be gone below.
            let _ = owner.flush_all();
            if errand.start.attach {
                relay.add(Client::starter(owner, &errand.start));
            } else {
                drop(owner);
            }
            // As with a supervisor, waiting for the end is what remains.
            let _ = relay.run();
            let exit = relay.program().wait();
            relay.say_exit(exit.map_or(LOST_EXIT_CODE, super::Exit::code));
        }
        Err(failure) => refuse(owner, failure),
    }
}

fn start(errand: &Errand, fds: Vec<OwnedFd>) -> Result<Relay<Running>, Failure> {
    let files = |error: io::Error| Failure::Files {
        error: error.to_string(),
    };
    let mut fds = fds.into_iter();
    let lost = || files(io::ErrorKind::UnexpectedEof.into());
    let supervisor = fds.next().ok_or_else(lost)?;
    let init = fds.next().ok_or_else(lost)?;
    join(errand, &supervisor, init.as_fd()).map_err(|error| {
        Failure::Launch(LaunchError::setup(launch::What::Namespaces, "", &error))
    })?;
    let (stdio, mut ends) = match (errand.spec.process.terminal, errand.start.attach) {
        (true, _) | (_, false) => (Stdio::default(), Ends::default()),
        (false, true) if errand.start.passthrough => {
            let stdio = Stdio {
                stdin: fds.next(),
                stdout: fds.next(),
                stderr: fds.next(),
            };
            (stdio, Ends::default())
        }
        (false, true) => pipes(errand.start.stdin).map_err(files)?,
    };
    let cgroups = &errand.container.cgroups;
    let mut running =
        launch::join(&errand.spec, stdio, init.as_fd(), cgroups).map_err(Failure::Launch)?;
    if let Some(terminal) = running.terminal() {
        ends = Ends::of_terminal(terminal).map_err(files)?;
    }
    Relay::new(running, ends).map_err(files)
}

/// Joins where the container's supervisor is, which owns the container's namespaces, and then the
/// container, but for its mounts: strata itself is not in there.
fn join(errand: &Errand, supervisor: &OwnedFd, init: BorrowedFd<'_>) -> io::Result<()> {
    let container = &errand.container;
    if differs("user", container.supervisor)? {
        sys::join(supervisor, CloneFlags::CLONE_NEWUSER)?;
    }
    sys::join(supervisor, CloneFlags::CLONE_NEWNS)?;
    let mut others = CloneFlags::CLONE_NEWPID
        | CloneFlags::CLONE_NEWUTS
        | CloneFlags::CLONE_NEWIPC
        | CloneFlags::CLONE_NEWCGROUP;
    // The host's is not for the root of a user namespace to join again.
    others.set(CloneFlags::CLONE_NEWNET, differs("net", container.init)?);
    sys::join(init, others)
}

pub(super) fn differs(namespace: &str, pid: u32) -> io::Result<bool> {
    let of =
        |process: &str| fs::read_link(Path::new("/proc").join(process).join("ns").join(namespace));
    Ok(of("self")? != of(&pid.to_string())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_added_variable_replaces_the_containers_in_its_place() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut env = vec![pair("A", "1"), pair("B", "2")];
        merge(&mut env, vec![pair("C", "3"), pair("A", "4")]);
        assert_eq!(env, [pair("A", "4"), pair("B", "2"), pair("C", "3")]);
    }
}
