//! What ADD fetches: a URL becomes a file of the store, and stays there for the next build.
//!
//! ```text
//! cache/downloads/<digest>          the bytes
//! cache/downloads/<url>.json        what the server said of them: digest, ETag, time
//! ```
//!
//! A server is asked once in every build whether it has anything new; what it calls unchanged is
//! not sent again. With `--checksum` the bytes are known before, and nobody is asked about a step
//! that is reused (dockerfile-spec.md, 10).

mod error;
mod http;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

pub use self::error::FetchError;
use crate::digest::Digest;
use crate::layers::files::atomic_write;
use crate::layers::{ScratchDir, Store, StoreError};

/// The files that were fetched.
pub struct Downloads {
    store: Store,
    folder: PathBuf,
    /// Those of this build, by URL. Who asks for one that is on its way waits for it.
    seen: Mutex<HashMap<String, Arc<Mutex<Seen>>>>,
}

/// What this build knows of a URL; none before it was asked for.
type Seen = Option<Download>;

/// What is known of a URL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Download {
    /// Where it comes from.
    pub url: String,
    /// What its bytes are.
    pub digest: Digest,
    /// How many; 0 until they are here.
    pub size: u64,
    /// When the server says they were made, in seconds since the epoch; 0 where it does not.
    pub mtime: i64,
    /// The server's name for this state of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    /// The server's words for the time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_modified: Option<String>,
}

/// What a server answers.
enum Answer {
    /// It has nothing new.
    Unchanged,
    /// These bytes, in a file.
    File(Download, PathBuf),
}

impl Downloads {
    /// Opens the files that earlier builds fetched.
    pub fn new(store: &Store, folder: PathBuf) -> Self {
        Self {
            store: store.clone(),
            folder,
            seen: Mutex::default(),
        }
    }

    /// Finds out what a URL holds: fetched, unless the digest is known from `checksum`.
    pub fn look(&self, url: &str, checksum: Option<Digest>) -> Result<Download, FetchError> {
        let seen = self.seen(url);
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = &*seen {
            return checked(known.clone(), checksum);
        }
        if let Some(digest) = checksum {
            let before = self.before(url).filter(|before| before.digest == digest);
            return Ok(before.unwrap_or_else(|| Download {
                url: url.to_owned(),
                digest,
                size: 0,
                mtime: 0,
                etag: None,
                last_modified: None,
            }));
        }
        self.fetch(url, &mut seen)
    }

    /// Returns where the bytes are, after they were fetched if need be.
    pub fn bytes(&self, wanted: &Download) -> Result<(Download, PathBuf), FetchError> {
        let seen = self.seen(&wanted.url);
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found = wanted.clone();
        let is_here = self.before(&wanted.url).as_ref() == Some(wanted);
        if !is_here || !self.file(wanted.digest).is_file() {
            found = checked(self.fetch(&wanted.url, &mut seen)?, Some(wanted.digest))?;
        }
        let file = self.file(found.digest);
        Ok((found, file))
    }

    fn seen(&self, url: &str) -> Arc<Mutex<Seen>> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(seen.entry(url.to_owned()).or_default())
    }

    fn fetch(&self, url: &str, seen: &mut Seen) -> Result<Download, FetchError> {
        let before = self.before(url);
        let before = before.filter(|before| self.file(before.digest).is_file());
        let scratch = self.store.scratch()?;
        let download = match (http::get(url, before.as_ref(), &scratch)?, before) {
            (Answer::Unchanged, Some(before)) => before,
            (Answer::Unchanged, None) => return Err(FetchError::NothingSent),
            (Answer::File(download, file), _) => {
                self.keep(&download, &file)?;
                download
            }
        };
        *seen = Some(download.clone());
        Ok(download)
    }

    /// Keeps what was fetched. What the server said of it comes last: without it the bytes are
    /// only fetched again.
    fn keep(&self, download: &Download, file: &Path) -> Result<(), StoreError> {
        let io = |path: &Path| StoreError::io("keep", path.to_owned());
        std::fs::create_dir_all(&self.folder).map_err(io(&self.folder))?;
        let kept = self.file(download.digest);
        std::fs::rename(file, &kept).map_err(io(&kept))?;
        let said = serde_json::to_vec_pretty(download).expect("plain values are JSON");
        atomic_write(&self.note(&download.url), &said)
    }

    /// What the server said last time.
    fn before(&self, url: &str) -> Option<Download> {
        let bytes = std::fs::read(self.note(url)).ok()?;
        let before: Download = serde_json::from_slice(&bytes).ok()?;
        (before.url == url).then_some(before)
    }

    fn note(&self, url: &str) -> PathBuf {
        let name = Digest::of(url.as_bytes()).hex();
        self.folder.join(format!("{name}.json"))
    }

    fn file(&self, digest: Digest) -> PathBuf {
        self.folder.join(digest.hex())
    }
}

fn checked(found: Download, checksum: Option<Digest>) -> Result<Download, FetchError> {
    match checksum {
        Some(expected) if expected != found.digest => Err(FetchError::Checksum {
            expected,
            found: found.digest,
        }),
        _ => Ok(found),
    }
}

/// Returns the place for a file that is being fetched.
fn place(scratch: &ScratchDir) -> PathBuf {
    scratch.path().join("download")
}
