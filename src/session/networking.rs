//! What containers are connected to: the options of `run` become ports of a container, and a
//! container's ports are told.

use std::net::Ipv4Addr;

use serde_json::{Map, Value, json};

use super::{Result, RunCall, Session, Trouble};
use crate::layers;
use crate::runtime::bridge::Endpoint;
use crate::runtime::containers::ContainerConfig;
use crate::runtime::networks::BRIDGE;
use crate::runtime::ports::{self, Port, PortError, Publish, Published, Unavailable};
use crate::runtime::state::{Record, Status};
use crate::runtime::{Dns, Membership, Network};

/// What a person says about a container's network.
#[derive(Debug, Clone, Default)]
pub struct NetworkCall {
    /// `--network`, with what goes along.
    pub networks: Vec<NetworkWord>,
    /// `-p`.
    pub publish: Vec<String>,
    /// `-P`.
    pub publish_all: bool,
    /// `--expose`.
    pub expose: Vec<String>,
    /// `--add-host`: address, then name.
    pub hosts: Vec<(String, String)>,
    /// `--dns`, `--dns-search`, `--dns-option`.
    pub dns: Dns,
}

/// One network as a person asks for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NetworkWord {
    /// Its name, its id, or one of docker's words.
    pub name: String,
    /// `--network-alias`.
    pub aliases: Vec<String>,
    /// `--ip`.
    pub address: Option<Ipv4Addr>,
}

/// What the name of a container's network stands before.
const ANOTHERS: &str = "container:";

impl NetworkCall {
    /// Whether it is the network of another container.
    pub(super) fn is_anothers(&self) -> bool {
        self.networks.iter().any(|it| it.name.starts_with(ANOTHERS))
    }

    /// Whether a network is asked for that lies with those who are in it, where there is no root.
    pub(super) fn is_shared(&self) -> bool {
        let alone = ["", "default", "none", "host", BRIDGE];
        self.networks
            .iter()
            .any(|it| !alone.contains(&it.name.as_str()))
    }
}

/// A network and what comes with it.
pub(super) struct Joined {
    pub network: Network,
    pub memberships: Vec<Membership>,
    /// The other container's, where the network is.
    pub hostname: Option<String>,
    pub hosts: Vec<(String, String)>,
    pub dns: Dns,
}

crate::messages! {
    help_holder(name: &str) {
        en: "container {name} publishes it: `stop {name}`, or choose another port",
        ko: "다른 컨테이너({name})가 공개한 포트입니다. `stop {name}` 명령으로 멈추거나 다른 포트를 고르세요",
    }
    alone(name: &str) {
        en: "conflicting options: cannot attach both user-defined and non-user-defined network-modes ({name})",
        ko: "함께 쓸 수 없는 네트워크입니다(conflicting options): {name}",
    }
    twice(name: &str) {
        en: "network {name} is specified multiple times",
        ko: "같은 네트워크를 두 번 썼습니다(specified multiple times): {name}",
    }
    address_unmade() {
        en: "user specified IP address is supported on user defined networks only",
        ko: "주소는 직접 만든 네트워크에서만 고를 수 있습니다(user defined networks only)",
    }
    alias_unmade() {
        en: "network-scoped alias is supported only for containers in user defined networks",
        ko: "별명은 직접 만든 네트워크에서만 쓸 수 있습니다(user defined networks)",
    }
    unmade_help() {
        en: "make a network with `network create NAME`, and name it with `--network NAME`",
        ko: "`network create NAME`으로 네트워크를 만들고 `--network NAME`으로 쓰세요",
    }
    conflict(option: &str) {
        en: "conflicting options: {option} and the container type network mode",
        ko: "함께 쓸 수 없는 옵션입니다(conflicting options): {option}, --network container:NAME",
    }
    conflict_help() {
        en: "the network is the other container's, with its name and its ports: give the option to that one",
        ko: "네트워크는 다른 컨테이너의 것이고 이름과 포트도 그 컨테이너의 것입니다. 그 컨테이너에 옵션을 쓰세요",
    }
    not_published(port: &str, name: &str) {
        en: "No public port '{port}' published for {name}",
        ko: "공개한 포트가 아닙니다(No public port '{port}' published for {name})",
    }
    not_published_help(name: &str) {
        en: "`port {name}` lists what is published; `run -p` publishes",
        ko: "`port {name}`로 공개한 포트를 볼 수 있습니다. 공개는 `run -p`로 합니다",
    }
}

