//! The last lines of the terminal while a build runs: the running steps, how long they take, how far
//! they are, what they say.
//!
//! What is shown is a picture like any other ([`region`]). Drawing it over and over is left to
//! `indicatif`, which moves the cursor; the face decides where, and only on a terminal.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::output::{SaidLine, StepOutputs};
use super::quantity::{duration, size};
use super::screen::{Chrome, Screen};
use super::text::{Line, Style, Text};
use super::transfers::TransferLines;
use super::width::width;
use crate::build::BuildEvent;
use crate::plan::StepNumber;

/// Last lines of running steps that are shown; several steps share them, and each has one.
const TAIL: usize = 4;
/// lesson-format.md, 10.12: rewritten at most four times a second.
const REFRESH: Duration = Duration::from_millis(250);
/// What is done by then would only flicker.
const PATIENCE: Duration = Duration::from_millis(200);

/// What stays on the screen of what steps write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Every line, as in the REPL, where somebody typed the step to see them.
    Output,
    /// Nothing: the last lines are there while the step runs.
    Nothing,
}

/// Shows a build while it runs.
#[derive(Debug)]
pub struct LiveBuild {
    screen: Screen,
    keep: Keep,
    region: MultiProgress,
    /// Base images on their way.
    transfers: TransferLines,
    /// In the order in which they began.
    steps: Vec<LiveStep>,
    /// How many they are.
    count: Arc<AtomicUsize>,
    output: StepOutputs,
}

/// A running step and where it is drawn.
#[derive(Debug)]
struct LiveStep {
    number: StepNumber,
    bar: ProgressBar,
    running: Arc<Mutex<Running>>,
}

/// What is known of a running step.
#[derive(Debug, Default, Clone)]
struct Running {
    number: StepNumber,
    text: String,
    tail: VecDeque<String>,
    /// Bytes done, bytes in all.
    progress: Option<(u64, u64)>,
}

impl LiveBuild {
    /// Starts with nothing shown, for instance at `ProgressDrawTarget::stderr_with_hz(4)`.
    pub fn new(screen: Screen, keep: Keep, target: ProgressDrawTarget) -> Self {
        let region = MultiProgress::with_draw_target(target);
        Self {
            screen,
            keep,
            transfers: TransferLines::drawn_by(screen, Some(region.clone())),
            region,
            steps: Vec::new(),
            count: Arc::default(),
            output: StepOutputs::default(),
        }
    }

    /// Shows an event.
    pub fn event(&mut self, event: &BuildEvent) {
        let said = self.output.event(event);
        match event {
            BuildEvent::Started { number, text } => self.start(*number, text),
            BuildEvent::Output { number, .. } => self.show(*number, said),
            BuildEvent::Progress {
                number,
                done,
                total,
            } => {
                self.change(*number, |running| running.progress = Some((*done, *total)));
            }
            BuildEvent::Transfer { transfer, .. } => {
                self.transfers.event(transfer);
            }
            BuildEvent::Finished(step) => {
                self.show(step.number, said);
                self.stop(step.number);
            }
        }
    }

    fn start(&mut self, number: StepNumber, text: &str) {
        // Base images come before the first step.
        self.transfers.clear();
        let running = Arc::new(Mutex::new(Running {
            number,
            text: text.to_owned(),
            ..Running::default()
        }));
        let bar = self.region.add(ProgressBar::new_spinner());
        bar.set_style(self.style(Arc::clone(&running)));
        let weak = bar.downgrade();
        // A bar is first drawn when it ticks. The thread ends by itself, whatever becomes of the bar.
        std::thread::spawn(move || {
            std::thread::sleep(PATIENCE);
            if let Some(bar) = weak.upgrade().filter(|bar| !bar.is_finished()) {
                bar.enable_steady_tick(REFRESH);
            }
        });
        self.steps.push(LiveStep {
            number,
            bar,
            running,
        });
        self.count.store(self.steps.len(), Ordering::Relaxed);
    }

