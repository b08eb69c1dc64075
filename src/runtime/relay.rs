//! Carries bytes between a program and whoever is attached to it: one loop over poll(2), which
//! supervisors and `exec` share.
//!
//! ```text
//! program ── pipes or terminal ──► Relay ──► log
//!                                    │ ▲
//!                        frames      ▼ │     frames
//!                           owner, attached clients, one-off requests
//! ```
//!
//! Nothing is kept in memory beyond one full [`Outbox`] for each receiver: when one of them does
//! not read, the program's output is not read either, and the program waits.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use rustix::event::{PollFd, PollFlags};

use super::log::{LogWriter, Stream};
use super::peer::{FdWriter, Peer, is_passing, poll_all};
use super::stdio::{Ends, resize};
use super::wire::{Failure, Frame, Kind, Outbox, Reply, Request, Start};

/// How much output is read at once: what a pipe holds by default (pipe(7)).
const CHUNK: usize = 64 * 1024;

/// How long the start of a line may wait for its end before the log shows it.
const PATIENCE: Duration = Duration::from_millis(200);

/// `SIGKILL`.
const KILL: i32 = 9;

/// The program whose bytes are carried.
pub(super) trait Program {
    /// Readable when it has ended.
    fn pidfd(&self) -> BorrowedFd<'_>;
    /// Sends it a signal.
    fn signal(&self, signal: i32) -> io::Result<()>;
    /// Lets it and all it started rest, or go on; returns its control groups as they are then, none
    /// where nothing changed.
    fn rest(&mut self, rest: bool) -> io::Result<Option<Vec<PathBuf>>>;
}

/// Notes that the program rests, or goes on, and in which control groups it is.
pub(super) type NoteRest = Box<dyn FnMut(bool, Vec<PathBuf>) -> io::Result<()> + Send>;

/// Connects the container to a network while it runs, or takes it out of one.
pub(super) type ChangeNetworks = Box<dyn FnMut(Request) -> Result<(), Failure> + Send>;

/// Someone on a control connection.
#[derive(Debug)]
pub(super) struct Client {
    pub peer: Peer,
    /// Wants the output.
    pub attached: bool,
    /// Wants to know the exit code.
    pub waits: bool,
    /// The program is killed when this one leaves without a word.
    pub owns: bool,
    /// The end of what this one types is the end of the program's input.
    pub ends_input: bool,
}

impl Client {
    /// The one who started the program and watches it.
    pub fn starter(peer: Peer, start: &Start) -> Self {
        Self {
            peer,
            attached: !start.passthrough,
            waits: true,
            owns: start.owns,
            ends_input: start.owns,
        }
    }

    fn guest(peer: Peer) -> Self {
        Self {
            peer,
            attached: false,
            waits: false,
            owns: false,
            ends_input: false,
        }
    }
}

/// The loop and what it polls.
pub(super) struct Relay<P> {
    program: P,
    stdin: Option<OwnedFd>,
    outputs: Vec<(Stream, Option<OwnedFd>)>,
    terminal: Option<OwnedFd>,
    input: Outbox,
    input_ends: bool,
    stdin_once: bool,
    clients: Vec<Client>,
    listener: Option<UnixListener>,
    log: Option<LogWriter<File>>,
    note_rest: Option<NoteRest>,
    change_networks: Option<ChangeNetworks>,
    kept: bool,
    buffer: Vec<u8>,
}

#[derive(Clone, Copy)]
enum Source {
    Exit,
    Listener,
    Input,
    Output(usize),
    Client(usize),
}

impl<P: Program> Relay<P> {
    pub fn new(program: P, ends: Ends) -> io::Result<Self> {
        for fd in ends
            .stdin
            .iter()
            .chain(ends.outputs.iter().map(|(_, fd)| fd))
        {
            rustix::io::ioctl_fionbio(fd, true)?;
        }
        let outputs = ends.outputs.into_iter();
        let outputs = outputs.map(|(stream, fd)| (stream, Some(fd))).collect();
        Ok(Self {
            program,
            stdin: ends.stdin,
            outputs,
            terminal: ends.terminal,
            input: Outbox::default(),
            input_ends: false,
            stdin_once: false,
            clients: Vec::new(),
            listener: None,
            log: None,
            note_rest: None,
            change_networks: None,
            kept: false,
            buffer: Vec::new(),
        })
    }

