//! Why a container did not start, and what it got in a lesser way than asked: plain data that
//! travels from init to the face.

use std::fmt::{self, Display, Formatter};
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::language::Language;
use crate::messages;

/// Why the program was not started.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum LaunchError {
    /// There is no such command: exit code 127.
    #[error("{}", self.message(Language::En))]
    CommandNotFound {
        /// As it was given.
        command: String,
        /// What exactly is missing.
        detail: Missing,
    },
    /// The command is there but cannot be executed: exit code 126.
    #[error("{}", self.message(Language::En))]
    NotExecutable {
        /// As it was given.
        command: String,
        /// What execve(2) answered.
        errno: i32,
    },
    /// A further process cannot begin in its working directory: exit code 126.
    #[error("{}", self.message(Language::En))]
    NoFolder {
        /// As it was given.
        path: String,
        /// What chdir(2) answered.
        errno: i32,
    },
    /// The container could not be set up: exit code 125.
    #[error("{}", self.message(Language::En))]
    Setup {
        /// What was being done.
        what: What,
        /// To what; may be empty.
        path: String,
        /// The kernel's answer.
        errno: i32,
    },
    /// A limit that was asked for cannot be had here: exit code 125.
    #[error("{}", self.message(Language::En))]
    NoLimit(NoLimit),
}

/// What a command that cannot be found lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Missing {
    /// No folder of `PATH` has it.
    InPath,
    /// There is no such file.
    File,
    /// The file is there, but the program it names to run it is not.
    Interpreter {
        /// The shebang's or the ELF file's interpreter.
        interpreter: String,
    },
}

/// What was being done when a container's set-up failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// Make the new process and its namespaces.
    Namespaces,
    /// Merge the layers with overlayfs. Copying them into a folder is the way out.
    Overlay,
    /// Mount something.
    Mount,
    /// Go to the working directory, or make it.
    Folder,
    /// Make the rootfs `/`.
    PivotRoot,
    /// Set the host name.
    Hostname,
    /// Make the network namespace, with `lo` up, and join it.
    Network,
    /// Set a limit.
    Limit,
    /// Become the user.
    User,
    /// Drop capabilities.
    Capabilities,
    /// Apply the seccomp filter.
    Seccomp,
    /// Open the pseudo-terminal.
    Terminal,
    /// Pass on the command line and the environment.
    Command,
    /// Start PID 1 or speak with it.
    Init,
}

/// Why a limit cannot be set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoLimit {
    /// Which: `memory`, `pids`, `cpu`.
    pub controller: String,
    /// The kernel's answer where there is a place for it; none where there is no such place.
    pub errno: Option<i32>,
}

/// Something that was done in a lesser way than asked, worth a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Note {
    /// `/proc` is the host's, because a masked one does not allow a new one.
    HostProc,
    /// `/sys` is the host's, read-only.
    HostSys,
    /// The network is the host's (`STRATA_FORCE=no-net`).
    HostNetwork,
    /// There is nobody to connect the container to others, or it failed.
    Isolated {
        /// Why, where it was tried.
        reason: Option<String>,
    },
    /// The container's network does not lead to the outside.
    NoNat {
        /// Why.
        reason: String,
    },
    /// The container's networks do not lead to the outside: without root nobody is there to do it.
    NoOutside,
    /// Ports are not published: the container has the host's own.
    PortsDiscarded,
    /// An rlimit could not be raised as far as asked.
    Ulimit {
        /// Its name.
        name: String,
    },
    /// A limit this machine cannot give was left out (`best_effort`).
    NoLimit(NoLimit),
}

