//! Text with named styles: what every picture is made of until [`theme`](super::theme) paints it.
//!
//! A style says what a word *is*, never how it looks, so a picture reads the same in a snapshot,
//! without colour, and to a machine.

use std::fmt;

use super::width::{char_width, clean, cut, width};
use crate::build::StepState;

/// What a piece of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Style {
    /// Ordinary words.
    Plain,
    /// The state word of a step.
    State(StepState),
    /// The heading of a picture or a lesson.
    Title,
    /// Words that matter more than those around them.
    Strong,
    /// Words that are there for whoever looks for them: column heads, remarks, verbs of a footer.
    Dim,
    /// Lines that are drawn.
    Rule,
    /// A step number, a count, a size.
    Number,
    /// A file or folder.
    Path,
    /// Something to type or typed by somebody: inline code.
    Code,
    /// A value as it was.
    Old,
    /// A value as it is.
    New,
    /// Right, done, passed.
    Good,
    /// Wrong, not yet.
    Bad,
    /// The word `error` and what is underlined for it.
    Error,
    /// The word `warning` and what is underlined for it.
    Warning,
    /// The word `help` before what to type or do.
    Help,
    /// The prompt.
    Prompt,
    /// The first word of a Dockerfile instruction.
    Instruction,
    /// A flag of an instruction.
    Flag,
    /// A quoted text.
    Quoted,
    /// A `$VARIABLE`.
    Variable,
    /// A comment.
    Comment,
}

/// Words of one style. Holds no control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    text: String,
    style: Style,
}

impl Piece {
    /// Returns the words.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns what they are.
    pub fn style(&self) -> Style {
        self.style
    }
}

/// One line: pieces from left to right.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    pieces: Vec<Piece>,
}

impl Line {
    /// Makes an empty line.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a line of ordinary words.
    pub fn plain(text: impl AsRef<str>) -> Self {
        Self::styled(Style::Plain, text)
    }

    /// Makes a line of one piece.
    pub fn styled(style: Style, text: impl AsRef<str>) -> Self {
        Self::new().with(style, text)
    }

    /// Adds a piece on the right. What a terminal would obey is taken out of it.
    pub fn with(mut self, style: Style, text: impl AsRef<str>) -> Self {
        self.push(style, text);
        self
    }

    /// Adds a piece on the right. What a terminal would obey is taken out of it.
    pub fn push(&mut self, style: Style, text: impl AsRef<str>) {
        let text = clean(text.as_ref());
        match self.pieces.last_mut() {
            Some(last) if last.style == style => last.text.push_str(&text),
            _ if text.is_empty() => {}
            _ => self.pieces.push(Piece {
                text: text.into_owned(),
                style,
            }),
        }
    }

    /// Adds the pieces of another line on the right.
    pub fn append(&mut self, other: &Self) {
        for piece in &other.pieces {
            self.push(piece.style, &piece.text);
        }
    }

    /// Adds spaces on the right up to a column.
    pub fn pad(mut self, columns: usize) -> Self {
        let missing = columns.saturating_sub(self.width());
        self.push(Style::Plain, " ".repeat(missing));
        self
    }

    /// Cuts what is too wide from the right, with `~` in the last column.
    pub fn cut(self, columns: usize) -> Self {
        if self.width() <= columns {
            return self;
        }
        let mut line = self.trimmed();
        if line.width() <= columns {
            return line;
        }
        let mut left = columns;
        let mut kept = Self::new();
        for piece in line.pieces.drain(..) {
            // The mark has to fit too, and another piece follows or this one is too wide.
            let needed = width(&piece.text);
            if needed < left {
                left -= needed;
                kept.push(piece.style, &piece.text);
            } else {
                kept.push(piece.style, cut(&format!("{} ", piece.text), left));
                break;
            }
        }
        kept
    }

    /// Breaks the line at spaces so that nothing is wider than `columns`; words that are wider by
    /// themselves break anywhere. Lines after the first begin with `indent` spaces.
    pub fn wrap(&self, columns: usize, indent: usize) -> Text {
        super::wrap::wrap(self, columns, indent)
    }

    /// Returns the pieces from left to right.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Returns how many columns the line takes, spaces on the right included.
    pub fn width(&self) -> usize {
        self.pieces.iter().map(|piece| width(&piece.text)).sum()
    }

    /// Tells whether there is nothing on the line.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Returns the line without the spaces on its right.
    pub fn trimmed(&self) -> Self {
        let mut line = self.clone();
        while let Some(last) = line.pieces.last_mut() {
            last.text.truncate(last.text.trim_end_matches(' ').len());
            if !last.text.is_empty() {
                break;
            }
            line.pieces.pop();
        }
        line
    }

