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

#[cfg(test)]
mod tests {
    use super::{Rule, read};

    #[test]
    fn white_space_is_what_unicode_says() {
        for character in (0..=0x3100)
            .filter_map(char::from_u32)
            .filter(|c| *c != '\n')
        {
            let line = format!("RUN{character}x");
            let words = read(Rule::marked_line, &line);
            assert!(
                words.is_some() || matches!(character, '"' | '\''),
                "{character:?}"
            );
            let comment = format!("{character}#c");
            let pairs = read(Rule::file, &comment).expect("every text is a file");
            let kinds: Vec<Rule> = pairs.flatten().map(|pair| pair.as_rule()).collect();
            let ignored = character.is_whitespace() || character == '#';
            assert_eq!(
                kinds.contains(&Rule::comment_line),
                ignored,
                "{character:?}"
            );
            let is_dark = kinds.contains(&Rule::logical_line);
            assert_eq!(is_dark, !ignored, "{character:?}");
        }
    }
}
