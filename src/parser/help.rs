//! What to type instead, for every [`super::ParseErrorKind`] where that can be said.

use super::error::ParseErrorKind as Kind;
use crate::language::Language;

crate::messages! {
    not_utf8() {
        en: "save the file as UTF-8; only comments may be in another encoding",
        ko: "파일을 UTF-8로 저장하세요. 주석만 다른 인코딩이어도 됩니다",
    }
    binary() {
        en: "give the Dockerfile itself (-f FILE for `build`); `load -i FILE` brings an image into the store",
        ko: "Dockerfile을 지정하세요(`build`에서는 -f FILE). 이미지 파일은 `load -i FILE`로 저장소에 넣습니다",
    }
    line_too_long() {
        en: "split the line: end it with the escape character and go on in the next",
        ko: "줄을 나누세요: 이스케이프 문자로 끝내고 다음 줄에서 이어 쓰면 됩니다",
    }
    too_many_instructions() {
        en: "is this a Dockerfile? an image has a few hundred layers at most",
        ko: "Dockerfile이 맞나요? 이미지의 레이어는 많아야 수백 개입니다",
    }
    no_instructions() {
        en: "begin with a base image, for example: FROM practice-os",
        ko: "베이스 이미지부터 시작하세요. 예: FROM practice-os",
    }
    duplicate_directive() {
        en: "remove one of the two lines",
        ko: "두 줄 가운데 하나를 지우세요",
    }
    invalid_escape() {
        en: "write # escape=` or leave the line out",
        ko: "이렇게 쓰거나 그 줄을 지우세요: # escape=`",
    }
    unterminated_heredoc(name: &str) {
        en: "end the text with a line that is only {name}, without spaces around it",
        ko: "{name}만 있는 줄로 끝내세요. 앞뒤에 공백이 없어야 합니다",
    }
    array_not_strings() {
        en: "put quotes around every element, as in [\"sleep\", \"5\"]",
        ko: "모든 요소를 따옴표로 감싸세요. 예: [\"sleep\", \"5\"]",
    }
    pair_without_equals() {
        en: "put quotes around a value with spaces, as in NAME=\"two words\"",
        ko: "공백이 있는 값은 따옴표로 감싸세요. 예: NAME=\"two words\"",
    }
    pair_without_value(instruction: &str) {
        en: "write {instruction} NAME=value",
        ko: "{instruction} NAME=value 처럼 쓰세요",
    }
    unknown_instruction() {
        en: "the instructions are ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR",
        ko: "쓸 수 있는 명령: ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR",
    }
    for_a_terminal(name: &str) {
        en: "`{name}` is typed in a terminal or at strata's prompt; a Dockerfile says what an image is made of: FROM, RUN, COPY, ...",
        ko: "`{name}` 명령은 터미널이나 strata 프롬프트에서 씁니다. Dockerfile에는 FROM, RUN, COPY처럼 이미지를 만드는 방법을 씁니다",
    }
    run_it(name: &str) {
        en: "a program is run by RUN: write RUN {name} ...; or did the line before want a \\ at its end?",
        ko: "프로그램은 RUN으로 실행합니다: RUN {name} ... 또는 앞 줄 끝에 \\를 빠뜨렸는지 보세요",
    }
    write_form(form: &str) {
        en: "write {form}",
        ko: "{form} 처럼 쓰세요",
    }
    its_flags(flags: &str) {
        en: "the instruction has {flags}",
        ko: "이 명령에 쓸 수 있는 플래그: {flags}",
    }
    no_flags() {
        en: "the instruction has no flags; a word that begins with -- can follow a bare --",
        ko: "이 명령에는 플래그가 없습니다. --로 시작하는 단어는 -- 하나를 먼저 쓰고 그 뒤에 쓰세요",
    }
    whole_number() {
        en: "a whole number, such as --retries=3",
        ko: "--retries=3처럼 0보다 작지 않은 정수를 쓰세요",
    }
    no_chain() {
        en: "write ONBUILD once: ONBUILD RUN ...",
        ko: "ONBUILD는 한 번만 쓰세요: ONBUILD RUN ...",
    }
    not_in_onbuild() {
        en: "an image's children have their own FROM; leave ONBUILD out, or store another instruction",
        ko: "자식 이미지에는 자기 FROM이 있습니다. ONBUILD를 빼거나 다른 명령을 쓰세요",
    }
    write_instead(suggestion: &str) {
        en: "write {suggestion}",
        ko: "이렇게 쓰세요: {suggestion}",
    }
    duplicate_flag(flag: &str) {
        en: "remove one of the two --{flag}",
        ko: "--{flag} 둘 가운데 하나를 지우세요",
    }
    flag_without_value(flag: &str) {
        en: "write --{flag}=VALUE, without spaces around =",
        ko: "--{flag}=VALUE 처럼 = 앞뒤에 공백 없이 쓰세요",
    }
    flag_not_boolean(flag: &str) {
        en: "write --{flag}, --{flag}=true or --{flag}=false",
        ko: "--{flag}, --{flag}=true, --{flag}=false 가운데 하나로 쓰세요",
    }
    no_destination(instruction: &str) {
        en: "name what to copy, then where to: {instruction} SOURCE... DESTINATION",
        ko: "무엇을, 어디로 복사할지 차례로 쓰세요: {instruction} SOURCE... DESTINATION",
    }
    heredoc_destination(instruction: &str) {
        en: "put the destination last: {instruction} <<NAME /path",
        ko: "목적지를 마지막에 쓰세요: {instruction} <<NAME /path",
    }
    url_source() {
        en: "ADD fetches URLs",
        ko: "URL은 ADD로 가져올 수 있습니다",
    }
    from_arguments() {
        en: "write FROM IMAGE or FROM IMAGE AS NAME",
        ko: "FROM IMAGE 또는 FROM IMAGE AS NAME 처럼 쓰세요",
    }
    invalid_stage_name() {
        en: "begin with a letter; then letters, digits, '-', '_' and '.'",
        ko: "글자로 시작하고 그 뒤에는 글자, 숫자, '-', '_', '.'만 쓰세요",
    }
    no_stage() {
        en: "write FROM first; only ARG may stand before it",
        ko: "FROM을 먼저 쓰세요. 그 앞에는 ARG만 올 수 있습니다",
    }
    healthcheck_type() {
        en: "write HEALTHCHECK CMD command, or HEALTHCHECK NONE",
        ko: "HEALTHCHECK CMD 명령 또는 HEALTHCHECK NONE이라고 쓰세요",
    }
    invalid_duration() {
        en: "a number with a unit: 500ms, 30s, 1m30s, 2h",
        ko: "숫자와 단위로 쓰세요: 500ms, 30s, 1m30s, 2h",
    }
    shell_not_json() {
        en: "write SHELL [\"/bin/sh\", \"-c\"]",
        ko: "SHELL [\"/bin/sh\", \"-c\"] 처럼 쓰세요",
    }
    invalid_network() {
        en: "one of default, none, host",
        ko: "default, none, host 가운데 하나를 쓰세요",
    }
    invalid_security() {
        en: "one of sandbox, insecure",
        ko: "sandbox, insecure 가운데 하나를 쓰세요",
    }
}

