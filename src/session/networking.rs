//! What containers are connected to: the options of `run` become ports of a container, and a
//! container's ports are told.

use serde_json::{Map, Value, json};

use super::{Result, Session, Trouble};
use crate::layers;
use crate::runtime::containers::ContainerConfig;
use crate::runtime::ports::{self, Port, PortError, Publish, Published, Unavailable};
use crate::runtime::state::Record;

/// What a person says about a container's network.
#[derive(Debug, Clone, Default)]
pub struct NetworkCall {
    /// `--network host`.
    pub host: bool,
    /// `-p`.
    pub publish: Vec<String>,
    /// `-P`.
    pub publish_all: bool,
    /// `--expose`.
    pub expose: Vec<String>,
}

crate::messages! {
    help_holder(name: &str) {
        en: "container {name} publishes it: `stop {name}`, or choose another port",
        ko: "다른 컨테이너({name})가 공개한 포트입니다. `stop {name}` 명령으로 멈추거나 다른 포트를 고르세요",
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
    json!({ "Ports": bound })
}

fn add(ports: &mut Map<String, Value>, port: Port, address: &str, number: &str) {
    let binding = json!({ "HostIp": address, "HostPort": number });
    match ports.entry(port.to_string()).or_insert(Value::Null) {
        Value::Array(bindings) => bindings.push(binding),
        other => *other = json!([binding]),
    }
}
