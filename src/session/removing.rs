//! `rmi`: names go first, then the image, then the layers that nothing else needs.
//!
//! | asked by | names | containers | without `-f` | with `-f` |
//! |---|---|---|---|---|
//! | name | several | any | the name goes | the name goes |
//! | name | this one | none | all goes | all goes |
//! | name | this one | some | refused | the name goes, the image stays for the container |
//! | id | of several repositories | none | refused | all goes |
//! | id | any | stopped | refused | the names go, the image stays for the container |
//! | id | any | running | refused | refused |
//!
//! docker takes an image away from under a stopped container when it is forced to; a container of
//! strata needs the layers to start again, so they stay until it is removed.

use std::collections::BTreeSet;

use serde::Serialize;

use super::worker::Request;
use super::{Result, Session, Trouble};
use crate::digest::{DiffId, ImageId};
use crate::layers::{Collected, Image};
use crate::reference::ImageReference;
use crate::runtime::state::Record;

/// A line of what `rmi` did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Removed {
    /// A name was taken away.
    Untagged(String),
    /// An image was removed.
    Deleted(ImageId),
    /// A layer was removed with its image.
    Layer(DiffId),
}

/// What `rmi` did, and what it left.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Removal {
    /// What went, in order.
    pub removed: Vec<Removed>,
    /// Layers of removed images that other images or containers need.
    pub shared: usize,
    /// Layers of removed images that only the build cache needs.
    pub cached: usize,
    /// Somebody is at work in the store: what nothing needs any more goes another time.
    pub busy: bool,
    /// Bytes that were got back.
    pub bytes: u64,
}

crate::messages! {
    in_use(name: &str, container: &str, image: &str) {
        en: "conflict: unable to remove repository reference \"{name}\" (must force) - container {container} is using its referenced image {image}",
        ko: "\"{name}\" 이미지를 지울 수 없습니다(conflict, must force): 이 이미지({image})를 쓰는 컨테이너가 있습니다: {container}",
    }
    in_use_help(container: &str) {
        en: "`rm {container}` first, or `rmi -f`",
        ko: "먼저 `rm {container}` 명령으로 컨테이너를 지우거나 `rmi -f`를 쓰세요",
    }
    running(image: &str, container: &str) {
        en: "conflict: unable to delete {image} (cannot be forced) - image is being used by running container {container}",
        ko: "{image} 이미지를 지울 수 없습니다(conflict, cannot be forced): 실행 중인 컨테이너가 쓰고 있습니다: {container}",
    }
    running_help(container: &str) {
        en: "`rm -f {container}` first; `rmi NAME -f` takes only a name away",
        ko: "먼저 `rm -f {container}`로 컨테이너를 지우세요. `rmi -f 이름`은 이름만 뗍니다",
    }
    stopped(image: &str, container: &str) {
        en: "conflict: unable to delete {image} (must be forced) - image is being used by stopped container {container}",
        ko: "{image} 이미지를 지울 수 없습니다(conflict, must be forced): 멈춘 컨테이너가 쓰고 있습니다: {container}",
    }
    many_names(image: &str) {
        en: "conflict: unable to delete {image} (must be forced) - image is referenced in multiple repositories",
        ko: "{image} 이미지를 지울 수 없습니다(conflict, must be forced): 여러 저장소 이름이 가리킵니다",
    }
    many_names_help(names: &str) {
        en: "take the names away one by one ({names}), or `rmi -f`",
        ko: "이름을 하나씩 떼거나({names}) `rmi -f`를 쓰세요",
    }
}

impl Session {
    /// Takes a name away, and removes the image when it was the last. With `keep_layers`, nothing
    /// else is removed.
    pub fn remove_image(&self, name: &str, force: bool, keep_layers: bool) -> Result<Removal> {
        let image = self.find_image(name)?;
        let store = self.store()?;
        let names = self.names_of(image.id)?;
        let by_name: Option<ImageReference> = name.parse().ok();
        let by_name = by_name.filter(|reference| {
            let tagged = store.tagged(reference);
            tagged.is_ok_and(|it| it.is_some_and(|it| it.id == image.id))
        });
        let users = self.users_of(image.id)?;
        match &by_name {
            Some(_) if names.len() <= 1 && !force => self.refuse_if_used(name, &image, &users)?,
            Some(_) => {}
            None => self.refuse_by_id(&image, &names, &users, force)?,
        }
        let one_of_many = by_name.as_ref().filter(|_| names.len() > 1);
        let removal = if one_of_many.is_some() || !users.is_empty() {
            let gone = store.unname(image.id, by_name.as_ref());
            Removal::untagged(&gone.map_err(|e| self.in_store(&e))?)
        } else {
            let gone = store.remove_image(image.id);
            let mut removal = Removal::untagged(&gone.map_err(|e| self.in_store(&e))?);
            if !keep_layers {
                let collected = self.collect()?;
                removal.add(&[image], collected, &self.needed_by_images()?);
            }
            removal
        };
        Ok(removal)
    }

