//! Sub-ids: which ones a user has been given, and a user namespace that maps them.

use std::fs;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};

use serde::{Deserialize, Serialize};

use super::enter::RuntimeError;
use super::probe::{NoNamespaces, find_in_path};
use super::sys;

/// Consecutive ids of the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdRange {
    /// The first.
    pub start: u32,
    /// How many.
    pub count: u32,
}

/// Returns this user's sub-ids, if there are any and the tools that may map them.
pub fn sub_ids() -> Option<(IdRange, IdRange)> {
    let uid = rustix::process::getuid().as_raw();
    let name = user_name(uid);
    let range = |path: &str| {
        let text = fs::read_to_string(path).ok()?;
        sub_id_range(&text, name.as_deref(), uid)
    };
    let ranges = (range("/etc/subuid")?, range("/etc/subgid")?);
    let installed = |tool: &str| find_in_path(tool).is_some();
    (installed("newuidmap") && installed("newgidmap")).then_some(ranges)
}

fn user_name(uid: u32) -> Option<String> {
    let passwd = fs::read_to_string("/etc/passwd").ok()?;
    let mut lines = passwd
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>());
    let number = uid.to_string();
    let line = lines.find(|line| line.get(2) == Some(&number.as_str()));
    // Users of a directory service are not in the file.
    line.map(|line| line[0].to_owned())
        .or_else(|| std::env::var("USER").ok())
}

/// Finds a user's largest range in the text of `/etc/subuid` (subuid(5)): lines of name or
/// number, first id, count.
fn sub_id_range(text: &str, name: Option<&str>, uid: u32) -> Option<IdRange> {
    let range = |line: &str| {
        let mut words = line.trim().split(':');
        let owner = words.next()?;
        let mine = Some(owner) == name || owner.parse() == Ok(uid);
        let (start, count) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        mine.then_some(IdRange { start, count })
    };
    text.lines()
        .filter_map(range)
        .filter(|range| range.count > 0)
        .max_by_key(|range| range.count)
}

/// A user namespace whose ids are being mapped: 0 to this user and the rest to the sub-ids.
#[derive(Debug)]
pub struct Mapping {
    namespace: sys::UserNamespace,
    tools: [(&'static str, Child); 2],
}

impl Mapping {
    /// Starts newuidmap(1) and newgidmap(1) beside each other.
    pub fn begin(uids: IdRange, gids: IdRange) -> Result<Self, RuntimeError> {
        let namespace = sys::UserNamespace::new().map_err(|error| NoNamespaces::Refused {
            errno: error.raw_os_error().unwrap_or(nix::libc::EPERM),
        })?;
        let uid = rustix::process::geteuid().as_raw();
        let gid = rustix::process::getegid().as_raw();
        let start = |tool, own, range: IdRange| {
            let numbers = [namespace.pid(), 0, own, 1, 1, range.start, range.count];
            Ok::<_, RuntimeError>((tool, start_map(tool, numbers)?))
        };
        let tools = [
            start("newuidmap", uid, uids)?,
            start("newgidmap", gid, gids)?,
        ];
        Ok(Self { namespace, tools })
    }

    /// Waits for both and returns the namespace, which lives on in its descriptor.
    pub fn finish(self) -> Result<OwnedFd, RuntimeError> {
        for (tool, child) in self.tools {
            finish_map(tool, child)?;
        }
        self.namespace
            .open()
            .map_err(|error| RuntimeError::setup("open the user namespace", error))
    }
}

fn start_map(tool: &str, numbers: [u32; 7]) -> Result<Child, RuntimeError> {
    let program = find_in_path(tool).unwrap_or_else(|| tool.into());
    Command::new(program)
        .args(numbers.map(|number| number.to_string()))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| RuntimeError::setup(tool, error))
}

fn finish_map(tool: &str, child: Child) -> Result<(), RuntimeError> {
    let output = child
        .wait_with_output()
        .map_err(|error| RuntimeError::setup(tool, error))?;
    if output.status.success() {
        return Ok(());
    }
    let output = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(RuntimeError::IdMap {
        tool: tool.to_owned(),
        output,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sub_ids_are_found_by_name_or_number_and_the_largest_counts() {
        let text = "other:1:2\nlearner:100000:10\n1001:200000:65536\n";
        let expected = Some(IdRange {
            start: 200_000,
            count: 65_536,
        });
        assert_eq!(sub_id_range(text, Some("learner"), 1001), expected);
        let expected = Some(IdRange {
            start: 100_000,
            count: 10,
        });
        assert_eq!(sub_id_range(text, Some("learner"), 7), expected);
        assert_eq!(sub_id_range(text, None, 7), None);
    }
}
