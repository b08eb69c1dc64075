//! `practice-os` out of one file: a static busybox, and a link for each of its applets.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::builder::TreeBuilder;
use super::elf::Needs;
use super::libraries::Libraries;
use super::tree::{BaseTree, Content};
use super::{BaseError, BaseKind, Choice, own, skeleton, tools};

/// What distributions call it: Debian, Fedora and Arch; Void; Alpine.
const NAMES: [&str; 3] = ["busybox", "busybox-static", "busybox.static"];

/// Describes the base.
pub(super) fn tree(choice: &Choice) -> Result<BaseTree, BaseError> {
    let folders = tools::folders(&choice.path_env);
    let busybox = find(&folders)?;
    let applets = applets(&busybox).map_err(|source| BaseError::Busybox {
        path: busybox.clone(),
        source,
    })?;

    Ok(assemble(choice, &folders, &busybox, &applets))
}

fn assemble(choice: &Choice, folders: &[PathBuf], busybox: &Path, applets: &[String]) -> BaseTree {
    let mut builder = TreeBuilder::default();
    skeleton::add(&mut builder);
    builder.file("bin/busybox", Content::Host(busybox.to_owned()), 0o755);
    for applet in applets {
        builder.link(&format!("bin/{applet}"), "busybox");
    }
    builder.link("usr/bin/env", "../../bin/env"); // the path scripts know it by
    let is_there = |name: &str| applets.iter().any(|applet| applet == name);
    let executable = choice.executable.as_deref();
    let note = own::add(
        &mut builder,
        &mut Libraries::default(),
        is_there,
        executable,
    );

    for path in folders.iter().map(PathBuf::as_path).chain([busybox]) {
        let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        // A name that is not UTF-8 can't be kept; a change there goes unnoticed.
        let _ = builder.witness(&real);
    }
    builder.finish(choice, BaseKind::Busybox, note.into_iter().collect())
}

/// Returns the first static busybox, links resolved.
fn find(folders: &[PathBuf]) -> Result<PathBuf, BaseError> {
    let mut dynamic = None;
    for path in NAMES.iter().filter_map(|name| tools::find(name, folders)) {
        match Needs::read(&path) {
            Ok(Some(needs)) if needs.is_static() => {
                return path
                    .canonicalize()
                    .map_err(|source| BaseError::Busybox { path, source });
            }
            _ => dynamic = Some(path),
        }
    }
    Err(BaseError::NoStaticBusybox { dynamic })
}

/// Asks a busybox for its applets. `busybox` itself is among them, and left out: as a link it
/// would point to itself.
fn applets(busybox: &Path) -> io::Result<Vec<String>> {
    let output = Command::new(busybox).arg("--list").env_clear().output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let names = text
        .lines()
        .filter(|name| !name.is_empty() && !name.contains('/'));
    let names: Vec<_> = names
        .filter(|&name| name != "busybox")
        .map(str::to_owned)
        .collect();
    if names.iter().any(|name| name == "sh") {
        Ok(names)
    } else {
        Err(io::Error::other("its list of applets has no `sh`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::practice::{EntryKind, Note};

    fn base(applets: &[&str]) -> BaseTree {
        let applets: Vec<_> = applets.iter().map(|&name| name.to_owned()).collect();
        assemble(&Choice::default(), &[], Path::new("/bin/ls"), &applets)
    }

    #[test]
    fn a_busybox_base_is_one_file_and_its_names() {
        let base = base(&["sh", "[", "ps", "httpd"]);
        let find = |path| &base.entries.iter().find(|e| e.path == path).unwrap().kind;
        assert_eq!(
            *find("bin/busybox"),
            EntryKind::File(Content::Host("/bin/ls".into()))
        );
        assert_eq!(*find("bin/["), EntryKind::Symlink("busybox".to_owned()));
        assert_eq!(
            *find("usr/bin/env"),
            EntryKind::Symlink("../../bin/env".to_owned())
        );
        assert!(base.notes.is_empty());
    }

    #[test]
    fn a_small_busybox_says_what_it_lacks() {
        let tools = vec!["httpd".to_owned()];
        assert_eq!(base(&["sh", "ps"]).notes, [Note::Missing { tools }]);
    }

    #[test]
    fn a_program_that_is_no_busybox_is_an_error() {
        let error = applets(Path::new("/bin/ls")).unwrap_err(); // ls knows no --list
        assert!(error.to_string().contains("no `sh`"), "{error}");
    }
}
