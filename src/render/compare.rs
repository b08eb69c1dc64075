//! Two builds side by side: the same lines in another order, and what that cost.

use super::grid::{self, Column, Grid, Room, instruction, picture_width};
use super::layer_stack::fitted;
use super::quantity::size;
use super::screen::Screen;
use super::sentence::{self, Tense};
use super::summary::{self, Summary};
use super::text::{Line, Style, Text};
use crate::build::{BuildReport, StepReport, StepState};
use crate::language::Language;

/// Columns of `1.05 MB`.
const SIZE: usize = 7;
/// Columns of the line between the sides, with two spaces on either hand.
const DIVIDER: usize = 5;

/// One of two builds that are compared.
#[derive(Debug, Clone, Copy)]
pub struct Compared<'a> {
    /// What it is called: an image, or a Dockerfile.
    pub name: &'a str,
    /// What it did.
    pub report: &'a BuildReport,
}

/// Draws two builds side by side, or one after the other where the screen is narrow.
pub fn compare(left: Compared, right: Compared, screen: &Screen) -> Text {
    if screen.is_plain() {
        return [left, right]
            .into_iter()
            .flat_map(|side| sentences(side, screen).into_lines())
            .collect();
    }
    let text = if Room::of(screen) == Room::Narrow {
        let columns = picture_width(screen);
        let mut text = half(left, columns, screen.language);
        text.blank();
        text.append(half(right, columns, screen.language));
        text
    } else {
        side_by_side(left, right, screen)
    };
    fitted(text, screen)
}

fn side_by_side(left: Compared, right: Compared, screen: &Screen) -> Text {
    let columns = (picture_width(screen) - DIVIDER) / 2;
    let [left, right] = [left, right].map(|side| half(side, columns, screen.language).into_lines());
    let height = left.len().max(right.len());
    let rows = standing(left, height)
        .into_iter()
        .zip(standing(right, height));
    let joined = rows.map(|(left, right)| {
        let bar = format!("  {}  ", screen.chrome.vertical());
        let mut line = left.pad(columns).with(Style::Rule, bar);
        line.append(&right);
        line.trimmed()
    });
    joined.collect()
}

/// Puts empty lines under the name, so that both stacks stand on the same ground.
fn standing(mut lines: Vec<Line>, height: usize) -> Vec<Line> {
    let missing = height - lines.len();
    lines.splice(1..1, std::iter::repeat_n(Line::new(), missing));
    lines
}

fn half(side: Compared, columns: usize, language: Language) -> Text {
    let text = columns.saturating_sub(1 + 4 + 2 + 1 + SIZE);
    let grid = Grid::new(vec![
        Column::left(1, 4),
        Column::left(2, text),
        Column::right(1, SIZE),
    ]);
    let mut half = Text::from(Line::plain(" ").with(Style::Title, side.name).cut(columns));
    for step in side
        .report
        .steps
        .iter()
        .rev()
        .filter(|step| has_place(step))
    {
        let bytes = step
            .layer
            .as_ref()
            .map(|layer| size(layer.size))
            .unwrap_or_default();
        let bytes = Line::styled(Style::Number, bytes);
        half.push(grid.row(&[grid::state(step), instruction(step, text), bytes]));
    }
    half.push(Line::plain(format!(" {}", cost(side.report, language))).cut(columns));
    half
}

/// Settings make no layer, so they have no place in a stack.
fn has_place(step: &StepReport) -> bool {
    step.state != StepState::Meta
}

fn cost(report: &BuildReport, language: Language) -> String {
    let sums = Summary::of(report);
    let steps = summary::steps(language, sums.made);
    if sums.made == 0 {
        nothing_rebuilt(language)
    } else {
        rebuilt(language, &size(sums.made_size), &steps)
    }
}

fn sentences(side: Compared, screen: &Screen) -> Text {
    let (of, language) = (side.report.count(), screen.language);
    let places = side.report.steps.iter().filter(|step| has_place(step));
    let steps = places.map(|step| sentence::step(step, of, Tense::Done, language));
    let title = format!("{}:", side.name);
    let total = sentence::total(side.report, Tense::Done, language);
    let said = std::iter::once(title).chain(steps).chain([total]);
    said.flat_map(|words| screen.wrap(&Line::plain(words), 2).into_lines())
        .collect()
}

