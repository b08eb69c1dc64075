//! The names that a container can ask for: those of the containers in its networks.

use std::net::Ipv4Addr;

use super::names::ContainerId;
use super::networks::{Lease, NetworkRecord, Networks};

/// Whose names are told, and to whom.
#[derive(Debug, Clone)]
pub(super) struct Zone {
    networks: Networks,
    id: ContainerId,
}

impl Zone {
    pub fn new(networks: Networks, id: ContainerId) -> Self {
        Self { networks, id }
    }

    /// Returns the addresses under a name; none where nobody is called so. The records are read anew
    /// each time: containers come, go and are renamed.
    pub fn addresses(&self, name: &str) -> Option<Vec<Ipv4Addr>> {
        let mut found = Vec::new();
        for network in self.own() {
            // docker: also with the network's name behind it.
            let bare = name.strip_suffix(&format!(".{}", network.name));
            for name in [Some(name), bare].into_iter().flatten() {
                found.extend(self.in_network(&network, name));
            }
        }
        (!found.is_empty()).then_some(found)
    }

    /// Returns the name of an address: container, then network.
    pub fn name(&self, address: Ipv4Addr) -> Option<String> {
        let networks = self.own();
        let (network, lease) = networks
            .iter()
            .find_map(|it| Some((it, it.leases.get(&address)?)))?;
        let name = self.container_name(lease)?;
        Some(format!("{name}.{}", network.name))
    }

    /// Whether anything but these names may be asked for: not where nothing leads out.
    pub fn leads_out(&self) -> bool {
        self.own().iter().any(|network| !network.internal)
    }

    fn own(&self) -> Vec<NetworkRecord> {
        let mut networks = self.networks.list().unwrap_or_default();
        let is_ours = |lease: &Lease| lease.container == self.id;
        networks.retain(|network| network.leases.values().any(is_ours));
        networks
    }

    fn in_network(&self, network: &NetworkRecord, name: &str) -> Vec<Ipv4Addr> {
        let leases = network.leases.iter();
        leases
            .filter(|(_, lease)| self.is_called(lease, name))
            .filter(|(_, lease)| self.networks.lives(&lease.container))
            .map(|(address, _)| *address)
            .collect()
    }

    fn is_called(&self, lease: &Lease, name: &str) -> bool {
        let same = |it: &String| it.eq_ignore_ascii_case(name);
        lease.names.iter().any(same) || self.container_name(lease).as_ref().is_some_and(same)
    }

    fn container_name(&self, lease: &Lease) -> Option<String> {
        let folder = self.networks.containers().folder(&lease.container);
        Some(folder.record_as_written().ok()?.name)
    }
}
