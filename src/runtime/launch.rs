//! The parent's side of a container's start. Works inside an entered process only (`enter`).

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::spec::Spec;
use crate::language::Language;

/// What the process gets as stdin, stdout and stderr; none is `/dev/null`. Not looked at when the
/// spec asks for a terminal.
#[derive(Debug, Default)]
pub struct Stdio {
    /// Read by the process.
    pub stdin: Option<OwnedFd>,
    /// Written by the process.
    pub stdout: Option<OwnedFd>,
    /// Written by the process.
    pub stderr: Option<OwnedFd>,
}

/// A container whose program has been started. Dropping it kills whatever still runs in it; so
/// does the end of the *thread* that launched it, even by `kill -9`.
#[derive(Debug)]
pub struct Running {
    pid: u32,
    pidfd: OwnedFd,
    terminal: Option<OwnedFd>,
    notes: Vec<Note>,
    exit: Option<Exit>,
}

/// How the program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Exit {
    /// It exited with this code.
    Code(i32),
    /// It was killed by this signal.
    Signal(i32),
}

impl Exit {
    /// Returns the code a shell would show: 128 and the number for a signal.
    pub fn code(self) -> i32 {
        match self {
            Self::Code(code) => code,
            Self::Signal(signal) => 128 + signal,
        }
    }
}

/// Something that was done in a lesser way than asked, worth a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Note {
    /// `/proc` is the host's, because a masked one does not allow a new one.
    HostProc,
    /// `/sys` is the host's (read-only) or missing.
    HostSys,
    /// An rlimit could not be raised as far as asked.
    Ulimit {
        /// Its name.
        name: String,
    },
    /// A limit this machine cannot give was left out (`best_effort`).
    NoLimit {
        /// Which, and why.
        reason: String,
    },
}

/// Why the program was not started.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum LaunchError {
    /// There is no such command: exit code 127.
    #[error("{command}: {detail}")]
    CommandNotFound {
        /// As it was given.
        command: String,
        /// What exactly is missing.
        detail: Missing,
    },
    /// The command is there but cannot be executed: exit code 126.
    #[error("{command}: cannot be executed: {}", io::Error::from_raw_os_error(*errno))]
    NotExecutable {
        /// As it was given.
        command: String,
        /// What execve(2) answered.
        errno: i32,
    },
    /// The container could not be set up: exit code 125.
    #[error("could not {what} {path}: {}", io::Error::from_raw_os_error(*errno))]
    Setup {
        /// What was being done.
        what: What,
        /// To what; may be empty.
        path: String,
        /// The kernel's answer.
        errno: i32,
    },
}

/// What a command that cannot be found lacks.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum Missing {
    /// No folder of `PATH` has it.
    #[error("not found in PATH")]
    InPath,
    /// There is no such file.
    #[error("no such file")]
    File,
    /// The file is there, but the program it names to run it is not.
    #[error("the file is there, but {interpreter}, which should run it, is not")]
    Interpreter {
        /// The shebang's or the ELF file's interpreter.
        interpreter: String,
    },
}

/// What was being done when a container's set-up failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// Make the new process and its namespaces.
    Namespaces,
    /// Merge the layers with overlayfs. Copying them into a folder is the way out.
    Overlay,
    /// Mount something.
    Mount,
    /// Make a mount point or the working directory.
    Make,
    /// Make the rootfs `/`.
    PivotRoot,
    /// Set the host name.
    Hostname,
    /// Bring `lo` up.
    Loopback,
    /// Set a limit.
    Limit,
    /// Become the user.
    User,
    /// Drop capabilities.
    Capabilities,
    /// Apply the seccomp filter.
    Seccomp,
    /// Open the pseudo-terminal.
    Terminal,
    /// Speak with PID 1.
    Talk,
}

impl LaunchError {
    /// Returns the code `docker run` would exit with: 125, 126 or 127.
    pub fn exit_code(&self) -> i32 {
        match self {
            Self::CommandNotFound { .. } => 127,
            Self::NotExecutable { .. } => 126,
            Self::Setup { .. } => 125,
        }
    }

    /// Tells whether overlayfs was refused, so that copying the layers may help.
    pub fn is_overlay(&self) -> bool {
        matches!(
            self,
            Self::Setup {
                what: What::Overlay,
                ..
            }
        )
    }

    /// Returns the error as a sentence for a person.
    pub fn message(&self, language: Language) -> String {
        let _ = language;
        self.to_string()
    }

    /// Returns what to do about it, if that is known.
    pub fn help(&self, language: Language) -> Option<String> {
        let _ = language;
        None
    }
}

/// Starts the process that `spec` describes and returns when its program runs.
pub fn launch(spec: &Spec, stdio: Stdio) -> Result<Running, LaunchError> {
    let _ = (spec, stdio);
    unimplemented!()
}

impl Running {
    /// Returns the process id as this process sees it; it is 1 inside.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Returns a descriptor that becomes readable when the program ends.
    pub fn pidfd(&self) -> BorrowedFd<'_> {
        use std::os::fd::AsFd;
        self.pidfd.as_fd()
    }

    /// Takes the pseudo-terminal's master; none without a terminal or when taken before.
    pub fn terminal(&mut self) -> Option<OwnedFd> {
        self.terminal.take()
    }

    /// Returns what was done in a lesser way than asked.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// Waits for the program's end. Later calls return the same answer at once.
    pub fn wait(&mut self) -> io::Result<Exit> {
        unimplemented!()
    }

    /// Sends a signal to the program (not to what it started).
    pub fn signal(&self, signal: i32) -> io::Result<()> {
        let _ = signal;
        unimplemented!()
    }
}

impl std::fmt::Display for What {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Namespaces => "make the namespaces",
            Self::Overlay => "merge the layers with overlayfs",
            Self::Mount => "mount",
            Self::Make => "make",
            Self::PivotRoot => "make the root folder",
            Self::Hostname => "set the host name",
            Self::Loopback => "bring up the loopback interface",
            Self::Limit => "set the limit",
            Self::User => "become the user",
            Self::Capabilities => "drop capabilities",
            Self::Seccomp => "apply the seccomp filter",
            Self::Terminal => "open the terminal",
            Self::Talk => "speak with the container's first process",
        })
    }
}

/// Removes from `upper` the empty mount points a container's start had to make there, so that no
/// layer shows them. `lower` is the same list as in the spec, base first. For builds, after a RUN.
pub fn clean_upper(upper: &std::path::Path, lower: &[std::path::PathBuf]) -> io::Result<()> {
    let _ = (upper, lower);
    unimplemented!()
}
