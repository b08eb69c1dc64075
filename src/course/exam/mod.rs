//! `lesson test`: proves that every lesson can be finished, that nothing is finished before it
//! began, and that known mistakes get their own words.
//!
//! `parts` takes one lesson through one proof each, `screens` looks at what it draws; `picture`
//! draws it and `album` keeps it; `text` and `machine` tell the result.

mod album;
mod machine;
mod parts;
mod picture;
mod screens;
mod text;

use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

use super::console::{Console, Place};
use super::stage::StageError;
use crate::language::Language;
use crate::lesson::{Course, Lesson, Rights, Step};
use parts::Candidate;

pub use machine::junit;
pub use picture::draw;
pub use text::{line, summary};

/// What to test, and how.
pub struct Exam<'a> {
    /// The course.
    pub course: Arc<Course>,
    /// Only this lesson, or `lesson/step`.
    pub filter: Option<String>,
    /// Decides the order of jumps; printed, so that a failure can be had again.
    pub seed: u64,
    /// A folder of this exam's own: works, stores, records of failures.
    pub scratch: PathBuf,
    /// Whether steps that need real images are taken, too.
    pub real: bool,
    /// How a step is drawn; none leaves screens out.
    pub draw: Option<&'a dyn Fn(&Screen) -> String>,
    /// Where pictures are kept; none compares widths only.
    pub pictures: Option<PathBuf>,
    /// Whether to write the pictures instead of comparing.
    pub update: bool,
}

/// One step to draw.
#[derive(Debug, Clone, Copy)]
pub struct Screen<'a> {
    /// The lesson.
    pub lesson: &'a Lesson,
    /// The step's place, from 0.
    pub step: usize,
    /// The language.
    pub language: Language,
    /// Columns.
    pub width: usize,
    /// Whether with colour.
    pub colour: bool,
}

/// One of the proofs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The solution passes.
    Solve,
    /// The untouched start does not.
    StartFails,
    /// Known mistakes fail with their own words.
    Wrong,
    /// A jump leads to the same state as the long way.
    Jump,
    /// Reset and undo lead back.
    Reset,
    /// Nothing is left outside the store.
    Clean,
    /// Pages fit their screens.
    Screens,
}

impl Part {
    /// Every part, in the order of the table.
    pub const ALL: [Self; 7] = [
        Self::Solve,
        Self::StartFails,
        Self::Wrong,
        Self::Jump,
        Self::Reset,
        Self::Clean,
        Self::Screens,
    ];

    /// Returns its name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Solve => "solve",
            Self::StartFails => "start-fails",
            Self::Wrong => "wrong",
            Self::Jump => "jump",
            Self::Reset => "reset",
            Self::Clean => "clean",
            Self::Screens => "screens",
        }
    }
}

/// What came of it all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExamReport {
    /// The order of jumps came from this.
    pub seed: u64,
    /// One entry for each lesson.
    pub lessons: Vec<LessonExam>,
}

/// What came of one lesson.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LessonExam {
    /// The lesson.
    pub lesson: String,
    /// Why what needs a kernel was left out; counted, never passed.
    pub skipped: Option<String>,
    /// Steps that need real images, where those were not asked for.
    pub left_out: usize,
    /// How often each part was proved.
    pub tallies: Vec<Tally>,
    /// Everything that failed.
    pub failures: Vec<Failure>,
}

/// How often a part was proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// The part.
    pub part: Part,
    /// Successes.
    pub passed: usize,
    /// Trials.
    pub of: usize,
}

/// One thing that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The step.
    pub step: String,
    /// The part.
    pub part: Part,
    /// The fact, or what was looked at.
    pub what: String,
    /// What should have been.
    pub expected: String,
    /// What was.
    pub got: String,
    /// The record of the build in question, kept as JSON.
    pub record: Option<PathBuf>,
    /// What changed in a picture, line by line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<String>,
}

impl ExamReport {
    /// Returns how many trials succeeded, failed, and how many lessons were skipped.
    pub fn totals(&self) -> (usize, usize, usize) {
        let tallies = || self.lessons.iter().flat_map(|lesson| &lesson.tallies);
        let passed: usize = tallies().map(|tally| tally.passed).sum();
        let all: usize = tallies().map(|tally| tally.of).sum();
        let skipped = self
            .lessons
            .iter()
            .filter(|lesson| lesson.skipped.is_some())
            .count();
        (passed, all - passed, skipped)
    }

