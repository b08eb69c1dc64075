//! Downloading a blob into a file: hashed on the way, cut at the size that was promised, and gone
//! on with where an earlier attempt broke off.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use ureq::http::{Method, StatusCode, header};
use ureq::{Body, http::Response};

use super::client::{Client, text};
use super::connection::{ATTEMPTS, pause_after};
use super::error::RegistryError;
use crate::digest::{Digest, Hasher};

const PIECE: usize = 128 * 1024;

/// A download on its way.
struct Download<'a> {
    digest: Digest,
    size: u64,
    file: &'a mut File,
    hasher: Hasher,
    /// Bytes that are in the file.
    done: u64,
    /// Is told how many bytes there are; false stops.
    go_on: &'a dyn Fn(u64) -> bool,
}

impl Client {
    /// Downloads a blob into a file, which may hold its beginning already. `go_on` is told how many
    /// bytes there are, and stops the download by returning false. What turns out to be wrong
    /// leaves the file empty; what breaks off leaves what there is.
    pub fn download(
        &self,
        digest: Digest,
        size: u64,
        file: &mut File,
        go_on: &dyn Fn(u64) -> bool,
    ) -> Result<(), RegistryError> {
        let mut download = Download {
            digest,
            size,
            file,
            hasher: Hasher::new(),
            done: 0,
            go_on,
        };
        download.take_up().map_err(RegistryError::File)?;
        let mut failures = 0;
        while download.done < size {
            let before = download.done;
            let Err(error) = self.piece(&mut download)? else {
                break;
            };
            failures = if download.done > before {
                1
            } else {
                failures + 1
            };
            if !matches!(error, RegistryError::BrokenOff { .. }) || failures >= ATTEMPTS {
                return Err(error);
            }
            std::thread::sleep(pause_after(failures));
        }
        download.finish()
    }

    /// Asks for what is missing, and takes what comes. Asking has attempts of its own; taking may
    /// break off.
    fn piece(
        &self,
        download: &mut Download<'_>,
    ) -> Result<Result<(), RegistryError>, RegistryError> {
        let mut ask = self.ask(Method::GET, &format!("blobs/{}", download.digest))?;
        if download.done > 0 {
            let range = format!("bytes={}-", download.done);
            ask.headers.push((header::RANGE, range));
        }
        let mut response = self.connection.send(&ask)?;
        match response.status() {
            StatusCode::PARTIAL_CONTENT if starts_at(&response, download.done) => {}
            StatusCode::OK => download.restart().map_err(RegistryError::File)?,
            StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE
                if download.done > 0 =>
            {
                // Who knows no ranges is asked for everything.
                download.restart().map_err(RegistryError::File)?;
                return self.piece(download);
            }
            _ => {
                let what = download.digest.to_string();
                return Err(self.connection.refusal(response, &what));
            }
        }
        let registry = self.endpoint().registry();
        Ok(download.take(&mut response.body_mut().as_reader(), registry))
    }
}

impl Download<'_> {
    /// Hashes what is in the file already.
    fn take_up(&mut self) -> io::Result<()> {
        self.file.rewind()?;
        let mut buffer = vec![0; PIECE];
        loop {
            let count = self.file.read(&mut buffer)?;
            if count == 0 {
                break;
            }
            self.hasher.update(&buffer[..count]);
            self.done += count as u64;
        }
        if self.done > self.size {
            self.restart()?;
        }
        Ok(())
    }

    fn restart(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        self.hasher = Hasher::new();
        self.done = 0;
        Ok(())
    }

    fn take(&mut self, from: &mut dyn Read, registry: &str) -> Result<(), RegistryError> {
        let broken = |reason: String| RegistryError::BrokenOff {
            registry: registry.to_owned(),
            reason,
        };
        let mut buffer = vec![0; PIECE];
        loop {
            let count = match from.read(&mut buffer) {
                Ok(0) if self.done < self.size => {
                    return Err(broken("the end came too early".to_owned()));
                }
                Ok(0) => return Ok(()),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(broken(error.to_string())),
            };
            if self.done + count as u64 > self.size {
                self.restart().map_err(RegistryError::File)?;
                return Err(self.wrong_size());
            }
            self.file
                .write_all(&buffer[..count])
                .map_err(RegistryError::File)?;
            self.hasher.update(&buffer[..count]);
            self.done += count as u64;
            if !(self.go_on)(self.done) {
                return Err(RegistryError::Stopped);
            }
        }
    }

    fn wrong_size(&self) -> RegistryError {
        RegistryError::WrongSize {
            what: "blob",
            digest: self.digest,
            expected: self.size,
        }
    }

    fn finish(mut self) -> Result<(), RegistryError> {
        let hasher = std::mem::take(&mut self.hasher);
        match hasher.finish() {
            found if found == self.digest => Ok(()),
            found => {
                self.restart().map_err(RegistryError::File)?;
                Err(RegistryError::WrongDigest {
                    what: "blob",
                    expected: self.digest,
                    found,
                })
            }
        }
    }
}

/// Whether a part begins where the file ends (RFC 9110, 14.4).
fn starts_at(response: &Response<Body>, expected: u64) -> bool {
    let range = text(response, &header::CONTENT_RANGE);
    let start = range.as_deref().and_then(|range| {
        let (start, _) = range.trim().strip_prefix("bytes ")?.split_once('-')?;
        start.parse::<u64>().ok()
    });
    start == Some(expected)
}
