//! The name server of a container that belongs to networks, at 127.0.0.11 as with docker. It knows
//! the containers beside it ([`Zone`]) and asks the host's name servers for everything else.
//!
//! A socket belongs to the network namespace of the thread that made it. So the sockets that listen
//! are made in the container, and the thread that serves them asks from the host: a name server on
//! the host's own loopback is reached, and no network has to lead out for that.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, listen, socket_with, sockopt};

use super::dns_message::{Code, DATAGRAM, Kind, Query};
use super::hub::inside;
use super::peer::poll_all;
use super::zone::Zone;

/// Where it listens, docker's.
pub(super) const ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 11);

const PORT: u16 = 53;

/// How long one of the host's name servers may think; docker's.
const PATIENCE: Duration = Duration::from_secs(4);

/// How long whoever asks by TCP may be silent.
const SILENCE: Duration = Duration::from_secs(10);

/// How many questions may wait for the host's name servers; one more, and the oldest is given up.
const MOST_WAITING: usize = 256;

/// How many may ask by TCP at once.
const MOST_STREAMS: usize = 16;

/// How many questions are answered before others have their turn.
const ROUND: usize = 32;

/// Room for the threads' calls.
const STACK: usize = 128 << 10;

/// The thread that answers. Dropped, it stops.
#[derive(Debug)]
pub(super) struct Resolver {
    life: Option<UnixStream>,
    thread: Option<JoinHandle<()>>,
}

impl Resolver {
    /// Begins to answer in a network namespace; `servers` are asked for what the zone does not know.
    pub fn start(namespace: BorrowedFd<'_>, zone: Zone, servers: Vec<IpAddr>) -> io::Result<Self> {
        let (datagrams, streams) = inside(namespace, listen_here)?;
        let servers = servers.into_iter().map(|it| SocketAddr::new(it, PORT));
        let servers = servers.collect();
        Self::serve(datagrams, streams, Known { zone, servers })
    }

    fn serve(datagrams: UdpSocket, streams: TcpListener, known: Known) -> io::Result<Self> {
        let (life, theirs) = UnixStream::pair()?;
        let server = Server {
            life: theirs,
            datagrams,
            streams,
            known: Arc::new(known),
            waiting: VecDeque::new(),
        };
        let thread = std::thread::Builder::new()
            .name("names".to_owned())
            .stack_size(STACK)
            .spawn(|| server.run())?;
        Ok(Self {
            life: Some(life),
            thread: Some(thread),
        })
    }
}

impl Drop for Resolver {
    fn drop(&mut self) {
        self.life = None;
        if let Some(thread) = self.thread.take() {
            // One that panicked has stopped as well.
            let _ = thread.join();
        }
    }
}

/// Makes the sockets in the namespace of this thread.
fn listen_here() -> io::Result<(UdpSocket, TcpListener)> {
    let address = SocketAddr::from((ADDRESS, PORT));
    let open = |kind| -> io::Result<_> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(AddressFamily::INET, kind, flags, None)?;
        // A name server of the container's own may listen on every address, if it says the same.
        sockopt::set_socket_reuseaddr(&socket, true)?;
        bind(&socket, &address)?;
        Ok(socket)
    };
    let streams = open(SocketType::STREAM)?;
    listen(&streams, 16)?;
    Ok((open(SocketType::DGRAM)?.into(), streams.into()))
}

/// What is known, and who is asked for the rest.
struct Known {
    zone: Zone,
    servers: Vec<SocketAddr>,
}

/// What becomes of a question.
enum Fate {
    Answered(Vec<u8>),
    /// To be asked elsewhere.
    Passed,
}

impl Known {
    fn answer(&self, query: &Query<'_>, room: usize) -> Fate {
        let answer = match query.kind {
            Kind::Address => self
                .zone
                .addresses(&query.name)
                .map(|found| query.addresses(&found, room)),
            // Who has an IPv4 address only has no other: that is an answer, too.
            Kind::LongAddress => self
                .zone
                .addresses(&query.name)
                .map(|_| query.refuse(Code::NoError)),
            Kind::Pointer => {
                let name = query.pointed_at().and_then(|it| self.zone.name(it));
                name.map(|name| query.pointer(&name))
            }
            Kind::Other => None,
        };
        match answer {
            Some(answer) => Fate::Answered(answer),
            None if !self.servers.is_empty() && self.zone.leads_out() => Fate::Passed,
            None => Fate::Answered(query.refuse(Code::ServerFailure)),
        }
    }
}

