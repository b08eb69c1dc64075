//! What a learner reads about a checked fact: a noun for what is looked at, and the sentence
//! around it. Korean sentences put names where no particle has to agree with them.

use crate::build::{StepReport, StepState};
use crate::language::Language;
use crate::messages;
use crate::plan::MissReason;

messages! {
    /// A value is as it should be.
    pub(super) value_ok(what: &str, expected: &str) {
        en: "{what}: {expected}",
        ko: "{what}: {expected}",
    }
    /// A value is another than it should be.
    pub(super) value_not_yet(what: &str, expected: &str, got: &str) {
        en: "{what} must be {expected}, but it is {got}",
        ko: "{what}: 아직 맞지 않습니다 (지금: {got}, 필요한 값: {expected})",
    }
    /// A value should be there, and there is none.
    pub(super) value_missing(what: &str, expected: &str) {
        en: "{what} must be {expected}, but there is none yet",
        ko: "{what}: 아직 없습니다 (필요한 값: {expected})",
    }
    /// Value: layers on top of the base image's.
    pub(super) on_base(layers: &str) { en: "base + {layers}", ko: "베이스 이미지 + {layers}개" }
    /// Two files are the same.
    pub(super) same_content(thing: &str, other: &str) {
        en: "{thing} has the content of {other}",
        ko: "{thing}: {other} 파일과 내용이 같습니다",
    }
    /// Two files should be the same.
    pub(super) must_be_same_content(thing: &str, other: &str) {
        en: "{thing} must have the content of {other}, but it does not",
        ko: "{thing}: {other} 파일과 내용이 같아야 하는데 아직 아닙니다",
    }
    /// Something exists.
    pub(super) is_there(thing: &str) { en: "{thing} exists", ko: "{thing}: 있습니다" }
    /// Something should exist.
    pub(super) must_be_there(thing: &str) {
        en: "{thing} must exist, but it does not",
        ko: "{thing}: 있어야 하는데 아직 없습니다",
    }
    /// Something is gone.
    pub(super) is_gone(thing: &str) { en: "{thing} is gone", ko: "{thing}: 없습니다" }
    /// Something should be gone.
    pub(super) must_be_gone(thing: &str) {
        en: "{thing} must be gone, but it is still there",
        ko: "{thing}: 없어야 하는데 아직 있습니다",
    }
    /// A file is well-formed.
    pub(super) is_dockerfile(path: &str) {
        en: "{path} is a Dockerfile without mistakes",
        ko: "{path}: 문법에 맞는 Dockerfile입니다",
    }
    /// A file should be well-formed.
    pub(super) must_be_dockerfile(path: &str, mistake: &str) {
        en: "{path} must be a Dockerfile without mistakes: {mistake}",
        ko: "{path}: 문법에 맞는 Dockerfile이어야 합니다 ({mistake})",
    }
    /// A file has a mistake, as wanted.
    pub(super) is_no_dockerfile(path: &str) {
        en: "{path} has a mistake in it",
        ko: "{path}: 문법에 틀린 곳이 있습니다",
    }
    /// A file should have a mistake.
    pub(super) must_be_no_dockerfile(path: &str) {
        en: "{path} must have a mistake in it, but it has none",
        ko: "{path}: 틀린 곳이 있어야 하는데 문법에 맞습니다",
    }
    /// A text has what it should have.
    pub(super) contains_ok(what: &str, text: &str) {
        en: "{what} has `{text}`",
        ko: "{what}에 `{text}` 있음",
    }
    /// A text lacks what it should have.
    pub(super) contains_not_yet(what: &str, text: &str) {
        en: "{what} must have `{text}`, but it does not",
        ko: "{what}에 `{text}` 내용이 있어야 하는데 아직 없습니다",
    }
    /// A text has not what it should not have.
    pub(super) lacks_ok(what: &str, text: &str) {
        en: "{what} does not have `{text}`",
        ko: "{what}에 `{text}` 없음",
    }
    /// A text has what it should not have.
    pub(super) lacks_not_yet(what: &str, text: &str) {
        en: "{what} must not have `{text}`, but it does",
        ko: "{what}에 `{text}` 내용이 없어야 하는데 있습니다",
    }
    /// There is no text yet that could lack something.
    pub(super) lacks_missing(what: &str, text: &str) {
        en: "{what} must not have `{text}`, but there is none yet",
        ko: "{what}: 아직 없습니다 (`{text}` 내용은 없어야 함)",
    }
    /// A verb was used.
    pub(super) used(verb: &str) {
        en: "you used `{verb}`",
        ko: "`{verb}` 명령을 썼습니다",
    }
    /// A verb was not used yet.
    pub(super) not_used(verb: &str) {
        en: "use `{verb}` in this step",
        ko: "이 단계에서 `{verb}` 명령을 써 보세요",
    }
    /// Nothing was typed yet.
    pub(super) nothing_typed() {
        en: "no command was carried out in this step yet",
        ko: "이 단계에서 아직 아무 명령도 실행하지 않았습니다",
    }
    /// The learner answered the question.
    pub(super) predicted() {
        en: "you answered before you saw the result",
        ko: "결과를 보기 전에 예측했습니다",
    }
    /// The learner has not answered yet.
    pub(super) not_predicted(by: &str) {
        en: "answer first, then see what really happens: {by}",
        ko: "먼저 예측하고, 실제 결과를 확인하세요: {by}",
    }
    /// A step of the build was reused.
    pub(super) step_reused(step: &str) {
        en: "{step} was reused",
        ko: "{step}: 재사용되었습니다",
    }
    /// A step of the build ran.
    pub(super) step_ran(step: &str) {
        en: "{step} ran",
        ko: "{step}: 실행되었습니다",
    }
    /// A step of the build ended otherwise, as wanted.
    pub(super) step_is(step: &str, state: &str) {
        en: "{step}: {state}",
        ko: "{step}: {state}",
    }
    /// A step has to be what it is not.
    pub(super) step_must(step: &str, must: &str, state: &str) {
        en: "{step} must {must}, but {state}",
        ko: "{step}: {must} 하는데 {state}",
    }
    /// A step ran for the right reason.
    pub(super) step_ran_because(step: &str, because: &str) {
        en: "{step} ran because {because}",
        ko: "{step}: {because} 실행되었습니다",
    }
    /// A file has other content than before.
    pub(super) file_changed(path: &str) {
        en: "{path} changed",
        ko: "{path}: 내용이 바뀌었습니다",
    }
    /// A file has the same content as before.
    pub(super) file_unchanged(path: &str) {
        en: "{path} must have new content, but it is the same as before",
        ko: "{path}: 내용이 바뀌어야 하는데 전과 같습니다",
    }
    /// An image got its name.
    pub(super) tagged(tag: &str) {
        en: "tag {tag} exists",
        ko: "{tag} 태그가 생겼습니다",
    }
    /// An image did not get its name.
    pub(super) not_tagged(tag: &str, got: &str) {
        en: "build an image with the tag {tag}; the last build of this step made {got}",
        ko: "{tag} 태그로 이미지를 빌드하세요. 이 단계의 마지막 빌드 결과: {got}",
    }
    /// Nothing was built yet.
    pub(super) not_tagged_yet(tag: &str) {
        en: "build an image with the tag {tag}; nothing was built in this step yet",
        ko: "{tag} 태그로 이미지를 빌드하세요. 이 단계에서는 아직 빌드한 것이 없습니다",
    }
}

