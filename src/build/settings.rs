//! Instructions that only change the image's settings, and the history line each leaves.

use super::health;
use crate::layers::{Empty, History, ImageConfig};
use crate::plan::{ConfigChange, CopyStep, LayerStep, RunStep};

/// What history entries say of their maker; BuildKit's word, which other tools know.
const COMMENT: &str = "buildkit.dockerfile.v0";

/// Changes the config. `cmd_set` tells whether this stage has its own CMD, which an ENTRYPOINT
/// then leaves alone; a CMD that came with the base it resets.
pub fn apply(change: &ConfigChange, config: &mut ImageConfig, cmd_set: &mut bool) {
    let settings = &mut config.config;
    match change {
        ConfigChange::Env(pairs) => {
            for (name, value) in pairs {
                set_env(&mut settings.env, name, value);
            }
        }
        ConfigChange::Labels(pairs) => settings.labels.extend(pairs.iter().cloned()),
        ConfigChange::Arg(_) => {}
        ConfigChange::User(user) => settings.user.clone_from(user),
        ConfigChange::Cmd { argv, .. } => {
            settings.cmd = (!argv.is_empty()).then(|| argv.clone());
            *cmd_set = true;
        }
        ConfigChange::Entrypoint { argv, .. } => {
            settings.entrypoint = (!argv.is_empty()).then(|| argv.clone());
            if !*cmd_set {
                settings.cmd = None;
            }
        }
        ConfigChange::Expose(ports) => {
            settings
                .exposed_ports
                .extend(ports.unrolled().map(|port| (port, Empty {})));
        }
        ConfigChange::Volumes(paths) => {
            settings
                .volumes
                .extend(paths.iter().map(|path| (path.clone(), Empty {})));
        }
        ConfigChange::Shell(words) => settings.shell = Some(words.clone()),
        ConfigChange::Healthcheck(check) => settings.healthcheck = Some(health::config(check)),
        ConfigChange::Onbuild(text) => settings.on_build.push(text.clone()),
        ConfigChange::StopSignal(signal) => settings.stop_signal = Some(signal.clone()),
        ConfigChange::Author(name) => config.author = Some(name.clone()),
        ConfigChange::Workdir(path) => settings.working_dir.clone_from(path),
    }
}

fn set_env(env: &mut Vec<String>, name: &str, value: &str) {
    let line = format!("{name}={value}");
    let same = |old: &&mut String| old.split_once('=').is_some_and(|(known, _)| known == name);
    match env.iter_mut().find(same) {
        Some(old) => *old = line,
        None => env.push(line),
    }
}

/// Returns the history line of a step that makes no layer, without a time: see `times`. ONBUILD
/// leaves none.
pub fn config_history(change: &ConfigChange) -> Option<History> {
    let pairs = |word: &str, pairs: &[(String, String)]| {
        let pairs: Vec<String> = pairs.iter().map(|(k, v)| format!("{k}={v}")).collect();
        format!("{word} {}", pairs.join(" "))
    };
    let text = match change {
        ConfigChange::Env(list) => pairs("ENV", list),
        ConfigChange::Labels(list) => pairs("LABEL", list),
        ConfigChange::Arg(list) => {
            let one = |(name, value): &(String, Option<String>)| match value {
                Some(value) => format!("{name}={value}"),
                None => name.clone(),
            };
            format!("ARG {}", list.iter().map(one).collect::<Vec<_>>().join(" "))
        }
        ConfigChange::User(user) => format!("USER {user}"),
        ConfigChange::Cmd { argv, .. } => format!("CMD {}", go_quoted(argv)),
        ConfigChange::Entrypoint { argv, .. } => format!("ENTRYPOINT {}", go_quoted(argv)),
        ConfigChange::Expose(ports) => {
            format!(
                "EXPOSE [{}]",
                ports.unrolled().collect::<Vec<_>>().join(" ")
            )
        }
        ConfigChange::Volumes(paths) => format!("VOLUME [{}]", paths.join(" ")),
        ConfigChange::Shell(words) => format!("SHELL [{}]", words.join(" ")),
        ConfigChange::Healthcheck(check) => format!("HEALTHCHECK {}", health::quoted(check)),
        ConfigChange::Onbuild(_) => return None,
        ConfigChange::StopSignal(signal) => format!("STOPSIGNAL {signal}"),
        ConfigChange::Author(name) => format!("MAINTAINER {name}"),
        ConfigChange::Workdir(path) => format!("WORKDIR {path}"),
    };
    Some(history(text, None, true))
}

