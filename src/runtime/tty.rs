//! The learner's own terminal while it is lent to a container: raw mode, its size, and the keys
//! that detach.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::termios::{OptionalActions, Termios, isatty, tcgetattr, tcgetwinsize, tcsetattr};

use super::wire::Size;

/// A terminal in raw mode; dropping it gives back the mode it had, after a panic too. Signals that
/// would end the process are caught while it lives ([`super::signals`]), so it is dropped then.
#[derive(Debug)]
pub struct RawMode {
    terminal: OwnedFd,
    before: Termios,
}

impl RawMode {
    /// Makes a terminal raw: every key goes to the container as it is.
    pub fn enter(terminal: BorrowedFd<'_>) -> io::Result<Self> {
        let terminal = terminal.try_clone_to_owned()?;
        let before = tcgetattr(&terminal)?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(&terminal, OptionalActions::Drain, &raw)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        // A terminal that was closed needs no mode.
        let _ = tcsetattr(&self.terminal, OptionalActions::Drain, &self.before);
    }
}

/// Whether this is a terminal.
pub(super) fn is_terminal(fd: BorrowedFd<'_>) -> bool {
    isatty(fd)
}

/// Returns a terminal's size; none when this is no terminal.
pub(super) fn size(fd: impl AsFd) -> Option<Size> {
    let size = tcgetwinsize(fd).ok()?;
    Some(Size {
        rows: size.ws_row,
        columns: size.ws_col,
    })
}

const CTRL_P: u8 = 0x10;
const CTRL_Q: u8 = 0x11;

/// Looks for Ctrl-P Ctrl-Q in what is typed. A Ctrl-P is held back until the next key shows what
/// it was, as docker does.
#[derive(Debug, Default)]
pub(super) struct DetachKeys {
    held: bool,
}

impl DetachKeys {
    /// Returns what goes to the container, and whether the keys were typed. What was typed after
    /// them is for nobody.
    pub fn filter(&mut self, typed: &[u8]) -> (Vec<u8>, bool) {
        let mut passed = Vec::with_capacity(typed.len() + 1);
        for &key in typed {
            if self.held && key == CTRL_Q {
                self.held = false;
                return (passed, true);
            }
            if std::mem::take(&mut self.held) {
                passed.push(CTRL_P);
            }
            if key == CTRL_P {
                self.held = true;
            } else {
                passed.push(key);
            }
        }
        (passed, false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::termios::LocalModes;

    fn typed(chunks: &[&[u8]]) -> (Vec<u8>, bool) {
        let mut keys = DetachKeys::default();
        let mut all = Vec::new();
        for chunk in chunks {
            let (passed, detached) = keys.filter(chunk);
            all.extend(passed);
            if detached {
                return (all, true);
            }
        }
        (all, false)
    }

    #[test]
    fn ctrl_p_ctrl_q_detaches_also_over_two_reads() {
        assert_eq!(typed(&[b"ls\n\x10\x11rest"]), (b"ls\n".to_vec(), true));
        assert_eq!(typed(&[b"\x10", b"\x11"]), (Vec::new(), true));
        assert_eq!(typed(&[b"\x10\x10\x11"]), (b"\x10".to_vec(), true));
    }

    #[test]
    fn a_ctrl_p_for_the_program_reaches_it() {
        assert_eq!(typed(&[b"\x10", b"x"]), (b"\x10x".to_vec(), false));
        assert_eq!(typed(&[b"\x11a"]), (b"\x11a".to_vec(), false));
    }

    fn terminal() -> (OwnedFd, OwnedFd) {
        let pair = nix::pty::openpty(None, None).unwrap();
        (pair.master, pair.slave)
    }

    fn is_raw(terminal: &OwnedFd) -> bool {
        !tcgetattr(terminal)
            .unwrap()
            .local_modes
            .contains(LocalModes::ICANON)
    }

    #[test]
    fn raw_mode_ends_with_the_guard_and_after_a_panic() {
        let (_master, terminal) = terminal();
        let guard = RawMode::enter(terminal.as_fd()).unwrap();
        assert!(is_raw(&terminal));
        drop(guard);
        assert!(!is_raw(&terminal));
        std::panic::catch_unwind(|| {
            let _guard = RawMode::enter(terminal.as_fd()).unwrap();
            panic!("on purpose");
        })
        .unwrap_err();
        assert!(!is_raw(&terminal));
    }

    #[test]
    fn only_a_terminal_has_a_size() {
        let (_master, terminal) = terminal();
        assert!(size(&terminal).is_some());
        assert_eq!(size(std::fs::File::open("/dev/null").unwrap()), None);
    }
}
