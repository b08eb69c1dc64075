//! Folders that `RUN --mount=type=cache` shows: kept in the store, part of no layer.
//!
//! ```text
//! cache/mounts/<digest of the id>.lock    who uses the folder, by flock
//! cache/mounts/<digest of the id>/        what steps left
//! ```
//!
//! A `private` cache that is in use has further folders: `<digest>-1`, `<digest>-2`, ...

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use super::error::BuildError;
use super::stop::Stop;
use crate::digest::{DiffId, Digest};
use crate::plan::Sharing;

/// A cache that a step uses; others are kept away, as far as was asked, until it is dropped.
pub struct CacheFolder {
    name: String,
    tree: PathBuf,
    /// None for a second mount of one step: the first one holds it.
    _lock: Option<File>,
}

impl CacheFolder {
    /// Where they are in a store.
    pub const PLACE: &str = "cache/mounts";

    /// Returns the name of the folder of an id. One that begins with files is another than one that
    /// begins empty.
    pub fn name(id: &str, begins_with: Option<(&[DiffId], &Path)>) -> String {
        let mut text = id.to_owned();
        if let Some((layers, path)) = begins_with {
            for layer in layers {
                text.extend(["\0", &layer.to_string()]);
            }
            text.extend(["\0", &path.to_string_lossy()]);
        }
        Digest::of(text.as_bytes()).hex()
    }

    /// Takes hold of a folder, waiting for it where nobody else may use it. `fill` makes it if it is
    /// new.
    pub fn hold(
        root: &Path,
        name: &str,
        sharing: Sharing,
        stop: &Stop,
        fill: &mut dyn FnMut(&Path) -> Result<(), BuildError>,
    ) -> Result<Self, BuildError> {
        fs::create_dir_all(root).map_err(system)?;
        let mut number = 0;
        loop {
            let own_name = match number {
                0 => name.to_owned(),
                number => format!("{name}-{number}"),
            };
            let tree = root.join(&own_name);
            let lock = lock_file(&root.join(format!("{own_name}.lock"))).map_err(system)?;
            if wait_for(&lock, sharing, stop)? {
                let lock = made(lock, &tree, sharing, stop, fill)?;
                // When it was used last, for whoever prunes; nobody fails because of it.
                let _ = lock.set_modified(SystemTime::now());
                return Ok(Self {
                    name: name.to_owned(),
                    tree,
                    _lock: Some(lock),
                });
            }
            number += 1;
        }
    }

    /// Tells whether this is the folder of a name.
    pub fn is(&self, name: &str) -> bool {
        self.name == name
    }

    /// Returns the folder for a further mount of the same step.
    pub fn again(&self) -> Self {
        Self {
            name: self.name.clone(),
            tree: self.tree.clone(),
            _lock: None,
        }
    }

    /// Returns the folder.
    pub fn tree(&self) -> PathBuf {
        self.tree.clone()
    }
}

fn lock_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).open(path)
}

/// How long it takes at most until a step that waits sees that the build ended, or the lock is free.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Locks; false if a private folder is in use.
fn wait_for(lock: &File, sharing: Sharing, stop: &Stop) -> Result<bool, BuildError> {
    loop {
        let tried = match sharing {
            Sharing::Shared => lock.try_lock_shared(),
            Sharing::Locked | Sharing::Private => lock.try_lock(),
        };
        match tried {
            Ok(()) => return Ok(true),
            Err(TryLockError::WouldBlock) if sharing == Sharing::Private => return Ok(false),
            // Waiting in flock(2) could be ended by a signal only.
            Err(TryLockError::WouldBlock) => thread::sleep(LOOK_AGAIN),
            Err(TryLockError::Error(error)) => return Err(system(error)),
        }
        stop.check()?;
    }
}

/// Makes the folder if it is new. Of two steps that share it, one does so, alone; the other goes on
/// as soon as it is there, while the first one has begun to use it.
fn made(
    lock: File,
    tree: &Path,
    sharing: Sharing,
    stop: &Stop,
    fill: &mut dyn FnMut(&Path) -> Result<(), BuildError>,
) -> Result<File, BuildError> {
    while !tree.exists() {
        if sharing != Sharing::Shared {
            fill(tree)?;
            break;
        }
        lock.unlock().map_err(system)?;
        match lock.try_lock() {
            Ok(()) if !tree.exists() => fill(tree)?,
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => thread::sleep(LOOK_AGAIN),
            Err(TryLockError::Error(error)) => return Err(system(error)),
        }
        lock.unlock().map_err(system)?;
        wait_for(&lock, Sharing::Shared, stop)?;
    }
    Ok(lock)
}

