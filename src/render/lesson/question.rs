//! What a learner is asked before it happens, and how good the answers were.

use super::{columns, rule};
use crate::build::{BuildReport, StepReport, StepState};
use crate::language::Language;
use crate::lesson::{PredictKind, Prediction, Question, Score, find_step};
use crate::messages;
use crate::render::scored::{Guess, scored_result};
use crate::render::screen::Screen;
use crate::render::text::{Line, Style, Text};
use crate::render::width::cut;

messages! {
    before(line: &str) { en: "Before `{line}`, say what will happen.", ko: "`{line}` 실행 전에 예측해 보세요." }
    keys_cache() {
        en: "h = will be reused (HIT)    m = will run again (MISS)",
        ko: "h = 재사용된다 (HIT)    m = 다시 실행된다 (MISS)",
    }
    keys_layers() { en: "How many layers will each make beyond its base?", ko: "베이스 위에 레이어가 몇 개 생길까요?" }
    keys_order() { en: "Number them by size, 1 for the smallest.", ko: "작은 것부터 1, 2, 3으로 번호를 매기세요." }
    column_you() { en: "you", ko: "예측" }
    column_item() { en: "instruction", ko: "명령" }
    dont_know() { en: "(Enter = don't know)", ko: "(Enter = 모름)" }
    ask_step(number: usize) { en: "step {number}?", ko: "{number}단계?" }
    ask_item(item: &str) { en: "{item}?", ko: "{item}?" }
    ask_choice(most: usize) { en: "1-{most}?", ko: "1-{most}?" }
    right_of(right: usize, of: usize) { en: "{right} of {of} right.", ko: "{of}개 중 {right}개를 맞혔습니다." }
    you_said(guess: &str) { en: "you said {guess}", ko: "예측 {guess}" }
    unanswered() { en: "you did not say", ko: "예측 안 함" }
}

/// A question as it stands.
#[derive(Debug, Clone, Copy)]
pub struct QuestionState<'a> {
    /// What is asked.
    pub question: &'a Question,
    /// What was answered so far.
    pub prediction: &'a Prediction,
    /// The item to answer now, from 0.
    pub next: usize,
    /// The line that waits.
    pub line: &'a str,
    /// The steps of the waiting build; what would become of them is not shown.
    pub forecast: Option<&'a BuildReport>,
}

/// Draws a question with the answers so far.
pub fn lesson_question(state: &QuestionState<'_>, screen: &Screen) -> Text {
    let mut text = Text::new();
    let wrapped = |sentence: String| Line::plain(sentence).wrap(columns(screen), 0);
    if !state.line.is_empty() {
        text.append(wrapped(before(screen.language, state.line)));
    }
    match state.question.kind {
        PredictKind::Cache => text.append(wrapped(keys_cache(screen.language))),
        PredictKind::Layers => text.append(wrapped(keys_layers(screen.language))),
        PredictKind::SizeOrder => text.append(wrapped(keys_order(screen.language))),
        // The answers stand in the step's text, where they are translated.
        PredictKind::Choice => return text,
    }
    text.blank();
    match state.forecast {
        Some(forecast) if state.question.kind == PredictKind::Cache => {
            text.append(steps(state, forecast, screen));
        }
        _ => text.append(items(state, screen)),
    }
    text.append(rule(screen));
    text
}

/// Draws the steps, newest on top, with an empty box where an answer is wanted.
fn steps(state: &QuestionState<'_>, forecast: &BuildReport, screen: &Screen) -> Text {
    let language = screen.language;
    let mut text = Text::new();
    if !screen.is_plain() {
        let head = Line::styled(Style::Dim, "   #  ").with(Style::Dim, column_you(language));
        text.push(head.pad(13).with(Style::Dim, column_item(language)));
    }
    for step in forecast.steps.iter().rev() {
        let asked = state.question.items.iter().position(|item| {
            find_step(forecast, None, Some(&item.item))
                .is_some_and(|known| known.number == step.number)
        });
        let number = Line::styled(Style::Number, format!("{:>4}  ", step.number));
        let line = number.with(Style::Strong, said(state, asked, step)).pad(13);
        let room = columns(screen).saturating_sub(13);
        text.push(line.with(Style::Plain, cut(&step.text, room)));
    }
    text
}

/// Returns what stands before a step: an answer, a box, or BASE.
fn said(state: &QuestionState<'_>, asked: Option<usize>, step: &StepReport) -> String {
    match asked {
        Some(item) => boxed(state, item),
        None if step.state == StepState::Base => StepState::Base.word().to_owned(),
        None => "-".to_owned(),
    }
}

fn boxed(state: &QuestionState<'_>, item: usize) -> String {
    match state.prediction.guesses.get(item) {
        None => "[ ]".to_owned(),
        Some(None) => "[?]".to_owned(),
        Some(Some(guess)) => match guess.as_str() {
            "hit" => "[h]".to_owned(),
            "miss" => "[m]".to_owned(),
            other => format!("[{other}]"),
        },
    }
}

fn items(state: &QuestionState<'_>, screen: &Screen) -> Text {
    let mut text = Text::new();
    for (number, item) in state.question.items.iter().enumerate() {
        let line = Line::styled(Style::Strong, boxed(state, number)).pad(6);
        let room = columns(screen).saturating_sub(6);
        text.push(line.with(Style::Plain, cut(&item.item, room)));
    }
    text
}

