//! The log of a container: docker's json-file format, one JSON object per line.
//!
//! `{"log":"hello\n","stream":"stdout","time":"2024-05-01T12:00:00.123456789Z"}`
//!
//! The text of an entry ends with a newline unless the line was longer than 16 KiB or
//! waited for its end too long; then the next entry of the same stream continues it.

use std::borrow::Cow;
use std::io::{self, BufRead, Write};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A longer line is cut into entries of this many bytes, as docker does.
const LONGEST_LINE: usize = 16 * 1024;

/// Which stream a program wrote to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    /// Standard output; everything, with a terminal.
    Stdout,
    /// Standard error.
    Stderr,
}

/// One line of the log file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry<'a> {
    /// The text, with its newline.
    #[serde(borrow)]
    pub log: Cow<'a, str>,
    /// Where it was written.
    pub stream: Stream,
    /// When it was read from the container.
    #[serde(with = "super::state::moment")]
    pub time: Timestamp,
}

/// Turns what a container writes into entries. Whole lines are written at once; the start of a
/// line waits for its end, but [`LogWriter::flush`] writes it as it is.
#[derive(Debug)]
pub struct LogWriter<W> {
    file: W,
    partial: [Vec<u8>; 2],
    buffer: Vec<u8>,
}

impl<W: Write> LogWriter<W> {
    /// Writes to the end of a file.
    pub fn new(file: W) -> Self {
        Self {
            file,
            partial: [Vec::new(), Vec::new()],
            buffer: Vec::new(),
        }
    }

    /// Logs bytes as the container wrote them, in one write to the file.
    pub fn write(&mut self, stream: Stream, bytes: &[u8], now: Timestamp) -> io::Result<()> {
        let mut text = std::mem::take(&mut self.partial[stream as usize]);
        text.extend_from_slice(bytes);
        let mut rest = text.as_slice();
        while let Some(length) = entry_length(rest) {
            let (entry, after) = rest.split_at(length);
            self.entry(stream, entry, now);
            rest = after;
        }
        self.partial[stream as usize] = rest.to_vec();
        self.write_out()
    }

    /// Whether a start of a line waits for its end.
    pub fn is_waiting(&self) -> bool {
        self.partial.iter().any(|partial| !partial.is_empty())
    }

    /// Writes the lines that wait for their end. A character that is cut keeps waiting, unless
    /// this is the end.
    pub fn flush(&mut self, end: bool, now: Timestamp) -> io::Result<()> {
        for stream in [Stream::Stdout, Stream::Stderr] {
            let text = std::mem::take(&mut self.partial[stream as usize]);
            let length = if end {
                text.len()
            } else {
                whole_characters(&text)
            };
            if length > 0 {
                self.entry(stream, &text[..length], now);
            }
            self.partial[stream as usize] = text[length..].to_vec();
        }
        self.write_out()
    }

    fn entry(&mut self, stream: Stream, text: &[u8], time: Timestamp) {
        let log = String::from_utf8_lossy(text);
        let entry = Entry { log, stream, time };
        serde_json::to_writer(&mut self.buffer, &entry).expect("a Vec takes every byte");
        self.buffer.push(b'\n');
    }

    fn write_out(&mut self) -> io::Result<()> {
        let written = self.file.write_all(&self.buffer);
        self.buffer.clear();
        // One huge chunk must not stay in memory for the rest of the container's life.
        self.buffer.shrink_to(2 * LONGEST_LINE);
        written
    }
}

/// Returns how many bytes the next entry takes, none while the line is short and open.
fn entry_length(text: &[u8]) -> Option<usize> {
    let window = &text[..text.len().min(LONGEST_LINE)];
    if let Some(newline) = window.iter().position(|&byte| byte == b'\n') {
        return Some(newline + 1);
    }
    (text.len() >= LONGEST_LINE).then(|| match whole_characters(window) {
        0 => LONGEST_LINE,
        length => length,
    })
}

/// Returns the length without a UTF-8 character that is cut at the end.
fn whole_characters(text: &[u8]) -> usize {
    for back in 1..=text.len().min(3) {
        let at = text.len() - back;
        let needed = match text[at] {
            0xC2..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xF4 => 4,
            0x80..=0xBF => continue,
            _ => 1,
        };
        return if needed > back { at } else { text.len() };
    }
    text.len()
}

/// What to show of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Show {
    /// Only the last so many lines.
    pub tail: Option<usize>,
    /// Each line begins with its time.
    pub timestamps: bool,
    /// Only what was written at this time or later.
    pub since: Option<Timestamp>,
    /// Only what was written before.
    pub until: Option<Timestamp>,
    /// Each line begins with what a log driver would add: nothing, and a blank behind it.
    pub details: bool,
}

