//! The two sides of a program's streams: what it gets as stdin, stdout and stderr, and the ends that
//! a relay holds.

use std::fs::OpenOptions;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::termios::{Winsize, tcsetwinsize};

use super::launch::Stdio;
use super::log::Stream;
use super::wire::Size;

/// The program's ends that the relay holds.
#[derive(Debug, Default)]
pub(super) struct Ends {
    /// Where its stdin is written.
    pub stdin: Option<OwnedFd>,
    /// Where its stdout and stderr are read.
    pub outputs: Vec<(Stream, OwnedFd)>,
    /// The terminal's master, for its size.
    pub terminal: Option<OwnedFd>,
}

impl Ends {
    /// Makes the ends of a terminal's master.
    pub fn of_terminal(master: OwnedFd) -> io::Result<Self> {
        Ok(Self {
            stdin: Some(master.try_clone()?),
            outputs: vec![(Stream::Stdout, master.try_clone()?)],
            terminal: Some(master),
        })
    }
}

/// Makes the pipes of a program without a terminal.
pub(super) fn pipes(input: bool) -> io::Result<(Stdio, Ends)> {
    let (out_read, out_write) = io::pipe()?;
    let (err_read, err_write) = io::pipe()?;
    let (in_read, in_write) = input.then(io::pipe).transpose()?.unzip();
    let stdio = Stdio {
        stdin: in_read.map(Into::into),
        stdout: Some(out_write.into()),
        stderr: Some(err_write.into()),
    };
    let ends = Ends {
        stdin: in_write.map(Into::into),
        outputs: vec![
            (Stream::Stdout, out_read.into()),
            (Stream::Stderr, err_read.into()),
        ],
        terminal: None,
    };
    Ok((stdio, ends))
}

/// Returns this process's own stdio, to be handed on.
pub(super) fn own_stdio(stdin: bool) -> io::Result<Stdio> {
    let copy = |fd: BorrowedFd<'_>| fd.try_clone_to_owned();
    Ok(Stdio {
        stdin: stdin.then(|| copy(rustix::stdio::stdin())).transpose()?,
        stdout: Some(copy(rustix::stdio::stdout())?),
        stderr: Some(copy(rustix::stdio::stderr())?),
    })
}

/// Replaces our own stdio, so that a pipe's other side sees its end when the program closes it.
pub(super) fn let_go_of_stdio() {
    let null = OpenOptions::new().read(true).write(true).open("/dev/null");
    // A machine without /dev/null keeps the streams open a moment longer, that is all.
    let Ok(null) = null.map(OwnedFd::from) else {
        return;
    };
    let _ = rustix::stdio::dup2_stdin(&null);
    let _ = rustix::stdio::dup2_stdout(&null);
    let _ = rustix::stdio::dup2_stderr(&null);
}

/// Gives a terminal a size.
pub(super) fn resize(terminal: &OwnedFd, size: Size) {
    let size = Winsize {
        ws_row: size.rows,
        ws_col: size.columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    // Only fails once the terminal is gone, and then nobody looks at it.
    let _ = tcsetwinsize(terminal, size);
}
