//! Knows text: a Dockerfile becomes typed instructions, every word with its place.
//!
//! Three steps, and a module or two for each:
//!
//! 1. **Lines.** The grammar's rule `file` finds directives, comments and logical lines; `lines`
//!    joins continuations and takes here-document bodies out; `places` remembers where it all stood.
//! 2. **Syntax.** Rule `instruction` cuts a logical line into flags, words, strings and pairs;
//!    `read` makes a [`syntax::Node`] of them, `form` decides what a PEG cannot. [`syntax()`] ends here.
//! 3. **Types.** `typed` checks flags and arguments and makes [`Instruction`]s; [`stage`] groups them.
//!    [`parse`] ends here.
//!
//! Beside the road: [`word`] expands `$variables` when the plan knows their values; `completeness`
//! and `highlight` serve a prompt; [`json`] and [`tree`] are the syntax for machines and for people.

mod completeness;
mod decode;
pub mod error;
mod file;
mod form;
mod format;
mod grammar;
mod help;
mod highlight;
pub mod instruction;
pub mod json;
mod lines;
pub mod lint;
mod message;
mod places;
#[cfg(test)]
mod properties;
mod read;
pub mod stage;
pub mod syntax;
pub mod tree;
mod typed;
pub mod word;

pub use completeness::{Completeness, Missing, completeness, completeness_in};
pub use decode::{NotText, decode, decode_strictly};
pub use error::{ParseError, ParseErrorKind};
pub use format::format;
pub use highlight::{Highlight, highlight, highlight_in};
pub use instruction::{Instruction, Located};
pub use lint::Warning;
pub use stage::{Dockerfile, Stage, StageName};
pub use typed::{INSTRUCTIONS, flags_of, nanoseconds, nearest};
pub use word::WordError;

use crate::source::Source;

/// Reads a Dockerfile without judging what it means: unknown instructions and flags are kept.
///
/// # Errors
///
/// All that are independent of each other, in the order of the text.
pub fn syntax(source: &Source) -> Result<syntax::File, Vec<ParseError>> {
    let reading = file::read(source);
    if reading.errors.is_empty() {
        Ok(reading.file)
    } else {
        Err(reading.errors)
    }
}

/// Reads a Dockerfile. Every instruction makes sense by itself; what they mean together is the
/// plan's.
///
/// ```
/// use strata::parser::{Instruction, parse};
/// use strata::source::Source;
///
/// let file = parse(&Source::new("Dockerfile", "FROM practice-os AS base\nRUN echo hi\n")).unwrap();
/// assert_eq!(file.stages[0].name.as_ref().unwrap().as_str(), "base");
/// assert!(matches!(file.instructions[1].value, Instruction::Run(_)));
/// ```
///
/// # Errors
///
/// All that are independent of each other, in the order of the text.
pub fn parse(source: &Source) -> Result<Dockerfile, Vec<ParseError>> {
    let (file, errors) = parse_all(source);
    if errors.is_empty() {
        Ok(file)
    } else {
        Err(errors)
    }
}

/// Reads a Dockerfile as far as it can be read: instructions with errors are left out.
pub fn parse_all(source: &Source) -> (Dockerfile, Vec<ParseError>) {
    stage::dockerfile(source)
}