impl Show {
    fn wants(&self, time: Timestamp) -> bool {
        self.since.is_none_or(|since| time >= since) && self.until.is_none_or(|until| time < until)
    }
}

/// Writes entries where they belong: stdout to `out`, stderr to `err`.
pub struct LogPrinter<'a> {
    show: Show,
    out: &'a mut dyn Write,
    err: &'a mut dyn Write,
    open: [bool; 2],
}

impl<'a> LogPrinter<'a> {
    /// Prints to two streams.
    pub fn new(show: Show, out: &'a mut dyn Write, err: &'a mut dyn Write) -> Self {
        Self {
            show,
            out,
            err,
            open: [false; 2],
        }
    }

    /// Prints one line of the log file. A line that is no entry (a log cut by a full disk) is
    /// skipped.
    pub fn print(&mut self, line: &[u8]) -> io::Result<()> {
        let Ok(entry) = serde_json::from_slice::<Entry>(line) else {
            return Ok(());
        };
        if !self.show.wants(entry.time) {
            return Ok(());
        }
        let to = match entry.stream {
            Stream::Stdout => &mut *self.out,
            Stream::Stderr => &mut *self.err,
        };
        let open = &mut self.open[entry.stream as usize];
        if self.show.timestamps && !*open {
            write!(to, "{:.9} ", entry.time)?;
        }
        if self.show.details && !*open {
            write!(to, " ")?;
        }
        *open = !entry.log.ends_with('\n');
        to.write_all(entry.log.as_bytes())
    }

    fn is_shown(&self, line: &[u8]) -> bool {
        serde_json::from_slice::<Entry>(line).is_ok_and(|entry| self.show.wants(entry.time))
    }

    /// How long anything may still come that is to be shown; none where nothing says so.
    pub(super) fn left(&self, now: Timestamp) -> Option<Duration> {
        let until = self.show.until?;
        Some(now.duration_until(until).try_into().unwrap_or_default())
    }

    /// Makes what was printed visible.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()?;
        self.err.flush()
    }

    /// Prints a log from where `log` stands to its end, or its last lines only.
    pub fn print_all(&mut self, log: &mut impl BufRead) -> io::Result<()> {
        let mut kept = std::collections::VecDeque::new();
        let mut line = Vec::new();
        while read_line(log, &mut line)? {
            match self.show.tail.filter(|_| self.is_shown(&line)) {
                None if self.show.tail.is_some() => {}
                None => self.print(&line)?,
                Some(0) => {}
                Some(tail) => {
                    if kept.len() == tail {
                        kept.pop_front();
                    }
                    kept.push_back(std::mem::take(&mut line));
                }
            }
            line.clear();
        }
        kept.iter().try_for_each(|line| self.print(line))?;
        self.flush()
    }

    /// Prints what was added to a log since the last look. `line` keeps a line that is not all
    /// there until the next call.
    pub fn print_new(&mut self, log: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<()> {
        while read_line(log, line)? {
            self.print(line)?;
            line.clear();
        }
        self.flush()
    }
}

