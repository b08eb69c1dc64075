//! A report as SARIF 2.1.0, which editors and code hosts read.

use serde_json::{Value, json};

use super::Report;
use super::finding::{Finding, What};
use super::page;
use super::rule::Rule;
use crate::diagnostic::Severity;
use crate::language::Language;
use crate::source::{Position, Source};

/// Returns a report as a SARIF log with one run.
pub fn sarif(report: &Report, source: &Source, language: Language) -> Value {
    let results = report
        .findings
        .iter()
        .map(|found| result(found, source, language));
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "strata",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules(report, language),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results.collect::<Vec<_>>(),
        }]
    })
}

/// Returns where a finding begins and where it ends, from 1; the end is behind the last character.
pub(super) fn range(found: &Finding, source: &Source) -> (Position, Position) {
    let length = source.text().len();
    let start = source.position(found.span.start.min(length));
    let end = source.position(found.span.end.min(length));
    // A finding that names another line than its place's is told there, as in the JSON.
    if start.line == found.line || found.instruction.is_some() {
        return (start, end);
    }
    let line = source.line_span(found.line);
    (source.position(line.start), source.position(line.end))
}

fn result(found: &Finding, source: &Source, language: Language) -> Value {
    let (start, end) = range(found, source);
    let mut message = found.what.message(language);
    if let Some(help) = found.what.help(language) {
        message = format!("{message}\n{help}");
    }
    json!({
        "ruleId": found.what.id(),
        "level": level(found.what.severity()),
        "message": {"text": message},
        "locations": [{"physicalLocation": {
            "artifactLocation": {"uri": uri(source.name())},
            "region": {
                "startLine": start.line,
                "startColumn": start.column,
                "endLine": end.line,
                "endColumn": end.column,
            },
        }}],
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// Describes each rule that a result names, once.
fn rules(report: &Report, language: Language) -> Vec<Value> {
    let mut described: Vec<(&str, Value)> = Vec::new();
    for found in &report.findings {
        let id = found.what.id();
        if described.iter().any(|(known, _)| *known == id) {
            continue;
        }
        let mut rule =
            json!({"id": id, "defaultConfiguration": {"level": level(found.what.severity())}});
        if let What::Remark(remark) = &found.what {
            rule["fullDescription"] = json!({"text": why(remark.rule(), language)});
        }
        described.push((id, rule));
    }
    described.into_iter().map(|(_, rule)| rule).collect()
}

fn why(rule: Rule, language: Language) -> String {
    let page = page::page(rule);
    page.why(language).to_owned()
}

/// A path as a relative URI: what is no plain character is written in hexadecimal (RFC 3986).
fn uri(path: &str) -> String {
    let written = |byte: u8| {
        let is_plain = byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
        if is_plain {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    path.bytes().map(written).collect()
}
