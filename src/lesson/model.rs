//! A course, its lessons and their steps, with prose in every language there is.

use std::collections::BTreeMap;

use super::{Check, ConsoleLine};
use crate::language::Language;

/// All lessons, in their order.
#[derive(Debug, Clone, PartialEq)]
pub struct Course {
    /// Its name in the progress file.
    pub id: String,
    /// Its title.
    pub title: Localized<String>,
    /// Groups of lessons, in order.
    pub parts: Vec<Part>,
    /// The lessons, in order.
    pub lessons: Vec<Lesson>,
}

/// A group of lessons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its title.
    pub title: Localized<String>,
    /// The ids of its lessons, in order.
    pub lessons: Vec<String>,
}

/// One lesson: one idea in a handful of steps.
#[derive(Debug, Clone, PartialEq)]
pub struct Lesson {
    /// The folder it came from, such as `10-cache-order`.
    pub folder: String,
    /// The same in every language, such as `cache-order`.
    pub id: String,
    /// What lists show.
    pub title: Localized<String>,
    /// Lessons to suggest first; never enforced.
    pub needs: Vec<String>,
    /// Verbs, options and instructions introduced here.
    pub teaches: Vec<String>,
    /// Practice images that have to be there.
    pub images: Vec<String>,
    /// What network it needs.
    pub network: Network,
    /// What rights it needs.
    pub rights: Rights,
    /// How long it takes, honestly.
    pub minutes: u32,
    /// Caps for the sandbox.
    pub limits: Limits,
    /// The text before the first step.
    pub intro: Localized<Prose>,
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// Files that the work folder starts with, by path.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// What network a lesson needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Network {
    /// None.
    #[default]
    Off,
    /// The loopback interface.
    Loopback,
}

/// What a machine has to allow for a lesson.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rights {
    /// Reading, planning, quizzes: any system.
    #[default]
    None,
    /// Builds and containers: Linux namespaces.
    Run,
}

/// Caps for a lesson's containers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Memory, in docker's notation.
    pub memory: String,
    /// Processes.
    pub pids: u32,
    /// Disk, in docker's notation.
    pub disk: String,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: "256m".to_owned(),
            pids: 256,
            disk: "512m".to_owned(),
        }
    }
}

/// What a learner does in a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StepKind {
    /// Carries something out.
    #[default]
    Do,
    /// Looks at a picture.
    Look,
    /// Changes a file.
    Edit,
    /// Says what will happen before it does.
    Predict,
    /// Anything, nothing is checked.
    Free,
}

/// One thing a learner does.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The same in every language.
    pub id: String,
    /// What the learner does.
    pub kind: StepKind,
    /// Whether it needs images of a registry, and so a network: an appendix that nothing else
    /// builds on.
    pub real: bool,
    /// The heading.
    pub title: Localized<String>,
    /// The text before the learner acts, code blocks in their places.
    pub body: Localized<Prose>,
    /// Hints: a nudge, where it was taught, the command.
    pub hints: Vec<Hint>,
    /// Texts for named wrong cases and notices.
    pub whens: BTreeMap<String, Localized<Prose>>,
    /// The text once the step is passed.
    pub after: Option<Localized<Prose>>,
    /// What is expected, predicted, set up.
    pub check: Check,
    /// Hash of the expectations: tells a passed step whose lesson changed.
    pub check_hash: String,
    /// The reference way to pass: files to write and lines to type, in order.
    pub solution: Vec<ConsoleLine>,
}

/// One rung of the hint ladder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// Its text.
    pub text: Localized<Prose>,
}

/// A value in English and, where somebody translated it, in other languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Localized<T> {
    english: T,
    others: Vec<(Language, T)>,
}

/// What [`Localized::get`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Local<'a, T> {
    /// The value.
    pub value: &'a T,
    /// False where English stands in for a missing translation; screens mark it.
    pub translated: bool,
}

impl<T> Localized<T> {
    /// Starts with the English value.
    pub fn new(english: T) -> Self {
        Self {
            english,
            others: Vec::new(),
        }
    }

    /// Adds the value in another language.
    pub fn add(&mut self, language: Language, value: T) {
        if language == Language::En {
            self.english = value;
        } else {
            self.others.push((language, value));
        }
    }

    /// Returns the English value.
    pub fn english(&self) -> &T {
        &self.english
    }

