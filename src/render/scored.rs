//! Predictions beside what became of them. The build's own picture has just been shown, with reasons
//! and sizes; here stand only the steps that were asked for.

use super::cache_total::score;
use super::grid::{self, Column, Grid};
use super::layer_stack::{fitted, head_instruction};
use super::screen::Screen;
use super::text::{Line, Style, Text};
use super::width::width;
use crate::build::{BuildReport, StepReport};
use crate::plan::StepNumber;

/// Columns of `  ok` behind what was said.
const VERDICT: usize = 4;
/// The columns of an instruction at least.
const INSTRUCTION: usize = 16;

/// What somebody said would become of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guess {
    /// The step.
    pub step: StepNumber,
    /// What was said: `h`, `m`, a state word, or `-` for nothing.
    pub said: String,
    /// Whether it was right; none where nothing was said.
    pub right: Option<bool>,
}

/// Draws what somebody said of steps beside what a build did.
pub fn scored_result(report: &BuildReport, guesses: &[Guess], screen: &Screen) -> Text {
    if screen.is_plain() {
        let said = Line::plain(score(guesses, screen.language));
        return said.wrap(screen.width, 2);
    }
    let language = screen.language;
    let heads = [head_guess(language), head_real(language)];
    let said = guesses.iter().map(|guess| width(&guess.said)).max();
    let said = said
        .unwrap_or(0)
        .max(width(&heads[0]).saturating_sub(VERDICT));
    let state = width(&heads[1]).max(4);
    let number = grid::number_width(&report.steps).max(4);
    let mut columns = vec![
        Column::right(0, number),
        Column::left(2, said + VERDICT),
        Column::left(2, state),
    ];
    let used = Grid::new(columns.clone()).width() + 2;
    let free = grid::picture_width(screen).saturating_sub(used);
    columns.push(Column::left(2, free.max(INSTRUCTION)));
    let table = Grid::new(columns);
    let [guess_head, real_head] = heads;
    let heads = [
        "#".to_owned(),
        guess_head,
        real_head,
        head_instruction(language),
    ];
    let mut text = Text::from(table.heads(&heads));
    for step in report.steps.iter().rev() {
        let Some(guess) = guesses.iter().find(|guess| guess.step == step.number) else {
            continue;
        };
        text.push(table.row(&row(step, guess, said, free.max(INSTRUCTION))));
    }
    fitted(text, screen)
}

fn row(step: &StepReport, guess: &Guess, said: usize, columns: usize) -> [Line; 4] {
    let verdict = Line::plain(&guess.said).pad(said + 2);
    let verdict = match guess.right {
        Some(true) => verdict.with(Style::Good, "ok"),
        Some(false) => verdict.with(Style::Bad, "X"),
        None => verdict,
    };
    [
        grid::number(step),
        verdict,
        grid::state(step),
        grid::instruction(step, columns),
    ]
}

crate::messages! {
    head_guess() { en: "you", ko: "예측" }
    head_real() { en: "real", ko: "결과" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;
    use crate::render::Chrome;
    use crate::render::sample;

    fn guesses() -> Vec<Guess> {
        let guess = |(step, said, right): (usize, &str, Option<bool>)| Guess {
            step,
            said: said.to_owned(),
            right,
        };
        [(2, "h", Some(true)), (3, "-", None), (4, "h", Some(false))]
            .map(guess)
            .to_vec()
    }

    fn drawn(columns: usize, language: Language, chrome: Chrome) -> String {
        let screen = Screen::new(columns, language, chrome);
        scored_result(&sample::rebuilt(), &guesses(), &screen).to_string()
    }

    #[test]
    fn only_the_steps_asked_for_stand_beside_their_guesses() {
        insta::assert_snapshot!(drawn(80, Language::En, Chrome::Ascii), @r"
        #  you    real  instruction
        4  h  X   MISS  RUN npm install
        3  -      MISS  COPY . /app
        2  h  ok  HIT   WORKDIR /app
        ");
        insta::assert_snapshot!(drawn(60, Language::Ko, Chrome::Unicode), @r"
        #  예측   결과  명령
        4  h  X   MISS  RUN npm install
        3  -      MISS  COPY . /app
        2  h  ok  HIT   WORKDIR /app
        ");
    }

    #[test]
    fn a_plain_screen_has_the_score_alone() {
        insta::assert_snapshot!(drawn(200, Language::En, Chrome::Plain), @"Prediction: 1 of 2 right. Wrong: step 4.");
    }

    #[test]
    fn a_prediction_may_be_a_state_word() {
        let guess = |step, said: &str| Guess {
            step,
            said: said.to_owned(),
            right: Some(said == "MISS"),
        };
        let screen = Screen::new(80, Language::En, Chrome::Ascii);
        let guesses = [guess(3, "MISS"), guess(4, "HIT")];
        let drawn = scored_result(&sample::rebuilt(), &guesses, &screen).to_string();
        assert!(drawn.contains("4  HIT   X   MISS"), "{drawn}");
        assert!(drawn.contains("3  MISS  ok  MISS"), "{drawn}");
    }
}
