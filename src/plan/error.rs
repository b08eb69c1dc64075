//! What can be wrong with a Dockerfile whose every instruction is well-formed by itself.
//!
//! The key words are BuildKit's, so that a search for the message finds what others wrote.

use crate::diagnostic::Diagnostic;
use crate::language::Language;
use crate::parser::word::WordError;
use crate::reference::ParseReferenceError;
use crate::source::Span;

/// A mistake and where it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.kind.message(Language::En))]
pub struct PlanError {
    /// What is wrong.
    pub kind: PlanErrorKind,
    /// Where.
    pub span: Span,
}

/// A mistake in what a Dockerfile means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlanErrorKind {
    /// The file has no FROM.
    NoStage,
    /// An instruction other than ARG stands before the first FROM.
    BeforeFrom {
        /// The instruction.
        instruction: &'static str,
    },
    /// `--target` names no stage.
    NoTarget {
        /// The name as given.
        target: String,
        /// A near name.
        suggestion: Option<String>,
    },
    /// The image's name in FROM expands to nothing.
    BlankBase {
        /// The name as written.
        written: String,
    },
    /// The image's name is malformed.
    BadReference(ParseReferenceError),
    /// `--from=N` and there is no such stage.
    NoStageIndex {
        /// The number.
        index: String,
    },
    /// A stage copies from itself.
    CircularStage {
        /// The stage.
        stage: String,
    },
    /// A stage copies from a later one.
    LaterStage {
        /// The stage that is copied from.
        from: String,
    },
    /// A variable in `--from`.
    VariableInFrom,
    /// A word that cannot be expanded.
    Word(WordError),
    /// A URL as a source of COPY.
    UrlSource,
    /// Several sources, and the destination does not end in `/`.
    DestinationNotFolder {
        /// The destination.
        destination: String,
    },
    /// `--chmod` with something that is no mode.
    BadMode {
        /// The value.
        value: String,
    },
    /// A port that is none.
    BadPort {
        /// The word.
        port: String,
    },
    /// A protocol that is none.
    BadProtocol {
        /// The protocol.
        protocol: String,
    },
    /// A signal that is none.
    BadSignal {
        /// The word.
        signal: String,
    },
    /// An empty name.
    BlankName {
        /// The instruction.
        instruction: &'static str,
    },
}

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
        ko: "--target으로 지정한 스테이지 \"{target}\" 이(가) 없습니다",
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
        ko: "스테이지 {stage} 이(가) 자기 자신에서 복사합니다(circular dependency)",
    }
    later_stage(from: &str) {
        en: "cannot copy from stage \"{from}\", it needs to be defined before the current stage",
        ko: "스테이지 \"{from}\" 은(는) 지금 스테이지보다 앞에 있어야 복사할 수 있습니다",
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
        ko: "`{destination}/`라고 쓰세요",
    }
    bad_mode(value: &str) {
        en: "invalid chmod parameter: '{value}'. it should be octal string and between 0 and 07777",
        ko: "--chmod 값 '{value}' 이(가) 올바르지 않습니다. 0부터 07777까지의 8진수여야 합니다",
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
}

impl PlanErrorKind {
    /// Returns the sentence in a language.
    pub fn message(&self, language: Language) -> String {
        match self {
            Self::NoStage => no_stage(language),
            Self::BeforeFrom { instruction } => before_from(language, instruction),
            Self::NoTarget { target, .. } => no_target(language, target),
            Self::BlankBase { written } => blank_base(language, written),
            Self::BadReference(error) => error.message(language),
            Self::NoStageIndex { index } => no_stage_index(language, index),
            Self::CircularStage { stage } => circular(language, stage),
            Self::LaterStage { from } => later_stage(language, from),
            Self::VariableInFrom => variable_in_from(language),
            Self::Word(error) => error.message(language),
            Self::UrlSource => url_source(language),
            Self::DestinationNotFolder { destination } => {
                destination_not_folder(language, destination)
            }
            Self::BadMode { value } => bad_mode(language, value),
            Self::BadPort { port } => bad_port(language, port),
            Self::BadProtocol { protocol } => bad_protocol(language, protocol),
            Self::BadSignal { signal } => bad_signal(language, signal),
            Self::BlankName { instruction } => blank_name(language, instruction),
        }
    }

    /// Returns what to type instead, where that can be said.
    pub fn help(&self, language: Language) -> Option<String> {
        Some(match self {
            Self::NoStage | Self::BeforeFrom { .. } => before_from_help(language),
            Self::NoTarget { suggestion, .. } => did_you_mean(language, suggestion.as_deref()?),
            Self::BlankBase { .. } => blank_base_help(language),
            Self::BadReference(error) => error.help(language)?,
            Self::NoStageIndex { .. } => no_stage_index_help(language),
            Self::VariableInFrom => variable_in_from_help(language),
            Self::Word(error) => error.help(language)?,
            Self::UrlSource => url_source_help(language),
            Self::DestinationNotFolder { destination } => add_slash(language, destination),
            Self::BadPort { .. } => bad_port_help(language),
            Self::BadProtocol { .. } => bad_protocol_help(language),
            Self::BadSignal { .. } => bad_signal_help(language),
            _ => return None,
        })
    }

    /// Returns a stable name for machines.
    pub fn name(&self) -> &'static str {
        match self {
            Self::NoStage | Self::BeforeFrom { .. } => "no-stage",
            Self::NoTarget { .. } => "no-target",
            Self::BlankBase { .. } => "blank-base",
            Self::BadReference(_) => "bad-reference",
            Self::NoStageIndex { .. } => "no-stage-index",
            Self::CircularStage { .. } => "circular-stage",
            Self::LaterStage { .. } => "later-stage",
            Self::VariableInFrom => "variable-in-from",
            Self::Word(_) => "bad-word",
            Self::UrlSource => "url-source",
            Self::DestinationNotFolder { .. } => "destination-not-folder",
            Self::BadMode { .. } => "bad-mode",
            Self::BadPort { .. } => "bad-port",
            Self::BadProtocol { .. } => "bad-protocol",
            Self::BadSignal { .. } => "bad-signal",
            Self::BlankName { .. } => "blank-name",
        }
    }
}

impl PlanError {
    /// Makes an error about a place.
    pub fn new(kind: PlanErrorKind, span: Span) -> Self {
        Self { kind, span }
    }

    /// Returns the error as a diagnostic.
    pub fn diagnostic(&self, language: Language) -> Diagnostic {
        Diagnostic::error(self.kind.name(), self.kind.message(language), self.span)
            .with_help(self.kind.help(language))
    }
}