/// A question that one of the host's name servers thinks about.
struct Waiting {
    socket: UdpSocket,
    client: SocketAddr,
    message: Vec<u8>,
    server: usize,
    until: Instant,
}

struct Server {
    life: UnixStream,
    datagrams: UdpSocket,
    streams: TcpListener,
    known: Arc<Known>,
    waiting: VecDeque<Waiting>,
}

impl Server {
    fn run(mut self) {
        let mut buffer = vec![0; usize::from(u16::MAX)];
        // A failing poll leaves nothing to serve with.
        while let Ok(ready) = self.wait() {
            let [life, datagrams, streams, answers @ ..] = ready.as_slice() else {
                return;
            };
            if *life {
                return;
            }
            self.hear_answers(answers, &mut buffer);
            self.give_up();
            if *datagrams {
                self.hear_questions(&mut buffer);
            }
            if *streams {
                self.accept();
            }
        }
    }

    /// Waits until something comes or a name server has thought too long; tells which is ready.
    fn wait(&self) -> io::Result<Vec<bool>> {
        let own = [
            self.life.as_fd(),
            self.datagrams.as_fd(),
            self.streams.as_fd(),
        ];
        let waiting = self.waiting.iter().map(|it| it.socket.as_fd());
        let mut fds: Vec<_> = own
            .into_iter()
            .chain(waiting)
            .map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN))
            .collect();
        let until = self.waiting.iter().map(|it| it.until).min();
        let timeout = until.map(|it| it.saturating_duration_since(Instant::now()));
        poll_all(&mut fds, timeout)?;
        Ok(fds.iter().map(|fd| !fd.revents().is_empty()).collect())
    }

    fn hear_questions(&mut self, buffer: &mut [u8]) {
        for _ in 0..ROUND {
            let Ok((count, client)) = self.datagrams.recv_from(buffer) else {
                return;
            };
            let message = &buffer[..count];
            let fate = match Query::read(message) {
                Some(query) => self.known.answer(&query, DATAGRAM),
                None => continue,
            };
            match fate {
                Fate::Answered(answer) => self.say(&answer, client),
                Fate::Passed => self.pass_on(message.to_vec(), client, 0),
            }
        }
    }

    fn say(&self, answer: &[u8], client: SocketAddr) {
        // Whoever does not hear it asks again.
        let _ = self.datagrams.send_to(answer, client);
    }

    /// Asks the first of the host's name servers, from `server` on, that can be asked.
    fn pass_on(&mut self, message: Vec<u8>, client: SocketAddr, server: usize) {
        for (index, address) in self.known.servers.iter().enumerate().skip(server) {
            let Ok(socket) = ask(*address, &message) else {
                continue;
            };
            if self.waiting.len() == MOST_WAITING {
                self.waiting.pop_front();
            }
            self.waiting.push_back(Waiting {
                socket,
                client,
                message,
                server: index,
                until: Instant::now() + PATIENCE,
            });
            return;
        }
        if let Some(query) = Query::read(&message) {
            self.say(&query.refuse(Code::ServerFailure), client);
        }
    }

    fn hear_answers(&mut self, ready: &[bool], buffer: &mut [u8]) {
        let mut failed = Vec::new();
        let mut ready = ready.iter();
        self.waiting.retain_mut(|waiting| {
            if !ready.next().copied().unwrap_or(false) {
                return true;
            }
            match waiting.socket.recv(buffer) {
                // Under the number of the question, or it is none of its answers.
                Ok(count) if count > 2 && buffer[..2] == waiting.message[..2] => {
                    let _ = self.datagrams.send_to(&buffer[..count], waiting.client);
                    false
                }
                Ok(_) => true,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => true,
                // Nobody listens there.
                Err(_) => {
                    failed.push((
                        std::mem::take(&mut waiting.message),
                        waiting.client,
                        waiting.server,
                    ));
                    false
                }
            }
        });
        for (message, client, server) in failed {
            self.pass_on(message, client, server + 1);
        }
    }

    /// Asks the next name server where one has thought too long.
    fn give_up(&mut self) {
        let now = Instant::now();
        while let Some(index) = self.waiting.iter().position(|it| it.until <= now)
            && let Some(waiting) = self.waiting.remove(index)
        {
            self.pass_on(waiting.message, waiting.client, waiting.server + 1);
        }
    }

    fn accept(&self) {
        while let Ok((stream, _)) = self.streams.accept() {
            if Arc::strong_count(&self.known) > MOST_STREAMS {
                // It asks again.
                continue;
            }
            let known = Arc::clone(&self.known);
            let builder = std::thread::Builder::new().stack_size(STACK);
            // Without a thread there is no answer, and whoever asked sees the end of the stream.
            let _ = builder.spawn(move || {
                // A stream that breaks is nothing to tell.
                let _ = converse(&known, stream);
            });
        }
    }
}

