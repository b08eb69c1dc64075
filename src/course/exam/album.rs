//! Stored pictures: one text file for each lesson, language and width, to be read in a review.
//!
//! ```text
//! === step: fix   colour: 3fa9c2d1
//! Lesson 10  Layer caching ...
//! ```
//!
//! Of the coloured picture only a digest is kept: its words are those of the plain one.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::digest::Digest;
use crate::language::Language;
use crate::lesson::Lesson;

/// What stands before a step's picture.
const HEAD: &str = "=== step: ";
/// What stands between a step's id and the digest.
const COLOUR: &str = "   colour: ";

/// The pictures of a lesson in one language at one width.
#[derive(Debug, Default)]
pub(super) struct Album {
    pictures: BTreeMap<String, Picture>,
}

/// One step's picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Picture {
    /// Without colour.
    pub plain: String,
    /// A digest of the coloured one.
    pub colour: String,
}

impl Picture {
    /// Makes a picture of both drawings.
    pub fn new(plain: &str, coloured: &str) -> Self {
        Self {
            plain: plain.to_owned(),
            colour: Digest::of(coloured.as_bytes()).hex()[..8].to_owned(),
        }
    }

    fn text(&self, step: &str) -> String {
        format!("{HEAD}{step}{COLOUR}{}\n{}", self.colour, self.plain)
    }
}

/// Returns where an album is.
pub(super) fn path(folder: &Path, lesson: &Lesson, language: Language, width: usize) -> PathBuf {
    folder
        .join(&lesson.folder)
        .join(format!("{}-{width}.txt", language.code()))
}

impl Album {
    /// Opens an album; one that was never written is empty.
    pub fn open(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap_or_default();
        let mut album = Self::default();
        let mut step = None;
        for line in text.split_inclusive('\n') {
            let head = line.strip_prefix(HEAD).map(str::trim_end);
            if let Some((id, colour)) = head.and_then(|head| head.split_once(COLOUR)) {
                let picture = Picture {
                    plain: String::new(),
                    colour: colour.to_owned(),
                };
                album.pictures.insert(id.to_owned(), picture);
                step = Some(id.to_owned());
            } else if let Some(picture) = step.as_ref().and_then(|id| album.pictures.get_mut(id)) {
                picture.plain.push_str(line);
            }
        }
        album
    }

    /// Returns a step's picture.
    pub fn picture(&self, step: &str) -> Option<&Picture> {
        self.pictures.get(step)
    }
}

/// Writes an album, steps in the order of the lesson. One that is right already is left alone.
pub(super) fn write(path: &Path, pictures: &[(&str, Picture)]) -> io::Result<()> {
    let text: String = pictures
        .iter()
        .map(|(step, picture)| picture.text(step))
        .collect();
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(());
    }
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    fs::write(path, text)
}

/// Removes the pictures of lessons that are gone.
pub(super) fn tidy(folder: &Path, lessons: &[Lesson]) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let is_known = lessons
            .iter()
            .any(|lesson| name == std::ffi::OsStr::new(&lesson.folder));
        if !is_known && entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// Returns what changed between two pictures, as lines that begin with `-`, `+` or a space.
pub(super) fn difference(stored: &str, drawn: &str) -> String {
    let diff = similar::TextDiff::from_lines(stored, drawn);
    let hunks = diff.unified_diff().context_radius(1).to_string();
    let lines = hunks.lines();
    lines
        .filter(|line| !line.starts_with("\\ No newline"))
        .map(|line| format!("{line}\n"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/en-60.txt");
        let one = Picture::new("one\n\ntwo\n", "\x1b[1mone\n\ntwo\n");
        let two = Picture::new("", "");
        write(&path, &[("b", one.clone()), ("a", two.clone())]).unwrap();
        let album = Album::open(&path);
        assert_eq!(album.picture("b"), Some(&one));
        assert_eq!(album.picture("a"), Some(&two));
        assert_eq!(album.picture("c"), None);
    }

    #[test]
    fn a_change_is_shown_with_the_line_before_it() {
        let diff = difference("a\nb\nc\nd\n", "a\nb\nC\nd\n");
        assert_eq!(diff, "@@ -2,3 +2,3 @@\n b\n-c\n+C\n d\n");
    }

    #[test]
    fn pictures_of_lessons_that_are_gone_go_too() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["01-first-run", "99-gone"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let course = crate::course::load(None).unwrap();
        tidy(folder.path(), &course.lessons).unwrap();
        assert!(folder.path().join("01-first-run").is_dir());
        assert!(!folder.path().join("99-gone").exists());
    }
}