impl Session {
    /// Finds the networks that a container is to have.
    pub(super) fn joined(&self, call: &RunCall) -> Result<Joined> {
        let asked = &call.network;
        let own = |network, memberships| Joined {
            network,
            memberships,
            hostname: None,
            hosts: asked.hosts.clone(),
            dns: asked.dns.clone(),
        };
        let [word] = asked.networks.as_slice() else {
            let memberships = self.memberships(call)?;
            let network = match memberships.first() {
                Some(first) => kind_of(&first.network),
                None => Network::Default,
            };
            return Ok(own(network, memberships));
        };
        let network = match word.name.as_str() {
            "" | "default" => Network::Default,
            "none" => Network::Loopback,
            "host" => Network::Host,
            name => match name.strip_prefix(ANOTHERS) {
                Some(name) => {
                    self.only_in_made_networks(word)?;
                    return self.joined_to(name, call);
                }
                None => {
                    let memberships = self.memberships(call)?;
                    return Ok(own(kind_of(&memberships[0].network), memberships));
                }
            },
        };
        self.only_in_made_networks(word)?;
        Ok(own(network, Vec::new()))
    }

    /// Finds each network that is asked for by name.
    fn memberships(&self, call: &RunCall) -> Result<Vec<Membership>> {
        let mut memberships: Vec<Membership> = Vec::new();
        for word in &call.network.networks {
            let special = ["none", "host", "default"].contains(&word.name.as_str());
            if special || word.name.starts_with(ANOTHERS) {
                let trouble = Trouble::new(alone(self.language(), &word.name));
                return Err(trouble.with_exit(125).into());
            }
            let found = self.networks().find(&word.name);
            let network = found.map_err(|error| self.of_network(&error, 125))?;
            if network.name == BRIDGE {
                self.only_in_made_networks(word)?;
            }
            if let Some(address) = word.address {
                network
                    .check_wish(address)
                    .map_err(|error| self.of_network(&error, 125))?;
            }
            if memberships.iter().any(|it| it.network == network.name) {
                let trouble = Trouble::new(twice(self.language(), &network.name));
                return Err(trouble.with_exit(125).into());
            }
            memberships.push(Membership {
                network: network.name,
                aliases: word.aliases.clone(),
                address: word.address,
            });
        }
        Ok(memberships)
    }

    /// Names and addresses can be chosen where somebody made the network.
    fn only_in_made_networks(&self, word: &NetworkWord) -> Result<()> {
        let message = if word.address.is_some() {
            address_unmade(self.language())
        } else if word.aliases.is_empty() {
            return Ok(());
        } else {
            alias_unmade(self.language())
        };
        let trouble = Trouble::new(message).with_exit(125);
        Err(trouble.with_help(unmade_help(self.language())).into())
    }

    /// Takes over another container's network, with its names.
    fn joined_to(&self, name: &str, call: &RunCall) -> Result<Joined> {
        let asked = &call.network;
        let conflicts = [
            (call.hostname.is_some(), "hostname"),
            (!asked.dns.servers.is_empty(), "dns"),
            (!asked.hosts.is_empty(), "custom host-to-IP mapping"),
            (
                asked.publish_all || !asked.publish.is_empty(),
                "port publishing",
            ),
            (!asked.expose.is_empty(), "port exposing"),
        ];
        if let Some((_, option)) = conflicts.iter().find(|(given, _)| *given) {
            let trouble = Trouble::new(conflict(self.language(), option)).with_exit(125);
            return Err(trouble.with_help(conflict_help(self.language())).into());
        }
        let other = self
            .container_config(name)
            .map_err(|error| self.exit_125(error))?;
        Ok(Joined {
            network: Network::Container(other.record.id),
            memberships: Vec::new(),
            hostname: Some(other.spec.hostname),
            hosts: other.spec.hosts,
            dns: other.spec.dns,
        })
    }

