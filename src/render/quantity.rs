//! Sizes, durations and times as people read them.

use crate::language::Language;

/// Units of 1000, as docker's.
const UNITS: [&str; 7] = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
const SPOKEN_EN: [&str; 7] = [
    "bytes",
    "kilobytes",
    "megabytes",
    "gigabytes",
    "terabytes",
    "petabytes",
    "exabytes",
];
const SPOKEN_KO: [&str; 7] = [
    "바이트",
    "킬로바이트",
    "메가바이트",
    "기가바이트",
    "테라바이트",
    "페타바이트",
    "엑사바이트",
];

/// Returns a size as pictures show it.
///
/// ```
/// use strata::render::size;
/// assert_eq!(size(71), "71 B");
/// assert_eq!(size(1_048_576), "1.05 MB");
/// ```
pub fn size(bytes: u64) -> String {
    let (digits, unit) = three_digits(bytes);
    format!("{digits} {}", UNITS[unit])
}

/// Returns a size as docker's tables show it.
///
/// ```
/// assert_eq!(strata::render::docker_size(7_622_000), "7.62MB");
/// ```
pub fn docker_size(bytes: u64) -> String {
    let (digits, unit) = three_digits(bytes);
    format!("{digits}{}", UNITS[unit])
}

/// Returns a size in words, for screen readers.
pub fn spoken_size(language: Language, bytes: u64) -> String {
    let (digits, unit) = three_digits(bytes);
    match language {
        Language::En if bytes == 1 => "1 byte".to_owned(),
        Language::En => format!("{digits} {}", SPOKEN_EN[unit]),
        Language::Ko => format!("{digits}{}", SPOKEN_KO[unit]),
    }
}

/// Returns the three leading digits and the index of their unit.
fn three_digits(bytes: u64) -> (String, usize) {
    let bytes = u128::from(bytes);
    let mut unit = 0;
    let mut scale = 1;
    // 999.5 kB and more would round to 1000 kB, which is 1 MB.
    while bytes * 2 >= scale * 1999 && unit + 1 < UNITS.len() {
        unit += 1;
        scale *= 1000;
    }
    let rounded = |times: u128| (bytes * times * 2 + scale) / (scale * 2);
    let digits = match (rounded(100), rounded(10)) {
        (hundredths, _) if hundredths < 1000 => with_point(hundredths, 2),
        (_, tenths) if tenths < 1000 => with_point(tenths, 1),
        _ => rounded(1).to_string(),
    };
    (digits, unit)
}

