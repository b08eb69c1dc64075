//! How a Dockerfile was read: one instruction a block, what it is made of below it.

use super::screen::Screen;
use super::text::{Line, Style, Text};
use crate::parser::tree::{Branch, Label};

/// Columns of the widest line range that is common, such as `10-12`.
const LINES: usize = 6;

/// Draws what `strata parse` shows a person.
pub fn syntax_tree(branches: &[Branch], screen: &Screen) -> Text {
    let mut text = Text::new();
    for branch in branches {
        let lines = branch.lines.map_or_else(String::new, |(first, last)| {
            if first == last {
                first.to_string()
            } else {
                format!("{first}-{last}")
            }
        });
        let number = super::width::pad_left(&lines, LINES);
        let mut line = Line::styled(Style::Number, number).with(Style::Plain, "  ");
        line.push(style(branch.label), &branch.text);
        text.append(screen.wrap(&line, LINES + 2));
        for below in &branch.branches {
            text.append(twig(below, LINES + 2, screen));
        }
    }
    text
}

/// Draws what hangs on an instruction: the kind of thing it is, then its text, line by line.
fn twig(branch: &Branch, indent: usize, screen: &Screen) -> Text {
    let label = branch.label.name(screen.language);
    let lead = format!("{}{label}  ", " ".repeat(indent));
    let below = super::width::width(&lead);
    let mut text = Text::new();
    for (index, part) in branch.text.split('\n').enumerate() {
        let lead = if index == 0 {
            lead.clone()
        } else {
            " ".repeat(below)
        };
        let line = Line::styled(Style::Dim, lead).with(style(branch.label), part);
        text.append(screen.wrap(&line, below));
    }
    for branch in &branch.branches {
        text.append(twig(branch, indent + 2, screen));
    }
    text
}

fn style(label: Label) -> Style {
    match label {
        Label::Instruction => Style::Instruction,
        Label::Flag => Style::Flag,
        Label::Directive => Style::Dim,
        _ => Style::Plain,
    }
}
