//! Part 7: every step at every width, in every language, with and without colour.

use unicode_width::UnicodeWidthStr;

use super::album::{self, Album, Picture};
use super::parts::{Sheet, failure};
use super::{Exam, Failure, Part, Screen};
use crate::language::Language;
use crate::lesson::Lesson;

/// Narrow, usual, wide.
const WIDTHS: [usize; 3] = [60, 80, 120];
/// Text does not grow beyond the usual width, so most wide pictures are those of it.
const USUAL: usize = 80;
const AS_USUAL: &str = "as at 80 columns\n";

/// How a step is drawn.
type Draw<'a> = &'a dyn Fn(&Screen) -> String;

/// Draws all steps of a lesson; nothing may be wider than its screen, and pictures that are kept
/// must not have changed.
pub(super) fn prove(exam: &Exam, lesson: &Lesson, draw: Draw, sheet: &mut Sheet) {
    for language in Language::ALL {
        for width in WIDTHS {
            let page = Page {
                exam,
                lesson,
                language,
                width,
            };
            page.prove(draw, sheet);
        }
    }
}

/// A lesson on one screen.
struct Page<'a> {
    exam: &'a Exam<'a>,
    lesson: &'a Lesson,
    language: Language,
    width: usize,
}

/// One step on that screen.
struct Drawn {
    plain: String,
    coloured: String,
    picture: Picture,
}

impl Page<'_> {
    fn prove(&self, draw: Draw, sheet: &mut Sheet) {
        let folder = self.exam.pictures.as_deref();
        let path = folder.map(|folder| album::path(folder, self.lesson, self.language, self.width));
        if let (Some(path), true) = (&path, self.exam.update) {
            let all: Vec<(&str, Picture)> = (0..self.lesson.steps.len())
                .map(|step| {
                    let id = self.lesson.steps[step].id.as_str();
                    (id, self.drawn(step, draw).picture)
                })
                .collect();
            if let Err(error) = album::write(path, &all) {
                let what = ("written", error.to_string());
                let shown = path.display().to_string();
                sheet.note(
                    Part::Screens,
                    vec![failure("-", Part::Screens, shown, what)],
                );
            }
        }
        let album = path.as_deref().map(Album::open);
        for (step, known) in self.lesson.steps.iter().enumerate() {
            if self.exam.wants_step(&known.id) {
                self.judge(step, &self.drawn(step, draw), album.as_ref(), sheet);
            }
        }
    }

    fn drawn(&self, step: usize, draw: Draw) -> Drawn {
        let at = |width: usize, colour: bool| {
            draw(&Screen {
                lesson: self.lesson,
                step,
                language: self.language,
                width,
                colour,
            })
        };
        let (plain, coloured) = (at(self.width, false), at(self.width, true));
        let same = |drawn: &str, colour: bool| drawn == at(USUAL, colour);
        let as_usual = self.width > USUAL && same(&plain, false) && same(&coloured, true);
        let picture = if as_usual {
            Picture::new(AS_USUAL, AS_USUAL)
        } else {
            Picture::new(&plain, &coloured)
        };
        Drawn {
            plain,
            coloured,
            picture,
        }
    }

    /// Notes one trial without colour and one with it.
    fn judge(&self, step: usize, drawn: &Drawn, album: Option<&Album>, sheet: &mut Sheet) {
        let id = &self.lesson.steps[step].id;
        let stored = album.map(|album| album.picture(id));
        let changed = stored.and_then(|stored| self.changed(id, stored, &drawn.picture));
        let same_words = changed.is_none();
        let found = self.too_wide(id, &drawn.plain).into_iter().chain(changed);
        sheet.note(Part::Screens, found.collect());
        let other = stored
            .flatten()
            .filter(|stored| same_words && stored.colour != drawn.picture.colour)
            .map(|_| self.failure(id, ("the colours of the stored picture", "other colours")));
        let found = self.too_wide(id, &drawn.coloured).into_iter().chain(other);
        sheet.note(Part::Screens, found.collect());
    }

    fn failure(&self, step: &str, values: (impl Into<String>, impl Into<String>)) -> Failure {
        let what = format!("{}, {} columns", self.language.code(), self.width);
        failure(step, Part::Screens, what, values)
    }

    fn too_wide(&self, step: &str, drawn: &str) -> Option<Failure> {
        let plain = without_colour(drawn);
        let line = plain.lines().find(|line| line.width() > self.width)?;
        let wanted = format!("at most {} columns", self.width);
        Some(self.failure(step, (wanted, format!("{}: {line}", line.width()))))
    }

    fn changed(&self, step: &str, stored: Option<&Picture>, drawn: &Picture) -> Option<Failure> {
        let Some(stored) = stored else {
            return Some(self.failure(step, ("a stored picture", "none (--update writes it)")));
        };
        (stored.plain != drawn.plain).then(|| Failure {
            difference: Some(album::difference(&stored.plain, &drawn.plain)),
            ..self.failure(
                step,
                ("the stored picture", "another (--update accepts it)"),
            )
        })
    }
}

