//! One pattern of a `.dockerignore`, compiled so that 20,000 paths are soon asked.

use super::letters::Path;
use crate::plan::pattern::{BadPattern, Pattern, Token, tokens};

/// How a pattern is looked for. Each form answers for a path and all its parents at once.
#[derive(Debug, Clone)]
pub(super) enum Matcher {
    /// No wildcard: the path itself.
    Exact,
    /// `x**` without other wildcards: everything that starts so.
    Prefix(String),
    /// `**x` without other wildcards: what ends so, or is so.
    Suffix(String),
    /// Anything else.
    Wild(Wild),
}

/// A pattern with wildcards, as places a path's characters have to fit.
#[derive(Debug, Clone)]
pub(super) struct Wild {
    places: Vec<Place>,
    /// Literal text that stands in every match: paths without it are passed over quickly.
    needle: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Token(Token),
    /// `**/` and `**` in the middle: any number of whole folders, also none.
    Folders,
    /// `**` at the end: everything.
    Everything,
}

impl Matcher {
    /// Compiles a cleaned pattern.
    pub fn new(pattern: &str) -> Result<Self, BadPattern> {
        let tokens = tokens(pattern)?;
        if !Pattern::is_pattern(pattern) {
            return Ok(Self::Exact);
        }
        if let Some(prefix) = pattern.strip_suffix("**")
            && !Pattern::is_pattern(prefix)
            && !prefix.is_empty()
        {
            return Ok(Self::Prefix(prefix.to_owned()));
        }
        if let Some(suffix) = pattern.strip_prefix("**")
            && !Pattern::is_pattern(suffix)
        {
            return Ok(Self::Suffix(suffix.to_owned()));
        }
        Ok(Self::Wild(Wild::new(&tokens)))
    }

    /// Returns whether a path or one of its parents matches the pattern.
    pub fn matches(&self, path: &Path<'_>, pattern: &str) -> bool {
        match self {
            Self::Exact => is_at_or_below(path.text, pattern),
            Self::Prefix(prefix) => path.text.starts_with(prefix.as_str()),
            Self::Suffix(suffix) => ends_so(path.text, suffix),
            Self::Wild(wild) => wild.matches(path),
        }
    }
}

impl Wild {
    fn new(tokens: &[Token]) -> Self {
        let mut places = Vec::with_capacity(tokens.len());
        let mut rest = tokens;
        while let Some((first, after)) = rest.split_first() {
            rest = after;
            if *first != Token::Many || rest.first() != Some(&Token::Many) {
                places.push(Place::Token(first.clone()));
                continue;
            }
            rest = &rest[1..];
            // A slash behind `**` belongs to it.
            if rest.first() == Some(&Token::Exactly('/')) {
                rest = &rest[1..];
            }
            let place = if rest.is_empty() {
                Place::Everything
            } else {
                Place::Folders
            };
            // Any folders, and then any folders, are any folders.
            if places.last() != Some(&place) {
                places.push(place);
            }
        }
        let needle = longest_literal(&places);
        Self { places, needle }
    }

    /// Returns whether a path or one of its parents matches. The places a match can reach are
    /// followed all at once, so no pattern takes more than its length times the path's.
    fn matches(&self, path: &Path<'_>) -> bool {
        if !path.text.contains(self.needle.as_str()) {
            return false;
        }
        let letters = path.letters();
        let mut reached = letters.start();
        for place in &self.places {
            reached = match place {
                Place::Token(Token::Many) => letters.within_a_folder(&reached),
                Place::Everything => letters.anywhere_behind(&reached),
                Place::Folders => letters.behind_folders(&reached),
                Place::Token(Token::Exactly(wanted)) => letters.behind(&reached, *wanted),
                Place::Token(token) => letters.behind_fitting(&reached, |c| token.fits(c)),
            };
            if reached.is_empty() {
                return false;
            }
        }
        letters.ends_at_a_name(&reached)
    }
}

fn longest_literal(places: &[Place]) -> String {
    let is_literal = |place: &Place| matches!(place, Place::Token(Token::Exactly(_)));
    let runs = places.split(|place| !is_literal(place));
    let longest = runs.max_by_key(|run| run.len()).unwrap_or_default();
    let characters = longest.iter().filter_map(|place| match place {
        Place::Token(Token::Exactly(character)) => Some(*character),
        _ => None,
    });
    characters.collect()
}

/// `**/x` is x in any folder; `**x` is any path or parent that ends so.
fn ends_so(path: &str, suffix: &str) -> bool {
    let whole = suffix.strip_prefix('/');
    if whole.is_some_and(|whole| is_at_or_below(path, whole)) || suffix.is_empty() {
        return true;
    }
    let mut from = 0;
    while let Some(found) = path[from..].find(suffix) {
        let end = from + found + suffix.len();
        if path[end..].is_empty() || path[end..].starts_with('/') {
            return true;
        }
        from += found + suffix.chars().next().map_or(1, char::len_utf8);
    }
    false
}

fn is_at_or_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
