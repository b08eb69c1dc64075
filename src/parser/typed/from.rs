//! FROM with a type.

use super::flags::{Known, Takes};
use super::untyped::{Untyped, take_words};
use crate::parser::error::{ParseError, ParseErrorKind as Kind};
use crate::parser::instruction::{FromInstruction, Named};
use crate::parser::stage::StageName;
use crate::parser::syntax::Word;

/// The flags of FROM.
pub(super) const FROM_FLAGS: Known = &[("platform", Takes::Value)];

/// Gives a FROM its type.
pub(super) fn from(mut untyped: Untyped) -> Result<FromInstruction, ParseError> {
    let words = take_words(&mut untyped);
    let (image, name) = match <[Word; 3]>::try_from(words) {
        Ok([image, keyword, typed]) if keyword.text.eq_ignore_ascii_case("as") => {
            (image, Some(named(&untyped, keyword, typed)?))
        }
        Ok(_) => return Err(untyped.error_here(Kind::FromArguments)),
        Err(words) => match <[Word; 1]>::try_from(words) {
            Ok([image]) => (image, None),
            Err(_) => return Err(untyped.error_here(Kind::FromArguments)),
        },
    };
    let flags = untyped.take_flags(FROM_FLAGS)?;
    Ok(FromInstruction {
        image,
        platform: flags.value("platform"),
        name,
    })
}

fn named(untyped: &Untyped, keyword: Word, typed: Word) -> Result<Named, ParseError> {
    let Some(name) = StageName::new(&typed.text) else {
        let name = typed.text;
        return Err(untyped.error(Kind::InvalidStageName { name }, typed.span));
    };
    Ok(Named {
        name,
        typed,
        keyword,
    })
}
