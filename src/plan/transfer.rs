//! COPY and ADD: their words expanded and judged.

use super::error::{PlanError, PlanErrorKind};
use super::ignore::Ignore;
use super::mode::Mode;
use super::planner::expand;
use super::remote::{file_name, is_git, is_remote};
use super::repository::is_part_of_commit;
use super::scope::{Scope, join_path};
use super::stage_graph::copy_from;
use super::step::{AddStep, CopyFrom, CopyStep, InlineFile, LayerStep, StepKind};
use crate::parser::Dockerfile;
use crate::parser::instruction::{AddInstruction, CopyInstruction, Heredoc, Transfer, Word};

/// Plans a COPY.
pub(super) fn copy_step(
    file: &Dockerfile,
    stage: usize,
    copy: &CopyInstruction,
    scope: &Scope,
) -> Result<StepKind, PlanError> {
    let transfer = &copy.transfer;
    let from = match &copy.from {
        Some(from) => copy_from(file, stage, from)?,
        None => CopyFrom::Context,
    };
    for source in &transfer.sources {
        if is_remote(&expand(source, scope)?) {
            return Err(PlanError::new(PlanErrorKind::UrlSource, source.span));
        }
    }
    let mut step = expanded(transfer, scope, copy.parents)?;
    step.from = from;
    Ok(StepKind::Layer(LayerStep::Copy(step)))
}

/// Plans an ADD.
pub(super) fn add_step(add: &AddInstruction, scope: &Scope) -> Result<StepKind, PlanError> {
    let mut step = expanded(&add.transfer, scope, false)?;
    let mut only_add = AddStep {
        unpack: add.unpack,
        keep_git_dir: add.keep_git_dir && step.sources.iter().any(|source| is_git(source)),
        ..AddStep::default()
    };
    if let Some(word) = &add.checksum {
        read_checksum(add, &step, word, scope, &mut only_add)?;
    }
    for (source, word) in step.sources.iter().zip(&add.transfer.sources) {
        if is_remote(source) && is_nameless(source) && step.destination.ends_with('/') {
            let url = source.clone();
            return Err(PlanError::new(
                PlanErrorKind::NamelessUrl { url },
                word.span,
            ));
        }
    }
    step.add = Some(Box::new(only_add));
    Ok(StepKind::Layer(LayerStep::Copy(step)))
}

/// Tells whether a file is fetched that no name can be found for.
fn is_nameless(source: &str) -> bool {
    !is_git(source) && file_name(source).is_none()
}

/// Reads `--checksum`; that of a git repository is a commit and no digest.
fn read_checksum(
    add: &AddInstruction,
    step: &CopyStep,
    word: &Word,
    scope: &Scope,
    only_add: &mut AddStep,
) -> Result<(), PlanError> {
    let value = expand(word, scope)?;
    let error = |kind| Err(PlanError::new(kind, word.span));
    if step.sources.len() + add.transfer.heredocs.len() > 1 {
        return error(PlanErrorKind::ChecksumSources);
    }
    match step.sources.first() {
        Some(source) if is_git(source) => {
            let commit = value.to_ascii_lowercase();
            if !is_part_of_commit(&commit) {
                return error(PlanErrorKind::BadCommit { value });
            }
            only_add.commit = Some(commit);
        }
        Some(source) if is_remote(source) => match value.parse() {
            Ok(digest) => only_add.checksum = Some(digest),
            Err(_) => return error(PlanErrorKind::BadChecksum { value }),
        },
        _ => return error(PlanErrorKind::ChecksumNotRemote),
    }
    Ok(())
}

