//! Networks as a person makes, looks at and removes them.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use serde_json::{Map, Value, json};

use super::{Filters, NetworkWord, Result, Session, Trouble};
use crate::language::Language;
use crate::runtime::container_error::ContainerError;
use crate::runtime::containers::{ContainerConfig, ContainerFolder};
use crate::runtime::network_error::NetworkError;
use crate::runtime::networks::{NetworkRecord, NetworkWish, Networks, PREDEFINED};
use crate::runtime::state::{Record, Status};
use crate::runtime::{Membership, Network};

/// A network as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkRow {
    /// What it is called.
    pub name: String,
    /// 64 hex digits.
    pub id: String,
    /// docker's word for who carries it: bridge, host or null.
    pub driver: &'static str,
    /// Its record; the two that are no networks really have none.
    pub record: Option<NetworkRecord>,
    /// When it was made.
    pub created: jiff::Timestamp,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Whether nothing leads out.
    pub internal: bool,
}

/// Filters of `network ls`.
pub const LIST_FILTERS: [&str; 7] = ["dangling", "driver", "id", "label", "name", "scope", "type"];

impl Session {
    pub(super) fn networks(&self) -> Networks {
        Networks::new(&self.containers())
    }

    /// Puts an error about networks into words.
    pub(super) fn of_network(&self, error: &NetworkError, exit: i32) -> Trouble {
        of_network(error, self.language()).with_exit(exit)
    }

    fn network_trouble(&self, error: &NetworkError) -> Trouble {
        self.of_network(error, 1)
    }

    /// Makes a network and returns its id.
    pub fn create_network(&self, wish: NetworkWish) -> Result<String> {
        // The store's own files tell whose it is.
        self.store()?;
        let made = self.networks().create(wish);
        Ok(made.map_err(|error| self.network_trouble(&error))?.id)
    }

    /// Lists networks, by name.
    pub fn list_networks(&self, filters: &Filters) -> Result<Vec<NetworkRow>> {
        let language = self.language();
        let records = self.networks().list();
        let records = records.map_err(|error| self.network_trouble(&error))?;
        let mut rows: Vec<NetworkRow> = records.into_iter().map(row).collect();
        rows.extend([self.unreal("host", "host"), self.unreal("none", "null")]);
        rows.sort_by(|a, b| a.name.cmp(&b.name));
        let dangling = filters.flag("dangling", language)?;
        let in_use: Vec<String> = match dangling {
            Some(_) => self.networks_in_use()?,
            None => Vec::new(),
        };
        rows.retain(|row| {
            let custom = !PREDEFINED.contains(&row.name.as_str());
            let is_dangling = custom && !in_use.contains(&row.name);
            let kind = if custom { "custom" } else { "builtin" };
            dangling.is_none_or(|wanted| wanted == is_dangling)
                && filters.any("driver", |it| it == row.driver)
                && filters.any("id", |it| row.id.starts_with(it))
                && filters.any("name", |it| row.name.contains(it))
                && filters.any("scope", |it| it == "local")
                && filters.any("type", |it| it == kind)
                && filters.labels(&row.labels)
        });
        Ok(rows)
    }

    /// A network that no record tells of.
    fn unreal(&self, name: &str, driver: &'static str) -> NetworkRow {
        let networks = self.networks();
        NetworkRow {
            name: name.to_owned(),
            id: networks.predefined_id(name),
            driver,
            record: None,
            created: networks.store_made(),
            labels: BTreeMap::new(),
            internal: false,
        }
    }

    fn networks_in_use(&self) -> Result<Vec<String>> {
        let records = self.containers_list()?;
        let names = records.iter().flat_map(|record| match &record.state {
            Status::Running(running) => running.endpoints.as_slice(),
            Status::Created | Status::Restarting(_) | Status::Exited(_) => &[],
        });
        Ok(names.map(|it| it.network.clone()).collect())
    }

    /// Returns docker's JSON about a network.
    pub fn inspect_network(&self, name: &str) -> Result<Value> {
        let row = match name {
            "host" => self.unreal("host", "host"),
            "none" => self.unreal("none", "null"),
            name => {
                let found = self.networks().find(name);
                row(found.map_err(|error| self.network_trouble(&error))?)
            }
        };
        let containers = self.containers_in(&row);
        Ok(network_json(&row, &containers))
    }

