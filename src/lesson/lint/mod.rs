//! What is wrong with lessons before anybody runs them.
//!
//! `step` looks at one step's machine blocks, `teaching` at what is used before it is taught,
//! `translation` at other languages, `text` at words on a screen.

#[cfg(test)]
mod rules;
mod step;
mod teaching;
mod text;
mod translation;

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use super::assemble::{CourseText, FileText, LessonFiles, LessonText, read_course};
use crate::diagnostic::{Diagnostic, Severity};
use crate::language::Language;
use crate::source::{Source, Span};

pub(super) use translation::stale_pieces;

/// One thing that is wrong with a lesson file.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The file.
    pub source: Source,
    /// What and where.
    pub diagnostic: Diagnostic,
}

/// A finding as machines read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FindingRecord<'a> {
    severity: &'static str,
    kind: &'static str,
    file: &'a str,
    line: usize,
    message: &'a str,
}

impl Finding {
    /// Makes a finding of a diagnostic.
    pub fn new(source: &Source, diagnostic: Diagnostic) -> Self {
        Self {
            source: source.clone(),
            diagnostic,
        }
    }

    /// Makes an error.
    pub(super) fn error(
        source: &Source,
        kind: &'static str,
        message: impl Into<String>,
        span: Span,
    ) -> Self {
        Self::new(source, Diagnostic::error(kind, message, span))
    }

    /// Makes a warning.
    fn warning(
        source: &Source,
        kind: &'static str,
        message: impl Into<String>,
        span: Span,
    ) -> Self {
        Self::new(source, Diagnostic::warning(kind, message, span))
    }

    /// Returns it as machines read it.
    pub fn record(&self) -> FindingRecord<'_> {
        FindingRecord {
            severity: if self.is_error() { "error" } else { "warning" },
            kind: self.diagnostic.kind,
            file: self.source.name(),
            line: self.source.line(self.diagnostic.span().start),
            message: &self.diagnostic.message,
        }
    }

    /// Tells whether it is an error.
    pub fn is_error(&self) -> bool {
        self.diagnostic.severity == Severity::Error
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.source.line(self.diagnostic.span().start);
        let word = if self.is_error() { "error" } else { "warning" };
        write!(
            f,
            "{}:{line}: {word}: {}",
            self.source.name(),
            self.diagnostic.message
        )
    }
}

/// Judges lesson files.
pub struct Linter<'a> {
    /// Tells what is wrong with a text as a Dockerfile; the grammar is handed in, as lessons
    /// stand beside the parser.
    pub parse_dockerfile: &'a dyn Fn(&str) -> Result<(), String>,
}

/// Steps a lesson should not have more of: one sitting, one idea.
const MOST_STEPS: usize = 9;

impl Linter<'_> {
    /// Returns everything that is wrong, errors and warnings, in the order of the course.
    pub fn lint(&self, files: &LessonFiles) -> Vec<Finding> {
        let mut course = read_course(files);
        let mut findings = std::mem::take(&mut course.findings);
        findings.extend(course_findings(&course));
        let mut taught = BTreeSet::new();
        for lesson in &course.lessons {
            findings.extend(self.lesson(lesson));
            findings.extend(teaching::judge(lesson, &mut taught));
        }
        findings
    }

    fn lesson(&self, lesson: &LessonText) -> Vec<Finding> {
        let mut findings = Vec::new();
        let file = &lesson.english;
        let steps = &file.document.steps;
        if steps.len() > MOST_STEPS {
            let message = format!(
                "{} steps: a lesson is one idea, in {MOST_STEPS} at most",
                steps.len()
            );
            findings.push(Finding::warning(
                &file.source,
                "many-steps",
                message,
                steps[MOST_STEPS].span,
            ));
        }
        for number in 0..steps.len() {
            findings.extend(step::judge(lesson, number, self.parse_dockerfile));
        }
        findings.extend(text::judge(file));
        findings.extend(language_finding(file, Language::En));
        for (language, translation) in &lesson.translations {
            findings.extend(language_finding(translation, *language));
            findings.extend(text::judge(translation));
            findings.extend(translation::judge(file, translation));
        }
        if lesson.translations.is_empty() {
            let message = "this lesson is in English only";
            findings.push(Finding::warning(
                &file.source,
                "no-translation",
                message,
                Span::default(),
            ));
        }
        findings
    }
}

