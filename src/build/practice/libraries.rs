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
use super::loader::{Configuration, Loader};

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

impl std::fmt::Display for Unusable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unreadable(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Missing(library) => write!(f, "{library} is missing"),
        }
    }
}

/// Finds libraries, and remembers what it has read.
#[derive(Default)]
pub(super) struct Libraries {
    needs: BTreeMap<PathBuf, Option<Needs>>,
    loaders: BTreeMap<String, Loader>,
    configuration: Option<Configuration>,
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
        self.configuration
            .get_or_insert_with(Configuration::of_this_machine)
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
        add_opened_by_libc(&mut closure);
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
            let is_known = first.contains(folder) || loader.default_folders.contains(folder);
            if let Some(default) = loader.default_folders.last().filter(|_| !is_known) {
                closure.links.insert(default.join(name), path.clone());
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
        let loader = Loader::of(interpreter, &bytes);
        self.loaders.insert(interpreter.to_owned(), loader.clone());
        Ok(loader)
    }
}

fn add_opened_by_libc(closure: &mut Closure) {
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

    /// This program, but with `libq.so.6` where it needs `libc.so.6`.
    fn program_that_needs_libq(folder: &Path) -> PathBuf {
        let mut bytes = fs::read(std::env::current_exe().unwrap()).unwrap();
        let at = bytes.windows(10).position(|w| w == b"libc.so.6\0").unwrap();
        bytes[at..at + 9].copy_from_slice(b"libq.so.6");
        fs::write(folder.join("program"), bytes).unwrap();
        folder.join("program")
    }

    #[test]
    fn a_missing_library_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let program = program_that_needs_libq(folder.path());
        let error = Libraries::default().closure(&program).unwrap_err();
        assert!(matches!(error, Unusable::Missing(name) if name == "libq.so.6"));
    }

    #[test]
    fn a_library_from_ld_so_conf_gets_a_link_where_the_loader_looks() {
        let folder = tempfile::tempdir().unwrap();
        let program = program_that_needs_libq(folder.path());
        let library = folder.path().join("libq.so.6");
        fs::copy(std::env::current_exe().unwrap(), &library).unwrap();
        let mut libraries = Libraries::default();
        libraries.configuration();
        if let Some(configuration) = &mut libraries.configuration {
            configuration.folders.insert(0, folder.path().to_owned());
        }
        let closure = libraries.closure(&program).unwrap();
        assert!(closure.files.contains(&library));
        let links: Vec<_> = closure.links.iter().collect();
        assert_eq!(links.len(), 1, "{links:?}");
        assert!(
            links[0].0.ends_with("lib/libq.so.6") && *links[0].1 == library,
            "{links:?}"
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
