//! `--init`: PID 1 is strata, which passes signals on to the program and buries whoever ends, as a
//! program that is no init would not.

use std::fs::File;
use std::io;
use std::os::unix::net::UnixStream;
use std::process::exit;

use nix::sys::signal::{SigSet, SigmaskHow, Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::failure::LaunchError;
use super::init::talk;
use super::protocol::Report;
use super::spec::Process;
use super::{command, frames, sys};

/// Starts the program as a child and never returns; only the child does if that fails, which is told
/// here. Everything this process is and may do has been set before.
pub(super) fn run(channel: UnixStream, process: &Process) -> LaunchError {
    // A blocked signal is not lost, even to PID 1 (kernel, `sig_ignored`).
    let all = SigSet::all();
    let before = match all.thread_swap_mask(SigmaskHow::SIG_BLOCK) {
        Ok(before) => before,
        Err(errno) => return talk(&errno.into()),
    };
    let child = sys::fork_here(|| {
        let error = become_program(process, &before);
        // If the launcher is gone there is nobody left to tell.
        let _ = frames::send(&channel, &Report::Failed(error));
        125
    });
    let child = match child {
        Ok(child) => Pid::from_raw(child),
        Err(error) => return talk(&error),
    };
    // From here on only the child says whether the program runs.
    drop(channel);
    let _ = let_go_of_streams();
    look_after(child, &all)
}

fn become_program(process: &Process, mask: &SigSet) -> LaunchError {
    let own = rustix::process::getpid();
    // A group of its own, so that PID 1 hears nothing of Ctrl-C; it gets the terminal along.
    let _ = rustix::process::setpgid(None, None);
    if process.terminal {
        let _ = rustix::termios::tcsetpgrp(rustix::stdio::stdin(), own);
    }
    if let Err(errno) = mask.thread_set_mask() {
        return talk(&errno.into());
    }
    command::execute(process)
}

/// The program's streams end when the program lets go of them.
fn let_go_of_streams() -> io::Result<()> {
    let null = File::options().read(true).write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdin(&null)?;
    rustix::stdio::dup2_stdout(&null)?;
    Ok(rustix::stdio::dup2_stderr(&null)?)
}

fn look_after(child: Pid, all: &SigSet) -> ! {
    loop {
        match all.wait() {
            Ok(Signal::SIGCHLD) => {
                if let Some(code) = bury(child) {
                    exit(code);
                }
            }
            // These are for who reads a terminal in the background.
            Ok(Signal::SIGTTIN | Signal::SIGTTOU) | Err(_) => {}
            // It may have ended; then that is heard of next.
            Ok(signal) => drop(kill(child, signal)),
        }
    }
}

/// Buries whoever has ended; the exit code once that is the program.
fn bury(child: Pid) -> Option<i32> {
    let mut code = None;
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::Exited(pid, status)) if pid == child => code = Some(status),
            Ok(WaitStatus::Signaled(pid, signal, _)) if pid == child => {
                code = Some(128 + signal as i32);
            }
            Ok(WaitStatus::StillAlive) | Err(_) => return code,
            Ok(_) => {}
        }
    }
}
