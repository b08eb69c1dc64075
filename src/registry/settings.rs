//! What a registry's client is told of its surroundings; it looks at none itself.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::RegistryError;

/// Where docker's daemon keeps what counts for the whole machine.
const MACHINE: &str = "/etc/docker";

/// What counts of the surroundings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// `STRATA_OFFLINE`: no registry is asked anything.
    pub offline: bool,
    /// Only registries of this machine are asked.
    pub loopback_only: bool,
    /// The folder of docker's `config.json`: `DOCKER_CONFIG`, else `~/.docker`.
    pub config: Option<PathBuf>,
    /// Folders with a folder for each registry's certificates, as docker's `certs.d`.
    pub certificates: Vec<PathBuf>,
    /// `STRATA_MIRRORS`: where images of docker.io are looked for first.
    pub mirrors: Vec<String>,
    /// Files of docker's daemon, which may name more of them.
    pub daemons: Vec<PathBuf>,
}

impl Settings {
    /// Works them out from variables of the environment; no file is read.
    pub fn new(variable: &dyn Fn(&str) -> Option<String>) -> Self {
        let home = variable("HOME").map(PathBuf::from);
        let xdg = variable("XDG_CONFIG_HOME").map(PathBuf::from);
        let own = xdg.or_else(|| home.as_ref().map(|home| home.join(".config")));
        let own = own.map(|own| own.join("docker"));
        let config = variable("DOCKER_CONFIG").map(PathBuf::from);
        let mut folders: Vec<PathBuf> = own.iter().cloned().collect();
        folders.push(MACHINE.into());
        let mut certificates: Vec<PathBuf> = variable("STRATA_CERTS")
            .map(Into::into)
            .into_iter()
            .collect();
        certificates.extend(folders.iter().map(|folder| folder.join("certs.d")));
        let daemons = folders.iter().map(|folder| folder.join("daemon.json"));
        Self {
            offline: variable("STRATA_OFFLINE").is_some_and(|it| it != "0"),
            loopback_only: false,
            config: config.or_else(|| home.map(|home| home.join(".docker"))),
            certificates,
            mirrors: words(&variable("STRATA_MIRRORS").unwrap_or_default()),
            daemons: daemons.collect(),
        }
    }

    /// Returns every mirror of docker.io.
    ///
    /// # Errors
    /// A `daemon.json` that cannot be read.
    pub(super) fn all_mirrors(&self) -> Result<Vec<String>, RegistryError> {
        let mut mirrors = self.mirrors.clone();
        for daemon in &self.daemons {
            mirrors.extend(daemon_mirrors(daemon)?);
        }
        Ok(mirrors)
    }

    /// Returns settings with which only registries of this machine are asked, without credentials.
    pub fn loopback_only() -> Self {
        Self {
            loopback_only: true,
            ..Self::default()
        }
    }

    /// Returns settings with which nobody is ever asked.
    pub fn offline() -> Self {
        Self {
            offline: true,
            ..Self::default()
        }
    }
}

fn words(text: &str) -> Vec<String> {
    let words = text.split([' ', ',']).filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

/// Reads `registry-mirrors` of docker's daemon; a machine without docker has no such file.
fn daemon_mirrors(path: &Path) -> Result<Vec<String>, RegistryError> {
    let Ok(bytes) = std::fs::read(path) else {
        return Ok(Vec::new());
    };
    let wrong = |reason: String| RegistryError::Config {
        path: path.to_owned(),
        reason,
    };
    let document: serde_json::Value =
        serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?;
    let mirrors = document.get("registry-mirrors").cloned();
    let mirrors = mirrors.map(serde_json::from_value).transpose();
    Ok(mirrors
        .map_err(|error| wrong(error.to_string()))?
        .unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_follow_the_environment() {
        let home = tempfile::tempdir().unwrap();
        let text = home.path().display().to_string();
        let settings = Settings::new(&|name| match name {
            "HOME" => Some(text.clone()),
            "STRATA_MIRRORS" => Some("https://one https://two".to_owned()),
            _ => None,
        });
        assert_eq!(settings.config, Some(home.path().join(".docker")));
        assert_eq!(
            settings.certificates[0],
            home.path().join(".config/docker/certs.d")
        );
        assert_eq!(settings.mirrors, ["https://one", "https://two"]);
        assert!(!settings.offline);
    }

    #[test]
    fn mirrors_of_dockers_daemon_count() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("daemon.json");
        std::fs::write(&path, r#"{"registry-mirrors":["https://m"],"x":1}"#).unwrap();
        assert_eq!(daemon_mirrors(&path).unwrap(), ["https://m"]);
        std::fs::write(&path, "{").unwrap();
        let error = daemon_mirrors(&path).unwrap_err();
        assert!(matches!(error, RegistryError::Config { .. }), "{error}");
    }
}
