//! What a base has to say to a learner: why there is none, or what is missing in it.

use std::io;
use std::path::PathBuf;

use crate::language::Language;

/// Why `practice-os` can't be made.
#[derive(Debug, thiserror::Error)]
pub enum BaseError {
    /// Not even a shell is on `PATH`.
    #[error("{}", no_tools(Language::En))]
    NoTools,
    /// A busybox was asked for, and there is none, or only one that needs libraries.
    #[error("{}", no_static_busybox(Language::En, dynamic.as_ref()))]
    NoStaticBusybox {
        /// A busybox that was found and is not static.
        dynamic: Option<PathBuf>,
    },
    /// The static busybox doesn't run or doesn't say what it can do.
    #[error("{}", broken_busybox(Language::En, &path.display().to_string()))]
    Busybox {
        /// The busybox.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// strata's own program cannot be copied.
    #[error("{}", no_strata(Language::En, reason.as_deref().unwrap_or("?")))]
    NoStrata {
        /// Why not; none where nobody knows where it is.
        reason: Option<String>,
    },
}

impl BaseError {
    /// Says what is wrong.
    pub fn message(&self, language: Language) -> String {
        match self {
            Self::NoTools => no_tools(language),
            Self::NoStaticBusybox { dynamic } => no_static_busybox(language, dynamic.as_ref()),
            Self::Busybox { path, .. } => broken_busybox(language, &path.display().to_string()),
            Self::NoStrata { reason } => no_strata(language, reason.as_deref().unwrap_or("?")),
        }
    }

    /// Says what to do about it.
    pub fn help(&self, language: Language) -> Option<String> {
        Some(match self {
            Self::NoTools => install_busybox(language),
            Self::NoStrata { .. } => return None,
            Self::NoStaticBusybox { .. } | Self::Busybox { .. } => install_or_host(language),
        })
    }
}

/// Something about a base that is worth a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// The host doesn't have these tools.
    Missing {
        /// Their names.
        tools: Vec<String>,
    },
    /// strata's own applets stand in for these tools.
    StandIns {
        /// Their names.
        tools: Vec<String>,
        /// Size of the copy of strata, in bytes.
        size: u64,
    },
    /// A tool, or a library of it, can't be read.
    Unreadable {
        /// The tool.
        tool: String,
        /// The file.
        file: PathBuf,
        /// Whether it is a matter of rights.
        denied: bool,
    },
    /// A tool needs a library that is not there.
    NoLibrary {
        /// The tool.
        tool: String,
        /// The library.
        library: String,
    },
    /// A tool is a script for a program that the base doesn't have.
    NoInterpreter {
        /// The tool.
        tool: String,
        /// The program.
        interpreter: String,
    },
    /// A tool is too large.
    TooLarge {
        /// The tool.
        tool: String,
        /// Its size in bytes.
        size: u64,
    },
}

impl Note {
    /// Says it in one sentence.
    pub fn message(&self, language: Language) -> String {
        match self {
            Self::Missing { tools } => missing(language, &tools.join(" ")),
            Self::StandIns { tools, size } => {
                stand_ins(language, &tools.join(" "), &megabytes(*size))
            }
            Self::Unreadable {
                tool,
                file,
                denied: true,
            } => denied(language, tool, &file.display().to_string()),
            Self::Unreadable {
                tool,
                file,
                denied: false,
            } => unreadable(language, tool, &file.display().to_string()),
            Self::NoLibrary { tool, library } => no_library(language, tool, library),
            Self::NoInterpreter { tool, interpreter } => {
                no_interpreter(language, tool, interpreter)
            }
            Self::TooLarge { tool, size } => too_large(language, tool, &megabytes(*size)),
        }
    }
}

fn no_static_busybox(language: Language, dynamic: Option<&PathBuf>) -> String {
    match dynamic {
        Some(path) => only_dynamic_busybox(language, &path.display().to_string()),
        None => no_busybox(language),
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10)
}

