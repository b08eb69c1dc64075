//! Small tools inside strata's own executable, for practice bases made on a machine that lacks
//! them: `ps` and `httpd`. And `registry`, which is all that the image `practice-registry` has.
//!
//! A base brings a copy of strata with a link for each missing tool, and the name it is started
//! by says which one is meant, as with busybox. They speak busybox's options, as far as lessons
//! use them, so that a lesson reads the same on either kind of base. They know nothing of the
//! rest of strata.

mod httpd;
mod ps;
mod registry;

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

/// A tool: arguments without the name in, a sentence for stderr when it fails.
type Applet = fn(&[String]) -> Result<(), String>;

const APPLETS: [(&str, Applet); 3] = [
    ("httpd", httpd::main),
    ("ps", ps::main),
    (REGISTRY, registry::main),
];

/// The applet that no base needs.
pub const REGISTRY: &str = "registry";

/// Returns the names of the tools that a base should have.
pub fn tools() -> impl Iterator<Item = &'static str> {
    let names = APPLETS.iter().map(|(name, _)| *name);
    names.filter(|name| *name != REGISTRY)
}

/// Runs the applet that the program was started as; none when its name is no applet's.
pub fn dispatch(args: impl IntoIterator<Item = OsString>) -> Option<ExitCode> {
    let mut args = args.into_iter();
    let started_as = args.next()?;
    let name = Path::new(&started_as).file_name()?.to_str()?;
    let (name, applet) = APPLETS.iter().find(|(applet, _)| *applet == name)?;
    let args: Vec<String> = args.map(|arg| arg.to_string_lossy().into_owned()).collect();
    Some(match applet(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            // Nobody is left to tell when stderr is closed.
            let _ = writeln!(io::stderr(), "{name}: {message}");
            ExitCode::FAILURE
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_chooses_the_applet() {
        let run = |args: &[&str]| dispatch(args.iter().map(OsString::from));
        assert_eq!(run(&["strata", "ps"]), None);
        assert_eq!(run(&[]), None);
        assert_eq!(run(&["/bin/ps", "--nonsense"]), Some(ExitCode::FAILURE));
    }
}
