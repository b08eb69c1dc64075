//! What containers are connected to: the options of `run` about it, `port`, the PORTS of `ps`.

use super::{Answer, Face};
use crate::command;
use crate::runtime::ports::column;
use crate::runtime::state::{Record, Status};
use crate::session::{NetworkCall, SessionError, Trouble};

impl Face<'_> {
    /// Reads what `run` is told about networks.
    pub(super) fn network_call(
        &self,
        call: &command::Networking,
    ) -> Result<NetworkCall, SessionError> {
        let host = match call.network.as_str() {
            "host" => true,
            "none" | "default" => false,
            other => {
                let trouble = Trouble::new(no_network(self.language(), other)).with_exit(125);
                return Err(trouble.with_help(no_network_help(self.language())).into());
            }
        };
        Ok(NetworkCall {
            host,
            publish: call.publish.clone(),
            publish_all: call.publish_all,
            expose: call.expose.clone(),
        })
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
    no_network(name: &str) {
        en: "network {name} not found",
        ko: "네트워크를 찾을 수 없습니다(not found): {name}",
    }
    no_network_help() {
        en: "so far there are `none` (loopback only, the default) and `host`",
        ko: "지금은 `none`(loopback만, 기본값)과 `host`만 있습니다",
    }
}
