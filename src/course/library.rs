//! Where lessons come from: inside the executable, or a folder.

use std::fs;
use std::io;
use std::path::Path;

use crate::lesson::{Course, LessonError, LessonFiles, assemble_course};

/// The files of `lessons/`, listed by `build.rs`.
static EMBEDDED: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/lessons.rs"));

/// Why a course can't be taught.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// The folder can't be read.
    #[error("cannot read the lessons in `{path}`")]
    Folder {
        /// The folder.
        path: String,
        /// The refusal.
        #[source]
        source: io::Error,
    },
    /// The lessons have mistakes.
    #[error(transparent)]
    Lessons(#[from] LessonError),
}

/// Returns the files that came with this executable.
pub fn embedded_files() -> LessonFiles {
    let file = |(path, content): &(&str, &[u8])| ((*path).to_owned(), content.to_vec());
    EMBEDDED.iter().map(file).collect()
}

/// Returns the files of a `lessons/` folder.
pub fn folder_files(root: &Path) -> Result<LessonFiles, LibraryError> {
    let mut files = LessonFiles::new();
    collect(root, root, &mut files).map_err(|source| LibraryError::Folder {
        path: root.display().to_string(),
        source,
    })?;
    Ok(files)
}

/// Returns the course of a folder, or the one that came with this executable.
pub fn load(folder: Option<&Path>) -> Result<Course, LibraryError> {
    let files = match folder {
        Some(folder) => folder_files(folder)?,
        None => embedded_files(),
    };
    Ok(assemble_course(&files)?)
}

/// Returns a course of the three lessons that the scripted console can play, so that what tests
/// of lists, progress and turns expect does not change with every lesson that is written.
#[cfg(test)]
pub(super) fn scripted() -> Course {
    let mut files = embedded_files();
    let folders = files.keys().filter_map(|path| path.split_once('/'));
    let mut folders: Vec<String> = folders.map(|(folder, _)| folder.to_owned()).collect();
    folders
        .retain(|it| !["01-first-run", "05-first-dockerfile", "10-cache-order"].contains(&&**it));
    let toml = files.get_mut("course.toml").expect("a course has an order");
    let mut text = String::from_utf8(toml.clone()).expect("it is text");
    for folder in folders {
        // A part of one lesson goes as a whole; the first part is never one of these.
        if let Some(end) = text.find(&format!("lessons = [\"{folder}\"]")) {
            let start = text[..end]
                .rfind("[[part]]")
                .expect("lessons are in a part");
            text.replace_range(start..end + folder.len() + 14, "");
        }
        text = text.replace(&format!("\"{folder}\", "), "");
        text = text.replace(&format!(", \"{folder}\""), "");
    }
    *toml = text.into_bytes();
    assemble_course(&files).expect("the lessons are read one by one")
}

fn collect(root: &Path, folder: &Path, files: &mut LessonFiles) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let metadata = fs::symlink_metadata(&path)?;
        if path.file_name().is_some_and(|name| name == ".screens") {
            continue;
        }
        if metadata.is_dir() {
            collect(root, &path, files)?;
        } else if metadata.is_file() {
            let relative = path.strip_prefix(root).expect("it is below the root");
            let relative = relative.to_string_lossy().into_owned();
            files.insert(relative, fs::read(&path)?);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_course_is_the_folder_of_the_sources() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("lessons");
        assert_eq!(embedded_files(), folder_files(&folder).unwrap());
    }

    #[test]
    fn the_embedded_lessons_are_clean() {
        let parse_dockerfile = |text: &str| {
            let source = crate::source::Source::new("Dockerfile", text);
            let parsed = crate::parser::parse(&source);
            parsed.map(drop).map_err(|errors| format!("{errors:?}"))
        };
        let linter = crate::lesson::Linter {
            parse_dockerfile: &parse_dockerfile,
        };
        let findings = linter.lint(&embedded_files());
        let findings: Vec<String> = findings.iter().map(ToString::to_string).collect();
        assert_eq!(findings, Vec::<String>::new());
    }

    #[test]
    fn a_missing_folder_is_named() {
        let error = load(Some(Path::new("no/such/lessons"))).unwrap_err();
        assert!(error.to_string().contains("no/such/lessons"));
    }
}
