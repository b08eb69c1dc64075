//! strata's own applets in a base, for the tools that neither the host nor its busybox has.
//!
//! They are all one file: a copy of strata's executable without debug information, a few
//! megabytes in a release build. So it is brought only when a tool is really missing, with the
//! libraries it needs and a link for each tool it stands in for. `practice-registry` is nothing else.

use std::fs;
use std::io;
use std::path::Path;

use super::builder::TreeBuilder;
use super::elf::without_debug_information;
use super::libraries::{Closure, Libraries, Unusable};
use super::tree::Content;
use super::{BaseError, BaseKind, BaseTree, Choice, Note};
use crate::applets;

/// Where the copy is in a base.
const COPY: &str = "usr/local/libexec/strata-applets";
/// Where a registry keeps what was pushed to it, as docker's does.
pub const REGISTRY_FOLDER: &str = "/var/lib/registry";
/// Where it listens, as docker's does.
pub const REGISTRY_PORT: u16 = 5000;

/// Adds the applets that the base has no tool for, and says so in a note.
pub(super) fn add(
    builder: &mut TreeBuilder,
    libraries: &mut Libraries,
    is_there: impl Fn(&str) -> bool,
    executable: Option<&Path>,
) -> Option<Note> {
    let missing = applets::tools().filter(|name| !is_there(name));
    let tools: Vec<String> = missing.map(str::to_owned).collect();
    if tools.is_empty() {
        return None;
    }
    let copied = executable.and_then(|path| copy(builder, libraries, path).ok());
    let Some(size) = copied else {
        return Some(Note::Missing { tools });
    };
    for tool in &tools {
        builder.link(
            &format!("usr/local/bin/{tool}"),
            "../libexec/strata-applets",
        );
    }
    Some(Note::StandIns { tools, size })
}

/// Describes `practice-registry`: strata's applet of that name, and what it needs.
pub fn registry(choice: &Choice) -> Result<BaseTree, BaseError> {
    let executable = choice.executable.as_deref();
    let executable = executable.ok_or(BaseError::NoStrata { reason: None })?;
    let mut builder = TreeBuilder::default();
    builder.folder("tmp", 0o1777);
    builder.folder("etc", 0o755);
    let copied = copy(&mut builder, &mut Libraries::default(), executable);
    copied.map_err(|reason| BaseError::NoStrata {
        reason: Some(reason.to_string()),
    })?;
    let link = format!("usr/local/bin/{}", applets::REGISTRY);
    builder.link(&link, "../libexec/strata-applets");
    builder.folder(REGISTRY_FOLDER.trim_start_matches('/'), 0o755);
    Ok(builder.finish(choice, BaseKind::Host, Vec::new()))
}

/// Copies the executable and what it needs; returns the size of the copy in bytes.
fn copy(
    builder: &mut TreeBuilder,
    libraries: &mut Libraries,
    executable: &Path,
) -> Result<u64, Unusable> {
    let unreadable = |error| Unusable::Unreadable(executable.to_owned(), error);
    let executable = fs::canonicalize(executable).map_err(unreadable)?;
    let closure = libraries.closure(&executable)?;
    let bytes = match libraries.needs(&executable)? {
        Some(needs) => without_debug_information(&executable, &needs).map_err(unreadable)?,
        None => fs::read(&executable).map_err(unreadable)?,
    };
    let size = bytes.len() as u64;
    builder.witness(&executable).map_err(unreadable)?;
    place(builder, &closure)?;
    builder.file(COPY, Content::Bytes(bytes), 0o755);
    Ok(size)
}

/// Adds what a program needs to a base.
pub(super) fn place(builder: &mut TreeBuilder, closure: &Closure) -> Result<(), Unusable> {
    for path in &closure.files {
        let unreadable = |error: io::Error| Unusable::Unreadable(path.clone(), error);
        builder.place(path).map_err(unreadable)?;
    }
    for (link, target) in &closure.links {
        let link = link.to_string_lossy();
        builder.link(link.trim_start_matches('/'), &target.to_string_lossy());
    }
    Ok(())
}
