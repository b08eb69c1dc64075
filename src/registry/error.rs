//! Why a registry does not do what it is asked.

use std::path::PathBuf;

use crate::digest::Digest;
use crate::language::Language;

/// Why a registry does not do what it is asked.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// `STRATA_OFFLINE` says that nobody is to be asked.
    #[error("no registry is asked: STRATA_OFFLINE is set")]
    Offline,
    /// Nobody answers.
    #[error("{registry} cannot be reached: {reason}")]
    Unreachable {
        /// Who.
        registry: String,
        /// Why.
        reason: String,
    },
    /// The connection broke off, after several attempts.
    #[error("the connection to {registry} broke off: {reason}")]
    BrokenOff {
        /// Who.
        registry: String,
        /// Why.
        reason: String,
    },
    /// Its certificate is not believed.
    #[error("{registry} is not believed: {reason}")]
    Untrusted {
        /// Who.
        registry: String,
        /// What rustls says.
        reason: String,
    },
    /// There is no such repository or tag.
    #[error("manifest for {0} not found: manifest unknown")]
    NotFound(String),
    /// We may not.
    #[error("access to {what} is denied: {reason}")]
    Denied {
        /// The repository.
        what: String,
        /// What the registry says.
        reason: String,
    },
    /// The name or the password is wrong.
    #[error("{0}: unauthorized: incorrect username or password")]
    WrongPassword(String),
    /// Any other answer.
    #[error("{registry} answered {status}: {reason}")]
    Status {
        /// Who.
        registry: String,
        /// The status.
        status: u16,
        /// What it says.
        reason: String,
    },
    /// One address leads to the next.
    #[error("{0} leads from one address to the next without end")]
    Redirects(String),
    /// An address leads where nothing is secret.
    #[error("{registry} leads to {address}, which is not https")]
    Downgrade {
        /// Who.
        registry: String,
        /// Where to.
        address: String,
    },
    /// The bytes are not what their digest promises.
    #[error("{what} has other bytes than its digest promises: expected {expected}, found {found}")]
    WrongDigest {
        /// A blob or a manifest.
        what: &'static str,
        /// What was promised.
        expected: Digest,
        /// What came.
        found: Digest,
    },
    /// There are more or fewer bytes than promised.
    #[error("{what} {digest} has not the {expected} bytes that were promised")]
    WrongSize {
        /// A blob or a manifest.
        what: &'static str,
        /// Its digest.
        digest: Digest,
        /// What was promised.
        expected: u64,
    },
    /// A document nobody needs to be that large.
    #[error("{what} is larger than {most} bytes")]
    TooLarge {
        /// Which.
        what: String,
        /// How large it may be.
        most: u64,
    },
    /// The document is something else.
    #[error("{what} is no image: {reason}")]
    NotAnImage {
        /// The name.
        what: String,
        /// What it is.
        reason: String,
    },
    /// The index has nothing for a platform.
    #[error("no matching manifest for {platform} in the manifest list entries of {what}")]
    NoPlatform {
        /// The name.
        what: String,
        /// What was looked for.
        platform: String,
        /// What there is.
        found: Vec<String>,
    },
    /// A configuration file of docker's is wrong.
    #[error("{}: {reason}", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A credential helper fails.
    #[error("docker-credential-{helper}: {reason}")]
    Helper {
        /// Its name.
        helper: String,
        /// Why.
        reason: String,
    },
    /// A certificate cannot be read.
    #[error("{}: {reason}", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A mirror is no address, or one without secrets.
    #[error("invalid mirror \"{0}\"")]
    Mirror(String),
    /// A file here cannot be read or written.
    #[error("a file of the transfer: {0}")]
    File(#[source] std::io::Error),
    /// Others failed first.
    #[error("stopped")]
    Stopped,
}

