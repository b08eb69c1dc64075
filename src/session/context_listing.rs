//! What a build context holds: the files a COPY can see, and those that the ignore file leaves out.

use std::fs::{self, DirEntry};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Result, Session, SessionError, Trouble};
use crate::diagnostic::Diagnostic;
use crate::language::Language;
use crate::plan::ignore::{Ignore, IgnoreError};
use crate::source::Source;

/// A build context, file by file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ContextListing {
    /// The folder.
    pub context: PathBuf,
    /// The ignore file that counts, if there is one: `.dockerignore`.
    pub ignore_file: Option<String>,
    /// What a build can see, largest first.
    pub files: Vec<Listed>,
    /// The sum of it.
    pub total: Sum,
    /// What is left out, largest first; a folder nothing of which is seen is one entry.
    pub excluded: Vec<LeftOut>,
    /// The sum of it.
    pub excluded_total: Sum,
}

/// A file of the context.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// Path relative to the context.
    pub path: String,
    /// Bytes; none for what is no regular file.
    pub size: u64,
}

/// What a line of the ignore file leaves out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Path relative to the context; a folder ends with `/`.
    pub path: String,
    /// Bytes of all files at or below it.
    pub size: u64,
    /// Files at or below it.
    pub files: u64,
    /// The pattern as written.
    pub pattern: String,
    /// Its line, from 1.
    pub line: usize,
}

/// Files and their bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Sum {
    /// How many.
    pub files: u64,
    /// Bytes.
    pub size: u64,
}

impl Sum {
    fn add(&mut self, other: Self) {
        self.files += other.files;
        self.size += other.size;
    }
}

impl Session {
    /// Lists what a build of a folder can see, and what is left out by which line.
    pub fn context_listing(
        &self,
        path: &Path,
        dockerfile: Option<&Path>,
    ) -> Result<ContextListing> {
        let context = self.folder(path, &path.display().to_string(), false)?;
        let (name, ignore) = match self.ignore_file(dockerfile, &context)? {
            None => (None, Ignore::default()),
            Some((name, text)) => {
                let ignore = read_ignore(&name, &text, self.language())?;
                (Some(name), ignore)
            }
        };
        let mut listing = ContextListing {
            ignore_file: name,
            files: Vec::new(),
            total: Sum::default(),
            excluded: Vec::new(),
            excluded_total: Sum::default(),
            context,
        };
        listing.walk(&ignore)?;
        Ok(listing)
    }
}

/// Reads the text of an ignore file; a pattern that is none is shown where it stands.
pub fn read_ignore(name: &str, text: &str, language: Language) -> Result<Ignore> {
    Ignore::parse(text).map_err(|error| unreadable(name, text, &error, language))
}

fn unreadable(name: &str, text: &str, error: &IgnoreError, language: Language) -> SessionError {
    let source = Source::new(name, text);
    let line = source.line_span(error.line);
    let found = source.slice(line).find(&error.pattern).unwrap_or(0);
    let start = line.start + found;
    let span = crate::source::Span::new(start, start + error.pattern.len());
    let diagnostic = Diagnostic::error("bad-pattern", error.message(language), span)
        .with_help(Some(error.help(language)));
    SessionError::Dockerfile {
        source,
        diagnostics: vec![diagnostic],
    }
}

impl ContextListing {
    fn walk(&mut self, ignore: &Ignore) -> Result<()> {
        let mut folders = vec![String::new()];
        while let Some(folder) = folders.pop() {
            for entry in entries(&self.context, &folder)? {
                let path = joined(&folder, &entry);
                let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
                let whole = is_folder && ignore.excludes_whole_folder(&path);
                if is_folder && !whole {
                    folders.push(path);
                } else {
                    self.take(ignore, &entry, path, is_folder);
                }
            }
        }
        self.files
            .sort_by(|a, b| b.size.cmp(&a.size).then_with(|| a.path.cmp(&b.path)));
        self.excluded
            .sort_by(|a, b| b.size.cmp(&a.size).then_with(|| a.path.cmp(&b.path)));
        Ok(())
    }

