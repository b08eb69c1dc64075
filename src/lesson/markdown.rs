//! A lesson's Markdown as steps: headings, marks in HTML comments, prose and code blocks.
//!
//! `CommonMark` does the reading; here its events are sorted into sections. What strata can't draw
//! (tables, images, quotes, nested lists) is reported, so that a page never loses text silently.

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use std::ops::Range;

use super::{Block, CodeBlock, CodeRole, Inline, InlineStyle, Prose, StepKind};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// A lesson file behind its front matter.
#[derive(Debug, Clone, Default)]
pub(super) struct Document {
    /// The level-1 heading.
    pub heading: Option<String>,
    /// The text before the first step.
    pub intro: Prose,
    /// The steps.
    pub steps: Vec<RawStep>,
    /// Everything that is wrong.
    pub problems: Vec<Diagnostic>,
}

/// A step as its file has it.
#[derive(Debug, Clone, Default)]
pub(super) struct RawStep {
    pub id: String,
    pub kind: StepKind,
    /// Whether it needs images of a registry.
    pub real: bool,
    /// The `src=` of a translation.
    pub src: Option<String>,
    pub title: String,
    pub body: Prose,
    pub check: Option<CheckText>,
    pub hints: Vec<Prose>,
    pub whens: Vec<(String, Prose)>,
    pub after: Option<Prose>,
    /// The step's mark, for messages.
    pub span: Span,
}

/// The text of a check block and where it starts in the file.
#[derive(Debug, Clone)]
pub(super) struct CheckText {
    pub text: String,
    pub offset: usize,
}

/// Reads a file from `start` on, the offset behind the front matter.
pub(super) fn read(file: &str, start: usize) -> Document {
    let mut reader = Reader {
        file,
        base: start,
        document: Document::default(),
        section: Section::Intro,
        title: None,
    };
    let parser = Parser::new_ext(&file[start..], Options::empty());
    let mut events = parser.into_offset_iter();
    while let Some((event, range)) = events.next() {
        reader.block(event, &range, &mut events);
    }
    reader.lost_title();
    reader.document
}

/// Where text goes at the moment.
#[derive(Clone, Copy, PartialEq)]
enum Section {
    Intro,
    Body,
    Hint,
    When,
    After,
    /// Behind a hint: nothing may stand here.
    Nowhere,
}

struct Reader<'a> {
    file: &'a str,
    base: usize,
    document: Document,
    section: Section,
    /// A level-2 heading that still waits for its `step` mark.
    title: Option<(String, Span)>,
}

type Events<'a> = pulldown_cmark::OffsetIter<'a>;

