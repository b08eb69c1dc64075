//! The sentences of [`PlanErrorKind`](super::PlanErrorKind), in every language, with BuildKit's key words.

use super::error::{PlanErrorKind as Kind, TriggerMistake};
use crate::language::Language;

crate::messages! {
    no_stage() {
        en: "no build stage in current context: the file has no FROM",
        ko: "빌드 스테이지가 없습니다(no build stage): 파일에 FROM이 없습니다",
    }
    before_from(instruction: &str) {
        en: "no build stage in current context: {instruction} stands before the first FROM",
        ko: "빌드 스테이지가 없습니다(no build stage): {instruction} 명령이 첫 FROM보다 앞에 있습니다",
    }
    before_from_help() {
        en: "begin with `FROM practice-os`; only comments and ARG may come first",
        ko: "`FROM practice-os`로 시작하세요. 그 앞에는 주석과 ARG만 올 수 있습니다",
    }
    no_target(target: &str) {
        en: "target stage \"{target}\" could not be found",
        ko: "--target으로 지정한 스테이지가 없습니다: \"{target}\"",
    }
    no_target_near(target: &str, word: &str) {
        en: "target stage \"{target}\" could not be found (did you mean {word}?)",
        ko: "--target으로 지정한 스테이지가 없습니다: \"{target}\". 혹시 {word} 아닌가요?",
    }
    did_you_mean(word: &str) {
        en: "did you mean `{word}`?",
        ko: "혹시 `{word}` 아닌가요?",
    }
    blank_base(written: &str) {
        en: "base name ({written}) should not be blank",
        ko: "베이스 이미지 이름({written})이 비어 있습니다",
    }
    blank_base_help() {
        en: "only an ARG before the first FROM can be used here; give it a default or --build-arg",
        ko: "여기서는 첫 FROM 앞의 ARG만 쓸 수 있습니다. 기본값이나 --build-arg를 주세요",
    }
    trigger(trigger: &str, message: &str) {
        en: "the base's ONBUILD instruction `{trigger}`: {message}",
        ko: "베이스 이미지가 남긴 ONBUILD 명령 `{trigger}`: {message}",
    }
    link_owner(owner: &str) {
        en: "--chown={owner} is a name, and --link does not look into the image for names",
        ko: "--chown={owner}에는 이름이 쓰였는데, --link는 이름을 찾으러 이미지 안을 보지 않습니다",
    }
    link_owner_help() {
        en: "write the numbers, as in --chown=1000:1000, or leave --link out",
        ko: "--chown=1000:1000처럼 숫자로 쓰거나 --link를 빼세요",
    }
    trigger_help() {
        en: "`inspect IMAGE` shows the instructions that a base leaves, under OnBuild",
        ko: "베이스 이미지가 남긴 명령은 `inspect 이미지`의 OnBuild에서 볼 수 있습니다",
    }
    trigger_not_one() {
        en: "it is not one instruction",
        ko: "명령 하나가 아닙니다",
    }
    no_stage_index(index: &str) {
        en: "invalid stage index {index}",
        ko: "{index}번 스테이지가 없습니다(invalid stage index)",
    }
    no_stage_index_help() {
        en: "stages are counted from 0, and only earlier ones can be copied from",
        ko: "스테이지는 0부터 세고, 앞에 있는 스테이지에서만 복사할 수 있습니다",
    }
    circular(stage: &str) {
        en: "circular dependency detected on stage: {stage}",
        ko: "스테이지가 돌고 돌아 자기 자신을 필요로 합니다(circular dependency): {stage}",
    }
    later_stage(from: &str, current: &str) {
        en: "cannot copy from stage \"{from}\", it needs to be defined before current stage \"{current}\"",
        ko: "지금 스테이지 \"{current}\"보다 앞에 있는 스테이지에서만 복사할 수 있습니다: \"{from}\"",
    }
    later_stage_help(from: &str) {
        en: "move the stage {from} before this one",
        ko: "{from} 스테이지를 이 스테이지보다 앞으로 옮기세요",
    }
    circular_help() {
        en: "a stage can copy only from earlier stages, and never from itself",
        ko: "스테이지는 앞에 있는 스테이지에서만 복사할 수 있고, 자기 자신에서는 복사할 수 없습니다",
    }
    variable_in_from() {
        en: "variable expansion is not supported for --from",
        ko: "--from에는 변수를 쓸 수 없습니다",
    }
    variable_in_from_help() {
        en: "define a new stage: `FROM $IMAGE AS source`, with ARG IMAGE before the first FROM",
        ko: "첫 FROM 앞에 ARG IMAGE를 두고 `FROM $IMAGE AS source` 스테이지를 만들어 쓰세요",
    }
    url_source() {
        en: "source can't be a URL for COPY",
        ko: "COPY의 원본으로 URL을 쓸 수 없습니다",
    }
    url_source_help() {
        en: "ADD takes URLs; COPY takes files of the build context",
        ko: "URL은 ADD로 받고, COPY는 빌드 컨텍스트의 파일만 복사합니다",
    }
    destination_not_folder(destination: &str) {
        en: "with more than one source the destination must be a folder and end with a /: {destination}",
        ko: "원본이 여러 개이면 대상은 폴더여야 하고 /로 끝나야 합니다: {destination}",
    }
    add_slash(destination: &str) {
        en: "write `{destination}/`",
        ko: "이렇게 쓰세요: `{destination}/`",
    }
    bad_mode(value: &str) {
        en: "invalid chmod parameter: '{value}'. it should be octal string and between 0 and 07777",
        ko: "--chmod에 쓴 값이 올바르지 않습니다: '{value}'. 0부터 07777까지의 8진수여야 합니다",
    }
    bad_port(port: &str) {
        en: "invalid containerPort: {port}",
        ko: "포트 번호가 올바르지 않습니다(invalid containerPort): {port}",
    }
    bad_port_help() {
        en: "a port is a number from 1 to 65535, such as `80` or `8000-8010/udp`",
        ko: "포트는 1부터 65535까지의 수입니다. 예: `80`, `8000-8010/udp`",
    }
    bad_protocol(protocol: &str) {
        en: "invalid proto: {protocol}",
        ko: "프로토콜이 올바르지 않습니다(invalid proto): {protocol}",
    }
    bad_protocol_help() {
        en: "tcp, udp or sctp",
        ko: "tcp, udp, sctp 중 하나를 쓰세요",
    }
    bad_signal(signal: &str) {
        en: "invalid signal: {signal}",
        ko: "그런 신호가 없습니다(invalid signal): {signal}",
    }
    bad_signal_help() {
        en: "a name such as SIGTERM, or a number from 1 to 64",
        ko: "SIGTERM 같은 이름이나 1부터 64까지의 번호를 쓰세요",
    }
    blank_name(instruction: &str) {
        en: "{instruction} names can not be blank",
        ko: "{instruction}의 이름이 비어 있습니다",
    }
    bad_mode_help() {
        en: "such as 644 or 0755, or letters: u=rwX,go=rX",
        ko: "644, 0755 같은 8진수나 u=rwX,go=rX 같은 글자로 쓰세요",
    }
    bad_host_port(port: &str) {
        en: "invalid hostPort: {port}",
        ko: "호스트 포트가 올바르지 않습니다(invalid hostPort): {port}",
    }
    bad_address(address: &str) {
        en: "invalid IP address: {address}",
        ko: "IP 주소가 올바르지 않습니다(invalid IP address): {address}",
    }
    expose_help() {
        en: "EXPOSE takes the container's port only; publish it with `run -p HOST:CONTAINER`",
        ko: "EXPOSE에는 컨테이너의 포트만 씁니다. 호스트 포트는 `run -p HOST:CONTAINER`로 여세요",
    }
    bad_platform(value: &str) {
        en: "failed to parse platform {value:?}",
        ko: "플랫폼을 읽을 수 없습니다(failed to parse platform): {value:?}",
    }
    blank_platform(written: &str) {
        en: "failed to parse platform: {written} is empty",
        ko: "플랫폼을 읽을 수 없습니다(failed to parse platform): {written} 값이 비어 있습니다",
    }
    bad_platform_help() {
        en: "write os/arch or os/arch/variant, such as linux/amd64 or linux/arm64/v8",
        ko: "linux/amd64, linux/arm64/v8처럼 os/arch 또는 os/arch/variant로 쓰세요",
    }
    long_path() {
        en: "the path is longer than 4096 bytes, the most that Linux opens",
        ko: "경로가 Linux에서 열 수 있는 최대 길이 4096바이트보다 깁니다",
    }
    long_path_help() {
        en: "WORKDIR without / in front goes on from the one before: write the whole path, such as `WORKDIR /app`",
        ko: "/ 없이 쓴 WORKDIR은 앞의 WORKDIR에서 이어집니다. `WORKDIR /app`처럼 전체 경로를 쓰세요",
    }
    empty_volume() {
        en: "VOLUME specified can not be an empty string",
        ko: "VOLUME에 빈 문자열을 쓸 수 없습니다",
    }
    empty_volume_help() {
        en: "name a path, such as `VOLUME /data`; a variable here may have no value",
        ko: "`VOLUME /data`처럼 경로를 쓰세요. 변수에 값이 없는지도 보세요",
    }
    checksum_sources() {
        en: "checksum can't be specified for multiple sources",
        ko: "원본이 여러 개이면 --checksum을 쓸 수 없습니다",
    }
    checksum_sources_help() {
        en: "write one ADD for each source",
        ko: "원본마다 ADD를 하나씩 쓰세요",
    }
    bad_checksum(value: &str) {
        en: "invalid checksum digest format: \"{value}\"",
        ko: "--checksum 값 \"{value}\"의 형식이 올바르지 않습니다(invalid checksum digest format)",
    }
    bad_checksum_help() {
        en: "write --checksum=sha256: and 64 hex digits, as `sha256sum FILE` prints them",
        ko: "--checksum=sha256: 뒤에 `sha256sum 파일`이 출력하는 16진수 64자리를 쓰세요",
    }
    nameless_url(url: &str) {
        en: "cannot determine filename from url: {url}",
        ko: "URL에서 파일 이름을 알 수 없습니다(cannot determine filename): {url}",
    }
    nameless_url_help() {
        en: "give the file a name: a destination that does not end in /",
        ko: "파일 이름을 정해 주세요. 대상 경로를 /로 끝내지 않으면 됩니다",
    }
    checksum_not_remote() {
        en: "checksum requires HTTP(S) or Git sources",
        ko: "--checksum은 HTTP(S)나 Git 원본에만 쓸 수 있습니다",
    }
    checksum_not_remote_help() {
        en: "leave --checksum out: files of the build context are checked by their content anyway",
        ko: "--checksum을 빼세요. 빌드 컨텍스트의 파일은 어차피 내용으로 확인합니다",
    }
    blank_name_help(instruction: &str) {
        en: "write {instruction} NAME=value",
        ko: "{instruction} NAME=value처럼 쓰세요",
    }
}

