//! The state of a container: the status table with its transitions, and the small record that
//! `ps` reads. Nothing here touches the disk.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::bridge::Endpoint;
use super::names::ContainerId;
use super::ports::{Port, Published};

/// The exit code of a container whose supervisor was killed: the kernel then ends the container
/// with SIGKILL (128 + 9).
pub const LOST_EXIT_CODE: i32 = 137;

/// What `error` of an exited container says when its supervisor was killed.
pub const SUPERVISOR_LOST: &str = "supervisor lost";

/// Where a container is in its life.
///
/// | from    | started | exited |
/// | ------- | ------- | ------ |
/// | created | running | exited |
/// | running | refused | exited |
/// | exited  | running | refused |
///
/// Created goes straight to exited when its process could not be started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "status")]
pub enum Status {
    /// Made, never started.
    Created,
    /// Its process lives.
    Running(Running),
    /// Its process ended.
    Exited(Exited),
}

/// What is known of a living container. The process ids are the host's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// The process that holds the container's streams.
    pub supervisor: u32,
    /// The container's PID 1, seen from outside.
    pub init: u32,
    /// When it started.
    #[serde(with = "moment")]
    pub started: Timestamp,
    /// The folders of its control groups, of a container with limits only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cgroups: Vec<PathBuf>,
    /// Where it stands in the networks that it shares with others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub endpoints: Vec<Endpoint>,
    /// Its ports that the host answers for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub published: Vec<Published>,
    /// Its ports that it says it listens on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exposed: Vec<Port>,
    /// Whether all its processes rest.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub paused: bool,
}

/// How a container ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exited {
    /// The process's own code, or 128 plus the signal that ended it.
    pub code: i32,
    /// When it ended.
    #[serde(with = "moment")]
    pub finished: Timestamp,
    /// Why, where the process itself was not the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Status {
    /// Whether `start` may start it.
    pub fn can_start(&self) -> bool {
        matches!(self, Self::Created | Self::Exited(_))
    }

    /// Whether it runs, but rests.
    pub fn is_paused(&self) -> bool {
        matches!(self, Self::Running(running) if running.paused)
    }

    /// Whether there is a process to signal, to attach to and to join with `exec`.
    pub fn is_running(&self) -> bool {
        matches!(self, Self::Running(_))
    }

    /// Whether `rm` may remove it without force.
    pub fn can_remove(&self) -> bool {
        !self.is_running()
    }

    /// Returns what the host answers for, of a running container only.
    pub fn published(&self) -> &[Published] {
        match self {
            Self::Running(running) => &running.published,
            Self::Created | Self::Exited(_) => &[],
        }
    }

    /// Returns the exit code, of an ended container only.
    pub fn exit_code(&self) -> Option<i32> {
        match self {
            Self::Exited(exited) => Some(exited.code),
            Self::Created | Self::Running(_) => None,
        }
    }

    /// Returns docker's word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Running(running) if running.paused => "paused",
            Self::Running(_) => "running",
            Self::Exited(_) => "exited",
        }
    }

    /// Whether the container ended because its supervisor was killed.
    pub fn is_lost(&self) -> bool {
        matches!(self, Self::Exited(exited) if exited.error.as_deref() == Some(SUPERVISOR_LOST))
    }

    /// Returns the status after a start, none where the table refuses it.
    pub fn started(&self, running: Running) -> Option<Self> {
        self.can_start().then_some(Self::Running(running))
    }

    /// Returns the status after the end, none where the table refuses it.
    pub fn exited(&self, exited: Exited) -> Option<Self> {
        (!matches!(self, Self::Exited(_))).then_some(Self::Exited(exited))
    }

    /// Returns the status of a record whose supervisor no longer holds its lock: a container
    /// cannot outlive its supervisor, so one that claims to run has been killed with it.
    pub fn settled(&self, now: Timestamp) -> Self {
        match self {
            Self::Running(_) => Self::Exited(Exited {
                code: LOST_EXIT_CODE,
                finished: now,
                error: Some(SUPERVISOR_LOST.to_owned()),
            }),
            other => other.clone(),
        }
    }
}

/// One row of `ps`: all of it lies in one small file, `state.json`, so that a thousand of them
/// are read in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The id, 64 lower-case hex digits.
    pub id: ContainerId,
    /// The name, without a slash.
    pub name: String,
    /// The image as the user named it.
    pub image: String,
    /// The image's id.
    pub image_id: String,
    /// The words of the command.
    pub command: Vec<String>,
    /// When the container was made.
    #[serde(with = "moment")]
    pub created: Timestamp,
    /// Whether it has a terminal.
    #[serde(default)]
    pub tty: bool,
    /// Whether it is removed when it ends.
    #[serde(default)]
    pub auto_remove: bool,
    /// Labels, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Where it is in its life.
    pub state: Status,
}

/// Times as a person reads them in the store: RFC 3339, UTC.
pub(super) mod moment {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub fn serialize<S: Serializer>(time: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(time)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn running() -> Running {
        Running {
            supervisor: 10,
            init: 11,
            started: Timestamp::UNIX_EPOCH,
            cgroups: Vec::new(),
            endpoints: Vec::new(),
            published: Vec::new(),
            exposed: Vec::new(),
            paused: false,
        }
    }

    fn exited(code: i32) -> Exited {
        Exited {
            code,
            finished: Timestamp::UNIX_EPOCH,
            error: None,
        }
    }

    #[test]
    fn the_table_of_transitions_holds_for_every_pair() {
        let all = [
            Status::Created,
            Status::Running(running()),
            Status::Exited(exited(0)),
        ];
        let start = all.each_ref().map(|s| s.started(running()).is_some());
        let exit = all.each_ref().map(|s| s.exited(exited(1)).is_some());
        assert_eq!(start, [true, false, true]);
        assert_eq!(exit, [true, true, false]);
    }

    #[test]
    fn only_a_running_container_refuses_removal() {
        assert!(Status::Created.can_remove());
        assert!(!Status::Running(running()).can_remove());
        assert!(Status::Exited(exited(3)).can_remove());
    }

    #[test]
    fn a_running_record_without_a_supervisor_settles_as_killed() {
        let settled = Status::Running(running()).settled(Timestamp::UNIX_EPOCH);
        assert_eq!(settled.exit_code(), Some(137));
        assert!(settled.is_lost());
    }

    #[test]
    fn settling_leaves_an_ended_container_as_it_was() {
        let ended = Status::Exited(exited(7));
        assert_eq!(ended.settled(Timestamp::MAX), ended);
    }

    #[test]
    fn a_status_is_readable_json_with_times_in_words() {
        let json = serde_json::to_string(&Status::Running(running())).unwrap();
        assert_eq!(
            json,
            r#"{"status":"running","supervisor":10,"init":11,"started":"1970-01-01T00:00:00Z"}"#
        );
        let back: Status = serde_json::from_str(&json).unwrap();
        assert_eq!(back, Status::Running(running()));
    }
}
