//! Why a step is in the state it is in, in a few words for a column and in a sentence.

use super::text::Style;
use super::width::{cut, cut_left, width};
use crate::build::{StepReport, StepState};
use crate::language::Language;
use crate::plan::{Changed, FileChange, FileDifference, MissReason, Remade};

/// Columns of an instruction that is told to have stood somewhere.
const STOOD: usize = 60;

/// Returns a few words about a step, fitting into a column where that is possible: a path is
/// shortened before the words are.
pub(super) fn short(step: &StepReport, language: Language, columns: usize) -> (Style, String) {
    match step.state {
        StepState::Miss | StepState::Base if !step.reasons.is_empty() => (
            Style::Plain,
            short_reason(&step.reasons[0], language, columns),
        ),
        StepState::Miss => (Style::Plain, never_built(language)),
        StepState::Hit if is_copy(&step.text) => (Style::Dim, same_files(language)),
        StepState::Hit => (Style::Dim, same_text(language)),
        StepState::Meta => (Style::Dim, settings_only(language)),
        StepState::Skip => (Style::Dim, not_needed(language)),
        StepState::Wait if step.millis.is_some() => (Style::Dim, stopped(language)),
        StepState::Wait => (Style::Dim, not_reached(language)),
        StepState::Base => (Style::Dim, base_image(language)),
        StepState::Fail => (Style::Bad, failed_shortly(step, language)),
        StepState::Unknown => (
            Style::Plain,
            known_after(language, step.until.unwrap_or_default()),
        ),
    }
}

/// Returns the same in a word or two, for a column that is hardly wider than that; none where
/// [`short`] is as short.
pub(super) fn shortest(step: &StepReport, language: Language) -> Option<(Style, String)> {
    let code = step.failure.as_ref().and_then(|failure| failure.exit_code);
    match (step.state, code) {
        (StepState::Skip, _) => Some((Style::Dim, unneeded(language))),
        (StepState::Fail, Some(code)) => Some((Style::Bad, just_code(language, code))),
        (StepState::Fail, None) => Some((Style::Bad, failed(language))),
        (StepState::Unknown, _) => Some((Style::Plain, unknown(language))),
        _ => None,
    }
}

/// Tells whether an instruction takes files.
pub(super) fn is_copy(text: &str) -> bool {
    let first = text.split_whitespace().next().unwrap_or_default();
    ["COPY", "ADD"]
        .iter()
        .any(|word| first.eq_ignore_ascii_case(word))
}

/// Returns what became of a failed step in a few words.
pub(super) fn failed_shortly(step: &StepReport, language: Language) -> String {
    match step
        .failure
        .as_ref()
        .map(|failure| (failure.exit_code, &failure.message))
    {
        Some((Some(code), _)) => exit_code(language, code),
        Some((None, message)) => message.clone(),
        None => failed(language),
    }
}

fn short_reason(reason: &MissReason, language: Language, columns: usize) -> String {
    match reason {
        MissReason::NeverBuilt => never_built(language),
        MissReason::ParentChanged { step } => parent_changed(language, *step),
        MissReason::ChainChanged { .. } => chain_changed(language),
        MissReason::BaseChanged { remade, .. } => match remade {
            Some(remade) if remade.by_another_strata => base_of_another_strata(language),
            Some(_) => base_tools_changed(language),
            None => base_changed(language),
        },
        MissReason::TextChanged { .. } => text_changed(language),
        MissReason::FilesChanged { files } => short_files(files, language, columns),
        MissReason::EnvChanged(changed) => env_changed(language, &changed.name),
        MissReason::ArgChanged(changed) => arg_changed(language, &changed.name),
        MissReason::SettingChanged(changed) => short_setting(changed, language, columns),
        MissReason::CacheDisabled => cache_disabled(language),
        MissReason::LayerGone => layer_gone(language),
    }
}

/// Says why the base is another one, as far as that is known.
pub(super) fn says_why_base(remade: Option<&Remade>, language: Language) -> String {
    match remade {
        Some(remade) if remade.by_another_strata => says_another_strata(language, &remade.name),
        Some(remade) => says_tools(language, &remade.name),
        None => says_base(language),
    }
}

/// Tells whether a setting is a part of a COPY's own words.
pub(super) fn is_of_copy(changed: &Changed) -> bool {
    matches!(
        changed.name.as_str(),
        "destination" | "chown" | "chmod" | "link" | "parents" | "exclude"
    )
}

