//! `volume ...`: what is kept when containers go.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::worker::Request;
use super::{Filters, Result, Session, Trouble};
use crate::runtime::container_error::ContainerError;
use crate::runtime::names::ContainerId;
use crate::runtime::remove_tree::remove_tree;
use crate::runtime::volumes::Volume;

/// What `volume create` is told.
#[derive(Debug, Clone, Default)]
pub struct NewVolume {
    /// The name; none to have one made up.
    pub name: Option<String>,
    /// `--driver`.
    pub driver: String,
    /// `--label`.
    pub labels: BTreeMap<String, String>,
    /// `--opt`.
    pub options: BTreeMap<String, String>,
}

/// A volume and who uses it.
#[derive(Debug, Clone)]
pub struct UsedVolume {
    /// The volume.
    pub volume: Volume,
    /// The containers that have it, whether they run or not.
    pub users: BTreeSet<ContainerId>,
}

/// docker's only driver here.
pub const LOCAL: &str = "local";

impl Session {
    /// Makes a volume, unless there is one of this name, and returns its name.
    pub fn create_volume(&self, new: &NewVolume) -> Result<String> {
        if new.driver != LOCAL {
            let trouble = Trouble::new(no_driver(self.language(), &new.driver));
            return Err(trouble.with_help(no_driver_help(self.language())).into());
        }
        let base = match &new.name {
            Some(name) => {
                self.check_volume_name(name).map_err(|e| self.exit_1(e))?;
                Volume::new(name)
            }
            None => Volume::anonymous().map_err(|e| Trouble::system("make a name", &e))?,
        };
        self.check_volume_options(&new.options)
            .map_err(|e| self.exit_1(e))?;
        let volume = Volume {
            labels: new.labels.clone(),
            options: new.options.clone(),
            ..base
        };
        // The store's own folder is made first, so that what is wrong with it is told.
        self.store()?;
        let volumes = self.containers().volumes();
        let made = volumes
            .lock()
            .and_then(|lock| volumes.create(&volume, &lock));
        made.map_err(|e| self.contained(&e))?;
        Ok(volume.name)
    }

    fn exit_1(&self, error: super::SessionError) -> super::SessionError {
        match error {
            super::SessionError::Trouble(trouble) => trouble.with_exit(1).into(),
            other @ super::SessionError::Dockerfile { .. } => other,
        }
    }

    /// Refuses options of docker's local driver that are not carried out here.
    pub(super) fn check_volume_options(&self, options: &BTreeMap<String, String>) -> Result<()> {
        if options.is_empty() {
            return Ok(());
        }
        let said = |name: &str| options.get(name).map(String::as_str);
        let binds = matches!(said("type"), None | Some("none" | "bind"))
            && said("o").is_some_and(|it| matches!(it, "bind" | "rbind"))
            && said("device").is_some_and(|it| it.starts_with('/'))
            && options
                .keys()
                .all(|it| ["type", "o", "device"].contains(&it.as_str()));
        if binds {
            return Ok(());
        }
        let words: Vec<String> = options.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let trouble = Trouble::new(bad_options(self.language(), &words.join(" ")));
        let trouble = trouble.with_help(options_help(self.language()));
        Err(trouble.with_exit(125).into())
    }

    /// Lists volumes by name, as filters ask for them.
    pub fn volumes_list(&self, filters: &Filters) -> Result<Vec<UsedVolume>> {
        let dangling = filters.flag("dangling", self.language())?;
        let mut all = self.all_volumes()?;
        all.retain(|it| {
            let volume = &it.volume;
            dangling.is_none_or(|dangling| it.users.is_empty() == dangling)
                && filters.any("name", |name| volume.name.contains(name))
                && filters.any("driver", |driver| driver == LOCAL)
                && filters.labels(&volume.labels)
        });
        Ok(all)
    }

    pub(super) fn all_volumes(&self) -> Result<Vec<UsedVolume>> {
        let containers = self.containers();
        let listed = containers.volumes().list();
        let listed = listed.map_err(|e| self.contained(&e))?;
        if listed.is_empty() {
            return Ok(Vec::new());
        }
        let mut users = containers
            .users_of_volumes()
            .map_err(|e| self.contained(&e))?;
        let used = |volume: Volume| UsedVolume {
            users: users.remove(&volume.name).unwrap_or_default(),
            volume,
        };
        Ok(listed.into_iter().map(used).collect())
    }

    /// Returns docker's JSON about a volume.
    pub fn inspect_volume(&self, name: &str) -> Result<Value> {
        let found = self.containers().volumes().find(name);
        let found = found.map_err(|e| self.contained(&e))?;
        let volume = found.ok_or_else(|| Trouble::new(not_found(self.language(), name)))?;
        Ok(self.volume_json(&volume))
    }

