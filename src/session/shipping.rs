//! What the worker does with images of registries.

use std::cell::RefCell;

use serde::{Deserialize, Serialize};

use super::trouble::Trouble;
use super::work::Bench;
use crate::build::shipping::{Pull, Pulled, pull, pull_all, push};
use crate::build::{BuildEvent, not_pulled};
use crate::digest::Digest;
use crate::language::Language;
use crate::layers::OwnersMode;
use crate::reference::ImageReference;

/// A pull as it is asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PullRequest {
    /// The image.
    pub reference: ImageReference,
    /// `--platform`.
    pub platform: Option<String>,
    /// `-a`: every tag of the repository.
    pub all: bool,
    /// It is to be run: without a network, it is missing as it is for `FROM`.
    pub to_run: bool,
}

/// An image that was pulled.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PulledImage {
    /// Its name.
    pub reference: ImageReference,
    /// What the registry calls it.
    pub digest: Digest,
    /// Whether it was here already.
    pub was_here: bool,
    /// Whether its files belong to more users than this machine gives us ids for.
    pub owners_recorded: bool,
}

impl Bench {
    pub(super) fn pull(
        &self,
        request: &PullRequest,
        language: Language,
        events: &mut dyn FnMut(BuildEvent),
    ) -> Result<Vec<PulledImage>, Trouble> {
        let wanted = Pull {
            reference: &request.reference,
            platform: request.platform.as_deref(),
        };
        let settings = &self.setup.registry;
        let name = RefCell::new(request.reference.to_string());
        let mut told = |transfer| {
            let image = name.borrow().clone();
            events(BuildEvent::Transfer { image, transfer });
        };
        let pulled = if request.all {
            let mut each = |next: &ImageReference| *name.borrow_mut() = next.to_string();
            pull_all(&self.store, settings, &wanted, &mut each, &mut told)
        } else {
            let one = pull(&self.store, settings, &wanted, &mut told);
            one.map(|it| vec![(request.reference.clone(), it)])
        };
        let pulled = pulled.map_err(|error| {
            // What broke off waits for the next attempt; of what is wrong nothing stays.
            if error.is_wrong() {
                let _ = self.collect();
            }
            if request.to_run {
                return Trouble::image(not_pulled(&request.reference, error, false), language);
            }
            Trouble::shipping(&error, language)
        })?;
        let owners_recorded = self.store.owners() == OwnersMode::Recorded;
        let one = |(reference, pulled): (ImageReference, Pulled)| PulledImage {
            reference,
            digest: pulled.digest,
            was_here: pulled.was_here,
            owners_recorded,
        };
        Ok(pulled.into_iter().map(one).collect())
    }

    pub(super) fn push(
        &self,
        reference: &ImageReference,
        language: Language,
        events: &mut dyn FnMut(BuildEvent),
    ) -> Result<(Digest, u64), Trouble> {
        let image = reference.to_string();
        let mut told = |transfer| {
            let image = image.clone();
            events(BuildEvent::Transfer { image, transfer });
        };
        let pushed = push(&self.store, &self.setup.registry, reference, &mut told);
        let pushed = pushed.map_err(|error| Trouble::shipping(&error, language))?;
        Ok((pushed.digest, pushed.size))
    }
}
