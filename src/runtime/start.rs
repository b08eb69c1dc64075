//! Starting containers and attaching to them, from the face.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::attach::{Attachment, Manner, Outcome, PassOn, Streams, catch_signals, failed};
use super::beside;
use super::child::Child;
use super::container_error::ContainerError;
use super::containers::{ContainerFolder, Containers};
use super::copying::Copying;
use super::enter::{Enter, EnterStdio, Entered, Entering};
use super::hub;
use super::launch::Note;
use super::names::ContainerId;
use super::network_error::NetworkError;
use super::networks::{BRIDGE, Networks};
use super::peer::Peer;
use super::probe::Mode;
use super::spec::Network;
use super::supervisor::VERB;
use super::tty::{is_terminal, size};
use super::wire::{Reply, Request, Size, Start};

/// How often the networks of a user may move while one container is started.
const MOVES: usize = 20;

/// How to start a container.
pub struct StartOptions<'a> {
    /// How namespaces are entered: `probe().mode`.
    pub mode: &'a Mode,
    /// Who watches; none for `-d`.
    pub attach: Option<Attach<'a>>,
    /// Remove the container when its program cannot be started: for `run`, whose failure leaves
    /// nothing behind.
    pub remove_on_failure: bool,
    /// The supervisor, when it was begun before the container was described.
    pub ahead: Option<Ahead>,
}

/// How to watch a container.
pub struct Attach<'a> {
    /// Its bytes.
    pub streams: Streams<'a>,
    /// Whether the container is killed when this process goes without detaching: for `run`.
    pub owns: bool,
    /// Whether `streams` are this process's own stdin, stdout and stderr, so that a container
    /// that needs no log may be given them as they are.
    pub own_stdio: bool,
    /// How keys and signals are dealt with.
    pub manner: Manner,
}

/// A supervisor on its way in, begun while its container is still being described: executing
/// strata and making a network namespace take longer than that. Dropped, it ends by itself.
pub struct Ahead {
    entering: Option<Entering>,
    passthrough: bool,
}

impl Drop for Ahead {
    fn drop(&mut self) {
        if let Some(entering) = self.entering.take() {
            keep(entering.abandon());
        }
    }
}

/// A container that was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// What became of it.
    pub outcome: Outcome,
    /// What was done in a lesser way than asked.
    pub notes: Vec<Note>,
}

/// Processes we started, to be waited for when they have ended: a REPL lives longer than they do.
static CHILDREN: Mutex<Vec<Child>> = Mutex::new(Vec::new());

impl Containers {
    /// Starts a container. Returns when it runs (detached), or when it ended or was detached from.
    ///
    /// # Errors
    ///
    /// [`ContainerError::Launch`] holds docker's 125, 126 and 127.
    pub fn start(
        &self,
        id: &ContainerId,
        options: StartOptions<'_>,
    ) -> Result<Started, ContainerError> {
        self.start_or_copy(id, options, None)
    }

    /// Begins to start the supervisor of a container that will be made next. `auto_remove` and
    /// `tty` are what it will be made with.
    pub fn begin(
        &self,
        id: &ContainerId,
        mode: &Mode,
        attach: Option<&Attach<'_>>,
        (auto_remove, tty): (bool, bool),
    ) -> Result<Ahead, ContainerError> {
        self.supervisor(id, mode, ask(attach, tty).passthrough && auto_remove, None)
    }

    /// Opens the user namespace that a container has to enter because its network is another's.
    fn beside(&self, id: &ContainerId, mode: &Mode) -> Result<Option<OwnedFd>, ContainerError> {
        let config = self.folder(id).config()?;
        if let Network::Container(other) = &config.spec.network {
            return beside::user_namespace(self, other, mode);
        }
        let in_networks = config.networks.iter().any(|it| it.network != BRIDGE);
        let by_hub = in_networks && *mode != Mode::Rootful;
        Ok(by_hub
            .then(|| hub::user_namespace(&Networks::new(self)))
            .flatten())
    }

