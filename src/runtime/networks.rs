//! The networks of a store, as records on disk: what was asked for, and who has which address.
//!
//! ```text
//! ROOT/networks/NAME.json    one network; `bridge` is there for everybody
//! ROOT/networks/.hub.json    where the networks of a user without root are (`hub`)
//! ```
//!
//! A lease counts while its container's lock is held, so a supervisor that was killed leaves none.
//! Who changes a record holds the lock of the folder; a reader sees the old record or the new one.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::net::Ipv4Addr;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use super::containers::Containers;
use super::names::{ContainerId, is_id_prefix, is_network_name};
use super::network_error::NetworkError;
use super::subnet::{self, Subnet};
use crate::digest::Digest;

/// The network that every store has, docker's.
pub const BRIDGE: &str = "bridge";

/// Names that docker keeps for networks of its own.
pub const PREDEFINED: [&str; 3] = [BRIDGE, "host", "none"];

/// A network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkRecord {
    /// What it is called.
    pub name: String,
    /// 64 lower-case hex digits.
    pub id: String,
    /// When it was made.
    #[serde(with = "super::state::moment")]
    pub created: Timestamp,
    /// Whether nothing leads out of it.
    #[serde(default)]
    pub internal: bool,
    /// Labels, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Options of the driver, kept and shown.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
    /// Its addresses; of `bridge` none until it is used.
    pub subnet: Option<Subnet>,
    /// Whether a person chose the addresses: others are no substitute then.
    #[serde(default)]
    pub chosen: bool,
    /// The address of the bridge, and of whoever leads out.
    pub gateway: Option<Ipv4Addr>,
    /// Where addresses for containers come from, if not from everywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<Subnet>,
    /// Addresses that no container gets, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub reserved: BTreeMap<String, Ipv4Addr>,
    /// Whose each address is.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub leases: BTreeMap<Ipv4Addr, Lease>,
    /// Why there is no NAT, if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_nat: Option<String>,
}

/// Who has an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The container.
    pub container: ContainerId,
    /// What it is called in this network besides its name.
    pub names: Vec<String>,
}

/// A network as a person asks for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NetworkWish {
    /// What it is to be called.
    pub name: String,
    /// Whether nothing leads out of it.
    pub internal: bool,
    /// Labels.
    pub labels: Vec<(String, String)>,
    /// Options of the driver.
    pub options: Vec<(String, String)>,
    /// Its addresses; some that are free if none.
    pub subnet: Option<Subnet>,
    /// The bridge's address; the first if none.
    pub gateway: Option<Ipv4Addr>,
    /// Where addresses for containers come from.
    pub range: Option<Subnet>,
    /// Addresses that no container gets, by name.
    pub reserved: Vec<(String, Ipv4Addr)>,
}

impl NetworkRecord {
    /// Returns the first 12 digits of its id.
    pub fn short_id(&self) -> &str {
        self.id.get(..12).unwrap_or(&self.id)
    }

    /// Returns the first address that a container may have.
    pub(super) fn free_address(&self) -> Option<Ipv4Addr> {
        let taken = |address| {
            self.gateway == Some(address)
                || self.leases.contains_key(&address)
                || self.reserved.values().any(|it| *it == address)
        };
        self.subnet?.free_address(self.range, taken)
    }

    /// Judges an address that was asked for, whoever has it now.
    pub fn check_wish(&self, address: Ipv4Addr) -> Result<(), NetworkError> {
        let subnet = self.subnet.filter(|_| self.chosen);
        let subnet = subnet.ok_or(NetworkError::AddressUnchosen)?;
        if !subnet.has_host(address) {
            return Err(NetworkError::AddressElsewhere { address });
        }
        Ok(())
    }

    /// Takes an address that was asked for.
    pub(super) fn check_address(&self, address: Ipv4Addr) -> Result<(), NetworkError> {
        self.check_wish(address)?;
        if self.gateway == Some(address) || self.leases.contains_key(&address) {
            return Err(NetworkError::AddressTaken { address });
        }
        Ok(())
    }
}

/// The networks of one store.
#[derive(Debug, Clone)]
pub struct Networks {
    containers: Containers,
    folder: PathBuf,
}

