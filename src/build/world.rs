//! What the plan asks about while it judges a step: the cache, and the files a COPY would take.

use std::collections::HashMap;
use std::collections::hash_map::Entry::{Occupied, Vacant};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::base::Images;
use super::cache::{BuildCache, FolderHistory};
use super::copy::{self, Tree};
use super::error::{BuildError, CopyError, ImageError};
use super::fetch::git::Commit;
use super::fetch::{Download, Downloads, FetchError};
use super::layer_source;
use super::report::ContextReport;
use super::shared_cache::Imports;
use super::stat_cache::StatCache;
use super::supplies::Supplies;
use crate::digest::{CacheKey, DiffId, Digest, Hasher};
use crate::layers::{EntryKind, Layer, Stack, Store};
use crate::plan::context::{BuildContext, Rights, Selection};
use crate::plan::ignore::Ignore;
use crate::plan::{
    CacheRecord, CacheRecords, CopyFrom, CopyStep, FileContent, FileIngredient, Ingredients, Step,
    World,
};

/// The store, the cache and the context of one build. All its stages ask here, also at the same
/// time.
pub struct BuildWorld<'a> {
    store: &'a Store,
    cache: &'a BuildCache,
    history: FolderHistory,
    file: String,
    folder: Option<PathBuf>,
    rights: Rights,
    contexts: Mutex<Contexts>,
    supplies: Supplies,
    temporary: bool,
    imports: Option<Arc<Imports>>,
    downloads: Downloads,
}

/// The folders that files are copied from. Of two stages that ask for the same file at once, one
/// reads it.
#[derive(Default)]
struct Contexts {
    /// Until the context is opened.
    ignore: Option<Ignore>,
    /// By folder; none for the context itself.
    open: HashMap<Option<PathBuf>, (BuildContext, StatCache)>,
    looked_at: ContextReport,
}

impl<'a> BuildWorld<'a> {
    /// Prepares to build `file` in a context folder, which is opened when a COPY needs it.
    pub fn new(
        store: &'a Store,
        cache: &'a BuildCache,
        file: &str,
        folder: Option<PathBuf>,
        history_folder: &Path,
        ignore: Ignore,
    ) -> Self {
        Self {
            store,
            cache,
            history: cache.history(history_folder),
            file: file.to_owned(),
            folder,
            rights: Rights::default(),
            contexts: Mutex::new(Contexts {
                ignore: Some(ignore),
                ..Contexts::default()
            }),
            supplies: Supplies::default(),
            temporary: false,
            imports: None,
            downloads: Downloads::new(store, cache.downloads_folder()),
        }
    }

    /// Says what decides which files of the context may be read.
    pub fn with_rights(mut self, rights: Rights) -> Self {
        self.rights = rights;
        self
    }

    /// Says which secrets and agents there are.
    pub fn with_supplies(mut self, supplies: &Supplies) -> Self {
        self.supplies = supplies.clone();
        self
    }

    /// Says whether the context is gone after the build.
    pub fn temporary(mut self, temporary: bool) -> Self {
        self.temporary = temporary;
        self
    }

    /// Says which caches of other machines there are.
    pub fn with_imports(mut self, imports: Option<&Arc<Imports>>) -> Self {
        self.imports = imports.cloned();
        self
    }

    /// Returns the secrets and agents.
    pub fn supplies(&self) -> &Supplies {
        &self.supplies
    }

    /// Remembers the digests that were read.
    pub fn store_digests(&self) -> Result<(), BuildError> {
        for (folder, (_, digests)) in &self.contexts().open {
            if folder.is_some() || !self.temporary {
                digests.store()?;
            }
        }
        Ok(())
    }

    /// Returns what the context's COPY steps looked at.
    pub fn looked_at(&self) -> ContextReport {
        self.contexts().looked_at
    }

    /// Returns what a COPY takes from the context.
    pub fn select(&self, copy: &CopyStep) -> Result<Vec<Selection>, BuildError> {
        if copy.paths().next().is_none() {
            return Ok(Vec::new());
        }
        let mut contexts = self.contexts();
        let (context, _) = self.open_context(&mut contexts, folder_of(copy))?;
        Ok(context.select_all(copy)?)
    }

    /// Returns what of the selected files is in the key.
    pub fn ingredients(
        &self,
        copy: &CopyStep,
        selections: &[Selection],
    ) -> Result<Vec<FileIngredient>, BuildError> {
        let contexts = &mut *self.contexts();
        let Some((context, digests)) = contexts.open.get_mut(&folder_of(copy)) else {
            return Ok(Vec::new());
        };
        for file in selections.iter().flat_map(Selection::files) {
            if file.metadata.is_file() {
                contexts.looked_at.files += 1;
                contexts.looked_at.bytes += file.metadata.size;
            }
        }
        Ok(context.ingredients(selections, digests)?)
    }

