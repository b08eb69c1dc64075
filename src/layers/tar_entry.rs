//! What a member of an outside tar means for a layer, or why it is refused.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use tar::EntryType;

use super::RootPath;
use super::entry::{Device, Entry, EntryKind};
use super::error::{Result, StoreError};
use super::refusal::Refusal;
use super::tar_header::{OPAQUE_WHITEOUT, WHITEOUT_PREFIX};
use super::tar_reader::Member;
use super::xattrs;

/// Names with this prefix were AUFS's own notes; nobody else ever meant anything by them.
const AUFS_PREFIX: &[u8] = b".wh..wh.";

/// The longest path that a system call takes, and the longest name (`limits.h`).
const MOST_PATH: usize = 4095;
const MOST_NAME: usize = 255;
/// Letters of a refused name that a sentence shows.
const MOST_SHOWN: usize = 100;

/// What a member says.
#[derive(Debug, PartialEq)]
pub(super) enum Meaning {
    /// Something that lies in the layer.
    Entry(Entry),
    /// A path of lower layers is hidden.
    Whiteout(RootPath),
    /// A folder hides what lower layers have in it.
    Opaque(RootPath),
    /// Nothing: the root itself, or notes of the program that wrote the tar.
    Nothing,
}

/// Returns what a member says.
pub(super) fn meaning(member: &Member) -> Result<Meaning> {
    let path = safe_path(&member.name)?;
    if path.is_root() {
        return Ok(Meaning::Nothing);
    }
    let name = path.name().as_bytes();
    let folder = path.parent().unwrap_or_default();
    if name == OPAQUE_WHITEOUT.as_bytes() {
        if folder.is_root() {
            // Overlay cannot: its root always shows every layer's.
            return Err(refuse(&member.name, Refusal::HidesRoot));
        }
        return Ok(Meaning::Opaque(folder));
    }
    if name.starts_with(AUFS_PREFIX) {
        return Ok(Meaning::Nothing);
    }
    if let Some(hidden) = name.strip_prefix(WHITEOUT_PREFIX.as_bytes()) {
        return match hidden {
            b"" | b"." | b".." => Err(refuse(&member.name, Refusal::HidesNoName)),
            _ => Ok(Meaning::Whiteout(folder.join(OsStr::from_bytes(hidden)))),
        };
    }
    entry(member, path).map(Meaning::Entry)
}

/// Returns a path that stays inside; what tries to leave is refused, not bent.
pub(super) fn safe_path(name: &[u8]) -> Result<RootPath> {
    if name.contains(&0) {
        return Err(refuse(name, Refusal::NulByte));
    }
    if name.split(|byte| *byte == b'/').any(|part| part == b"..") {
        return Err(refuse(name, Refusal::Upwards));
    }
    let long_name = |path: &RootPath| path.parts().any(|part| part.len() > MOST_NAME);
    let path = RootPath::clean(OsStr::from_bytes(name));
    if path.as_bytes().len() > MOST_PATH || long_name(&path) {
        return Err(refuse(name, Refusal::TooLong));
    }
    Ok(path)
}

fn entry(member: &Member, path: RootPath) -> Result<Entry> {
    let id = |id: u64| u32::try_from(id).map_err(|_| refuse(&member.name, Refusal::NoUserId));
    let known = |(name, _): &(&OsString, &Vec<u8>)| xattrs::belongs_to_layer(name);
    Ok(Entry {
        kind: kind(member)?,
        mode: member.mode,
        uid: id(member.uid)?,
        gid: id(member.gid)?,
        mtime: member.mtime,
        xattrs: member
            .xattrs
            .iter()
            .filter(known)
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
        path,
    })
}

