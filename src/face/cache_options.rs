//! `--cache-from` and `--cache-to`, in docker's words.

use std::path::PathBuf;

use super::Face;
use super::exporting::{not_a_pair, unknown_key};
use crate::build::{BuildReport, CacheSource};
use crate::language::Language;
use crate::session::{SessionError, Trouble};

/// Where a cache is written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheTarget {
    /// The folder, as it was given.
    folder: PathBuf,
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
    NoFolder(&'static str),
    BadMode(String),
}

/// The kinds that docker has and strata has not.
const ELSEWHERE: [&str; 5] = ["registry", "inline", "gha", "s3", "azblob"];

impl Face<'_> {
    /// Reads every `--cache-from`.
    pub(super) fn cache_sources(&self, texts: &[String]) -> Result<Vec<CacheSource>, SessionError> {
        let one = |text: &String| {
            let fields =
                fields(text, &["src"]).map_err(|why| self.bad_cache("--cache-from", text, &why))?;
            let folder = self.path(&fields.folder);
            let absolute = std::path::absolute(folder);
            let folder = absolute.map_err(|e| Trouble::system("find the current folder", &e))?;
            Ok(CacheSource {
                folder,
                name: fields.folder.display().to_string(),
            })
        };
        texts.iter().map(one).collect()
    }

    /// Reads every `--cache-to`.
    pub(super) fn cache_targets(&self, texts: &[String]) -> Result<Vec<CacheTarget>, SessionError> {
        let one = |text: &String| {
            let bad = |why: BadCache| self.bad_cache("--cache-to", text, &why);
            let fields = fields(text, &["dest", "mode"]).map_err(bad)?;
            let all = match fields.mode.as_deref() {
                None | Some("min") => false,
                Some("max") => true,
                Some(other) => return Err(bad(BadCache::BadMode(other.to_owned()))),
            };
            let folder = fields.folder;
            Ok(CacheTarget { folder, all })
        };
        texts.iter().map(one).collect()
    }

    /// Writes the cache of a build to where it is asked for.
    pub(super) fn export_caches(
        &self,
        report: &BuildReport,
        targets: &[CacheTarget],
    ) -> Result<(), SessionError> {
        let mut targets = targets.iter();
        targets.try_for_each(|target| {
            let folder = self.path(&target.folder);
            self.session.export_cache(report, &folder, target.all)
        })
    }

    fn bad_cache(&self, option: &str, text: &str, why: &BadCache) -> SessionError {
        let language = self.language();
        let sentence = bad_cache(language, option, text, &why.sentence(language));
        let trouble = Trouble::new(sentence).with_help(cache_help(language));
        trouble.with_exit(125).into()
    }
}

/// The fields of an option that names a folder.
#[derive(Debug, PartialEq, Eq)]
struct Fields {
    folder: PathBuf,
    mode: Option<String>,
}

/// Reads `type=local,KEY=FOLDER,...`; a lone word is the name of an image, as for docker.
fn fields(text: &str, keys: &[&'static str]) -> Result<Fields, BadCache> {
    if !text.contains('=') {
        return Err(BadCache::Elsewhere("registry".to_owned()));
    }
    let mut pairs = Vec::new();
    for field in text.split(',') {
        let pair = field.split_once('=');
        let (name, value) = pair.ok_or_else(|| BadCache::NotAPair(field.to_owned()))?;
        pairs.push((name.trim().to_ascii_lowercase(), value));
    }
    let get = |wanted: &str| {
        let mut found = pairs.iter().rev();
        found
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| *value)
    };
    match get("type") {
        None => return Err(BadCache::NoType),
        Some("local") => {}
        Some(kind) if ELSEWHERE.contains(&kind) => {
            return Err(BadCache::Elsewhere(kind.to_owned()));
        }
        Some(other) => return Err(BadCache::UnknownType(other.to_owned())),
    }
    let mut names = pairs.iter().map(|(name, _)| name);
    if let Some(wrong) = names.find(|name| *name != "type" && !keys.contains(&name.as_str())) {
        return Err(BadCache::UnknownKey(wrong.clone()));
    }
    let folder = get(keys[0]).filter(|folder| !folder.is_empty());
    Ok(Fields {
        folder: folder.ok_or(BadCache::NoFolder(keys[0]))?.into(),
        mode: get("mode").map(str::to_ascii_lowercase),
    })
}

impl BadCache {
    fn sentence(&self, language: Language) -> String {
        match self {
            Self::NotAPair(field) => not_a_pair(language, field),
            Self::UnknownKey(key) => unknown_key(language, key),
            Self::UnknownType(kind) => unknown_type(language, kind),
            Self::Elsewhere(kind) => elsewhere(language, kind),
            Self::NoType => no_type(language),
            Self::NoFolder(key) => no_folder(language, key),
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
        en: "`--cache-to type=local,dest=FOLDER` writes a cache (with `mode=max` that of every stage), `--cache-from type=local,src=FOLDER` reads it",
        ko: "`--cache-to type=local,dest=폴더`로 캐시를 쓰고(`mode=max`를 붙이면 모든 스테이지) `--cache-from type=local,src=폴더`로 읽습니다",
    }
    unknown_type(kind: &str) {
        en: "unknown cache type \"{kind}\": strata has local",
        ko: "모르는 캐시 종류 \"{kind}\"입니다(unknown cache type). strata에는 local이 있습니다",
    }
    elsewhere(kind: &str) {
        en: "strata keeps a shared cache in a folder only: type={kind} is not supported yet",
        ko: "strata는 공유 캐시를 폴더에만 둡니다. type={kind} 캐시는 아직 쓸 수 없습니다(not supported yet)",
    }
    no_type() {
        en: "type is required",
        ko: "type이 필요합니다(type is required)",
    }
    no_folder(key: &str) {
        en: "{key} is required for a local cache",
        ko: "폴더 캐시에는 {key} 값이 필요합니다(is required)",
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
    fn folders_and_modes_are_read() {
        let found = |folder: &str, mode: Option<&str>| Fields {
            folder: folder.into(),
            mode: mode.map(str::to_owned),
        };
        for (text, keys, fields_of_it) in [
            ("type=local,src=a", &["src"][..], found("a", None)),
            ("src=a=b,Type=local", &["src"], found("a=b", None)),
            (
                "type=local,dest=a,mode=MAX",
                &["dest", "mode"],
                found("a", Some("max")),
            ),
        ] {
            assert_eq!(fields(text, keys), Ok(fields_of_it), "{text}");
        }
    }

    #[test]
    fn what_is_no_cache_is_told() {
        for (text, expected) in [
            ("user/app:cache", BadCache::Elsewhere("registry".to_owned())),
            ("type=inline", BadCache::Elsewhere("inline".to_owned())),
            (
                "type=registry,ref=a",
                BadCache::Elsewhere("registry".to_owned()),
            ),
            ("type=disk,src=a", BadCache::UnknownType("disk".to_owned())),
            ("src=a", BadCache::NoType),
            ("type=local", BadCache::NoFolder("src")),
            ("type=local,src=", BadCache::NoFolder("src")),
            ("type=local,dest=a", BadCache::UnknownKey("dest".to_owned())),
            ("type=local,a", BadCache::NotAPair("a".to_owned())),
        ] {
            assert_eq!(fields(text, &["src"]), Err(expected), "{text}");
        }
    }
}
