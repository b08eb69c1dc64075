//! COPY and ADD: their words expanded and judged.

use super::error::{PlanError, PlanErrorKind};
use super::planner::expand;
use super::scope::{Scope, join_path};
use super::settings::{self, Mode};
use super::stage_graph::copy_from;
use super::step::{CopyFrom, CopyStep, InlineFile, LayerStep, StepKind};
use crate::parser::Dockerfile;
use crate::parser::instruction::{AddInstruction, CopyInstruction, Heredoc, Transfer, Word};
use crate::parser::word;

/// What COPY and ADD share, worked out.
struct Expanded {
    sources: Vec<String>,
    inline: Vec<InlineFile>,
    destination: String,
    chown: Option<String>,
    chmod: Option<Mode>,
}

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
    let expanded = expanded(transfer, scope)?;
    let unsupported = [
        (transfer.link, "COPY --link"),
        (copy.parents, "COPY --parents"),
        (!transfer.exclude.is_empty(), "COPY --exclude"),
        (
            expanded.chmod == Some(Mode::Letters),
            "COPY --chmod with letters",
        ),
    ];
    if let Some((_, name)) = unsupported.iter().find(|(given, _)| *given) {
        return Ok(StepKind::Unsupported((*name).to_owned()));
    }
    Ok(StepKind::Layer(LayerStep::Copy(CopyStep {
        from,
        sources: expanded.sources,
        inline: expanded.inline,
        destination: expanded.destination,
        chown: expanded.chown,
        chmod: expanded.chmod.and_then(|mode| match mode {
            Mode::Bits(bits) => Some(bits),
            Mode::Letters => None,
        }),
    })))
}

/// Judges an ADD, which cannot be carried out yet.
pub(super) fn add_step(add: &AddInstruction, scope: &Scope) -> Result<StepKind, PlanError> {
    let transfer = &add.transfer;
    expanded(transfer, scope)?;
    if let Some(checksum) = &add.checksum {
        expand(checksum, scope)?;
        let error = |kind| Err(PlanError::new(kind, checksum.span));
        if transfer.sources.len() + transfer.heredocs.len() > 1 {
            return error(PlanErrorKind::ChecksumSources);
        }
        let first = transfer.sources.first();
        let source = first.map(|word| expand(word, scope)).transpose()?;
        if !source.is_some_and(|source| is_remote(&source)) {
            return error(PlanErrorKind::ChecksumNotRemote);
        }
    }
    Ok(StepKind::Unsupported("ADD".to_owned()))
}

fn expanded(transfer: &Transfer, scope: &Scope) -> Result<Expanded, PlanError> {
    let sources = transfer.sources.iter().map(|word| source(word, scope));
    let sources = sources.collect::<Result<Vec<_>, _>>()?;
    let destination = destination(&transfer.destination, scope)?;
    if sources.len() + transfer.heredocs.len() > 1 && !destination.ends_with('/') {
        let kind = PlanErrorKind::DestinationNotFolder {
            destination: transfer.destination.text.clone(),
        };
        return Err(PlanError::new(kind, transfer.destination.span));
    }
    let chown = transfer.chown.as_ref();
    let chmod = transfer.chmod.as_ref();
    for pattern in &transfer.exclude {
        expand(pattern, scope)?;
    }
    Ok(Expanded {
        sources,
        inline: inline_files(&transfer.heredocs, scope)?,
        destination,
        chown: chown.map(|word| expand(word, scope)).transpose()?,
        chmod: chmod.map(|word| mode(word, scope)).transpose()?,
    })
}

fn inline_files(heredocs: &[Heredoc], scope: &Scope) -> Result<Vec<InlineFile>, PlanError> {
    let file = |heredoc: &Heredoc| {
        let mut content = heredoc.text();
        if heredoc.expand {
            content = word::expand_heredoc(&content, &|name| scope.get(name))
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

/// Tells whether a source is fetched instead of copied.
pub fn is_remote(source: &str) -> bool {
    ["http://", "https://", "git://", "git@", "ssh://"]
        .iter()
        .any(|start| source.starts_with(start))
}

/// Returns a source relative to its root: a leading `/` means the root, `..` ends there.
fn source(word: &Word, scope: &Scope) -> Result<String, PlanError> {
    let source = expand(word, scope)?;
    if is_remote(&source) {
        return Ok(source);
    }
    Ok(join_path("/", &source).trim_start_matches('/').to_owned())
}

/// Returns an absolute destination; a trailing `/` (or `.`) stays, as it means a folder.
fn destination(word: &Word, scope: &Scope) -> Result<String, PlanError> {
    let text = expand(word, scope)?;
    let path = join_path(&scope.workdir, &text);
    let folder = text.ends_with('/') || matches!(text.rsplit('/').next(), Some("." | ".."));
    Ok(if folder && path != "/" {
        format!("{path}/")
    } else {
        path
    })
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
    settings::mode(&value).ok_or_else(wrong)
}
