//! When a container is started again after its end, and after which rest. Pure but for the clock
//! that a rest is measured by.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::relay::Program;
use super::sys;

/// `--restart`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RestartPolicy {
    /// Its end is its end.
    #[default]
    No,
    /// After a failure, at most so many times; 0 is without end.
    OnFailure(u32),
    /// Always, also after a reboot.
    Always,
    /// Always, unless somebody stopped it.
    UnlessStopped,
}

impl RestartPolicy {
    /// Whether nothing is started again.
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub fn is_no(&self) -> bool {
        *self == Self::No
    }

    /// docker's name for it, without the number.
    pub fn word(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::OnFailure(_) => "on-failure",
            Self::Always => "always",
            Self::UnlessStopped => "unless-stopped",
        }
    }

    /// How often at most; 0 is without end.
    pub fn most(self) -> u32 {
        match self {
            Self::OnFailure(most) => most,
            Self::No | Self::Always | Self::UnlessStopped => 0,
        }
    }

    /// Whether a container that ended by itself is started again.
    pub fn again(self, code: i32, restarts: u32) -> bool {
        match self {
            Self::No => false,
            Self::OnFailure(most) => code != 0 && (most == 0 || restarts < most),
            Self::Always | Self::UnlessStopped => true,
        }
    }

    /// Whether a container that rests is to run after a reboot, given whether it was stopped by
    /// somebody.
    pub fn after_reboot(self, code: Option<i32>, stopped: bool) -> bool {
        match (self, code) {
            // One that never ran was only created.
            (_, None) | (Self::No, _) => false,
            (Self::Always, _) => true,
            (Self::UnlessStopped, _) => !stopped,
            (Self::OnFailure(_), Some(code)) => code != 0 && !stopped,
        }
    }
}

impl FromStr for RestartPolicy {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (name, number) = match text.split_once(':') {
            Some((name, number)) => (name, Some(number)),
            None => (text, None),
        };
        match (name, number) {
            ("" | "no", None) => Ok(Self::No),
            ("always", None) => Ok(Self::Always),
            ("unless-stopped", None) => Ok(Self::UnlessStopped),
            ("on-failure", None) => Ok(Self::OnFailure(0)),
            ("on-failure", Some(number)) => number.parse().map(Self::OnFailure).map_err(drop),
            _ => Err(()),
        }
    }
}

/// docker's rests: the first, the longest, and how long a container has to run to begin with the
/// first again.
const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_mins(1);
const RAN_WELL: Duration = Duration::from_secs(10);

/// How long the next rest is.
#[derive(Debug, Clone, Copy)]
pub(super) struct BackOff(Duration);

impl Default for BackOff {
    fn default() -> Self {
        Self(FIRST)
    }
}

impl BackOff {
    /// Returns the rest after a run of this length; the one after it is twice as long.
    pub fn next(&mut self, ran: Duration) -> Duration {
        if ran >= RAN_WELL {
            self.0 = FIRST;
        }
        let rest = self.0;
        self.0 = (rest * 2).min(LONGEST);
        rest
    }
}

/// The rest between an end and the next start, in the place of a program: it ends when its time is
/// over, or when a signal is sent.
#[derive(Debug)]
pub(super) struct Rest(OwnedFd);

impl Rest {
    /// Begins a rest.
    pub fn new(length: Duration) -> io::Result<Self> {
        let timer = sys::timer()?;
        sys::set_timer(timer.as_fd(), length)?;
        Ok(Self(timer))
    }
}

impl Program for Rest {
    fn pidfd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    fn signal(&self, _signal: i32) -> io::Result<()> {
        sys::set_timer(self.0.as_fd(), Duration::ZERO)
    }

    fn rest(&mut self, rest: bool) -> io::Result<Option<Vec<PathBuf>>> {
        if rest {
            return Err(io::Error::other("the container is restarting"));
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_dockers_words() {
        let read = |text: &str| text.parse::<RestartPolicy>();
        assert_eq!(read("no"), Ok(RestartPolicy::No));
        assert_eq!(read("on-failure:3"), Ok(RestartPolicy::OnFailure(3)));
        assert_eq!(read("unless-stopped"), Ok(RestartPolicy::UnlessStopped));
        for wrong in [
            "sometimes",
            "always:3",
            "on-failure:-1",
            "on-failure:x",
            "no:1",
        ] {
            assert_eq!(read(wrong), Err(()), "{wrong}");
        }
    }

    #[test]
    fn only_failures_count_for_on_failure_and_only_so_many() {
        let policy = RestartPolicy::OnFailure(2);
        assert!(policy.again(1, 0) && policy.again(1, 1));
        assert!(!policy.again(1, 2) && !policy.again(0, 0));
        assert!(RestartPolicy::OnFailure(0).again(1, 1000));
        assert!(RestartPolicy::Always.again(0, 1000));
        assert!(!RestartPolicy::No.again(1, 0));
    }

    #[test]
    fn after_a_reboot_what_somebody_stopped_rests_but_for_always() {
        assert!(RestartPolicy::Always.after_reboot(Some(0), true));
        assert!(!RestartPolicy::UnlessStopped.after_reboot(Some(0), true));
        assert!(RestartPolicy::UnlessStopped.after_reboot(Some(137), false));
        assert!(!RestartPolicy::OnFailure(0).after_reboot(Some(0), false));
        assert!(!RestartPolicy::Always.after_reboot(None, false));
    }

    #[test]
    fn rests_grow_to_a_minute_and_shrink_after_a_good_run() {
        let mut rests = BackOff::default();
        let short = Duration::from_secs(1);
        let found: Vec<u128> = (0..12).map(|_| rests.next(short).as_millis()).collect();
        assert_eq!(found[..3], [100, 200, 400]);
        assert_eq!(found[11], 60_000);
        assert_eq!(rests.next(Duration::from_secs(10)).as_millis(), 100);
    }
}
