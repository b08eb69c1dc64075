//! What once was the way to write it.

use super::super::finding::{Finding, What};
use super::super::judge::Judge;
use super::super::remark::Remark;
use super::super::rule::Rule;
use crate::parser::instruction::{Pair, Word};
use crate::parser::{Instruction, Located, Warning, lint};
use crate::source::{Source, Span};

/// `LegacyKeyValueFormat`: `ENV key rest of the line`.
pub(super) fn pairs(
    judge: &mut Judge<'_>,
    at: &Located<Instruction>,
    instruction: &'static str,
    pairs: &[Pair],
) {
    for pair in pairs.iter().filter(|pair| pair.legacy) {
        let meant = meant(pair);
        let remark = Remark::LegacyKeyValueFormat { instruction, meant };
        judge.warn(at, pair.key.span.to(pair.value.span), remark);
    }
}

/// Returns `key=value` with quotes where the value needs them.
fn meant(pair: &Pair) -> String {
    let (key, value) = (&pair.key.text, &pair.value.text);
    let needs_quotes = value.contains(char::is_whitespace) && !value.contains('"');
    if needs_quotes {
        format!("{key}=\"{value}\"")
    } else {
        format!("{key}={value}")
    }
}

/// `MaintainerDeprecated`.
pub(super) fn maintainer(judge: &mut Judge<'_>, at: &Located<Instruction>, name: &Word) {
    let name = name.text.clone();
    judge.warn(at, at.keyword.span, Remark::MaintainerDeprecated { name });
}

/// `NoEmptyContinuation`: names the last line of the instruction, as BuildKit does, and points at the
/// empty line.
pub(super) fn empty_continuations(judge: &mut Judge<'_>) {
    let file = judge.file;
    let empty = |warning: &&Warning| warning.rule == lint::Rule::NoEmptyContinuation;
    for warning in file.warnings.iter().filter(empty) {
        let found = file
            .instructions
            .binary_search_by_key(&warning.span.start, |at| at.span.start);
        let at = found.ok().map(|index| &file.instructions[index]);
        let comments = at.map_or(&[][..], |at| &at.comments);
        if !judge.allows(Rule::NoEmptyContinuation, comments) {
            continue;
        }
        judge.findings.push(Finding {
            what: What::Remark(Remark::NoEmptyContinuation),
            span: empty_line(judge.source, warning.span),
            instruction: None,
            line: warning.line,
        });
    }
}

/// Returns the first empty line of an instruction.
fn empty_line(source: &Source, span: Span) -> Span {
    let lines = source.line(span.start)..=source.line(span.end);
    let spans = lines.map(|line| source.line_span(line));
    let mut empty = spans.filter(|line| source.slice(*line).trim().is_empty());
    empty.next().unwrap_or(span)
}