/// The right to change records, while it is held.
#[derive(Debug)]
pub(super) struct Turn(#[expect(dead_code, reason = "the lock goes when this goes")] File);

impl Networks {
    /// Looks at the networks of a store. Nothing is read or made yet.
    pub fn new(containers: &Containers) -> Self {
        Self {
            containers: containers.clone(),
            folder: containers.root().join("networks"),
        }
    }

    pub(super) fn containers(&self) -> &Containers {
        &self.containers
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Waits for the right to change records.
    pub(super) fn lock(&self) -> io::Result<Turn> {
        fs::create_dir_all(&self.folder)?;
        lock(File::open(&self.folder)?)
    }

    /// The same where there may be none: a store that was removed is not made anew.
    pub(super) fn lock_if_there(&self) -> io::Result<Option<Turn>> {
        match File::open(&self.folder) {
            Ok(folder) => lock(folder).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes a network.
    pub fn create(&self, wish: NetworkWish) -> Result<NetworkRecord, NetworkError> {
        if PREDEFINED.contains(&wish.name.as_str()) {
            return Err(NetworkError::Predefined { name: wish.name });
        }
        if !is_network_name(&wish.name) {
            return Err(NetworkError::BadName { name: wish.name });
        }
        let failed = NetworkError::io("make a network");
        let _turn = self.lock().map_err(&failed)?;
        if self.path(&wish.name).exists() {
            return Err(NetworkError::Exists { name: wish.name });
        }
        let id = ContainerId::generate().map_err(&failed)?;
        let subnet = self.choose_subnet(wish.subnet)?;
        let record = NetworkRecord {
            name: wish.name,
            id: id.into(),
            created: Timestamp::now(),
            internal: wish.internal,
            labels: wish.labels.into_iter().collect(),
            options: wish.options.into_iter().collect(),
            subnet: Some(subnet),
            chosen: wish.subnet.is_some(),
            gateway: Some(wish.gateway.unwrap_or(subnet.first())),
            range: wish.range,
            reserved: wish.reserved.into_iter().collect(),
            leases: BTreeMap::new(),
            no_nat: None,
        };
        self.write(&record).map_err(&failed)?;
        Ok(record)
    }

    /// Returns addresses that neither this store nor this machine uses, or those asked for if they
    /// are such.
    fn choose_subnet(&self, asked: Option<Subnet>) -> Result<Subnet, NetworkError> {
        let mut used: Vec<Subnet> = self.list()?.iter().filter_map(|it| it.subnet).collect();
        used.extend(machine_routes().map_err(NetworkError::io("read the routes"))?);
        match asked {
            Some(subnet) if subnet.is_free(&used) => Ok(subnet),
            Some(_) => Err(NetworkError::Overlap),
            // The first is for `bridge`.
            None => Subnet::pool()
                .skip(1)
                .find(|it| it.is_free(&used))
                .ok_or(NetworkError::NoAddressesLeft),
        }
    }

    /// Lists `bridge` and all that were made, by name.
    pub fn list(&self) -> Result<Vec<NetworkRecord>, NetworkError> {
        let mut records = vec![self.bridge()];
        let names = self
            .names()
            .map_err(NetworkError::io("list the networks"))?;
        // One that goes in this moment is none any more.
        let made = names.iter().filter(|name| *name != BRIDGE);
        records.extend(made.filter_map(|name| self.read(name)));
        records.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(records)
    }

    /// Names the records that cannot be read.
    pub fn damaged(&self) -> Vec<String> {
        let mut names = self.names().unwrap_or_default();
        names.retain(|name| self.read(name).is_none() && self.path(name).exists());
        names
    }

    /// The names of all records.
    fn names(&self) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other?,
        };
        let names = entries.flatten().map(|entry| entry.file_name());
        let mut names: Vec<String> = names
            .filter_map(|name| Some(name.to_str()?.strip_suffix(".json")?.to_owned()))
            .filter(|name| is_network_name(name))
            .collect();
        names.sort();
        Ok(names)
    }

    /// Finds a network by its name, its id or the start of its id, in this order.
    pub fn find(&self, name: &str) -> Result<NetworkRecord, NetworkError> {
        let name = name.to_owned();
        if name == BRIDGE {
            return Ok(self.bridge());
        }
        if let Some(record) = self.read(&name) {
            return Ok(record);
        }
        if !is_id_prefix(&name) {
            return Err(NetworkError::NotFound { name });
        }
        let mut found = self
            .list()?
            .into_iter()
            .filter(|it| it.id.starts_with(&name));
        match (found.next(), found.next()) {
            (Some(record), None) => Ok(record),
            (None, _) => Err(NetworkError::NotFound { name }),
            _ => Err(NetworkError::Ambiguous { prefix: name }),
        }
    }

    /// Removes a network that nobody is connected to.
    pub fn remove(&self, name: &str) -> Result<NetworkRecord, NetworkError> {
        let failed = NetworkError::io("remove the network");
        if self.damaged().iter().any(|it| it == name) {
            fs::remove_file(self.path(name)).map_err(&failed)?;
            return Ok(self.unused(name));
        }
        let found = self.find(name)?;
        if found.name == BRIDGE {
            return Err(NetworkError::CannotRemove { name: found.name });
        }
        let _turn = self.lock().map_err(&failed)?;
        let mut record = self.read(&found.name).ok_or(NetworkError::NotFound {
            name: name.to_owned(),
        })?;
        self.forget_the_dead(&mut record, None);
        if let Some(lease) = record.leases.values().next() {
            let holder = self.containers.folder(&lease.container).record();
            return Err(NetworkError::InUse {
                name: record.name,
                id: record.id,
                container: holder.map(|it| it.name).unwrap_or_default(),
            });
        }
        fs::remove_file(self.path(&record.name)).map_err(&failed)?;
        Ok(record)
    }

    /// Takes the leases away whose container is gone; `own` is one whose lock is held by the asker, so
    /// that what it had before it was killed looks alive.
    pub(super) fn forget_the_dead(&self, record: &mut NetworkRecord, own: Option<&ContainerId>) {
        record
            .leases
            .retain(|_, lease| Some(&lease.container) != own && self.lives(&lease.container));
    }

    /// Whether a container has a supervisor.
    pub(super) fn lives(&self, id: &ContainerId) -> bool {
        matches!(self.containers.folder(id).try_lock(), Ok(None))
    }

    /// Returns who is connected to a network now.
    pub fn connected(&self, record: &NetworkRecord) -> Vec<(Ipv4Addr, ContainerId)> {
        let leases = record.leases.iter();
        leases
            .filter(|(_, lease)| self.lives(&lease.container))
            .map(|(address, lease)| (*address, lease.container.clone()))
            .collect()
    }

    /// Returns the default network's record, as it is before anybody used it if there is none.
    fn bridge(&self) -> NetworkRecord {
        self.read(BRIDGE).unwrap_or_else(|| self.unused(BRIDGE))
    }

    fn unused(&self, name: &str) -> NetworkRecord {
        NetworkRecord {
            name: name.to_owned(),
            id: self.predefined_id(name),
            created: self.store_made(),
            internal: false,
            labels: BTreeMap::new(),
            options: BTreeMap::new(),
            subnet: None,
            chosen: false,
            gateway: None,
            range: None,
            reserved: BTreeMap::new(),
            leases: BTreeMap::new(),
            no_nat: None,
        }
    }

    /// The id of a network that is in no record: the same in one store for ever.
    pub fn predefined_id(&self, name: &str) -> String {
        Digest::of(
            &[
                self.root().as_os_str().as_encoded_bytes(),
                b"/",
                name.as_bytes(),
            ]
            .concat(),
        )
        .hex()
    }

    /// When the store was made, as far as its files know.
    pub fn store_made(&self) -> Timestamp {
        let made = fs::metadata(self.containers.root().join("oci-layout"));
        let made = made.and_then(|it| it.modified()).ok();
        made.and_then(|it| it.try_into().ok())
            .unwrap_or(Timestamp::UNIX_EPOCH)
    }

    fn root(&self) -> PathBuf {
        let root = self.containers.root();
        fs::canonicalize(root).unwrap_or_else(|_| root.to_owned())
    }

    /// What a network's link and table are called: 13 bytes of the 15 that a link's name has. Another
    /// store is another network.
    pub(super) fn link_name(&self, network: &str) -> String {
        let mut store = self.root().into_os_string();
        if network != BRIDGE {
            store.push("\n");
            store.push(network);
        }
        format!("st-{}", &Digest::of(store.as_encoded_bytes()).hex()[..10])
    }

    /// Reads a record; one that is damaged is none.
    pub(super) fn read(&self, name: &str) -> Option<NetworkRecord> {
        if !is_network_name(name) {
            return None;
        }
        serde_json::from_slice(&fs::read(self.path(name)).ok()?).ok()
    }

    pub(super) fn write(&self, record: &NetworkRecord) -> io::Result<()> {
        replace(&self.folder, &self.path(&record.name), record)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.json"))
    }
}

/// Replaces a file of the folder whole.
pub(super) fn replace(folder: &Path, path: &Path, value: &impl Serialize) -> io::Result<()> {
    let mut draft = tempfile::NamedTempFile::new_in(folder)?;
    serde_json::to_writer(&mut draft, value)?;
    draft.write_all(b"\n")?;
    draft.persist(path)?;
    Ok(())
}

/// Where this machine knows a way to.
pub(super) fn machine_routes() -> io::Result<Vec<Subnet>> {
    Ok(subnet::routes(&fs::read_to_string("/proc/net/route")?))
}

fn lock(folder: File) -> io::Result<Turn> {
    flock(folder.as_fd(), FlockOperation::LockExclusive)?;
    Ok(Turn(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks() -> (tempfile::TempDir, Networks) {
        let root = tempfile::tempdir().unwrap();
        let networks = Networks::new(&Containers::new(root.path()));
        (root, networks)
    }

    fn wish(name: &str, subnet: Option<&str>) -> NetworkWish {
        NetworkWish {
            name: name.to_owned(),
            subnet: subnet.map(|it| it.parse().unwrap()),
            ..NetworkWish::default()
        }
    }

    #[test]
    fn a_network_is_found_by_name_id_and_prefix_until_it_is_removed() {
        let (_root, networks) = networks();
        let made = networks.create(wish("shop", None)).unwrap();
        for name in ["shop", &made.id, made.short_id()] {
            assert_eq!(networks.find(name).unwrap(), made, "{name}");
        }
        networks.remove("shop").unwrap();
        let gone = networks.find("shop").unwrap_err();
        assert!(matches!(gone, NetworkError::NotFound { .. }), "{gone:?}");
    }

    #[test]
    fn names_are_taken_and_some_are_nobodys() {
        let (_root, networks) = networks();
        networks.create(wish("shop", None)).unwrap();
        let again = networks.create(wish("shop", None)).unwrap_err();
        assert!(matches!(again, NetworkError::Exists { .. }), "{again:?}");
        for name in ["bridge", "host", "none"] {
            let refused = networks.create(wish(name, None)).unwrap_err();
            assert!(
                matches!(refused, NetworkError::Predefined { .. }),
                "{refused:?}"
            );
        }
        for name in ["", "a/b", ".hub", "-x", "a b"] {
            let refused = networks.create(wish(name, None)).unwrap_err();
            assert!(
                matches!(refused, NetworkError::BadName { .. }),
                "{refused:?}"
            );
        }
    }

    #[test]
    fn addresses_of_two_networks_never_overlap() {
        let (_root, networks) = networks();
        networks.create(wish("a", Some("10.211.0.0/24"))).unwrap();
        let refused = networks
            .create(wish("b", Some("10.211.0.128/25")))
            .unwrap_err();
        assert_eq!(refused, NetworkError::Overlap);
        let (c, d) = (wish("c", None), wish("d", None));
        let (c, d) = (networks.create(c).unwrap(), networks.create(d).unwrap());
        assert_ne!(c.subnet, d.subnet);
        assert_eq!(networks.list().unwrap().len(), 4);
    }

    #[test]
    fn an_address_that_is_asked_for_has_to_be_free_and_of_a_chosen_range() {
        let (_root, networks) = networks();
        let mut made = networks.create(wish("a", Some("10.211.0.0/29"))).unwrap();
        let address = |last| Ipv4Addr::new(10, 211, 0, last);
        assert_eq!(made.free_address(), Some(address(2)));
        assert_eq!(made.check_address(address(5)), Ok(()));
        for (last, expected) in [
            (
                1,
                NetworkError::AddressTaken {
                    address: address(1),
                },
            ),
            (
                7,
                NetworkError::AddressElsewhere {
                    address: address(7),
                },
            ),
            (
                9,
                NetworkError::AddressElsewhere {
                    address: address(9),
                },
            ),
        ] {
            assert_eq!(made.check_address(address(last)), Err(expected));
        }
        made.chosen = false;
        assert_eq!(
            made.check_address(address(5)),
            Err(NetworkError::AddressUnchosen)
        );
    }
}