impl<'a> Reader<'a> {
    fn block(&mut self, event: Event<'a>, range: &Range<usize>, events: &mut Events<'a>) {
        let span = self.span(range);
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                let title = text_of(&self.inlines(events));
                self.heading(level, title, span);
            }
            Event::Start(Tag::Paragraph) => {
                let inlines = self.inlines(events);
                self.add(Block::Paragraph(inlines), span);
            }
            Event::Start(Tag::List(first)) => {
                let items = self.items(events);
                self.add(Block::List { first, items }, span);
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                self.code(&info, span, events);
            }
            Event::Html(html) => self.html(&html, span),
            Event::Start(Tag::HtmlBlock) | Event::End(TagEnd::HtmlBlock) => {}
            Event::Start(_) | Event::Rule => {
                self.problem(
                    "unknown-block",
                    "strata can't draw this kind of block",
                    span,
                );
            }
            // The ends of blocks that were reported at their start, and what is inside them.
            _ => {}
        }
    }

    fn heading(&mut self, level: HeadingLevel, title: String, span: Span) {
        match level {
            HeadingLevel::H1 => self.document.heading = Some(title),
            HeadingLevel::H2 => {
                self.lost_title();
                self.title = Some((without_number(&title), span));
            }
            _ => self.problem(
                "unknown-block",
                "a lesson has headings of level 1 and 2 only",
                span,
            ),
        }
    }

    /// Reports a heading that no `step` mark followed.
    fn lost_title(&mut self) {
        if let Some((_, span)) = self.title.take() {
            self.problem(
                "no-step-mark",
                "this heading needs `<!-- step: ID -->` behind it",
                span,
            );
        }
    }

    /// Collects runs of text up to the end of the block.
    fn inlines(&mut self, events: &mut Events<'a>) -> Vec<Inline> {
        let mut inlines: Vec<Inline> = Vec::new();
        let mut style = InlineStyle::Plain;
        for (event, range) in events.by_ref() {
            let (text, style) = match event {
                Event::Text(text) => (text.into_string(), style),
                Event::Code(text) => (text.into_string(), InlineStyle::Code),
                Event::SoftBreak | Event::HardBreak => (" ".to_owned(), style),
                Event::Start(Tag::Strong) => {
                    style = InlineStyle::Strong;
                    continue;
                }
                Event::Start(Tag::Emphasis) => {
                    style = InlineStyle::Emphasis;
                    continue;
                }
                Event::End(TagEnd::Strong | TagEnd::Emphasis) => {
                    style = InlineStyle::Plain;
                    continue;
                }
                Event::Start(Tag::Link { .. }) | Event::End(TagEnd::Link) => continue,
                Event::End(TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::Item) => break,
                _ => {
                    let span = self.span(&range);
                    self.problem("unknown-block", "strata can't draw this inside text", span);
                    continue;
                }
            };
            match inlines.last_mut() {
                Some(last) if last.style == style && style != InlineStyle::Code => {
                    last.text.push_str(&text);
                }
                _ => inlines.push(Inline { text, style }),
            }
        }
        inlines
    }

    fn items(&mut self, events: &mut Events<'a>) -> Vec<Vec<Inline>> {
        let mut items = Vec::new();
        while let Some((event, range)) = events.next() {
            match event {
                Event::Start(Tag::Item) => items.push(self.inlines(events)),
                Event::End(TagEnd::List(_)) => break,
                _ => {
                    let message =
                        "items of a list are one paragraph each, without empty lines between";
                    let span = self.span(&range);
                    self.problem("unknown-block", message, span);
                }
            }
        }
        items
    }

    fn code(&mut self, info: &str, span: Span, events: &mut Events<'a>) {
        let mut text = String::new();
        let mut offset = None;
        for (event, range) in events.by_ref() {
            match event {
                Event::Text(part) => {
                    offset.get_or_insert(self.base + range.start);
                    text.push_str(&part);
                }
                _ => break,
            }
        }
        let offset = offset.unwrap_or(span.start);
        let mut words = info.split_whitespace();
        let language = words.next().unwrap_or_default().to_owned();
        let mut path = None;
        let (mut give, mut check) = (false, false);
        for word in words {
            match word.split_once('=') {
                Some(("file", name)) => path = Some(name.to_owned()),
                None if word == "give" => give = true,
                None if word == "check" && language == "toml" => check = true,
                _ => self.problem(
                    "unknown-mark",
                    format!("unknown word `{word}` after the fence"),
                    span,
                ),
            }
        }
        if check {
            self.check(CheckText { text, offset }, span);
            return;
        }
        let role = match path {
            Some(path) => CodeRole::File { path, give },
            None if language == "console" => CodeRole::Console,
            None => CodeRole::Sample,
        };
        self.add(
            Block::Code(CodeBlock {
                role,
                language,
                text,
            }),
            span,
        );
    }

    fn check(&mut self, check: CheckText, span: Span) {
        let problem = match self.document.steps.last_mut() {
            None => "a check block belongs to a step",
            Some(step) if step.check.is_some() => "a step has one check block",
            Some(step) => {
                step.check = Some(check);
                return;
            }
        };
        self.problem("check-place", problem, span);
    }

    /// Reads marks and folding tags; one HTML event is one line.
    fn html(&mut self, html: &str, span: Span) {
        let line = html.trim();
        if let Some(mark) = line
            .strip_prefix("<!--")
            .and_then(|rest| rest.strip_suffix("-->"))
        {
            self.mark(mark.trim(), span);
        } else if line.starts_with("</details>") {
            if self.section == Section::Hint {
                self.section = Section::Nowhere;
            }
        } else if !line.starts_with("<details>") && !line.is_empty() {
            self.problem(
                "unknown-mark",
                "only comments and `<details>` may be HTML",
                span,
            );
        }
    }

    fn mark(&mut self, mark: &str, span: Span) {
        if let Some(rest) = mark.strip_prefix("step:") {
            self.begin_step(rest, span);
            return;
        }
        let Some(step) = self.document.steps.last_mut() else {
            self.problem(
                "unknown-mark",
                format!("`{mark}` stands before the first step"),
                span,
            );
            return;
        };
        match mark.split_once(':') {
            None if mark == "hint" => {
                step.hints.push(Vec::new());
                self.section = Section::Hint;
            }
            None if mark == "after" => {
                step.after = Some(Vec::new());
                self.section = Section::After;
            }
            Some(("when", name)) => {
                step.whens.push((name.trim().to_owned(), Vec::new()));
                self.section = Section::When;
            }
            _ => self.problem("unknown-mark", format!("unknown mark `{mark}`"), span),
        }
    }

    fn begin_step(&mut self, words: &str, span: Span) {
        let Some((title, _)) = self.title.take() else {
            self.problem("no-heading", "a step begins with a level-2 heading", span);
            return;
        };
        let mut step = RawStep {
            title,
            span,
            ..RawStep::default()
        };
        let mut words = words.split_whitespace();
        words.next().unwrap_or_default().clone_into(&mut step.id);
        for word in words {
            match word.split_once('=') {
                Some(("kind", kind)) => match step_kind(kind) {
                    Some(kind) => step.kind = kind,
                    None => self.problem("unknown-mark", format!("unknown kind `{kind}`"), span),
                },
                Some(("src", hash)) => step.src = Some(hash.to_owned()),
                None if word == "real" => step.real = true,
                _ => self.problem(
                    "unknown-mark",
                    format!("unknown word `{word}` in the mark"),
                    span,
                ),
            }
        }
        self.document.steps.push(step);
        self.section = Section::Body;
    }

    fn add(&mut self, block: Block, span: Span) {
        self.lost_title();
        let step = self.document.steps.last_mut();
        let prose = match (self.section, step) {
            (Section::Intro, _) => Some(&mut self.document.intro),
            (Section::Body, Some(step)) => Some(&mut step.body),
            (Section::Hint, Some(step)) => step.hints.last_mut(),
            (Section::When, Some(step)) => step.whens.last_mut().map(|(_, prose)| prose),
            (Section::After, Some(step)) => step.after.as_mut(),
            _ => None,
        };
        match prose {
            Some(prose) => prose.push(block),
            None => self.problem("lost-text", "this text belongs to no section", span),
        }
    }

    fn problem(&mut self, kind: &'static str, message: impl Into<String>, span: Span) {
        self.document
            .problems
            .push(Diagnostic::error(kind, message, span));
    }

    /// Returns a range of the Markdown as a span of the file, without final line ends.
    fn span(&self, range: &Range<usize>) -> Span {
        let text = &self.file[self.base + range.start..self.base + range.end];
        let start = self.base + range.start;
        Span::new(start, start + text.trim_end().len())
    }
}

