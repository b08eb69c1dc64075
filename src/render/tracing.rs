//! `waste` and `log`: bytes and paths followed back to the steps that made them.

use super::quantity::size;
use super::screen::Screen;
use super::text::{Line, Style, Text};
use super::width::pad_left;
use crate::language::Language;
use crate::layers::{ChangeKind, Loss};
use crate::session::{Maker, PathStep, WasteReport, WastedPath};

/// Columns of `1.05 MB`.
const SIZE_COLUMN: usize = 8;
/// More paths are counted, not listed.
const PATHS: usize = 10;

/// Draws what of an image could be got back, and which steps are to blame.
pub fn waste(name: &str, report: &WasteReport, screen: &Screen) -> Text {
    let language = screen.language;
    let mut text = Text::new();
    let back = if report.waste == 0 {
        nothing_back(language)
    } else {
        let share = share(report.waste, report.size);
        could_get_back(language, &size(report.waste), share)
    };
    let head = Line::styled(Style::Strong, name)
        .with(Style::Plain, format!("   {}   ", size(report.size)))
        .with(Style::Strong, back);
    text.append(screen.wrap(&head, 2));
    for path in report.paths.iter().take(PATHS) {
        text.append(wasted(path, screen));
    }
    let rest = report.paths.get(PATHS..).unwrap_or_default();
    if !rest.is_empty() {
        let bytes = rest.iter().map(|path| path.size).sum();
        text.push(Line::plain(and_more(language, rest.len(), &size(bytes))));
    }
    text
}

/// The share of one number in another, in percent.
fn share(part: u64, whole: u64) -> u64 {
    let percent = u128::from(part) * 100 / u128::from(whole.max(1));
    u64::try_from(percent).unwrap_or(100)
}

fn wasted(path: &WastedPath, screen: &Screen) -> Text {
    let language = screen.language;
    let column = pad_left(&size(path.size), SIZE_COLUMN);
    let head = Line::plain(format!("  {column}  ")).with(Style::Path, &path.path);
    let head = if path.files > 1 {
        head.with(Style::Dim, format!("  {}", in_files(language, path.files)))
    } else {
        head
    };
    let mut text = screen.wrap(&head, SIZE_COLUMN + 4);
    let hidden = match path.how {
        Loss::Deleted => deleted_in(language),
        Loss::Replaced => replaced_in(language),
        Loss::Doubled => doubled_in(language),
    };
    text.append(by(&added_in(language), &path.added, screen));
    text.append(by(&hidden, &path.hidden, screen));
    text
}

/// `added in  step 3  RUN fallocate ...`
fn by(what: &str, maker: &Maker, screen: &Screen) -> Text {
    let indent = SIZE_COLUMN + 4;
    let line = Line::plain(" ".repeat(indent))
        .with(Style::Dim, format!("{what} "))
        .with(Style::Strong, name_of(maker, screen.language))
        .with(Style::Plain, format!("  {}", maker.text));
    Text::from(line.cut(screen.width))
}

/// Names a step, or the layer of an image that strata did not build.
fn name_of(maker: &Maker, language: Language) -> String {
    match maker.step {
        Some(step) => a_step(language, step),
        None => a_layer(language, maker.layer),
    }
}

/// Draws which steps touched a path, first step first.
pub fn path_log(path: &str, steps: &[PathStep], screen: &Screen) -> Text {
    let language = screen.language;
    let mut text = Text::new();
    if steps.is_empty() {
        text.append(screen.wrap(&Line::plain(untouched(language, path)), 2));
        return text;
    }
    text.push(Line::styled(Style::Path, path));
    for step in steps {
        let (sign, style, bytes) = match &step.change {
            Some(change) if change.kind == ChangeKind::Added => ("A", Style::Good, change.size),
            Some(change) if change.kind == ChangeKind::Deleted => ("D", Style::Error, 0),
            Some(change) => ("C", Style::Plain, change.size),
            None => (" ", Style::Plain, 0),
        };
        let is_gone = sign == "D" || step.change.is_none();
        let is_folder = |path: &str| path.ends_with('/');
        let is_folder = step.change.as_ref().is_some_and(|it| is_folder(&it.path));
        let bytes = if is_gone || is_folder {
            String::new()
        } else {
            size(bytes)
        };
        let line = Line::plain("  ")
            .with(style, sign)
            .with(
                Style::Plain,
                format!("  {}  ", pad_left(&bytes, SIZE_COLUMN)),
            )
            .with(Style::Strong, name_of(&step.by, language))
            .with(Style::Plain, format!("  {}", step.by.text));
        text.push(line.cut(screen.width));
        if step.within > 0 {
            let within = format!("               {}", changes_within(language, step.within));
            text.push(Line::styled(Style::Dim, within));
        }
    }
    text
}

crate::messages! {
    could_get_back(bytes: &str, percent: u64) {
        en: "you could get back {bytes} ({percent} %)",
        ko: "되찾을 수 있는 용량 {bytes} ({percent} %)",
    }
    nothing_back() {
        en: "there is nothing to get back",
        ko: "되찾을 용량이 없습니다",
    }
    and_more(count: usize, bytes: &str) {
        en: "  ... and {count} more, {bytes}",
        ko: "  ... 이 밖에 {count}개, {bytes}",
    }
    in_files(count: u64) { en: "{count} files", ko: "파일 {count}개" }
    added_in() { en: "added in   ", ko: "추가한 곳 " }
    deleted_in() { en: "deleted in ", ko: "지운 곳   " }
    replaced_in() { en: "replaced in", ko: "바꾼 곳   " }
    doubled_in() { en: "doubled in ", ko: "복사한 곳 " }
    a_step(step: usize) { en: "step {step}", ko: "{step}단계" }
    a_layer(layer: usize) { en: "layer {layer}", ko: "레이어 {layer}" }
    untouched(path: &str) {
        en: "no step touches {path}",
        ko: "{path} 경로를 건드린 단계가 없습니다",
    }
    changes_within(count: u64) {
        en: "{count} changes within",
        ko: "안에서 {count}개 변경",
    }
}
