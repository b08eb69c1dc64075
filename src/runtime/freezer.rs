//! Pausing: every process of a container rests until it is let go again.
//!
//! | where | how | what a process notices |
//! |---|---|---|
//! | cgroup v2, writable | `cgroup.freeze` | nothing; it can be killed |
//! | cgroup v1, writable | `freezer.state` | nothing; it has to be thawed to be killed |
//! | elsewhere | SIGSTOP to each, SIGCONT later | its parent may hear of it |
//!
//! A container has a group of its own only when it has limits, because making one costs every
//! start. So a group is made at the first pause, and the processes are moved there.

use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, PidfdFlags, pidfd_open};

use super::processes::Process;
use super::{cgroup, processes, sys};

/// Longer than any process takes to come to rest, unless it waits for a disk that does not answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long to wait between two looks.
const PAUSE: Duration = Duration::from_millis(2);

/// A container at rest.
#[derive(Debug)]
pub(super) enum Frozen {
    /// The processes are in a group that is frozen.
    Group(Group),
    /// These processes were stopped, one by one.
    Stopped(Vec<OwnedFd>),
}

/// A control group that can be frozen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    folder: PathBuf,
    version: Version,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

impl Frozen {
    /// Freezes the container of this PID 1. `folders` are its groups; one that is made is added.
    pub fn freeze(init: u32, folders: &mut Vec<PathBuf>) -> io::Result<Self> {
        let own = folders.iter().find_map(|folder| Group::at(folder));
        if let Some(group) = own {
            group.freeze(init)?;
            return Ok(Self::Group(group));
        }
        for place in cgroup::freezers() {
            if let Ok(group) = Group::make(&place, init) {
                folders.push(group.folder.clone());
                return Ok(Self::Group(group));
            }
        }
        stop_all(|| processes::of(init)).map(Self::Stopped)
    }

    /// Lets it go on.
    pub fn thaw(&self) -> io::Result<()> {
        match self {
            Self::Group(group) => group.set(false),
            Self::Stopped(processes) => {
                for process in processes {
                    // It may have been killed meanwhile.
                    let _ = sys::signal(process.as_fd(), nix::libc::SIGCONT);
                }
                Ok(())
            }
        }
    }
}

/// Lets a group go on whose container lost its supervisor: what is frozen with version 1 does not
/// hear that it was killed.
pub(super) fn thaw_lost(folders: &[PathBuf]) {
    for group in folders.iter().filter_map(|folder| Group::at(folder)) {
        // It may be gone already, and then nothing is left that could rest.
        let _ = group.set(false);
        let deadline = Instant::now() + PATIENCE;
        while fs::remove_dir(&group.folder)
            .is_err_and(|error| error.kind() != io::ErrorKind::NotFound)
            && Instant::now() < deadline
        {
            thread::sleep(PAUSE);
        }
    }
}

impl Group {
    /// Returns the group of a folder that can be frozen.
    fn at(folder: &Path) -> Option<Self> {
        let has = |file: &str| folder.join(file).exists();
        let version = match () {
            () if has("cgroup.freeze") => Version::Two,
            () if has("freezer.state") => Version::One,
            () => return None,
        };
        Some(Self {
            folder: folder.to_owned(),
            version,
        })
    }

    /// Makes a group and freezes the container in there; leaves nothing where that fails.
    fn make(parent: &Path, init: u32) -> io::Result<Self> {
        let folder = parent.join(cgroup::unique_name());
        fs::create_dir(&folder)?;
        let unusable = || io::Error::from(io::ErrorKind::Unsupported);
        let made = Self::at(&folder).ok_or_else(unusable).and_then(|group| {
            group.freeze(init)?;
            Ok(group)
        });
        if made.is_err() {
            for pid in members(&folder).unwrap_or_default() {
                // What cannot go back stays in a group that does nothing.
                let _ = fs::write(parent.join("cgroup.procs"), pid.to_string());
            }
            let _ = fs::remove_dir(&folder);
        }
        made
    }

    fn freeze(&self, init: u32) -> io::Result<()> {
        self.gather(init)?;
        self.set(true)?;
        let deadline = Instant::now() + PATIENCE;
        while !self.is_frozen()? {
            if Instant::now() > deadline {
                self.set(false)?;
                return Err(io::ErrorKind::TimedOut.into());
            }
            thread::sleep(PAUSE);
            if self.version == Version::One {
                // A process that was moved late keeps it "freezing" until it is told again.
                self.set(true)?;
            }
        }
        Ok(())
    }

