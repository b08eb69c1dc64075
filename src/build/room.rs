//! Where a RUN works: the layers below with a writable folder over them, or all copied into one
//! folder where this machine has no overlayfs. Either way the same layer comes out.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::error::BuildError;
use crate::layers::{Layer, ScratchDir, Snapshot, Stack, Store, UpperOptions};
use crate::runtime::probe::Overlay;
use crate::runtime::{Rootfs, clean_mount_points, clean_upper, probe};

/// Once the kernel refused overlayfs here, the other steps need not ask again.
static REFUSED: AtomicBool = AtomicBool::new(false);

/// Whether layers have to be copied on this machine, as far as is known.
pub fn is_copying() -> bool {
    REFUSED.load(Ordering::Relaxed) || probe().overlay == Overlay::None
}

/// The files of one RUN, gone when dropped.
pub struct Room<'a> {
    store: &'a Store,
    below: &'a Stack,
    scratch: ScratchDir,
    /// What the layers looked like in their folder before the step.
    copied: Option<Snapshot>,
}

impl<'a> Room<'a> {
    /// Prepares a place to work on the layers of `below`.
    pub fn new(store: &'a Store, below: &'a Stack) -> Result<Self, BuildError> {
        let mut room = Self {
            store,
            below,
            scratch: store.scratch()?,
            copied: None,
        };
        for folder in [room.upper(), room.work()] {
            make_folder(&folder).map_err(system("make a folder for the step"))?;
        }
        if is_copying() {
            room.copy()?;
        }
        Ok(room)
    }

    /// Returns what becomes the step's `/`.
    pub fn rootfs(&self) -> Rootfs {
        if self.copied.is_some() {
            return Rootfs::Folder(self.folder());
        }
        Rootfs::Overlay {
            lower: self.below.lower_dirs(),
            upper: self.upper(),
            work: self.work(),
        }
    }

    /// Copies the layers, after overlayfs was refused.
    pub fn copy_instead(&mut self) -> Result<Rootfs, BuildError> {
        REFUSED.store(true, Ordering::Relaxed);
        self.copy()?;
        Ok(self.rootfs())
    }

    fn copy(&mut self) -> Result<(), BuildError> {
        self.store.check_out(self.below, &self.folder())?;
        self.copied = Some(Snapshot::take(&self.folder())?);
        Ok(())
    }

    /// Makes a layer of what the step changed. `points` is where something was mounted, relative to
    /// the root: what had to be made for that goes.
    pub fn commit(
        self,
        options: &UpperOptions<'_>,
        points: &[PathBuf],
    ) -> Result<Layer, BuildError> {
        let (upper, lower) = (self.upper(), self.below.lower_dirs());
        let tidy = || {
            clean_mount_points(&upper, &lower, points)
                .and_then(|()| clean_upper(&upper, &lower))
                .map_err(system("tidy the step's files"))
        };
        let Some(before) = &self.copied else {
            tidy()?;
            return Ok(self.store.commit_upper(&upper, options)?);
        };
        let changes = self.store.take_changes(&self.folder(), before, &upper)?;
        tidy()?;
        Ok(self.store.commit_changes(changes, options)?)
    }

    /// Returns the folder in which all of this lies.
    pub fn path(&self) -> &Path {
        self.scratch.path()
    }

    fn upper(&self) -> PathBuf {
        self.path().join("upper")
    }

    fn work(&self) -> PathBuf {
        self.path().join("work")
    }

    fn folder(&self) -> PathBuf {
        self.path().join("rootfs")
    }
}

/// Makes a folder that every user of the image may enter, whatever the umask here is: `/` takes its
/// mode from the upper directory.
pub(super) fn make_folder(path: &Path) -> std::io::Result<()> {
    fs::create_dir(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

fn system(doing: &'static str) -> impl FnOnce(std::io::Error) -> BuildError {
    move |source| BuildError::System { doing, source }
}
