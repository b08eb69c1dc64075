//! "Did you mean": the known word nearest to a misspelt one.

/// The most letters that may be wrong; more is another word.
const FARTHEST: usize = 2;

/// Returns the nearest of some known words; none when all are far, or when the word is known.
///
/// ```
/// use strata::parser::nearest;
/// assert_eq!(nearest("biuld", ["base", "build"].into_iter()).as_deref(), Some("build"));
/// assert_eq!(nearest("xyz", ["base", "build"].into_iter()), None);
/// ```
pub fn nearest<'a>(typed: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    // A long word is no misspelling, and the distance is costly there.
    if typed.len() > 40 {
        return None;
    }
    let lower = typed.to_lowercase();
    // Of words equally near, one with two letters swapped is the likelier.
    let far = |word: &str| {
        let word = word.to_lowercase();
        (
            strsim::levenshtein(&lower, &word),
            strsim::osa_distance(&lower, &word),
        )
    };
    // With a distance of at least its length, a word has nothing in common with the other.
    let length = typed.chars().count();
    let farthest = FARTHEST.min(length.saturating_sub(1));
    let ((distance, _), word) = known
        .filter(|word| *word != typed && word.chars().count().abs_diff(length) <= farthest)
        .map(|word| (far(word), word))
        .min_by_key(|(far, _)| *far)?;
    (distance <= farthest).then(|| word.to_owned())
}

/// Returns the nearest of some known words in the case that was typed: `FORM` → `FROM`,
/// `form` → `from`.
pub(super) fn suggestion<'a>(typed: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let word = nearest(typed, known)?;
    Some(if typed == typed.to_lowercase() {
        word.to_lowercase()
    } else if typed == typed.to_uppercase() {
        word.to_uppercase()
    } else {
        word
    })
}

/// Words that people write for an instruction, and the one they mean.
const MEANT: [(&str, &str); 14] = [
    ("cd", "WORKDIR"),
    ("chdir", "WORKDIR"),
    ("command", "CMD"),
    ("directory", "WORKDIR"),
    ("endpoint", "ENTRYPOINT"),
    ("environment", "ENV"),
    ("exec", "RUN"),
    ("export", "ENV"),
    ("image", "FROM"),
    ("port", "EXPOSE"),
    ("ports", "EXPOSE"),
    ("pwd", "WORKDIR"),
    ("set", "ENV"),
    ("workingdir", "WORKDIR"),
];

/// Returns the instruction that a word stands for in the mind of its writer.
pub(super) fn meant(typed: &str) -> Option<&'static str> {
    let lower = typed.to_lowercase();
    let found = MEANT.iter().find(|(word, _)| *word == lower);
    found.map(|(_, instruction)| *instruction)
}

#[cfg(test)]
mod tests {
    use super::{meant, suggestion};

    fn instruction(typed: &str) -> Option<String> {
        suggestion(typed, ["COPY", "FROM", "RUN"].into_iter())
    }

    #[test]
    fn the_suggestion_has_the_case_that_was_typed() {
        assert_eq!(instruction("FORM").as_deref(), Some("FROM"));
        assert_eq!(instruction("form").as_deref(), Some("from"));
        assert_eq!(instruction("Form").as_deref(), Some("FROM"));
    }

    #[test]
    fn of_two_words_as_near_the_one_with_swapped_letters_is_meant() {
        assert_eq!(
            suggestion("RNU", ["ENV", "RUN"].into_iter()).as_deref(),
            Some("RUN")
        );
    }

    #[test]
    fn a_word_with_three_letters_wrong_gets_no_suggestion() {
        assert_eq!(instruction("FRXYZ"), None);
    }

    #[test]
    fn a_word_of_another_language_is_understood() {
        assert_eq!(meant("ENDPOINT"), Some("ENTRYPOINT"));
        assert_eq!(meant("ENDPOINTS"), None);
    }

    #[test]
    fn a_short_word_is_not_taken_for_one_it_shares_nothing_with() {
        assert_eq!(suggestion("x", ["id"].into_iter()), None);
    }
}
