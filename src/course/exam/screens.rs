//! Part 7: every page at every width, in every language, with and without colour.

use std::fs;
use std::path::Path;

use unicode_width::UnicodeWidthStr;

use super::parts::{Sheet, failure};
use super::{Exam, Failure, Part, Screen};
use crate::language::Language;
use crate::lesson::Lesson;

/// Narrow, usual, wide.
const WIDTHS: [usize; 3] = [60, 80, 120];

/// Draws all pages of a lesson; nothing may be wider than its screen, and pictures that are kept
/// must not have changed.
pub(super) fn prove(
    exam: &Exam,
    lesson: &Lesson,
    draw: &dyn Fn(&Screen) -> String,
    sheet: &mut Sheet,
) {
    for (step, known) in lesson.steps.iter().enumerate() {
        if !exam.wants_step(&known.id) {
            continue;
        }
        for language in Language::ALL {
            for width in WIDTHS {
                for colour in [false, true] {
                    let screen = Screen {
                        lesson,
                        step,
                        language,
                        width,
                        colour,
                    };
                    let drawn = draw(&screen);
                    let mut failures: Vec<Failure> =
                        too_wide(&screen, &drawn).into_iter().collect();
                    if let (Some(folder), false) = (&exam.pictures, colour) {
                        failures.extend(compared(&screen, &drawn, folder, exam.update));
                    }
                    sheet.note(Part::Screens, failures);
                }
            }
        }
    }
}

fn name(screen: &Screen) -> String {
    let step = &screen.lesson.steps[screen.step].id;
    format!("{step}.{}.{}", screen.language.code(), screen.width)
}

fn too_wide(screen: &Screen, drawn: &str) -> Option<Failure> {
    let plain = without_colour(drawn);
    let line = plain.lines().find(|line| line.width() > screen.width)?;
    let step = &screen.lesson.steps[screen.step].id;
    let wanted = format!("at most {} columns", screen.width);
    Some(failure(
        step,
        Part::Screens,
        name(screen),
        (wanted, format!("{}: {line}", line.width())),
    ))
}

fn compared(screen: &Screen, drawn: &str, folder: &Path, update: bool) -> Option<Failure> {
    let path = folder
        .join(&screen.lesson.folder)
        .join(name(screen) + ".txt");
    let step = &screen.lesson.steps[screen.step].id;
    if update {
        let written = path
            .parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::write(&path, drawn));
        return written.err().map(|error| {
            failure(
                step,
                Part::Screens,
                name(screen),
                ("written", error.to_string()),
            )
        });
    }
    let stored = fs::read_to_string(&path).unwrap_or_default();
    if stored == drawn {
        return None;
    }
    let pairs = stored
        .lines()
        .map(Some)
        .chain(std::iter::repeat(None))
        .zip(drawn.lines());
    let differing = pairs
        .map(|(old, new)| (old.unwrap_or("-"), new))
        .find(|(old, new)| old != new);
    let (old, new) = differing.unwrap_or(("more lines", "fewer lines"));
    Some(failure(step, Part::Screens, name(screen), (old, new)))
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
    use std::sync::Arc;

    fn failures(draw: &dyn Fn(&Screen) -> String, pictures: Option<&Path>, update: bool) -> usize {
        let course = Arc::new(library::load(None).unwrap());
        let exam = Exam {
            course: Arc::clone(&course),
            filter: None,
            seed: 1,
            scratch: std::path::PathBuf::new(),
            draw: None,
            pictures: pictures.map(Path::to_owned),
            update,
        };
        let mut sheet = Sheet::default();
        prove(&exam, &course.lessons[0], draw, &mut sheet);
        sheet.into_exam("x", None).failures.len()
    }

    #[test]
    fn a_page_wider_than_its_screen_is_found_and_colour_has_no_width() {
        let fits =
            |screen: &Screen| format!("\x1b[1;31m{}\x1b[0m\n", "가".repeat(screen.width / 2));
        assert_eq!(failures(&fits, None, false), 0);
        let wide = |screen: &Screen| "가".repeat(screen.width / 2 + 1);
        assert!(failures(&wide, None, false) > 0);
    }

    #[test]
    fn a_changed_picture_is_found_until_it_is_updated() {
        let folder = tempfile::tempdir().unwrap();
        let one = |_: &Screen| "one\n".to_owned();
        let two = |_: &Screen| "two\n".to_owned();
        assert!(failures(&one, Some(folder.path()), false) > 0);
        assert_eq!(failures(&one, Some(folder.path()), true), 0);
        assert_eq!(failures(&one, Some(folder.path()), false), 0);
        assert!(failures(&two, Some(folder.path()), false) > 0);
    }
}
