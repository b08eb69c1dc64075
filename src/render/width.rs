//! How wide text is on a terminal, and cutting, padding and breaking it by that measure.
//!
//! A Hangul syllable takes two columns, a combining mark none. Terminals disagree about sequences
//! that are one sign made of several (families of emoji, skin tones), so [`clean`] takes the glue
//! out of them; after that the width of a string is the sum of the widths of its characters, which
//! every terminal agrees on.

use std::borrow::Cow;

use unicode_width::UnicodeWidthChar;

/// The mark of a text that was cut.
const CUT: char = '~';
const ZERO_WIDTH_JOINER: char = '\u{200d}';

/// Returns how many columns a character takes.
pub fn char_width(character: char) -> usize {
    UnicodeWidthChar::width(character).unwrap_or(0)
}

/// Returns how many columns a text takes that [`clean`] would leave as it is.
///
/// ```
/// use strata::render::width;
/// assert_eq!(width("RUN"), 3);
/// assert_eq!(width("단계"), 4);
/// assert_eq!(width("e\u{301}"), 1);
/// ```
pub fn width(text: &str) -> usize {
    if is_plain(text) {
        return text.len();
    }
    text.chars().map(char_width).sum()
}

/// Whether a text is nothing but visible ASCII and spaces, as most of what tables show.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// Returns the text as it may safely be shown: control characters could move the cursor or recolour
/// the screen, direction overrides could show other words than those that are run.
///
/// Line ends and tabs become spaces, other such characters `?`.
pub fn clean(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut wide_before = false;
    for character in text.chars() {
        match character {
            '\n' | '\t' | '\r' => shown.push(' '),
            '\u{fe00}'..='\u{fe0f}' => {}
            ZERO_WIDTH_JOINER | '\u{1f3fb}'..='\u{1f3ff}' if wide_before => {}
            _ if is_unsafe(character) => shown.push('?'),
            _ => shown.push(character),
        }
        if char_width(character) > 0 {
            wide_before = char_width(character) == 2;
        }
    }
    Cow::Owned(shown)
}

fn is_unsafe(character: char) -> bool {
    let direction = matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let separator = matches!(character, '\u{2028}' | '\u{2029}');
    character.is_control() || direction || separator
}

/// Returns the longest beginning of a text that fits, and the rest. Marks stay with their base.
pub fn split_at_width(text: &str, columns: usize) -> (&str, &str) {
    let mut used = 0;
    for (offset, character) in text.char_indices() {
        used += char_width(character);
        if used > columns {
            return text.split_at(offset);
        }
    }
    (text, "")
}

/// Cuts a text from the right, with `~` in the last column, if it is too wide.
///
/// ```
/// use strata::render::cut;
/// assert_eq!(cut("RUN npm install", 8), "RUN npm~");
/// assert_eq!(cut("단계들", 5), "단계~");
/// ```
pub fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    if columns == 0 {
        return String::new();
    }
    format!("{}{CUT}", split_at_width(text, columns - 1).0)
}

/// Cuts a text from the left, for paths, whose end says the most.
///
/// ```
/// use strata::render::cut_left;
/// assert_eq!(cut_left("src/app/server.js", 10), "~server.js");
/// ```
pub fn cut_left(text: &str, columns: usize) -> String {
    let all = width(text);
    if all <= columns {
        return text.to_owned();
    }
    if columns == 0 {
        return String::new();
    }
    let mut left = all + 1 - columns;
    let kept = text.trim_start_matches(|character| {
        let goes = left > 0 || char_width(character) == 0;
        left = left.saturating_sub(char_width(character));
        goes
    });
    format!("{CUT}{kept}")
}

/// Adds spaces on the right up to a width.
///
/// ```
/// assert_eq!(strata::render::pad_right("단계", 6), "단계  ");
/// ```
pub fn pad_right(text: &str, columns: usize) -> String {
    format!("{text}{}", spaces(columns, text))
}

/// Adds spaces on the left up to a width, for numbers.
pub fn pad_left(text: &str, columns: usize) -> String {
    format!("{}{text}", spaces(columns, text))
}

fn spaces(columns: usize, text: &str) -> String {
    " ".repeat(columns.saturating_sub(width(text)))
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::*;

    const FAMILY: &str = "👨\u{200d}👩\u{200d}👧";

    #[test]
    fn cleaned_text_has_one_width_for_every_terminal() {
        for text in [
            FAMILY,
            "👍🏽 ok",
            "❤\u{fe0f}",
            "1\u{fe0f}\u{20e3}",
            "e\u{301}",
            "한\u{301}글",
        ] {
            let shown = clean(text);
            assert_eq!(width(&shown), UnicodeWidthStr::width(&*shown), "{text}");
        }
    }

    #[test]
    fn cleaning_disarms_control_characters() {
        assert_eq!(clean("a\x1b[2Jb\tc\u{202e}d\u{9b}"), "a?[2Jb c?d?");
    }

    #[test]
    fn cutting_keeps_marks_with_their_base() {
        assert_eq!(cut("e\u{301}e\u{301}e\u{301}", 2), "e\u{301}~");
        assert_eq!(cut_left("e\u{301}abc", 3), "~bc");
        assert_eq!(cut_left("단계abc", 5), "~abc");
        assert_eq!(cut("abc", 0), "");
    }

    #[test]
    fn padding_counts_columns() {
        assert_eq!(pad_left("크기", 6), "  크기");
        assert_eq!(pad_right("e\u{301}", 3), "e\u{301}  ");
        assert_eq!(pad_right("longer", 3), "longer");
    }
}
