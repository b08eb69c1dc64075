//! PID 1 until it becomes the user's program. It runs with the container's namespaces already
//! around it, turns the rootfs into `/`, gives up its powers and executes the program. It prints
//! nothing: whatever goes wrong is told to the launcher.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::ExitCode;

use nix::sched::CloneFlags;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::Mode;
use rustix::process::Signal;

use super::failure::{LaunchError, Note, What};
use super::protocol::{Orders, Report};
use super::{command, frames, identity, mounting, reaper, rlimits, rootfs, seccomp, sys, terminal};

/// Plays `__init`.
pub fn main() -> ExitCode {
    play(|received| {
        let Received { orders, riders, .. } = received;
        let mut riders = std::mem::take(riders).into_iter();
        if orders.own_network {
            let network = riders.next().ok_or_else(gone)?;
            sys::join(network, CloneFlags::CLONE_NEWNET).map_err(setup(What::Network, ""))?;
        }
        prepare(orders, riders.next())
    })
}

/// The launcher broke off.
pub(super) fn gone() -> LaunchError {
    talk(&io::ErrorKind::UnexpectedEof.into())
}

/// Plays a process that prepares itself and becomes the program.
pub(super) fn play(
    prepare: impl FnOnce(&mut Received) -> Result<Prepared, LaunchError>,
) -> ExitCode {
    // A user who types the hidden verb has no launcher to talk to.
    let Ok(channel) = sys::take_channel() else {
        return ExitCode::from(125);
    };
    let (channel, error) = start(channel, prepare);
    let Some(channel) = channel else {
        return ExitCode::from(125);
    };
    // If the launcher is gone there is nobody left to tell.
    let _ = frames::send(&channel, &Report::Failed(error));
    ExitCode::from(125)
}

/// Becomes the program, or what looks after it; returns why not, and the channel to say so.
fn start(
    channel: UnixStream,
    prepare: impl FnOnce(&mut Received) -> Result<Prepared, LaunchError>,
) -> (Option<UnixStream>, LaunchError) {
    let prepared = receive(&channel).and_then(|mut received| {
        let ready = prepare(&mut received)?;
        identity::assume(&received.orders, &received.filter)?;
        Ok((received.orders, ready))
    });
    let (orders, ready) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => return (Some(channel), error),
    };
    match report(&channel, ready) {
        Ok(()) if orders.spec.init => (None, reaper::run(channel, &orders.spec.process)),
        Ok(()) => (Some(channel), command::execute(&orders.spec.process)),
        Err(error) => (Some(channel), talk(&error)),
    }
}

/// What the launcher sends.
pub(super) struct Received {
    pub orders: Orders<'static>,
    /// For PID 1 the network namespace and the merged layers, as far as the orders speak of them;
    /// for a further process the container it joins.
    pub riders: Vec<OwnedFd>,
    filter: Vec<sys::sock_filter>,
}

fn receive(channel: &UnixStream) -> Result<Received, LaunchError> {
    sys::close_on_exec_from(3).map_err(|error| talk(&error))?;
    let (orders, riders) = frames::receive_with_fds(channel)
        .map_err(|error| talk(&error))?
        .ok_or_else(gone)?;
    let filter = frames::receive_bytes(channel)
        .map_err(|error| talk(&error))?
        .ok_or_else(gone)?;
    Ok(Received {
        orders,
        riders,
        filter: seccomp::from_bytes(&filter),
    })
}

/// What [`prepare`] has for the launcher.
pub(super) struct Prepared {
    pub notes: Vec<Note>,
    pub terminal: Option<OwnedFd>,
}

fn prepare(orders: &Orders<'_>, merged: Option<OwnedFd>) -> Result<Prepared, LaunchError> {
    let spec = &orders.spec;
    // Modes are given in full below.
    rustix::process::umask(Mode::empty());
    let gathered = mounting::gather(orders)?;
    rootfs::enter(orders, merged)?;
    let mut notes = mounting::put(gathered)?;
    let terminal = terminal(orders)?;
    make_cwd(&spec.process.cwd)?;
    if spec.read_only {
        sys::set_read_only(Path::new("/"), false).map_err(setup(What::Mount, "/"))?;
    }
    if !spec.hostname.is_empty() {
        rustix::system::sethostname(spec.hostname.as_bytes())
            .map_err(setup(What::Hostname, &spec.hostname))?;
    }
    notes.extend(rlimits::set(&spec.resources.ulimits)?);
    rustix::process::chdir(&spec.process.cwd).map_err(setup(What::Folder, &spec.process.cwd))?;
    Ok(Prepared { notes, terminal })
}

fn terminal(orders: &Orders<'_>) -> Result<Option<OwnedFd>, LaunchError> {
    rustix::process::setsid().map_err(setup(What::Terminal, ""))?;
    let process = &orders.spec.process;
    if !process.terminal {
        return Ok(None);
    }
    let opened = terminal::open(process).and_then(|master| {
        terminal::make_console()?;
        Ok(Some(master))
    });
    opened.map_err(setup(What::Terminal, "/dev/pts"))
}

fn make_cwd(cwd: &str) -> Result<(), LaunchError> {
    let path = Path::new(cwd);
    if path == Path::new("/") {
        return Ok(());
    }
    mounting::folder_and_parents(path).map_err(setup(What::Folder, cwd))
}

/// Says that all is ready, and leaves the state execve(2) does not reset as the program expects it.
fn report(channel: &UnixStream, ready: Prepared) -> io::Result<()> {
    let terminal: Vec<_> = ready.terminal.iter().map(AsFd::as_fd).collect();
    frames::send_with_fds(channel, &Report::Ready { notes: ready.notes }, &terminal)?;
    rustix::process::umask(Mode::from_raw_mode(0o022));
    sys::reset_signals()?;
    // Changing ids has taken it away (prctl(2)); whoever died before is found out by asking.
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    if launcher_is_gone(channel) {
        return Err(io::ErrorKind::BrokenPipe.into());
    }
    Ok(())
}

fn launcher_is_gone(channel: &UnixStream) -> bool {
    let mut fds = [PollFd::new(channel, PollFlags::empty())];
    let now = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    poll(&mut fds, Some(&now)).is_err() || fds[0].revents().contains(PollFlags::HUP)
}

pub(super) fn talk(error: &io::Error) -> LaunchError {
    LaunchError::setup(What::Init, Path::new(""), error)
}

pub(super) fn setup<E: Into<io::Error>>(what: What, path: &str) -> impl Fn(E) -> LaunchError {
    move |error| LaunchError::setup(what, Path::new(path), &error.into())
}