fn read_line(log: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    log.read_until(b'\n', line)?;
    Ok(line.ends_with(b"\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn entries(log: &[u8]) -> Vec<(String, Stream)> {
        let lines = log
            .split(|&byte| byte == b'\n')
            .filter(|line| !line.is_empty());
        lines
            .map(|line| serde_json::from_slice::<Entry>(line).unwrap())
            .map(|entry| (entry.log.into_owned(), entry.stream))
            .collect()
    }

    fn logged(chunks: &[(Stream, &[u8])]) -> Vec<(String, Stream)> {
        let mut file = Vec::new();
        let mut writer = LogWriter::new(&mut file);
        for (stream, bytes) in chunks {
            writer.write(*stream, bytes, NOW).unwrap();
        }
        writer.flush(true, NOW).unwrap();
        entries(&file)
    }

    fn printed(log: &[u8], show: Show) -> (String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        LogPrinter::new(show, &mut out, &mut err)
            .print_all(&mut &*log)
            .unwrap();
        (
            String::from_utf8(out).unwrap(),
            String::from_utf8(err).unwrap(),
        )
    }

    #[test]
    fn an_entry_is_dockers_line() {
        let mut file = Vec::new();
        LogWriter::new(&mut file)
            .write(Stream::Stderr, b"a\"b\n", NOW)
            .unwrap();
        assert_eq!(
            String::from_utf8(file).unwrap(),
            "{\"log\":\"a\\\"b\\n\",\"stream\":\"stderr\",\"time\":\"1970-01-01T00:00:00Z\"}\n"
        );
    }

    #[test]
    fn lines_are_joined_over_chunks_and_per_stream() {
        use Stream::{Stderr, Stdout};
        let found = logged(&[
            (Stdout, b"one\ntw"),
            (Stderr, b"oops\n"),
            (Stdout, b"o\nthree"),
        ]);
        let expected = [
            ("one\n", Stdout),
            ("oops\n", Stderr),
            ("two\n", Stdout),
            ("three", Stdout),
        ];
        assert_eq!(
            found,
            expected.map(|(text, stream)| (text.to_owned(), stream))
        );
    }

    #[test]
    fn a_cut_korean_character_is_never_spoilt() {
        let text = "한글\n".as_bytes();
        for cut in 1..text.len() {
            let mut file = Vec::new();
            let mut writer = LogWriter::new(&mut file);
            writer.write(Stream::Stdout, &text[..cut], NOW).unwrap();
            writer.flush(false, NOW).unwrap();
            writer.write(Stream::Stdout, &text[cut..], NOW).unwrap();
            writer.flush(true, NOW).unwrap();
            let whole: String = entries(&file).into_iter().map(|(text, _)| text).collect();
            assert_eq!(whole, "한글\n", "cut at {cut}");
        }
    }

    #[test]
    fn a_long_line_is_cut_and_whole_again_when_printed() {
        let line = "가".repeat(20_000) + "\n";
        let mut file = Vec::new();
        LogWriter::new(&mut file)
            .write(Stream::Stdout, line.as_bytes(), NOW)
            .unwrap();
        assert!(entries(&file).len() > 3);
        assert_eq!(printed(&file, Show::default()).0, line);
    }

    #[test]
    fn bytes_that_are_no_text_do_not_stop_the_log() {
        let found = logged(&[(Stream::Stdout, &[0xff, 0xfe, b'x', b'\n'])]);
        assert_eq!(found[0].0, "\u{fffd}\u{fffd}x\n");
        let endless = vec![0x80; LONGEST_LINE + 1];
        assert_eq!(logged(&[(Stream::Stdout, &endless)]).len(), 2);
    }

    #[test]
    fn printing_keeps_the_streams_apart_and_takes_the_tail() {
        let mut file = Vec::new();
        let mut writer = LogWriter::new(&mut file);
        writer.write(Stream::Stdout, b"1\n2\n3\n", NOW).unwrap();
        writer.write(Stream::Stderr, b"e\n", NOW).unwrap();
        let all = printed(&file, Show::default());
        assert_eq!(all, ("1\n2\n3\n".into(), "e\n".into()));
        let tail = |count| {
            printed(
                &file,
                Show {
                    tail: Some(count),
                    ..Show::default()
                },
            )
        };
        assert_eq!(tail(2), ("3\n".into(), "e\n".into()));
        assert_eq!(tail(0), (String::new(), String::new()));
    }

    #[test]
    fn times_have_nine_digits_and_stand_once_per_line() {
        let mut file = Vec::new();
        let mut writer = LogWriter::new(&mut file);
        writer.write(Stream::Stdout, b"half", NOW).unwrap();
        writer.flush(false, NOW).unwrap();
        writer.write(Stream::Stdout, b" line\n", NOW).unwrap();
        let show = Show {
            timestamps: true,
            ..Show::default()
        };
        assert_eq!(
            printed(&file, show).0,
            "1970-01-01T00:00:00.000000000Z half line\n"
        );
    }

    #[test]
    fn what_was_written_at_other_times_is_left_out_before_lines_are_counted() {
        let mut file = Vec::new();
        let mut writer = LogWriter::new(&mut file);
        let at = |second| Timestamp::from_second(second).unwrap();
        for second in 0..6 {
            let line = format!("{second}\n");
            writer
                .write(Stream::Stdout, line.as_bytes(), at(second))
                .unwrap();
        }
        let show = Show {
            since: Some(at(2)),
            until: Some(at(5)),
            ..Show::default()
        };
        assert_eq!(printed(&file, show).0, "2\n3\n4\n");
        let tail = Some(1);
        assert_eq!(printed(&file, Show { tail, ..show }).0, "4\n");
        let details = true;
        assert_eq!(
            printed(
                &file,
                Show {
                    tail,
                    details,
                    ..show
                }
            )
            .0,
            " 4\n"
        );
    }

    #[test]
    fn an_entry_that_is_still_being_written_waits_for_its_rest() {
        let mut file = Vec::new();
        LogWriter::new(&mut file)
            .write(Stream::Stdout, b"late\n", NOW)
            .unwrap();
        let (mut out, mut err, mut line) = (Vec::new(), Vec::new(), Vec::new());
        let mut printer = LogPrinter::new(Show::default(), &mut out, &mut err);
        printer.print_new(&mut &file[..20], &mut line).unwrap();
        printer.print_new(&mut &file[20..], &mut line).unwrap();
        assert_eq!(out, b"late\n");
    }
}
