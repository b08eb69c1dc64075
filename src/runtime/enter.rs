//! The way into a user and mount namespace: a process that is root in there and can mount, which
//! its face is not. The worker and every supervisor begin so.
//!
//! ```text
//! face                                    strata, again
//!    │ spawn, channel as stdin ───────────►  │ complete_entry
//!    │ Hello (+ the real stdin) ──────────►  │
//!    │                                       │ unshare(user, mount)
//!    │ ◄─────────────────────────── Unshared │ only when there are sub-ids:
//!    │ newuidmap, newgidmap at once          │ they are the parent's to map
//!    │ Mapped ────────────────────────────►  │
//!    │ ◄────────────────────────────── Ready │ root in there
//! ```

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use nix::sched::CloneFlags;
use rustix::process::{Signal, set_parent_process_death_signal};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::probe::{self, IdRange, Mode, NoNamespaces, Overlay};
use super::{frames, sys};
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

    fn setup(what: &str, error: impl Into<io::Error>) -> Self {
        Self::Setup {
            what: what.to_owned(),
            source: error.into(),
        }
    }
}

/// The starter's first message.
#[derive(Debug, Serialize, Deserialize)]
struct Hello {
    way: Way,
    detached: bool,
}

/// How the ids come about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Way {
    Rootful,
    MappedByParent,
    /// The process maps its own id to 0.
    SingleId {
        uid: u32,
        gid: u32,
    },
}

/// What the process inside says.
#[derive(Debug, Serialize, Deserialize)]
enum Progress {
    Unshared,
    Ready,
    Refused { what: String, errno: i32 },
}

/// Starts strata again with `args` inside the namespaces of `mode` and returns when it is root in
/// there. The first thing it does must be [`complete_entry`].
pub fn enter(mode: &Mode, args: &[&OsStr], how: Enter) -> Result<Entered, RuntimeError> {
    let way = match mode {
        Mode::Nothing { reason } => return Err(reason.clone().into()),
        Mode::Rootful => Way::Rootful,
        Mode::SubIds { .. } => Way::MappedByParent,
        Mode::SingleId => Way::SingleId {
            uid: rustix::process::geteuid().as_raw(),
            gid: rustix::process::getegid().as_raw(),
        },
    };
    let (channel, theirs) =
        UnixStream::pair().map_err(|error| RuntimeError::setup("make a socket", error))?;
    let child = spawn(args, how, theirs)?;
    let mut entered = Entered { child, channel };
    let done = entered.accompany(
        mode,
        &Hello {
            way,
            detached: how.detached,
        },
        how.stdio,
    );
    if done.is_err() {
        // It is of no use, and may be gone already.
        let _ = entered.child.kill();
        let _ = entered.child.wait();
    }
    done.map(|()| entered)
}

/// The channel travels as stdin, because that is the one descriptor std hands on without a fork;
/// the real stdin follows on the channel.
fn spawn(args: &[&OsStr], how: Enter, channel: UnixStream) -> Result<Child, RuntimeError> {
    let mut command = Command::new(super::executable());
    command
        .arg0("strata")
        .args(args)
        .stdin(Stdio::from(OwnedFd::from(channel)));
    if how.stdio == EnterStdio::Null {
        command.stdout(Stdio::null()).stderr(Stdio::null());
    }
    command
        .spawn()
        .map_err(|error| RuntimeError::setup("start strata again", error))
}

impl Entered {
    fn accompany(
        &mut self,
        mode: &Mode,
        hello: &Hello,
        stdio: EnterStdio,
    ) -> Result<(), RuntimeError> {
        let talk = |error| RuntimeError::setup("speak with the process inside", error);
        let null;
        let own;
        let stdin: BorrowedFd<'_> = match stdio {
            EnterStdio::Inherit => {
                own = rustix::stdio::stdin();
                own
            }
            EnterStdio::Null => {
                null = fs::File::open("/dev/null").map_err(talk)?;
                null.as_fd()
            }
        };
        frames::send_with_fds(&self.channel, hello, &[stdin]).map_err(talk)?;
        loop {
            match frames::receive(&self.channel).map_err(talk)? {
                Some(Progress::Unshared) => {
                    if let Mode::SubIds { uids, gids } = mode {
                        map_ids(self.child.id(), *uids, *gids)?;
                    }
                    frames::send(&self.channel, &()).map_err(talk)?;
                }
                Some(Progress::Ready) => return Ok(()),
                Some(Progress::Refused { what, errno }) => return Err(refusal(what, errno)),
                None => return Err(RuntimeError::Lost),
            }
        }
    }
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

