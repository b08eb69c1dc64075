//! One step as one sentence: what pipes and screen readers get instead of a picture.

use super::quantity::spoken_size;
use super::reason;
use super::summary::{self, layers};
use super::width::cut;
use crate::build::{BuildReport, StepReport, StepState};
use crate::language::Language;
use crate::plan::MissReason;

/// Columns of an instruction in a sentence; a heredoc would fill a screen.
const INSTRUCTION: usize = 100;

/// Whether something happened or is predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tense {
    /// It happened.
    Done,
    /// It would happen.
    Would,
}

/// Says what became, or would become, of a step: `Step 3 of 6, COPY . /app: reused.`
pub(super) fn step(step: &StepReport, of: usize, tense: Tense, language: Language) -> String {
    let mut said = spoken(
        language,
        step.number,
        of,
        &cut(&step.text, INSTRUCTION),
        &outcome(step, tense, language),
    );
    let layer = step
        .layer
        .as_ref()
        .filter(|_| step.state == StepState::Miss);
    if let Some(layer) = layer.filter(|layer| layer.size > 0) {
        said.extend([" ", &spoken_size(language, layer.size), "."]);
    }
    said
}

/// Says what a step begins to do.
pub(super) fn started(number: usize, of: usize, text: &str, language: Language) -> String {
    spoken(
        language,
        number,
        of,
        &cut(text, INSTRUCTION),
        &running(language),
    )
}

/// Says what a report adds up to.
pub(super) fn total(report: &BuildReport, tense: Tense, language: Language) -> String {
    let sums = summary::Summary::of(report);
    let (layers, size) = (
        layers(language, sums.layers),
        spoken_size(language, sums.size),
    );
    let base = match sums.base {
        0 => String::new(),
        count => of_base(language, count),
    };
    let (reused, made) = (sums.reused_here(), sums.made_here());
    let made_size = spoken_size(language, sums.made_size);
    let image = match tense {
        Tense::Done => {
            let all = in_all(language, &layers, &size);
            total_done(language, &all, &base, reused, made, &made_size)
        }
        Tense::Would if sums.unknown > 0 => {
            return total_perhaps(language, sums.reused, sums.made, sums.unknown);
        }
        Tense::Would => total_would(language, &layers, &base, reused, made),
    };
    match (sums.elsewhere, tense) {
        ((0, 0), _) => image,
        ((reused, made), Tense::Done) => format!("{image} {}", others_done(language, reused, made)),
        ((reused, made), Tense::Would) => {
            format!("{image} {}", others_would(language, reused, made))
        }
    }
}

fn outcome(step: &StepReport, tense: Tense, language: Language) -> String {
    match (step.state, tense) {
        (StepState::Hit, Tense::Done) => reused(language),
        (StepState::Hit, Tense::Would) => would_be_reused(language),
        (StepState::Miss, _) => ran(step, tense, language),
        (StepState::Meta, _) => settings(language),
        (StepState::Skip, _) => skipped(language),
        (StepState::Wait, _) if step.millis.is_some() => stopped(language),
        (StepState::Wait, _) => waits(language),
        (StepState::Base, _) if let Some(stage) = summary::from_stage(step) => {
            goes_on(language, stage)
        }
        (StepState::Base, _) => {
            let count = step.layer.as_ref().map_or(0, |layer| layer.diff_ids.len());
            base(language, &layers(language, count))
        }
        (StepState::Fail, _) => failed(language, &reason::failed_shortly(step, language)),
        (StepState::Unknown, _) => unknown(language, step.until.unwrap_or_default()),
    }
}

fn ran(step: &StepReport, tense: Tense, language: Language) -> String {
    let first = step.reasons.first().unwrap_or(&MissReason::NeverBuilt);
    let why = reason::clause(first, language);
    match (first, tense) {
        (MissReason::NeverBuilt, Tense::Done) => ran_first(language, &why),
        (MissReason::NeverBuilt, Tense::Would) => would_run_first(language, &why),
        (_, Tense::Done) => ran_again(language, &why),
        (_, Tense::Would) => would_run_again(language, &why),
    }
}

