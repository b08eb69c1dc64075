//! The dynamic loader of a program, and the folders it searches: those it knows without being told,
//! and those of `/etc/ld.so.conf` (`ld.so(8)`, `ldconfig(8)`).

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Default folders of a loader that names none.
const DEFAULT_FOLDERS: [&str; 4] = ["/lib64", "/usr/lib64", "/lib", "/usr/lib"];

/// musl's folders where `/etc/ld-musl-ARCH.path` doesn't exist.
const MUSL_FOLDERS: &str = "/lib:/usr/local/lib:/usr/lib";

/// A dynamic loader: which folders it knows without being told.
#[derive(Debug, Clone, Default)]
pub(super) struct Loader {
    pub(super) default_folders: Vec<PathBuf>,
    pub(super) is_musl: bool,
    pub(super) configuration: Option<PathBuf>,
}

/// What `/etc/ld.so.conf` says, and which files and folders were read for it.
#[derive(Debug, Clone, Default)]
pub(super) struct Configuration {
    pub(super) folders: Vec<PathBuf>,
    pub(super) read: BTreeSet<PathBuf>,
}

impl Loader {
    /// Tells which folders a loader searches, from its path and its bytes.
    pub(super) fn of(interpreter: &str, bytes: &[u8]) -> Self {
        match interpreter.rsplit_once("/ld-musl-") {
            Some((_, rest)) => Self::musl(rest),
            None => Self::glibc(bytes),
        }
    }

    /// glibc's loader has its default folders as text, each with a slash at its end.
    fn glibc(bytes: &[u8]) -> Self {
        let texts = bytes.split(|&byte| byte == 0).filter(|text| {
            text.starts_with(b"/") && text.ends_with(b"/") && text.windows(3).any(|w| w == b"lib")
        });
        let mut folders: Vec<_> = texts
            .filter_map(|text| {
                Some(PathBuf::from(
                    str::from_utf8(text).ok()?.trim_end_matches('/'),
                ))
            })
            .collect();
        if folders.is_empty() {
            folders = DEFAULT_FOLDERS.map(PathBuf::from).to_vec();
        }
        Self {
            default_folders: folders,
            is_musl: false,
            configuration: None,
        }
    }

    fn musl(rest: &str) -> Self {
        let machine = rest.strip_suffix(".so.1").unwrap_or(rest);
        let path = PathBuf::from(format!("/etc/ld-musl-{machine}.path"));
        let text = fs::read_to_string(&path).ok();
        let folders = text.as_deref().unwrap_or(MUSL_FOLDERS).split([':', '\n']);
        Self {
            default_folders: folders
                .map(str::trim)
                .filter(|f| !f.is_empty())
                .map(PathBuf::from)
                .collect(),
            is_musl: true,
            configuration: text.map(|_| path),
        }
    }
}

impl Configuration {
    /// Reads the machine's.
    pub(super) fn of_this_machine() -> Self {
        let mut configuration = Self::default();
        configuration.read_file(Path::new("/etc/ld.so.conf"), 0);
        configuration
    }

    /// Reads one file, and those it includes: a folder or `include PATTERN` a line.
    fn read_file(&mut self, path: &Path, depth: usize) {
        const DEEPEST: usize = 8; // a file may include itself
        self.read.insert(path.to_owned());
        let Ok(text) = fs::read_to_string(path) else {
            return; // no such file, as on Alpine: only default folders count
        };
        for line in text.lines() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if let Some(pattern) = line
                .strip_prefix("include")
                .filter(|p| p.starts_with([' ', '\t']))
            {
                for file in self.matching(&path.with_file_name(pattern.trim())) {
                    if depth < DEEPEST {
                        self.read_file(&file, depth + 1);
                    }
                }
            } else if line.starts_with('/') {
                // older files have `FOLDER=libc6`
                let folder = line.split(['=', ' ', '\t']).next().unwrap_or(line);
                self.folders.push(PathBuf::from(folder));
            }
        }
    }

    /// Returns the files of a pattern such as `/etc/ld.so.conf.d/*.conf`, sorted. A star stands
    /// for anything, and only in the last part, which is all that distributions use.
    fn matching(&mut self, pattern: &Path) -> Vec<PathBuf> {
        let folder = pattern.parent().unwrap_or(Path::new("/"));
        let name = pattern.file_name().unwrap_or_default().to_string_lossy();
        let Some((start, end)) = name.split_once('*') else {
            return vec![pattern.to_owned()];
        };
        self.read.insert(folder.to_owned());
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        let matching: BTreeSet<_> = names
            .filter(|n| {
                n.len() >= start.len() + end.len() && n.starts_with(start) && n.ends_with(end)
            })
            .collect();
        matching.into_iter().map(|name| folder.join(name)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn includes_are_read_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let conf = folder.path().join("ld.so.conf");
        fs::create_dir(folder.path().join("conf.d")).unwrap();
        fs::write(&conf, "include conf.d/*.conf\n/last # a comment\n").unwrap();
        fs::write(folder.path().join("conf.d/b.conf"), "/two\n").unwrap();
        fs::write(folder.path().join("conf.d/a.conf"), "# none\n\n/one\n").unwrap();
        fs::write(folder.path().join("conf.d/c.txt"), "/never\n").unwrap();
        let mut configuration = Configuration::default();
        configuration.read_file(&conf, 0);
        assert_eq!(
            configuration.folders,
            ["/one", "/two", "/last"].map(PathBuf::from)
        );
    }

    #[test]
    fn a_file_that_includes_itself_ends() {
        let folder = tempfile::tempdir().unwrap();
        let conf = folder.path().join("ld.so.conf");
        fs::write(&conf, "include ld.so.conf\n/one\n").unwrap();
        let mut configuration = Configuration::default();
        configuration.read_file(&conf, 0);
        assert!(configuration.folders.contains(&PathBuf::from("/one")));
    }

    #[test]
    fn glibc_names_its_default_folders_itself() {
        let loader = Loader::glibc(b"\x7fELF\0/lib/x86_64-linux-gnu/\0/usr/lib/\0/etc/x/\0lib/\0");
        assert_eq!(
            loader.default_folders,
            ["/lib/x86_64-linux-gnu", "/usr/lib"].map(PathBuf::from)
        );
        assert_eq!(
            Loader::glibc(b"").default_folders.len(),
            DEFAULT_FOLDERS.len()
        );
    }
}