messages! {
    /// Noun: what a command wrote.
    pub(super) the_output() { en: "the output", ko: "출력" }
    /// Noun: what a command wrote to standard error.
    pub(super) the_error_output() { en: "the error output", ko: "오류 출력" }
    /// Noun: how a command ended.
    pub(super) exit_code(verb: &str) { en: "the exit code of `{verb}`", ko: "`{verb}` 종료 코드" }
    /// Noun: instructions of the last build.
    pub(super) build_steps() { en: "the number of steps", ko: "단계 수" }
    /// Noun: the build.
    pub(super) the_build() { en: "the build", ko: "빌드" }
    /// Noun: something about a thing.
    pub(super) of(thing: &str, what: &str) { en: "{what} of {thing}", ko: "{thing}, {what}" }
    /// Noun: an image.
    pub(super) named_image(image: &str) { en: "image {image}", ko: "이미지 {image}" }
    /// Noun: a path in an image.
    pub(super) path_in_image(image: &str, path: &str) {
        en: "{path} in image {image}",
        ko: "이미지 {image} 안의 {path}",
    }
    /// Noun: the size of a step's layer.
    pub(super) layer_size() { en: "the layer size", ko: "레이어 크기" }
    /// Noun: what the build read.
    pub(super) build_sent() { en: "the size of the context", ko: "읽은 컨텍스트 크기" }
    /// Noun: the failed step.
    pub(super) build_failed_at() { en: "the step that failed", ko: "실패한 단계" }
    /// Noun: the draft's length.
    pub(super) draft_lines() { en: "the number of lines of the draft", ko: "초안의 줄 수" }
    /// Noun: the draft's last line.
    pub(super) draft_last() { en: "the last line of the draft", ko: "초안의 마지막 줄" }
    /// Noun: the draft.
    pub(super) the_draft() { en: "the draft", ko: "초안" }
    /// Noun: some container.
    pub(super) any_container() { en: "a container", ko: "컨테이너" }
    /// Noun: the newest container.
    pub(super) last_container() { en: "the newest container", ko: "가장 새로운 컨테이너" }
    /// Noun: a named container.
    pub(super) named_container(name: &str) { en: "container {name}", ko: "컨테이너 {name}" }
    /// Noun: content.
    pub(super) content() { en: "the content", ko: "내용" }
    /// Noun: layers.
    pub(super) layers() { en: "the layers", ko: "레이어 수" }
    /// Noun: history.
    pub(super) history() { en: "the lines of history", ko: "이력 줄 수" }
    /// Noun: size.
    pub(super) size() { en: "the size", ko: "크기" }
    /// Noun: wasted bytes.
    pub(super) waste() { en: "the wasted bytes", ko: "낭비된 크기" }
    /// Noun: shared layers.
    pub(super) shared() { en: "the shared layers", ko: "공유하는 레이어 수" }
    /// Noun: identity.
    pub(super) identity() { en: "the id", ko: "아이디" }
    /// Noun: a setting.
    pub(super) setting(name: &str) { en: "the setting {name}", ko: "{name} 설정" }
    /// Noun: permission bits.
    pub(super) mode() { en: "the permission bits", ko: "권한" }
    /// Noun: owner.
    pub(super) owner() { en: "the owner", ko: "소유자" }
    /// Noun: the layer of a file.
    pub(super) from_layer() { en: "the layer it comes from", ko: "들어 있는 레이어" }
    /// Noun: state.
    pub(super) state() { en: "the state", ko: "상태" }
    /// Noun: exit code.
    pub(super) ended() { en: "the exit code", ko: "종료 코드" }
    /// Noun: image.
    pub(super) image() { en: "the image", ko: "이미지" }
    /// Noun: process 1.
    pub(super) pid1() { en: "process 1", ko: "1번 프로세스" }
    /// Noun: command line.
    pub(super) command_line() { en: "the command", ko: "실행 명령" }
    /// Noun: ports.
    pub(super) ports() { en: "the published ports", ko: "공개한 포트" }
    /// Noun: mounts.
    pub(super) mounts() { en: "the mounts", ko: "마운트" }
    /// Noun: logs.
    pub(super) logs() { en: "the log", ko: "로그" }
    /// Noun: changes.
    pub(super) changes() { en: "the changed files", ko: "바뀐 파일" }
    /// Noun: restarts.
    pub(super) restarts() { en: "the restarts", ko: "재시작 횟수" }
    /// Noun: how many containers.
    pub(super) container_count() { en: "the number of containers", ko: "컨테이너 수" }
    /// Noun: what the kernel says.
    pub(super) kernel(name: &str) { en: "what the kernel says of {name}", ko: "커널의 {name} 값" }
    /// Noun: an address.
    pub(super) answer(url: &str) { en: "the answer of {url}", ko: "{url} 응답" }
}

