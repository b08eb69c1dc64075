//! What the cache remembers of a step, and how the plan asks for it.

use serde::{Deserialize, Serialize};

use super::ingredients::Ingredients;
use super::step::Step;
use crate::digest::{CacheKey, DiffId};

/// A step that ran once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CacheRecord {
    /// The digest of its ingredients.
    pub key: CacheKey,
    /// The layer it made.
    pub layer: DiffId,
    /// The instruction, for people who read the store.
    pub text: String,
    /// When it ran, in seconds since the epoch; the `created` of the image's history.
    pub created: i64,
    /// How long it took, in milliseconds.
    pub millis: u64,
    /// For one that another machine made: the folder of `--cache-from` it came in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
}

/// The cache, as the plan sees it. `build::cache` keeps it on disk; tests in a map.
pub trait CacheRecords {
    /// Returns the record of a key.
    fn record(&self, key: CacheKey) -> Option<CacheRecord>;

    /// Says whether the store still has a layer.
    fn has_layer(&self, layer: DiffId) -> bool;

    /// Returns what the same step depended on the last time this Dockerfile was built.
    fn previous(&self, step: &Step) -> Option<Ingredients>;
}
