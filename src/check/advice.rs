//! What to type instead, for every build check.

use super::remark::Remark;
use crate::language::Language;

crate::messages! {
    write(text: &str) {
        en: "write {text}",
        ko: "이렇게 쓰세요: {text}",
    }
    not_ignored(file: &str, line: usize, pattern: &str) {
        en: "line {line} of {file} excludes it: `{pattern}`; change that line, or copy something else",
        ko: "{file} {line}번째 줄 `{pattern}` 때문입니다. 그 줄을 고치거나 다른 파일을 복사하세요",
    }
    another_name() {
        en: "choose another name; of equal names the later stage is meant",
        ko: "다른 이름을 고르세요. 이름이 같으면 뒤에 나온 스테이지를 가리킵니다",
    }
    container_port(meant: &str) {
        en: "write EXPOSE {meant}; which port of the host leads there is said by `run -p HOST:CONTAINER`",
        ko: "이렇게 쓰세요: EXPOSE {meant}. 호스트 포트는 `run -p HOST:CONTAINER`로 정합니다",
    }
    no_platform() {
        en: "leave --platform out, or write --platform=$BUILDPLATFORM for tools that run while building",
        ko: "--platform을 빼거나, 빌드할 때 쓰는 도구라면 --platform=$BUILDPLATFORM을 쓰세요",
    }
    leave_platform_out() {
        en: "leave --platform out",
        ko: "--platform을 빼세요",
    }
    other_image() {
        en: "get the image for that platform, or say so with FROM --platform",
        ko: "그 플랫폼의 이미지를 받거나, FROM --platform으로 밝히세요",
    }
    give_default() {
        en: "give the ARG a default that works: ARG NAME=value before the first FROM",
        ko: "첫 FROM 앞의 ARG에 쓸 수 있는 기본값을 주세요: ARG NAME=value",
    }
    describe(name: &str) {
        en: "begin the comment with {name}, or put an empty comment line between",
        ko: "{name}부터 쓰고 설명을 이어 쓰거나, 사이에 빈 주석 줄(#)을 두세요",
    }
    exec_form(instruction: &str, meant: &str) {
        en: "write {instruction} {meant}",
        ko: "이렇게 쓰세요: {instruction} {meant}",
    }
    almost_json(instruction: &str, meant: &str) {
        en: "these brackets are no JSON, so a shell gets them as text; strings stand in double quotes: {instruction} {meant}",
        ko: "이 대괄호는 JSON이 아니어서 셸이 글자 그대로 받습니다. 문자열은 큰따옴표로 감싸세요: {instruction} {meant}",
    }
    not_json(instruction: &str) {
        en: "these brackets are no JSON, so a shell gets them as text; write {instruction} [\"PROGRAM\", \"ARGUMENT\"]",
        ko: "이 대괄호는 JSON이 아니어서 셸이 글자 그대로 받습니다. {instruction} [\"PROGRAM\", \"ARGUMENT\"]처럼 쓰세요",
    }
    needs_shell(instruction: &str) {
        en: "write {instruction} [\"PROGRAM\", \"ARGUMENT\"]; if it needs a shell, say which with SHELL",
        ko: "{instruction} [\"PROGRAM\", \"ARGUMENT\"]처럼 쓰세요. 셸이 필요하면 SHELL로 밝히세요",
    }
    label_authors(name: &str) {
        en: "write LABEL org.opencontainers.image.authors={name:?}",
        ko: "이렇게 쓰세요: LABEL org.opencontainers.image.authors={name:?}",
    }
    remove_this(instruction: &str) {
        en: "remove this {instruction}, or the later one",
        ko: "이 {instruction} 또는 뒤에 있는 것을 지우세요",
    }
    remove_empty_line() {
        en: "remove the empty line, or write a comment there",
        ko: "빈 줄을 지우거나 그 자리에 주석을 쓰세요",
    }
    another_stage_name() {
        en: "choose another name: scratch is the empty image, context the build context",
        ko: "다른 이름을 고르세요. scratch는 빈 이미지, context는 빌드 컨텍스트를 뜻합니다",
    }
    mount_secret() {
        en: "hand it to one step only: RUN --mount=type=secret,id=NAME ...",
        ko: "필요한 단계에만 건네세요: RUN --mount=type=secret,id=NAME ...",
    }
    declare_before_from(name: &str) {
        en: "write ARG {name} before the first FROM",
        ko: "첫 FROM 앞에 쓰세요: ARG {name}",
    }
    redeclare(name: &str) {
        en: "an ARG before the first FROM is not visible in a stage: write ARG {name} after this stage's FROM",
        ko: "첫 FROM 앞의 ARG는 스테이지 안에서 보이지 않습니다. 이 스테이지의 FROM 뒤에 쓰세요: ARG {name}",
    }
    declare(name: &str) {
        en: "write ARG {name} or ENV {name}=value before this line, unless the base image sets it",
        ko: "이 줄 앞에 ARG {name} 또는 ENV {name}=value를 쓰세요. 베이스 이미지가 정해 둔 변수라면 괜찮습니다",
    }
    absolute(path: &str) {
        en: "write WORKDIR /{path}",
        ko: "이렇게 쓰세요: WORKDIR /{path}",
    }
}