    /// Adds to a container what it is connected to.
    pub(super) fn connect(
        &self,
        config: &mut ContainerConfig,
        call: &NetworkCall,
        image: &layers::ContainerConfig,
    ) -> Result<()> {
        let published = self.read_ports(&call.publish, ports::publish)?;
        // A port that cannot be read is the image's affair, and nobody publishes it.
        let of_image = image.exposed_ports.keys().filter_map(|it| it.parse().ok());
        let mut exposed: Vec<Port> = of_image.collect();
        if call.is_anothers() {
            exposed.clear();
        }
        exposed.extend(self.read_ports(&call.expose, ports::ports)?);
        exposed.extend(published.iter().map(|publish| publish.port));
        exposed.sort_unstable();
        exposed.dedup();
        let named = |port: &Port| published.iter().any(|publish| publish.port == *port);
        let unnamed: Vec<Publish> = exposed
            .iter()
            .filter(|port| call.publish_all && !named(port))
            .map(|port| Publish::anywhere(*port))
            .collect();
        config.publish = published;
        config.publish.extend(unnamed);
        config.exposed = exposed;
        Ok(())
    }

    fn read_ports<T>(
        &self,
        words: &[String],
        read: impl Fn(&str) -> std::result::Result<Vec<T>, PortError>,
    ) -> Result<Vec<T>> {
        let mut all = Vec::new();
        for word in words {
            let ports = read(word).map_err(|error| {
                Trouble::new(error.message(self.language()))
                    .with_help(error.help(self.language()))
                    .with_exit(125)
            })?;
            all.extend(ports);
        }
        Ok(all)
    }

    /// Returns where the host answers for a container, all of it or for one port.
    pub fn published_ports(&self, name: &str, port: Option<&str>) -> Result<Vec<Published>> {
        let mut published = self.container(name)?.state.published().to_vec();
        published.sort_by_key(|it| it.port);
        let Some(text) = port else {
            return Ok(published);
        };
        let port: Port = text.parse().map_err(|error: PortError| {
            Trouble::new(error.message(self.language())).with_help(error.help(self.language()))
        })?;
        published.retain(|it| it.port == port);
        if published.is_empty() {
            let trouble = Trouble::new(not_published(self.language(), &port.to_string(), name));
            return Err(trouble
                .with_help(not_published_help(self.language(), name))
                .into());
        }
        Ok(published)
    }

    /// Names the container that has a port, if it is one of this store.
    pub(super) fn who_has(&self, port: &Unavailable) -> Option<String> {
        let records = self.containers().list().unwrap_or_default();
        let holds = |it: &Published| {
            let same_address = it.host.ip() == port.address
                || it.host.ip().is_unspecified()
                || port.address.is_unspecified();
            port.is_taken()
                && it.port.protocol == port.port.protocol
                && (port.host.0..=port.host.1).contains(&it.host.port())
                && same_address
        };
        let holder = records
            .iter()
            .find(|record| record.state.published().iter().any(holds));
        holder.map(|record| help_holder(self.language(), &record.name))
    }
}

/// What a network is to a container that it is the first of.
fn kind_of(name: &str) -> Network {
    match name {
        BRIDGE => Network::Bridge,
        name => Network::Named(name.to_owned()),
    }
}

