//! The patterns of `${x#p}` and `${x/p/r}`: `*` any text, `?` one character, `\*` `\?` `\\` these
//! characters themselves. Brackets are plain text. Neither wildcard crosses a line end, as the
//! dot of BuildKit's regular expressions does not.

use super::error::WordError;

/// The longest result of an expansion, in bytes. Replacements inside replacements multiply; this
/// is far more than any Dockerfile means, and far less than memory.
pub(super) const LONGEST: usize = 1 << 20;

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
        let mut from = 0;
        while let Some((start, end)) = self.find(&text, from) {
            result.extend(&text[copied..start]);
            // An empty part right behind another one is part of it.
            if end > copied || start == 0 {
                result.push_str(by);
            }
            copied = end;
            from = end + usize::from(start == end);
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

    /// Finds the first part that fits from a place on, and of those that begin there the longest.
    /// All beginnings are followed at once, so every character is looked at once for every token.
    fn find(&self, text: &[char], from: usize) -> Option<(usize, usize)> {
        let mut found: Option<(usize, usize)> = None;
        // How many tokens are behind it, and where it began; by tokens, each number once.
        let mut ways: Vec<(usize, usize)> = Vec::new();
        for at in from..=text.len() {
            if found.is_none() {
                ways.insert(0, (0, at));
            }
            ways = self.past_stars(&ways);
            if let Some(&(tokens, start)) = ways.last()
                && tokens == self.tokens.len()
            {
                found = Some((start, at));
            }
            if let Some((first, _)) = found {
                // Later beginnings have lost.
                ways.retain(|(_, start)| *start <= first);
            }
            if let Some(character) = text.get(at) {
                ways = self.step(&ways, *character);
            }
            if found.is_some() && ways.is_empty() {
                break;
            }
        }
        found
    }

    /// A `*` may stand for nothing. Where two ways meet the earlier beginning is kept.
    fn past_stars(&self, ways: &[(usize, usize)]) -> Vec<(usize, usize)> {
        let mut all: Vec<(usize, usize)> = Vec::with_capacity(ways.len() + 1);
        for &way in ways {
            let mut next = Some(way);
            while let Some((tokens, start)) = next.take() {
                add(&mut all, tokens, start);
                let reached = all.last().map_or(start, |(_, start)| *start);
                if self.tokens.get(tokens) == Some(&Token::Many) {
                    next = Some((tokens + 1, reached));
                }
            }
        }
        all
    }

    /// The ways that go on over one character.
    fn step(&self, ways: &[(usize, usize)], character: char) -> Vec<(usize, usize)> {
        let mut after = Vec::with_capacity(ways.len());
        for &(tokens, start) in ways {
            match self.tokens.get(tokens) {
                Some(Token::Many) if character != '\n' => add(&mut after, tokens, start),
                Some(Token::One) if character != '\n' => add(&mut after, tokens + 1, start),
                Some(Token::Exactly(wanted)) if *wanted == character => {
                    add(&mut after, tokens + 1, start);
                }
                _ => {}
            }
        }
        after
    }
}

/// Adds a way behind those of fewer tokens; of two with as many the earlier beginning stays.
fn add(ways: &mut Vec<(usize, usize)>, tokens: usize, start: usize) {
    let place = ways.partition_point(|(others, _)| *others < tokens);
    match ways.get_mut(place) {
        Some((others, earlier)) if *others == tokens => *earlier = start.min(*earlier),
        _ => ways.insert(place, (tokens, start)),
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

    #[test]
    fn the_first_place_counts_before_the_longest() {
        let glob = Glob::new("b*c").unwrap();
        assert_eq!(glob.replace("abxbcc-bc", "_", false).unwrap(), "a_");
        assert_eq!(replaced("a?", "aab"), "_b");
        assert_eq!(replaced("aab", "aaab"), "a_");
    }

    #[test]
    fn a_pattern_that_nearly_fits_everywhere_is_no_slower() {
        // Tried anew from every place this would be 10^10 comparisons.
        let value = "a".repeat(100_000);
        let glob = Glob::new("a*a?*b").unwrap();
        assert_eq!(glob.replace(&value, "", true).unwrap(), value);
    }
}
