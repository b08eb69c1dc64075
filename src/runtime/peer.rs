//! One end of a control connection, never blocking: frames come in when they are whole, and go
//! out as fast as the other side reads.

use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::wire::{Decoder, Frame, Kind, Outbox, Reply};

/// How much is read from a socket at once.
const CHUNK: usize = 16 * 1024;

/// One end of a control connection.
#[derive(Debug)]
pub(super) struct Peer {
    socket: UnixStream,
    decoder: Decoder,
    /// What the other side has not taken yet.
    pub outbox: Outbox,
    closed: bool,
}

impl Peer {
    pub fn new(socket: UnixStream) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        Ok(Self {
            socket,
            decoder: Decoder::default(),
            outbox: Outbox::default(),
            closed: false,
        })
    }

    /// Whether the other side is gone. Frames may be left to take.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// What to poll for; reading may rest while the frames have nowhere to go.
    pub fn interest(&self, read: bool) -> PollFlags {
        let mut flags = PollFlags::empty();
        flags.set(PollFlags::IN, read);
        flags.set(PollFlags::OUT, !self.outbox.is_empty());
        flags
    }

    /// Reads what has come, a chunk at most.
    pub fn read(&mut self) {
        let mut bytes = [0; CHUNK];
        match (&self.socket).read(&mut bytes) {
            Ok(0) => self.closed = true,
            Ok(count) => self.decoder.push(&bytes[..count]),
            Err(error) if is_passing(&error) => {}
            // Also ECONNRESET: the other side closed with bytes of ours unread.
            Err(_) => self.closed = true,
        }
    }

    /// Takes the next whole frame. Nonsense closes the connection.
    pub fn next(&mut self) -> Option<Frame> {
        self.decoder.next().unwrap_or_else(|_| {
            self.closed = true;
            None
        })
    }

    /// Sends what the other side takes now.
    pub fn flush(&mut self) {
        if self.outbox.flush(&self.socket).is_err() {
            // It no longer reads, but what it sent before may still be read.
            self.outbox.clear();
        }
    }

    /// Sends everything and waits until it is gone.
    pub fn flush_all(&mut self) -> io::Result<()> {
        self.flush();
        while !self.outbox.is_empty() && !self.closed {
            wait_for(self.socket.as_fd(), PollFlags::OUT, None)?;
            self.flush();
        }
        Ok(())
    }

    /// Waits for the next frame; none when the other side is gone. Times out with
    /// `ErrorKind::TimedOut`.
    pub fn wait_frame(&mut self, deadline: Option<Instant>) -> io::Result<Option<Frame>> {
        loop {
            if let Some(frame) = self.next() {
                return Ok(Some(frame));
            }
            if self.closed {
                return Ok(None);
            }
            if !wait_for(self.socket.as_fd(), PollFlags::IN, deadline)? {
                return Err(io::ErrorKind::TimedOut.into());
            }
            self.read();
        }
    }

    /// Waits for the next reply, passing over stream bytes.
    pub fn wait_reply(&mut self, deadline: Option<Instant>) -> io::Result<Option<Reply>> {
        loop {
            match self.wait_frame(deadline)? {
                None => return Ok(None),
                Some(frame) if frame.kind == Kind::Message => return frame.message().map(Some),
                Some(_) => {}
            }
        }
    }
}

impl AsFd for Peer {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Writes to a descriptor.
pub(super) struct FdWriter<'a>(pub BorrowedFd<'a>);

impl io::Write for FdWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(rustix::io::write(self.0, bytes)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether trying again later is all there is to do.
pub(super) fn is_passing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}

/// Polls and carries on after a signal. Returns at once with nothing ready when one came, so that
/// its handler's effect is looked at.
pub(super) fn poll_all(fds: &mut [PollFd<'_>], timeout: Option<Duration>) -> io::Result<()> {
    let timeout = timeout.map(|time| {
        Timespec::try_from(time).expect("timeouts are a few seconds, not ages of the universe")
    });
    match poll(fds, timeout.as_ref()) {
        Ok(_) => Ok(()),
        Err(Errno::INTR) => {
            fds.iter_mut().for_each(PollFd::clear_revents);
            Ok(())
        }
        Err(errno) => Err(errno.into()),
    }
}

/// Waits for one descriptor; false when the deadline passed.
fn wait_for(fd: BorrowedFd<'_>, flags: PollFlags, deadline: Option<Instant>) -> io::Result<bool> {
    loop {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let mut fds = [PollFd::from_borrowed_fd(fd, flags)];
        poll_all(&mut fds, left)?;
        if !fds[0].revents().is_empty() {
            return Ok(true);
        }
        if left.is_some_and(|left| left.is_zero()) {
            return Ok(false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::wire::Request;
    use super::*;

    fn pair() -> (Peer, Peer) {
        let (here, there) = UnixStream::pair().unwrap();
        (Peer::new(here).unwrap(), Peer::new(there).unwrap())
    }

    #[test]
    fn what_was_sent_before_the_end_is_still_received() {
        let (mut here, mut there) = pair();
        here.outbox.message(&Request::Wait);
        here.flush();
        drop(here);
        let frame = there.wait_frame(None).unwrap().unwrap();
        assert_eq!(frame.message::<Request>().unwrap(), Request::Wait);
        assert_eq!(there.wait_frame(None).unwrap(), None);
        assert!(there.is_closed());
    }

    #[test]
    fn waiting_ends_at_the_deadline() {
        let (_here, mut there) = pair();
        let deadline = Instant::now() + Duration::from_millis(20);
        let error = there.wait_frame(Some(deadline)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[test]
    fn a_reader_that_rests_loses_nothing() {
        let (mut here, mut there) = pair();
        let text: Vec<u8> = (0..=255).cycle().take(900_000).collect();
        here.outbox.frame(Kind::Stdout, &text);
        here.flush();
        assert!(!here.outbox.is_empty(), "a socket buffer is smaller");
        let reader = std::thread::spawn(move || there.wait_frame(None).unwrap().unwrap().payload);
        here.flush_all().unwrap();
        assert_eq!(reader.join().unwrap(), text);
    }
}