/// Returns the prompt for the next answer.
pub fn lesson_question_prompt(state: &QuestionState<'_>, language: Language) -> String {
    let item = &state.question.items[state.next.min(state.question.items.len() - 1)].item;
    let step = state
        .forecast
        .and_then(|build| find_step(build, None, Some(item)));
    let ask = match (state.question.kind, step) {
        (PredictKind::Choice, _) => ask_choice(language, state.question.choices.len()),
        (PredictKind::Cache, Some(step)) => ask_step(language, step.number) + " h/m",
        _ => ask_item(language, item),
    };
    format!("{ask}  {}  > ", dont_know(language))
}

/// Draws how good the answers were, beside what happened.
pub fn lesson_score(score: &Score, build: Option<&BuildReport>, screen: &Screen) -> Text {
    let mut text = Text::new();
    let guesses = build
        .map(|build| step_guesses(score, build))
        .unwrap_or_default();
    let total = right_of(screen.language, score.right(), score.items.len());
    match build {
        Some(build) if !guesses.is_empty() => {
            text.append(scored_result(build, &guesses, screen));
            // Plain sentences tell the score themselves.
            if !screen.is_plain() {
                text.push(Line::plain(total));
            }
            return text;
        }
        _ => {}
    }
    let several = score.items.len() > 1;
    for item in &score.items {
        let (style, sign) = if item.right() {
            (Style::Good, "ok")
        } else {
            (Style::Bad, "X")
        };
        let told = match &item.guess {
            Some(guess) => you_said(screen.language, guess),
            None => unanswered(screen.language),
        };
        let mut line = Line::styled(style, sign).pad(4);
        if several {
            line.push(Style::Plain, format!("{}: ", item.item));
        }
        line.push(Style::Strong, &item.real);
        line.push(Style::Dim, format!("  ({told})"));
        text.append(line.wrap(columns(screen), 4));
    }
    text.push(Line::plain(total));
    text
}

fn step_guesses(score: &Score, build: &BuildReport) -> Vec<Guess> {
    let guess = |item: &crate::lesson::ScoredItem| {
        let step = find_step(build, None, Some(&item.item))?;
        let said = match item.guess.as_deref() {
            Some("hit") => "h",
            Some("miss") => "m",
            Some(other) => other,
            None => "-",
        };
        Some(Guess {
            step: step.number,
            said: said.to_owned(),
            right: item.guess.is_some().then(|| item.right()),
        })
    };
    score.items.iter().filter_map(guess).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::scene::{report, step};
    use crate::lesson::{Check, ScoredItem, question};
    use crate::render::Chrome;

    fn cache_question() -> Question {
        let check = "[predict]\nkind = \"cache\"\nask = [\"COPY . /app\", \"RUN npm install\"]\nby = \"build .\"\n";
        question(&Check::parse(check).unwrap()).unwrap()
    }

    #[test]
    fn the_next_box_is_empty_and_no_state_is_told() {
        let build = report(vec![
            step(1, "FROM practice-node", StepState::Base),
            step(2, "COPY . /app", StepState::Miss),
            step(3, "RUN npm install", StepState::Miss),
        ]);
        let question = cache_question();
        let prediction = Prediction {
            guesses: vec![Some("hit".into())],
        };
        let state = QuestionState {
            question: &question,
            prediction: &prediction,
            next: 1,
            line: "docker build .",
            forecast: Some(&build),
        };
        let screen = Screen::new(60, Language::En, Chrome::Ascii);
        let drawn = lesson_question(&state, &screen).to_string();
        assert!(!drawn.replace("(MISS)", "").contains("MISS"), "{drawn}");
        insta::assert_snapshot!(drawn);
        let prompt = lesson_question_prompt(&state, Language::En);
        assert_eq!(prompt, "step 3? h/m  (Enter = don't know)  > ");
    }

    #[test]
    fn a_scored_build_ends_with_how_many_were_right() {
        let build = report(vec![
            step(1, "FROM practice-node", StepState::Base),
            step(2, "COPY . /app", StepState::Miss),
        ]);
        let item = ScoredItem {
            item: "COPY . /app".into(),
            guess: Some("hit".into()),
            real: "miss".into(),
        };
        let score = Score { items: vec![item] };
        let drawn = |chrome| {
            let screen = Screen::new(80, Language::En, chrome);
            lesson_score(&score, Some(&build), &screen).to_string()
        };
        assert!(drawn(Chrome::Ascii).ends_with("\n0 of 1 right.\n"));
        assert_eq!(drawn(Chrome::Plain).matches("0 of 1 right.").count(), 1);
    }

    #[test]
    fn a_choice_is_scored_in_a_line() {
        let score = Score {
            items: vec![ScoredItem {
                item: "choice".into(),
                guess: Some("1".into()),
                real: "2".into(),
            }],
        };
        let screen = Screen::new(60, Language::Ko, Chrome::Ascii);
        let drawn = lesson_score(&score, None, &screen).to_string();
        assert_eq!(drawn, "X   2  (예측 1)\n1개 중 0개를 맞혔습니다.\n");
    }
}
