//! The one door to pest: `grammar/dockerfile.pest` compiled, and the escape token chosen.

use pest::Parser;
use pest::iterators::Pairs;

/// The grammar as code. pest makes `Rule`, one variant per rule.
#[derive(pest_derive::Parser)]
#[grammar = "../grammar/dockerfile.pest"]
struct Grammar;

/// Reads a text by an entry rule; none when it does not match.
pub(super) fn read(rule: Rule, text: &str) -> Option<Pairs<'_, Rule>> {
    // pest says what it expected by rule names; what the learner should know is said elsewhere.
    Grammar::parse(rule, text).ok()
}

/// Returns the entry rule for one instruction.
pub(super) fn instruction(escape: char) -> Rule {
    match escape {
        '`' => Rule::instruction_backtick,
        _ => Rule::instruction_backslash,
    }
}

/// Returns the entry rule for the rest of a file.
pub(super) fn rest(escape: char) -> Rule {
    match escape {
        '`' => Rule::rest_backtick,
        _ => Rule::rest_backslash,
    }
}
