//! What images share: which image stands on which, and which layers two of them have in common.

use serde::Serialize;

use super::{Result, Session};
use crate::digest::DiffId;
use crate::layers::{Image, ImageSummary};

/// An image, and those that stand on all of its layers.
#[derive(Debug, Clone)]
pub struct ImageNode {
    /// The image.
    pub image: ImageSummary,
    /// Layers that it adds to the image it stands on.
    pub added: usize,
    /// Bytes of them.
    pub added_bytes: u64,
    /// The images that stand on it.
    pub children: Vec<ImageNode>,
}

/// A layer of an image, with the instruction that made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MadeLayer {
    /// The layer.
    pub layer: DiffId,
    /// Bytes of its files.
    pub size: u64,
    /// The instruction; empty where history does not tell.
    pub created_by: String,
}

/// The layers of two images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SharedLayers {
    /// Those that both have, base first.
    pub both: Vec<MadeLayer>,
    /// Those of the one.
    pub left: Vec<MadeLayer>,
    /// Those of the other.
    pub right: Vec<MadeLayer>,
}

impl Session {
    /// Arranges the images of the list as a forest: what stands on what. Newest first, as the list.
    pub fn image_forest(&self) -> Result<Vec<ImageNode>> {
        let mut images = Vec::new();
        for summary in self.images()? {
            let image = self
                .store()?
                .image(summary.id)
                .map_err(|e| self.in_store(&e))?;
            images.push((summary, image));
        }
        let parents: Vec<Option<usize>> =
            (0..images.len()).map(|at| parent_of(at, &images)).collect();
        self.grow(None, &images, &parents)
    }

    fn grow(
        &self,
        parent: Option<usize>,
        images: &[(ImageSummary, Image)],
        parents: &[Option<usize>],
    ) -> Result<Vec<ImageNode>> {
        let mut nodes = Vec::new();
        for at in (0..images.len()).filter(|at| parents[*at] == parent) {
            let (summary, image) = &images[at];
            let below = parent.map_or(0, |parent| images[parent].1.layers.len());
            let own = Image {
                layers: image.layers[below..].to_vec(),
                ..image.clone()
            };
            nodes.push(ImageNode {
                image: summary.clone(),
                added: own.layers.len(),
                added_bytes: self.layers(&own)?.iter().map(|layer| layer.size).sum(),
                children: self.grow(Some(at), images, parents)?,
            });
        }
        Ok(nodes)
    }

    /// Compares the layers of two images.
    pub fn shared_layers(&self, left: &str, right: &str) -> Result<SharedLayers> {
        let (left, right) = (self.made_layers(left)?, self.made_layers(right)?);
        let has = |layers: &[MadeLayer], it: &MadeLayer| {
            layers.iter().any(|other| other.layer == it.layer)
        };
        let of = |layers: &[MadeLayer], others: &[MadeLayer], shared: bool| {
            let wanted = layers.iter().filter(|it| has(others, it) == shared);
            wanted.cloned().collect()
        };
        Ok(SharedLayers {
            both: of(&left, &right, true),
            left: of(&left, &right, false),
            right: of(&right, &left, false),
        })
    }

    fn made_layers(&self, name: &str) -> Result<Vec<MadeLayer>> {
        let image = self.image_or_base(name)?;
        let history = image
            .config
            .history
            .iter()
            .filter(|entry| !entry.empty_layer);
        let mut by = history.map(|entry| entry.created_by.clone().unwrap_or_default());
        let layers = self.layers(&image)?.into_iter();
        let made = layers.map(|layer| MadeLayer {
            layer: layer.diff_id,
            size: layer.size,
            created_by: by.next().unwrap_or_default(),
        });
        Ok(made.collect())
    }
}

/// Finds the image that this one stands on: the one with most of its first layers. Of two with the
/// same layers, the one whose history is shorter is below.
fn parent_of(at: usize, images: &[(ImageSummary, Image)]) -> Option<usize> {
    let height = |place: usize| {
        let image = &images[place].1;
        (image.layers.len(), image.config.history.len())
    };
    let own = &images[at].1.layers;
    let below = |place: &usize| {
        let other = &images[*place].1.layers;
        !other.is_empty() && own.starts_with(other) && height(*place) < height(at)
    };
    (0..images.len())
        .filter(below)
        .max_by_key(|place| height(*place))
}
