//! One connection through a published port: two sockets, and what flows between them.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::net::{SocketType, connect, sockopt};

use super::listening::{family, never_blocking};
use super::peer::is_passing;

/// One of the two sockets of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Outside,
    Inside,
}

/// One connection: two sockets and what flows between them.
pub(super) struct Pair {
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
    pub fn open(outside: TcpStream, targets: &[IpAddr], port: u16) -> io::Result<Self> {
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

    pub fn socket(&self, side: Side) -> &TcpStream {
        match side {
            Side::Outside => &self.outside,
            Side::Inside => &self.inside,
        }
    }

    pub fn interest(&self, side: Side) -> PollFlags {
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

    pub fn serve(&mut self, side: Side, flags: PollFlags, targets: &[IpAddr], buffer: &mut [u8]) {
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

    pub fn is_done(&self) -> bool {
        self.broken || (self.there.is_closed() && self.back.is_closed())
    }

    /// Whether the container's last bytes are still on their way.
    pub fn has_more_to_say(&self) -> bool {
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