    fn volume_json(&self, volume: &Volume) -> Value {
        let or_null = |map: &BTreeMap<String, String>| {
            if map.is_empty() {
                Value::Null
            } else {
                json!(map)
            }
        };
        let mut labels = volume.labels.clone();
        if volume.anonymous {
            labels.insert(ANONYMOUS.to_owned(), String::new());
        }
        json!({
            "CreatedAt": volume.created.to_string(),
            "Driver": LOCAL,
            "Labels": or_null(&labels),
            "Mountpoint": self.volume_path(&volume.name),
            "Name": volume.name,
            "Options": or_null(&volume.options),
            "Scope": LOCAL,
        })
    }

    /// Returns where the files of a volume are.
    pub fn volume_path(&self, name: &str) -> String {
        let path = self.containers().volumes().data(name);
        path.display().to_string()
    }

    /// Removes a volume that no container has; with force, one that is not there is fine.
    pub fn remove_volume(&self, name: &str, force: bool) -> Result<()> {
        let language = self.language();
        let containers = self.containers();
        let volumes = containers.volumes();
        let found = volumes.find(name).map_err(|e| self.contained(&e))?;
        if found.is_none() {
            let trouble = || Trouble::new(not_found(language, name)).into();
            return force.then_some(()).ok_or_else(trouble);
        }
        let taken = || -> std::result::Result<_, ContainerError> {
            let lock = volumes.lock()?;
            let users = containers.users_of_volumes()?.remove(name);
            match users {
                Some(users) => Ok(Err(users)),
                None => volumes.take_out(name, &lock).map(Ok),
            }
        };
        match taken().map_err(|e| self.contained(&e))? {
            Ok(tree) => self.remove_trees(tree.into_iter().collect()),
            Err(users) => {
                let ids: Vec<&str> = users.iter().map(ContainerId::as_str).collect();
                let trouble = Trouble::new(in_use(language, name, &ids.join(", ")));
                let short = users.first().map_or("", ContainerId::short);
                Err(trouble.with_help(in_use_help(language, short)).into())
            }
        }
    }

    /// Removes trees, from inside the namespaces where their owners exist only there.
    pub(super) fn remove_trees(&self, trees: Vec<std::path::PathBuf>) -> Result<()> {
        let left: Vec<_> = trees
            .into_iter()
            .filter(|tree| remove_tree(tree).is_err())
            .collect();
        if left.is_empty() {
            return Ok(());
        }
        self.ask(Request::RemoveTrees(left), None, &mut |_| {})
    }

    /// Removes volumes that no container has: those without a name, or all; returns their names and
    /// the bytes they took up.
    pub fn prune_volumes(&self, all: bool, filters: &Filters) -> Result<(Vec<String>, u64)> {
        let mut free = self.all_volumes()?;
        free.retain(|it| {
            let wanted = all || it.volume.anonymous;
            wanted && it.users.is_empty() && filters.labels(&it.volume.labels)
        });
        let volumes = self.containers().volumes();
        let folders = free.iter().map(|it| volumes.data(&it.volume.name));
        let sizes = self.sizes(folders.collect())?;
        let (mut removed, mut bytes) = (Vec::new(), 0);
        for (it, size) in free.iter().zip(sizes) {
            // One that somebody begins to use in this moment is none of ours.
            if self.remove_volume(&it.volume.name, false).is_ok() {
                removed.push(it.volume.name.clone());
                bytes += size;
            }
        }
        Ok((removed, bytes))
    }
}

/// docker's label of what nobody named.
pub const ANONYMOUS: &str = "com.docker.volume.anonymous";

crate::messages! {
    no_driver(name: &str) {
        en: "error looking up volume plugin {name}: plugin \"{name}\" not found",
        ko: "볼륨 플러그인을 찾을 수 없습니다(plugin \"{name}\" not found)",
    }
    no_driver_help() {
        en: "the driver is local",
        ko: "드라이버는 local뿐입니다",
    }
    bad_options(words: &str) {
        en: "invalid volume options: {words}",
        ko: "볼륨 옵션이 올바르지 않습니다(invalid volume options): {words}",
    }
    options_help() {
        en: "the local driver shows a folder of this machine: `--opt type=none --opt o=bind --opt device=/path`; memory comes from `run --tmpfs /path`",
        ko: "local 드라이버는 이 컴퓨터의 폴더를 보여 줄 수 있습니다: `--opt type=none --opt o=bind --opt device=/경로`. 메모리는 `run --tmpfs /경로`를 쓰세요",
    }
    not_found(name: &str) {
        en: "No such volume: {name}",
        ko: "그런 볼륨이 없습니다(No such volume): {name}",
    }
    in_use(name: &str, ids: &str) {
        en: "remove {name}: volume is in use - [{ids}]",
        ko: "볼륨을 지울 수 없습니다(remove {name}: volume is in use) - [{ids}]",
    }
    in_use_help(container: &str) {
        en: "a stopped container counts as well: `rm {container}` first",
        ko: "멈춘 컨테이너도 볼륨을 쓰고 있습니다. 먼저 `rm {container}`로 지우세요",
    }
}