messages! {
    not_in_path(command: &str) {
        en: "{command}: not found in PATH",
        ko: "{command}: PATH에서 찾을 수 없습니다",
    }
    no_file(command: &str) {
        en: "{command}: no such file",
        ko: "{command}: 그런 파일이 없습니다",
    }
    no_interpreter(command: &str, interpreter: &str) {
        en: "{command}: the file is there, but {interpreter}, which should run it, is not",
        ko: "{command}: 파일은 있지만 그것을 실행할 {interpreter} 파일이 없습니다",
    }
    is_folder(command: &str) {
        en: "{command}: is a folder, not a program",
        ko: "{command}: 프로그램이 아니라 폴더입니다",
    }
    not_executable(command: &str, reason: &str) {
        en: "{command}: cannot be executed: {reason}",
        ko: "{command}: 실행할 수 없습니다: {reason}",
    }
    no_folder(path: &str, reason: &str) {
        en: "cannot begin in the working directory {path}: {reason}",
        ko: "작업 폴더 {path}에서 시작할 수 없습니다: {reason}",
    }
    help_folder(path: &str) {
        en: "`exec` makes no folders as `run -w` does: make it with `exec CONTAINER mkdir -p {path}`, or choose another with -w",
        ko: "`exec`는 `run -w`와 달리 폴더를 만들지 않습니다. `exec CONTAINER mkdir -p {path}`로 먼저 만들거나 -w로 다른 폴더를 고르세요",
    }
    set_up(what: &str, path: &str, reason: &str) {
        en: "could not {what}{path}: {reason}",
        ko: "{what} 실패{path}: {reason}",
    }
    no_controller(controller: &str) {
        en: "this machine gives this user no {controller} limit: there is no cgroup to set it in",
        ko: "이 컴퓨터에서 이 사용자는 {controller} 제한을 쓸 수 없습니다: 설정할 cgroup이 없습니다",
    }
    controller_refused(controller: &str, reason: &str) {
        en: "the {controller} limit was refused: {reason}",
        ko: "{controller} 제한이 거부되었습니다: {reason}",
    }
    help_path() {
        en: "is the command part of the image, and spelt as there?",
        ko: "명령이 이미지에 들어 있는지, 철자가 맞는지 확인하세요",
    }
    help_shell() {
        en: "the image has no shell: name the program itself, as in RUN [\"/app\", \"word\"], or choose a base with one",
        ko: "이미지에 셸이 없습니다. RUN [\"/app\", \"word\"]처럼 프로그램을 직접 쓰거나 셸이 있는 베이스를 고르세요",
    }
    help_interpreter() {
        en: "the image needs that file too: a shell for a script, the C library for a dynamically linked program",
        ko: "그 파일도 이미지에 있어야 합니다. 스크립트라면 셸, 동적 링크된 프로그램이라면 C 라이브러리입니다",
    }
    help_mode(command: &str) {
        en: "make it executable: RUN chmod +x {command}",
        ko: "실행 권한을 주세요: RUN chmod +x {command}",
    }
    help_format() {
        en: "is it built for this processor? A script needs a first line such as #!/bin/sh",
        ko: "이 프로세서용으로 만든 프로그램인지 확인하세요. 스크립트라면 첫 줄에 #!/bin/sh 같은 줄이 필요합니다",
    }
    help_overlay() {
        en: "without overlayfs the layers can be copied instead: STRATA_FORCE=copy",
        ko: "overlayfs 없이도 계층을 복사해서 쓸 수 있습니다: STRATA_FORCE=copy",
    }
    help_limit() {
        en: "leave the limit out, or add --best-effort to carry on without it",
        ko: "제한을 빼거나, --best-effort로 제한 없이 계속하세요",
    }
    note_proc() {
        en: "/proc is the host's: this machine allows no new one here",
        ko: "/proc은 호스트의 것입니다. 이 컴퓨터는 여기에 새로 만드는 것을 허용하지 않습니다",
    }
    note_sys() {
        en: "/sys is the host's, read-only",
        ko: "/sys는 호스트의 것이며 읽기 전용입니다",
    }
    note_network() {
        en: "the network is the host's: no network namespace is to be made (STRATA_FORCE=no-net)",
        ko: "네트워크는 호스트의 것입니다. 네트워크 네임스페이스를 만들지 않도록 했습니다 (STRATA_FORCE=no-net)",
    }
    note_isolated() {
        en: "the container is connected to nothing but its published ports: without root that takes slirp4netns (`apt install slirp4netns`); `--network host` gives it the host's network",
        ko: "컨테이너는 -p로 공개한 포트 말고는 어디에도 연결되지 않습니다. root가 아니면 slirp4netns가 필요합니다(`apt install slirp4netns`). `--network host`로 호스트의 네트워크를 쓸 수 있습니다",
    }
    note_no_bridge(reason: &str) {
        en: "the container is connected to nothing but its published ports: {reason}",
        ko: "컨테이너는 -p로 공개한 포트 말고는 어디에도 연결되지 않습니다: {reason}",
    }
    note_no_nat(reason: &str) {
        en: "the container reaches this machine and the containers beside it, but nothing outside: {reason}",
        ko: "컨테이너는 이 컴퓨터와 옆의 컨테이너까지만 닿고 바깥에는 닿지 않습니다: {reason}",
    }
    note_no_outside() {
        en: "the container reaches the containers in its networks, but nothing outside: without root that takes slirp4netns (`apt install slirp4netns`)",
        ko: "컨테이너는 같은 네트워크의 컨테이너까지만 닿고 바깥에는 닿지 않습니다. root가 아니면 slirp4netns가 필요합니다(`apt install slirp4netns`)",
    }
    note_ports() {
        en: "Published ports are discarded when using host network mode: the container's ports are the host's",
        ko: "호스트의 네트워크를 쓰므로 -p는 무시합니다(Published ports are discarded): 컨테이너의 포트가 곧 호스트의 포트입니다",
    }
    note_ulimit(name: &str) {
        en: "the limit {name} could not be raised and stays as it is",
        ko: "{name} 제한을 올릴 수 없어 그대로 둡니다",
    }
}

