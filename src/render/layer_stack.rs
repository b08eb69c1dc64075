//! The stack of layers as a picture: newest on top, the base at the bottom, and what every
//! instruction put on it.

use super::grid::{self, Column, Grid, Room};
use super::quantity::{duration, size};
use super::reason;
use super::screen::Screen;
use super::sentence::{self, Tense};
use super::summary::{self, Summary};
use super::text::{Line, Style, Text};
use super::width::{pad_left, width};
use crate::build::{BuildReport, LayerReport, StepReport, StepState};
use crate::language::Language;

/// Columns of `1.05 MB` with its sign, and of `340 ms`.
const SIZE: usize = 8;
const TIME: usize = 8;
/// The least a picture leaves to instructions.
const INSTRUCTION: usize = 16;
/// Hex digits of a layer's id: enough to tell a few dozen layers apart.
const ID_DIGITS: usize = 8;

/// Draws the whole stack. `verbs` are what it makes sense to type next, such as `files 4`.
pub fn layer_stack(report: &BuildReport, verbs: &[String], screen: &Screen) -> Text {
    if screen.is_plain() {
        return sentences(report, screen);
    }
    let stack = Stack::new(report, screen);
    let mut text = Text::from(stack.heads());
    let mut stage_above = None;
    for step in report.steps.iter().rev() {
        if summary::has_stages(report) && step.stage != stage_above {
            stage_above = step.stage;
            text.append(stack.stage_line(step).into_iter().collect());
        }
        text.push(stack.row(step));
    }
    text.push(screen.rule(
        stack.indent(),
        stack.grid.width().saturating_sub(stack.indent()),
    ));
    text.append(stack.total(verbs));
    fitted(text, screen)
}

/// Draws what a line just typed came to: its row, as the stack shows it, and the total.
pub fn typed_row(
    report: &BuildReport,
    step: &StepReport,
    verbs: &[String],
    screen: &Screen,
) -> Text {
    let mut text = row(report, step, screen);
    text.append(typed_total(report, verbs, screen));
    text
}

/// Draws what a step came to: its row, as the stack shows it.
pub fn row(report: &BuildReport, step: &StepReport, screen: &Screen) -> Text {
    if screen.is_plain() {
        let said = sentence::step(step, report.count(), Tense::Done, screen.language);
        return Line::plain(said).wrap(screen.width, 2);
    }
    fitted(Stack::new(report, screen).row(step).into(), screen)
}

/// Draws the heads of the columns of rows.
pub fn row_heads(report: &BuildReport, screen: &Screen) -> Text {
    if screen.is_plain() {
        return Text::new();
    }
    let heads = Stack::new(report, screen).heads().to_string();
    fitted(Line::styled(Style::Dim, heads).into(), screen)
}

/// Draws what all rows add up to. The row is the news; this is there for whoever looks for it.
pub fn typed_total(report: &BuildReport, verbs: &[String], screen: &Screen) -> Text {
    if screen.is_plain() {
        return Text::new();
    }
    let total = Stack::new(report, screen).total(verbs).into_lines();
    let quiet = total
        .into_iter()
        .map(|line| Line::styled(Style::Dim, line.to_string()));
    fitted(quiet.collect(), screen)
}

/// Returns the verbs that make sense for a draft: they name its newest step.
pub fn draft_verbs(report: &BuildReport) -> Vec<String> {
    let mut verbs = vec!["undo".to_owned()];
    let made_layer = |step: &&StepReport| step.layer.is_some() && step.state != StepState::Base;
    if let Some(failed) = report.failed() {
        verbs.push(format!("in {}", failed.number));
    } else if let Some(step) = report.steps.iter().rev().find(made_layer) {
        verbs.extend(["files", "in"].map(|verb| format!("{verb} {}", step.number)));
    }
    verbs
}

fn sentences(report: &BuildReport, screen: &Screen) -> Text {
    let (of, language) = (report.count(), screen.language);
    let steps = report
        .steps
        .iter()
        .map(|step| sentence::step(step, of, Tense::Done, language));
    let said = steps.chain([sentence::total(report, Tense::Done, language)]);
    said.flat_map(|said| Line::plain(said).wrap(screen.width, 2).into_lines())
        .collect()
}

/// No screen is so narrow that a picture may be wider.
pub(super) fn fitted(text: Text, screen: &Screen) -> Text {
    text.into_lines()
        .into_iter()
        .map(|line| line.cut(screen.width))
        .collect()
}

