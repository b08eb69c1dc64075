//! A time as docker's `--since` and `until=` have it: a moment, seconds since the epoch, or how long ago.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::parser::nanoseconds;

/// Reads `2026-05-01T12:00:00.5Z`, `2026-05-01T12:00` and `2026-05-01` (of this machine's time
/// zone), `1777636800.25` or `1h30m` before now.
pub fn moment(text: &str, now: Timestamp) -> Option<Timestamp> {
    if let Some(ago) = nanoseconds(text) {
        let ago = SignedDuration::from_nanos(i64::try_from(ago).ok()?);
        return now.checked_sub(ago).ok();
    }
    if let Some(moment) = of_epoch(text) {
        return Some(moment);
    }
    if let Ok(moment) = text.parse() {
        return Some(moment);
    }
    // jiff wants minutes, docker does not.
    let with_minutes = format!("{text}:00");
    let parsed = [text, &with_minutes]
        .iter()
        .find_map(|it| it.parse::<DateTime>().ok());
    let day = || text.parse::<Date>().ok().map(DateTime::from);
    let zoned = parsed.or_else(day)?.to_zoned(TimeZone::system()).ok()?;
    Some(zoned.timestamp())
}

fn of_epoch(text: &str) -> Option<Timestamp> {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let all_digits = fraction.len() <= 9 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let nanoseconds = format!("{fraction:0<9}")
        .parse()
        .ok()
        .filter(|_| all_digits)?;
    Timestamp::new(seconds.parse().ok()?, nanoseconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_in_each_of_dockers_forms() {
        let now: Timestamp = "2026-05-01T12:00:00Z".parse().unwrap();
        let found = |text: &str| moment(text, now).map(|it| it.to_string());
        for (text, expected) in [
            ("2026-04-30T23:59:59.5Z", Some("2026-04-30T23:59:59.5Z")),
            ("2026-05-01T12:00:00+09:00", Some("2026-05-01T03:00:00Z")),
            ("1777636800.25", Some("2026-05-01T12:00:00.25Z")),
            ("90m", Some("2026-05-01T10:30:00Z")),
            ("1h30m", Some("2026-05-01T10:30:00Z")),
            ("yesterday", None),
            ("", None),
            ("1.x", None),
        ] {
            assert_eq!(found(text).as_deref(), expected, "{text}");
        }
        for text in [
            "2026-05-01",
            "2026-05-01T10",
            "2026-05-01T10:20",
            "2026-05-01T10:20:30",
        ] {
            let zoned = moment(text, now).unwrap().to_zoned(TimeZone::system());
            assert!(zoned.datetime().to_string().starts_with(text), "{zoned}");
        }
    }
}
