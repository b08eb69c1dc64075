//! The way into a user and mount namespace: a process that is root in there and can mount, which
//! its face is not. The worker and every supervisor begin so.

use std::ffi::OsStr;
use std::io;
use std::os::unix::net::UnixStream;
use std::process::Child;

use thiserror::Error;

use super::probe::{Mode, NoNamespaces};
use crate::language::Language;

/// How an entered process stands to the one that started it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Enter {
    /// What it has as stdin, stdout and stderr.
    pub stdio: EnterStdio,
    /// A session of its own that outlives the starter. Otherwise it is killed when the *thread*
    /// that called [`enter`] ends (prctl(2), `PR_SET_PDEATHSIG`).
    pub detached: bool,
}

/// What an entered process has as stdin, stdout and stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EnterStdio {
    /// The starter's own.
    #[default]
    Inherit,
    /// `/dev/null`, three times.
    Null,
}

/// A process inside, seen from outside.
#[derive(Debug)]
pub struct Entered {
    /// To wait for and to kill.
    pub child: Child,
    /// What [`complete_entry`] returned the other end of.
    pub channel: UnixStream,
}

/// Why no process got inside.
#[derive(Debug, Error)]
pub enum RuntimeError {
    /// This machine gives this user no namespaces.
    #[error(transparent)]
    NoNamespaces(#[from] NoNamespaces),
    /// `newuidmap` or `newgidmap` refused.
    #[error("{tool} could not map the ids of /etc/subuid and /etc/subgid: {output}")]
    IdMap {
        /// Which of the two.
        tool: &'static str,
        /// What it printed.
        output: String,
    },
    /// A system call on the way in failed.
    #[error("could not {what}")]
    Setup {
        /// What was being done: a verb and its object.
        what: &'static str,
        /// The kernel's answer.
        #[source]
        source: io::Error,
    },
    /// The process inside ended or spoke nonsense before it was ready.
    #[error("the process inside the namespaces ended before it was ready")]
    Lost,
}

/// Starts strata again with `args` inside the namespaces of `mode` and returns when it is root in
/// there. The first thing it does must be [`complete_entry`].
pub fn enter(mode: &Mode, args: &[&OsStr], how: Enter) -> Result<Entered, RuntimeError> {
    let _ = (mode, args, how);
    unimplemented!()
}

/// Completes what [`enter`] began: the first call of the process that was started, before any
/// thread. Afterwards it is root in its own mount (and, rootless, user) namespace; every inherited
/// descriptor is close-on-exec. Returns the channel to the starter.
pub fn complete_entry() -> Result<UnixStream, RuntimeError> {
    unimplemented!()
}
