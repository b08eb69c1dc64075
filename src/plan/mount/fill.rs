//! From the fields of a mount to what is carried out: every default filled in.

use super::of_run::{Access, RunMount, RunMountSource, Sharing, Shown};
use super::{Mount, MountKind, size_in_bytes};
use crate::plan::step::CopyFrom;

/// Where a secret lies if nothing is said.
const SECRETS: &str = "/run/secrets";
/// Where an ssh agent's socket lies if nothing is said, before its number.
const AGENT: &str = "/run/buildkit/ssh_agent.";

impl RunMount {
    /// Fills in what a mount does not say. `from` is what its `from` means, `ssh_before` counts the
    /// ssh mounts of the same RUN.
    pub fn new(mount: &Mount, from: Option<CopyFrom>, ssh_before: usize) -> Self {
        let fields = Fields(mount);
        let is_given = |key: &str| fields.flag(key);
        let read_only = match mount.kind {
            // Files of the context or a stage are not written to by accident.
            MountKind::Bind => match is_given("readwrite") {
                Some(writable) => !writable,
                None => is_given("readonly").unwrap_or(true),
            },
            MountKind::Secret => true,
            _ => is_given("readonly").unwrap_or(false),
        };
        let source = fields.source(from);
        let target = mount.target.clone().or_else(|| match &source {
            RunMountSource::Secret { env: Some(_), .. } => None,
            RunMountSource::Secret { id, .. } => Some(format!("{SECRETS}/{}", last_part(id))),
            RunMountSource::Ssh { .. } => Some(format!("{AGENT}{ssh_before}")),
            _ => None,
        });
        Self {
            target,
            source,
            read_only,
        }
    }
}

/// The permission bits of a new cache.
pub(super) const CACHE_MODE: u32 = 0o755;
/// The permission bits of a secret.
pub(super) const SECRET_MODE: u32 = 0o400;
/// The permission bits of an agent's socket.
pub(super) const AGENT_MODE: u32 = 0o600;

/// The fields of a mount that was judged, so that every value is one that its key takes.
struct Fields<'a>(&'a Mount);

impl Fields<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        let found = self.0.options.iter().rfind(|(known, _)| known == key);
        found.map(|(_, value)| value.as_str())
    }

    fn flag(&self, key: &str) -> Option<bool> {
        let value = self.get(key)?.to_ascii_lowercase();
        Some(matches!(value.as_str(), "1" | "t" | "true"))
    }

    fn access(&self, mode: u32) -> Access {
        let number = |key| self.get(key)?.parse().ok();
        let given = self.get("mode");
        Access {
            mode: given
                .and_then(|mode| u32::from_str_radix(mode, 8).ok())
                .unwrap_or(mode),
            uid: number("uid").unwrap_or(0),
            gid: number("gid").unwrap_or(0),
        }
    }

    fn shown(&self, from: Option<CopyFrom>) -> Shown {
        let source = self.get("source").unwrap_or_default();
        let path = crate::plan::scope::join_path("/", source);
        Shown {
            from: from.unwrap_or(CopyFrom::Context),
            name: self.0.from.as_ref().map(|word| word.text.clone()),
            path: path.trim_start_matches('/').to_owned(),
        }
    }

    /// Returns a secret's id, or what stands for it: the source, the last part of the target.
    fn secret_id(&self) -> String {
        let target = self.0.target.as_deref().map(last_part);
        let id = self.get("id").or_else(|| self.get("source")).or(target);
        id.unwrap_or_default().to_owned()
    }

    fn source(&self, from: Option<CopyFrom>) -> RunMountSource {
        let required = self.flag("required").unwrap_or(false);
        match self.0.kind {
            MountKind::Bind => RunMountSource::Bind(self.shown(from)),
            MountKind::Cache => RunMountSource::Cache {
                id: self
                    .get("id")
                    .or(self.0.target.as_deref())
                    .unwrap_or_default()
                    .to_owned(),
                sharing: match self.get("sharing") {
                    Some("private") => Sharing::Private,
                    Some("locked") => Sharing::Locked,
                    _ => Sharing::Shared,
                },
                begins_with: from.map(|from| self.shown(Some(from))),
                access: self.access(CACHE_MODE),
            },
            MountKind::Tmpfs => RunMountSource::Tmpfs {
                size: self.get("size").and_then(size_in_bytes),
            },
            MountKind::Secret => RunMountSource::Secret {
                id: self.secret_id(),
                env: self.get("env").map(str::to_owned),
                required,
                access: self.access(SECRET_MODE),
            },
            MountKind::Ssh => RunMountSource::Ssh {
                id: self.get("id").unwrap_or("default").to_owned(),
                required,
                access: self.access(AGENT_MODE),
            },
        }
    }
}

fn last_part(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