messages! {
    must_be_reused() { en: "be reused", ko: "재사용되어야" }
    must_run() { en: "run", ko: "실행되어야" }
    must_be_skipped() { en: "be left out", ko: "건너뛰어야" }
    must_be_unreached() { en: "not be reached", ko: "실행되지 않아야" }
    must_fail() { en: "fail", ko: "실패해야" }
    must_make_layer() { en: "make a layer", ko: "레이어를 만들어야" }
    must_make_meta() { en: "only change settings", ko: "설정만 바꿔야" }
    must_be_base() { en: "be the base image", ko: "베이스 이미지여야" }
    makes_layer() { en: "made a layer", ko: "레이어를 만들었습니다" }
    makes_meta() { en: "only settings, no layer", ko: "레이어 없이 설정만 바꿨습니다" }
    makes_base() { en: "the base image", ko: "베이스 이미지입니다" }
    must_run_because(because: &str) { en: "run because {because}", ko: "{because} 실행되어야" }
    was_reused() { en: "it was reused", ko: "재사용되었습니다" }
    ran(because: &str) { en: "it ran ({because})", ko: "다시 실행되었습니다 ({because} 실행됨)" }
    was_skipped() { en: "its stage was not needed", ko: "이 단계의 스테이지가 필요 없었습니다" }
    was_unreached() { en: "it was not reached", ko: "거기까지 가지 못했습니다" }
    failed() { en: "it failed", ko: "실패했습니다" }
    is_meta() { en: "it only changes settings", ko: "설정만 바꿉니다" }
    is_base() { en: "it is the base image", ko: "베이스 이미지입니다" }
    is_unknown() { en: "nobody can say yet", ko: "아직 알 수 없습니다" }
    /// The build has no such step.
    pub(super) no_such_step() {
        en: "the last build of this step does not have it",
        ko: "이 단계의 마지막 빌드에 없습니다",
    }
    /// Nothing was built, so no step either.
    pub(super) no_build() {
        en: "nothing was built in this step yet",
        ko: "이 단계에서는 아직 빌드한 것이 없습니다",
    }
    because_file(name: &str) { en: "{name} changed", ko: "{name} 내용이 바뀌어" }
    because_parent(name: &str) { en: "step {name} changed", ko: "{name}단계가 바뀌어" }
    because_text() { en: "its text changed", ko: "명령의 글자가 바뀌어" }
    because_arg(name: &str) { en: "build argument {name} changed", ko: "빌드 인자 {name} 값이 바뀌어" }
    because_env(name: &str) { en: "variable {name} changed", ko: "환경 변수 {name} 값이 바뀌어" }
    because_setting(name: &str) { en: "setting {name} changed", ko: "{name} 설정이 바뀌어" }
    because_base() { en: "the base image changed", ko: "베이스 이미지가 바뀌어" }
    because_new() { en: "it was never built before", ko: "처음 만드는 것이라" }
    because_no_cache() { en: "the cache was switched off", ko: "캐시를 쓰지 않아" }
    because_gone() { en: "its layer was removed", ko: "레이어가 지워져" }
}

