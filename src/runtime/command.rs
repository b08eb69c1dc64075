//! Finds the program and becomes it: execve(2) along `PATH`, and why not when it can't.

use std::ffi::{CString, OsStr};
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;

use super::failure::{LaunchError, Missing, What};
use super::spec::{DEFAULT_PATH, Process};

/// Becomes the program. Returns only if that fails.
pub fn execute(process: &Process) -> LaunchError {
    let Some(command) = process.argv.first().filter(|command| !command.is_empty()) else {
        return not_found(
            process.argv.first().map_or("", String::as_str),
            Missing::File,
        );
    };
    let (Some(argv), Some(env)) = (c_strings(process.argv.iter().cloned()), c_env(process)) else {
        let errno = Errno::EINVAL as i32;
        return LaunchError::Setup {
            what: What::Command,
            path: command.clone(),
            errno,
        };
    };
    let mut refused = None;
    for candidate in candidates(command, &process.env) {
        let Ok(path) = CString::new(candidate.as_os_str().as_bytes()) else {
            continue;
        };
        let Err(errno) = nix::unistd::execve(&path, &argv, &env);
        match errno {
            // As execvp(3): look on, and remember that there was one.
            Errno::EACCES if candidate.is_dir() => refused = Some(Errno::EISDIR),
            Errno::EACCES => refused = Some(errno),
            Errno::ENOENT | Errno::ENOTDIR if !candidate.exists() => {}
            _ => return cannot(command, &candidate, errno),
        }
    }
    match refused {
        Some(errno) => LaunchError::NotExecutable {
            command: command.clone(),
            errno: errno as i32,
        },
        None if command.contains('/') => not_found(command, Missing::File),
        None => not_found(command, Missing::InPath),
    }
}

fn not_found(command: &str, detail: Missing) -> LaunchError {
    LaunchError::CommandNotFound {
        command: command.to_owned(),
        detail,
    }
}

fn cannot(command: &str, path: &Path, errno: Errno) -> LaunchError {
    match interpreter(path).filter(|_| errno == Errno::ENOENT) {
        Some(interpreter) => not_found(command, Missing::Interpreter { interpreter }),
        None => LaunchError::NotExecutable {
            command: command.to_owned(),
            errno: errno as i32,
        },
    }
}

fn candidates(command: &str, env: &[(String, String)]) -> Vec<PathBuf> {
    if command.contains('/') {
        return vec![PathBuf::from(command)];
    }
    let path = env.iter().rev().find(|(name, _)| name == "PATH");
    let path = path.map_or(DEFAULT_PATH, |(_, value)| value.as_str());
    // An empty entry is the working directory, as in a shell.
    path.split(':')
        .map(|folder| Path::new(if folder.is_empty() { "." } else { folder }).join(command))
        .collect()
}

fn c_env(process: &Process) -> Option<Vec<CString>> {
    c_strings(
        process
            .env
            .iter()
            .map(|(name, value)| format!("{name}={value}")),
    )
}

fn c_strings(words: impl Iterator<Item = String>) -> Option<Vec<CString>> {
    words.map(|word| CString::new(word).ok()).collect()
}

/// Returns what a file names to run it: a shebang's program or an ELF file's dynamic loader.
fn interpreter(path: &Path) -> Option<String> {
    let mut head = Vec::new();
    File::open(path)
        .ok()?
        .take(4096)
        .read_to_end(&mut head)
        .ok()?;
    let name = match head.strip_prefix(b"#!") {
        Some(line) => line
            .split(|byte| *byte == b'\n')
            .next()?
            .trim_ascii()
            .split(|byte| *byte == b' ')
            .next()?,
        None => elf_interpreter(&head)?,
    };
    Some(OsStr::from_bytes(name).to_string_lossy().into_owned())
}

/// Reads `PT_INTERP` of a 64-bit little-endian ELF file from its first bytes (elf(5)).
fn elf_interpreter(head: &[u8]) -> Option<&[u8]> {
    const PT_INTERP: u64 = 3;
    let number = |at: usize, size: usize| {
        let bytes = head.get(at..at + size)?;
        Some(
            bytes
                .iter()
                .rev()
                .fold(0, |value, byte| value << 8 | u64::from(*byte)),
        )
    };
    head.strip_prefix(b"\x7fELF\x02\x01")?;
    let at = |value: u64| usize::try_from(value).ok();
    let (table, size, count) = (
        at(number(32, 8)?)?,
        at(number(54, 2)?)?,
        at(number(56, 2)?)?,
    );
    for header in (0..count).map(|index| table.saturating_add(index.saturating_mul(size))) {
        if number(header, 4)? == PT_INTERP {
            let start = at(number(header + 8, 8)?)?;
            let name = head.get(start..start.checked_add(at(number(header + 32, 8)?)?)?)?;
            return name.split(|byte| *byte == 0).next();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(command: &str, path: &str) -> Vec<String> {
        let env = [("PATH".to_owned(), path.to_owned())];
        let found = candidates(command, &env);
        found
            .iter()
            .map(|path| path.display().to_string())
            .collect()
    }

    #[test]
    fn a_bare_command_is_looked_for_along_path() {
        assert_eq!(paths("ls", "/a::/b"), ["/a/ls", "./ls", "/b/ls"]);
    }

    #[test]
    fn a_command_with_a_slash_is_taken_as_it_is() {
        assert_eq!(paths("bin/ls", "/a"), ["bin/ls"]);
    }

    #[test]
    fn without_path_dockers_default_is_used() {
        assert_eq!(candidates("ls", &[]).len(), 6);
    }

    #[test]
    fn a_shebang_names_the_interpreter() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("script");
        std::fs::write(&script, "#! /bin/nosh -e\necho\n").unwrap();
        assert_eq!(interpreter(&script).as_deref(), Some("/bin/nosh"));
    }

    #[test]
    fn an_elf_file_names_its_loader() {
        let own = interpreter(&std::env::current_exe().unwrap()).unwrap();
        assert!(own.contains("ld-"), "{own}");
    }

    #[test]
    fn a_cut_elf_file_names_nothing() {
        assert_eq!(elf_interpreter(b"\x7fELF\x02\x01\x01"), None);
    }
}
