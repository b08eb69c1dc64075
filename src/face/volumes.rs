//! `volume ...`, as docker's.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::layout::{Layout, Shape};
use super::{Answer, Face};
use crate::command::{self, VolumeCommand};
use crate::render;
use crate::session::{ANONYMOUS, Filters, LOCAL, NewVolume, SessionError, UsedVolume};

/// What `volume ls` and `volume prune` can be asked for.
const OF_LS: [&str; 4] = ["dangling", "driver", "label", "name"];
const OF_PRUNE: [&str; 2] = ["label", "all"];

/// The heads of docker's `volume ls` by field.
const HEADS: [(&str, &str); 9] = [
    ("Name", "VOLUME NAME"),
    ("Driver", "DRIVER"),
    ("Scope", "SCOPE"),
    ("Mountpoint", "MOUNTPOINT"),
    ("Labels", "LABELS"),
    ("Links", "LINKS"),
    ("Size", "SIZE"),
    ("Status", "STATUS"),
    ("Availability", "AVAILABILITY"),
];

impl Face<'_> {
    pub(super) fn volume(&mut self, call: &VolumeCommand) -> Answer {
        match call {
            VolumeCommand::Create(it) => self.create_volume(it),
            VolumeCommand::Inspect(it) => self.inspect_volumes(it),
            VolumeCommand::Ls(it) => self.volumes(it),
            VolumeCommand::Prune(it) => self.prune_volumes(it),
            VolumeCommand::Rm(it) => self.each_named(&it.volumes, |session, name| {
                session.remove_volume(name, it.force)
            }),
        }
    }

    fn create_volume(&mut self, call: &command::VolumeCreate) -> Answer {
        let name = self.session.create_volume(&NewVolume {
            name: call.volume.clone(),
            driver: call.driver.clone(),
            labels: map(&call.label),
            options: map(&call.opt),
        })?;
        self.line(&name);
        Ok(0)
    }

    fn inspect_volumes(&mut self, call: &command::VolumeInspect) -> Answer {
        let shape = Shape::read(call.format.as_deref(), self.language())?;
        let (mut found, mut missing): (Vec<Value>, Vec<SessionError>) = (Vec::new(), Vec::new());
        for name in &call.volumes {
            match self.session.inspect_volume(name) {
                Ok(value) => found.push(value),
                Err(error) => missing.push(error),
            }
        }
        self.show_found(&shape, &found)?;
        for error in &missing {
            self.complain(error);
        }
        Ok(i32::from(!missing.is_empty()))
    }

    fn volumes(&mut self, call: &command::VolumeLs) -> Answer {
        let language = self.language();
        let layout = Layout::read(call.format.as_deref(), language)?;
        let filters = Filters::parse(&call.filter, &OF_LS, language)?;
        let found = self.session.volumes_list(&filters)?;
        if call.quiet {
            let names: String = found
                .iter()
                .map(|it| format!("{}\n", it.volume.name))
                .collect();
            self.write(&names);
            return Ok(0);
        }
        if !matches!(layout, Layout::Usual) {
            let rows: Vec<Value> = found.iter().map(|it| self.volume_fields(it)).collect();
            return self.lay_out(&layout, &HEADS, rows);
        }
        let row = |it: &UsedVolume| vec![LOCAL.to_owned(), it.volume.name.clone()];
        let rows: Vec<Vec<String>> = found.iter().map(row).collect();
        self.write(&render::table(&["DRIVER", "VOLUME NAME"], &rows));
        Ok(0)
    }

    /// docker's fields of a row of `volume ls`; how large a volume is, only `system df` adds up.
    fn volume_fields(&self, it: &UsedVolume) -> Value {
        let volume = &it.volume;
        let mut labels = volume.labels.clone();
        if volume.anonymous {
            labels.insert(ANONYMOUS.to_owned(), String::new());
        }
        let words: Vec<String> = labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
        json!({
            "Name": volume.name,
            "Driver": LOCAL,
            "Scope": LOCAL,
            "Mountpoint": self.session.volume_path(&volume.name),
            "Labels": words.join(","),
            "Label": labels,
            "Links": "N/A",
            "Size": "N/A",
            "Status": "N/A",
            "Availability": "N/A",
        })
    }

    fn prune_volumes(&mut self, call: &command::VolumePrune) -> Answer {
        let language = self.language();
        let filters = Filters::parse(&call.filter, &OF_PRUNE, language)?;
        let all = filters.flag("all", language)?.unwrap_or(false) || call.all;
        let warning = if all {
            all_volumes(language)
        } else {
            anonymous_volumes(language)
        };
        let question = format!("{warning}\n{}", super::pruning::are_you_sure(language));
        if !(call.force || self.agrees(&question)?) {
            return self.reclaimed(0);
        }
        let (removed, bytes) = self.session.prune_volumes(all, &filters)?;
        self.deleted("Deleted Volumes:", &removed);
        self.reclaimed(bytes)
    }
}

fn map(words: &[String]) -> BTreeMap<String, String> {
    let pair = |word: &String| {
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        (name.to_owned(), value.to_owned())
    };
    words.iter().map(pair).collect()
}

crate::messages! {
    anonymous_volumes() {
        en: "WARNING! This will remove anonymous local volumes not used by at least one container.",
        ko: "경고! 컨테이너가 쓰지 않는 이름 없는 볼륨을 모두 지웁니다.",
    }
    all_volumes() {
        en: "WARNING! This will remove all local volumes not used by at least one container.",
        ko: "경고! 컨테이너가 쓰지 않는 볼륨을 이름 있는 것까지 모두 지웁니다.",
    }
}
