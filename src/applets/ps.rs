//! `ps`: which processes there are, read from `/proc` (`proc(5)`).
//!
//! Shows all processes, as busybox's does: inside a container these are the container's own.
//! `-e -f -A -a -x aux` are accepted and change nothing; `-o` chooses columns.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

const USAGE: &str = "usage: ps [-o COLUMN,...]   columns: pid ppid user stat time comm args";
const USUAL_COLUMNS: [Column; 4] = [Column::Pid, Column::User, Column::Time, Column::Args];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Pid,
    Ppid,
    User,
    Stat,
    Time,
    Comm,
    Args,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Process {
    pid: u32,
    ppid: u32,
    user: String,
    state: String,
    /// User and system time, in clock ticks.
    ticks: u64,
    comm: String,
    /// The command line; empty for kernel threads and zombies.
    args: String,
}

pub(super) fn main(args: &[String]) -> Result<(), String> {
    let columns = columns(args)?;
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default(); // then ids are shown
    let processes = processes(Path::new("/proc"), &users).map_err(|e| format!("/proc: {e}"))?;
    let per_second = nix::unistd::sysconf(nix::unistd::SysconfVar::CLK_TCK);
    let per_second = per_second
        .ok()
        .flatten()
        .and_then(|n| u64::try_from(n).ok())
        .unwrap_or(100);
    let table = table(&processes, &columns, per_second);
    io::stdout()
        .write_all(table.as_bytes())
        .map_err(|e| e.to_string())
}

fn columns(args: &[String]) -> Result<Vec<Column>, String> {
    let mut columns = Vec::new();
    let mut args = args.iter().map(String::as_str);
    while let Some(arg) = args.next() {
        if let Some(list) = arg.strip_prefix("-o") {
            let list = if list.is_empty() {
                args.next().ok_or(USAGE)?
            } else {
                list
            };
            for name in list.split(',') {
                columns.push(Column::from_name(name).ok_or(USAGE)?);
            }
        } else if !arg
            .trim_start_matches('-')
            .chars()
            .all(|c| "efAaxuwl".contains(c))
        {
            return Err(format!("unknown option {arg}\n{USAGE}"));
        }
    }
    Ok(if columns.is_empty() {
        USUAL_COLUMNS.to_vec()
    } else {
        columns
    })
}

impl Column {
    fn from_name(name: &str) -> Option<Self> {
        Some(match name.trim() {
            "pid" => Self::Pid,
            "ppid" => Self::Ppid,
            "user" => Self::User,
            "stat" | "s" | "state" => Self::Stat,
            "time" => Self::Time,
            "comm" => Self::Comm,
            "args" | "cmd" | "command" => Self::Args,
            _ => return None,
        })
    }

    fn title(self) -> &'static str {
        match self {
            Self::Pid => "  PID",
            Self::Ppid => " PPID",
            Self::User => "USER    ",
            Self::Stat => "STAT",
            Self::Time => "TIME ",
            Self::Comm => "COMMAND         ",
            Self::Args => "COMMAND",
        }
    }

    fn value(self, process: &Process, per_second: u64) -> String {
        match self {
            Self::Pid => format!("{:5}", process.pid),
            Self::Ppid => format!("{:5}", process.ppid),
            Self::User => format!("{:8}", process.user),
            Self::Stat => format!("{:4}", process.state),
            Self::Time => {
                let seconds = process.ticks / per_second.max(1);
                format!("{:2}:{:02}", seconds / 60, seconds % 60)
            }
            Self::Comm => format!("{:16}", process.comm),
            Self::Args if process.args.is_empty() => format!("[{}]", process.comm),
            Self::Args => process.args.clone(),
        }
    }
}

fn table(processes: &[Process], columns: &[Column], per_second: u64) -> String {
    let title: Vec<_> = columns
        .iter()
        .map(|column| column.title().to_owned())
        .collect();
    let rows = processes.iter().map(|process| {
        let cells = columns
            .iter()
            .map(|column| column.value(process, per_second));
        cells.collect()
    });
    let mut text = String::new();
    for cells in [title].into_iter().chain(rows) {
        text.push_str(cells.join(" ").trim_end());
        text.push('\n');
    }
    text
}

