//! A network without root: slirp4netns takes the packets of a container and makes them this user's
//! own connections. It is no part of strata and may be missing; it ends with its supervisor, because
//! it watches a pipe whose other end is here.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::net::Ipv4Addr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags};
use rustix::io::{FdFlags, fcntl_setfd};

use super::bridge::Endpoint;
use super::networks::BRIDGE;
use super::peer::poll_all;
use super::probe::find_in_path;
use super::subnet::Subnet;

/// What it gives a container's link, unless that is a network's: its own choice, and another.
const RANGES: [[u8; 4]; 2] = [[10, 0, 2, 0], [10, 254, 2, 0]];

/// Returns addresses that none of the container's networks has.
pub(super) fn range(used: &[Subnet]) -> Subnet {
    let ranges = RANGES.map(|base| Subnet::new(base.into(), 24).expect("no bits beyond"));
    let free = ranges.iter().find(|range| range.is_free(used));
    *free.unwrap_or(&ranges[0])
}

/// Where it forwards names to the host's own name servers, wherever those are.
pub(super) fn name_server(range: Subnet) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(range.first()) + 2)
}

/// Where a container stands that has no other network.
pub(super) fn endpoint(network_id: String, range: Subnet) -> Endpoint {
    Endpoint {
        network: BRIDGE.to_owned(),
        network_id,
        // The first that it gives.
        address: Ipv4Addr::from(u32::from(range.first()) + 99),
        bits: range.bits(),
        gateway: Some(Ipv4Addr::from(u32::from(range.first()) + 1)),
        mac: String::new(),
        link: LINK.to_owned(),
        names: Vec::new(),
    }
}

/// How long it may take to begin.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the container calls its link.
const LINK: &str = "tap0";

/// The program at work. Dropped, it ends.
#[derive(Debug)]
pub(super) struct Slirp {
    life: Option<OwnedFd>,
    child: Child,
    range: Subnet,
}

impl Slirp {
    /// Finds the program.
    pub fn find() -> Option<std::path::PathBuf> {
        find_in_path("slirp4netns")
    }

    /// Returns the addresses it gave.
    pub fn range(&self) -> Subnet {
        self.range
    }

    /// Connects a network namespace, which must belong to the user namespace of this process. Its
    /// addresses are among `range`.
    pub fn connect(program: &Path, namespace: BorrowedFd<'_>, range: Subnet) -> io::Result<Self> {
        let (mut ready, says_ready) = io::pipe()?;
        let (watched, life) = io::pipe()?;
        let namespace = namespace.try_clone_to_owned()?;
        let mut complaints = tempfile::tempfile()?;
        for descriptor in [namespace.as_fd(), says_ready.as_fd(), watched.as_fd()] {
            // Handed on to the program; nothing else is started before they are closed here.
            fcntl_setfd(descriptor, FdFlags::empty())?;
        }
        let child = Command::new(program)
            .args(["--configure", "--mtu=65520", "--disable-host-loopback"])
            .args(["--enable-sandbox", "--enable-seccomp"])
            .arg(format!("--ready-fd={}", says_ready.as_raw_fd()))
            .arg(format!("--exit-fd={}", watched.as_raw_fd()))
            .arg(format!("--cidr={range}"))
            .arg("--netns-type=path")
            .arg(format!("/proc/self/fd/{}", namespace.as_raw_fd()))
            .arg(LINK)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(complaints.try_clone()?)
            .spawn()?;
        drop((namespace, says_ready, watched));
        let slirp = Self {
            life: Some(life.into()),
            child,
            range,
        };
        if !is_ready(&mut ready)? {
            drop(slirp);
            return Err(io::Error::other(reason(&mut complaints)));
        }
        Ok(slirp)
    }
}

impl Drop for Slirp {
    fn drop(&mut self) {
        self.life = None;
        // It hears that; one that does not is not waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until it says that the network is there; false when it ended instead.
fn is_ready(ready: &mut io::PipeReader) -> io::Result<bool> {
    let mut fds = [PollFd::new(ready, PollFlags::IN)];
    poll_all(&mut fds, Some(PATIENCE))?;
    if fds[0].revents().is_empty() {
        return Err(io::ErrorKind::TimedOut.into());
    }
    Ok(ready.read(&mut [0; 1])? > 0)
}

/// The program's own words: the first line, which says what failed.
fn reason(complaints: &mut File) -> String {
    let mut text = String::new();
    let read = complaints
        .rewind()
        .and_then(|()| complaints.read_to_string(&mut text));
    let mut lines = text.lines().map(str::trim);
    let told = lines.find(|line| !line.is_empty() && !line.starts_with("WARNING"));
    match (read, told) {
        (Ok(_), Some(line)) => format!("slirp4netns: {line}"),
        _ => "slirp4netns ended at once".to_owned(),
    }
}