struct Stack<'a> {
    report: &'a BuildReport,
    screen: &'a Screen,
    room: Room,
    grid: Grid,
    /// Columns of the column that says what was made.
    made: usize,
}

impl<'a> Stack<'a> {
    fn new(report: &'a BuildReport, screen: &'a Screen) -> Self {
        let room = Room::of(screen);
        let number = grid::number_width(&report.steps).max(2);
        let made = match room {
            Room::Narrow => 11,
            Room::Usual => 26,
            Room::Wide => 38,
        };
        let mut columns = match room {
            Room::Narrow => vec![
                Column::right(0, number),
                Column::left(1, 5),
                Column::right(1, SIZE),
            ],
            _ => vec![
                Column::right(0, number.max(4)),
                Column::left(2, 5),
                Column::right(2, SIZE),
            ],
        };
        if room == Room::Wide {
            columns.push(Column::right(1, TIME));
        }
        let used = Grid::new(columns.clone()).width() + 2 + 2 + made;
        let instruction = grid::picture_width(screen)
            .saturating_sub(used)
            .max(INSTRUCTION);
        columns.extend([Column::left(2, instruction), Column::left(2, made)]);
        Self {
            report,
            screen,
            room,
            grid: Grid::new(columns),
            made,
        }
    }

    fn language(&self) -> Language {
        self.screen.language
    }

    fn heads(&self) -> Line {
        let language = self.language();
        let mut heads = vec!["#".to_owned(), head_state(language), head_size(language)];
        if self.room == Room::Wide {
            heads.push(head_time(language));
        }
        heads.extend([head_instruction(language), head_made(language)]);
        self.grid.heads(&heads)
    }

    fn row(&self, step: &StepReport) -> Line {
        let mut cells = vec![grid::number(step), grid::state(step), grid::size(step)];
        if self.room == Room::Wide {
            let took = step.millis.filter(|_| step.state == StepState::Miss);
            let took = took.map(|millis| duration(self.language(), millis));
            cells.push(Line::styled(Style::Dim, took.unwrap_or_default()));
        }
        cells.push(grid::instruction(step, self.instruction_columns()));
        cells.push(self.made(step));
        self.grid.row(&cells)
    }

    fn made(&self, step: &StepReport) -> Line {
        match (&step.layer, step.state) {
            (Some(layer), StepState::Base) => Line::styled(
                Style::Dim,
                summary::layers(self.language(), layer.diff_ids.len()),
            ),
            (Some(layer), _) => self.layer(layer),
            (None, StepState::Meta) if self.room == Room::Narrow => {
                Line::styled(Style::Dim, no_layer(self.language()))
            }
            (None, StepState::Meta) => Line::styled(Style::Dim, no_layer_settings(self.language())),
            (None, _) => {
                let narrow = self.room == Room::Narrow;
                let shortest = reason::shortest(step, self.language()).filter(|_| narrow);
                let (style, words) =
                    shortest.unwrap_or_else(|| reason::short(step, self.language(), self.made));
                Line::styled(style, words)
            }
        }
    }

    fn layer(&self, layer: &LayerReport) -> Line {
        let id = layer.diff_ids.last().filter(|_| self.room > Room::Narrow);
        let named = id.map_or_else(Line::new, |id| {
            let id: String = id.short().chars().take(ID_DIGITS).collect();
            Line::styled(Style::Dim, layer_id(self.language(), &id)).with(Style::Plain, "  ")
        });
        let accounts = summary::contents(layer, self.language());
        let free = self.made.saturating_sub(named.width());
        let fits = accounts.iter().find(|account| width(account) <= free);
        let account = fits.or(accounts.last()).map_or("", String::as_str);
        let mut line = named;
        line.push(Style::Plain, account);
        line
    }

    fn instruction_columns(&self) -> usize {
        let made = self.made + 2;
        self.grid.width() - made - self.indent()
    }

    /// Returns the column where instructions begin.
    fn indent(&self) -> usize {
        self.grid.start(if self.room == Room::Wide { 4 } else { 3 })
    }

    fn stage_line(&self, step: &StepReport) -> Option<Line> {
        let label = summary::stage_label(step, self.language())?;
        let mut line = Line::plain(" ".repeat(self.indent())).with(Style::Dim, label + " ");
        let free = self.grid.width().saturating_sub(line.width());
        line.append(&self.screen.rule(0, free));
        Some(line)
    }

