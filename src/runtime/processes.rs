//! The processes of a container, as the host numbers them.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// What is known of one process (`proc_pid_stat(5)`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// Its parent's number.
    pub parent: u32,
    /// `R` running, `S` sleeping, `T` stopped, `Z` ended ...
    pub state: char,
}

/// Returns the processes of the PID namespace that `init` began, and what they started in
/// namespaces of their own, in the order of their numbers.
///
/// # Errors
///
/// `init` has ended.
pub fn of(init: u32) -> io::Result<Vec<Process>> {
    let home = namespace(init)?;
    let mut all = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let pid = name.to_str().and_then(|name| name.parse().ok());
        // One that has ended meanwhile is none.
        all.extend(pid.and_then(read));
    }
    let mut inside: HashSet<u32> = all
        .iter()
        .filter(|process| namespace(process.pid).is_ok_and(|its| its == home))
        .map(|process| process.pid)
        .collect();
    // What was started in a further namespace has a parent, or a parent's parent, in this one.
    let parents: HashMap<u32, u32> = all.iter().map(|it| (it.pid, it.parent)).collect();
    for process in &all {
        let mut line = vec![process.pid];
        while let Some(&parent) = line.last().and_then(|last| parents.get(last)) {
            if inside.contains(&parent) {
                inside.extend(&line);
                break;
            }
            line.push(parent);
        }
    }
    all.retain(|process| inside.contains(&process.pid));
    all.sort_by_key(|process| process.pid);
    Ok(all)
}

/// Reads one process; none when it is gone.
pub fn read(pid: u32) -> Option<Process> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The command stands in parentheses and may hold any character.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut words = rest.split_whitespace();
    Some(Process {
        pid,
        state: words.next()?.chars().next()?,
        parent: words.next()?.parse().ok()?,
    })
}

/// How many ticks of `/proc` are a second (`USER_HZ`): the same on every machine that strata runs on.
const TICKS: u64 = 100;

/// What `ps` shows of a process besides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    /// Its user outside.
    pub uid: u32,
    /// Its terminal, such as `pts/0`.
    pub terminal: Option<String>,
    /// Seconds of processor time.
    pub used: u64,
    /// When it began, in seconds since the epoch.
    pub started: i64,
    /// Its words; its name in brackets where it has none.
    pub command: String,
}

/// Reads more of a process; none when it is gone.
pub fn details(pid: u32) -> Option<Details> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (before, rest) = stat.rsplit_once(')')?;
    let words: Vec<&str> = rest.split_whitespace().collect();
    // proc_pid_stat(5) counts from 1, and two of its words stand before these.
    let number = |field: usize| words.get(field - 3)?.parse::<u64>().ok();
    let boot = fs::read_to_string("/proc/stat").ok()?;
    let boot = boot.lines().find_map(|line| line.strip_prefix("btime "))?;
    let boot: i64 = boot.trim().parse().ok()?;
    let line = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let line = String::from_utf8_lossy(&line).replace('\0', " ");
    let name = before.split_once('(')?.1;
    Some(Details {
        uid: fs::metadata(format!("/proc/{pid}")).ok()?.uid(),
        terminal: terminal(number(7)?),
        used: (number(14)? + number(15)?) / TICKS,
        started: boot + i64::try_from(number(22)? / TICKS).ok()?,
        command: match line.trim_end() {
            "" => format!("[{name}]"),
            line => line.to_owned(),
        },
    })
}

/// Names a terminal by its device number; container's are pseudo-terminals (major 136 and up).
fn terminal(number: u64) -> Option<String> {
    let (major, minor) = (number >> 8 & 0xfff, number & 0xff | number >> 12 & 0xfff00);
    (136..=143).contains(&major).then(|| format!("pts/{minor}"))
}

fn namespace(pid: u32) -> io::Result<(u64, u64)> {
    let place = fs::metadata(Path::new("/proc").join(pid.to_string()).join("ns/pid"))?;
    Ok((place.dev(), place.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_finds_itself_among_those_of_its_own_namespace() {
        let own = std::process::id();
        let found = of(own).unwrap();
        let me = found.iter().find(|process| process.pid == own).unwrap();
        assert_eq!(me.parent, std::os::unix::process::parent_id());
    }

    #[test]
    fn of_one_that_does_not_exist_there_is_nothing() {
        assert!(of(u32::MAX).is_err());
        assert_eq!(read(u32::MAX), None);
    }
}
