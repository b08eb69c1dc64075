//! An image and a person's options become a container's description.

use std::path::PathBuf;

use super::RunCall;
use crate::layers::{Image, Stack, users};
use crate::plan::scope::{Pairs, join_path, set};
use crate::runtime::containers::ContainerConfig;
use crate::runtime::names::ContainerId;
use crate::runtime::probe::Cgroups;
use crate::runtime::signals::signal_number;
use crate::runtime::{Mount, MountSource, Resources, Rootfs, Spec, User, spec::DEFAULT_PATH};
use crate::session::{Result, Session, Trouble};

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
    /// Turns options and the image's settings into a description of the container.
    pub(super) fn describe(
        &self,
        id: ContainerId,
        call: &RunCall,
        image: &Image,
    ) -> Result<ContainerConfig> {
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
        let joined = self.joined(call)?;
        let hostname = call.hostname.as_ref().or(joined.hostname.as_ref());
        hostname
            .map_or(id.short(), String::as_str)
            .clone_into(&mut spec.hostname);
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
        spec.network = joined.network;
        spec.hosts = joined.hosts;
        spec.dns = joined.dns;
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
        config.networks = joined.memberships;
        self.connect(&mut config, &call.network, settings)?;
        config.stdin_once = call.interactive && !call.detach;
        config.pid_file.clone_from(&call.pid_file);
        config.stop_timeout = call.stop_timeout.unwrap_or(config.stop_timeout);
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

    pub(super) fn resolve_user(&self, stack: &Stack, user: &str) -> Result<users::ResolvedUser> {
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