/// Works out what COPY and ADD share.
fn expanded(transfer: &Transfer, scope: &Scope, parents: bool) -> Result<CopyStep, PlanError> {
    let sources = transfer.sources.iter();
    let sources = sources.map(|word| expand(word, scope));
    let mut written = sources.collect::<Result<Vec<_>, _>>()?;
    let sources: Vec<String> = written.iter().map(|text| source(text, parents)).collect();
    written.push(expand(&transfer.destination, scope)?);
    let destination = destination(&written[sources.len()], scope);
    if sources.len() + transfer.heredocs.len() > 1 && !destination.ends_with('/') {
        let kind = PlanErrorKind::DestinationNotFolder {
            destination: transfer.destination.text.clone(),
        };
        return Err(PlanError::new(kind, transfer.destination.span));
    }
    let chown = transfer.chown.as_ref();
    let chmod = transfer.chmod.as_ref();
    let step = CopyStep {
        written,
        inline: inline_files(&transfer.heredocs, scope)?,
        chown: chown.map(|word| expand(word, scope)).transpose()?,
        chmod: chmod.map(|word| mode(word, scope)).transpose()?,
        link: transfer.link,
        parents,
        exclude: excluded(&transfer.exclude, scope)?,
        ..CopyStep::new(CopyFrom::Context, sources, destination)
    };
    match (&step.chown, chown) {
        (Some(owner), Some(word)) if step.link && !is_numbers(owner) => {
            let owner = owner.clone();
            Err(PlanError::new(
                PlanErrorKind::LinkOwner { owner },
                word.span,
            ))
        }
        _ => Ok(step),
    }
}

/// Expands the patterns of `--exclude` and sees that they can be read.
fn excluded(words: &[Word], scope: &Scope) -> Result<Vec<String>, PlanError> {
    let one = |word: &Word| {
        let pattern = expand(word, scope)?;
        let read = Ignore::from_patterns([pattern.as_str()]);
        read.map_err(|error| PlanError::new(PlanErrorKind::BadExclude(error), word.span))?;
        Ok(pattern)
    };
    words.iter().map(one).collect()
}

/// Tells whether `user[:group]` needs no passwd to be understood.
fn is_numbers(owner: &str) -> bool {
    let is_number = |part: &str| part.is_empty() || part.parse::<u32>().is_ok();
    owner.split(':').all(is_number)
}

fn inline_files(heredocs: &[Heredoc], scope: &Scope) -> Result<Vec<InlineFile>, PlanError> {
    let file = |heredoc: &Heredoc| {
        let mut content = heredoc.text();
        if heredoc.expand {
            content = scope
                .meter
                .expand_heredoc(&content, &|name| scope.get(name))
                .map_err(|e| PlanError::new(PlanErrorKind::Word(e), heredoc.body))?
                .text;
        }
        Ok(InlineFile {
            name: heredoc.name.clone(),
            content,
        })
    };
    heredocs.iter().map(file).collect()
}

/// Returns a source relative to its root: a leading `/` means the root, `..` ends there. With
/// `--parents` the first `/./` stays.
fn source(text: &str, parents: bool) -> String {
    if is_remote(text) {
        return text.to_owned();
    }
    let clean = |path: &str| join_path("/", path).trim_start_matches('/').to_owned();
    if parents && let Some((left, kept)) = text.split_once("/./") {
        let (left, kept) = (clean(left), clean(kept));
        return match (left.is_empty(), kept.is_empty()) {
            (true, _) => kept,
            (_, true) => left,
            _ => format!("{left}/./{kept}"),
        };
    }
    clean(text)
}

/// Returns an absolute destination; a trailing `/` (or `.`) stays, as it means a folder.
fn destination(text: &str, scope: &Scope) -> String {
    let path = join_path(&scope.workdir, text);
    let folder = text.ends_with('/') || matches!(text.rsplit('/').next(), Some("." | ".."));
    if folder && path != "/" {
        format!("{path}/")
    } else {
        path
    }
}

fn mode(word: &Word, scope: &Scope) -> Result<Mode, PlanError> {
    let value = expand(word, scope)?;
    let wrong = || {
        PlanError::new(
            PlanErrorKind::BadMode {
                value: value.clone(),
            },
            word.span,
        )
    };
    Mode::parse(&value).ok_or_else(wrong)
}
