//! The images that FROM and COPY --from name; those whose Dockerfiles strata carries are built here.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::base::{Images, is_built_in};
use super::builder::{BuildInput, Builder, Events, Pulls};
use super::error::{BuildError, ImageError};
use super::practice::BuiltInImage;
use super::report::BuildEvent;
use super::shipping::{Pull, ShippingError, pull};
use super::supplies::Supplies;
use crate::layers::Image;
use crate::plan::PlanOptions;
use crate::reference::ImageReference;
use crate::source::Source;

impl Builder<'_> {
    /// Returns an image, making a built-in base where the name asks for one.
    pub fn image(&self, reference: &ImageReference) -> Result<Image, ImageError> {
        let images = Images::new(self.store, self.cache).with_practice(self.practice.clone());
        images.find(reference, &mut |recipe| {
            self.build_recipe(reference, recipe)
        })
    }

    /// Returns an image for a build: what is missing in the store is pulled, and with `--pull`
    /// everything that strata does not make itself.
    pub(super) fn base(
        &self,
        reference: &ImageReference,
        events: Events<'_>,
    ) -> Result<Image, ImageError> {
        let (settings, always) = match &self.pulls {
            Pulls::Nothing => return self.image(reference),
            Pulls::Missing(settings) => (settings, false),
            Pulls::Always(settings) => (settings, !is_built_in(reference)),
        };
        if !always {
            match self.image(reference) {
                Err(ImageError::NotHere(_)) => {}
                other => return other,
            }
        }
        let image = reference.to_string();
        let wanted = Pull {
            reference,
            platform: None,
        };
        let pulled = pull(self.store, settings, &wanted, &mut |transfer| {
            let image = image.clone();
            events(BuildEvent::Transfer { image, transfer });
        });
        match pulled {
            Ok(pulled) => Ok(pulled.image),
            Err(error) => Err(not_pulled(reference, error, always)),
        }
    }

    /// Builds one of the images whose Dockerfiles strata carries with it.
    fn build_recipe(
        &self,
        reference: &ImageReference,
        recipe: &BuiltInImage,
    ) -> Result<Image, BuildError> {
        let scratch = self.store.scratch()?;
        let system = |source| BuildError::System {
            doing: "write a built-in image's files",
            source,
        };
        for (path, bytes, mode) in recipe.files {
            let path = scratch.path().join(path);
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder).map_err(system)?;
            }
            std::fs::write(&path, bytes).map_err(system)?;
            let mode = std::fs::Permissions::from_mode(*mode);
            std::fs::set_permissions(&path, mode).map_err(system)?;
        }
        let input = BuildInput {
            source: Source::new(reference.name(), recipe.dockerfile),
            context: Some(scratch.path().to_owned()),
            ignore: None,
            history: Path::new("/built-in").join(reference.name()),
            options: PlanOptions::default(),
            tags: Vec::new(),
            no_cache: false,
            no_cache_filter: Vec::new(),
            labels: Vec::new(),
            supplies: Supplies::default(),
            temporary: false,
            expect_cached: false,
            imports: None,
            in_passing: false,
        };
        // Its files have no history of their own: the same recipe makes the same image.
        let builder = Builder {
            epoch: Some(0),
            practice: self.practice.clone(),
            no_namespaces: self.no_namespaces.clone(),
            pulls: Pulls::Nothing,
            ..*self
        };
        let report = builder.build(&input, &mut |_| {})?;
        match (report.image, report.failed()) {
            (Some(image), _) => Ok(self.store.image(image)?),
            (None, failed) => Err(BuildError::BuiltIn {
                name: reference.to_string(),
                message: failed
                    .and_then(|step| step.failure.as_ref())
                    .map(|failure| failure.message.clone())
                    .unwrap_or_default(),
            }),
        }
    }
}

/// Without a network an image of docker.io is simply not there, and the sentence says what is.
pub fn not_pulled(reference: &ImageReference, error: ShippingError, always: bool) -> ImageError {
    let nobody = error.is_no_network() && reference.registry() == crate::reference::HUB;
    if nobody && !always {
        return ImageError::NotFound(reference.clone());
    }
    ImageError::Pull(Box::new(error))
}