/// Writes a number with a decimal point before its last digits, without zeros at the end.
fn with_point(number: u128, decimals: usize) -> String {
    let digits = format!("{number:0>width$}", width = decimals + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() {
        whole.to_owned()
    } else {
        format!("{whole}.{fraction}")
    }
}

/// Returns how long something took, in two or three digits.
///
/// ```
/// use strata::{language::Language, render::duration};
/// assert_eq!(duration(Language::En, 340), "340 ms");
/// assert_eq!(duration(Language::En, 1_240), "1.2 s");
/// assert_eq!(duration(Language::Ko, 125_000), "2분 5초");
/// ```
pub fn duration(language: Language, millis: u64) -> String {
    let tenths = with_point(u128::from((millis + 50) / 100), 1);
    let seconds = (millis + 500) / 1000;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match language {
        Language::En if millis < 1000 => format!("{millis} ms"),
        Language::En if millis < 59_950 => format!("{tenths} s"),
        Language::En if hours == 0 => format!("{minutes} min {seconds} s"),
        Language::En => format!("{hours} h {minutes} min"),
        Language::Ko if millis < 1000 => {
            // Korean has no short word for a millisecond; what took any time took a hundredth.
            let hundredths = ((millis + 5) / 10).max(millis.min(1));
            format!("{}초", with_point(u128::from(hundredths), 2))
        }
        Language::Ko if millis < 59_950 => format!("{tenths}초"),
        Language::Ko if hours == 0 => format!("{minutes}분 {seconds}초"),
        Language::Ko => format!("{hours}시간 {minutes}분"),
    }
}

/// Returns a span of time as docker says it: `2 minutes`, `About an hour`.
pub fn human_duration(language: Language, seconds: u64) -> String {
    let minutes = seconds / 60;
    // docker rounds hours, and cuts everything else.
    let hours = (seconds + 1800) / 3600;
    let (number, unit) = match (seconds, minutes, hours) {
        (0, ..) => return less_than_a_second(language),
        (..60, ..) => (seconds, Unit::Second),
        (_, 1, _) => return about_a_minute(language),
        (_, ..60, _) => (minutes, Unit::Minute),
        (.., 1) => return about_an_hour(language),
        (.., ..48) => (hours, Unit::Hour),
        (.., ..336) => (hours / 24, Unit::Day),
        (.., ..1440) => (hours / 24 / 7, Unit::Week),
        (.., ..17520) => (hours / 24 / 30, Unit::Month),
        _ => (hours / 24 / 365, Unit::Year),
    };
    unit.count(language, number)
}

/// Returns when something happened, both in seconds since the epoch: `2 minutes ago`.
///
/// ```
/// use strata::{language::Language, render::ago};
/// assert_eq!(ago(Language::En, 1000, 1120), "2 minutes ago");
/// assert_eq!(ago(Language::Ko, 1000, 1120), "2분 전");
/// ```
pub fn ago(language: Language, then: i64, now: i64) -> String {
    let seconds = u64::try_from(now.saturating_sub(then)).unwrap_or(0);
    since(language, &human_duration(language, seconds))
}

#[derive(Clone, Copy)]
enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

impl Unit {
    fn count(self, language: Language, number: u64) -> String {
        let (english, korean) = match self {
            Self::Second => ("second", "초"),
            Self::Minute => ("minute", "분"),
            Self::Hour => ("hour", "시간"),
            Self::Day => ("day", "일"),
            Self::Week => ("week", "주"),
            Self::Month => ("month", "개월"),
            Self::Year => ("year", "년"),
        };
        match (language, number) {
            (Language::En, 1) => format!("1 {english}"),
            (Language::En, _) => format!("{number} {english}s"),
            (Language::Ko, _) => format!("{number}{korean}"),
        }
    }
}

crate::messages! {
    less_than_a_second() { en: "Less than a second", ko: "1초 미만" }
    about_a_minute() { en: "About a minute", ko: "약 1분" }
    about_an_hour() { en: "About an hour", ko: "약 1시간" }
    since(span: &str) { en: "{span} ago", ko: "{span} 전" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_three_digits_and_dockers_units() {
        let cases = [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1 kB"),
            (1_500, "1.5 kB"),
            (1_983_000, "1.98 MB"),
            (9_996, "10 kB"),
            (104_857_600, "105 MB"),
            (999_499, "999 kB"),
            (999_500, "1 MB"),
            (u64::MAX, "18.4 EB"),
        ];
        for (bytes, shown) in cases {
            assert_eq!(size(bytes), shown);
        }
        assert_eq!(docker_size(0), "0B");
    }

    #[test]
    fn sizes_are_spoken_in_both_languages() {
        assert_eq!(spoken_size(Language::En, 1), "1 byte");
        assert_eq!(spoken_size(Language::En, 1_050_000), "1.05 megabytes");
        assert_eq!(spoken_size(Language::Ko, 1_050_000), "1.05메가바이트");
    }

    #[test]
    fn durations_read_well_at_every_length() {
        let english = |millis| duration(Language::En, millis);
        assert_eq!(
            [0, 999, 1000, 59_949].map(english),
            ["0 ms", "999 ms", "1 s", "59.9 s"]
        );
        assert_eq!(
            [59_950, 3_599_000].map(english),
            ["1 min 0 s", "59 min 59 s"]
        );
        assert_eq!(english(7_260_000), "2 h 1 min");
        assert_eq!(
            [0, 3, 340, 1_240].map(|millis| duration(Language::Ko, millis)),
            ["0초", "0.01초", "0.34초", "1.2초"]
        );
    }

    #[test]
    fn spans_are_dockers_words() {
        let cases = [
            (0, "Less than a second"),
            (1, "1 second"),
            (59, "59 seconds"),
            (60, "About a minute"),
            (120, "2 minutes"),
            (3_600, "About an hour"),
            (5_400, "2 hours"),
            (172_800, "2 days"),
            (1_209_600, "2 weeks"),
            (5_184_000, "2 months"),
            (63_072_000, "2 years"),
        ];
        for (seconds, words) in cases {
            assert_eq!(human_duration(Language::En, seconds), words, "{seconds}");
        }
    }

    #[test]
    fn a_clock_that_went_back_is_now() {
        assert_eq!(ago(Language::En, 10, 5), "Less than a second ago");
        assert_eq!(ago(Language::Ko, 0, 3600), "약 1시간 전");
    }
}