impl LaunchError {
    /// Makes a set-up error from a system call's.
    pub(super) fn setup(what: What, path: impl AsRef<Path>, error: &io::Error) -> Self {
        Self::Setup {
            what,
            path: path.as_ref().display().to_string(),
            // Errors that never saw the kernel are about data that came or did not come.
            errno: error.raw_os_error().unwrap_or(nix::libc::EPROTO),
        }
    }

    /// Returns the code `docker run` would exit with: 125, 126 or 127.
    pub fn exit_code(&self) -> i32 {
        match self {
            Self::CommandNotFound { .. } => 127,
            Self::NotExecutable { .. } | Self::NoFolder { .. } => 126,
            Self::Setup { .. } | Self::NoLimit(_) => 125,
        }
    }

    /// Tells whether overlayfs was refused, so that copying the layers may help.
    pub fn is_overlay(&self) -> bool {
        matches!(
            self,
            Self::Setup {
                what: What::Overlay,
                ..
            }
        )
    }

    /// Returns the error as a sentence for a person.
    pub fn message(&self, language: Language) -> String {
        match self {
            Self::CommandNotFound { command, detail } => match detail {
                Missing::InPath => not_in_path(language, command),
                Missing::File => no_file(language, command),
                Missing::Interpreter { interpreter } => {
                    no_interpreter(language, command, interpreter)
                }
            },
            Self::NotExecutable {
                command,
                errno: nix::libc::EISDIR,
            } => is_folder(language, command),
            Self::NotExecutable { command, errno } => {
                not_executable(language, command, &reason(*errno))
            }
            Self::NoFolder { path, errno } => no_folder(language, path, &reason(*errno)),
            Self::Setup { what, path, errno } => {
                let path = if path.is_empty() {
                    String::new()
                } else {
                    format!(" ({path})")
                };
                set_up(language, what.name(language), &path, &reason(*errno))
            }
            Self::NoLimit(no) => no.message(language),
        }
    }

    /// Returns what to do about it, if that is known.
    pub fn help(&self, language: Language) -> Option<String> {
        match self {
            Self::CommandNotFound {
                detail: Missing::Interpreter { .. },
                ..
            } => Some(help_interpreter(language)),
            Self::CommandNotFound { command, .. } if command == "/bin/sh" => {
                Some(help_shell(language))
            }
            Self::CommandNotFound { .. } => Some(help_path(language)),
            Self::NotExecutable {
                command,
                errno: nix::libc::EACCES,
            } => Some(help_mode(language, command)),
            Self::NotExecutable {
                errno: nix::libc::ENOEXEC,
                ..
            } => Some(help_format(language)),
            Self::Setup {
                what: What::Overlay,
                ..
            } => Some(help_overlay(language)),
            Self::NoFolder { path, .. } => Some(help_folder(language, path)),
            Self::NoLimit(_) => Some(help_limit(language)),
            Self::NotExecutable { .. } | Self::Setup { .. } => None,
        }
    }
}

