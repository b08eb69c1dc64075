//! `ps --filter`, as docker has it.

use crate::runtime::ports::Port;
use crate::runtime::state::{Record, Status};
use crate::session::{Filters, Result, Session, Trouble};

/// Filters of `ps`.
pub const PS_FILTERS: [&str; 11] = [
    "ancestor", "before", "exited", "expose", "id", "label", "name", "network", "publish", "since",
    "status",
];

const STATES: [&str; 7] = [
    "created",
    "restarting",
    "running",
    "removing",
    "paused",
    "exited",
    "dead",
];

crate::messages! {
    bad_value(name: &str, value: &str) {
        en: "invalid filter '{name}={value}'",
        ko: "필터 값이 올바르지 않습니다(invalid filter): '{name}={value}'",
    }
    state_help() {
        en: "it is created, restarting, running, removing, paused, exited or dead",
        ko: "created, restarting, running, removing, paused, exited, dead 가운데 하나를 쓰세요",
    }
    exited_help() {
        en: "it is an exit code: --filter exited=0",
        ko: "종료 코드를 쓰세요: --filter exited=0",
    }
    port_help() {
        en: "it is a port of the container: --filter publish=80/tcp",
        ko: "컨테이너의 포트를 쓰세요: --filter publish=80/tcp",
    }
}

impl Session {
    /// Lists containers that fit, newest first: those that run unless all are wanted.
    pub fn containers_that_fit(&self, filters: &Filters, all: bool) -> Result<Vec<Record>> {
        self.check_filters(filters)?;
        // docker: who asks for a state means those that do not run, too.
        let all = all || filters.values("status").next().is_some();
        let mut records = self.containers_list()?;
        records.retain(|record| all || record.state.is_running());
        if filters.is_empty() {
            return Ok(records);
        }
        let created = |name: &str| -> Result<_> {
            filters
                .values(name)
                .last()
                .map(|it| Ok(self.container(it)?.created))
                .transpose()
        };
        let (before, since) = (created("before")?, created("since")?);
        let networks: Vec<String> = filters
            .values("network")
            .map(|it| self.network_name(it))
            .collect();
        let ancestors = self.descendants(filters);
        records.retain(|record| {
            before.is_none_or(|it| record.created < it)
                && since.is_none_or(|it| record.created > it)
                && fits(record, filters)
                && ancestors
                    .as_ref()
                    .is_none_or(|it| it.contains(&record.image_id))
                && (networks.is_empty()
                    || self
                        .networks_of(record)
                        .iter()
                        .any(|it| networks.contains(it)))
        });
        Ok(records)
    }

    fn check_filters(&self, filters: &Filters) -> Result<()> {
        let language = self.language();
        let wrong = |name: &str, value: &str, help: String| {
            Trouble::new(bad_value(language, name, value)).with_help(help)
        };
        let states = filters.values("status");
        if let Some(value) = states.into_iter().find(|it| !STATES.contains(it)) {
            return Err(wrong("status", value, state_help(language)).into());
        }
        if let Some(value) = filters
            .values("exited")
            .find(|it| it.parse::<i32>().is_err())
        {
            return Err(wrong("exited", value, exited_help(language)).into());
        }
        for name in ["publish", "expose"] {
            if let Some(value) = filters.values(name).find(|it| it.parse::<Port>().is_err()) {
                return Err(wrong(name, value, port_help(language)).into());
            }
        }
        Ok(())
    }

    /// Returns the ids of images that stand on those that are asked for; none where none is.
    fn descendants(&self, filters: &Filters) -> Option<Vec<String>> {
        filters.values("ancestor").next()?;
        // Of an image that is not there, nothing descends.
        let bases: Vec<_> = filters
            .values("ancestor")
            .filter_map(|it| self.find_image(it).ok())
            .collect();
        let store = self.store().ok()?;
        let images = store.images().unwrap_or_default().into_iter();
        let images = images.filter_map(|it| store.image(it.id).ok());
        let stands = images.filter(|image| {
            bases.iter().any(|base| {
                base.id == image.id
                    || (!base.layers.is_empty() && image.layers.starts_with(&base.layers))
            })
        });
        Some(stands.map(|image| image.id.to_string()).collect())
    }
}

/// Judges by what the row itself says.
fn fits(record: &Record, filters: &Filters) -> bool {
    let port =
        |name: &str, has: &dyn Fn(Port) -> bool| filters.any(name, |it| it.parse().is_ok_and(has));
    let exposed: &[Port] = match &record.state {
        Status::Running(running) => &running.exposed,
        Status::Created | Status::Exited(_) => &[],
    };
    filters.any("id", |it| record.id.as_str().starts_with(it))
        && filters.any("name", |it| is_named(&record.name, it))
        && filters.any("status", |it| record.state.word() == it)
        && filters.any("exited", |it| {
            record
                .state
                .exit_code()
                .map(|code| code.to_string())
                .as_deref()
                == Some(it)
        })
        && filters.labels(&record.labels)
        && port("expose", &|port| exposed.contains(&port))
        && port("publish", &|port| {
            record.state.published().iter().any(|it| it.port == port)
        })
}

/// docker looks for the text anywhere in `/NAME`; its anchors are understood, as many write them.
fn is_named(name: &str, pattern: &str) -> bool {
    let (start, pattern) = match pattern.strip_prefix('^') {
        Some(rest) => (true, rest),
        None => (false, pattern),
    };
    let (end, pattern) = match pattern.strip_suffix('$') {
        Some(rest) => (true, rest),
        None => (false, pattern),
    };
    let optional = pattern.strip_prefix("/?");
    let pattern = optional.or(pattern.strip_prefix('/')).unwrap_or(pattern);
    match (start, end) {
        (true, true) => name == pattern,
        (true, false) => name.starts_with(pattern),
        (false, true) => name.ends_with(pattern),
        (false, false) => name.contains(pattern),
    }
}

#[cfg(test)]
mod tests {
    use super::is_named;

    #[test]
    fn a_name_fits_by_a_part_of_it_or_by_anchors() {
        for (pattern, expected) in [
            ("web", true),
            ("eb", true),
            ("^web$", false),
            ("^/?web-1$", true),
            ("^web", true),
            ("1$", true),
            ("/web-1", true),
            ("x", false),
        ] {
            assert_eq!(is_named("web-1", pattern), expected, "{pattern}");
        }
    }
}
