//! A report as JSON (machine-interface.md, 2): English, notes left out.

use serde::Serialize;

use super::Report;
use super::finding::Finding;
use crate::diagnostic::Severity;
use crate::language::Language;

/// What `check --json` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Json {
    /// Why the file is refused.
    pub errors: Vec<Error>,
    /// The build checks that fire.
    pub warnings: Vec<Warning>,
}

/// A mistake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Error {
    /// The line it names, from 1.
    pub line: usize,
    /// One sentence.
    pub message: String,
    /// A stable name, such as `unknown-flag`.
    pub kind: &'static str,
}

/// A build check that fires.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// BuildKit's name of the check.
    pub rule: &'static str,
    /// The line it names, from 1.
    pub line: usize,
    /// One sentence.
    pub message: String,
}

/// Returns a report as a value for machines.
pub fn json(report: &Report) -> Json {
    let error = |found: &Finding| Error {
        line: found.line,
        message: found.what.message(Language::En),
        kind: found.what.id(),
    };
    let warning = |found: &Finding| Warning {
        rule: found.what.id(),
        line: found.line,
        message: found.what.message(Language::En),
    };
    Json {
        errors: report.of(Severity::Error).map(error).collect(),
        warnings: report.of(Severity::Warning).map(warning).collect(),
    }
}
