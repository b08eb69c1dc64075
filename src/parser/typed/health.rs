//! HEALTHCHECK with a type: its durations and retries are numbers.

use std::time::Duration;

use super::flags::{Flags, Known, Takes};
use super::{Untyped, duration};
use crate::parser::error::{ParseError, ParseErrorKind as Kind};
use crate::parser::instruction::{Healthcheck, HealthcheckOptions};
use crate::parser::syntax::{Arguments, Command, Word};

/// The flags of HEALTHCHECK.
pub(super) const FLAGS: Known = &[
    ("interval", Takes::Value),
    ("timeout", Takes::Value),
    ("start-period", Takes::Value),
    ("start-interval", Takes::Value),
    ("retries", Takes::Value),
];

/// The shortest time between two checks, in nanoseconds: docker's `MinimumDuration`.
const SHORTEST: i128 = 1_000_000;

/// Gives a HEALTHCHECK its type.
pub(super) fn healthcheck(mut untyped: Untyped) -> Result<Healthcheck, ParseError> {
    let arguments = std::mem::replace(&mut untyped.arguments, Arguments::None);
    let Arguments::Check { kind, command } = arguments else {
        let instruction = "HEALTHCHECK";
        return Err(untyped.error_here(Kind::NeedsArguments { instruction }));
    };
    match (kind.text.to_uppercase().as_str(), command.map(|it| *it)) {
        ("NONE", None) => {
            untyped.take_flags(FLAGS)?;
            Ok(Healthcheck::Disabled)
        }
        ("NONE", Some(_)) => Err(untyped.error(Kind::HealthcheckNoneArguments, kind.span)),
        ("CMD", Some(command)) if !is_empty(&command) => {
            options(untyped, command).map(Healthcheck::Check)
        }
        ("CMD", _) => Err(untyped.error(Kind::HealthcheckNoCommand, kind.span)),
        (other, _) => {
            let name = other.to_owned();
            Err(untyped.error(Kind::HealthcheckType { kind: name }, kind.span))
        }
    }
}

fn is_empty(command: &Command) -> bool {
    matches!(command, Command::Exec(words) if words.is_empty())
}

fn options(mut untyped: Untyped, command: Command) -> Result<HealthcheckOptions, ParseError> {
    let flags = untyped.take_flags(FLAGS)?;
    let time = |flag| time(&untyped, &flags, flag);
    Ok(HealthcheckOptions {
        interval: time("interval")?,
        timeout: time("timeout")?,
        start_period: time("start-period")?,
        start_interval: time("start-interval")?,
        retries: retries(&untyped, flags.value("retries"))?,
        command,
    })
}

fn time(untyped: &Untyped, flags: &Flags, flag: &str) -> Result<Duration, ParseError> {
    let Some(word) = flags.value(flag) else {
        return Ok(Duration::ZERO);
    };
    let flag = flag.to_owned();
    let Some(nanoseconds) = duration::parse(&word.text) else {
        let value = word.text;
        return Err(untyped.error(Kind::InvalidDuration { flag, value }, word.span));
    };
    if nanoseconds != 0 && nanoseconds < SHORTEST {
        return Err(untyped.error(Kind::ShortInterval { flag }, word.span));
    }
    Ok(duration::from_nanoseconds(nanoseconds))
}

fn retries(untyped: &Untyped, word: Option<Word>) -> Result<u32, ParseError> {
    let Some(word) = word else {
        return Ok(0);
    };
    let value = word.text;
    // 32 bits with a sign, as in docker's API.
    let Ok(number) = value.parse::<i32>() else {
        return Err(untyped.error(Kind::InvalidRetries { value }, word.span));
    };
    u32::try_from(number).map_err(|_| untyped.error(Kind::NegativeRetries { value }, word.span))
}
