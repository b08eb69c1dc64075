//! Where the dynamic loader would find the libraries of a program, and those of the libraries.
//!
//! The rules are those of `ld.so(8)`: `DT_RPATH` of the file and of those that loaded it, unless
//! the file has a `DT_RUNPATH`; then `DT_RUNPATH` of the file alone; then the folders of
//! `/etc/ld.so.conf`, which stand for the loader's cache; then the loader's default folders. musl
//! has one list of folders instead of the last two. A base has no cache, so a library that only
//! `ld.so.conf` leads to gets a link in a default folder.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::elf::{Machine, Needs};

/// Default folders of a loader that names none.
const DEFAULT_FOLDERS: [&str; 4] = ["/lib64", "/usr/lib64", "/lib", "/usr/lib"];

/// musl's folders where `/etc/ld-musl-ARCH.path` doesn't exist.
const MUSL_FOLDERS: &str = "/lib:/usr/local/lib:/usr/lib";

/// Libraries that glibc older than 2.34 opens by itself to look up users and hosts, so that no
/// program names them. Newer ones have them inside and ship small stand-ins, which do no harm.
const OPENED_BY_LIBC: [&str; 3] = ["libnss_files.so.2", "libnss_dns.so.2", "libresolv.so.2"];

/// Everything a program needs besides itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Closure {
    /// Files to bring, as the loader would name them: the loader, its configuration, libraries.
    pub(super) files: BTreeSet<PathBuf>,
    /// Links that stand in for the loader's cache, and where they lead.
    pub(super) links: BTreeMap<PathBuf, PathBuf>,
}

/// Why a program cannot be brought.
#[derive(Debug)]
pub(super) enum Unusable {
    /// The file or one of its libraries can't be read.
    Unreadable(PathBuf, io::Error),
    /// A library is nowhere to be found.
    Missing(String),
}

/// Finds libraries, and remembers what it has read.
#[derive(Default)]
pub(super) struct Libraries {
    needs: BTreeMap<PathBuf, Option<Needs>>,
    loaders: BTreeMap<String, Loader>,
    configuration: Option<Configuration>,
}

/// A dynamic loader: which folders it knows without being told.
#[derive(Debug, Clone, Default)]
struct Loader {
    default_folders: Vec<PathBuf>,
    is_musl: bool,
    configuration: Option<PathBuf>,
}

/// What `/etc/ld.so.conf` says, and which files and folders were read for it.
#[derive(Debug, Clone, Default)]
pub(super) struct Configuration {
    folders: Vec<PathBuf>,
    pub(super) read: BTreeSet<PathBuf>,
}

/// A file to be loaded, with the `DT_RPATH` of those that asked for it.
struct Loaded {
    path: PathBuf,
    inherited: Vec<PathBuf>,
}

impl Libraries {
    /// Returns what a program or library says it needs; none when it is no ELF file.
    pub(super) fn needs(&mut self, path: &Path) -> Result<Option<Needs>, Unusable> {
        if !self.needs.contains_key(path) {
            let needs =
                Needs::read(path).map_err(|error| Unusable::Unreadable(path.to_owned(), error))?;
            self.needs.insert(path.to_owned(), needs);
        }
        Ok(self.needs[path].clone())
    }

    /// Returns what `ld.so.conf` says.
    pub(super) fn configuration(&mut self) -> &Configuration {
        self.configuration.get_or_insert_with(|| {
            let mut configuration = Configuration::default();
            configuration.read_file(Path::new("/etc/ld.so.conf"), 0);
            configuration
        })
    }

    /// Finds all that a program needs. Its path must have no links, for `$ORIGIN`.
    pub(super) fn closure(&mut self, program: &Path) -> Result<Closure, Unusable> {
        let mut closure = Closure::default();
        let Some(Needs {
            machine,
            interpreter: Some(interpreter),
            ..
        }) = self.needs(program)?
        else {
            return Ok(closure);
        };
        let loader = self.loader(&interpreter)?;
        closure.files.insert(PathBuf::from(&interpreter));
        closure.files.extend(loader.configuration.clone());

        let mut known = BTreeSet::from([file_name(&interpreter).to_owned()]);
        let mut queue = VecDeque::from([Loaded {
            path: program.to_owned(),
            inherited: vec![],
        }]);
        while let Some(file) = queue.pop_front() {
            let Some(needs) = self.needs(&file.path)? else {
                continue; // libc.so may be a text for the linker; nothing is loaded from it
            };
            let own = expand(&needs.rpath, &file.path);
            let inherited = [own, file.inherited].concat();
            let mut first = expand(&needs.runpath, &file.path);
            if first.is_empty() {
                first.clone_from(&inherited);
            }
            for name in &needs.libraries {
                if !known.insert(name.clone()) {
                    continue;
                }
                let path = self.find(name, machine, &first, &loader, &mut closure)?;
                queue.push_back(Loaded {
                    path,
                    inherited: inherited.clone(),
                });
            }
        }
        self.add_opened_by_libc(&mut closure);
        Ok(closure)
    }

