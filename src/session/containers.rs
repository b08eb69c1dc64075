//! Containers: an image and some options become a container's description; the rest is asked of
//! the runtime.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::worker::Request;
use super::{Inspected, Result, Session, SessionError, Trouble};
use crate::layers::{Change, ChangeKind, Image, Stack, users};
use crate::plan::scope::{Pairs, join_path, set};
use crate::runtime::attach::{Outcome, Streams};
use crate::runtime::container_error::ContainerError;
use crate::runtime::containers::{ContainerConfig, Containers};
use crate::runtime::copying::Copying;
use crate::runtime::exec::ExecOptions;
use crate::runtime::launch::Note;
use crate::runtime::log::Show;
use crate::runtime::names::ContainerId;
use crate::runtime::probe::{Cgroups, Overlay};
use crate::runtime::remove_tree::remove_tree;
use crate::runtime::signals::signal_number;
use crate::runtime::start::{Ahead, Attach, StartOptions};
use crate::runtime::state::Record;
use crate::runtime::{
    Mode, Mount, MountSource, Network, Resources, Rootfs, Spec, User, spec::DEFAULT_PATH,
};

/// A container as a person asks for it.
#[derive(Debug, Clone, Default)]
pub struct RunCall {
    /// The image, by name or id.
    pub image: String,
    /// The words after the image.
    pub command: Vec<String>,
    /// `--name`.
    pub name: Option<String>,
    /// `-i`.
    pub interactive: bool,
    /// `-t`.
    pub tty: bool,
    /// `-d`.
    pub detach: bool,
    /// `--rm`.
    pub remove: bool,
    /// `-e`, with values.
    pub env: Pairs,
    /// `-w`.
    pub workdir: Option<String>,
    /// `-u`.
    pub user: Option<String>,
    /// `-v`.
    pub volumes: Vec<String>,
    /// `--entrypoint`.
    pub entrypoint: Option<String>,
    /// `--network host`.
    pub host_network: bool,
    /// `--hostname`.
    pub hostname: Option<String>,
    /// `--label`.
    pub labels: Pairs,
    /// `--read-only`.
    pub read_only: bool,
    /// `--cap-add`.
    pub cap_add: Vec<String>,
    /// `--cap-drop`.
    pub cap_drop: Vec<String>,
    /// `--memory`, `--cpus`, `--pids-limit`.
    pub resources: Resources,
    /// `--stop-signal`.
    pub stop_signal: Option<String>,
    /// TERM of the face, for `-t`.
    pub term: Option<String>,
}

/// A container that was run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// Its record as it was made.
    pub record: Record,
    /// What became of it.
    pub outcome: Outcome,
    /// What was done in a lesser way than asked.
    pub notes: Vec<Note>,
}

crate::messages! {
    no_command() {
        en: "no command specified: the image has no CMD and no ENTRYPOINT",
        ko: "실행할 명령이 없습니다(no command specified): 이미지에 CMD도 ENTRYPOINT도 없습니다",
    }
    no_command_help(image: &str) {
        en: "write one after the image: `run {image} sh`",
        ko: "이미지 뒤에 명령을 쓰세요: `run {image} sh`",
    }
    bad_mode(mode: &str) {
        en: "invalid mode: {mode}",
        ko: "마운트 모드가 올바르지 않습니다(invalid mode): {mode}",
    }
    bad_mode_help(mounted: &str) {
        en: "write `-v {mounted}:ro` for reading only, or `-v {mounted}`",
        ko: "읽기 전용이면 `-v {mounted}:ro`, 아니면 `-v {mounted}` 꼴로 쓰세요",
    }
    relative_volume(source: &str) {
        en: "\"{source}\" is no absolute path, and named volumes are not carried out yet",
        ko: "절대 경로가 아니고(\"{source}\"), 이름 있는 볼륨은 아직 쓸 수 없습니다",
    }
    relative_volume_help(source: &str) {
        en: "to mount a folder of this machine, begin with a /: `-v \"$PWD/{source}:/...\"`",
        ko: "이 컴퓨터의 폴더를 연결하려면 /로 시작하세요: `-v \"$PWD/{source}:/...\"`",
    }
    no_volume_source(path: &str) {
        en: "cannot mount {path}: there is no such file or folder",
        ko: "{path} 경로를 연결할 수 없습니다: 그런 파일이나 폴더가 없습니다",
    }
    malformed_volume(text: &str) {
        en: "invalid volume specification: '{text}'",
        ko: "볼륨 지정이 올바르지 않습니다(invalid volume specification): '{text}'",
    }
    malformed_volume_help() {
        en: "the form is /HERE:/THERE or /HERE:/THERE:ro",
        ko: "/여기:/저기 또는 /여기:/저기:ro 형식입니다",
    }
}

