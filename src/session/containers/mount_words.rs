//! The words of `-v`, `--mount` and `--tmpfs`, as docker reads them and with docker's complaints.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::language::Language;
use crate::plan::mount::size_in_bytes;
use crate::plan::scope::join_path;
use crate::runtime::Scratch;
use crate::runtime::mount_point::MountKind;
use crate::session::Trouble;

/// What words say about one mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MountWords {
    /// What is mounted.
    pub kind: MountKind,
    /// A path of this machine, or a volume's name.
    pub source: Option<String>,
    /// Where, absolute and without `..`.
    pub target: String,
    /// What stood behind the second colon of `-v`.
    pub mode: String,
    pub read_only: bool,
    pub said: Said,
}

/// What is said of one kind of mount only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Said {
    pub no_copy: bool,
    pub part: Option<PathBuf>,
    pub labels: BTreeMap<String, String>,
    pub options: BTreeMap<String, String>,
    size: Option<u64>,
    mode: Option<u32>,
}

impl MountWords {
    /// Returns tmpfs's own options.
    pub fn tmpfs_options(&self) -> String {
        let mode = self.said.mode.unwrap_or(0o1777);
        let size = self.said.size.map(|size| format!(",size={size}"));
        format!("mode={mode:o}{}", size.unwrap_or_default())
    }
}

/// Reads `[SOURCE:]TARGET[:MODE]`.
pub(super) fn volume_words(text: &str, language: Language) -> Result<MountWords, Trouble> {
    let wrong = || Trouble::new(malformed(language, text)).with_exit(125);
    let malformed = || wrong().with_help(malformed_help(language));
    let parts: Vec<&str> = text.split(':').collect();
    let (source, place, mode) = match parts[..] {
        [place] if !place.is_empty() => (None, place, ""),
        [source, place] if !is_mode(place) => (Some(source), place, ""),
        [source, place, mode] => {
            if !is_mode(mode) {
                let help = bad_mode_help(language, &format!("{source}:{place}"));
                return Err(Trouble::new(bad_mode(language, mode))
                    .with_exit(125)
                    .with_help(help));
            }
            (Some(source), place, mode)
        }
        _ => return Err(malformed()),
    };
    if source.is_some_and(str::is_empty) || place.is_empty() {
        return Err(malformed());
    }
    let is_path = |it: &str| it.starts_with('/') || it.starts_with('.');
    let kind = if source.is_some_and(is_path) {
        MountKind::Bind
    } else {
        MountKind::Volume
    };
    let has = |word: &str| mode.split(',').any(|it| it == word);
    refuse_propagation(mode.split(','), language)?;
    Ok(MountWords {
        kind,
        source: source.map(str::to_owned),
        target: target(place, kind, language)?,
        mode: mode.to_owned(),
        read_only: has("ro"),
        said: Said {
            no_copy: has("nocopy"),
            ..Said::default()
        },
    })
}

/// docker's words of a mode; of each group one at most.
const GROUPS: [&[&str]; 5] = [
    &["rw", "ro"],
    &["z", "Z"],
    &["consistent", "cached", "delegated"],
    &[
        "private", "rprivate", "shared", "rshared", "slave", "rslave",
    ],
    &["nocopy"],
];

fn is_mode(mode: &str) -> bool {
    let words: Vec<&str> = mode.split(',').collect();
    let known = |word: &&str| GROUPS.iter().any(|group| group.contains(word));
    let once = |group: &&[&str]| words.iter().filter(|it| group.contains(it)).count() <= 1;
    words.iter().all(known) && GROUPS.iter().all(once)
}

/// A container's mounts are its own: what is mounted later on one side is not seen on the other.
fn refuse_propagation<'a>(
    words: impl IntoIterator<Item = &'a str>,
    language: Language,
) -> Result<(), Trouble> {
    let mut words = words.into_iter();
    match words.find(|it| matches!(*it, "shared" | "rshared" | "slave" | "rslave")) {
        Some(word) => {
            let trouble = Trouble::new(no_propagation(language, word)).with_exit(125);
            Err(trouble.with_help(no_propagation_help(language)))
        }
        None => Ok(()),
    }
}