    fn style(&self, running: Arc<Mutex<Running>>) -> ProgressStyle {
        let (screen, count) = (self.screen, Arc::clone(&self.count));
        let draw = move |state: &ProgressState, writer: &mut dyn std::fmt::Write| {
            let mut running = running
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone();
            running.keep_last(TAIL / count.load(Ordering::Relaxed).max(1));
            let painted = screen.paint(&region(&running, state.elapsed(), &screen));
            // A terminal that is gone is noticed by whoever writes to it next.
            let _ = writer.write_str(painted.trim_end_matches('\n'));
        };
        let style = ProgressStyle::with_template("{region}").expect("the template is one key");
        style.with_key("region", draw)
    }

    fn show(&mut self, number: StepNumber, lines: Vec<SaidLine>) {
        if lines.is_empty() {
            return;
        }
        if self.keep == Keep::Nothing {
            return self.change(number, |running| {
                running.tail.extend(lines.into_iter().map(|said| said.line));
                running.keep_last(TAIL);
            });
        }
        let quoted = lines.into_iter().map(|said| {
            let line = Line::plain("  ").with(Style::Dim, said.label());
            line.with(Style::Plain, said.line)
        });
        let text: Text = quoted
            .flat_map(|line| self.screen.wrap(&line, 2).into_lines())
            .collect();
        // Should the terminal be gone, the build still goes on and its result is in the report.
        let _ = self
            .region
            .println(self.screen.paint(&text).trim_end_matches('\n'));
    }

