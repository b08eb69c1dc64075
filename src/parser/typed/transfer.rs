//! COPY and ADD with a type.

use super::flags::{Flags, Known, Takes};
use super::untyped::{Untyped, take_words};
use crate::parser::error::{ParseError, ParseErrorKind as Kind};
use crate::parser::instruction::{AddInstruction, CopyInstruction, Transfer};
use crate::parser::syntax::{Heredoc, Word};
use crate::source::Span;

/// The flags of COPY.
pub(super) const COPY_FLAGS: Known = &[
    ("from", Takes::Value),
    ("chown", Takes::Value),
    ("chmod", Takes::Value),
    ("link", Takes::Boolean),
    ("parents", Takes::Boolean),
    ("exclude", Takes::Values),
];
/// The flags of ADD.
pub(super) const ADD_FLAGS: Known = &[
    ("checksum", Takes::Value),
    ("chown", Takes::Value),
    ("chmod", Takes::Value),
    ("link", Takes::Boolean),
    ("keep-git-dir", Takes::Boolean),
    ("unpack", Takes::Boolean),
    ("exclude", Takes::Values),
];

/// Gives a COPY its type.
pub(super) fn copy(mut untyped: Untyped) -> Result<CopyInstruction, ParseError> {
    let words = sources_and_destination(&mut untyped, "COPY")?;
    let flags = untyped.take_flags(COPY_FLAGS)?;
    let from = flags.value("from");
    if let Some(from) = &from
        && from.text.contains('$')
    {
        return Err(untyped.error(Kind::VariableInFrom, from.span));
    }
    let is_url =
        |word: &&Word| word.text.starts_with("http://") || word.text.starts_with("https://");
    if let Some(url) = words.0.iter().find(is_url) {
        return Err(untyped.error(Kind::UrlSource, url.span));
    }
    Ok(CopyInstruction {
        from,
        parents: flags.boolean("parents").unwrap_or(false),
        transfer: transfer(words, untyped.heredocs, &flags),
    })
}

/// Gives an ADD its type.
pub(super) fn add(mut untyped: Untyped) -> Result<AddInstruction, ParseError> {
    let words = sources_and_destination(&mut untyped, "ADD")?;
    let flags = untyped.take_flags(ADD_FLAGS)?;
    Ok(AddInstruction {
        checksum: flags.value("checksum"),
        keep_git_dir: flags.boolean("keep-git-dir").unwrap_or(false),
        unpack: flags.boolean("unpack"),
        transfer: transfer(words, untyped.heredocs, &flags),
    })
}

/// Splits the words of COPY and ADD, here-document markers left out.
fn sources_and_destination(
    untyped: &mut Untyped,
    instruction: &'static str,
) -> Result<(Vec<Word>, Word), ParseError> {
    let mut words = take_words(untyped);
    if words.len() < 2 {
        let one = words.len() == 1;
        return Err(untyped.error_here(Kind::NoDestination { instruction, one }));
    }
    let heredocs = &untyped.heredocs;
    let is_marker = |word: &Word| {
        let inside = |marker: Span| marker.start <= word.span.start && word.span.end <= marker.end;
        heredocs.iter().any(|heredoc| inside(heredoc.marker))
    };
    let last = words.pop().expect("there are at least two");
    if is_marker(&last) {
        return Err(untyped.error(Kind::HeredocDestination { instruction }, last.span));
    }
    words.retain(|word| !is_marker(word));
    Ok((words, last))
}

fn transfer(words: (Vec<Word>, Word), heredocs: Vec<Heredoc>, flags: &Flags) -> Transfer {
    let (sources, destination) = words;
    Transfer {
        sources,
        heredocs,
        destination,
        chown: flags.value("chown"),
        chmod: flags.value("chmod"),
        link: flags.boolean("link").unwrap_or(false),
        exclude: flags.values("exclude"),
    }
}
