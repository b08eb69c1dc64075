//! `--cache-from` and `--cache-to`, in docker's words.

use std::path::Path;

use super::Face;
use super::exporting::{not_a_pair, unknown_key};
use crate::build::{BuildReport, CachePlace, CacheSource};
use crate::language::Language;
use crate::reference::ImageReference;
use crate::session::{SessionError, Trouble};

/// Where a cache is written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheTarget {
    place: CachePlace,
    /// `mode=max`: the steps of all stages.
    all: bool,
}

/// What is wrong with one of the options.
#[derive(Debug, PartialEq, Eq)]
enum BadCache {
    NotAPair(String),
    UnknownKey(String),
    UnknownType(String),
    Elsewhere(String),
    NoType,
    Missing(&'static str, &'static str),
    BadName(String),
    BadMode(String),
}

/// The kinds that docker has and strata has not.
const ELSEWHERE: [&str; 4] = ["inline", "gha", "s3", "azblob"];

impl Face<'_> {
    /// Reads every `--cache-from`.
    pub(super) fn cache_sources(&self, texts: &[String]) -> Result<Vec<CacheSource>, SessionError> {
        let one = |text: &String| {
            let fields = fields(text, "src", &[]);
            let fields = fields.map_err(|why| self.bad_cache("--cache-from", text, &why))?;
            let name = match &fields.place {
                CachePlace::Folder(folder) => folder.display().to_string(),
                CachePlace::Registry(reference) => reference.with_tag(),
            };
            let place = self.absolute(fields.place)?;
            Ok(CacheSource { place, name })
        };
        texts.iter().map(one).collect()
    }

    /// Reads every `--cache-to`.
    pub(super) fn cache_targets(&self, texts: &[String]) -> Result<Vec<CacheTarget>, SessionError> {
        let one = |text: &String| {
            let bad = |why: BadCache| self.bad_cache("--cache-to", text, &why);
            let fields = fields(text, "dest", &["mode"]).map_err(bad)?;
            let all = match fields.mode.as_deref() {
                None | Some("min") => false,
                Some("max") => true,
                Some(other) => return Err(bad(BadCache::BadMode(other.to_owned()))),
            };
            let place = self.absolute(fields.place)?;
            Ok(CacheTarget { place, all })
        };
        texts.iter().map(one).collect()
    }

    fn absolute(&self, place: CachePlace) -> Result<CachePlace, SessionError> {
        let CachePlace::Folder(folder) = place else {
            return Ok(place);
        };
        let absolute = std::path::absolute(self.path(&folder));
        let folder = absolute.map_err(|e| Trouble::system("find the current folder", &e))?;
        Ok(CachePlace::Folder(folder))
    }

    /// Writes the cache of a build to where it is asked for.
    pub(super) fn export_caches(
        &self,
        report: &BuildReport,
        targets: &[CacheTarget],
    ) -> Result<(), SessionError> {
        let mut targets = targets.iter();
        targets.try_for_each(|target| self.session.export_cache(report, &target.place, target.all))
    }

    fn bad_cache(&self, option: &str, text: &str, why: &BadCache) -> SessionError {
        let language = self.language();
        let sentence = bad_cache(language, option, text, &why.sentence(language));
        let trouble = Trouble::new(sentence).with_help(cache_help(language));
        trouble.with_exit(125).into()
    }
}

/// The fields of an option that says where a cache is.
#[derive(Debug, PartialEq, Eq)]
struct Fields {
    place: CachePlace,
    mode: Option<String>,
}

/// Reads `type=local,FOLDER=...` or `type=registry,ref=...`; a lone word is a name in a registry, as
/// for docker.
fn fields(text: &str, folder: &'static str, more: &[&str]) -> Result<Fields, BadCache> {
    if !text.contains('=') {
        let place = registry(text)?;
        return Ok(Fields { place, mode: None });
    }
    let mut pairs = Vec::new();
    for field in text.split(',') {
        let pair = field.split_once('=');
        let (name, value) = pair.ok_or_else(|| BadCache::NotAPair(field.to_owned()))?;
        pairs.push((name.trim().to_ascii_lowercase(), value));
    }
    let get = |wanted: &str| {
        let mut found = pairs.iter().rev();
        let found = found.find(|(name, _)| name == wanted);
        found.map(|(_, value)| *value)
    };
    let (kind, key) = match get("type") {
        None => return Err(BadCache::NoType),
        Some("local") => ("local", folder),
        Some("registry") => ("registry", "ref"),
        Some(kind) if ELSEWHERE.contains(&kind) => {
            return Err(BadCache::Elsewhere(kind.to_owned()));
        }
        Some(other) => return Err(BadCache::UnknownType(other.to_owned())),
    };
    let is_known = |name: &str| name == "type" || name == key || more.contains(&name);
    if let Some((wrong, _)) = pairs.iter().find(|(name, _)| !is_known(name)) {
        return Err(BadCache::UnknownKey(wrong.clone()));
    }
    let value = get(key).filter(|value| !value.is_empty());
    let value = value.ok_or(BadCache::Missing(key, kind))?;
    let place = match kind {
        "registry" => registry(value)?,
        _ => CachePlace::Folder(Path::new(value).to_owned()),
    };
    Ok(Fields {
        place,
        mode: get("mode").map(str::to_ascii_lowercase),
    })
}

