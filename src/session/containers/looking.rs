//! What is known of a container: everything as docker's JSON, its files, what changed in them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::layers::{Change, ChangeKind, RootPath, Stack};
use crate::runtime::container_error::ContainerError;
use crate::runtime::containers::ContainerConfig;
use crate::runtime::health::HealthCheck;
use crate::runtime::mount_point::{MountKind, MountPoint};
use crate::runtime::processes::{self, Process};
use crate::runtime::state::{Record, Status};
use crate::runtime::{Rootfs, User};
use crate::session::networking;
use crate::session::networks::networks_of;
use crate::session::{Inspected, LOCAL, Result, Session, Trouble};

/// What `ps` tells of how a container was made.
#[derive(Debug, Clone, Default)]
pub struct MadeWith {
    /// Names of volumes, and paths of this machine.
    pub mounts: Vec<String>,
    /// How many volumes it has.
    pub volumes: usize,
    /// Its network.
    pub networks: String,
}

impl Session {
    /// Returns how many bytes a container's own files have, as far as they can be seen.
    pub fn container_size(&self, name: &str) -> u64 {
        let folder = self
            .find_container(name)
            .map(|id| self.containers().folder(&id));
        folder.map_or(0, |folder| bytes_in(&folder.upper()))
    }

    /// Lists the processes of a running container.
    pub fn container_processes(&self, name: &str) -> Result<Vec<Process>> {
        let record = self.container(name)?;
        let not_running = || {
            self.contained(&ContainerError::NotRunning {
                id: record.id.clone(),
            })
        };
        let Status::Running(running) = &record.state else {
            return Err(not_running().into());
        };
        Ok(processes::of(running.init).map_err(|_| not_running())?)
    }

    /// Lists the same as docker's `diff`: with the folders on the way to a change, and without the
    /// places that were made for what every container has mounted.
    pub fn container_diff(&self, name: &str) -> Result<Vec<String>> {
        let changes = self.changes_of(name)?;
        let own = |change: &&Change| {
            change.kind != ChangeKind::Added || !MADE_FOR_MOUNTS.contains(&&*change.path.absolute())
        };
        let mut lines = BTreeMap::new();
        for change in changes.iter().filter(own) {
            for folder in change.path.ancestors() {
                lines.entry(folder).or_insert('C');
            }
            lines.insert(change.path.clone(), letter(change));
        }
        let line = |(path, letter): (&RootPath, &char)| format!("{letter} {}", path.absolute());
        Ok(lines.iter().map(line).collect())
    }

    fn changes_of(&self, name: &str) -> Result<Vec<Change>> {
        let image = self.find_image(&self.container(name)?.image_id)?;
        let folder = self.containers().folder(&self.find_container(name)?);
        let store = self.store()?;
        let changes = store
            .stack(&image.layers)
            .and_then(|stack| stack.with_upper(&folder.upper()))
            .and_then(|stack| stack.changes(image.layers.len()));
        Ok(changes.map_err(|e| Trouble::store(&e, self.language()))?)
    }

    /// Returns the files of a container as it sees them now.
    fn container_stack(&self, name: &str) -> Result<Stack> {
        let config = self.container_config(name)?;
        let (layers, changes) = match config.spec.rootfs {
            Rootfs::Overlay { upper, .. } => {
                (self.find_image(&config.record.image_id)?.layers, upper)
            }
            Rootfs::Folder(copied) => (Vec::new(), copied),
        };
        let stack = self.store()?.stack(&layers);
        let stack = stack.and_then(|stack| stack.with_upper(&changes));
        Ok(stack.map_err(|e| Trouble::store(&e, self.language()))?)
    }

    /// Finds a user by the names a container's files know now.
    pub(super) fn user_in(&self, container: &str, user: &str) -> Result<User> {
        let stack = self.container_stack(container)?;
        let found = self.resolve_user(&stack, user)?;
        Ok(User {
            uid: found.uid,
            gid: found.gid,
            groups: found.groups,
        })
    }

    /// Returns what `ps` tells of how a container was made.
    pub fn made_with(&self, record: &Record) -> Result<MadeWith> {
        let config = self.container_config(record.id.as_str())?;
        let labels = config.mounts.iter().map(MountPoint::label);
        Ok(MadeWith {
            mounts: labels.filter(|label| !label.is_empty()).collect(),
            volumes: config.mounts.iter().filter(|it| it.name.is_some()).count(),
            networks: networks_of(&config).join(","),
        })
    }

    /// Returns docker's JSON about an image or a container.
    pub fn inspect(&self, name: &str) -> Inspected {
        let container = self.inspect_container(name);
        container.or_else(|_| self.inspect_image(name)).into()
    }

    /// Returns docker's JSON about a container.
    pub fn inspect_container(&self, name: &str) -> Result<serde_json::Value> {
        let config = self.container_config(name)?;
        Ok(self.container_json(&config, &self.container(name)?))
    }
}

fn bytes_in(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let size = |entry: fs::DirEntry| match entry.metadata() {
        Ok(found) if found.is_dir() => bytes_in(&entry.path()),
        Ok(found) => found.len(),
        Err(_) => 0,
    };
    entries.map(size).sum()
}

/// docker makes these in a layer of its own below the container's.
const MADE_FOR_MOUNTS: [&str; 10] = [
    "/dev",
    "/dev/console",
    "/dev/pts",
    "/dev/shm",
    "/etc/hostname",
    "/etc/hosts",
    "/etc/mtab",
    "/etc/resolv.conf",
    "/proc",
    "/sys",
];

