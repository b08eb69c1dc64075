//! All that a step can show a learner, one below the other.
//!
//! Nothing in it depends on the machine: facts are judged on no evidence at all, questions stand
//! without a forecast, and answers are scored against the pinned result.

use std::fmt::Write as _;

use super::Screen;
use crate::lesson::{
    NoEvidence, Prediction, Question, Score, ScoredItem, Step, evaluate, question,
};
use crate::render::{
    self, Chrome, QuestionState, StepEnd, Text, lesson_facts, lesson_hint, lesson_page,
    lesson_passed, lesson_prose, lesson_question, lesson_score, lesson_try_again,
};

/// Draws a step: its page, its question, what is not yet, hints, texts, and its end.
pub fn draw(of: &Screen<'_>) -> String {
    let screen = render::Screen {
        width: of.width,
        language: of.language,
        chrome: Chrome::Unicode,
        color: of.colour,
    };
    let mut picture = screen.paint(&lesson_page(of.lesson, of.step, &screen));
    for (name, text) in sights(of, &screen) {
        // Writing to a String cannot fail.
        let _ = write!(picture, "--- {name}\n{}", screen.paint(&text));
    }
    picture
}

/// Returns what a step shows after its page, with names.
fn sights(of: &Screen<'_>, screen: &render::Screen) -> Vec<(String, Text)> {
    let step = &of.lesson.steps[of.step];
    let mut sights = Vec::new();
    if let Some(question) = question(&step.check) {
        sights.push(("question".to_owned(), asked(&question, screen)));
        let score = lesson_score(&pinned_score(step, &question), None, screen);
        sights.push(("score".to_owned(), score));
    }
    let facts = evaluate(step, &NoEvidence);
    if !facts.is_empty() {
        let mut drawn = lesson_facts(&facts, screen);
        let hint = (!step.hints.is_empty()).then_some((1, step.hints.len()));
        drawn.append(lesson_try_again(hint, !step.solution.is_empty(), screen));
        sights.push(("not yet".to_owned(), drawn));
    }
    for (number, hint) in (1..).zip(&step.hints) {
        let text = hint.text.get(screen.language);
        let drawn = lesson_hint(number, step.hints.len(), &text, screen);
        sights.push((format!("hint {number}"), drawn));
    }
    for (name, text) in &step.whens {
        let prose = text.get(screen.language).value;
        sights.push((format!("when {name}"), lesson_prose(prose, None, screen)));
    }
    let end = StepEnd {
        number: of.step + 1,
        last: of.step + 1 == of.lesson.steps.len(),
        why: !step.check.expect.step.is_empty(),
    };
    let after = step.after.as_ref().map(|after| after.get(screen.language));
    sights.push((
        "passed".to_owned(),
        lesson_passed(end, after.as_ref(), screen),
    ));
    sights
}

fn asked(question: &Question, screen: &render::Screen) -> Text {
    let state = QuestionState {
        question,
        prediction: &Prediction::default(),
        next: 0,
        line: question.by.as_deref().unwrap_or_default(),
        forecast: None,
    };
    lesson_question(&state, screen)
}

/// Scores a learner who says of everything what is so of the first item.
fn pinned_score(step: &Step, question: &Question) -> Score {
    let predict = step.check.predict.as_ref();
    let real = |item: &String| {
        let pinned = predict.and_then(|predict| predict.pinned.get(item));
        pinned.map_or_else(String::new, crate::lesson::Pinned::text)
    };
    let first = question.items.first().map(|item| real(&item.item));
    let items = question.items.iter().map(|item| ScoredItem {
        item: item.item.clone(),
        guess: first.clone(),
        real: real(&item.item),
    });
    Score {
        items: items.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::library;
    use crate::language::Language;

    #[test]
    fn a_picture_holds_everything_a_step_can_say() {
        let course = library::load(None).unwrap();
        let lesson = course.lesson("cache-order").unwrap();
        let picture = draw(&Screen {
            lesson,
            step: lesson.step_position("guess").unwrap(),
            language: Language::En,
            width: 80,
            colour: false,
        });
        let names: Vec<&str> = picture
            .lines()
            .filter_map(|line| line.strip_prefix("--- "))
            .collect();
        assert!(
            names.starts_with(&["question", "score", "not yet", "hint 1"]),
            "{names:?}"
        );
        assert!(names.iter().any(|name| name.starts_with("when ")));
        assert_eq!(names.last(), Some(&"passed"));
    }

    #[test]
    fn the_same_step_is_drawn_the_same_twice() {
        let course = library::load(None).unwrap();
        for lesson in &course.lessons {
            for step in 0..lesson.steps.len() {
                let screen = Screen {
                    lesson,
                    step,
                    language: Language::Ko,
                    width: 60,
                    colour: true,
                };
                assert_eq!(draw(&screen), draw(&screen));
            }
        }
    }
}
