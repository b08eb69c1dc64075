//! The network that containers of root share: a bridge of this machine, an address for each
//! container, NAT to the outside.
//!
//! ```text
//! container                 host
//! eth0 172.17.0.2 ═veth═ stv… ─┐
//! eth0 172.17.0.3 ═veth═ stv… ─┴─ st-… 172.17.0.1 ── forwarding, NAT ── the outside
//! ```
//!
//! ROOT/networks/bridge.json says which addresses are whose. A lease counts while its container's
//! lock is held, so a supervisor that was killed leaves none. The first container makes the bridge
//! and the last one takes it away, with its rules: nothing stays that nobody uses. A link goes with
//! the network namespace of its container.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::net::Ipv4Addr;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::PathBuf;

use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use super::containers::Containers;
use super::names::ContainerId;
use super::netlink::{Netlink, Veth};
use super::rules::{self, Rules};
use super::subnet::{self, Subnet};
use crate::digest::Digest;

/// The network's name, docker's.
pub const NAME: &str = "bridge";

/// What the container calls its end of the link.
const INSIDE: &str = "eth0";

/// Stores that make bridges at the same time take turns, lest they choose the same addresses.
const MACHINE_LOCK: &str = "/run/strata-networks.lock";

/// Where a container stands in the network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Its address.
    pub address: Ipv4Addr,
    /// How many bits the addresses of the network share.
    pub bits: u8,
    /// The host's address in it.
    pub gateway: Ipv4Addr,
    /// Its hardware address.
    pub mac: String,
}

/// A container's connection and how good it is.
pub(super) struct Connected {
    pub endpoint: Endpoint,
    /// Why the outside is not reached, if it is not.
    pub no_nat: Option<String>,
}

/// The record of the network.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Network {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subnet: Option<Subnet>,
    /// Whose each address is.
    leases: BTreeMap<Ipv4Addr, ContainerId>,
    /// Why there is no NAT, if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    no_nat: Option<String>,
}

/// The network of a store.
pub(super) struct Bridge<'a> {
    containers: &'a Containers,
    folder: PathBuf,
    /// The bridge's name among the machine's links.
    link: String,
}

impl<'a> Bridge<'a> {
    pub fn of(containers: &'a Containers) -> Self {
        // Another store is another network. A link's name has 15 bytes at most.
        let root = fs::canonicalize(containers.root());
        let root = root.unwrap_or_else(|_| containers.root().to_owned());
        let digest = Digest::of(root.as_os_str().as_encoded_bytes()).hex();
        Self {
            containers,
            folder: containers.root().join("networks"),
            link: format!("st-{}", &digest[..10]),
        }
    }

    /// Connects a network namespace; `inside` speaks for it.
    pub fn connect(
        &self,
        id: &ContainerId,
        namespace: BorrowedFd<'_>,
        inside: &Netlink,
    ) -> io::Result<Connected> {
        let _lock = self.lock()?;
        let mut network = self.read()?;
        self.forget_the_dead(&mut network, id);
        let host = Netlink::open()?;
        let bridge = match (host.index(&self.link)?, network.subnet) {
            (Some(bridge), Some(_)) => bridge,
            _ => self.make(&host, &mut network)?,
        };
        let subnet = network.subnet.expect("a bridge that is there has one");
        let taken = |address| network.leases.contains_key(&address);
        let address = subnet
            .free_address(taken)
            .ok_or_else(|| io::Error::other(format!("no free address is left in {subnet}")))?;
        network.leases.insert(address, id.clone());
        self.write(&network)?;
        let mac = hardware_address(address);
        host.add_veth(&Veth {
            name: &link_name(id),
            bridge,
            namespace,
            inside: INSIDE,
            mac,
        })?;
        let link = inside.index(INSIDE)?.ok_or(io::ErrorKind::NotFound)?;
        inside.up(link)?;
        inside.add_address(link, address, subnet.bits())?;
        inside.add_default_route(link, subnet.gateway())?;
        let endpoint = Endpoint {
            address,
            bits: subnet.bits(),
            gateway: subnet.gateway(),
            mac: mac.map(|byte| format!("{byte:02x}")).join(":"),
        };
        Ok(Connected {
            endpoint,
            no_nat: network.no_nat,
        })
    }

