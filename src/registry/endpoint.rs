//! [`Endpoint`]: a repository at a host. Which host a name means, and whether that is this machine.

use std::net::IpAddr;

use super::error::RegistryError;
use super::settings::Settings;
use crate::reference::{HUB, ImageReference};

/// The host that speaks for docker.io.
const HUB_HOST: &str = "registry-1.docker.io";
/// The name under which docker keeps the credentials for docker.io.
pub(super) const HUB_KEY: &str = "https://index.docker.io/v1/";

/// A repository, and the host where it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The registry, as people write it.
    registry: String,
    /// `https://HOST[/PATH]`, or none where it is still to be found out which scheme this
    /// machine's own registry speaks.
    base: Option<String>,
    repository: String,
}

impl Endpoint {
    /// Returns where a repository of a registry is.
    pub fn new(registry: &str, repository: &str) -> Self {
        let base = match registry {
            HUB => Some(format!("https://{HUB_HOST}")),
            own if is_loopback(own) => None,
            other => Some(format!("https://{other}")),
        };
        Self {
            registry: registry.to_owned(),
            base,
            repository: repository.to_owned(),
        }
    }

    /// Returns where an image may be pushed.
    pub fn of(reference: &ImageReference) -> Self {
        Self::new(reference.registry(), &reference.repository())
    }

    /// Returns where an image may be pulled from, in order: mirrors stand for docker.io.
    ///
    /// # Errors
    /// A mirror that is no address, or asks for plain HTTP over a network.
    pub fn sources(
        reference: &ImageReference,
        settings: &Settings,
    ) -> Result<Vec<Self>, RegistryError> {
        let mut found = Vec::new();
        if reference.registry() == HUB {
            for mirror in settings.all_mirrors()? {
                found.push(Self::mirror(&mirror, &reference.repository())?);
            }
        }
        found.push(Self::of(reference));
        Ok(found)
    }

    fn mirror(text: &str, repository: &str) -> Result<Self, RegistryError> {
        let text = text.trim_end_matches('/');
        let wrong = || RegistryError::Mirror(text.to_owned());
        let (scheme, rest) = text.split_once("://").ok_or_else(wrong)?;
        let host = rest.split('/').next().unwrap_or_default();
        let may = scheme == "https" || scheme == "http" && is_loopback(host);
        if host.is_empty() || !may {
            return Err(wrong());
        }
        Ok(Self {
            registry: host.to_owned(),
            base: Some(text.to_owned()),
            repository: repository.to_owned(),
        })
    }

    /// Returns the registry, as people write it.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// Returns the repository's path.
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// Returns how addresses there begin, where that is known without asking.
    pub(super) fn base(&self) -> Option<&str> {
        self.base.as_deref()
    }

    /// Returns the name under which credentials for it are kept.
    pub(super) fn key(&self) -> &str {
        key(&self.registry)
    }

    /// Whether it is this machine.
    pub(super) fn is_loopback(&self) -> bool {
        is_loopback(&self.registry)
    }
}

/// Returns the name under which docker keeps the credentials for a registry.
pub(super) fn key(registry: &str) -> &str {
    match registry {
        HUB | HUB_HOST | "index.docker.io" => HUB_KEY,
        other => other,
    }
}

/// Whether a `HOST[:PORT]` is this machine: only there plain HTTP is spoken.
pub(super) fn is_loopback(host: &str) -> bool {
    let bare = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let address: Option<IpAddr> = bare.parse().ok();
    bare == "localhost" || address.is_some_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_may_speak_plain_http() {
        for (host, own) in [
            ("localhost:5000", true),
            ("127.0.0.1", true),
            ("127.3.0.1:80", true),
            ("[::1]:5000", true),
            ("localhost.example.com", false),
            ("127.0.0.1.example.com", false),
            ("10.0.0.1:5000", false),
        ] {
            assert_eq!(is_loopback(host), own, "{host}");
        }
        let settings = |mirror: &str| Settings {
            mirrors: vec![mirror.to_owned()],
            ..Settings::default()
        };
        let node = "node".parse().unwrap();
        for wrong in [
            "http://mirror.example",
            "mirror.example",
            "ftp://x",
            "https://",
        ] {
            let error = Endpoint::sources(&node, &settings(wrong)).unwrap_err();
            assert!(matches!(error, RegistryError::Mirror(_)), "{error}");
        }
        let found = Endpoint::sources(&node, &settings("http://127.0.0.1:7/m/")).unwrap();
        assert_eq!(found[0].base(), Some("http://127.0.0.1:7/m"));
        assert_eq!(found[1].base(), Some("https://registry-1.docker.io"));
    }

    #[test]
    fn mirrors_stand_for_the_hub_alone() {
        let settings = Settings {
            mirrors: vec!["https://mirror.example".to_owned()],
            ..Settings::default()
        };
        let other = "quay.example/a".parse().unwrap();
        assert_eq!(Endpoint::sources(&other, &settings).unwrap().len(), 1);
    }
}
