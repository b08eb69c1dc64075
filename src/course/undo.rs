//! Undo and redo inside a lesson: files, image names, the draft and new containers go back; what
//! can't is said.
//!
//! Cached layers stay, so doing the same again is a HIT, as at the prompt.

use std::collections::BTreeMap;

use super::acts::Editing;
use super::console::{Console, Input};
use super::folder::Snapshot;
use super::sentences;
use super::stage::{Record, Stage, StageError};
use crate::lesson::Bilingual;

/// The lines of the current step that changed something.
#[derive(Debug, Default)]
pub(super) struct Journal {
    done: Vec<Moment>,
    undone: Vec<Redo>,
}

/// The moment before a line.
#[derive(Debug)]
pub(super) struct Moment {
    line: String,
    files: Snapshot,
    images: BTreeMap<String, String>,
    containers: Vec<String>,
    draft: Vec<String>,
    record: Record,
}

#[derive(Debug)]
struct Redo {
    line: String,
    /// The files after the line, for an edit that was made by hand.
    files: Snapshot,
}

/// What an undo did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Undone {
    /// The line that was taken back.
    pub line: String,
    /// Whether the session has said so: it was a line of the draft.
    pub is_told: bool,
    /// What could not be.
    pub left: Vec<Bilingual>,
}

impl Moment {
    /// Remembers the moment before a line.
    pub fn now(line: &str, stage: &Stage, console: &mut dyn Console) -> Result<Self, StageError> {
        Ok(Self {
            line: line.to_owned(),
            files: stage.snapshot()?,
            images: console.images().into_iter().collect(),
            containers: console.containers().into_iter().map(|c| c.id).collect(),
            draft: console.draft(),
            record: stage.record().clone(),
        })
    }

    fn same_as(&self, other: &Self) -> bool {
        self.files == other.files
            && self.images == other.images
            && self.containers == other.containers
            && self.draft == other.draft
    }
}

impl Journal {
    /// Forgets everything: another step begins.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Adds a line that was carried out since a moment, if it changed anything.
    pub fn add(
        &mut self,
        before: Moment,
        stage: &Stage,
        console: &mut dyn Console,
    ) -> Result<(), StageError> {
        let after = Moment::now(&before.line, stage, console)?;
        if !before.same_as(&after) {
            self.done.push(before);
            self.undone.clear();
        }
        Ok(())
    }

    /// Takes the last line back; none where there is none.
    pub fn undo(
        &mut self,
        stage: &mut Stage,
        console: &mut dyn Console,
    ) -> Result<Option<Undone>, StageError> {
        let Some(before) = self.done.pop() else {
            return Ok(None);
        };
        let now = Moment::now(&before.line, stage, console)?;
        let mut left = Vec::new();
        let is_told = now.draft != before.draft;
        if is_told {
            console.execute("undo", Input::Own);
            if console.draft() != before.draft {
                left.push(Bilingual::of(sentences::draft_left));
            }
        }
        take_back_containers(&before, &now, console, &mut left);
        take_back_images(&before, &now, console, &mut left);
        for path in stage.folder().restore(&before.files)? {
            left.push(Bilingual::of(|language| {
                sentences::file_left(language, &path)
            }));
        }
        *stage.record_mut() = before.record;
        let line = before.line;
        self.undone.push(Redo {
            line: line.clone(),
            files: now.files,
        });
        Ok(Some(Undone {
            line,
            is_told,
            left,
        }))
    }

    /// Does the last line again that was taken back; returns it.
    pub fn redo(
        &mut self,
        stage: &mut Stage,
        console: &mut dyn Console,
    ) -> Result<Option<String>, StageError> {
        let Some(redo) = self.undone.pop() else {
            return Ok(None);
        };
        let before = Moment::now(&redo.line, stage, console)?;
        stage.carry_out(&redo.line, Editing::Rehearsal, console);
        // An edit by hand can't be replayed; what it led to was kept.
        stage.folder().restore(&redo.files)?;
        self.done.push(before);
        Ok(Some(redo.line))
    }
}

fn take_back_containers(
    before: &Moment,
    now: &Moment,
    console: &mut dyn Console,
    left: &mut Vec<Bilingual>,
) {
    for id in now
        .containers
        .iter()
        .filter(|id| !before.containers.contains(id))
    {
        console.execute(&format!("rm -f {id}"), Input::Own);
    }
    for id in before
        .containers
        .iter()
        .filter(|id| !now.containers.contains(id))
    {
        let short: String = id.chars().take(12).collect();
        left.push(Bilingual::of(|language| {
            sentences::container_left(language, &short)
        }));
    }
}

fn take_back_images(
    before: &Moment,
    now: &Moment,
    console: &mut dyn Console,
    left: &mut Vec<Bilingual>,
) {
    for name in now
        .images
        .keys()
        .filter(|name| !before.images.contains_key(*name))
    {
        console.execute(&format!("rmi {name}"), Input::Own);
    }
    for (name, id) in &before.images {
        if now.images.get(name) != Some(id)
            && console
                .execute(&format!("tag {id} {name}"), Input::Own)
                .exit
                != 0
        {
            left.push(Bilingual::of(|language| {
                sentences::image_left(language, name)
            }));
        }
    }
}
