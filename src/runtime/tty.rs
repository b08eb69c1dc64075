//! The learner's own terminal while it is lent to a container: raw mode, its size, and the keys
//! that detach.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::termios::{OptionalActions, Termios, isatty, tcgetattr, tcgetwinsize, tcsetattr};

use super::container_error::ContainerError;
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

/// The keys that leave a container running, looked for in what is typed. The first of them are held
/// back until the next key shows what they were, as docker does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetachKeys {
    keys: Vec<u8>,
    held: Vec<u8>,
}

impl Default for DetachKeys {
    /// Ctrl-P Ctrl-Q.
    fn default() -> Self {
        Self {
            keys: vec![0x10, 0x11],
            held: Vec::new(),
        }
    }
}

impl DetachKeys {
    /// Reads docker's `ctrl-p,ctrl-q` or `ctrl-x,x`: letters and control keys, with commas between.
    /// No word at all means the default.
    pub fn parse(text: &str) -> Result<Self, ContainerError> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let keys: Option<Vec<u8>> = text.split(',').map(key).collect();
        let keys = keys.ok_or_else(|| ContainerError::BadDetachKeys {
            keys: text.to_owned(),
        })?;
        Ok(Self {
            keys,
            held: Vec::new(),
        })
    }

    /// Returns what goes to the container, and whether the keys were typed. What was typed after
    /// them is for nobody.
    pub(super) fn filter(&mut self, typed: &[u8]) -> (Vec<u8>, bool) {
        let mut passed = Vec::with_capacity(typed.len() + self.held.len());
        for &key in typed {
            self.held.push(key);
            while !self.keys.starts_with(&self.held) {
                passed.push(self.held.remove(0));
            }
            if self.held == self.keys {
                self.held.clear();
                return (passed, true);
            }
        }
        (passed, false)
    }
}

fn key(word: &str) -> Option<u8> {
    let control = word.strip_prefix("ctrl-");
    match (control.unwrap_or(word).as_bytes(), control) {
        // What a control key sends is its character without the two upper bits.
        ([byte @ (b'a'..=b'z' | b'@' | b'['..=b'_')], Some(_)) => Some(byte & 0x1f),
        ([byte], None) => Some(*byte),
        _ => None,
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

    #[test]
    fn keys_are_letters_and_control_keys() {
        let keys = |text: &str| DetachKeys::parse(text).map(|it| it.keys).ok();
        for (text, expected) in [
            ("", Some(vec![0x10, 0x11])),
            ("ctrl-p,ctrl-q", Some(vec![0x10, 0x11])),
            ("ctrl-x,x", Some(vec![0x18, b'x'])),
            ("ctrl-@", Some(vec![0])),
            ("ctrl-[,ctrl-_", Some(vec![0x1b, 0x1f])),
            ("Q", Some(b"Q".to_vec())),
            ("ctrl-", None),
            ("ctrl-1", None),
            ("ab", None),
            ("a,,b", None),
        ] {
            assert_eq!(keys(text), expected, "{text}");
        }
    }

    #[test]
    fn keys_that_only_begin_like_them_reach_the_program() {
        let mut keys = DetachKeys::parse("a,a,b").unwrap();
        assert_eq!(keys.filter(b"aa"), (Vec::new(), false));
        assert_eq!(keys.filter(b"acaab"), (b"aaac".to_vec(), true));
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
