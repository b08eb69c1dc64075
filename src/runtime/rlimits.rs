//! `setrlimit` limits by docker's names.

use nix::sys::resource::{Resource, setrlimit};

use super::failure::{LaunchError, Note, What};
use super::spec::Ulimit;

/// Docker's names (go-units, `ulimit.go`).
const NAMES: [(&str, Resource); 15] = [
    ("core", Resource::RLIMIT_CORE),
    ("cpu", Resource::RLIMIT_CPU),
    ("data", Resource::RLIMIT_DATA),
    ("fsize", Resource::RLIMIT_FSIZE),
    ("locks", Resource::RLIMIT_LOCKS),
    ("memlock", Resource::RLIMIT_MEMLOCK),
    ("msgqueue", Resource::RLIMIT_MSGQUEUE),
    ("nice", Resource::RLIMIT_NICE),
    ("nofile", Resource::RLIMIT_NOFILE),
    ("nproc", Resource::RLIMIT_NPROC),
    ("rss", Resource::RLIMIT_RSS),
    ("rtprio", Resource::RLIMIT_RTPRIO),
    ("rttime", Resource::RLIMIT_RTTIME),
    ("sigpending", Resource::RLIMIT_SIGPENDING),
    ("stack", Resource::RLIMIT_STACK),
];

/// Tells whether a limit of this name exists.
pub fn is_ulimit(name: &str) -> bool {
    NAMES.iter().any(|(known, _)| *known == name)
}

/// Sets limits. Raising one beyond what this process has takes a capability even root may lack:
/// that is noted, not an error.
pub fn set(ulimits: &[Ulimit]) -> Result<Vec<Note>, LaunchError> {
    let mut notes = Vec::new();
    for ulimit in ulimits {
        match one(ulimit) {
            Ok(()) => {}
            Err(nix::errno::Errno::EPERM) => notes.push(Note::Ulimit {
                name: ulimit.name.clone(),
            }),
            Err(errno) => {
                let path = ulimit.name.clone();
                return Err(LaunchError::Setup {
                    what: What::Limit,
                    path,
                    errno: errno as i32,
                });
            }
        }
    }
    Ok(notes)
}

fn one(ulimit: &Ulimit) -> nix::Result<()> {
    let known = NAMES.iter().find(|(name, _)| *name == ulimit.name);
    let (_, resource) = known.ok_or(nix::errno::Errno::EINVAL)?;
    setrlimit(*resource, ulimit.soft, ulimit.hard)
}
