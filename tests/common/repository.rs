//! A git repository that a test makes with the `git` of this machine, and serves on 127.0.0.1.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use tempfile::TempDir;

use super::server::{Page, Server};

/// A repository with one branch, `main`.
pub struct Repository {
    folder: TempDir,
}

/// Tells whether this machine has git. Tests that need it assert what is said where it has none.
pub fn has_git() -> bool {
    let version = Command::new("git").arg("--version").output();
    version.is_ok_and(|version| version.status.success())
}

impl Repository {
    /// Makes one with these files in its first commit.
    pub fn with(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("repo")).unwrap();
        let repository = Self { folder };
        repository.git(&["init", "-q", "--template=", "--initial-branch=main"]);
        repository.commit(files);
        repository
    }

    /// The folder of its files.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("repo")
    }

    /// Runs git in it and returns what it prints.
    pub fn git(&self, words: &[&str]) -> String {
        let output = Command::new("git")
            .current_dir(self.path())
            .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
            .args(["-c", "protocol.file.allow=always"])
            .args(words)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .output()
            .unwrap();
        assert!(output.status.success(), "git {words:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Writes files and commits all there is; returns the commit.
    pub fn commit(&self, files: &[(&str, &str)]) -> String {
        for (name, text) in files {
            let path = self.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        self.git(&["add", "--all"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", "test"]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Puts it on a web server as nothing but files (git's "dumb" protocol), at `/repo.git`.
    pub fn publish(&self, server: &Server) -> String {
        self.git(&["update-server-info"]);
        let root = self.path().join(".git");
        put(server, &root, "/repo.git");
        let refs = fs::read(root.join("info/refs")).unwrap();
        server.put(
            "/repo.git/info/refs?service=git-upload-pack",
            Page::new(refs),
        );
        server.url("/repo.git")
    }

    /// Serves it with git's own protocol.
    pub fn daemon(&self) -> Daemon {
        Daemon::new(self.folder.path())
    }
}

fn put(server: &Server, folder: &Path, url: &str) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let url = format!("{url}/{}", entry.file_name().to_string_lossy());
        if entry.file_type().unwrap().is_dir() {
            put(server, &entry.path(), &url);
        } else {
            server.put(&url, Page::new(fs::read(entry.path()).unwrap()));
        }
    }
}

/// `git daemon` for one connection after the other; it ends with the test.
pub struct Daemon {
    address: SocketAddr,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Daemon {
    fn new(folder: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let over = Arc::new(AtomicBool::new(false));
        let thread = thread::spawn({
            let (over, folder) = (Arc::clone(&over), folder.to_owned());
            move || {
                for stream in listener.incoming() {
                    if over.load(Ordering::SeqCst) {
                        return;
                    }
                    answer(stream.unwrap(), &folder);
                }
            }
        });
        Self {
            address,
            over,
            thread: Some(thread),
        }
    }

    /// The repository's address.
    pub fn url(&self) -> String {
        format!("git://{}/repo", self.address)
    }
}

fn answer(stream: TcpStream, folder: &Path) {
    let input: OwnedFd = stream.try_clone().unwrap().into();
    let output: OwnedFd = stream.into();
    let base = format!("--base-path={}", folder.display());
    // A client that goes away early is the test's own doing.
    let _ = Command::new("git")
        .args(["daemon", "--inetd", "--export-all", &base])
        .arg(folder)
        .stdin(input)
        .stdout(output)
        .stderr(Stdio::null())
        .status();
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        // The thread waits for somebody to come.
        let _ = TcpStream::connect(self.address);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}