    /// Moves every process of the container into the group. What a process in there starts is in
    /// there too, so this ends when all of them are.
    fn gather(&self, init: u32) -> io::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let inside = members(&self.folder)?;
            let mut all = processes::of(init)?;
            all.retain(|it| it.state != 'Z' && !inside.contains(&it.pid));
            if all.is_empty() {
                return Ok(());
            }
            for process in all {
                match fs::write(self.folder.join("cgroup.procs"), process.pid.to_string()) {
                    Err(error) if error.raw_os_error() == Some(nix::libc::ESRCH) => {}
                    answer => answer?,
                }
            }
            if Instant::now() > deadline {
                return Err(io::ErrorKind::TimedOut.into());
            }
        }
    }

    fn set(&self, frozen: bool) -> io::Result<()> {
        let (file, text) = match (self.version, frozen) {
            (Version::Two, true) => ("cgroup.freeze", "1"),
            (Version::Two, false) => ("cgroup.freeze", "0"),
            (Version::One, true) => ("freezer.state", "FROZEN"),
            (Version::One, false) => ("freezer.state", "THAWED"),
        };
        fs::write(self.folder.join(file), text)
    }

    fn is_frozen(&self) -> io::Result<bool> {
        Ok(match self.version {
            Version::Two => fs::read_to_string(self.folder.join("cgroup.events"))?
                .lines()
                .any(|line| line == "frozen 1"),
            Version::One => {
                fs::read_to_string(self.folder.join("freezer.state"))?.trim() == "FROZEN"
            }
        })
    }
}

fn members(folder: &Path) -> io::Result<Vec<u32>> {
    let text = fs::read_to_string(folder.join("cgroup.procs"))?;
    Ok(text.lines().filter_map(|line| line.parse().ok()).collect())
}

/// Stops every process, and looks again until none is new and all have stopped: one that still runs
/// may start others. Those that somebody else has stopped stay his.
fn stop_all(find: impl Fn() -> io::Result<Vec<Process>>) -> io::Result<Vec<OwnedFd>> {
    let mut known: Vec<u32> = Vec::new();
    let mut stopped = Vec::new();
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mut all_rest = true;
        for process in find()? {
            let rests = matches!(process.state, 'T' | 't' | 'Z' | 'X');
            all_rest &= rests;
            if known.contains(&process.pid) {
                continue;
            }
            known.push(process.pid);
            if !rests && let Some(pidfd) = open(process.pid) {
                all_rest = false;
                // It may end in this moment.
                let _ = sys::signal(pidfd.as_fd(), nix::libc::SIGSTOP);
                stopped.push(pidfd);
            }
        }
        if all_rest {
            return Ok(stopped);
        }
        if Instant::now() > deadline {
            Frozen::Stopped(stopped).thaw()?;
            return Err(io::ErrorKind::TimedOut.into());
        }
        thread::sleep(PAUSE);
    }
}

fn open(pid: u32) -> Option<OwnedFd> {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw)?;
    pidfd_open(pid, PidfdFlags::empty()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Child, Command};

    /// Lets a child of ours rest and go on; the rest of our own namespace is not to be touched.
    fn child() -> Child {
        Command::new("sleep").arg("60").spawn().unwrap()
    }

    fn state(child: &Child) -> char {
        processes::read(child.id()).unwrap().state
    }

    #[test]
    fn a_group_of_either_version_freezes_thaws_and_is_removed() {
        for place in cgroup::freezers() {
            let folder = place.join(cgroup::unique_name());
            if fs::create_dir(&folder).is_err() {
                // An ordinary user's machine; other tests pause by signals.
                continue;
            }
            let mut child = child();
            fs::write(folder.join("cgroup.procs"), child.id().to_string()).unwrap();
            let group = Group::at(&folder).unwrap();
            assert!(!group.is_frozen().unwrap());
            group.set(true).unwrap();
            while !group.is_frozen().unwrap() {
                thread::sleep(PAUSE);
            }
            child.kill().unwrap();
            // As when a supervisor was killed: what rests hears of it when it goes on.
            thaw_lost(std::slice::from_ref(&folder));
            child.wait().unwrap();
            thaw_lost(std::slice::from_ref(&folder));
            assert!(!folder.exists());
        }
    }

    #[test]
    fn what_somebody_else_stopped_stays_stopped() {
        let (mut own, mut others) = (child(), child());
        let pidfd = open(others.id()).unwrap();
        sys::signal(pidfd.as_fd(), nix::libc::SIGSTOP).unwrap();
        while state(&others) != 'T' {
            thread::sleep(PAUSE);
        }
        let find = || [&own, &others].map(|child| processes::read(child.id()).unwrap());
        let stopped = stop_all(|| Ok(find().to_vec())).unwrap();
        assert_eq!(state(&own), 'T');
        Frozen::Stopped(stopped).thaw().unwrap();
        while state(&own) == 'T' {
            thread::sleep(PAUSE);
        }
        assert_eq!(state(&others), 'T');
        for child in [&mut own, &mut others] {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}
