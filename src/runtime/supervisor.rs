//! A container's supervisor: a small process that launches it, holds its streams, writes its log,
//! listens on its control socket, forwards its published ports and records its end. Killing it ends the container too, because
//! the kernel then kills PID 1 (parent-death signal).

use std::ffi::{OsStr, OsString};
use std::fs::{File, OpenOptions};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::BorrowedFd;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use nix::libc;

use super::again::Starts;
use super::checkup::Checkup;
use super::connections::{Connections, Prepared};
use super::container_error::ContainerError;
use super::containers::{ContainerConfig, ContainerFolder, Containers};
use super::enter::complete_entry;
use super::failure::What;
use super::forwarding::Forwarder;
use super::launch::{Exit, LaunchError, Note, Running, Stdio, launch_with, network_ahead};
use super::listening::{Listener, listen_for};
use super::names::ContainerId;
use super::network::Making;
use super::networks::Networks;
use super::peer::Peer;
use super::ports::Published;
use super::relay::{ChangeNetworks, Client, NoteRest, Program, Relay};
use super::remove_tree::remove_tree;
use super::signals::signal_number;
use super::spec::{Network, Rootfs};
use super::state::{self, Exited};
use super::stdio::{Ends, let_go_of_stdio, own_stdio, pipes};
use super::wire::{Failure, Reply, Request, Start};
use super::{beside, enter, sys};
use crate::language::Language;

/// The hidden verb.
pub(super) const VERB: &str = "__supervise";

/// How long `ps` may hold the lock of a container to see whether it is alive; much shorter in
/// practice.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);

/// Plays `__supervise ROOT ID`.
pub(super) fn main(arguments: &[OsString]) -> ExitCode {
    // Only someone who types the hidden verb gets it wrong, and has no channel to be told on.
    let [root, id] = arguments else {
        return ExitCode::from(125);
    };
    let Some(id) = id.to_str().and_then(ContainerId::parse) else {
        return ExitCode::from(125);
    };
    // Before Linux 5.9 what was inherited stays open; nothing depends on it.
    let _ = sys::close_inherited();
    let Ok(channel) = complete_entry() else {
        return ExitCode::from(125);
    };
    let Ok(owner) = Peer::new(channel) else {
        return ExitCode::from(125);
    };
    // While the starter still describes the container.
    let network = network_ahead();
    supervise(root, &id, owner, network);
    ExitCode::SUCCESS
}

fn supervise(root: &OsStr, id: &ContainerId, mut owner: Peer, network: Option<Making>) {
    let Some(start) = receive_start(&mut owner) else {
        return;
    };
    let mut container = match Container::open(root, id) {
        Ok(container) => container,
        Err(failure) => return refuse(owner, failure),
    };
    let started = container.launch(&start, network);
    let (running, ends, notes) = match started {
        Ok(started) => started,
        Err(failure) => {
            let again = (start.may_copy && failure.is_overlay()) || failure.is_passing();
            container.record_failure(&failure, start.remove_on_failure, again);
            return refuse(owner, failure);
        }
    };
    if start.passthrough {
        let_go_of_stdio();
    }
    match container.relay(running, ends, &start, None) {
        Ok(relay) => container.carry(relay, owner, &start, notes),
        Err(error) => {
            let failure = files(&error);
            container.record_failure(&failure, start.remove_on_failure, false);
            refuse(owner, failure);
        }
    }
}

fn receive_start(owner: &mut Peer) -> Option<Start> {
    // Whoever started us and is gone already wants nothing any more.
    let frame = owner.wait_frame(None).ok()??;
    match frame.message().ok()? {
        Request::Start(start) => Some(start),
        _ => None,
    }
}

pub(super) fn refuse(mut owner: Peer, failure: Failure) {
    owner.outbox.message(&Reply::Failed { failure });
    // Nobody is left to tell if this fails.
    let _ = owner.flush_all();
}

pub(super) fn files(error: &dyn std::error::Error) -> Failure {
    let mut text = error.to_string();
    if let Some(source) = error.source() {
        let source = source.to_string();
        if !text.contains(&source) {
            text = format!("{text}: {source}");
        }
    }
    Failure::Files { error: text }
}

/// The container that is supervised; the lock says that it is.
pub(super) struct Container {
    containers: Containers,
    pub(super) folder: ContainerFolder,
    pub(super) config: ContainerConfig,
    pub(super) starts: Starts,
    pub(super) checkup: Option<Checkup>,
    stopped: bool,
    lock: Option<File>,
    /// What it says of its network and its ports, and who carries what comes there.
    connections: Arc<Mutex<Connections>>,
    published: Vec<Published>,
    forwarder: Option<Forwarder>,
}