/// Returns what to type instead.
pub(super) fn of(kind: &Kind, language: Language) -> Option<String> {
    Some(match kind {
        Kind::NotUtf8 => not_utf8(language),
        Kind::Binary => binary(language),
        Kind::LineTooLong => line_too_long(language),
        Kind::TooManyInstructions => too_many_instructions(language),
        Kind::Empty | Kind::NoInstructions => no_instructions(language),
        Kind::DuplicateDirective { .. } => duplicate_directive(language),
        Kind::InvalidEscape { .. } => invalid_escape(language),
        Kind::UnterminatedHeredoc { name } => unterminated_heredoc(language, name),
        Kind::ArrayNotStrings => array_not_strings(language),
        Kind::PairWithoutEquals { .. } => pair_without_equals(language),
        Kind::PairWithoutValue { instruction } => pair_without_value(language, instruction),
        Kind::UnknownInstruction {
            suggestion: Some(word),
            ..
        } => write_instead(language, word),
        Kind::UnknownInstruction { name, .. } if is_for_a_terminal(name) => {
            for_a_terminal(language, name)
        }
        Kind::UnknownInstruction { name, .. } if PROGRAMS.contains(&name.as_str()) => {
            run_it(language, name)
        }
        Kind::UnknownInstruction { .. } => unknown_instruction(language),
        Kind::UnknownFlag {
            suggestion: Some(word),
            ..
        } => write_instead(language, &format!("--{word}")),
        Kind::UnknownFlag { known, .. } if known.is_empty() => no_flags(language),
        Kind::UnknownFlag { known, .. } => {
            let flags: Vec<String> = known.iter().map(|name| format!("--{name}")).collect();
            its_flags(language, &flags.join(" "))
        }
        Kind::DuplicateFlag { flag } => duplicate_flag(language, flag),
        Kind::FlagWithoutValue { flag } => flag_without_value(language, flag),
        Kind::FlagNotBoolean { flag, .. } => flag_not_boolean(language, flag),
        Kind::NoDestination { instruction, .. } => no_destination(language, instruction),
        Kind::HeredocDestination { instruction } => heredoc_destination(language, instruction),
        Kind::UrlSource => url_source(language),
        Kind::FromArguments => from_arguments(language),
        Kind::InvalidStageName { .. } => invalid_stage_name(language),
        Kind::NoStage { .. } => no_stage(language),
        Kind::HealthcheckType { .. } | Kind::HealthcheckNoCommand => healthcheck_type(language),
        Kind::InvalidDuration { .. } | Kind::ShortInterval { .. } => invalid_duration(language),
        Kind::ShellNotJson => shell_not_json(language),
        Kind::InvalidNetwork { .. } => invalid_network(language),
        Kind::InvalidSecurity { .. } => invalid_security(language),
        Kind::NeedsOneArgument { instruction }
        | Kind::NeedsArguments { instruction }
        | Kind::BlankName { instruction } => write_form(language, form(instruction)),
        Kind::EmptyVolume => write_form(language, form("VOLUME")),
        Kind::HealthcheckNoneArguments => write_form(language, "HEALTHCHECK NONE"),
        Kind::InvalidRetries { .. } | Kind::NegativeRetries { .. } => whole_number(language),
        Kind::OnbuildChained | Kind::NestedTooDeep => no_chain(language),
        Kind::OnbuildForbidden { .. } => not_in_onbuild(language),
        // The sentence itself says all there is to do.
        Kind::VariableInFrom => return None,
    })
}

