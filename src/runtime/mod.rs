//! Runs one process in namespaces on a rootfs. Knows runtime-spec and a folder, not images.
//!
//! ```text
//! face ── enter ──► entered process        user + mount namespace; root in there (worker, supervisor)
//!                        │ launch
//!                        ▼
//!                   init (PID 1)           pid, mount, uts, ipc, net and cgroup namespaces
//!                        │ exec            mounts, pivot_root, capabilities, seccomp; then your program
//!                        ▼
//!                   the container's process
//! ```
//!
//! Every arrow is strata executed again, never a bare fork. How the files divide the work:
//!
//! | file | what it does |
//! | --- | --- |
//! | [`spec`] | what to run, as data |
//! | `probe` | what this kernel and user may do, with reasons |
//! | `enter` | into the user and mount namespace |
//! | `launch` | the parent's side of a container's start |
//! | `init` | PID 1's side, until it becomes the user's program |
//! | `protocol` | the messages between the two and their order, pure |
//! | [`frames`] | values and file descriptors over a Unix socket |
//! | `mounts` | which mounts a container gets, as data |
//! | [`capabilities`], `seccomp`, `cgroup` | what a container may do and use |
//! | `sys` | the one file with raw system calls |
//!
//! Containers that are kept have a supervisor each, an entered process that outlives its face:
//!
//! ```text
//! face ── start, attach ──► supervisor ── launch ──► the container
//!   │                          │ relay: pipes or terminal ⇄ log, attached faces
//!   │                          └ control.sock ◄── kill, stop, wait, attach, logs -f
//!   └── exec ──► __exec ──► __join: a further process in the container
//! ```
//!
//! | file | what it does |
//! | --- | --- |
//! | [`containers`], `container_folder` | the records on disk |
//! | [`state`], [`names`], [`log`] | a container's status, what it is called, what it wrote; pure |
//! | [`start`], [`attach`], [`exec`], [`manage`] | what a face does with containers |
//! | `supervisor`, `relay`, `stdio`, `join` | what runs beside and in them |
//! | [`networks`], [`network_error`], [`subnet`] | networks as records: what was asked for, who has which address |
//! | `connections` | what a container is connected to |
//! | [`bridge`], `netlink`, `rules` | bridges and links; as root NAT |
//! | `hub` | where the bridges are without root |
//! | `slirp` | the outside without root, by slirp4netns |
//! | `resolver`, `zone`, `dns_message` | names in networks: the server at 127.0.0.11, what it knows, what is said |
//! | `beside` | a container in the network of another |
//! | [`ports`], `port_error`, `listening`, `forwarding`, `connection`, `datagrams` | published ports: as data, the host's side, the way in |
//! | `wire`, `peer` | what faces and supervisors say to each other |
//! | `tty`, [`signals`] | the learner's terminal, lent and given back |
//! | [`volumes`], `filling` | volumes on disk; an image's files copied into an empty one |
//! | [`mount_point`] | what a container has mounted, as data |
//! | [`remove_tree`] | removes what a container left, whatever its modes |

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::OnceLock;

pub mod capabilities;
pub mod cgroup;
pub mod enter;
pub mod frames;
pub mod launch;
pub mod probe;
pub mod protocol;
pub mod solo;
pub mod spec;

mod child;
mod command;
mod failure;
mod guard;
mod identity;
mod idmap;
mod init;
mod mounting;
mod mounts;
mod netlink;
mod network;
mod resolving;
mod rlimits;
mod rootfs;
mod seccomp;
mod stubs;
mod sys;
mod terminal;

// Containers that are kept: records on disk, supervisors, and what a face does with them.
pub mod attach;
pub mod container_error;
pub mod containers;
pub mod copying;
pub mod exec;
pub mod files;
pub mod log;
pub mod manage;
pub mod mount_point;
pub mod names;
pub mod ports;
pub mod processes;
pub mod remove_tree;
pub mod signals;
pub mod start;
pub mod state;
pub mod usage;
pub mod volumes;

pub mod bridge;
pub mod network_error;
pub mod networks;
pub mod subnet;

mod beside;
mod connection;
mod connections;
mod container_folder;
mod datagrams;
mod dns_message;
mod filling;
mod forwarding;
mod freezer;
mod hub;
mod join;
mod listening;
mod peer;
mod port_error;
mod records;
mod relay;
mod resolver;
mod rules;
mod slirp;
mod stdio;
mod supervisor;
mod tty;
mod wire;
mod zone;

pub use capabilities::Capabilities;
pub use child::Child;
pub use enter::{Enter, EnterStdio, Entered, Entering, RuntimeError, complete_entry, enter};
pub use launch::{
    Exit, LaunchError, Note, Running, Stdio, clean_folder, clean_mount_points, clean_upper, launch,
};
pub use probe::{Mode, NoNamespaces, Probe, is_real_root, probe};
pub use rlimits::is_ulimit;
pub use spec::{
    Content, Dns, IdMode, Membership, MergedLayers, Mount, MountSource, MountedVolume, Network,
    Process, Resources, Rootfs, Scratch, Spec, Ulimit, User,
};
pub use tty::RawMode;

static EXECUTABLE: OnceLock<PathBuf> = OnceLock::new();

/// Says which executable to start for the stages instead of this one. Only the first call counts;
/// a test program, which is not strata itself, calls it before anything else.
pub fn set_executable(path: impl Into<PathBuf>) {
    // A second caller asks for the same in practice, and the first answer may be in use already.
    let _ = EXECUTABLE.set(path.into());
}

/// Returns the executable that plays the stages: this one unless [`set_executable`] was called.
pub(crate) fn executable() -> &'static Path {
    EXECUTABLE
        .get()
        .map_or(Path::new("/proc/self/exe"), PathBuf::as_path)
}

/// Plays a hidden verb: [`hidden`], or what knows more verbs than that.
pub type Play = fn(&[OsString]) -> Option<ExitCode>;

static PLAY: OnceLock<Play> = OnceLock::new();

/// Lets this process become its own stages instead of executing strata for them. For a face that
/// does one thing and has one thread until then.
pub fn set_play(play: Play) {
    // Only a first call counts; there is one.
    let _ = PLAY.set(play);
}

/// Plays a hidden verb of the runtime (`__init`) when the first argument is one; none otherwise.
/// Called before anything else in `cli::main`, because a container's start waits for it.
pub fn hidden(arguments: &[OsString]) -> Option<ExitCode> {
    match arguments.first()?.to_str()? {
        "__init" => Some(init::main()),
        "__solo" => Some(solo::main()),
        supervisor::VERB => Some(supervisor::main(&arguments[1..])),
        exec::VERB => Some(exec::main()),
        files::VERB => Some(files::main(&arguments[1..])),
        "__join" => Some(join::main()),
        _ => None,
    }
}
