//! What a network is made of: a bridge, and a link from there into each container; as root also NAT
//! to the outside.
//!
//! ```text
//! container                 host, or the hub of a user without root
//! eth0 172.18.0.2 ═veth═ stv… ─┐
//! eth0 172.18.0.3 ═veth═ stv… ─┴─ st-… 172.18.0.1 ── as root: forwarding, NAT ── the outside
//! ```
//!
//! The first container makes the bridge and the last one takes it away, with its rules: nothing stays
//! that nobody uses. A link goes with the network namespace of its container.

use std::fs::File;
use std::io;
use std::net::Ipv4Addr;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use super::containers::Containers;
use super::hub::Hub;
use super::names::ContainerId;
use super::netlink::{Netlink, Veth};
use super::network_error::NetworkError;
use super::networks::{BRIDGE, Lease, NetworkRecord, Networks, machine_routes};
use super::rules::{self, Rules};
use super::spec::Membership;
use super::subnet::Subnet;
use crate::digest::Digest;

/// Stores that make bridges at the same time take turns, lest they choose the same addresses.
const MACHINE_LOCK: &str = "/run/strata-networks.lock";

/// Where a container stands in a network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// The network's name.
    pub network: String,
    /// The network's id.
    pub network_id: String,
    /// Its address.
    pub address: Ipv4Addr,
    /// How many bits the addresses of the network share.
    pub bits: u8,
    /// Who leads out of the network, if anybody does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<Ipv4Addr>,
    /// Its hardware address.
    pub mac: String,
    /// What the container calls its end of the link.
    pub link: String,
    /// What it is called in this network besides its name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
}

/// A container's connection and how good it is.
pub(super) struct Connected {
    pub endpoint: Endpoint,
    /// Why the outside is not reached, if it is not.
    pub no_nat: Option<String>,
}

/// Why there is no connection.
#[derive(Debug)]
pub(super) enum NoConnection {
    /// What was asked for cannot be.
    Refused(NetworkError),
    /// This machine gives none.
    Impossible(io::Error),
}

impl From<io::Error> for NoConnection {
    fn from(error: io::Error) -> Self {
        Self::Impossible(error)
    }
}

impl From<NetworkError> for NoConnection {
    fn from(error: NetworkError) -> Self {
        Self::Refused(error)
    }
}

/// Whom to connect.
pub(super) struct Joiner<'a> {
    /// The container, whose lock is held by this process.
    pub id: &'a ContainerId,
    /// What it is called besides its name, in every network.
    pub names: &'a [String],
    /// Its network namespace.
    pub namespace: BorrowedFd<'a>,
    /// Speaks for that.
    pub inside: &'a Netlink,
}

/// A network where its links are.
pub(super) struct Bridge<'a> {
    networks: &'a Networks,
    /// Where, without root.
    hub: Option<&'a Hub>,
    name: &'a str,
    /// The bridge's name among the links.
    link: String,
}

impl<'a> Bridge<'a> {
    pub fn of(networks: &'a Networks, hub: Option<&'a Hub>, name: &'a str) -> Self {
        Self {
            networks,
            hub,
            name,
            link: networks.link_name(name),
        }
    }

    /// Connects a container. Whoever calls has the turn.
    pub fn connect(
        &self,
        joiner: &Joiner<'_>,
        wish: &Membership,
    ) -> Result<Connected, NoConnection> {
        let mut network = self.networks.find(self.name)?;
        self.networks.forget_the_dead(&mut network, Some(joiner.id));
        let host = self.netlink()?;
        let bridge = match (host.index(&self.link)?, network.subnet) {
            (Some(bridge), Some(_)) => bridge,
            _ => self.make(&host, &mut network)?,
        };
        let subnet = network.subnet.expect("a bridge that is there has one");
        let address = match wish.address {
            Some(address) => network.check_address(address).map(|()| address)?,
            None => network.free_address().ok_or_else(|| NetworkError::Full {
                name: network.name.clone(),
            })?,
        };
        let mut names = wish.aliases.clone();
        names.extend(joiner.names.iter().cloned());
        names.dedup();
        let lease = Lease {
            container: joiner.id.clone(),
            names: names.clone(),
        };
        network.leases.insert(address, lease);
        self.networks.write(&network)?;
        let mac = hardware_address(address);
        let link = free_link(joiner.inside)?;
        self.link_up(&host, bridge, joiner, &link, mac)?;
        let number = joiner.inside.index(&link)?;
        let number = number.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        joiner.inside.up(number)?;
        joiner.inside.add_address(number, address, subnet.bits())?;
        let leads_out = self.hub.is_none() && !network.internal;
        let endpoint = Endpoint {
            network: network.name,
            network_id: network.id,
            address,
            bits: subnet.bits(),
            gateway: network.gateway.filter(|_| leads_out),
            mac: mac.map(|byte| format!("{byte:02x}")).join(":"),
            link,
            names,
        };
        Ok(Connected {
            endpoint,
            no_nat: network.no_nat.filter(|_| leads_out),
        })
    }