/// Removes colours: everything from ESC `[` to the letter that ends it.
fn without_colour(text: &str) -> String {
    let mut pieces = text.split("\x1b[");
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let end = piece
            .find(|c: char| c.is_ascii_alphabetic())
            .map_or(piece.len(), |at| at + 1);
        plain.push_str(&piece[end..]);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::library;
    use std::path::Path;
    use std::sync::Arc;

    fn failures(
        draw: &dyn Fn(&Screen) -> String,
        pictures: Option<&Path>,
        update: bool,
    ) -> Vec<Failure> {
        let course = Arc::new(library::load(None).unwrap());
        let exam = Exam {
            pictures: pictures.map(Path::to_owned),
            update,
            ..super::super::tests::exam(Arc::clone(&course), Path::new("unused"))
        };
        let mut sheet = Sheet::default();
        prove(&exam, &course.lessons[0], draw, &mut sheet);
        sheet.into_exam("x", None).failures
    }

    #[test]
    fn a_page_wider_than_its_screen_is_found_and_colour_has_no_width() {
        let fits =
            |screen: &Screen| format!("\x1b[1;31m{}\x1b[0m\n", "가".repeat(screen.width / 2));
        assert_eq!(failures(&fits, None, false), []);
        let wide = |screen: &Screen| "가".repeat(screen.width / 2 + 1);
        assert!(!failures(&wide, None, false).is_empty());
    }

    #[test]
    fn a_changed_picture_is_found_until_it_is_updated() {
        let folder = tempfile::tempdir().unwrap();
        let one = |_: &Screen| "same\none\n".to_owned();
        let two = |_: &Screen| "same\ntwo\n".to_owned();
        let found = failures(&one, Some(folder.path()), false);
        assert!(found[0].got.contains("--update"), "{:?}", found[0]);
        assert_eq!(failures(&one, Some(folder.path()), true), []);
        assert_eq!(failures(&one, Some(folder.path()), false), []);
        let found = failures(&two, Some(folder.path()), false);
        let difference = found[0].difference.as_deref();
        assert_eq!(difference, Some("@@ -1,2 +1,2 @@\n same\n-one\n+two\n"));
        assert_eq!(failures(&two, Some(folder.path()), true), []);
        assert_eq!(failures(&two, Some(folder.path()), false), []);
    }

    #[test]
    fn the_pictures_beside_these_lessons_are_up_to_date() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("lessons/.screens");
        let course = Arc::new(library::load(None).unwrap());
        let exam = Exam {
            pictures: Some(folder),
            ..super::super::tests::exam(Arc::clone(&course), Path::new("unused"))
        };
        for lesson in &course.lessons {
            let mut sheet = Sheet::default();
            prove(&exam, lesson, &super::super::draw, &mut sheet);
            let failures = sheet.into_exam(&lesson.id, None).failures;
            assert_eq!(
                failures,
                [],
                "`strata lesson test lessons --update` accepts these"
            );
        }
    }

    #[test]
    fn colours_alone_are_a_change_too() {
        let folder = tempfile::tempdir().unwrap();
        let painted = |code: u8| {
            move |screen: &Screen| {
                if screen.colour {
                    format!("\x1b[{code}mword\x1b[0m\n")
                } else {
                    "word\n".to_owned()
                }
            }
        };
        failures(&painted(31), Some(folder.path()), true);
        let found = failures(&painted(32), Some(folder.path()), false);
        assert_eq!(found[0].got, "other colours");
    }

    #[test]
    fn a_wide_picture_that_is_the_usual_one_is_not_kept_twice() {
        let folder = tempfile::tempdir().unwrap();
        let draw = |screen: &Screen| format!("{}\n", screen.width.min(USUAL));
        failures(&draw, Some(folder.path()), true);
        let file = folder.path().join("01-first-run/en-120.txt");
        let text = std::fs::read_to_string(file).unwrap();
        assert!(text.contains(AS_USUAL), "{text}");
    }
}
