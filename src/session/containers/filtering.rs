//! `ps --filter`: docker's filters of containers.

use crate::layers::Image;
use crate::runtime::containers::ContainerConfig;
use crate::runtime::health::Condition;
use crate::runtime::ports::{self, Port};
use crate::runtime::state::Record;
use crate::session::networks::networks_of;
use crate::session::{Filters, Result, Session, Trouble};

/// What `ps` can be asked for.
pub const CONTAINER_FILTERS: [&str; 13] = [
    "ancestor", "before", "exited", "expose", "health", "id", "label", "name", "network",
    "publish", "since", "status", "volume",
];

/// docker's words for where a container may be in its life.
const STATES: [&str; 7] = [
    "created",
    "dead",
    "exited",
    "paused",
    "removing",
    "restarting",
    "running",
];

crate::messages! {
    bad_state(word: &str) {
        en: "invalid filter 'status={word}'",
        ko: "status 값이 올바르지 않습니다(invalid filter): 'status={word}'",
    }
    bad_code(word: &str) {
        en: "invalid filter 'exited={word}'",
        ko: "exited 값이 올바르지 않습니다(invalid filter): 'exited={word}'",
    }
    bad_code_help() {
        en: "it is an exit code: `--filter exited=137`",
        ko: "종료 코드를 쓰세요: `--filter exited=137`",
    }
    there_are(list: &str) {
        en: "there are: {list}",
        ko: "쓸 수 있는 값: {list}",
    }
}

impl Session {
    /// Keeps the containers that filters ask for. `all` keeps stopped ones too, which asking for a
    /// state does as well.
    pub fn filter_containers(
        &self,
        records: Vec<Record>,
        filters: &Filters,
        all: bool,
    ) -> Result<Vec<Record>> {
        let asked = Asked::read(self, filters, &records)?;
        let all = all || filters.values("status").next().is_some();
        let mut kept = records;
        kept.retain(|record| {
            (all || record.state.is_running()) && asked.wants(record) && self.fits(&asked, record)
        });
        Ok(kept)
    }

    /// What only the container's description says, which is read only if it is asked for.
    fn fits(&self, asked: &Asked<'_>, record: &Record) -> bool {
        if !asked.needs_config {
            return true;
        }
        let config = self.container_config(record.id.as_str());
        config.is_ok_and(|config| asked.wants_config(&config))
    }
}

/// Filters that were understood.
struct Asked<'a> {
    filters: &'a Filters,
    codes: Vec<i32>,
    ancestors: Vec<Option<Image>>,
    images: Vec<(String, bool)>,
    before: Option<jiff::Timestamp>,
    since: Option<jiff::Timestamp>,
    published: Vec<Port>,
    exposed: Vec<Port>,
    networks: Vec<String>,
    needs_config: bool,
}