    /// docker's map of those who are in a network now.
    fn containers_in(&self, row: &NetworkRow) -> Map<String, Value> {
        let records = self.containers_list().unwrap_or_default();
        let told = records.iter().filter_map(|record| {
            let Status::Running(running) = &record.state else {
                return None;
            };
            let is_it = |it: &&crate::runtime::bridge::Endpoint| it.network == row.name;
            let endpoint = running.endpoints.iter().find(is_it)?;
            let told = json!({
                "Name": record.name,
                "EndpointID": record.id.as_str(),
                "MacAddress": endpoint.mac,
                "IPv4Address": format!("{}/{}", endpoint.address, endpoint.bits),
                "IPv6Address": "",
            });
            Some((record.id.as_str().to_owned(), told))
        });
        told.collect()
    }

    /// Removes a network.
    pub fn remove_network(&self, name: &str) -> Result<()> {
        if let Some(name) = PREDEFINED.iter().find(|it| **it == name) {
            let name = (*name).to_owned();
            return Err(self
                .network_trouble(&NetworkError::CannotRemove { name })
                .into());
        }
        let removed = self.networks().remove(name);
        let removed = removed.map_err(|error| self.network_trouble(&error))?;
        if self.probe().mode == crate::runtime::Mode::Rootful {
            // What a killed supervisor left of it; the next start looks again.
            let _ = crate::runtime::bridge::sweep_one(&self.networks(), &removed.name);
        }
        Ok(())
    }

    /// Removes the networks that nobody is connected to; returns their names.
    pub fn prune_networks(&self, filters: &Filters, now: i64) -> Result<Vec<String>> {
        let until = filters.until("until", now, self.language())?;
        let mut removed = Vec::new();
        for record in self
            .networks()
            .list()
            .map_err(|error| self.network_trouble(&error))?
        {
            let young = until.is_some_and(|until| record.created.as_second() > until);
            if PREDEFINED.contains(&record.name.as_str())
                || young
                || !filters.labels(&record.labels)
            {
                continue;
            }
            // One that is in use stays.
            if self.remove_network(&record.name).is_ok() {
                removed.push(record.name);
            }
        }
        Ok(removed)
    }

    /// Connects a container to a network; one that runs at once.
    pub fn connect_network(&self, word: &NetworkWord, container: &str) -> Result<()> {
        let trouble = |error: NetworkError| self.network_trouble(&error);
        if word.name == "none" || word.name == "host" {
            let name = &word.name;
            return Err(Trouble::new(cannot_join(self.language(), name)).into());
        }
        let network = self.networks().find(&word.name).map_err(trouble)?;
        let (folder, record) = self.network_member(container)?;
        let config = folder.config().map_err(|error| self.contained(&error))?;
        match config.spec.network {
            Network::Loopback => return Err(trouble(NetworkError::Private).into()),
            Network::Host | Network::Container(_) => {
                return Err(trouble(NetworkError::NotItsOwn).into());
            }
            Network::Default | Network::Bridge | Network::Named(_) => {}
        }
        let is_it = |it: &Membership| it.network == network.name;
        if config.networks.iter().any(is_it) {
            return Err(trouble(NetworkError::Connected {
                container: record.name,
                name: network.name,
            })
            .into());
        }
        if let Some(address) = word.address {
            network.check_wish(address).map_err(trouble)?;
        }
        let membership = Membership {
            network: network.name.clone(),
            aliases: word.aliases.clone(),
            address: word.address,
        };
        self.change_memberships(&folder, |it| it.push(membership.clone()))?;
        let done = self.containers().connect_network(&record.id, membership);
        if done.is_err() {
            self.change_memberships(&folder, |it| it.retain(|it| it.network != network.name))?;
        }
        Ok(done.map_err(|error| self.contained(&error).with_exit(1))?)
    }

    /// Takes a container out of a network.
    pub fn disconnect_network(&self, network: &str, container: &str, force: bool) -> Result<()> {
        let trouble = |error: NetworkError| self.network_trouble(&error);
        let name = match self.networks().find(network) {
            Ok(found) => found.name,
            // A container may belong to one that was removed while it was stopped.
            Err(NetworkError::NotFound { name }) => name,
            Err(error) => return Err(trouble(error).into()),
        };
        let (folder, record) = self.network_member(container)?;
        let config = folder.config().map_err(|error| self.contained(&error))?;
        if !config.networks.iter().any(|it| it.network == name) {
            self.networks().find(network).map_err(trouble)?;
            return Err(trouble(NetworkError::NotConnected {
                container: record.name,
                name,
            })
            .into());
        }
        let done = self.containers().disconnect_network(&record.id, &name);
        match done {
            // It stood alone all the time, by a note.
            Err(ContainerError::Network(NetworkError::NotConnected { .. })) => {}
            Err(error) if !force => return Err(self.contained(&error).with_exit(1).into()),
            _ => {}
        }
        self.change_memberships(&folder, |it| it.retain(|it| it.network != name))
    }

