//! What a container has to be like.

use serde::{Deserialize, Serialize};

use super::expect::{Exit, Words};
use super::size::Bytes;

/// What a container has to be like.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ContainerExpectation {
    /// `running`, `exited`, `created`, `paused`, `absent`.
    pub state: Option<String>,
    /// Its exit code.
    pub exit: Option<Exit>,
    /// The image it was made from.
    pub image: Option<String>,
    /// The program that is process 1.
    pub pid1: Option<String>,
    /// The words it was started with.
    pub argv: Option<Vec<String>>,
    /// Published ports.
    pub ports: Option<Vec<String>>,
    /// Mounts.
    pub mounts: Option<Vec<String>>,
    /// What it wrote has these.
    pub logs: Option<Words>,
    /// These are among the changes of its writable layer, as `A /x`.
    pub changed: Option<Vec<String>>,
    /// It was restarted at least so often.
    pub restarts: Option<u32>,
    /// So many containers fit all the rest.
    pub count: Option<usize>,
    /// What the kernel says.
    pub kernel: Option<KernelExpectation>,
}

/// What the kernel has to say about a container.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct KernelExpectation {
    /// These namespaces are not the host's.
    pub namespaces_differ: Option<Vec<String>>,
    /// So many lower directories.
    pub overlay_lower: Option<u64>,
    /// The memory limit.
    pub memory_max: Option<Bytes>,
    /// The limit on processes.
    pub pids_max: Option<u64>,
}