fn system(source: io::Error) -> BuildError {
    BuildError::System {
        doing: "open a cache of the step",
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hold(root: &Path, name: &str, sharing: Sharing) -> CacheFolder {
        let mut fill = |tree: &Path| {
            fs::create_dir(tree).unwrap();
            Ok(())
        };
        let stop = Stop::new().unwrap();
        CacheFolder::hold(root, name, sharing, &stop, &mut fill).unwrap()
    }

    #[test]
    fn a_private_folder_in_use_is_not_used_twice() {
        let root = tempfile::tempdir().unwrap();
        let first = hold(root.path(), "a", Sharing::Private);
        let second = hold(root.path(), "a", Sharing::Private);
        assert_ne!(first.tree(), second.tree());
        let used = first.tree();
        drop(first);
        assert_eq!(hold(root.path(), "a", Sharing::Private).tree(), used);
    }

    #[test]
    fn a_shared_folder_is_used_by_everybody() {
        let root = tempfile::tempdir().unwrap();
        let first = hold(root.path(), "a", Sharing::Shared);
        assert_eq!(first.tree(), hold(root.path(), "a", Sharing::Shared).tree());
    }

    #[test]
    fn two_that_share_a_new_folder_have_it_at_the_same_time() {
        let root = tempfile::tempdir().unwrap();
        let stop = Stop::new().unwrap();
        for round in 0..100 {
            let both = std::sync::Barrier::new(2);
            let (sender, receiver) = std::sync::mpsc::channel();
            let held = thread::scope(|scope| {
                for _ in 0..2 {
                    let (root, stop, both, sender) = (root.path(), &stop, &both, sender.clone());
                    scope.spawn(move || {
                        let mut fill = |tree: &Path| {
                            fs::create_dir(tree).unwrap();
                            Ok(())
                        };
                        both.wait();
                        let name = format!("{round}");
                        let held = CacheFolder::hold(root, &name, Sharing::Shared, stop, &mut fill);
                        sender.send(held).unwrap();
                    });
                }
                let half_a_minute = Duration::from_secs(30);
                let held: Vec<_> = (0..2)
                    .map_while(|_| receiver.recv_timeout(half_a_minute).ok())
                    .collect();
                if held.len() < 2 {
                    stop.now();
                }
                held
            });
            assert_eq!(held.len(), 2, "round {round}: one waits for the other");
        }
    }

    #[test]
    fn a_locked_folder_is_waited_for() {
        let root = tempfile::tempdir().unwrap();
        let first = hold(root.path(), "a", Sharing::Locked);
        let (sender, receiver) = std::sync::mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(|| {
                let _second = hold(root.path(), "a", Sharing::Locked);
                sender.send(()).unwrap();
            });
            let soon = Duration::from_millis(100);
            assert!(receiver.recv_timeout(soon).is_err());
            drop(first);
            receiver.recv().unwrap();
        });
    }

    #[test]
    fn waiting_ends_when_another_stage_fails() {
        let root = tempfile::tempdir().unwrap();
        let _held = hold(root.path(), "a", Sharing::Locked);
        let stop = Stop::new().unwrap();
        thread::scope(|scope| {
            let mut fill = |_: &Path| unreachable!("it is there");
            let (root, stop) = (root.path(), &stop);
            let waits =
                scope.spawn(move || CacheFolder::hold(root, "a", Sharing::Shared, stop, &mut fill));
            stop.now();
            let outcome = waits.join().unwrap();
            assert!(matches!(outcome, Err(BuildError::Stopped)));
        });
    }

    #[test]
    fn what_a_cache_begins_with_is_part_of_its_name() {
        let layers = [DiffId(Digest::of(b"x"))];
        let begins = Some((layers.as_slice(), Path::new("a")));
        assert_ne!(
            CacheFolder::name("id", None),
            CacheFolder::name("id", begins)
        );
    }
}
