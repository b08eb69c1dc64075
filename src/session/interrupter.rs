//! Ending what the worker is doing, from another thread: what Ctrl-C does at the prompt.

use std::sync::{Arc, Mutex, PoisonError};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Ends the running step. A copy of it can be given to whoever hears signals.
#[derive(Debug, Clone, Default)]
pub struct Interrupter(Arc<Mutex<Option<u32>>>);

impl Interrupter {
    /// Ends the worker if it is at work, and tells whether it was. What it was doing leaves nothing
    /// behind, and the session starts another one when it is needed.
    pub fn interrupt(&self) -> bool {
        let at_work = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let pid = at_work.and_then(|pid| i32::try_from(pid).ok());
        if let Some(pid) = pid {
            // It may have ended by itself; it has not been waited for, so the id is still its own.
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
        pid.is_some()
    }

    /// Lets the worker be ended for as long as the answer lives.
    pub(super) fn watch(&self, pid: u32) -> AtWork<'_> {
        self.set(Some(pid));
        AtWork(self)
    }

    fn set(&self, pid: Option<u32>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = pid;
    }
}

/// A worker at work.
pub(super) struct AtWork<'a>(&'a Interrupter);

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        self.0.set(None);
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn only_a_worker_at_work_is_ended() {
        let interrupter = Interrupter::default();
        let mut idle = Command::new("sleep").arg("60").spawn().unwrap();
        drop(interrupter.watch(idle.id()));
        assert!(!interrupter.interrupt());
        assert_eq!(idle.try_wait().unwrap(), None);

        let at_work = interrupter.watch(idle.id());
        assert!(interrupter.clone().interrupt());
        assert!(!idle.wait().unwrap().success());
        drop(at_work);
    }
}
