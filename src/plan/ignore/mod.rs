//! `.dockerignore`: which files of a folder stay out of the build context.
//!
//! The rules are moby/patternmatcher's, not git's: a pattern is anchored at the context's root, a
//! matched folder takes everything below it, the last line that matches decides, and `!` brings
//! back what is below an excluded folder too.

mod letters;
mod matcher;

use std::borrow::Cow;

use letters::Path;
use matcher::Matcher;
use thiserror::Error;

use super::pattern::{BadPattern, Pattern};
use crate::language::Language;

/// The longest path there is, in bytes: the kernel's `PATH_MAX` counts the zero behind it.
pub const LONGEST_PATH: usize = 4095;

/// The patterns of a `.dockerignore`, compiled.
#[derive(Debug, Clone, Default)]
pub struct Ignore {
    /// In the order of the file.
    lines: Vec<Line>,
}

/// What decided about a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision<'a> {
    /// The path stays out.
    pub ignored: bool,
    /// The line that decided, if any matched.
    pub rule: Option<Rule<'a>>,
}

/// A line of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule<'a> {
    /// The pattern as written, trimmed, `!` included.
    pub pattern: &'a str,
    /// Its line, from 1.
    pub line: usize,
}

/// A pattern that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}", self.message(Language::En))]
pub struct IgnoreError {
    /// Its line, from 1.
    pub line: usize,
    /// The pattern as written.
    pub pattern: String,
}

crate::messages! {
    bad_pattern(pattern: &str) {
        en: "bad pattern: syntax error in {pattern:?}",
        ko: "패턴이 올바르지 않습니다: {pattern:?}",
    }
    bad_pattern_help() {
        en: "close every [, write - and ] inside it as \\- and \\], and do not end with \\",
        ko: "[는 ]로 닫고, 그 안의 -와 ]는 \\-와 \\]로 쓰세요. \\로 끝날 수 없습니다",
    }
    lone_exception_help() {
        en: "write what to bring back behind the !, as in !README.md",
        ko: "! 뒤에 다시 넣을 것을 쓰세요. 예: !README.md",
    }
    lone_exception() {
        en: "illegal exclusion pattern: \"!\"",
        ko: "'!' 뒤에 패턴이 없습니다: \"!\"",
    }
}

impl IgnoreError {
    /// Returns the sentence in a language.
    pub fn message(&self, language: Language) -> String {
        match self.pattern.as_str() {
            "!" => lone_exception(language),
            pattern => bad_pattern(language, pattern),
        }
    }

    /// Returns what to type instead.
    pub fn help(&self, language: Language) -> String {
        match self.pattern.as_str() {
            "!" => lone_exception_help(language),
            _ => bad_pattern_help(language),
        }
    }
}

/// One pattern.
#[derive(Debug, Clone)]
struct Line {
    /// As written, `!` included.
    pattern: String,
    number: usize,
    /// It starts with `!`.
    exception: bool,
    /// Without `!`, cleaned.
    path: String,
    matcher: Matcher,
}