fn kind(member: &Member) -> Result<EntryKind> {
    let device = Device {
        major: member.device.0,
        minor: member.device.1,
    };
    Ok(match member.entry_type {
        // Before POSIX, a `/` at the end was what made a folder.
        EntryType::Regular if member.name.ends_with(b"/") => EntryKind::Directory { opaque: false },
        EntryType::Regular | EntryType::Continuous => EntryKind::File { size: member.size },
        EntryType::Directory => EntryKind::Directory { opaque: false },
        EntryType::Symlink if member.link.is_empty() || member.link.contains(&0) => {
            return Err(refuse(&member.name, Refusal::LinkToNothing));
        }
        EntryType::Symlink if member.link.len() > MOST_PATH => {
            return Err(refuse(&member.name, Refusal::TooLong));
        }
        EntryType::Symlink => EntryKind::Symlink {
            target: OsString::from_vec(member.link.clone()),
        },
        EntryType::Link => EntryKind::HardLink {
            target: safe_path(&member.link)?,
        },
        EntryType::Char if member.device == (0, 0) => {
            return Err(refuse(&member.name, Refusal::WhiteoutDevice));
        }
        EntryType::Char => EntryKind::CharDevice(device),
        EntryType::Block => EntryKind::BlockDevice(device),
        EntryType::Fifo => EntryKind::Fifo,
        _ => return Err(refuse(&member.name, Refusal::UnknownType)),
    })
}

/// Makes the error for something no layer may ask for.
pub(super) fn refuse(name: &[u8], reason: Refusal) -> StoreError {
    StoreError::HostileEntry {
        path: shown(name),
        reason,
    }
}

/// Returns a name as a sentence can hold it: that of a hostile tar may have a million letters.
fn shown(name: &[u8]) -> String {
    let name = String::from_utf8_lossy(name);
    match name.char_indices().nth(MOST_SHOWN) {
        Some((end, _)) => format!("{}...", &name[..end]),
        None => name.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::Xattrs;

    fn member(name: &str, entry_type: EntryType) -> Member {
        Member {
            name: name.as_bytes().to_vec(),
            link: b"target".to_vec(),
            entry_type,
            size: 0,
            mode: 0o644,
            uid: 0,
            gid: 0,
            mtime: 0,
            device: (0, 0),
            xattrs: Xattrs::new(),
            position: 0,
        }
    }

    #[test]
    fn whiteouts_are_told_from_files() {
        let path = RootPath::clean;
        for (name, expected) in [
            ("a/.wh.b", Meaning::Whiteout(path("a/b"))),
            ("./a/.wh..wh..opq", Meaning::Opaque(path("a"))),
            ("a/.wh..wh.plnk", Meaning::Nothing),
            ("./", Meaning::Nothing),
            (
                "a/.whale",
                Meaning::Entry(Entry::file(path("a/.whale"), 0, 0o644, 0)),
            ),
        ] {
            let meaning = meaning(&member(name, EntryType::Regular));
            assert_eq!(meaning.unwrap(), expected, "{name}");
        }
    }

    #[test]
    fn what_no_layer_may_ask_for_is_refused() {
        for (name, entry_type) in [
            ("../etc/passwd", EntryType::Regular),
            ("a/../../b", EntryType::Directory),
            ("a\0b", EntryType::Regular),
            ("a/.wh..", EntryType::Regular),
            ("a/.wh.", EntryType::Regular),
            (".wh..wh..opq", EntryType::Regular),
            ("dev/x", EntryType::Char),
            ("unknown", EntryType::new(b'?')),
        ] {
            let error = meaning(&member(name, entry_type));
            assert!(
                matches!(error, Err(StoreError::HostileEntry { .. })),
                "{name:?}"
            );
        }
    }

    #[test]
    fn attributes_of_overlay_do_not_come_in() {
        let mut member = member("f", EntryType::Regular);
        for name in ["user.overlay.redirect", "trusted.overlay.opaque", "user.ok"] {
            member.xattrs.insert(name.into(), b"y".to_vec());
        }
        let Meaning::Entry(entry) = meaning(&member).unwrap() else {
            panic!("a file is an entry");
        };
        assert_eq!(entry.xattrs.into_keys().collect::<Vec<_>>(), ["user.ok"]);
    }
}
