//! The copy of strata that is let near containers, which none of them can write to.
//!
//! PID 1 is strata until it executes the program, and a container's root could reach for
//! `/proc/1/exe` (CVE-2019-5736: runc on the host was overwritten so). What it finds there is a
//! read-only mount of the executable, detached from every tree, which takes three system calls. Where
//! the kernel can't do that, it is a sealed copy in memory, made once per process: that costs reading
//! the whole executable.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::OnceLock;

use rustix::fs::{CWD, MemfdFlags, SealFlags};

use super::sys;

/// Returns a descriptor to execute strata by where a container might look back at it. Works inside
/// an entered process only.
pub fn executable() -> io::Result<BorrowedFd<'static>> {
    static GUARDED: OnceLock<OwnedFd> = OnceLock::new();
    if let Some(guarded) = GUARDED.get() {
        return Ok(guarded.as_fd());
    }
    let executable = super::executable();
    let made = read_only_mount(executable).or_else(|_| sealed_copy(executable))?;
    Ok(GUARDED.get_or_init(|| made).as_fd())
}

/// The mount that /proc/self/exe itself leads to belongs to the namespace this process came from
/// and can't be cloned, so the file is looked up again by name, and must be the same.
fn read_only_mount(executable: &Path) -> io::Result<OwnedFd> {
    let name = fs::read_link(executable).unwrap_or_else(|_| executable.to_owned());
    let mount = sys::clone_mount(CWD, &name, false)?;
    let (found, wanted) = (rustix::fs::fstat(&mount)?, fs::metadata(executable)?);
    if (found.st_dev, found.st_ino) != (wanted.dev(), wanted.ino()) {
        return Err(io::ErrorKind::NotFound.into());
    }
    sys::set_mount_read_only(&mount)?;
    Ok(mount)
}

fn sealed_copy(executable: &Path) -> io::Result<OwnedFd> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let copy = File::from(rustix::fs::memfd_create("strata", flags)?);
    io::copy(&mut File::open(executable)?, &mut &copy)?;
    let seals = SealFlags::SEAL | SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE;
    rustix::fs::fcntl_add_seals(&copy, seals)?;
    Ok(copy.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_sealed_copy_has_the_content_and_refuses_writes() {
        let mut original = tempfile::NamedTempFile::new().unwrap();
        original.write_all(b"program").unwrap();
        let mut copy = File::from(sealed_copy(original.path()).unwrap());
        assert_eq!(copy.metadata().unwrap().len(), 7);
        let error = copy.write(b"evil").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
    }
}
