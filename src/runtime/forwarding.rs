//! Published ports: what arrives at the host's sockets is carried into the container.
//!
//! A socket belongs to the network namespace of the thread that made it, for ever. So one thread
//! of the supervisor, with the host's listeners in hand, joins the container's namespace and stays
//! there: what it accepts still comes from the host, what it connects begins in the container.
//! That needs no address, no route and no helper, and works in every kind of network.
//!
//! ```text
//! host                    the forwarding thread            container
//! client ──► listener ──► accepted  ── flow ──►  socket ──► 127.0.0.1:80
//!                                   ◄── flow ──
//! ```
//!
//! Nothing is kept in memory but what the slower side has not taken, one [`CHUNK`] at most.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::sched::CloneFlags;
use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;
use rustix::net::{SocketType, connect, sockopt};

use super::datagrams::Datagrams;
use super::listening::{Listener, family, never_blocking, raise_open_files};
use super::peer::{is_passing, poll_all};
use super::ports::{Port, Protocol};
use super::sys;

/// How much is read at once.
pub(super) const CHUNK: usize = 64 * 1024;

/// Room for the thread's calls; the bytes it carries are elsewhere.
const STACK: usize = 256 << 10;

/// How long what the container said at its very end may take to reach its clients.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// How long a connection waits for a file descriptor before it is tried again.
const REST: Duration = Duration::from_millis(50);

/// Where in the container connections go: the first of its addresses where someone listens.
pub(super) type Targets = Vec<IpAddr>;

/// The thread that forwards. Dropped, it stops at once.
#[derive(Debug)]
pub(super) struct Forwarder {
    /// Closing it tells the thread that the container has ended.
    life: Option<UnixStream>,
    thread: Option<JoinHandle<()>>,
}

impl Forwarder {
    /// Begins to forward into a network namespace.
    pub fn start(
        listeners: Vec<Listener>,
        namespace: OwnedFd,
        targets: Targets,
    ) -> io::Result<Self> {
        raise_open_files();
        let (life, theirs) = UnixStream::pair()?;
        let (joined, answer) = std::sync::mpsc::sync_channel(1);
        let builder = std::thread::Builder::new()
            .name("ports".to_owned())
            .stack_size(STACK);
        let thread = builder.spawn(move || {
            let inside = sys::join(&namespace, CloneFlags::CLONE_NEWNET);
            drop(namespace);
            let goes_on = inside.is_ok();
            // Whoever asked waits for it.
            let _ = joined.send(inside);
            if goes_on {
                Ports::new(listeners, theirs, targets).run();
            }
        })?;
        answer.recv().map_err(io::Error::other)??;
        Ok(Self {
            life: Some(life),
            thread: Some(thread),
        })
    }

    /// Stops: the host's ports are free when this returns, and what the container had said has
    /// been passed on.
    pub fn finish(mut self) {
        self.stop();
    }

    fn stop(&mut self) {
        self.life = None;
        if let Some(thread) = self.thread.take() {
            // A forwarder that panicked has stopped as well.
            let _ = thread.join();
        }
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What the thread has in hand.
struct Ports {
    life: UnixStream,
    listeners: Vec<(TcpListener, Port)>,
    datagrams: Datagrams,
    pairs: Vec<Pair>,
    targets: Targets,
    buffer: Vec<u8>,
    /// Out of file descriptors: nobody new is let in for a moment.
    rests: bool,
}

#[derive(Clone, Copy)]
enum Source {
    Life,
    Listener(usize),
    Side(usize, Side),
    Datagrams(usize),
}

/// One of the two sockets of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Outside,
    Inside,
}

impl Ports {
    fn new(listeners: Vec<Listener>, life: UnixStream, targets: Targets) -> Self {
        let is_tcp = |it: &Listener| it.published.port.protocol == Protocol::Tcp;
        let (streams, datagrams): (Vec<_>, Vec<_>) = listeners.into_iter().partition(is_tcp);
        let streams = streams.into_iter();
        Self {
            life,
            listeners: streams
                .map(|it| (it.socket.into(), it.published.port))
                .collect(),
            datagrams: Datagrams::new(datagrams, targets.first().copied()),
            pairs: Vec::new(),
            targets,
            buffer: vec![0; CHUNK],
            rests: false,
        }
    }

