//! The shell's face: arguments to a command, the session's answer to the terminal.

use std::process::ExitCode;

/// Runs strata as the shell called it.
pub fn main() -> ExitCode {
    ExitCode::SUCCESS
}
