//! The container's own pseudo-terminal.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, Uid};
use rustix::pty::{OpenptFlags, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::stdio::{dup2_stderr, dup2_stdin, dup2_stdout};
use rustix::termios::{Winsize, tcsetwinsize};

use super::spec::Process;
use super::sys;

/// Opens a terminal in the container's devpts, makes it this session's controlling terminal and its
/// stdin, stdout and stderr. Returns the master.
pub fn open(process: &Process) -> io::Result<OwnedFd> {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let master = openpt(flags)?;
    unlockpt(&master)?;
    let terminal = ioctl_tiocgptpeer(&master, flags)?;
    if let Some((rows, columns)) = process.terminal_size {
        tcsetwinsize(&master, size(rows, columns))?;
    }
    if process.user.uid != 0 {
        // Where only one id exists the user is that one, and there is nothing to give.
        let owner = Uid::from_raw(process.user.uid);
        let _ = rustix::fs::fchown(&terminal, Some(owner), None);
    }
    rustix::process::ioctl_tiocsctty(&terminal)?;
    dup2_stdin(&terminal)?;
    dup2_stdout(&terminal)?;
    dup2_stderr(&terminal)?;
    Ok(master)
}

fn size(rows: u16, columns: u16) -> Winsize {
    Winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    }
}

/// Makes the container's first terminal its `/dev/console` too: number 0 of a new devpts.
pub fn make_console() -> io::Result<()> {
    let mode = Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(CWD, "/dev/console", FileType::RegularFile, mode, 0)?;
    sys::bind(Path::new("/dev/pts/0"), Path::new("/dev/console"))
}