    /// Gives the address of a container back, before its lock is given back.
    pub fn release(&self, id: &ContainerId) -> io::Result<()> {
        let _lock = self.lock()?;
        let mut network = self.read()?;
        network.leases.retain(|_, holder| holder != id);
        self.write(&network)
    }

    /// Takes the bridge away if nobody is connected any more.
    pub fn sweep(&self) -> io::Result<()> {
        // Not made anew: the store may have been removed.
        let _lock = match File::open(&self.folder) {
            Ok(folder) => lock_file(folder)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        let mut network = self.read()?;
        network.leases.retain(|_, holder| self.lives(holder));
        if !network.leases.is_empty() {
            return Ok(());
        }
        let host = Netlink::open()?;
        if let Some(bridge) = host.index(&self.link)? {
            host.remove(bridge)?;
            rules::remove(&self.link);
        }
        Ok(())
    }

    fn forget_the_dead(&self, network: &mut Network, own: &ContainerId) {
        // Its own lock is held already, so what it had before it was killed looks alive.
        network
            .leases
            .retain(|_, holder| holder != own && self.lives(holder));
    }

    fn lives(&self, id: &ContainerId) -> bool {
        matches!(self.containers.folder(id).try_lock(), Ok(None))
    }

    /// Makes the bridge with addresses that are free, and the rules.
    fn make(&self, host: &Netlink, network: &mut Network) -> io::Result<u32> {
        // As good as it gets where there is no such folder.
        let _turn = File::create(MACHINE_LOCK).and_then(lock_file);
        if let Some(left) = host.index(&self.link)? {
            host.remove(left)?;
        }
        let routes = subnet::routes(&fs::read_to_string("/proc/net/route")?);
        let known = network.subnet.into_iter().chain(Subnet::pool());
        let subnet = known
            .into_iter()
            .find(|subnet| subnet.is_free(&routes))
            .ok_or_else(|| io::Error::other("every private range of addresses is in use"))?;
        let bridge = host.add_bridge(&self.link)?;
        host.add_address(bridge, subnet.gateway(), subnet.bits())?;
        network.subnet = Some(subnet);
        let rules = Rules {
            link: &self.link,
            subnet,
        };
        network.no_nat = rules.add().err();
        Ok(bridge)
    }

    fn lock(&self) -> io::Result<File> {
        fs::create_dir_all(&self.folder)?;
        lock_file(File::open(&self.folder)?)
    }

    fn read(&self) -> io::Result<Network> {
        match fs::read(self.record()) {
            // A record that is damaged is none: who lives is found out again.
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Network::default()),
            Err(error) => Err(error),
        }
    }

    fn write(&self, network: &Network) -> io::Result<()> {
        let mut draft = tempfile::NamedTempFile::new_in(&self.folder)?;
        serde_json::to_writer(&mut draft, network)?;
        draft.write_all(b"\n")?;
        draft.persist(self.record())?;
        Ok(())
    }

    fn record(&self) -> PathBuf {
        self.folder.join(format!("{NAME}.json"))
    }
}

/// Takes away what a killed supervisor left of a store's network.
pub fn sweep(containers: &Containers) -> io::Result<()> {
    Bridge::of(containers).sweep()
}

fn lock_file(file: File) -> io::Result<File> {
    flock(file.as_fd(), FlockOperation::LockExclusive)?;
    Ok(file)
}

/// docker's way: locally administered, then the address.
fn hardware_address(address: Ipv4Addr) -> [u8; 6] {
    let [a, b, c, d] = address.octets();
    [0x02, 0x42, a, b, c, d]
}

fn link_name(id: &ContainerId) -> String {
    format!("stv{}", &id.as_str()[..11])
}
