//! What to run, as data: the part of runtime-spec's `config.json` that strata speaks.

use std::net::Ipv4Addr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::capabilities::Capabilities;
use super::names::ContainerId;

/// Everything [`launch`](super::launch::launch) needs to know about a container.
///
/// Make one with [`Spec::new`] and change what differs, so that new fields do not break you.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spec {
    /// The tree the process sees as `/`.
    pub rootfs: Rootfs,
    /// What runs in there.
    pub process: Process,
    /// The name `hostname` prints.
    pub hostname: String,
    /// Binds and tmpfs beyond what every container gets, in the order they are mounted.
    pub mounts: Vec<Mount>,
    /// Which network it sees.
    pub network: Network,
    /// Whether `/` is read-only. Mounts keep their own answer.
    pub read_only: bool,
    /// What root in there may do.
    pub capabilities: Capabilities,
    /// Whether docker's default seccomp profile is applied.
    pub seccomp: bool,
    /// Whether set-user-ID programs gain nothing (`--security-opt no-new-privileges`). Off by
    /// default, as in docker.
    pub no_new_privileges: bool,
    /// Limits; none by default.
    pub resources: Resources,
    /// Which ids exist in there; `probe().mode.ids()` is the right answer.
    pub ids: IdMode,
    /// Lines added to `/etc/hosts`: address, then name (`--add-host`).
    pub hosts: Vec<(String, String)>,
    /// Its address in the network it shares with others; its own name leads there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_address: Option<Ipv4Addr>,
    /// Who is asked for names.
    #[serde(default)]
    pub dns: Dns,
    /// Bytes of `/dev/shm`; docker's 64 MiB if none.
    #[serde(default)]
    pub shm_size: Option<u64>,
    /// Whether what docker hides of `/proc` and `/sys` is shown.
    #[serde(default)]
    pub unmasked: bool,
}

impl Spec {
    /// Describes a process on a rootfs with docker's defaults: root, `/`, no terminal, loopback
    /// only, seccomp on, no limits.
    pub fn new(rootfs: Rootfs, argv: Vec<String>, ids: IdMode) -> Self {
        Self {
            rootfs,
            process: Process {
                argv,
                env: vec![("PATH".to_owned(), DEFAULT_PATH.to_owned())],
                cwd: "/".to_owned(),
                user: User::default(),
                terminal: false,
                terminal_size: None,
            },
            hostname: "strata".to_owned(),
            mounts: Vec::new(),
            network: Network::Loopback,
            read_only: false,
            capabilities: Capabilities::default(),
            seccomp: true,
            no_new_privileges: false,
            resources: Resources::default(),
            ids,
            hosts: Vec::new(),
            own_address: None,
            dns: Dns::default(),
            shm_size: None,
            unmasked: false,
        }
    }
}