    /// Returns every character with its style and width.
    pub(super) fn cells(&self) -> impl Iterator<Item = (char, Style, usize)> + '_ {
        self.pieces.iter().flat_map(|piece| {
            let cells = piece.text.chars();
            cells.map(|character| (character, piece.style, char_width(character)))
        })
    }
}

/// The words alone, without the spaces on the right.
impl fmt::Display for Line {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let trimmed = self.trimmed();
        trimmed
            .pieces
            .iter()
            .try_for_each(|piece| formatter.write_str(&piece.text))
    }
}

/// Lines from top to bottom.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text {
    lines: Vec<Line>,
}

impl Text {
    /// Makes a text without lines.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes ordinary text, one line for every line of `text`.
    pub fn plain(text: &str) -> Self {
        text.lines().map(Line::plain).collect()
    }

    /// Adds a line at the bottom.
    pub fn push(&mut self, line: Line) {
        self.lines.push(line);
    }

    /// Adds an empty line at the bottom.
    pub fn blank(&mut self) {
        self.lines.push(Line::new());
    }

    /// Adds the lines of another text at the bottom.
    pub fn append(&mut self, other: Self) {
        self.lines.extend(other.lines);
    }

    /// Returns the lines from top to bottom.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Returns the lines, the text being used up.
    pub fn into_lines(self) -> Vec<Line> {
        self.lines
    }

    /// Tells whether there are no lines.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Returns the columns of the widest line, spaces on the right not counted.
    pub fn width(&self) -> usize {
        let widths = self.lines.iter().map(|line| line.trimmed().width());
        widths.max().unwrap_or(0)
    }

    /// Breaks every line as [`Line::wrap`] does.
    pub fn wrap(&self, columns: usize, indent: usize) -> Self {
        let wrapped = self.lines.iter().map(|line| line.wrap(columns, indent));
        wrapped.flat_map(Self::into_lines).collect()
    }

    /// Moves every line that is not empty to the right.
    pub fn indented(&self, columns: usize) -> Self {
        let indent = |line: &Line| {
            if line.is_empty() {
                return Line::new();
            }
            let mut moved = Line::plain(" ".repeat(columns));
            moved.append(line);
            moved
        };
        self.lines.iter().map(indent).collect()
    }
}

impl FromIterator<Line> for Text {
    fn from_iter<I: IntoIterator<Item = Line>>(lines: I) -> Self {
        Self {
            lines: lines.into_iter().collect(),
        }
    }
}

impl From<Line> for Text {
    fn from(line: Line) -> Self {
        Self { lines: vec![line] }
    }
}

/// The words alone; every line ends with a line end.
impl fmt::Display for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines
            .iter()
            .try_for_each(|line| writeln!(formatter, "{line}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> Line {
        Line::styled(Style::Number, "4")
            .with(Style::Plain, " RUN 설치 ")
            .with(Style::Dim, "done")
    }

    #[test]
    fn a_line_is_cut_by_columns_across_its_pieces() {
        assert_eq!(line().width(), 15);
        assert_eq!(line().cut(15).to_string(), "4 RUN 설치 done");
        assert_eq!(line().cut(14).to_string(), "4 RUN 설치 do~");
        assert_eq!(line().cut(12).to_string(), "4 RUN 설치 ~");
        assert_eq!(line().cut(11).to_string(), "4 RUN 설치~");
        assert_eq!(line().cut(10).to_string(), "4 RUN 설~");
        assert_eq!(line().cut(1).to_string(), "~");
        assert_eq!(line().cut(0).to_string(), "");
    }

    #[test]
    fn a_cut_line_keeps_its_styles() {
        let cut = line().cut(14);
        let styles: Vec<Style> = cut.pieces().iter().map(Piece::style).collect();
        assert_eq!(styles, [Style::Number, Style::Plain, Style::Dim]);
    }

    #[test]
    fn what_a_terminal_would_obey_never_gets_in() {
        assert_eq!(Line::plain("a\x1b[31mb\nc").to_string(), "a?[31mb c");
    }

    #[test]
    fn spaces_on_the_right_are_not_shown() {
        let padded = Line::plain("a ").with(Style::Dim, "  ").pad(9);
        assert_eq!((padded.width(), padded.to_string().as_str()), (9, "a"));
    }

    #[test]
    fn indenting_leaves_empty_lines_empty() {
        let text = Text::plain("a\n\nb").indented(2);
        assert_eq!(text.to_string(), "  a\n\n  b\n");
    }
}
