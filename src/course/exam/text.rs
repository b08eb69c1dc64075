//! The result for people: one line for each lesson, then what failed.

use std::fmt::Write as _;

use super::{ExamReport, Failure, LessonExam};

/// Returns what failed, and the totals.
pub fn summary(report: &ExamReport) -> String {
    let mut text = String::new();
    for lesson in &report.lessons {
        for failure in &lesson.failures {
            text.push_str(&failed(&lesson.lesson, failure));
        }
    }
    let (passed, failed, skipped) = report.totals();
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "lessons: {passed} passed, {failed} failed, {skipped} skipped   seed {}",
        report.seed
    );
    text
}

/// Returns one lesson's line; its id takes at least `width` columns.
pub fn line(lesson: &LessonExam, width: usize) -> String {
    let mut parts: Vec<String> = Vec::new();
    if let Some(why) = &lesson.skipped {
        parts.push(format!("skipped: {why}"));
    }
    let tally =
        |tally: &super::Tally| format!("{} {}/{}", tally.part.name(), tally.passed, tally.of);
    parts.extend(lesson.tallies.iter().map(tally));
    if lesson.left_out > 0 {
        parts.push(format!(
            "real images: {} left out (--real)",
            lesson.left_out
        ));
    }
    format!("{:width$}  {}", lesson.lesson, parts.join("  "))
}

fn failed(lesson: &str, failure: &Failure) -> String {
    let mut text = format!(
        "FAIL {lesson} / {} / {} / {}\n  expected  {}\n  got       {}\n",
        failure.step,
        failure.part.name(),
        failure.what,
        failure.expected,
        failure.got
    );
    if let Some(record) = &failure.record {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  record    {}", record.display());
    }
    for line in failure.difference.iter().flat_map(|it| it.lines()) {
        let _ = writeln!(text, "  {line}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::parts::failure;
    use super::super::{Part, Tally};
    use super::*;

    #[test]
    fn the_result_says_what_a_learner_would_see_and_what_was_known() {
        let report = ExamReport {
            seed: 7,
            lessons: vec![
                LessonExam {
                    lesson: "cache-order".to_owned(),
                    skipped: None,
                    left_out: 0,
                    tallies: vec![
                        Tally {
                            part: Part::Solve,
                            passed: 5,
                            of: 6,
                        },
                        Tally {
                            part: Part::Wrong,
                            passed: 3,
                            of: 3,
                        },
                    ],
                    failures: vec![failure(
                        "fix",
                        Part::Solve,
                        "step.RUN npm install.cache",
                        ("hit", "miss"),
                    )],
                },
                LessonExam {
                    lesson: "ports".to_owned(),
                    skipped: Some("no network".to_owned()),
                    left_out: 2,
                    tallies: Vec::new(),
                    failures: Vec::new(),
                },
            ],
        };
        let lines: Vec<String> = report.lessons.iter().map(|it| line(it, 11)).collect();
        assert_eq!(
            lines,
            [
                "cache-order  solve 5/6  wrong 3/3",
                "ports        skipped: no network  real images: 2 left out (--real)"
            ]
        );
        assert_eq!(
            summary(&report),
            "FAIL cache-order / fix / solve / step.RUN npm install.cache\n\
             \x20 expected  hit\n\
             \x20 got       miss\n\
             lessons: 8 passed, 1 failed, 1 skipped   seed 7\n"
        );
    }
}
