//! The sentences of [`super::ParseErrorKind`], in every language, with BuildKit's key words.

use super::error::ParseErrorKind as Kind;
use crate::language::Language;

crate::messages! {
    not_utf8() {
        en: "the file is not UTF-8 text",
        ko: "파일이 UTF-8 텍스트가 아닙니다",
    }
    binary() {
        en: "this is a binary file, not the text of a Dockerfile",
        ko: "Dockerfile 텍스트가 아니라 바이너리 파일입니다",
    }
    line_too_long() {
        en: "dockerfile line greater than max allowed size of 65535",
        ko: "한 줄이 허용된 최대 크기 65535바이트를 넘습니다",
    }
    too_many_instructions() {
        en: "more than 200000 instructions: the rest is not read",
        ko: "명령이 200000개를 넘습니다. 나머지는 읽지 않습니다",
    }
    empty() {
        en: "the Dockerfile cannot be empty: file with no instructions",
        ko: "Dockerfile이 비어 있습니다: 명령이 하나도 없습니다",
    }
    no_instructions() {
        en: "file with no instructions",
        ko: "명령이 하나도 없는 파일입니다",
    }
    duplicate_directive(name: &str) {
        en: "only one {name} parser directive can be used",
        ko: "파서 지시자 {name} 줄은 한 번만 쓸 수 있습니다",
    }
    invalid_escape(value: &str) {
        en: "invalid escape token '{value}' does not match ` or \\",
        ko: "이스케이프 문자로 '{value}'는 쓸 수 없습니다. ` 또는 \\ 가운데 하나여야 합니다",
    }
    unterminated_heredoc(name: &str) {
        en: "unterminated heredoc: no line is '{name}'",
        ko: "heredoc이 끝나지 않았습니다: '{name}'만 있는 줄이 없습니다",
    }
    array_not_strings() {
        en: "when using JSON array syntax, arrays must be comprised of strings only",
        ko: "JSON 배열에는 문자열만 쓸 수 있습니다",
    }
    pair_without_equals(word: &str) {
        en: "Syntax error - can't find = in {word:?}. Must be of the form: name=value",
        ko: "{word:?}에 =이 없습니다. name=value 형식이어야 합니다",
    }
    pair_without_value(instruction: &str) {
        en: "{instruction} must have two arguments",
        ko: "{instruction}에는 인수가 두 개 필요합니다",
    }
    nested_too_deep() {
        en: "ONBUILD is nested too deeply",
        ko: "ONBUILD가 너무 깊이 겹쳐 있습니다",
    }
    unknown_instruction(name: &str) {
        en: "unknown instruction: {name}",
        ko: "알 수 없는 명령입니다: {name}",
    }
    unknown_flag(flag: &str) {
        en: "unknown flag: --{flag}",
        ko: "알 수 없는 플래그입니다: --{flag}",
    }
    did_you_mean(message: &str, suggestion: &str) {
        en: "{message} (did you mean {suggestion}?)",
        ko: "{message} (혹시 {suggestion} 아닌가요?)",
    }
    duplicate_flag(flag: &str) {
        en: "duplicate flag specified: --{flag}",
        ko: "플래그를 두 번 썼습니다: --{flag}",
    }
    flag_without_value(flag: &str) {
        en: "missing a value on flag: --{flag}",
        ko: "플래그에 값이 없습니다: --{flag}",
    }
    flag_not_boolean(flag: &str, value: &str) {
        en: "expecting boolean value for flag --{flag}, not: {value}",
        ko: "플래그 --{flag}의 값은 true나 false여야 합니다: {value}",
    }
    needs_one_argument(instruction: &str) {
        en: "{instruction} requires exactly one argument",
        ko: "{instruction}에는 인수가 정확히 하나 필요합니다",
    }
    needs_arguments(instruction: &str) {
        en: "{instruction} requires at least one argument",
        ko: "{instruction}에는 인수가 하나 이상 필요합니다",
    }
    no_destination_one(instruction: &str) {
        en: "{instruction} requires at least two arguments, but only one was provided. Destination could not be determined",
        ko: "{instruction}에는 인수가 두 개 이상 필요한데 하나뿐입니다. 목적지를 알 수 없습니다",
    }
    no_destination_none(instruction: &str) {
        en: "{instruction} requires at least two arguments, but none was provided. Destination could not be determined",
        ko: "{instruction}에는 인수가 두 개 이상 필요한데 하나도 없습니다. 목적지를 알 수 없습니다",
    }
    heredoc_destination(instruction: &str) {
        en: "{instruction} cannot accept a heredoc as a destination",
        ko: "{instruction}의 목적지로 heredoc을 쓸 수 없습니다",
    }
    url_source() {
        en: "source can't be a URL for COPY",
        ko: "COPY의 원본으로 URL을 쓸 수 없습니다",
    }
    variable_in_from() {
        en: "variable expansion is not supported for --from, define a new stage with FROM using ARG from global scope as a workaround",
        ko: "--from에서는 변수를 쓸 수 없습니다. 대신 전역 ARG를 쓰는 FROM으로 새 스테이지를 정의하세요",
    }
    from_arguments() {
        en: "FROM requires either one or three arguments",
        ko: "FROM에는 인수가 하나 또는 셋 필요합니다",
    }
    invalid_stage_name(name: &str) {
        en: "invalid name for build stage: {name:?}, name can't start with a number or contain symbols",
        ko: "빌드 스테이지의 이름으로 쓸 수 없습니다: {name:?}. 숫자로 시작하거나 기호가 들어갈 수 없습니다",
    }
    blank_name(instruction: &str) {
        en: "{instruction} names can not be blank",
        ko: "{instruction}의 이름은 비워 둘 수 없습니다",
    }
    no_stage(instruction: &str) {
        en: "no build stage in current context: {instruction} before the first FROM",
        ko: "아직 빌드 스테이지가 없습니다: 첫 FROM보다 {instruction} 명령이 먼저 나왔습니다",
    }
    onbuild_chained() {
        en: "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed",
        ko: "`ONBUILD ONBUILD`처럼 ONBUILD를 겹쳐 쓸 수 없습니다",
    }
    onbuild_forbidden(instruction: &str) {
        en: "{instruction} isn't allowed as an ONBUILD trigger",
        ko: "ONBUILD에는 {instruction} 명령을 쓸 수 없습니다",
    }
    healthcheck_type(kind: &str) {
        en: "Unknown type {kind:?} in HEALTHCHECK (try CMD)",
        ko: "HEALTHCHECK의 종류 {kind:?} 자리에는 CMD나 NONE을 씁니다 (CMD를 써 보세요)",
    }
    healthcheck_no_command() {
        en: "Missing command after HEALTHCHECK CMD",
        ko: "HEALTHCHECK CMD 뒤에 명령이 없습니다",
    }
    healthcheck_none_arguments() {
        en: "HEALTHCHECK NONE takes no arguments",
        ko: "HEALTHCHECK NONE에는 인수를 쓸 수 없습니다",
    }
    invalid_duration(flag: &str, value: &str) {
        en: "invalid duration for --{flag}: {value:?}",
        ko: "--{flag}의 시간이 올바르지 않습니다: {value:?}",
    }
    short_interval(flag: &str) {
        en: "Interval {flag:?} cannot be less than 1ms",
        ko: "{flag:?} 간격은 1ms보다 짧을 수 없습니다",
    }
    invalid_retries(value: &str) {
        en: "--retries is not a number: {value:?}",
        ko: "--retries의 값이 숫자가 아닙니다: {value:?}",
    }
    negative_retries(value: &str) {
        en: "--retries cannot be negative ({value})",
        ko: "--retries는 음수일 수 없습니다 ({value})",
    }
    shell_not_json() {
        en: "SHELL requires the arguments to be in JSON form",
        ko: "SHELL의 인수는 JSON 배열이어야 합니다",
    }
    empty_volume() {
        en: "VOLUME specified can not be an empty string",
        ko: "VOLUME에 빈 문자열을 쓸 수 없습니다",
    }
    invalid_network(value: &str) {
        en: "invalid network mode {value:?}",
        ko: "네트워크 모드가 올바르지 않습니다: {value:?}",
    }
    invalid_security(value: &str) {
        en: "security {value:?} is not valid",
        ko: "보안 모드가 올바르지 않습니다: {value:?}",
    }
}