crate::messages! {
    offline() {
        en: "no registry is asked, because STRATA_OFFLINE is set",
        ko: "STRATA_OFFLINE이 설정되어 있어 레지스트리에 묻지 않습니다",
    }
    unreachable_registry(registry: &str, reason: &str) {
        en: "the registry {registry} cannot be reached: {reason}",
        ko: "레지스트리 {registry}에 연결할 수 없습니다: {reason}",
    }
    broken_off(registry: &str, reason: &str) {
        en: "the connection to {registry} broke off: {reason}",
        ko: "{registry} 연결이 끊어졌습니다: {reason}",
    }
    untrusted(registry: &str, reason: &str) {
        en: "the certificate of {registry} is not believed: {reason}",
        ko: "{registry}의 인증서를 믿을 수 없습니다: {reason}",
    }
    not_found(what: &str) {
        en: "manifest for {what} not found: manifest unknown",
        ko: "{what} 이미지가 레지스트리에 없습니다(manifest unknown)",
    }
    denied(what: &str, reason: &str) {
        en: "pull access denied for {what}, repository does not exist or may require 'docker login': {reason}",
        ko: "{what} 저장소가 없거나 로그인이 필요합니다(access denied): {reason}",
    }
    wrong_password(registry: &str) {
        en: "login attempt to {registry} failed: unauthorized: incorrect username or password",
        ko: "{registry} 로그인에 실패했습니다(unauthorized): 사용자 이름이나 비밀번호가 다릅니다",
    }
    status(registry: &str, status: u16, reason: &str) {
        en: "received unexpected HTTP status from {registry}: {status} {reason}",
        ko: "{registry}의 응답을 쓸 수 없습니다(unexpected HTTP status): {status} {reason}",
    }
    redirects(registry: &str) {
        en: "{registry} leads from one address to the next without end (redirect loop)",
        ko: "{registry} 주소가 끝없이 다른 주소로 이어집니다(redirect loop)",
    }
    downgrade(registry: &str, address: &str) {
        en: "{registry} leads to {address}, which is not https: refused",
        ko: "{registry}에서 https가 아닌 {address} 주소로 이어져 거절했습니다",
    }
    wrong_digest(what: &str, expected: &str, found: &str) {
        en: "verification failed for digest {expected}: the {what} that came has {found}",
        ko: "다이제스트 검증에 실패했습니다(verification failed): {what}의 약속된 값은 {expected}, 받은 값은 {found}",
    }
    wrong_size(what: &str, digest: &str, expected: u64) {
        en: "the {what} {digest} does not have the {expected} bytes that were promised",
        ko: "{what} {digest}의 크기가 약속된 {expected}바이트와 다릅니다",
    }
    too_large(what: &str, most: u64) {
        en: "{what} is larger than {most} bytes: refused",
        ko: "{what} 크기가 {most}바이트를 넘어 거절했습니다",
    }
    not_an_image(what: &str, reason: &str) {
        en: "{what} is no image that strata can read: {reason}",
        ko: "{what}: strata가 읽을 수 있는 이미지가 아닙니다: {reason}",
    }
    no_platform(platform: &str, what: &str) {
        en: "no matching manifest for {platform} in the manifest list entries of {what}",
        ko: "{what}에는 {platform} 플랫폼의 이미지가 없습니다(no matching manifest)",
    }
    helper(name: &str, reason: &str) {
        en: "error getting credentials from docker-credential-{name}: {reason}",
        ko: "docker-credential-{name}에서 로그인 정보를 얻지 못했습니다: {reason}",
    }
    mirror(text: &str) {
        en: "invalid mirror \"{text}\"",
        ko: "미러 주소가 올바르지 않습니다(invalid mirror): \"{text}\"",
    }
    file(reason: &str) {
        en: "a file of the transfer cannot be read or written: {reason}",
        ko: "주고받는 파일을 읽거나 쓸 수 없습니다: {reason}",
    }
    stopped() {
        en: "stopped, because another part failed",
        ko: "다른 부분이 실패하여 멈췄습니다",
    }
    help_unreachable() {
        en: "images come from a registry over the network; `load -i FILE` brings one in from a file",
        ko: "이미지는 네트워크로 레지스트리에서 가져옵니다. 파일에 있는 이미지는 `load -i 파일`로 가져오세요",
    }
    help_broken_off() {
        en: "try again: what has come stays, and the rest is asked for",
        ko: "다시 시도하세요. 이미 받은 부분은 남아 있어 나머지만 받습니다",
    }
    help_untrusted(registry: &str) {
        en: "put the certificate of its authority into ~/.config/docker/certs.d/{registry}/ca.crt",
        ko: "인증 기관의 인증서를 ~/.config/docker/certs.d/{registry}/ca.crt 파일로 넣으세요",
    }
    help_not_found() {
        en: "look whether name and tag are right; a name without a registry means docker.io",
        ko: "이름과 태그가 맞는지 확인하세요. 레지스트리를 쓰지 않은 이름은 docker.io를 뜻합니다",
    }
    help_denied() {
        en: "look whether the name is right; for a private repository `login REGISTRY` first",
        ko: "이름이 맞는지 확인하세요. 비공개 저장소라면 먼저 `login 레지스트리`로 로그인하세요",
    }
    help_platform(found: &str) {
        en: "it has {found}: choose with --platform",
        ko: "있는 플랫폼: {found}. --platform으로 고르세요",
    }
    help_mirror() {
        en: "a mirror is https://HOST[/PATH]; http only for this machine itself (127.0.0.1)",
        ko: "미러는 https://호스트[/경로] 꼴로 쓰세요. http는 이 컴퓨터(127.0.0.1)에서만 됩니다",
    }
    help_changed() {
        en: "nothing of it was kept; somebody changed the bytes on the way, or the registry is damaged",
        ko: "받은 것은 모두 버렸습니다. 도중에 바뀌었거나 레지스트리가 손상된 것입니다",
    }
}

