//! How wide a terminal draws a line character: it is drawn once, and the terminal asked where its
//! cursor stands then. Where such characters count as wide ones, as on many terminals for Chinese,
//! Japanese and Korean, pictures made of them would fall apart.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::stdio::stdin;

use crate::runtime::RawMode;

/// How long a terminal may take for its answer; one far away takes a tenth of a second.
const PATIENCE: Duration = Duration::from_millis(300);

/// A line character at the beginning of a line, and Device Status Report 6 (ECMA-48, 8.3.35); then
/// the line is as it was.
const QUESTION: &[u8] = "\r─\x1b[6n\r\x1b[K".as_bytes();

/// The column behind one character, counted from 1.
const NARROW: u32 = 2;

/// What a terminal said, and what was typed meanwhile.
#[derive(Debug, PartialEq, Eq)]
pub struct Asked {
    /// Whether a line character is one column wide. A terminal that does not say is taken for one
    /// where it is not.
    pub narrow: bool,
    /// Keys that were pressed before the answer.
    pub typed: String,
}

/// Asks the terminal that is standard input and output; none if that is not to be had.
pub fn ask() -> Option<Asked> {
    if is_readable(Duration::ZERO) {
        // Somebody types ahead: the keys can't be told from an answer that is cut in two.
        return None;
    }
    let _raw = RawMode::enter(stdin()).ok()?;
    let mut out = io::stdout();
    out.write_all(QUESTION).and_then(|()| out.flush()).ok()?;
    let started = Instant::now();
    let mut heard = Vec::new();
    while let Some(left) = PATIENCE.checked_sub(started.elapsed()) {
        if !is_readable(left) {
            break;
        }
        let mut bytes = [0; 256];
        match rustix::io::read(stdin(), &mut bytes) {
            Ok(count @ 1..) => heard.extend(&bytes[..count]),
            _ => break,
        }
        if answer(&heard).is_some() {
            break;
        }
    }
    Some(understand(&heard))
}

fn understand(heard: &[u8]) -> Asked {
    let found = answer(heard);
    let (before, after, narrow) = match found {
        Some((start, end, column)) => (&heard[..start], &heard[end..], column == NARROW),
        None => (heard, &[][..], false),
    };
    let keys = String::from_utf8_lossy(&[before, after].concat()).replace('\r', "\n");
    // Keys that are no text do something only where a line is edited.
    let is_text = |key: &char| *key == '\n' || !key.is_control();
    let typed = keys.chars().take_while(is_text).collect();
    Asked { narrow, typed }
}

/// Finds a Cursor Position Report, `ESC [ row ; column R`: where it begins and ends, and the column.
fn answer(heard: &[u8]) -> Option<(usize, usize, u32)> {
    let starts = heard.windows(2).enumerate();
    starts
        .filter(|(_, bytes)| bytes == b"\x1b[")
        .find_map(|(start, _)| {
            let rest = &heard[start + 2..];
            let length = rest.iter().position(|&byte| byte == b'R')?;
            let (row, column) = std::str::from_utf8(&rest[..length]).ok()?.split_once(';')?;
            row.parse::<u32>().ok()?;
            Some((start, start + 2 + length + 1, column.parse().ok()?))
        })
}

fn is_readable(patience: Duration) -> bool {
    let mut fds = [PollFd::from_borrowed_fd(stdin(), PollFlags::IN)];
    let patience = Timespec::try_from(patience).ok();
    poll(&mut fds, patience.as_ref()).is_ok_and(|ready| ready > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(narrow: bool, typed: &str) -> Asked {
        let typed = typed.to_owned();
        Asked { narrow, typed }
    }

    #[test]
    fn the_column_behind_the_line_tells_its_width() {
        assert_eq!(understand(b"\x1b[7;2R"), asked(true, ""));
        assert_eq!(understand(b"\x1b[7;3R"), asked(false, ""));
        assert_eq!(understand(b""), asked(false, ""));
    }

    #[test]
    fn keys_around_the_answer_are_kept() {
        assert_eq!(understand(b"im\x1b[12;2Rages\r"), asked(true, "images\n"));
        assert_eq!(understand("한\x1b[A".as_bytes()), asked(false, "한"));
    }

    #[test]
    fn half_an_answer_is_none_yet() {
        assert_eq!(answer(b"\x1b[12;2"), None);
        assert_eq!(answer(b"\x1b[12R"), None);
    }
}
