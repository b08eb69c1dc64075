//! git repositories: which commit an address means, and the files of it.
//!
//! The `git` program does it, as in BuildKit: submodules come along, only so much history as is
//! needed is asked for. What a repository, its server or the user's own settings could make git
//! execute is turned off: no hooks, no settings of this machine or user, no questions, and no way of
//! fetching but the four that build contexts know.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::FetchError;
use crate::layers::StoreError;
use crate::plan::{GitAddress, is_commit};

/// What git may use, also for submodules. `file` and `ext` (any program) are not among them.
const PROTOCOLS: &str = "git:http:https:ssh";

/// What of the surroundings git is told: where programs, agents, proxies and authorities are.
const SURROUNDINGS: [&str; 14] = [
    "PATH",
    "HOME",
    "SSH_AUTH_SOCK",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "GIT_SSL_CAINFO",
    "http_proxy",
    "https_proxy",
    "HTTPS_PROXY",
    "all_proxy",
    "ALL_PROXY",
    "no_proxy",
    "NO_PROXY",
    "TMPDIR",
];

/// Settings for every call. A server that sends less than 1000 bytes a second for a minute is gone.
const SETTINGS: [&str; 9] = [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.logAllRefUpdates=false",
    "credential.helper=",
    "gc.auto=0",
    "advice.detachedHead=false",
    "init.defaultBranch=main",
    "http.lowSpeedLimit=1000",
    "http.lowSpeedTime=60",
];

/// A commit that an address means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Where it was looked for.
    pub address: GitAddress,
    /// Its whole name, in hex digits.
    pub id: String,
    /// The full name of the branch or tag that led to it.
    name: Option<String>,
}

/// Asks the server which commit an address means; `expected` is what its name has to begin with.
pub fn find(address: &GitAddress, expected: Option<&str>) -> Result<Commit, FetchError> {
    let found = match &address.reference {
        Some(id) if is_commit(id) => (id.clone(), None),
        _ => named(address)?,
    };
    let (id, name) = found;
    if let Some(expected) = expected.filter(|expected| !id.starts_with(*expected)) {
        return Err(FetchError::OtherCommit {
            expected: expected.to_owned(),
            found: id,
        });
    }
    Ok(Commit {
        address: address.clone(),
        id,
        name,
    })
}

/// Asks for a branch or tag, or for what the repository takes where none is named.
fn named(address: &GitAddress) -> Result<(String, Option<String>), FetchError> {
    let listed = git(Path::new("/"), &["ls-remote", "--", &address.url])?;
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let find = |wanted: &str| {
        let mut rows = listed.lines().filter_map(|row| row.split_once('\t'));
        let (id, _) = rows.find(|(_, name)| *name == wanted)?;
        is_commit(id).then(|| id.to_owned())
    };
    let wanted = address.reference.as_deref().unwrap_or("HEAD");
    let full = format!("refs/{}", wanted.trim_start_matches("refs/"));
    let names = match &address.reference {
        None => vec![wanted.to_owned()],
        // A branch goes before a tag of its name, as in `git checkout`.
        Some(_) => vec![
            full,
            format!("refs/heads/{wanted}"),
            format!("refs/tags/{wanted}"),
        ],
    };
    for name in names {
        // An annotated tag is an object of its own; the second name is what it stands for.
        if let Some(id) = find(&format!("{name}^{{}}")).or_else(|| find(&name)) {
            return Ok((id, Some(name)));
        }
    }
    Err(FetchError::NoReference(wanted.to_owned()))
}

impl Commit {
    /// Fetches the commit into an empty folder and returns where its files are. Modes are those of
    /// any machine, whatever the umask here.
    pub fn check_out(&self, keep_git_dir: bool, into: &Path) -> Result<PathBuf, FetchError> {
        let git = |words: &[&str]| git(into, words);
        git(&["init", "--quiet", "--template="])?;
        self.fetch(into)?;
        git(&["checkout", "--quiet", "--force", "--detach", &self.id])?;
        if fs::symlink_metadata(into.join(".gitmodules")).is_ok() {
            git(&[
                "submodule",
                "--quiet",
                "update",
                "--init",
                "--recursive",
                "--depth=1",
            ])?;
        }
        if keep_git_dir && self.address.folder.is_none() {
            let url = without_password(&self.address.url);
            git(&["remote", "add", "origin", &url])?;
        } else {
            remove_git_dirs(into).map_err(kept(into))?;
        }
        same_modes(into).map_err(kept(into))?;
        self.folder(into)
    }