/// Reads all processes, by number. One that ends meanwhile is left out.
fn processes(proc: &Path, users: &str) -> io::Result<Vec<Process>> {
    let names = fs::read_dir(proc)?
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok());
    let mut pids: Vec<u32> = names.filter_map(|name| name.parse().ok()).collect();
    pids.sort_unstable();
    Ok(pids
        .into_iter()
        .filter_map(|pid| process(&proc.join(pid.to_string()), pid, users))
        .collect())
}

fn process(folder: &Path, pid: u32, users: &str) -> Option<Process> {
    let stat = fs::read_to_string(folder.join("stat")).ok()?;
    // `PID (COMM) STATE PPID ...`, and COMM may have blanks and parentheses of its own
    let (before, after) = stat.rsplit_once(')')?;
    let comm = before.split_once('(')?.1.to_owned();
    let fields: Vec<&str> = after.split_whitespace().collect();
    let ticks = |field: usize| fields.get(field - 3)?.parse::<u64>().ok(); // numbered as in proc(5)
    let cmdline = fs::read(folder.join("cmdline")).unwrap_or_default();
    let cmdline = String::from_utf8_lossy(&cmdline);
    Some(Process {
        pid,
        ppid: fields.get(1)?.parse().ok()?,
        user: user(fs::metadata(folder).ok()?.uid(), users),
        state: (*fields.first()?).to_owned(),
        ticks: ticks(14)? + ticks(15)?,
        comm,
        args: cmdline.trim_end_matches('\0').replace(['\0', '\n'], " "),
    })
}

/// Returns the name of a user, or the number where /etc/passwd has none.
fn user(uid: u32, users: &str) -> String {
    let id = uid.to_string();
    let mut lines = users
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>());
    let line = lines.find(|fields| fields.get(2) == Some(&id.as_str()));
    line.map_or(id.clone(), |fields| fields[0].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn this_process_is_among_those_of_the_kernel() {
        let all = processes(Path::new("/proc"), "").unwrap();
        let this = all
            .iter()
            .find(|process| process.pid == std::process::id())
            .unwrap();
        assert_eq!(this.ppid, std::os::unix::process::parent_id());
        let first = std::env::args().next().unwrap();
        assert!(this.args.starts_with(&first), "{}", this.args);
    }

    #[test]
    fn a_name_with_parentheses_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let stat = "7 (a) b) S 1 7 7 0 -1 0 0 0 0 0 250 6050 0 0 20 0 1 0 0 0";
        fs::write(folder.path().join("stat"), stat).unwrap();
        let process = process(folder.path(), 7, "").unwrap();
        assert_eq!(
            (process.comm.as_str(), process.state.as_str(), process.ticks),
            ("a) b", "S", 6300)
        );
        assert_eq!(process.args, "");
    }

    #[test]
    fn the_table_is_that_of_busybox() {
        let process = |pid, args: &str| Process {
            pid,
            ppid: 0,
            user: "root".to_owned(),
            state: "S".to_owned(),
            ticks: 6300,
            comm: "sh".to_owned(),
            args: args.to_owned(),
        };
        let all = [process(1, "sh -c x"), process(12, "")];
        assert_eq!(
            table(&all, &USUAL_COLUMNS, 100),
            "  PID USER     TIME  COMMAND\n    1 root      1:03 sh -c x\n   12 root      1:03 [sh]\n"
        );
    }

    #[test]
    fn options_of_other_ps_are_accepted() {
        for options in ["", "-e", "-ef", "aux", "-A"] {
            assert_eq!(columns(&words(options)).unwrap(), USUAL_COLUMNS);
        }
        assert_eq!(
            columns(&words("-o pid,comm")).unwrap(),
            [Column::Pid, Column::Comm]
        );
        assert!(columns(&words("--forest")).unwrap_err().contains("usage"));
        assert!(columns(&words("-o")).is_err());
    }

    #[test]
    fn users_have_names_where_there_is_one() {
        let users = "root:x:0:0::/root:/bin/sh\nlearner:x:1000:1000::/:/bin/sh\n";
        assert_eq!(user(1000, users), "learner");
        assert_eq!(user(7, users), "7");
    }
}