    fn network_member(&self, container: &str) -> Result<(ContainerFolder, Record)> {
        let id = self.find_container(container)?;
        let folder = self.containers().folder(&id);
        let record = folder.record().map_err(|error| self.contained(&error))?;
        Ok((folder, record))
    }

    fn change_memberships(
        &self,
        folder: &ContainerFolder,
        change: impl FnOnce(&mut Vec<Membership>),
    ) -> Result<()> {
        let changed = folder.change_config(|config| change(&mut config.networks));
        Ok(changed.map_err(|error| self.contained(&error))?)
    }

    /// Names the records of networks that cannot be read.
    pub(super) fn damaged_networks(&self) -> Vec<String> {
        let names = self.networks().damaged();
        let told = names.iter().map(|name| damaged(self.language(), name));
        told.collect()
    }

    /// Returns the name of a network that a filter names by name or id; as it is where there is none.
    pub fn network_name(&self, word: &str) -> String {
        self.networks()
            .find(word)
            .map_or_else(|_| word.to_owned(), |found| found.name)
    }
}

/// Returns the names of a container's networks, as `ps` shows and filters them.
pub(super) fn networks_of(config: &ContainerConfig) -> Vec<String> {
    match config.spec.network {
        Network::Loopback => vec!["none".to_owned()],
        Network::Host => vec!["host".to_owned()],
        Network::Container(_) => Vec::new(),
        Network::Default | Network::Bridge | Network::Named(_) => {
            let networks = config.networks.iter();
            networks.map(|it| it.network.clone()).collect()
        }
    }
}

fn of_network(error: &NetworkError, language: Language) -> Trouble {
    Trouble::new(error.message(language)).with_help(error.help(language))
}

fn row(record: NetworkRecord) -> NetworkRow {
    NetworkRow {
        name: record.name.clone(),
        id: record.id.clone(),
        driver: "bridge",
        created: record.created,
        labels: record.labels.clone(),
        internal: record.internal,
        record: Some(record),
    }
}

fn network_json(row: &NetworkRow, containers: &Map<String, Value>) -> Value {
    let record = row.record.as_ref();
    let mut config = Map::new();
    if let Some((record, subnet)) = record.and_then(|it| Some((it, it.subnet?))) {
        let text = |address: Ipv4Addr| Value::from(address.to_string());
        config.insert("Subnet".to_owned(), subnet.to_string().into());
        if let Some(range) = record.range {
            config.insert("IPRange".to_owned(), range.to_string().into());
        }
        config.extend(record.gateway.map(|it| ("Gateway".to_owned(), text(it))));
        if !record.reserved.is_empty() {
            config.insert("AuxiliaryAddresses".to_owned(), json!(record.reserved));
        }
    }
    let config = if config.is_empty() {
        Vec::new()
    } else {
        vec![Value::Object(config)]
    };
    json!({
        "Name": row.name,
        "Id": row.id,
        "Created": row.created.to_string(),
        "Scope": "local",
        "Driver": row.driver,
        "EnableIPv6": false,
        "IPAM": { "Driver": "default", "Options": {}, "Config": config },
        "Internal": row.internal,
        "Attachable": false,
        "Ingress": false,
        "ConfigFrom": { "Network": "" },
        "ConfigOnly": false,
        "Containers": containers,
        "Options": record.map(|it| it.options.clone()).unwrap_or_default(),
        "Labels": row.labels,
    })
}

crate::messages! {
    damaged(name: &str) {
        en: "network {name}: its record cannot be read: `network rm {name}` removes it",
        ko: "네트워크 {name}: 기록을 읽을 수 없습니다. `network rm {name}` 명령으로 지울 수 있습니다",
    }
    cannot_join(name: &str) {
        en: "container cannot be connected to the {name} network while it exists: `run --network {name}` makes one that is",
        ko: "이미 있는 컨테이너는 {name} 네트워크에 연결할 수 없습니다. `run --network {name}` 명령으로 새로 만드세요",
    }
}
