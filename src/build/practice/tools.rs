//! Which programs a learner uses inside a container, and where the host keeps them.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The programs of a base made from the host's tools, as far as the host has them.
#[rustfmt::skip]
pub(super) const TOOLS: &[&str] = &[
    // shells, and what scripts start with
    "sh", "bash", "env", "true", "false", "test", "[", "printf", "echo", "sleep", "timeout", "yes",
    // files and folders
    "ls", "cat", "cp", "mv", "rm", "mkdir", "rmdir", "ln", "touch", "chmod", "chown", "chgrp",
    "stat", "du", "df", "dd", "find", "readlink", "realpath", "basename", "dirname", "mktemp",
    "mkfifo", "mknod", "sync", "truncate", "fallocate", "tee", "which",
    // text
    "grep", "sed", "awk", "sort", "uniq", "cut", "tr", "head", "tail", "wc", "od", "seq", "expr",
    "xargs", "cmp", "diff", "tac", "nl", "more", "less", "vi",
    // archives and digests
    "tar", "gzip", "gunzip", "zcat", "base64", "md5sum", "sha256sum",
    // who, where, when
    "id", "whoami", "groups", "hostname", "uname", "date", "pwd", "printenv", "nproc", "tty",
    "uptime", "free",
    // processes, and what a container is made of
    "ps", "kill", "nice", "nohup", "setsid", "chroot", "mount", "umount", "unshare", "nsenter",
    "httpd",
];

/// Programs that come in very different sizes, and the most bytes they may have. A `vi` of this
/// size is nvi, vim.tiny or vim-minimal; a full vim doesn't work without its runtime files.
const AT_MOST: [(&str, u64); 1] = [("vi", 2 << 20)];

/// Folders that are on the `PATH` of a base. A tool from elsewhere gets a link.
const STANDARD_FOLDERS: [&str; 6] = [
    "/usr/local/sbin",
    "/usr/local/bin",
    "/usr/sbin",
    "/usr/bin",
    "/sbin",
    "/bin",
];

/// Returns the folders of a `PATH` to search: those a container has on its `PATH` too come
/// first, so that wrappers in somebody's home (pyenv, cargo) don't stand in for the tools.
pub(super) fn folders(path_env: &OsStr) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = Vec::new();
    for folder in std::env::split_paths(path_env).filter(|folder| folder.is_absolute()) {
        if !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    folders.sort_by_key(|folder| !is_standard(folder)); // stable: the order is kept otherwise
    folders
}

/// Returns the first executable file of that name.
pub(super) fn find(name: &str, folders: &[PathBuf]) -> Option<PathBuf> {
    let candidates = folders.iter().map(|folder| folder.join(name));
    candidates.into_iter().find(|path| {
        fs::metadata(path)
            .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    })
}

/// Says whether a program of a base is on its `PATH`.
pub(super) fn is_on_path(program: &Path) -> bool {
    program.parent().is_some_and(is_standard)
}

/// Says whether a program is too large to be brought.
pub(super) fn is_too_large(name: &str, size: u64) -> bool {
    AT_MOST
        .iter()
        .any(|&(tool, most)| tool == name && size > most)
}

fn is_standard(folder: &Path) -> bool {
    STANDARD_FOLDERS
        .iter()
        .any(|standard| folder == Path::new(standard))
}

/// Returns the programs that a script's `#!` line starts: `/usr/bin/env` names a second one.
/// Empty when it is no script.
pub(super) fn interpreters(script: &Path) -> io::Result<Vec<String>> {
    const LONGEST: u64 = 256; // execve(2), Interpreter scripts
    let mut head = Vec::new();
    File::open(script)?.take(LONGEST).read_to_end(&mut head)?;
    let head = String::from_utf8_lossy(&head);
    let Some(line) = head.strip_prefix("#!").and_then(|rest| rest.lines().next()) else {
        return Ok(Vec::new());
    };
    let mut words = line.split_whitespace().map(str::to_owned);
    let first = words.next().unwrap_or_default();
    let by_env = first.ends_with("/env");
    let second = words.find(|word| by_env && !word.starts_with('-') && !word.contains('='));
    Ok([first].into_iter().chain(second).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(text: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("script");
        fs::write(&path, text).unwrap();
        interpreters(&path).unwrap()
    }

    #[test]
    fn a_script_names_its_interpreters() {
        assert_eq!(script("#!/bin/sh -e\nls\n"), ["/bin/sh"]);
        assert_eq!(script("#! /usr/bin/env bash\n"), ["/usr/bin/env", "bash"]);
        assert_eq!(
            script("#!/usr/bin/env -S A=1 awk -f\n"),
            ["/usr/bin/env", "awk"]
        );
        assert!(script("echo hi\n").is_empty());
    }

    #[test]
    fn folders_of_a_container_come_first() {
        let folders = folders(OsStr::new(
            "/home/u/bin:relative::/usr/bin:/bin:/home/u/bin",
        ));
        assert_eq!(
            folders,
            ["/usr/bin", "/bin", "/home/u/bin"].map(PathBuf::from)
        );
    }

    #[test]
    fn only_executable_files_are_tools() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("sh"), "").unwrap();
        fs::create_dir(folder.path().join("ls")).unwrap();
        let folders = [folder.path().to_owned()];
        assert_eq!(find("sh", &folders), None);
        assert_eq!(find("ls", &folders), None);
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(folder.path().join("sh"), mode).unwrap();
        assert_eq!(find("sh", &folders), Some(folder.path().join("sh")));
    }

    #[test]
    fn no_tool_is_listed_twice() {
        let names: std::collections::BTreeSet<_> = TOOLS.iter().collect();
        assert_eq!(names.len(), TOOLS.len());
    }
}
