//! A container's network namespace, made beside the start of PID 1: it takes as long as executing
//! strata does (0.4 ms), and there is more than one processor.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::thread::JoinHandle;

use nix::sched::CloneFlags;

use super::netlink::{LOOPBACK, Netlink};
use super::sys;

/// A network namespace that is being made, or one that is there.
#[derive(Debug)]
pub enum Making {
    /// By a thread.
    Begun(JoinHandle<io::Result<Namespace>>),
    /// By another container, or before.
    Made(OwnedFd),
}

/// A network namespace.
#[derive(Debug)]
pub struct Namespace {
    /// What setns(2) takes.
    pub descriptor: OwnedFd,
    /// Speaks for it; of one that was made here only.
    pub netlink: Option<Netlink>,
}

/// Begins to make a namespace with `lo` up, in a thread of its own: a network namespace belongs to
/// a thread, and this one's ends with it.
pub fn make() -> io::Result<Making> {
    let builder = std::thread::Builder::new().stack_size(64 << 10);
    Ok(Making::Begun(builder.spawn(|| {
        sys::unshare(CloneFlags::CLONE_NEWNET)?;
        let netlink = Netlink::open()?;
        netlink.up(LOOPBACK)?;
        Ok(Namespace {
            descriptor: File::open("/proc/thread-self/ns/net")?.into(),
            netlink: Some(netlink),
        })
    })?))
}

impl Making {
    /// Waits for the namespace.
    pub fn finish(self) -> io::Result<Namespace> {
        match self {
            Self::Begun(thread) => thread.join().expect("making a namespace does not panic"),
            Self::Made(descriptor) => Ok(Namespace {
                descriptor,
                netlink: None,
            }),
        }
    }
}