    fn run(mut self) {
        let mut deadline = None;
        // A failing poll leaves nothing to forward with.
        while let Ok(ready) = self.wait(deadline) {
            for (source, flags) in ready {
                match source {
                    Source::Life => {
                        self.listeners.clear();
                        self.datagrams.close();
                        deadline = Some(Instant::now() + LAST_WORDS);
                    }
                    Source::Listener(index) => self.accept(index),
                    Source::Datagrams(index) => self.datagrams.carry(index, &mut self.buffer),
                    Source::Side(index, side) => {
                        self.pairs[index].serve(side, flags, &self.targets, &mut self.buffer);
                    }
                }
            }
            self.pairs.retain(|pair| !pair.is_done());
            if let Some(deadline) = deadline {
                // Whoever only listened to the container has heard all there will be.
                self.pairs.retain(Pair::has_more_to_say);
                if self.pairs.is_empty() || Instant::now() >= deadline {
                    return;
                }
            }
        }
    }

    fn wait(&mut self, deadline: Option<Instant>) -> io::Result<Vec<(Source, PollFlags)>> {
        let mut timeout = self.datagrams.tidy();
        if std::mem::take(&mut self.rests) {
            timeout = Some(REST);
        }
        let sources = self.sources(timeout == Some(REST), deadline.is_some());
        if let Some(deadline) = deadline {
            timeout = Some(deadline.saturating_duration_since(Instant::now()));
        }
        let mut fds: Vec<_> = sources
            .iter()
            .map(|&(source, flags)| PollFd::from_borrowed_fd(self.fd(source), flags))
            .collect();
        poll_all(&mut fds, timeout)?;
        let flags = fds.iter().map(PollFd::revents);
        let ready = sources.iter().zip(flags);
        Ok(ready
            .filter(|(_, flags)| !flags.is_empty())
            .map(|(&(source, _), flags)| (source, flags))
            .collect())
    }

    /// What to poll. A socket with nothing to do is left out: poll(2) would tell of its hang-up
    /// over and over.
    fn sources(&self, rests: bool, ends: bool) -> Vec<(Source, PollFlags)> {
        let mut sources = Vec::new();
        if !ends {
            sources.push((Source::Life, PollFlags::IN));
        }
        if !rests {
            let listeners = 0..self.listeners.len();
            sources.extend(listeners.map(|index| (Source::Listener(index), PollFlags::IN)));
        }
        let datagrams = 0..self.datagrams.count();
        sources.extend(datagrams.map(|index| (Source::Datagrams(index), PollFlags::IN)));
        for (index, pair) in self.pairs.iter().enumerate() {
            for side in [Side::Outside, Side::Inside] {
                let interest = pair.interest(side);
                if !interest.is_empty() {
                    sources.push((Source::Side(index, side), interest));
                }
            }
        }
        sources
    }

    fn fd(&self, source: Source) -> BorrowedFd<'_> {
        match source {
            Source::Life => self.life.as_fd(),
            Source::Listener(index) => self.listeners[index].0.as_fd(),
            Source::Datagrams(index) => self.datagrams.fd(index),
            Source::Side(index, side) => self.pairs[index].socket(side).as_fd(),
        }
    }

    fn accept(&mut self, index: usize) {
        // None are left when the container has just ended.
        let Some((listener, port)) = self.listeners.get(index) else {
            return;
        };
        let accepted = listener.accept();
        let pair =
            accepted.and_then(|(outside, _)| Pair::open(outside, &self.targets, port.number));
        match pair {
            Ok(pair) => self.pairs.push(pair),
            Err(error) => self.rests = is_out_of_room(&error),
        }
    }
}

