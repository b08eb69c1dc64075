//! What is done with containers that exist: kill, stop, wait, remove, logs.

use std::fs::File;
use std::io::{self, BufReader, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use nix::sys::signal::Signal;
use rustix::event::{PollFd, PollFlags};
use rustix::fs::inotify;

use super::attach::failed;
use super::container_error::ContainerError;
use super::containers::Containers;
use super::log::{LogPrinter, Show};
use super::names::ContainerId;
use super::peer::{Peer, poll_all};
use super::signals::{Caught, signal_number};
use super::spec::Membership;
use super::state::LOST_EXIT_CODE;
use super::wire::{Failure, Reply, Request};

use std::os::fd::AsFd;

const KILL: i32 = 9;

/// How long a killed container may take to be gone before `kill` returns all the same, as with docker.
const DEATH: Duration = Duration::from_secs(10);

/// How to stop a container.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stop {
    /// How many seconds to wait before it is killed, its own by default; a negative one waits for
    /// ever.
    pub timeout: Option<i32>,
    /// The signal, its own by default.
    pub signal: Option<String>,
    /// It is started again afterwards, so it is not removed even if that was to be.
    pub keep: bool,
}

impl Containers {
    /// Sends a signal to a container's PID 1. One that rests and is told to end goes on, so that it
    /// can.
    pub fn kill(&self, id: &ContainerId, signal: i32) -> Result<(), ContainerError> {
        let not_running = || ContainerError::KillNotRunning { id: id.clone() };
        let mut peer = self.connect(id)?.ok_or_else(not_running)?;
        if signal == KILL {
            send(&mut peer, &Request::Wait)?;
            send(&mut peer, &Request::Signal { signal })?;
            // It can't refuse, so the next look at it finds it ended, as with docker.
            wait_exit(&mut peer, Some(Instant::now() + DEATH))?;
            return Ok(());
        }
        send(&mut peer, &Request::Signal { signal })?;
        peer.wait_reply(None)
            .map_err(failed)?
            .ok_or_else(not_running)?;
        let stops = signal_number(&self.folder(id).config()?.stop_signal)?;
        if signal == stops {
            send(&mut peer, &Request::Unpause)?;
            // It may have ended.
            peer.wait_reply(None).map_err(failed)?;
        }
        Ok(())
    }

    /// Lets every process of a container rest.
    pub fn pause(&self, id: &ContainerId) -> Result<(), ContainerError> {
        let state = self.folder(id).record()?.state;
        if state.is_paused() {
            return Err(ContainerError::AlreadyPaused { id: id.clone() });
        }
        let not_running = || ContainerError::NotRunning { id: id.clone() };
        let peer = self.connect(id)?.ok_or_else(not_running)?;
        rest(peer, &Request::Pause, not_running)
    }

    /// Connects a container to a network, if it runs.
    pub fn connect_network(
        &self,
        id: &ContainerId,
        membership: Membership,
    ) -> Result<(), ContainerError> {
        self.change_networks(id, &Request::Connect { membership })
    }

    /// Takes a container out of a network, if it runs.
    pub fn disconnect_network(
        &self,
        id: &ContainerId,
        network: &str,
    ) -> Result<(), ContainerError> {
        let network = network.to_owned();
        self.change_networks(id, &Request::Disconnect { network })
    }

    fn change_networks(&self, id: &ContainerId, change: &Request) -> Result<(), ContainerError> {
        let Some(mut peer) = self.connect(id)? else {
            return Ok(());
        };
        send(&mut peer, change)?;
        match peer.wait_reply(None).map_err(failed)? {
            Some(Reply::Failed { failure }) => {
                let folder = self.folder(id);
                Err(ContainerError::from_failure(failure, id, folder.path()))
            }
            // It may have ended meanwhile.
            _ => Ok(()),
        }
    }

    /// Lets the processes of a container go on.
    pub fn unpause(&self, id: &ContainerId) -> Result<(), ContainerError> {
        let not_paused = || ContainerError::NotPaused { id: id.clone() };
        if !self.folder(id).record()?.state.is_paused() {
            return Err(not_paused());
        }
        let peer = self.connect(id)?.ok_or_else(not_paused)?;
        rest(peer, &Request::Unpause, not_paused)
    }

    /// Sends the container's stop signal, waits, and kills it when it has not ended. A container
    /// that does not run is fine.
    pub fn stop(&self, id: &ContainerId, how: &Stop) -> Result<(), ContainerError> {
        let config = self.folder(id).config()?;
        let signal = signal_number(how.signal.as_ref().unwrap_or(&config.stop_signal))?;
        let Some(mut peer) = self.connect(id)? else {
            return Ok(());
        };
        let seconds = how.timeout.unwrap_or(config.stop_timeout);
        let patience = u64::try_from(seconds).ok().map(Duration::from_secs);
        if how.keep {
            send(&mut peer, &Request::Keep)?;
        }
        send(&mut peer, &Request::Wait)?;
        send(&mut peer, &Request::Signal { signal })?;
        // One that rests hears of it when it goes on.
        send(&mut peer, &Request::Unpause)?;
        if !wait_exit(&mut peer, patience.map(|time| Instant::now() + time))? {
            send(&mut peer, &Request::Signal { signal: KILL })?;
            wait_exit(&mut peer, None)?;
        }
        Ok(())
    }

