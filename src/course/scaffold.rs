//! `lesson new`: a lesson with one step that already works, in every language, and its line in
//! `course.toml`.

use serde::Deserialize;

use crate::lesson::{LessonFiles, synced_file};

const ENGLISH: &str = include_str!("skeleton.md");
const KOREAN: &str = include_str!("skeleton.ko.md");
const COURSE: &str = "course.toml";

/// Why a lesson can't be begun.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NewLessonError {
    /// Not a name for a lesson.
    #[error(
        "`{0}` is no name for a lesson: small letters, digits and `-`, with or without a number before it, such as `ports` or `13-ports`"
    )]
    Name(String),
    /// The id or the number is somebody else's.
    #[error("there is a lesson `{0}` already")]
    Taken(String),
    /// No course to add it to.
    #[error("there is no course.toml here: name the folder of the lessons")]
    NoCourse,
    /// A course file that is too unusual to be changed by a program.
    #[error("course.toml can't be read or has no list of lessons to add `{0}` to")]
    Course(String),
}

#[derive(Deserialize)]
struct CourseToml {
    part: Vec<PartToml>,
}

#[derive(Deserialize)]
struct PartToml {
    lessons: Vec<String>,
}

/// Returns the files of a new lesson and the changed `course.toml`, by path. A name without a
/// number gets the next one.
pub fn new_lesson(files: &LessonFiles, name: &str) -> Result<LessonFiles, NewLessonError> {
    let course = files.get(COURSE).ok_or(NewLessonError::NoCourse)?;
    let course = String::from_utf8_lossy(course);
    let known = folders(&course).ok_or_else(|| NewLessonError::Course(name.to_owned()))?;
    let (number, id) = numbered(name).ok_or_else(|| NewLessonError::Name(name.to_owned()))?;
    let number = number.unwrap_or_else(|| {
        let numbers = known.iter().filter_map(|folder| numbered(folder)?.0);
        numbers.max().unwrap_or(0) + 1
    });
    for folder in &known {
        let taken = numbered(folder);
        if taken.is_some_and(|(its, known)| known == id || its == Some(number)) {
            return Err(NewLessonError::Taken(folder.clone()));
        }
    }
    let folder = format!("{number:02}-{id}");
    let changed = with_folder(&course, &known, &folder)
        .ok_or_else(|| NewLessonError::Course(folder.clone()))?;
    let english = ENGLISH.replace("ID", &id);
    let korean = KOREAN.replace("ID", &id);
    let korean = synced_file(&english, &korean).expect("the skeleton has front matter and steps");
    Ok(LessonFiles::from([
        (COURSE.to_owned(), changed.into_bytes()),
        (format!("{folder}/lesson.md"), english.into_bytes()),
        (format!("{folder}/lesson.ko.md"), korean.into_bytes()),
    ]))
}

/// Takes `13-ports` apart; none where it is no name of a lesson.
fn numbered(name: &str) -> Option<(Option<u32>, String)> {
    let (number, id) = match name.split_once('-') {
        Some((digits, id)) if digits.bytes().all(|it| it.is_ascii_digit()) => {
            (Some(digits.parse().ok()?), id)
        }
        _ => (None, name),
    };
    let is_plain = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-';
    let starts = id.starts_with(|first: char| first.is_ascii_lowercase());
    (starts && id.bytes().all(is_plain) && !id.ends_with('-')).then(|| (number, id.to_owned()))
}

/// Returns all folders of a course in order.
fn folders(course: &str) -> Option<Vec<String>> {
    let course: CourseToml = toml::from_str(course).ok()?;
    Some(course.part.into_iter().flat_map(|it| it.lessons).collect())
}

/// Writes a folder into the text of `course.toml`, after the one it follows by number: comments
/// and layout stay.
fn with_folder(course: &str, known: &[String], folder: &str) -> Option<String> {
    let before = known
        .iter()
        .rev()
        .find(|known| known.as_str() < folder)
        .or(known.last());
    let changed = match before {
        Some(before) => {
            let quoted = format!("\"{before}\"");
            course.replacen(&quoted, &format!("{quoted}, \"{folder}\""), 1)
        }
        None => course.replacen("lessons = [", &format!("lessons = [\"{folder}\""), 1),
    };
    let added = folders(&changed)?;
    (added.len() == known.len() + 1 && added.iter().any(|it| it == folder)).then_some(changed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::embedded_files;
    use crate::course::exam::Exam;
    use crate::course::script::ScriptedConsole;
    use crate::lesson::{Linter, assemble_course};
    use std::sync::Arc;

    fn with(name: &str) -> LessonFiles {
        let mut files = embedded_files();
        let new = new_lesson(&files, name).unwrap();
        files.extend(new);
        files
    }

    #[test]
    fn a_new_lesson_is_clean_and_can_be_finished() {
        let files = with("my-own");
        let parse_dockerfile = |_: &str| Ok(());
        let linter = Linter {
            parse_dockerfile: &parse_dockerfile,
        };
        let findings: Vec<String> = linter
            .lint(&files)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(findings, Vec::<String>::new());
        let scratch = tempfile::tempdir().unwrap();
        let exam = Exam {
            course: Arc::new(assemble_course(&files).unwrap()),
            filter: Some("my-own".to_owned()),
            seed: 1,
            scratch: scratch.path().to_owned(),
            real: false,
            draw: None,
            pictures: None,
            update: false,
        };
        let report = exam.run(&mut ScriptedConsole::default(), &mut |_| {});
        assert_eq!(report.unwrap().lessons[0].failures, []);
    }

    #[test]
    fn numbers_decide_the_place() {
        let course = assemble_course(&with("my-own")).unwrap();
        let last = course.lessons.last().expect("it has one more now");
        assert!(last.folder.ends_with("-my-own"), "{}", last.folder);
        let course = "id = \"c\"\ntitle = { en = \"C\" }\n[[part]]\n\
                      title = { en = \"P\" }\nlessons = [\"01-a\", \"03-c\"]\n";
        let known = folders(course).unwrap();
        let changed = with_folder(course, &known, "02-b").unwrap();
        assert_eq!(folders(&changed).unwrap(), ["01-a", "02-b", "03-c"]);
    }

    #[test]
    fn names_that_are_taken_or_no_names_are_refused() {
        let files = embedded_files();
        let refused = |name: &str| new_lesson(&files, name).unwrap_err();
        let taken = NewLessonError::Taken("10-cache-order".to_owned());
        assert_eq!(refused("cache-order"), taken);
        assert_eq!(refused("10-ports"), taken);
        for name in ["", "Ports", "../x", "13-", "a b", "ports-"] {
            assert_eq!(refused(name), NewLessonError::Name(name.to_owned()));
        }
        let nothing = LessonFiles::new();
        assert_eq!(new_lesson(&nothing, "a"), Err(NewLessonError::NoCourse));
    }

    #[test]
    fn the_first_lesson_of_a_course_has_a_place() {
        let course =
            "id = \"c\"\ntitle = { en = \"C\" }\n[[part]]\ntitle = { en = \"P\" }\nlessons = []\n";
        let files = LessonFiles::from([(COURSE.to_owned(), course.as_bytes().to_vec())]);
        let new = new_lesson(&files, "hello").unwrap();
        assert!(new.contains_key("01-hello/lesson.ko.md"));
    }
}
