//! Paragraphs, lists and code of a lesson, broken by display width.

use super::columns;
use crate::lesson::{Block, CodeBlock, CodeRole, Inline, InlineStyle, Prose, Step};
use crate::messages;
use crate::render::screen::Screen;
use crate::render::text::{Line, Style, Text};

messages! {
    write_key() { en: "   w writes it", ko: "   w를 누르면 받습니다" }
}

/// Draws text with an empty line behind every block. On the page of a step, what belongs to its
/// solution is left out.
pub fn lesson_prose(prose: &Prose, step: Option<&Step>, screen: &Screen) -> Text {
    let mut text = Text::new();
    for block in prose {
        let drawn = match block {
            Block::Paragraph(inlines) => runs(inlines, screen).wrap(columns(screen), 0),
            Block::List { first, items } => list(*first, items, screen),
            Block::Code(code) if step.is_some_and(|step| step.hides(code)) => continue,
            Block::Code(code) => drawn_code(code, screen),
        };
        text.append(drawn);
        text.blank();
    }
    text
}

/// Sets runs of text on one line, still to be broken. Without colour the marks of code and
/// emphasis stay, as nothing else would tell them.
fn runs(inlines: &[Inline], screen: &Screen) -> Line {
    let mut line = Line::new();
    for Inline { text, style } in inlines {
        let (style, mark) = match style {
            InlineStyle::Plain => (Style::Plain, ""),
            InlineStyle::Code => (Style::Code, "`"),
            InlineStyle::Emphasis => (Style::Strong, "*"),
            InlineStyle::Strong => (Style::Strong, "**"),
        };
        if screen.color {
            line.push(style, text);
        } else {
            line.push(style, format!("{mark}{text}{mark}"));
        }
    }
    line
}

fn list(first: Option<u64>, items: &[Vec<Inline>], screen: &Screen) -> Text {
    let mut text = Text::new();
    for (number, item) in items.iter().enumerate() {
        let sign = match first {
            Some(first) => format!("{}. ", first + number as u64),
            None => "- ".to_owned(),
        };
        let indent = sign.len();
        let mut line = Line::styled(Style::Number, sign);
        line.append(&runs(item, screen));
        text.append(line.wrap(columns(screen), indent));
    }
    text
}

fn drawn_code(code: &CodeBlock, screen: &Screen) -> Text {
    let mut text = Text::new();
    if let CodeRole::File { path, give } = &code.role {
        let mut head = Line::styled(Style::Path, path);
        if *give {
            head.push(Style::Dim, write_key(screen.language));
        }
        text.push(head);
    }
    for line in code.text.lines() {
        let line = code_line(&code.role, &code.language, line);
        let room = columns(screen).saturating_sub(2);
        text.append(line.wrap(room, 2).indented(2));
    }
    text
}

fn code_line(role: &CodeRole, language: &str, line: &str) -> Line {
    if let (CodeRole::Console, Some(typed)) = (role, line.strip_prefix("$ ")) {
        return Line::styled(Style::Prompt, "$ ").with(Style::Code, typed);
    }
    match line.split_once(' ') {
        Some((word, rest)) if language == "dockerfile" && is_instruction(word) => {
            Line::styled(Style::Instruction, word).with(Style::Plain, format!(" {rest}"))
        }
        _ => Line::plain(line),
    }
}

fn is_instruction(word: &str) -> bool {
    word.chars().all(|c| c.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;
    use crate::render::Chrome;

    fn paragraph(text: &str, style: InlineStyle) -> Vec<Inline> {
        vec![Inline {
            text: text.to_owned(),
            style,
        }]
    }

    #[test]
    fn marks_stay_where_there_is_no_colour() {
        let prose = vec![Block::Paragraph(paragraph("-t", InlineStyle::Code))];
        let mut screen = Screen::new(60, Language::En, Chrome::Ascii);
        assert_eq!(lesson_prose(&prose, None, &screen).to_string(), "`-t`\n\n");
        screen.color = true;
        assert_eq!(lesson_prose(&prose, None, &screen).to_string(), "-t\n\n");
    }

    #[test]
    fn items_hang_behind_their_numbers() {
        let item = paragraph("one two three four", InlineStyle::Plain);
        let prose = vec![Block::List {
            first: Some(1),
            items: vec![item],
        }];
        let screen = Screen::new(12, Language::En, Chrome::Ascii);
        let drawn = lesson_prose(&prose, None, &screen).to_string();
        assert_eq!(drawn, "1. one two\n   three\n   four\n\n");
    }
}
