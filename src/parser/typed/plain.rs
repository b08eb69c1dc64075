//! Instructions that are only their words: ARG, ENV, LABEL, EXPOSE, VOLUME, SHELL, CMD, ENTRYPOINT,
//! and those of one text.

use super::NO_FLAGS;
use super::untyped::{Untyped, take_command, take_words};
use crate::parser::error::{ParseError, ParseErrorKind as Kind};
use crate::parser::instruction::Argument;
use crate::parser::syntax::{Arguments, Command, Pair, Word};
use crate::source::Span;

/// Gives an ARG its type.
pub(super) fn arg(untyped: Untyped) -> Result<Vec<Argument>, ParseError> {
    let keyword = untyped.keyword.span;
    let words = words(untyped, "ARG")?;
    let arguments = words.into_iter().map(|word| {
        let argument = argument(word);
        if argument.name.text.is_empty() {
            return Err(ParseError {
                kind: Kind::BlankName { instruction: "ARG" },
                span: argument.name.span,
                instruction: keyword,
            });
        }
        Ok(argument)
    });
    arguments.collect()
}

fn argument(word: Word) -> Argument {
    let Some((name, default)) = word.text.split_once('=') else {
        return Argument {
            name: word,
            default: None,
        };
    };
    let as_written = word.span.end - word.span.start == word.text.len();
    let middle = if as_written {
        word.span.start + name.len()
    } else {
        word.span.end
    };
    Argument {
        name: Word {
            text: name.to_owned(),
            span: Span::new(word.span.start, middle),
        },
        default: Some(Word {
            text: default.to_owned(),
            span: if as_written {
                Span::new(middle + 1, word.span.end)
            } else {
                word.span
            },
        }),
    }
}

/// Gives an ENV or LABEL its type.
pub(super) fn pairs(
    mut untyped: Untyped,
    instruction: &'static str,
) -> Result<Vec<Pair>, ParseError> {
    untyped.take_flags(NO_FLAGS)?;
    let Arguments::Pairs(pairs) = std::mem::replace(&mut untyped.arguments, Arguments::None) else {
        return Err(untyped.error_here(Kind::NeedsArguments { instruction }));
    };
    if let Some(blank) = pairs.iter().find(|pair| pair.key.text.is_empty()) {
        return Err(untyped.error(Kind::BlankName { instruction }, blank.key.span));
    }
    Ok(pairs)
}

/// Gives an instruction of words its type; one word at least.
pub(super) fn words(
    mut untyped: Untyped,
    instruction: &'static str,
) -> Result<Vec<Word>, ParseError> {
    let words = take_words(&mut untyped);
    if words.is_empty() {
        return Err(untyped.error_here(Kind::NeedsArguments { instruction }));
    }
    untyped.take_flags(NO_FLAGS)?;
    Ok(words)
}

/// Gives a VOLUME its type.
pub(super) fn volume(untyped: Untyped) -> Result<Vec<Word>, ParseError> {
    let keyword = untyped.keyword.span;
    let mut words = words(untyped, "VOLUME")?;
    for word in &mut words {
        word.text = word.text.trim().to_owned();
        if word.text.is_empty() {
            return Err(ParseError {
                kind: Kind::EmptyVolume,
                span: word.span,
                instruction: keyword,
            });
        }
    }
    Ok(words)
}

/// Gives a SHELL its type.
pub(super) fn shell(mut untyped: Untyped) -> Result<Vec<Word>, ParseError> {
    untyped.take_flags(NO_FLAGS)?;
    match std::mem::replace(&mut untyped.arguments, Arguments::None) {
        Arguments::Exec(words) if !words.is_empty() => Ok(words),
        Arguments::Shell(word) => Err(untyped.error(Kind::ShellNotJson, word.span)),
        _ => Err(untyped.error_here(Kind::NeedsArguments {
            instruction: "SHELL",
        })),
    }
}

/// Gives a CMD or ENTRYPOINT its type.
pub(super) fn command(mut untyped: Untyped) -> Result<Command, ParseError> {
    untyped.take_flags(NO_FLAGS)?;
    Ok(take_command(&mut untyped))
}

/// Takes the text of an instruction that is one text.
pub(super) fn one_text(
    untyped: &mut Untyped,
    instruction: &'static str,
) -> Result<Word, ParseError> {
    let Arguments::Text(text) = std::mem::replace(&mut untyped.arguments, Arguments::None) else {
        return Err(untyped.error_here(Kind::NeedsOneArgument { instruction }));
    };
    untyped.take_flags(NO_FLAGS)?;
    Ok(text)
}