/// Returns the history line of a step that makes a layer.
pub fn layer_history(step: &LayerStep, created: Option<String>) -> History {
    let text = match step {
        LayerStep::Run(run) => format!("RUN {} # buildkit", run_text(run)),
        LayerStep::Copy(copy) => {
            let word = if copy.add.is_some() { "ADD" } else { "COPY" };
            format!("{word} {} # buildkit", copy_text(copy))
        }
        LayerStep::Workdir(workdir) => format!("WORKDIR {}", workdir.path),
    };
    history(text, created, false)
}

fn history(text: String, created: Option<String>, empty_layer: bool) -> History {
    History {
        created,
        created_by: Some(text),
        comment: Some(COMMENT.to_owned()),
        empty_layer,
        ..History::default()
    }
}

fn run_text(run: &RunStep) -> String {
    let words = run.argv.join(" ");
    if run.args.is_empty() {
        return words;
    }
    let args: Vec<String> = run.args.iter().map(|(k, v)| format!("{k}={v}")).collect();
    format!("|{} {} {words}", args.len(), args.join(" "))
}

fn copy_text(copy: &CopyStep) -> String {
    let mut words = Vec::new();
    words.extend(copy.chown.iter().map(|owner| format!("--chown={owner}")));
    words.extend(copy.chmod.iter().map(|mode| format!("--chmod={mode}")));
    words.extend(copy.link.then(|| "--link".to_owned()));
    words.extend(copy.parents.then(|| "--parents".to_owned()));
    let unpack = copy.add.as_ref().and_then(|add| add.unpack);
    words.extend(unpack.map(|unpack| format!("--unpack={unpack}")));
    words.extend(copy.exclude.iter().map(|it| format!("--exclude={it}")));
    let (destination, sources) = copy.written.split_last().expect("a COPY has a destination");
    words.extend(sources.iter().cloned());
    words.extend(copy.inline.iter().map(|file| format!("<<{}", file.name)));
    words.push(destination.clone());
    words.join(" ")
}

/// Writes words as Go prints a list of quoted strings, which is what docker's history shows.
pub(super) fn go_quoted(words: &[String]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
    format!("[{}]", quoted.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(list: &[&str]) -> Vec<String> {
        list.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_entrypoint_resets_only_the_cmd_of_the_base() {
        let entrypoint = ConfigChange::Entrypoint {
            argv: words(&["a"]),
            shell: false,
        };
        let mut config = ImageConfig::default();
        config.config.cmd = Some(words(&["sh"]));
        apply(&entrypoint, &mut config, &mut false);
        assert_eq!(config.config.cmd, None);

        let mut cmd_set = false;
        apply(
            &ConfigChange::Cmd {
                argv: words(&["x"]),
                shell: false,
            },
            &mut config,
            &mut cmd_set,
        );
        apply(&entrypoint, &mut config, &mut cmd_set);
        assert_eq!(config.config.cmd, Some(words(&["x"])));
    }

    #[test]
    fn history_shows_words_as_docker_does() {
        let cmd = ConfigChange::Cmd {
            argv: words(&["cat", "/app/a.txt"]),
            shell: false,
        };
        let history = config_history(&cmd).unwrap();
        assert_eq!(
            history.created_by.as_deref(),
            Some(r#"CMD ["cat" "/app/a.txt"]"#)
        );
        let run = RunStep {
            argv: words(&["/bin/sh", "-c", "cmd"]),
            env: crate::plan::Variables::default(),
            args: [("a", "1"), ("b", "2")].into_iter().collect(),
            proxies: Vec::new(),
            workdir: "/".into(),
            user: String::new(),
            script: None,
            mounts: Vec::new(),
            sandbox: crate::plan::Sandbox::default(),
        };
        let history = layer_history(&LayerStep::Run(run), None);
        assert_eq!(
            history.created_by.as_deref(),
            Some("RUN |2 a=1 b=2 /bin/sh -c cmd # buildkit")
        );
    }

    #[test]
    fn env_is_replaced_in_place() {
        let mut env = words(&["A=1", "B=2"]);
        set_env(&mut env, "A", "3");
        set_env(&mut env, "C", "4");
        assert_eq!(env, ["A=3", "B=2", "C=4"]);
    }
}
