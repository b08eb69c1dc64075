//! A terminal that does not show keys while something is drawn: `^C` in the middle of a progress
//! line would push it off its place. Keys are kept for the next line all the same.

use std::io;

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

/// As long as this lives, keys are not shown.
#[derive(Debug)]
pub(super) struct QuietTerminal {
    before: Option<Termios>,
}

impl QuietTerminal {
    /// Stops showing keys; where standard input is no terminal, nothing happens.
    pub fn begin() -> Self {
        let before = tcgetattr(io::stdin()).ok();
        if let Some(before) = &before {
            let mut quiet = before.clone();
            quiet.local_modes.remove(LocalModes::ECHO);
            // A key that is shown is no reason not to go on.
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, &quiet);
        }
        Self { before }
    }
}

impl Drop for QuietTerminal {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            // The terminal may have gone, with nobody to see keys.
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, before);
        }
    }
}