/// Returns the C library's words for an error number, which are English everywhere.
fn reason(errno: i32) -> String {
    nix::errno::Errno::from_raw(errno).desc().to_lowercase()
}

impl NoLimit {
    /// Returns the reason as a sentence for a person.
    pub fn message(&self, language: Language) -> String {
        match self.errno {
            None => no_controller(language, &self.controller),
            Some(errno) => controller_refused(language, &self.controller, &reason(errno)),
        }
    }
}

impl Note {
    /// Returns the note as a sentence for a person.
    pub fn message(&self, language: Language) -> String {
        match self {
            Self::HostProc => note_proc(language),
            Self::HostSys => note_sys(language),
            Self::HostNetwork => note_network(language),
            Self::Isolated { reason: None } => note_isolated(language),
            Self::Isolated {
                reason: Some(reason),
            } => note_no_bridge(language, reason),
            Self::NoNat { reason } => note_no_nat(language, reason),
            Self::NoOutside => note_no_outside(language),
            Self::PortsDiscarded => note_ports(language),
            Self::Ulimit { name } => note_ulimit(language, name),
            Self::NoLimit(no) => no.message(language),
        }
    }
}

impl What {
    fn name(self, language: Language) -> &'static str {
        let (en, ko) = match self {
            Self::Namespaces => ("make the namespaces", "네임스페이스 만들기"),
            Self::Overlay => ("merge the layers with overlayfs", "overlayfs로 계층 합치기"),
            Self::Mount => ("mount", "마운트"),
            Self::Folder => ("use the working directory", "작업 디렉터리 준비"),
            Self::PivotRoot => (
                "make the root filesystem /",
                "루트 파일 시스템을 /로 만들기",
            ),
            Self::Hostname => ("set the host name", "호스트 이름 정하기"),
            Self::Network => ("make the network namespace", "네트워크 네임스페이스 만들기"),
            Self::Limit => ("set the limit", "제한 정하기"),
            Self::User => ("become the user", "사용자 바꾸기"),
            Self::Capabilities => ("drop capabilities", "capability 버리기"),
            Self::Seccomp => ("apply the seccomp filter", "seccomp 필터 적용"),
            Self::Terminal => ("open the terminal", "터미널 열기"),
            Self::Command => (
                "pass on the command and its environment",
                "명령과 환경 변수 넘기기",
            ),
            Self::Init => (
                "start the container's first process",
                "컨테이너의 첫 프로세스 시작",
            ),
        };
        match language {
            Language::En => en,
            Language::Ko => ko,
        }
    }
}

impl Display for What {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.name(Language::En))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setup_error_names_the_act_the_path_and_the_reason() {
        let error = LaunchError::Setup {
            what: What::Mount,
            path: "/proc".to_owned(),
            errno: 1,
        };
        assert_eq!(
            error.to_string(),
            "could not mount (/proc): operation not permitted"
        );
        assert_eq!(
            error.message(Language::Ko),
            "마운트 실패 (/proc): operation not permitted"
        );
    }

    #[test]
    fn exit_codes_are_dockers() {
        let command = "x".to_owned();
        let missing = LaunchError::CommandNotFound {
            command: command.clone(),
            detail: Missing::File,
        };
        let refused = LaunchError::NotExecutable { command, errno: 13 };
        let setup = LaunchError::Setup {
            what: What::User,
            path: String::new(),
            errno: 22,
        };
        assert_eq!(
            [missing, refused, setup].map(|error| error.exit_code()),
            [127, 126, 125]
        );
    }

    #[test]
    fn a_folder_is_no_program() {
        let error = LaunchError::NotExecutable {
            command: "/etc".to_owned(),
            errno: nix::libc::EISDIR,
        };
        assert_eq!(
            (
                error.message(Language::En).as_str(),
                error.help(Language::En)
            ),
            ("/etc: is a folder, not a program", None)
        );
    }

    #[test]
    fn a_file_without_the_executable_bit_is_told_how_to_get_it() {
        let error = LaunchError::NotExecutable {
            command: "/app/run".to_owned(),
            errno: 13,
        };
        assert_eq!(
            error.help(Language::En).as_deref(),
            Some("make it executable: RUN chmod +x /app/run")
        );
    }
}
