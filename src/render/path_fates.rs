//! Whether paths stay out of the build context, and which line decided.

use serde::Serialize;

use super::screen::Screen;
use super::text::{Line, Style, Text};
use super::width::width;
use crate::plan::ignore::Decision;

/// Paths wider than this do not move the others' lines to the right.
const WIDEST_PATH: usize = 40;

/// One path, and what an ignore file makes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PathFate {
    /// The path as it was given.
    pub path: String,
    /// It stays out.
    pub ignored: bool,
    /// The pattern that decided, as written.
    pub pattern: Option<String>,
    /// Its line, from 1.
    pub line: Option<usize>,
}

impl PathFate {
    /// Takes down what was decided about a path.
    pub fn new(path: &str, decision: Decision<'_>) -> Self {
        Self {
            path: path.to_owned(),
            ignored: decision.ignored,
            pattern: decision.rule.map(|rule| rule.pattern.to_owned()),
            line: decision.rule.map(|rule| rule.line),
        }
    }
}

/// Draws one line for each path: `ignored   a/b.log   .dockerignore:3: *.log`. The state words are
/// the same in every language, for scripts.
pub fn path_fates(file: &str, fates: &[PathFate], screen: &Screen) -> Text {
    let widths = fates.iter().map(|fate| width(&fate.path));
    let column = widths.filter(|width| *width <= WIDEST_PATH).max();
    let column = column.unwrap_or(0);
    fates
        .iter()
        .flat_map(|fate| screen.wrap(&row(file, fate, column), 10).into_lines())
        .collect()
}

fn row(file: &str, fate: &PathFate, column: usize) -> Line {
    let line = if fate.ignored {
        Line::styled(Style::Bad, "ignored   ")
    } else {
        Line::styled(Style::Good, "included  ")
    };
    let line = line.with(Style::Path, &fate.path);
    let (Some(pattern), Some(number)) = (&fate.pattern, fate.line) else {
        return line;
    };
    line.pad(10 + column)
        .with(Style::Plain, "   ")
        .with(Style::Dim, format!("{file}:{number}: "))
        .with(Style::Code, pattern)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;
    use crate::plan::ignore::Ignore;
    use crate::render::Chrome;

    #[test]
    fn the_deciding_line_stands_behind_the_path() {
        let ignore = Ignore::parse("# c\n\n**/*.log\n!keep.log\n").unwrap();
        let paths = ["a/b.log", "a/c", "keep.log", "한글.log"];
        let fates = paths.map(|path| PathFate::new(path, ignore.decide(path)));
        let screen = Screen::new(80, Language::En, Chrome::Plain);
        insta::assert_snapshot!(path_fates(".dockerignore", &fates, &screen), @r"
        ignored   a/b.log    .dockerignore:3: **/*.log
        included  a/c
        included  keep.log   .dockerignore:4: !keep.log
        ignored   한글.log   .dockerignore:3: **/*.log
        ");
    }

    #[test]
    fn one_path_is_followed_by_three_spaces() {
        let ignore = Ignore::parse("\n\n*.log\n").unwrap();
        let fates = [PathFate::new("b.log", ignore.decide("b.log"))];
        let screen = Screen::new(80, Language::Ko, Chrome::Plain);
        let drawn = path_fates(".dockerignore", &fates, &screen).to_string();
        assert_eq!(drawn, "ignored   b.log   .dockerignore:3: *.log\n");
    }
}
