//! `--cache-from` and `--cache-to`: records of steps and their layers, in a folder or a registry
//! that another machine reads.
//!
//! A record is believed only if its key is what its ingredients hash to, and a layer only if its
//! bytes are what its digest says. What a step does is not proved by either: who may write there
//! decides what is built from it, as with docker.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::cache::BuildCache;
use super::report::BuildReport;
use super::shipping::{RegistryCache, ShippingError, push_cache};
use crate::digest::{CacheKey, DiffId};
use crate::language::Language;
use crate::layers::archive::CacheFolder;
use crate::layers::{Store, StoreError};
use crate::plan::{CacheRecord, Ingredients};
use crate::reference::ImageReference;
use crate::registry::Settings;

/// Where a cache is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum CachePlace {
    /// A folder, absolute.
    Folder(PathBuf),
    /// A name in a registry.
    Registry(ImageReference),
}

/// What to read from, and what messages call it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CacheSource {
    /// Where it is.
    pub place: CachePlace,
    /// As it was given.
    pub name: String,
}

/// A cache that was opened.
enum Opened {
    Folder(Box<CacheFolder>),
    Registry(Box<RegistryCache>),
}

/// What is said of a step.
#[derive(Debug, Serialize, Deserialize)]
struct Shared {
    record: CacheRecord,
    ingredients: Ingredients,
    /// The layers below the step's, base first.
    below: Vec<DiffId>,
}

/// What `--cache-from` names, opened.
#[derive(Default)]
pub struct Imports {
    caches: Vec<(String, Opened)>,
    /// By key: the cache, and what is said of the step.
    records: HashMap<CacheKey, (usize, Shared)>,
    /// What could not be read, and why.
    troubles: Mutex<Vec<(String, ShippingError)>>,
}

impl std::fmt::Debug for Imports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Imports").finish_non_exhaustive()
    }
}

impl Opened {
    fn open(
        store: &Store,
        settings: &Settings,
        place: &CachePlace,
    ) -> Result<(Self, Vec<Shared>), ShippingError> {
        match place {
            CachePlace::Folder(path) => {
                let folder = CacheFolder::open(store, path)?;
                let json = |source| StoreError::Json {
                    path: path.clone(),
                    source,
                };
                let said = serde_json::from_slice(folder.document()).map_err(json)?;
                Ok((Self::Folder(Box::new(folder)), said))
            }
            CachePlace::Registry(reference) => {
                let cache = RegistryCache::open(settings, reference)?;
                let said = serde_json::from_slice(cache.document());
                let said = said.map_err(|why| RegistryCache::wrong(reference, &why))?;
                Ok((Self::Registry(Box::new(cache)), said))
            }
        }
    }

    fn take_in(&self, store: &Store, layer: DiffId, below: &[DiffId]) -> Result<(), ShippingError> {
        match self {
            Self::Folder(folder) => Ok(folder.take_in(store, layer, below).map(drop)?),
            Self::Registry(cache) => cache.take_in(store, layer, below),
        }
    }
}

impl Imports {
    /// Opens caches. One that cannot be read is passed over with a note, as docker does: the first
    /// build of all has none to read.
    pub fn open(store: &Store, settings: &Settings, sources: &[CacheSource]) -> Self {
        let mut imports = Self::default();
        for source in sources {
            match Opened::open(store, settings, &source.place) {
                Ok((opened, said)) => imports.add(&source.name, opened, said),
                Err(error) => imports.trouble(&source.name, error),
            }
        }
        imports
    }

    fn add(&mut self, name: &str, opened: Opened, said: Vec<Shared>) {
        let place = self.caches.len();
        for shared in said {
            if shared.ingredients.key() == shared.record.key {
                let key = shared.record.key;
                self.records.entry(key).or_insert((place, shared));
            }
        }
        self.caches.push((name.to_owned(), opened));
    }

    /// Takes a step over: its layer into the store, what is known of it into the cache.
    pub(super) fn take(
        &self,
        key: CacheKey,
        store: &Store,
        cache: &BuildCache,
    ) -> Option<CacheRecord> {
        let (place, shared) = self.records.get(&key)?;
        let (name, opened) = &self.caches[*place];
        let taken = opened.take_in(store, shared.record.layer, &shared.below);
        let record = CacheRecord {
            origin: Some(name.clone()),
            ..shared.record.clone()
        };
        let kept = taken.and_then(|()| Ok(cache.remember(&record, &shared.ingredients)?));
        match kept {
            Ok(()) => Some(record),
            Err(error) => {
                self.trouble(name, error);
                None
            }
        }
    }

    fn trouble(&self, name: &str, error: ShippingError) {
        let mut troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        troubles.push((name.to_owned(), error));
    }

    /// Says what could not be read.
    pub fn notes(&self, language: Language) -> Vec<String> {
        let troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        let said = |(name, error): &(String, ShippingError)| {
            not_imported(language, name, &error.message(language))
        };
        troubles.iter().map(said).collect()
    }
}

/// Writes the steps of a build where another machine finds them: with `all` those of every stage,
/// else those whose layers are in the image.
pub fn export_cache(
    store: &Store,
    cache: &BuildCache,
    settings: &Settings,
    report: &BuildReport,
    place: &CachePlace,
    all: bool,
) -> Result<(), ShippingError> {
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
    match place {
        CachePlace::Folder(folder) => Ok(store.save_cache(folder, &document, &layers)?),
        CachePlace::Registry(name) => push_cache(store, settings, name, &document, &layers),
    }
}

crate::messages! {
    not_imported(name: &str, why: &str) {
        en: "--cache-from {name}: {why}; what it was to give is made here",
        ko: "--cache-from {name}: {why}. 필요한 것은 여기에서 만듭니다",
    }
}