crate::messages! {
    no_strata(reason: &str) {
        en: "practice-registry is made of strata's own program, which cannot be read: {reason}",
        ko: "practice-registry는 strata 프로그램 자신으로 만드는데, 그 파일을 읽을 수 없습니다: {reason}",
    }
    no_tools() {
        en: "practice-os cannot be made: this machine has no `sh` along PATH, and no static busybox",
        ko: "practice-os를 만들 수 없습니다. 이 컴퓨터의 PATH에 `sh`도, 정적 busybox도 없습니다",
    }
    no_busybox() {
        en: "no busybox was found along PATH",
        ko: "PATH에서 busybox를 찾지 못했습니다",
    }
    only_dynamic_busybox(path: &str) {
        en: "{path} is not static: it needs libraries that a base does not have",
        ko: "{path}는 정적 프로그램이 아닙니다. 베이스에 없는 라이브러리가 필요합니다",
    }
    broken_busybox(path: &str) {
        en: "{path} does not say which applets it has",
        ko: "{path}에서 애플릿 목록을 얻지 못했습니다",
    }
    install_busybox() {
        en: "install a static busybox (package `busybox-static`; `busybox` on Fedora and Arch); `FROM scratch` works without",
        ko: "정적 busybox를 설치하세요(패키지 `busybox-static`, Fedora와 Arch에서는 `busybox`). `FROM scratch`는 그대로 쓸 수 있습니다",
    }
    install_or_host() {
        en: "install a static busybox (package `busybox-static`; `busybox` on Fedora and Arch), or set STRATA_BASE=host; `FROM scratch` works without",
        ko: "정적 busybox를 설치하거나(패키지 `busybox-static`, Fedora와 Arch에서는 `busybox`) STRATA_BASE=host로 두세요. `FROM scratch`는 그대로 쓸 수 있습니다",
    }
    missing(tools: &str) {
        en: "practice-os lacks tools that this machine does not have: {tools}",
        ko: "이 컴퓨터에 없는 도구는 practice-os에도 없습니다: {tools}",
    }
    stand_ins(tools: &str, size: &str) {
        en: "strata stands in for tools that this machine does not have ({size}): {tools}",
        ko: "이 컴퓨터에 없는 도구는 strata가 대신합니다({size}): {tools}",
    }
    denied(tool: &str, file: &str) {
        en: "{tool} is left out: only root may read {file}",
        ko: "{tool} 도구는 뺐습니다. {file} 파일은 root만 읽을 수 있습니다",
    }
    unreadable(tool: &str, file: &str) {
        en: "{tool} is left out: {file} cannot be read",
        ko: "{tool} 도구는 뺐습니다. {file} 파일을 읽을 수 없습니다",
    }
    no_library(tool: &str, library: &str) {
        en: "{tool} is left out: its library {library} was not found",
        ko: "{tool} 도구는 뺐습니다. 필요한 라이브러리를 찾지 못했습니다: {library}",
    }
    no_interpreter(tool: &str, interpreter: &str) {
        en: "{tool} is left out: it is a script for {interpreter}, which the base does not have",
        ko: "{tool} 도구는 뺐습니다. {interpreter}용 스크립트인데 베이스에는 그 프로그램이 없습니다",
    }
    too_large(tool: &str, size: &str) {
        en: "{tool} is left out: it is large here ({size})",
        ko: "{tool} 도구는 뺐습니다. 이 컴퓨터에서는 너무 큽니다({size})",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_the_package_and_what_still_works() {
        let errors = [
            BaseError::NoTools,
            BaseError::NoStaticBusybox { dynamic: None },
            BaseError::NoStaticBusybox {
                dynamic: Some("/bin/busybox".into()),
            },
        ];
        for error in errors {
            for language in Language::ALL {
                let help = error.help(language).unwrap();
                assert!(
                    help.contains("busybox-static") && help.contains("FROM scratch"),
                    "{help}"
                );
                assert_ne!(error.message(language), help);
            }
            assert_eq!(error.to_string(), error.message(Language::En));
        }
    }

    #[test]
    fn a_note_names_the_tools_and_what_they_cost() {
        let note = Note::StandIns {
            tools: vec!["ps".into(), "httpd".into()],
            size: 3_450_000,
        };
        assert_eq!(
            note.message(Language::En),
            "strata stands in for tools that this machine does not have (3.4 MB): ps httpd"
        );
    }
}