/// Returns what a person calls a setting; flags are called as they are typed.
pub(super) fn setting(name: &str, language: Language) -> String {
    match name {
        "destination" => destination(language),
        "user" => user(language),
        "workdir" => folder(language),
        "script" => script(language),
        "chown" | "chmod" | "link" | "parents" | "exclude" | "unpack" | "checksum" => {
            format!("--{name}")
        }
        other => match other.strip_prefix("heredoc:") {
            Some(heredoc) => format!("<<{heredoc}"),
            None => other.to_owned(),
        },
    }
}

/// Returns both values of a setting in words; one that is empty was not given.
pub(super) fn before_and_now(changed: &Changed, language: Language) -> [String; 2] {
    [&changed.old, &changed.new].map(|value| match value.as_deref() {
        None | Some("") => not_set(language),
        Some(value) => value.to_owned(),
    })
}

/// Tells whether a value is a text of several lines: a script, or a file written as a heredoc.
pub(super) fn is_long(values: &[String; 2]) -> bool {
    values.iter().any(|value| value.contains('\n'))
}

/// Both values where the column has room for them.
fn short_setting(changed: &Changed, language: Language, columns: usize) -> String {
    let name = setting(&changed.name, language);
    let values = before_and_now(changed, language);
    let full = setting_values(language, &name, &values[0], &values[1]);
    if width(&full) <= columns && !is_long(&values) {
        full
    } else {
        setting_changed(language, &name)
    }
}

fn short_files(files: &[FileChange], language: Language, columns: usize) -> String {
    let say = |path: &str| match files {
        [file] => short_file(language, path, &file.what),
        _ => files_changed(language, path, files.len().saturating_sub(1)),
    };
    let path = files.first().map_or("", |file| file.path.as_str());
    let name = path.rsplit('/').next().unwrap_or(path);
    let full = say(path);
    if width(&full) <= columns {
        return full;
    }
    let words = width(&say(""));
    say(&cut_left(name, columns.saturating_sub(words).max(2)))
}

fn short_file(language: Language, path: &str, what: &FileDifference) -> String {
    match what {
        FileDifference::Added => file_added(language, path),
        FileDifference::Removed => file_removed(language, path),
        FileDifference::Content { .. } => new_content(language, path),
        FileDifference::Mode { .. } => new_mode(language, path),
        FileDifference::Other { what, .. } => new_other(language, path, what),
    }
}

/// Returns the first reason as the part of a sentence after "ran again, " or "다시 실행했습니다. ".
pub(super) fn clause(reason: &MissReason, language: Language) -> String {
    match reason {
        MissReason::NeverBuilt => says_never_built(language),
        MissReason::ParentChanged { step } => says_parent(language, *step),
        MissReason::ChainChanged { was, .. } => chain_clause(was.as_deref(), language),
        MissReason::BaseChanged { remade, .. } => says_why_base(remade.as_ref(), language),
        MissReason::TextChanged { .. } => says_text(language),
        MissReason::FilesChanged { files } => files_clause(files, language),
        MissReason::EnvChanged(changed) => says_env(language, &changed.name),
        MissReason::ArgChanged(changed) => says_arg(language, &changed.name),
        MissReason::SettingChanged(changed) => {
            let name = setting(&changed.name, language);
            match before_and_now(changed, language) {
                values if is_long(&values) => says_setting_changed(language, &name),
                [old, new] => says_setting(language, &name, &old, &new),
            }
        }
        MissReason::CacheDisabled => says_cache_disabled(language),
        MissReason::LayerGone => says_layer_gone(language),
    }
}

/// Says that something else came before a step, and what, where that is known.
pub(super) fn chain_clause(was: Option<&str>, language: Language) -> String {
    match was {
        Some(was) => says_chain_was(language, &cut(was, STOOD)),
        None => says_chain(language),
    }
}

fn files_clause(files: &[FileChange], language: Language) -> String {
    let [FileChange { path, what }] = files else {
        let first = files.first().map_or("", |file| file.path.as_str());
        return says_files(language, first, files.len().saturating_sub(1));
    };
    match what {
        FileDifference::Added => says_added(language, path),
        FileDifference::Removed => says_removed(language, path),
        FileDifference::Content { .. } => says_content(language, path),
        FileDifference::Mode { old, new } => says_mode(language, path, *old, *new),
        FileDifference::Other { what, old, new } => says_other(language, path, what, old, new),
    }
}

