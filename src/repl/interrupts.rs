//! Signals while nobody reads keys: Ctrl-C ends the running step and never the session; whatever
//! ends the session gives the terminal back first.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::session::Interrupter;

/// Turns off what the line editor may have turned on: pasted text in brackets.
const PLAIN_PASTE: &[u8] = b"\x1b[?2004l";

/// A program that ends by its own handler does so sooner than this, and nothing needs to be said.
const PATIENCE: Duration = Duration::from_millis(300);

/// What Ctrl-C ends at the moment.
#[derive(Debug, Clone, Default)]
pub(super) struct Interrupts {
    worker: Arc<Mutex<Interrupter>>,
    foreground: Arc<Mutex<Option<Foreground>>>,
}

/// A container in the foreground that Ctrl-C goes to.
#[derive(Debug)]
struct Foreground {
    /// What is said if it goes on all the same.
    sentence: String,
    said: bool,
}

/// A container is in the foreground for as long as this lives.
pub(super) struct Watch<'a>(&'a Interrupts);

impl Watch<'_> {
    /// Tells whether it went on after a Ctrl-C.
    pub fn was_said(&self) -> bool {
        self.0.foreground().as_ref().is_some_and(|it| it.said)
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        *self.0.foreground() = None;
    }
}

impl Interrupts {
    /// Says whose work Ctrl-C ends from now on.
    pub fn end(&self, interrupter: Interrupter) {
        *self.worker.lock().unwrap_or_else(PoisonError::into_inner) = interrupter;
    }

    /// Says `sentence` once if the program in the foreground goes on after a Ctrl-C.
    pub fn watch(&self, sentence: String) -> Watch<'_> {
        let said = false;
        *self.foreground() = Some(Foreground { sentence, said });
        Watch(self)
    }

    fn foreground(&self) -> std::sync::MutexGuard<'_, Option<Foreground>> {
        let foreground = self.foreground.lock();
        foreground.unwrap_or_else(PoisonError::into_inner)
    }

    fn say_that_it_goes_on(&self) {
        if self.foreground().as_ref().is_none_or(|it| it.said) {
            return;
        }
        std::thread::sleep(PATIENCE);
        if let Some(foreground) = self.foreground().as_mut() {
            foreground.said = true;
            // A terminal that is gone shows nothing any more.
            let _ = writeln!(io::stderr(), "\n{}", foreground.sentence);
        }
    }

    /// Hears signals from now on.
    pub fn listen(&self) -> io::Result<()> {
        let terminal = tcgetattr(io::stdin()).ok();
        let interrupts = self.clone();
        let mut signals = Signals::new([SIGINT, SIGQUIT, SIGTERM, SIGHUP])?;
        std::thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                for signal in signals.forever() {
                    match signal {
                        SIGINT | SIGQUIT => interrupts.interrupt(),
                        _ => leave(signal, terminal.as_ref()),
                    }
                }
            })?;
        Ok(())
    }

    fn interrupt(&self) {
        let current = self.worker.lock().unwrap_or_else(PoisonError::into_inner);
        // Between two steps there is nothing to end: the prompt hears the key itself.
        let ended = current.interrupt();
        drop(current);
        if !ended {
            self.say_that_it_goes_on();
        }
    }
}

/// Ends the session as the signal wants, with the terminal as it was found.
fn leave(signal: i32, terminal: Option<&Termios>) {
    if let Some(terminal) = terminal {
        // A terminal that hung up needs nothing any more.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, terminal);
        let _ = io::stdout().write_all(PLAIN_PASTE);
        let _ = io::stdout().flush();
    }
    std::process::exit(128 + signal);
}
