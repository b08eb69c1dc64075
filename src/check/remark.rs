//! What the build checks say. Key words are BuildKit's, so that a search finds what others wrote.

use super::advice;
use super::rule::Rule;
use crate::language::Language;

/// A build check that fires, with what it names.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)] // The rules' pages and the sentences say what the fields are.
pub enum Remark {
    ConsistentInstructionCasing {
        word: String,
        upper: bool,
    },
    CopyIgnoredFile {
        instruction: &'static str,
        path: String,
        /// The ignore file, its line and the pattern.
        file: String,
        line: usize,
        pattern: String,
    },
    DuplicateStageName {
        name: String,
    },
    ExposeInvalidFormat {
        port: String,
        /// The word without what is the host's.
        meant: String,
    },
    ExposeProtoCasing {
        port: String,
    },
    FromAsCasing {
        from: String,
        keyword: String,
    },
    FromPlatformFlagConstDisallowed {
        platform: String,
    },
    InvalidBaseImagePlatform {
        image: String,
        found: String,
        expected: String,
    },
    InvalidDefaultArgInFrom {
        base: String,
    },
    InvalidDefinitionDescription {
        instruction: &'static str,
        name: String,
    },
    JsonArgsRecommended {
        instruction: &'static str,
        /// The JSON form of what is written, where that is sure.
        meant: Option<String>,
        /// It is written in brackets that are no JSON.
        almost: bool,
    },
    LegacyKeyValueFormat {
        instruction: &'static str,
        meant: String,
    },
    MaintainerDeprecated {
        name: String,
    },
    MultipleInstructionsDisallowed {
        instruction: &'static str,
    },
    NoEmptyContinuation,
    RedundantTargetPlatform {
        written: String,
    },
    ReservedStageName {
        name: String,
    },
    SecretsUsedInArgOrEnv {
        instruction: &'static str,
        key: String,
    },
    StageNameCasing {
        name: String,
    },
    UndefinedArgInFrom {
        name: String,
        suggestion: Option<String>,
    },
    UndefinedVar {
        name: String,
        suggestion: Option<String>,
        /// An ARG before the first FROM has this name.
        global: bool,
    },
    WorkdirRelativePath {
        path: String,
    },
}

