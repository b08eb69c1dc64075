//! The one door to pest: `grammar/dockerfile.pest` compiled, and the escape token chosen.

use pest::Parser;
use pest::iterators::Pairs;

use super::typed::INSTRUCTIONS;

/// The grammar as code. pest makes `Rule`, one variant per rule.
#[derive(pest_derive::Parser)]
#[grammar = "../grammar/dockerfile.pest"]
struct Grammar;

/// Reads a text by an entry rule; none when it does not match.
pub(super) fn read(rule: Rule, text: &str) -> Option<Pairs<'_, Rule>> {
    // pest says what it expected by rule names; what the learner should know is said elsewhere.
    Grammar::parse(rule, text).ok()
}

/// Returns the entry rule for one instruction. Of a line that begins with another word not all 18 are
/// tried.
pub(super) fn instruction(name: &str, escape: char) -> Rule {
    match escape {
        _ if !INSTRUCTIONS.contains(&name) => Rule::instruction_unknown,
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
    fn every_rule_says_what_it_matches_with_an_example() {
        let text = include_str!("../../grammar/dockerfile.pest");
        let mut said = String::new();
        let mut rules = 0;
        for line in text.lines() {
            if let Some(words) = line.strip_prefix("///") {
                said.push_str(words);
                continue;
            }
            let name = line.split_whitespace().next().unwrap_or_default();
            let begins_a_rule = line.starts_with(|first: char| first.is_ascii_lowercase());
            if begins_a_rule {
                rules += 1;
                // An instruction's example begins with its name.
                let has_example = said.contains('"') || said.contains(&name.to_uppercase());
                assert!(has_example, "{name}: {said}");
            }
            said.clear();
        }
        assert!(rules > 80, "the grammar was read");
    }

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