impl RegistryError {
    /// Whether nobody answered, as on a machine without a network.
    pub fn is_no_network(&self) -> bool {
        matches!(self, Self::Offline | Self::Unreachable { .. })
    }

    /// Says it to a person.
    pub fn message(&self, language: Language) -> String {
        match self {
            Self::Offline => offline(language),
            Self::Unreachable { registry, reason } => {
                unreachable_registry(language, registry, reason)
            }
            Self::BrokenOff { registry, reason } => broken_off(language, registry, reason),
            Self::Untrusted { registry, reason } => untrusted(language, registry, reason),
            Self::NotFound(what) => not_found(language, what),
            Self::Denied { what, reason } => denied(language, what, reason),
            Self::WrongPassword(registry) => wrong_password(language, registry),
            Self::Status {
                registry,
                status: code,
                reason,
            } => status(language, registry, *code, reason),
            Self::Redirects(registry) => redirects(language, registry),
            Self::Downgrade { registry, address } => downgrade(language, registry, address),
            Self::WrongDigest {
                what,
                expected,
                found,
            } => wrong_digest(language, what, &expected.to_string(), &found.to_string()),
            Self::WrongSize {
                what,
                digest,
                expected,
            } => wrong_size(language, what, &digest.to_string(), *expected),
            Self::TooLarge { what, most } => too_large(language, what, *most),
            Self::NotAnImage { what, reason } => not_an_image(language, what, reason),
            Self::NoPlatform { what, platform, .. } => no_platform(language, platform, what),
            Self::Config { path, reason } | Self::Certificate { path, reason } => {
                format!("{}: {reason}", path.display())
            }
            Self::Helper {
                helper: name,
                reason,
            } => helper(language, name, reason),
            Self::Mirror(text) => mirror(language, text),
            Self::File(error) => file(language, &error.to_string()),
            Self::Stopped => stopped(language),
        }
    }

    /// Says what to do about it.
    pub fn help(&self, language: Language) -> Option<String> {
        match self {
            Self::Unreachable { .. } | Self::Offline => Some(help_unreachable(language)),
            Self::BrokenOff { .. } => Some(help_broken_off(language)),
            Self::Untrusted { registry, .. } => Some(help_untrusted(language, registry)),
            Self::NotFound(_) => Some(help_not_found(language)),
            Self::Denied { .. } => Some(help_denied(language)),
            Self::NoPlatform { found, .. } if !found.is_empty() => {
                Some(help_platform(language, &found.join(", ")))
            }
            Self::Mirror(_) => Some(help_mirror(language)),
            Self::WrongDigest { .. } | Self::WrongSize { .. } => Some(help_changed(language)),
            _ => None,
        }
    }
}
