//! What the runner says, drawn: the one place where [`Say`] meets [`crate::render`].

use super::help::{lesson_help, lesson_help_on};
use super::runner::{Runner, Say};
use super::tables::lesson_list;
use crate::lesson::Localized;
use crate::messages;
use crate::render::{
    Line, QuestionState, Screen, StepEnd, Style, Text, lesson_facts, lesson_hint, lesson_page,
    lesson_passed, lesson_prose, lesson_question, lesson_score, lesson_try_again,
};

messages! {
    yes_or_no() { en: "Go on? [y/N]", ko: "계속할까요? [y/N]" }
    not_an_answer() { en: "That is not one of the answers.", ko: "답 가운데 하나를 골라 주세요." }
    on_the_prompt() { en: "On the prompt, one after the other:", ko: "차례로 입력할 명령입니다." }
    finished() { en: "Lesson done.", ko: "이 레슨을 마쳤습니다." }
    left_out(title: &str) { en: "skipped: {title}", ko: "건너뜀: {title}" }
    next_lesson(title: &str) { en: "Next: {title}   [Enter] yes", ko: "다음: {title}   [Enter] 시작" }
    that_was_all() { en: "That was the last lesson.", ko: "마지막 과였습니다." }
    still_open(title: &str, lesson: &str) {
        en: "not finished yet: {title}   `learn {lesson}`",
        ko: "아직 마치지 않은 과: {title}   `learn {lesson}`",
    }
    come_back(lesson: &str, step: usize) {
        en: "Your place is kept: `strata learn {lesson}` goes on with step {step}.",
        ko: "진도를 저장했습니다. `strata learn {lesson}` 명령으로 {step}단계부터 이어 할 수 있습니다.",
    }
    language_is() { en: "strata speaks English now.", ko: "이제 한국어로 말합니다." }
}

/// Draws one thing the runner said.
pub fn show(say: &Say, runner: &Runner, screen: &Screen) -> Text {
    let language = screen.language;
    match say {
        Say::Page => lesson_page(runner.lesson(), runner.step_index(), screen),
        Say::Ask(asked) => lesson_question(&asked.state(), screen),
        Say::NotAnAnswer => sentence(not_an_answer(language), screen),
        Say::Score { score, build } => lesson_score(score, build.as_deref(), screen),
        Say::Facts(facts) => lesson_facts(facts, screen),
        Say::Text(prose) => lesson_prose(prose.get(language).value, None, screen),
        Say::Passed {
            after,
            number,
            last,
            why,
        } => {
            let after = after.as_ref().map(|after| after.get(language));
            let end = StepEnd {
                number: *number,
                last: *last,
                why: *why,
            };
            lesson_passed(end, after.as_ref(), screen)
        }
        Say::TryAgain { hint, solution } => lesson_try_again(*hint, *solution, screen),
        Say::Hint { number, of, text } => lesson_hint(*number, *of, &text.get(language), screen),
        Say::Solution(lines) => solution(lines, screen),
        Say::List(lines) => lesson_list(lines, screen),
        Say::Confirm(_, goes) => {
            let mut text = sentence(goes.get(language).to_owned(), screen);
            text.append(sentence(yes_or_no(language), screen));
            text
        }
        Say::Finished {
            skipped,
            next,
            unfinished,
        } => {
            let mut text = end(skipped, next.as_ref(), screen);
            for (lesson, title) in unfinished {
                let title = title.get(language).value;
                text.append(sentence(still_open(language, title, lesson), screen));
            }
            text
        }
        Say::Note(note) => sentence(note.get(language).to_owned(), screen),
        Say::Help => lesson_help(screen),
        Say::HelpOn(word) => lesson_help_on(word, screen).unwrap_or_default(),
        Say::Closed => Text::new(),
        Say::Language(language) => sentence(language_is(*language), screen),
        Say::Leave { lesson, step } => sentence(come_back(language, lesson, *step), screen),
    }
}

impl super::runner::Asked {
    /// Returns the question as `render` wants it; its prompt is
    /// [`lesson_question_prompt`](crate::render::lesson_question_prompt).
    pub fn state(&self) -> QuestionState<'_> {
        QuestionState {
            question: &self.question,
            prediction: &self.prediction,
            next: self.next,
            line: &self.line,
            forecast: self.forecast.as_ref(),
        }
    }
}

fn sentence(words: String, screen: &Screen) -> Text {
    screen.wrap(&Line::plain(words), 0)
}

fn solution(lines: &[String], screen: &Screen) -> Text {
    let mut text = sentence(on_the_prompt(screen.language), screen);
    for line in lines {
        let line = Line::styled(Style::Prompt, "  $ ").with(Style::Code, line);
        text.append(screen.wrap(&line, 4));
    }
    text
}

fn end(skipped: &[Localized<String>], next: Option<&Localized<String>>, screen: &Screen) -> Text {
    let language = screen.language;
    let mut text = screen.wrap(&Line::styled(Style::Good, finished(language)), 0);
    for title in skipped {
        text.append(sentence(
            left_out(language, title.get(language).value),
            screen,
        ));
    }
    let more = match next {
        Some(title) => next_lesson(language, title.get(language).value),
        None => that_was_all(language),
    };
    text.append(sentence(more, screen));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course;
    use crate::language::Language;
    use crate::render::Chrome;

    #[test]
    fn pages_fit_every_screen_in_every_language() {
        let course = course::load(None).unwrap();
        for lesson in &course.lessons {
            for number in 0..lesson.steps.len() {
                for language in Language::ALL {
                    for columns in [40, 60, 80, 120] {
                        let screen = Screen::new(columns, language, Chrome::Ascii);
                        let page = lesson_page(lesson, number, &screen);
                        let wide = page.lines().iter().find(|line| line.width() > columns);
                        assert!(wide.is_none(), "{} {number} {columns}: {wide:?}", lesson.id);
                    }
                }
            }
        }
    }

    #[test]
    fn a_page_in_korean() {
        let course = course::load(None).unwrap();
        let screen = Screen::new(80, Language::Ko, Chrome::Ascii);
        let page = lesson_page(course.lesson("cache-order").unwrap(), 2, &screen);
        insta::assert_snapshot!(page.to_string());
    }

    #[test]
    fn a_page_shows_what_is_given_and_hides_the_solution() {
        let course = course::load(None).unwrap();
        let lesson = course.lesson("cache-order").unwrap();
        let screen = Screen::new(60, Language::En, Chrome::Ascii);
        let given = lesson_page(lesson, 0, &screen).to_string();
        assert!(given.contains("COPY . /app"), "{given}");
        assert!(!given.contains("$ docker build"), "{given}");
        let fix = lesson_page(lesson, 4, &screen).to_string();
        assert!(!fix.contains("COPY package.json"), "{fix}");
        insta::assert_snapshot!(given);
    }
}
