//! The built-in practice bases: what `FROM practice-os` and `FROM practice-node` mean on a machine
//! without a network.
//!
//! `practice-os` is made from what the machine already has: a static busybox, or the host's own
//! tools with the libraries they need. Here it is only *described*, as a [`BaseTree`]: a sorted
//! list of folders, links and files, where a file is a path on the host or a few bytes. Who wants
//! a layer streams the list into one; nothing is copied on the way.
//!
//! ```text
//! tools        which programs, and where PATH has them
//! elf          what one program says it needs
//! loader       which folders the loader searches
//! libraries    where the loader would find that: the closure of a program
//! host         tools + closures        ──► tree
//! busybox      one file + its names    ──► tree
//! skeleton     what every base has: /etc/passwd, /tmp, ...
//! own          strata's applets for the tools that are missing (crate::applets), and
//!              practice-registry, which is one of them alone
//! fingerprint  has the host changed since?
//! images       Dockerfiles of the bases above practice-os
//! ```

mod builder;
mod busybox;
mod elf;
mod fingerprint;
mod host;
mod images;
mod libraries;
mod loader;
mod message;
mod own;
mod skeleton;
mod tools;
mod tree;

use std::ffi::OsString;
use std::path::PathBuf;

pub use fingerprint::Fingerprint;
pub use images::{BuiltInFile, BuiltInImage, dockerfile};
pub use message::{BaseError, Note};
pub use own::{REGISTRY_FOLDER, REGISTRY_PORT, registry};
pub use tree::{BaseEntry, BaseTree, Content, EntryKind};

/// The names that `FROM` knows without a store and without a network.
pub const BUILT_IN: &[&str] = &["practice-os", "practice-node", REGISTRY];

/// Those of them that one builds on.
pub const BASES: &[&str] = &["practice-os", "practice-node"];

/// The image of a registry that needs no network to get.
pub const REGISTRY: &str = "practice-registry";

/// The command of `practice-os`: a shell.
pub const CMD: &[&str] = &["sh"];

/// The value of `PATH` in `practice-os`, which is docker's default.
pub const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Which sort of base to make, and from what.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// The sort that is asked for (`STRATA_BASE`); none: busybox when there is a static one,
    /// else the host's tools.
    pub kind: Option<BaseKind>,
    /// The value of `PATH` to look for tools in. Only absolute folders count.
    pub path_env: OsString,
    /// strata's own executable, whose applets stand in for tools the host lacks; none: those
    /// tools stay missing, and a note says so.
    pub executable: Option<PathBuf>,
}

/// The two sorts of `practice-os`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BaseKind {
    /// One static busybox and a link for each of its applets.
    Busybox,
    /// Tools of the host, with the libraries they need.
    Host,
}

impl BaseKind {
    /// Reads the value of `STRATA_BASE`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "busybox" => Some(Self::Busybox),
            "host" => Some(Self::Host),
            _ => None,
        }
    }
}

