//! Arguments in, exit code out; everything else is in the library.

fn main() -> std::process::ExitCode {
    strata::applets::dispatch(std::env::args_os()).unwrap_or_else(strata::cli::main)
}
