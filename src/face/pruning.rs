//! `container prune`.

use jiff::Timestamp;

use super::moment::moment;
use super::{Answer, Face};
use crate::command;
use crate::render;
use crate::runtime::state::Record;
use crate::session::{SessionError, Trouble};

/// Which stopped containers are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Filter {
    /// Those made before.
    Until(Timestamp),
    /// Those with this label, and with this value where one is named; or those without.
    Label {
        name: String,
        value: Option<String>,
        without: bool,
    },
}

impl Face<'_> {
    pub(super) fn prune_containers(&mut self, call: &command::PruneContainers) -> Answer {
        let filters: Vec<Filter> = call
            .filter
            .iter()
            .map(|text| self.prune_filter(text))
            .collect::<Result<_, _>>()?;
        if !call.force {
            let question = asks(self.language());
            self.write(&question);
            let _ = self.out.flush();
            if !self.says_yes() {
                self.line(&format!(
                    "Total reclaimed space: {}",
                    render::docker_size(0)
                ));
                return Ok(0);
            }
        }
        let mut records = self.session.containers_list()?;
        records.retain(|record| {
            record.state.can_remove() && filters.iter().all(|filter| filter.fits(record))
        });
        let mut reclaimed = 0;
        for (number, record) in records.iter().enumerate() {
            let id = record.id.as_str();
            let size = self.session.container_size(id);
            // One that was started or removed meanwhile stays as it is.
            if self.session.remove_container(id, false).is_err() {
                continue;
            }
            if number == 0 {
                self.line("Deleted Containers:");
            }
            self.line(id);
            reclaimed += size;
        }
        if !records.is_empty() {
            self.line("");
        }
        self.line(&format!(
            "Total reclaimed space: {}",
            render::docker_size(reclaimed)
        ));
        Ok(0)
    }

    /// Reads the answer to a question: a line, byte by byte, so that nothing behind it is lost.
    fn says_yes(&self) -> bool {
        let mut line = Vec::new();
        let mut byte = [0];
        while let Some(stdin) = self.around.stdin
            && matches!(rustix::io::read(stdin, &mut byte), Ok(1))
            && byte != *b"\n"
        {
            line.extend(byte);
        }
        matches!(line.trim_ascii(), b"y" | b"Y" | b"yes")
    }

    fn prune_filter(&self, text: &str) -> Result<Filter, SessionError> {
        let invalid = || Trouble::new(bad_filter(self.language(), text));
        let label = |rest: &str, without| {
            let (name, value) = match rest.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (rest, None),
            };
            Filter::Label {
                name: name.to_owned(),
                value,
                without,
            }
        };
        if let Some(rest) = text.strip_prefix("label!=") {
            return Ok(label(rest, true));
        }
        if let Some(rest) = text.strip_prefix("label=") {
            return Ok(label(rest, false));
        }
        let until = text.strip_prefix("until=").ok_or_else(invalid)?;
        let time = moment(until, Timestamp::now()).ok_or_else(invalid)?;
        Ok(Filter::Until(time))
    }
}

impl Filter {
    fn fits(&self, record: &Record) -> bool {
        match self {
            Self::Until(time) => record.created < *time,
            Self::Label {
                name,
                value,
                without,
            } => {
                let has = record
                    .labels
                    .get(name)
                    .is_some_and(|it| value.as_ref().is_none_or(|value| value == it));
                has != *without
            }
        }
    }
}

crate::messages! {
    asks() {
        en: "WARNING! This will remove all stopped containers.\nAre you sure you want to continue? [y/N] ",
        ko: "주의! 멈춘 컨테이너가 모두 지워집니다.\n계속할까요? [y/N] ",
    }
    bad_filter(text: &str) {
        en: "invalid filter '{text}': it is until=TIME, label=NAME[=VALUE] or label!=NAME[=VALUE]",
        ko: "올바르지 않은 필터입니다(invalid filter): '{text}'. until=시각, label=이름[=값], label!=이름[=값]을 쓰세요",
    }
}