impl Session {
    fn containers(&self) -> Containers {
        Containers::new(self.root())
    }

    fn contained(&self, error: &ContainerError) -> Trouble {
        Trouble::new(error.message(self.language()))
            .with_help(error.help(self.language()))
            .with_exit(error.exit_code())
    }

    /// Makes a container and runs it. `streams` is none for `-d`; `own_stdio` tells that the
    /// streams are this process's own.
    pub fn run<'a>(
        &'a self,
        call: &RunCall,
        streams: Option<Streams<'a>>,
        own_stdio: bool,
    ) -> Result<Started> {
        if let Mode::Nothing { reason } = &self.probe().mode {
            let trouble = Trouble::new(reason.message(self.language())).with_exit(125);
            return Err(trouble.with_help(Some(reason.help(self.language()))).into());
        }
        let containers = self.containers();
        let id = ContainerId::generate().map_err(|e| Trouble::system("make an id", &e))?;
        let attach = streams.map(|streams| Attach {
            streams,
            owns: true,
            own_stdio,
        });
        let manner = (call.remove, call.tty);
        let ahead = containers
            .begin(&id, &self.probe().mode, attach.as_ref(), manner)
            .map_err(|e| self.contained(&e))?;
        let image = self
            .image_or_base(&call.image)
            .map_err(|error| self.exit_125(error))?;
        let record = self.create(&containers, id, call, &image)?;
        let started = self.start(&record.id, attach, Some(ahead));
        match started {
            Ok((outcome, notes)) => Ok(Started {
                record,
                outcome,
                notes,
            }),
            Err(error) => Err(self.exit_125(error)),
        }
    }

    /// Makes a container. Until it is there, nobody may collect its layers.
    fn create(
        &self,
        containers: &Containers,
        id: ContainerId,
        call: &RunCall,
        image: &Image,
    ) -> Result<Record> {
        let held = self.store()?.hold();
        // Let go of before anything is started: a process that is forked off would hold on.
        let _held = held.map_err(|e| Trouble::store(&e, self.language()))?;
        let config = self.describe(id, call, image)?;
        Ok(containers.create(config).map_err(|e| self.contained(&e))?)
    }

    /// docker's `run` exits with 125 for everything that is not the program's own fault.
    fn exit_125(&self, error: SessionError) -> SessionError {
        match error {
            SessionError::Trouble(trouble) if matches!(trouble.exit, 126 | 127) => trouble.into(),
            SessionError::Trouble(trouble) => trouble.with_exit(125).into(),
            other @ SessionError::Dockerfile { .. } => other,
        }
    }

    fn start<'a>(
        &'a self,
        id: &ContainerId,
        attach: Option<Attach<'a>>,
        ahead: Option<Ahead>,
    ) -> Result<(Outcome, Vec<Note>)> {
        let options = StartOptions {
            mode: &self.probe().mode,
            attach,
            // `run` leaves nothing behind when it fails, and only `run` begins ahead.
            remove_on_failure: ahead.is_some(),
            ahead,
        };
        let copying = Copying {
            at_once: self.probe().overlay == Overlay::None,
            copy: &|config, folder| self.copy_layers(config, folder),
        };
        let started = self
            .containers()
            .start_or_copy(id, options, Some(copying))
            .map_err(|e| self.contained(&e))?;
        Ok((started.outcome, started.notes))
    }

    /// Copies what a container shows into a folder: overlayfs cannot merge it here.
    fn copy_layers(&self, config: &ContainerConfig, folder: &Path) -> Result<(), ContainerError> {
        let failed = |error: SessionError| ContainerError::Io {
            what: "copy the layers into",
            path: folder.to_owned(),
            source: std::io::Error::other(error.message().to_owned()),
        };
        let image = self.find_image(&config.record.image_id).map_err(failed)?;
        let request = Request::CheckOut {
            layers: image.layers,
            upper: self.containers().folder(&config.record.id).upper(),
            folder: folder.to_owned(),
        };
        self.ask(request, None, &mut |_| {}).map_err(failed)
    }

    /// Turns options and the image's settings into a description of the container.
    fn describe(&self, id: ContainerId, call: &RunCall, image: &Image) -> Result<ContainerConfig> {
        let settings = &image.config.config;
        let store = self.store()?;
        let stack = store
            .stack(&image.layers)
            .map_err(|e| Trouble::store(&e, self.language()))?;
        let user = call.user.as_deref().unwrap_or(&settings.user);
        let user = self.resolve_user(&stack, user)?;
        let folder = self.containers().folder(&id);
        let rootfs: Rootfs = folder.rootfs(stack.lower_dirs());
        let mut spec = Spec::new(rootfs, self.words(call, image)?, self.ids());
        spec.hostname = call
            .hostname
            .clone()
            .unwrap_or_else(|| id.short().to_owned());
        spec.process.env = environment(call, &settings.env, &spec.hostname, &user.home);
        spec.process.cwd = join_path(
            &join_path("/", &settings.working_dir),
            call.workdir.as_deref().unwrap_or(""),
        );
        spec.process.user = User {
            uid: user.uid,
            gid: user.gid,
            groups: user.groups,
        };
        spec.process.terminal = call.tty;
        spec.mounts = call
            .volumes
            .iter()
            .map(|it| self.volume(it))
            .collect::<Result<_>>()?;
        spec.network = if call.host_network {
            Network::Host
        } else {
            Network::Loopback
        };
        spec.read_only = call.read_only;
        let add: Vec<&str> = call.cap_add.iter().map(String::as_str).collect();
        let drop: Vec<&str> = call.cap_drop.iter().map(String::as_str).collect();
        spec.capabilities = spec
            .capabilities
            .with(&add, &drop)
            .map_err(|error| Trouble::new(error.to_string()).with_exit(125))?;
        spec.resources = self.limits(&call.resources);
        let mut config = ContainerConfig::new(id, &call.image, &image.id.to_string(), spec);
        config.record.name = call.name.clone().unwrap_or_default();
        config.record.auto_remove = call.remove;
        config.record.labels.extend(settings.labels.clone());
        config.record.labels.extend(call.labels.iter().cloned());
        config.open_stdin = call.interactive;
        if let Some(signal) = call.stop_signal.as_ref().or(settings.stop_signal.as_ref()) {
            signal_number(signal).map_err(|e| self.contained(&e))?;
            config.stop_signal.clone_from(signal);
        }
        Ok(config)
    }

    /// The limits that are asked for, else the session's own, where this machine can give them.
    fn limits(&self, asked: &Resources) -> Resources {
        let can = self.probe().cgroups != Cgroups::None;
        if *asked == Resources::default() && can {
            self.settings.limits.clone()
        } else {
            asked.clone()
        }
    }

    /// Lists what a container changed in its image's files, as docker's `A /x`, `C /x`, `D /x`.
    pub fn container_changes(&self, name: &str) -> Result<Vec<String>> {
        let image = self.find_image(&self.container(name)?.image_id)?;
        let folder = self.containers().folder(&self.find_container(name)?);
        let store = self.store()?;
        let changes = store
            .stack(&image.layers)
            .and_then(|stack| stack.with_upper(&folder.upper()))
            .and_then(|stack| stack.changes(image.layers.len()));
        let changes = changes.map_err(|e| Trouble::store(&e, self.language()))?;
        let line = |change: &Change| {
            let letter = match change.kind {
                ChangeKind::Added => 'A',
                ChangeKind::Modified => 'C',
                ChangeKind::Deleted => 'D',
            };
            format!("{letter} {}", change.path.absolute())
        };
        Ok(changes.iter().map(line).collect())
    }

    fn resolve_user(&self, stack: &Stack, user: &str) -> Result<users::ResolvedUser> {
        let resolved = users::resolve(stack, user);
        Ok(resolved.map_err(|error| {
            Trouble::new(error.message(self.language()))
                .with_help(error.help(self.language()))
                .with_exit(125)
        })?)
    }

    /// The words to run: the entrypoint, then the command. `--entrypoint` drops the image's CMD.
    fn words(&self, call: &RunCall, image: &Image) -> Result<Vec<String>> {
        let settings = &image.config.config;
        let mut words = match &call.entrypoint {
            Some(program) if program.is_empty() => Vec::new(),
            Some(program) => vec![program.clone()],
            None => settings.entrypoint.clone().unwrap_or_default(),
        };
        let own_entrypoint = call
            .entrypoint
            .as_ref()
            .is_some_and(|program| !program.is_empty());
        if !call.command.is_empty() {
            words.extend(call.command.iter().cloned());
        } else if !own_entrypoint {
            words.extend(settings.cmd.clone().unwrap_or_default());
        }
        if words.is_empty() {
            let trouble = Trouble::new(no_command(self.language())).with_exit(125);
            return Err(trouble
                .with_help(no_command_help(self.language(), &call.image))
                .into());
        }
        Ok(words)
    }

    fn volume(&self, text: &str) -> Result<Mount> {
        let language = self.language();
        let wrong = |message: String| Trouble::new(message).with_exit(125);
        let parts: Vec<&str> = text.split(':').collect();
        let (source, target, mode) = match parts[..] {
            [source, target] => (source, target, "rw"),
            [source, target, mode] => (source, target, mode),
            _ => {
                let trouble = wrong(malformed_volume(language, text));
                return Err(trouble.with_help(malformed_volume_help(language)).into());
            }
        };
        if !matches!(mode, "rw" | "ro" | "z" | "Z") {
            let help = bad_mode_help(language, &format!("{source}:{target}"));
            return Err(wrong(bad_mode(language, mode)).with_help(help).into());
        }
        if !target.starts_with('/') {
            let trouble = wrong(malformed_volume(language, text));
            return Err(trouble.with_help(malformed_volume_help(language)).into());
        }
        if !source.starts_with('/') {
            let trouble = wrong(relative_volume(language, source));
            return Err(trouble
                .with_help(relative_volume_help(language, source))
                .into());
        }
        let source = PathBuf::from(source);
        if !source.exists() {
            let shown = source.display().to_string();
            return Err(wrong(no_volume_source(language, &shown)).into());
        }
        let target = join_path("/", target);
        Ok(Mount {
            source: MountSource::Bind(source),
            target,
            read_only: mode == "ro",
        })
    }

    /// Finds a container by name or id.
    pub fn find_container(&self, name: &str) -> Result<ContainerId> {
        Ok(self
            .containers()
            .find(name)
            .map_err(|e| self.contained(&e))?)
    }

    /// Lists every container, newest first.
    pub fn containers_list(&self) -> Result<Vec<Record>> {
        Ok(self.containers().list().map_err(|e| self.contained(&e))?)
    }

    /// Returns a container's record.
    pub fn container(&self, name: &str) -> Result<Record> {
        let id = self.find_container(name)?;
        let record = self.containers().folder(&id).record();
        Ok(record.map_err(|e| self.contained(&e))?)
    }

    /// Returns everything a container was made with.
    pub fn container_config(&self, name: &str) -> Result<ContainerConfig> {
        let id = self.find_container(name)?;
        let config = self.containers().folder(&id).config();
        Ok(config.map_err(|e| self.contained(&e))?)
    }

    /// Starts a stopped container; with streams it waits for its end.
    pub fn start_container<'a>(
        &'a self,
        name: &str,
        streams: Option<Streams<'a>>,
    ) -> Result<Outcome> {
        let id = self.find_container(name)?;
        let attach = streams.map(|streams| Attach {
            streams,
            owns: false,
            own_stdio: false,
        });
        Ok(self.start(&id, attach, None)?.0)
    }

    /// Stops a container: its stop signal, then SIGKILL after a while.
    pub fn stop_container(&self, name: &str, seconds: Option<u64>) -> Result<()> {
        let id = self.find_container(name)?;
        let seconds = seconds.map(|seconds| i32::try_from(seconds).unwrap_or(i32::MAX));
        Ok(self
            .containers()
            .stop(&id, seconds)
            .map_err(|e| self.contained(&e))?)
    }

    /// Sends a signal to a container.
    pub fn kill_container(&self, name: &str, signal: &str) -> Result<()> {
        let id = self.find_container(name)?;
        let number = signal_number(signal).map_err(|e| self.contained(&e))?;
        Ok(self
            .containers()
            .kill(&id, number)
            .map_err(|e| self.contained(&e))?)
    }

    /// Waits for a container's end and returns its exit code.
    pub fn wait_container(&self, name: &str) -> Result<i32> {
        let id = self.find_container(name)?;
        Ok(self
            .containers()
            .wait(&id)
            .map_err(|e| self.contained(&e))?)
    }

    /// Removes a container.
    pub fn remove_container(&self, name: &str, force: bool) -> Result<()> {
        let id = self.find_container(name)?;
        let tree = self
            .containers()
            .remove(&id, force)
            .map_err(|e| self.contained(&e))?;
        match tree {
            Some(tree) if remove_tree(&tree).is_ok() => Ok(()),
            // Some of it belongs to ids that only exist inside.
            Some(tree) => self.ask(Request::RemoveTrees(vec![tree]), None, &mut |_| {}),
            None => Ok(()),
        }
    }

    /// Runs one more program in a running container; `streams` is none for `-d`.
    pub fn exec<'a>(
        &'a self,
        call: &ExecCall,
        streams: Option<Streams<'a>>,
        own_stdio: bool,
    ) -> Result<Outcome> {
        let id = self.find_container(&call.container)?;
        let user = match &call.user {
            Some(user) => Some(self.user_in(&call.container, user)?),
            None => None,
        };
        let mut env = call.env.clone();
        if let Some(term) = call.term.as_ref().filter(|_| call.tty) {
            env.insert(0, ("TERM".to_owned(), term.clone()));
        }
        let options = ExecOptions {
            argv: call.command.clone(),
            env,
            user,
            cwd: call.workdir.clone(),
            terminal: call.tty,
            attach: streams.map(|streams| Attach {
                streams,
                owns: true,
                own_stdio,
            }),
        };
        Ok(self
            .containers()
            .exec(&id, options)
            .map_err(|e| self.contained(&e))?)
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
    fn user_in(&self, container: &str, user: &str) -> Result<User> {
        let stack = self.container_stack(container)?;
        let found = self.resolve_user(&stack, user)?;
        Ok(User {
            uid: found.uid,
            gid: found.gid,
            groups: found.groups,
        })
    }

    /// Writes what a container wrote.
    pub fn logs(
        &self,
        name: &str,
        show: Show,
        follow: bool,
        out: &mut dyn Write,
        err: &mut dyn Write,
    ) -> Result<()> {
        let id = self.find_container(name)?;
        let logs = self.containers().logs(&id, show, follow, out, err);
        Ok(logs.map_err(|e| self.contained(&e))?)
    }

    /// Returns docker's JSON about an image or a container.
    pub fn inspect(&self, name: &str) -> Inspected {
        let container = self.inspect_container(name);
        container.or_else(|_| self.inspect_image(name)).into()
    }

    /// Returns docker's JSON about a container.
    pub fn inspect_container(&self, name: &str) -> Result<serde_json::Value> {
        let config = self.container_config(name)?;
        Ok(container_json(&config, &self.container(name)?))
    }
}