    /// Removes what nothing refers to. None while somebody is at work in the store.
    pub(super) fn collect(&self) -> Result<Option<Collected>> {
        self.ask(Request::Collect, None, &mut |_| {})
    }

    /// Returns the layers that images and containers need.
    pub(super) fn needed_by_images(&self) -> Result<BTreeSet<DiffId>> {
        let ids = self.containers_list()?;
        let ids = ids.iter().filter_map(|record| record.image_id.parse().ok());
        let layers = self.store()?.layers_of_images(&ids.collect());
        Ok(layers.map_err(|e| self.in_store(&e))?)
    }

    fn names_of(&self, id: ImageId) -> Result<Vec<ImageReference>> {
        let images = self.images()?.into_iter().filter(|it| it.id == id);
        Ok(images.flat_map(|image| image.references).collect())
    }

    fn users_of(&self, image: ImageId) -> Result<Vec<Record>> {
        let id = image.to_string();
        let mut users = self.containers_list()?;
        users.retain(|record| record.image_id == id);
        Ok(users)
    }

    fn refuse_if_used(&self, name: &str, image: &Image, users: &[Record]) -> Result<()> {
        let Some(user) = users.first() else {
            return Ok(());
        };
        let message = in_use(self.language(), name, user.id.short(), &image.id.short());
        let help = in_use_help(self.language(), &user.name);
        Err(Trouble::new(message).with_help(help).into())
    }

    fn refuse_by_id(
        &self,
        image: &Image,
        names: &[ImageReference],
        users: &[Record],
        force: bool,
    ) -> Result<()> {
        let (language, id) = (self.language(), image.id.short());
        let refused =
            |message: String, help: String| Err(Trouble::new(message).with_help(help).into());
        if let Some(user) = users.iter().find(|it| it.state.is_running()) {
            let message = running(language, &id, user.id.short());
            return refused(message, running_help(language, &user.name));
        }
        if force {
            return Ok(());
        }
        let repositories: BTreeSet<&str> = names.iter().map(ImageReference::name).collect();
        if repositories.len() > 1 {
            let names: Vec<String> = names.iter().map(ImageReference::with_tag).collect();
            let help = many_names_help(language, &names.join(", "));
            return refused(many_names(language, &id), help);
        }
        match users.first() {
            None => Ok(()),
            Some(user) => {
                let message = stopped(language, &id, user.id.short());
                refused(message, in_use_help(language, &user.name))
            }
        }
    }
}

impl Removal {
    /// Tells of names that were taken away.
    pub(super) fn untagged(names: &[ImageReference]) -> Self {
        let line = |name: &ImageReference| Removed::Untagged(name.with_tag());
        Self {
            removed: names.iter().map(line).collect(),
            ..Self::default()
        }
    }

    /// Adds what a collection took of images that left the list, and counts what it left.
    pub(super) fn add(
        &mut self,
        images: &[Image],
        collected: Option<Collected>,
        needed: &BTreeSet<DiffId>,
    ) {
        let Some(collected) = collected else {
            self.busy = true;
            return;
        };
        self.bytes += collected.bytes;
        let mut seen = BTreeSet::new();
        for image in images {
            if collected.images.contains(&image.id) {
                self.removed.push(Removed::Deleted(image.id));
            }
            // The topmost first, as docker does.
            for layer in image
                .layers
                .iter()
                .rev()
                .filter(|layer| seen.insert(**layer))
            {
                if collected.layers.contains(layer) {
                    self.removed.push(Removed::Layer(*layer));
                } else if needed.contains(layer) {
                    self.shared += 1;
                } else {
                    self.cached += 1;
                }
            }
        }
    }
}