/// Reads the place of a mount.
pub(super) fn target(place: &str, kind: MountKind, language: Language) -> Result<String, Trouble> {
    let wrong = |message| {
        let trouble = Trouble::new(message).with_exit(125);
        trouble.with_help(target_help(language))
    };
    if !place.starts_with('/') {
        return Err(wrong(relative_target(language, kind.word(), place)));
    }
    let target = join_path("/", place);
    if target == "/" {
        return Err(wrong(root_target(language, kind.word())));
    }
    Ok(target)
}

impl MountWords {
    /// Reads `type=...,source=...,target=...`.
    pub fn parse(text: &str, language: Language) -> Result<Self, Trouble> {
        let wrong = |why: String| {
            let trouble = Trouble::new(bad_mount(language, text, &why)).with_exit(125);
            trouble.with_help(mount_help(language))
        };
        let mut reader = Reader::default();
        for field in fields(text) {
            reader.read(&field, language).map_err(wrong)?;
        }
        let kind = reader.kind(language)?;
        let place = reader
            .target
            .take()
            .ok_or_else(|| wrong(needs_target(language)))?;
        reader.check_mix(kind, language).map_err(wrong)?;
        let config = |why: String| {
            let trouble = Trouble::new(bad_config(language, kind.word(), &why));
            trouble.with_exit(125).with_help(mount_help(language))
        };
        match (kind, &reader.source) {
            (MountKind::Bind, None) => return Err(config(needs_source(language))),
            (MountKind::Bind, Some(path)) if !path.starts_with(['/', '.']) => {
                return Err(config(relative_source(language, path)));
            }
            (MountKind::Tmpfs, Some(_)) => return Err(config(no_source(language))),
            _ => {}
        }
        Ok(Self {
            kind,
            source: reader.source,
            target: target(&place, kind, language)?,
            mode: String::new(),
            read_only: reader.read_only,
            said: reader.said,
        })
    }
}

#[derive(Debug, Default)]
struct Reader {
    kind: Option<String>,
    source: Option<String>,
    target: Option<String>,
    read_only: bool,
    /// The kinds of the options that fit one kind only.
    only: Vec<MountKind>,
    said: Said,
}

impl Reader {
    fn kind(&self, language: Language) -> Result<MountKind, Trouble> {
        match self.kind.as_deref() {
            None | Some("volume") => Ok(MountKind::Volume),
            Some("bind") => Ok(MountKind::Bind),
            Some("tmpfs") => Ok(MountKind::Tmpfs),
            Some(other) => {
                let why = unknown_type(language);
                let trouble = Trouble::new(bad_config(language, other, &why));
                Err(trouble.with_exit(125).with_help(mount_help(language)))
            }
        }
    }

    fn check_mix(&self, kind: MountKind, language: Language) -> Result<(), String> {
        match self.only.iter().find(|only| **only != kind) {
            Some(only) => Err(mixed(language, only.word(), kind.word())),
            None => Ok(()),
        }
    }

    fn read(&mut self, field: &str, language: Language) -> Result<(), String> {
        let (key, value) = match field.split_once('=') {
            Some((key, value)) => (key.trim().to_lowercase(), Some(value)),
            None => (field.trim().to_lowercase(), None),
        };
        let switch = |value: Option<&str>| match value {
            None | Some("true" | "1" | "t" | "T" | "TRUE" | "True") => Ok(true),
            Some("false" | "0" | "f" | "F" | "FALSE" | "False") => Ok(false),
            Some(other) => Err(bad_value(language, &key, other)),
        };
        match (key.as_str(), value) {
            ("readonly" | "ro", value) => self.read_only = switch(value)?,
            ("volume-nocopy", value) => {
                self.said.no_copy = switch(value)?;
                self.only.push(MountKind::Volume);
            }
            ("bind-nonrecursive", value) => {
                if switch(value)? {
                    return Err(only_recursive(language, &key));
                }
                self.only.push(MountKind::Bind);
            }
            (key, Some(value)) => self.read_pair(key, value, language)?,
            (_, None) => return Err(no_pair(language, field)),
        }
        Ok(())
    }

