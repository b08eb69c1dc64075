//! Starting again from outside a session: `lesson reset`, `lesson forget`.

use std::fs;
use std::path::PathBuf;

use super::folder::{FolderError, WorkFolder};
use super::homes::Homes;
use super::progress_file::{ProgressFile, ProgressFileError};
use crate::lesson::{Course, Lesson};

/// Why a lesson can't start again.
#[derive(Debug, thiserror::Error)]
pub enum AgainError {
    /// Its files.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Its progress.
    #[error(transparent)]
    Progress(#[from] ProgressFileError),
}

/// Forgets what was done in a lesson; its files stay. Tells whether there was anything.
pub fn forget(homes: &Homes, course: &Course, lesson: &Lesson) -> Result<bool, AgainError> {
    let (mut file, _) = ProgressFile::open(&homes.progress(), &course.id)?;
    let known = file.progress.forget(&lesson.id);
    file.save()?;
    forget_marks(homes);
    Ok(known)
}

/// Forgets what was done in a lesson, or in all of them, and moves the work folders' files aside.
/// Returns where they are; `moment` is part of that name.
pub fn start_again(
    homes: &Homes,
    course: &Course,
    lesson: Option<&Lesson>,
    moment: &str,
) -> Result<Vec<PathBuf>, AgainError> {
    let mut kept = Vec::new();
    let all = course.lessons.iter();
    for lesson in all.filter(|one| lesson.is_none_or(|lesson| lesson.id == one.id)) {
        let work = homes.place(lesson).work;
        let aside = homes.before_reset(lesson, moment);
        if work.is_dir() && WorkFolder::open(&work)?.move_content(&aside)? {
            kept.push(aside);
        }
        forget(homes, course, lesson)?;
    }
    Ok(kept)
}

/// Without marks the next start makes the step anew.
fn forget_marks(homes: &Homes) {
    // A missing file is what is wanted.
    let _ = fs::remove_file(homes.marks());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::StepMark;

    fn learned() -> (tempfile::TempDir, Homes, Course) {
        let scratch = tempfile::tempdir().unwrap();
        let homes = Homes::below(scratch.path());
        let course = crate::course::library::scripted();
        let (mut file, _) = ProgressFile::open(&homes.progress(), &course.id).unwrap();
        for lesson in &course.lessons {
            let work = homes.place(lesson).work;
            fs::create_dir_all(&work).unwrap();
            fs::write(work.join("mine"), lesson.id.as_str()).unwrap();
            let first = &lesson.steps[0].id;
            file.progress.step_mut(&lesson.id, first).state = StepMark::Passed;
        }
        file.save().unwrap();
        (scratch, homes, course)
    }

    fn known(homes: &Homes, course: &Course) -> Vec<String> {
        let (file, _) = ProgressFile::open(&homes.progress(), &course.id).unwrap();
        file.progress.lessons.into_keys().collect()
    }

    #[test]
    fn one_lesson_starts_again_and_its_files_are_kept() {
        let (_scratch, homes, course) = learned();
        let lesson = course.lesson("cache-order").unwrap();
        let kept = start_again(&homes, &course, Some(lesson), "now").unwrap();
        assert_eq!(kept, [homes.work.join(".before-reset/now/cache-order")]);
        assert_eq!(fs::read(kept[0].join("mine")).unwrap(), b"cache-order");
        assert_eq!(known(&homes, &course), ["first-dockerfile", "first-run"]);
    }

    #[test]
    fn the_whole_course_starts_again() {
        let (_scratch, homes, course) = learned();
        let kept = start_again(&homes, &course, None, "now").unwrap();
        assert_eq!(kept.len(), course.lessons.len());
        assert_eq!(known(&homes, &course), [] as [&str; 0]);
    }

    #[test]
    fn forgetting_leaves_files_alone() {
        let (_scratch, homes, course) = learned();
        let lesson = course.lesson("first-run").unwrap();
        assert!(forget(&homes, &course, lesson).unwrap());
        assert!(!forget(&homes, &course, lesson).unwrap());
        assert!(homes.place(lesson).work.join("mine").is_file());
    }
}
