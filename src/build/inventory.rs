//! What the build cache holds, thing by thing, and how things leave it.
//!
//! | kind (BuildKit's word) | what | used by images |
//! |---|---|---|
//! | `regular` | a step: its record and the layer it made | maybe: then the layer stays with the image |
//! | `exec.cachemount` | a folder of `RUN --mount=type=cache` | never |
//! | `source.http` | a file that ADD fetched | never |
//! | `source.local` | digests of a context's files, so that they need not be read again | never |
//!
//! A running build may use any of them. Layers cannot go while it holds the store, folders of
//! mounts are locked, and whatever else is missing is made again: a MISS, a download, a reading.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::cache::{BuildCache, remove};
use super::cache_mount::CacheFolder;
use crate::digest::{CacheKey, DiffId};
use crate::layers::{Store, StoreError, files};

/// What kind of thing the cache holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CacheKind {
    /// A step.
    #[serde(rename = "regular")]
    Step,
    /// The folder of a cache mount.
    #[serde(rename = "exec.cachemount")]
    Mount,
    /// A fetched file.
    #[serde(rename = "source.http")]
    Download,
    /// Digests of a context.
    #[serde(rename = "source.local")]
    Context,
}

impl fmt::Display for CacheKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Step => "regular",
            Self::Mount => "exec.cachemount",
            Self::Download => "source.http",
            Self::Context => "source.local",
        })
    }
}

/// A thing the cache holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CacheItem {
    /// Its name: 64 hex digits for most.
    pub id: String,
    /// What it is.
    pub kind: CacheKind,
    /// The instruction of a step, the address of a download; else empty.
    pub text: String,
    /// Bytes. A layer that several steps made counts for the one that was used last.
    pub size: u64,
    /// When it was made, in seconds since the epoch; for what does not tell, when it was used.
    pub created: i64,
    /// When it was used last, in milliseconds since the epoch: steps of one build follow closely.
    pub last_used: i64,
    /// Whether an image or a container has its layer, too, which then stays.
    pub shared: bool,
    /// The layer of a step.
    pub layer: Option<DiffId>,
}

/// Which things are to go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PruneCache {
    /// Also what images share, and what is only there to be quick.
    pub all: bool,
    /// Only what was not used since then, in seconds since the epoch.
    pub unused_since: Option<i64>,
    /// Only these, by the beginnings of their names.
    pub ids: Vec<String>,
    /// Only these kinds, in BuildKit's words.
    pub kinds: Vec<String>,
    /// Only so much that this many bytes are left, what was not used for longest first.
    pub keep_bytes: Option<u64>,
}

impl PruneCache {
    /// Chooses what is to go, least recently used first.
    ///
    /// Without `all`, what an image shares stays: nothing would be got back. So do the digests of
    /// contexts, without which a build only takes longer.
    pub fn choose(&self, mut items: Vec<CacheItem>) -> Vec<CacheItem> {
        items.sort_by(|a, b| a.last_used.cmp(&b.last_used).then_with(|| a.id.cmp(&b.id)));
        items.retain(|item| self.all || !item.is_spared());
        let mut total: u64 = items.iter().map(CacheItem::own_size).sum();
        items.retain(|item| self.is_meant(item));
        let Some(keep) = self.keep_bytes else {
            return items;
        };
        items.retain(|item| {
            let too_much = total > keep;
            total -= if too_much { item.own_size() } else { 0 };
            too_much
        });
        items
    }

    fn is_meant(&self, item: &CacheItem) -> bool {
        let spared = item.shared || item.kind == CacheKind::Context;
        let kind = item.kind.to_string();
        (self.all || !spared)
            && self
                .unused_since
                .is_none_or(|since| item.last_used / 1000 <= since)
            && (self.ids.is_empty() || self.ids.iter().any(|id| item.id.starts_with(id.as_str())))
            && (self.kinds.is_empty() || self.kinds.contains(&kind))
    }
}

impl CacheItem {
    /// Whether only `all` means it.
    fn is_spared(&self) -> bool {
        self.shared || self.kind == CacheKind::Context
    }

    /// Returns the bytes that only the cache holds.
    pub fn own_size(&self) -> u64 {
        if self.shared { 0 } else { self.size }
    }
}

impl BuildCache {
    /// Lists what the cache holds. `of_images` are the layers that images and containers need.
    pub fn items(
        &self,
        store: &Store,
        of_images: &BTreeSet<DiffId>,
    ) -> Result<Vec<CacheItem>, StoreError> {
        let mut items = self.steps(store, of_images)?;
        items.extend(self.mounts()?);
        items.extend(self.downloads()?);
        let contexts = files::entries(&self.folder().join("contexts"))?;
        items.extend(contexts.iter().map(|path| file(CacheKind::Context, path)));
        Ok(items)
    }

    /// Takes a thing out. Returns the bytes that are got back at once (a layer goes with the next
    /// collection), or none if a build is using it.
    pub fn remove(&self, store: &Store, item: &CacheItem) -> Result<Option<u64>, StoreError> {
        match item.kind {
            CacheKind::Step => {
                if let Ok(key) = format!("sha256:{}", item.id).parse().map(CacheKey) {
                    self.forget(key)?;
                }
                Ok(Some(0))
            }
            CacheKind::Mount => {
                let folder = self.mounts_folder();
                // The lock file stays: whoever has opened it waits for this very file.
                let lock = folder.join(format!("{}.lock", item.id));
                let Some(_alone) = files::try_lock(&lock)? else {
                    return Ok(None);
                };
                store.discard(&folder.join(&item.id))?;
                Ok(Some(item.size))
            }
            CacheKind::Download => {
                remove(&self.downloads_folder().join(&item.id))?;
                Ok(Some(item.size))
            }
            CacheKind::Context => {
                remove(&self.folder().join("contexts").join(&item.id))?;
                Ok(Some(item.size))
            }
        }
    }