    /// Takes a file, or a folder that is left out as a whole.
    fn take(&mut self, ignore: &Ignore, entry: &DirEntry, path: String, is_folder: bool) {
        let sum = if is_folder {
            below(&entry.path())
        } else {
            Sum {
                files: 1,
                size: size_of(entry),
            }
        };
        let decision = ignore.decide(&path);
        match decision.rule.filter(|_| decision.ignored) {
            None => {
                self.total.add(sum);
                let size = sum.size;
                self.files.push(Listed { path, size });
            }
            Some(rule) => {
                self.excluded_total.add(sum);
                self.excluded.push(LeftOut {
                    path: if is_folder { path + "/" } else { path },
                    size: sum.size,
                    files: sum.files,
                    pattern: rule.pattern.to_owned(),
                    line: rule.line,
                });
            }
        }
    }
}

fn entries(root: &Path, folder: &str) -> Result<Vec<DirEntry>> {
    let path = root.join(folder);
    let listed = fs::read_dir(&path).and_then(Iterator::collect);
    Ok(listed.map_err(|error| Trouble::system(&format!("read {}", path.display()), &error))?)
}

fn joined(folder: &str, entry: &DirEntry) -> String {
    let name = entry.file_name();
    match folder {
        "" => name.to_string_lossy().into_owned(),
        folder => format!("{folder}/{}", name.to_string_lossy()),
    }
}

/// Only what is in a file is copied: the length of a link is that of its target's name.
fn size_of(entry: &DirEntry) -> u64 {
    entry
        .metadata()
        .map_or(0, |it| if it.is_file() { it.len() } else { 0 })
}

/// Counts what a folder holds. What cannot be read there matters to nobody: no build sees it.
fn below(folder: &Path) -> Sum {
    let mut sum = Sum::default();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries.flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(entry.path());
            } else {
                sum.add(Sum {
                    files: 1,
                    size: size_of(&entry),
                });
            }
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(files: &[(&str, &str)], ignore: &str) -> ContextListing {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let mut listing = ContextListing {
            context: folder.path().to_owned(),
            ignore_file: None,
            files: Vec::new(),
            total: Sum::default(),
            excluded: Vec::new(),
            excluded_total: Sum::default(),
        };
        listing.walk(&Ignore::parse(ignore).unwrap()).unwrap();
        listing
    }

    const FILES: [(&str, &str); 5] = [
        ("a.log", "12345"),
        ("b", "1"),
        ("dir/big", "1234567890"),
        ("dir/keep/c", "123"),
        ("out/deep/d", "12"),
    ];

    #[test]
    fn the_largest_file_comes_first_and_all_are_counted() {
        let listing = listing(&FILES, "");
        let paths: Vec<&str> = listing.files.iter().map(|it| it.path.as_str()).collect();
        assert_eq!(paths, ["dir/big", "a.log", "dir/keep/c", "out/deep/d", "b"]);
        assert_eq!(listing.total, Sum { files: 5, size: 21 });
        assert_eq!(listing.excluded, []);
    }

    #[test]
    fn what_is_left_out_names_its_line_and_a_whole_folder_is_one_entry() {
        let listing = listing(&FILES, "# c\nout\ndir\n!dir/keep\n*.log\n");
        let paths: Vec<&str> = listing.files.iter().map(|it| it.path.as_str()).collect();
        assert_eq!(paths, ["dir/keep/c", "b"]);
        let left: Vec<_> = listing
            .excluded
            .iter()
            .map(|it| (it.path.as_str(), it.size, it.files, it.line))
            .collect();
        let expected = [("dir/big", 10, 1, 3), ("a.log", 5, 1, 5), ("out/", 2, 1, 2)];
        assert_eq!(left, expected);
        assert_eq!(listing.excluded_total, Sum { files: 3, size: 17 });
    }

    #[test]
    fn a_bad_pattern_is_shown_where_it_stands() {
        let Err(SessionError::Dockerfile {
            source,
            diagnostics,
        }) = read_ignore(".dockerignore", "a\n  b[ \n", Language::En)
        else {
            panic!("it is refused");
        };
        let span = diagnostics[0].span();
        assert_eq!((source.line(span.start), source.slice(span)), (2, "b["));
    }
}