/// Where commands are looked for when the environment has no `PATH`; docker's default.
pub const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The tree that becomes `/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rootfs {
    /// Layers and a writable folder, merged by overlayfs. All on absolute paths.
    Overlay {
        /// The layers' trees, base first. May be empty.
        lower: Vec<PathBuf>,
        /// What the process changes lands here.
        upper: PathBuf,
        /// Overlay's own scratch folder, empty, beside `upper`.
        work: PathBuf,
    },
    /// One folder, changed in place.
    Folder(PathBuf),
}

/// The process that becomes PID 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// The command and its arguments. A command without `/` is looked for in `PATH`.
    pub argv: Vec<String>,
    /// The environment, whole and in order. Nothing is inherited.
    pub env: Vec<(String, String)>,
    /// The working directory, absolute; made if it is missing.
    pub cwd: String,
    /// Who runs it.
    pub user: User,
    /// Whether it gets a pseudo-terminal as stdin, stdout and stderr.
    pub terminal: bool,
    /// The terminal's size at first: lines, then characters in a line. A program may ask for it in
    /// its first moment, so it cannot be set later.
    #[serde(default)]
    pub terminal_size: Option<(u16, u16)>,
}

/// A user by number; names are resolved by the caller. Default is root.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct User {
    /// User id.
    pub uid: u32,
    /// Primary group id.
    pub gid: u32,
    /// Supplementary group ids.
    pub groups: Vec<u32>,
}

/// Something mounted over the rootfs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// What is mounted.
    pub source: MountSource,
    /// Where, absolute as the container sees it; made if it is missing.
    pub target: String,
    /// Whether writing is refused.
    pub read_only: bool,
}

/// What a [`Mount`] shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum MountSource {
    /// A file or folder of the host, absolute.
    Bind(PathBuf),
    /// An empty folder in memory.
    Tmpfs,
    /// An empty folder in memory whose programs may be executed, as `RUN --mount=type=tmpfs` has it.
    Memory {
        /// The most bytes it holds; half of the machine's memory if none.
        size: Option<u64>,
    },
    /// An empty folder in memory, as `--tmpfs` describes it.
    Scratch(Scratch),
    /// A volume of the store.
    Volume(MountedVolume),
    /// A file with this content. It is in memory alone and goes with the container.
    Content(Content),
    /// A file or folder of merged layers. What is written there goes to `upper`.
    Layers(MergedLayers),
}

/// A folder in memory and what may be done in it; docker's defaults are all off.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Scratch {
    /// Whether its programs may be executed.
    pub exec: bool,
    /// Whether set-user-ID programs gain something.
    pub suid: bool,
    /// Whether device nodes work.
    pub dev: bool,
    /// tmpfs's own options: size, mode, uid...
    pub options: String,
}

/// A volume that is mounted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MountedVolume {
    /// Its name.
    pub name: String,
    /// Its folder in the store, absolute; as the store may move, the supervisor says it.
    pub folder: PathBuf,
    /// The folder of this machine that it shows instead of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<PathBuf>,
    /// Whether what the image has at that place is copied into it while it is empty.
    pub copy: bool,
    /// Only this folder of it, relative.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<PathBuf>,
}

/// A small file and who may read it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its permission bits.
    pub mode: u32,
    /// Its owner and group.
    pub owner: (u32, u32),
}

impl std::fmt::Debug for Content {
    /// Leaves the bytes out: they are a secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Content").finish_non_exhaustive()
    }
}

/// Part of layers merged by overlayfs. All on absolute paths.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergedLayers {
    /// The layers' trees, base first. May be empty.
    pub lower: Vec<PathBuf>,
    /// What is written lands here.
    pub upper: PathBuf,
    /// Overlay's own scratch folder, empty, beside `upper`.
    pub work: PathBuf,
    /// Which part is shown: relative, without symbolic links; empty for all.
    pub path: PathBuf,
}

/// Which network a container sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Network {
    /// Its own, with nothing but `lo` (docker's `none`).
    Loopback,
    /// Its own, as good as this machine gives one without being asked.
    Default,
    /// Its own, connected to others: what docker calls `bridge`.
    Bridge,
    /// Its own, connected to the networks that its container belongs to, first of all to this one.
    Named(String),
    /// The host's.
    Host,
    /// That of another container, as long as one of the two runs.
    Container(ContainerId),
}

/// That a container belongs to a network.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Membership {
    /// The network's name.
    pub network: String,
    /// What it is called in there besides its name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Its address, if it asked for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Ipv4Addr>,
}

/// What `/etc/resolv.conf` says; where a list is empty, the host's lines are taken.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Dns {
    /// Addresses of name servers (`--dns`).
    pub servers: Vec<String>,
    /// Domains in which short names are looked up (`--dns-search`).
    pub search: Vec<String>,
    /// Options of the resolver (`--dns-option`).
    pub options: Vec<String>,
}

/// Which user and group ids exist inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum IdMode {
    /// As many as an image needs: rootful, or a range of sub-ids.
    Many,
    /// Only 0. System calls that could fail for no other reason are answered with success.
    Single,
}

/// Limits on what a container may use; all off by default.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Resources {
    /// Bytes of memory.
    pub memory: Option<u64>,
    /// How many processors' worth of time, such as 0.5.
    pub cpus: Option<f64>,
    /// How many processes and threads.
    pub pids: Option<u64>,
    /// `setrlimit` limits.
    pub ulimits: Vec<Ulimit>,
    /// Carry on without a limit the machine cannot give instead of refusing (`--best-effort`).
    pub best_effort: bool,
}

/// One `setrlimit` limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ulimit {
    /// As docker names it: `nofile`, `nproc`, `core`...
    pub name: String,
    /// What applies; `u64::MAX` for unlimited.
    pub soft: u64,
    /// How far the process may raise it; `u64::MAX` for unlimited.
    pub hard: u64,
}
