//! `system df`: who takes up how much of the disk, and what of it could be got back.
//!
//! Bytes are those of file content, and each is counted once: a layer that two images have is
//! *shared*, one that a single image has is its own (*unique*). The build cache counts what no image
//! has. What containers take up is what they wrote.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::worker::Request;
use super::{Result, Session};
use crate::build::CacheItem;
use crate::digest::DiffId;
use crate::layers::ImageSummary;
use crate::runtime::state::Record;

/// What takes up the disk.
#[derive(Debug, Clone, Default)]
pub struct DiskUse {
    /// The images of the list.
    pub images: Vec<ImageUse>,
    /// Bytes of all their layers, each counted once.
    pub images_size: u64,
    /// Bytes of layers that no container needs.
    pub images_reclaimable: u64,
    /// The containers.
    pub containers: Vec<ContainerUse>,
    /// The volumes.
    pub volumes: Vec<VolumeUse>,
    /// What the build cache holds.
    pub cache: Vec<CacheItem>,
}

/// An image.
#[derive(Debug, Clone)]
pub struct ImageUse {
    /// The image.
    pub image: ImageSummary,
    /// Bytes that other images have, too.
    pub shared: u64,
    /// Bytes of its own.
    pub unique: u64,
    /// How many containers use it.
    pub containers: usize,
}

/// A container.
#[derive(Debug, Clone)]
pub struct ContainerUse {
    /// Its row of `ps`.
    pub record: Record,
    /// Bytes it wrote.
    pub size: u64,
    /// How many volumes it uses.
    pub volumes: usize,
}

/// A volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeUse {
    /// Its name.
    pub name: String,
    /// How many containers use it.
    pub links: usize,
    /// Bytes of its files.
    pub size: u64,
}

impl Session {
    /// Adds up what takes up the disk.
    pub fn disk_use(&self) -> Result<DiskUse> {
        let records = self.containers_list()?;
        let mut found = DiskUse {
            cache: self.ask(Request::CacheItems, None, &mut |_| {})?,
            ..DiskUse::default()
        };
        self.add_images(&mut found, &records)?;
        let volumes = self.all_volumes()?;
        let store = self.containers().volumes();
        let mut folders: Vec<PathBuf> = records.iter().map(|it| self.upper_of(it)).collect();
        folders.extend(volumes.iter().map(|it| store.data(&it.volume.name)));
        let mut sizes = self.sizes(folders)?.into_iter();
        for record in records {
            found.containers.push(ContainerUse {
                size: sizes.next().unwrap_or(0),
                volumes: volumes
                    .iter()
                    .filter(|it| it.users.contains(&record.id))
                    .count(),
                record,
            });
        }
        for it in volumes {
            found.volumes.push(VolumeUse {
                links: it.users.len(),
                size: sizes.next().unwrap_or(0),
                name: it.volume.name,
            });
        }
        Ok(found)
    }

    /// Returns what containers wrote, in bytes.
    pub fn sizes_of_containers(&self, records: &[Record]) -> Result<Vec<u64>> {
        self.sizes(records.iter().map(|it| self.upper_of(it)).collect())
    }

    pub(super) fn sizes(&self, folders: Vec<PathBuf>) -> Result<Vec<u64>> {
        if folders.is_empty() {
            return Ok(Vec::new());
        }
        self.ask(Request::Sizes(folders), None, &mut |_| {})
    }

    fn add_images(&self, found: &mut DiskUse, records: &[Record]) -> Result<()> {
        let mut layers = Vec::new();
        let mut holders: BTreeMap<DiffId, usize> = BTreeMap::new();
        let mut sizes: BTreeMap<DiffId, u64> = BTreeMap::new();
        let images = self.images()?;
        for summary in &images {
            let image = self.store()?.image(summary.id);
            let image = image.map_err(|e| self.in_store(&e))?;
            let own: BTreeSet<DiffId> = image.layers.iter().copied().collect();
            for layer in &own {
                *holders.entry(*layer).or_default() += 1;
                if !sizes.contains_key(layer) {
                    let layer_of = self.store()?.layer(*layer).map_err(|e| self.in_store(&e))?;
                    sizes.insert(*layer, layer_of.map_or(0, |layer| layer.size));
                }
            }
            layers.push(own);
        }
        let mut needed = BTreeSet::new();
        for (summary, own) in images.into_iter().zip(layers) {
            let id = summary.id.to_string();
            let containers = records.iter().filter(|it| it.image_id == id).count();
            let sum = |is_shared: bool| {
                let counted = own.iter().filter(|layer| (holders[layer] > 1) == is_shared);
                counted.map(|layer| sizes[layer]).sum()
            };
            found.images.push(ImageUse {
                image: summary,
                shared: sum(true),
                unique: sum(false),
                containers,
            });
            if containers > 0 {
                needed.extend(own);
            }
        }
        found.images_size = sizes.values().sum();
        let free = sizes.iter().filter(|(layer, _)| !needed.contains(*layer));
        found.images_reclaimable = free.map(|(_, size)| size).sum();
        Ok(())
    }

    fn upper_of(&self, record: &Record) -> PathBuf {
        let folder = self.root().join("containers").join(record.id.as_str());
        folder.join("upper")
    }
}