crate::messages! {
    instruction_casing(word: &str, case: &str) {
        en: "Command '{word}' should match the case of the command majority ({case})",
        ko: "명령어 '{word}'의 대소문자가 파일의 다른 명령어({case})와 다릅니다",
    }
    copy_ignored(instruction: &str, path: &str, file: &str) {
        en: "Attempting to {instruction} file {path:?} that is excluded by {file}",
        ko: "{instruction} 명령이 쓰는 {path:?} 경로는 {file} 때문에 컨텍스트에서 빠집니다(excluded)",
    }
    duplicate_stage(name: &str) {
        en: "Duplicate stage name {name:?}, stage names should be unique",
        ko: "스테이지 이름이 또 나왔습니다(Duplicate stage name): {name:?}. 이름은 서로 달라야 합니다",
    }
    expose_format(port: &str) {
        en: "EXPOSE instruction should not define an IP address or host-port mapping, found '{port}'",
        ko: "EXPOSE에는 IP 주소나 호스트 포트를 쓰지 않습니다(host-port mapping): '{port}'",
    }
    expose_casing(port: &str) {
        en: "Defined protocol '{port}' in EXPOSE instruction should be lowercase",
        ko: "EXPOSE '{port}'의 프로토콜은 소문자로 써야 합니다(lowercase)",
    }
    from_as_casing(from: &str, keyword: &str) {
        en: "'{keyword}' and '{from}' keywords' casing do not match",
        ko: "두 낱말의 대소문자가 서로 다릅니다: '{keyword}', '{from}'",
    }
    const_platform(platform: &str) {
        en: "FROM --platform flag should not use constant value {platform:?}",
        ko: "FROM --platform에는 고정된 값(constant value)을 쓰지 않는 것이 좋습니다: {platform:?}",
    }
    base_platform(image: &str, found: &str, expected: &str) {
        en: "Base image {image} was pulled with platform {found:?}, expected {expected:?} for current build",
        ko: "베이스 이미지 {image}의 플랫폼은 {found:?}인데, 이 빌드에 필요한 플랫폼은 {expected:?}입니다",
    }
    default_arg(base: &str) {
        en: "Default value for ARG {base} results in empty or invalid base image name",
        ko: "ARG의 기본값만으로는 올바른 이미지 이름이 되지 않습니다(empty or invalid base image name): {base}",
    }
    definition(instruction: &str, name: &str) {
        en: "Comment for {instruction} should follow the format: `# {name} <description>`",
        ko: "{instruction} 앞의 주석은 `# {name} <설명>` 형식이어야 합니다",
    }
    json_recommended(instruction: &str) {
        en: "JSON arguments recommended for {instruction} to prevent unintended behavior related to OS signals",
        ko: "{instruction}에는 JSON 형식을 권합니다(JSON arguments recommended). 셸이 사이에 끼면 시그널이 프로그램에 닿지 않습니다",
    }
    legacy_pairs(instruction: &str) {
        en: "\"{instruction} key=value\" should be used instead of legacy \"{instruction} key value\" format",
        ko: "옛 형식 \"{instruction} key value\" 대신 \"{instruction} key=value\"를 쓰세요(legacy)",
    }
    maintainer() {
        en: "Maintainer instruction is deprecated in favor of using label",
        ko: "MAINTAINER는 더 이상 권하지 않습니다(deprecated). LABEL을 쓰세요",
    }
    multiple(instruction: &str) {
        en: "Multiple {instruction} instructions should not be used in the same stage because only the last one will be used",
        ko: "한 스테이지에 {instruction} 명령이 여러 개 있습니다(Multiple). 마지막 것만 쓰이므로 이것은 버려집니다",
    }
    empty_continuation() {
        en: "Empty continuation line",
        ko: "이어지는 명령 안에 빈 줄이 있습니다(Empty continuation line)",
    }
    redundant_platform(written: &str) {
        en: "Setting platform to predefined {written} in FROM is redundant as this is the default behavior",
        ko: "FROM에 {written} 플랫폼을 쓸 필요가 없습니다(redundant). 쓰지 않아도 그 플랫폼입니다",
    }
    reserved_stage(name: &str) {
        en: "Stage name should not use the same name as reserved stage {name:?}",
        ko: "이미 뜻이 정해진 이름이라 스테이지 이름으로 쓰지 않습니다(reserved): {name:?}",
    }
    secret(instruction: &str, key: &str) {
        en: "Do not use ARG or ENV instructions for sensitive data ({instruction} {key:?})",
        ko: "비밀 값에 ARG나 ENV를 쓰지 마세요({instruction} {key:?}). 이미지를 받는 누구나 읽을 수 있습니다",
    }
    stage_casing(name: &str) {
        en: "Stage name '{name}' should be lowercase",
        ko: "스테이지 이름은 소문자로 써야 합니다(lowercase): '{name}'",
    }
    undefined_arg(name: &str) {
        en: "FROM argument '{name}' is not declared",
        ko: "FROM의 변수가 선언되지 않았습니다(not declared): '{name}'",
    }
    undefined_var(name: &str) {
        en: "Usage of undefined variable '${name}'",
        ko: "정의되지 않은 변수를 썼습니다(undefined variable): '${name}'",
    }
    did_you_mean(message: &str, word: &str) {
        en: "{message} (did you mean {word}?)",
        ko: "{message} (혹시 {word} 아닌가요?)",
    }
    relative_workdir(path: &str) {
        en: "Relative workdir {path:?} can have unexpected results if the base image changes",
        ko: "WORKDIR에 상대 경로를 쓰면(Relative workdir) 베이스 이미지가 바뀔 때 다른 폴더가 될 수 있습니다: {path:?}",
    }
}

