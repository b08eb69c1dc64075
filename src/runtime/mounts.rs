//! Which mounts and nodes a container gets and in which order, as data. Init carries them out
//! once `/` is the container's; every path is as the container sees it, so a symlink in a hostile
//! image cannot lead outside.

use std::path::PathBuf;

use rustix::mount::MountFlags;

use super::protocol::Orders;
use super::spec::{MountSource, Spec};

/// One thing to mount or make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MountPlan {
    /// A file system of the kernel's, on a folder that is made if missing.
    Filesystem {
        /// Its type.
        kind: &'static str,
        /// Where.
        target: String,
        /// How.
        flags: MountFlags,
        /// Its own options.
        options: &'static str,
    },
    /// The host's mount under a path, read-only, because a new one is not allowed.
    HostReadOnly {
        /// The path, the same outside and inside.
        path: &'static str,
    },
    /// A file or folder of the host; `index` counts the binds of the spec.
    Bind {
        /// Which of [`bind_sources`].
        index: usize,
        /// Where, made if missing.
        target: String,
        /// Whether writing is refused.
        read_only: bool,
    },
    /// A device node by number.
    Device {
        /// In `/dev`.
        name: &'static str,
        /// Major and minor.
        number: (u32, u32),
    },
    /// The host's device node of the same name: a user namespace may not make its own.
    HostDevice {
        /// In `/dev`.
        name: &'static str,
    },
    /// A folder.
    Folder {
        /// Where; its parent exists.
        path: &'static str,
    },
    /// A symlink.
    Link {
        /// Where.
        path: &'static str,
        /// To what.
        to: &'static str,
    },
    /// A file with this content over a path of the image; left out where the image has no place
    /// for it (a dangling symlink).
    File {
        /// Where.
        path: &'static str,
        /// Its content.
        content: String,
    },
    /// Hidden: an empty file or folder over it. Left out where it does not exist.
    Masked {
        /// What is hidden.
        path: &'static str,
    },
    /// Made read-only. Left out where it does not exist.
    ReadOnly {
        /// What is made so.
        path: &'static str,
    },
}

impl MountPlan {
    /// Returns the path it is about.
    pub fn place(&self) -> &str {
        match self {
            Self::Filesystem { target, .. } | Self::Bind { target, .. } => target,
            Self::Device { name, .. } | Self::HostDevice { name } => name,
            Self::HostReadOnly { path }
            | Self::Folder { path }
            | Self::Link { path, .. }
            | Self::File { path, .. }
            | Self::Masked { path }
            | Self::ReadOnly { path } => path,
        }
    }
}

/// Paths that tell about or reach the host (moby, `oci/defaults.go`).
const MASKED: [&str; 12] = [
    "/proc/acpi",
    "/proc/asound",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/sys/devices/virtual/powercap",
    "/sys/firmware",
];

/// Paths that change the host (moby, `oci/defaults.go`).
const READ_ONLY: [&str; 5] = [
    "/proc/bus",
    "/proc/fs",
    "/proc/irq",
    "/proc/sys",
    "/proc/sysrq-trigger",
];

/// The nodes every program may rely on, all with mode 666 (runtime-spec, config-linux.md,
/// Default Devices).
const DEVICES: [(&str, (u32, u32)); 6] = [
    ("null", (1, 3)),
    ("zero", (1, 5)),
    ("full", (1, 7)),
    ("random", (1, 8)),
    ("urandom", (1, 9)),
    ("tty", (5, 0)),
];

const LINKS: [(&str, &str); 6] = [
    ("/dev/fd", "/proc/self/fd"),
    ("/dev/stdin", "/proc/self/fd/0"),
    ("/dev/stdout", "/proc/self/fd/1"),
    ("/dev/stderr", "/proc/self/fd/2"),
    ("/dev/core", "/proc/kcore"),
    ("/dev/ptmx", "pts/ptmx"),
];

/// Returns what a container gets, in order.
pub fn plan(orders: &Orders<'_>) -> Vec<MountPlan> {
    let mut plan = vec![filesystem("proc", "/proc", SAFE, "")];
    plan.extend(devices(orders));
    plan.push(sys(orders));
    plan.extend(MASKED.map(|path| MountPlan::Masked { path }));
    plan.extend(READ_ONLY.map(|path| MountPlan::ReadOnly { path }));
    plan.extend(etc(orders));
    plan.extend(wanted(&orders.spec));
    plan
}

