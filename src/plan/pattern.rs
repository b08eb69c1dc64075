//! Patterns in COPY and ADD sources: Go's `filepath.Match`, segment by segment.
//!
//! | written | matches |
//! | --- | --- |
//! | `*` | any text without `/`, also none |
//! | `?` | one character other than `/` |
//! | `[a-z]` `[^a-z]` | one character of these, or none of these |
//! | `\x` | the character x |

/// A pattern, compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    segments: Vec<Segment>,
}

/// One segment of a pattern, for walking a tree with: a folder that its segment does not match
/// need not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    tokens: Vec<Token>,
}

/// A pattern that cannot be read: an open or empty `[`, a lone `\` at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("syntax error in pattern")]
pub struct BadPattern;

/// What one place of a pattern matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Exactly(char),
    One,
    Many,
    Class(Class),
}

/// `[...]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Class {
    negated: bool,
    ranges: Vec<(char, char)>,
}

impl Pattern {
    /// Compiles a pattern.
    ///
    /// ```
    /// use strata::plan::pattern::Pattern;
    /// let pattern = Pattern::new("src/*.[ch]").unwrap();
    /// assert!(pattern.matches("src/main.c"));
    /// assert!(!pattern.matches("src/deep/main.c"));
    /// ```
    pub fn new(pattern: &str) -> Result<Self, BadPattern> {
        let tokens = tokens(pattern)?;
        let segments = tokens.split(|token| *token == Token::Exactly('/'));
        Ok(Self {
            segments: segments
                .map(|tokens| Segment {
                    tokens: tokens.to_vec(),
                })
                .collect(),
        })
    }

    /// Returns whether the whole of a path matches. `*`, `?` and `[]` never match a `/`.
    pub fn matches(&self, path: &str) -> bool {
        let mut names = path.split('/');
        let all_match = self
            .segments
            .iter()
            .all(|segment| names.next().is_some_and(|name| segment.matches(name)));
        all_match && names.next().is_none()
    }

    /// Returns the segments, first folder first.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Returns whether a text has a character that means something in a pattern.
    pub fn is_pattern(text: &str) -> bool {
        text.contains(['*', '?', '[', '\\'])
    }
}

impl Segment {
    /// Returns whether a name without `/` matches.
    pub fn matches(&self, name: &str) -> bool {
        let text: Vec<char> = name.chars().collect();
        let (mut token, mut at) = (0, 0);
        // Where to go on when a later place does not fit: behind the last `*`, one character on.
        let mut retry = None;
        loop {
            match self.tokens.get(token) {
                Some(Token::Many) => {
                    retry = Some((token + 1, at + 1));
                    token += 1;
                    continue;
                }
                Some(wanted) if text.get(at).is_some_and(|c| wanted.fits(*c)) => {
                    token += 1;
                    at += 1;
                    continue;
                }
                None if at == text.len() => return true,
                _ => {}
            }
            match retry {
                Some((after, next)) if next <= text.len() => {
                    retry = Some((after, next + 1));
                    (token, at) = (after, next);
                }
                _ => return false,
            }
        }
    }

    /// Returns the only name it matches, where it has no wildcard.
    pub fn literal(&self) -> Option<String> {
        let characters = self.tokens.iter().map(|token| match token {
            Token::Exactly(character) => Some(*character),
            _ => None,
        });
        characters.collect()
    }
}

impl Token {
    /// Returns whether one character fits; a `*` is not about one character.
    pub fn fits(&self, character: char) -> bool {
        match self {
            Self::Exactly(wanted) => *wanted == character,
            Self::One => character != '/',
            Self::Many => false,
            Self::Class(class) => character != '/' && class.fits(character),
        }
    }
}

impl Class {
    fn fits(&self, character: char) -> bool {
        let inside = self
            .ranges
            .iter()
            .any(|(low, high)| (*low..=*high).contains(&character));
        inside != self.negated
    }
}

/// Reads a pattern.
pub(super) fn tokens(pattern: &str) -> Result<Vec<Token>, BadPattern> {
    let mut tokens = Vec::with_capacity(pattern.len());
    let mut characters = pattern.chars().peekable();
    while let Some(character) = characters.next() {
        tokens.push(match character {
            '*' => Token::Many,
            '?' => Token::One,
            '\\' => Token::Exactly(characters.next().ok_or(BadPattern)?),
            '[' => Token::Class(class(&mut characters)?),
            other => Token::Exactly(other),
        });
    }
    Ok(tokens)
}

type Characters<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// Reads a class behind its `[`. It has at least one range, and `-` and `]` in it are escaped.
fn class(characters: &mut Characters<'_>) -> Result<Class, BadPattern> {
    let negated = characters.next_if_eq(&'^').is_some();
    let mut ranges = Vec::new();
    while ranges.is_empty() || characters.next_if_eq(&']').is_none() {
        let low = class_character(characters)?;
        let high = match characters.next_if_eq(&'-') {
            Some(_) => class_character(characters)?,
            None => low,
        };
        ranges.push((low, high));
    }
    Ok(Class { negated, ranges })
}

fn class_character(characters: &mut Characters<'_>) -> Result<char, BadPattern> {
    match characters.next() {
        None | Some('-' | ']') => Err(BadPattern),
        Some('\\') => characters.next().ok_or(BadPattern),
        Some(other) => Ok(other),
    }
}

#[cfg(test)]
mod tests {
    use super::{BadPattern, Pattern};

    #[track_caller]
    fn check(pattern: &str, path: &str, expected: bool) {
        let matches = Pattern::new(pattern).map(|pattern| pattern.matches(path));
        assert_eq!(matches, Ok(expected), "{pattern} {path}");
    }

    #[test]
    fn stars_and_question_marks_stay_within_a_segment() {
        check("*", "abc", true);
        check("*", "a/b", false);
        check("a*b*c", "aXbXbc", true);
        check("a*b*c", "aXbXb", false);
        check("*c", "abcc", true);
        check("a?b", "a/b", false);
        check("a?b", "a한b", true);
        check("a/*/c", "a/b/c", true);
        check("a/*/c", "a/c", false);
        check("", "", true);
        check("*", "", true);
    }

    #[test]
    fn classes_match_one_character() {
        check("[a-c]x", "bx", true);
        check("[^a-c]x", "bx", false);
        check("[^a-c]x", "dx", true);
        check("[\\]a]", "]", true);
        check("[a\\-c]", "-", true);
        check("a[^b]c", "a/c", false);
    }

    #[test]
    fn a_backslash_takes_the_meaning_away() {
        check("\\*", "*", true);
        check("\\*", "a", false);
        assert_eq!(
            Pattern::new("a\\*b").unwrap().segments()[0]
                .literal()
                .as_deref(),
            Some("a*b")
        );
    }

    #[test]
    fn patterns_that_are_not_well_formed_are_refused() {
        for pattern in [
            "[", "a[", "[]a]", "[^]", "[-]", "[x-]", "[-x]", "[a-b-c]", "\\", "a\\", "[a",
        ] {
            assert_eq!(Pattern::new(pattern), Err(BadPattern), "{pattern}");
        }
    }

    #[test]
    fn many_stars_do_not_take_for_ever() {
        check(&"a*".repeat(30), &"a".repeat(29), false);
        check(&"*a".repeat(30), &("a".repeat(200) + "b"), false);
    }
}
