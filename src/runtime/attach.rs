//! The face's side of an attached container: keys, output, window size and signals between the
//! learner and a supervisor.

use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd};

use nix::sys::signal::Signal;
use rustix::event::{PollFd, PollFlags};

use super::container_error::ContainerError;
use super::peer::{Peer, poll_all};
use super::signals::Caught;
use super::tty::{RawMode, size};
use super::wire::{Frame, Kind, Reply, Request};

pub use super::tty::DetachKeys;

/// How much is read from stdin at once.
const CHUNK: usize = 16 * 1024;

/// What a process ends with whose output nobody reads: 128 and `SIGPIPE`.
const BROKEN_PIPE: i32 = 128 + 13;

/// Where the container's bytes come from and go to.
pub struct Streams<'a> {
    /// What the container reads; none for nothing.
    pub stdin: Option<BorrowedFd<'a>>,
    /// What it writes to stdout; everything, with a terminal.
    pub stdout: &'a mut dyn Write,
    /// What it writes to stderr.
    pub stderr: &'a mut dyn Write,
}

/// How an attachment ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It runs, and nobody is attached (`-d`).
    Started,
    /// The container ended with this code.
    Exited(i32),
    /// The detach keys were typed: it runs on.
    Detached,
}

/// Signals that are passed on to a container without a terminal, as docker's `--sig-proxy` does.
/// With a terminal they end the attachment, so that the terminal is given back first.
const PASSED_ON: [Signal; 6] = [
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGTERM,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
];

/// A third Ctrl-C means it.
const ENOUGH: usize = 3;

/// Passes signals on: the control connection may be full of input that nobody reads, so they go
/// another way. Without one a signal ends the attachment.
pub(super) type PassOn = Box<dyn Fn(i32)>;

/// Catches signals from now on, so that none is lost between the start and the loop.
pub(super) fn catch_signals(tty: bool) -> io::Result<Caught> {
    let window = tty.then_some(Signal::SIGWINCH);
    let signals: Vec<_> = PASSED_ON.into_iter().chain(window).collect();
    Caught::new(&signals)
}

/// How what is typed and signals are dealt with, as docker's options of the same names say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manner {
    /// `--detach-keys`.
    pub keys: DetachKeys,
    /// `--sig-proxy`: signals are the container's. Otherwise they end the attachment.
    pub pass_signals: bool,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            keys: DetachKeys::default(),
            pass_signals: true,
        }
    }
}

/// One attachment.
pub(super) struct Attachment<'a> {
    pub peer: Peer,
    pub streams: Streams<'a>,
    pub tty: bool,
    pub caught: Caught,
    pub keys: DetachKeys,
    pub pass_on: Option<PassOn>,
    pub interrupts: usize,
}

impl Attachment<'_> {
    /// Carries bytes until the container ends, the learner detaches, or a signal ends us.
    pub fn run(mut self) -> Result<Outcome, ContainerError> {
        let raw = match self.streams.stdin.filter(|_| self.tty) {
            Some(terminal) => Some(RawMode::enter(terminal).map_err(failed)?),
            None => None,
        };
        let mut keys = raw.as_ref().map(|_| self.keys.clone());
        loop {
            // Before the first wait: output may have come in one read with the reply to the start.
            if let Some(outcome) = self.output()? {
                return Ok(outcome);
            }
            let [peer, signals, stdin] = self.wait().map_err(failed)?;
            if signals && let Some(outcome) = self.signals() {
                return Ok(outcome);
            }
            if peer {
                self.peer.flush();
                self.peer.read();
            }
            if stdin && self.input(keys.as_mut()) {
                self.peer.outbox.message(&Request::Detach);
                self.peer.flush_all().map_err(failed)?;
                return Ok(Outcome::Detached);
            }
        }
    }

    fn wait(&self) -> io::Result<[bool; 3]> {
        let mut fds = vec![
            PollFd::from_borrowed_fd(self.peer.as_fd(), self.peer.interest(true)),
            PollFd::from_borrowed_fd(self.caught.as_fd(), PollFlags::IN),
        ];
        if let Some(stdin) = self.streams.stdin
            && !self.peer.outbox.is_full()
        {
            fds.push(PollFd::from_borrowed_fd(stdin, PollFlags::IN));
        }
        poll_all(&mut fds, None)?;
        let ready = |index: usize| {
            fds.get(index)
                .is_some_and(|fd: &PollFd| !fd.revents().is_empty())
        };
        Ok([ready(0), ready(1), ready(2)])
    }

    fn signals(&mut self) -> Option<Outcome> {
        for signal in self.caught.take() {
            if signal == Signal::SIGWINCH as i32 {
                self.resize();
                continue;
            }
            let insistent = self.persistence(signal);
            match &self.pass_on {
                Some(pass_on) if !self.tty => pass_on(insistent),
                _ => return Some(Outcome::Exited(128 + signal)),
            }
        }
        None
    }

    /// A container whose PID 1 has no handler ignores the first two.
    fn persistence(&mut self, signal: i32) -> i32 {
        if signal == Signal::SIGINT as i32 || signal == Signal::SIGTERM as i32 {
            self.interrupts += 1;
        }
        if self.interrupts >= ENOUGH {
            Signal::SIGKILL as i32
        } else {
            signal
        }
    }

    fn resize(&mut self) {
        if let Some(size) = self.streams.stdin.and_then(size) {
            self.peer.outbox.message(&Request::Resize(size));
            self.peer.flush();
        }
    }

    fn output(&mut self) -> Result<Option<Outcome>, ContainerError> {
        while let Some(frame) = self.peer.next() {
            match self.show(&frame) {
                Ok(None) => {}
                Ok(Some(code)) => return Ok(Some(Outcome::Exited(code))),
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                    return Ok(Some(Outcome::Exited(BROKEN_PIPE)));
                }
                Err(error) => return Err(failed(error)),
            }
        }
        if self.peer.is_closed() {
            return Err(ContainerError::SupervisorLost);
        }
        Ok(None)
    }

    fn show(&mut self, frame: &Frame) -> io::Result<Option<i32>> {
        let to = match frame.kind {
            Kind::Stdout => &mut *self.streams.stdout,
            Kind::Stderr => &mut *self.streams.stderr,
            Kind::Message => {
                return Ok(match frame.message()? {
                    Reply::Exit { code } => Some(code),
                    _ => None,
                });
            }
            Kind::Stdin => return Ok(None),
        };
        to.write_all(&frame.payload)?;
        to.flush()?;
        Ok(None)
    }

    /// Sends what was typed; true when that were the detach keys.
    fn input(&mut self, keys: Option<&mut DetachKeys>) -> bool {
        let Some(stdin) = self.streams.stdin else {
            return false;
        };
        let mut bytes = [0; CHUNK];
        let count = match rustix::io::read(stdin, &mut bytes) {
            Ok(count) => count,
            Err(errno) if super::peer::is_passing(&errno.into()) => return false,
            // A terminal that hung up, or the input of a background job: there is no more.
            Err(_) => 0,
        };
        let (bytes, detached) = match keys {
            Some(keys) => keys.filter(&bytes[..count]),
            None => (bytes[..count].to_vec(), false),
        };
        if count == 0 {
            self.streams.stdin = None;
            self.peer.outbox.frame(Kind::Stdin, b"");
        } else if !bytes.is_empty() {
            self.peer.outbox.frame(Kind::Stdin, &bytes);
        }
        self.peer.flush();
        detached
    }
}

pub(super) fn failed(source: io::Error) -> ContainerError {
    ContainerError::io("speak with", std::path::Path::new("the supervisor"))(source)
}
