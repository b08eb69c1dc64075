//! The prune verbs: what nothing uses goes.
//!
//! Everything is removed by reference: names, records and containers go first, one by one, then one
//! collection takes the layers and blobs that nothing refers to any more. Killed in between, a
//! store has less in it than before and nothing half: the next collection takes the rest.

use serde::{Deserialize, Serialize};

use super::removing::Removal;
use super::worker::Request;
use super::{Filters, Result, Session};
use crate::build::{CacheItem, PruneCache};

/// Which images are to go.
#[derive(Debug, Clone, Default)]
pub struct ImagePrune {
    /// All that no container uses, not only those without a name.
    pub all: bool,
    /// `until=` and `label=`.
    pub filters: Filters,
    /// Now, in seconds since the epoch.
    pub now: i64,
}

/// What was taken out of the build cache.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrunedCache {
    /// The things.
    pub items: Vec<CacheItem>,
    /// Bytes that were got back.
    pub bytes: u64,
    /// Somebody is at work in the store: layers go another time.
    pub busy: bool,
}

impl Session {
    /// Removes images that no container uses.
    pub fn prune_images(&self, call: &ImagePrune) -> Result<Removal> {
        let language = self.language();
        let until = call.filters.until("until", call.now, language)?;
        let all = match call.filters.flag("dangling", language)? {
            Some(dangling) => !dangling,
            None => call.all,
        };
        let used: Vec<String> = {
            let records = self.containers_list()?;
            records.into_iter().map(|record| record.image_id).collect()
        };
        let store = self.store()?;
        let (mut removal, mut gone) = (Removal::default(), Vec::new());
        for summary in self.images()? {
            let is_named = !summary.references.is_empty();
            if (is_named && !all) || used.contains(&summary.id.to_string()) {
                continue;
            }
            let made = summary.created.as_deref().and_then(seconds);
            if until.is_some_and(|until| made.is_none_or(|made| made > until)) {
                continue;
            }
            let image = store.image(summary.id).map_err(|e| self.in_store(&e))?;
            if !call.filters.labels(&image.config.config.labels) {
                continue;
            }
            let names = store
                .remove_image(image.id)
                .map_err(|e| self.in_store(&e))?;
            removal.removed.extend(Removal::untagged(&names).removed);
            gone.push(image);
        }
        let collected = self.collect()?;
        removal.add(&gone, collected, &self.needed_by_images()?);
        Ok(removal)
    }

    /// Takes things out of the build cache.
    pub fn prune_cache(&self, call: &PruneCache) -> Result<PrunedCache> {
        self.ask(Request::PruneCache(call.clone()), None, &mut |_| {})
    }

    /// Removes stopped containers; returns their ids and the bytes they took up.
    pub fn prune_containers(&self, filters: &Filters, now: i64) -> Result<(Vec<String>, u64)> {
        let until = filters.until("until", now, self.language())?;
        let mut stopped = self.containers_list()?;
        stopped.retain(|record| {
            let young = until.is_some_and(|until| record.created.as_second() > until);
            record.state.can_remove() && !young && filters.labels(&record.labels)
        });
        let sizes = self.sizes_of_containers(&stopped)?;
        let (mut removed, mut bytes) = (Vec::new(), 0);
        for (record, size) in stopped.iter().zip(sizes) {
            // One that was started or removed meanwhile is none of ours.
            if self
                .remove_container(record.id.as_str(), false, false)
                .is_ok()
            {
                removed.push(record.id.as_str().to_owned());
                bytes += size;
            }
        }
        Ok((removed, bytes))
    }
}

/// Returns the time in seconds since the epoch.
fn seconds(time: &str) -> Option<i64> {
    Some(time.parse::<jiff::Timestamp>().ok()?.as_second())
}
