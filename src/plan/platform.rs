//! A platform in Go's words: `os[/arch[/variant]]`, as `FROM --platform` takes it.

use std::fmt;

/// The operating systems that can stand alone (Go's `GOOS`).
const SYSTEMS: [&str; 17] = [
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "hurd",
    "illumos",
    "ios",
    "js",
    "linux",
    "netbsd",
    "openbsd",
    "plan9",
    "solaris",
    "wasip1",
    "windows",
    "zos",
];

/// The machines that can stand alone (Go's `GOARCH`).
const MACHINES: [&str; 18] = [
    "386", "amd64", "arm", "arm64", "loong64", "mips", "mips64", "mips64le", "mipsle", "ppc",
    "ppc64", "ppc64le", "riscv", "riscv64", "s390", "s390x", "sparc64", "wasm",
];

/// An operating system, a machine, and sometimes a variant of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Platform {
    /// `linux`.
    pub os: String,
    /// `amd64`.
    pub arch: String,
    /// `v7`; empty for none.
    pub variant: String,
}

impl Platform {
    /// Reads a platform; what is left out is `host`'s. None for anything else.
    ///
    /// ```
    /// use strata::plan::platform::Platform;
    /// let host = Platform::parse("linux/amd64", None).unwrap();
    /// assert_eq!(Platform::parse("aarch64", Some(&host)).unwrap().to_string(), "linux/arm64");
    /// assert_eq!(Platform::parse("linux amd64", Some(&host)), None);
    /// ```
    pub fn parse(text: &str, host: Option<&Self>) -> Option<Self> {
        let text = text.to_lowercase();
        let parts: Vec<&str> = text.split('/').collect();
        let is_part = |part: &&str| {
            let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
            !part.is_empty() && part.chars().all(fits)
        };
        if !parts.iter().all(is_part) {
            return None;
        }
        let (os, machine, variant) = match parts[..] {
            [os] if SYSTEMS.contains(&system(os)) => (os, host?.arch.as_str(), ""),
            [arch] if MACHINES.contains(&machine(arch).0) => (host?.os.as_str(), arch, ""),
            [os, arch] => (os, arch, ""),
            [os, arch, variant] => (os, arch, variant),
            _ => return None,
        };
        let (arch, usual) = self::machine(machine);
        let variant = if variant.is_empty() { usual } else { variant };
        // arm64 has one variant only, and v8 is what everybody means.
        let is_usual = arch == "arm64" && variant == "v8";
        Some(Self {
            os: system(os).to_owned(),
            arch: arch.to_owned(),
            variant: if is_usual { "" } else { variant }.to_owned(),
        })
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.arch)?;
        if self.variant.is_empty() {
            return Ok(());
        }
        write!(f, "/{}", self.variant)
    }
}

/// An operating system by its own name.
fn system(name: &str) -> &str {
    match name {
        "macos" => "darwin",
        other => other,
    }
}

/// A machine by its own name, and the variant that other name stood for.
fn machine(name: &str) -> (&str, &str) {
    match name {
        "i386" => ("386", ""),
        "x86_64" | "x86-64" => ("amd64", ""),
        "aarch64" => ("arm64", ""),
        "armhf" => ("arm", "v7"),
        "armel" => ("arm", "v6"),
        other => (other, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::Platform;

    fn read(text: &str) -> Option<String> {
        let host = Platform::parse("linux/amd64", None).unwrap();
        Platform::parse(text, Some(&host)).map(|it| it.to_string())
    }

    #[test]
    fn one_part_takes_the_rest_from_the_host() {
        assert_eq!(read("windows").as_deref(), Some("windows/amd64"));
        assert_eq!(read("arm64").as_deref(), Some("linux/arm64"));
        assert_eq!(read("armhf").as_deref(), Some("linux/arm/v7"));
    }

    #[test]
    fn other_names_of_a_machine_mean_the_same() {
        assert_eq!(read("linux/x86_64").as_deref(), Some("linux/amd64"));
        assert_eq!(read("linux/arm64/v8").as_deref(), Some("linux/arm64"));
        assert_eq!(read("macos/arm64").as_deref(), Some("darwin/arm64"));
    }

    #[test]
    fn what_is_no_platform_is_refused() {
        for text in ["", "foo", "linux/", "a/b/c/d", "linux/am d64"] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }
}
