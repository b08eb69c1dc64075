//! A build context that is not a folder of this machine: a stream or a web address of a tar, or of
//! nothing but a Dockerfile; or a git repository.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::{Result, Session, Trouble};
use crate::build::{BuildError, Downloads, FetchError, git};
use crate::layers::{OwnersMode, ScratchDir, Store, StoreError, UNPACKS_TO, Unpacked, is_archive};
use crate::plan::{GitAddress, RemoteContext};

/// What came, in a folder that goes when this does.
pub struct GivenContext {
    /// The folder to build from.
    pub folder: PathBuf,
    /// The Dockerfile, where the stream was nothing else.
    pub dockerfile: Option<Vec<u8>>,
    /// For a repository: its commit.
    pub commit: Option<String>,
    unpacked: Option<Unpacked>,
    _scratch: ScratchDir,
}

impl GivenContext {
    /// Reads a file of a tar or repository; its links cannot lead out of it.
    pub fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
        if let Some(unpacked) = &self.unpacked {
            return unpacked.stack().read(path.as_os_str());
        }
        let found = self.folder.join(path).canonicalize().ok();
        let found = found.filter(|found| found.starts_with(&self.folder) && found.is_file());
        let read = |found: PathBuf| std::fs::read(&found).map_err(StoreError::io("read", &found));
        found.map(read).transpose()
    }
}

impl Session {
    /// Takes in a context, as `build -` does: what is a tar, perhaps compressed, is the context;
    /// anything else is the Dockerfile of an empty one.
    pub fn take_context(&self, from: &mut dyn Read) -> Result<GivenContext> {
        let store = self.store_for_contexts()?;
        let mut keep = || {
            let scratch = store.scratch()?;
            let path = scratch.path().join("given");
            let io = |source| StoreError::io("keep standard input in", &path)(source);
            std::io::copy(from, &mut File::create(&path).map_err(io)?).map_err(io)?;
            // Whoever pipes a tar has it already: there is no telling how large is too large.
            take(&store, scratch, &path, u64::MAX)
        };
        Ok(keep().map_err(|error| Trouble::store(&error, self.language()))?)
    }

    /// Fetches a context from elsewhere. `keep_git_dir` leaves a repository its `.git`.
    pub fn fetch_context(
        &self,
        context: &RemoteContext,
        keep_git_dir: bool,
    ) -> Result<GivenContext> {
        let (url, fetched) = match context {
            RemoteContext::Git(address) => {
                let store = self.store_for_contexts()?;
                (&address.url, check_out(&store, address, keep_git_dir))
            }
            RemoteContext::Web(url) => {
                let mut store = self.store_for_contexts()?;
                store.set_unpacks_to(self.unpacks_to()?.unwrap_or(UNPACKS_TO));
                let downloads = Downloads::new(&store, self.cache()?.downloads_folder());
                (url, download(&store, &downloads, url))
            }
        };
        let not_fetched = |error| {
            let url = url.clone();
            Trouble::build(&BuildError::Fetch { url, error }, self.language())
        };
        Ok(fetched.map_err(not_fetched)?)
    }

    /// The store, as contexts need it: the files become this user's own, whoever they belong to.
    fn store_for_contexts(&self) -> Result<Store> {
        let mut store = self.store()?.clone();
        store.set_owners(OwnersMode::Recorded);
        Ok(store)
    }
}

fn check_out(
    store: &Store,
    address: &GitAddress,
    keep_git_dir: bool,
) -> Result<GivenContext, FetchError> {
    let scratch = store.scratch()?;
    let commit = git::find(address, None)?;
    let folder = commit.check_out(keep_git_dir, scratch.path())?;
    Ok(GivenContext {
        folder,
        dockerfile: None,
        commit: Some(commit.id),
        unpacked: None,
        _scratch: scratch,
    })
}

fn download(store: &Store, downloads: &Downloads, url: &str) -> Result<GivenContext, FetchError> {
    let (download, path) = downloads.bytes(&downloads.look(url, None)?)?;
    Ok(take(store, store.scratch()?, &path, download.size)?)
}

/// Makes a context of the bytes in a file, which is a tar of `size` bytes or a Dockerfile.
fn take(
    store: &Store,
    scratch: ScratchDir,
    path: &Path,
    size: u64,
) -> Result<GivenContext, StoreError> {
    let io = |source| StoreError::io("read", path)(source);
    let open = || File::open(path).map_err(io);
    if is_archive(&mut open()?) {
        let unpacked = store.unpack_archive(&mut open()?, size)?;
        return Ok(GivenContext {
            folder: unpacked.folder(),
            dockerfile: None,
            commit: None,
            unpacked: Some(unpacked),
            _scratch: scratch,
        });
    }
    let folder = scratch.path().join("empty");
    std::fs::create_dir(&folder).map_err(io)?;
    Ok(GivenContext {
        folder,
        dockerfile: Some(std::fs::read(path).map_err(io)?),
        commit: None,
        unpacked: None,
        _scratch: scratch,
    })
}
