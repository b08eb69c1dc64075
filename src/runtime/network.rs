//! A container's network namespace, made beside the start of PID 1: it takes as long as executing
//! strata does (0.4 ms), and there is more than one processor.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::thread::JoinHandle;

use nix::sched::CloneFlags;

use super::{loopback, sys};

/// A network namespace that is being made, or one that is there.
#[derive(Debug)]
pub enum Making {
    /// By a thread.
    Begun(JoinHandle<io::Result<OwnedFd>>),
    /// By another container.
    Made(OwnedFd),
}

/// Begins to make a namespace with `lo` up, in a thread of its own: a network namespace belongs to
/// a thread, and this one's ends with it.
pub fn make() -> io::Result<Making> {
    let builder = std::thread::Builder::new().stack_size(64 << 10);
    Ok(Making::Begun(builder.spawn(|| {
        sys::unshare(CloneFlags::CLONE_NEWNET)?;
        loopback::up()?;
        Ok(File::open("/proc/thread-self/ns/net")?.into())
    })?))
}

impl Making {
    /// Waits for the namespace and returns what setns(2) takes.
    pub fn finish(self) -> io::Result<OwnedFd> {
        match self {
            Self::Begun(thread) => thread.join().expect("making a namespace does not panic"),
            Self::Made(namespace) => Ok(namespace),
        }
    }
}