    /// Draws the size under the sizes, what it is under the instructions, and the verbs.
    fn total(&self, verbs: &[String]) -> Text {
        let sums = Summary::of(self.report);
        let size_ends = self.grid.start(2) + SIZE;
        let mut line = Line::styled(Style::Number, pad_left(&size(sums.size), size_ends));
        line = line
            .pad(self.indent())
            .with(Style::Plain, self.total_words(sums));
        let verbs = Line::styled(Style::Dim, verbs.join("  "));
        let column = self.grid.width().saturating_sub(self.made);
        if line.width() < column && verbs.width() <= self.made {
            line = line.pad(column);
            line.append(&verbs);
            return line.trimmed().into();
        }
        let mut text = Text::from(line);
        if !verbs.is_empty() {
            let mut verbs_line = Line::plain(" ".repeat(self.indent()));
            verbs_line.append(&verbs);
            text.push(verbs_line);
        }
        text
    }

    fn total_words(&self, sums: Summary) -> String {
        let language = self.language();
        let layers = summary::layers(language, sums.layers);
        let stage = summary::image_stage(self.report).filter(|_| summary::has_stages(self.report));
        let label = stage.and_then(|stage| {
            let step = self
                .report
                .steps
                .iter()
                .find(|step| step.stage == Some(stage))?;
            summary::stage_label(step, language)
        });
        match label {
            Some(label) => layers_of_stage(language, &layers, &label),
            None => layers_from(language, &layers, &summary::lines(language, sums.lines)),
        }
    }
}

