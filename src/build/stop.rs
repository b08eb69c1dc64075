//! Telling all stages at once that another one failed: they stop where they are.

use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Mutex, PoisonError};

use super::error::BuildError;

/// Whether a build goes on. Seen by threads that look, and by those that wait in poll(2): the
/// reading end of a pipe is ready once nobody has the writing end any more.
#[derive(Debug)]
pub struct Stop {
    ends: PipeReader,
    /// None once the build is to end.
    goes_on: Mutex<Option<PipeWriter>>,
}

impl Stop {
    /// Begins a build.
    pub fn new() -> io::Result<Self> {
        let (ends, goes_on) = io::pipe()?;
        Ok(Self {
            ends,
            goes_on: Mutex::new(Some(goes_on)),
        })
    }

    /// Ends the build; false if it was ended before.
    pub fn now(&self) -> bool {
        let mut goes_on = self.goes_on.lock().unwrap_or_else(PoisonError::into_inner);
        goes_on.take().is_some()
    }

    /// Tells whether the build is to end.
    pub fn is_asked(&self) -> bool {
        let goes_on = self.goes_on.lock().unwrap_or_else(PoisonError::into_inner);
        goes_on.is_none()
    }

    /// Goes on only if the build does.
    pub fn check(&self) -> Result<(), BuildError> {
        if self.is_asked() {
            return Err(BuildError::Stopped);
        }
        Ok(())
    }
}

impl AsFd for Stop {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.ends.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use rustix::event::{PollFd, PollFlags, poll};

    use super::*;

    #[test]
    fn whoever_waits_is_woken_and_whoever_looks_sees_it() {
        let stop = Stop::new().unwrap();
        assert!(stop.check().is_ok());
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| {
                let mut fds = [PollFd::new(&stop, PollFlags::IN)];
                poll(&mut fds, None).unwrap();
                stop.is_asked()
            });
            assert!(stop.now(), "the first one ends it");
            assert!(waits.join().unwrap());
        });
        assert!(!stop.now());
        assert!(matches!(stop.check(), Err(BuildError::Stopped)));
    }
}
