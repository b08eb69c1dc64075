//! The built-in practice bases: what `FROM practice-os` and `FROM practice-node` mean on a machine
//! without a network.
//!
//! `practice-os` is made from what the machine already has: a static busybox, or the host's own
//! tools with the libraries they need. Here it is only *described*, as a [`BaseTree`]: a sorted
//! list of folders, links and files, where a file is a path on the host or a few bytes. Who wants
//! a layer streams the list into one; nothing is copied on the way.
//!
//! ```text
//! tools        which programs, and where PATH has them
//! elf          what one program says it needs
//! libraries    where the loader would find that: the closure of a program
//! host         tools + closures        ──► tree
//! busybox      one file + its names    ──► tree
//! skeleton     what every base has: /etc/passwd, /tmp, ...
//! own          strata's applets for the tools that are missing (crate::applets)
//! fingerprint  has the host changed since?
//! images       Dockerfiles of the bases above practice-os
//! ```

mod busybox;
mod elf;
mod fingerprint;
mod host;
mod images;
mod libraries;
mod message;
mod own;
mod skeleton;
mod tools;
mod tree;

use std::ffi::OsString;
use std::path::PathBuf;

pub use fingerprint::Fingerprint;
pub use images::{BuiltInFile, BuiltInImage, dockerfile};
pub use message::{BaseError, Note};
pub use tree::{BaseEntry, BaseTree, Content, EntryKind};

/// The names that `FROM` knows without a store and without a network.
pub const BUILT_IN: &[&str] = &["practice-os", "practice-node"];

/// The command of `practice-os`: a shell.
pub const CMD: &[&str] = &["sh"];

/// The value of `PATH` in `practice-os`, which is docker's default.
pub const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Which sort of base to make, and from what.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// The sort that is asked for (`STRATA_BASE`); none: busybox when there is a static one,
    /// else the host's tools.
    pub kind: Option<BaseKind>,
    /// The value of `PATH` to look for tools in. Only absolute folders count.
    pub path_env: OsString,
    /// strata's own executable, whose applets stand in for tools the host lacks; none: those
    /// tools stay missing, and a note says so.
    pub executable: Option<PathBuf>,
}

/// The two sorts of `practice-os`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BaseKind {
    /// One static busybox and a link for each of its applets.
    Busybox,
    /// Tools of the host, with the libraries they need.
    Host,
}

impl BaseKind {
    /// Reads the value of `STRATA_BASE`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "busybox" => Some(Self::Busybox),
            "host" => Some(Self::Host),
            _ => None,
        }
    }
}

/// Describes `practice-os` as this machine can make it.
///
/// Reads the heads of about a hundred files; a static busybox is started once, to ask for the
/// names of its applets.
///
/// # Errors
/// When the machine has no tool to make it from, or not the one that was asked for.
pub fn tree(choice: &Choice) -> Result<BaseTree, BaseError> {
    match choice.kind {
        Some(BaseKind::Host) => host::tree(choice),
        Some(BaseKind::Busybox) => busybox::tree(choice),
        None => match busybox::tree(choice) {
            Err(BaseError::NoStaticBusybox { .. }) => host::tree(choice),
            other => other,
        },
    }
}
