//! What containers are connected to: the options of `run` about it, `port`, the PORTS of `ps`.

use std::net::IpAddr;

use super::containers::bad_value;
use super::run_options::{host, host_help};
use super::{Answer, Face};
use crate::command;
use crate::runtime::Dns;
use crate::runtime::ports::column;
use crate::runtime::state::{Record, Status};
use crate::session::{NetworkCall, NetworkWord, SessionError, Trouble};

impl Face<'_> {
    /// Reads what `run` is told about networks.
    pub(super) fn network_call(
        &self,
        call: &command::Networking,
    ) -> Result<NetworkCall, SessionError> {
        let hosts = call.add_host.iter().map(|text| {
            let host = host(text);
            host.ok_or_else(|| self.wrong("--add-host", text, host_help(self.language())))
        });
        let hosts = hosts.collect::<Result<Vec<_>, _>>()?;
        let no_address = |text: &&String| text.parse::<IpAddr>().is_err();
        if let Some(text) = call.dns.iter().find(no_address) {
            return Err(self.wrong("--dns", text, dns_help(self.language())));
        }
        Ok(NetworkCall {
            networks: self.network_words(call)?,
            publish: call.publish.clone(),
            publish_all: call.publish_all,
            expose: call.expose.clone(),
            hosts: hosts.into_iter().map(|(name, at)| (at, name)).collect(),
            dns: Dns {
                servers: call.dns.clone(),
                search: call.dns_search.clone(),
                options: call.dns_option.clone(),
            },
        })
    }

    /// Reads `--network` with `--network-alias` and `--ip`, which belong to the first; or docker's long
    /// form `name=NET,alias=NAME,ip=ADDRESS`.
    fn network_words(&self, call: &command::Networking) -> Result<Vec<NetworkWord>, SessionError> {
        let mut words = Vec::new();
        for text in &call.network {
            words.push(self.network_word(text)?);
        }
        if words.is_empty() {
            words.push(NetworkWord::default());
        }
        let first = &mut words[0];
        first.aliases.extend(call.network_alias.iter().cloned());
        if let Some(text) = &call.ip {
            first.address = Some(self.address("--ip", text)?);
        }
        Ok(words)
    }

    fn network_word(&self, text: &str) -> Result<NetworkWord, SessionError> {
        let mut word = NetworkWord::default();
        if !text.contains('=') {
            text.clone_into(&mut word.name);
            return Ok(word);
        }
        for field in text.split(',') {
            match field.split_once('=') {
                Some(("name", name)) => name.clone_into(&mut word.name),
                Some(("alias", alias)) => word.aliases.push(alias.to_owned()),
                Some(("ip", address)) => word.address = Some(self.address("--network", address)?),
                _ => return Err(self.wrong("--network", text, network_help(self.language()))),
            }
        }
        Ok(word)
    }

    fn wrong(&self, flag: &str, value: &str, help: String) -> SessionError {
        let trouble = Trouble::new(bad_value(self.language(), value, flag));
        trouble.with_exit(125).with_help(help).into()
    }

    /// Shows which ports of the host lead into a container.
    pub(super) fn port(&mut self, call: &command::Port) -> Answer {
        let only = call.port.as_deref();
        for it in self.session.published_ports(&call.container, only)? {
            match only {
                Some(_) => self.line(&it.host.to_string()),
                None => self.line(&format!("{} -> {}", it.port, it.host)),
            }
        }
        Ok(0)
    }
}

/// The PORTS column of a container; empty when it does not run.
pub(super) fn ports(record: &Record) -> String {
    match &record.state {
        Status::Running(running) => column(&running.published, &running.exposed),
        Status::Created | Status::Exited(_) => String::new(),
    }
}

crate::messages! {
    network_help() {
        en: "a name, or fields: `--network name=NETWORK,alias=NAME,ip=ADDRESS`",
        ko: "이름, 또는 항목을 쓰세요: `--network name=네트워크,alias=별명,ip=주소`",
    }
    dns_help() {
        en: "it is the IP address of a name server: `--dns 192.0.2.53`",
        ko: "이름 서버의 IP 주소를 쓰세요: `--dns 192.0.2.53`",
    }
}