fn step_kind(word: &str) -> Option<StepKind> {
    match word {
        "do" => Some(StepKind::Do),
        "look" => Some(StepKind::Look),
        "edit" => Some(StepKind::Edit),
        "predict" => Some(StepKind::Predict),
        "free" => Some(StepKind::Free),
        _ => None,
    }
}

/// Returns the text of inlines without their styles.
pub(super) fn text_of(inlines: &[Inline]) -> String {
    inlines.iter().map(|inline| inline.text.as_str()).collect()
}

/// Removes the `3. ` of a heading; screens count by themselves.
fn without_number(title: &str) -> String {
    let rest = title.trim_start_matches(|c: char| c.is_ascii_digit());
    rest.strip_prefix(". ").unwrap_or(title).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: &str = "# Title\n\nIntro *text*.\n\n## 2. Build it\n<!-- step: build kind=edit src=ab12 -->\n\n\
        Use `-t`\nhere.\n\n```console\n$ docker build .\n```\n\n<details><summary>Checked</summary>\n\n\
        ```toml check\n[expect]\nexit = 0\n```\n\n</details>\n\n<!-- hint -->\n<details><summary>Hint 1</summary>\n\nDot.\n\n\
        </details>\n\n<!-- when: wrong-dot -->\nNot so.\n\n<!-- after -->\nDone.\n\nReally.\n";

    #[test]
    fn a_step_is_sorted_into_its_sections() {
        let document = read(STEP, 0);
        assert!(document.problems.is_empty(), "{:?}", document.problems);
        let step = &document.steps[0];
        assert_eq!(
            (step.id.as_str(), step.title.as_str()),
            ("build", "Build it")
        );
        assert_eq!(
            (step.kind, step.src.as_deref()),
            (StepKind::Edit, Some("ab12"))
        );
        assert_eq!(step.body.len(), 2);
        assert_eq!(step.hints.len(), 1);
        assert_eq!(step.whens[0].0, "wrong-dot");
        assert_eq!(step.after.as_ref().map(Vec::len), Some(2));
    }

    #[test]
    fn the_check_block_knows_its_place_in_the_file() {
        let check = read(STEP, 0).steps[0].check.clone().unwrap();
        assert_eq!(check.text, "[expect]\nexit = 0\n");
        assert!(STEP[check.offset..].starts_with("[expect]"));
    }

    #[test]
    fn styles_and_soft_breaks_become_runs_of_text() {
        let document = read(STEP, 0);
        let Block::Paragraph(inlines) = &document.steps[0].body[0] else {
            panic!("a paragraph")
        };
        let runs: Vec<_> = inlines.iter().map(|i| (i.text.as_str(), i.style)).collect();
        assert_eq!(
            runs,
            [
                ("Use ", InlineStyle::Plain),
                ("-t", InlineStyle::Code),
                (" here.", InlineStyle::Plain)
            ]
        );
    }

    #[test]
    fn nothing_is_lost_silently() {
        let kinds = |text: &str| {
            let problems = read(text, 0).problems;
            problems.into_iter().map(|p| p.kind).collect::<Vec<_>>()
        };
        assert_eq!(kinds("## Heading\n\nText.\n"), ["no-step-mark"]);
        assert_eq!(
            kinds("## A\n<!-- stop: x -->\n"),
            ["unknown-mark", "no-step-mark"]
        );
        assert_eq!(
            kinds(
                "## A\n<!-- step: a -->\n\n<!-- hint -->\n<details>\n\nx\n\n</details>\n\nlost\n"
            ),
            ["lost-text"]
        );
        assert!(kinds("> quote\n").contains(&"unknown-block"));
    }
}
