//! Promise: whatever a report holds, no line of a picture is wider than the screen.

use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;

use super::{
    BuildLog, Chrome, Compared, Guess, Screen, Text, build_result, compare, diagnostic,
    draft_verbs, failure, forecast, layer_stack, sample, scored_result, typed_row, why,
};
use crate::build::{BuildEvent, BuildReport, StepFailure, StepReport, StepState};
use crate::diagnostic::{Diagnostic, Label};
use crate::digest::Digest;
use crate::language::Language;
use crate::plan::{Changed, FileChange, FileDifference, MissReason};
use crate::source::{Source, Span};

const STATES: [StepState; 8] = [
    StepState::Hit,
    StepState::Miss,
    StepState::Meta,
    StepState::Skip,
    StepState::Wait,
    StepState::Fail,
    StepState::Base,
    StepState::Unknown,
];

/// Words of every kind: short, long, wide, without width, and such as would steer a terminal.
fn words() -> impl Strategy<Value = String> {
    let kinds = prop_oneof![
        "[A-Z]{2,10} [a-z./ -]{0,20}",
        "[a-z/_.]{60,200}",
        "[가-힣 ]{0,60}",
        "([a-z]\u{301}|👩\u{200d}👧|👍🏽|❤\u{fe0f}|\u{1b}\\[2J|\t|\u{202e}|漢字 ){0,30}",
    ];
    prop::collection::vec(kinds, 1..4).prop_map(|parts| parts.join(" "))
}

fn reason() -> impl Strategy<Value = MissReason> {
    let changed = |name: String, old: Option<String>, new| Changed {
        name,
        old,
        new: Some(new),
    };
    let values = (words(), prop::option::of(words()), words());
    prop_oneof![
        Just(MissReason::NeverBuilt),
        Just(MissReason::CacheDisabled),
        (1usize..120).prop_map(|step| MissReason::ParentChanged { step }),
        (words(), words()).prop_map(|(old, new)| MissReason::TextChanged { old, new }),
        (words(), words()).prop_map(|(old, new)| MissReason::BaseChanged {
            old,
            new,
            remade: None
        }),
        prop::collection::vec((words(), 0usize..5), 1..15).prop_map(files),
        values.prop_map(move |(name, old, new)| MissReason::EnvChanged(changed(name, old, new))),
    ]
}

fn files(files: Vec<(String, usize)>) -> MissReason {
    let difference = |kind| match kind {
        0 => FileDifference::Added,
        1 => FileDifference::Removed,
        2 => FileDifference::Content {
            old: Digest::of(b"a"),
            new: Digest::of(b"b"),
        },
        3 => FileDifference::Mode {
            old: 0o644,
            new: 0o755,
        },
        _ => FileDifference::Other {
            what: "owner".into(),
            old: "0:0".into(),
            new: "1:1".into(),
        },
    };
    let files = files.into_iter().map(|(path, kind)| FileChange {
        path,
        what: difference(kind),
    });
    MissReason::FilesChanged {
        files: files.collect(),
    }
}

fn step() -> impl Strategy<Value = StepReport> {
    let layer = prop::option::of((any::<u64>(), 0u64..100_000, 0u64..1000, 0u64..1000));
    let reasons = prop::collection::vec(reason(), 0..4);
    let rest = (
        prop::option::of(0usize..4),
        prop::option::of(words()),
        prop::option::of(any::<u64>()),
    );
    (0..STATES.len(), words(), layer, reasons, rest).prop_map(
        |(state, text, layer, reasons, rest)| {
            let (stage, stage_name, millis) = rest;
            let mut step = sample::step(1, STATES[state], &text);
            if let Some((size, files, folders, deleted)) = layer {
                step = sample::layered(step, size / 200, files, folders);
                step.layer
                    .iter_mut()
                    .for_each(|layer| layer.deleted = deleted);
            }
            let millis = millis.map(|millis| millis / 1_000_000);
            let output = vec![text.clone(), "x".repeat(300)];
            let failure = StepFailure {
                exit_code: Some(137),
                message: text.clone(),
                help: Some(text),
                output,
            };
            let failure = (step.state == StepState::Fail).then_some(failure);
            StepReport {
                reasons,
                stage,
                stage_name,
                millis,
                failure,
                until: Some(1),
                ..step
            }
        },
    )
}

