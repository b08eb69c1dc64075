//! Image references: `[registry/]name[:tag][@digest]`, read and shown as docker does.
//!
//! Names are short here: `docker.io/library/node` is written `node`, and a missing tag means
//! `latest`: both are one name, and equal. (distribution reference grammar; docker's familiar names.)

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::language::Language;

/// The registry of names without one.
pub const HUB: &str = "docker.io";
const DEFAULT_REGISTRY: &str = "docker.io/";
const DEFAULT_NAMESPACE: &str = "library/";
/// The tag that is meant where none is written.
pub const DEFAULT_TAG: &str = "latest";

/// The name of an image.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct ImageReference {
    name: String,
    /// None only where a digest is written and no tag.
    tag: Option<String>,
    digest: Option<Digest>,
}

/// Text that is not an image reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message(Language::En))]
pub enum ParseReferenceError {
    /// The repository name has upper-case letters.
    UpperCase(String),
    /// Anything else.
    Format(String),
}

crate::messages! {
    upper_case(name: &str) {
        en: "invalid reference format: repository name (`{name}`) must be lowercase",
        ko: "이미지 이름이 올바르지 않습니다(invalid reference format): `{name}` 이름은 소문자여야 합니다(must be lowercase)",
    }
    upper_case_help(name: &str) {
        en: "write `{name}`",
        ko: "이렇게 쓰세요: `{name}`",
    }
    malformed(text: &str) {
        en: "invalid reference format: `{text}`",
        ko: "이미지 이름이 올바르지 않습니다(invalid reference format): `{text}`",
    }
    malformed_help() {
        en: "a name is lower-case letters and digits, joined by `.`, `_`, `-` or `/`, then `:TAG` if wanted: `shop:1.0`",
        ko: "이름은 소문자와 숫자를 `.`, `_`, `-`, `/`로 잇고, 필요하면 뒤에 `:태그`를 붙입니다. 예: `shop:1.0`",
    }
}

impl ParseReferenceError {
    /// Returns the sentence in a language.
    pub fn message(&self, language: Language) -> String {
        match self {
            Self::UpperCase(name) => upper_case(language, name),
            Self::Format(text) => malformed(language, text),
        }
    }

    /// Returns what to type instead.
    pub fn help(&self, language: Language) -> Option<String> {
        Some(match self {
            Self::UpperCase(name) => upper_case_help(language, &name.to_lowercase()),
            Self::Format(_) => malformed_help(language),
        })
    }
}

impl ImageReference {
    /// Returns the name in its short form, without tag and digest: `node`, `localhost:5000/shop`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the host of the registry that the name means: `docker.io` where none is written.
    pub fn registry(&self) -> &str {
        split_registry(&self.name).0.unwrap_or(HUB)
    }

    /// Returns the repository's path there: `library/node` for `node`.
    pub fn repository(&self) -> String {
        match split_registry(&self.name) {
            (Some(_), path) => path.to_owned(),
            (None, path) if path.contains('/') => path.to_owned(),
            (None, path) => format!("{DEFAULT_NAMESPACE}{path}"),
        }
    }

    /// Returns the name with its registry, as docker writes it out after a pull:
    /// `docker.io/library/node`.
    pub fn whole_name(&self) -> String {
        format!("{}/{}", self.registry(), self.repository())
    }

    /// Returns the same repository with another tag; none if that is no tag.
    pub fn tagged_as(&self, tag: &str) -> Option<Self> {
        is_tag(tag).then(|| Self {
            name: self.name.clone(),
            tag: Some(tag.to_owned()),
            digest: None,
        })
    }

    /// Returns the tag: the one written, else `latest`, or none where only a digest is written.
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// Returns the digest that pins the image, if one is written.
    pub fn digest(&self) -> Option<Digest> {
        self.digest
    }

    /// Returns `name:tag`, the tag always written out, as docker's lists show it.
    pub fn with_tag(&self) -> String {
        match (self.tag(), self.digest) {
            (Some(tag), _) => format!("{}:{tag}", self.name),
            (None, Some(digest)) => format!("{}@{digest}", self.name),
            (None, None) => self.name.clone(),
        }
    }
}

impl fmt::Display for ImageReference {
    /// Writes the short form, which reads as the same reference again: `:latest` is left out,
    /// except beside a digest, where no tag is another name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        let said = |tag: &&str| self.digest.is_some() || *tag != DEFAULT_TAG;
        if let Some(tag) = self.tag().filter(said) {
            write!(f, ":{tag}")?;
        }
        match &self.digest {
            Some(digest) => write!(f, "@{digest}"),
            None => Ok(()),
        }
    }
}

