//! A build context that comes as one stream: a tar, or nothing but a Dockerfile.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::{Result, Session, Trouble};
use crate::layers::{OwnersMode, ScratchDir, Store, StoreError, Unpacked, is_archive};

/// What came, in a folder that goes when this does.
pub struct GivenContext {
    /// The folder to build from.
    pub folder: PathBuf,
    /// The Dockerfile, where the stream was nothing else.
    pub dockerfile: Option<Vec<u8>>,
    unpacked: Option<Unpacked>,
    _scratch: ScratchDir,
}

impl GivenContext {
    /// Reads a file of a context that was a tar; its links cannot lead out of it.
    pub fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
        match &self.unpacked {
            Some(unpacked) => unpacked.stack().read(path.as_os_str()),
            None => Ok(None),
        }
    }
}

impl Session {
    /// Takes in a context, as `build -` does: what is a tar, perhaps compressed, is the context;
    /// anything else is the Dockerfile of an empty one.
    pub fn take_context(&self, from: &mut dyn Read) -> Result<GivenContext> {
        let mut store = self.store()?.clone();
        // The files become this user's own, whoever they belong to in the tar.
        store.set_owners(OwnersMode::Recorded);
        let language = self.language();
        let taken = take(&store, from);
        Ok(taken.map_err(|error| Trouble::store(&error, language))?)
    }
}

fn take(store: &Store, from: &mut dyn Read) -> Result<GivenContext, StoreError> {
    let scratch = store.scratch()?;
    let path = scratch.path().join("given");
    let io = |source| StoreError::io("keep standard input in", &path)(source);
    let open = || File::open(&path).map_err(io);
    std::io::copy(from, &mut File::create(&path).map_err(io)?).map_err(io)?;
    if is_archive(&mut open()?) {
        // Whoever pipes a tar has it already: there is no telling how large is too large.
        let unpacked = store.unpack_archive(&mut open()?, u64::MAX)?;
        return Ok(GivenContext {
            folder: unpacked.folder(),
            dockerfile: None,
            unpacked: Some(unpacked),
            _scratch: scratch,
        });
    }
    let folder = scratch.path().join("empty");
    std::fs::create_dir(&folder).map_err(io)?;
    Ok(GivenContext {
        folder,
        dockerfile: Some(std::fs::read(&path).map_err(io)?),
        unpacked: None,
        _scratch: scratch,
    })
}