fn report() -> impl Strategy<Value = BuildReport> {
    prop::collection::vec(step(), 0..12).prop_map(numbered)
}

fn numbered(mut steps: Vec<StepReport>) -> BuildReport {
    for (index, step) in steps.iter_mut().enumerate() {
        (step.number, step.lines) = (index + 1, (index + 1, index + 1));
    }
    sample::report(steps)
}

fn screens() -> impl Iterator<Item = Screen> {
    let chromes = [Chrome::Unicode, Chrome::Ascii, Chrome::Plain];
    [24, 60, 72, 80, 120].into_iter().flat_map(move |columns| {
        let screen = move |language| chromes.map(|chrome| Screen::new(columns, language, chrome));
        Language::ALL.into_iter().flat_map(screen)
    })
}

fn pictures(report: &BuildReport, screen: &Screen) -> Vec<Text> {
    let verbs = draft_verbs(report);
    let guess = |step: &StepReport| Guess {
        step: step.number,
        said: "h".into(),
        right: Some(false),
    };
    let guesses: Vec<Guess> = report.steps.iter().map(guess).collect();
    let side = Compared {
        name: "가게:latest-with-a-very-long-tag-that-goes-on-and-on",
        report,
    };
    let mut pictures = vec![
        layer_stack(report, &verbs, screen),
        forecast(report, screen),
        build_result(report, screen),
        scored_result(report, &guesses, screen),
        compare(side, side, screen),
    ];
    pictures.extend(failure(report, screen));
    pictures.extend(log(report, screen));
    pictures.extend(
        report
            .steps
            .iter()
            .map(|step| why(report, step.number, screen)),
    );
    pictures.extend(
        report
            .steps
            .iter()
            .map(|step| typed_row(report, step, &verbs, screen)),
    );
    pictures
}

fn log(report: &BuildReport, screen: &Screen) -> Vec<Text> {
    let mut log = BuildLog::new(report.count(), *screen);
    let mut texts = Vec::new();
    for step in &report.steps {
        let (number, text) = (step.number, step.text.clone());
        let bytes = text.clone().into_bytes();
        texts.push(log.event(&BuildEvent::Started { number, text }));
        texts.push(log.event(&BuildEvent::Output {
            number,
            stderr: true,
            bytes,
        }));
        texts.push(log.event(&BuildEvent::Finished(Box::new(step.clone()))));
    }
    texts
}

fn assert_fits(report: &BuildReport) {
    for screen in screens() {
        for text in pictures(report, &screen) {
            for line in text.lines() {
                let line = line.to_string();
                assert!(line.width() <= screen.width, "{line:?} at {screen:?}");
                assert!(
                    !line.contains(|character: char| character.is_control()),
                    "{line:?}"
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn no_picture_is_wider_than_the_screen(report in report()) {
        assert_fits(&report);
    }

    #[test]
    fn no_diagnostic_is_wider_than_the_screen(
        text in words(), message in words(), help in words(), start in 0usize..300, length in 0usize..100
    ) {
        let source = Source::new("Dockerfile", text);
        let span = Span::new(start, start + length);
        let mut found = Diagnostic::error("x", message.clone(), span).with_help(Some(help));
        found.labels.push(Label { span: Span::new(0, 1), message });
        for screen in screens() {
            let drawn = diagnostic(&found, &source, &screen);
            prop_assert!(drawn.lines().iter().all(|line| line.to_string().width() <= screen.width), "{}", drawn);
        }
    }
}

#[test]
fn a_hundred_steps_fit() {
    let step = |number: usize| {
        let step = sample::step(
            number,
            STATES[number % 8],
            "RUN 아주 긴 명령 && echo 👍🏽 e\u{301} | tee /var/log/x",
        );
        sample::layered(
            step,
            10_u64.pow(u32::try_from(number % 19).unwrap_or(0)),
            3,
            1,
        )
    };
    assert_fits(&numbered((1..=100).map(step).collect()));
}
