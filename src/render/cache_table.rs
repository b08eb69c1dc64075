//! What was, or would be, reused and what not, step by step, with the reason beside it.

use super::cache_total::total;
use super::grid::{self, Column, Grid, Room};
use super::layer_stack::{fitted, head_instruction, head_size, head_state, head_time};
use super::quantity::duration;
use super::reason;
use super::screen::Screen;
use super::sentence::{self, Tense};
use super::text::{Line, Style, Text};
use crate::build::{BuildReport, StepReport, StepState};
use crate::language::Language;
use crate::plan::MissReason;

const SIZE: usize = 8;
const TIME: usize = 8;
const INSTRUCTION: usize = 16;

/// Draws what a build would do.
pub fn forecast(report: &BuildReport, screen: &Screen) -> Text {
    CacheTable::new(report, Tense::Would, screen).draw()
}

/// Draws what a build did.
pub fn build_result(report: &BuildReport, screen: &Screen) -> Text {
    CacheTable::new(report, Tense::Done, screen).draw()
}

struct CacheTable<'a> {
    report: &'a BuildReport,
    tense: Tense,
    screen: &'a Screen,
    room: Room,
}

/// The columns that may leave; number, state, instruction and reason never do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Number,
    State,
    Size,
    Time,
    Instruction,
    Why,
}

impl<'a> CacheTable<'a> {
    fn new(report: &'a BuildReport, tense: Tense, screen: &'a Screen) -> Self {
        Self {
            report,
            tense,
            screen,
            room: Room::of(screen),
        }
    }

    fn draw(&self) -> Text {
        let text = match (self.screen.is_plain(), self.room) {
            (true, _) => return self.sentences(),
            (_, Room::Narrow) => self.narrow(),
            _ => self.table(),
        };
        fitted(text, self.screen)
    }

    fn language(&self) -> Language {
        self.screen.language
    }

    fn sentences(&self) -> Text {
        let (of, language) = (self.report.count(), self.language());
        let steps = self
            .report
            .steps
            .iter()
            .map(|step| sentence::step(step, of, self.tense, language));
        let total = sentence::total(self.report, self.tense, language);
        let said = steps.chain([total]);
        said.flat_map(|said| Line::plain(said).wrap(self.screen.width, 2).into_lines())
            .collect()
    }

    /// lesson-format.md, 10.10: the reason stands on a line of its own, and only where one is asked for.
    fn narrow(&self) -> Text {
        let number = grid::number_width(&self.report.steps).max(2);
        let indent = number + 6;
        let room = grid::picture_width(self.screen).saturating_sub(indent);
        let mut text = Text::new();
        for step in self.report.steps.iter().rev() {
            let line = Grid::new(vec![
                Column::right(0, number),
                Column::left(1, 4),
                Column::left(1, room),
            ]);
            text.push(line.row(&[
                grid::number(step),
                grid::state(step),
                grid::instruction(step, room),
            ]));
            let asked = [StepState::Miss, StepState::Fail, StepState::Unknown];
            if asked.contains(&step.state) {
                let (style, words) = reason::short(step, self.language(), room);
                text.push(Line::plain(" ".repeat(indent)).with(style, words));
            }
        }
        text.append(
            Line::plain(total(self.report, self.tense, self.language())).wrap(indent + room, 0),
        );
        text
    }

    fn table(&self) -> Text {
        let parts = self.parts();
        let grid = self.grid(&parts);
        let heads: Vec<String> = parts.iter().map(|&part| self.head(part)).collect();
        let mut text = Text::from(grid.heads(&heads));
        let widths = |part| {
            if part == Part::Why {
                self.why_columns()
            } else {
                grid.width()
            }
        };
        for step in self.report.steps.iter().rev() {
            let cells: Vec<Line> = parts
                .iter()
                .map(|&part| self.cell(part, step, widths(part)))
                .collect();
            text.push(grid.row(&cells));
        }
        text.append(self.footer(&grid, &parts));
        text
    }

    /// Time leaves first. A forecast has no sizes of what is yet to be made: its cost is time, where
    /// it is known.
    fn parts(&self) -> Vec<Part> {
        let wide = self.room == Room::Wide;
        let mut steps = self.report.steps.iter();
        let would = self.tense == Tense::Would && steps.any(|step| step.millis.is_some());
        let mut parts = vec![Part::Number];
        parts.push(Part::State);
        parts.extend((wide || !would).then_some(Part::Size));
        parts.extend((wide || would).then_some(Part::Time));
        parts.extend([Part::Instruction, Part::Why]);
        parts
    }

    fn why_columns(&self) -> usize {
        if self.room == Room::Wide { 44 } else { 25 }
    }

    fn grid(&self, parts: &[Part]) -> Grid {
        let number = grid::number_width(&self.report.steps).max(4);
        let column = |part: &Part| match part {
            Part::Number => Column::right(0, number),
            Part::State => Column::left(2, 5),
            Part::Size => Column::right(2, SIZE),
            Part::Time => Column::right(2, TIME),
            Part::Instruction => Column::left(2, 0),
            Part::Why => Column::left(2, self.why_columns()),
        };
        let mut columns: Vec<Column> = parts.iter().map(column).collect();
        let used = Grid::new(columns.clone()).width();
        let free = grid::picture_width(self.screen)
            .saturating_sub(used)
            .max(INSTRUCTION);
        let instruction = columns.len() - 2;
        columns[instruction].columns = free;
        Grid::new(columns)
    }

