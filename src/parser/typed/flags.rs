//! The flags of an instruction, checked against the ones it has.

use super::suggest::suggestion;
use crate::parser::error::{ParseError, ParseErrorKind as Kind};
use crate::parser::syntax::{Flag, Word};
use crate::source::Span;

/// What a flag takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    /// `--link`, `--link=true`, `--link=false`.
    Boolean,
    /// `--from=x`, once.
    Value,
    /// `--exclude=x`, any number of times.
    Values,
}

/// The flags an instruction has.
pub(super) type Known = &'static [(&'static str, Takes)];

/// Flags of which each is known to fit its instruction.
pub(super) struct Flags {
    flags: Vec<Flag>,
}

impl Flags {
    /// Checks flags.
    pub fn new(flags: Vec<Flag>, known: Known, instruction: Span) -> Result<Self, ParseError> {
        for (place, flag) in flags.iter().enumerate() {
            check(flag, &flags[..place], known).map_err(|kind| ParseError {
                kind,
                span: flag.span,
                instruction,
            })?;
        }
        Ok(Self { flags })
    }

    /// Returns the value of a flag that stands once. An empty value counts as none, as in BuildKit.
    pub fn value(&self, name: &str) -> Option<Word> {
        self.values(name)
            .into_iter()
            .find(|word| !word.text.is_empty())
    }

    /// Returns the values of a flag, in order.
    pub fn values(&self, name: &str) -> Vec<Word> {
        let named = self.flags.iter().filter(|flag| flag.name() == name);
        named.filter_map(value_word).collect()
    }

    /// Returns whether a boolean flag is on; none when it is not there.
    pub fn boolean(&self, name: &str) -> Option<bool> {
        let flag = self.flags.iter().find(|flag| flag.name() == name)?;
        Some(
            flag.value()
                .is_none_or(|value| value.eq_ignore_ascii_case("true")),
        )
    }
}

fn check(flag: &Flag, earlier: &[Flag], known: Known) -> Result<(), Kind> {
    let name = flag.name().to_owned();
    let Some((_, takes)) = known.iter().find(|(known, _)| *known == name) else {
        let names = known.iter().map(|(name, _)| *name);
        return Err(Kind::UnknownFlag {
            suggestion: suggestion(&name, names.clone()),
            flag: name,
            known: names.collect(),
        });
    };
    if *takes != Takes::Values && earlier.iter().any(|other| other.name() == name) {
        return Err(Kind::DuplicateFlag { flag: name });
    }
    match (takes, flag.value()) {
        (Takes::Boolean, Some("")) | (Takes::Value | Takes::Values, None) => {
            Err(Kind::FlagWithoutValue { flag: name })
        }
        (Takes::Boolean, Some(value)) if !is_boolean(value) => {
            let value = value.to_owned();
            Err(Kind::FlagNotBoolean { flag: name, value })
        }
        _ => Ok(()),
    }
}

fn is_boolean(value: &str) -> bool {
    value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false")
}

/// The value and its bytes; where quotes were removed, the bytes of the whole flag.
fn value_word(flag: &Flag) -> Option<Word> {
    let value = flag.value()?;
    let as_written = flag.span.end - flag.span.start == flag.text.len();
    let start = if as_written {
        flag.span.end - value.len()
    } else {
        flag.span.start
    };
    Some(Word {
        text: value.to_owned(),
        span: Span::new(start, flag.span.end),
    })
}
