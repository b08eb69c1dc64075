//! The upper directory of an overlay becomes a layer.

use std::path::Path;

use super::error::Result;
use super::layer::Layer;
use super::stack::Stack;
use super::store::Store;

/// How an upper directory is to be read.
pub struct UpperOptions<'a> {
    /// What the overlay was mounted on. Says which whiteouts and opaque folders hide something,
    /// and which owners files had ([`OwnersMode::Recorded`](super::OwnersMode::Recorded)).
    pub below: &'a Stack,
    /// Who owns new files, in [`OwnersMode::Recorded`](super::OwnersMode::Recorded); the kernel knows otherwise.
    pub owner: (u32, u32),
    /// Cuts times later than this off (SOURCE_DATE_EPOCH).
    pub clamp: Option<i64>,
}

impl Store {
    /// Makes a layer of an overlay's upper directory, which is moved, not copied: it has to lie
    /// in the store's file system, unmounted. Times lose their fractions of seconds, sockets and
    /// overlay's own attributes go.
    pub fn commit_upper(&self, upper: &Path, options: &UpperOptions<'_>) -> Result<Layer> {
        let _ = (upper, options);
        todo!()
    }
}
