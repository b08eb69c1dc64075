//! HEALTHCHECK: what an image's config and its history keep of it.

use std::time::Duration;

use super::settings::go_quoted;
use crate::layers::Healthcheck;
use crate::plan::HealthCheck;

/// Returns what stands in the config: times in nanoseconds.
pub fn config(check: &HealthCheck) -> Healthcheck {
    let nanoseconds = |time: Duration| i64::try_from(time.as_nanos()).unwrap_or(i64::MAX);
    Healthcheck {
        test: check.test.clone(),
        interval: nanoseconds(check.interval),
        timeout: nanoseconds(check.timeout),
        start_period: nanoseconds(check.start_period),
        start_interval: nanoseconds(check.start_interval),
        retries: i64::from(check.retries),
    }
}

/// Returns what stands in the history: `BuildKit` prints its struct with Go's `%q`, which makes the
/// number of retries a character.
pub fn quoted(check: &HealthCheck) -> String {
    let times = [
        check.interval,
        check.timeout,
        check.start_period,
        check.start_interval,
    ];
    let times: String = times
        .iter()
        .map(|time| format!(" {:?}", go_duration(*time)))
        .collect();
    let retries = go_character(check.retries);
    format!("&{{{}{times} {retries}}}", go_quoted(&check.test))
}

/// Writes a duration as Go does: `1m30s`, `1.5s`, `500ms`, `0s`.
fn go_duration(time: Duration) -> String {
    let nanoseconds = time.as_nanos();
    match nanoseconds {
        0 => "0s".to_owned(),
        1..1_000 => format!("{nanoseconds}ns"),
        1_000..1_000_000 => format!("{}µs", decimal(nanoseconds, 1_000)),
        1_000_000..1_000_000_000 => format!("{}ms", decimal(nanoseconds, 1_000_000)),
        _ => {
            let minutes = nanoseconds / 60_000_000_000;
            let seconds = decimal(nanoseconds % 60_000_000_000, 1_000_000_000);
            match (minutes / 60, minutes % 60) {
                (0, 0) => format!("{seconds}s"),
                (0, minutes) => format!("{minutes}m{seconds}s"),
                (hours, minutes) => format!("{hours}h{minutes}m{seconds}s"),
            }
        }
    }
}

/// Writes a number in a larger unit, without zeros at the end.
fn decimal(number: u128, unit: u128) -> String {
    let (whole, rest) = (number / unit, number % unit);
    if rest == 0 {
        return whole.to_string();
    }
    let width = unit.ilog10() as usize;
    let digits = format!("{rest:0width$}");
    format!("{whole}.{}", digits.trim_end_matches('0'))
}

/// Writes a number as Go's `%q` does: the character with that number, in single quotes.
fn go_character(number: u32) -> String {
    let text = match char::from_u32(number) {
        Some('\u{7}') => "\\a".to_owned(),
        Some('\u{8}') => "\\b".to_owned(),
        Some('\t') => "\\t".to_owned(),
        Some('\n') => "\\n".to_owned(),
        Some('\u{b}') => "\\v".to_owned(),
        Some('\u{c}') => "\\f".to_owned(),
        Some('\r') => "\\r".to_owned(),
        Some(quoted @ ('\'' | '\\')) => format!("\\{quoted}"),
        Some('\0'..'\u{20}' | '\u{7f}') => format!("\\x{number:02x}"),
        Some(other) if !other.is_control() => other.to_string(),
        Some(_) => format!("\\u{number:04x}"),
        None => char::REPLACEMENT_CHARACTER.to_string(),
    };
    format!("'{text}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_go_writes_them() {
        for (milliseconds, expected) in [
            (0, "0s"),
            (1, "1ms"),
            (1_500, "1.5s"),
            (30_000, "30s"),
            (60_000, "1m0s"),
            (90_250, "1m30.25s"),
            (3_600_000, "1h0m0s"),
        ] {
            assert_eq!(go_duration(Duration::from_millis(milliseconds)), expected);
        }
        assert_eq!(go_duration(Duration::from_micros(1_050)), "1.05ms");
        assert_eq!(go_duration(Duration::from_nanos(1_500)), "1.5µs");
    }

    #[test]
    fn retries_are_a_character() {
        for (retries, expected) in [
            (0, "'\\x00'"),
            (3, "'\\x03'"),
            (7, "'\\a'"),
            (10, "'\\n'"),
            (39, "'\\''"),
            (48, "'0'"),
            (0x85, "'\\u0085'"),
            (0xD800, "'\u{fffd}'"),
        ] {
            assert_eq!(go_character(retries), expected, "{retries}");
        }
    }

    #[test]
    fn the_history_shows_the_check_as_docker_does() {
        let check = HealthCheck {
            test: vec!["CMD-SHELL".into(), "curl -f \"x\"".into()],
            interval: Duration::from_secs(30),
            timeout: Duration::from_secs(3),
            start_period: Duration::ZERO,
            start_interval: Duration::ZERO,
            retries: 3,
        };
        let expected = r#"&{["CMD-SHELL" "curl -f \"x\""] "30s" "3s" "0s" "0s" '\x03'}"#;
        assert_eq!(quoted(&check), expected);
    }
}
