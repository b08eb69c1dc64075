//! What launcher and init say to each other, and in which order.
//!
//! ```text
//! launcher                              init (PID 1)
//!    │  Orders (+ network, layers) ────►  │
//!    │  filter (bytes) ────────────────►  │  mounts, pivot_root, user, seccomp
//!    │  ◄───────────── Ready (+ terminal) │
//!    │  ◄───────────────── end of stream  │  execve closed the channel: it runs
//!    │  ◄──────────────────────── Failed  │  instead of Ready, or after it when execve failed
//! ```
//!
//! [`Handshake`] is that order as a value: no process is needed to test it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::failure::{LaunchError, Note, What};
use super::probe::Overlay;
use super::spec::Spec;

/// Everything init needs; found out by the launcher, so that init reads no files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Orders<'a> {
    /// What to run.
    pub spec: Cow<'a, Spec>,
    /// Whether a user namespace owns the new ones.
    pub rootless: bool,
    /// How to merge layers.
    pub overlay: Overlay,
    /// Whether it has a network namespace of its own, which rides along.
    pub own_network: bool,
    /// What `/etc/resolv.conf` holds.
    pub resolv_conf: String,
}

/// What init says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Report {
    /// All is set up and the program is executed next. The terminal's master rides along.
    Ready {
        /// What was done in a lesser way.
        notes: Vec<Note>,
    },
    /// It will not run.
    Failed(LaunchError),
}

/// What the launcher sees on the channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A frame.
    Report(Report),
    /// The end of the stream.
    End,
}

/// How far a start has come, as the launcher knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handshake {
    /// Init mounts and drops privileges.
    SettingUp,
    /// Init is about to execute the program.
    Executing {
        /// From [`Report::Ready`].
        notes: Vec<Note>,
    },
    /// The program runs.
    Running {
        /// From [`Report::Ready`].
        notes: Vec<Note>,
    },
    /// It does not.
    Failed(LaunchError),
}

impl Handshake {
    /// Returns where an event leads. After `Running` and `Failed` nothing more is to be heard.
    pub fn next(self, event: Event) -> Self {
        match (self, event) {
            (Self::SettingUp, Event::Report(Report::Ready { notes })) => Self::Executing { notes },
            (Self::Executing { notes }, Event::End) => Self::Running { notes },
            (Self::SettingUp | Self::Executing { .. }, Event::Report(Report::Failed(error))) => {
                Self::Failed(error)
            }
            (Self::Failed(error), _) => Self::Failed(error),
            // It ended before it was ready, was ready twice, or spoke after it was gone.
            (Self::SettingUp, Event::End) | (Self::Executing { .. } | Self::Running { .. }, _) => {
                Self::Failed(out_of_order())
            }
        }
    }

    /// Tells whether there is more to listen for.
    pub fn goes_on(&self) -> bool {
        matches!(self, Self::SettingUp | Self::Executing { .. })
    }
}

fn out_of_order() -> LaunchError {
    LaunchError::Setup {
        what: What::Init,
        path: String::new(),
        errno: nix::libc::EPROTO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ready() -> Event {
        Event::Report(Report::Ready {
            notes: vec![Note::HostSys],
        })
    }

    fn not_found() -> LaunchError {
        LaunchError::NotExecutable {
            command: "x".to_owned(),
            errno: 13,
        }
    }

    fn after(events: Vec<Event>) -> Handshake {
        events
            .into_iter()
            .fold(Handshake::SettingUp, Handshake::next)
    }

    #[test]
    fn ready_and_then_the_end_means_running() {
        let notes = vec![Note::HostSys];
        assert_eq!(
            after(vec![ready(), Event::End]),
            Handshake::Running { notes }
        );
    }

    #[test]
    fn a_failure_counts_before_and_after_ready() {
        let failed = Event::Report(Report::Failed(not_found()));
        let expected = Handshake::Failed(not_found());
        assert_eq!(after(vec![failed.clone()]), expected);
        assert_eq!(after(vec![ready(), failed.clone()]), expected);
        assert_eq!(after(vec![failed, Event::End]), expected);
    }

    #[test]
    fn an_end_before_ready_is_a_failure() {
        assert_eq!(after(vec![Event::End]), Handshake::Failed(out_of_order()));
    }

    #[test]
    fn being_ready_twice_is_out_of_order() {
        assert_eq!(
            after(vec![ready(), ready()]),
            Handshake::Failed(out_of_order())
        );
    }

    #[test]
    fn only_running_and_failed_are_final() {
        let notes = Vec::new();
        assert!(Handshake::SettingUp.goes_on());
        assert!(
            Handshake::Executing {
                notes: notes.clone()
            }
            .goes_on()
        );
        assert!(!Handshake::Running { notes }.goes_on());
        assert!(!Handshake::Failed(not_found()).goes_on());
    }
}