    /// Finds out what the URLs of an ADD hold.
    pub fn look(&self, copy: &CopyStep) -> Result<Vec<Download>, BuildError> {
        let checksum = copy.add.as_ref().and_then(|add| add.checksum);
        let look = |url: &String| {
            let found = self.downloads.look(url, checksum);
            found.map_err(|error| fetch_error(url, error))
        };
        copy.urls().map(look).collect()
    }

    /// Finds out which commits the repositories of an ADD are at.
    pub fn commits(&self, copy: &CopyStep) -> Result<Vec<Commit>, BuildError> {
        let expected = copy.add.as_ref().and_then(|add| add.commit.as_deref());
        let find = |text: &String| {
            let found = self.downloads.commit(text, expected);
            found.map_err(|error| fetch_error(text, error))
        };
        copy.repositories().map(find).collect()
    }

    /// Fetches the files of a commit into a folder, and returns them as ADD takes them.
    pub fn check_out(
        &self,
        commit: &Commit,
        copy: &CopyStep,
        folder: &Path,
    ) -> Result<Vec<Tree>, BuildError> {
        let keep = copy.add.as_ref().is_some_and(|add| add.keep_git_dir);
        let folder = commit.check_out(keep, folder);
        let folder = folder.map_err(|error| fetch_error(&commit.address.url, error))?;
        let context = BuildContext::open(&folder, Ignore::default())?.with_rights(self.rights);
        let all = CopyStep {
            sources: vec![String::new()],
            ..copy.clone()
        };
        Ok(copy::from_context(&context.select_all(&all)?))
    }

    /// Returns where the bytes of a URL are, after they were fetched if need be.
    pub fn fetch(&self, download: &Download) -> Result<(Download, PathBuf), BuildError> {
        let found = self.downloads.bytes(download);
        found.map_err(|error| fetch_error(&download.url, error))
    }

    fn contexts(&self) -> MutexGuard<'_, Contexts> {
        self.contexts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the context, or a folder that has a name, when it is first needed.
    fn open_context<'c>(
        &self,
        contexts: &'c mut Contexts,
        named: Option<PathBuf>,
    ) -> Result<&'c (BuildContext, StatCache), BuildError> {
        let entry = match contexts.open.entry(named) {
            Occupied(known) => return Ok(known.into_mut()),
            Vacant(entry) => entry,
        };
        let (folder, ignore) = match entry.key() {
            Some(named) => (named.clone(), own_ignore(named)?),
            None => {
                let folder = self.folder.clone();
                let folder = folder.unwrap_or_else(|| PathBuf::from("."));
                (folder, contexts.ignore.take().unwrap_or_default())
            }
        };
        let context = BuildContext::open(&folder, ignore)?.with_rights(self.rights);
        let digests = StatCache::load(self.cache.digests_file(context.root()));
        Ok(entry.insert((context, digests)))
    }

    /// Returns what the step was made from last time, and the layer it made.
    pub fn last_time(&self, step: &Step) -> Option<(Ingredients, Layer)> {
        let key = self.history.previous_key(&self.file, step)?;
        let record = self.cache.record(key)?;
        let layer = self.store.layer(record.layer).ok().flatten()?;
        Some((self.cache.ingredients(key)?, layer))
    }

    /// Returns the trees a COPY takes from other layers.
    pub fn layer_trees(&self, stack: &Stack, copy: &CopyStep) -> Result<Vec<Tree>, BuildError> {
        layer_source::trees(stack, copy)
    }

    /// Returns the layers of an image that COPY --from names.
    pub fn image_layers(&self, copy: &CopyStep) -> Result<Vec<DiffId>, BuildError> {
        let CopyFrom::Image(reference) = &copy.from else {
            return Ok(Vec::new());
        };
        let found = Images::new(self.store, self.cache).in_store(reference)?;
        let image = found.ok_or_else(|| BuildError::Image {
            span: crate::source::Span::default(),
            near: None,
            error: Box::new(ImageError::NotHere(reference.clone())),
        })?;
        Ok(image.layers)
    }
}

impl CacheRecords for BuildWorld<'_> {
    fn record(&self, key: CacheKey) -> Option<CacheRecord> {
        let own = self.cache.record(key);
        let usable = |record: &CacheRecord| self.has_layer(record.layer);
        if own.as_ref().is_some_and(usable) {
            return own;
        }
        let imported = |imports: &Arc<Imports>| imports.take(key, self.store, self.cache);
        self.imports.as_ref().and_then(imported).or(own)
    }

    fn has_layer(&self, layer: DiffId) -> bool {
        self.store.layer(layer).is_ok_and(|layer| layer.is_some())
    }

    fn previous(&self, step: &Step) -> Option<Ingredients> {
        self.cache
            .ingredients(self.history.previous_key(&self.file, step)?)
    }
}

