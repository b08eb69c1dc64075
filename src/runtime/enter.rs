//! The way into a user and mount namespace: a process that is root in there and can mount, which
//! its face is not. The worker and every supervisor begin so.
//!
//! ```text
//! face                                    strata, again: a copy of a face that has
//!    │                                       one thread and does one thing, else executed
//!    │ newuidmap, newgidmap: only when       │
//!    │ there are sub-ids                     │
//!    │ spawn, channel as stdin ───────────►  │ complete_entry
//!    │ Hello (+ the real stdin,              │
//!    │   + the mapped namespace) ─────────►  │ setns or unshare(user), unshare(mount)
//!    │ ◄────────────────────── Ready/Refused │ root in there
//! ```

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode, Stdio};
use std::sync::OnceLock;

use nix::sched::CloneFlags;
use rustix::process::{Signal, set_parent_process_death_signal};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::child::Child;
use super::idmap::Mapping;
use super::probe::{self, Mode, NoNamespaces, Overlay};
use super::{PLAY, Play, frames, sys};
use crate::language::Language;
use crate::messages;

/// How an entered process stands to the one that started it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Enter {
    /// What it has as stdin, stdout and stderr.
    pub stdio: EnterStdio,
    /// A session of its own that outlives the starter. Otherwise it is killed when the *thread*
    /// that called [`enter`] ends (prctl(2), `PR_SET_PDEATHSIG`).
    pub detached: bool,
}

/// What an entered process has as stdin, stdout and stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EnterStdio {
    /// The starter's own.
    #[default]
    Inherit,
    /// `/dev/null`, three times.
    Null,
}

/// A process inside, seen from outside.
#[derive(Debug)]
pub struct Entered {
    /// To wait for and to kill.
    pub child: Child,
    /// What [`complete_entry`] returned the other end of.
    pub channel: UnixStream,
}

/// Why no process got inside.
#[derive(Debug, Error)]
pub enum RuntimeError {
    /// This machine gives this user no namespaces.
    #[error(transparent)]
    NoNamespaces(#[from] NoNamespaces),
    /// `newuidmap` or `newgidmap` refused.
    #[error("{}", self.message(Language::En))]
    IdMap {
        /// Which of the two.
        tool: String,
        /// What it printed.
        output: String,
    },
    /// A system call on the way in failed.
    #[error("{}", self.message(Language::En))]
    Setup {
        /// What was being done: a verb and its object.
        what: String,
        /// The kernel's answer.
        #[source]
        source: io::Error,
    },
    /// The process inside ended or spoke nonsense before it was ready.
    #[error("{}", self.message(Language::En))]
    Lost,
}

messages! {
    id_map(tool: &str, output: &str) {
        en: "{tool} could not map the ids of /etc/subuid and /etc/subgid: {output}",
        ko: "{tool} 명령이 /etc/subuid와 /etc/subgid의 id를 연결하지 못했습니다: {output}",
    }
    set_up(what: &str, reason: &str) {
        en: "could not {what} on the way into the namespaces: {reason}",
        ko: "네임스페이스로 들어가다 실패했습니다 ({what}): {reason}",
    }
    lost() {
        en: "the process inside the namespaces ended before it was ready",
        ko: "네임스페이스 안의 프로세스가 준비되기 전에 끝났습니다",
    }
    help_id_map() {
        en: "check the lines of this user in /etc/subuid and /etc/subgid, or go on with one id: STRATA_FORCE=single-id",
        ko: "/etc/subuid와 /etc/subgid에서 이 사용자의 줄을 확인하거나, id 하나로 계속하세요: STRATA_FORCE=single-id",
    }
}

impl RuntimeError {
    /// Returns the error as a sentence for a person.
    pub fn message(&self, language: Language) -> String {
        match self {
            Self::NoNamespaces(reason) => reason.message(language),
            Self::IdMap { tool, output } => id_map(language, tool, output.trim()),
            Self::Setup { what, source } => set_up(language, what, &source.to_string()),
            Self::Lost => lost(language),
        }
    }

    /// Returns what to do about it, if that is known.
    pub fn help(&self, language: Language) -> Option<String> {
        match self {
            Self::NoNamespaces(reason) => Some(reason.help(language)),
            Self::IdMap { .. } => Some(help_id_map(language)),
            Self::Setup { .. } | Self::Lost => None,
        }
    }

    pub(super) fn setup(what: &str, error: impl Into<io::Error>) -> Self {
        Self::Setup {
            what: what.to_owned(),
            source: error.into(),
        }
    }
}

/// The starter's message.
#[derive(Debug, Serialize, Deserialize)]
struct Hello {
    way: Way,
    detached: bool,
}

/// How the ids come about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Way {
    Rootful,
    /// A user namespace with its maps comes along.
    Join,
    /// The process maps its own id to 0.
    SingleId {
        uid: u32,
        gid: u32,
    },
}

