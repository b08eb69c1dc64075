//! What a learner has done: the value behind the progress file, and its form in JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The format this version writes.
const FORMAT: u32 = 1;

/// What a learner has done in a course.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The file's format.
    pub format: u32,
    /// The course.
    pub course: String,
    /// The lesson to go on with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<String>,
    /// Lessons by id.
    #[serde(default)]
    pub lessons: BTreeMap<String, LessonProgress>,
}

/// What a learner has done in a lesson.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LessonProgress {
    /// The step to go on with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// Steps by id.
    #[serde(default)]
    pub steps: BTreeMap<String, StepProgress>,
}

/// What a learner has done in a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepProgress {
    /// How far it got.
    pub state: StepMark,
    /// Lines typed until it passed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tries: u32,
    /// How many predictions were right, as `2/3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predicted: Option<String>,
    /// Whether the solution was asked for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub solution: bool,
    /// Hash of the expectations that were met.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// How far a step got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StepMark {
    /// Everything expected was the case.
    Passed,
    /// Left out; never counts as passed.
    Skipped,
    /// Its page was shown.
    Seen,
}

/// Why a progress file can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProgressError {
    /// Not the JSON it should be.
    #[error("the progress file is damaged: {0}")]
    Damaged(String),
    /// Written by a later strata.
    #[error("the progress file has format {0}, which is newer than this strata knows")]
    Newer(u32),
}

impl Progress {
    /// Starts a course.
    pub fn new(course: &str) -> Self {
        Self {
            format: FORMAT,
            course: course.to_owned(),
            current: None,
            lessons: BTreeMap::new(),
        }
    }

    /// Reads the file's text.
    pub fn parse(text: &str) -> Result<Self, ProgressError> {
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let damaged = |error: serde_json::Error| ProgressError::Damaged(error.to_string());
        let Format { format } = serde_json::from_str(text).map_err(damaged)?;
        if format > FORMAT {
            return Err(ProgressError::Newer(format));
        }
        serde_json::from_str(text).map_err(damaged)
    }

    /// Returns the file's text.
    pub fn to_text(&self) -> String {
        let text = serde_json::to_string_pretty(self).expect("maps have string keys");
        text + "\n"
    }

    /// Returns what is known of a step.
    pub fn step(&self, lesson: &str, step: &str) -> Option<&StepProgress> {
        self.lessons.get(lesson)?.steps.get(step)
    }

    /// Returns what is known of a step, to be changed; starts as seen.
    pub fn step_mut(&mut self, lesson: &str, step: &str) -> &mut StepProgress {
        let lesson = self.lessons.entry(lesson.to_owned()).or_default();
        lesson.steps.entry(step.to_owned()).or_insert(StepProgress {
            state: StepMark::Seen,
            tries: 0,
            predicted: None,
            solution: false,
            check: None,
        })
    }

    /// Notes where the learner is.
    pub fn move_to(&mut self, lesson: &str, step: &str) {
        self.current = Some(lesson.to_owned());
        let entry = self.lessons.entry(lesson.to_owned()).or_default();
        entry.at = Some(step.to_owned());
    }

    /// Returns the step of a lesson to go on with, from 0: where the learner was, or the next one
    /// where that is passed.
    pub fn step_to_go_on(&self, lesson: &super::Lesson) -> usize {
        let known = self.lessons.get(&lesson.id);
        let at = known.and_then(|known| known.at.as_deref());
        let step = at.and_then(|id| lesson.step_position(id)).unwrap_or(0);
        let last = lesson.steps.len().saturating_sub(1);
        if self.is_behind(lesson, step) {
            last.min(step + 1)
        } else {
            step
        }
    }

    /// Returns the lesson and the step to go on with, from 0; none where nothing was begun. A
    /// lesson whose last step is passed is over.
    pub fn going_on(&self, course: &super::Course) -> Option<(usize, usize)> {
        let mut lesson = course.position(self.current.as_deref()?)?;
        let here = &course.lessons[lesson];
        let at = self.lessons.get(&here.id).and_then(|it| it.at.as_deref());
        let at_last = here.steps.last().map(|step| step.id.as_str()) == at;
        let over = at_last && self.is_behind(here, here.steps.len().saturating_sub(1));
        if over && lesson + 1 < course.lessons.len() {
            lesson += 1;
        }
        Some((lesson, self.step_to_go_on(&course.lessons[lesson])))
    }

    fn is_behind(&self, lesson: &super::Lesson, step: usize) -> bool {
        let Some(step) = lesson.steps.get(step) else {
            return false;
        };
        let known = self.step(&lesson.id, &step.id);
        known.is_some_and(|it| it.state == StepMark::Passed && !it.outdated(&step.check_hash))
    }

    /// Removes a lesson that was opened by mistake.
    pub fn forget(&mut self, lesson: &str) -> bool {
        if self.current.as_deref() == Some(lesson) {
            self.current = None;
        }
        self.lessons.remove(lesson).is_some()
    }

    /// Tells whether every step of a lesson is passed, those that need real images aside.
    pub fn passed(&self, lesson: &super::Lesson) -> bool {
        lesson.steps.iter().filter(|step| !step.real).all(|step| {
            self.step(&lesson.id, &step.id)
                .is_some_and(|known| known.state == StepMark::Passed)
        })
    }
}

impl StepProgress {
    /// Tells whether the step was passed when the lesson expected something else.
    pub fn outdated(&self, check_hash: &str) -> bool {
        self.state == StepMark::Passed && self.check.as_deref().is_some_and(|c| c != check_hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut progress = Progress::new("strata");
        progress.move_to("cache-order", "fix");
        let step = progress.step_mut("cache-order", "guess");
        step.state = StepMark::Passed;
        step.predicted = Some("2/3".to_owned());
        step.check = Some("07ab33".to_owned());
        assert_eq!(Progress::parse(&progress.to_text()), Ok(progress));
    }

    #[test]
    fn a_newer_file_is_told_from_a_damaged_one() {
        assert_eq!(
            Progress::parse("{\"format\": 7, \"x\": []}"),
            Err(ProgressError::Newer(7))
        );
        assert!(matches!(
            Progress::parse("{\"for"),
            Err(ProgressError::Damaged(_))
        ));
        assert!(matches!(
            Progress::parse("{\"format\": 1}"),
            Err(ProgressError::Damaged(_))
        ));
    }

    #[test]
    fn a_pass_outlives_a_changed_lesson_with_a_mark() {
        let mut progress = Progress::new("strata");
        let step = progress.step_mut("a", "b");
        step.state = StepMark::Passed;
        step.check = Some("111111".to_owned());
        assert!(!step.outdated("111111"));
        assert!(step.outdated("222222"));
    }

    #[test]
    fn forgetting_the_current_lesson_leaves_none() {
        let mut progress = Progress::new("strata");
        progress.move_to("a", "b");
        assert!(progress.forget("a"));
        assert_eq!(progress.current, None);
        assert!(!progress.forget("a"));
    }
}
