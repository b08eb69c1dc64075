//! The same answers for machines. Reports are serde values already; this is how they are printed.

use serde::Serialize;

/// Returns a value as JSON over several lines, as `inspect` and `--json` print it, with a line end.
///
/// ```
/// let json = strata::render::json(&serde_json::json!({ "files": 2 }));
/// assert_eq!(json, "{\n  \"files\": 2\n}\n");
/// ```
pub fn json(value: &impl Serialize) -> String {
    to_string(value, serde_json::to_string_pretty)
}

/// Returns a value as JSON on one line, for lists of records one a line, with a line end.
///
/// ```
/// assert_eq!(strata::render::json_line(&[1, 2]), "[1,2]\n");
/// ```
pub fn json_line(value: &impl Serialize) -> String {
    to_string(value, serde_json::to_string)
}

fn to_string<T: Serialize>(value: &T, write: fn(&T) -> serde_json::Result<String>) -> String {
    let json = write(value).expect("strata's values have string keys, so they are always JSON");
    json + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::BuildReport;
    use crate::render::sample;

    #[test]
    fn a_report_survives_json() {
        for report in [sample::rebuilt(), sample::failed(), sample::stages()] {
            let read: BuildReport =
                serde_json::from_str(&json(&report)).expect("it was written by serde");
            assert_eq!(read, report);
        }
    }
}
