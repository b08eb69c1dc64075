//! The advice at the end of `why`: which line to move where, and what that would have saved.

use super::quantity::duration;
use crate::build::{BuildReport, How, advice};
use crate::language::Language;
use crate::plan::StepNumber;

/// Less than this is no gain that anybody would notice.
const WORTH_SAYING: u64 = 100;

/// Returns the advice for a step, if there is any.
pub(super) fn suggestion(
    report: &BuildReport,
    number: StepNumber,
    language: Language,
) -> Option<String> {
    let advice = advice(report, number)?;
    let moved = named(language, &shortened(advice.moved.text), advice.moved.line);
    let place = named(language, &shortened(advice.place.text), advice.place.line);
    let (moved, place) = (moved.as_str(), place.as_str());
    let mut said = match advice.how {
        How::Above(list) => with_list(language, moved, place, list),
        How::JustAbove => just_above(language, moved, place),
        How::Below(name) => below(language, moved, place, name),
    };
    if advice.millis >= WORTH_SAYING {
        said.push(' ');
        said.push_str(&saved(language, &duration(language, advice.millis)));
    }
    Some(said)
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
}
