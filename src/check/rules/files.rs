//! Paths: what a COPY cannot see, and a folder that depends on somebody else's.

use super::super::judge::Judge;
use super::super::note::Note;
use super::super::remark::Remark;
use super::Ignored;
use crate::parser::instruction::{Transfer, Word};
use crate::parser::{Instruction, Located};
use crate::plan::is_remote;
use crate::plan::scope::{Scope, join_path};

/// `CopyIgnoredFile`, and sources above the build context.
pub(super) fn sources(
    judge: &mut Judge<'_>,
    at: &Located<Instruction>,
    transfer: &Transfer,
    scope: &Scope,
    ignored: &Ignored,
) {
    for source in &transfer.sources {
        let Ok(expanded) = scope.expand(&source.text) else {
            continue;
        };
        let path = expanded.text;
        if is_remote(&path) {
            continue;
        }
        if leads_out(&path) {
            judge.note(at, source.span, Note::AboveContext { path: path.clone() });
        }
        if let Some(remark) = excluded(at, &path, ignored) {
            judge.warn(at, source.span, remark);
        }
    }
}

fn leads_out(path: &str) -> bool {
    let path = path.trim_start_matches('/');
    path == ".." || path.starts_with("../")
}

/// With `!` lines BuildKit does not judge: a file may be brought back below an excluded folder.
fn excluded(at: &Located<Instruction>, path: &str, ignored: &Ignored) -> Option<Remark> {
    let (file, ignore) = ignored.as_ref()?;
    let path = join_path("/", path).trim_start_matches('/').to_owned();
    if path.is_empty() || ignore.has_exceptions() {
        return None;
    }
    let decision = ignore.decide(&path);
    let rule = decision.rule.filter(|_| decision.ignored)?;
    Some(Remark::CopyIgnoredFile {
        instruction: at.value.name(),
        file: file.clone(),
        line: rule.line,
        pattern: rule.pattern.to_owned(),
        path,
    })
}

/// `WorkdirRelativePath`: the first WORKDIR of a stage and of the stages it is built from.
pub(super) fn workdir(
    judge: &mut Judge<'_>,
    at: &Located<Instruction>,
    path: &Word,
    scope: &Scope,
) {
    let Ok(expanded) = scope.expand(&path.text) else {
        return;
    };
    if !scope.own_workdir && !expanded.text.starts_with('/') {
        let remark = Remark::WorkdirRelativePath {
            path: expanded.text,
        };
        judge.warn(at, path.span, remark);
    }
}
