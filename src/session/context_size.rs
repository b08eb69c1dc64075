//! How much a folder holds: a home folder is seldom meant to be a build context.

use std::fs;
use std::path::Path;

use super::Session;
use crate::plan::ignore::Ignore;

/// DECISIONS: a prompt asks once above this many files or bytes.
const MOST_FILES: u64 = 10_000;
const MOST_BYTES: u64 = 100_000_000;

/// What a build would look at. Counting ends where it is too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ContextSize {
    /// Files, those of `.dockerignore` left out.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl ContextSize {
    /// Tells whether there is more than a build context usually holds.
    pub fn is_large(self) -> bool {
        self.files > MOST_FILES || self.bytes > MOST_BYTES
    }
}

impl Session {
    /// Counts what a build in a folder would look at, up to what is too much.
    pub fn context_size(&self, folder: &Path) -> ContextSize {
        // What cannot be read is told by the build, which names the reason.
        let text = fs::read_to_string(folder.join(".dockerignore")).unwrap_or_default();
        let ignore = Ignore::parse(&text).unwrap_or_default();
        count(folder, &ignore)
    }
}

fn count(root: &Path, ignore: &Ignore) -> ContextSize {
    let mut size = ContextSize::default();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(root.join(&folder)) else {
            continue;
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let path = match folder.as_str() {
                "" => name.to_string_lossy().into_owned(),
                folder => format!("{folder}/{}", name.to_string_lossy()),
            };
            let Ok(metadata) = entry.metadata() else {
                continue;
            };
            if metadata.is_dir() && !ignore.excludes_whole_folder(&path) {
                folders.push(path);
            } else if !metadata.is_dir() && !ignore.is_ignored(&path) {
                size.files += 1;
                size.bytes += metadata.len();
            }
            if size.is_large() {
                return size;
            }
        }
    }
    size
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ignored_does_not_count() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("src/deep")).unwrap();
        fs::create_dir(root.join("big")).unwrap();
        for (path, text) in [("src/deep/a", "12345"), ("b", "1"), ("big/c", "123")] {
            fs::write(root.join(path), text).unwrap();
        }
        let ignored = |text| count(root, &Ignore::parse(text).unwrap());
        assert_eq!(ignored("big"), ContextSize { files: 2, bytes: 6 });
        assert_eq!(ignored(""), ContextSize { files: 3, bytes: 9 });
    }

    #[test]
    fn counting_ends_where_it_is_too_much() {
        let folder = tempfile::tempdir().unwrap();
        let file = fs::File::create(folder.path().join("sparse")).unwrap();
        file.set_len(MOST_BYTES + 1).unwrap();
        let size = count(folder.path(), &Ignore::default());
        assert!(size.is_large());
    }
}
