//! A report as JSON (machine-interface.md, 2): English, notes left out.

use serde::{Serialize, Serializer};

use super::Report;
use super::finding::Finding;
use crate::diagnostic::Severity;
use crate::language::Language;

/// What `check --json` prints.
#[derive(Debug, Serialize)]
pub struct Json<'a> {
    #[serde(serialize_with = "errors")]
    errors: &'a Report,
    #[serde(serialize_with = "warnings")]
    warnings: &'a Report,
}

/// A mistake.
#[derive(Debug, Serialize)]
struct Error {
    /// The line it names, from 1.
    line: usize,
    message: String,
    /// A stable name, such as `unknown-flag`.
    kind: &'static str,
}

/// A build check that fires.
#[derive(Debug, Serialize)]
struct Warning {
    /// BuildKit's name of the check.
    rule: &'static str,
    /// The line it names, from 1.
    line: usize,
    message: String,
}

/// Returns a report as a value for machines.
pub fn json(report: &Report) -> Json<'_> {
    Json {
        errors: report,
        warnings: report,
    }
}

// All that is found in a large file is many times its size, and there may be much of it: so each is
// put into words when it is written.

fn errors<S: Serializer>(report: &Report, serializer: S) -> Result<S::Ok, S::Error> {
    let error = |found: &Finding| Error {
        line: found.line,
        message: found.what.message(Language::En),
        kind: found.what.id(),
    };
    serializer.collect_seq(report.of(Severity::Error).map(error))
}

fn warnings<S: Serializer>(report: &Report, serializer: S) -> Result<S::Ok, S::Error> {
    let warning = |found: &Finding| Warning {
        rule: found.what.id(),
        line: found.line,
        message: found.what.message(Language::En),
    };
    serializer.collect_seq(report.of(Severity::Warning).map(warning))
}
