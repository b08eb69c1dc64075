//! Why an image does not come or go.

use crate::language::Language;
use crate::layers::StoreError;
use crate::registry::RegistryError;

/// Why an image does not come or go.
#[derive(Debug, thiserror::Error)]
pub enum ShippingError {
    /// The registry.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A thread cannot be started.
    #[error("cannot start a thread: {0}")]
    Thread(#[source] std::io::Error),
    /// There is nothing to push under this name.
    #[error("an image does not exist locally with the tag: {0}")]
    NotHere(String),
    /// A push needs a tag.
    #[error("cannot push a digest reference: {0}")]
    Digest(String),
    /// `--cache-from` names something else.
    #[error("{0} is no build cache of strata")]
    NoCache(String),
}

crate::messages! {
    thread(reason: &str) {
        en: "cannot start a thread: {reason}",
        ko: "스레드를 시작할 수 없습니다: {reason}",
    }
    not_here(name: &str) {
        en: "An image does not exist locally with the tag: {name}",
        ko: "이 이름의 이미지가 여기에 없습니다(does not exist locally): {name}",
    }
    not_here_help(name: &str) {
        en: "`tag IMAGE {name}` gives an image of the store this name",
        ko: "`tag 이미지 {name}` 명령으로 저장소의 이미지에 이 이름을 붙이세요",
    }
    digest(name: &str) {
        en: "cannot push a digest reference: {name}",
        ko: "다이제스트가 붙은 이름은 push할 수 없습니다(cannot push a digest reference): {name}",
    }
    no_cache(name: &str) {
        en: "{name} is no build cache of strata",
        ko: "{name}에는 strata의 빌드 캐시가 없습니다",
    }
}

impl ShippingError {
    /// Whether nobody answered, as on a machine without a network.
    pub fn is_no_network(&self) -> bool {
        matches!(self, Self::Registry(error) if error.is_no_network())
    }

    /// Whether what came is wrong, and trying again would bring the same.
    pub fn is_wrong(&self) -> bool {
        let Self::Registry(error) = self else {
            return matches!(self, Self::Store(_));
        };
        matches!(
            error,
            RegistryError::WrongDigest { .. }
                | RegistryError::WrongSize { .. }
                | RegistryError::NotAnImage { .. }
        )
    }

    /// Says it to a person.
    pub fn message(&self, language: Language) -> String {
        match self {
            Self::Registry(error) => error.message(language),
            Self::Store(error) => error.message(language),
            Self::Thread(error) => thread(language, &error.to_string()),
            Self::NotHere(name) => not_here(language, name),
            Self::Digest(name) => digest(language, name),
            Self::NoCache(name) => no_cache(language, name),
        }
    }

    /// Says what to do about it.
    pub fn help(&self, language: Language) -> Option<String> {
        match self {
            Self::Registry(error) => error.help(language),
            Self::Store(error) => error.help(language),
            Self::NotHere(name) => Some(not_here_help(language, name)),
            Self::Thread(_) | Self::Digest(_) | Self::NoCache(_) => None,
        }
    }
}
