//! What this kernel and this user may do, in well under a millisecond: a few small files are read
//! and nothing is tried out. Where a guess was too hopeful, `enter` and `launch` say so.

use std::fs;
use std::io;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::spec::IdMode;
use crate::language::Language;

/// What can be had here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// How namespaces are entered.
    pub mode: Mode,
    /// How layers are merged.
    pub overlay: Overlay,
    /// Where limits can be set.
    pub cgroups: Cgroups,
    /// Whether a network namespace may be made.
    pub network: bool,
    /// The running kernel's version: major and minor.
    pub kernel: (u32, u32),
}

/// How this user gets into namespaces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// Real root with `CAP_SYS_ADMIN`: no user namespace is needed.
    Rootful,
    /// A user namespace with the ranges of `/etc/subuid` and `/etc/subgid`.
    SubIds {
        /// Becomes uid 1 and up inside; the user is uid 0.
        uids: IdRange,
        /// Becomes gid 1 and up inside.
        gids: IdRange,
    },
    /// A user namespace in which only id 0 exists.
    SingleId,
    /// No namespaces at all.
    Nothing {
        /// Why not.
        reason: NoNamespaces,
    },
}

impl Mode {
    /// Returns which ids exist in a container started this way.
    pub fn ids(&self) -> IdMode {
        match self {
            Self::Rootful | Self::SubIds { .. } => IdMode::Many,
            Self::SingleId | Self::Nothing { .. } => IdMode::Single,
        }
    }
}

/// Consecutive ids of the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdRange {
    /// The first.
    pub start: u32,
    /// How many.
    pub count: u32,
}

/// How layers can be merged, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Overlay {
    /// The new mount API with one `lowerdir+` per layer: up to 500 layers.
    New,
    /// mount(2) with one page of options.
    Classic,
    /// Not at all; copy the layers into a folder.
    None,
}

/// Where limits can be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cgroups {
    /// Unified hierarchy.
    V2,
    /// One hierarchy per controller.
    V1,
    /// Nowhere this user may write.
    None,
}

/// Why no namespace can be had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Error)]
pub enum NoNamespaces {
    /// `user.max_user_namespaces` is 0.
    #[error("this machine allows no user namespaces (user.max_user_namespaces is 0)")]
    Limit,
    /// Debian's switch `kernel.unprivileged_userns_clone` is 0.
    #[error(
        "this machine allows user namespaces to root only (kernel.unprivileged_userns_clone is 0)"
    )]
    RootOnly,
    /// Ubuntu's `AppArmor` rule for programs without a profile.
    #[error(
        "AppArmor forbids user namespaces to programs it does not know (kernel.apparmor_restrict_unprivileged_userns is 1)"
    )]
    AppArmor,
    /// The kernel said no and none of the known switches is the reason.
    #[error("the kernel refused a new namespace: {}", io::Error::from_raw_os_error(*errno))]
    Refused {
        /// What unshare(2) answered.
        errno: i32,
    },
    /// Not Linux.
    #[error("containers need Linux")]
    NotLinux,
}

/// Finds out what can be had here. `STRATA_FORCE` (comma-separated: `copy`, `classic-mount`,
/// `single-id`, `no-net`, `cgroup-none`) takes things away, for tests.
pub fn probe() -> Probe {
    unimplemented!()
}
