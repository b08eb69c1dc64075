//! Ctrl-C in a shell while the worker builds, loads or saves: it is ended, and strata says so and
//! clears up, which a strata that is ended itself could not.
//!
//! A terminal sends the signal to the worker as well: both are of the shell's job. Containers are
//! not: a foreground `run` passes Ctrl-C on to its container, and waits for its end.

use std::time::Duration;

use signal_hook::consts::SIGINT;
use signal_hook::iterator::Signals;

use crate::command::Command;
use crate::session::Interrupter;

/// How long clearing up after a worker may take.
const GRACE: Duration = Duration::from_secs(1);

/// Tells whether a command works long enough in the worker to be stopped.
pub fn can_stop(command: &Command) -> bool {
    matches!(
        command,
        Command::Build(_) | Command::Load(_) | Command::Save(_) | Command::Rmi(_)
    )
}

/// Ends the worker at Ctrl-C from now on, and strata where there is no worker at work.
pub fn listen(interrupter: Interrupter) -> std::io::Result<()> {
    let mut signals = Signals::new([SIGINT])?;
    let thread = std::thread::Builder::new().name("ctrl-c".to_owned());
    thread.spawn(move || {
        for _ in signals.forever() {
            if !interrupter.interrupt() {
                // The terminal's own signal may have ended the worker just now: then the main
                // thread says so, clears up and ends us before this is over.
                std::thread::sleep(GRACE);
                std::process::exit(128 + SIGINT);
            }
        }
    })?;
    Ok(())
}
