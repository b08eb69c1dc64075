//! Why a mount of a RUN cannot be had.

use crate::language::Language;

/// Why a mount of a RUN cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MountError {
    /// A secret that the step requires was not given.
    #[error("secret {id}: not found")]
    NoSecret {
        /// Its name.
        id: String,
    },
    /// A secret that is to be a variable, and cannot be one.
    #[error("secret {id} cannot be an environment variable: it is no text")]
    NoText {
        /// Its name.
        id: String,
    },
    /// An ssh agent that the step requires was not given.
    #[error("no SSH key \"{id}\" forwarded from the client")]
    NoAgent {
        /// Its name.
        id: String,
    },
}

crate::messages! {
    no_secret(id: &str) {
        en: "secret {id}: not found",
        ko: "시크릿이 없습니다(not found): {id}",
    }
    no_secret_help(id: &str) {
        en: "give it to the build: `--secret id={id},src=FILE` or `--secret id={id},env=NAME`",
        ko: "빌드에 시크릿을 주세요: `--secret id={id},src=파일` 또는 `--secret id={id},env=이름`",
    }
    no_text(id: &str) {
        en: "secret {id} cannot be an environment variable: it is no text",
        ko: "{id} 시크릿은 텍스트가 아니어서 환경 변수로 줄 수 없습니다",
    }
    no_text_help() {
        en: "leave env= out and read the file below /run/secrets",
        ko: "env=를 빼고 /run/secrets 아래의 파일을 읽으세요",
    }
    no_agent(id: &str) {
        en: "no SSH key \"{id}\" forwarded from the client",
        ko: "빌드에 SSH 에이전트가 전달되지 않았습니다(no SSH key forwarded): \"{id}\"",
    }
    no_agent_help(id: &str) {
        en: "start an ssh agent and hand it over: `--ssh {id}` or `--ssh {id}=SOCKET`",
        ko: "ssh-agent를 켜고 빌드에 전달하세요: `--ssh {id}` 또는 `--ssh {id}=소켓`",
    }
}

impl MountError {
    /// Returns the sentence in a language.
    pub fn message(&self, language: Language) -> String {
        match self {
            Self::NoSecret { id } => no_secret(language, id),
            Self::NoText { id } => no_text(language, id),
            Self::NoAgent { id } => no_agent(language, id),
        }
    }

    /// Returns what to do about it.
    pub fn help(&self, language: Language) -> String {
        match self {
            Self::NoSecret { id } => no_secret_help(language, id),
            Self::NoText { .. } => no_text_help(language),
            Self::NoAgent { id } => no_agent_help(language, id),
        }
    }
}
