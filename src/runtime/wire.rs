//! What a face and a supervisor say to each other: messages and stream bytes on one socket.
//!
//! A frame is one byte for its kind, four for the length (big-endian), then the payload. Stream
//! bytes travel as they are, and both ends read without blocking, so a [`Decoder`] collects
//! whatever came and an [`Outbox`] keeps what could not be sent yet.

use std::collections::VecDeque;
use std::io::{self, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::launch::{LaunchError, Note};
use super::names::ContainerId;
use super::network_error::NetworkError;
use super::ports::Unavailable;
use super::spec::Membership;

/// The longest frame that is believed; a longer one is a broken peer.
const LONGEST: usize = 1 << 20;

/// A face's wishes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "ask")]
pub enum Request {
    /// Start the container: the first message on the channel of a new supervisor.
    Start(Start),
    /// Send me the output from now on.
    Attach,
    /// Send a signal to PID 1.
    Signal {
        /// The kernel's number.
        signal: i32,
    },
    /// The terminal has a new size.
    Resize(Size),
    /// Tell me when it ends.
    Wait,
    /// I leave, but the container is to live on.
    Detach,
    /// Let every process rest.
    Pause,
    /// Let them go on.
    Unpause,
    /// Do not remove the container at its end: it will be started again.
    Keep,
    /// Connect the container to a network.
    Connect {
        /// Which, and as what.
        membership: Membership,
    },
    /// Take the container out of a network.
    Disconnect {
        /// Its name.
        network: String,
    },
}

/// How to start.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is one of docker's switches"
)]
pub struct Start {
    /// Whether the sender wants the output and the exit code.
    pub attach: bool,
    /// Whether the container is killed when the sender's end of the channel closes.
    pub owns: bool,
    /// Whether stdin frames will follow.
    pub stdin: bool,
    /// The supervisor's own stdio is the face's: hand it to the container.
    pub passthrough: bool,
    /// Remove the container when its process cannot be started.
    pub remove_on_failure: bool,
    /// Whether the sender copies the layers and tries again where overlayfs refuses them.
    pub may_copy: bool,
    /// The size of the terminal.
    pub size: Option<Size>,
}

/// A terminal's size in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// Lines.
    pub rows: u16,
    /// Characters in a line.
    pub columns: u16,
}

/// A supervisor's answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "reply")]
pub enum Reply {
    /// The container's process runs.
    Started {
        /// What was done in a lesser way than asked.
        notes: Vec<Note>,
    },
    /// It could not be started.
    Failed {
        /// Why.
        failure: Failure,
    },
    /// The signal was sent.
    Done,
    /// The container ended.
    Exit {
        /// Its exit code.
        code: i32,
    },
}

/// Why a container was not started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Failure {
    /// The runtime refused.
    Launch(LaunchError),
    /// It runs already.
    Running,
    /// A port of the host cannot be had.
    Port(Unavailable),
    /// The container whose network it was to have does not run.
    NetworkStopped(ContainerId),
    /// A network cannot be had.
    Network(NetworkError),
    /// The supervisor could not read or write its files.
    Files {
        /// What went wrong, as the system says it.
        error: String,
    },
}

impl Failure {
    /// Whether another try from elsewhere may succeed.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Network(NetworkError::Elsewhere))
    }

    /// Whether overlayfs refused the layers.
    pub fn is_overlay(&self) -> bool {
        matches!(self, Self::Launch(error) if error.is_overlay())
    }
}

/// What a frame is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A [`Request`] or a [`Reply`].
    Message,
    /// Bytes for the container; an empty frame is the end of its input.
    Stdin,
    /// Bytes from the container.
    Stdout,
    /// Bytes from the container.
    Stderr,
}

impl Kind {
    fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            b'm' => Self::Message,
            b'i' => Self::Stdin,
            b'o' => Self::Stdout,
            b'e' => Self::Stderr,
            _ => return None,
        })
    }

    fn byte(self) -> u8 {
        match self {
            Self::Message => b'm',
            Self::Stdin => b'i',
            Self::Stdout => b'o',
            Self::Stderr => b'e',
        }
    }
}

/// One frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// What it is about.
    pub kind: Kind,
    /// Its bytes.
    pub payload: Vec<u8>,
}

impl Frame {
    /// Reads a message frame's payload.
    pub fn message<T: DeserializeOwned>(&self) -> io::Result<T> {
        serde_json::from_slice(&self.payload).map_err(io::Error::other)
    }
}

/// Collects bytes until they are frames.
#[derive(Debug, Default)]
pub struct Decoder {
    bytes: Vec<u8>,
}

