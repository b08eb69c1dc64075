//! ONBUILD with a type: its trigger has one too.

use super::{NO_FLAGS, Untyped, instruction};
use crate::parser::error::{ParseError, ParseErrorKind as Kind};
use crate::parser::instruction::OnbuildInstruction;

/// Gives an ONBUILD its type.
pub(super) fn onbuild(mut untyped: Untyped) -> Result<OnbuildInstruction, ParseError> {
    let Some(trigger) = untyped.onbuild.take() else {
        return Err(untyped.error_here(Kind::NeedsArguments {
            instruction: "ONBUILD",
        }));
    };
    untyped.take_flags(NO_FLAGS)?;
    let mut trigger = *trigger;
    let forbidden = match trigger.name.as_str() {
        "ONBUILD" => Some(Kind::OnbuildChained),
        "FROM" => Some(Kind::OnbuildForbidden {
            instruction: "FROM",
        }),
        "MAINTAINER" => Some(Kind::OnbuildForbidden {
            instruction: "MAINTAINER",
        }),
        _ => None,
    };
    if let Some(kind) = forbidden {
        return Err(untyped.error(kind, trigger.keyword.span));
    }
    let text = trigger_text(&untyped);
    trigger.heredocs = std::mem::take(&mut untyped.heredocs);
    let trigger = instruction(trigger).map_err(|error| ParseError {
        instruction: untyped.keyword.span,
        ..error
    })?;
    Ok(OnbuildInstruction {
        trigger: Box::new(trigger),
        text,
    })
}

/// What an image's config stores: the line without ONBUILD, then the here-documents' bodies.
fn trigger_text(untyped: &Untyped) -> String {
    let line = untyped.original.trim_start();
    let line = line.get("ONBUILD".len()..).unwrap_or_default();
    let mut text = line.trim_start().to_owned();
    for heredoc in &untyped.heredocs {
        text.push('\n');
        text.push_str(&heredoc.content);
        text.push_str(&heredoc.name);
    }
    text
}