impl FromStr for ImageReference {
    type Err = ParseReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ParseReferenceError::Format(text.to_owned());
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.parse().map_err(|_| wrong())?)),
            None => (text, None),
        };
        let last_part = rest.rfind('/').map_or(0, |slash| slash + 1);
        let (name, tag) = match rest[last_part..].split_once(':') {
            Some((last, tag)) => (&rest[..last_part + last.len()], Some(tag)),
            None => (rest, None),
        };
        if !tag.is_none_or(is_tag) {
            return Err(wrong());
        }
        let name = name.strip_prefix(DEFAULT_REGISTRY).unwrap_or(name);
        let name = name.strip_prefix(DEFAULT_NAMESPACE).unwrap_or(name);
        let (registry, path) = split_registry(name);
        if path.chars().any(char::is_uppercase) {
            return Err(ParseReferenceError::UpperCase(name.to_owned()));
        }
        if !path.split('/').all(is_name_part) || !registry.is_none_or(is_registry) {
            return Err(wrong());
        }
        let tag = match digest {
            Some(_) => tag,
            None => tag.or(Some(DEFAULT_TAG)),
        };
        Ok(Self {
            name: name.to_owned(),
            tag: tag.map(str::to_owned),
            digest,
        })
    }
}

/// Splits off a leading host, which has a dot or a port, or is `localhost`.
fn split_registry(name: &str) -> (Option<&str>, &str) {
    match name.split_once('/') {
        Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => {
            (Some(host), path)
        }
        _ => (None, name),
    }
}

fn is_registry(host: &str) -> bool {
    let (name, port) = host.split_once(':').unwrap_or((host, "0"));
    !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
        && !port.is_empty()
        && port.bytes().all(|b| b.is_ascii_digit())
}

/// Lower-case letters and digits, joined by `.`, `_`, `__` or any number of `-`.
fn is_name_part(part: &str) -> bool {
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let joined = |run: &str| matches!(run, "" | "." | "_" | "__") || run.bytes().all(|b| b == b'-');
    part.bytes().next().is_some_and(word)
        && part.bytes().next_back().is_some_and(word)
        && part
            .split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            .all(joined)
}

fn is_tag(tag: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    (1..=128).contains(&tag.len())
        && tag.bytes().next().is_some_and(word)
        && tag.bytes().all(|b| word(b) || matches!(b, b'.' | b'-'))
}

impl TryFrom<String> for ImageReference {
    type Error = ParseReferenceError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ImageReference> for String {
    fn from(reference: ImageReference) -> Self {
        reference.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_short() {
        for (text, short, full) in [
            ("node", "node", "node:latest"),
            ("docker.io/library/node:latest", "node", "node:latest"),
            ("docker.io/me/shop:1", "me/shop:1", "me/shop:1"),
            (
                "localhost:5000/shop",
                "localhost:5000/shop",
                "localhost:5000/shop:latest",
            ),
            ("a/b__c/d--e:v1.0", "a/b__c/d--e:v1.0", "a/b__c/d--e:v1.0"),
        ] {
            let reference: ImageReference = text.parse().expect(text);
            assert_eq!(
                (reference.to_string(), reference.with_tag()),
                (short.into(), full.into())
            );
        }
    }

    #[test]
    fn a_name_means_a_repository_of_a_registry() {
        for (text, registry, path) in [
            ("node:18", "docker.io", "library/node"),
            ("me/shop", "docker.io", "me/shop"),
            ("localhost/shop", "localhost", "shop"),
            ("localhost:5000/a/b:1", "localhost:5000", "a/b"),
        ] {
            let reference: ImageReference = text.parse().expect(text);
            let found = (reference.registry(), &*reference.repository());
            assert_eq!(found, (registry, path), "{text}");
        }
    }

    #[test]
    fn a_missing_tag_is_latest_and_equal_to_it() {
        let reference = |text: &str| text.parse::<ImageReference>().expect(text);
        let whole = "docker.io/library/shop:latest";
        assert_eq!(reference("shop"), reference(whole));
        assert_ne!(reference("shop"), reference("shop:1"));
        let digest = Digest::of(b"shop");
        let pinned = reference(&format!("shop@{digest}"));
        assert_eq!(pinned.tag(), None);
        assert_ne!(pinned, reference(&format!("shop:latest@{digest}")));
    }

    #[test]
    fn what_is_shown_reads_as_the_same_reference() {
        let digest = Digest::of(b"shop");
        for text in ["shop", "shop:1", "shop:latest", "me/shop"] {
            for text in [text.to_owned(), format!("{text}@{digest}")] {
                let reference: ImageReference = text.parse().expect(&text);
                assert_eq!(reference.to_string().parse(), Ok(reference), "{text}");
            }
        }
    }

    #[test]
    fn malformed_names_are_refused() {
        for text in [
            "",
            ":x",
            "a:",
            "ubuntu:14:04",
            "—rm",
            "name.",
            "a..b",
            "a//b",
            "x@sha256:1",
        ] {
            assert!(text.parse::<ImageReference>().is_err(), "{text}");
        }
        let upper = "BAD_Tag".parse::<ImageReference>();
        assert_eq!(upper, Err(ParseReferenceError::UpperCase("BAD_Tag".into())));
    }
}