impl Remark {
    /// Returns the rule that fires.
    pub fn rule(&self) -> Rule {
        match self {
            Self::ConsistentInstructionCasing { .. } => Rule::ConsistentInstructionCasing,
            Self::CopyIgnoredFile { .. } => Rule::CopyIgnoredFile,
            Self::DuplicateStageName { .. } => Rule::DuplicateStageName,
            Self::ExposeInvalidFormat { .. } => Rule::ExposeInvalidFormat,
            Self::ExposeProtoCasing { .. } => Rule::ExposeProtoCasing,
            Self::FromAsCasing { .. } => Rule::FromAsCasing,
            Self::FromPlatformFlagConstDisallowed { .. } => Rule::FromPlatformFlagConstDisallowed,
            Self::InvalidBaseImagePlatform { .. } => Rule::InvalidBaseImagePlatform,
            Self::InvalidDefaultArgInFrom { .. } => Rule::InvalidDefaultArgInFrom,
            Self::InvalidDefinitionDescription { .. } => Rule::InvalidDefinitionDescription,
            Self::JsonArgsRecommended { .. } => Rule::JsonArgsRecommended,
            Self::LegacyKeyValueFormat { .. } => Rule::LegacyKeyValueFormat,
            Self::MaintainerDeprecated { .. } => Rule::MaintainerDeprecated,
            Self::MultipleInstructionsDisallowed { .. } => Rule::MultipleInstructionsDisallowed,
            Self::NoEmptyContinuation => Rule::NoEmptyContinuation,
            Self::RedundantTargetPlatform { .. } => Rule::RedundantTargetPlatform,
            Self::ReservedStageName { .. } => Rule::ReservedStageName,
            Self::SecretsUsedInArgOrEnv { .. } => Rule::SecretsUsedInArgOrEnv,
            Self::StageNameCasing { .. } => Rule::StageNameCasing,
            Self::UndefinedArgInFrom { .. } => Rule::UndefinedArgInFrom,
            Self::UndefinedVar { .. } => Rule::UndefinedVar,
            Self::WorkdirRelativePath { .. } => Rule::WorkdirRelativePath,
        }
    }

    /// Returns the sentence in a language.
    pub fn message(&self, language: Language) -> String {
        let near = |message: String, word: &Option<String>, sign: &str| match word {
            Some(word) => did_you_mean(language, &message, &format!("{sign}{word}")),
            None => message,
        };
        match self {
            Self::ConsistentInstructionCasing { word, upper } => {
                let case = if *upper { "uppercase" } else { "lowercase" };
                instruction_casing(language, word, case)
            }
            Self::CopyIgnoredFile {
                instruction,
                path,
                file,
                ..
            } => copy_ignored(language, instruction, path, file),
            Self::DuplicateStageName { name } => duplicate_stage(language, name),
            Self::ExposeInvalidFormat { port, .. } => expose_format(language, port),
            Self::ExposeProtoCasing { port } => expose_casing(language, port),
            Self::FromAsCasing { from, keyword } => from_as_casing(language, from, keyword),
            Self::FromPlatformFlagConstDisallowed { platform } => {
                const_platform(language, platform)
            }
            Self::InvalidBaseImagePlatform {
                image,
                found,
                expected,
            } => base_platform(language, image, found, expected),
            Self::InvalidDefaultArgInFrom { base } => default_arg(language, base),
            Self::InvalidDefinitionDescription { instruction, name } => {
                definition(language, instruction, name)
            }
            Self::JsonArgsRecommended { instruction, .. } => {
                json_recommended(language, instruction)
            }
            Self::LegacyKeyValueFormat { instruction, .. } => legacy_pairs(language, instruction),
            Self::MaintainerDeprecated { .. } => maintainer(language),
            Self::MultipleInstructionsDisallowed { instruction } => multiple(language, instruction),
            Self::NoEmptyContinuation => empty_continuation(language),
            Self::RedundantTargetPlatform { written } => redundant_platform(language, written),
            Self::ReservedStageName { name } => reserved_stage(language, name),
            Self::SecretsUsedInArgOrEnv { instruction, key } => secret(language, instruction, key),
            Self::StageNameCasing { name } => stage_casing(language, name),
            Self::UndefinedArgInFrom { name, suggestion } => {
                near(undefined_arg(language, name), suggestion, "")
            }
            Self::UndefinedVar {
                name, suggestion, ..
            } => near(undefined_var(language, name), suggestion, "$"),
            Self::WorkdirRelativePath { path } => relative_workdir(language, path),
        }
    }

    /// Returns what to type instead.
    pub fn help(&self, language: Language) -> String {
        advice::of(self, language)
    }
}