/// Returns how an instruction is written, at its simplest.
fn form(instruction: &str) -> &'static str {
    match instruction {
        "ARG" => "ARG NAME or ARG NAME=value",
        "ENV" => "ENV NAME=value",
        "LABEL" => "LABEL name=value",
        "EXPOSE" => "EXPOSE 80",
        "HEALTHCHECK" => "HEALTHCHECK CMD command",
        "MAINTAINER" => "LABEL org.opencontainers.image.authors=\"NAME\"",
        "ONBUILD" => "ONBUILD RUN command",
        "SHELL" => "SHELL [\"/bin/sh\", \"-c\"]",
        "STOPSIGNAL" => "STOPSIGNAL SIGTERM",
        "USER" => "USER name",
        "VOLUME" => "VOLUME /data",
        _ => "WORKDIR /app",
    }
}

/// Programs that people type into a Dockerfile without RUN.
const PROGRAMS: [&str; 24] = [
    "apk", "apt", "apt-get", "bash", "cat", "chmod", "chown", "cp", "curl", "echo", "git", "make",
    "mkdir", "mv", "node", "npm", "pip", "pip3", "python", "python3", "rm", "sudo", "touch",
    "wget",
];

/// `docker run ...`, misspelt or not, is no line of a Dockerfile.
fn is_for_a_terminal(name: &str) -> bool {
    let name = name.trim_start_matches('$').to_lowercase();
    let near = |program| strsim::osa_distance(&name, program) <= 1;
    ["docker", "podman", "strata"].into_iter().any(near)
        || strsim::levenshtein(&name, "docker") == 2 && name.starts_with("do")
}
