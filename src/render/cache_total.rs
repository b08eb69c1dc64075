//! What a table of reuse adds up to, in one line, and how good a prediction was.

use super::quantity::{duration, size};
use super::scored::Guess;
use super::sentence::Tense;
use super::summary::{self, Summary};
use crate::build::BuildReport;
use crate::language::Language;
use crate::plan::MissReason;

/// Returns what a report adds up to.
pub(super) fn total(report: &BuildReport, tense: Tense, language: Language) -> String {
    let sums = Summary::of(report);
    let layers = layers(sums, language);
    let (cost, rebuilt) = (duration(language, sums.made_millis), size(sums.made_size));
    let (reused, made) = (sums.reused_here(), sums.made_here());
    let image = match tense {
        _ if report.failed().is_some() => return stopped(language, sums.reused, sums.made),
        Tense::Would if sums.unknown > 0 => {
            return would_perhaps(language, sums.reused, sums.made, sums.unknown);
        }
        Tense::Done if is_first_build(report) => {
            done_first(language, &layers, reused, made, &rebuilt)
        }
        Tense::Done => done_again(language, &layers, reused, made, &rebuilt),
        Tense::Would if sums.made_millis > 0 => would_cost(language, &layers, reused, made, &cost),
        Tense::Would => would(language, &layers, reused, made),
    };
    match (sums.elsewhere, tense) {
        ((0, 0), _) => image,
        ((reused, made), Tense::Done) => image + &elsewhere_done(language, reused, made),
        ((reused, made), Tense::Would) => image + &elsewhere_would(language, reused, made),
    }
}

/// Returns how many layers the image has, and how many of them are the base's, so that the steps
/// that follow add up to the rest.
fn layers(sums: Summary, language: Language) -> String {
    let all = summary::layers(language, sums.layers);
    if sums.base == 0 {
        format!("{all}:")
    } else {
        with_base(language, &all, sums.base)
    }
}

/// Tells whether nothing that ran had been built before.
fn is_first_build(report: &BuildReport) -> bool {
    use MissReason::{NeverBuilt, ParentChanged};
    let mut reasons = report.steps.iter().filter_map(|step| step.reasons.first());
    reasons.all(|reason| matches!(reason, NeverBuilt | ParentChanged { .. }))
}

/// Returns how many guesses were right, and which were not.
pub(super) fn score(guesses: &[Guess], language: Language) -> String {
    let scored = guesses.iter().filter(|guess| guess.right.is_some()).count();
    let wrong = guesses.iter().filter(|guess| guess.right == Some(false));
    let numbers: Vec<String> = wrong.map(|guess| guess.step.to_string()).collect();
    let right = scored - numbers.len();
    if numbers.is_empty() {
        all_right(language, right, scored)
    } else {
        some_wrong(language, right, scored, &numbers.join(", "))
    }
}

crate::messages! {
    with_base(layers: &str, base: usize) {
        en: "{layers}: {base} base,",
        ko: "{layers}: 베이스 {base},",
    }
    elsewhere_done(reused: usize, made: usize) {
        en: "; other stages: {reused} reused, {made} made",
        ko: "; 다른 스테이지: 재사용 {reused}, 만듦 {made}",
    }
    elsewhere_would(reused: usize, made: usize) {
        en: "; other stages: {reused} to reuse, {made} to make",
        ko: "; 다른 스테이지: 재사용 {reused}, 새로 만들 것 {made}",
    }
    done_first(layers: &str, reused: usize, made: usize, size: &str) {
        en: "{layers} {reused} reused, {made} made, {size} new",
        ko: "{layers} 재사용 {reused}, 만듦 {made}, {size}",
    }
    done_again(layers: &str, reused: usize, made: usize, rebuilt: &str) {
        en: "{layers} {reused} reused, {made} rebuilt, {rebuilt}",
        ko: "{layers} 재사용 {reused}, 재빌드 {made}, {rebuilt}",
    }
    would(layers: &str, reused: usize, made: usize) {
        en: "{layers} {reused} to reuse, {made} to make",
        ko: "{layers} 재사용 {reused}, 새로 만들 것 {made}",
    }
    would_cost(layers: &str, reused: usize, made: usize, cost: &str) {
        en: "{layers} {reused} to reuse, {made} to make, about {cost}",
        ko: "{layers} 재사용 {reused}, 새로 만들 것 {made}, 약 {cost}",
    }
    would_perhaps(reused: usize, made: usize, unknown: usize) {
        en: "{reused} to reuse, {made} to make, {unknown} not yet known",
        ko: "{reused}개 재사용, {made}개 새로 만듦, {unknown}개는 아직 모름",
    }
    stopped(reused: usize, made: usize) {
        en: "stopped: {reused} reused, {made} made and kept",
        ko: "중단됨: {reused}개 재사용, {made}개 만들어 보관함",
    }
    all_right(right: usize, of: usize) {
        en: "Prediction: {right} of {of} right.",
        ko: "예측: {of}개 중 {right}개를 맞혔습니다.",
    }
    some_wrong(right: usize, of: usize, wrong: &str) {
        en: "Prediction: {right} of {of} right. Wrong: step {wrong}.",
        ko: "예측: {of}개 중 {right}개를 맞혔습니다. 틀린 단계: {wrong}.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::StepState;
    use crate::render::sample;

    #[test]
    fn a_first_build_made_things_and_a_later_one_made_them_again() {
        let mut report = sample::rebuilt();
        let again = total(&report, Tense::Done, Language::En);
        assert_eq!(again, "4 layers: 1 base, 1 reused, 2 rebuilt, 1.05 MB");
        report.steps[2].reasons = vec![MissReason::NeverBuilt];
        let first = total(&report, Tense::Done, Language::En);
        assert_eq!(first, "4 layers: 1 base, 1 reused, 2 made, 1.05 MB new");
    }

    #[test]
    fn what_other_stages_need_is_told_apart() {
        let report = sample::stages();
        let said = |tense| total(&report, tense, Language::En);
        assert_eq!(
            said(Tense::Done),
            "2 layers: 1 base, 1 reused, 0 rebuilt, 9 kB; other stages: 0 reused, 1 made"
        );
        assert_eq!(
            said(Tense::Would),
            "2 layers: 1 base, 1 to reuse, 0 to make, about 800 ms; other stages: 0 to reuse, 1 to make"
        );
    }

    #[test]
    fn a_forecast_with_gaps_says_so() {
        let mut report = sample::rebuilt();
        report.steps[3].state = StepState::Unknown;
        let said = total(&report, Tense::Would, Language::En);
        assert_eq!(said, "1 to reuse, 1 to make, 1 not yet known");
    }

    #[test]
    fn a_score_without_mistakes_names_none() {
        let guess = Guess {
            step: 2,
            said: "h".to_owned(),
            right: Some(true),
        };
        assert_eq!(
            score(&[guess], Language::Ko),
            "예측: 1개 중 1개를 맞혔습니다."
        );
    }
}