impl Container {
    fn open(root: &OsStr, id: &ContainerId) -> Result<Self, Failure> {
        let containers = Containers::new(Path::new(root));
        let folder = containers.folder(id);
        let lock = lock(&folder)?;
        let mut config = folder.config().map_err(|error| files(&error))?;
        // The lock is ours, so a record that says "running" is one of a killed supervisor.
        config.record = folder.record_as_written().map_err(|error| files(&error))?;
        config.record.state = config.record.state.settled(Timestamp::now());
        // The store may have moved since.
        match &mut config.spec.rootfs {
            Rootfs::Overlay { lower, .. } => config.spec.rootfs = folder.rootfs(lower.clone()),
            Rootfs::Folder(copied) if copied.ends_with(folder.copied_in_store()) => {
                *copied = folder.copied();
            }
            Rootfs::Folder(_) => {}
        }
        let rootless = enter::facts().is_none_or(|facts| facts.rootless);
        let connections = Connections::new(Networks::new(&containers), &config, rootless);
        containers.place_volumes(&mut config.spec);
        Ok(Self {
            containers,
            folder,
            connections: Arc::new(Mutex::new(connections)),
            config,
            starts: Starts::default(),
            checkup: None,
            stopped: false,
            lock: Some(lock),
            published: Vec::new(),
            forwarder: None,
        })
    }

    pub(super) fn launch(
        &mut self,
        start: &Start,
        network: Option<Making>,
    ) -> Result<(Running, Ends, Vec<Note>), Failure> {
        // Before anything else: a port that is taken leaves nothing to undo.
        let listeners = listen_for(&self.config.publish).map_err(Failure::Port)?;
        let (stdio, ends) = self.stdio(start).map_err(|error| files(&error))?;
        self.config.spec.process.terminal_size = start.size.map(|size| (size.rows, size.columns));
        let prepared = self.connect(network)?;
        let spec = &self.config.spec;
        let mut running = launch_with(spec, stdio, prepared.network).map_err(Failure::Launch)?;
        let mut notes = running.notes().to_vec();
        notes.extend(prepared.notes);
        notes.extend(self.forward(listeners, &mut running)?);
        let Some(terminal) = running.terminal() else {
            return Ok((running, ends, notes));
        };
        let ends = Ends::of_terminal(terminal).map_err(|error| files(&error))?;
        Ok((running, ends, notes))
    }

    /// Finds or connects the network that it is to have.
    fn connect(&mut self, ahead: Option<Making>) -> Result<Prepared, Failure> {
        let mut prepared = Prepared {
            network: ahead,
            notes: Vec::new(),
        };
        if !enter::facts().is_some_and(|facts| facts.network) {
            return Ok(prepared);
        }
        match &self.config.spec.network {
            Network::Container(other) => prepared.network = Some(self.network_of(other)?),
            Network::Bridge | Network::Named(_) | Network::Default => {
                let mut connections = connections(&self.connections);
                prepared = connections
                    .prepare(&mut self.config, prepared.network)
                    .map_err(Failure::Network)?;
            }
            Network::Loopback | Network::Host => {}
        }
        Ok(prepared)
    }

    /// Opens the network of another container.
    fn network_of(&self, other: &ContainerId) -> Result<Making, Failure> {
        match beside::network(&self.containers, other) {
            Ok(namespace) => Ok(Making::Made(namespace)),
            Err(ContainerError::NetworkStopped { id }) => Err(Failure::NetworkStopped(id)),
            Err(error) => Err(files(&error)),
        }
    }

    /// Carries what comes to the container's published ports from now on. Who came before is
    /// waiting.
    fn forward(
        &mut self,
        listeners: Vec<Listener>,
        running: &mut Running,
    ) -> Result<Option<Note>, Failure> {
        if listeners.is_empty() {
            return Ok(None);
        }
        let Some(namespace) = running.network() else {
            return Ok(Some(Note::PortsDiscarded));
        };
        let published = listeners.iter().map(|it| it.published).collect();
        let endpoints = connections(&self.connections);
        let mut targets: Vec<IpAddr> = endpoints
            .endpoints()
            .iter()
            .map(|it| it.address.into())
            .collect();
        if targets.is_empty() {
            targets = vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        }
        let forwarder = Forwarder::start(listeners, namespace, targets)
            .map_err(|error| Failure::Launch(LaunchError::setup(What::Network, "", &error)))?;
        (self.published, self.forwarder) = (published, Some(forwarder));
        Ok(None)
    }

    fn stdio(&self, start: &Start) -> io::Result<(Stdio, Ends)> {
        if self.config.spec.process.terminal {
            return Ok((Stdio::default(), Ends::default()));
        }
        if start.passthrough {
            return Ok((own_stdio(start.stdin)?, Ends::default()));
        }
        pipes(self.config.open_stdin)
    }