/// Returns the host paths the spec binds, in the order of [`MountPlan::Bind`]'s index.
pub fn bind_sources(spec: &Spec) -> Vec<&PathBuf> {
    let source = |mount| match mount {
        &super::spec::Mount {
            source: MountSource::Bind(ref path),
            ..
        } => Some(path),
        _ => None,
    };
    spec.mounts.iter().filter_map(source).collect()
}

const SAFE: MountFlags = MountFlags::NOSUID
    .union(MountFlags::NODEV)
    .union(MountFlags::NOEXEC);

fn filesystem(
    kind: &'static str,
    target: &str,
    flags: MountFlags,
    options: &'static str,
) -> MountPlan {
    MountPlan::Filesystem {
        kind,
        target: target.to_owned(),
        flags,
        options,
    }
}

fn devices(orders: &Orders<'_>) -> Vec<MountPlan> {
    let strict = MountFlags::NOSUID | MountFlags::STRICTATIME;
    let terminals = MountFlags::NOSUID | MountFlags::NOEXEC;
    // Group 5 is tty everywhere; where only one id exists there is no such group.
    let pts = match orders.spec.ids {
        super::spec::IdMode::Many => "newinstance,ptmxmode=0666,mode=0620,gid=5",
        super::spec::IdMode::Single => "newinstance,ptmxmode=0666,mode=0620",
    };
    let mut plan = vec![filesystem("tmpfs", "/dev", strict, "mode=755,size=65536k")];
    plan.extend(DEVICES.map(|(name, number)| match orders.rootless {
        true => MountPlan::HostDevice { name },
        false => MountPlan::Device { name, number },
    }));
    plan.extend(LINKS.map(|(path, to)| MountPlan::Link { path, to }));
    plan.extend(["/dev/pts", "/dev/shm", "/dev/mqueue"].map(|path| MountPlan::Folder { path }));
    plan.push(filesystem("devpts", "/dev/pts", terminals, pts));
    plan.push(filesystem(
        "tmpfs",
        "/dev/shm",
        SAFE,
        "mode=1777,size=65536k",
    ));
    plan.push(filesystem("mqueue", "/dev/mqueue", SAFE, ""));
    plan
}

/// sysfs belongs to a network namespace and may be mounted by whoever owns that one.
fn sys(orders: &Orders<'_>) -> MountPlan {
    if orders.own_network || !orders.rootless {
        filesystem("sysfs", "/sys", SAFE | MountFlags::RDONLY, "")
    } else {
        MountPlan::HostReadOnly { path: "/sys" }
    }
}

/// The three files docker writes for every container, unless the spec brings its own.
fn etc(orders: &Orders<'_>) -> Vec<MountPlan> {
    let spec = &orders.spec;
    let hostname = format!("{}\n", spec.hostname);
    let files = [
        ("/etc/hosts", hosts(spec)),
        ("/etc/hostname", hostname),
        ("/etc/resolv.conf", orders.resolv_conf.clone()),
    ];
    let own = |path: &str| spec.mounts.iter().any(|mount| mount.target == path);
    files
        .into_iter()
        .filter(|(path, _)| !own(path))
        .map(|(path, content)| MountPlan::File { path, content })
        .collect()
}

fn hosts(spec: &Spec) -> String {
    let mut text = String::from(
        "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n\
         fe00::0\tip6-localnet\nff00::0\tip6-mcastprefix\n\
         ff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n",
    );
    for (address, name) in &spec.hosts {
        text.push_str(&format!("{address}\t{name}\n"));
    }
    text.push_str(&format!("127.0.0.1\t{}\n", spec.hostname));
    text
}

fn wanted(spec: &Spec) -> Vec<MountPlan> {
    let mut binds = 0..;
    let plan = spec.mounts.iter().map(|mount| match mount.source {
        MountSource::Bind(_) => MountPlan::Bind {
            index: binds.next().expect("there are fewer mounts than numbers"),
            target: mount.target.clone(),
            read_only: mount.read_only,
        },
        MountSource::Tmpfs => {
            let mut flags = SAFE;
            flags.set(MountFlags::RDONLY, mount.read_only);
            filesystem("tmpfs", &mount.target, flags, "mode=1777")
        }
    });
    plan.collect()
}
