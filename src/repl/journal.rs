//! What `undo` takes back, newest first: changes of the draft, and of files that strata wrote.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A change that can be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Act {
    /// The draft changed; it knows by itself what it was before.
    Draft,
    /// Files changed together.
    Files(Vec<FileChange>),
}

/// A file before and after; none where it was not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileChange {
    pub path: PathBuf,
    pub before: Option<Vec<u8>>,
    pub after: Option<Vec<u8>>,
}

impl FileChange {
    /// Remembers a file as it is, before it is changed.
    pub fn begin(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            before: fs::read(path).ok(),
            after: None,
        }
    }

    /// Remembers the file as it has become.
    pub fn end(mut self) -> Self {
        self.after = fs::read(&self.path).ok();
        self
    }

    pub fn is_change(&self) -> bool {
        self.before != self.after
    }

    fn reversed(self) -> Self {
        Self {
            before: self.after,
            after: self.before,
            ..self
        }
    }

    /// Tells whether the file still is as it was left.
    fn is_as_left(&self) -> bool {
        fs::read(&self.path).ok() == self.after
    }

    fn take_back(&self) -> io::Result<()> {
        match &self.before {
            Some(bytes) => fs::write(&self.path, bytes),
            None => fs::remove_file(&self.path),
        }
    }
}

/// Why files stay as they are.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Somebody changed the file in the meantime.
    Changed(PathBuf),
    /// The system would not.
    System(PathBuf, io::Error),
}

/// What was done and what was undone, newest last.
#[derive(Debug, Default)]
pub(super) struct Journal {
    done: Vec<Act>,
    undone: Vec<Act>,
}

impl Journal {
    /// Remembers a change. What was undone before can't be done again.
    pub fn add(&mut self, act: Act) {
        self.done.push(act);
        self.undone.clear();
    }

    /// Returns what to take back; a draft of an earlier session has changes of its own.
    pub fn undo(&mut self) -> Act {
        let act = self.done.pop().unwrap_or(Act::Draft);
        self.undone.push(act.clone());
        act
    }

    /// Returns what to do again.
    pub fn redo(&mut self) -> Act {
        let act = self.undone.pop().unwrap_or(Act::Draft);
        self.done.push(act.clone());
        act
    }
}

/// Takes changes of files back (`forward` is false) or makes them again; all or none.
pub(super) fn apply(changes: &[FileChange], forward: bool) -> Result<(), Refusal> {
    let turned = |change: &FileChange| {
        if forward {
            change.clone().reversed()
        } else {
            change.clone()
        }
    };
    let changes: Vec<FileChange> = changes.iter().map(turned).collect();
    if let Some(change) = changes.iter().find(|change| !change.is_as_left()) {
        return Err(Refusal::Changed(change.path.clone()));
    }
    for change in changes.iter().rev() {
        let taken = change.take_back();
        taken.map_err(|error| Refusal::System(change.path.clone(), error))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_back_and_go_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("Dockerfile");
        let change = FileChange::begin(&path);
        fs::write(&path, "FROM a").unwrap();
        let changes = [change.end()];

        apply(&changes, false).unwrap();
        assert!(!path.exists());
        apply(&changes, true).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"FROM a");
    }

    #[test]
    fn what_somebody_else_wrote_is_not_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let change = FileChange::begin(&path);
        fs::write(&path, "ours").unwrap();
        let changes = [change.end()];
        fs::write(&path, "theirs").unwrap();
        assert!(matches!(apply(&changes, false), Err(Refusal::Changed(_))));
        assert_eq!(fs::read(&path).unwrap(), b"theirs");
    }

    #[test]
    fn the_newest_change_is_taken_back_first() {
        let mut journal = Journal::default();
        journal.add(Act::Draft);
        journal.add(Act::Files(Vec::new()));
        assert_eq!(journal.undo(), Act::Files(Vec::new()));
        assert_eq!(journal.redo(), Act::Files(Vec::new()));
        assert_eq!(journal.undo(), Act::Files(Vec::new()));
        assert_eq!(journal.undo(), Act::Draft);
        assert_eq!(journal.undo(), Act::Draft);
    }
}