    pub(super) fn relay(
        &mut self,
        running: Running,
        ends: Ends,
        start: &Start,
        listener: Option<UnixListener>,
    ) -> Result<Relay<Running>, ContainerError> {
        let path = self.folder.path().to_owned();
        let failed = |what| ContainerError::io(what, &path);
        let (init, cgroups) = (running.pid(), running.cgroup().folders().to_vec());
        let mut relay = Relay::new(running, ends).map_err(failed("read from"))?;
        if !start.passthrough {
            let log = OpenOptions::new()
                .create(true)
                .append(true)
                .open(self.folder.log());
            relay.log_to(log.map_err(failed("open the log of"))?);
        }
        if self.config.stdin_once {
            relay.input_ends_once();
        }
        relay.note_rest_with(note_rest(self.folder.clone()));
        let shared = Arc::clone(&self.connections);
        relay.change_networks_with(change_networks(self.folder.clone(), shared, init));
        if let Some(path) = &self.config.pid_file {
            std::fs::write(path, init.to_string()).map_err(ContainerError::io("write", path))?;
        }
        self.hear(&mut relay);
        let listener = match listener {
            Some(listener) => listener,
            None => self.listener().map_err(failed("listen in"))?,
        };
        relay.listen(listener).map_err(failed("listen in"))?;
        let running = state::Running {
            supervisor: std::process::id(),
            init,
            started: Timestamp::now(),
            cgroups,
            endpoints: connections(&self.connections).endpoints().to_vec(),
            published: std::mem::take(&mut self.published),
            exposed: self.config.exposed.clone(),
            paused: false,
        };
        let state = self.config.record.state.started(running);
        let state = state.expect("settled above, so it did not run");
        self.config.record.state = state.clone();
        let restarts = self.starts.again;
        self.folder.change_record(|record| {
            record.state = state;
            record.restarts = restarts;
            record.health = None;
            record.stopped = false;
        })?;
        self.begin_checkup();
        Ok(relay)
    }

    /// Begins to look how healthy it is, if that was asked for.
    fn begin_checkup(&mut self) {
        if self.config.health.is_none() {
            return;
        }
        // On a full disk it runs without being looked after.
        if self.folder.begin_health().is_ok() {
            self.checkup = Checkup::begin(&self.containers, &self.config.record.id).ok();
        }
    }

    /// Says which signals end it for good, whatever its restart policy is.
    pub(super) fn hear<P: Program>(&self, relay: &mut Relay<P>) {
        relay.stops_by(&[libc::SIGINT, libc::SIGQUIT, libc::SIGTERM]);
        if let Ok(own) = signal_number(&self.config.stop_signal) {
            relay.stops_by(&[own]);
        }
    }

    fn listener(&self) -> io::Result<UnixListener> {
        let (_folder, path) = self.folder.control_socket().map_err(io::Error::other)?;
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        UnixListener::bind(&path)
    }

    /// Carries the container's bytes until its end, and records that.
    fn carry(
        mut self,
        mut relay: Relay<Running>,
        mut owner: Peer,
        start: &Start,
        notes: Vec<Note>,
    ) {
        owner.outbox.message(&Reply::Started { notes });
        owner.flush();
        if start.attach {
            relay.add(Client::starter(owner, start));
        } else {
            // Nobody is left to tell if this fails; the container runs all the same.
            let _ = owner.flush_all();
            drop(owner);
        }
        loop {
            // A failing poll leaves nothing to carry with: waiting for the end is what remains.
            let _ = relay.run();
            self.checkup = None;
            // Its ports are free before anyone hears that it ended.
            if let Some(forwarder) = self.forwarder.take() {
                forwarder.finish();
            }
            let code = relay
                .program()
                .wait()
                .map_or(state::LOST_EXIT_CODE, Exit::code);
            relay.settle();
            if !self.runs_again(code, &relay) {
                return self.end(&mut relay, code);
            }
            match self.start_again(relay, code, start) {
                Some(next) => relay = next,
                None => return,
            }
        }
    }

    /// Records an end that is the last, and says so.
    pub(super) fn end<P: Program>(&mut self, relay: &mut Relay<P>, code: i32) {
        self.stopped = relay.is_stopped();
        let remove = self.config.record.auto_remove && !relay.is_kept();
        let trees = self.record_exit(code, None, remove);
        relay.say_exit(code);
        remove_all(&trees);
        self.sweep_network();
    }