fn letter(change: &Change) -> char {
    match change.kind {
        ChangeKind::Added => 'A',
        ChangeKind::Modified => 'C',
        ChangeKind::Deleted => 'D',
    }
}

/// What strata notes of a container's state, and docker's names for it.
fn state_json(state: &Status) -> serde_json::Value {
    let mut json = serde_json::json!({
        "Status": state.word(),
        "Running": state.is_running(),
        "Paused": state.is_paused(),
        "Restarting": false,
        "Dead": false,
        "Pid": 0,
        "ExitCode": state.exit_code().unwrap_or(0),
        "Error": "",
        "StartedAt": NEVER,
        "FinishedAt": NEVER,
    });
    match state {
        Status::Created => {}
        Status::Running(running) => {
            json["Pid"] = running.init.into();
            json["StartedAt"] = running.started.to_string().into();
        }
        Status::Restarting(restarting) => {
            json["Restarting"] = true.into();
            json["FinishedAt"] = restarting.finished.to_string().into();
        }
        Status::Exited(exited) => {
            json["FinishedAt"] = exited.finished.to_string().into();
            json["Error"] = exited.error.clone().unwrap_or_default().into();
        }
    }
    let own = serde_json::to_value(state).expect("a status is made of words and numbers");
    for (name, value) in own.as_object().into_iter().flatten() {
        json[name] = value.clone();
    }
    json
}

/// docker's form of how a container is checked, with times in nanoseconds.
fn healthcheck_json(check: &HealthCheck) -> serde_json::Value {
    let time = |time: std::time::Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    serde_json::json!({
        "Test": check.test,
        "Interval": time(check.interval),
        "Timeout": time(check.timeout),
        "StartPeriod": time(check.start_period),
        "StartInterval": time(check.start_interval),
        "Retries": check.retries,
    })
}

/// docker's time of what has not happened.
const NEVER: &str = "0001-01-01T00:00:00Z";

impl Session {
    fn container_json(&self, config: &ContainerConfig, record: &Record) -> serde_json::Value {
        let process = &config.spec.process;
        let env: Vec<String> = process
            .env
            .iter()
            .map(|(k, v)| format!("{k}={v}"))
            .collect();
        let (path, args) = process
            .argv
            .split_first()
            .map_or(("", &[][..]), |(p, a)| (p.as_str(), a));
        serde_json::json!({
            "Id": record.id.as_str(),
            "Created": record.created.to_string(),
            "Path": path,
            "Args": args,
            "State": self.state_with_health(record),
            "Image": record.image_id,
            "Name": format!("/{}", record.name),
        "RestartCount": record.restarts,
            "Config": {
                "Hostname": config.spec.hostname,
                "User": format!("{}:{}", process.user.uid, process.user.gid),
                "Tty": record.tty,
                "OpenStdin": config.open_stdin,
                "Env": env,
                "Cmd": process.argv,
                "Image": record.image,
                "WorkingDir": process.cwd,
                "Labels": record.labels,
                "StopSignal": config.stop_signal,
            "Healthcheck": config.health.as_ref().map(healthcheck_json),
                "ExposedPorts": networking::exposed_json(config),
            },
            "HostConfig": {
                "AutoRemove": record.auto_remove,
            "Init": config.spec.init,
            "RestartPolicy": {
                "Name": config.restart.word(),
                "MaximumRetryCount": config.restart.most(),
            },
                "ReadonlyRootfs": config.spec.read_only,
                "Capabilities": config.spec.capabilities.names().collect::<Vec<_>>(),
                "NetworkMode": networking::mode_word(&config.spec.network),
                "PortBindings": networking::bindings_json(config),
            },
            "NetworkSettings": networking::settings_json(config, record),
            "Mounts": config.mounts.iter().map(|it| self.mount_json(it)).collect::<Vec<_>>(),
            "GraphDriver": {
                "Name": match config.spec.rootfs {
                    Rootfs::Overlay { .. } => "overlay",
                    Rootfs::Folder(_) => "vfs",
                },
                "Data": config.spec.rootfs,
            },
        })
    }

    fn state_with_health(&self, record: &Record) -> serde_json::Value {
        let mut json = state_json(&record.state);
        if record.health.is_some()
            && let Some(health) = self.containers().folder(&record.id).health()
        {
            json["Health"] = serde_json::to_value(health).expect("made of words and numbers");
        }
        json
    }

    /// docker's JSON about something that is mounted.
    fn mount_json(&self, point: &MountPoint) -> serde_json::Value {
        let mut json = serde_json::json!({ "Type": point.kind.word() });
        if let Some(name) = &point.name {
            json["Name"] = name.as_str().into();
            json["Driver"] = LOCAL.into();
        }
        let source = match &point.name {
            Some(name) => self.volume_path(name),
            None => point
                .source
                .as_ref()
                .map_or(String::new(), |it| it.display().to_string()),
        };
        json["Source"] = source.into();
        json["Destination"] = point.destination.as_str().into();
        json["Mode"] = point.mode.as_str().into();
        json["RW"] = point.writable.into();
        json["Propagation"] = match point.kind {
            MountKind::Bind => "rprivate",
            MountKind::Volume | MountKind::Tmpfs => "",
        }
        .into();
        json
    }
}