    fn change(&self, number: StepNumber, change: impl FnOnce(&mut Running)) {
        if let Some(step) = self.steps.iter().find(|step| step.number == number) {
            change(&mut step.running.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }

    fn stop(&mut self, number: StepNumber) {
        if let Some(index) = self.steps.iter().position(|step| step.number == number) {
            let ended = self.steps.remove(index);
            self.remove(&ended);
        }
        self.count.store(self.steps.len(), Ordering::Relaxed);
    }

    fn remove(&self, step: &LiveStep) {
        step.bar.finish_and_clear();
        self.region.remove(&step.bar);
    }
}

impl Running {
    /// Forgets all but the last lines; one stays.
    fn keep_last(&mut self, count: usize) {
        let surplus = self.tail.len().saturating_sub(count.max(1));
        self.tail.drain(..surplus);
    }
}

/// Whatever way a build ends, its region goes.
impl Drop for LiveBuild {
    fn drop(&mut self) {
        self.transfers.clear();
        for step in &self.steps {
            self.remove(step);
        }
    }
}

/// Draws the running step after some time.
fn region(running: &Running, elapsed: Duration, screen: &Screen) -> Text {
    let columns = screen.width.saturating_sub(1);
    let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    let took = format!("  {}", duration(screen.language, millis / 100 * 100));
    let spinner = spinner(elapsed, screen.chrome).to_string();
    let mut line = Line::styled(Style::Dim, spinner);
    line = line.with(Style::Number, format!(" {}", running.number));
    line = line.with(Style::Plain, format!("  {}", running.text));
    let mut line = line.cut(columns.saturating_sub(width(&took)));
    line.push(Style::Dim, took);
    let mut text = Text::from(line);
    if let Some((done, total)) = running.progress {
        let words = progress(done, total, millis, screen);
        text.push(Line::plain("  ").with(Style::Plain, words).cut(columns));
    }
    for said in &running.tail {
        text.push(Line::plain("  ").with(Style::Dim, said).cut(columns));
    }
    text
}

fn spinner(elapsed: Duration, chrome: Chrome) -> char {
    let turns = if chrome == Chrome::Unicode {
        "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
    } else {
        "-\\|/"
    };
    let turn = elapsed.as_millis() / REFRESH.as_millis();
    let count = turns.chars().count() as u128;
    let index = usize::try_from(turn % count).unwrap_or_default();
    turns.chars().nth(index).unwrap_or(' ')
}

fn progress(done: u64, total: u64, millis: u64, screen: &Screen) -> String {
    let rate = u128::from(done) * 1000 / u128::from(millis.max(1));
    let left = u128::from(total.saturating_sub(done)) * 1000 / rate.max(1);
    let rate = size(u64::try_from(rate).unwrap_or(u64::MAX));
    let left = duration(
        screen.language,
        u64::try_from(left).unwrap_or(u64::MAX).div_ceil(1000) * 1000,
    );
    let mut words = amount(screen.language, &size(done), &size(total), &rate);
    // In the first moments nobody can say how long it will take.
    if done > 0 && done < total && millis > 1000 {
        let _ = write!(words, "  {}", time_left(screen.language, &left));
    }
    words
}

crate::messages! {
    amount(done: &str, total: &str, rate: &str) {
        en: "{done} of {total}  {rate}/s",
        ko: "{total} 중 {done}  {rate}/초",
    }
    time_left(left: &str) { en: "about {left} left", ko: "약 {left} 남음" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;
    use crate::render::sample;

    fn running() -> Running {
        let tail = ["added 1 package", "added 2 packages"].map(str::to_owned);
        Running {
            number: 4,
            text: "RUN npm install".to_owned(),
            tail: tail.into(),
            progress: None,
        }
    }

    #[test]
    fn the_running_step_shows_its_time_and_last_lines() {
        let screen = Screen::new(60, Language::En, Chrome::Ascii);
        let drawn = region(&running(), Duration::from_millis(1_310), &screen);
        insta::assert_snapshot!(drawn, @r"
        \ 4  RUN npm install  1.3 s
          added 1 package
          added 2 packages
        ");
    }

    #[test]
    fn progress_tells_amount_rate_and_time_left() {
        let long = Running {
            progress: Some((120_000_000, 512_000_000)),
            tail: VecDeque::new(),
            ..running()
        };
        for language in Language::ALL {
            let screen = Screen::new(60, language, Chrome::Unicode);
            let drawn = region(&long, Duration::from_secs(2), &screen);
            insta::assert_snapshot!(format!("progress_{}", language.code()), drawn);
        }
    }

    /// A terminal that remembers everything written to it.
    #[derive(Debug, Default, Clone)]
    struct Memory(Arc<Mutex<String>>);

    impl indicatif::TermLike for Memory {
        fn width(&self) -> u16 {
            80
        }
        fn move_cursor_up(&self, _: usize) -> std::io::Result<()> {
            Ok(())
        }
        fn move_cursor_down(&self, _: usize) -> std::io::Result<()> {
            Ok(())
        }
        fn move_cursor_right(&self, _: usize) -> std::io::Result<()> {
            Ok(())
        }
        fn move_cursor_left(&self, _: usize) -> std::io::Result<()> {
            Ok(())
        }
        fn write_line(&self, text: &str) -> std::io::Result<()> {
            self.write_str(&format!("{text}\n"))
        }
        fn write_str(&self, text: &str) -> std::io::Result<()> {
            self.0
                .lock()
                .expect("no test panics while writing")
                .push_str(text);
            Ok(())
        }
        fn clear_line(&self) -> std::io::Result<()> {
            Ok(())
        }
        fn flush(&self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn shown(keep: Keep, pause: Duration) -> String {
        let memory = Memory::default();
        let target = ProgressDrawTarget::term_like(Box::new(memory.clone()));
        let mut live = LiveBuild::new(Screen::new(80, Language::En, Chrome::Ascii), keep, target);
        live.event(&BuildEvent::Started {
            number: 4,
            text: "RUN make {all}".to_owned(),
        });
        let bytes = b"cc a.c\ncc b".to_vec();
        live.event(&BuildEvent::Output {
            number: 4,
            stderr: false,
            bytes,
        });
        std::thread::sleep(pause);
        let step = sample::step(4, crate::build::StepState::Miss, "RUN make {all}");
        live.event(&BuildEvent::Finished(Box::new(step)));
        drop(live);
        let shown = memory.0.lock().expect("nobody writes any more");
        shown.clone()
    }

    #[test]
    fn output_is_kept_where_it_was_asked_for() {
        let shown = shown(Keep::Output, Duration::ZERO);
        assert!(
            shown.contains("  cc a.c") && shown.contains("  cc b"),
            "{shown:?}"
        );
        assert!(
            !shown.contains("RUN make"),
            "a short step does not flicker: {shown:?}"
        );
    }

    #[test]
    fn a_long_step_is_shown_with_its_last_lines() {
        let shown = shown(Keep::Nothing, PATIENCE * 3);
        assert!(
            shown.contains("4  RUN make {all}") && shown.contains("  cc a.c"),
            "{shown:?}"
        );
    }
}