    /// Like [`start`](Self::start); where overlayfs cannot merge the layers, they are copied.
    pub fn start_or_copy(
        &self,
        id: &ContainerId,
        options: StartOptions<'_>,
        copying: Option<Copying<'_>>,
    ) -> Result<Started, ContainerError> {
        let folder = self.folder(id);
        let record = folder.record()?;
        if !record.state.can_start() {
            return Err(if record.state.is_paused() {
                ContainerError::StartPaused
            } else {
                ContainerError::AlreadyRunning { id: id.clone() }
            });
        }
        let StartOptions { mode, attach, .. } = options;
        let ahead = options.ahead;
        check_terminal(record.tty, attach.as_ref())?;
        let mut start = ask(attach.as_ref(), record.tty);
        // Only what no `logs` will ask for may pass by the log.
        start.passthrough &= record.auto_remove;
        start.remove_on_failure = options.remove_on_failure;
        let caught = catch_signals(record.tty).map_err(failed)?;
        let (peer, notes) = match copying {
            None => self.supervised(id, mode, &start, ahead)?,
            Some(copying) => {
                let started = self.supervised_or_copied(id, mode, &mut start, (copying, ahead));
                started.inspect_err(|error| {
                    let removes = start.remove_on_failure || record.auto_remove;
                    if removes && !matches!(error, ContainerError::AlreadyRunning { .. }) {
                        self.give_up(id);
                    }
                })?
            }
        };
        let Some(attach) = attach else {
            return Ok(Started {
                outcome: Outcome::Started,
                notes,
            });
        };
        let mut streams = attach.streams;
        if start.passthrough {
            streams.stdin = None;
        }
        let outcome = Attachment {
            peer,
            streams,
            tty: record.tty,
            caught,
            pass_on: passing_on(folder, &attach.manner),
            keys: attach.manner.keys,
            interrupts: 0,
        }
        .run()?;
        Ok(Started { outcome, notes })
    }

    /// Attaches to a running container. Its output up to now is in its log.
    pub fn attach(
        &self,
        id: &ContainerId,
        streams: Streams<'_>,
        manner: Manner,
    ) -> Result<Outcome, ContainerError> {
        let folder = self.folder(id);
        let record = folder.record()?;
        if !record.state.is_running() {
            return Err(ContainerError::AttachStopped);
        }
        if record.state.is_paused() {
            return Err(ContainerError::AttachPaused);
        }
        check_stdin(record.tty, &streams)?;
        let caught = catch_signals(record.tty).map_err(failed)?;
        let mut peer = folder.connect()?.ok_or(ContainerError::AttachStopped)?;
        peer.outbox.message(&Request::Attach);
        if let Some(size) = window(&streams) {
            peer.outbox.message(&Request::Resize(size));
        }
        peer.flush_all().map_err(failed)?;
        Attachment {
            peer,
            streams,
            tty: record.tty,
            caught,
            pass_on: passing_on(folder, &manner),
            keys: manner.keys,
            interrupts: 0,
        }
        .run()
    }

    /// Starts a container under a new supervisor. Where the networks of this user moved meanwhile, that
    /// begins anew from where they are.
    fn supervised(
        &self,
        id: &ContainerId,
        mode: &Mode,
        start: &Start,
        ahead: Option<Ahead>,
    ) -> Result<(Peer, Vec<Note>), ContainerError> {
        let mut started = self.supervised_once(id, mode, start, ahead);
        for _ in 0..MOVES {
            match started {
                Err(ContainerError::Network(NetworkError::Elsewhere)) => {
                    started = self.supervised_once(id, mode, start, None);
                }
                done => return done,
            }
        }
        started
    }

    fn supervised_once(
        &self,
        id: &ContainerId,
        mode: &Mode,
        start: &Start,
        ahead: Option<Ahead>,
    ) -> Result<(Peer, Vec<Note>), ContainerError> {
        let ahead = ahead.filter(|ahead| ahead.passthrough == start.passthrough);
        let ahead = match ahead {
            Some(ahead) => ahead,
            None => {
                let other = self.beside(id, mode)?;
                self.supervisor(id, mode, start.passthrough, other)?
            }
        };
        let mut peer = ahead.tell(start)?;
        let notes = wait_started(&mut peer, id, self.folder(id).path())?;
        Ok((peer, notes))
    }

