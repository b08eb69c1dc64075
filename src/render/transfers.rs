//! Layers on their way from a registry or to one: docker's lines, one for each layer, redrawn in
//! place on a terminal and only added in a pipe.

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::quantity::docker_size;
use super::screen::Screen;
use super::width::cut;
use crate::build::shipping::Transfer;

/// How often a terminal is drawn on, in a second.
const RATE: u8 = 10;
/// Columns of the bar.
const BAR: u64 = 30;

/// The layers of one image.
#[derive(Debug)]
pub struct TransferLines {
    columns: usize,
    region: Option<MultiProgress>,
    bars: Vec<(String, ProgressBar)>,
}

impl TransferLines {
    /// Starts with nothing shown. Only what is `live` is redrawn.
    pub fn new(screen: Screen, live: bool, to_stderr: bool) -> Self {
        let target = || {
            if to_stderr {
                ProgressDrawTarget::stderr_with_hz(RATE)
            } else {
                ProgressDrawTarget::stdout_with_hz(RATE)
            }
        };
        Self::drawn_by(
            screen,
            live.then(|| MultiProgress::with_draw_target(target())),
        )
    }

    /// Draws among other things that are redrawn.
    pub(super) fn drawn_by(screen: Screen, region: Option<MultiProgress>) -> Self {
        Self {
            columns: screen.width.saturating_sub(1),
            region,
            bars: Vec::new(),
        }
    }

    /// Takes an event; returns the line to be added, if there is one.
    pub fn event(&mut self, transfer: &Transfer) -> String {
        let Some(region) = &self.region else {
            return if transfer.state.is_progress() {
                String::new()
            } else {
                format!("{}\n", line(transfer))
            };
        };
        let known = self.bars.iter().find(|(id, _)| *id == transfer.id);
        let bar = match known {
            Some((_, bar)) => bar.clone(),
            None => {
                let bar = region.add(ProgressBar::new_spinner());
                let style = ProgressStyle::with_template("{msg}");
                bar.set_style(style.expect("the template is one key"));
                self.bars.push((transfer.id.clone(), bar.clone()));
                bar
            }
        };
        bar.set_message(cut(&line(transfer), self.columns));
        bar.tick();
        String::new()
    }

    /// Takes the lines off the terminal.
    pub(super) fn clear(&mut self) {
        for (_, bar) in self.bars.drain(..) {
            bar.finish_and_clear();
        }
    }
}

/// What is shown last stays.
impl Drop for TransferLines {
    fn drop(&mut self) {
        for (_, bar) in &self.bars {
            bar.abandon();
        }
    }
}

/// `1f3e46996e29: Downloading [====>     ]  3.1MB/12MB`.
pub(super) fn line(transfer: &Transfer) -> String {
    let words = format!("{}: {}", transfer.id, transfer.state.words());
    if transfer.total == 0 || !transfer.state.is_progress() {
        return words;
    }
    let done = transfer.done.min(transfer.total);
    // Shares of a bar are small numbers, however large the layer is.
    let filled = usize::try_from(u128::from(BAR) * u128::from(done) / u128::from(transfer.total))
        .expect("the bar is short");
    let bar = format!("{}>", "=".repeat(filled));
    let width = usize::try_from(BAR).expect("the bar is short") + 1;
    let (done, total) = (docker_size(done), docker_size(transfer.total));
    format!("{words} [{bar:width$}]  {done}/{total}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::shipping::State;

    fn transfer(state: State, done: u64) -> Transfer {
        Transfer {
            id: "1f3e46996e29".to_owned(),
            state,
            done,
            total: 12_000_000,
        }
    }

    #[test]
    fn a_bar_is_as_long_as_what_has_come() {
        let drawn = line(&transfer(State::Downloading, 3_100_000));
        assert_eq!(
            drawn,
            "1f3e46996e29: Downloading [=======>                       ]  3.1MB/12MB"
        );
        let whole = line(&transfer(State::Pushing, 99_000_000));
        assert!(whole.contains(&format!("[{}>]", "=".repeat(30))), "{whole}");
    }

    #[test]
    fn a_pipe_gets_a_line_for_each_new_state_only() {
        let screen = Screen {
            width: 80,
            language: crate::language::Language::En,
            chrome: crate::render::Chrome::Plain,
            color: false,
        };
        let mut lines = TransferLines::new(screen, false, false);
        assert_eq!(lines.event(&transfer(State::Downloading, 1)), "");
        assert_eq!(
            lines.event(&transfer(State::Downloaded, 0)),
            "1f3e46996e29: Download complete\n"
        );
    }
}