    fn steps(
        &self,
        store: &Store,
        of_images: &BTreeSet<DiffId>,
    ) -> Result<Vec<CacheItem>, StoreError> {
        let records = self.records().into_iter();
        let mut records: Vec<_> = records.map(|it| (self.last_used(it.key), it)).collect();
        // The one that would be the last to go is the one whose going frees the layer.
        records.sort_by_key(|(used, record)| (std::cmp::Reverse(*used), record.key));
        let mut counted = BTreeSet::new();
        let mut items = Vec::new();
        for (last_used, record) in records {
            let layer = store.layer(record.layer)?;
            let size = layer.filter(|_| counted.insert(record.layer));
            items.push(CacheItem {
                id: record.key.0.hex(),
                kind: CacheKind::Step,
                text: record.text,
                size: size.map_or(0, |layer| layer.size),
                created: record.created,
                last_used,
                shared: of_images.contains(&record.layer),
                layer: Some(record.layer),
            });
        }
        Ok(items)
    }

    fn mounts_folder(&self) -> PathBuf {
        let name = Path::new(CacheFolder::PLACE).file_name();
        self.folder().join(name.expect("the place is a path"))
    }

    fn mounts(&self) -> Result<Vec<CacheItem>, StoreError> {
        let folder = self.mounts_folder();
        let mut paths = entries_if_any(&folder)?;
        paths.retain(|path| path.is_dir());
        let item = |path: PathBuf| {
            let used = files::last_used(&path.with_extension("lock"));
            let item = file(CacheKind::Mount, &path);
            CacheItem {
                created: used / 1000,
                last_used: used,
                ..item
            }
        };
        Ok(paths.into_iter().map(item).collect())
    }

    /// Files, and what servers said of them, which counts for nothing once its file is gone.
    fn downloads(&self) -> Result<Vec<CacheItem>, StoreError> {
        let mut paths = entries_if_any(&self.downloads_folder())?;
        paths.retain(|path| path.extension().is_none());
        let item = |path: &PathBuf| file(CacheKind::Download, path);
        Ok(paths.iter().map(item).collect())
    }
}

fn file(kind: CacheKind, path: &Path) -> CacheItem {
    let used = files::last_used(path);
    let name = path.file_name().unwrap_or_default();
    CacheItem {
        id: name.to_string_lossy().into_owned(),
        kind,
        text: String::new(),
        size: files::size_of_tree(path),
        created: used / 1000,
        last_used: used,
        shared: false,
        layer: None,
    }
}

fn entries_if_any(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    if folder.is_dir() {
        files::entries(folder)
    } else {
        Ok(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(id: &str, kind: CacheKind, size: u64, last_used: i64, shared: bool) -> CacheItem {
        CacheItem {
            id: id.to_owned(),
            kind,
            text: String::new(),
            size,
            created: 0,
            last_used,
            shared,
            layer: None,
        }
    }

    fn all() -> Vec<CacheItem> {
        vec![
            item("old", CacheKind::Step, 10, 1_000, false),
            item("shared", CacheKind::Step, 100, 2_000, true),
            item("mount", CacheKind::Mount, 20, 3_000, false),
            item("context", CacheKind::Context, 5, 4_000, false),
            item("new", CacheKind::Step, 30, 5_000, false),
        ]
    }

    fn chosen(call: &PruneCache) -> Vec<String> {
        call.choose(all()).into_iter().map(|item| item.id).collect()
    }

    #[test]
    fn what_images_share_and_what_is_only_quick_stays_unless_all_is_meant() {
        assert_eq!(chosen(&PruneCache::default()), ["old", "mount", "new"]);
        let call = PruneCache {
            all: true,
            ..PruneCache::default()
        };
        assert_eq!(chosen(&call), ["old", "shared", "mount", "context", "new"]);
    }

    #[test]
    fn what_was_not_used_for_longest_goes_first_until_little_enough_is_left() {
        let keep = |bytes| PruneCache {
            keep_bytes: Some(bytes),
            ..PruneCache::default()
        };
        assert_eq!(chosen(&keep(1000)), [""; 0]);
        assert_eq!(chosen(&keep(50)), ["old"]);
        assert_eq!(chosen(&keep(49)), ["old", "mount"]);
        assert_eq!(chosen(&keep(0)), ["old", "mount", "new"]);
    }

    #[test]
    fn filters_narrow_the_choice() {
        let since = PruneCache {
            unused_since: Some(3),
            ..PruneCache::default()
        };
        assert_eq!(chosen(&since), ["old", "mount"]);
        let kind = PruneCache {
            kinds: vec!["exec.cachemount".to_owned()],
            ..PruneCache::default()
        };
        assert_eq!(chosen(&kind), ["mount"]);
        let id = PruneCache {
            ids: vec!["ne".to_owned()],
            ..PruneCache::default()
        };
        assert_eq!(chosen(&id), ["new"]);
    }
}