    /// Tells whether nothing failed.
    pub fn passed(&self) -> bool {
        self.lessons.iter().all(|lesson| lesson.failures.is_empty())
    }
}

impl Exam<'_> {
    /// Tells whether the filter lets anything through.
    pub fn has_work(&self) -> bool {
        let steps = self
            .course
            .lessons
            .iter()
            .filter(|it| self.wants_lesson(it));
        steps
            .flat_map(|lesson| &lesson.steps)
            .any(|step| self.wants_step(&step.id))
    }

    /// Tests all lessons that the filter lets through; `told` hears of each when it is done.
    pub fn run(
        &self,
        console: &mut dyn Console,
        told: &mut dyn FnMut(&LessonExam),
    ) -> Result<ExamReport, StageError> {
        let mut report = ExamReport {
            seed: self.seed,
            lessons: Vec::new(),
        };
        for number in 0..self.course.lessons.len() {
            let lesson = &self.course.lessons[number];
            if self.wants_lesson(lesson) {
                let exam = self.lesson(number, console)?;
                told(&exam);
                report.lessons.push(exam);
            }
        }
        if let (Some(folder), None, true) = (&self.pictures, &self.filter, self.update) {
            // Pictures that nobody compares are only clutter: whoever looks sees them in the diff.
            let _ = album::tidy(folder, &self.course.lessons);
        }
        Ok(report)
    }

    fn lesson(&self, number: usize, console: &mut dyn Console) -> Result<LessonExam, StageError> {
        let lesson = &self.course.lessons[number];
        let unable = match lesson.rights {
            Rights::Run => console.can_run().err(),
            Rights::None => None,
        };
        let mut candidate = Candidate::new(self, number);
        if unable.is_none() {
            candidate.take(console)?;
        }
        if let Some(draw) = self.draw {
            screens::prove(self, lesson, draw, &mut candidate.sheet);
        }
        let left_out = lesson.steps.iter().filter(|step| !self.takes(step)).count();
        Ok(LessonExam {
            left_out,
            ..candidate.sheet.into_exam(&lesson.id, unable)
        })
    }

    fn place(&self, lesson: &Lesson) -> Place {
        Place {
            work: self.scratch.join("work").join(&lesson.id),
            store: self.scratch.join("store").join(&lesson.id),
            limits: lesson.limits.clone(),
            network: lesson.network,
        }
    }

    fn wants_lesson(&self, lesson: &Lesson) -> bool {
        let name = self
            .filter
            .as_deref()
            .map(|filter| filter.split('/').next().unwrap_or(filter));
        name.is_none_or(|name| name == lesson.id || name == lesson.folder)
    }

    /// Tells whether a step can be taken here.
    fn takes(&self, step: &Step) -> bool {
        self.real || !step.real
    }

    fn wants_step(&self, id: &str) -> bool {
        let step = self
            .filter
            .as_deref()
            .and_then(|filter| filter.split_once('/'));
        step.is_none_or(|(_, step)| step == id)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::course::library;
    use crate::course::script::ScriptedConsole;
    use crate::lesson::{LessonFiles, assemble_course};

    /// An exam of everything but screens.
    pub(super) fn exam(course: Arc<Course>, scratch: &Path) -> Exam<'static> {
        Exam {
            course,
            filter: None,
            seed: 7,
            scratch: scratch.to_owned(),
            real: false,
            draw: None,
            pictures: None,
            update: false,
        }
    }

    fn examine(course: Course, console: &mut ScriptedConsole) -> ExamReport {
        let scratch = tempfile::tempdir().unwrap();
        let exam = exam(Arc::new(course), scratch.path());
        exam.run(console, &mut |_| {}).unwrap()
    }

    /// A one-step lesson: write a Dockerfile that holds a COPY.
    fn course(change: impl Fn(String) -> String) -> Course {
        let lesson = "---\nformat: 1\nid: a\ntitle: A\nimages: [practice-os]\nrights: run\nminutes: 1\n---\n\n## 1. Do\n<!-- step: do -->\n\n\
            ```dockerfile file=Dockerfile\nFROM practice-os\nCOPY . /app\n```\n\n```console\n$ build -t a .\n```\n\n\
            ```toml check\n[expect.build]\ntag = \"a\"\n[expect.image.a.file.\"/app/x\"]\nexists = true\n[[wrong]]\nname = \"no-copy\"\n\
            file = { Dockerfile = \"FROM practice-os\" }\ndo = [\"build -t a .\"]\nfails = [\"image.a.file./app/x\"]\n```\n\n<!-- when: no-copy -->\nCopy it.\n";
        let korean = "---\nid: a\nlang: ko\ntitle: A\n---\n\n## 1. A\n<!-- step: do -->\n\n<!-- when: no-copy -->\nA.\n";
        let toml = "id = \"t\"\ntitle = { en = \"T\" }\n[[part]]\ntitle = { en = \"P\" }\nlessons = [\"01-a\"]\n";
        let files = LessonFiles::from([
            ("course.toml".to_owned(), toml.as_bytes().to_vec()),
            (
                "01-a/lesson.md".to_owned(),
                change(lesson.to_owned()).into_bytes(),
            ),
            ("01-a/lesson.ko.md".to_owned(), korean.as_bytes().to_vec()),
            ("01-a/files/x".to_owned(), b"x\n".to_vec()),
        ]);
        assemble_course(&files).unwrap()
    }

    fn failed_parts(report: &ExamReport) -> Vec<Part> {
        let failures = report.lessons.iter().flat_map(|lesson| &lesson.failures);
        failures.map(|failure| failure.part).collect()
    }

    #[test]
    fn every_scripted_lesson_passes() {
        let course = library::scripted();
        let report = examine(course, &mut ScriptedConsole::default());
        let failures: Vec<_> = report.lessons.iter().flat_map(|l| &l.failures).collect();
        assert!(failures.is_empty(), "{failures:#?}");
        assert!(report.totals().0 > 50, "{}", summary(&report));
    }

    #[test]
    fn a_good_lesson_passes_every_part() {
        let report = examine(course(|text| text), &mut ScriptedConsole::default());
        assert_eq!(report.lessons[0].failures, []);
        let tried: Vec<_> = report.lessons[0]
            .tallies
            .iter()
            .map(|t| (t.part, t.of))
            .collect();
        assert_eq!(
            tried,
            [
                (Part::Solve, 1),
                (Part::StartFails, 1),
                (Part::Wrong, 1),
                (Part::Jump, 1),
                (Part::Reset, 2),
                (Part::Clean, 1)
            ]
        );
    }

    #[test]
    fn a_solution_that_does_not_pass_is_found() {
        let report = examine(
            course(|text| text.replace("tag = \"a\"", "tag = \"b\"")),
            &mut ScriptedConsole::default(),
        );
        let failure = &report.lessons[0].failures[0];
        assert_eq!(
            (failure.part, failure.what.as_str()),
            (Part::Solve, "build.tag")
        );
        assert_eq!(
            (failure.expected.as_str(), failure.got.as_str()),
            ("b", "a")
        );
        assert!(!report.passed());
    }

    #[test]
    fn a_step_that_is_done_before_it_begins_is_found() {
        let solved = |text: String| {
            text.replace(
                "[expect.build]\ntag = \"a\"\n[expect.image.a.file.\"/app/x\"]\nexists = true",
                "[expect.file.x]\nexists = true",
            )
            .replace("image.a.file./app/x", "file.x.exists")
            .replace("do = [\"build -t a .\"]", "do = [\"remove x\"]")
        };
        let report = examine(course(solved), &mut ScriptedConsole::default());
        assert_eq!(failed_parts(&report), [Part::StartFails]);
    }

    #[test]
    fn a_wrong_case_that_is_right_is_found() {
        let right = |text: String| {
            text.replace(
                "file = { Dockerfile = \"FROM practice-os\" }",
                "file = { Dockerfile = \"FROM practice-os\\nCOPY . /app\" }",
            )
        };
        let report = examine(course(right), &mut ScriptedConsole::default());
        assert_eq!(failed_parts(&report), [Part::Wrong, Part::Wrong]);
    }

    #[test]
    fn what_is_left_behind_is_found() {
        let mut console = ScriptedConsole::default();
        console.litter.push("process 4711".to_owned());
        let report = examine(course(|text| text), &mut console);
        assert_eq!(failed_parts(&report), [Part::Clean]);
    }

    #[test]
    fn a_machine_that_cannot_run_skips_and_says_so() {
        let mut console = ScriptedConsole::default();
        console.unable = Some("no namespaces".to_owned());
        let report = examine(course(|text| text), &mut console);
        assert_eq!(report.lessons[0].skipped.as_deref(), Some("no namespaces"));
        assert_eq!(report.totals(), (0, 0, 1));
    }
}
