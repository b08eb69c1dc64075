//! Health checks: how healthy a container is, as data. Who looks is `checkup`.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::state::moment;

/// How a container is checked, with everything that was left out filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// docker's form of it, for `inspect`: `CMD` or `CMD-SHELL`, and the words.
    pub test: Vec<String>,
    /// The words of the program that checks.
    pub argv: Vec<String>,
    /// Time between two checks.
    pub interval: Duration,
    /// Time that one may take.
    pub timeout: Duration,
    /// Time in which failures do not count.
    pub start_period: Duration,
    /// Time between two checks in that time.
    pub start_interval: Duration,
    /// Failures in a row that make it unhealthy.
    pub retries: u32,
}

/// docker's words for how it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Condition {
    /// No check has decided yet.
    Starting,
    /// The last check succeeded.
    Healthy,
    /// The last checks failed.
    Unhealthy,
}

impl Condition {
    /// Returns docker's word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Healthy => "healthy",
            Self::Unhealthy => "unhealthy",
        }
    }
}

/// What one check came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Finding {
    /// When it began.
    #[serde(with = "moment")]
    pub start: Timestamp,
    /// When it was over.
    #[serde(with = "moment")]
    pub end: Timestamp,
    /// The exit code; -1 if it took too long.
    pub exit_code: i32,
    /// What it wrote, cut.
    pub output: String,
}

/// How healthy a container is, and why; docker's `State.Health`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Health {
    /// How it is.
    pub status: Condition,
    /// How many checks failed in a row.
    pub failing_streak: u32,
    /// The last checks.
    pub log: VecDeque<Finding>,
}

/// docker keeps so many checks.
const KEPT: usize = 5;

impl Default for Health {
    fn default() -> Self {
        Self {
            status: Condition::Starting,
            failing_streak: 0,
            log: VecDeque::new(),
        }
    }
}

impl Health {
    /// Takes in what a check came to. In the start period a failure counts only once it has been
    /// healthy.
    pub fn add(&mut self, finding: Finding, check: &HealthCheck, since_start: Duration) {
        if finding.exit_code == 0 {
            self.failing_streak = 0;
            self.status = Condition::Healthy;
        } else if self.status != Condition::Starting || since_start >= check.start_period {
            self.failing_streak += 1;
            if self.failing_streak >= check.retries {
                self.status = Condition::Unhealthy;
            }
        }
        if self.log.len() == KEPT {
            self.log.pop_front();
        }
        self.log.push_back(finding);
    }

    /// Returns the time until the next check.
    pub fn pause(&self, check: &HealthCheck, since_start: Duration) -> Duration {
        if self.status == Condition::Starting && since_start < check.start_period {
            check.start_interval.min(check.interval)
        } else {
            check.interval
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(start_period: u64) -> HealthCheck {
        HealthCheck {
            test: Vec::new(),
            argv: Vec::new(),
            interval: Duration::from_secs(30),
            timeout: Duration::from_secs(30),
            start_period: Duration::from_secs(start_period),
            start_interval: Duration::from_secs(5),
            retries: 2,
        }
    }

    fn finding(exit_code: i32) -> Finding {
        Finding {
            start: Timestamp::UNIX_EPOCH,
            end: Timestamp::UNIX_EPOCH,
            exit_code,
            output: String::new(),
        }
    }

    fn after(codes: &[i32], start_period: u64) -> Health {
        let mut health = Health::default();
        for code in codes {
            health.add(finding(*code), &check(start_period), Duration::from_secs(1));
        }
        health
    }

    #[test]
    fn so_many_failures_in_a_row_make_it_unhealthy_and_one_success_healthy() {
        assert_eq!(after(&[1], 0).status, Condition::Starting);
        assert_eq!(after(&[1, 1], 0).status, Condition::Unhealthy);
        assert_eq!(after(&[1, 0, 1], 0).status, Condition::Healthy);
        assert_eq!(after(&[1, 1, 0], 0).failing_streak, 0);
    }

    #[test]
    fn failures_of_the_start_period_do_not_count() {
        let health = after(&[1, 1, 1], 60);
        assert_eq!(
            (health.status, health.failing_streak),
            (Condition::Starting, 0)
        );
        assert_eq!(after(&[0, 1, 1], 60).status, Condition::Unhealthy);
        let early = Duration::from_secs(1);
        assert_eq!(health.pause(&check(60), early), Duration::from_secs(5));
        assert_eq!(health.pause(&check(0), early), Duration::from_secs(30));
    }

    #[test]
    fn five_checks_are_kept() {
        let log = after(&[1, 2, 3, 4, 5, 6], 0).log;
        let codes: Vec<i32> = log.iter().map(|it| it.exit_code).collect();
        assert_eq!(codes, [2, 3, 4, 5, 6]);
    }
}
