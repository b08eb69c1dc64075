//! `network`: made, listed, looked at, removed; containers connected to them.

use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::layout::{self, Layout, Shape};
use super::run_options::labels;
use super::{Answer, Face};
use crate::command::{
    ConnectNetwork, CreateNetwork, InspectNetworks, ListNetworks, NetworkCommand, PruneNetworks,
    RemoveNetworks,
};
use crate::render;
use crate::runtime::networks::NetworkWish;
use crate::runtime::subnet::Subnet;
use crate::session::{Filters, LIST_FILTERS, NetworkRow, NetworkWord, SessionError, Trouble};

/// The heads of docker's `network ls` by field.
const HEADS: [(&str, &str); 9] = [
    ("ID", "NETWORK ID"),
    ("Name", "NAME"),
    ("Driver", "DRIVER"),
    ("Scope", "SCOPE"),
    ("CreatedAt", "CREATED AT"),
    ("IPv4", "IPV4"),
    ("IPv6", "IPV6"),
    ("Internal", "INTERNAL"),
    ("Labels", "LABELS"),
];

impl Face<'_> {
    pub(super) fn network(&mut self, command: &NetworkCommand) -> Answer {
        match command {
            NetworkCommand::Create(it) => self.create_network(it),
            NetworkCommand::Ls(it) => self.list_networks(it),
            NetworkCommand::Inspect(it) => self.inspect_networks(it),
            NetworkCommand::Rm(it) => self.remove_networks(it),
            NetworkCommand::Prune(it) => self.prune_networks(it),
            NetworkCommand::Connect(it) => self.connect_network(it),
            NetworkCommand::Disconnect(it) => {
                let gone = self
                    .session
                    .disconnect_network(&it.network, &it.container, it.force);
                self.done(gone)
            }
        }
    }

    fn create_network(&mut self, call: &CreateNetwork) -> Answer {
        let wish = self.network_wish(call)?;
        let id = self.session.create_network(wish)?;
        self.line(&id);
        Ok(0)
    }

    fn network_wish(&self, call: &CreateNetwork) -> Result<NetworkWish, SessionError> {
        let language = self.language();
        if call.driver != "bridge" {
            let trouble = Trouble::new(no_driver(language, &call.driver));
            return Err(trouble.with_help(driver_help(language)).into());
        }
        let subnet = call.subnet.as_deref().map(|it| self.subnet(it));
        let subnet = subnet.transpose()?;
        let range = call.ip_range.as_deref().map(|it| self.subnet(it));
        let range = range.transpose()?;
        let gateway = call.gateway.as_deref();
        let gateway = gateway
            .map(|it| self.address("--gateway", it))
            .transpose()?;
        let reserved = call.aux_address.iter().map(|text| {
            let (name, address) = text.split_once('=').unwrap_or(("", text));
            Ok((name.to_owned(), self.address("--aux-address", address)?))
        });
        let reserved = reserved.collect::<Result<Vec<_>, SessionError>>()?;
        let Some(subnet) = subnet else {
            if range.is_some() || gateway.is_some() || !reserved.is_empty() {
                return Err(Trouble::new(no_subnet(language)).into());
            }
            return Ok(self.plain_wish(call));
        };
        if let Some(range) = range.filter(|it| !subnet.contains(*it)) {
            let trouble = no_match(language, "ip-range", &range.to_string());
            return Err(Trouble::new(trouble).into());
        }
        if let Some(address) = gateway.filter(|it| !subnet.has_host(*it)) {
            let trouble = no_match(language, "gateway", &address.to_string());
            return Err(Trouble::new(trouble).into());
        }
        if let Some((_, address)) = reserved.iter().find(|it| !subnet.has_host(it.1)) {
            let trouble = no_match(language, "aux-address", &address.to_string());
            return Err(Trouble::new(trouble).into());
        }
        Ok(NetworkWish {
            subnet: Some(subnet),
            gateway,
            range,
            reserved,
            ..self.plain_wish(call)
        })
    }

    fn plain_wish(&self, call: &CreateNetwork) -> NetworkWish {
        NetworkWish {
            name: call.name.clone(),
            internal: call.internal,
            labels: labels(&call.label),
            options: labels(&call.opt),
            ..NetworkWish::default()
        }
    }

    fn subnet(&self, text: &str) -> Result<Subnet, SessionError> {
        let language = self.language();
        if let Ok(subnet) = text.parse() {
            return Ok(subnet);
        }
        let trouble = match Subnet::around(text) {
            Some(right) => Trouble::new(bits_beyond(language, text, &right.to_string())),
            None => Trouble::new(no_block(language, text)).with_help(block_help(language)),
        };
        Err(trouble.into())
    }

    pub(super) fn address(&self, flag: &str, text: &str) -> Result<Ipv4Addr, SessionError> {
        text.parse().map_err(|_| {
            let trouble = super::containers::bad_value(self.language(), text, flag);
            let trouble = Trouble::new(trouble).with_exit(125);
            trouble.with_help(address_help(self.language())).into()
        })
    }

    fn list_networks(&mut self, call: &ListNetworks) -> Answer {
        let filters = Filters::parse(&call.filter, &LIST_FILTERS, self.language())?;
        let rows = self.session.list_networks(&filters)?;
        let id = |row: &NetworkRow| {
            let end = if call.no_trunc { row.id.len() } else { 12 };
            row.id[..end].to_owned()
        };
        let layout = Layout::read(call.format.as_deref(), self.language())?;
        if !matches!(layout, Layout::Usual) {
            let rows: Vec<Value> = rows.iter().map(|row| fields(row, &id(row))).collect();
            return self.lay_out(&layout, &HEADS, rows);
        }
        if call.quiet {
            for row in &rows {
                self.line(&id(row));
            }
            return Ok(0);
        }
        let cells = |row: &NetworkRow| {
            let driver = row.driver.to_owned();
            vec![id(row), row.name.clone(), driver, "local".to_owned()]
        };
        let rows: Vec<Vec<String>> = rows.iter().map(cells).collect();
        let heads = ["NETWORK ID", "NAME", "DRIVER", "SCOPE"];
        self.write(&render::table(&heads, &rows));
        Ok(0)
    }

    fn inspect_networks(&mut self, call: &InspectNetworks) -> Answer {
        let shape = Shape::read(call.format.as_deref(), self.language())?;
        let mut found = Vec::new();
        let code = self.each(&call.networks, |face, name| {
            found.push(face.session.inspect_network(name)?);
            Ok(())
        });
        self.show_found(&shape, &found)?;
        code
    }

    fn remove_networks(&mut self, call: &RemoveNetworks) -> Answer {
        if !call.force {
            return self.each_named(&call.networks, crate::session::Session::remove_network);
        }
        self.each(&call.networks, |face, name| {
            if face.session.inspect_network(name).is_err() {
                return Ok(());
            }
            face.session.remove_network(name)?;
            face.line(name);
            Ok(())
        })
    }

    fn prune_networks(&mut self, call: &PruneNetworks) -> Answer {
        let language = self.language();
        let filters = Filters::parse(&call.filter, &super::pruning::OF_OBJECTS, language)?;
        let question = super::pruning::warning_of(language, &all_unused(language));
        if call.force || self.agrees(&question)? {
            let removed = self.session.prune_networks(&filters, (self.around.now)())?;
            self.deleted("Deleted Networks:", &removed);
        }
        Ok(0)
    }

    fn connect_network(&mut self, call: &ConnectNetwork) -> Answer {
        let address = call.ip.as_deref();
        let word = NetworkWord {
            name: call.network.clone(),
            aliases: call.alias.clone(),
            address: address.map(|it| self.address("--ip", it)).transpose()?,
        };
        let done = self.session.connect_network(&word, &call.container);
        self.done(done)
    }
}