/// Returns the sentence in a language.
pub(super) fn of(kind: &Kind, language: Language) -> String {
    match kind {
        Kind::NoStage => no_stage(language),
        Kind::BeforeFrom { instruction } => before_from(language, instruction),
        Kind::NoTarget { target, suggestion } => match suggestion {
            Some(word) => no_target_near(language, target, word),
            None => no_target(language, target),
        },
        Kind::BlankBase { written } => blank_base(language, written),
        Kind::BadReference(error) => error.message(language),
        Kind::NoStageIndex { index } => no_stage_index(language, index),
        Kind::CircularStage { stage } => circular(language, stage),
        Kind::LaterStage { from, current } => later_stage(language, from, current),
        Kind::VariableInFrom => variable_in_from(language),
        Kind::Word(error) => error.message(language),
        Kind::UrlSource => url_source(language),
        Kind::LinkOwner { owner } => link_owner(language, owner),
        Kind::BadExclude(error) => error.message(language),
        Kind::Trigger {
            trigger: text,
            mistake,
        } => {
            let message = match mistake {
                TriggerMistake::Parse(kind) => kind.message(language),
                TriggerMistake::NotOne => trigger_not_one(language),
                TriggerMistake::Plan(kind) => kind.message(language),
            };
            trigger(language, text, &message)
        }
        Kind::DestinationNotFolder { destination } => destination_not_folder(language, destination),
        Kind::BadMode { value } => bad_mode(language, value),
        Kind::BadPort { port } => bad_port(language, port),
        Kind::BadProtocol { protocol } => bad_protocol(language, protocol),
        Kind::BadHostPort { port } => bad_host_port(language, port),
        Kind::BadAddress { address } => bad_address(language, address),
        Kind::BadPlatform { value } => bad_platform(language, value),
        Kind::BlankPlatform { written } => blank_platform(language, written),
        Kind::Field(error) => error.message(language),
        Kind::LongPath => long_path(language),
        Kind::EmptyVolume => empty_volume(language),
        Kind::ChecksumSources => checksum_sources(language),
        Kind::BadChecksum { value } => bad_checksum(language, value),
        Kind::NamelessUrl { url } => nameless_url(language, url),
        Kind::ChecksumNotRemote => checksum_not_remote(language),
        Kind::BadSignal { signal } => bad_signal(language, signal),
        Kind::BlankName { instruction } => blank_name(language, instruction),
    }
}