    fn read_pair(&mut self, key: &str, value: &str, language: Language) -> Result<(), String> {
        let wrong = || bad_value(language, key, value);
        match key {
            "type" => self.kind = Some(value.to_lowercase()),
            "source" | "src" => self.source = Some(value.to_owned()),
            "target" | "dst" | "destination" => self.target = Some(value.to_owned()),
            "consistency" => {}
            "bind-propagation" => {
                refuse_propagation([value], language).map_err(|trouble| trouble.message)?;
                if !matches!(value, "private" | "rprivate") {
                    return Err(wrong());
                }
                self.only.push(MountKind::Bind);
            }
            "bind-recursive" => match value {
                "enabled" | "writable" | "readonly" => self.only.push(MountKind::Bind),
                "disabled" => return Err(only_recursive(language, key)),
                _ => return Err(wrong()),
            },
            "volume-driver" if value != "local" => return Err(no_driver(language, value)),
            "volume-driver" => self.only.push(MountKind::Volume),
            "volume-subpath" => {
                self.said.part = Some(PathBuf::from(value.trim_start_matches('/')));
                self.only.push(MountKind::Volume);
            }
            "volume-label" | "volume-opt" => {
                let (name, value) = value.split_once('=').unwrap_or((value, ""));
                let into = if key == "volume-label" {
                    &mut self.said.labels
                } else {
                    &mut self.said.options
                };
                into.insert(name.to_owned(), value.to_owned());
                self.only.push(MountKind::Volume);
            }
            "tmpfs-size" => {
                self.said.size = Some(size_in_bytes(value).ok_or_else(wrong)?);
                self.only.push(MountKind::Tmpfs);
            }
            "tmpfs-mode" => {
                let mode = u32::from_str_radix(value, 8).ok();
                self.said.mode = Some(mode.filter(|mode| *mode <= 0o7777).ok_or_else(wrong)?);
                self.only.push(MountKind::Tmpfs);
            }
            _ => return Err(unexpected(language, key, &format!("{key}={value}"))),
        }
        Ok(())
    }
}

/// Splits at commas, but for those in quotes, as a line of CSV.
fn fields(text: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let field = fields.last_mut().expect("there is one from the start");
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                field.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if field.is_empty() => quoted = true,
            ',' if !quoted => fields.push(String::new()),
            letter => field.push(letter),
        }
    }
    fields
}

/// Reads the options of `--tmpfs`, and whether it is read-only.
pub(super) fn tmpfs_options(text: &str, language: Language) -> Result<(Scratch, bool), Trouble> {
    let mut scratch = Scratch::default();
    let (mut read_only, mut rest) = (false, Vec::new());
    for word in text.split(',').filter(|word| !word.is_empty()) {
        match word {
            "ro" => read_only = true,
            "rw" => read_only = false,
            "exec" => scratch.exec = true,
            "noexec" => scratch.exec = false,
            "suid" => scratch.suid = true,
            "nosuid" => scratch.suid = false,
            "dev" => scratch.dev = true,
            "nodev" => scratch.dev = false,
            "private" | "rprivate" | "noatime" | "relatime" | "sync" | "async" => {}
            word => {
                let known = word.split_once('=').is_some_and(|(name, value)| {
                    let names = ["size", "mode", "uid", "gid", "nr_inodes", "nr_blocks"];
                    names.contains(&name) && !value.is_empty()
                });
                if !known {
                    let trouble = Trouble::new(bad_tmpfs(language, word)).with_exit(125);
                    return Err(trouble.with_help(tmpfs_help(language)));
                }
                rest.push(word);
            }
        }
    }
    if !rest.iter().any(|word| word.starts_with("mode=")) {
        rest.insert(0, "mode=1777");
    }
    scratch.options = rest.join(",");
    Ok((scratch, read_only))
}