fn ask(server: SocketAddr, message: &[u8]) -> io::Result<UdpSocket> {
    let own: IpAddr = match server {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => std::net::Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((own, 0))?;
    socket.set_nonblocking(true)?;
    socket.connect(server)?;
    socket.send(message)?;
    Ok(socket)
}

/// Answers whoever asks by TCP until that is silent.
fn converse(known: &Known, mut client: TcpStream) -> io::Result<()> {
    client.set_nonblocking(false)?;
    client.set_read_timeout(Some(SILENCE))?;
    client.set_write_timeout(Some(SILENCE))?;
    loop {
        let message = hear(&mut client)?;
        let Some(query) = Query::read(&message) else {
            return Ok(());
        };
        let answer = match known.answer(&query, usize::from(u16::MAX)) {
            Fate::Answered(answer) => answer,
            Fate::Passed => {
                let mut servers = known.servers.iter();
                let answer = servers.find_map(|server| ask_by_stream(*server, &message).ok());
                answer.unwrap_or_else(|| query.refuse(Code::ServerFailure))
            }
        };
        say(&mut client, &answer)?;
    }
}

fn ask_by_stream(server: SocketAddr, message: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect_timeout(&server, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    say(&mut stream, message)?;
    hear(&mut stream)
}

/// By TCP a message has its length before it (RFC 1035, 4.2.2).
fn hear(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut length = [0; 2];
    stream.read_exact(&mut length)?;
    let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut message)?;
    Ok(message)
}

fn say(stream: &mut TcpStream, message: &[u8]) -> io::Result<()> {
    let length = u16::try_from(message.len()).map_err(io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes(), message].concat())
}

#[cfg(test)]
mod tests {
    use super::super::containers::{ContainerConfig, Containers};
    use super::super::names::ContainerId;
    use super::super::networks::{Lease, NetworkWish, Networks};
    use super::super::spec::{IdMode, Rootfs, Spec};
    use super::*;
    use std::fs::File;

    const LONG: Duration = Duration::from_mins(1);

    /// A container called web at 10.211.9.2, which asks, and one that was killed.
    struct Fixture {
        _root: tempfile::TempDir,
        _alive: File,
        zone: Zone,
    }

    fn fixture(internal: bool) -> Fixture {
        let root = tempfile::tempdir().unwrap();
        let containers = Containers::new(root.path());
        let networks = Networks::new(&containers);
        let wish = NetworkWish {
            name: "shop".to_owned(),
            internal,
            ..NetworkWish::default()
        };
        let mut network = networks.create(wish).unwrap();
        let mut make = |byte: u8, name: &str| {
            let id = ContainerId::from_bytes([byte; 32]);
            let spec = Spec::new(Rootfs::Folder("/".into()), vec![], IdMode::Many);
            let mut config = ContainerConfig::new(id.clone(), "img", "", spec);
            config.record.name = name.to_owned();
            containers.create(config).unwrap();
            let lease = Lease {
                container: id.clone(),
                names: vec![format!("alias-of-{name}")],
            };
            network
                .leases
                .insert(Ipv4Addr::new(10, 211, 9, byte), lease);
            id
        };
        let (web, _killed) = (make(2, "web"), make(3, "killed"));
        networks.write(&network).unwrap();
        let alive = containers.folder(&web).try_lock().unwrap().unwrap();
        Fixture {
            _root: root,
            _alive: alive,
            zone: Zone::new(networks, web),
        }
    }

