//! What can go wrong with a container, with docker's key words and docker's exit codes.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::enter::RuntimeError;
use super::launch::LaunchError;
use super::names::{ContainerId, near_name};
use super::network_error::NetworkError;
use super::ports::Unavailable;
use super::wire::Failure;
use crate::language::Language;

/// Why something could not be done with a container.
#[derive(Debug, Error)]
#[error("{}", self.message(Language::En))]
pub enum ContainerError {
    /// No name, id or start of an id fits.
    NotFound {
        /// What was asked for.
        name: String,
    },
    /// Several ids start so.
    Ambiguous {
        /// What was asked for.
        prefix: String,
    },
    /// The name is not one docker would take.
    BadName {
        /// The name.
        name: String,
    },
    /// Another container has the name.
    NameTaken {
        /// The name.
        name: String,
        /// Who has it.
        holder: ContainerId,
    },
    /// It runs, and force was not asked for.
    RemoveRunning {
        /// The container.
        id: ContainerId,
    },
    /// It does not run, so it cannot be joined.
    NotRunning {
        /// The container.
        id: ContainerId,
    },
    /// It does not run, so it cannot be signalled.
    KillNotRunning {
        /// The container.
        id: ContainerId,
    },
    /// It does not run, so there is nothing to attach to.
    AttachStopped,
    /// It rests, so nothing that is typed would be read.
    AttachPaused,
    /// It rests, so it cannot be started.
    StartPaused,
    /// It rests, so nothing can run in it.
    ExecPaused {
        /// The container.
        id: ContainerId,
    },
    /// It rests, and force was not asked for.
    RemovePaused {
        /// The container.
        id: ContainerId,
    },
    /// It rests already.
    AlreadyPaused {
        /// The container.
        id: ContainerId,
    },
    /// It does not rest.
    NotPaused {
        /// The container.
        id: ContainerId,
    },
    /// It could not be brought to rest, or from rest.
    Pause {
        /// The system's answer.
        error: String,
    },
    /// It has this name already.
    SameName,
    /// `--detach-keys` are no keys.
    BadDetachKeys {
        /// As they were given.
        keys: String,
    },
    /// It runs already, and another start was asked for.
    AlreadyRunning {
        /// The container.
        id: ContainerId,
    },
    /// No signal has this name or number.
    InvalidSignal {
        /// As it was given.
        signal: String,
    },
    /// `-i -t` from something that is no terminal.
    NotATerminal,
    /// The runtime did not start the program.
    Launch(#[source] LaunchError),
    /// A port of the host cannot be had.
    Port(Unavailable),
    /// The container whose network another was to have does not run.
    NetworkStopped {
        /// That container.
        id: ContainerId,
    },
    /// A network cannot be had.
    Network(#[source] NetworkError),
    /// No supervisor could be started.
    Enter(#[source] RuntimeError),
    /// The supervisor ended without a word.
    SupervisorLost,
    /// Files could not be brought in or out.
    Copy {
        /// The system's answer, and about which file.
        #[source]
        source: io::Error,
    },
    /// A file or a socket of the container failed.
    Io {
        /// What was being done: a verb.
        what: &'static str,
        /// To what.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
}

impl ContainerError {
    /// Returns the code docker exits with: 125 to 127 where a container was to be started, 1
    /// elsewhere. `run` itself answers 125 for everything that keeps it from starting.
    pub fn exit_code(&self) -> i32 {
        match self {
            Self::Launch(error) => error.exit_code(),
            Self::Enter(_)
            | Self::SupervisorLost
            | Self::BadName { .. }
            | Self::NameTaken { .. } => 125,
            _ => 1,
        }
    }

    /// Returns the error as one sentence for a person.
    pub fn message(&self, language: Language) -> String {
        match self {
            Self::NotFound { name } => not_found(language, name),
            Self::Ambiguous { prefix } => ambiguous(language, prefix),
            Self::BadName { name } => bad_name(language, name),
            Self::NameTaken { name, holder } => name_taken(language, name, holder),
            Self::RemoveRunning { id } => remove_running(language, id),
            Self::NotRunning { id } => not_running(language, id),
            Self::KillNotRunning { id } => kill_not_running(language, id),
            Self::AttachStopped => attach_stopped(language),
            Self::AttachPaused => attach_paused(language),
            Self::StartPaused => start_paused(language),
            Self::ExecPaused { id } => exec_paused(language, id),
            Self::RemovePaused { id } => remove_paused(language, id),
            Self::AlreadyPaused { id } => already_paused(language, id),
            Self::NotPaused { id } => not_paused(language, id),
            Self::Pause { error } => pause_failed(language, error),
            Self::SameName => same_name(language),
            Self::BadDetachKeys { keys } => bad_detach_keys(language, keys),
            Self::AlreadyRunning { id } => already_running(language, id),
            Self::InvalidSignal { signal } => invalid_signal(language, signal),
            Self::NotATerminal => not_a_terminal(language),
            Self::Launch(error) => error.message(language),
            Self::Port(port) => port.message(language),
            Self::NetworkStopped { id } => network_stopped(language, id),
            Self::Network(error) => error.message(language),
            Self::Enter(error) => error.message(language),
            Self::SupervisorLost => supervisor_lost(language),
            Self::Copy { source } => copy_failed(language, source),
            Self::Io { what, path, source } => io_failed(language, what, &path.display(), source),
        }
    }

    /// Returns what to do about it, where that is known.
    pub fn help(&self, language: Language) -> Option<String> {
        match self {
            Self::NotFound { .. } => Some(help_not_found(language)),
            Self::Ambiguous { .. } => Some(help_ambiguous(language)),
            Self::BadName { name } => Some(help_bad_name(language, &near_name(name))),
            Self::NameTaken { name, .. } => Some(help_name_taken(language, name)),
            Self::RemoveRunning { id } | Self::RemovePaused { id } => {
                Some(help_remove_running(language, id.short()))
            }
            Self::NotRunning { id } | Self::KillNotRunning { id } | Self::NetworkStopped { id } => {
                Some(help_not_running(language, id.short()))
            }
            Self::ExecPaused { id } | Self::AlreadyPaused { id } => {
                Some(help_unpause(language, id.short()))
            }
            Self::BadDetachKeys { .. } => Some(help_detach_keys(language)),
            Self::NotATerminal => Some(help_not_a_terminal(language)),
            Self::Launch(error) => error.help(language),
            Self::Port(port) => port.help(language),
            Self::Network(error) => error.help(language),
            Self::Enter(error) => error.help(language),
            Self::SupervisorLost => Some(help_supervisor_lost(language)),
            _ => None,
        }
    }

    /// Makes a mapper for errors of one file.
    pub(super) fn io(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            what,
            path: path.to_owned(),
            source,
        }
    }

    /// Says why the supervisor of `id` did not start it.
    pub(super) fn from_failure(failure: Failure, id: &ContainerId, folder: &Path) -> Self {
        match failure {
            Failure::Launch(error) => Self::Launch(error),
            Failure::Running => Self::AlreadyRunning { id: id.clone() },
            Failure::Port(port) => Self::Port(port),
            Failure::NetworkStopped(id) => Self::NetworkStopped { id },
            Failure::Network(error) => Self::Network(error),
            Failure::Files { error } => Self::Io {
                what: "supervise",
                path: folder.to_owned(),
                source: io::Error::other(error),
            },
        }
    }
}

crate::messages! {
    not_found(name: &str) {
        en: "No such container: {name}",
        ko: "No such container: {name} (그런 컨테이너가 없습니다)",
    }
    ambiguous(prefix: &str) {
        en: "Multiple IDs found with provided prefix: {prefix}",
        ko: "Multiple IDs found with provided prefix: {prefix} (이렇게 시작하는 ID가 여럿입니다)",
    }
    bad_name(name: &str) {
        en: "Invalid container name ({name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed",
        ko: "Invalid container name ({name}): 컨테이너 이름은 두 글자 이상이고 [a-zA-Z0-9][a-zA-Z0-9_.-]만 쓸 수 있습니다",
    }
    name_taken(name: &str, holder: &ContainerId) {
        en: "Conflict. The container name \"/{name}\" is already in use by container \"{holder}\". You have to remove (or rename) that container to be able to reuse that name",
        ko: "Conflict. 이미 쓰고 있는 컨테이너 이름입니다: \"/{name}\" (컨테이너 \"{holder}\"). 그 컨테이너를 지우거나 이름을 바꿔야 다시 쓸 수 있습니다",
    }
    remove_running(id: &ContainerId) {
        en: "You cannot remove a running container {id}. Stop the container before attempting removal or force remove",
        ko: "You cannot remove a running container {id}: 실행 중인 컨테이너는 지울 수 없습니다. 먼저 멈추거나 강제로 지우세요",
    }
    not_running(id: &ContainerId) {
        en: "Container {id} is not running",
        ko: "Container {id} is not running: 실행 중인 컨테이너가 아닙니다",
    }
    kill_not_running(id: &ContainerId) {
        en: "Cannot kill container: {id}: Container {id} is not running",
        ko: "Cannot kill container: {id}: 실행 중인 컨테이너가 아닙니다 (is not running)",
    }
    network_stopped(id: &ContainerId) {
        en: "cannot join network of a non running container: {id}",
        ko: "cannot join network of a non running container: {id} (실행 중이 아닌 컨테이너의 네트워크는 함께 쓸 수 없습니다)",
    }
    attach_stopped() {
        en: "You cannot attach to a stopped container, start it first",
        ko: "You cannot attach to a stopped container: 멈춘 컨테이너에는 붙을 수 없습니다. 먼저 시작하세요",
    }
    attach_paused() {
        en: "You cannot attach to a paused container, unpause it first",
        ko: "You cannot attach to a paused container: 일시 정지된 컨테이너에는 붙을 수 없습니다. 먼저 unpause 하세요",
    }
    start_paused() {
        en: "cannot start a paused container, try unpause instead",
        ko: "cannot start a paused container: 일시 정지된 컨테이너입니다. start 대신 unpause 하세요",
    }
    exec_paused(id: &ContainerId) {
        en: "Container {id} is paused, unpause the container before exec",
        ko: "Container {id} is paused: 일시 정지된 컨테이너입니다. exec 전에 unpause 하세요",
    }
    remove_paused(id: &ContainerId) {
        en: "You cannot remove a paused container {id}. Unpause and then stop the container before attempting removal or force remove",
        ko: "You cannot remove a paused container {id}: 일시 정지된 컨테이너는 지울 수 없습니다. unpause 하고 멈추거나 강제로 지우세요",
    }
    already_paused(id: &ContainerId) {
        en: "Container {id} is already paused",
        ko: "Container {id} is already paused: 이미 일시 정지된 컨테이너입니다",
    }
    not_paused(id: &ContainerId) {
        en: "Container {id} is not paused",
        ko: "Container {id} is not paused: 일시 정지된 컨테이너가 아닙니다",
    }
    pause_failed(error: &str) {
        en: "the container's processes could not be paused or let go on: {error}",
        ko: "컨테이너의 프로세스를 일시 정지하거나 다시 움직이지 못했습니다: {error}",
    }
    same_name() {
        en: "Renaming a container with the same name as its current name",
        ko: "Renaming a container with the same name: 지금 이름과 같은 이름입니다",
    }
    bad_detach_keys(keys: &str) {
        en: "Invalid detach keys ({keys}) provided",
        ko: "Invalid detach keys ({keys}): 올바른 키가 아닙니다",
    }
    help_unpause(id: &str) {
        en: "`unpause {id}` lets it go on",
        ko: "`unpause {id}`로 다시 움직이게 할 수 있습니다",
    }
    help_detach_keys() {
        en: "letters and control keys with commas between: `--detach-keys ctrl-x,x`",
        ko: "글자와 컨트롤 키를 쉼표로 나눠 쓰세요: `--detach-keys ctrl-x,x`",
    }
    already_running(id: &ContainerId) {
        en: "container {id} is already running",
        ko: "컨테이너 {id}는 이미 실행 중입니다",
    }
    invalid_signal(signal: &str) {
        en: "Invalid signal: {signal}",
        ko: "Invalid signal: {signal} (그런 시그널이 없습니다)",
    }
    not_a_terminal() {
        en: "the input device is not a TTY",
        ko: "the input device is not a TTY: 표준 입력이 터미널이 아닙니다",
    }
    supervisor_lost() {
        en: "the container's supervisor was killed, and the container ended with it",
        ko: "컨테이너의 supervisor가 강제로 끝나서 컨테이너도 함께 끝났습니다",
    }
    copy_failed(source: &io::Error) {
        en: "could not copy: {source}",
        ko: "복사하지 못했습니다: {source}",
    }
    io_failed(what: &str, path: &std::path::Display<'_>, source: &io::Error) {
        en: "could not {what} {path}: {source}",
        ko: "{path} 처리 중 오류가 났습니다 (could not {what}): {source}",
    }
    help_not_found() {
        en: "`ps -a` lists every container",
        ko: "`ps -a`가 모든 컨테이너를 보여 줍니다",
    }
    help_ambiguous() {
        en: "type more digits of the id, or the name",
        ko: "ID를 더 길게 쓰거나 이름을 쓰세요",
    }
    help_bad_name(name: &str) {
        en: "two characters or more, the first a letter or a digit: `--name {name}`",
        ko: "두 글자 이상이고 첫 글자는 영문자나 숫자여야 합니다. 예: `--name {name}`",
    }
    help_name_taken(name: &str) {
        en: "`rm -f {name}` removes the other one, or choose another --name",
        ko: "`rm -f {name}`로 그 컨테이너를 지우거나 다른 --name을 고르세요",
    }
    help_remove_running(id: &str) {
        en: "`stop {id}` first, or `rm -f {id}`",
        ko: "먼저 `stop {id}`를 하거나 `rm -f {id}`를 쓰세요",
    }
    help_not_running(id: &str) {
        en: "`start {id}` starts it again",
        ko: "`start {id}`로 다시 시작할 수 있습니다",
    }
    help_not_a_terminal() {
        en: "leave out -t, or run it from a terminal",
        ko: "-t를 빼거나 터미널에서 실행하세요",
    }
    help_supervisor_lost() {
        en: "what it wrote until then is in `logs`; `start` runs it again",
        ko: "그때까지 쓴 내용은 `logs`에 있고, `start`로 다시 실행할 수 있습니다",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id() -> ContainerId {
        ContainerId::from_bytes([1; 32])
    }

    #[test]
    fn sentences_hold_dockers_key_words_in_both_languages() {
        let cases = [
            (
                ContainerError::NotFound { name: "x".into() },
                "No such container: x",
            ),
            (
                ContainerError::BadName { name: "w".into() },
                "Invalid container name (w)",
            ),
            (
                ContainerError::NameTaken {
                    name: "c1".into(),
                    holder: id(),
                },
                "Conflict. ",
            ),
            (
                ContainerError::RemoveRunning { id: id() },
                "You cannot remove a running container 0101",
            ),
            (ContainerError::NotRunning { id: id() }, "is not running"),
            (
                ContainerError::KillNotRunning { id: id() },
                "is not running",
            ),
            (
                ContainerError::NotATerminal,
                "the input device is not a TTY",
            ),
            (
                ContainerError::InvalidSignal {
                    signal: "FOO".into(),
                },
                "Invalid signal: FOO",
            ),
        ];
        for (error, words) in cases {
            for language in Language::ALL {
                let message = error.message(language);
                assert!(message.contains(words), "{message}");
            }
        }
    }

    #[test]
    fn a_taken_name_keeps_run_from_starting_and_a_missing_container_does_not() {
        let taken = ContainerError::NameTaken {
            name: "c1".into(),
            holder: id(),
        };
        let missing = ContainerError::NotFound { name: "c1".into() };
        assert_eq!((taken.exit_code(), missing.exit_code()), (125, 1));
    }
}
