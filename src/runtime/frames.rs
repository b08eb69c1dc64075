//! Values over a Unix socket: each is one frame, four bytes of length and then JSON. File
//! descriptors may ride on a frame.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The longest frame that is believed; a longer length means the other side speaks something else.
const LONGEST: usize = 64 << 20;

/// How many descriptors one frame may carry.
const MOST_FDS: usize = 8;

/// Sends a value.
pub fn send<T: Serialize>(stream: &UnixStream, value: &T) -> io::Result<()> {
    (&mut &*stream).write_all(&encode(value)?)
}

/// Sends a value and descriptors with it, at most eight.
pub fn send_with_fds<T: Serialize>(
    stream: &UnixStream,
    value: &T,
    fds: &[BorrowedFd<'_>],
) -> io::Result<()> {
    let bytes = encode(value)?;
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_FDS))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !fds.is_empty() && !ancillary.push(SendAncillaryMessage::ScmRights(fds)) {
        return Err(invalid("too many file descriptors for one frame"));
    }
    let sent = retry(|| {
        sendmsg(
            stream,
            &[IoSlice::new(&bytes)],
            &mut ancillary,
            SendFlags::NOSIGNAL,
        )
    })?;
    (&mut &*stream).write_all(&bytes[sent..])
}

/// Sends bytes as they are, for what is no JSON.
pub fn send_bytes(stream: &UnixStream, bytes: &[u8]) -> io::Result<()> {
    let length = u32::try_from(bytes.len()).map_err(|_| invalid("too many bytes"))?;
    let frame = [&length.to_ne_bytes(), bytes].concat();
    (&mut &*stream).write_all(&frame)
}

/// Receives what [`send_bytes`] sent; none when the other side has closed.
pub fn receive_bytes(stream: &UnixStream) -> io::Result<Option<Vec<u8>>> {
    Ok(receive_frame(stream)?.map(|(bytes, _)| bytes))
}

/// Receives a value; none when the other side has closed. Descriptors that came with it are lost.
pub fn receive<T: DeserializeOwned>(stream: &UnixStream) -> io::Result<Option<T>> {
    Ok(receive_with_fds(stream)?.map(|(value, _)| value))
}

/// Receives a value and the descriptors that came with it, close-on-exec; none when the other
/// side has closed.
pub fn receive_with_fds<T: DeserializeOwned>(
    stream: &UnixStream,
) -> io::Result<Option<(T, Vec<OwnedFd>)>> {
    match receive_frame(stream)? {
        Some((body, fds)) => Ok(Some((serde_json::from_slice(&body)?, fds))),
        None => Ok(None),
    }
}

fn receive_frame(stream: &UnixStream) -> io::Result<Option<(Vec<u8>, Vec<OwnedFd>)>> {
    let mut header = [0; 4];
    let (got, fds) = receive_header(stream, &mut header)?;
    if got == 0 {
        return Ok(None);
    }
    (&mut &*stream).read_exact(&mut header[got..])?;
    let length = u32::from_ne_bytes(header) as usize;
    if length > LONGEST {
        return Err(invalid("a frame is longer than any of ours"));
    }
    let mut body = vec![0; length];
    (&mut &*stream).read_exact(&mut body)?;
    Ok(Some((body, fds)))
}

fn receive_header(stream: &UnixStream, header: &mut [u8; 4]) -> io::Result<(usize, Vec<OwnedFd>)> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_FDS))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let message = retry(|| {
        let mut into = [IoSliceMut::new(header)];
        recvmsg(stream, &mut into, &mut ancillary, RecvFlags::CMSG_CLOEXEC)
    })?;
    if message.flags.contains(ReturnFlags::CTRUNC) {
        return Err(invalid("more file descriptors came than fit"));
    }
    let fds = ancillary.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(fds) => Some(fds),
        _ => None,
    });
    Ok((message.bytes, fds.flatten().collect()))
}

fn encode<T: Serialize>(value: &T) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; 4];
    serde_json::to_writer(&mut bytes, value)?;
    let length = u32::try_from(bytes.len() - 4).map_err(|_| invalid("a value is too large"))?;
    bytes[..4].copy_from_slice(&length.to_ne_bytes());
    Ok(bytes)
}

fn retry<T>(mut call: impl FnMut() -> rustix::io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(rustix::io::Errno::INTR) => {}
            other => return Ok(other?),
        }
    }
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::io::{Seek, SeekFrom};
    use std::os::fd::AsFd;

    #[test]
    fn values_arrive_in_order_and_then_the_end() {
        let (here, there) = UnixStream::pair().unwrap();
        send(&here, &"first").unwrap();
        send(&here, &2).unwrap();
        drop(here);
        assert_eq!(receive::<String>(&there).unwrap().as_deref(), Some("first"));
        assert_eq!(receive::<u32>(&there).unwrap(), Some(2));
        assert_eq!(receive::<u32>(&there).unwrap(), None);
    }

    #[test]
    fn a_value_larger_than_the_socket_buffer_arrives_whole() {
        let (here, there) = UnixStream::pair().unwrap();
        let text = "x".repeat(3 << 20);
        let sender = std::thread::spawn({
            let text = text.clone();
            move || send_with_fds(&here, &text, &[]).unwrap()
        });
        assert_eq!(receive::<String>(&there).unwrap().unwrap(), text);
        sender.join().unwrap();
    }

    #[test]
    fn a_descriptor_rides_on_its_own_frame() {
        let (here, there) = UnixStream::pair().unwrap();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"inside").unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        send(&here, &1).unwrap();
        send_with_fds(&here, &2, &[file.as_fd()]).unwrap();
        let (one, none) = receive_with_fds::<u32>(&there).unwrap().unwrap();
        let (two, mut fds) = receive_with_fds::<u32>(&there).unwrap().unwrap();
        assert_eq!((one, none.len(), two, fds.len()), (1, 0, 2, 1));
        let mut text = String::new();
        File::from(fds.remove(0)).read_to_string(&mut text).unwrap();
        assert_eq!(text, "inside");
    }

    #[test]
    fn a_cut_frame_is_an_error_and_not_the_end() {
        let (mut here, there) = UnixStream::pair().unwrap();
        here.write_all(&[9, 0, 0, 0, b'"']).unwrap();
        drop(here);
        let error = receive::<String>(&there).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }
}