/// docker's order: the image's variables, HOSTNAME, `-e`, and HOME where nothing sets it.
fn environment(call: &RunCall, image: &[String], hostname: &str, home: &str) -> Pairs {
    let mut env = Pairs::new();
    for line in image {
        let (name, value) = line.split_once('=').unwrap_or((line, ""));
        set(&mut env, name, value);
    }
    if !env.iter().any(|(name, _)| name == "PATH") {
        set(&mut env, "PATH", DEFAULT_PATH);
    }
    set(&mut env, "HOSTNAME", hostname);
    if let Some(term) = call.term.as_ref().filter(|_| call.tty) {
        set(&mut env, "TERM", term);
    }
    for (name, value) in &call.env {
        set(&mut env, name, value);
    }
    if !env.iter().any(|(name, _)| name == "HOME") {
        set(&mut env, "HOME", home);
    }
    env
}

fn container_json(config: &ContainerConfig, record: &Record) -> serde_json::Value {
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
        "State": record.state,
        "Image": record.image_id,
        "Name": format!("/{}", record.name),
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
        },
        "HostConfig": {
            "AutoRemove": record.auto_remove,
            "ReadonlyRootfs": config.spec.read_only,
            "Capabilities": config.spec.capabilities.names().collect::<Vec<_>>(),
            "NetworkMode": match config.spec.network {
                Network::Loopback => "none",
                Network::Host => "host",
            },
        },
        "Mounts": config.spec.mounts,
        "GraphDriver": {
            "Name": match config.spec.rootfs {
                Rootfs::Overlay { .. } => "overlay",
                Rootfs::Folder(_) => "vfs",
            },
            "Data": config.spec.rootfs,
        },
    })
}

/// A further program in a running container, as a person asks for it.
#[derive(Debug, Clone, Default)]
pub struct ExecCall {
    /// The container, by name or id.
    pub container: String,
    /// The words of the command.
    pub command: Vec<String>,
    /// `-t`.
    pub tty: bool,
    /// `-e`, with values.
    pub env: Pairs,
    /// `-u`.
    pub user: Option<String>,
    /// `-w`.
    pub workdir: Option<String>,
    /// TERM of the face, for `-t`.
    pub term: Option<String>,
}
