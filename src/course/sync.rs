//! `lesson sync ko`: which translated steps are stale, which English text is new, and the
//! translation file with code blocks copied across and hashes renewed.

use crate::language::Language;
use crate::lesson::{LessonFiles, stale_steps, synced_file};

/// What a language lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Synced {
    /// The translation's path below `lessons/`.
    pub path: String,
    /// Steps whose English text changed.
    pub steps: Vec<SyncStep>,
    /// The whole file with code blocks and hashes as they should be, once a person confirmed
    /// that the prose fits.
    pub content: String,
}

/// A stale step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncStep {
    /// Its id.
    pub id: String,
    /// The English pieces of text that the translation does not know yet.
    pub english: Vec<String>,
}

/// Returns every translation in a language that isn't up to date.
pub fn sync(files: &LessonFiles, language: Language) -> Vec<Synced> {
    let suffix = format!("/lesson.{}.md", language.code());
    let translations = files.keys().filter_map(|path| path.strip_suffix(&suffix));
    translations
        .filter_map(|folder| {
            let path = format!("{folder}{suffix}");
            let text = |path: &str| String::from_utf8(files.get(path)?.clone()).ok();
            let english = text(&format!("{folder}/lesson.md"))?;
            let translation = text(&path)?;
            let content = synced_file(&english, &translation)?;
            let steps = stale_steps(&english, &translation)?.into_iter();
            let steps: Vec<SyncStep> = steps
                .map(|(id, english)| SyncStep { id, english })
                .collect();
            (content != translation).then_some(Synced {
                path,
                steps,
                content,
            })
        })
        .collect()
}