    fn link_up(
        &self,
        host: &Netlink,
        bridge: u32,
        joiner: &Joiner<'_>,
        inside: &str,
        mac: [u8; 6],
    ) -> io::Result<()> {
        let name = self.veth_name(joiner.id);
        // Of a container that was killed: it may be going still.
        if let Some(left) = host.index(&name)? {
            let _ = host.remove(left);
        }
        host.add_veth(&Veth {
            name: &name,
            bridge,
            namespace: joiner.namespace,
            inside,
            mac,
        })
    }

    /// Gives the address of a container back, before its lock is given back.
    pub fn release(&self, id: &ContainerId) -> io::Result<()> {
        if let Some(mut network) = self.networks.read(self.name) {
            network.leases.retain(|_, lease| lease.container != *id);
            self.networks.write(&network)?;
        }
        Ok(())
    }

    /// Takes the bridge away if nobody is connected any more.
    pub fn sweep(&self) -> io::Result<()> {
        if let Some(mut network) = self.networks.read(self.name) {
            self.networks.forget_the_dead(&mut network, None);
            if !network.leases.is_empty() {
                return Ok(());
            }
        }
        let host = self.netlink()?;
        if let Some(bridge) = host.index(&self.link)? {
            host.remove(bridge)?;
            if self.hub.is_none() {
                rules::remove(&self.link);
            }
        }
        Ok(())
    }

    fn netlink(&self) -> io::Result<Netlink> {
        self.hub.map_or_else(Netlink::open, Hub::netlink)
    }

    /// Makes the bridge with addresses that are free, and the rules.
    fn make(&self, host: &Netlink, network: &mut NetworkRecord) -> Result<u32, NoConnection> {
        // As good as it gets where there is no such folder.
        let _turn = File::create(MACHINE_LOCK).and_then(lock_file);
        if let Some(left) = host.index(&self.link)? {
            host.remove(left)?;
        }
        let subnet = self.usable_subnet(network)?;
        let gateway = network.gateway.filter(|it| subnet.has_host(*it));
        let gateway = gateway.unwrap_or(subnet.first());
        let bridge = host.add_bridge(&self.link)?;
        host.add_address(bridge, gateway, subnet.bits())?;
        (network.subnet, network.gateway) = (Some(subnet), Some(gateway));
        if self.hub.is_none() {
            let rules = Rules {
                link: &self.link,
                subnet,
                internal: network.internal,
            };
            network.no_nat = rules.add().err();
        }
        Ok(bridge)
    }

    /// The network's addresses; where somebody else uses them since and nobody chose them, others.
    fn usable_subnet(&self, network: &NetworkRecord) -> Result<Subnet, NoConnection> {
        if let (Some(subnet), Some(_)) = (network.subnet, self.hub) {
            // Nothing else is in there.
            return Ok(subnet);
        }
        let mut used = machine_routes()?;
        if let Some(subnet) = network.subnet.filter(|it| it.is_free(&used)) {
            return Ok(subnet);
        }
        if network.chosen {
            return Err(NetworkError::Overlap.into());
        }
        let others = self.networks.list()?.into_iter();
        used.extend(
            others
                .filter(|it| it.name != self.name)
                .filter_map(|it| it.subnet),
        );
        let free = Subnet::pool().find(|subnet| subnet.is_free(&used));
        Ok(free.ok_or(NetworkError::NoAddressesLeft)?)
    }

    /// A link for each container and network; the name has 15 bytes at most.
    fn veth_name(&self, id: &ContainerId) -> String {
        if self.name == BRIDGE {
            return format!("stv{}", &id.as_str()[..11]);
        }
        let network = Digest::of(self.name.as_bytes()).hex();
        format!("stv{}{}", &id.as_str()[..7], &network[..5])
    }
}

/// Takes away what killed supervisors left of a store's networks. Without root nothing is left.
pub fn sweep(containers: &Containers) -> io::Result<()> {
    let networks = Networks::new(containers);
    let Some(_turn) = networks.lock_if_there()? else {
        return Ok(());
    };
    for network in networks.list().map_err(io::Error::other)? {
        Bridge::of(&networks, None, &network.name).sweep()?;
    }
    Ok(())
}

/// Takes away what is left of one network, as root.
pub fn sweep_one(networks: &Networks, name: &str) -> io::Result<()> {
    let Some(_turn) = networks.lock_if_there()? else {
        return Ok(());
    };
    Bridge::of(networks, None, name).sweep()
}

/// Returns the first name for a link that a container does not have yet.
fn free_link(inside: &Netlink) -> io::Result<String> {
    for number in 0.. {
        let name = format!("eth{number}");
        if inside.index(&name)?.is_none() {
            return Ok(name);
        }
    }
    unreachable!("the loop only ends with a free name")
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
