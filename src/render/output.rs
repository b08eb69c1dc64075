//! What a running step writes, cut into lines that are safe to show.

/// A line without an end is shown in pieces of at most this many bytes.
const LONGEST: usize = 8 * 1024;

/// Collects bytes as they come and gives lines as they end.
///
/// Colours and cursor movements are taken out: a step may not draw over the picture it is shown in.
/// Of a line that was written over again and again (`\r`, a progress bar), the last version stays.
#[derive(Debug, Default)]
pub struct OutputLines {
    partial: Vec<u8>,
}

impl OutputLines {
    /// Adds bytes; returns the lines they end.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        for part in bytes.split_inclusive(|&byte| byte == b'\n') {
            self.partial.extend_from_slice(part);
            if part.ends_with(b"\n") || self.partial.len() >= LONGEST {
                lines.extend(self.finish());
            }
        }
        lines
    }

    /// Returns the line that was begun, if there is one.
    pub fn finish(&mut self) -> Option<String> {
        let bytes = std::mem::take(&mut self.partial);
        (!bytes.is_empty()).then(|| shown(&bytes))
    }
}

fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_end_matches(['\n', '\r']);
    let last = text.rsplit('\r').next().unwrap_or_default();
    without_escapes(last)
}

/// Takes out what a terminal would obey (ECMA-48): `ESC [ … letter`, `ESC ] … BEL`, `ESC x`.
fn without_escapes(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character != '\u{1b}' {
            shown.push(character);
            continue;
        }
        match characters.next() {
            Some('[') => {
                characters
                    .by_ref()
                    .find(|character| ('@'..='~').contains(character));
            }
            Some(']') => {
                let mut before = ' ';
                characters.by_ref().find(|&character| {
                    let ends = character == '\u{7}' || (before == '\u{1b}' && character == '\\');
                    before = character;
                    ends
                });
            }
            // Escapes with intermediate bytes, such as the choice of a character set.
            Some(' '..='/') => {
                characters.next();
            }
            _ => {}
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(chunks: &[&[u8]]) -> Vec<String> {
        let mut output = OutputLines::default();
        let mut lines: Vec<String> = chunks.iter().flat_map(|chunk| output.push(chunk)).collect();
        lines.extend(output.finish());
        lines
    }

    #[test]
    fn lines_and_characters_may_be_cut_anywhere() {
        let korean = "안녕\n세상".as_bytes();
        assert_eq!(lines(&[&korean[..4], &korean[4..]]), ["안녕", "세상"]);
        assert_eq!(lines(&[b"a\r\n\nb"]), ["a", "", "b"]);
    }

    #[test]
    fn a_line_written_over_shows_its_last_version() {
        assert_eq!(lines(&[b"10%\r50%\r100%\n"]), ["100%"]);
    }

    #[test]
    fn what_a_terminal_would_obey_is_taken_out() {
        assert_eq!(
            lines(&[b"\x1b[1;31mred\x1b[0m \x1b]0;title\x07ok\x1b(B!\x1b"]),
            ["red ok!"]
        );
    }

    #[test]
    fn a_line_that_never_ends_is_shown_in_pieces() {
        let shown = lines(&[&vec![b'x'; 3 * LONGEST]]);
        assert!(
            shown.iter().map(String::len).sum::<usize>() == 3 * LONGEST,
            "{}",
            shown.len()
        );
        let mut output = OutputLines::default();
        let early: usize = (0..100).map(|_| output.push(&[b'x'; 1000]).len()).sum();
        assert!(early > 5, "{early} lines came before the end");
    }
}
