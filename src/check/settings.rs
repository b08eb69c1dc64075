//! Which rules are judged: `# check=skip=A,B;error=true;experimental=C`, and the same from options.

use std::collections::BTreeSet;

use super::rule::Rule;
use crate::language::Language;
use crate::parser::nearest;

/// Stands for every rule.
const ALL: &str = "all";

/// What is said about rules.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// Names of rules that are silent; `all` for every one.
    pub skip: BTreeSet<String>,
    /// Names of experimental rules that are on; `all` for every one.
    pub experimental: BTreeSet<String>,
    /// Warnings count as errors.
    pub error: bool,
}

/// A setting that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OptionError {
    /// No such setting.
    Unknown {
        /// The piece between the semicolons, or its name.
        option: String,
        /// A near name.
        suggestion: Option<String>,
    },
    /// `error=` with something that is neither true nor false.
    NotBoolean {
        /// The value.
        value: String,
    },
}

crate::messages! {
    unknown(option: &str) {
        en: "invalid check option {option:?}",
        ko: "check 설정이 올바르지 않습니다(invalid check option): {option:?}",
    }
    unknown_near(option: &str, near: &str) {
        en: "invalid check option {option:?} (did you mean {near}?)",
        ko: "check 설정이 올바르지 않습니다(invalid check option): {option:?} (혹시 {near} 아닌가요?)",
    }
    not_boolean(value: &str) {
        en: "invalid check option \"error={value}\": true or false",
        ko: "check 설정이 올바르지 않습니다(invalid check option): \"error={value}\"",
    }
    form() {
        en: "write # check=skip=RULE,RULE;error=true, or skip=all; `check --explain` lists the rules",
        ko: "# check=skip=RULE,RULE;error=true 또는 skip=all로 쓰세요. 규칙은 `check --explain`에 있습니다",
    }
    true_or_false() {
        en: "write error=true or error=false",
        ko: "error=true 또는 error=false로 쓰세요",
    }
}

impl OptionError {
    /// Returns the sentence in a language.
    pub fn message(&self, language: Language) -> String {
        match self {
            Self::Unknown {
                option,
                suggestion: Some(near),
            } => unknown_near(language, option, near),
            Self::Unknown { option, .. } => unknown(language, option),
            Self::NotBoolean { value } => not_boolean(language, value),
        }
    }

    /// Returns what to type instead.
    pub fn help(&self, language: Language) -> String {
        match self {
            Self::Unknown { .. } => form(language),
            Self::NotBoolean { .. } => true_or_false(language),
        }
    }
}

impl Settings {
    /// Reads the value of a `check` directive.
    ///
    /// ```
    /// use strata::check::{Rule, Settings};
    /// let settings = Settings::parse("skip=StageNameCasing, UndefinedVar; error=true").unwrap();
    /// assert!(!settings.allows(Rule::UndefinedVar) && settings.error);
    /// assert!(Settings::parse("skp=all").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Self, OptionError> {
        let mut settings = Self::default();
        for piece in text.split(';').map(str::trim) {
            if piece.is_empty() {
                continue;
            }
            let (name, value) = match piece.split_once('=') {
                Some((name, value)) => (name.trim(), value.trim()),
                None => (piece, ""),
            };
            match name {
                "skip" if piece.contains('=') => settings.skip.extend(names(value)),
                "experimental" if piece.contains('=') => settings.experimental.extend(names(value)),
                "error" if piece.contains('=') => settings.error = boolean(value)?,
                _ => {
                    return Err(OptionError::Unknown {
                        option: name.to_owned(),
                        suggestion: nearest(name, ["skip", "error", "experimental"].into_iter()),
                    });
                }
            }
        }
        Ok(settings)
    }

    /// Adds what somebody else says.
    pub fn add(&mut self, other: &Self) {
        self.skip.extend(other.skip.iter().cloned());
        self.experimental.extend(other.experimental.iter().cloned());
        self.error |= other.error;
    }

    /// Tells whether a rule is judged.
    pub fn allows(&self, rule: Rule) -> bool {
        let has = |set: &BTreeSet<String>| set.contains(ALL) || set.contains(rule.name());
        !has(&self.skip) && (!rule.is_experimental() || has(&self.experimental))
    }

    /// Returns the names that no rule has.
    pub fn unknown(&self) -> impl Iterator<Item = &str> {
        let names = self.skip.iter().chain(&self.experimental);
        names
            .map(String::as_str)
            .filter(|name| *name != ALL && Rule::named(name).is_none())
    }
}

fn names(value: &str) -> impl Iterator<Item = String> + '_ {
    let names = value.split(',').map(str::trim);
    names.filter(|name| !name.is_empty()).map(str::to_owned)
}

/// Go's `strconv.ParseBool`.
fn boolean(value: &str) -> Result<bool, OptionError> {
    match value {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(OptionError::NotBoolean {
            value: value.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_rules_count_as_they_are_written() {
        let settings = Settings::parse("skip=stagenamecasing").unwrap();
        assert!(settings.allows(Rule::StageNameCasing));
        assert_eq!(settings.unknown().collect::<Vec<_>>(), ["stagenamecasing"]);
    }

    #[test]
    fn all_silences_every_rule_and_experimental_ones_have_to_be_asked_for() {
        let all = Settings::parse("skip=all").unwrap();
        assert!(!Rule::ALL.into_iter().any(|rule| all.allows(rule)));
        let rule = Rule::InvalidDefinitionDescription;
        assert!(!Settings::default().allows(rule));
        assert!(Settings::parse("experimental=all").unwrap().allows(rule));
    }

    #[test]
    fn what_is_no_setting_is_named() {
        let wrong = |text| Settings::parse(text).unwrap_err().message(Language::En);
        let message = "invalid check option \"skp\" (did you mean skip?)";
        assert_eq!(wrong("skp=all"), message);
        assert_eq!(wrong("skip"), "invalid check option \"skip\"");
        let message = "invalid check option \"error=maybe\": true or false";
        assert_eq!(wrong("error=maybe"), message);
    }
}
