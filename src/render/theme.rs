//! From what a word is to how it looks: the only file that knows colours.
//!
//! The eight base colours, bold and dim only, so that light and dark terminals both work, and no
//! word is told apart by its colour alone. In a picture the state words carry the colour; everything
//! else stays calm.

use std::sync::Once;

use colored::{ColoredString, Colorize, control};

use super::text::{Line, Style, Text};
use crate::build::StepState;

/// `colored` would ask the environment; here the caller has done so already.
static OBEY_THE_CALLER: Once = Once::new();

/// Paints a text; every line ends with a line end. Whether in colour is the caller's decision
/// (`NO_COLOR`, `CLICOLOR_FORCE`, `--color`, a pipe).
pub fn paint(text: &Text, color: bool) -> String {
    let lines = text.lines().iter();
    lines.map(|line| paint_line(line, color) + "\n").collect()
}

/// Paints one line, without a line end.
pub fn paint_line(line: &Line, color: bool) -> String {
    let pieces = line.trimmed();
    let pieces = pieces.pieces().iter();
    pieces
        .map(|piece| paint_words(piece.text(), piece.style(), color))
        .collect()
}

/// Paints some words. Unlike a [`Line`] they are taken as they are.
pub fn paint_words(words: &str, style: Style, color: bool) -> String {
    if !color || style == Style::Plain {
        return words.to_owned();
    }
    OBEY_THE_CALLER.call_once(|| control::set_override(true));
    look(words, style).to_string()
}

fn look(words: &str, style: Style) -> ColoredString {
    match style {
        Style::Plain | Style::Number => words.normal(),
        Style::State(state) => state_look(words, state),
        Style::Title | Style::Strong => words.bold(),
        Style::Dim | Style::Rule | Style::Comment => words.dimmed(),
        Style::Path | Style::Code | Style::Flag => words.cyan(),
        Style::Instruction | Style::Prompt => words.blue().bold(),
        Style::Old | Style::Bad => words.red(),
        Style::New | Style::Good | Style::Quoted => words.green(),
        Style::Error => words.red().bold(),
        Style::Warning => words.yellow().bold(),
        Style::Help => words.cyan().bold(),
        Style::Variable => words.magenta(),
    }
}

fn state_look(words: &str, state: StepState) -> ColoredString {
    match state {
        StepState::Hit => words.green().bold(),
        StepState::Miss => words.yellow().bold(),
        StepState::Fail => words.red().bold(),
        StepState::Base => words.blue().bold(),
        StepState::Unknown => words.magenta().bold(),
        StepState::Meta | StepState::Skip | StepState::Wait => words.dimmed(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> Line {
        Line::styled(Style::State(StepState::Miss), "MISS").with(Style::Plain, " RUN  ")
    }

    #[test]
    fn colour_is_added_around_words_only_when_asked() {
        assert_eq!(paint_line(&line(), false), "MISS RUN");
        assert_eq!(paint_line(&line(), true), "\u{1b}[1;33mMISS\u{1b}[0m RUN");
    }

    #[test]
    fn every_line_ends() {
        let text: Text = [line(), Line::new()].into_iter().collect();
        assert_eq!(paint(&text, false), "MISS RUN\n\n");
    }
}
