//! Which mounts and nodes a container gets and in which order, as data. Init carries them out
//! once `/` is the container's; every path is as the container sees it, so a symlink in a hostile
//! image cannot lead outside.

use std::borrow::Cow;
use std::net::Ipv4Addr;
use std::path::PathBuf;

use rustix::mount::MountFlags;

use super::protocol::Orders;
use super::spec::{Content, MergedLayers, MountSource, MountedVolume, Spec};

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
        options: Cow<'static, str>,
    },
    /// The host's mount under a path, read-only, because a new one is not allowed.
    HostReadOnly {
        /// The path, the same outside and inside.
        path: &'static str,
    },
    /// A file or folder of the host.
    Bind {
        /// Which, as the host sees it.
        source: PathBuf,
        /// Where, made if missing.
        target: String,
        /// Whether writing is refused.
        read_only: bool,
    },
    /// A volume of the store.
    Volume {
        /// Which.
        volume: MountedVolume,
        /// Where, made if missing.
        target: String,
        /// Whether writing is refused.
        read_only: bool,
    },
    /// Part of layers that are merged for it.
    Layers {
        /// Which.
        layers: MergedLayers,
        /// Where, made if missing.
        target: String,
        /// Whether writing is refused.
        read_only: bool,
    },
    /// A file in memory alone, read-only.
    Content {
        /// What it is.
        content: Content,
        /// Where, made if missing.
        target: String,
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
    /// No device node in it can be opened, whoever made it.
    NoDevices {
        /// A mount.
        path: String,
        /// And those below it.
        recursive: bool,
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
            Self::Filesystem { target, .. }
            | Self::Bind { target, .. }
            | Self::Volume { target, .. }
            | Self::Layers { target, .. }
            | Self::Content { target, .. } => target,
            Self::Device { name, .. } | Self::HostDevice { name } => name,
            Self::NoDevices { path, .. } => path,
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
    // In a user namespace the kernel itself opens no device that a container makes.
    let fence = !orders.rootless && !orders.spec.unmasked;
    let fenced = |path: &str, recursive| {
        let path = path.to_owned();
        fence.then_some(MountPlan::NoDevices { path, recursive })
    };
    let mut plan = vec![filesystem("proc", "/proc", SAFE, "")];
    plan.extend(fenced("/", false));
    plan.extend(devices(orders));
    plan.extend(fenced("/dev", false));
    plan.push(sys(orders));
    if !orders.spec.unmasked {
        plan.extend(MASKED.map(|path| MountPlan::Masked { path }));
        plan.extend(READ_ONLY.map(|path| MountPlan::ReadOnly { path }));
    }
    plan.extend(etc(orders));
    for mount in wanted(&orders.spec) {
        let is_outside = matches!(
            mount,
            MountPlan::Bind { .. } | MountPlan::Volume { .. } | MountPlan::Layers { .. }
        );
        let fence = fenced(mount.place(), true).filter(|_| is_outside);
        plan.push(mount);
        plan.extend(fence);
    }
    plan
}

const SAFE: MountFlags = MountFlags::NOSUID
    .union(MountFlags::NODEV)
    .union(MountFlags::NOEXEC);

fn filesystem(
    kind: &'static str,
    target: &str,
    flags: MountFlags,
    options: impl Into<Cow<'static, str>>,
) -> MountPlan {
    MountPlan::Filesystem {
        kind,
        target: target.to_owned(),
        flags,
        options: options.into(),
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
    plan.extend(DEVICES.map(|(name, number)| {
        if orders.rootless {
            MountPlan::HostDevice { name }
        } else {
            MountPlan::Device { name, number }
        }
    }));
    plan.extend(LINKS.map(|(path, to)| MountPlan::Link { path, to }));
    plan.extend(["/dev/pts", "/dev/shm", "/dev/mqueue"].map(|path| MountPlan::Folder { path }));
    plan.push(filesystem("devpts", "/dev/pts", terminals, pts));
    let shm = orders.spec.shm_size.unwrap_or(64 << 20);
    let shm = format!("mode=1777,size={shm}");
    plan.push(filesystem("tmpfs", "/dev/shm", SAFE, shm));
    plan.push(filesystem("mqueue", "/dev/mqueue", SAFE, ""));
    plan
}

/// sysfs belongs to a network namespace and may be mounted by whoever owns that one.
fn sys(orders: &Orders<'_>) -> MountPlan {
    if orders.own_network || !orders.rootless {
        let mut flags = SAFE;
        flags.set(MountFlags::RDONLY, !orders.spec.unmasked);
        filesystem("sysfs", "/sys", flags, "")
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
    let own = spec.own_address.unwrap_or(Ipv4Addr::LOCALHOST);
    let own = (own.to_string(), spec.hostname.clone());
    for (address, name) in spec.hosts.iter().chain([&own]) {
        text.extend([address, "\t", name, "\n"]);
    }
    text
}

fn wanted(spec: &Spec) -> Vec<MountPlan> {
    let plan = spec.mounts.iter().map(|mount| match &mount.source {
        MountSource::Bind(source) => MountPlan::Bind {
            source: source.clone(),
            target: mount.target.clone(),
            read_only: mount.read_only,
        },
        MountSource::Tmpfs => {
            let mut flags = SAFE;
            flags.set(MountFlags::RDONLY, mount.read_only);
            filesystem("tmpfs", &mount.target, flags, "mode=1777")
        }
        MountSource::Memory { size } => {
            let mut flags = MountFlags::NOSUID | MountFlags::NODEV;
            flags.set(MountFlags::RDONLY, mount.read_only);
            let size = size.map(|size| format!(",size={size}")).unwrap_or_default();
            filesystem("tmpfs", &mount.target, flags, format!("mode=1777{size}"))
        }
        MountSource::Scratch(scratch) => {
            let mut flags = MountFlags::empty();
            flags.set(MountFlags::NOEXEC, !scratch.exec);
            flags.set(MountFlags::NOSUID, !scratch.suid);
            flags.set(MountFlags::NODEV, !scratch.dev);
            flags.set(MountFlags::RDONLY, mount.read_only);
            filesystem("tmpfs", &mount.target, flags, scratch.options.clone())
        }
        MountSource::Volume(volume) => MountPlan::Volume {
            volume: volume.clone(),
            target: mount.target.clone(),
            read_only: mount.read_only,
        },
        MountSource::Content(content) => MountPlan::Content {
            content: content.clone(),
            target: mount.target.clone(),
        },
        MountSource::Layers(layers) => MountPlan::Layers {
            layers: layers.clone(),
            target: mount.target.clone(),
            read_only: mount.read_only,
        },
    });
    plan.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::probe::Overlay;
    use crate::runtime::spec::{IdMode, Mount, Rootfs};
    use std::borrow::Cow;

    fn orders(rootless: bool, own_network: bool, ids: IdMode) -> Orders<'static> {
        let spec = Spec::new(Rootfs::Folder("/r".into()), vec!["true".to_owned()], ids);
        Orders {
            spec: Cow::Owned(spec),
            rootless,
            overlay: Overlay::New,
            own_network,
            resolv_conf: "nameserver 1.1.1.1\n".to_owned(),
        }
    }

    fn places(plan: &[MountPlan]) -> Vec<&str> {
        plan.iter().map(MountPlan::place).collect()
    }

    #[test]
    fn root_makes_devices_and_others_borrow_the_hosts() {
        let made = MountPlan::Device {
            name: "null",
            number: (1, 3),
        };
        let borrowed = MountPlan::HostDevice { name: "null" };
        assert!(plan(&orders(false, true, IdMode::Many)).contains(&made));
        let rootless = plan(&orders(true, true, IdMode::Many));
        assert!(rootless.contains(&borrowed) && !rootless.contains(&made));
    }

    #[test]
    fn root_opens_no_devices_but_those_of_dev() {
        let fences = |orders: &Orders<'_>| {
            let plan = plan(orders).into_iter();
            let fences = plan.filter_map(|item| match item {
                MountPlan::NoDevices { path, .. } => Some(path),
                _ => None,
            });
            fences.collect::<Vec<_>>()
        };
        let mut orders = orders(false, true, IdMode::Many);
        orders.spec.to_mut().mounts.push(Mount {
            source: MountSource::Bind("/h".into()),
            target: "/data".to_owned(),
            read_only: false,
        });
        assert_eq!(fences(&orders), ["/", "/dev", "/data"]);
        orders.spec.to_mut().unmasked = true;
        assert_eq!(fences(&orders), Vec::<String>::new());
        orders.spec.to_mut().unmasked = false;
        orders.rootless = true;
        assert_eq!(fences(&orders), Vec::<String>::new());
    }

    #[test]
    fn sysfs_needs_a_network_of_its_own_only_in_a_user_namespace() {
        let host = MountPlan::HostReadOnly { path: "/sys" };
        assert!(plan(&orders(true, false, IdMode::Many)).contains(&host));
        assert!(!plan(&orders(true, true, IdMode::Many)).contains(&host));
        assert!(!plan(&orders(false, false, IdMode::Many)).contains(&host));
    }

    #[test]
    fn terminals_have_the_tty_group_where_it_exists() {
        let options = |ids| {
            let plan = plan(&orders(true, true, ids));
            let found = plan.into_iter().find_map(|item| match item {
                MountPlan::Filesystem {
                    kind: "devpts",
                    options,
                    ..
                } => Some(options),
                _ => None,
            });
            found.unwrap()
        };
        assert!(options(IdMode::Many).contains("gid=5"));
        assert!(!options(IdMode::Single).contains("gid"));
    }

    #[test]
    fn what_hides_or_protects_comes_after_what_it_covers() {
        let plan = plan(&orders(false, true, IdMode::Many));
        let places = places(&plan);
        let at = |path| places.iter().position(|place| *place == path).unwrap();
        assert!(at("/proc") < at("/proc/kcore") && at("/proc") < at("/proc/sys"));
        assert!(at("/sys") < at("/sys/firmware"));
        assert!(at("/dev") < at("/dev/pts"));
    }

    #[test]
    fn a_spec_that_brings_its_own_hosts_file_gets_no_other() {
        let mut orders = orders(true, true, IdMode::Many);
        let source = MountSource::Bind("/h".into());
        let mount = Mount {
            source,
            target: "/etc/hosts".to_owned(),
            read_only: false,
        };
        orders.spec.to_mut().mounts.push(mount);
        let plan = plan(&orders);
        let bind = MountPlan::Bind {
            source: "/h".into(),
            target: "/etc/hosts".to_owned(),
            read_only: false,
        };
        assert_eq!(plan.last(), Some(&bind));
        assert_eq!(
            places(&plan)
                .iter()
                .filter(|place| **place == "/etc/hosts")
                .count(),
            1
        );
    }

    #[test]
    fn added_hosts_stand_before_the_containers_own_name() {
        let mut orders = orders(false, true, IdMode::Many);
        orders
            .spec
            .to_mut()
            .hosts
            .push(("10.0.0.9".to_owned(), "db".to_owned()));
        let text = hosts(&orders.spec);
        assert!(
            text.ends_with("10.0.0.9\tdb\n127.0.0.1\tstrata\n"),
            "{text}"
        );
    }
}
