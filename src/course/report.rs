//! `lesson report`: how far a learner got, for the learner and for teachers.

use serde::{Serialize, Serializer};

use crate::lesson::{Course, Localized, Progress, StepMark};

/// How far a learner got in a course.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The course.
    pub course: String,
    /// Lessons passed completely; a lesson with a skipped step is not.
    pub passed: usize,
    /// All lessons, in order.
    pub lessons: Vec<LessonReport>,
}

/// How far a learner got in a lesson.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LessonReport {
    /// The lesson's id.
    pub id: String,
    /// The lesson's title.
    #[serde(serialize_with = "english")]
    pub title: Localized<String>,
    /// Steps passed.
    pub passed: usize,
    /// Steps skipped.
    pub skipped: usize,
    /// All steps, in order.
    pub steps: Vec<StepReportLine>,
}

/// How far a learner got in a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepReportLine {
    /// The step's id.
    pub id: String,
    /// What became of it; none where it was never opened.
    pub state: Option<StepMark>,
    /// Lines typed until it passed.
    pub tries: u32,
    /// Right predictions, as `2/3`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predicted: Option<String>,
    /// Whether the solution was asked for.
    pub solution: bool,
    /// Whether the lesson changed since it was passed.
    pub outdated: bool,
}

/// Machines are told in English.
fn english<S: Serializer>(title: &Localized<String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(title.english())
}

/// Reports on a course.
pub fn report(course: &Course, progress: &Progress) -> Report {
    let lessons: Vec<LessonReport> = course
        .lessons
        .iter()
        .map(|lesson| {
            let steps: Vec<StepReportLine> = lesson
                .steps
                .iter()
                .map(|step| {
                    let known = progress.step(&lesson.id, &step.id);
                    StepReportLine {
                        id: step.id.clone(),
                        state: known.map(|known| known.state),
                        tries: known.map_or(0, |known| known.tries),
                        predicted: known.and_then(|known| known.predicted.clone()),
                        solution: known.is_some_and(|known| known.solution),
                        outdated: known.is_some_and(|known| known.outdated(&step.check_hash)),
                    }
                })
                .collect();
            let count = |mark| steps.iter().filter(|step| step.state == Some(mark)).count();
            LessonReport {
                id: lesson.id.clone(),
                title: lesson.title.clone(),
                passed: count(StepMark::Passed),
                skipped: count(StepMark::Skipped),
                steps,
            }
        })
        .collect();
    Report {
        course: course.id.clone(),
        passed: course
            .lessons
            .iter()
            .filter(|lesson| progress.passed(lesson))
            .count(),
        lessons,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skipped_step_is_counted_apart_and_its_lesson_is_not_passed() {
        let course = crate::course::library::scripted();
        let lesson = &course.lessons[0];
        let mut progress = Progress::new(&course.id);
        for step in &lesson.steps {
            progress.step_mut(&lesson.id, &step.id).state = StepMark::Passed;
        }
        assert_eq!(report(&course, &progress).passed, 1);
        let first = progress.step_mut(&lesson.id, &lesson.steps[0].id);
        first.state = StepMark::Skipped;
        first.solution = true;
        let report = report(&course, &progress);
        assert_eq!(report.passed, 0);
        let told = &report.lessons[0];
        assert_eq!((told.passed, told.skipped), (lesson.steps.len() - 1, 1));
        assert!(told.steps[0].solution);
        assert_eq!(report.lessons[1].steps[0].state, None);
    }
}
