//! The list of lessons, with how far a learner got in each.

use crate::language::Language;
use crate::lesson::{Course, Lesson, Localized, Progress, StepMark};

/// One lesson of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListLine {
    /// Its number.
    pub number: Option<u32>,
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: Localized<String>,
    /// Minutes.
    pub minutes: u32,
    /// How far the learner got.
    pub state: ListState,
    /// Whether it is the current one.
    pub current: bool,
}

/// How far a learner got in a lesson.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListState {
    /// Never opened.
    New,
    /// So many steps of so many are passed.
    Begun {
        /// Passed.
        passed: usize,
        /// All.
        steps: usize,
    },
    /// All steps are passed.
    Passed,
    /// All are passed, but the lesson changed since.
    PassedBefore,
}

impl ListState {
    /// Works the state out from marks and whether each is outdated.
    fn of(steps: &[(Option<StepMark>, bool)]) -> Self {
        let passed = steps
            .iter()
            .filter(|(mark, _)| *mark == Some(StepMark::Passed))
            .count();
        match passed {
            all if all == steps.len() && steps.iter().any(|(_, outdated)| *outdated) => {
                Self::PassedBefore
            }
            all if all == steps.len() => Self::Passed,
            0 if steps.iter().all(|(mark, _)| mark.is_none()) => Self::New,
            passed => Self::Begun {
                passed,
                steps: steps.len(),
            },
        }
    }
}

/// Lists the lessons whose title or id has a text; an empty text is in all of them.
pub fn list(
    course: &Course,
    progress: &Progress,
    current: Option<&str>,
    text: &str,
) -> Vec<ListLine> {
    let text = text.to_lowercase();
    let found = |lesson: &&Lesson| {
        let titles = Language::ALL.map(|language| lesson.title.get(language).value.to_lowercase());
        lesson.id.contains(&text) || titles.iter().any(|title| title.contains(&text))
    };
    let line = |lesson: &Lesson| {
        let steps = lesson.steps.iter().filter(|step| !step.real).map(|step| {
            let known = progress.step(&lesson.id, &step.id);
            let outdated = known.is_some_and(|known| known.outdated(&step.check_hash));
            (known.map(|known| known.state), outdated)
        });
        ListLine {
            number: lesson.number(),
            id: lesson.id.clone(),
            title: lesson.title.clone(),
            minutes: lesson.minutes,
            state: ListState::of(&steps.collect::<Vec<_>>()),
            current: current == Some(lesson.id.as_str()),
        }
    };
    course.lessons.iter().filter(found).map(line).collect()
}

/// Returns the lesson that a wrong name most likely means: one that has it in its title or id,
/// else one whose id is spelt much like it.
pub fn like<'a>(course: &'a Course, name: &str) -> Option<&'a Lesson> {
    /// From here on two words look like the same one with slips of the fingers.
    const ALIKE: f64 = 0.6;
    let nothing = Progress::new(&course.id);
    if let Some(found) = list(course, &nothing, None, name).first() {
        return course.lesson(&found.id);
    }
    let alike = |lesson: &&Lesson| strsim::normalized_damerau_levenshtein(&lesson.id, name);
    let near = course
        .lessons
        .iter()
        .filter(|lesson| alike(lesson) >= ALIKE);
    near.max_by(|one, other| alike(one).total_cmp(&alike(other)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lessons_are_found_by_id_and_by_title_in_any_language() {
        let course = crate::course::library::scripted();
        let progress = Progress::new(&course.id);
        let found = |text: &str| {
            let lines = list(&course, &progress, Some("first-run"), text);
            lines.into_iter().map(|line| line.id).collect::<Vec<_>>()
        };
        assert_eq!(found("").len(), course.lessons.len());
        assert_eq!(found("CACHE"), ["cache-order"]);
        assert_eq!(found("캐시"), ["cache-order"]);
        assert_eq!(found("no such lesson"), [] as [&str; 0]);
    }

    #[test]
    fn a_skipped_step_keeps_a_lesson_open() {
        let passed = (Some(StepMark::Passed), false);
        assert_eq!(ListState::of(&[passed, passed]), ListState::Passed);
        assert_eq!(
            ListState::of(&[passed, (Some(StepMark::Skipped), false)]),
            ListState::Begun {
                passed: 1,
                steps: 2
            }
        );
        assert_eq!(ListState::of(&[(None, false)]), ListState::New);
        assert_eq!(
            ListState::of(&[(Some(StepMark::Passed), true)]),
            ListState::PassedBefore
        );
    }

    #[test]
    fn a_wrong_name_means_the_lesson_that_is_like_it() {
        let course = crate::course::library::scripted();
        let means = |name| like(&course, name).map(|lesson| lesson.id.as_str());
        assert_eq!(means("cache"), Some("cache-order"));
        assert_eq!(means("frist-run"), Some("first-run"));
        assert_eq!(means("kubernetes"), None);
    }
}
