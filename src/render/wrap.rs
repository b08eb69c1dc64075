//! Breaking a styled line into several, by columns.
//!
//! Lines break at spaces, in Korean too, and spaces at a break are dropped. A word that is wider
//! than a whole line (a path, a digest, text of a script without spaces) breaks anywhere, but
//! never between a character and its combining marks.

use super::text::{Line, Style, Text};

/// A word that does not fit may begin on a started line only if this much of it does.
const WORTH_STARTING: usize = 12;

type Cell = (char, Style, usize);

/// Breaks a line so that nothing is wider than `columns`; lines after the first are indented.
pub fn wrap(line: &Line, columns: usize, indent: usize) -> Text {
    // A character may take two columns; below that nothing can be promised.
    let columns = columns.max(2);
    let line = line.trimmed();
    if line.width() <= columns {
        return line.into();
    }
    let mut page = Page::new(columns, if indent + 2 <= columns { indent } else { 0 });
    let cells: Vec<Cell> = line.cells().collect();
    let is_space = |cell: &Cell| cell.0 == ' ';
    for run in cells.chunk_by(|left, right| is_space(left) == is_space(right)) {
        if is_space(&run[0]) {
            page.spaces(run);
        } else {
            page.word(run);
        }
    }
    page.finish()
}

struct Page {
    columns: usize,
    indent: usize,
    lines: Vec<Line>,
    line: Line,
    used: usize,
    /// Spaces that are only written once a word follows on the same line.
    held: Vec<Cell>,
}

impl Page {
    fn new(columns: usize, indent: usize) -> Self {
        let (lines, held) = (Vec::new(), Vec::new());
        Self {
            columns,
            indent,
            lines,
            line: Line::new(),
            used: 0,
            held,
        }
    }

    fn left(&self) -> usize {
        self.columns.saturating_sub(self.used + self.held.len())
    }

    fn fits(&self, columns: usize) -> bool {
        self.used + self.held.len() + columns <= self.columns
    }

    fn at_start(&self) -> bool {
        let margin = if self.lines.is_empty() {
            0
        } else {
            self.indent
        };
        self.used <= margin
    }

    fn spaces(&mut self, run: &[Cell]) {
        self.held = run.to_vec();
    }

    fn word(&mut self, word: &[Cell]) {
        let needed: usize = word.iter().map(|cell| cell.2).sum();
        let fits_alone = needed <= self.columns - self.indent;
        let start_here = self.at_start() || (!fits_alone && self.left() >= WORTH_STARTING);
        if !self.fits(needed) && !start_here {
            self.turn();
        }
        if self.fits(needed.min(2)) {
            self.write_held();
        }
        self.held.clear();
        for cell in word {
            if !self.fits(cell.2) {
                self.turn();
            }
            self.write(*cell);
        }
    }

    fn write_held(&mut self) {
        for cell in std::mem::take(&mut self.held) {
            self.write(cell);
        }
    }

    fn write(&mut self, (character, style, columns): Cell) {
        self.line.push(style, character.encode_utf8(&mut [0; 4]));
        self.used += columns;
    }

    fn turn(&mut self) {
        self.held.clear();
        self.lines.push(std::mem::take(&mut self.line));
        self.line = Line::plain(" ".repeat(self.indent));
        self.used = self.indent;
    }

    fn finish(mut self) -> Text {
        self.lines.push(self.line);
        self.lines.into_iter().collect()
    }
}

/// Breaks plain words as [`Line::wrap`] does.
///
/// ```
/// use strata::render::wrap_words;
/// assert_eq!(wrap_words("단계는 위에서만 재사용됩니다", 16), ["단계는 위에서만", "재사용됩니다"]);
/// ```
pub fn wrap_words(words: &str, columns: usize) -> Vec<String> {
    let wrapped = Line::plain(words).wrap(columns, 0);
    wrapped.lines().iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_break_at_spaces_and_long_ones_anywhere() {
        assert_eq!(wrap_words("one two three", 8), ["one two", "three"]);
        assert_eq!(
            wrap_words("/a/very/long/path", 6),
            ["/a/ver", "y/long", "/path"]
        );
        assert_eq!(
            wrap_words("see /a/very/long/path/of/files", 18),
            ["see /a/very/long/p", "ath/of/files"]
        );
        assert_eq!(
            wrap_words("a long/word/here", 12),
            ["a", "long/word/he", "re"]
        );
        assert_eq!(wrap_words("", 12), [""]);
    }

    #[test]
    fn code_keeps_the_particle_that_follows_it() {
        let line = Line::plain("먼저 ")
            .with(Style::Code, "npm")
            .with(Style::Plain, "을 실행");
        assert_eq!(line.wrap(8, 0).to_string(), "먼저\nnpm을\n실행\n");
    }

    #[test]
    fn later_lines_are_indented() {
        let wrapped = Line::plain("ok  server.js changed today").wrap(16, 4);
        assert_eq!(
            wrapped.to_string(),
            "ok  server.js\n    changed\n    today\n"
        );
    }

    proptest! {
        #[test]
        fn nothing_is_wider_than_asked_and_no_word_is_lost(
            words in "[ a-z가-힣/\u{301}👍]{0,60}", columns in 2usize..40, indent in 0usize..6
        ) {
            let line = Line::plain(&words);
            let wrapped = line.wrap(columns, indent);
            prop_assert!(wrapped.width() <= columns, "{wrapped}");
            let letters = |text: String| text.replace([' ', '\n'], "");
            prop_assert_eq!(letters(wrapped.to_string()), letters(line.to_string()));
        }
    }
}