/// docker's fields of a row.
fn fields(row: &NetworkRow, id: &str) -> Value {
    let label = |(name, value): (&String, &String)| format!("{name}={value}");
    let all: Vec<String> = row.labels.iter().map(label).collect();
    json!({
        "ID": id,
        "Name": row.name,
        "Driver": row.driver,
        "Scope": "local",
        "CreatedAt": layout::moment(Some(row.created)),
        "IPv4": "true",
        "IPv6": "false",
        "Internal": row.internal.to_string(),
        "Labels": all.join(","),
        "Label": row.labels,
    })
}

crate::messages! {
    no_driver(name: &str) {
        en: "could not find plugin {name}: networks are carried by bridge",
        ko: "{name} 드라이버를 찾을 수 없습니다(could not find plugin): bridge만 쓸 수 있습니다",
    }
    driver_help() {
        en: "leave -d out; `run --network host` and `--network none` need no network to be made",
        ko: "-d를 빼세요. `run --network host`와 `--network none`은 네트워크를 만들지 않아도 됩니다",
    }
    no_subnet() {
        en: "every ip-range or gateway must have a corresponding subnet: add --subnet",
        ko: "--ip-range와 --gateway, --aux-address에는 --subnet도 필요합니다(corresponding subnet)",
    }
    no_match(what: &str, value: &str) {
        en: "no matching subnet for {what} {value}",
        ko: "--subnet에 없는 주소입니다(no matching subnet for {what}): {value}",
    }
    no_block(text: &str) {
        en: "invalid subnet {text}: invalid CIDR block notation",
        ko: "--subnet 값이 올바르지 않습니다(invalid CIDR block notation): {text}",
    }
    block_help() {
        en: "an IPv4 address and how many bits all addresses share, 30 at most: 10.1.0.0/24",
        ko: "IPv4 주소와 모든 주소가 함께 쓰는 비트 수를 30까지 쓰세요: 10.1.0.0/24",
    }
    bits_beyond(text: &str, right: &str) {
        en: "invalid subnet {text}: it should be {right}",
        ko: "--subnet 값이 올바르지 않습니다: {text}. 이렇게 쓰세요(it should be): {right}",
    }
    address_help() {
        en: "it is an IPv4 address: 10.1.0.5",
        ko: "IPv4 주소를 쓰세요: 10.1.0.5",
    }
    all_unused() {
        en: "WARNING! This will remove all custom networks not used by at least one container.",
        ko: "경고! 컨테이너가 쓰지 않는 네트워크를 모두 지웁니다.",
    }
}