    pub fn add(&mut self, client: Client) {
        self.clients.push(client);
    }

    pub fn listen(&mut self, listener: UnixListener) -> io::Result<()> {
        listener.set_nonblocking(true)?;
        self.listener = Some(listener);
        Ok(())
    }

    /// Lets anybody who is attached end the program's input.
    pub fn input_ends_once(&mut self) {
        self.stdin_once = true;
    }

    pub fn log_to(&mut self, file: File) {
        self.log = Some(LogWriter::new(file));
    }

    /// Says who connects the container to networks while it runs.
    pub fn change_networks_with(&mut self, change: ChangeNetworks) {
        self.change_networks = Some(change);
    }

    pub fn note_rest_with(&mut self, note: NoteRest) {
        self.note_rest = Some(note);
    }

    /// Whether someone will start the container again, so that it is not to be removed.
    pub fn is_kept(&self) -> bool {
        self.kept
    }

    /// Carries until the program has ended and everything it wrote is in the log and on its way.
    pub fn run(&mut self) -> io::Result<()> {
        self.buffer = vec![0; CHUNK];
        loop {
            let mut exited = false;
            for (source, flags) in self.wait()? {
                match source {
                    Source::Exit => exited = true,
                    Source::Listener => self.accept(),
                    Source::Input => self.write_input(),
                    Source::Output(index) => drop(self.read_output(index)),
                    Source::Client(index) => self.serve(index, flags),
                }
            }
            self.clients.retain(|client| !client.peer.is_closed());
            if exited {
                self.drain();
                return Ok(());
            }
        }
    }

    /// Returns the program, to be asked how it ended.
    pub fn program(&mut self) -> &mut P {
        &mut self.program
    }

    /// Tells everyone who waits, and returns when they have heard it or are gone.
    pub fn say_exit(&mut self, code: i32) {
        self.listener = None;
        for client in &mut self.clients {
            if client.attached || client.waits {
                client.peer.outbox.message(&Reply::Exit { code });
            }
            client.peer.flush();
        }
        for client in &mut self.clients {
            // One who was killed meanwhile need not hear.
            let _ = client.peer.flush_all();
        }
        self.clients.clear();
    }

    /// Waits until something can be done, and says what.
    fn wait(&mut self) -> io::Result<Vec<(Source, PollFlags)>> {
        let sources = self.sources();
        let waiting = self.log.as_ref().is_some_and(LogWriter::is_waiting);
        let mut fds: Vec<_> = sources
            .iter()
            .map(|&(source, flags)| PollFd::from_borrowed_fd(self.fd(source), flags))
            .collect();
        poll_all(&mut fds, waiting.then_some(PATIENCE))?;
        let ready: Vec<_> = sources
            .iter()
            .zip(&fds)
            .map(|(&(source, _), fd)| (source, fd.revents()))
            .filter(|(_, flags)| !flags.is_empty())
            .collect();
        if ready.is_empty() && waiting {
            self.log(|log, now| log.flush(false, now));
        }
        Ok(ready)
    }

    fn sources(&self) -> Vec<(Source, PollFlags)> {
        let mut sources = vec![(Source::Exit, PollFlags::IN)];
        if self.listener.is_some() {
            sources.push((Source::Listener, PollFlags::IN));
        }
        if self.stdin.is_some() && !self.input.is_empty() {
            sources.push((Source::Input, PollFlags::OUT));
        }
        let slow = |client: &Client| client.attached && client.peer.outbox.is_full();
        if !self.clients.iter().any(slow) {
            let open = self
                .outputs
                .iter()
                .enumerate()
                .filter(|(_, (_, fd))| fd.is_some());
            sources.extend(open.map(|(index, _)| (Source::Output(index), PollFlags::IN)));
        }
        let room = !self.input.is_full();
        let clients = self.clients.iter().enumerate();
        sources.extend(clients.map(|(i, client)| (Source::Client(i), client.peer.interest(room))));
        sources
    }

