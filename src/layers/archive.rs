//! Whole images in and out: docker-archive, OCI archive, OCI folder.

use std::io::{Read, Write};
use std::path::Path;

use super::error::Result;
use super::image::Image;
use super::store::Store;
use crate::reference::ImageReference;

/// An image that was loaded.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The image.
    pub image: Image,
    /// The names it was given.
    pub references: Vec<ImageReference>,
}

impl Store {
    /// Loads the images of an archive, plain or gzipped, or of an OCI image layout folder. What
    /// it is, its content says.
    pub fn load(&self, path: &Path) -> Result<Vec<Loaded>> {
        let _ = path;
        todo!()
    }

    /// Loads the images of an archive that comes through a pipe.
    pub fn load_reader(&self, from: &mut dyn Read) -> Result<Vec<Loaded>> {
        let _ = from;
        todo!()
    }

    /// Writes images into an OCI image layout folder, which is made or added to.
    pub fn save_oci(&self, folder: &Path, images: &[(Image, Vec<ImageReference>)]) -> Result<()> {
        let _ = (folder, images);
        todo!()
    }

    /// Writes images as one archive that `docker load` reads, an OCI archive at the same time.
    pub fn save_docker(
        &self,
        to: &mut dyn Write,
        images: &[(Image, Vec<ImageReference>)],
    ) -> Result<()> {
        let _ = (to, images);
        todo!()
    }
}
