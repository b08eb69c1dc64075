//! Drafts that outlive the prompt: one file in the store for each folder.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::draft::Draft;
use super::{Result, Session, Trouble};
use crate::digest::Digest;

impl Session {
    /// Returns the draft that was typed in a folder; an empty one where there is none. A damaged
    /// file counts as none.
    pub fn kept_draft(&self, folder: &Path) -> Draft {
        let read = fs::read(self.draft_file(folder)).ok();
        let draft = read.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        draft.unwrap_or_default()
    }

    /// Keeps the draft of a folder, in one step: the old one or the new one is there.
    pub fn keep_draft(&self, folder: &Path, draft: &Draft) -> Result<()> {
        // The store is made and checked first.
        self.store()?;
        let file = self.draft_file(folder);
        let kept = write(&file, draft);
        Ok(kept.map_err(|e| Trouble::system(&format!("write {}", file.display()), &e))?)
    }

    fn draft_file(&self, folder: &Path) -> PathBuf {
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let name = Digest::of(folder.as_os_str().as_encoded_bytes()).short();
        self.root().join("drafts").join(format!("{name}.json"))
    }
}

fn write(file: &Path, draft: &Draft) -> std::io::Result<()> {
    let folder = file.parent().expect("the file is in `drafts`");
    fs::create_dir_all(folder)?;
    let mut new = tempfile::NamedTempFile::new_in(folder)?;
    new.write_all(&serde_json::to_vec(draft)?)?;
    new.persist(file)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;
    use crate::session::Settings;

    #[test]
    fn each_folder_has_its_own_draft() {
        let folder = tempfile::tempdir().unwrap();
        let session = Session::new(Settings {
            root: folder.path().join("store"),
            language: Language::En,
            base: None,
            path: "".into(),
            executable: None,
            epoch: None,
            unpacks_to: None,
            limits: crate::runtime::Resources::default(),
            registry: crate::registry::Settings::offline(),
        });
        let (one, two) = (folder.path().join("one"), folder.path().join("two"));
        let draft = Draft::default().with("FROM scratch").with("RUN 안녕");
        session.keep_draft(&one, &draft).unwrap();
        assert_eq!(session.kept_draft(&one), draft);
        assert_eq!(session.kept_draft(&two), Draft::default());

        session.keep_draft(&one, &Draft::default()).unwrap();
        assert_eq!(session.kept_draft(&one), Draft::default());
        fs::write(session.draft_file(&one), "{").unwrap();
        assert_eq!(session.kept_draft(&one), Draft::default());
    }
}
