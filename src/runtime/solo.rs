//! One container from outside, without a worker or a supervisor: what `doctor` tries out and the
//! kernel tests are made of.

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

/// A container in an entered process of its own.
#[derive(Debug)]
pub struct Solo {
    entered: Entered,
    /// The process id of the container's PID 1, as the host sees it.
    pub pid: u32,
    /// What was done in a lesser way than asked.
    pub notes: Vec<Note>,
    /// The pseudo-terminal's master, when the spec asked for a terminal.
    pub terminal: Option<OwnedFd>,
}

/// What the process inside reports once.
#[derive(Debug, Serialize, Deserialize)]
enum Outcome {
    Started { pid: u32, notes: Vec<Note> },
    Failed(LaunchError),
}

/// Starts a container, with stdin, stdout and stderr handed over.
pub fn start(
    mode: &Mode,
    spec: &Spec,
    stdio: [OwnedFd; 3],
) -> Result<Result<Solo, LaunchError>, RuntimeError> {
    let entered = enter(mode, &[OsStr::new("__solo")], Enter::default())?;
    let fds = stdio.each_ref().map(AsFd::as_fd);
    frames::send_with_fds(&entered.channel, spec, &fds).map_err(|_| RuntimeError::Lost)?;
    drop(stdio);
    let outcome = frames::receive_with_fds(&entered.channel).map_err(|_| RuntimeError::Lost)?;
    match outcome.ok_or(RuntimeError::Lost)? {
        (Outcome::Started { pid, notes }, mut fds) => Ok(Ok(Solo {
            entered,
            pid,
            notes,
            terminal: fds.pop(),
        })),
        (Outcome::Failed(error), _) => Ok(Err(error)),
    }
}

impl Solo {
    /// Waits for the program's end.
    pub fn wait(mut self) -> io::Result<Exit> {
        let exit = frames::receive(&self.entered.channel)?;
        self.entered.child.wait()?;
        exit.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    /// Kills the process that launched the container, as `kill -9` would.
    pub fn kill_launcher(&mut self) -> io::Result<()> {
        self.entered.child.kill()?;
        self.entered.child.wait().map(drop)
    }
}

/// Plays `__solo`.
pub(super) fn main() -> ExitCode {
    // Whatever goes wrong is the other side's to say: it sees the channel close.
    let served = complete_entry().map_err(|_| io::ErrorKind::NotConnected.into());
    match served.and_then(|channel| serve(&channel)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(125),
    }
}

fn serve(channel: &UnixStream) -> io::Result<()> {
    let gone = || io::Error::from(io::ErrorKind::UnexpectedEof);
    let (spec, fds) = frames::receive_with_fds::<Spec>(channel)?.ok_or_else(gone)?;
    let mut fds = fds.into_iter();
    let stdio = Stdio {
        stdin: fds.next(),
        stdout: fds.next(),
        stderr: fds.next(),
    };
    match launch(&spec, stdio) {
        Ok(mut running) => {
            let started = Outcome::Started {
                pid: running.pid(),
                notes: running.notes().to_vec(),
            };
            let terminal = running.terminal();
            let fds: Vec<_> = terminal.iter().map(AsFd::as_fd).collect();
            frames::send_with_fds(channel, &started, &fds)?;
            frames::send(channel, &running.wait()?)
        }
        Err(error) => frames::send(channel, &Outcome::Failed(error)),
    }
}
