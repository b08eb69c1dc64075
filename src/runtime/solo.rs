//! Containers from outside, one after another, without a worker or a supervisor: what `doctor`
//! tries out and the kernel tests are made of.

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use serde::{Deserialize, Serialize};

use super::enter::{Enter, Entered, RuntimeError, complete_entry, enter};
use super::failure::{LaunchError, Note};
use super::frames;
use super::launch::{Exit, Stdio, launch};
use super::probe::Mode;
use super::spec::Spec;

/// An entered process that launches containers.
#[derive(Debug)]
pub struct Solo {
    entered: Entered,
}

/// A container that runs.
#[derive(Debug)]
pub struct Started {
    /// The process id of the container's PID 1, as the host sees it.
    pub pid: u32,
    /// What was done in a lesser way than asked.
    pub notes: Vec<Note>,
    /// The pseudo-terminal's master, when the spec asked for a terminal.
    pub terminal: Option<OwnedFd>,
}

/// What the process inside says about a spec; after `Started` comes an [`Exit`].
#[derive(Debug, Serialize, Deserialize)]
enum Outcome {
    Started { pid: u32, notes: Vec<Note> },
    Failed(LaunchError),
}

impl Solo {
    /// Enters.
    pub fn enter(mode: &Mode) -> Result<Self, RuntimeError> {
        let entered = enter(mode, &[OsStr::new("__solo")], Enter::default())?;
        Ok(Self { entered })
    }

    /// Starts a container, with stdin, stdout and stderr handed over. One at a time.
    ///
    /// # Errors
    /// The outer ones are about the process inside, the inner ones about the container.
    pub fn start(
        &self,
        spec: &Spec,
        stdio: [OwnedFd; 3],
    ) -> io::Result<Result<Started, LaunchError>> {
        let channel = &self.entered.channel;
        frames::send_with_fds(channel, spec, &stdio.each_ref().map(AsFd::as_fd))?;
        drop(stdio);
        match frames::receive_with_fds(channel)?.ok_or_else(gone)? {
            (Outcome::Started { pid, notes }, mut fds) => Ok(Ok(Started {
                pid,
                notes,
                terminal: fds.pop(),
            })),
            (Outcome::Failed(error), _) => Ok(Err(error)),
        }
    }

    /// Waits for the end of the container that was started last.
    pub fn wait(&self) -> io::Result<Exit> {
        frames::receive(&self.entered.channel)?.ok_or_else(gone)
    }

    /// Kills the process that launched the container, as `kill -9` would.
    pub fn kill(&mut self) -> io::Result<()> {
        self.entered.child.kill()?;
        self.entered.child.wait().map(drop)
    }
}

fn gone() -> io::Error {
    io::ErrorKind::UnexpectedEof.into()
}

/// Plays `__solo`.
pub(super) fn main() -> ExitCode {
    // Whatever goes wrong is the other side's to say: it sees the channel close.
    let served = complete_entry()
        .map_err(|_| gone())
        .and_then(|channel| serve(&channel));
    served.map_or(ExitCode::from(125), |()| ExitCode::SUCCESS)
}

fn serve(channel: &UnixStream) -> io::Result<()> {
    while let Some((spec, fds)) = frames::receive_with_fds::<Spec>(channel)? {
        let mut fds = fds.into_iter();
        let stdio = Stdio {
            stdin: fds.next(),
            stdout: fds.next(),
            stderr: fds.next(),
        };
        match launch(&spec, stdio) {
            Ok(mut running) => {
                let notes = running.notes().to_vec();
                let started = Outcome::Started {
                    pid: running.pid(),
                    notes,
                };
                let terminal = running.terminal();
                let fds: Vec<_> = terminal.iter().map(AsFd::as_fd).collect();
                frames::send_with_fds(channel, &started, &fds)?;
                drop(terminal);
                frames::send(channel, &running.wait()?)?;
            }
            Err(error) => frames::send(channel, &Outcome::Failed(error))?,
        }
    }
    Ok(())
}
