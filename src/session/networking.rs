//! What containers are connected to: the options of `run` become ports of a container, and a
//! container's ports are told.

use serde_json::{Map, Value, json};

use super::{Result, RunCall, Session, Trouble};
use crate::layers;
use crate::runtime::bridge;
use crate::runtime::containers::ContainerConfig;
use crate::runtime::ports::{self, Port, PortError, Publish, Published, Unavailable};
use crate::runtime::state::{Record, Status};
use crate::runtime::{Dns, Network};

/// What a person says about a container's network.
#[derive(Debug, Clone, Default)]
pub struct NetworkCall {
    /// `--network`.
    pub network: String,
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

/// What the name of a container's network stands before.
const ANOTHERS: &str = "container:";

impl NetworkCall {
    /// Whether it is the network of another container.
    pub(super) fn is_anothers(&self) -> bool {
        self.network.starts_with(ANOTHERS)
    }
}

/// A network and what comes with it.
pub(super) struct Joined {
    pub network: Network,
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
    no_network(name: &str) {
        en: "network {name} not found",
        ko: "네트워크를 찾을 수 없습니다(not found): {name}",
    }
    no_network_help() {
        en: "there are none, host, bridge and container:NAME",
        ko: "none, host, bridge, container:NAME을 쓸 수 있습니다",
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
    /// Finds the network that a container is to have.
    pub(super) fn joined(&self, call: &RunCall) -> Result<Joined> {
        let asked = &call.network;
        let network = match asked.network.as_str() {
            "" | "default" => Network::Default,
            "none" => Network::Loopback,
            "host" => Network::Host,
            "bridge" => Network::Bridge,
            other => {
                let Some(name) = other.strip_prefix(ANOTHERS) else {
                    let trouble = Trouble::new(no_network(self.language(), other)).with_exit(125);
                    return Err(trouble.with_help(no_network_help(self.language())).into());
                };
                return self.joined_to(name, call);
            }
        };
        Ok(Joined {
            network,
            hostname: None,
            hosts: asked.hosts.clone(),
            dns: asked.dns.clone(),
        })
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

/// docker's `HostConfig.NetworkMode`.
pub(super) fn mode_word(network: &Network) -> String {
    match network {
        Network::Loopback => "none".to_owned(),
        Network::Default => "default".to_owned(),
        Network::Bridge => "bridge".to_owned(),
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
    if let Status::Running(running) = &record.state
        && let Some(endpoint) = &running.endpoint
    {
        let told = json!({
            "IPAddress": endpoint.address,
            "IPPrefixLen": endpoint.bits,
            "Gateway": endpoint.gateway,
            "MacAddress": endpoint.mac,
        });
        settings["Networks"] = json!({ bridge::NAME: told });
        for name in ["IPAddress", "IPPrefixLen", "Gateway", "MacAddress"] {
            settings[name] = told[name].clone();
        }
    }
    settings
}

fn add(ports: &mut Map<String, Value>, port: Port, address: &str, number: &str) {
    let binding = json!({ "HostIp": address, "HostPort": number });
    match ports.entry(port.to_string()).or_insert(Value::Null) {
        Value::Array(bindings) => bindings.push(binding),
        other => *other = json!([binding]),
    }
}
