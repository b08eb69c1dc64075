//! [`TarStream`]: a layer's tar on its way through the hash, in a second thread.
//!
//! Bytes are collected in a few large buffers that go round: filled here, hashed there, filled
//! again. What a file holds is read straight into such a buffer, so one read feeds the tree, the
//! layer's hash and, if asked for, a hash of the file's own in a third thread. A small layer never
//! starts a thread, and its tar is kept as a blob; of a large one nothing is kept but the digest.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::chunks::{BUFFER, Pool, Worker};
use crate::digest::{DiffId, Digest, Hasher};

/// The largest tar of a layer made here that is kept as a blob; larger ones are made again from the
/// tree when needed.
const SMALL: u64 = 16 * 1024 * 1024;

/// What came of a stream.
#[derive(Debug)]
pub(super) struct Streamed {
    pub(super) diff_id: DiffId,
    pub(super) size: u64,
    /// The bytes, if they were kept.
    pub(super) kept: Option<PathBuf>,
}

/// Takes the bytes of a tar.
pub(super) struct TarStream {
    buffer: Vec<u8>,
    filled: usize,
    size: u64,
    /// Where in the buffer the content begins that the file hash has not got yet.
    content_from: usize,
    content: Option<Worker<Digest>>,
    consumer: Option<Consumer>,
    pool: Option<Pool>,
}

/// Where hashing is done: here until there is a full buffer, in a thread from then on.
enum Consumer {
    Here(Sink),
    There(Worker<io::Result<Sink>>),
}

/// The end of the line: the layer's hash, and the file that keeps a small tar.
struct Sink {
    hasher: Hasher,
    size: u64,
    kept: Option<(PathBuf, File)>,
    most: u64,
}

impl TarStream {
    /// Starts a stream that keeps a small tar at `path`.
    pub(super) fn keeping_small(path: &Path) -> io::Result<Self> {
        let file = File::create(path)?;
        Ok(Self::new(Some((path.to_owned(), file)), SMALL))
    }

    /// Starts a stream that keeps its bytes at `path`, however many.
    pub(super) fn keeping(path: &Path) -> io::Result<Self> {
        let file = File::create(path)?;
        Ok(Self::new(Some((path.to_owned(), file)), u64::MAX))
    }

    /// Starts a stream that only hashes.
    pub(super) fn hashing() -> Self {
        Self::new(None, 0)
    }

    fn new(kept: Option<(PathBuf, File)>, most: u64) -> Self {
        let sink = Sink {
            hasher: Hasher::new(),
            size: 0,
            kept,
            most,
        };
        Self {
            buffer: vec![0; BUFFER],
            filled: 0,
            size: 0,
            content_from: 0,
            content: None,
            consumer: Some(Consumer::Here(sink)),
            pool: None,
        }
    }

    /// Returns room for the next bytes; never empty.
    pub(super) fn room(&mut self) -> &mut [u8] {
        if self.filled == self.buffer.len() {
            self.hand_over();
        }
        &mut self.buffer[self.filled..]
    }

    /// Takes `count` bytes that were put into the [`room`](Self::room), and returns them.
    pub(super) fn take(&mut self, count: usize) -> &[u8] {
        let from = self.filled;
        self.filled += count;
        self.size += count as u64;
        &self.buffer[from..self.filled]
    }