fn is_out_of_room(error: &io::Error) -> bool {
    let room = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM];
    room.iter()
        .any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

/// One connection: two sockets and what flows between them.
struct Pair {
    outside: TcpStream,
    inside: TcpStream,
    /// From the host to the container.
    there: Flow,
    /// And back.
    back: Flow,
    port: u16,
    /// Which of the addresses is being connected to; none once one of them answered.
    trying: Option<usize>,
    broken: bool,
}

impl Pair {
    fn open(outside: TcpStream, targets: &[IpAddr], port: u16) -> io::Result<Self> {
        outside.set_nonblocking(true)?;
        let inside = match dial(targets, 0, port) {
            Ok(inside) => inside,
            Err(error) => {
                reset(&outside);
                return Err(error);
            }
        };
        for socket in [&outside, &inside] {
            // What one side sends without delay goes on without one; a dead client is noticed.
            socket.set_nodelay(true)?;
            sockopt::set_socket_keepalive(socket, true)?;
        }
        Ok(Self {
            outside,
            inside,
            there: Flow::default(),
            back: Flow::default(),
            port,
            trying: Some(0),
            broken: false,
        })
    }

    fn socket(&self, side: Side) -> &TcpStream {
        match side {
            Side::Outside => &self.outside,
            Side::Inside => &self.inside,
        }
    }

    fn interest(&self, side: Side) -> PollFlags {
        if self.trying.is_some() {
            return match side {
                Side::Outside => PollFlags::empty(),
                Side::Inside => PollFlags::OUT,
            };
        }
        let (from, to) = match side {
            Side::Outside => (&self.there, &self.back),
            Side::Inside => (&self.back, &self.there),
        };
        let mut flags = PollFlags::empty();
        flags.set(PollFlags::IN, from.wants_bytes());
        flags.set(PollFlags::OUT, to.has_bytes());
        flags
    }

    fn serve(&mut self, side: Side, flags: PollFlags, targets: &[IpAddr], buffer: &mut [u8]) {
        if let Some(index) = self.trying {
            self.answered(index, targets);
            return;
        }
        let done = self.carry(side, flags, buffer);
        if done.is_err_and(|error| !is_passing(&error)) {
            // The one side was reset, so the other is.
            self.broken = true;
            reset(&self.outside);
            reset(&self.inside);
        }
    }

    /// The container's side answered, or refused: then its next address is tried.
    fn answered(&mut self, index: usize, targets: &[IpAddr]) {
        match self.inside.take_error() {
            Ok(None) => self.trying = None,
            Ok(Some(_)) | Err(_) => match dial(targets, index + 1, self.port) {
                Ok(inside) => {
                    self.inside = inside;
                    self.trying = Some(index + 1);
                }
                Err(_) => {
                    // Nobody listens in there: the client hears it as from a closed port.
                    self.broken = true;
                    reset(&self.outside);
                }
            },
        }
    }

    fn carry(&mut self, side: Side, flags: PollFlags, buffer: &mut [u8]) -> io::Result<()> {
        let (from, to) = match side {
            Side::Outside => (&mut self.there, &mut self.back),
            Side::Inside => (&mut self.back, &mut self.there),
        };
        let (here, there) = match side {
            Side::Outside => (&self.outside, &self.inside),
            Side::Inside => (&self.inside, &self.outside),
        };
        if to.has_bytes() && flags.intersects(PollFlags::OUT | PollFlags::HUP | PollFlags::ERR) {
            to.flush(here)?;
        }
        if from.wants_bytes() && flags.intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR) {
            from.carry(here, there, buffer)?;
        }
        Ok(())
    }

    fn is_done(&self) -> bool {
        self.broken || (self.there.is_closed() && self.back.is_closed())
    }

    /// Whether the container's last bytes are still on their way.
    fn has_more_to_say(&self) -> bool {
        self.trying.is_none() && !self.back.is_closed()
    }
}