/// What the process inside says.
#[derive(Debug, Serialize, Deserialize)]
enum Answer {
    Ready,
    Refused { what: String, errno: i32 },
}

/// Starts strata again with `args` inside the namespaces of `mode` and returns when it is root in
/// there. The first thing it does must be [`complete_entry`].
pub fn enter(mode: &Mode, args: &[&OsStr], how: Enter) -> Result<Entered, RuntimeError> {
    Entering::begin(mode, args, how)?.finish()
}

/// A process on its way in. Between [`begin`](Self::begin) and [`finish`](Self::finish) there are
/// a millisecond or two in which the starter can do something else.
#[derive(Debug)]
pub struct Entering {
    entered: Entered,
    stdio: EnterStdio,
    /// What it has not been told yet, because the maps are still being written.
    untold: Option<(Hello, Mapping)>,
}

impl Entering {
    /// Starts the process.
    pub fn begin(mode: &Mode, args: &[&OsStr], how: Enter) -> Result<Self, RuntimeError> {
        Self::begin_beside(None, mode, args, how)
    }

    /// Starts the process; it enters a user namespace that is there already, where one is given.
    pub(super) fn begin_beside(
        other: Option<OwnedFd>,
        mode: &Mode,
        args: &[&OsStr],
        how: Enter,
    ) -> Result<Self, RuntimeError> {
        let mut mapping = None;
        let way = match mode {
            Mode::SubIds { .. } | Mode::SingleId if other.is_some() => Way::Join,
            Mode::Nothing { reason } => return Err(reason.clone().into()),
            Mode::Rootful => Way::Rootful,
            Mode::SubIds { uids, gids } => {
                mapping = Some(Mapping::begin(*uids, *gids)?);
                Way::Join
            }
            Mode::SingleId => Way::SingleId {
                uid: rustix::process::geteuid().as_raw(),
                gid: rustix::process::getegid().as_raw(),
            },
        };
        let (channel, theirs) =
            UnixStream::pair().map_err(|error| RuntimeError::setup("make a socket", error))?;
        let entered = Entered {
            child: spawn(args, how, theirs)?,
            channel,
        };
        let hello = Hello {
            way,
            detached: how.detached,
        };
        let mut entering = Self {
            entered,
            stdio: how.stdio,
            untold: None,
        };
        match mapping {
            Some(mapping) => entering.untold = Some((hello, mapping)),
            None => entering.greet(&hello, other)?,
        }
        Ok(entering)
    }

    /// Gives it up: it sees the channel close and ends by itself. Returns the process to reap.
    pub fn abandon(self) -> Child {
        self.entered.child
    }

    /// Waits until it is inside.
    pub fn finish(mut self) -> Result<Entered, RuntimeError> {
        let done = self.accompany();
        if done.is_err() {
            // It is of no use, and may be gone already.
            let _ = self.entered.child.kill();
            let _ = self.entered.child.wait();
        }
        done.map(|()| self.entered)
    }

    fn accompany(&mut self) -> Result<(), RuntimeError> {
        if let Some((hello, mapping)) = self.untold.take() {
            self.greet(&hello, Some(mapping.finish()?))?;
        }
        match frames::receive(&self.entered.channel).map_err(talk)? {
            Some(Answer::Ready) => Ok(()),
            Some(Answer::Refused { what, errno }) => Err(refusal(what, errno)),
            None => Err(RuntimeError::Lost),
        }
    }

    fn greet(&self, hello: &Hello, namespace: Option<OwnedFd>) -> Result<(), RuntimeError> {
        let stdin = match self.stdio {
            EnterStdio::Inherit => rustix::stdio::stdin().try_clone_to_owned(),
            EnterStdio::Null => fs::File::open("/dev/null").map(OwnedFd::from),
        };
        let mut fds = vec![stdin.map_err(talk)?];
        fds.extend(namespace);
        let fds: Vec<_> = fds.iter().map(AsFd::as_fd).collect();
        frames::send_with_fds(&self.entered.channel, hello, &fds).map_err(talk)
    }
}

fn talk(error: io::Error) -> RuntimeError {
    RuntimeError::setup("speak with the process inside", error)
}

fn spawn(args: &[&OsStr], how: Enter, channel: UnixStream) -> Result<Child, RuntimeError> {
    let started = match PLAY.get() {
        Some(&play) if sys::is_single_threaded() => fork(play, args, how, &channel),
        _ => execute(args, how, channel),
    };
    started.map_err(|error| RuntimeError::setup("start strata again", error))
}