impl Ignore {
    /// Reads the text of a `.dockerignore`.
    ///
    /// ```
    /// use strata::plan::ignore::Ignore;
    /// let ignore = Ignore::parse("**/*.log\n!keep.log\n").unwrap();
    /// assert!(ignore.is_ignored("a/b.log"));
    /// assert!(!ignore.is_ignored("keep.log"));
    /// ```
    pub fn parse(text: &str) -> Result<Self, IgnoreError> {
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
        // Only a `#` in the first column makes a comment.
        let numbered = text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.starts_with('#'));
        let patterns = numbered.map(|(index, line)| (index + 1, line));
        Self::from_numbered(patterns)
    }

    /// Compiles the patterns of `--exclude` flags, numbered from 1.
    pub fn from_patterns<'a>(
        patterns: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, IgnoreError> {
        Self::from_numbered(
            patterns
                .into_iter()
                .enumerate()
                .map(|(index, line)| (index + 1, line)),
        )
    }

    fn from_numbered<'a>(
        patterns: impl Iterator<Item = (usize, &'a str)>,
    ) -> Result<Self, IgnoreError> {
        let trimmed = patterns.map(|(number, pattern)| (number, pattern.trim()));
        let lines = trimmed
            .filter(|(_, pattern)| !pattern.is_empty())
            .map(|(number, pattern)| Line::new(number, pattern))
            .collect::<Result<_, _>>()?;
        Ok(Self { lines })
    }

    /// Returns whether there is no pattern.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Returns whether a line starts with `!`.
    pub fn has_exceptions(&self) -> bool {
        self.lines.iter().any(|line| line.exception)
    }

    /// Returns whether a path stays out. Paths are relative to the context, `/` between segments.
    pub fn is_ignored(&self, path: &str) -> bool {
        self.decide(path).ignored
    }

    /// Returns whether a path stays out, and which line decided.
    pub fn decide(&self, path: &str) -> Decision<'_> {
        let path = cleaned(path);
        // The context itself cannot be kept out.
        let decider = if path == "." {
            None
        } else {
            self.last_match(&path)
        };
        let line = decider.map(|place| &self.lines[place]);
        Decision {
            ignored: line.is_some_and(|line| !line.exception),
            rule: line.map(|line| Rule {
                pattern: &line.pattern,
                line: line.number,
            }),
        }
    }

    /// Returns whether nothing at or below a folder can be in the context, so that a walk need
    /// not enter it.
    pub fn excludes_whole_folder(&self, path: &str) -> bool {
        let path = cleaned(path);
        if path == "." {
            return false;
        }
        let Some(decider) = self.last_match(&path) else {
            return false;
        };
        // The line that excludes the folder excludes all below it; only later lines can differ.
        let later = &self.lines[decider + 1..];
        let brings_back = |line: &Line| line.exception && line.may_match_below(&path);
        !self.lines[decider].exception && !later.iter().any(brings_back)
    }

    /// The last line that matches decides, so the search goes backwards and stops at the first.
    fn last_match(&self, path: &str) -> Option<usize> {
        let path = Path::new(path);
        self.lines.iter().rposition(|line| line.matches(&path))
    }
}

impl Line {
    fn new(number: usize, pattern: &str) -> Result<Self, IgnoreError> {
        let error = || IgnoreError {
            line: number,
            pattern: pattern.to_owned(),
        };
        let (exception, rest) = match pattern.strip_prefix('!') {
            Some(rest) => (true, rest.trim()),
            None => (false, pattern),
        };
        if rest.is_empty() {
            return Err(error());
        }
        let path = clean(rest);
        let path = match path.strip_prefix('/') {
            Some(relative) if !relative.is_empty() => relative.to_owned(),
            _ => path,
        };
        Ok(Self {
            pattern: pattern.to_owned(),
            number,
            exception,
            matcher: Matcher::new(&path).map_err(|BadPattern| error())?,
            path,
        })
    }

    /// Returns whether a path or one of its parents matches.
    fn matches(&self, path: &Path<'_>) -> bool {
        self.matcher.matches(path, &self.path)
    }

    /// Returns whether something below a folder, which itself does not match, could match.
    fn may_match_below(&self, folder: &str) -> bool {
        let mut names = folder.split('/');
        for segment in self.path.split('/') {
            if segment.contains("**") {
                return true;
            }
            let Some(name) = names.next() else {
                return true;
            };
            let fits = Pattern::new(segment).is_ok_and(|one| one.matches(name));
            if !fits {
                return false;
            }
        }
        // The pattern ends at the folder or before it: then it would have matched the folder.
        false
    }
}

/// A path as patterns see it; most are clean already.
fn cleaned(path: &str) -> Cow<'_, str> {
    let is_clean = !path.is_empty() && path.split('/').all(|name| !matches!(name, "" | "." | ".."));
    if is_clean {
        Cow::Borrowed(path)
    } else {
        Cow::Owned(clean(path))
    }
}

/// Go's `filepath.Clean`: no empty or `.` segments, `..` taken back where there is something to
/// take back, no slash at the end.
fn clean(path: &str) -> String {
    let is_absolute = path.starts_with('/');
    let mut names: Vec<&str> = Vec::new();
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." if names.last().is_some_and(|last| *last != "..") => {
                names.pop();
            }
            ".." if is_absolute => {}
            other => names.push(other),
        }
    }
    let joined = names.join("/");
    match (is_absolute, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

#[cfg(test)]
mod tests;
