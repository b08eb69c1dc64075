//! A process that this one started, however it did.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::sys;

/// A child to be killed and waited for. Dropped, it goes on by itself.
#[derive(Debug)]
pub struct Child {
    pid: u32,
    pidfd: OwnedFd,
}

impl Child {
    pub(super) fn new(pid: u32, pidfd: OwnedFd) -> Self {
        Self { pid, pidfd }
    }

    /// Returns its process id.
    pub fn id(&self) -> u32 {
        self.pid
    }

    /// Sends SIGKILL.
    pub fn kill(&self) -> io::Result<()> {
        Ok(pidfd_send_signal(&self.pidfd, Signal::KILL)?)
    }

    /// Waits for its end.
    pub fn wait(&self) -> io::Result<()> {
        sys::wait(self.pidfd.as_fd()).map(drop)
    }

    /// Tells whether it has ended, and takes note of its end.
    pub fn has_ended(&self) -> bool {
        let mut fds = [PollFd::new(&self.pidfd, PollFlags::IN)];
        let now = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        let ended = poll(&mut fds, Some(&now)).is_ok_and(|ready| ready > 0);
        if ended {
            // Somebody else of this process may have waited for it already.
            let _ = self.wait();
        }
        ended
    }
}

impl TryFrom<std::process::Child> for Child {
    type Error = io::Error;

    fn try_from(child: std::process::Child) -> io::Result<Self> {
        let pid = Pid::from_child(&child);
        let pidfd = pidfd_open(pid, PidfdFlags::empty())?;
        Ok(Self::new(child.id(), pidfd))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_child_is_waited_for_once_and_known_to_have_ended() {
        let child = Command::new("sleep").arg("1000").spawn().unwrap();
        let child = Child::try_from(child).unwrap();
        assert!(!child.has_ended());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(child.has_ended());
        assert!(child.kill().is_err());
    }
}
