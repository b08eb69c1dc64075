//! Buffers that go round between a thread that fills them and threads that read them, so that
//! memory stays small however much goes through.

use std::ops::{Deref, Range};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;

/// Large enough that handing a buffer over costs nothing beside hashing it.
pub(super) const BUFFER: usize = 256 * 1024;
/// One being filled, the others on their way: 2 MiB in all.
const BUFFERS: usize = 8;
/// Buffers that come back, and the way for them to come back.
pub(super) struct Pool {
    back: Receiver<Vec<u8>>,
    home: SyncSender<Vec<u8>>,
    made: usize,
}

/// A full buffer; goes home when the last who reads it is done.
pub(super) struct Chunk {
    bytes: Vec<u8>,
    home: SyncSender<Vec<u8>>,
}

impl Deref for Chunk {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        // The stream may be gone, and then nobody waits for the buffer.
        let _ = self.home.try_send(std::mem::take(&mut self.bytes));
    }
}

pub(super) type Piece = (Arc<Chunk>, Range<usize>);

/// A thread that takes pieces and has a result in the end.
pub(super) struct Worker<T> {
    pieces: Sender<Piece>,
    thread: JoinHandle<T>,
}

impl Pool {
    /// Starts with one buffer out: the first one being filled.
    pub(super) fn new() -> Self {
        let (home, back) = sync_channel(BUFFERS);
        Self {
            back,
            home,
            made: 1,
        }
    }

    /// Returns an empty buffer; waits for one to come back where all are out.
    pub(super) fn next(&mut self) -> Vec<u8> {
        if self.made < BUFFERS {
            self.made += 1;
            return vec![0; BUFFER];
        }
        let mut buffer = self.back.recv().expect("the pool itself can send");
        buffer.resize(BUFFER, 0);
        buffer
    }

    /// Makes a full buffer something that several threads can read.
    pub(super) fn chunk(&self, bytes: Vec<u8>) -> Arc<Chunk> {
        let home = self.home.clone();
        Arc::new(Chunk { bytes, home })
    }
}

impl<T: Send + 'static> Worker<T> {
    /// Starts the thread.
    pub(super) fn start(
        name: &str,
        work: impl FnOnce(Receiver<Piece>) -> T + Send + 'static,
    ) -> Self {
        let (pieces, received) = channel();
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || work(received))
            .expect("a machine that cannot start a thread cannot build");
        Self { pieces, thread }
    }

    /// Gives it a piece.
    pub(super) fn send(&self, chunk: &Arc<Chunk>, range: Range<usize>) {
        // The thread ends before its sender only by a panic, which `finish` passes on.
        let _ = self.pieces.send((Arc::clone(chunk), range));
    }

    /// Waits for the result.
    pub(super) fn finish(self) -> T {
        drop(self.pieces);
        match self.thread.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}
