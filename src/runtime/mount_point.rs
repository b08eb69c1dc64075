//! What a container has mounted, as docker's `inspect` tells it and as `rm -v` and `--volumes-from`
//! need it. How it is mounted is the [`Spec`](super::spec::Spec)'s.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What kind of thing is mounted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MountKind {
    /// A file or folder of this machine.
    Bind,
    /// A volume of the store.
    Volume,
    /// A folder in memory.
    Tmpfs,
}

impl MountKind {
    /// Returns docker's word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Bind => "bind",
            Self::Volume => "volume",
            Self::Tmpfs => "tmpfs",
        }
    }
}

/// One thing that a container has mounted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MountPoint {
    /// What it is.
    pub kind: MountKind,
    /// The name of a volume.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The path of this machine; of a volume the store says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<PathBuf>,
    /// Where, as the container sees it.
    pub destination: String,
    /// What `-v` said behind the second colon.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub mode: String,
    /// Whether it may be written to.
    pub writable: bool,
    /// Whether it is a volume that was made for this container and that nobody gave a name.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub anonymous: bool,
}

impl MountPoint {
    /// Returns docker's short word for it: a volume's name, or the path.
    pub fn label(&self) -> String {
        let source = self.source.as_ref().map(|it| it.display().to_string());
        self.name.clone().or(source).unwrap_or_default()
    }
}
