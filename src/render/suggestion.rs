//! The advice at the end of `why` and `plan`: which line to move where, and what that would save.

use super::quantity::duration;
use super::screen::Screen;
use super::sentence::Tense;
use super::text::{Line, Style, Text};
use crate::build::{Advice, BuildReport, How, advice, all_advice};
use crate::language::Language;
use crate::plan::StepNumber;

/// Less than this is no gain that anybody would notice.
const WORTH_SAYING: u64 = 100;

/// Draws the advice for a step; empty if there is none.
pub(super) fn suggestion(report: &BuildReport, number: StepNumber, screen: &Screen) -> Text {
    let advice = advice(report, number);
    advice.map_or_else(Text::new, |advice| drawn(&advice, Tense::Done, screen))
}

/// Draws the advice that would save most of what a build is going to cost; empty if there is none.
pub fn best_advice(report: &BuildReport, screen: &Screen) -> Text {
    let all = all_advice(report);
    let best = all.first();
    best.map_or_else(Text::new, |advice| drawn(advice, Tense::Would, screen))
}

fn drawn(advice: &Advice<'_>, tense: Tense, screen: &Screen) -> Text {
    let said = sentence(advice, tense, screen.language);
    let (word, rest) = said.split_at(said.find(':').unwrap_or(0));
    let line = Line::styled(Style::Help, word).with(Style::Plain, rest);
    screen.wrap(&line, 4)
}

fn sentence(advice: &Advice<'_>, tense: Tense, language: Language) -> String {
    let moved = named(language, &shortened(advice.moved.text), advice.moved.line);
    let place = named(language, &shortened(advice.place.text), advice.place.line);
    let (moved, place) = (moved.as_str(), place.as_str());
    let mut said = match advice.how {
        How::Above(list) => with_list(language, moved, place, list),
        How::JustAbove => just_above(language, moved, place),
        How::Below(name) => below(language, moved, place, name),
    };
    if advice.millis >= WORTH_SAYING {
        let time = duration(language, advice.millis);
        said.push(' ');
        said.push_str(&match tense {
            Tense::Done => saved(language, &time),
            Tense::Would => saves(language, &time),
        });
    }
    said
}

fn shortened(text: &str) -> String {
    super::width::cut(text, 32)
}

crate::messages! {
    named(text: &str, line: usize) {
        en: "{text} (line {line})",
        ko: "{text} ({line}번 줄)",
    }
    with_list(run: &str, copy: &str, list: &str) {
        en: "So: put {run} before {copy}, with only {list} before it?",
        ko: "제안: {list}만 먼저 복사하고, {run} 다음에 {copy} 순서로 옮기면 어떨까요?",
    }
    just_above(run: &str, copy: &str) {
        en: "So: put {run} before {copy}?",
        ko: "제안: {run} 다음에 {copy} 순서로 옮기면 어떨까요?",
    }
    below(setting: &str, run: &str, name: &str) {
        en: "So: put {setting} after {run}, if nothing up to there reads {name}?",
        ko: "제안: 그사이에 {name} 변수를 읽는 것이 없다면, {run} 다음에 {setting} 순서로 옮기면 어떨까요?",
    }
    saved(time: &str) {
        en: "That would have saved {time}.",
        ko: "그랬다면 아꼈을 시간: {time}.",
    }
    saves(time: &str) {
        en: "That would save {time}.",
        ko: "그러면 아낄 시간: {time}.",
    }
}