impl Decoder {
    /// Adds bytes that arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Takes the next whole frame, none while it is not all there.
    ///
    /// # Errors
    ///
    /// Bytes that cannot be a frame: an unknown kind or an absurd length.
    pub fn next(&mut self) -> io::Result<Option<Frame>> {
        let Some((&[kind, a, b, c, d], rest)) = self.bytes.split_first_chunk::<5>() else {
            return Ok(None);
        };
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        let kind = Kind::from_byte(kind)
            .filter(|_| length <= LONGEST)
            .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))?;
        if rest.len() < length {
            return Ok(None);
        }
        let payload = rest[..length].to_vec();
        self.bytes.drain(..5 + length);
        Ok(Some(Frame { kind, payload }))
    }
}

/// Frames or bytes that wait until the other side takes them.
#[derive(Debug, Default)]
pub struct Outbox {
    bytes: VecDeque<u8>,
}

impl Outbox {
    /// Above this many bytes nothing more should be produced: whoever fills the outbox stops
    /// reading its source, and so a slow reader slows the writer instead of filling memory.
    pub const FULL: usize = 128 * 1024;

    /// Adds a frame.
    pub fn frame(&mut self, kind: Kind, payload: &[u8]) {
        let length = u32::try_from(payload.len()).expect("frames are made of read buffers");
        self.bytes.push_back(kind.byte());
        self.bytes.extend(length.to_be_bytes());
        self.bytes.extend(payload);
    }

    /// Adds a message.
    pub fn message(&mut self, message: &impl Serialize) {
        let json = serde_json::to_vec(message).expect("messages have no maps with odd keys");
        self.frame(Kind::Message, &json);
    }

    /// Adds bytes without a frame around them.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
    }

    /// Whether all was sent.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Whether its source should rest.
    pub fn is_full(&self) -> bool {
        self.bytes.len() >= Self::FULL
    }

    /// Forgets what was not sent.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }

    /// Sends as much as the other side takes now.
    pub fn flush(&mut self, mut to: impl Write) -> io::Result<()> {
        while !self.bytes.is_empty() {
            match to.write(self.bytes.as_slices().0) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => drop(self.bytes.drain(..count)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8], step: usize) -> Vec<Frame> {
        let mut decoder = Decoder::default();
        let mut frames = Vec::new();
        for chunk in bytes.chunks(step) {
            decoder.push(chunk);
            while let Some(frame) = decoder.next().unwrap() {
                frames.push(frame);
            }
        }
        frames
    }

    #[test]
    fn frames_survive_being_cut_anywhere() {
        let mut outbox = Outbox::default();
        outbox.message(&Request::Attach);
        outbox.frame(Kind::Stdin, b"hello");
        outbox.frame(Kind::Stdin, b"");
        outbox.message(&Reply::Exit { code: 7 });
        let mut bytes = Vec::new();
        outbox.flush(&mut bytes).unwrap();
        for step in 1..bytes.len() {
            let frames = decode(&bytes, step);
            assert_eq!(frames.len(), 4);
            assert_eq!(frames[0].message::<Request>().unwrap(), Request::Attach);
            assert_eq!(frames[1].payload, b"hello");
            assert_eq!(frames[2].payload, b"");
            assert_eq!(
                frames[3].message::<Reply>().unwrap(),
                Reply::Exit { code: 7 }
            );
        }
    }

    #[test]
    fn an_unknown_kind_is_an_error() {
        let mut decoder = Decoder::default();
        decoder.push(b"z\0\0\0\0");
        assert_eq!(
            decoder.next().unwrap_err().kind(),
            io::ErrorKind::InvalidData
        );
    }

    #[test]
    fn an_absurd_length_is_an_error_before_its_bytes_come() {
        let mut decoder = Decoder::default();
        decoder.push(&[b'o', 255, 255, 255, 255]);
        assert!(decoder.next().is_err());
    }

    #[test]
    fn a_reader_that_takes_little_leaves_the_rest_in_order() {
        struct Narrow(Vec<u8>, usize);
        impl Write for Narrow {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                if self.1 == 0 {
                    return Err(io::ErrorKind::WouldBlock.into());
                }
                self.1 -= 1;
                self.0.push(bytes[0]);
                Ok(1)
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut outbox = Outbox::default();
        outbox.raw(b"abcdef");
        let mut narrow = Narrow(Vec::new(), 4);
        outbox.flush(&mut narrow).unwrap();
        assert!(!outbox.is_empty());
        narrow.1 = 9;
        outbox.flush(&mut narrow).unwrap();
        assert_eq!(narrow.0, b"abcdef");
        assert!(outbox.is_empty());
    }

    #[test]
    fn a_full_outbox_says_so() {
        let mut outbox = Outbox::default();
        outbox.raw(&vec![0; Outbox::FULL - 1]);
        assert!(!outbox.is_full());
        outbox.raw(b"x");
        assert!(outbox.is_full());
    }
}