/// Begins to connect inside, to the address of this number or the next one that can be tried.
fn dial(targets: &[IpAddr], first: usize, port: u16) -> io::Result<TcpStream> {
    let mut last = Errno::CONNREFUSED;
    for &address in targets.get(first..).unwrap_or_default() {
        let target = SocketAddr::new(address, port);
        let dialled = never_blocking(family(address), SocketType::STREAM).and_then(|socket| {
            match connect(&socket, &target) {
                Ok(()) | Err(Errno::INPROGRESS) => Ok(socket),
                Err(errno) => Err(errno),
            }
        });
        match dialled {
            Ok(socket) => return Ok(socket.into()),
            Err(errno) => last = errno,
        }
    }
    Err(last.into())
}

/// Makes the end of a connection a reset, not an orderly close.
fn reset(socket: &TcpStream) {
    // What cannot be reset is closed.
    let _ = sockopt::set_socket_linger(socket, Some(Duration::ZERO));
}

/// Bytes on their way in one direction.
#[derive(Debug, Default)]
struct Flow {
    /// What the receiver has not taken yet.
    waiting: Vec<u8>,
    /// How much of that it has.
    taken: usize,
    /// The sender has said all.
    ended: bool,
    /// The receiver has been told so.
    closed: bool,
}

impl Flow {
    fn wants_bytes(&self) -> bool {
        !self.ended && !self.has_bytes()
    }

    fn has_bytes(&self) -> bool {
        self.taken < self.waiting.len()
    }

    fn is_closed(&self) -> bool {
        self.closed
    }

