//! The container's own pseudo-terminal.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, Uid};
use rustix::pty::{OpenptFlags, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::stdio::{dup2_stderr, dup2_stdin, dup2_stdout};

use super::sys;

/// Opens a terminal in the container's devpts, makes it this session's controlling terminal, its
/// stdin, stdout and stderr, and `/dev/console`. Returns the master.
pub fn open(owner: u32) -> io::Result<OwnedFd> {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let master = openpt(flags)?;
    unlockpt(&master)?;
    let terminal = ioctl_tiocgptpeer(&master, flags)?;
    if owner != 0 {
        // Where only one id exists the user is that one, and there is nothing to give.
        let _ = rustix::fs::fchown(&terminal, Some(Uid::from_raw(owner)), None);
    }
    console()?;
    rustix::process::ioctl_tiocsctty(&terminal)?;
    dup2_stdin(&terminal)?;
    dup2_stdout(&terminal)?;
    dup2_stderr(&terminal)?;
    Ok(master)
}

/// The first terminal of a new devpts is number 0.
fn console() -> io::Result<()> {
    let mode = Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(CWD, "/dev/console", FileType::RegularFile, mode, 0)?;
    sys::bind(Path::new("/dev/pts/0"), Path::new("/dev/console"))
}
