//! What a running step writes, cut into lines that are safe to show.

use std::collections::BTreeMap;

use crate::build::BuildEvent;
use crate::plan::StepNumber;

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

/// The output of all steps of a build, of which several may run at once.
#[derive(Debug, Default)]
pub struct StepOutputs {
    running: BTreeMap<StepNumber, OutputLines>,
    /// The step that was named last, if nothing else was said since.
    named: Option<StepNumber>,
}

/// A line that a step wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaidLine {
    /// The step, where that is not clear from what was shown right before.
    pub of: Option<StepNumber>,
    /// What it wrote.
    pub line: String,
}

impl StepOutputs {
    /// Takes an event; returns the lines that it ends.
    pub fn event(&mut self, event: &BuildEvent) -> Vec<SaidLine> {
        match event {
            BuildEvent::Started { number, .. } => {
                self.running.insert(*number, OutputLines::default());
                self.named = Some(*number);
                Vec::new()
            }
            BuildEvent::Output { number, bytes, .. } => {
                let lines = self.running.entry(*number).or_default().push(bytes);
                self.said(*number, lines)
            }
            BuildEvent::Progress { .. } | BuildEvent::Transfer { .. } => Vec::new(),
            BuildEvent::Finished(step) => {
                let rest = self.running.get_mut(&step.number);
                let rest = rest.and_then(OutputLines::finish);
                let said = self.said(step.number, rest.into_iter().collect());
                self.running.remove(&step.number);
                self.named = None;
                said
            }
        }
    }

    fn said(&self, number: StepNumber, lines: Vec<String>) -> Vec<SaidLine> {
        let is_clear = self.running.len() == 1 && self.named == Some(number);
        let of = (!is_clear).then_some(number);
        let said = |line| SaidLine { of, line };
        lines.into_iter().map(said).collect()
    }
}

impl SaidLine {
    /// Returns what stands before the line: docker's `#7 ` where the step has to be named.
    pub fn label(&self) -> String {
        self.of
            .map_or_else(String::new, |number| format!("#{number} "))
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
    fn a_line_names_its_step_where_another_one_was_named_since() {
        let started = |number| BuildEvent::Started {
            number,
            text: String::new(),
        };
        let output = |number, bytes: &[u8]| BuildEvent::Output {
            number,
            stderr: false,
            bytes: bytes.to_vec(),
        };
        let finished = |number| {
            let step = crate::render::sample::step(number, crate::build::StepState::Miss, "RUN x");
            BuildEvent::Finished(Box::new(step))
        };
        let events = [
            started(2),
            output(2, b"alone\nha"),
            started(5),
            output(2, b"lf\n"),
            output(5, b"other\nopen"),
            finished(2),
            output(5, b"\nlast"),
            finished(5),
            started(6),
            output(6, b"alone again\n"),
        ];
        let mut outputs = StepOutputs::default();
        let said: Vec<String> = events
            .iter()
            .flat_map(|event| outputs.event(event))
            .map(|said| format!("{}{}", said.label(), said.line))
            .collect();
        let expected = [
            "alone",
            "#2 half",
            "#5 other",
            "#5 open",
            "#5 last",
            "alone again",
        ];
        assert_eq!(said, expected);
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
