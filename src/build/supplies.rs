//! What a build is given for `RUN --mount=type=secret` and `type=ssh`: never written to the store.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Secrets and agents, by name.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Supplies {
    /// `--secret`.
    pub secrets: Vec<Secret>,
    /// `--ssh`.
    pub agents: Vec<Agent>,
}

/// A value that only the steps that ask for it see.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret {
    /// Its name.
    pub id: String,
    /// Its bytes.
    pub value: Vec<u8>,
}

impl fmt::Debug for Secret {
    /// Leaves the value out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// An ssh agent of this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// Its name.
    pub id: String,
    /// Its socket, absolute.
    pub socket: PathBuf,
}

/// The shortest line of a secret that is hidden: a shorter one may be part of anything.
const SHORTEST: usize = 4;
const HIDDEN: &str = "***";

impl Supplies {
    /// Returns the value of a secret.
    pub fn secret(&self, id: &str) -> Option<&Secret> {
        self.secrets.iter().rfind(|secret| secret.id == id)
    }

    /// Returns an agent's socket.
    pub fn agent(&self, id: &str) -> Option<&Agent> {
        self.agents.iter().rfind(|agent| agent.id == id)
    }

    /// Returns a line of output as it may be kept: without the values of secrets.
    pub fn hide(&self, line: &str) -> String {
        let mut line = line.to_owned();
        for secret in &self.secrets {
            let value = String::from_utf8_lossy(&secret.value);
            for part in value.lines().map(str::trim) {
                if part.len() >= SHORTEST {
                    line = line.replace(part, HIDDEN);
                }
            }
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn supplies(value: &str) -> Supplies {
        let secret = Secret {
            id: "key".to_owned(),
            value: value.into(),
        };
        Supplies {
            secrets: vec![secret],
            agents: Vec::new(),
        }
    }

    #[test]
    fn every_line_of_a_secret_is_hidden_but_for_short_ones() {
        let supplies = supplies("first line\n-\n  hunter2\n");
        assert_eq!(supplies.hide("a - first line, hunter2!"), "a - ***, ***!");
    }

    #[test]
    fn a_secret_is_not_shown_for_debugging() {
        assert_eq!(
            format!("{:?}", supplies("hunter2").secrets),
            "[Secret { id: \"key\", .. }]"
        );
    }
}