crate::messages! {
    same_text() { en: "same text, same base", ko: "명령과 베이스가 같음" }
    same_files() { en: "same text, same files", ko: "명령과 파일이 같음" }
    settings_only() { en: "settings only", ko: "설정만 바꿈" }
    not_needed() { en: "stage not needed", ko: "필요 없는 스테이지" }
    unneeded() { en: "not needed", ko: "필요 없음" }
    just_code(code: i32) { en: "exit {code}", ko: "종료 {code}" }
    unknown() { en: "not known", ko: "알 수 없음" }
    stopped() { en: "stopped", ko: "중단됨" }
    not_reached() { en: "not reached", ko: "실행 안 됨" }
    base_image() { en: "base image", ko: "베이스 이미지" }
    failed() { en: "failed", ko: "실패" }
    exit_code(code: i32) { en: "exit code {code}", ko: "종료 코드 {code}" }
    known_after(step: usize) { en: "known once step {step} ran", ko: "{step}단계 실행 후 알 수 있음" }
    never_built() { en: "never built before", ko: "처음 빌드함" }
    parent_changed(step: usize) { en: "step {step} changed", ko: "{step}단계가 바뀜" }
    chain_changed() { en: "other steps before it", ko: "앞 단계 구성이 바뀜" }
    base_changed() { en: "another base image", ko: "베이스 이미지가 바뀜" }
    base_of_another_strata() { en: "base by another strata", ko: "다른 strata의 베이스" }
    base_tools_changed() { en: "tools of the base changed", ko: "베이스의 도구가 바뀜" }
    text_changed() { en: "its text changed", ko: "명령의 글자가 바뀜" }
    files_changed(path: &str, more: usize) { en: "{path} and {more} more", ko: "{path} 외 {more}개 바뀜" }
    env_changed(name: &str) { en: "ENV {name} changed", ko: "ENV {name} 값이 바뀜" }
    arg_changed(name: &str) { en: "ARG {name} changed", ko: "ARG {name} 값이 바뀜" }
    setting_changed(name: &str) { en: "{name} changed", ko: "{name} 바뀜" }
    setting_values(name: &str, old: &str, new: &str) { en: "{name} {old} -> {new}", ko: "{name} {old} -> {new}" }
    destination() { en: "destination", ko: "목적지" }
    user() { en: "user", ko: "사용자" }
    folder() { en: "working folder", ko: "작업 폴더" }
    script() { en: "script", ko: "스크립트" }
    not_set() { en: "(not set)", ko: "(없음)" }
    cache_disabled() { en: "--no-cache was given", ko: "--no-cache 사용" }
    layer_gone() { en: "its layer was removed", ko: "레이어가 지워짐" }
    file_added(path: &str) { en: "{path}: new file", ko: "{path} 새 파일" }
    file_removed(path: &str) { en: "{path}: removed", ko: "{path} 없어짐" }
    new_content(path: &str) { en: "{path}: new content", ko: "{path} 내용이 바뀜" }
    new_mode(path: &str) { en: "{path}: new mode", ko: "{path} 권한이 바뀜" }
    new_other(path: &str, what: &str) { en: "{path}: new {what}", ko: "{path} {what} 바뀜" }

    says_never_built() { en: "never built before", ko: "전에 빌드한 적이 없습니다" }
    says_parent(step: usize) { en: "step {step} changed", ko: "{step}단계가 바뀌었습니다" }
    says_chain() {
        en: "what comes before it is different",
        ko: "앞에 오는 단계가 전과 다릅니다",
    }
    says_chain_was(was: &str) {
        en: "what comes before it is different: {was} used to stand there",
        ko: "앞에 오는 단계가 전과 다릅니다. 전에는 그 자리에 {was} 명령이 있었습니다",
    }
    says_base() { en: "the base image is another one", ko: "베이스 이미지가 바뀌었습니다" }
    says_another_strata(name: &str) {
        en: "the base {name} was made by another strata",
        ko: "{name} 베이스를 다른 strata가 만들었습니다",
    }
    says_tools(name: &str) {
        en: "the base {name} was made again, as the tools of this machine changed",
        ko: "이 컴퓨터의 도구가 바뀌어서 {name} 베이스를 다시 만들었습니다",
    }
    says_text() { en: "its text changed", ko: "명령의 글자가 바뀌었습니다" }
    says_files(path: &str, more: usize) {
        en: "{path} and {more} more changed",
        ko: "{path} 외 {more}개가 바뀌었습니다",
    }
    says_env(name: &str) { en: "ENV {name} changed", ko: "ENV {name}의 값이 바뀌었습니다" }
    says_arg(name: &str) { en: "build argument {name} changed", ko: "빌드 인자 {name}의 값이 바뀌었습니다" }
    says_setting_changed(name: &str) { en: "{name} changed", ko: "{name} 설정이 바뀌었습니다" }
    says_setting(name: &str, old: &str, new: &str) {
        en: "{name} is {new} instead of {old}",
        ko: "{name}의 값이 바뀌었습니다: {old} → {new}",
    }
    says_cache_disabled() { en: "because of --no-cache", ko: "--no-cache를 썼습니다" }
    says_layer_gone() {
        en: "its layer is gone from the store",
        ko: "저장소에 그 레이어가 더는 없습니다",
    }
    says_added(path: &str) { en: "{path} is new", ko: "{path} 파일이 새로 생겼습니다" }
    says_removed(path: &str) { en: "{path} is gone", ko: "{path} 파일이 없어졌습니다" }
    says_content(path: &str) { en: "{path} has new content", ko: "{path} 파일의 내용이 바뀌었습니다" }
    says_mode(path: &str, old: u32, new: u32) {
        en: "{path} has mode {new:o} instead of {old:o}",
        ko: "{path} 파일의 권한이 바뀌었습니다: {old:o} → {new:o}",
    }
    says_other(path: &str, what: &str, old: &str, new: &str) {
        en: "{path} has {what} {new} instead of {old}",
        ko: "{path} 파일의 {what} 값이 바뀌었습니다: {old} → {new}",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(paths: &[&str]) -> MissReason {
        let file = |path: &&str| FileChange {
            path: (*path).to_owned(),
            what: FileDifference::Added,
        };
        MissReason::FilesChanged {
            files: paths.iter().map(file).collect(),
        }
    }

    #[test]
    fn a_long_path_is_shortened_before_the_words_about_it() {
        let reason = changed(&["very/long/way/to/a_file.js"]);
        assert_eq!(
            short_reason(&reason, Language::En, 25),
            "a_file.js: new file"
        );
        assert_eq!(short_reason(&reason, Language::En, 16), "~le.js: new file");
        assert_eq!(short_reason(&reason, Language::Ko, 25), "a_file.js 새 파일");
    }

    #[test]
    fn several_files_are_the_first_and_a_count() {
        let reason = changed(&["a.js", "b.js", "c.js"]);
        assert_eq!(short_reason(&reason, Language::En, 25), "a.js and 2 more");
        assert_eq!(clause(&reason, Language::Ko), "a.js 외 2개가 바뀌었습니다");
    }

    #[test]
    fn a_setting_is_said_with_both_values_where_there_is_room() {
        let reason = MissReason::SettingChanged(Changed {
            name: "destination".to_owned(),
            old: Some("/a".to_owned()),
            new: Some("/b".to_owned()),
        });
        let short = |language, columns| short_reason(&reason, language, columns);
        assert_eq!(short(Language::En, 25), "destination /a -> /b");
        assert_eq!(short(Language::En, 19), "destination changed");
        assert_eq!(short(Language::Ko, 25), "목적지 /a -> /b");
        assert_eq!(
            clause(&reason, Language::En),
            "destination is /b instead of /a"
        );
        assert_eq!(
            clause(&reason, Language::Ko),
            "목적지의 값이 바뀌었습니다: /a → /b"
        );
        let script = MissReason::SettingChanged(Changed {
            name: "heredoc:EOF".to_owned(),
            old: Some("a\nb\n".to_owned()),
            new: Some("a\n".to_owned()),
        });
        assert_eq!(clause(&script, Language::En), "<<EOF changed");
        let flag = MissReason::SettingChanged(Changed {
            name: "chmod".to_owned(),
            old: Some(String::new()),
            new: Some("755".to_owned()),
        });
        assert_eq!(
            short_reason(&flag, Language::En, 25),
            "--chmod (not set) -> 755"
        );
    }

    #[test]
    fn a_mode_is_said_in_octal() {
        let what = FileDifference::Mode {
            old: 0o644,
            new: 0o755,
        };
        let files = vec![FileChange {
            path: "run.sh".to_owned(),
            what,
        }];
        let said = clause(&MissReason::FilesChanged { files }, Language::En);
        assert_eq!(said, "run.sh has mode 755 instead of 644");
    }
}
