//! What a container uses right now, added up over its processes: most have no control group that
//! would count for them.

use std::fs;
use std::path::Path;

use super::processes;
use super::state::Running;

/// What is used. Bytes, but for times and counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Hundredths of a second of processor time, of the processes that live.
    pub ticks: u64,
    /// Memory.
    pub memory: u64,
    /// Received and sent by its own network, without loopback.
    pub network: (u64, u64),
    /// Read from and written to disks.
    pub disk: (u64, u64),
    /// Processes and threads.
    pub threads: u64,
}

/// Adds up what a running container uses; nothing when it has ended.
pub fn usage(running: &Running) -> Usage {
    let mut sum = Usage::default();
    for process in processes::of(running.init).unwrap_or_default() {
        // One that ends meanwhile uses nothing any more.
        let Some(one) = of_process(process.pid) else {
            continue;
        };
        sum.ticks += one.ticks;
        sum.memory += one.memory;
        sum.disk = (sum.disk.0 + one.disk.0, sum.disk.1 + one.disk.1);
        sum.threads += one.threads;
    }
    sum.memory = counted(&running.cgroups).unwrap_or(sum.memory);
    sum.network = network(running.init).unwrap_or_default();
    sum
}

/// Returns the machine's memory.
pub fn total_memory() -> u64 {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    kilobytes(&text, "MemTotal:").unwrap_or(0)
}

fn of_process(pid: u32) -> Option<Usage> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let words: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    // proc_pid_stat(5) counts from 1, and two of its words stand before these.
    let number = |field: usize| words.get(field - 3)?.parse::<u64>().ok();
    let io = fs::read_to_string(format!("/proc/{pid}/io")).unwrap_or_default();
    let bytes = |name: &str| value(&io, name).unwrap_or(0);
    Some(Usage {
        ticks: number(14)? + number(15)?,
        memory: memory(pid),
        network: (0, 0),
        disk: (bytes("read_bytes:"), bytes("write_bytes:")),
        threads: number(20)?,
    })
}

/// What it holds, shared pages divided among those who share them.
fn memory(pid: u32) -> u64 {
    let read = |name: &str| fs::read_to_string(format!("/proc/{pid}/{name}")).unwrap_or_default();
    let shared_out = kilobytes(&read("smaps_rollup"), "Pss:");
    shared_out
        .or_else(|| kilobytes(&read("status"), "VmRSS:"))
        .unwrap_or(0)
}

/// What a control group of its own counts, without files that could be let go.
fn counted(groups: &[std::path::PathBuf]) -> Option<u64> {
    groups.iter().find_map(|group| {
        let files = [
            ("memory.current", "inactive_file"),
            ("memory.usage_in_bytes", "total_inactive_file"),
        ];
        files.iter().find_map(|(file, cached)| {
            let all: u64 = read(group, file)?.trim().parse().ok()?;
            let stat = read(group, "memory.stat")?;
            Some(all.saturating_sub(value(&stat, cached).unwrap_or(0)))
        })
    })
}

fn read(folder: &Path, file: &str) -> Option<String> {
    fs::read_to_string(folder.join(file)).ok()
}

/// Reads `/proc/PID/net/dev`; none where the network is this process's own, the host's.
fn network(pid: u32) -> Option<(u64, u64)> {
    let place = |pid: &str| fs::read_link(format!("/proc/{pid}/ns/net")).ok();
    if place(&pid.to_string())? == place("self")? {
        return None;
    }
    Some(added_up(
        &fs::read_to_string(format!("/proc/{pid}/net/dev")).ok()?,
    ))
}

fn added_up(devices: &str) -> (u64, u64) {
    let mut sum = (0, 0);
    for (name, counts) in devices.lines().filter_map(|line| line.split_once(':')) {
        let counts: Vec<u64> = counts
            .split_whitespace()
            .filter_map(|it| it.parse().ok())
            .collect();
        if let ([received, ..], Some(sent)) = (&counts[..], counts.get(8))
            && name.trim() != "lo"
        {
            sum = (sum.0 + received, sum.1 + sent);
        }
    }
    sum
}

fn value(text: &str, name: &str) -> Option<u64> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix([' ', '\t']));
    line?.split_whitespace().next()?.parse().ok()
}

fn kilobytes(text: &str, name: &str) -> Option<u64> {
    value(text, name).map(|number| number * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_network_devices_leave_loopback_out() {
        let text = "Inter-|   Receive\n face |bytes\n    lo: 9 1 0 0 0 0 0 0 9 1 0 0 0 0 0 0\n  \
            eth0: 700 5 0 0 0 0 0 0 300 2 0 0 0 0 0 0\n";
        assert_eq!(added_up(text), (700, 300));
    }

    #[test]
    fn values_stand_behind_their_names() {
        let text = "Rss:  40 kB\nPss:\t 12 kB\n";
        assert_eq!(kilobytes(text, "Pss:"), Some(12 * 1024));
        assert_eq!(value("inactive_file 5\nfile 7\n", "file"), Some(7));
        assert_eq!(value(text, "Swap:"), None);
    }

    #[test]
    fn this_process_uses_something() {
        let own = of_process(std::process::id()).unwrap();
        assert!(own.memory > 0 && own.threads > 0 && total_memory() > own.memory);
    }
}