    /// Waits until a container has ended and returns its exit code; of one that was never started,
    /// 0 at once, as docker does.
    pub fn wait(&self, id: &ContainerId) -> Result<i32, ContainerError> {
        if let Some(mut peer) = self.connect(id)? {
            send(&mut peer, &Request::Wait)?;
            while let Some(reply) = peer.wait_reply(None).map_err(failed)? {
                if let Reply::Exit { code } = reply {
                    return Ok(code);
                }
            }
        }
        match self.folder(id).record() {
            Ok(record) => Ok(record.state.exit_code().unwrap_or(0)),
            // Killed with its supervisor, and removed by someone since.
            Err(ContainerError::NotFound { .. }) => Ok(LOST_EXIT_CODE),
            Err(error) => Err(error),
        }
    }

    /// Removes a container: with force a running one is killed first. Returns the tree that is
    /// still to be removed by `remove_tree`; none when its supervisor does that.
    pub fn remove(&self, id: &ContainerId, force: bool) -> Result<Option<PathBuf>, ContainerError> {
        let record = self.folder(id).record()?;
        if !record.state.can_remove() {
            if !force {
                let id = id.clone();
                return Err(if record.state.is_paused() {
                    ContainerError::RemovePaused { id }
                } else {
                    ContainerError::RemoveRunning { id }
                });
            }
            if let Some(mut peer) = self.connect(id)? {
                send(&mut peer, &Request::Wait)?;
                send(&mut peer, &Request::Signal { signal: KILL })?;
                wait_exit(&mut peer, None)?;
            }
        }
        match self.take_out(id) {
            Ok(tree) => Ok(Some(tree)),
            Err(ContainerError::NotFound { .. }) if record.auto_remove => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Prints what a container wrote; with `follow` until it ends or Ctrl-C.
    pub fn logs(
        &self,
        id: &ContainerId,
        show: Show,
        follow: bool,
        out: &mut dyn Write,
        err: &mut dyn Write,
    ) -> Result<(), ContainerError> {
        let folder = self.folder(id);
        folder.record()?;
        // Connected before the log is read, so that no end can be missed in between.
        let peer = if follow { self.connect(id)? } else { None };
        let path = folder.log();
        let log = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            other => other.map_err(ContainerError::io("read", &path))?,
        };
        let mut log = BufReader::new(log);
        let mut printer = LogPrinter::new(show, out, err);
        let outcome = match peer {
            None => printer.print_all(&mut log),
            Some(peer) => follow_log(&path, &mut log, &mut printer, peer),
        };
        match outcome {
            // `logs | head` has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other.map_err(ContainerError::io("read", &path)),
        }
    }

    /// Connects to a container's supervisor; none when it does not run.
    fn connect(&self, id: &ContainerId) -> Result<Option<Peer>, ContainerError> {
        let folder = self.folder(id);
        if !folder.record()?.state.is_running() {
            return Ok(None);
        }
        folder.connect()
    }
}

/// Asks for rest or its end, and waits until it is so.
fn rest(
    mut peer: Peer,
    request: &Request,
    gone: impl FnOnce() -> ContainerError,
) -> Result<(), ContainerError> {
    send(&mut peer, request)?;
    match peer.wait_reply(None).map_err(failed)? {
        Some(Reply::Failed {
            failure: Failure::Files { error },
        }) => Err(ContainerError::Pause { error }),
        Some(_) => Ok(()),
        None => Err(gone()),
    }
}

fn send(peer: &mut Peer, request: &Request) -> Result<(), ContainerError> {
    peer.outbox.message(request);
    peer.flush_all().map_err(failed)
}

/// Waits for the end; false when the deadline passed first. A supervisor that is gone took its
/// container with it.
fn wait_exit(peer: &mut Peer, deadline: Option<Instant>) -> Result<bool, ContainerError> {
    loop {
        match peer.wait_reply(deadline) {
            Ok(None | Some(Reply::Exit { .. })) => return Ok(true),
            Ok(Some(_)) => {}
            Err(error) if error.kind() == io::ErrorKind::TimedOut => return Ok(false),
            Err(error) => return Err(failed(error)),
        }
    }
}

/// Prints what is there, and then what is added whenever inotify(7) says so.
fn follow_log(
    path: &std::path::Path,
    log: &mut BufReader<File>,
    printer: &mut LogPrinter<'_>,
    mut peer: Peer,
) -> io::Result<()> {
    let mut caught = Caught::new(&[Signal::SIGINT, Signal::SIGTERM])?;
    let flags = inotify::CreateFlags::CLOEXEC | inotify::CreateFlags::NONBLOCK;
    let changes = inotify::init(flags)?;
    inotify::add_watch(&changes, path, inotify::WatchFlags::MODIFY)?;
    peer.outbox.message(&Request::Wait);
    peer.flush_all()?;
    printer.print_all(log)?;
    let mut line = Vec::new();
    loop {
        let mut fds = [
            PollFd::new(&changes, PollFlags::IN),
            PollFd::from_borrowed_fd(peer.as_fd(), PollFlags::IN),
            PollFd::from_borrowed_fd(caught.as_fd(), PollFlags::IN),
        ];
        let left = printer.left(Timestamp::now());
        poll_all(&mut fds, left)?;
        let ended = !fds[1].revents().is_empty() || left.is_some_and(|left| left.is_zero());
        let interrupted = !fds[2].revents().is_empty();
        // What changed does not matter, only that the queue is empty afterwards.
        let mut events = [0; 4096];
        while rustix::io::read(&changes, &mut events).is_ok() {}
        printer.print_new(log, &mut line)?;
        if ended || (interrupted && !caught.take().is_empty()) {
            return Ok(());
        }
    }
}
