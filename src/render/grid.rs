//! The columns that pictures of steps share, and which of them leave when the screen is narrow.

use super::quantity;
use super::screen::Screen;
use super::text::{Line, Style};
use super::width::width;
use crate::build::{StepReport, StepState};

/// Lines of a picture longer than this are hard to follow with the eye.
const WIDEST: usize = 120;
/// Below this a picture takes its narrow form.
const NARROW: usize = 72;
/// From here on there is room for how long a step took.
const ROOMY: usize = 100;

/// How much room a picture has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Room {
    /// Too little for more than the state and the instruction.
    Narrow,
    /// A terminal as it opens.
    Usual,
    /// Enough for everything.
    Wide,
}

impl Room {
    pub(super) fn of(screen: &Screen) -> Self {
        match screen.width {
            ..NARROW => Self::Narrow,
            NARROW..ROOMY => Self::Usual,
            _ => Self::Wide,
        }
    }
}

/// Returns the columns a picture uses: one stays free, so that no terminal breaks the line.
pub(super) fn picture_width(screen: &Screen) -> usize {
    screen.width.min(WIDEST).saturating_sub(1)
}

/// Which side of its column a cell stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

/// One column: the free space before it, how wide it is, where cells stand in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    pub gap: usize,
    pub columns: usize,
    pub side: Side,
}

impl Column {
    pub(super) fn left(gap: usize, columns: usize) -> Self {
        Self {
            gap,
            columns,
            side: Side::Left,
        }
    }

    pub(super) fn right(gap: usize, columns: usize) -> Self {
        Self {
            gap,
            columns,
            side: Side::Right,
        }
    }
}

/// Columns from left to right.
#[derive(Debug, Clone)]
pub(super) struct Grid {
    columns: Vec<Column>,
}

impl Grid {
    pub(super) fn new(columns: Vec<Column>) -> Self {
        Self { columns }
    }

    /// Draws a row; what does not fit its column is cut from the right.
    pub(super) fn row(&self, cells: &[Line]) -> Line {
        let mut line = Line::new();
        for (column, cell) in self.columns.iter().zip(cells) {
            let cell = cell.clone().cut(column.columns);
            let free = column.columns.saturating_sub(cell.width());
            let before = if column.side == Side::Right { free } else { 0 };
            line.push(Style::Plain, " ".repeat(column.gap + before));
            line.append(&cell);
            line.push(Style::Plain, " ".repeat(free - before));
        }
        line.trimmed()
    }

    /// Draws the heads.
    pub(super) fn heads(&self, heads: &[String]) -> Line {
        let cells: Vec<Line> = heads
            .iter()
            .map(|head| Line::styled(Style::Dim, head))
            .collect();
        self.row(&cells)
    }

    /// Returns where a column begins.
    pub(super) fn start(&self, index: usize) -> usize {
        let before: usize = self.columns[..index]
            .iter()
            .map(|column| column.gap + column.columns)
            .sum();
        before + self.columns[index].gap
    }

    /// Returns how many columns a row takes.
    pub(super) fn width(&self) -> usize {
        self.columns
            .iter()
            .map(|column| column.gap + column.columns)
            .sum()
    }
}

/// Draws an instruction, quietly if nothing came of it. It is cut last of all.
pub(super) fn instruction(step: &StepReport, columns: usize) -> Line {
    let quiet = matches!(step.state, StepState::Skip | StepState::Wait);
    let style = if quiet { Style::Dim } else { Style::Plain };
    // A heredoc may be long; what can't be seen need not be measured.
    let seen: String = step.text.chars().take(columns.saturating_mul(4)).collect();
    Line::styled(style, seen).cut(columns)
}

/// Draws the state word.
pub(super) fn state(step: &StepReport) -> Line {
    Line::styled(Style::State(step.state), step.state.word().trim_end())
}

/// Draws what a step adds to the size of the image: with a sign, unless it is the base. Nothing is
/// added by nothing, and settings have no layer at all.
pub(super) fn size(step: &StepReport) -> Line {
    let Some(layer) = &step.layer else {
        let no_layer = if step.state == StepState::Meta {
            "(0 B)"
        } else {
            ""
        };
        return Line::styled(Style::Dim, no_layer);
    };
    let is_added = layer.size > 0 && step.state != StepState::Base;
    let sign = if is_added { "+" } else { "" };
    Line::styled(
        Style::Number,
        format!("{sign}{}", quantity::size(layer.size)),
    )
}

/// Draws a step number.
pub(super) fn number(step: &StepReport) -> Line {
    Line::styled(Style::Number, step.number.to_string())
}

/// Returns the columns of the widest step number.
pub(super) fn number_width(steps: &[StepReport]) -> usize {
    let widths = steps.iter().map(|step| width(&step.number.to_string()));
    widths.max().unwrap_or(1)
}