    fn question(name: &str, kind: u8) -> Vec<u8> {
        let mut message = vec![0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        for label in name.split('.') {
            message.push(u8::try_from(label.len()).unwrap());
            message.extend(label.bytes());
        }
        message.extend([0, 0, kind, 0, 1]);
        message
    }

    /// Serves here, and returns where.
    fn serve(fixture: &Fixture, servers: Vec<SocketAddr>) -> (Resolver, SocketAddr, SocketAddr) {
        let datagrams = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let streams = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        datagrams.set_nonblocking(true).unwrap();
        streams.set_nonblocking(true).unwrap();
        let places = (
            datagrams.local_addr().unwrap(),
            streams.local_addr().unwrap(),
        );
        let zone = fixture.zone.clone();
        let resolver = Resolver::serve(datagrams, streams, Known { zone, servers }).unwrap();
        (resolver, places.0, places.1)
    }

    fn ask_at(place: SocketAddr, message: &[u8]) -> Vec<u8> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        socket.set_read_timeout(Some(LONG)).unwrap();
        socket.send_to(message, place).unwrap();
        let mut answer = vec![0; 1500];
        let (count, _) = socket.recv_from(&mut answer).unwrap();
        answer.truncate(count);
        answer
    }

    #[test]
    fn names_are_known_while_their_container_lives() {
        let fixture = fixture(false);
        let found = |name: &str| fixture.zone.addresses(name);
        let web = Some(vec![Ipv4Addr::new(10, 211, 9, 2)]);
        for name in ["web", "WEB", "alias-of-web", "web.shop"] {
            assert_eq!(found(name), web, "{name}");
        }
        for name in ["killed", "alias-of-killed", "web.other", "", "nobody"] {
            assert_eq!(found(name), None, "{name}");
        }
        let name = fixture.zone.name(Ipv4Addr::new(10, 211, 9, 2));
        assert_eq!(name.as_deref(), Some("web.shop"));
    }

    #[test]
    fn what_is_not_known_is_asked_of_others_by_datagram_and_by_stream() {
        let fixture = fixture(false);
        let other = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let server = other.local_addr().unwrap();
        let streams = TcpListener::bind(server).unwrap();
        // Nobody listens at the first: the next is asked.
        let nobody = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let first = nobody.local_addr().unwrap();
        drop(nobody);
        let answering = std::thread::spawn(move || {
            let mut buffer = [0; 1500];
            let (count, from) = other.recv_from(&mut buffer).unwrap();
            buffer[2] |= 0x80;
            other.send_to(&buffer[..count], from).unwrap();
            let (mut stream, _) = streams.accept().unwrap();
            let heard = hear(&mut stream).unwrap();
            say(&mut stream, &[&heard[..], b"by stream"].concat()).unwrap();
        });
        let (_resolver, datagrams, streams) = serve(&fixture, vec![first, server]);
        let asked = question("example.org", 1);
        let answer = ask_at(datagrams, &asked);
        assert_eq!((answer[2] & 0x80, answer.len()), (0x80, asked.len()));
        let mut stream = TcpStream::connect(streams).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        say(&mut stream, &asked).unwrap();
        assert!(hear(&mut stream).unwrap().ends_with(b"by stream"));
        say(&mut stream, &question("web", 1)).unwrap();
        assert!(hear(&mut stream).unwrap().ends_with(&[10, 211, 9, 2]));
        answering.join().unwrap();
    }

    #[test]
    fn an_internal_network_asks_nobody() {
        let fixture = fixture(true);
        let other = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let (_resolver, datagrams, _) = serve(&fixture, vec![other.local_addr().unwrap()]);
        let answer = ask_at(datagrams, &question("example.org", 1));
        assert_eq!(answer[3] & 0x0f, Code::ServerFailure as u8);
        let answer = ask_at(datagrams, &question("web", 28));
        assert_eq!((answer[3] & 0x0f, answer[7]), (0, 0));
        other.set_nonblocking(true).unwrap();
        assert!(other.recv_from(&mut [0; 16]).is_err());
    }
}