impl<'a> Asked<'a> {
    fn read(session: &Session, filters: &'a Filters, records: &[Record]) -> Result<Self> {
        let language = session.language();
        for word in filters.values("status") {
            if !STATES.contains(&word) {
                let trouble = Trouble::new(bad_state(language, word));
                return Err(trouble
                    .with_help(there_are(language, &STATES.join(", ")))
                    .into());
            }
        }
        let code = |word: &str| {
            let trouble = || Trouble::new(bad_code(language, word));
            let read = word.parse::<i32>();
            read.map_err(|_| trouble().with_help(bad_code_help(language)))
        };
        let made =
            |name: &str| Ok::<_, crate::session::SessionError>(session.container(name)?.created);
        let port = |word: &str| {
            ports::ports(word).map_err(|error| {
                Trouble::new(error.message(language)).with_help(error.help(language))
            })
        };
        let ports_of = |name: &'static str| -> Result<Vec<Port>> {
            let read = filters.values(name).map(port);
            let read: Vec<Vec<Port>> = read.collect::<Result<_, Trouble>>()?;
            Ok(read.into_iter().flatten().collect())
        };
        let needs = ["volume", "network", "expose"];
        let mut asked = Self {
            filters,
            codes: filters
                .values("exited")
                .map(code)
                .collect::<Result<_, _>>()?,
            ancestors: filters
                .values("ancestor")
                .map(|name| session.find_image(name).ok())
                .collect(),
            images: Vec::new(),
            before: filters.values("before").last().map(made).transpose()?,
            since: filters.values("since").last().map(made).transpose()?,
            published: ports_of("publish")?,
            exposed: ports_of("expose")?,
            networks: filters
                .values("network")
                .map(|word| session.network_name(word))
                .collect(),
            needs_config: needs
                .iter()
                .any(|name| filters.values(name).next().is_some()),
        };
        if !asked.ancestors.is_empty() {
            asked.images = asked.descended(session, records);
        }
        Ok(asked)
    }

    /// Says of every image that containers have whether it stands on one of those asked for.
    fn descended(&self, session: &Session, records: &[Record]) -> Vec<(String, bool)> {
        let mut ids: Vec<&String> = records.iter().map(|record| &record.image_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let stands = |id: &&String| {
            let image = session.find_image(id).ok();
            let mut wanted = self.ancestors.iter().flatten();
            wanted.any(|ancestor| {
                ancestor.id.to_string() == **id
                    || image
                        .as_ref()
                        .is_some_and(|it| it.layers.starts_with(&ancestor.layers))
            })
        };
        ids.iter().map(|id| ((*id).clone(), stands(id))).collect()
    }

    fn wants(&self, record: &Record) -> bool {
        let filters = self.filters;
        let code = record.state.exit_code();
        let name_fits = |word: &str| fits_name(word, &record.name);
        let publishes = |port: &Port| record.state.published().iter().any(|it| it.port == *port);
        filters.any("id", |start| record.id.as_str().starts_with(start))
            && filters.any("name", name_fits)
            && filters.any("status", |word| word == record.state.word())
            && filters.any("health", |word| {
                record.health.map_or("none", Condition::word) == word
            })
            && filters.labels(&record.labels)
            && (self.codes.is_empty() || code.is_some_and(|code| self.codes.contains(&code)))
            && self.before.is_none_or(|before| record.created < before)
            && self.since.is_none_or(|since| record.created > since)
            && (self.published.is_empty() || self.published.iter().any(publishes))
            && (self.ancestors.is_empty() || self.is_descended(record))
    }

    fn is_descended(&self, record: &Record) -> bool {
        let found = self.images.iter().find(|(id, _)| *id == record.image_id);
        found.is_some_and(|(_, stands)| *stands)
    }

    fn is_connected(&self, config: &ContainerConfig) -> bool {
        let mut own = networks_of(config).into_iter();
        own.any(|name| self.networks.contains(&name))
    }

    fn wants_config(&self, config: &ContainerConfig) -> bool {
        let has = |word: &str| {
            let named = |it: &crate::runtime::mount_point::MountPoint| {
                it.label() == word || it.destination == word
            };
            config.mounts.iter().any(named)
        };
        let exposes = |port: &Port| config.exposed.contains(port);
        self.filters.any("volume", has)
            && (self.networks.is_empty() || self.is_connected(config))
            && (self.exposed.is_empty() || self.exposed.iter().any(exposes))
    }
}

/// Whether a part of a name was meant; `^` and `$` are its ends, as docker's users write them.
fn fits_name(word: &str, name: &str) -> bool {
    let (word, from_start) = match word.strip_prefix('^') {
        Some(rest) => (rest, true),
        None => (word, false),
    };
    let (word, to_end) = match word.strip_suffix('$') {
        Some(rest) => (rest, true),
        None => (word, false),
    };
    let word = word.strip_prefix('/').unwrap_or(word);
    match (from_start, to_end) {
        (true, true) => name == word,
        (true, false) => name.starts_with(word),
        (false, true) => name.ends_with(word),
        (false, false) => name.contains(word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_asked_for_by_a_part_of_it() {
        for (word, fits) in [
            ("web", true),
            ("eb", true),
            ("^eb", false),
            ("^/web-1$", true),
            ("1$", true),
            ("^web$", false),
        ] {
            assert_eq!(fits_name(word, "web-1"), fits, "{word}");
        }
    }
}
