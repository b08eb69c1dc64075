//! A further process of a running container, until it becomes the user's program: `__join`, which
//! `exec` starts with the container's other namespaces around it already.

use std::process::ExitCode;

use nix::sched::CloneFlags;

use super::failure::{LaunchError, What};
use super::init::{Prepared, Received, gone, play, setup};
use super::{rlimits, sys, terminal};

/// Plays `__join`.
pub(super) fn main() -> ExitCode {
    play(prepare)
}

fn prepare(received: &mut Received) -> Result<Prepared, LaunchError> {
    let container = received.riders.pop().ok_or_else(gone)?;
    // From here on `/` is the container's.
    sys::join(container, CloneFlags::CLONE_NEWNS).map_err(setup(What::Namespaces, ""))?;
    rustix::process::setsid().map_err(setup(What::Terminal, ""))?;
    let spec = &received.orders.spec;
    let opened = spec.process.terminal.then(|| terminal::open(&spec.process));
    let terminal = opened
        .transpose()
        .map_err(setup(What::Terminal, "/dev/pts"))?;
    let notes = rlimits::set(&spec.resources.ulimits)?;
    let cwd = &spec.process.cwd;
    // runc answers with 126 here, and makes no folder as it does for a container's own process.
    rustix::process::chdir(cwd.as_str()).map_err(|error| LaunchError::NoFolder {
        path: cwd.clone(),
        errno: error.raw_os_error(),
    })?;
    Ok(Prepared { notes, terminal })
}