fn registry(name: &str) -> Result<CachePlace, BadCache> {
    let reference: Result<ImageReference, _> = name.parse();
    let reference = reference.map_err(|_| BadCache::BadName(name.to_owned()))?;
    Ok(CachePlace::Registry(reference))
}

impl BadCache {
    fn sentence(&self, language: Language) -> String {
        match self {
            Self::NotAPair(field) => not_a_pair(language, field),
            Self::UnknownKey(key) => unknown_key(language, key),
            Self::UnknownType(kind) => unknown_type(language, kind),
            Self::Elsewhere(kind) => elsewhere(language, kind),
            Self::NoType => no_type(language),
            Self::Missing(key, kind) => missing(language, key, kind),
            Self::BadName(name) => bad_name(language, name),
            Self::BadMode(mode) => bad_mode(language, mode),
        }
    }
}

crate::messages! {
    bad_cache(option: &str, text: &str, why: &str) {
        en: "invalid {option} \"{text}\": {why}",
        ko: "{option} \"{text}\" 값이 올바르지 않습니다: {why}",
    }
    cache_help() {
        en: "`--cache-to type=local,dest=FOLDER` or `type=registry,ref=NAME` writes a cache (with `mode=max` that of every stage), `--cache-from type=local,src=FOLDER` or `type=registry,ref=NAME` reads it",
        ko: "`--cache-to type=local,dest=폴더` 또는 `type=registry,ref=이름`으로 캐시를 쓰고(`mode=max`를 붙이면 모든 스테이지) `--cache-from type=local,src=폴더` 또는 `type=registry,ref=이름`으로 읽습니다",
    }
    unknown_type(kind: &str) {
        en: "unknown cache type \"{kind}\": strata has local and registry",
        ko: "모르는 캐시 종류 \"{kind}\"입니다(unknown cache type). strata에는 local과 registry가 있습니다",
    }
    elsewhere(kind: &str) {
        en: "strata keeps a shared cache in a folder or a registry: type={kind} is not supported",
        ko: "strata는 공유 캐시를 폴더나 레지스트리에 둡니다. type={kind} 캐시는 쓸 수 없습니다(not supported)",
    }
    no_type() {
        en: "type is required",
        ko: "type이 필요합니다(type is required)",
    }
    missing(key: &str, kind: &str) {
        en: "{key} is required for a {kind} cache",
        ko: "type={kind} 캐시에는 {key} 값이 필요합니다(is required)",
    }
    bad_name(name: &str) {
        en: "\"{name}\" is not the name of an image",
        ko: "\"{name}\"은 이미지 이름이 아닙니다",
    }
    bad_mode(mode: &str) {
        en: "unknown mode \"{mode}\": min and max exist",
        ko: "모르는 mode \"{mode}\"입니다(unknown mode). min과 max가 있습니다",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_modes_are_read() {
        let folder = |path: &str| CachePlace::Folder(path.into());
        let name = |name: &str| CachePlace::Registry(name.parse().unwrap());
        for (text, place, mode) in [
            ("type=local,dest=a", folder("a"), None),
            ("dest=a=b,Type=local", folder("a=b"), None),
            ("type=local,dest=a,mode=MAX", folder("a"), Some("max")),
            ("user/app:cache", name("user/app:cache"), None),
            ("type=registry,ref=a:5000/b", name("a:5000/b"), None),
        ] {
            let mode = mode.map(str::to_owned);
            assert_eq!(fields(text, "dest", &["mode"]), Ok(Fields { place, mode }));
        }
    }

    #[test]
    fn what_is_no_cache_is_told() {
        for (text, expected) in [
            ("User/app", BadCache::BadName("User/app".to_owned())),
            ("type=inline", BadCache::Elsewhere("inline".to_owned())),
            ("type=registry", BadCache::Missing("ref", "registry")),
            ("type=disk,src=a", BadCache::UnknownType("disk".to_owned())),
            ("src=a", BadCache::NoType),
            ("type=local", BadCache::Missing("src", "local")),
            ("type=local,src=", BadCache::Missing("src", "local")),
            ("type=local,dest=a", BadCache::UnknownKey("dest".to_owned())),
            ("type=local,a", BadCache::NotAPair("a".to_owned())),
        ] {
            assert_eq!(fields(text, "src", &[]), Err(expected), "{text}");
        }
    }
}