    /// Fetches this commit alone; from a server that cannot give one alone, everything.
    fn fetch(&self, into: &Path) -> Result<(), FetchError> {
        let (url, what) = (&*self.address.url, self.name.as_ref().unwrap_or(&self.id));
        let fetch = ["fetch", "--quiet", "--no-tags", "--no-recurse-submodules"];
        let alone = [&fetch[..], &["--depth=1", "--", url, what]].concat();
        let has_it = || {
            git(
                into,
                &["cat-file", "-e", &format!("{}^{{commit}}", self.id)],
            )
            .is_ok()
        };
        if git(into, &alone).is_ok() && has_it() {
            return Ok(());
        }
        let all = ["--", url, "+refs/heads/*:refs/remotes/origin/*"];
        git(
            into,
            &[&fetch[..], &all, &["+refs/tags/*:refs/tags/*"]].concat(),
        )?;
        if has_it() {
            return Ok(());
        }
        Err(FetchError::NoReference(self.id.clone()))
    }

    /// Returns the folder that stands for the repository; no link leads out of it.
    fn folder(&self, root: &Path) -> Result<PathBuf, FetchError> {
        let root = root.canonicalize().map_err(kept(root))?;
        let Some(folder) = &self.address.folder else {
            return Ok(root);
        };
        let found = root.join(folder).canonicalize().ok();
        let found = found.filter(|found| found.starts_with(&root) && found.is_dir());
        found.ok_or_else(|| FetchError::NoFolder(folder.clone()))
    }
}

fn kept(path: &Path) -> impl FnOnce(io::Error) -> FetchError {
    let path = path.to_owned();
    move |error| StoreError::io("check out into", path)(error).into()
}

/// Runs git; it must succeed.
fn git(folder: &Path, words: &[&str]) -> Result<Output, FetchError> {
    let settings = SETTINGS.iter().flat_map(|setting| ["-c", setting]);
    let mut command = Command::new("git");
    command.current_dir(folder).stdin(Stdio::null()).env_clear();
    let surroundings = SURROUNDINGS.iter().filter_map(|name| {
        let value = std::env::var_os(name)?;
        Some((name, value))
    });
    command.envs(surroundings).args(settings).args(words);
    for (name, value) in [
        ("LC_ALL", "C"),
        ("GIT_TERMINAL_PROMPT", "0"),
        ("GIT_ASKPASS", ""),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_ATTR_NOSYSTEM", "1"),
        ("GIT_ALLOW_PROTOCOL", PROTOCOLS),
        ("GIT_SSH_COMMAND", "ssh -oBatchMode=yes"),
    ] {
        command.env(name, value);
    }
    let output = command.output().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => FetchError::GitMissing,
        _ => FetchError::Git(error.to_string()),
    })?;
    if output.status.success() {
        return Ok(output);
    }
    Err(FetchError::Git(complaint(&output.stderr)))
}

/// Returns the sentence in which git says what is wrong.
fn complaint(said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    let lines = || said.lines().map(str::trim).filter(|line| !line.is_empty());
    let fatal = |line: &&str| line.starts_with("fatal: ") || line.starts_with("error: ");
    let line = lines().find(fatal).or_else(|| lines().next_back());
    let line = line.unwrap_or_default();
    let line = line.trim_start_matches("fatal: ");
    // Bytes of a server are not to move the cursor.
    line.chars().filter(|char| !char.is_control()).collect()
}

/// Takes the password out of an address that is written down.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    match host.rsplit_once('@') {
        Some((user, host)) if user.contains(':') => format!("{scheme}://{host}{path}"),
        _ => url.to_owned(),
    }
}

/// Removes the repository's own folder, and the files that stand for it in submodules.
fn remove_git_dirs(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let is_folder = entry.file_type()?.is_dir();
        match (entry.file_name() == OsStr::new(".git"), is_folder) {
            (true, true) => fs::remove_dir_all(entry.path())?,
            (true, false) => fs::remove_file(entry.path())?,
            (false, true) => remove_git_dirs(&entry.path())?,
            (false, false) => {}
        }
    }
    Ok(())
}

/// Gives everything the mode that git means by it: it knows only who may execute.
fn same_modes(path: &Path) -> io::Result<()> {
    let metadata = fs::symlink_metadata(path)?;
    if metadata.is_symlink() {
        return Ok(());
    }
    let execute = metadata.is_dir() || metadata.permissions().mode() & 0o100 != 0;
    let mode = if execute { 0o755 } else { 0o644 };
    fs::set_permissions(path, Permissions::from_mode(mode))?;
    if metadata.is_dir() {
        for entry in fs::read_dir(path)? {
            same_modes(&entry?.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_written_down() {
        for (url, written) in [
            ("https://me:secret@host/r.git", "https://host/r.git"),
            ("https://me@host/r.git", "https://me@host/r.git"),
            ("git@host:r", "git@host:r"),
        ] {
            assert_eq!(without_password(url), written);
        }
    }

    #[test]
    fn the_complaint_is_the_fatal_line_without_control_characters() {
        let said = b"remote: hi\nfatal: repository 'x\x1b[2J' not found\nmore\n";
        assert_eq!(complaint(said), "repository 'x[2J' not found");
        assert_eq!(complaint(b"one\ntwo\n"), "two");
    }
}
