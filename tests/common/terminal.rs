//! strata at a terminal of 80 columns and 24 lines: keys go in, the screen is read.

use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rexpect::process::{PtyProcess, Signal, WaitStatus};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use super::strata::Home;

/// How long anything may take; other tests run at the same time.
const PATIENCE: Duration = Duration::from_secs(30);
const LINES: u16 = 24;
const COLUMNS: u16 = 80;
/// What stands before a line to be typed.
const PROMPTS: [&str; 2] = ["strata>", "build>"];
/// Lines that can be read though they have left the screen.
const SCROLLBACK: usize = 500;

/// How a program asks where the cursor stands.
const CURSOR: &[u8] = b"\x1b[6n";
/// Makes this a terminal where a line character is two columns wide, or says it is.
pub const WIDE: (&str, &str) = ("TEST_TERMINAL", "wide");

/// A program at a terminal.
pub struct Terminal {
    process: PtyProcess,
    keys: File,
    screen: Arc<Mutex<vt100::Parser>>,
    /// Lines that `expect` has seen.
    seen: usize,
}

impl Terminal {
    /// Opens the prompt in a folder, in English.
    pub fn open(home: &Home) -> Self {
        Self::open_with(home, &[])
    }

    /// Opens the prompt with more variables.
    pub fn open_with(home: &Home, variables: &[(&str, &str)]) -> Self {
        Self::start(home, &[], variables)
    }

    /// Calls a verb as a shell does.
    pub fn call(home: &Home, words: &[&str]) -> Self {
        Self::start(home, words, &[])
    }

    fn start(home: &Home, words: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut command = home.command(words);
        command.stdin(Stdio::inherit());
        command.env("TERM", "xterm-256color");
        command.envs(variables.iter().copied());
        let process = PtyProcess::new(command).unwrap();
        let keys = process.get_file_handle().unwrap();
        let size = Winsize {
            ws_row: LINES,
            ws_col: COLUMNS,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&keys, size).unwrap();
        let [lines, columns] = [LINES, COLUMNS].map(|it| NonZeroU16::new(it).unwrap());
        let screen = vt100::Parser::new(lines, columns, SCROLLBACK);
        let screen = Arc::new(Mutex::new(screen));
        let wide = variables.contains(&WIDE);
        let mut answers = keys.try_clone().unwrap();
        let (mut output, shown) = (keys.try_clone().unwrap(), Arc::clone(&screen));
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            // A terminal whose last program has ended reads as an error.
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                let mut shown = shown.lock().unwrap();
                let bytes = &bytes[..count];
                let asked = bytes.windows(CURSOR.len()).position(|it| it == CURSOR);
                let (before, after) = bytes.split_at(asked.unwrap_or(count));
                shown.process(before);
                if asked.is_some() {
                    let (row, column) = shown.screen().cursor_position();
                    let column = column + 1 + u16::from(wide);
                    write!(answers, "\x1b[{};{column}R", row + 1).unwrap();
                }
                shown.process(after);
            }
        });
        Self {
            process,
            keys,
            screen,
            seen: 0,
        }
    }

    /// Opens the prompt, passes by the lessons, and waits for the prompt.
    pub fn begin(home: &Home) -> Self {
        let mut terminal = Self::open(home);
        terminal.expect("free play");
        terminal.keys("p\r");
        terminal.expect("strata>");
        terminal
    }

    /// Presses keys.
    pub fn keys(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    /// Types a line and waits for these words after it and the next prompt; returns what is new.
    pub fn line(&mut self, line: &str, words: &str) -> String {
        let before = self.lines().len();
        self.keys(&format!("{line}\r"));
        let news = self.wait_for(words, || {
            let lines = self.lines();
            let news = lines.get(before..).filter(|news| !news.is_empty())?;
            let text = news.join("\n");
            (self.is_at_prompt(&lines) && text.contains(words)).then_some(text)
        });
        self.seen = self.lines().len();
        news
    }

    /// Tells whether the cursor stands right behind a prompt.
    fn is_at_prompt(&self, lines: &[String]) -> bool {
        let (_, column) = self.screen.lock().unwrap().screen().cursor_position();
        let is_behind = |prompt: &&str| {
            lines.last().is_some_and(|line| line.starts_with(*prompt))
                && usize::from(column) == prompt.len() + 1
        };
        PROMPTS.iter().any(is_behind)
    }

    /// Waits until words appear in a line that was not there at the last call.
    pub fn expect(&mut self, words: &str) {
        self.seen = self.wait_for(words, || {
            let lines = self.lines();
            let news = lines.get(self.seen..)?;
            let at = news.iter().position(|line| line.contains(words))?;
            Some(self.seen + at + 1)
        });
    }

    /// Waits until words stand anywhere, also where others stood before.
    pub fn sees(&mut self, words: &str) {
        self.wait_for(words, || self.text().contains(words).then_some(()));
        self.seen = self.lines().len();
    }

    fn wait_for<T>(&self, words: &str, found: impl Fn() -> Option<T>) -> T {
        let started = Instant::now();
        loop {
            if let Some(value) = found() {
                return value;
            }
            assert!(
                started.elapsed() <= PATIENCE,
                "waited for {words:?} in\n{}",
                self.text()
            );
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Returns everything on the screen and what has left it.
    pub fn text(&self) -> String {
        self.lines().join("\n")
    }

    fn lines(&self) -> Vec<String> {
        let mut screen = self.screen.lock().unwrap();
        let screen = screen.screen_mut();
        screen.set_scrollback(usize::MAX);
        let mut above = screen.scrollback();
        let mut lines: Vec<String> = Vec::new();
        while above > 0 {
            screen.set_scrollback(above);
            let count = above.min(usize::from(LINES));
            lines.extend(screen.rows(0, COLUMNS).take(count));
            above -= count;
        }
        screen.set_scrollback(0);
        lines.extend(screen.rows(0, COLUMNS));
        while lines.last().is_some_and(|line| line.trim().is_empty()) {
            lines.pop();
        }
        lines
            .iter()
            .map(|line| line.trim_end().to_owned())
            .collect()
    }

    /// Tells whether lines are put together and Ctrl-C is heard, as a shell expects it. rexpect
    /// itself turns the echo off.
    pub fn is_in_order(&self) -> bool {
        let modes = tcgetattr(&self.keys).unwrap().local_modes;
        modes.contains(LocalModes::ICANON | LocalModes::ISIG)
    }

    /// Sends a signal.
    pub fn signal(&mut self, signal: Signal) {
        self.process.signal(signal).unwrap();
    }

    /// Waits for the end and returns the exit code.
    pub fn ended(&mut self) -> i32 {
        self.wait_for("the end", || match self.process.status() {
            Some(WaitStatus::Exited(_, code)) => Some(code),
            Some(WaitStatus::Signaled(_, signal, _)) => Some(128 + signal as i32),
            _ => None,
        })
    }
}
