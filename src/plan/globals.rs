//! What FROM lines see: the ARGs before the first FROM, and those of the platform.

use super::meter::Meter;
use super::variables::Variables;
use crate::parser::word::{Expanded, WordError};

/// The global ARGs.
#[derive(Debug, Clone, Default)]
pub struct Globals {
    values: Variables,
    meter: Meter,
}

impl Globals {
    /// Begins with the platform's; what expanding costs is added to a meter.
    pub fn new(meter: Meter) -> Self {
        Self {
            values: platform_args(),
            meter,
        }
    }

    /// Returns the value of one.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name)
    }

    /// Sets one.
    pub fn set(&mut self, name: &str, value: &str) {
        self.values.set(name, value);
    }

    /// Returns the names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.iter().map(|(name, _)| name)
    }

    /// Expands a word with them.
    pub fn expand(&self, word: &str, escape: char) -> Result<Expanded, WordError> {
        let lookup = |name: &str| self.get(name).map(str::to_owned);
        self.meter.expand(word, escape, &lookup)
    }
}

/// What FROM lines and ARGs can use without a declaration (Dockerfile reference, "Automatic
/// platform ARGs in the global scope").
fn platform_args() -> Variables {
    let platform = crate::plan::platform();
    let (os, rest) = platform.split_once('/').unwrap_or(("linux", "amd64"));
    let (arch, variant) = rest.split_once('/').unwrap_or((rest, ""));
    let mut args = Variables::default();
    for side in ["TARGET", "BUILD"] {
        for (name, value) in [
            ("PLATFORM", platform.as_str()),
            ("OS", os),
            ("ARCH", arch),
            ("VARIANT", variant),
        ] {
            args.set(&format!("{side}{name}"), value);
        }
    }
    args
}
