//! `lid`: what a container is made of, read from the kernel while it runs, and from its record.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Result, Session};
use crate::runtime::state::{Record, Status};
use crate::runtime::{Capabilities, Rootfs};

/// What is under the lid of a container.
#[derive(Debug, Clone, Serialize)]
pub struct Lid {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// docker's word for where it is in its life.
    pub state: &'static str,
    /// The words of its command.
    pub command: Vec<String>,
    /// This machine's number of its PID 1.
    pub host_pid: Option<u32>,
    /// Its root: the folders that overlayfs merges, or the one that was copied.
    pub root: RootFolders,
    /// What only the kernel knows, of one that runs.
    pub kernel: Option<Kernel>,
}

/// The folders behind `/`.
#[derive(Debug, Clone, Serialize)]
pub struct RootFolders {
    /// The layers' trees, the topmost first, as overlayfs is given them.
    pub lower: Vec<PathBuf>,
    /// What the container changed.
    pub upper: Option<PathBuf>,
    /// overlayfs's own folder.
    pub work: Option<PathBuf>,
    /// The layers, copied, where there is no overlayfs.
    pub copied: Option<PathBuf>,
}

/// What the kernel says of PID 1.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Kernel {
    /// Its namespaces beside ours.
    pub namespaces: Vec<Namespaces>,
    /// How its users are this machine's: lines of three numbers.
    pub uid_map: String,
    /// What it has mounted.
    pub mounts: Vec<Mounted>,
    /// Files of its control groups and what they say.
    pub limits: Vec<(String, String)>,
    /// What it may do.
    pub capabilities: Vec<String>,
    /// How many filters judge its system calls; none without seccomp.
    pub seccomp_filters: Option<u32>,
}

/// A namespace of a container, and the one of the same kind that strata itself is in.
#[derive(Debug, Clone, Serialize)]
pub struct Namespaces {
    /// `pid`, `mnt`, ...
    pub kind: &'static str,
    /// The container's number.
    pub container: Option<u64>,
    /// Ours.
    pub host: Option<u64>,
}

impl Namespaces {
    /// Whether both are in one.
    pub fn is_shared(&self) -> bool {
        self.container.is_some() && self.container == self.host
    }
}

/// Something that is mounted (proc(5), `mountinfo`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mounted {
    /// Where.
    pub target: String,
    /// The file system.
    pub kind: String,
    /// What of it: a path inside the file system.
    pub part: String,
    /// How.
    pub options: String,
}

const KINDS: [&str; 8] = ["cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"];

/// Limits and what is used of them, in control groups of both versions.
const LIMITS: [&str; 10] = [
    "memory.max",
    "memory.limit_in_bytes",
    "memory.current",
    "memory.usage_in_bytes",
    "pids.max",
    "pids.current",
    "cpu.max",
    "cpu.cfs_quota_us",
    "cpu.cfs_period_us",
    "cgroup.freeze",
];

impl Session {
    /// Looks under the lid of a container.
    pub fn lid(&self, name: &str) -> Result<Lid> {
        let record = self.container(name)?;
        let config = self.container_config(record.id.as_str())?;
        let root = match config.spec.rootfs {
            Rootfs::Overlay {
                mut lower,
                upper,
                work,
            } => {
                lower.reverse();
                RootFolders {
                    lower,
                    upper: Some(upper),
                    work: Some(work),
                    copied: None,
                }
            }
            Rootfs::Folder(copied) => RootFolders {
                lower: Vec::new(),
                upper: None,
                work: None,
                copied: Some(copied),
            },
        };
        let init = match &record.state {
            Status::Running(running) => Some(running.init),
            Status::Created | Status::Restarting(_) | Status::Exited(_) => None,
        };
        Ok(Lid {
            kernel: init.map(|pid| kernel(pid, &record)),
            host_pid: init,
            state: record.state.word(),
            id: record.id.as_str().to_owned(),
            name: record.name,
            command: record.command,
            root,
        })
    }
}

/// Reads what the kernel shows. What it does not show to us is left out.
fn kernel(pid: u32, record: &Record) -> Kernel {
    let folder = PathBuf::from(format!("/proc/{pid}"));
    let text = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_default();
    let status = text("status");
    let field = |name: &str| {
        let mut lines = status.lines().filter_map(|line| line.split_once(':'));
        let found = lines.find(|(key, _)| *key == name);
        found.map(|(_, value)| value.trim().to_owned())
    };
    let mask = field("CapEff").and_then(|it| u64::from_str_radix(&it, 16).ok());
    let mode = field("Seccomp").filter(|mode| mode != "0");
    let count = field("Seccomp_filters").and_then(|it| it.parse().ok());
    Kernel {
        namespaces: KINDS.map(|kind| beside_ours(&folder, kind)).to_vec(),
        uid_map: words(&text("uid_map")),
        mounts: text("mountinfo").lines().filter_map(mounted).collect(),
        limits: limits(record),
        capabilities: mask
            .map(|mask| Capabilities::from_mask(mask).names().collect())
            .unwrap_or_default(),
        // Older kernels do not count them.
        seccomp_filters: mode.map(|_| count.unwrap_or(1)),
    }
}

fn words(text: &str) -> String {
    let line = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    text.lines().map(line).collect::<Vec<_>>().join(", ")
}

fn beside_ours(folder: &Path, kind: &'static str) -> Namespaces {
    let number = |folder: &Path| {
        let link = fs::read_link(folder.join("ns").join(kind)).ok()?;
        let text = link.to_str()?.strip_prefix(kind)?.strip_prefix(":[")?;
        text.strip_suffix(']')?.parse().ok()
    };
    Namespaces {
        kind,
        container: number(folder),
        host: number(Path::new("/proc/self")),
    }
}

/// Reads a line of mountinfo: number, parent, device, part, target, options, ..., a dash, file system.
fn mounted(line: &str) -> Option<Mounted> {
    let (mount, file_system) = line.split_once(" - ")?;
    let mut words = mount.split(' ').skip(3);
    Some(Mounted {
        part: words.next()?.to_owned(),
        target: words.next()?.to_owned(),
        options: words.next()?.to_owned(),
        kind: file_system.split(' ').next()?.to_owned(),
    })
}

fn limits(record: &Record) -> Vec<(String, String)> {
    let Status::Running(running) = &record.state else {
        return Vec::new();
    };
    let files = running
        .cgroups
        .iter()
        .flat_map(|folder| LIMITS.map(|name| (name, folder.join(name))));
    let read = |(name, path): (&str, PathBuf)| {
        let text = fs::read_to_string(path).ok()?;
        Some((name.to_owned(), text.trim().to_owned()))
    };
    files.filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_is_read_whatever_optional_fields_there_are() {
        for line in [
            "36 35 98:0 /part /target rw,noatime master:1 - ext3 /dev/root rw",
            "36 35 98:0 /part /target rw,noatime - ext3 /dev/root rw",
        ] {
            let found = mounted(line).unwrap();
            assert_eq!(found.target, "/target");
            assert_eq!(
                (found.kind.as_str(), found.part.as_str()),
                ("ext3", "/part")
            );
            assert_eq!(found.options, "rw,noatime");
        }
        assert_eq!(mounted("nonsense"), None);
    }
}