/// Describes `practice-os` as this machine can make it.
///
/// Reads the heads of about a hundred files; a static busybox is started once, to ask for the
/// names of its applets.
///
/// # Errors
/// When the machine has no tool to make it from, or not the one that was asked for.
pub fn tree(choice: &Choice) -> Result<BaseTree, BaseError> {
    match choice.kind {
        Some(BaseKind::Host) => host::tree(choice),
        Some(BaseKind::Busybox) => busybox::tree(choice),
        None => match busybox::tree(choice) {
            Err(BaseError::NoStaticBusybox { .. }) => host::tree(choice),
            other => other,
        },
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::Path;
    use std::time::Instant;

    use super::*;

    fn host() -> Choice {
        Choice {
            kind: Some(BaseKind::Host),
            path_env: std::env::var_os("PATH").unwrap(),
            executable: None,
        }
    }

    fn paths(tree: &BaseTree) -> Vec<&str> {
        tree.entries
            .iter()
            .map(|entry| entry.path.as_str())
            .collect()
    }

    /// Writes a base into a folder, as a layer's tree has it.
    fn materialise(tree: &BaseTree, root: &Path) {
        for entry in &tree.entries {
            let path = root.join(&entry.path);
            match &entry.kind {
                EntryKind::Folder => fs::create_dir(&path).unwrap(),
                EntryKind::Symlink(target) => symlink(target, &path).unwrap(),
                EntryKind::File(content) => {
                    let (mut bytes, size) = content.open().unwrap();
                    let mut file = fs::File::create(&path).unwrap();
                    assert_eq!(std::io::copy(&mut bytes, &mut file).unwrap(), size);
                }
            }
        }
        let folders_last = tree.entries.iter().rev();
        for entry in folders_last.filter(|e| !matches!(e.kind, EntryKind::Symlink(_))) {
            let mode = fs::Permissions::from_mode(entry.mode);
            fs::set_permissions(root.join(&entry.path), mode).unwrap();
        }
    }

    #[test]
    fn parents_come_before_what_is_in_them() {
        let tree = tree(&host()).unwrap();
        let paths = paths(&tree);
        assert!(paths.is_sorted());
        for path in &paths {
            assert!(!path.starts_with('/') && !path.split('/').any(|part| part == ".."));
            if let Some((parent, _)) = path.rsplit_once('/') {
                assert!(
                    paths.contains(&parent),
                    "{parent} is not there, but {path} is"
                );
            }
        }
    }

    #[test]
    fn every_link_leads_somewhere() {
        let root = tempfile::tempdir().unwrap();
        let tree = tree(&host()).unwrap();
        materialise(&tree, root.path());
        for entry in &tree.entries {
            if let EntryKind::Symlink(target) = &entry.kind {
                let path = root.path().join(&entry.path);
                let end = match target.strip_prefix('/') {
                    Some(absolute) => root.path().join(absolute),
                    None => path.parent().unwrap().join(target),
                };
                // what is at the end may be an absolute link again, checked in its own turn
                assert!(end.symlink_metadata().is_ok(), "{} -> {target}", entry.path);
            }
        }
    }

    #[test]
    fn a_base_has_users_and_no_special_rights() {
        let tree = tree(&host()).unwrap();
        let find = |path| {
            tree.entries
                .iter()
                .find(|entry| entry.path == path)
                .unwrap()
        };
        assert_eq!(find("tmp").mode, 0o1777);
        assert_eq!(
            (find("home/learner").uid, find("home/learner").gid),
            (1000, 1000)
        );
        let EntryKind::File(Content::Bytes(users)) = &find("etc/passwd").kind else {
            panic!("/etc/passwd is not the host's");
        };
        assert!(String::from_utf8_lossy(users).contains("learner:x:1000:1000:"));
        assert!(tree.entries.iter().all(|entry| entry.mode & 0o6000 == 0));
    }

    #[test]
    fn the_same_host_gives_the_same_base() {
        let (one, two) = (tree(&host()).unwrap(), tree(&host()).unwrap());
        assert_eq!(one.entries, two.entries);
        assert_eq!(one.key, two.key);
        assert!(one.fingerprint.is_current(&host()));
    }

    #[test]
    fn another_set_of_tools_is_another_base() {
        let folder = tempfile::tempdir().unwrap();
        symlink("/bin/sh", folder.path().join("sh")).unwrap();
        let choice = Choice {
            path_env: folder.path().into(),
            ..host()
        };
        let before = tree(&choice).unwrap();
        assert!(before.fingerprint.is_current(&choice));

        symlink("/bin/ls", folder.path().join("ls")).unwrap();
        assert!(!before.fingerprint.is_current(&choice));
        assert_ne!(tree(&choice).unwrap().key, before.key);
    }

    #[test]
    fn a_tool_from_elsewhere_gets_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let sh = folder.path().join("sh");
        symlink("/bin/sh", &sh).unwrap();
        let tree = tree(&Choice {
            path_env: folder.path().into(),
            ..host()
        })
        .unwrap();
        let link = tree
            .entries
            .iter()
            .find(|e| e.path == "usr/local/bin/sh")
            .unwrap();
        assert_eq!(
            link.kind,
            EntryKind::Symlink(sh.to_str().unwrap().to_owned())
        );
        assert!(
            paths(&tree)
                .iter()
                .any(|&path| path == "bin/sh" || path == "usr/bin/sh")
        );
    }

    #[test]
    fn without_tools_there_is_no_base() {
        let choice = Choice {
            kind: None,
            path_env: "/nonexistent".into(),
            executable: None,
        };
        assert!(matches!(tree(&choice), Err(BaseError::NoTools)));
        let choice = Choice {
            kind: Some(BaseKind::Busybox),
            ..choice
        };
        assert!(matches!(
            tree(&choice),
            Err(BaseError::NoStaticBusybox { dynamic: None })
        ));
    }

    #[test]
    fn a_busybox_with_libraries_is_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        let busybox = folder.path().join("busybox");
        fs::copy(std::env::current_exe().unwrap(), &busybox).unwrap();
        let choice = Choice {
            kind: Some(BaseKind::Busybox),
            path_env: folder.path().into(),
            executable: None,
        };
        let error = tree(&choice).unwrap_err();
        assert!(
            matches!(error, BaseError::NoStaticBusybox { dynamic: Some(path) } if path == busybox)
        );
    }

    #[test]
    fn a_wrapper_in_a_language_the_base_lacks_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        symlink("/bin/sh", folder.path().join("sh")).unwrap();
        let ls = folder.path().join("ls");
        fs::write(&ls, "#!/usr/bin/env python3\n").unwrap();
        fs::set_permissions(&ls, fs::Permissions::from_mode(0o755)).unwrap();
        let tree = tree(&Choice {
            path_env: folder.path().into(),
            ..host()
        })
        .unwrap();
        let note = Note::NoInterpreter {
            tool: "ls".into(),
            interpreter: "/usr/bin/env".into(),
        };
        assert!(tree.notes.contains(&note), "{:?}", tree.notes);
        assert!(!paths(&tree).iter().any(|path| path.ends_with("/ls")));
    }

    #[test]
    fn applets_stand_in_for_missing_tools_only() {
        let folder = tempfile::tempdir().unwrap();
        let tools = folder.path();
        symlink("/bin/sh", tools.join("sh")).unwrap();
        let ps = tools.join("ps");
        fs::copy("/bin/ls", &ps).unwrap();
        let choice = Choice {
            path_env: tools.into(),
            executable: Some(std::env::current_exe().unwrap()),
            ..host()
        };
        let made = tree(&choice).unwrap();
        let stand_ins = made.notes.iter().find_map(|note| match note {
            Note::StandIns { tools, .. } => Some(tools.clone()),
            _ => None,
        });
        assert_eq!(stand_ins, Some(vec!["httpd".to_owned()]));
        assert!(paths(&made).contains(&"usr/local/bin/httpd"));
        assert!(paths(&made).contains(&"usr/local/libexec/strata-applets"));

        fs::copy("/bin/ls", tools.join("httpd")).unwrap();
        assert!(!paths(&tree(&choice).unwrap()).contains(&"usr/local/libexec/strata-applets"));
    }

    #[test]
    fn describing_a_base_is_fast() {
        tree(&host()).unwrap(); // the files are in memory from now on
        let start = Instant::now();
        let tree = tree(&host()).unwrap();
        // 0.2 s is promised of a release build on an idle machine
        assert!(start.elapsed().as_millis() < 2000, "{:?}", start.elapsed());
        let start = Instant::now();
        assert!(tree.fingerprint.is_current(&host()));
        assert!(start.elapsed().as_millis() < 200, "{:?}", start.elapsed());
    }

    #[test]
    fn every_built_in_base_can_be_made() {
        for name in BUILT_IN {
            let recipe = dockerfile(name);
            let of_files = ["practice-os", REGISTRY].contains(name);
            assert_eq!(recipe.is_none(), of_files, "{name}");
            let base = recipe.and_then(|r| r.dockerfile.lines().find(|l| l.starts_with("FROM ")));
            let base = base.map(|line| line.trim_start_matches("FROM "));
            assert!(base.is_none_or(|base| BUILT_IN.contains(&base)), "{name}");
        }
        assert_eq!(dockerfile("debian"), None);
    }
}