crate::messages! {
    malformed(text: &str) {
        en: "invalid volume specification: '{text}'",
        ko: "볼륨 지정이 올바르지 않습니다(invalid volume specification): '{text}'",
    }
    malformed_help() {
        en: "the forms are NAME:/THERE, /HERE:/THERE and /THERE, the first two also with :ro",
        ko: "이름:/저기, /여기:/저기, /저기 형식으로 쓰세요. 앞의 둘에는 :ro를 붙일 수 있습니다",
    }
    bad_mode(mode: &str) {
        en: "invalid mode: {mode}",
        ko: "마운트 모드가 올바르지 않습니다(invalid mode): {mode}",
    }
    bad_mode_help(mounted: &str) {
        en: "write `-v {mounted}:ro` for reading only, or `-v {mounted}`",
        ko: "읽기 전용이면 `-v {mounted}:ro`, 아니면 `-v {mounted}` 꼴로 쓰세요",
    }
    no_propagation(word: &str) {
        en: "mount propagation {word} is not supported: what is mounted later stays on its side",
        ko: "마운트 전파 {word}는 지원하지 않습니다(not supported). 나중에 마운트한 것은 그쪽에서만 보입니다",
    }
    relative_target(kind: &str, place: &str) {
        en: "invalid mount config for type \"{kind}\": invalid mount path: '{place}' mount path must be absolute",
        ko: "컨테이너 안의 경로는 /로 시작해야 합니다(type \"{kind}\": invalid mount path: '{place}' mount path must be absolute)",
    }
    target_help() {
        en: "the place in the container is a path such as `/data`",
        ko: "컨테이너 안의 경로를 `/data`처럼 쓰세요",
    }
    no_propagation_help() {
        en: "leave the word out, or write `rprivate`, which is what it is",
        ko: "이 단어를 빼거나 `rprivate`라고 쓰세요. 언제나 rprivate입니다",
    }
    root_target(kind: &str) {
        en: "invalid mount config for type \"{kind}\": invalid specification: destination can't be '/'",
        ko: "/ 자리에는 연결할 수 없습니다(type \"{kind}\": destination can't be '/')",
    }
    bad_mount(text: &str, why: &str) {
        en: "invalid argument \"{text}\" for \"--mount\" flag: {why}",
        ko: "--mount 값이 올바르지 않습니다(invalid argument \"{text}\"): {why}",
    }
    mount_help() {
        en: "for example `--mount type=volume,source=data,target=/data`, or `type=bind,source=/here,target=/there,readonly`",
        ko: "예: `--mount type=volume,source=data,target=/data` 또는 `type=bind,source=/here,target=/there,readonly`",
    }
    bad_config(kind: &str, why: &str) {
        en: "invalid mount config for type \"{kind}\": {why}",
        ko: "마운트 설정이 올바르지 않습니다(invalid mount config for type \"{kind}\"): {why}",
    }
    needs_target() {
        en: "target is required",
        ko: "target이 필요합니다(target is required)",
    }
    needs_source() {
        en: "field Source must not be empty",
        ko: "source가 필요합니다(field Source must not be empty)",
    }
    no_source() {
        en: "field Source must not be specified",
        ko: "tmpfs에는 source를 쓸 수 없습니다(field Source must not be specified)",
    }
    relative_source(path: &str) {
        en: "invalid mount path: '{path}' mount path must be absolute",
        ko: "source는 절대 경로여야 합니다('{path}' mount path must be absolute)",
    }
    unknown_type() {
        en: "mount type unknown",
        ko: "type은 bind, volume, tmpfs 가운데 하나입니다(mount type unknown)",
    }
    mixed(only: &str, kind: &str) {
        en: "cannot mix '{only}-*' options with mount type '{kind}'",
        ko: "'{only}-*' 옵션은 type '{kind}'에 쓸 수 없습니다(cannot mix)",
    }
    no_pair(field: &str) {
        en: "invalid field '{field}' must be a key=value pair",
        ko: "이름=값 꼴이어야 합니다(invalid field '{field}' must be a key=value pair)",
    }
    unexpected(key: &str, field: &str) {
        en: "unexpected key '{key}' in '{field}'",
        ko: "모르는 이름입니다(unexpected key '{key}' in '{field}')",
    }
    bad_value(key: &str, value: &str) {
        en: "invalid value for {key}: {value}",
        ko: "{key}의 값이 올바르지 않습니다(invalid value): {value}",
    }
    only_recursive(key: &str) {
        en: "{key}: mounts below are always shown as well",
        ko: "{key}: 아래에 마운트된 것도 항상 함께 보입니다",
    }
    no_driver(name: &str) {
        en: "error looking up volume plugin {name}: plugin \"{name}\" not found; the driver is local",
        ko: "볼륨 플러그인을 찾을 수 없습니다(plugin \"{name}\" not found). 드라이버는 local뿐입니다",
    }
    bad_tmpfs(word: &str) {
        en: "invalid tmpfs option \"{word}\"",
        ko: "tmpfs 옵션이 올바르지 않습니다(invalid tmpfs option): \"{word}\"",
    }
    tmpfs_help() {
        en: "there are rw, ro, exec, noexec, suid, dev, size=64m, mode=1777, uid=, gid=, nr_inodes=",
        ko: "쓸 수 있는 옵션: rw, ro, exec, noexec, suid, dev, size=64m, mode=1777, uid=, gid=, nr_inodes=",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn volume(text: &str) -> Result<MountWords, String> {
        volume_words(text, Language::En).map_err(|trouble| trouble.message)
    }

    fn mount(text: &str) -> Result<MountWords, String> {
        MountWords::parse(text, Language::En).map_err(|trouble| trouble.message)
    }

    #[test]
    fn a_path_is_a_bind_a_word_a_volume_and_nothing_an_anonymous_one() {
        let kind = |text: &str| {
            let words = volume(text).unwrap();
            (words.kind, words.source, words.target, words.read_only)
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            kind("/a:/b:ro"),
            (MountKind::Bind, some("/a"), "/b".into(), true)
        );
        assert_eq!(
            kind("./a:/b"),
            (MountKind::Bind, some("./a"), "/b".into(), false)
        );
        assert_eq!(
            kind("data:/b/../c/"),
            (MountKind::Volume, some("data"), "/c".into(), false)
        );
        assert_eq!(kind("/b"), (MountKind::Volume, None, "/b".into(), false));
        assert!(volume("data:/b:nocopy,z").unwrap().said.no_copy);
    }

    #[test]
    fn what_is_no_volume_is_named() {
        for (text, why) in [
            ("", "invalid volume specification: ''"),
            (":/b", "invalid volume specification: ':/b'"),
            ("/b:ro", "invalid volume specification: '/b:ro'"),
            ("a:b:c:d", "invalid volume specification: 'a:b:c:d'"),
            ("/x:/y:zz", "invalid mode: zz"),
            ("/x:/y:ro,rw", "invalid mode: ro,rw"),
            (
                "/x:y",
                "invalid mount path: 'y' mount path must be absolute",
            ),
            ("/x:/", "destination can't be '/'"),
            ("/x:/y:rshared", "mount propagation rshared"),
        ] {
            let error = volume(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn the_long_form_knows_dockers_names() {
        let words = mount("type=bind,src=/a,dst=/b,readonly").unwrap();
        assert_eq!((words.kind, words.read_only), (MountKind::Bind, true));
        let words = mount("source=data,target=/b,volume-nocopy=true,volume-label=a=b").unwrap();
        assert!(words.said.no_copy && words.said.labels["a"] == "b");
        let words = mount("type=tmpfs,destination=/t,tmpfs-size=1m,tmpfs-mode=700").unwrap();
        assert_eq!(words.tmpfs_options(), "mode=700,size=1048576");
        let words = mount("type=bind,\"source=/a,b\",target=/b,ro=false").unwrap();
        assert_eq!(
            (words.source.as_deref(), words.read_only),
            (Some("/a,b"), false)
        );
    }

    #[test]
    fn the_long_form_has_dockers_complaints() {
        for (text, why) in [
            (
                "type=bind,source=/a",
                "for \"--mount\" flag: target is required",
            ),
            (
                "type=bind,target=/a",
                "type \"bind\": field Source must not be empty",
            ),
            (
                "type=tmpfs,source=a,target=/a",
                "field Source must not be specified",
            ),
            ("type=moon,target=/a", "type \"moon\": mount type unknown"),
            (
                "nonsense",
                "invalid field 'nonsense' must be a key=value pair",
            ),
            (
                "target=/a,colour=red",
                "unexpected key 'colour' in 'colour=red'",
            ),
            (
                "target=/a,readonly=maybe",
                "invalid value for readonly: maybe",
            ),
            (
                "type=bind,source=/a,target=/b,tmpfs-size=1m",
                "cannot mix 'tmpfs-*' options with mount type 'bind'",
            ),
            ("target=b", "mount path must be absolute"),
        ] {
            let error = mount(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn tmpfs_may_be_told_what_is_allowed_in_it() {
        let (scratch, read_only) = tmpfs_options("ro,exec,size=64k", Language::En).unwrap();
        assert!(scratch.exec && !scratch.suid && read_only);
        assert_eq!(scratch.options, "mode=1777,size=64k");
        assert!(tmpfs_options("colour=red", Language::En).is_err());
    }
}
