//! Extended attributes: which of them belong to a layer, and which overlay keeps for itself.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use rustix::fs::XattrFlags;
use rustix::io::Errno;

use super::entry::Xattrs;
use super::store::Whiteouts;

const OVERLAY: [&str; 2] = ["user.overlay.", "trusted.overlay."];

/// What overlay noted on a path of its upper directory.
#[derive(Debug, Default)]
pub(super) struct OverlayMarks {
    /// The folder hides what is below.
    pub(super) opaque: bool,
    /// Content or place are those of another path: `redirect_dir` or `metacopy`.
    pub(super) foreign: Option<&'static str>,
    /// All attributes of overlay's own.
    pub(super) names: Vec<OsString>,
}

/// Whether an attribute is part of a layer: file capabilities and what users set. Not labels of
/// the machine's security modules, access lists (nobody else's builder keeps them) or overlay's
/// own notes, with which an outside layer could point at other files.
pub(super) fn belongs_to_layer(name: &OsStr) -> bool {
    name == "security.capability"
        || (name.as_bytes().starts_with(b"user.") && overlay_part(name).is_none())
}

/// Reads the attributes of a path that belong to a layer; no link is followed.
pub(super) fn read(path: &Path) -> io::Result<Xattrs> {
    let mut xattrs = Xattrs::new();
    for name in list(path)?
        .into_iter()
        .filter(|name| belongs_to_layer(name))
    {
        let value = value(path, &name)?;
        xattrs.insert(name, value);
    }
    Ok(xattrs)
}

/// Reads what overlay noted on a path; no link is followed.
pub(super) fn overlay_marks(path: &Path) -> io::Result<OverlayMarks> {
    let mut marks = OverlayMarks::default();
    for name in list(path)? {
        match overlay_part(&name) {
            None => continue,
            Some(b"opaque") => marks.opaque |= value(path, &name)? == b"y",
            Some(b"redirect") => marks.foreign = Some("redirect_dir"),
            Some(b"metacopy") => marks.foreign = Some("metacopy"),
            Some(_) => {}
        }
        marks.names.push(name);
    }
    Ok(marks)
}

/// Whether overlay takes this folder for opaque, in either flavour.
pub(super) fn is_opaque(path: &Path) -> io::Result<bool> {
    for prefix in OVERLAY {
        let mut value = [0; 2];
        let name = format!("{prefix}opaque");
        match rustix::fs::lgetxattr(path, &name, &mut value) {
            Ok(1) if value[0] == b'y' => return Ok(true),
            Ok(_) | Err(Errno::NODATA | Errno::NOTSUP | Errno::RANGE | Errno::PERM) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(false)
}

/// Makes a folder opaque for the overlay that will mount it.
pub(super) fn set_opaque(folder: impl AsFd, whiteouts: Whiteouts) -> io::Result<()> {
    let name = match whiteouts {
        Whiteouts::User => "user.overlay.opaque",
        Whiteouts::Trusted => "trusted.overlay.opaque",
    };
    Ok(rustix::fs::fsetxattr(
        folder,
        name,
        b"y",
        XattrFlags::empty(),
    )?)
}

/// Sets an attribute; returns false where this file system or user cannot have it.
pub(super) fn set(file: impl AsFd, name: &OsStr, value: &[u8]) -> io::Result<bool> {
    match rustix::fs::fsetxattr(file, name, value, XattrFlags::empty()) {
        Ok(()) => Ok(true),
        Err(Errno::PERM | Errno::NOTSUP | Errno::ACCESS | Errno::INVAL) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn overlay_part(name: &OsStr) -> Option<&[u8]> {
    let name = name.as_bytes();
    OVERLAY
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix.as_bytes()))
}

fn list(path: &Path) -> io::Result<Vec<OsString>> {
    // Nearly every file has none, so one call with room for a few mostly does.
    let mut room = vec![0; 512];
    let length = loop {
        match rustix::fs::llistxattr(path, &mut room[..]) {
            Ok(length) => break length,
            Err(Errno::NOTSUP) => return Ok(Vec::new()),
            Err(Errno::RANGE) => room.resize(room.len() * 8, 0),
            Err(error) => return Err(error.into()),
        }
    };
    let names = room[..length].split(|byte| *byte == 0);
    Ok(names
        .filter(|name| !name.is_empty())
        .map(|name| OsString::from_vec(name.to_vec()))
        .collect())
}

fn value(path: &Path, name: &OsStr) -> io::Result<Vec<u8>> {
    let mut room = vec![0; 256];
    loop {
        match rustix::fs::lgetxattr(path, name, &mut room[..]) {
            Ok(length) => {
                room.truncate(length);
                return Ok(room);
            }
            Err(Errno::RANGE) => room.resize(room.len() * 8, 0),
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlays_own_attributes_are_no_part_of_a_layer() {
        for (name, belongs) in [
            ("security.capability", true),
            ("user.note", true),
            ("user.overlay.redirect", false),
            ("trusted.overlay.opaque", false),
            ("security.selinux", false),
            ("system.posix_acl_access", false),
        ] {
            assert_eq!(belongs_to_layer(OsStr::new(name)), belongs, "{name}");
        }
    }

    #[test]
    fn marks_and_attributes_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let handle = std::fs::File::open(folder.path()).unwrap();
        assert!(!is_opaque(folder.path()).unwrap());
        set_opaque(&handle, Whiteouts::User).unwrap();
        let long = vec![b'x'; 3000];
        assert!(set(&handle, OsStr::new("user.note"), &long).unwrap());
        assert!(set(&handle, OsStr::new("user.overlay.redirect"), b"/x").unwrap());

        assert!(is_opaque(folder.path()).unwrap());
        assert_eq!(
            read(folder.path()).unwrap(),
            Xattrs::from([("user.note".into(), long)])
        );
        let marks = overlay_marks(folder.path()).unwrap();
        assert!(marks.opaque);
        assert_eq!(
            (marks.foreign, marks.names.len()),
            (Some("redirect_dir"), 2)
        );
    }
}