    /// Records a start that came to nothing; `again` keeps the container for another one.
    pub(super) fn record_failure(&mut self, failure: &Failure, remove: bool, again: bool) {
        self.forwarder = None;
        let (code, error) = match failure {
            Failure::Launch(error) => (error.exit_code(), error.to_string()),
            Failure::Files { error } => (125, error.clone()),
            Failure::Port(port) => (125, port.message(Language::En)),
            Failure::NetworkStopped(id) => {
                let error = ContainerError::NetworkStopped { id: id.clone() };
                (125, error.to_string())
            }
            Failure::Network(error) => (125, error.to_string()),
            Failure::Running => return,
        };
        let remove = !again && (remove || self.config.record.auto_remove);
        remove_all(&self.record_exit(code, Some(error), remove));
        connections(&self.connections).sweep();
    }

    /// Gives its addresses back.
    pub(super) fn leave_network(&self) {
        connections(&self.connections).leave();
    }

    /// Takes bridges away that it was the last one in.
    pub(super) fn sweep_network(&self) {
        connections(&self.connections).sweep();
    }

    /// Records the end, or takes the container out of the store, with its volumes that have no name,
    /// and returns the trees to remove. Then lets go of the lock, so that whoever hears of the end
    /// can start it again.
    fn record_exit(&mut self, code: i32, error: Option<String>, remove: bool) -> Vec<PathBuf> {
        // Whoever hears of the end finds its addresses free; until then the lock says whose they are.
        self.leave_network();
        let exited = Exited {
            code,
            finished: Timestamp::now(),
            error,
        };
        let taken = remove.then(|| self.containers.take_out(&self.config.record.id));
        let mut trees: Vec<PathBuf> = taken.and_then(Result::ok).into_iter().collect();
        if trees.is_empty() {
            // On a full disk the old record stays: it says "running", and as nobody holds the lock
            // it will be read as a lost one.
            let ended = state::Status::Exited(exited);
            let stopped = self.stopped;
            let _ = self.folder.change_record(|record| {
                record.state = ended;
                record.stopped = stopped;
            });
        } else {
            let volumes = self.containers.take_out_anonymous(&self.config.mounts);
            trees.extend(volumes.unwrap_or_default());
        }
        self.lock = None;
        trees
    }
}

/// Removes what a container left.
fn remove_all(trees: &[PathBuf]) {
    for tree in trees {
        // What stays is a leftover that the next start collects.
        let _ = remove_tree(tree);
    }
}

/// Notes in the row of `ps` that a container rests or goes on.
fn note_rest(folder: ContainerFolder) -> NoteRest {
    Box::new(move |rest, cgroups| {
        let note = |record: &mut state::Record| {
            if let state::Status::Running(running) = &mut record.state {
                running.paused = rest;
                running.cgroups = cgroups;
            }
        };
        let noted = folder.change_record(note);
        noted.map(drop).map_err(io::Error::other)
    })
}

/// Returns the connections; a panic elsewhere leaves them as they are.
fn connections(shared: &Mutex<Connections>) -> MutexGuard<'_, Connections> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Connects a container that runs, or takes it out of a network, and notes that in the row of `ps`.
fn change_networks(
    folder: ContainerFolder,
    shared: Arc<Mutex<Connections>>,
    init: u32,
) -> ChangeNetworks {
    Box::new(move |change| {
        let mut connections = connections(&shared);
        let changed = match change {
            Request::Connect { membership } => connections.connect(&membership, init),
            Request::Disconnect { network } => connections.disconnect(&network, init),
            _ => Ok(()),
        };
        let endpoints = connections.endpoints().to_vec();
        let noted = folder.change_record(|record| {
            if let state::Status::Running(running) = &mut record.state {
                running.endpoints = endpoints;
            }
        });
        changed.map_err(Failure::Network)?;
        noted.map(drop).map_err(|error| files(&error))
    })
}

/// Takes the container's lock. `ps` holds it for a moment when it looks whether we live.
fn lock(folder: &ContainerFolder) -> Result<File, Failure> {
    let deadline = Instant::now() + LOCK_PATIENCE;
    loop {
        match folder.try_lock() {
            Ok(Some(lock)) => return Ok(lock),
            Ok(None)
                if folder
                    .record_as_written()
                    .is_ok_and(|r| r.state.is_running()) =>
            {
                return Err(Failure::Running);
            }
            Ok(None) if Instant::now() > deadline => return Err(Failure::Running),
            Ok(None) => std::thread::sleep(Duration::from_millis(2)),
            Err(error) => return Err(files(&error)),
        }
    }
}

impl Program for Running {
    fn pidfd(&self) -> BorrowedFd<'_> {
        Self::pidfd(self)
    }

    fn signal(&self, signal: i32) -> io::Result<()> {
        self.signal(signal)
    }

    fn rest(&mut self, rest: bool) -> io::Result<Option<Vec<PathBuf>>> {
        let changed = if rest { self.pause()? } else { self.unpause()? };
        Ok(changed.then(|| self.cgroup().folders().to_vec()))
    }
}