    /// Returns the value in a language, or the English one with a mark.
    pub fn get(&self, language: Language) -> Local<'_, T> {
        let other = self.others.iter().find(|(known, _)| *known == language);
        Local {
            value: other.map_or(&self.english, |(_, value)| value),
            translated: language == Language::En || other.is_some(),
        }
    }
}

/// Text as a sequence of blocks.
pub type Prose = Vec<Block>;

/// One block of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A paragraph, to be wrapped.
    Paragraph(Vec<Inline>),
    /// Items of a list; numbered from the given number where there is one.
    List {
        /// The first number of an ordered list.
        first: Option<u64>,
        /// The items.
        items: Vec<Vec<Inline>>,
    },
    /// Code, never wrapped.
    Code(CodeBlock),
}

/// A run of text in one style. A line break in the file is a space here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inline {
    /// The text.
    pub text: String,
    /// How it is set.
    pub style: InlineStyle,
}

/// How a run of text is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InlineStyle {
    /// As it is.
    #[default]
    Plain,
    /// *Emphasis*.
    Emphasis,
    /// **Strong**.
    Strong,
    /// `Code`; screens keep the backticks where there is no colour.
    Code,
}

/// A fenced code block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeBlock {
    /// What it is for.
    pub role: CodeRole,
    /// The first word after the fence.
    pub language: String,
    /// Its text, with a line end behind every line.
    pub text: String,
}

/// What a code block is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodeRole {
    /// To be read.
    Sample,
    /// Lines starting with `$ ` are the reference way to pass; the others are sample output.
    Console,
    /// The content of a file in the work folder.
    File {
        /// Its path.
        path: String,
        /// Whether strata offers to write it.
        give: bool,
    },
}

impl Course {
    /// Returns a lesson by its id, its folder name or its number.
    pub fn lesson(&self, name: &str) -> Option<&Lesson> {
        self.position(name).map(|index| &self.lessons[index])
    }

    /// Returns a lesson's place by its id, its folder name or its number.
    pub fn position(&self, name: &str) -> Option<usize> {
        let number = name.parse().ok();
        self.lessons.iter().position(|lesson| {
            lesson.id == name
                || lesson.folder == name
                || (number.is_some() && lesson.number() == number)
        })
    }
}

impl Lesson {
    /// Returns the number its folder name starts with.
    pub fn number(&self) -> Option<u32> {
        let digits = self.folder.split('-').next()?;
        digits.parse().ok()
    }

    /// Returns a step's place by its id.
    pub fn step_position(&self, id: &str) -> Option<usize> {
        self.steps.iter().position(|step| step.id == id)
    }
}

impl Step {
    /// Tells whether a code block of the body is part of the solution, which a page leaves out
    /// until the learner asks: commands unless the step is for looking, files to be written by
    /// an `edit` step.
    pub fn hides(&self, block: &CodeBlock) -> bool {
        match block.role {
            CodeRole::Sample => false,
            CodeRole::Console => self.kind != StepKind::Look,
            CodeRole::File { give, .. } => self.kind == StepKind::Edit && !give,
        }
    }

    /// Returns what a page shows before the learner acts.
    pub fn page(&self, language: Language) -> Local<'_, Prose> {
        self.body.get(language)
    }

    /// Returns the content that a `file=` block of this step gives a path.
    pub fn file_block(&self, path: &str) -> Option<&str> {
        self.file_blocks()
            .find(|(known, _, _)| *known == path)
            .map(|(_, text, _)| text)
    }

    /// Returns path, content and whether strata offers to write it, of every `file=` block.
    pub fn file_blocks(&self) -> impl Iterator<Item = (&str, &str, bool)> {
        self.body.english().iter().filter_map(|block| match block {
            Block::Code(CodeBlock {
                role: CodeRole::File { path, give },
                text,
                ..
            }) => Some((path.as_str(), text.as_str(), *give)),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_translation_is_english_with_a_mark() {
        let mut title = Localized::new("Stack");
        assert_eq!(
            title.get(Language::Ko),
            Local {
                value: &"Stack",
                translated: false
            }
        );
        title.add(Language::Ko, "스택");
        assert_eq!(
            title.get(Language::Ko),
            Local {
                value: &"스택",
                translated: true
            }
        );
        assert_eq!(title.get(Language::En).value, &"Stack");
    }
}
