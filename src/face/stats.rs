//! Stats: what running containers use.

use std::time::{Duration, Instant};

use super::{Answer, Face};
use crate::command;
use crate::render;
use crate::runtime::names::ContainerId;
use crate::runtime::state::{Record, Status};
use crate::runtime::usage::{Usage, total_memory, usage};
use crate::session::SessionError;

/// How far two looks at the processor time lie apart.
const INTERVAL: Duration = Duration::from_secs(1);

const HEADS: [&str; 8] = [
    "CONTAINER ID",
    "NAME",
    "CPU %",
    "MEM USAGE / LIMIT",
    "MEM %",
    "NET I/O",
    "BLOCK I/O",
    "PIDS",
];

/// A look at one container.
struct Look {
    record: Record,
    limit: u64,
    usage: Usage,
}

impl Face<'_> {
    pub(super) fn stats(&mut self, call: &command::Stats) -> Answer {
        let mut before = self.looks(call)?;
        let mut then = Instant::now();
        loop {
            std::thread::sleep(INTERVAL);
            let now = self.looks(call)?;
            let passed = then.elapsed();
            then = Instant::now();
            let rows: Vec<Vec<String>> = now
                .iter()
                .map(|look| {
                    row(
                        look,
                        ticks_of(&before, &look.record.id),
                        passed,
                        call.no_trunc,
                    )
                })
                .collect();
            if !call.no_stream && self.around.terminal {
                self.write("\x1b[H\x1b[J");
            }
            self.write(&render::table(&HEADS, &rows));
            let gone = self.out.flush().is_err();
            if call.no_stream || gone {
                return Ok(0);
            }
            before = now;
        }
    }

    /// Looks at the containers that are named, or at all.
    fn looks(&self, call: &command::Stats) -> Result<Vec<Look>, SessionError> {
        let records = if call.containers.is_empty() {
            let mut records = self.session.containers_list()?;
            records.retain(|record| call.all || record.state.is_running());
            records
        } else {
            let names = call.containers.iter();
            names
                .map(|name| self.session.container(name))
                .collect::<Result<_, _>>()?
        };
        let look = |record: Record| {
            let (usage, limit) = match &record.state {
                Status::Running(running) => (usage(running), self.memory_limit(&record)),
                Status::Created | Status::Restarting(_) | Status::Exited(_) => {
                    (Usage::default(), 0)
                }
            };
            Look {
                record,
                limit,
                usage,
            }
        };
        Ok(records.into_iter().map(look).collect())
    }

    fn memory_limit(&self, record: &Record) -> u64 {
        let config = self.session.container_config(record.id.as_str());
        let limit = config.ok().and_then(|config| config.spec.resources.memory);
        limit.unwrap_or_else(total_memory)
    }
}

fn ticks_of(looks: &[Look], id: &ContainerId) -> Option<u64> {
    let look = looks.iter().find(|look| look.record.id == *id);
    look.map(|look| look.usage.ticks)
}

fn row(look: &Look, before: Option<u64>, passed: Duration, whole: bool) -> Vec<String> {
    let Look {
        record,
        limit,
        usage,
    } = look;
    let used = usage.ticks.saturating_sub(before.unwrap_or(usage.ticks));
    // A tick is a hundredth of a second.
    let seconds = passed.as_secs_f64().max(f64::EPSILON);
    let id = if whole {
        record.id.as_str()
    } else {
        record.id.short()
    };
    vec![
        id.to_owned(),
        record.name.clone(),
        format!("{:.2}%", lossy(used) / seconds),
        format!("{} / {}", binary_size(usage.memory), binary_size(*limit)),
        format!(
            "{:.2}%",
            100.0 * lossy(usage.memory) / lossy((*limit).max(1))
        ),
        pair(usage.network),
        pair(usage.disk),
        usage.threads.to_string(),
    ]
}

fn pair((one, other): (u64, u64)) -> String {
    let [one, other] = [one, other].map(render::docker_size);
    format!("{one} / {other}")
}

#[allow(clippy::cast_precision_loss, reason = "four digits of it are shown")]
fn lossy(number: u64) -> f64 {
    number as f64
}

/// docker's `1.223MiB`: four digits, units of 1024.
fn binary_size(bytes: u64) -> String {
    let mut value = lossy(bytes);
    let mut unit = "B";
    for larger in ["KiB", "MiB", "GiB", "TiB", "PiB"] {
        if value < 1024.0 {
            break;
        }
        value /= 1024.0;
        unit = larger;
    }
    let decimals = match value {
        value if value < 10.0 => 3,
        value if value < 100.0 => 2,
        value if value < 1000.0 => 1,
        _ => 0,
    };
    let digits = format!("{value:.decimals$}");
    let shown = if decimals > 0 {
        digits.trim_end_matches('0').trim_end_matches('.')
    } else {
        &digits
    };
    format!("{shown}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_four_digits_of_dockers() {
        for (bytes, text) in [
            (0, "0B"),
            (512, "512B"),
            (1024, "1KiB"),
            (1_282_000, "1.223MiB"),
            (8_160_437_862, "7.6GiB"),
            (1023 << 20, "1023MiB"),
        ] {
            assert_eq!(binary_size(bytes), text);
        }
    }
}