/// Returns what a `cause` word means, as a clause.
pub(super) fn because(language: Language, cause: &str) -> String {
    match cause.split_once(':') {
        Some(("file", path)) => because_file(language, path),
        Some(("parent", step)) => because_parent(language, step),
        Some(("arg", name)) => because_arg(language, name),
        Some(("env", name)) => because_env(language, name),
        Some(("setting", name)) => because_setting(language, name),
        _ => match cause {
            "text" => because_text(language),
            "base" => because_base(language),
            "no-cache" => because_no_cache(language),
            "layer-gone" => because_gone(language),
            _ => because_new(language),
        },
    }
}

/// Returns what a step has to do.
pub(super) fn must(language: Language, expected: super::check::CacheWord) -> String {
    use super::check::CacheWord;
    match expected {
        CacheWord::Hit => must_be_reused(language),
        CacheWord::Miss => must_run(language),
        CacheWord::Skip => must_be_skipped(language),
        CacheWord::Unreached => must_be_unreached(language),
        CacheWord::Fail => must_fail(language),
    }
}

/// Returns what a step has to make.
pub(super) fn must_make(language: Language, expected: super::check::Makes) -> String {
    use super::check::Makes;
    match expected {
        Makes::Layer => must_make_layer(language),
        Makes::Meta => must_make_meta(language),
        Makes::Base => must_be_base(language),
    }
}

/// Returns what a step made.
pub(super) fn makes(language: Language, made: super::check::Makes) -> String {
    use super::check::Makes;
    match made {
        Makes::Layer => makes_layer(language),
        Makes::Meta => makes_meta(language),
        Makes::Base => makes_base(language),
    }
}

/// Returns what a step has to do for a reason.
pub(super) fn must_because(language: Language, cause: &str) -> String {
    must_run_because(language, &because(language, cause))
}

/// Returns what became of a step, as a clause.
pub(super) fn became(language: Language, step: &StepReport) -> String {
    match step.state {
        StepState::Hit => was_reused(language),
        StepState::Miss => {
            let cause = step
                .reasons
                .first()
                .map_or("never-built".to_owned(), cause_word);
            ran(language, &because(language, &cause))
        }
        StepState::Meta => is_meta(language),
        StepState::Skip => was_skipped(language),
        StepState::Wait => was_unreached(language),
        StepState::Fail => failed(language),
        StepState::Base => is_base(language),
        StepState::Unknown => is_unknown(language),
    }
}

/// Returns a reason as `cause` says it; for several files, the first.
pub(super) fn cause_word(reason: &MissReason) -> String {
    match reason {
        MissReason::NeverBuilt => "never-built".to_owned(),
        MissReason::ParentChanged { step } | MissReason::ChainChanged { step, .. } => {
            format!("parent:{step}")
        }
        MissReason::BaseChanged { .. } => "base".to_owned(),
        MissReason::TextChanged { .. } => "text".to_owned(),
        MissReason::FilesChanged { files } => {
            let path = files.first().map_or("?", |file| file.path.as_str());
            format!("file:{path}")
        }
        MissReason::EnvChanged(changed) => format!("env:{}", changed.name),
        MissReason::ArgChanged(changed) => format!("arg:{}", changed.name),
        MissReason::SettingChanged(changed) => format!("setting:{}", changed.name),
        MissReason::CacheDisabled => "no-cache".to_owned(),
        MissReason::LayerGone => "layer-gone".to_owned(),
    }
}
