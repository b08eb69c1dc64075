//! Linux capabilities: the pieces root's power is cut into, and docker's default choice of them.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A set of capabilities; docker's 14 by default.
///
/// ```
/// use strata::runtime::Capabilities;
/// let set = Capabilities::default().with(&["SYS_ADMIN"], &["ALL"]).unwrap();
/// assert_eq!(set.names().collect::<Vec<_>>(), ["CAP_SYS_ADMIN"]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Capabilities(u64);

/// A name that is no capability.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("unknown capability {name}")]
pub struct UnknownCapability {
    /// The name as it was given.
    pub name: String,
}

/// Every capability's name without `CAP_`; the place in the list is its number
/// (linux/capability.h).
const NAMES: [&str; 41] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
];

/// Docker's default set (moby, `oci/caps/defaults.go`).
const DEFAULT: [&str; 14] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "FSETID",
    "FOWNER",
    "MKNOD",
    "NET_RAW",
    "SETGID",
    "SETUID",
    "SETFCAP",
    "SETPCAP",
    "NET_BIND_SERVICE",
    "SYS_CHROOT",
    "KILL",
    "AUDIT_WRITE",
];

impl Default for Capabilities {
    fn default() -> Self {
        Self::NONE
            .with(&DEFAULT, &[])
            .expect("the defaults are in the list of names")
    }
}

impl Capabilities {
    /// No capability at all.
    pub const NONE: Self = Self(0);
    /// Every capability there is.
    pub const ALL: Self = Self((1 << NAMES.len()) - 1);

    /// Returns the set after `--cap-add` and `--cap-drop`. Names come with or without `CAP_`, in
    /// any case; `ALL` is all of them. As in docker, `ALL` counts first: dropping `ALL` and adding
    /// one leaves that one, adding `ALL` and dropping one leaves the others.
    ///
    /// # Errors
    /// A name that is no capability.
    pub fn with(self, add: &[&str], drop: &[&str]) -> Result<Self, UnknownCapability> {
        let (add_all, added) = bits(add)?;
        let (drop_all, dropped) = bits(drop)?;
        let start = match (add_all, drop_all) {
            (true, _) => Self::ALL.0,
            (false, true) => 0,
            (false, false) => self.0,
        };
        Ok(Self(if drop_all {
            start & !dropped | added
        } else {
            (start | added) & !dropped
        }))
    }

    /// Makes the set that the kernel's bits stand for.
    pub fn from_mask(mask: u64) -> Self {
        Self(mask)
    }

    /// Returns the set as the kernel's bits, as in `/proc/self/status`.
    pub fn mask(self) -> u64 {
        self.0
    }

    /// Tells whether the set has a capability, given by number.
    pub fn has(self, number: u32) -> bool {
        self.0 >> number & 1 == 1
    }

    /// Tells whether the set has a capability, given by its name without `CAP_`.
    pub fn contains(self, name: &str) -> bool {
        (0u32..)
            .zip(NAMES)
            .any(|(number, known)| known == name && self.has(number))
    }

    /// Returns the names, with `CAP_`, in the kernel's order.
    pub fn names(self) -> impl Iterator<Item = String> {
        (0u32..)
            .zip(NAMES)
            .filter(move |(number, _)| self.has(*number))
            .map(|(_, name)| format!("CAP_{name}"))
    }
}

/// Reads names: whether `ALL` is among them, and the bits of the others.
fn bits(names: &[&str]) -> Result<(bool, u64), UnknownCapability> {
    let mut all = false;
    let mut mask = 0;
    for &name in names {
        let upper = name.to_ascii_uppercase();
        let short = upper.strip_prefix("CAP_").unwrap_or(&upper);
        match NAMES.iter().position(|known| *known == short) {
            Some(number) => mask |= 1 << number,
            None if short == "ALL" => all = true,
            None => {
                return Err(UnknownCapability {
                    name: name.to_owned(),
                });
            }
        }
    }
    Ok((all, mask))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_dockers_mask() {
        assert_eq!(Capabilities::default().mask(), 0xa804_25fb);
    }

    #[test]
    fn dropping_all_and_adding_one_leaves_one() {
        let set = Capabilities::default()
            .with(&["cap_net_admin"], &["all"])
            .unwrap();
        assert_eq!(set.names().collect::<Vec<_>>(), ["CAP_NET_ADMIN"]);
    }

    #[test]
    fn adding_all_and_dropping_one_leaves_the_others() {
        let set = Capabilities::default().with(&["ALL"], &["CHOWN"]).unwrap();
        assert_eq!(set.mask(), Capabilities::ALL.mask() & !1);
    }

    #[test]
    fn an_unknown_name_is_refused_as_it_was_typed() {
        let error = Capabilities::default().with(&["SYS_FLY"], &[]).unwrap_err();
        assert_eq!(error.to_string(), "unknown capability SYS_FLY");
    }
}