/// Maps 0 to this user and the rest to the sub-ids, both kinds of ids at once.
fn map_ids(pid: u32, uids: IdRange, gids: IdRange) -> Result<(), RuntimeError> {
    let uid = rustix::process::geteuid().as_raw();
    let gid = rustix::process::getegid().as_raw();
    let users = start_map("newuidmap", pid, uid, uids)?;
    let groups = start_map("newgidmap", pid, gid, gids)?;
    finish_map("newuidmap", users)?;
    finish_map("newgidmap", groups)
}

fn start_map(tool: &str, pid: u32, own: u32, range: IdRange) -> Result<Child, RuntimeError> {
    let program = probe::find_in_path(tool).unwrap_or_else(|| tool.into());
    let numbers = [pid, 0, own, 1, 1, range.start, range.count];
    Command::new(program)
        .args(numbers.map(|number| number.to_string()))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| RuntimeError::setup(tool, error))
}

fn finish_map(tool: &str, child: Child) -> Result<(), RuntimeError> {
    let output = child
        .wait_with_output()
        .map_err(|error| RuntimeError::setup(tool, error))?;
    if output.status.success() {
        return Ok(());
    }
    let output = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(RuntimeError::IdMap {
        tool: tool.to_owned(),
        output,
    })
}

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
    let stdin = fds.into_iter().next().ok_or(RuntimeError::Lost)?;
    rustix::stdio::dup2_stdin(&stdin).map_err(|error| started(error.into()))?;
    let done = go_in(&hello, &channel);
    let progress = match &done {
        Ok(()) => Progress::Ready,
        Err((what, error)) => Progress::Refused {
            what: (*what).to_owned(),
            errno: error.raw_os_error().unwrap_or(nix::libc::EPROTO),
        },
    };
    // A starter that is gone has nobody to be ready for; this process ends with the error.
    frames::send(&channel, &progress).map_err(started)?;
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

fn go_in(hello: &Hello, channel: &UnixStream) -> Result<(), Refusal> {
    let step = |what| move |error: io::Error| (what, error);
    if hello.detached {
        rustix::process::setsid().map_err(|error| ("setsid", error.into()))?;
    }
    let mut namespaces = CloneFlags::CLONE_NEWNS;
    namespaces.set(CloneFlags::CLONE_NEWUSER, hello.way != Way::Rootful);
    sys::unshare(namespaces).map_err(step(UNSHARE))?;
    match hello.way {
        Way::Rootful => {}
        Way::MappedByParent => wait_for_map(channel).map_err(step("wait for the id maps"))?,
        Way::SingleId { uid, gid } => map_self(uid, gid).map_err(step("map the one id"))?,
    }
    sys::make_mounts_private().map_err(step("make mounts private"))?;
    if !hello.detached {
        // Only now: a change of ids would have taken it away (prctl(2)).
        set_parent_process_death_signal(Some(Signal::KILL))
            .map_err(|error| ("prctl", error.into()))?;
    }
    Ok(())
}

fn wait_for_map(channel: &UnixStream) -> io::Result<()> {
    frames::send(channel, &Progress::Unshared)?;
    frames::receive::<()>(channel)?.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

/// The kernel allows a group map without privilege only when setgroups is denied before
/// (`user_namespaces(7)`).
fn map_self(uid: u32, gid: u32) -> io::Result<()> {
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("0 {uid} 1"))?;
    fs::write("/proc/self/gid_map", format!("0 {gid} 1"))
}