    fn head(&self, part: Part) -> String {
        let language = self.language();
        match part {
            Part::Number => "#".to_owned(),
            Part::State => head_state(language),
            Part::Size => head_size(language),
            Part::Time if self.tense == Tense::Would => head_cost(language),
            Part::Time => head_time(language),
            Part::Instruction => head_instruction(language),
            Part::Why => head_why(language),
        }
    }

    fn cell(&self, part: Part, step: &StepReport, columns: usize) -> Line {
        match part {
            Part::Number => grid::number(step),
            Part::State => grid::state(step),
            Part::Size => grid::size(step),
            Part::Time => self.time(step),
            Part::Instruction => grid::instruction(step, columns),
            Part::Why => self.why(step, columns),
        }
    }

    fn time(&self, step: &StepReport) -> Line {
        let took = step
            .millis
            .filter(|_| matches!(step.state, StepState::Miss | StepState::Unknown));
        let took = took.map(|millis| duration(self.language(), millis));
        Line::styled(Style::Number, took.unwrap_or_default())
    }

    fn footer(&self, grid: &Grid, parts: &[Part]) -> Text {
        let at = parts
            .iter()
            .position(|&part| part == Part::State)
            .unwrap_or_default();
        let from = grid.start(at);
        let words = grid.start(parts.len() - 2);
        let mut line = self.screen.rule(from, words - 2 - from).pad(words);
        line.push(
            Style::Plain,
            total(self.report, self.tense, self.language()),
        );
        if line.width() <= grid::picture_width(self.screen) {
            return line.into();
        }
        let mut text = Text::from(self.screen.rule(from, grid.width() - from));
        text.append(
            Line::plain(total(self.report, self.tense, self.language()))
                .wrap(grid.width() - from, 0)
                .indented(from),
        );
        text
    }

    /// A base is the same if something on it was reused, and another one if a step says so.
    fn why(&self, step: &StepReport, columns: usize) -> Line {
        let language = self.language();
        if step.state == StepState::Base {
            let stage = self
                .report
                .steps
                .iter()
                .filter(|other| other.stage == step.stage);
            let is_changed = |other: &StepReport| {
                let mut reasons = other.reasons.iter();
                reasons.any(|reason| matches!(reason, MissReason::BaseChanged { .. }))
            };
            if stage.clone().any(is_changed) {
                return Line::plain(other_base(language));
            }
            if stage.clone().any(|other| other.state == StepState::Hit) {
                return Line::styled(Style::Dim, same_base(language));
            }
        }
        let (style, words) = reason::short(step, language, columns);
        Line::styled(style, words)
    }
}

crate::messages! {
    head_cost() { en: "cost", ko: "비용" }
    same_base() { en: "same image", ko: "같은 이미지" }
    other_base() { en: "another image", ko: "다른 이미지" }
    head_why() { en: "why", ko: "이유" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::Chrome;
    use crate::render::sample;

    fn screen(columns: usize, language: Language, chrome: Chrome) -> Screen {
        Screen::new(columns, language, chrome)
    }

    #[test]
    fn a_result_at_every_width() {
        for (columns, name) in [(60, "60"), (80, "80"), (120, "120")] {
            let screen = screen(columns, Language::En, Chrome::Unicode);
            insta::assert_snapshot!(
                format!("result_{name}"),
                build_result(&sample::rebuilt(), &screen)
            );
        }
    }

    #[test]
    fn a_forecast_shows_the_cost_of_what_would_run() {
        let ascii = screen(80, Language::En, Chrome::Ascii);
        insta::assert_snapshot!(forecast(&sample::rebuilt(), &ascii), @r#"
        #  state      cost  instruction                    why
        6  META             CMD ["node", "server.js"]      settings only
        5  META             EXPOSE 80                      settings only
        4  MISS      1.2 s  RUN npm install                step 3 changed
        3  MISS      12 ms  COPY . /app                    server.js: new content
        2  HIT              WORKDIR /app                   same text, same base
        1  BASE             FROM practice-node             same image
           ---------------  4 layers: 1 base, 1 to reuse, 2 to make, about 1.3 s
        "#);
        let korean = screen(80, Language::Ko, Chrome::Ascii);
        insta::assert_snapshot!(forecast(&sample::rebuilt(), &korean), @r#"
        #  상태       비용  명령                           이유
        6  META             CMD ["node", "server.js"]      설정만 바꿈
        5  META             EXPOSE 80                      설정만 바꿈
        4  MISS      1.2초  RUN npm install                3단계가 바뀜
        3  MISS     0.01초  COPY . /app                    server.js 내용이 바뀜
        2  HIT              WORKDIR /app                   명령과 베이스가 같음
        1  BASE             FROM practice-node             같은 이미지
           ---------------  레이어 4개: 베이스 1, 재사용 1, 새로 만들 것 2, 약 1.3초
        "#);
    }

    #[test]
    fn a_stopped_build_says_so() {
        let ascii = screen(80, Language::En, Chrome::Ascii);
        insta::assert_snapshot!(build_result(&sample::failed(), &ascii), @r#"
        #  state      size  instruction                    why
        4  WAIT             CMD ["cat", "/app/x"]          not reached
        3  FAIL             RUN echo 안녕 && exit 3        exit code 3
        2  MISS        0 B  WORKDIR /app                   never built before
        1  BASE    1.98 MB  FROM practice-os               base image
           ---------------  stopped: 0 reused, 1 made and kept
        "#);
    }
}
