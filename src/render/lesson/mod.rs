//! A lesson on the screen: its page, questions, results, what is not yet, hints.
//!
//! `prose` sets text, `question` draws what is asked and how it was answered, `facts` what was
//! checked. Nothing is redrawn: a lesson stays in the scrollback, to be read again.

mod facts;
mod prose;
mod question;

use super::screen::Screen;
use super::text::{Line, Style, Text};
use super::width::{cut, width};
use crate::lesson::{Lesson, Local, Prose, Step};
use crate::messages;

pub use facts::lesson_facts;
pub use prose::lesson_prose;
pub use question::{QuestionState, lesson_question, lesson_question_prompt, lesson_score};

messages! {
    lesson_number(number: u32) { en: "Lesson {number}  ", ko: "레슨 {number}  " }
    step_number(number: usize, of: usize) { en: "step {number} of {of}", ko: "{number}/{of} 단계" }
    minutes(minutes: u32) { en: "about {minutes} minutes", ko: "약 {minutes}분" }
    untranslated() { en: "(in English)", ko: "(아직 번역되지 않은 글입니다)" }
    footer() {
        en: " hint  check  undo  reset  list  ?",
        ko: " hint 힌트  check 확인  undo 되돌리기  reset 처음부터  list 목록  ? 도움말",
    }
    hint_number(number: usize, of: usize) { en: "Hint {number} of {of}", ko: "힌트 {number}/{of}" }
    step_done(number: usize) { en: "Step {number} done.", ko: "{number}단계를 마쳤습니다." }
    lesson_done() { en: "That was the last step.", ko: "마지막 단계였습니다." }
    key_next() { en: "[Enter] next", ko: "[Enter] 다음" }
    key_why() { en: "[y] why", ko: "[y] 이유" }
    key_undo() { en: "[u] undo", ko: "[u] 되돌리기" }
    key_quit() { en: "[q] quit", ko: "[q] 나가기" }
    key_hint(number: usize, of: usize) { en: "[h] hint {number} of {of}", ko: "[h] 힌트 {number}/{of}" }
    key_solution() { en: "[s] solution", ko: "[s] 풀이" }
    just_try() { en: "or just try again", ko: "또는 그냥 다시 해 보세요" }
    needs_real() {
        en: "This step uses real images and needs a network; `skip` leaves it out.",
        ko: "이 단계는 실제 이미지를 쓰므로 네트워크가 필요합니다. `skip`으로 건너뛸 수 있습니다.",
    }
}

/// Text wider than this is hard to read; pictures may use more.
const COMFORTABLE: usize = 80;

/// Returns the columns that text takes on a screen.
fn columns(screen: &Screen) -> usize {
    if screen.is_plain() {
        screen.width
    } else {
        screen.width.min(COMFORTABLE)
    }
}

/// Draws the page of a step; the first one begins with the lesson's own text.
pub fn lesson_page(lesson: &Lesson, number: usize, screen: &Screen) -> Text {
    let step = &lesson.steps[number];
    let mut text = heading(lesson, number, screen);
    if number == 0 {
        let intro = lesson.intro.get(screen.language);
        text.append(marked(intro.translated, screen));
        text.append(lesson_prose(intro.value, None, screen));
        let minutes = minutes(screen.language, lesson.minutes);
        text.push(Line::styled(Style::Dim, minutes));
        text.blank();
    }
    let title = step.title.get(screen.language).value;
    let title = Line::styled(Style::Title, title);
    text.append(title.wrap(columns(screen), 0));
    text.blank();
    text.append(body(step, screen));
    if step.real {
        let note = Line::styled(Style::Dim, needs_real(screen.language));
        text.append(note.wrap(columns(screen), 0));
        text.blank();
    }
    text.append(rule(screen));
    text.append(Line::styled(Style::Dim, footer(screen.language)).wrap(columns(screen), 1));
    text
}

/// Draws a hint.
pub fn lesson_hint(number: usize, of: usize, text: &Local<'_, Prose>, screen: &Screen) -> Text {
    let mut drawn = Text::new();
    let head = hint_number(screen.language, number, of);
    drawn.push(Line::styled(Style::Strong, head));
    drawn.append(marked(text.translated, screen));
    drawn.append(lesson_prose(text.value, None, screen));
    drawn
}

/// The end of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepEnd {
    /// The step's number, from 1.
    pub number: usize,
    /// Whether it was the lesson's last.
    pub last: bool,
    /// Whether there is a build to ask about.
    pub why: bool,
}

/// Draws what can be done about a step that is not done yet.
pub fn lesson_try_again(hint: Option<(usize, usize)>, solution: bool, screen: &Screen) -> Text {
    let language = screen.language;
    let mut keys: Vec<String> = Vec::new();
    keys.extend(hint.map(|(number, of)| key_hint(language, number, of)));
    keys.extend(solution.then(|| key_solution(language)));
    if keys.is_empty() {
        return Text::new();
    }
    keys.push(just_try(language));
    Line::styled(Style::Dim, keys.join("   ")).wrap(columns(screen), 0)
}

/// Draws the end of a step: its closing text, and which key goes on.
pub fn lesson_passed(end: StepEnd, after: Option<&Local<'_, Prose>>, screen: &Screen) -> Text {
    let mut text = Text::new();
    if let Some(after) = after {
        text.append(marked(after.translated, screen));
        text.append(lesson_prose(after.value, None, screen));
    }
    let language = screen.language;
    let mut done = Line::styled(Style::Good, step_done(language, end.number));
    if end.last {
        done.push(Style::Plain, " ");
        done.push(Style::Plain, lesson_done(language));
    }
    let mut keys = vec![key_next(language), key_undo(language), key_quit(language)];
    if end.why {
        keys.insert(1, key_why(language));
    }
    done.push(Style::Dim, format!("  {}", keys.join("   ")));
    text.append(done.wrap(columns(screen), 1));
    text
}

fn body(step: &Step, screen: &Screen) -> Text {
    let page = step.page(screen.language);
    let mut text = marked(page.translated, screen);
    text.append(lesson_prose(page.value, Some(step), screen));
    text
}

/// Returns a line that says so where English stands in for a translation.
fn marked(translated: bool, screen: &Screen) -> Text {
    let mut text = Text::new();
    if !translated {
        text.push(Line::styled(Style::Dim, untranslated(screen.language)));
    }
    text
}

/// Draws the heading: lesson and title on the left, the step's number on the right.
fn heading(lesson: &Lesson, number: usize, screen: &Screen) -> Text {
    let language = screen.language;
    let place = step_number(language, number + 1, lesson.steps.len());
    let left = lesson
        .number()
        .map(|number| lesson_number(language, number));
    let left = left.unwrap_or_default() + lesson.title.get(language).value;
    let mut text = Text::new();
    if screen.is_plain() {
        text.push(Line::styled(Style::Title, format!("{left}, {place}")));
        return text;
    }
    let columns = columns(screen);
    let room = columns.saturating_sub(width(&place) + 2);
    let line = Line::styled(Style::Title, cut(&left, room));
    text.push(line.pad(columns - width(&place)).with(Style::Dim, place));
    text.append(rule(screen));
    text
}

fn rule(screen: &Screen) -> Text {
    let mut text = Text::new();
    if !screen.is_plain() {
        text.push(screen.rule(0, columns(screen)));
    }
    text
}
