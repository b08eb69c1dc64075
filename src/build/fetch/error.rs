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
        ko: "서버가 {code}(으)로 응답했습니다(invalid response status)",
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
        ko: "다이제스트가 다릅니다(digest mismatch) {found}: {expected}여야 합니다",
    }
    help_network() {
        en: "ADD of a URL needs the network and a server that answers; a file in the build context needs neither",
        ko: "URL을 ADD하려면 네트워크와 응답하는 서버가 필요합니다. 빌드 컨텍스트 안의 파일이라면 둘 다 필요 없습니다",
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
            Self::Network(why) => why.clone(),
            Self::NoHost => no_host(language),
            Self::Status(code) => status(language, *code),
            Self::NothingSent => nothing_sent(language),
            Self::NoAuthorities => no_authorities(language),
            Self::Checksum { expected, found } => {
                checksum(language, &expected.to_string(), &found.to_string())
            }
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
            Self::Store(error) => error.help(language),
        }
    }
}
