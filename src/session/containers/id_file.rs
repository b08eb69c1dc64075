//! `--cidfile`: a file that holds a container's id, for scripts. It must not be there before, so
//! that no two containers are mistaken for each other.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::language::Language;
use crate::runtime::names::ContainerId;
use crate::session::{Result, Trouble};

/// A file that waits for its id; without one it is removed when dropped.
pub(super) struct IdFile {
    path: PathBuf,
    file: Option<File>,
}

impl IdFile {
    /// Makes the file, empty.
    pub fn reserve(path: &Path, language: Language) -> Result<Self> {
        let shown = path.display().to_string();
        match File::create_new(path) {
            Ok(file) => Ok(Self {
                path: path.to_owned(),
                file: Some(file),
            }),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                Err(Trouble::new(found(language, &shown)).with_exit(125).into())
            }
            Err(error) => {
                let sentence = refused(language, &shown, &error.to_string());
                Err(Trouble::new(sentence).with_exit(125).into())
            }
        }
    }

    /// Writes the id, without an end of line as docker does.
    pub fn write(mut self, id: &ContainerId) -> Result<()> {
        if let Some(mut file) = self.file.take() {
            let written = file.write_all(id.as_str().as_bytes());
            written.map_err(|error| Trouble::system("write --cidfile", &error))?;
        }
        Ok(())
    }
}

impl Drop for IdFile {
    fn drop(&mut self) {
        if self.file.is_some() {
            // Whoever removed it before has done this.
            let _ = fs::remove_file(&self.path);
        }
    }
}

crate::messages! {
    found(path: &str) {
        en: "Container ID file found, make sure the other container isn't running or delete {path}",
        ko: "Container ID file found: 컨테이너 ID 파일이 이미 있습니다. 그 컨테이너가 실행 중이 아닌지 확인하고 {path} 파일을 지우세요",
    }
    refused(path: &str, reason: &str) {
        en: "failed to create the container ID file {path}: {reason}",
        ko: "컨테이너 ID 파일을 만들지 못했습니다: {path} ({reason})",
    }
}