impl World for BuildWorld<'_> {
    type Error = BuildError;

    fn context_files(&mut self, copy: &CopyStep) -> Result<Vec<FileIngredient>, BuildError> {
        let selections = self.select(copy)?;
        let mut files = self.ingredients(copy, &selections)?;
        files.extend(self.look(copy)?.iter().map(fetched));
        files.extend(self.commits(copy)?.iter().map(committed));
        Ok(files)
    }

    fn layer_files(
        &mut self,
        layers: &[DiffId],
        copy: &CopyStep,
    ) -> Result<Vec<FileIngredient>, BuildError> {
        let layers = match copy.from {
            CopyFrom::Image(_) => self.image_layers(copy)?,
            _ => layers.to_vec(),
        };
        let stack = self.store.stack(&layers)?;
        let trees = self.layer_trees(&stack, copy)?;
        layer_ingredients(&stack, &trees)
    }
}

/// Returns the digest of what extended attributes something from a layer has; none without any.
fn attributes(stack: &Stack, bytes: &copy::Bytes) -> Result<Option<Digest>, BuildError> {
    let copy::Bytes::Layer(node) = bytes else {
        return Ok(None);
    };
    let attributes = stack.entry(node)?.xattrs;
    Ok((!attributes.is_empty()).then(|| {
        let mut hasher = Hasher::new();
        for (name, value) in &attributes {
            for bytes in [name.as_bytes(), value] {
                hasher.update(&(bytes.len() as u64).to_le_bytes());
                hasher.update(bytes);
            }
        }
        hasher.finish()
    }))
}

/// The folder that `--build-context` named, if files come from one.
fn folder_of(copy: &CopyStep) -> Option<PathBuf> {
    match &copy.from {
        CopyFrom::Folder(folder) => Some(folder.clone()),
        _ => None,
    }
}

/// Reads the ignore file of a folder with a name, if it has one.
fn own_ignore(folder: &Path) -> Result<Ignore, BuildError> {
    let path = folder.join(".dockerignore");
    match std::fs::read(&path) {
        Ok(bytes) => Ok(Ignore::parse(&String::from_utf8_lossy(&bytes))?),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Ignore::default()),
        // Without knowing what to leave out, everything would be sent.
        Err(source) => Err(CopyError::Read {
            path: path.display().to_string(),
            source,
        }
        .into()),
    }
}

fn fetch_error(url: &str, error: FetchError) -> BuildError {
    let url = url.to_owned();
    BuildError::Fetch { url, error }
}

/// Returns what of a fetched file is in the key.
pub fn fetched(download: &Download) -> FileIngredient {
    FileIngredient {
        path: download.url.clone(),
        mode: copy::FETCHED_MODE,
        owner: None,
        attributes: None,
        content: FileContent::File(download.digest),
    }
}

/// Returns what of a repository is in the key. Which reference led to the commit, the words say.
pub fn committed(commit: &Commit) -> FileIngredient {
    FileIngredient {
        path: commit.address.url.clone(),
        mode: 0o755,
        owner: None,
        attributes: None,
        content: FileContent::Special(format!("commit {}", commit.id)),
    }
}

/// Returns what of files from other layers is in the key.
pub fn layer_ingredients(stack: &Stack, trees: &[Tree]) -> Result<Vec<FileIngredient>, BuildError> {
    let mut files = Vec::new();
    for source in trees.iter().flat_map(Tree::sources) {
        let content = match (&source.kind, &source.bytes) {
            (EntryKind::Directory { .. }, _) => FileContent::Folder,
            (EntryKind::Symlink { target }, _) => {
                FileContent::Symlink(target.to_string_lossy().into_owned())
            }
            (EntryKind::File { .. }, copy::Bytes::Layer(node)) => {
                let mut reader = crate::digest::HashingReader::new(stack.open(node)?);
                std::io::copy(&mut reader, &mut std::io::sink()).map_err(|source| {
                    BuildError::System {
                        doing: "read a copied file",
                        source,
                    }
                })?;
                FileContent::File(reader.finish().0)
            }
            (other, _) => FileContent::Special(format!("{other:?}")),
        };
        files.push(FileIngredient {
            path: source.path.to_string(),
            mode: source.mode,
            owner: Some(source.owner),
            attributes: attributes(stack, &source.bytes)?,
            content,
        });
    }
    Ok(files)
}
