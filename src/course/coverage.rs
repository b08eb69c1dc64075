//! `lesson coverage`: where every word that is taught is typed, and which claims of the study
//! notes behind the course are taught where.
//!
//! The notes are listed in `lessons/coverage.txt`, a claim on each line:
//!
//! ```text
//! 000_08fafb61c78776ff.txt 104-138 cache-order/notes cache-order/fix
//! 000_08fafb61c78776ff.txt 209-213 clean-up
//! ```
//!
//! A lesson without a step is one that is still to be written.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::lesson::{ConsoleLine, Course, LessonFiles, taught_words};

/// The table, below `lessons/`.
const TABLE: &str = "coverage.txt";

/// What a course covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Every word of `teaches`, in the order of the course.
    pub words: Vec<WordCoverage>,
    /// Every file of notes.
    pub notes: Vec<NotesCoverage>,
    /// What the table has wrong: a mapped step that is gone, a line that says nothing.
    pub mistakes: Vec<String>,
}

/// Where a word is taught and typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WordCoverage {
    /// The verb, verb with option, instruction or idea.
    pub word: String,
    /// The lesson that teaches it first.
    pub lesson: String,
    /// Steps whose solution types it, as `lesson/step`. An idea, such as `HIT`, is never typed.
    pub steps: Vec<String>,
}

/// How much of a file of notes is taught.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotesCoverage {
    /// The file.
    pub file: String,
    /// Claims that a step teaches.
    pub taught: usize,
    /// All claims.
    pub claims: usize,
    /// Claims whose lessons are still to be written, as `LINES lesson`.
    pub open: Vec<String>,
}

/// Works out what a course covers; the table is among its files.
pub fn coverage(course: &Course, files: &LessonFiles) -> Coverage {
    let table = files.get(TABLE).map(|it| String::from_utf8_lossy(it));
    let mut coverage = Coverage {
        words: words(course),
        notes: Vec::new(),
        mistakes: Vec::new(),
    };
    let lines = table.iter().flat_map(|table| (1..).zip(table.lines()));
    for (number, line) in lines {
        let line = line.trim();
        if !line.is_empty() && !line.starts_with('#') {
            coverage.add(course, number, line);
        }
    }
    coverage
}

impl Coverage {
    /// Takes one line of the table.
    fn add(&mut self, course: &Course, number: usize, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [file, lines, places @ ..] = words.as_slice() else {
            self.mistakes.push(format!(
                "{TABLE}:{number}: a file, lines and steps are wanted"
            ));
            return;
        };
        let known = self.notes.iter().position(|notes| notes.file == *file);
        let at = known.unwrap_or_else(|| {
            self.notes.push(NotesCoverage {
                file: (*file).to_owned(),
                taught: 0,
                claims: 0,
                open: Vec::new(),
            });
            self.notes.len() - 1
        });
        self.notes[at].claims += 1;
        let mut taught = false;
        for place in places {
            match place.split_once('/') {
                Some((lesson, step)) if is_step(course, lesson, step) => taught = true,
                Some(_) => self
                    .mistakes
                    .push(format!("{TABLE}:{number}: there is no step `{place}`")),
                None => {}
            }
        }
        if taught {
            self.notes[at].taught += 1;
        } else {
            let open = format!("{lines} {}", places.join(" "));
            self.notes[at].open.push(open.trim_end().to_owned());
        }
    }
}

fn is_step(course: &Course, lesson: &str, step: &str) -> bool {
    let known = course.lessons.iter().find(|known| known.id == lesson);
    known.is_some_and(|known| known.step_position(step).is_some())
}

fn words(course: &Course) -> Vec<WordCoverage> {
    let mut typed: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for lesson in &course.lessons {
        for step in &lesson.steps {
            let place = format!("{}/{}", lesson.id, step.id);
            for word in step.solution.iter().flat_map(solution_words) {
                let places = typed.entry(word).or_default();
                if places.last() != Some(&place) {
                    places.push(place.clone());
                }
            }
        }
    }
    let mut words: Vec<WordCoverage> = Vec::new();
    for lesson in &course.lessons {
        for word in &lesson.teaches {
            if words.iter().all(|known| known.word != *word) {
                words.push(WordCoverage {
                    word: word.clone(),
                    lesson: lesson.id.clone(),
                    steps: typed.get(word).cloned().unwrap_or_default(),
                });
            }
        }
    }
    words
}

fn solution_words(line: &ConsoleLine) -> Vec<String> {
    match line {
        ConsoleLine::Type(line) => taught_words(line),
        // The instructions of a Dockerfile; any other file has none.
        ConsoleLine::Write { text, .. } => text.lines().filter_map(instruction).collect(),
    }
}

fn instruction(line: &str) -> Option<String> {
    use crate::lesson::LineKind;
    match LineKind::parse(line) {
        Ok(LineKind::Instruction { keyword }) => Some(keyword),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::{embedded_files, load};

    fn with_table(table: &str) -> Coverage {
        let mut files = embedded_files();
        files.insert(TABLE.to_owned(), table.as_bytes().to_vec());
        coverage(&load(None).unwrap(), &files)
    }

    #[test]
    fn the_table_of_this_course_names_steps_that_exist() {
        let coverage = coverage(&load(None).unwrap(), &embedded_files());
        assert_eq!(coverage.mistakes, Vec::<String>::new());
        assert!(coverage.notes.iter().any(|notes| notes.taught > 0));
    }

    #[test]
    fn a_step_that_is_gone_is_a_mistake() {
        let coverage = with_table("# notes\na.txt 3 cache-order/gone\nb.txt\n");
        assert_eq!(
            coverage.mistakes,
            [
                "coverage.txt:2: there is no step `cache-order/gone`",
                "coverage.txt:3: a file, lines and steps are wanted"
            ]
        );
    }

    #[test]
    fn claims_are_counted_by_file() {
        let coverage = with_table("a.txt 1-2 cache-order/fix ports\na.txt 3 ports\nb.txt 9\n");
        let told: Vec<_> = coverage
            .notes
            .iter()
            .map(|notes| (notes.file.as_str(), notes.taught, notes.claims))
            .collect();
        assert_eq!(told, [("a.txt", 1, 2), ("b.txt", 0, 1)]);
        assert_eq!(coverage.notes[0].open, ["3 ports"]);
    }

    #[test]
    fn a_word_is_covered_where_it_is_typed() {
        let coverage = with_table("");
        let word = |word: &str| {
            let found = coverage.words.iter().find(|known| known.word == word);
            found.unwrap_or_else(|| panic!("{word} is taught")).clone()
        };
        assert_eq!(word("FROM").lesson, "first-dockerfile");
        assert!(word("FROM").steps.contains(&"cache-order/fix".to_owned()));
        let untyped = coverage.words.iter().filter(|word| word.steps.is_empty());
        let untyped: Vec<_> = untyped.map(|word| word.word.as_str()).collect();
        assert_eq!(
            untyped,
            <[&str; 0]>::default(),
            "this course names no ideas"
        );
    }
}