    fn supervised_or_copied(
        &self,
        id: &ContainerId,
        mode: &Mode,
        start: &mut Start,
        (copying, ahead): (Copying<'_>, Option<Ahead>),
    ) -> Result<(Peer, Vec<Note>), ContainerError> {
        if !copying.at_once {
            start.may_copy = true;
            match self.supervised(id, mode, start, ahead) {
                Err(ContainerError::Launch(error)) if error.is_overlay() => {}
                done => return done,
            }
            start.may_copy = false;
        }
        self.copy_layers(id, copying.copy)?;
        self.supervised(id, mode, start, None)
    }

    fn supervisor(
        &self,
        id: &ContainerId,
        mode: &Mode,
        passthrough: bool,
        other: Option<OwnedFd>,
    ) -> Result<Ahead, ContainerError> {
        let arguments = [
            OsStr::new(VERB),
            self.root().as_os_str(),
            OsStr::new(id.as_str()),
        ];
        let stdio = if passthrough {
            EnterStdio::Inherit
        } else {
            EnterStdio::Null
        };
        // Even one that is watched has a session of its own: Ctrl-C is for the container and not
        // for it, and when we go it sees the channel close and can tidy up.
        let how = Enter {
            stdio,
            detached: true,
        };
        let entering =
            Entering::begin_beside(other, mode, &arguments, how).map_err(ContainerError::Enter)?;
        Ok(Ahead {
            entering: Some(entering),
            passthrough,
        })
    }
}

impl Ahead {
    /// Waits until it is inside and tells it what to start.
    fn tell(mut self, start: &Start) -> Result<Peer, ContainerError> {
        let entering = self.entering.take().expect("only this and drop take it");
        let Entered { child, channel } = entering.finish().map_err(ContainerError::Enter)?;
        keep(child);
        let mut peer = Peer::new(channel).map_err(failed)?;
        peer.outbox.message(&Request::Start(start.clone()));
        peer.flush_all().map_err(failed)?;
        Ok(peer)
    }
}

impl ContainerFolder {
    /// Connects to the supervisor; none when there is none.
    pub(super) fn connect(&self) -> Result<Option<Peer>, ContainerError> {
        let (_folder, path) = self.control_socket()?;
        match UnixStream::connect(&path).and_then(Peer::new) {
            Ok(peer) => Ok(Some(peer)),
            Err(error)
                if matches!(
                    error.kind(),
                    std::io::ErrorKind::NotFound | std::io::ErrorKind::ConnectionRefused
                ) =>
            {
                Ok(None)
            }
            Err(error) => Err(ContainerError::io("connect to", self.path())(error)),
        }
    }
}

/// Remembers a process, and waits for those that have ended already.
pub(super) fn keep(child: Child) {
    // A list of children is whole after any panic.
    let mut children = CHILDREN.lock().unwrap_or_else(PoisonError::into_inner);
    children.retain(|child| !child.has_ended());
    children.push(child);
}

pub(super) fn check_terminal(tty: bool, attach: Option<&Attach<'_>>) -> Result<(), ContainerError> {
    attach.map_or(Ok(()), |attach| check_stdin(tty, &attach.streams))
}

fn check_stdin(tty: bool, streams: &Streams<'_>) -> Result<(), ContainerError> {
    match streams.stdin {
        Some(stdin) if tty && !is_terminal(stdin) => Err(ContainerError::NotATerminal),
        _ => Ok(()),
    }
}

/// Puts into words for a supervisor how its container is watched.
pub(super) fn ask(attach: Option<&Attach<'_>>, tty: bool) -> Start {
    let Some(attach) = attach else {
        return Start::default();
    };
    Start {
        attach: true,
        owns: attach.owns,
        passthrough: !tty && can_pass_through(attach),
        stdin: attach.streams.stdin.is_some(),
        remove_on_failure: false,
        may_copy: false,
        size: window(&attach.streams),
    }
}

/// Waits until the program runs; `folder` is named when the supervisor's own files fail it.
pub(super) fn wait_started(
    peer: &mut Peer,
    id: &ContainerId,
    folder: &Path,
) -> Result<Vec<Note>, ContainerError> {
    match peer.wait_reply(None).map_err(failed)? {
        Some(Reply::Started { notes }) => Ok(notes),
        Some(Reply::Failed { failure }) => Err(ContainerError::from_failure(failure, id, folder)),
        _ => Err(ContainerError::SupervisorLost),
    }
}

/// A host's terminal is never handed to a container: without `-t` there is none in there, and with
/// it the container could type into the learner's shell (`ioctl_tty(2)`, TIOCSTI).
fn can_pass_through(attach: &Attach<'_>) -> bool {
    let own = [
        rustix::stdio::stdin(),
        rustix::stdio::stdout(),
        rustix::stdio::stderr(),
    ];
    attach.own_stdio && !own.into_iter().any(is_terminal)
}

/// Returns the size of the terminal the learner sits at.
fn window(streams: &Streams<'_>) -> Option<Size> {
    let stdin = streams.stdin.and_then(size);
    stdin.or_else(|| size(rustix::stdio::stdout()))
}

fn passing_on(folder: ContainerFolder, manner: &Manner) -> Option<PassOn> {
    let pass_on: PassOn = Box::new(move |signal| pass_on(&folder, signal));
    manner.pass_signals.then_some(pass_on)
}

/// Sends a signal by a connection of its own.
fn pass_on(folder: &ContainerFolder, signal: i32) {
    // If it is gone, that is about to be seen.
    if let Ok(Some(mut peer)) = folder.connect() {
        peer.outbox.message(&Request::Signal { signal });
        let _ = peer.flush_all();
        let _ = peer.wait_reply(None);
    }
}