/// Returns what to type instead, where that can be said.
pub(super) fn help_of(kind: &Kind, language: Language) -> Option<String> {
    Some(match kind {
        Kind::Trigger { .. } => trigger_help(language),
        Kind::LinkOwner { .. } => link_owner_help(language),
        Kind::BadExclude(error) => error.help(language),
        Kind::NoStage | Kind::BeforeFrom { .. } => before_from_help(language),
        Kind::NoTarget { suggestion, .. } => did_you_mean(language, suggestion.as_deref()?),
        Kind::BlankBase { .. } => blank_base_help(language),
        Kind::NoStageIndex { .. } => no_stage_index_help(language),
        Kind::VariableInFrom => variable_in_from_help(language),
        Kind::Word(error) => error.help(language)?,
        Kind::UrlSource => url_source_help(language),
        Kind::DestinationNotFolder { destination } => add_slash(language, destination),
        Kind::BadPort { .. } => bad_port_help(language),
        Kind::BadProtocol { .. } => bad_protocol_help(language),
        Kind::BadSignal { .. } => bad_signal_help(language),
        Kind::BadReference(error) => error.help(language)?,
        Kind::CircularStage { .. } => circular_help(language),
        Kind::LaterStage { from, .. } => later_stage_help(language, from),
        Kind::BadMode { .. } => bad_mode_help(language),
        Kind::BadHostPort { .. } | Kind::BadAddress { .. } => expose_help(language),
        Kind::BadPlatform { .. } | Kind::BlankPlatform { .. } => bad_platform_help(language),
        Kind::Field(error) => error.help(language)?,
        Kind::LongPath => long_path_help(language),
        Kind::EmptyVolume => empty_volume_help(language),
        Kind::ChecksumSources => checksum_sources_help(language),
        Kind::BadChecksum { .. } => bad_checksum_help(language),
        Kind::NamelessUrl { .. } => nameless_url_help(language),
        Kind::ChecksumNotRemote => checksum_not_remote_help(language),
        Kind::BlankName { instruction } => blank_name_help(language, instruction),
    })
}