crate::messages! {
    pub(super) head_state() { en: "state", ko: "상태" }
    pub(super) head_size() { en: "size", ko: "크기" }
    pub(super) head_time() { en: "time", ko: "시간" }
    pub(super) head_instruction() { en: "instruction", ko: "명령" }
    head_made() { en: "made", ko: "결과" }
    layer_id(id: &str) { en: "layer {id}", ko: "레이어 {id}" }
    no_layer() { en: "no layer", ko: "레이어 없음" }
    no_layer_settings() { en: "no layer: image settings", ko: "레이어 없음: 이미지 설정" }
    layers_from(layers: &str, lines: &str) { en: "{layers} from {lines}", ko: "{lines}에서 {layers}" }
    layers_of_stage(layers: &str, stage: &str) { en: "{layers} in {stage}", ko: "{stage}의 {layers}" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::Chrome;
    use crate::render::sample;

    fn drawn(report: &BuildReport, columns: usize, language: Language, chrome: Chrome) -> String {
        let screen = Screen::new(columns, language, chrome);
        layer_stack(report, &draft_verbs(report), &screen).to_string()
    }

    #[test]
    fn the_stack_at_80_columns() {
        insta::assert_snapshot!(drawn(&sample::rebuilt(), 80, Language::En, Chrome::Ascii), @r#"
        #  state      size  instruction                   made
        6  META      (0 B)  CMD ["node", "server.js"]     no layer: image settings
        5  META      (0 B)  EXPOSE 80                     no layer: image settings
        4  MISS   +1.05 MB  RUN npm install               layer 8637dfbd  1 file
        3  MISS      +71 B  COPY . /app                   layer 84db3f56  2 files
        2  HIT         0 B  WORKDIR /app                  layer d8736a23  1 folder
        1  BASE    1.98 MB  FROM practice-node            1 layer
                            --------------------------------------------------------
                   3.03 MB  4 layers from 6 lines         undo  files 4  in 4
        "#);
        insta::assert_snapshot!(drawn(&sample::rebuilt(), 80, Language::Ko, Chrome::Unicode), @r#"
        #  상태       크기  명령                          결과
        6  META      (0 B)  CMD ["node", "server.js"]     레이어 없음: 이미지 설정
        5  META      (0 B)  EXPOSE 80                     레이어 없음: 이미지 설정
        4  MISS   +1.05 MB  RUN npm install               레이어 8637dfbd  파일 1개
        3  MISS      +71 B  COPY . /app                   레이어 84db3f56  파일 2개
        2  HIT         0 B  WORKDIR /app                  레이어 d8736a23  폴더 1개
        1  BASE    1.98 MB  FROM practice-node            레이어 1개
                            ────────────────────────────────────────────────────────
                   3.03 MB  6줄에서 레이어 4개            undo  files 4  in 4
        "#);
    }

    #[test]
    fn the_stack_at_60_and_120_columns() {
        insta::assert_snapshot!(drawn(&sample::rebuilt(), 60, Language::En, Chrome::Ascii), @r#"
        # state     size  instruction                  made
        6 META     (0 B)  CMD ["node", "server.js"]    no layer
        5 META     (0 B)  EXPOSE 80                    no layer
        4 MISS  +1.05 MB  RUN npm install              1 file
        3 MISS     +71 B  COPY . /app                  2 files
        2 HIT        0 B  WORKDIR /app                 1 folder
        1 BASE   1.98 MB  FROM practice-node           1 layer
                          ----------------------------------------
                 3.03 MB  4 layers from 6 lines
                          undo  files 4  in 4
        "#);
        insta::assert_snapshot!(drawn(&sample::rebuilt(), 120, Language::En, Chrome::Ascii), @r#"
        #  state      size     time  instruction                                      made
        6  META      (0 B)           CMD ["node", "server.js"]                        no layer: image settings
        5  META      (0 B)           EXPOSE 80                                        no layer: image settings
        4  MISS   +1.05 MB    1.2 s  RUN npm install                                  layer 8637dfbd  1 file
        3  MISS      +71 B    12 ms  COPY . /app                                      layer 84db3f56  2 files
        2  HIT         0 B           WORKDIR /app                                     layer d8736a23  1 folder
        1  BASE    1.98 MB           FROM practice-node                               1 layer
                                     ---------------------------------------------------------------------------------------
                   3.03 MB           4 layers from 6 lines                            undo  files 4  in 4
        "#);
    }

    #[test]
    fn a_failed_build_shows_what_was_not_reached() {
        insta::assert_snapshot!(drawn(&sample::failed(), 80, Language::En, Chrome::Ascii), @r#"
        #  state      size  instruction                   made
        4  WAIT             CMD ["cat", "/app/x"]         not reached
        3  FAIL             RUN echo 안녕 && exit 3       exit code 3
        2  MISS        0 B  WORKDIR /app                  layer d8736a23  1 folder
        1  BASE    1.98 MB  FROM practice-os              1 layer
                            --------------------------------------------------------
                   1.98 MB  2 layers from 4 lines         undo  in 3
        "#);
    }

    #[test]
    fn stages_are_drawn_apart() {
        insta::assert_snapshot!(drawn(&sample::stages(), 80, Language::En, Chrome::Unicode), @r"
        #  state      size  instruction                   made
                            stage 2 ────────────────────────────────────────────────
        7  HIT      +300 B  COPY --from=build /out /      layer 927488a8  3 files
        6  BASE    1.98 MB  FROM practice-os              1 layer
                            stage build ────────────────────────────────────────────
        5  MISS      +9 kB  RUN make                      layer 7ddbb5a2  3 files
        4  BASE    1.98 MB  FROM practice-os AS build     1 layer
                            stage docs ─────────────────────────────────────────────
        3  SKIP             RUN make docs                 stage not needed
        2  SKIP             FROM practice-node AS docs    stage not needed
        1  META      (0 B)  ARG VERSION=1                 no layer: image settings
                            ────────────────────────────────────────────────────────
                   1.98 MB  2 layers in stage 2           undo  files 7  in 7
        ");
    }

    #[test]
    fn a_typed_line_is_one_row_and_a_total() {
        let report = sample::rebuilt();
        let step = report.step(5).expect("the sample has six steps");
        let screen = Screen::new(80, Language::En, Chrome::Unicode);
        insta::assert_snapshot!(typed_row(&report, step, &draft_verbs(&report), &screen), @r"
        5  META      (0 B)  EXPOSE 80                     no layer: image settings
                   3.03 MB  4 layers from 6 lines         undo  files 4  in 4
        ");
        let painted = typed_row(&report, step, &[], &screen);
        let screen = Screen {
            color: true,
            ..screen
        };
        let expected = "   5  \u{1b}[2mMETA\u{1b}[0m      \u{1b}[2m(0 B)\u{1b}[0m  EXPOSE 80";
        assert!(screen.paint(&painted).starts_with(expected), "{painted:?}");
        let plain = Screen::new(80, Language::En, Chrome::Plain);
        assert_eq!(
            typed_row(&report, step, &[], &plain).to_string(),
            "Step 5 of 6, EXPOSE 80: image settings only, no layer.\n"
        );
    }
}
