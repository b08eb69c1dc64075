//! `update`, and which containers are to run after a reboot.

use crate::runtime::Resources;
use crate::runtime::restarting::RestartPolicy;
use crate::runtime::state::Status;
use crate::session::{Result, Session, Trouble};

/// What `update` changes; what is not set stays.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// `--restart`.
    pub restart: Option<RestartPolicy>,
    /// `--memory`, `--cpus`, `--pids-limit`.
    pub limits: Resources,
    /// `--pids-limit 0`.
    pub without_pids_limit: bool,
}

impl Session {
    /// Changes how a container is limited and whether it is started again. Of one that runs, the
    /// kernel is told at once, before anything is noted.
    pub fn update_container(&self, name: &str, changes: &Changes) -> Result<()> {
        let id = self.find_container(name)?;
        let record = self.container(name)?;
        if record.auto_remove && changes.restart.is_some_and(|policy| !policy.is_no()) {
            let trouble = Trouble::new(removes(self.language(), id.as_str()));
            return Err(trouble.into());
        }
        let containers = self.containers();
        let limits = changes.limits.memory.is_some()
            || changes.limits.cpus.is_some()
            || changes.limits.pids.is_some()
            || changes.without_pids_limit;
        if limits && let Status::Running(running) = &record.state {
            let told = crate::runtime::cgroup::change(
                &running.cgroups,
                &changes.limits,
                changes.without_pids_limit,
            );
            told.map_err(|error| {
                let trouble =
                    Trouble::new(cannot(self.language(), &record.name, &error.to_string()));
                trouble.with_help(cannot_help(self.language(), &record.name))
            })?;
        }
        let changed = containers.folder(&id).change_config(|config| {
            let limits = &mut config.spec.resources;
            limits.memory = changes.limits.memory.or(limits.memory);
            limits.cpus = changes.limits.cpus.or(limits.cpus);
            limits.pids = changes.limits.pids.or(limits.pids);
            if changes.without_pids_limit {
                limits.pids = None;
            }
            config.restart = changes.restart.unwrap_or(config.restart);
        });
        Ok(changed.map_err(|e| self.contained(&e))?)
    }

    /// Returns the names of the containers that are to run after a reboot and do not yet, the oldest
    /// first.
    pub fn restartable(&self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for record in self.containers_list()?.into_iter().rev() {
            if record.state.is_running() {
                continue;
            }
            let config = self.container_config(record.id.as_str())?;
            if config
                .restart
                .after_reboot(record.state.exit_code(), record.stopped)
            {
                names.push(record.name);
            }
        }
        Ok(names)
    }

    /// Whether containers are made by real root.
    pub fn is_root(&self) -> bool {
        self.rootful()
    }
}

crate::messages! {
    removes(id: &str) {
        en: "Cannot update container {id}: Restart policy cannot be updated because AutoRemove is enabled for the container",
        ko: "--rm으로 만든 컨테이너의 재시작 정책은 바꿀 수 없습니다(AutoRemove is enabled): {id}",
    }
    cannot(name: &str, error: &str) {
        en: "Cannot update container {name}: {error}",
        ko: "컨테이너를 바꿀 수 없습니다(Cannot update container {name}): {error}",
    }
    cannot_help(name: &str) {
        en: "limits are changed while it rests as well: `stop {name}`, `update`, `start {name}`",
        ko: "멈춰 있을 때도 제한을 바꿀 수 있습니다: `stop {name}`, `update`, `start {name}`",
    }
}