    /// Reads once and passes on what the receiver takes at once.
    fn carry(
        &mut self,
        mut from: &TcpStream,
        mut to: &TcpStream,
        buffer: &mut [u8],
    ) -> io::Result<()> {
        let count = from.read(buffer)?;
        if count == 0 {
            self.ended = true;
            return self.close(to);
        }
        let mut sent = 0;
        while sent < count {
            match to.write(&buffer[sent..count]) {
                Ok(more) => sent += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.waiting = buffer[sent..count].to_vec();
                    self.taken = 0;
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Passes on what was waiting.
    fn flush(&mut self, mut to: &TcpStream) -> io::Result<()> {
        while self.has_bytes() {
            self.taken += to.write(&self.waiting[self.taken..])?;
        }
        self.waiting = Vec::new();
        self.taken = 0;
        if self.ended { self.close(to) } else { Ok(()) }
    }

    /// Half of the connection closes; the other half may go on for long.
    fn close(&mut self, to: &TcpStream) -> io::Result<()> {
        self.closed = true;
        match to.shutdown(Shutdown::Write) {
            // It is closed already, by the other side.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::listening::listen_for;
    use super::super::ports::publish;
    use super::*;
    use std::fs::File;
    use std::net::{Ipv4Addr, UdpSocket};

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    /// Forwards a free port to one of this namespace: joining one's own needs root, so the loop is
    /// run as it is.
    fn forward(port: u16, protocol: &str) -> (SocketAddr, UnixStream, JoinHandle<()>) {
        let asked = publish(&format!("127.0.0.1::{port}/{protocol}")).unwrap();
        let listeners = listen_for(&asked).unwrap();
        let host = listeners[0].published.host;
        let (life, theirs) = UnixStream::pair().unwrap();
        let ports = Ports::new(listeners, theirs, vec![HERE]);
        (host, life, std::thread::spawn(move || ports.run()))
    }

    fn end(life: UnixStream, thread: JoinHandle<()>) {
        drop(life);
        thread.join().unwrap();
    }

    #[test]
    fn half_of_a_connection_may_close_before_the_answer_comes() {
        let server = TcpListener::bind((HERE, 0)).unwrap();
        let (host, life, thread) = forward(server.local_addr().unwrap().port(), "tcp");
        let answering = std::thread::spawn(move || {
            let (mut stream, _) = server.accept().unwrap();
            let mut said = Vec::new();
            stream.read_to_end(&mut said).unwrap();
            stream
                .write_all(&said.len().to_string().into_bytes())
                .unwrap();
        });
        let mut client = TcpStream::connect(host).unwrap();
        client.write_all(&vec![7; 300_000]).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert_eq!(answer, "300000");
        answering.join().unwrap();
        end(life, thread);
    }

    #[test]
    fn a_reader_that_rests_gets_every_byte_and_memory_stays_small() {
        const SIZE: usize = 8 << 20;
        let server = TcpListener::bind((HERE, 0)).unwrap();
        let (host, life, thread) = forward(server.local_addr().unwrap().port(), "tcp");
        let sending = std::thread::spawn(move || {
            let (mut stream, _) = server.accept().unwrap();
            let bytes: Vec<u8> = (0..=250).cycle().take(SIZE).collect();
            stream.write_all(&bytes).unwrap();
        });
        let mut client = TcpStream::connect(host).unwrap();
        let mut first = [0; 1];
        client.read_exact(&mut first).unwrap();
        let mut rest = Vec::new();
        client.read_to_end(&mut rest).unwrap();
        assert_eq!((first[0], rest.len()), (0, SIZE - 1));
        assert!(
            rest.iter()
                .zip((0..=250).cycle().skip(1))
                .all(|(a, b)| *a == b)
        );
        sending.join().unwrap();
        end(life, thread);
    }

    #[test]
    fn a_port_where_nobody_listens_resets_its_client() {
        let free = TcpListener::bind((HERE, 0)).unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let (host, life, thread) = forward(port, "tcp");
        let mut client = TcpStream::connect(host).unwrap();
        let error = client.read(&mut [0; 1]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        end(life, thread);
    }

    #[test]
    fn the_end_frees_the_port_after_the_last_words() {
        let server = TcpListener::bind((HERE, 0)).unwrap();
        let (host, life, thread) = forward(server.local_addr().unwrap().port(), "tcp");
        let mut client = TcpStream::connect(host).unwrap();
        let (mut stream, _) = server.accept().unwrap();
        stream.write_all(b"bye").unwrap();
        drop(stream);
        end(life, thread);
        let mut said = String::new();
        client.read_to_string(&mut said).unwrap();
        assert_eq!(said, "bye");
        drop(TcpListener::bind(host).unwrap());
    }

    #[test]
    fn datagrams_go_there_and_back_to_whoever_sent_them() {
        let server = UdpSocket::bind((HERE, 0)).unwrap();
        let (host, life, thread) = forward(server.local_addr().unwrap().port(), "udp");
        let echoing = std::thread::spawn(move || {
            let mut bytes = [0; 2000];
            for _ in 0..4 {
                let (count, from) = server.recv_from(&mut bytes).unwrap();
                server.send_to(&bytes[..count], from).unwrap();
            }
        });
        let clients = [0, 1].map(|_| UdpSocket::bind((HERE, 0)).unwrap());
        for round in 0..2_u8 {
            for (number, client) in (0_u8..).zip(&clients) {
                client.connect(host).unwrap();
                client.send(&[round, number]).unwrap();
            }
            for (number, client) in (0_u8..).zip(&clients) {
                let mut answer = [9; 10];
                let count = client.recv(&mut answer).unwrap();
                assert_eq!(answer[..count], [round, number]);
            }
        }
        echoing.join().unwrap();
        end(life, thread);
    }

    #[test]
    fn a_thread_that_cannot_join_says_so() {
        let no_namespace = File::open("/dev/null").unwrap();
        let error = Forwarder::start(Vec::new(), no_namespace.into(), vec![HERE]).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(nix::libc::EINVAL));
    }
}
