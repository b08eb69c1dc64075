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

use std::io;
use std::net::{IpAddr, TcpListener};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::sched::CloneFlags;
use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;

use super::connection::{Pair, Side};
use super::datagrams::Datagrams;
use super::listening::{Listener, raise_open_files};
use super::peer::poll_all;
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

#[cfg(test)]
mod tests {
    use super::super::listening::listen_for;
    use super::super::ports::publish;
    use super::*;
    use std::fs::File;
    use std::io::{Read, Write};
    use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream, UdpSocket};

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