crate::messages! {
    spoken(number: usize, of: usize, text: &str, outcome: &str) {
        en: "Step {number} of {of}, {text}: {outcome}.",
        ko: "{of}단계 중 {number}단계, {text}: {outcome}.",
    }
    running() { en: "running", ko: "실행 중입니다" }
    reused() { en: "reused", ko: "재사용했습니다" }
    would_be_reused() { en: "would be reused", ko: "재사용될 것입니다" }
    ran_first(why: &str) { en: "ran, {why}", ko: "실행했습니다. {why}" }
    ran_again(why: &str) { en: "ran again, {why}", ko: "다시 실행했습니다. {why}" }
    would_run_first(why: &str) { en: "would run, {why}", ko: "실행될 것입니다. {why}" }
    would_run_again(why: &str) { en: "would run again, {why}", ko: "다시 실행될 것입니다. {why}" }
    settings() { en: "image settings only, no layer", ko: "이미지 설정만 바꾸고 레이어는 만들지 않습니다" }
    skipped() { en: "skipped, its stage is not needed", ko: "건너뛰었습니다. 필요 없는 스테이지입니다" }
    stopped() { en: "stopped, because another step failed", ko: "다른 단계가 실패해서 중단했습니다" }
    waits() { en: "not reached", ko: "여기까지 오지 못했습니다" }
    base(layers: &str) { en: "base image, {layers}", ko: "베이스 이미지, {layers}" }
    failed(what: &str) { en: "failed, {what}", ko: "실패했습니다, {what}" }
    unknown(step: usize) {
        en: "cannot be said before step {step} ran",
        ko: "{step}단계를 실행하기 전에는 알 수 없습니다",
    }
    of_base(layers: usize) { en: "{layers} of the base, ", ko: "{layers}개는 베이스의 것이고, " }
    in_all(layers: &str, size: &str) { en: "{layers}, {size} in all", ko: "모두 {layers}, {size}입니다" }
    total_done(all: &str, base: &str, reused: usize, made: usize, made_size: &str) {
        en: "{all}: {base}{reused} reused, {made} made, {made_size} rebuilt.",
        ko: "{all}. {base}{reused}개를 재사용하고 {made}개를 만들었습니다. 새로 만든 크기는 {made_size}입니다.",
    }
    total_would(layers: &str, base: &str, reused: usize, made: usize) {
        en: "{layers}: {base}{reused} would be reused, {made} would be made.",
        ko: "{layers} 중 {base}{reused}개가 재사용되고 {made}개가 만들어질 것입니다.",
    }
    total_perhaps(reused: usize, made: usize, unknown: usize) {
        en: "{reused} would be reused, {made} would be made, {unknown} are not yet known.",
        ko: "{reused}개가 재사용되고 {made}개가 만들어질 것이며, {unknown}개는 아직 알 수 없습니다.",
    }
    others_done(reused: usize, made: usize) {
        en: "In other stages {reused} reused, {made} made.",
        ko: "다른 스테이지에서는 {reused}개를 재사용하고 {made}개를 만들었습니다.",
    }
    others_would(reused: usize, made: usize) {
        en: "In other stages {reused} would be reused, {made} would be made.",
        ko: "다른 스테이지에서는 {reused}개가 재사용되고 {made}개가 만들어질 것입니다.",
    }
    goes_on(stage: &str) { en: "goes on from stage {stage}", ko: "스테이지 {stage}에서 이어집니다" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;

    fn sentences(report: &BuildReport, tense: Tense, language: Language) -> String {
        let of = report.count();
        let steps = report
            .steps
            .iter()
            .map(|each| step(each, of, tense, language) + "\n");
        steps.collect::<String>() + &total(report, tense, language)
    }

    #[test]
    fn a_build_is_told_in_the_order_of_the_file() {
        insta::assert_snapshot!(sentences(&sample::rebuilt(), Tense::Done, Language::En), @r#"
        Step 1 of 6, FROM practice-node: base image, 1 layer.
        Step 2 of 6, WORKDIR /app: reused.
        Step 3 of 6, COPY . /app: ran again, server.js has new content. 71 bytes.
        Step 4 of 6, RUN npm install: ran again, step 3 changed. 1.05 megabytes.
        Step 5 of 6, EXPOSE 80: image settings only, no layer.
        Step 6 of 6, CMD ["node", "server.js"]: image settings only, no layer.
        4 layers, 3.03 megabytes in all: 1 of the base, 1 reused, 2 made, 1.05 megabytes rebuilt.
        "#);
        insta::assert_snapshot!(sentences(&sample::rebuilt(), Tense::Done, Language::Ko), @r#"
        6단계 중 1단계, FROM practice-node: 베이스 이미지, 레이어 1개.
        6단계 중 2단계, WORKDIR /app: 재사용했습니다.
        6단계 중 3단계, COPY . /app: 다시 실행했습니다. server.js 파일의 내용이 바뀌었습니다. 71바이트.
        6단계 중 4단계, RUN npm install: 다시 실행했습니다. 3단계가 바뀌었습니다. 1.05메가바이트.
        6단계 중 5단계, EXPOSE 80: 이미지 설정만 바꾸고 레이어는 만들지 않습니다.
        6단계 중 6단계, CMD ["node", "server.js"]: 이미지 설정만 바꾸고 레이어는 만들지 않습니다.
        모두 레이어 4개, 3.03메가바이트입니다. 1개는 베이스의 것이고, 1개를 재사용하고 2개를 만들었습니다. 새로 만든 크기는 1.05메가바이트입니다.
        "#);
    }

    #[test]
    fn a_forecast_says_would() {
        insta::assert_snapshot!(sentences(&sample::rebuilt(), Tense::Would, Language::En), @r#"
        Step 1 of 6, FROM practice-node: base image, 1 layer.
        Step 2 of 6, WORKDIR /app: would be reused.
        Step 3 of 6, COPY . /app: would run again, server.js has new content. 71 bytes.
        Step 4 of 6, RUN npm install: would run again, step 3 changed. 1.05 megabytes.
        Step 5 of 6, EXPOSE 80: image settings only, no layer.
        Step 6 of 6, CMD ["node", "server.js"]: image settings only, no layer.
        4 layers: 1 of the base, 1 would be reused, 2 would be made.
        "#);
        insta::assert_snapshot!(sentences(&sample::rebuilt(), Tense::Would, Language::Ko), @r#"
        6단계 중 1단계, FROM practice-node: 베이스 이미지, 레이어 1개.
        6단계 중 2단계, WORKDIR /app: 재사용될 것입니다.
        6단계 중 3단계, COPY . /app: 다시 실행될 것입니다. server.js 파일의 내용이 바뀌었습니다. 71바이트.
        6단계 중 4단계, RUN npm install: 다시 실행될 것입니다. 3단계가 바뀌었습니다. 1.05메가바이트.
        6단계 중 5단계, EXPOSE 80: 이미지 설정만 바꾸고 레이어는 만들지 않습니다.
        6단계 중 6단계, CMD ["node", "server.js"]: 이미지 설정만 바꾸고 레이어는 만들지 않습니다.
        레이어 4개 중 1개는 베이스의 것이고, 1개가 재사용되고 2개가 만들어질 것입니다.
        "#);
    }

    #[test]
    fn a_failure_names_the_exit_code() {
        insta::assert_snapshot!(sentences(&sample::failed(), Tense::Done, Language::En), @r#"
        Step 1 of 4, FROM practice-os: base image, 1 layer.
        Step 2 of 4, WORKDIR /app: ran, never built before.
        Step 3 of 4, RUN echo 안녕 && exit 3: failed, exit code 3.
        Step 4 of 4, CMD ["cat", "/app/x"]: not reached.
        2 layers, 1.98 megabytes in all: 1 of the base, 0 reused, 1 made, 0 bytes rebuilt.
        "#);
    }
}
