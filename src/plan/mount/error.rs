//! What can be wrong with a field of `RUN --mount` or `RUN --device`, with BuildKit's key words.

use crate::language::Language;

/// A field that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldError {
    /// `type=` with something that is no type of mount.
    UnknownType {
        /// The value.
        value: String,
        /// A near type.
        suggestion: Option<String>,
    },
    /// A key that no mount has.
    UnknownKey {
        /// The key.
        key: String,
        /// The whole field.
        field: String,
        /// A near key.
        suggestion: Option<String>,
    },
    /// A key that this type of mount does not have.
    KeyOfOtherType {
        /// The key.
        key: String,
        /// The type of the mount.
        kind: &'static str,
    },
    /// A key that needs a value and has none.
    NotAPair {
        /// The field.
        field: String,
    },
    /// A value that does not fit its key.
    BadValue {
        /// The key.
        key: String,
        /// The value.
        value: String,
        /// What fits.
        expected: &'static str,
    },
    /// `sharing=` with an unknown value.
    BadSharing {
        /// The value.
        value: String,
        /// A near value.
        suggestion: Option<String>,
    },
    /// `from=` with a variable.
    VariableInFrom,
    /// A secret that comes from a stage.
    SecretFrom,
    /// A secret that nothing names.
    SecretUnnamed,
    /// A mount over the whole root.
    RootTarget,
}

crate::messages! {
    unknown_type(value: &str) {
        en: "unsupported mount type {value:?}",
        ko: "그런 마운트 종류가 없습니다(unsupported mount type): {value:?}",
    }
    types_help() {
        en: "the types are bind, cache, tmpfs, secret and ssh",
        ko: "bind, cache, tmpfs, secret, ssh 가운데 하나를 쓰세요",
    }
    unknown_key(key: &str, field: &str) {
        en: "unexpected key '{key}' in '{field}'",
        ko: "알 수 없는 키입니다(unexpected key): '{field}'의 '{key}'",
    }
    did_you_mean(message: &str, word: &str) {
        en: "{message} (did you mean {word}?)",
        ko: "{message} (혹시 {word} 아닌가요?)",
    }
    write_key(word: &str) {
        en: "write {word}",
        ko: "이렇게 쓰세요: {word}",
    }
    keys_help() {
        en: "the keys are type, target, source, from, readonly, readwrite, id, sharing, size, mode, uid, gid, required and env",
        ko: "쓸 수 있는 키: type target source from readonly readwrite id sharing size mode uid gid required env",
    }
    key_of_other_type(key: &str, kind: &str) {
        en: "unexpected key '{key}' for mount type '{kind}'",
        ko: "'{kind}' 마운트에는 쓸 수 없는 키입니다(unexpected key): '{key}'",
    }
    leave_out(key: &str) {
        en: "leave {key} out, or choose another type=",
        ko: "{key} 키를 빼거나 다른 type=을 고르세요",
    }
    not_a_pair(field: &str) {
        en: "invalid field '{field}' must be a key=value pair",
        ko: "key=value 형식이어야 합니다(invalid field): '{field}'",
    }
    not_a_pair_help() {
        en: "separate fields by commas, without spaces: type=cache,target=/root/.cache",
        ko: "공백 없이 쉼표로만 나누세요: type=cache,target=/root/.cache",
    }
    bad_value(key: &str, value: &str) {
        en: "invalid value for {key}: {value}",
        ko: "{key}의 값이 올바르지 않습니다(invalid value): {value}",
    }
    expected_help(expected: &str) {
        en: "it takes {expected}",
        ko: "쓸 수 있는 값: {expected}",
    }
    bad_sharing(value: &str) {
        en: "unsupported sharing value {value:?}",
        ko: "sharing의 값이 올바르지 않습니다(unsupported sharing value): {value:?}",
    }
    sharing_help() {
        en: "one of shared, private, locked",
        ko: "shared, private, locked 가운데 하나를 쓰세요",
    }
    variable_in_from() {
        en: "'from' doesn't support variable expansion, define alias stage instead",
        ko: "'from'에는 변수를 쓸 수 없습니다. 대신 별칭 스테이지를 만드세요",
    }
    variable_in_from_help() {
        en: "`FROM $IMAGE AS source` with ARG IMAGE before the first FROM, then from=source",
        ko: "첫 FROM 앞에 ARG IMAGE를 두고 `FROM $IMAGE AS source`를 만든 뒤 from=source라고 쓰세요",
    }
    secret_from() {
        en: "secret mount should not have a from",
        ko: "secret 마운트에는 from을 쓸 수 없습니다",
    }
    secret_from_help() {
        en: "a secret comes from outside the build: id=NAME alone",
        ko: "secret은 빌드 밖에서 옵니다. id=NAME만 쓰세요",
    }
    secret_unnamed() {
        en: "invalid secret mount: one of id, source, target is required",
        ko: "secret 마운트에 이름이 없습니다: id, source, target 가운데 하나가 필요합니다",
    }
    secret_unnamed_help() {
        en: "write type=secret,id=NAME",
        ko: "type=secret,id=NAME이라고 쓰세요",
    }
    root_target() {
        en: "invalid mount target \"/\"",
        ko: "마운트할 자리로 \"/\"는 쓸 수 없습니다(invalid mount target)",
    }
    root_target_help() {
        en: "write target=/PATH; a path without / is relative to WORKDIR",
        ko: "target=/PATH라고 쓰세요. /로 시작하지 않으면 WORKDIR부터 셉니다",
    }
}

impl FieldError {
    /// Returns the sentence in a language.
    pub fn message(&self, language: Language) -> String {
        let near = |message: String, suggestion: &Option<String>| match suggestion {
            Some(word) => did_you_mean(language, &message, word),
            None => message,
        };
        match self {
            Self::UnknownType { value, suggestion } => {
                near(unknown_type(language, value), suggestion)
            }
            Self::UnknownKey {
                key,
                field,
                suggestion,
            } => near(unknown_key(language, key, field), suggestion),
            Self::KeyOfOtherType { key, kind } => key_of_other_type(language, key, kind),
            Self::NotAPair { field } => not_a_pair(language, field),
            Self::BadValue { key, value, .. } => bad_value(language, key, value),
            Self::BadSharing { value, suggestion } => {
                near(bad_sharing(language, value), suggestion)
            }
            Self::VariableInFrom => variable_in_from(language),
            Self::SecretFrom => secret_from(language),
            Self::SecretUnnamed => secret_unnamed(language),
            Self::RootTarget => root_target(language),
        }
    }

    /// Returns what to type instead.
    pub fn help(&self, language: Language) -> Option<String> {
        Some(match self {
            Self::UnknownType {
                suggestion: Some(word),
                ..
            } => write_key(language, &format!("type={word}")),
            Self::UnknownType { .. } => types_help(language),
            Self::UnknownKey {
                suggestion: Some(word),
                ..
            } => write_key(language, word),
            Self::UnknownKey { .. } => keys_help(language),
            Self::KeyOfOtherType { key, .. } => leave_out(language, key),
            Self::NotAPair { .. } => not_a_pair_help(language),
            Self::BadValue { expected, .. } => expected_help(language, expected),
            Self::BadSharing { .. } => sharing_help(language),
            Self::VariableInFrom => variable_in_from_help(language),
            Self::SecretFrom => secret_from_help(language),
            Self::SecretUnnamed => secret_unnamed_help(language),
            Self::RootTarget => root_target_help(language),
        })
    }
}
