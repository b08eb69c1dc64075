//! The result for machines: `JUnit`'s XML; JSON comes from serde.

use std::fmt::Write as _;

use super::{ExamReport, LessonExam};

/// Returns the report as `JUnit` XML: a suite for each lesson, a case for each part.
pub fn junit(report: &ExamReport) -> String {
    let (passed, failed, _) = report.totals();
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a String cannot fail, here and further down.
    let _ = writeln!(
        xml,
        "<testsuites tests=\"{}\" failures=\"{failed}\">",
        passed + failed
    );
    for lesson in &report.lessons {
        suite(lesson, &mut xml);
    }
    xml.push_str("</testsuites>\n");
    xml
}

fn suite(lesson: &LessonExam, xml: &mut String) {
    let name = escaped(&lesson.lesson);
    let _ = writeln!(xml, "  <testsuite name=\"{name}\">");
    if let Some(why) = &lesson.skipped {
        let why = escaped(why);
        let _ = writeln!(
            xml,
            "    <testcase name=\"{name}\"><skipped message=\"{why}\"/></testcase>"
        );
    }
    for tally in &lesson.tallies {
        let _ = write!(
            xml,
            "    <testcase classname=\"{name}\" name=\"{}\">",
            tally.part.name()
        );
        for failure in lesson
            .failures
            .iter()
            .filter(|failure| failure.part == tally.part)
        {
            let message = format!(
                "{}: {}: expected {}, got {}",
                failure.step, failure.what, failure.expected, failure.got
            );
            let detail = failure.difference.as_deref().unwrap_or_default();
            let (message, detail) = (escaped(&message), lines_escaped(detail));
            let _ = write!(xml, "<failure message=\"{message}\">{detail}</failure>");
        }
        xml.push_str("</testcase>\n");
    }
    xml.push_str("  </testsuite>\n");
}

fn lines_escaped(text: &str) -> String {
    text.lines().map(|line| escaped(line) + "\n").collect()
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            // XML 1.0, 2.2: other control characters can't be written at all.
            c if c.is_control() => safe.push(' '),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::super::parts::failure;
    use super::super::{Part, Tally};
    use super::*;

    #[test]
    fn failures_are_escaped_and_stand_in_their_case() {
        let report = ExamReport {
            seed: 1,
            lessons: vec![LessonExam {
                lesson: "a".to_owned(),
                skipped: None,
                left_out: 0,
                tallies: vec![Tally {
                    part: Part::Solve,
                    passed: 0,
                    of: 1,
                }],
                failures: vec![failure("s", Part::Solve, "x", ("<\"1\">", "2 & \x1b"))],
            }],
        };
        let xml = junit(&report);
        assert!(xml.contains("tests=\"1\" failures=\"1\""));
        assert!(xml.contains(
            "<testcase classname=\"a\" name=\"solve\"><failure message=\"s: x: expected &lt;&quot;1&quot;&gt;, got 2 &amp;  \"></failure></testcase>"
        ));
    }
}