/// Returns the sentence of an error.
pub(super) fn of(kind: &Kind, language: Language) -> String {
    match kind {
        Kind::NotUtf8 => not_utf8(language),
        Kind::Binary => binary(language),
        Kind::LineTooLong => line_too_long(language),
        Kind::TooManyInstructions => too_many_instructions(language),
        Kind::Empty => empty(language),
        Kind::NoInstructions => no_instructions(language),
        Kind::DuplicateDirective { name } => duplicate_directive(language, name),
        Kind::InvalidEscape { value } => invalid_escape(language, value),
        Kind::UnterminatedHeredoc { name } => unterminated_heredoc(language, name),
        Kind::ArrayNotStrings => array_not_strings(language),
        Kind::PairWithoutEquals { word } => pair_without_equals(language, word),
        Kind::PairWithoutValue { instruction } => pair_without_value(language, instruction),
        Kind::NestedTooDeep => nested_too_deep(language),
        Kind::UnknownInstruction { name, suggestion } => suggesting(
            language,
            unknown_instruction(language, name),
            suggestion.as_deref(),
        ),
        Kind::UnknownFlag {
            flag, suggestion, ..
        } => suggesting(
            language,
            unknown_flag(language, flag),
            suggestion.as_deref(),
        ),
        Kind::DuplicateFlag { flag } => duplicate_flag(language, flag),
        Kind::FlagWithoutValue { flag } => flag_without_value(language, flag),
        Kind::FlagNotBoolean { flag, value } => flag_not_boolean(language, flag, value),
        Kind::NeedsOneArgument { instruction } => needs_one_argument(language, instruction),
        Kind::NeedsArguments { instruction } => needs_arguments(language, instruction),
        Kind::NoDestination {
            instruction,
            one: true,
        } => no_destination_one(language, instruction),
        Kind::NoDestination { instruction, .. } => no_destination_none(language, instruction),
        Kind::HeredocDestination { instruction } => heredoc_destination(language, instruction),
        Kind::UrlSource => url_source(language),
        Kind::VariableInFrom => variable_in_from(language),
        Kind::FromArguments => from_arguments(language),
        Kind::InvalidStageName { name } => invalid_stage_name(language, name),
        Kind::BlankName { instruction } => blank_name(language, instruction),
        Kind::NoStage { instruction } => no_stage(language, instruction),
        Kind::OnbuildChained => onbuild_chained(language),
        Kind::OnbuildForbidden { instruction } => onbuild_forbidden(language, instruction),
        Kind::HealthcheckType { kind } => healthcheck_type(language, kind),
        Kind::HealthcheckNoCommand => healthcheck_no_command(language),
        Kind::HealthcheckNoneArguments => healthcheck_none_arguments(language),
        Kind::InvalidDuration { flag, value } => invalid_duration(language, flag, value),
        Kind::ShortInterval { flag } => short_interval(language, flag),
        Kind::InvalidRetries { value } => invalid_retries(language, value),
        Kind::NegativeRetries { value } => negative_retries(language, value),
        Kind::ShellNotJson => shell_not_json(language),
        Kind::EmptyVolume => empty_volume(language),
        Kind::InvalidNetwork { value } => invalid_network(language, value),
        Kind::InvalidSecurity { value } => invalid_security(language, value),
    }
}

fn suggesting(language: Language, message: String, suggestion: Option<&str>) -> String {
    match suggestion {
        Some(word) => did_you_mean(language, &message, word),
        None => message,
    }
}