/// Returns what to type instead.
pub(super) fn of(remark: &Remark, language: Language) -> String {
    match remark {
        Remark::ConsistentInstructionCasing { word, upper: true } => {
            write(language, &word.to_uppercase())
        }
        Remark::ConsistentInstructionCasing { word, .. } => write(language, &word.to_lowercase()),
        Remark::CopyIgnoredFile {
            file,
            line,
            pattern,
            ..
        } => not_ignored(language, file, *line, pattern),
        Remark::DuplicateStageName { .. } => another_name(language),
        Remark::ExposeInvalidFormat { meant, .. } => container_port(language, meant),
        Remark::ExposeProtoCasing { port } => write(language, &port.to_lowercase()),
        Remark::FromAsCasing { from, keyword } => {
            let is_upper = *from == from.to_uppercase();
            let meant = if is_upper {
                keyword.to_uppercase()
            } else {
                keyword.to_lowercase()
            };
            write(language, &meant)
        }
        Remark::FromPlatformFlagConstDisallowed { .. } => no_platform(language),
        Remark::InvalidBaseImagePlatform { .. } => other_image(language),
        Remark::InvalidDefaultArgInFrom { .. } => give_default(language),
        Remark::InvalidDefinitionDescription { name, .. } => describe(language, name),
        Remark::JsonArgsRecommended {
            instruction,
            meant,
            almost,
        } => match (meant, almost) {
            (Some(meant), true) => almost_json(language, instruction, meant),
            (Some(meant), false) => exec_form(language, instruction, meant),
            (None, true) => not_json(language, instruction),
            (None, false) => needs_shell(language, instruction),
        },
        Remark::LegacyKeyValueFormat { instruction, meant } => {
            write(language, &format!("{instruction} {meant}"))
        }
        Remark::MaintainerDeprecated { name } => label_authors(language, name),
        Remark::MultipleInstructionsDisallowed { instruction } => {
            remove_this(language, instruction)
        }
        Remark::NoEmptyContinuation => remove_empty_line(language),
        Remark::RedundantTargetPlatform { .. } => leave_platform_out(language),
        Remark::ReservedStageName { .. } => another_stage_name(language),
        Remark::SecretsUsedInArgOrEnv { .. } => mount_secret(language),
        Remark::StageNameCasing { name } => write(language, &name.to_lowercase()),
        Remark::UndefinedArgInFrom {
            suggestion: Some(near),
            ..
        } => write(language, &format!("${{{near}}}")),
        Remark::UndefinedArgInFrom { name, .. } => declare_before_from(language, name),
        Remark::UndefinedVar {
            name, global: true, ..
        } => redeclare(language, name),
        Remark::UndefinedVar {
            suggestion: Some(near),
            ..
        } => write(language, &format!("${near}")),
        Remark::UndefinedVar { name, .. } => declare(language, name),
        Remark::WorkdirRelativePath { path } => absolute(
            language,
            path.trim_start_matches("./").trim_start_matches('/'),
        ),
    }
}
