//! Has the host changed since a base was made of it?
//!
//! | question | what is compared | cost |
//! | --- | --- | --- |
//! | is the base with this key still right? ([`Fingerprint::is_current`]) | size, time of change and inode of each file, link and searched folder; what was asked for | one `lstat` each |
//! | are these two bases the same? ([`Fingerprint::key`]) | the list of entries; size, time and inode of each file of the host | making the tree |
//!
//! Both may say "changed" when the bytes are the same, as after a reinstall of a package. Then the
//! base is made again and, with times and owners normalised, comes out as the same layer.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Choice;
use super::tree::{BaseEntry, Content, EntryKind};
use crate::digest::{Digest, Hasher};

/// Counts changes of the recipe that its results don't show; part of every key.
const RECIPE: &str = concat!("practice-os 1, strata ", env!("CARGO_PKG_VERSION"));

/// How everything that went into a base looked on the host. Kept beside the cached base.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    key: Digest,
    choice: Digest,
    host: BTreeMap<String, Witness>,
    /// Where strata itself was, whose applets stand in for missing tools.
    #[serde(default)]
    strata: Option<String>,
}

/// How a path of the host looked; none: there was nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Witness(Option<Look>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Look {
    size: u64,
    /// Seconds and nanoseconds since the epoch.
    mtime: (i64, i64),
    inode: u64,
}

impl Witness {
    pub(super) fn of(path: &Path) -> Self {
        Self(fs::symlink_metadata(path).ok().map(|found| Look {
            size: found.size(),
            mtime: (found.mtime(), found.mtime_nsec()),
            inode: found.ino(),
        }))
    }
}

impl Fingerprint {
    pub(super) fn new(
        choice: &Choice,
        entries: &[BaseEntry],
        host: BTreeMap<String, Witness>,
    ) -> Self {
        let mut hasher = Hasher::new();
        hasher.update(RECIPE.as_bytes());
        for entry in entries {
            hasher.update(line(entry, &host).as_bytes());
        }
        Self {
            key: hasher.finish(),
            choice: digest_of(choice),
            host,
            strata: choice.executable.as_ref().map(|path| {
                let real = fs::canonicalize(path).unwrap_or_else(|_| path.clone());
                real.to_string_lossy().into_owned()
            }),
        }
    }

    /// Tells whether nothing of the host but strata itself differs.
    pub fn has_same_tools(&self, other: &Self) -> bool {
        fn tools(it: &Fingerprint) -> impl Iterator<Item = (&String, &Witness)> {
            it.host
                .iter()
                .filter(|(path, _)| Some(*path) != it.strata.as_ref())
        }
        tools(self).eq(tools(other))
    }

    /// Returns the name of the base this belongs to: equal for equal bases.
    pub fn key(&self) -> Digest {
        self.key
    }

    /// Says whether the same choice, on the host as it is now, leads to the same base. Then
    /// `practice::tree` need not be asked.
    pub fn is_current(&self, choice: &Choice) -> bool {
        let mut host = self.host.iter();
        self.choice == digest_of(choice)
            && host.all(|(path, then)| Witness::of(Path::new(path)) == *then)
    }
}

fn line(entry: &BaseEntry, host: &BTreeMap<String, Witness>) -> String {
    let what = match &entry.kind {
        EntryKind::Folder => "folder".to_owned(),
        EntryKind::Symlink(target) => format!("link {target:?}"),
        EntryKind::File(Content::Bytes(bytes)) => Digest::of(bytes).to_string(),
        EntryKind::File(Content::Host(path)) => {
            let path = path.to_string_lossy();
            format!("{path:?} {:?}", host.get(path.as_ref()))
        }
    };
    let BaseEntry {
        path,
        mode,
        uid,
        gid,
        ..
    } = entry;
    format!("{path:?} {mode:o} {uid} {gid} {what}\n")
}

fn digest_of(choice: &Choice) -> Digest {
    let mut hasher = Hasher::new();
    hasher.update(format!("{RECIPE}\n{:?}\n{:?}\n", choice.kind, choice.executable).as_bytes());
    hasher.update(choice.path_env.as_bytes());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(file: &Path) -> Fingerprint {
        let path = file.to_str().unwrap().to_owned();
        let host = BTreeMap::from([(path, Witness::of(file))]);
        Fingerprint::new(&Choice::default(), &[], host)
    }

    #[test]
    fn a_changed_file_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sh");
        fs::write(&file, "one").unwrap();
        let before = of(&file);
        assert!(before.is_current(&Choice::default()));
        fs::write(&file, "three").unwrap();
        assert!(!before.is_current(&Choice::default()));
    }

    #[test]
    fn a_file_that_appears_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ps");
        let before = of(&file);
        assert!(before.is_current(&Choice::default()));
        fs::write(&file, "").unwrap();
        assert!(!before.is_current(&Choice::default()));
    }

    #[test]
    fn a_rebuilt_strata_is_told_from_changed_tools() {
        let folder = tempfile::tempdir().unwrap();
        let (strata, tool) = (folder.path().join("strata"), folder.path().join("sh"));
        let seen = |text: &str, tool_text: &str| {
            fs::write(&strata, text).unwrap();
            fs::write(&tool, tool_text).unwrap();
            let witness = |path: &Path| (path.to_str().unwrap().to_owned(), Witness::of(path));
            let choice = Choice {
                executable: Some(strata.clone()),
                ..Choice::default()
            };
            let host = BTreeMap::from([witness(&strata), witness(&tool)]);
            Fingerprint::new(&choice, &[], host)
        };
        let before = seen("1", "sh");
        let same_tool = fs::metadata(&tool).unwrap().modified().unwrap();
        let mut rebuilt = seen("22", "sh");
        fs::File::open(&tool)
            .unwrap()
            .set_modified(same_tool)
            .unwrap();
        rebuilt
            .host
            .insert(tool.to_str().unwrap().to_owned(), Witness::of(&tool));
        assert_ne!(before, rebuilt);
        assert!(rebuilt.has_same_tools(&before));
        assert!(!seen("1", "other").has_same_tools(&before));
    }

    #[test]
    fn another_choice_is_another_base() {
        let folder = tempfile::tempdir().unwrap();
        let other = Choice {
            path_env: "/bin".into(),
            ..Choice::default()
        };
        assert!(!of(folder.path()).is_current(&other));
    }

    #[test]
    fn a_fingerprint_survives_its_file() {
        let fingerprint = of(Path::new("/"));
        let text = serde_json::to_string(&fingerprint).unwrap();
        assert_eq!(
            serde_json::from_str::<Fingerprint>(&text).unwrap(),
            fingerprint
        );
    }
}
