//! Does any lesson, or its translation, make assembling or linting a course panic or hang?
//!
//! A line `=====` parts the English file from the Korean one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use strata::lesson::{LessonFiles, Linter, assemble_course};

const COURSE: &str = "id = 'x'\ntitle = { en = 'X' }\n[[part]]\ntitle = { en = 'P' }\nlessons = ['01-a']\n";

fuzz_target!(|text: &str| {
    let (english, korean) = text.split_once("\n=====\n").unwrap_or((text, ""));
    let mut files = LessonFiles::new();
    files.insert("course.toml".into(), COURSE.into());
    files.insert("01-a/lesson.md".into(), english.into());
    if !korean.is_empty() {
        files.insert("01-a/lesson.ko.md".into(), korean.into());
    }
    let _ = assemble_course(&files);
    let linter = Linter {
        parse_dockerfile: &|_| Ok(()),
    };
    for finding in linter.lint(&files) {
        assert!(!finding.to_string().is_empty());
    }
});