    /// Takes up to `size` bytes from a reader and returns how many there were.
    pub(super) fn read_from(&mut self, from: &mut dyn Read, size: u64) -> io::Result<u64> {
        let mut left = size;
        while left > 0 {
            let room = self.room();
            let most = usize::try_from(left).map_or(room.len(), |left| left.min(room.len()));
            match from.read(&mut room[..most]) {
                Ok(0) => break,
                Ok(count) => {
                    self.take(count);
                    left -= count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(size - left)
    }

    /// From here to [`end_content`](Self::end_content) the bytes are hashed on their own too.
    pub(super) fn begin_content(&mut self) {
        self.content_from = self.filled;
        self.content = Some(Worker::start("hash file", |pieces| {
            let mut hasher = Hasher::new();
            for (chunk, range) in pieces {
                hasher.update(&chunk[range]);
            }
            hasher.finish()
        }));
    }

    /// Returns the digest of the bytes since [`begin_content`](Self::begin_content).
    pub(super) fn end_content(&mut self) -> Digest {
        self.hand_over();
        let content = self.content.take().expect("the content was begun");
        content.finish()
    }

    /// Ends the stream.
    pub(super) fn finish(mut self) -> io::Result<Streamed> {
        let sink = match self.consumer.take().expect("a stream ends once") {
            Consumer::Here(mut sink) => {
                sink.write(&self.buffer[..self.filled])?;
                sink
            }
            Consumer::There(worker) => {
                self.consumer = Some(Consumer::There(worker));
                self.hand_over();
                match self.consumer.take() {
                    Some(Consumer::There(worker)) => worker.finish()?,
                    _ => unreachable!("it was put there"),
                }
            }
        };
        Ok(Streamed {
            diff_id: DiffId(sink.hasher.finish()),
            size: self.size,
            kept: sink.kept.map(|(path, _)| path),
        })
    }

    /// Sends the filled part of the buffer on its way and takes another one.
    fn hand_over(&mut self) {
        if self.filled == 0 {
            return;
        }
        let pool = self.pool.get_or_insert_with(Pool::new);
        let mut bytes = std::mem::replace(&mut self.buffer, pool.next());
        bytes.truncate(self.filled);
        let chunk = pool.chunk(bytes);
        if let Some(content) = &self.content {
            content.send(&chunk, self.content_from..self.filled);
        }
        let filled = self.filled;
        self.worker().send(&chunk, 0..filled);
        self.filled = 0;
        self.content_from = 0;
    }

    fn worker(&mut self) -> &Worker<io::Result<Sink>> {
        let consumer = self.consumer.take().expect("a stream ends once");
        let worker = match consumer {
            Consumer::There(worker) => worker,
            Consumer::Here(mut sink) => Worker::start("hash layer", move |pieces| {
                let mut outcome = Ok(());
                for (chunk, range) in pieces {
                    if outcome.is_ok() {
                        outcome = sink.write(&chunk[range]);
                    }
                }
                outcome.map(|()| sink)
            }),
        };
        match self.consumer.insert(Consumer::There(worker)) {
            Consumer::There(worker) => worker,
            Consumer::Here(_) => unreachable!("it was just put there"),
        }
    }
}

impl Write for TarStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.room();
        let count = bytes.len().min(room.len());
        room[..count].copy_from_slice(&bytes[..count]);
        self.take(count);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hasher.update(bytes);
        self.size += bytes.len() as u64;
        if self.size > self.most {
            if let Some((path, _)) = self.kept.take() {
                fs::remove_file(path)?;
            }
        } else if let Some((_, file)) = &mut self.kept {
            file.write_all(bytes)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream() -> (tempfile::TempDir, TarStream) {
        let folder = tempfile::tempdir().unwrap();
        let stream = TarStream::keeping_small(&folder.path().join("tar")).unwrap();
        (folder, stream)
    }

    fn bytes(count: usize) -> Vec<u8> {
        (0..=250_u8).cycle().take(count).collect()
    }

    #[test]
    fn small_and_large_streams_have_the_digest_of_their_bytes() {
        for count in [0, 10, BUFFER, BUFFER + 1, 5 * BUFFER + 77, 20 * BUFFER] {
            let (_folder, mut stream) = stream();
            stream.write_all(&bytes(count)).unwrap();
            let streamed = stream.finish().unwrap();
            assert_eq!(streamed.diff_id.0, Digest::of(&bytes(count)));
            assert_eq!(streamed.size, count as u64);
            assert_eq!(fs::read(streamed.kept.unwrap()).unwrap(), bytes(count));
        }
    }

    #[test]
    fn only_a_small_tar_is_kept() {
        let (folder, mut stream) = stream();
        let part = bytes(1024 * 1024);
        for _ in 0..17 {
            stream.write_all(&part).unwrap();
        }
        assert_eq!(stream.finish().unwrap().kept, None);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_file_inside_the_stream_is_hashed_on_its_own_too() {
        for count in [0, 1, BUFFER - 100, 4 * BUFFER] {
            let (_folder, mut stream) = stream();
            stream.write_all(b"header").unwrap();
            stream.begin_content();
            stream.write_all(&bytes(count)).unwrap();
            assert_eq!(stream.end_content(), Digest::of(&bytes(count)));
            stream.write_all(b"padding").unwrap();
            let whole = [b"header", &bytes(count)[..], b"padding"].concat();
            assert_eq!(stream.finish().unwrap().diff_id.0, Digest::of(&whole));
        }
    }
}
