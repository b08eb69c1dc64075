//! `--cache-from` and `--cache-to`: records of steps and their layers, in a folder that another
//! machine reads.
//!
//! A record is believed only if its key is what its ingredients hash to, and a layer only if its
//! bytes are what its digest says. What a step does is not proved by either: who may write the
//! folder decides what is built from it, as with docker.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::cache::BuildCache;
use super::report::BuildReport;
use crate::digest::{CacheKey, DiffId};
use crate::language::Language;
use crate::layers::archive::CacheFolder;
use crate::layers::{Store, StoreError};
use crate::plan::{CacheRecord, Ingredients};

/// A folder to read from, and what messages call it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CacheSource {
    /// The folder, absolute.
    pub folder: PathBuf,
    /// As it was given.
    pub name: String,
}

/// What is said of a step.
#[derive(Debug, Serialize, Deserialize)]
struct Shared {
    record: CacheRecord,
    ingredients: Ingredients,
    /// The layers below the step's, base first.
    below: Vec<DiffId>,
}

/// The folders of `--cache-from`, opened.
#[derive(Default)]
pub struct Imports {
    folders: Vec<(String, CacheFolder)>,
    /// By key: the folder, and what is said of the step.
    records: HashMap<CacheKey, (usize, Shared)>,
    /// What could not be read, and why.
    troubles: Mutex<Vec<(String, StoreError)>>,
}

impl std::fmt::Debug for Imports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Imports").finish_non_exhaustive()
    }
}

impl Imports {
    /// Opens folders. One that cannot be read is passed over with a note, as docker does: the first
    /// build of all has none to read.
    pub fn open(store: &Store, sources: &[CacheSource]) -> Self {
        let mut imports = Self::default();
        for source in sources {
            if let Err(error) = imports.add(store, source) {
                imports.trouble(&source.name, error);
            }
        }
        imports
    }

    fn add(&mut self, store: &Store, source: &CacheSource) -> Result<(), StoreError> {
        let folder = CacheFolder::open(store, &source.folder)?;
        let list: Vec<Shared> =
            serde_json::from_slice(folder.document()).map_err(|error| StoreError::Json {
                path: source.folder.clone(),
                source: error,
            })?;
        let place = self.folders.len();
        for shared in list {
            if shared.ingredients.key() == shared.record.key {
                let key = shared.record.key;
                self.records.entry(key).or_insert((place, shared));
            }
        }
        self.folders.push((source.name.clone(), folder));
        Ok(())
    }

    /// Takes a step over: its layer into the store, what is known of it into the cache.
    pub(super) fn take(
        &self,
        key: CacheKey,
        store: &Store,
        cache: &BuildCache,
    ) -> Option<CacheRecord> {
        let (place, shared) = self.records.get(&key)?;
        let (name, folder) = &self.folders[*place];
        let taken = folder.take_in(store, shared.record.layer, &shared.below);
        let record = CacheRecord {
            origin: Some(name.clone()),
            ..shared.record.clone()
        };
        let kept = taken.and_then(|_| cache.remember(&record, &shared.ingredients));
        match kept {
            Ok(()) => Some(record),
            Err(error) => {
                self.trouble(name, error);
                None
            }
        }
    }

    fn trouble(&self, name: &str, error: StoreError) {
        let mut troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        troubles.push((name.to_owned(), error));
    }

    /// Says what could not be read.
    pub fn notes(&self, language: Language) -> Vec<String> {
        let troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        let said = |(name, error): &(String, StoreError)| {
            not_imported(language, name, &error.message(language))
        };
        troubles.iter().map(said).collect()
    }
}

/// Writes the steps of a build into a folder: with `all` those of every stage, else those whose
/// layers are in the image.
pub fn export_cache(
    store: &Store,
    cache: &BuildCache,
    report: &BuildReport,
    folder: &Path,
    all: bool,
) -> Result<(), StoreError> {
    let image = report.image.map(|id| store.image(id)).transpose()?;
    let in_image = image.map(|image| image.layers).unwrap_or_default();
    let mut shared: Vec<Shared> = Vec::new();
    for step in &report.steps {
        let (Some(key), Some(id)) = (step.key, step.image) else {
            continue;
        };
        let (Some(record), Some(ingredients)) = (cache.record(key), cache.ingredients(key)) else {
            continue;
        };
        let known = shared.iter().any(|known| known.record.key == key);
        if known || !(all || in_image.contains(&record.layer)) {
            continue;
        }
        let mut below = store.image(id)?.layers;
        below.pop();
        shared.push(Shared {
            record: CacheRecord {
                origin: None,
                ..record
            },
            ingredients,
            below,
        });
    }
    let mut layers: Vec<DiffId> = shared.iter().map(|shared| shared.record.layer).collect();
    layers.sort_unstable();
    layers.dedup();
    let document = serde_json::to_vec(&shared).expect("records have only text keys");
    store.save_cache(folder, &document, &layers)
}

crate::messages! {
    not_imported(folder: &str, why: &str) {
        en: "--cache-from {folder}: {why}; what it was to give is made here",
        ko: "--cache-from {folder}: {why}. 필요한 것은 여기에서 만듭니다",
    }
}