/// The name of a file and its `lang` say the same.
fn language_finding(file: &FileText, language: Language) -> Option<Finding> {
    let said = file.front.lang.unwrap_or(Language::En);
    (said != language).then(|| {
        let message = format!(
            "`lang` is `{}` in the file of `{}`",
            said.code(),
            language.code()
        );
        let top = file.source.line_span(1);
        Finding::error(&file.source, "lang-differs", message, top)
    })
}

/// Judges what one lesson alone can't tell: ids, folders, `needs`.
fn course_findings(course: &CourseText) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut ids: Vec<&str> = Vec::new();
    for lesson in &course.lessons {
        let FileText { source, front, .. } = &lesson.english;
        let top = source.line_span(1);
        if ids.contains(&front.id.as_str()) {
            let message = format!("another lesson has the id `{}`", front.id);
            findings.push(Finding::error(source, "duplicate-id", message, top));
        }
        ids.push(&front.id);
        let without_number = lesson.folder.split_once('-').map_or("", |(_, rest)| rest);
        if without_number != front.id {
            let message = format!(
                "the folder {} should be a number and `{}`",
                lesson.folder, front.id
            );
            findings.push(Finding::error(source, "folder-name", message, top));
        }
    }
    for lesson in &course.lessons {
        for id in &lesson.english.front.needs {
            if !ids.contains(&id.as_str()) {
                let source = &lesson.english.source;
                let message = format!("`needs` names `{id}`, which is not in the course yet");
                findings.push(Finding::warning(
                    source,
                    "unknown-need",
                    message,
                    source.line_span(1),
                ));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::assemble::tests::{ENGLISH, small_course};

    pub(super) fn parse(text: &str) -> Result<(), String> {
        let ok = text.starts_with("FROM");
        ok.then_some(()).ok_or_else(|| "no FROM".to_owned())
    }

    /// Lints the small course with one text put for another in the English file.
    pub(super) fn kinds(old: &str, new: &str) -> Vec<&'static str> {
        assert!(ENGLISH.contains(old), "{old}");
        let mut files = small_course();
        let text = ENGLISH.replace(old, new);
        files.insert("01-a/lesson.md".into(), text.into_bytes());
        kinds_of(&files)
    }

    pub(super) fn kinds_of(files: &LessonFiles) -> Vec<&'static str> {
        let linter = Linter {
            parse_dockerfile: &parse,
        };
        let findings = linter.lint(files);
        findings
            .into_iter()
            .map(|finding| finding.diagnostic.kind)
            .collect()
    }

    #[test]
    fn a_good_lesson_is_clean() {
        assert_eq!(kinds_of(&small_course()), Vec::<&str>::new());
    }

    #[test]
    fn the_folder_carries_the_id() {
        assert!(kinds("id: a\n", "id: b\n").contains(&"folder-name"));
    }

    #[test]
    fn an_unknown_need_is_a_warning() {
        let mut files = small_course();
        let text = ENGLISH.replace("minutes: 5", "minutes: 5\nneeds: [layers]");
        files.insert("01-a/lesson.md".into(), text.into_bytes());
        let linter = Linter {
            parse_dockerfile: &parse,
        };
        let findings = linter.lint(&files);
        assert_eq!(findings.len(), 1);
        assert!(!findings[0].is_error());
        assert_eq!(
            findings[0].to_string(),
            "01-a/lesson.md:1: warning: `needs` names `layers`, which is not in the course yet"
        );
    }

    #[test]
    fn a_missing_translation_is_a_warning() {
        let mut files = small_course();
        files.remove("01-a/lesson.ko.md");
        assert_eq!(kinds_of(&files), ["no-translation"]);
    }
}