    fn fd(&self, source: Source) -> BorrowedFd<'_> {
        let there = "only what is there is polled";
        match source {
            Source::Exit => self.program.pidfd(),
            Source::Listener => self.listener.as_ref().expect(there).as_fd(),
            Source::Input => self.stdin.as_ref().expect(there).as_fd(),
            Source::Output(index) => self.outputs[index].1.as_ref().expect(there).as_fd(),
            Source::Client(index) => self.clients[index].peer.as_fd(),
        }
    }

    fn accept(&mut self) {
        let Some(listener) = &self.listener else {
            return;
        };
        // A caller that is gone again already is no one to serve.
        if let Ok(peer) = listener.accept().and_then(|(socket, _)| Peer::new(socket)) {
            self.clients.push(Client::guest(peer));
        }
    }

    fn write_input(&mut self) {
        let Some(stdin) = &self.stdin else {
            return;
        };
        let written = self.input.flush(FdWriter(stdin.as_fd()));
        if written.is_err() || (self.input_ends && self.input.is_empty()) {
            self.input.clear();
            self.stdin = None;
        }
    }

    /// Reads one chunk of output; false when there is none right now or ever again.
    fn read_output(&mut self, index: usize) -> bool {
        let (stream, Some(fd)) = &self.outputs[index] else {
            return false;
        };
        let stream = *stream;
        match rustix::io::read(fd, &mut self.buffer) {
            Ok(count) if count > 0 => {
                self.pass_on(stream, count);
                return true;
            }
            Err(errno) if is_passing(&errno.into()) => {}
            // The end. A terminal's master says EIO instead once nobody has the terminal open.
            Ok(_) | Err(_) => self.outputs[index].1 = None,
        }
        false
    }

    fn pass_on(&mut self, stream: Stream, count: usize) {
        let kind = match stream {
            Stream::Stdout => Kind::Stdout,
            Stream::Stderr => Kind::Stderr,
        };
        let bytes = std::mem::take(&mut self.buffer);
        for client in self.clients.iter_mut().filter(|client| client.attached) {
            client.peer.outbox.frame(kind, &bytes[..count]);
            client.peer.flush();
        }
        self.log(|log, now| log.write(stream, &bytes[..count], now));
        self.buffer = bytes;
    }

    /// The program and with it everything in its PID namespace is gone: what is in the pipes now
    /// is all there will be.
    fn drain(&mut self) {
        for index in 0..self.outputs.len() {
            while self.read_output(index) {}
        }
        self.log(|log, now| log.flush(true, now));
    }

    fn log(&mut self, write: impl FnOnce(&mut LogWriter<File>, Timestamp) -> io::Result<()>) {
        if let Some(log) = &mut self.log {
            // On a full disk the log has a hole; the program must not suffer for it.
            let _ = write(log, Timestamp::now());
        }
    }

    fn serve(&mut self, index: usize, flags: PollFlags) {
        let client = &mut self.clients[index];
        if flags.contains(PollFlags::OUT) {
            client.peer.flush();
        }
        if flags.intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR) {
            client.peer.read();
        }
        while let Some(frame) = self.clients[index].peer.next() {
            self.obey(index, &frame);
        }
        let client = &mut self.clients[index];
        if client.peer.is_closed() && client.owns {
            client.owns = false;
            // It may have ended by itself in this moment.
            let _ = self.program.signal(KILL);
        }
    }

    fn obey(&mut self, index: usize, frame: &Frame) {
        let client = &mut self.clients[index];
        match frame.kind {
            Kind::Stdin if frame.payload.is_empty() => {
                if client.ends_input || self.stdin_once {
                    self.end_input();
                }
            }
            Kind::Stdin => {
                if self.stdin.is_some() {
                    self.input.raw(&frame.payload);
                    self.write_input();
                }
            }
            Kind::Message => match frame.message() {
                Ok(Request::Attach) => client.attached = true,
                Ok(Request::Wait) => client.waits = true,
                Ok(Request::Detach) => {
                    client.owns = false;
                    client.attached = false;
                }
                Ok(Request::Resize(size)) => {
                    if let Some(terminal) = &self.terminal {
                        resize(terminal, size);
                    }
                }
                Ok(Request::Signal { signal }) => {
                    // The program may be ending in this moment; whoever asked sees that next.
                    let _ = self.program.signal(signal);
                    client.peer.outbox.message(&Reply::Done);
                    client.peer.flush();
                }
                Ok(Request::Pause) => self.rest(index, true),
                Ok(Request::Unpause) => self.rest(index, false),
                Ok(Request::Keep) => self.kept = true,
                Ok(change @ (Request::Connect { .. } | Request::Disconnect { .. })) => {
                    self.change_networks(index, change);
                }
                // A second start, or a newer strata's request.
                Ok(Request::Start(_)) | Err(_) => {}
            },
            // Output goes the other way only.
            Kind::Stdout | Kind::Stderr => {}
        }
    }

    fn rest(&mut self, index: usize, rest: bool) {
        let done = self.program.rest(rest).and_then(|groups| {
            let note = self.note_rest.as_mut().zip(groups);
            note.map_or(Ok(()), |(note, groups)| note(rest, groups))
        });
        let reply = done.map_or_else(
            |error| Reply::Failed {
                failure: Failure::Files {
                    error: error.to_string(),
                },
            },
            |()| Reply::Done,
        );
        let peer = &mut self.clients[index].peer;
        peer.outbox.message(&reply);
        peer.flush();
    }

    fn change_networks(&mut self, index: usize, change: Request) {
        let done = self.change_networks.as_mut().map(|it| it(change));
        let reply = match done {
            Some(Err(failure)) => Reply::Failed { failure },
            Some(Ok(())) | None => Reply::Done,
        };
        let peer = &mut self.clients[index].peer;
        peer.outbox.message(&reply);
        peer.flush();
    }

    /// Half-closes: the program reads what was sent and then the end. A terminal has no end of
    /// input but its end-of-file character, which the program may have turned off.
    fn end_input(&mut self) {
        if self.terminal.is_none() {
            self.input_ends = true;
            self.write_input();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixStream;
    use std::process::{Child, Command, Stdio};

    /// An ordinary child in a container's place.
    struct Ordinary {
        child: Child,
        pidfd: OwnedFd,
    }

    impl Program for Ordinary {
        fn pidfd(&self) -> BorrowedFd<'_> {
            self.pidfd.as_fd()
        }
        fn signal(&self, signal: i32) -> io::Result<()> {
            let signal = rustix::process::Signal::from_named_raw(signal).expect("a named signal");
            Ok(rustix::process::pidfd_send_signal(&self.pidfd, signal)?)
        }
        fn rest(&mut self, rest: bool) -> io::Result<Option<Vec<PathBuf>>> {
            self.signal(if rest { 19 } else { 18 })?;
            Ok(None)
        }
    }

    fn start(script: &str) -> (Relay<Ordinary>, Peer) {
        let mut child = Command::new("/bin/sh")
            .args(["-c", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let pid = rustix::process::Pid::from_child(&child);
        let pidfd = rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).unwrap();
        let ends = Ends {
            stdin: Some(child.stdin.take().unwrap().into()),
            outputs: vec![
                (Stream::Stdout, child.stdout.take().unwrap().into()),
                (Stream::Stderr, child.stderr.take().unwrap().into()),
            ],
            terminal: None,
        };
        let mut relay = Relay::new(Ordinary { child, pidfd }, ends).unwrap();
        let (here, there) = UnixStream::pair().unwrap();
        relay.add(Client {
            peer: Peer::new(there).unwrap(),
            attached: true,
            waits: true,
            owns: true,
            ends_input: true,
        });
        (relay, Peer::new(here).unwrap())
    }

    fn finish(mut relay: Relay<Ordinary>) -> std::process::ExitStatus {
        relay.run().unwrap();
        let status = relay.program().child.wait().unwrap();
        relay.say_exit(0);
        status
    }

    fn collect(peer: &mut Peer, kind: Kind) -> Vec<u8> {
        let mut bytes = Vec::new();
        while let Some(frame) = peer.wait_frame(None).unwrap() {
            if frame.kind == kind {
                bytes.extend(frame.payload);
            }
        }
        bytes
    }

    #[test]
    fn input_is_half_closed_and_output_arrives_whole() {
        let (relay, mut peer) = start("cat; echo end");
        let text = vec![b'x'; 700_000];
        let sent = text.clone();
        let relaying = std::thread::spawn(move || finish(relay));
        let mut writer = Peer::new(peer_socket(&peer)).unwrap();
        let writing = std::thread::spawn(move || {
            for chunk in sent.chunks(30_000) {
                writer.outbox.frame(Kind::Stdin, chunk);
                writer.flush_all().unwrap();
            }
            writer.outbox.frame(Kind::Stdin, b"");
            writer.flush_all().unwrap();
        });
        let found = collect(&mut peer, Kind::Stdout);
        writing.join().unwrap();
        assert!(relaying.join().unwrap().success());
        assert_eq!(found, [&text[..], b"end\n"].concat());
    }

    fn peer_socket(peer: &Peer) -> UnixStream {
        UnixStream::from(peer.as_fd().try_clone_to_owned().unwrap())
    }

    #[test]
    fn both_streams_are_logged_to_the_last_byte() {
        let (mut relay, peer) = start("seq 1 20000; echo oops >&2; printf end");
        let mut log = tempfile::NamedTempFile::new().unwrap();
        relay.log_to(log.as_file_mut().try_clone().unwrap());
        let reading = std::thread::spawn(move || {
            let mut peer = peer;
            collect(&mut peer, Kind::Stdout)
        });
        finish(relay);
        let shown = reading.join().unwrap();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut file = io::BufReader::new(File::open(log.path()).unwrap());
        super::super::log::LogPrinter::new(super::super::log::Show::default(), &mut out, &mut err)
            .print_all(&mut file)
            .unwrap();
        assert!(out.starts_with(b"1\n2\n") && out.ends_with(b"20000\nend"));
        assert_eq!((out, err), (shown, b"oops\n".to_vec()));
    }

    #[test]
    fn the_program_dies_with_its_owner() {
        let (relay, peer) = start("sleep 60");
        drop(peer);
        let status = finish(relay);
        assert_eq!(
            std::os::unix::process::ExitStatusExt::signal(&status),
            Some(9)
        );
    }

    #[test]
    fn the_program_outlives_an_owner_who_detached() {
        let (relay, mut peer) = start("read x; sleep 0.2; exit 5");
        peer.outbox.message(&Request::Detach);
        peer.outbox.frame(Kind::Stdin, b"go\n");
        peer.flush_all().unwrap();
        drop(peer);
        assert_eq!(finish(relay).code(), Some(5));
    }

    #[test]
    fn a_signal_is_passed_on_and_answered() {
        let (relay, mut peer) = start("sleep 60");
        peer.outbox.message(&Request::Signal { signal: 15 });
        peer.flush_all().unwrap();
        let status = finish(relay);
        assert_eq!(peer.wait_reply(None).unwrap(), Some(Reply::Done));
        assert_eq!(
            std::os::unix::process::ExitStatusExt::signal(&status),
            Some(15)
        );
    }

    #[test]
    fn output_rests_while_a_client_does_not_read() {
        let (relay, mut peer) = start("head -c 3000000 /dev/zero");
        let relaying = std::thread::spawn(move || finish(relay));
        std::thread::sleep(Duration::from_millis(300));
        assert!(
            !relaying.is_finished(),
            "three megabytes fit into no buffer"
        );
        assert_eq!(collect(&mut peer, Kind::Stdout).len(), 3_000_000);
        assert!(relaying.join().unwrap().success());
    }
}
