//! Top: the processes of a container, as this machine sees them.

use std::process::Command;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Answer, Face};
use crate::command;
use crate::runtime::processes::{self, Details, Process};
use crate::session::{SessionError, Trouble};

/// `ps -ef` of procps.
const HEADS: [&str; 8] = ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"];

impl Face<'_> {
    pub(super) fn top(&mut self, call: &command::Top) -> Answer {
        let found = self.session.container_processes(&call.container)?;
        let rows = if call.options.is_empty() || call.options == ["-ef"] {
            let now = (self.around.now)();
            let heads = HEADS.map(str::to_owned).to_vec();
            let rows = found.iter().filter_map(|process| row(process, now));
            std::iter::once(heads).chain(rows).collect()
        } else {
            self.asked_of_ps(&call.options, &found)?
        };
        self.write(&columns(&rows));
        Ok(0)
    }

    /// Lets this machine's ps list everything and keeps what is the container's, as docker does.
    fn asked_of_ps(
        &self,
        options: &[String],
        found: &[Process],
    ) -> Result<Vec<Vec<String>>, SessionError> {
        let output = Command::new("ps").args(options).output();
        let output = output.map_err(|error| Trouble::system("run ps", &error))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(Trouble::new(ps_failed(self.language(), &said)).into());
        }
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let rows = of_ps(&text, found);
        Ok(rows.ok_or_else(|| Trouble::new(no_pid_field(self.language())))?)
    }
}

/// Reads the table of ps. The last column may hold spaces.
fn of_ps(text: &str, found: &[Process]) -> Option<Vec<Vec<String>>> {
    let mut lines = text.lines();
    let heads: Vec<String> = lines
        .next()?
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    let at = heads.iter().position(|head| head == "PID")?;
    let count = heads.len();
    let cells = |line: &str| -> Vec<String> {
        let mut words = line.split_whitespace();
        let mut cells: Vec<String> = words.by_ref().take(count - 1).map(str::to_owned).collect();
        cells.push(words.collect::<Vec<_>>().join(" "));
        cells
    };
    let is_found = |cells: &Vec<String>| {
        let pid = cells.get(at).and_then(|cell| cell.parse().ok());
        found.iter().any(|process| Some(process.pid) == pid)
    };
    let rows = lines.map(cells).filter(is_found);
    Some(std::iter::once(heads.clone()).chain(rows).collect())
}

fn row(process: &Process, now: i64) -> Option<Vec<String>> {
    let Details {
        uid,
        terminal,
        used,
        started,
        command,
    } = processes::details(process.pid)?;
    let user = nix::unistd::User::from_uid(uid.into()).ok().flatten();
    let lived = u64::try_from(now - started).unwrap_or(0).max(1);
    Some(vec![
        user.map_or(uid.to_string(), |user| user.name),
        process.pid.to_string(),
        process.parent.to_string(),
        (used * 100 / lived).to_string(),
        start(started, now),
        terminal.unwrap_or_else(|| "?".to_owned()),
        format!("{:02}:{:02}:{:02}", used / 3600, used / 60 % 60, used % 60),
        command,
    ])
}

/// A time of the last day, a day before.
fn start(started: i64, now: i64) -> String {
    let time = Timestamp::from_second(started).unwrap_or_default();
    let time = time.to_zoned(TimeZone::system());
    let format = if now - started < 24 * 3600 {
        "%H:%M"
    } else {
        "%b%d"
    };
    time.strftime(format).to_string()
}

/// docker's columns: twenty wide, three apart.
fn columns(rows: &[Vec<String>]) -> String {
    let count = rows.first().map_or(0, Vec::len);
    let width = |at: usize| {
        let longest = rows
            .iter()
            .filter_map(|row| row.get(at))
            .map(|it| it.chars().count());
        20.max(longest.max().unwrap_or(0) + 3)
    };
    let widths: Vec<usize> = (0..count).map(width).collect();
    let line = |row: &Vec<String>| {
        let last = row.len().saturating_sub(1);
        let cell = |(at, text): (usize, &String)| match at {
            _ if at == last => text.clone(),
            _ => format!("{text:width$}", width = widths[at]),
        };
        row.iter().enumerate().map(cell).collect::<String>() + "\n"
    };
    rows.iter().map(line).collect()
}

crate::messages! {
    ps_failed(said: &str) {
        en: "ps: {said}",
        ko: "ps 명령이 실패했습니다: {said}",
    }
    no_pid_field() {
        en: "Couldn't find PID field in ps output",
        ko: "ps의 출력에 PID 열이 없습니다(Couldn't find PID field in ps output)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_ps_lists_the_containers_are_kept() {
        let found = [Process {
            pid: 7,
            parent: 1,
            state: 'S',
        }];
        let text = "  PID CMD\n    7 sleep 5\n   70 sleep 9\n";
        let expected = [["PID", "CMD"], ["7", "sleep 5"]];
        assert_eq!(
            of_ps(text, &found).unwrap(),
            expected.map(|row| row.map(str::to_owned).to_vec())
        );
        assert_eq!(of_ps("CMD\nsleep\n", &found), None);
    }

    #[test]
    fn columns_are_as_wide_as_dockers() {
        let rows =
            [["UID", "CMD"], ["root", "httpd -f"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(
            columns(&rows),
            "UID                 CMD\nroot                httpd -f\n"
        );
    }
}
