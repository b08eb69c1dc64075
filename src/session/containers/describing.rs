//! An image and a person's options become a container's description.

use super::RunCall;
use crate::layers::{Image, Stack, users};
use crate::plan::scope::{Pairs, join_path, set};
use crate::runtime::containers::ContainerConfig;
use crate::runtime::names::ContainerId;
use crate::runtime::probe::Cgroups;
use crate::runtime::signals::signal_number;
use crate::runtime::volumes::Volume;
use crate::runtime::{Resources, Rootfs, Spec, User, spec::DEFAULT_PATH};
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
}

impl Session {
    /// Turns options and the image's settings into a description of the container, and of the volumes
    /// that are made with it.
    pub(super) fn describe(
        &self,
        id: ContainerId,
        call: &RunCall,
        image: &Image,
    ) -> Result<(ContainerConfig, Vec<Volume>)> {
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
        let mounted = self.mounted(call, settings.volumes.keys())?;
        spec.mounts = mounted.mounts;
        self.containers().place_volumes(&mut spec);
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
        config.mounts = mounted.points;
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
        Ok((config, mounted.volumes))
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