    fn find(
        &mut self,
        name: &str,
        machine: Machine,
        first: &[PathBuf],
        loader: &Loader,
        closure: &mut Closure,
    ) -> Result<PathBuf, Unusable> {
        if name.contains('/') {
            closure.files.insert(PathBuf::from(name));
            return Ok(PathBuf::from(name));
        }
        let configured = if loader.is_musl {
            vec![]
        } else {
            self.configuration().folders.clone()
        };
        let folders = first
            .iter()
            .chain(&configured)
            .chain(&loader.default_folders);
        for folder in folders {
            let path = folder.join(name);
            match self.needs(&path) {
                Ok(Some(needs)) if needs.machine == machine => {}
                _ => continue, // not there, or for another processor
            }
            if !first.contains(folder) && !loader.default_folders.contains(folder) {
                if let Some(default) = loader.default_folders.last() {
                    closure.links.insert(default.join(name), path.clone());
                }
            }
            closure.files.insert(path.clone());
            return Ok(path);
        }
        Err(Unusable::Missing(name.to_owned()))
    }

    fn loader(&mut self, interpreter: &str) -> Result<Loader, Unusable> {
        if let Some(loader) = self.loaders.get(interpreter) {
            return Ok(loader.clone());
        }
        let bytes = fs::read(interpreter)
            .map_err(|error| Unusable::Unreadable(interpreter.into(), error))?;
        let loader = match file_name(interpreter).strip_prefix("ld-musl-") {
            Some(rest) => Loader::musl(rest),
            None => Loader::glibc(&bytes),
        };
        self.loaders.insert(interpreter.to_owned(), loader.clone());
        Ok(loader)
    }

    fn add_opened_by_libc(&mut self, closure: &mut Closure) {
        let libc = closure
            .files
            .iter()
            .find(|path| path.ends_with("libc.so.6"));
        let Some(folder) = libc.and_then(|path| path.parent()).map(Path::to_owned) else {
            return;
        };
        let present = OPENED_BY_LIBC.map(|name| folder.join(name));
        closure
            .files
            .extend(present.into_iter().filter(|path| path.exists()));
    }
}

impl Loader {
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

/// Fills `$ORIGIN` in. Folders with other variables (`$LIB`, `$PLATFORM`) are left out: no
/// distribution's tools have them.
fn expand(folders: &[String], file: &Path) -> Vec<PathBuf> {
    let origin = file.parent().unwrap_or(Path::new("/")).to_string_lossy();
    let folders = folders.iter().map(|folder| {
        folder
            .replace("${ORIGIN}", &origin)
            .replace("$ORIGIN", &origin)
    });
    folders
        .filter(|folder| !folder.contains('$'))
        .map(PathBuf::from)
        .collect()
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn the_loader_itself_agrees() {
        let mut libraries = Libraries::default();
        for tool in ["/bin/sh", "/bin/ls", "/bin/tar", "/bin/sed"] {
            let program = Path::new(tool).canonicalize().unwrap();
            let needs = libraries.needs(&program).unwrap().unwrap();
            let closure = libraries.closure(&program).unwrap();
            let Some(interpreter) = needs.interpreter else {
                continue; // static: nothing to agree about
            };
            let listed = Command::new(interpreter)
                .arg("--list")
                .arg(&program)
                .output()
                .unwrap();
            let listed = String::from_utf8(listed.stdout).unwrap();
            let expected = listed
                .lines()
                .filter_map(|line| line.split_once("=> ")?.1.split(' ').next());
            for path in expected {
                let path = Path::new(path).canonicalize().unwrap();
                let found = closure
                    .files
                    .iter()
                    .any(|file| file.canonicalize().unwrap() == path);
                assert!(found, "{tool} needs {}", path.display());
            }
        }
    }

    #[test]
    fn a_static_program_needs_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("script");
        fs::write(&script, "#!/bin/sh\n").unwrap();
        let closure = Libraries::default().closure(&script).unwrap();
        assert_eq!(closure, Closure::default());
    }

    #[test]
    fn a_missing_library_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("program");
        let mut bytes = fs::read(std::env::current_exe().unwrap()).unwrap();
        // the name in the table of strings; the loader would look for it as well
        let at = bytes.windows(9).position(|w| w == b"libc.so.6").unwrap();
        bytes[at..at + 9].copy_from_slice(b"libq.so.6");
        fs::write(&program, bytes).unwrap();
        let error = Libraries::default().closure(&program).unwrap_err();
        assert!(matches!(error, Unusable::Missing(name) if name == "libq.so.6"));
    }

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

    #[test]
    fn origin_is_the_folder_of_the_file() {
        let folders = ["$ORIGIN/../lib", "${ORIGIN}", "/opt/$LIB"].map(str::to_owned);
        assert_eq!(
            expand(&folders, Path::new("/opt/bin/x")),
            ["/opt/bin/../lib", "/opt/bin"].map(PathBuf::from)
        );
    }
}
