//! Which files a pattern of COPY means, and which of them `--exclude` takes out again.

use super::{BuildContext, ContextError};
use crate::plan::ignore::Ignore;
use crate::plan::pattern::Pattern;

impl BuildContext {
    /// Collects the paths that fit a pattern: level by level, in order of name. `deep` says that
    /// `**` means any number of folders.
    pub(super) fn matches(&self, source: &str, deep: bool) -> Result<Vec<String>, ContextError> {
        let mut segments: Vec<&str> = source.split('/').collect();
        if deep && segments.last() == Some(&"**") {
            segments.push("*");
        }
        let mut level = vec![String::new()];
        for (depth, segment) in segments.iter().enumerate() {
            if deep && *segment == "**" {
                for folder in std::mem::take(&mut level) {
                    self.folders_within(folder, &mut level)?;
                }
                level.sort_unstable();
                level.dedup();
                continue;
            }
            let pattern = Pattern::new(segment).map_err(|_| ContextError::BadPattern {
                pattern: source.to_owned(),
            })?;
            let last = depth + 1 == segments.len();
            level = self.next_level(&level, &pattern, last)?;
        }
        Ok(level)
    }

    /// Returns what fits in these folders: folders, or for the last name anything not left out.
    fn next_level(
        &self,
        folders: &[String],
        pattern: &Pattern,
        last: bool,
    ) -> Result<Vec<String>, ContextError> {
        let mut next = Vec::new();
        for folder in folders {
            for file in self.list(folder)? {
                let name = file.path.rsplit('/').next().unwrap_or_default();
                let is_folder = || {
                    let found = self.lookup(&file.path);
                    found.is_ok_and(|file| file.metadata.is_folder())
                };
                let fits = pattern.matches(name);
                let goes_on = || {
                    if last {
                        self.ignored(&file.path).is_none()
                    } else {
                        is_folder()
                    }
                };
                if fits && goes_on() {
                    next.push(file.path);
                }
            }
        }
        Ok(next)
    }

    /// Adds a folder and all folders within, without following links.
    fn folders_within(&self, folder: String, found: &mut Vec<String>) -> Result<(), ContextError> {
        for file in self.list(&folder)? {
            if file.metadata.is_folder() {
                self.folders_within(file.path, found)?;
            }
        }
        found.push(folder);
        Ok(())
    }
}

/// What `--exclude` takes out of one source. Its patterns are relative to a folder that is copied,
/// to the name of a file, and with `--parents` to where the kept folders begin.
pub struct Excluded<'a> {
    exclude: &'a Ignore,
    /// Where the source lies, as the patterns see it; empty for a folder without `--parents`.
    place: String,
    is_folder: bool,
}

impl<'a> Excluded<'a> {
    /// Looks at one source, given the names of the folders it keeps and its own.
    pub fn new<'n>(
        exclude: &'a Ignore,
        parents: impl Iterator<Item = &'n str>,
        name: &str,
        is_folder: bool,
    ) -> Self {
        let mut names: Vec<&str> = parents.collect();
        if !is_folder || !names.is_empty() {
            names.push(name);
        }
        Self {
            exclude,
            place: names.join("/"),
            is_folder,
        }
    }

    /// Tells whether the source itself is taken out: a file that is named, never a folder's own.
    pub fn all(&self) -> bool {
        !self.is_folder && self.exclude.is_ignored(&self.place)
    }

    /// Tells whether something within the source is taken out.
    pub fn has(&self, within: &str) -> bool {
        let path = format!("{}/{within}", self.place);
        self.exclude.is_ignored(path.trim_matches('/'))
    }
}
