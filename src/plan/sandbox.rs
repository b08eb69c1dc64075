//! What surrounds a RUN beside its files: the network, its powers, its limits.
//!
//! The build's own options say what holds for every RUN; `--network` and `--security` of one RUN
//! come before them. What is not as usual is in the step's cache key.

use serde::{Deserialize, Serialize};

use super::ingredients::Sink;

/// The surroundings of a RUN. The default is what is usual.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sandbox {
    /// `--network`.
    pub network: NetworkMode,
    /// `--security=insecure`: all capabilities, no seccomp, nothing hidden.
    pub insecure: bool,
    /// `--add-host`: name, then address.
    pub hosts: Vec<(String, String)>,
    /// `--shm-size`, in bytes.
    pub shm_size: Option<u64>,
    /// `--ulimit`.
    pub limits: Vec<Limit>,
}

/// Which network a RUN sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum NetworkMode {
    /// What this machine gives.
    #[default]
    Default,
    /// Nothing but `lo`.
    None,
    /// The host's.
    Host,
}

/// A `setrlimit` limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// As docker names it: `nofile`, `nproc`, ...
    pub name: String,
    /// What applies; `u64::MAX` for unlimited.
    pub soft: u64,
    /// How far it may be raised; `u64::MAX` for unlimited.
    pub hard: u64,
}

/// Something a build has to be allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entitlement {
    /// `network.host`.
    HostNetwork,
    /// `security.insecure`.
    Insecure,
}

impl NetworkMode {
    /// Reads a mode's name.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "default" => Some(Self::Default),
            "none" => Some(Self::None),
            "host" => Some(Self::Host),
            _ => None,
        }
    }
}

impl Entitlement {
    /// Reads the name that `--allow` takes.
    pub fn from_name(name: &str) -> Option<Self> {
        let all = [Self::HostNetwork, Self::Insecure];
        all.into_iter().find(|known| known.name() == name)
    }

    /// Returns the name that `--allow` takes.
    pub fn name(self) -> &'static str {
        match self {
            Self::HostNetwork => "network.host",
            Self::Insecure => "security.insecure",
        }
    }
}

impl Sandbox {
    /// Returns what a build has to be allowed for this.
    pub fn needs(&self) -> impl Iterator<Item = Entitlement> {
        let network = (self.network == NetworkMode::Host).then_some(Entitlement::HostNetwork);
        let security = self.insecure.then_some(Entitlement::Insecure);
        network.into_iter().chain(security)
    }

    /// Feeds what is not as usual to a sink.
    pub(super) fn walk(&self, sink: &mut dyn Sink) {
        match self.network {
            NetworkMode::Default => {}
            NetworkMode::None => sink.value("--network", "none"),
            NetworkMode::Host => sink.value("--network", "host"),
        }
        if self.insecure {
            sink.value("--security", "insecure");
        }
        let hosts = self.hosts.iter();
        let hosts: Vec<String> = hosts.map(|(name, at)| format!("{name}:{at}")).collect();
        if !hosts.is_empty() {
            sink.value("--add-host", &hosts.join(" "));
        }
        if let Some(size) = self.shm_size {
            sink.value("--shm-size", &size.to_string());
        }
        let limits = self.limits.iter();
        let limits: Vec<String> = limits
            .map(|Limit { name, soft, hard }| format!("{name}={soft}:{hard}"))
            .collect();
        if !limits.is_empty() {
            sink.value("--ulimit", &limits.join(" "));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Ingredients;

    fn values(sandbox: &Sandbox) -> Vec<(String, String)> {
        let mut list = Ingredients::default();
        sandbox.walk(&mut list);
        list.values
    }

    #[test]
    fn only_what_is_not_as_usual_is_in_the_key() {
        assert_eq!(values(&Sandbox::default()), []);
        let sandbox = Sandbox {
            network: NetworkMode::None,
            shm_size: Some(5),
            ..Sandbox::default()
        };
        let expected = [("--network", "none"), ("--shm-size", "5")];
        assert_eq!(
            values(&sandbox),
            expected.map(|(k, v)| (k.into(), v.into()))
        );
    }

    #[test]
    fn the_hosts_network_and_more_powers_have_to_be_allowed() {
        let sandbox = Sandbox {
            network: NetworkMode::Host,
            insecure: true,
            ..Sandbox::default()
        };
        let names: Vec<_> = sandbox.needs().map(Entitlement::name).collect();
        assert_eq!(names, ["network.host", "security.insecure"]);
        assert_eq!(Sandbox::default().needs().count(), 0);
    }
}
