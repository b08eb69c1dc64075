//! Why something cannot be fetched.

use crate::digest::Digest;
use crate::language::Language;
use crate::layers::StoreError;

/// Why a URL cannot be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// No answer came, or it broke off.
    #[error("{0}")]
    Network(String),
    /// Nobody knows the host.
    #[error("no address is known for this host")]
    NoHost,
    /// The server refuses.
    #[error("the server answered {0}")]
    Status(u16),
    /// The server calls unchanged what it was never asked about.
    #[error("the server sent nothing")]
    NothingSent,
    /// This machine has no list of authorities to believe.
    #[error("no certificates of authorities were found on this machine")]
    NoAuthorities,
    /// The bytes are not those that were promised.
    #[error("digest mismatch {found}: {expected}")]
    Checksum {
        /// What `--checksum` says.
        expected: Digest,
        /// What came.
        found: Digest,
    },
    /// There is no `git` here.
    #[error("there is no git on this machine")]
    GitMissing,
    /// git cannot do it.
    #[error("{0}")]
    Git(String),
    /// The repository has no such branch, tag or commit.
    #[error("the repository has no {0}")]
    NoReference(String),
    /// The commit has no such folder.
    #[error("the repository has no folder {0}")]
    NoFolder(String),
    /// It is not the commit that was promised.
    #[error("expected checksum to match {expected}, got {found}")]
    OtherCommit {
        /// What `--checksum` says.
        expected: String,
        /// What the address means.
        found: String,
    },
    /// The file cannot be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

crate::messages! {
    no_host() {
        en: "no address is known for this host",
        ko: "이 호스트의 주소를 찾을 수 없습니다",
    }
    status(code: u16) {
        en: "invalid response status {code}",
        ko: "서버의 응답 코드: {code} (invalid response status)",
    }
    nothing_sent() {
        en: "the server sent nothing",
        ko: "서버가 아무것도 보내지 않았습니다",
    }
    no_authorities() {
        en: "no certificates of authorities were found on this machine",
        ko: "이 컴퓨터에서 인증 기관의 인증서를 찾을 수 없습니다",
    }
    checksum(expected: &str, found: &str) {
        en: "digest mismatch {found}: {expected} was expected",
        ko: "다이제스트가 다릅니다(digest mismatch) {found}: 기대한 값은 {expected}",
    }
    git_missing() {
        en: "there is no git program on this machine",
        ko: "이 컴퓨터에 git 프로그램이 없습니다",
    }
    no_reference(name: &str) {
        en: "the repository does not contain {name}",
        ko: "저장소에 {name} 브랜치, 태그, 커밋이 없습니다(does not contain)",
    }
    no_git_folder(folder: &str) {
        en: "subdir not found: the repository has no folder {folder}",
        ko: "저장소에 {folder} 폴더가 없습니다(subdir not found)",
    }
    other_commit(expected: &str, found: &str) {
        en: "expected checksum to match {expected}, got {found}",
        ko: "--checksum의 커밋과 다릅니다: 기대한 값은 {expected}, 찾은 값은 {found}",
    }
    help_git_missing() {
        en: "install it (on Debian the package git), or name a tar of the repository: http(s)://HOST/FILE.tar.gz",
        ko: "git을 설치하거나(데비안에서는 git 패키지) 저장소의 tar 주소를 쓰세요: http(s)://호스트/파일.tar.gz",
    }
    help_git() {
        en: "try `git ls-remote URL`; strata asks no passwords and uses none of your git settings: a private repository is reached by ssh, with a key in the agent",
        ko: "`git ls-remote URL`을 실행해 보세요. strata는 비밀번호를 묻지 않고 git 설정도 쓰지 않으므로, 비공개 저장소는 에이전트에 키를 넣고 ssh로 접근하세요",
    }
    help_reference() {
        en: "the address is URL#REFERENCE:FOLDER; `git ls-remote URL` lists branches and tags, and a commit is written with all its digits",
        ko: "주소는 URL#브랜치나-태그:폴더 꼴입니다. `git ls-remote URL`이 브랜치와 태그를 보여 주고, 커밋은 모든 자리를 써야 합니다",
    }
    help_commit() {
        en: "the branch or tag moved on, or --checksum was written for another one: look before you believe the new commit",
        ko: "브랜치나 태그가 옮겨졌거나 --checksum이 다른 커밋의 값입니다. 새 커밋을 믿기 전에 확인하세요",
    }
    help_network() {
        en: "a URL needs the network and a server that answers; files of this machine need neither",
        ko: "URL에는 네트워크와 응답하는 서버가 필요합니다. 이 컴퓨터의 파일이라면 둘 다 필요 없습니다",
    }
    help_status() {
        en: "look whether the address is right: `curl -I` shows what the server says of it",
        ko: "주소가 맞는지 확인하세요. `curl -I`로 서버의 응답을 볼 수 있습니다",
    }
    help_authorities() {
        en: "install them (on Debian the package ca-certificates), or name a file of them in SSL_CERT_FILE",
        ko: "인증서를 설치하거나(데비안에서는 ca-certificates 패키지) SSL_CERT_FILE에 인증서 파일을 지정하세요",
    }
    help_checksum() {
        en: "somebody changed the file, or --checksum was written for another one: look before you believe the new digest",
        ko: "파일이 바뀌었거나 --checksum이 다른 파일의 값입니다. 새 다이제스트를 믿기 전에 확인하세요",
    }
}

impl FetchError {
    /// Says it to a person.
    pub fn message(&self, language: Language) -> String {
        match self {
            Self::Network(why) | Self::Git(why) => why.clone(),
            Self::NoHost => no_host(language),
            Self::Status(code) => status(language, *code),
            Self::NothingSent => nothing_sent(language),
            Self::NoAuthorities => no_authorities(language),
            Self::Checksum { expected, found } => {
                checksum(language, &expected.to_string(), &found.to_string())
            }
            Self::GitMissing => git_missing(language),
            Self::NoReference(name) => no_reference(language, name),
            Self::NoFolder(folder) => no_git_folder(language, folder),
            Self::OtherCommit { expected, found } => other_commit(language, expected, found),
            Self::Store(error) => error.message(language),
        }
    }

    /// Says what to do about it.
    pub fn help(&self, language: Language) -> Option<String> {
        match self {
            Self::Network(_) | Self::NoHost => Some(help_network(language)),
            Self::Status(_) | Self::NothingSent => Some(help_status(language)),
            Self::NoAuthorities => Some(help_authorities(language)),
            Self::Checksum { .. } => Some(help_checksum(language)),
            Self::GitMissing => Some(help_git_missing(language)),
            Self::Git(_) => Some(help_git(language)),
            Self::NoReference(_) | Self::NoFolder(_) => Some(help_reference(language)),
            Self::OtherCommit { .. } => Some(help_commit(language)),
            Self::Store(error) => error.help(language),
        }
    }
}
