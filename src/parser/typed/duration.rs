//! Durations as Go writes them: `500ms`, `1m30s`, `1.5h`, `0`.

use std::time::Duration;

/// What a text is as a duration, in nanoseconds; negative ones are read so that they can be
/// refused by name. None for anything else.
pub fn parse(text: &str) -> Option<i128> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => (-1, &text[1..]),
        b'+' => (1, &text[1..]),
        _ => (1, text),
    };
    if digits == "0" {
        return Some(0);
    }
    let mut rest = digits;
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let (nanoseconds, after) = segment(rest)?;
        total = total.checked_add(nanoseconds)?;
        rest = after;
    }
    // Go keeps a duration in 64 bits.
    let fits = !digits.is_empty() && i64::try_from(total).is_ok();
    fits.then_some(sign * total)
}

/// Reads one number with its unit.
fn segment(text: &str) -> Option<(i128, &str)> {
    let whole_end = text.find(|c: char| !c.is_ascii_digit())?;
    let (whole, mut rest) = text.split_at(whole_end);
    let mut fraction = "";
    if let Some(after) = rest.strip_prefix('.') {
        let end = after.find(|c: char| !c.is_ascii_digit())?;
        (fraction, rest) = after.split_at(end);
    }
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let unit_end = rest
        .find(|c: char| c == '.' || c.is_ascii_digit())
        .unwrap_or(rest.len());
    let (unit, rest) = rest.split_at(unit_end);
    let unit: i128 = match unit {
        "ns" => 1,
        // U+00B5 and U+03BC are both typed as the micro sign.
        "us" | "\u{B5}s" | "\u{3BC}s" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    };
    let whole: i128 = if whole.is_empty() {
        0
    } else {
        whole.parse().ok()?
    };
    Some((whole.checked_mul(unit)? + fraction_of(fraction, unit), rest))
}

/// The digits behind the point, of a unit. More than fifteen make no difference to any unit.
fn fraction_of(digits: &str, unit: i128) -> i128 {
    let mut scale = 1;
    let mut value = 0;
    for digit in digits.bytes().take(15) {
        value = value * 10 + i128::from(digit - b'0');
        scale *= 10;
    }
    value * unit / scale
}

/// A non-negative number of nanoseconds as a duration.
pub(super) fn from_nanoseconds(nanoseconds: i128) -> Duration {
    Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn numbers_with_units_add_up() {
        assert_eq!(parse("1m30s"), Some(90_000_000_000));
        assert_eq!(parse("1.5h"), Some(5_400_000_000_000));
        assert_eq!(parse("500ms"), Some(500_000_000));
        assert_eq!(parse(".5us"), Some(500));
        assert_eq!(parse("0"), Some(0));
        assert_eq!(parse("-3s"), Some(-3_000_000_000));
    }

    #[test]
    fn a_number_without_a_unit_is_no_duration() {
        for text in ["5", "", "s", "1x", ".s", "1s2", "-", "99999999999h"] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