/// Becomes the stage in a copy of this process. It finds all as if it had been executed.
fn fork(play: Play, args: &[&OsStr], how: Enter, channel: &UnixStream) -> io::Result<Child> {
    let null = fs::File::options()
        .read(true)
        .write(true)
        .open("/dev/null")?;
    let other = (how.stdio == EnterStdio::Null).then(|| null.as_fd());
    let words: Vec<OsString> = args.iter().map(|&word| word.to_owned()).collect();
    let title = [&[OsStr::new("strata")], args]
        .concat()
        .join(OsStr::new("\0"));
    let fds = [Some(channel.as_fd()), other, other];
    let (pid, pidfd) = sys::fork(fds, title.as_bytes(), || {
        u8::from(play(&words) != Some(ExitCode::SUCCESS))
    })?;
    Ok(Child::new(pid, pidfd))
}

/// The channel travels as stdin, because that is the one descriptor std hands on without a fork;
/// the real stdin follows on the channel.
fn execute(args: &[&OsStr], how: Enter, channel: UnixStream) -> io::Result<Child> {
    let mut command = Command::new(super::executable());
    command
        .arg0("strata")
        .args(args)
        .stdin(Stdio::from(OwnedFd::from(channel)));
    if how.stdio == EnterStdio::Null {
        command.stdout(Stdio::null()).stderr(Stdio::null());
    }
    command.spawn()?.try_into()
}

/// A refused unshare(2) means no namespaces; the rest are failures by the way.
fn refusal(what: String, errno: i32) -> RuntimeError {
    if what == UNSHARE {
        NoNamespaces::Refused { errno }.into()
    } else {
        RuntimeError::Setup {
            what,
            source: io::Error::from_raw_os_error(errno),
        }
    }
}

const UNSHARE: &str = "unshare";

/// What a process inside knows about where it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts {
    pub rootless: bool,
    pub overlay: Overlay,
    pub network: bool,
}

static FACTS: OnceLock<Facts> = OnceLock::new();

/// Returns what is known inside; none in a process that has not completed its entry.
pub(super) fn facts() -> Option<Facts> {
    FACTS.get().copied()
}

/// Completes what [`enter`] began: the first call of the process that was started, before any
/// thread. Afterwards it is root in its own mount (and, rootless, user) namespace; every inherited
/// descriptor is close-on-exec. Returns the channel to the starter.
pub fn complete_entry() -> Result<UnixStream, RuntimeError> {
    let started = |error| RuntimeError::setup("find who started this process", error);
    sys::close_on_exec_from(3).map_err(started)?;
    let channel = take_channel().map_err(started)?;
    let (hello, fds) = frames::receive_with_fds::<Hello>(&channel)
        .map_err(started)?
        .ok_or(RuntimeError::Lost)?;
    let mut fds = fds.into_iter();
    let stdin = fds.next().ok_or(RuntimeError::Lost)?;
    rustix::stdio::dup2_stdin(&stdin).map_err(|error| started(error.into()))?;
    let done = go_in(&hello, fds.next());
    let answer = match &done {
        Ok(()) => Answer::Ready,
        Err((what, error)) => Answer::Refused {
            what: (*what).to_owned(),
            errno: error.raw_os_error().unwrap_or(nix::libc::EPROTO),
        },
    };
    // A starter that is gone has nobody to be ready for; this process ends with the error.
    frames::send(&channel, &answer).map_err(started)?;
    done.map_err(|(what, error)| RuntimeError::setup(what, error))?;
    let rootless = hello.way != Way::Rootful;
    let facts = Facts {
        rootless,
        overlay: probe::overlay(rootless),
        network: probe::network(),
    };
    FACTS.get_or_init(|| facts);
    Ok(channel)
}

fn take_channel() -> io::Result<UnixStream> {
    Ok(rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3)?.into())
}

type Refusal = (&'static str, io::Error);

fn go_in(hello: &Hello, namespace: Option<OwnedFd>) -> Result<(), Refusal> {
    let step = |what| move |error: io::Error| (what, error);
    if hello.detached {
        rustix::process::setsid().map_err(|error| ("setsid", error.into()))?;
    }
    let mut namespaces = CloneFlags::CLONE_NEWNS;
    if let Some(namespace) = namespace {
        let joined = sys::join(namespace, CloneFlags::CLONE_NEWUSER);
        joined.map_err(step("join the user namespace"))?;
    } else {
        namespaces.set(CloneFlags::CLONE_NEWUSER, hello.way != Way::Rootful);
    }
    sys::unshare(namespaces).map_err(step(UNSHARE))?;
    if let Way::SingleId { uid, gid } = hello.way {
        map_self(uid, gid).map_err(step("map the one id"))?;
    }
    sys::make_mounts_private().map_err(step("make mounts private"))?;
    if !hello.detached {
        // Only now: a change of ids would have taken it away (prctl(2)).
        set_parent_process_death_signal(Some(Signal::KILL))
            .map_err(|error| ("prctl", error.into()))?;
    }
    Ok(())
}

/// The kernel allows a group map without privilege only when setgroups is denied before
/// (`user_namespaces(7)`).
fn map_self(uid: u32, gid: u32) -> io::Result<()> {
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("0 {uid} 1"))?;
    fs::write("/proc/self/gid_map", format!("0 {gid} 1"))
}