crate::messages! {
    rebuilt(size: &str, steps: &str) { en: "rebuilt {size}, {steps}", ko: "새로 만듦: {size}, {steps}" }
    nothing_rebuilt() { en: "nothing rebuilt", ko: "새로 만든 것 없음" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::{Chrome, sample};

    fn drawn(columns: usize, language: Language, chrome: Chrome) -> Text {
        let (left, right) = (sample::rebuilt(), sample::reordered());
        let left = Compared {
            name: "notes:2",
            report: &left,
        };
        let right = Compared {
            name: "shop:3",
            report: &right,
        };
        compare(left, right, &Screen::new(columns, language, chrome))
    }

    #[test]
    fn both_stacks_stand_on_the_same_ground() {
        insta::assert_snapshot!(drawn(80, Language::En, Chrome::Ascii), @r"
        notes:2                               |   shop:3
                                              |   MISS  COPY . /app               71 B
        MISS  RUN npm install        1.05 MB  |   HIT   RUN npm install        1.05 MB
        MISS  COPY . /app               71 B  |   HIT   COPY package.json /app    56 B
        HIT   WORKDIR /app               0 B  |   HIT   WORKDIR /app               0 B
        BASE  FROM practice-node     1.98 MB  |   BASE  FROM practice-node     1.98 MB
        rebuilt 1.05 MB, 2 steps              |   rebuilt 71 B, 1 step
        ");
        insta::assert_snapshot!(drawn(80, Language::Ko, Chrome::Unicode), @r"
        notes:2                               │   shop:3
                                              │   MISS  COPY . /app               71 B
        MISS  RUN npm install        1.05 MB  │   HIT   RUN npm install        1.05 MB
        MISS  COPY . /app               71 B  │   HIT   COPY package.json /app    56 B
        HIT   WORKDIR /app               0 B  │   HIT   WORKDIR /app               0 B
        BASE  FROM practice-node     1.98 MB  │   BASE  FROM practice-node     1.98 MB
        새로 만듦: 1.05 MB, 단계 2개          │   새로 만듦: 71 B, 단계 1개
        ");
    }

    #[test]
    fn a_narrow_screen_shows_one_after_the_other() {
        insta::assert_snapshot!(drawn(60, Language::En, Chrome::Ascii), @r"
        notes:2
        MISS  RUN npm install                              1.05 MB
        MISS  COPY . /app                                     71 B
        HIT   WORKDIR /app                                     0 B
        BASE  FROM practice-node                           1.98 MB
        rebuilt 1.05 MB, 2 steps

        shop:3
        MISS  COPY . /app                                     71 B
        HIT   RUN npm install                              1.05 MB
        HIT   COPY package.json /app                          56 B
        HIT   WORKDIR /app                                     0 B
        BASE  FROM practice-node                           1.98 MB
        rebuilt 71 B, 1 step
        ");
    }

    #[test]
    fn plain_sentences_name_the_build_first() {
        insta::assert_snapshot!(drawn(200, Language::En, Chrome::Plain), @r"
        notes:2:
        Step 1 of 6, FROM practice-node: base image, 1 layer.
        Step 2 of 6, WORKDIR /app: reused.
        Step 3 of 6, COPY . /app: ran again, server.js has new content. 71 bytes.
        Step 4 of 6, RUN npm install: ran again, step 3 changed. 1.05 megabytes.
        4 layers, 3.03 megabytes in all: 1 of the base, 1 reused, 2 made, 1.05 megabytes rebuilt.
        shop:3:
        Step 1 of 5, FROM practice-node: base image, 1 layer.
        Step 2 of 5, WORKDIR /app: reused.
        Step 3 of 5, COPY package.json /app: reused.
        Step 4 of 5, RUN npm install: reused.
        Step 5 of 5, COPY . /app: ran again, server.js has new content. 71 bytes.
        5 layers, 3.03 megabytes in all: 1 of the base, 3 reused, 1 made, 71 bytes rebuilt.
        ");
    }
}
