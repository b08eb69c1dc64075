//! The shell's face: arguments to a command, the session's answer to the terminal.

use std::ffi::OsString;
use std::process::ExitCode;

/// Runs strata as the shell called it.
pub fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    if let Some(code) = crate::runtime::hidden(&arguments) {
        return code;
    }
    ExitCode::SUCCESS
}
