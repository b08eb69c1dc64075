//! Where the networks of a user without root are: one more network namespace, in which nothing runs
//! and which holds a bridge for each network.
//!
//! ```text
//! container          the hub              container
//! eth0 ═══veth═══ bridge of a network ═══veth═══ eth0
//! ```
//!
//! A link may lead from one network namespace into another only where both belong to one user
//! namespace. So containers that are started in a network enter the user namespace of those that are
//! there already, as `container:NAME` does (`beside`). Nobody has to keep the hub: each supervisor
//! in it holds its descriptor, and the kernel takes it away, with bridges and links, when the last
//! of them ends, however it ends. `.hub.json` says which descriptor of which supervisor leads there.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::linux::fs::MetadataExt;
use std::path::PathBuf;

use nix::sched::CloneFlags;
use serde::{Deserialize, Serialize};

use super::names::ContainerId;
use super::netlink::Netlink;
use super::network_error::NetworkError;
use super::networks::{Networks, replace};
use super::{network, sys};

/// The record: who can lead to the hub.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Record {
    /// The number of its namespace, lest a descriptor lead elsewhere.
    namespace: u64,
    keepers: Vec<Keeper>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Keeper {
    /// Whose supervisor it is; it is there while the container's lock is held.
    container: ContainerId,
    supervisor: u32,
    descriptor: i32,
}

impl Keeper {
    fn open(&self, what: &str) -> io::Result<File> {
        File::open(format!("/proc/{}/{what}", self.supervisor))
    }

    fn open_hub(&self, number: u64) -> io::Result<File> {
        let hub = self.open(&format!("fd/{}", self.descriptor))?;
        if hub.metadata()?.st_ino() == number {
            Ok(hub)
        } else {
            Err(io::ErrorKind::NotFound.into())
        }
    }
}

/// The hub, held.
#[derive(Debug)]
pub(super) struct Hub(OwnedFd);

impl Hub {
    /// Finds the hub of a store or makes it, and says that this process holds it. Whoever calls has
    /// the turn.
    pub fn hold(networks: &Networks, id: &ContainerId) -> Result<Self, HubError> {
        let mut record = read(networks);
        record
            .keepers
            .retain(|it| it.container != *id && networks.lives(&it.container));
        let mut found = None;
        for keeper in &record.keepers {
            let Ok(hub) = keeper.open_hub(record.namespace) else {
                continue;
            };
            // From another user namespace no link leads there.
            let (theirs, ours) = (keeper.open("ns/user"), File::open("/proc/self/ns/user"));
            if number(&theirs?)? != number(&ours?)? {
                return Err(HubError::Elsewhere);
            }
            found = Some(OwnedFd::from(hub));
            break;
        }
        let hub = match found {
            Some(hub) => hub,
            None => make()?,
        };
        record.namespace = number(&File::from(hub.try_clone()?))?;
        record.keepers.push(Keeper {
            container: id.clone(),
            supervisor: std::process::id(),
            descriptor: hub.as_raw_fd(),
        });
        replace(networks.folder(), &path(networks), &record)?;
        Ok(Self(hub))
    }

    /// Speaks for the hub.
    pub fn netlink(&self) -> io::Result<Netlink> {
        inside(self.0.as_fd(), Netlink::open)
    }
}

/// Why there is no hub.
#[derive(Debug)]
pub(super) enum HubError {
    /// It is in another user namespace than this process.
    Elsewhere,
    /// The system refused.
    Io(io::Error),
}

impl From<io::Error> for HubError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<HubError> for NetworkError {
    fn from(error: HubError) -> Self {
        match error {
            HubError::Elsewhere => Self::Elsewhere,
            HubError::Io(error) => Self::io("reach the networks")(error),
        }
    }
}

/// Opens the user namespace of a hub that is there, for a container that is to be in a network.
pub(super) fn user_namespace(networks: &Networks) -> Option<OwnedFd> {
    let record = read(networks);
    record.keepers.iter().find_map(|keeper| {
        let namespace = keeper.open("ns/user").ok()?;
        keeper.open_hub(record.namespace).ok()?;
        // It lives after both were opened: the process was not another one by then.
        networks.lives(&keeper.container).then(|| namespace.into())
    })
}

/// Makes a namespace in which nothing is passed on from one bridge to another.
fn make() -> io::Result<OwnedFd> {
    let hub = network::make()?.finish()?.descriptor;
    inside(hub.as_fd(), || {
        fs::write("/proc/sys/net/ipv4/ip_forward", "0")
    })?;
    Ok(hub)
}

/// Does something in a network namespace: a thread that joins it, as this one stays where it is.
pub(super) fn inside<T: Send>(
    namespace: BorrowedFd<'_>,
    work: impl FnOnce() -> io::Result<T> + Send,
) -> io::Result<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(64 << 10);
        let thread = thread.spawn_scoped(scope, || {
            sys::join(namespace, CloneFlags::CLONE_NEWNET)?;
            work()
        })?;
        thread.join().expect("what is done in there does not panic")
    })
}

fn read(networks: &Networks) -> Record {
    let bytes = fs::read(path(networks)).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

fn path(networks: &Networks) -> PathBuf {
    networks.folder().join(".hub.json")
}

fn number(file: &File) -> io::Result<u64> {
    Ok(file.metadata()?.st_ino())
}
