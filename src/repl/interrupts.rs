//! Signals while nobody reads keys: Ctrl-C ends the running step and never the session; whatever
//! ends the session gives the terminal back first.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::session::Interrupter;

/// Turns off what the line editor may have turned on: pasted text in brackets.
const PLAIN_PASTE: &[u8] = b"\x1b[?2004l";

/// What Ctrl-C ends at the moment.
#[derive(Debug, Clone, Default)]
pub(super) struct Interrupts(Arc<Mutex<Interrupter>>);

impl Interrupts {
    /// Says whose work Ctrl-C ends from now on.
    pub fn end(&self, interrupter: Interrupter) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = interrupter;
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
        let current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Between two steps there is nothing to end: the prompt hears the key itself.
        let _ = current.interrupt();
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
