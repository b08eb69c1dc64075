//! [`Snapshot`]: who is who in a folder at one moment, so that a later look tells what happened.
//!
//! The kernel stamps a file with the time of its last change of any kind (ctime), which no program
//! can set. So neither content nor attributes are compared: what has the same stamp is the same,
//! and what was rewritten with equal bytes counts as changed, as it does for overlay.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::fd::AsFd;
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, StatxFlags, StatxTimestamp};
use rustix::io::Errno;

use super::error::{Result, StoreError};
use super::node::FOLDER;

/// The kernel's clock for files moves in steps of its timer, at most 10 ms apart (`CONFIG_HZ`):
/// what is changed within one step of the snapshot has the same stamp.
const CLOCK_STEP: Duration = Duration::from_millis(11);

/// What was in a folder at one moment.
#[derive(Debug)]
pub struct Snapshot {
    listing: Listing,
}

type Listing = BTreeMap<OsString, Seen>;

#[derive(Debug)]
struct Seen {
    stamp: Stamp,
    /// What is in it; none if it is no folder.
    inside: Option<Listing>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    identity: Identity,
    /// ctime: seconds and nanoseconds.
    changed: (i64, u32),
}

/// Which file it is. Numbers are used again at once by some file systems, so the time of birth
/// belongs to it, where the file system knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity {
    inode: u64,
    born: Option<(i64, u32)>,
}

/// What became of the names in a folder; those with which nothing happened are not in it.
pub(super) type Parts = BTreeMap<OsString, Part>;

/// What became of a name.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// It is not there any more.
    Gone,
    /// It is new or changed, with everything in it.
    Taken {
        /// It is a folder in place of another folder.
        opaque: bool,
    },
    /// It is the same folder; it changed itself, or something in it did.
    Led(Parts),
}

impl Snapshot {
    /// Looks at everything in a folder. When it returns, whatever happens next gets a new stamp.
    pub fn take(folder: &Path) -> Result<Self> {
        let snapshot = Self::last(folder)?;
        std::thread::sleep(CLOCK_STEP);
        Ok(snapshot)
    }

    /// Looks at everything in a folder in which nothing will happen any more.
    pub(super) fn last(folder: &Path) -> Result<Self> {
        let io = |error: Errno| StoreError::io("look into", folder)(error);
        let handle = rustix::fs::openat(CWD, folder, FOLDER, Mode::empty()).map_err(io)?;
        let listing = listing(handle.as_fd()).map_err(io)?;
        Ok(Self { listing })
    }

    /// Returns what became of each name, seen at a later moment.
    pub(super) fn parts(&self, later: &Self) -> Parts {
        parts(&self.listing, &later.listing)
    }
}

fn parts(before: &Listing, now: &Listing) -> Parts {
    let gone = before.keys().filter(|name| !now.contains_key(*name));
    let gone = gone.map(|name| (name.clone(), Part::Gone));
    let here = now.iter().filter_map(|(name, seen)| {
        let part = part(before.get(name), seen)?;
        Some((name.clone(), part))
    });
    gone.chain(here).collect()
}

/// Returns what became of something that is there; none if nothing did.
fn part(before: Option<&Seen>, now: &Seen) -> Option<Part> {
    let same = before.filter(|before| before.stamp.identity == now.stamp.identity);
    let was_folder = before.is_some_and(|before| before.inside.is_some());
    match (same, &now.inside) {
        (
            Some(Seen {
                stamp,
                inside: Some(before),
            }),
            Some(inside),
        ) => {
            let parts = parts(before, inside);
            (!parts.is_empty() || *stamp != now.stamp).then_some(Part::Led(parts))
        }
        (Some(before), None) if before.stamp == now.stamp => None,
        (_, inside) => Some(Part::Taken {
            opaque: was_folder && inside.is_some(),
        }),
    }
}

fn listing(folder: BorrowedFd<'_>) -> Result<Listing, Errno> {
    let mut listing = Listing::new();
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if !matches!(name, b"." | b"..") {
            let name = OsStr::from_bytes(name).to_owned();
            let seen = look(folder, &name)?;
            listing.insert(name, seen);
        }
    }
    Ok(listing)
}

fn look(folder: BorrowedFd<'_>, name: &OsStr) -> Result<Seen, Errno> {
    let wanted = StatxFlags::BASIC_STATS | StatxFlags::BTIME;
    let found = rustix::fs::statx(folder, name, AtFlags::SYMLINK_NOFOLLOW, wanted)?;
    let knows_birth = StatxFlags::from_bits_retain(found.stx_mask).contains(StatxFlags::BTIME);
    let identity = Identity {
        inode: found.stx_ino,
        born: knows_birth.then(|| moment(&found.stx_btime)),
    };
    let inside = match FileType::from_raw_mode(found.stx_mode.into()) {
        FileType::Directory => {
            let inner = rustix::fs::openat(folder, name, FOLDER, Mode::empty())?;
            Some(listing(inner.as_fd())?)
        }
        _ => None,
    };
    Ok(Seen {
        stamp: Stamp {
            identity,
            changed: moment(&found.stx_ctime),
        },
        inside,
    })
}

fn moment(time: &StatxTimestamp) -> (i64, u32) {
    (time.tv_sec, time.tv_nsec)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(inode: u64, changed: i64, inside: Option<Listing>) -> Seen {
        Seen {
            stamp: Stamp {
                identity: Identity {
                    inode,
                    born: Some((0, 0)),
                },
                changed: (changed, 0),
            },
            inside,
        }
    }

    fn listing(entries: Vec<(&str, Seen)>) -> Listing {
        entries
            .into_iter()
            .map(|(name, seen)| (name.into(), seen))
            .collect()
    }

    #[test]
    fn stamps_tell_what_happened_to_each_name() {
        let before = listing(vec![
            ("away", seen(1, 1, None)),
            (
                "folder",
                seen(2, 1, Some(listing(vec![("in", seen(3, 1, None))]))),
            ),
            ("kept", seen(4, 1, None)),
            ("replaced", seen(5, 1, Some(Listing::new()))),
            ("touched", seen(6, 1, Some(Listing::new()))),
            ("written", seen(7, 1, None)),
        ]);
        let now = listing(vec![
            (
                "folder",
                seen(2, 1, Some(listing(vec![("in", seen(3, 2, None))]))),
            ),
            ("kept", seen(4, 1, None)),
            ("new", seen(8, 2, Some(Listing::new()))),
            ("replaced", seen(9, 2, Some(Listing::new()))),
            ("touched", seen(6, 2, Some(Listing::new()))),
            ("written", seen(7, 2, None)),
        ]);
        let taken = |opaque| Part::Taken { opaque };
        let led = |parts: Vec<(&str, Part)>| {
            Part::Led(parts.into_iter().map(|(n, p)| (n.into(), p)).collect())
        };
        let expected: Parts = [
            ("away", Part::Gone),
            ("folder", led(vec![("in", taken(false))])),
            ("new", taken(false)),
            ("replaced", taken(true)),
            ("touched", led(Vec::new())),
            ("written", taken(false)),
        ]
        .into_iter()
        .map(|(name, part)| (name.into(), part))
        .collect();
        assert_eq!(parts(&before, &now), expected);
    }
}
