//! `progress.json` on disk: written to a temporary name and renamed; a file that can't be read is
//! set aside, never deleted.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::lesson::{Progress, ProgressError};

/// The progress and where it is kept.
#[derive(Debug)]
pub struct ProgressFile {
    path: PathBuf,
    /// What the learner has done.
    pub progress: Progress,
}

/// A file that had to be set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setback {
    /// What was wrong.
    pub why: ProgressError,
    /// Where it is now.
    pub kept: PathBuf,
}

/// Why progress can't be kept.
#[derive(Debug, thiserror::Error)]
#[error("cannot {what} `{}`", path.display())]
pub struct ProgressFileError {
    what: &'static str,
    path: PathBuf,
    #[source]
    source: io::Error,
}

fn refused<'a>(
    what: &'static str,
    path: &'a Path,
) -> impl FnOnce(io::Error) -> ProgressFileError + use<'a> {
    move |source| ProgressFileError {
        what,
        path: path.to_owned(),
        source,
    }
}

impl ProgressFile {
    /// Reads the file, or starts one for a course.
    pub fn open(path: &Path, course: &str) -> Result<(Self, Option<Setback>), ProgressFileError> {
        let (progress, setback) = match fs::read_to_string(path) {
            Ok(text) => match Progress::parse(&text) {
                Ok(progress) => (progress, None),
                Err(why) => (Progress::new(course), Some(set_aside(path, why)?)),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => (Progress::new(course), None),
            // Not UTF-8, so not JSON either.
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                let why = ProgressError::Damaged(error.to_string());
                (Progress::new(course), Some(set_aside(path, why)?))
            }
            Err(error) => return Err(refused("read", path)(error)),
        };
        let path = path.to_owned();
        Ok((Self { path, progress }, setback))
    }

    /// Writes the file.
    pub fn save(&self) -> Result<(), ProgressFileError> {
        write_whole(&self.path, self.progress.to_text().as_bytes())
            .map_err(refused("write", &self.path))
    }
}

/// Writes a file under a temporary name and renames it, so that nobody sees half of it.
pub(super) fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(content)?;
    file.persist(path)?;
    Ok(())
}

fn set_aside(path: &Path, why: ProgressError) -> Result<Setback, ProgressFileError> {
    let mut number = 1;
    let kept = loop {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".bad-{number}"));
        let name = PathBuf::from(name);
        if !name.exists() {
            break name;
        }
        number += 1;
    };
    fs::rename(path, &kept).map_err(refused("set aside", path))?;
    Ok(Setback { why, kept })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_survives_the_process() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("deep/progress.json");
        let (mut file, setback) = ProgressFile::open(&path, "strata").unwrap();
        assert_eq!(setback, None);
        file.progress.move_to("first-run", "images");
        file.save().unwrap();
        let (again, _) = ProgressFile::open(&path, "strata").unwrap();
        assert_eq!(again.progress, file.progress);
    }

    #[test]
    fn damaged_and_newer_files_are_kept_under_new_names() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("progress.json");
        for (number, content) in [
            (1, &b"{\"form"[..]),
            (2, b"\xff\xfe"),
            (3, b"{\"format\": 9}"),
        ] {
            fs::write(&path, content).unwrap();
            let (file, setback) = ProgressFile::open(&path, "strata").unwrap();
            let setback = setback.unwrap();
            assert!(
                setback
                    .kept
                    .ends_with(format!("progress.json.bad-{number}"))
            );
            assert_eq!(fs::read(setback.kept).unwrap(), content);
            assert_eq!(file.progress, Progress::new("strata"));
        }
    }
}
