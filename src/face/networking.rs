//! What containers are connected to: the options of `run` about it, `port`, the PORTS of `ps`.

use std::net::IpAddr;

use super::containers::bad_value;
use super::run_options::{host, host_help};
use super::{Answer, Face};
use crate::command;
use crate::runtime::Dns;
use crate::runtime::ports::column;
use crate::runtime::state::{Record, Status};
use crate::session::{NetworkCall, SessionError, Trouble};

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
            network: call.network.clone(),
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
        Status::Created | Status::Restarting(_) | Status::Exited(_) => String::new(),
    }
}

crate::messages! {
    dns_help() {
        en: "it is the IP address of a name server: `--dns 192.0.2.53`",
        ko: "이름 서버의 IP 주소를 쓰세요: `--dns 192.0.2.53`",
    }
}
