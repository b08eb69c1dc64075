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

    let mut builder = TreeBuilder::default();
    skeleton::add(&mut builder);
    builder.file("bin/busybox", Content::Host(busybox.clone()), 0o755);
    for applet in &applets {
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

    for path in folders.iter().chain([&busybox]) {
        let real = path.canonicalize().unwrap_or_else(|_| path.clone());
        // A name that is not UTF-8 can't be kept; a change there goes unnoticed.
        let _ = builder.witness(&real);
    }
    Ok(builder.finish(choice, BaseKind::Busybox, note.into_iter().collect()))
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
