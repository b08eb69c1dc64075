//! What is done with containers that exist: kill, stop, wait, remove, logs.

use std::fs::File;
use std::io::{self, BufReader, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

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
use super::state::LOST_EXIT_CODE;
use super::wire::{Reply, Request};

use std::os::fd::AsFd;

const KILL: i32 = 9;

impl Containers {
    /// Sends a signal to a container's PID 1.
    pub fn kill(&self, id: &ContainerId, signal: i32) -> Result<(), ContainerError> {
        let not_running = || ContainerError::KillNotRunning { id: id.clone() };
        let mut peer = self.connect(id)?.ok_or_else(not_running)?;
        send(&mut peer, &Request::Signal { signal })?;
        peer.wait_reply(None)
            .map_err(failed)?
            .ok_or_else(not_running)?;
        Ok(())
    }

    /// Sends the container's stop signal, waits, and kills it when it has not ended. The timeout
    /// is in seconds, its own by default; a negative one waits for ever. A container that does not
    /// run is fine.
    pub fn stop(&self, id: &ContainerId, timeout: Option<i32>) -> Result<(), ContainerError> {
        let config = self.folder(id).config()?;
        let Some(mut peer) = self.connect(id)? else {
            return Ok(());
        };
        let seconds = timeout.unwrap_or(config.stop_timeout);
        let patience = u64::try_from(seconds).ok().map(Duration::from_secs);
        send(&mut peer, &Request::Wait)?;
        let signal = signal_number(&config.stop_signal)?;
        send(&mut peer, &Request::Signal { signal })?;
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
                return Err(ContainerError::RemoveRunning { id: id.clone() });
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
        poll_all(&mut fds, None)?;
        let ended = !fds[1].revents().is_empty();
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
