//! The patterns of `${x#p}` and `${x/p/r}`: `*` any text, `?` one character, `\*` `\?` `\\` these
//! characters themselves. Brackets are plain text. Neither wildcard crosses a line end, as the
//! dot of BuildKit's regular expressions does not.

use super::error::WordError;

/// The longest result of an expansion, in bytes. Replacements inside replacements multiply; this
/// is far more than any Dockerfile means, and far less than memory.
pub(super) const LONGEST: usize = 16 << 20;

/// A pattern, compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Glob {
    tokens: Vec<Token>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Exactly(char),
    One,
    Many,
}

impl Glob {
    /// Compiles a pattern.
    pub fn new(pattern: &str) -> Result<Self, WordError> {
        let invalid = |escaped| WordError::InvalidPattern {
            pattern: pattern.to_owned(),
            escaped,
        };
        let mut tokens = Vec::new();
        let mut characters = pattern.chars();
        while let Some(character) = characters.next() {
            tokens.push(match character {
                '*' => Token::Many,
                '?' => Token::One,
                '\\' => match characters.next() {
                    // `\}` and `\/` only kept the braces' own signs from ending the pattern.
                    Some(escaped @ ('*' | '?' | '\\' | '}' | '/')) => Token::Exactly(escaped),
                    escaped => return Err(invalid(escaped)),
                },
                other => Token::Exactly(other),
            });
        }
        Ok(Self { tokens })
    }

    /// Removes the shortest or longest beginning that fits.
    pub fn without_prefix(&self, value: &str, longest: bool) -> String {
        let text: Vec<char> = value.chars().collect();
        let length = ends(self.tokens.iter().copied(), &text, longest).unwrap_or(0);
        text[length..].iter().collect()
    }

    /// Removes the shortest or longest end that fits.
    pub fn without_suffix(&self, value: &str, longest: bool) -> String {
        let text: Vec<char> = value.chars().rev().collect();
        let length = ends(self.tokens.iter().rev().copied(), &text, longest).unwrap_or(0);
        text[length..].iter().rev().collect()
    }

    /// Replaces the first part that fits, or every one; of several at one place the longest.
    pub fn replace(&self, value: &str, by: &str, all: bool) -> Result<String, WordError> {
        let text: Vec<char> = value.chars().collect();
        let mut result = String::with_capacity(value.len());
        let mut copied = 0;
        let mut at = 0;
        while at <= text.len() {
            let Some(length) = ends(self.tokens.iter().copied(), &text[at..], true) else {
                at += 1;
                continue;
            };
            result.extend(&text[copied..at]);
            // An empty part right behind another one is part of it.
            if at + length > copied || at == 0 {
                result.push_str(by);
            }
            copied = at + length;
            at += length.max(1);
            if !all {
                break;
            }
            if result.len() > LONGEST {
                return Err(WordError::TooLong);
            }
        }
        result.extend(&text[copied..]);
        Ok(result)
    }
}

/// Returns how many of the first characters fit: the fewest, or the most.
fn ends(tokens: impl Iterator<Item = Token>, text: &[char], longest: bool) -> Option<usize> {
    // Every place the tokens so far can end at, ascending.
    let mut places = vec![0];
    for token in tokens {
        places = match token {
            Token::Exactly(wanted) => step(&places, text, |character| character == wanted),
            Token::One => step(&places, text, |character| character != '\n'),
            Token::Many => spread(&places, text),
        };
        if places.is_empty() {
            return None;
        }
    }
    if longest {
        places.last().copied()
    } else {
        places.first().copied()
    }
}

fn step(places: &[usize], text: &[char], fits: impl Fn(char) -> bool) -> Vec<usize> {
    let fitting = places
        .iter()
        .filter(|place| text.get(**place).copied().is_some_and(&fits));
    fitting.map(|place| place + 1).collect()
}

fn spread(places: &[usize], text: &[char]) -> Vec<usize> {
    let mut all = Vec::new();
    let mut next = 0;
    for &place in places {
        next = next.max(place);
        if next > place && all.last().is_some_and(|last| *last >= place) {
            continue;
        }
        all.push(next);
        while text.get(next).is_some_and(|character| *character != '\n') {
            next += 1;
            all.push(next);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::Glob;

    fn replaced(pattern: &str, value: &str) -> String {
        Glob::new(pattern)
            .unwrap()
            .replace(value, "_", true)
            .unwrap()
    }

    #[test]
    fn an_empty_pattern_fits_between_all_characters() {
        assert_eq!(replaced("", "ab"), "_a_b_");
    }

    #[test]
    fn a_star_takes_as_much_as_it_can_when_replacing() {
        assert_eq!(replaced("a*c", "abcabc-"), "_-");
        assert_eq!(replaced("*", "abc"), "_");
    }

    #[test]
    fn wildcards_stop_at_a_line_end() {
        assert_eq!(replaced("a*", "ab\nab"), "_\n_");
        assert_eq!(replaced("a?b", "a\nb"), "a\nb");
    }

    #[test]
    fn two_stars_find_the_shortest_of_all_ways() {
        let glob = Glob::new("*x*y").unwrap();
        assert_eq!(glob.without_prefix("xxyy", false), "y");
        assert_eq!(glob.without_prefix("xxyy", true), "");
    }

    #[test]
    fn an_escape_before_another_character_means_nothing() {
        for pattern in ["\\", "\\x", "\\\\\\"] {
            assert!(Glob::new(pattern).is_err(), "{pattern}");
        }
    }
}