/// docker's `HostConfig.NetworkMode`.
pub(super) fn mode_word(network: &Network) -> String {
    match network {
        Network::Loopback => "none".to_owned(),
        Network::Default => "default".to_owned(),
        Network::Bridge => "bridge".to_owned(),
        Network::Named(name) => name.clone(),
        Network::Host => "host".to_owned(),
        Network::Container(other) => format!("{ANOTHERS}{other}"),
    }
}

/// docker's `Config.ExposedPorts`.
pub(super) fn exposed_json(config: &ContainerConfig) -> Value {
    let exposed = config.exposed.iter();
    exposed.map(|port| (port.to_string(), json!({}))).collect()
}

/// docker's `HostConfig.PortBindings`: what was asked for.
pub(super) fn bindings_json(config: &ContainerConfig) -> Value {
    let mut bindings = Map::new();
    for publish in &config.publish {
        let address = publish.address.map(|it| it.to_string()).unwrap_or_default();
        let number = match publish.host {
            (0, _) => String::new(),
            (first, last) if first == last => first.to_string(),
            (first, last) => format!("{first}-{last}"),
        };
        add(&mut bindings, publish.port, &address, &number);
    }
    Value::Object(bindings)
}

/// docker's `NetworkSettings`: what is so while it runs.
pub(super) fn settings_json(config: &ContainerConfig, record: &Record) -> Value {
    let mut bound = Map::new();
    if record.state.is_running() {
        let exposed = config.exposed.iter();
        bound.extend(exposed.map(|port| (port.to_string(), Value::Null)));
    }
    for it in record.state.published() {
        let (address, number) = (it.host.ip().to_string(), it.host.port().to_string());
        add(&mut bound, it.port, &address, &number);
    }
    let mut settings = json!({ "Ports": bound });
    let endpoints = match &record.state {
        Status::Running(running) => running.endpoints.as_slice(),
        Status::Created | Status::Exited(_) => &[],
    };
    let of = |name: &str| endpoints.iter().find(|it| it.network == name);
    let mut networks = Map::new();
    for membership in &config.networks {
        let mut told = endpoint_json(membership, of(&membership.network));
        if let Some(names) = told["DNSNames"].as_array_mut() {
            names.insert(0, record.name.clone().into());
        }
        networks.insert(membership.network.clone(), told);
    }
    // docker tells of `bridge` here, too, and of it alone; whoever has none is told of the first.
    let first = of(BRIDGE).or(endpoints.first());
    let first = first.and_then(|it| networks.get(&it.network)).cloned();
    for name in ["IPAddress", "IPPrefixLen", "Gateway", "MacAddress"] {
        settings[name] = match &first {
            Some(told) => told[name].clone(),
            None if name == "IPPrefixLen" => 0.into(),
            None => "".into(),
        };
    }
    settings["Networks"] = Value::Object(networks);
    settings
}

/// docker's `EndpointSettings` of one network.
fn endpoint_json(membership: &Membership, endpoint: Option<&Endpoint>) -> Value {
    let asked = membership.address.map(|it| json!({ "IPv4Address": it }));
    let text = |value: Option<String>| value.unwrap_or_default();
    json!({
        "IPAMConfig": asked,
        "Links": null,
        "Aliases": membership.aliases,
        "DriverOpts": null,
        "NetworkID": text(endpoint.map(|it| it.network_id.clone())),
        "IPAddress": text(endpoint.map(|it| it.address.to_string())),
        "IPPrefixLen": endpoint.map_or(0, |it| it.bits),
        "Gateway": text(endpoint.and_then(|it| it.gateway).map(|it| it.to_string())),
        "MacAddress": text(endpoint.map(|it| it.mac.clone())),
        "DNSNames": endpoint.map(|it| &it.names),
    })
}

fn add(ports: &mut Map<String, Value>, port: Port, address: &str, number: &str) {
    let binding = json!({ "HostIp": address, "HostPort": number });
    match ports.entry(port.to_string()).or_insert(Value::Null) {
        Value::Array(bindings) => bindings.push(binding),
        other => *other = json!([binding]),
    }
}
