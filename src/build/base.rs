//! FROM: an image of the store, or a built-in practice base made when it is first needed.
//!
//! A name in the store wins over a built-in one. A built-in base that strata made itself is made
//! again when what it was made from has changed; nothing ever stands in for another name.

use std::ffi::OsString;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::cache::BuildCache;
use super::error::{BuildError, ImageError};
use super::practice::{
    self, BaseKind, BaseTree, Choice, Content as BaseContent, EntryKind as Kind,
};
use crate::digest::{CacheKey, Digest, ImageId};
use crate::layers::{
    ContainerConfig, Content, Empty, Entry, EntryKind, History, Image, ImageConfig, Layer,
    RootPath, Store,
};
use crate::plan::Remade;
use crate::reference::ImageReference;

/// The time of everything in `practice-os`: none, so that the same tools make the same image.
const NO_TIME: &str = "1970-01-01T00:00:00Z";

/// Finds the images that FROM and COPY --from name.
pub struct Images<'a> {
    store: &'a Store,
    cache: &'a BuildCache,
    settings: PracticeSettings,
}

/// What decides which practice base is made.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct PracticeSettings {
    /// `STRATA_BASE`: busybox or host.
    pub kind: Option<String>,
    /// The value of PATH.
    pub path: OsString,
    /// strata's own executable, for the applets that the base lacks.
    pub executable: Option<PathBuf>,
}

/// What a built-in base was made from.
#[derive(Debug, Serialize, Deserialize)]
struct MadeBase {
    image: ImageId,
    made_from: MadeFrom,
    /// The image that it took the place of, and whether only strata had changed.
    #[serde(default)]
    instead_of: Option<(ImageId, bool)>,
}

#[derive(Debug, Serialize, Deserialize)]
enum MadeFrom {
    /// Tools of this machine.
    Host(practice::Fingerprint),
    /// A Dockerfile (the digest of it and its files) on another base.
    Dockerfile { recipe: Digest, base: ImageId },
}

impl<'a> Images<'a> {
    /// Looks in a store only.
    pub fn new(store: &'a Store, cache: &'a BuildCache) -> Self {
        Self {
            store,
            cache,
            settings: PracticeSettings::default(),
        }
    }

    /// Makes built-in bases as well.
    pub fn with_practice(mut self, settings: PracticeSettings) -> Self {
        self.settings = settings;
        self
    }

    /// Returns an image of the store, by name or id.
    pub fn in_store(&self, reference: &ImageReference) -> Result<Option<Image>, BuildError> {
        match self.store.find(&reference.to_string()) {
            Ok(image) => Ok(Some(image)),
            Err(crate::layers::StoreError::ImageNotFound(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Returns an image that is there and need not be made again: anything but a built-in base
    /// whose tools or recipe have changed since.
    pub fn current(&self, reference: &ImageReference) -> Result<Option<Image>, BuildError> {
        let Some(image) = self.in_store(reference)? else {
            return Ok(None);
        };
        let made: Option<MadeBase> = self.cache.made_base(reference.name());
        let is_current = match made.filter(|made| made.image == image.id) {
            None => true,
            Some(MadeBase {
                made_from: MadeFrom::Host(seen),
                ..
            }) => seen.is_current(&self.choice()),
            Some(MadeBase {
                made_from: MadeFrom::Dockerfile { recipe, base },
                ..
            }) => {
                let wanted = practice::dockerfile(reference.name()).map(|it| recipe_digest(&it));
                let below = self.current(&practice_os())?;
                wanted == Some(recipe) && below.is_some_and(|below| below.id == base)
            }
        };
        Ok(is_current.then_some(image))
    }

    /// Returns an image, making a built-in base where the name asks for one. `build` builds a
    /// Dockerfile with the files of its context and returns the image.
    pub fn find(
        &self,
        reference: &ImageReference,
        build: &mut dyn FnMut(&practice::BuiltInImage) -> Result<Image, BuildError>,
    ) -> Result<Image, ImageError> {
        if let Some(image) = self.current(reference).map_err(Box::new)? {
            return Ok(image);
        }
        let name = reference.name();
        match (is_built_in(reference), practice::dockerfile(name)) {
            (false, _) => Err(ImageError::NotHere(reference.clone())),
            (true, None) => self.make_tree(reference),
            (true, Some(recipe)) => {
                let base = self.find(&practice_os(), build)?.id;
                let image = build(&recipe).map_err(Box::new)?;
                let from = MadeFrom::Dockerfile {
                    recipe: recipe_digest(&recipe),
                    base,
                };
                self.remember(reference, &image, from).map_err(Box::new)?;
                Ok(image)
            }
        }
    }

    fn choice(&self) -> Choice {
        Choice {
            kind: self.settings.kind.as_deref().and_then(BaseKind::from_name),
            path_env: self.settings.path.clone(),
            executable: self.settings.executable.clone(),
        }
    }

    /// Makes an image that has no Dockerfile: of files of this machine.
    fn make_tree(&self, reference: &ImageReference) -> Result<Image, ImageError> {
        let is_registry = reference.name() == practice::REGISTRY;
        let (tree, process) = if is_registry {
            (practice::registry(&self.choice())?, registry_config())
        } else {
            (practice::tree(&self.choice())?, os_config())
        };
        let image = self.make(&tree, reference.name(), process);
        let image = image.map_err(Box::new)?;
        self.remember(reference, &image, MadeFrom::Host(tree.fingerprint))
            .map_err(Box::new)?;
        Ok(image)
    }

    fn remember(
        &self,
        reference: &ImageReference,
        image: &Image,
        made_from: MadeFrom,
    ) -> Result<(), BuildError> {
        self.store.tag(reference, image)?;
        let before: Option<MadeBase> = self.cache.made_base(reference.name());
        let instead_of = before.and_then(|before| {
            if before.image == image.id {
                return before.instead_of;
            }
            let by_strata = match (&before.made_from, &made_from) {
                (MadeFrom::Host(before), MadeFrom::Host(now)) => now.has_same_tools(before),
                // A recipe is strata's own; the base below has a reason of its own.
                (_, MadeFrom::Dockerfile { base, .. }) => self
                    .remade(practice_os().name())
                    .is_none_or(|(_, now, by_strata)| now != *base || by_strata),
                _ => false,
            };
            Some((before.image, by_strata))
        });
        let made = MadeBase {
            image: image.id,
            made_from,
            instead_of,
        };
        Ok(self.cache.remember_base(reference.name(), &made)?)
    }

    /// Returns what a built-in base was and is, and whether only strata had changed in between.
    fn remade(&self, name: &str) -> Option<(ImageId, ImageId, bool)> {
        let made: MadeBase = self.cache.made_base(name)?;
        let (was, by_strata) = made.instead_of?;
        Some((was, made.image, by_strata))
    }

    /// Says why a base image is another one, where strata made both. The images are named by the
    /// keys that a chain on them begins with.
    pub fn why_remade(&self, old: &str, new: &str) -> Option<Remade> {
        let key = |id: ImageId| CacheKey(id.0).to_string();
        practice::BUILT_IN.iter().find_map(|name| {
            let (was, is, by_another_strata) = self.remade(name)?;
            (key(was) == old && key(is) == new).then(|| Remade {
                name: (*name).to_owned(),
                by_another_strata,
            })
        })
    }

    /// Puts a described base into the store.
    fn make(
        &self,
        tree: &BaseTree,
        name: &str,
        process: ContainerConfig,
    ) -> Result<Image, BuildError> {
        let mut draft = self.store.draft_layer()?;
        for entry in &tree.entries {
            let path = RootPath::clean(&entry.path);
            let plain =
                |kind| Entry::new(path.clone(), kind, entry.mode, 0).owned_by(entry.uid, entry.gid);
            match &entry.kind {
                Kind::Folder => draft.add(&plain(EntryKind::Directory { opaque: false }))?,
                Kind::Symlink(target) => {
                    draft.add(&plain(EntryKind::Symlink {
                        target: target.into(),
                    }))?;
                }
                Kind::File(content) => {
                    let (mut bytes, size) = open(content)?;
                    let entry = plain(EntryKind::File { size });
                    draft.add_file(&entry, Content::Reader(&mut *bytes))?;
                }
            }
        }
        let layer = draft.commit()?;
        Ok(self
            .store
            .put_image(&practice_config(&layer, name, process), &[layer.diff_id])?)
    }
}

/// Whether a name is one of the bases that strata makes itself.
pub fn is_built_in(reference: &ImageReference) -> bool {
    practice::BUILT_IN.contains(&reference.name())
        && reference.tag() == Some(crate::reference::DEFAULT_TAG)
}

fn open(content: &BaseContent) -> Result<(Box<dyn std::io::Read + '_>, u64), BuildError> {
    content.open().map_err(|source| BuildError::System {
        doing: "read a tool of this machine",
        source,
    })
}

/// A shell in `practice-os`.
fn os_config() -> ContainerConfig {
    ContainerConfig {
        cmd: Some(practice::CMD.iter().map(ToString::to_string).collect()),
        ..ContainerConfig::default()
    }
}

/// The words of docker's own image of a registry.
fn registry_config() -> ContainerConfig {
    let port = format!("{}/tcp", practice::REGISTRY_PORT);
    let folder = practice::REGISTRY_FOLDER.to_owned();
    ContainerConfig {
        cmd: Some(vec![crate::applets::REGISTRY.to_owned()]),
        exposed_ports: [(port, Empty {})].into(),
        volumes: [(folder, Empty {})].into(),
        ..ContainerConfig::default()
    }
}

fn practice_config(layer: &Layer, name: &str, process: ContainerConfig) -> ImageConfig {
    let (os, architecture) = {
        let platform = crate::plan::platform();
        let (os, arch) = platform.split_once('/').unwrap_or(("linux", "amd64"));
        (os.to_owned(), arch.to_owned())
    };
    let mut config = ImageConfig {
        created: Some(NO_TIME.to_owned()),
        os,
        architecture,
        ..ImageConfig::default()
    };
    config.config = process;
    config.config.env = vec![format!("PATH={}", practice::PATH)];
    config.rootfs.diff_ids = vec![layer.diff_id];
    let from = match name {
        practice::REGISTRY => "its own program",
        _ => "the tools of this machine",
    };
    config.history = vec![History {
        created: Some(NO_TIME.to_owned()),
        created_by: Some(format!("{name}: made by strata from {from}")),
        ..History::default()
    }];
    config
}

fn practice_os() -> ImageReference {
    "practice-os".parse().expect("a plain name is a reference")
}

fn recipe_digest(recipe: &practice::BuiltInImage) -> Digest {
    let mut text = recipe.dockerfile.as_bytes().to_vec();
    for (path, bytes, mode) in recipe.files {
        text.extend_from_slice(format!("\n{path} {mode:o} {}", Digest::of(bytes)).as_bytes());
    }
    Digest::of(&text)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::layers::OwnersMode;

    /// A machine with a shell and nothing else, and the program that stands for strata.
    struct Machine {
        folder: tempfile::TempDir,
        store: Store,
        cache: BuildCache,
    }

    impl Machine {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            fs::create_dir(folder.path().join("bin")).unwrap();
            let root = folder.path().join("store");
            let mut store = Store::open(&root).unwrap();
            // So that any user may run this.
            store.set_owners(OwnersMode::Recorded);
            let cache = BuildCache::open(&root).unwrap();
            let machine = Self {
                folder,
                store,
                cache,
            };
            machine.put("bin/sh", Path::new("/bin/sh"));
            machine.put("strata", Path::new("/bin/true"));
            machine
        }

        fn put(&self, name: &str, program: &Path) {
            let place = self.folder.path().join(name);
            fs::copy(fs::canonicalize(program).unwrap(), place).unwrap();
        }

        /// Returns the key that a chain on the base begins with.
        fn base(&self) -> String {
            let settings = PracticeSettings {
                kind: Some("host".to_owned()),
                path: self.folder.path().join("bin").into(),
                executable: Some(self.folder.path().join("strata")),
            };
            let images = Images::new(&self.store, &self.cache).with_practice(settings);
            let image = images.find(&practice_os(), &mut |_| unreachable!("it has no recipe"));
            CacheKey(image.unwrap().id.0).to_string()
        }

        fn why(&self, old: &str, new: &str) -> Option<bool> {
            let remade = Images::new(&self.store, &self.cache).why_remade(old, new)?;
            assert_eq!(remade.name, "practice-os");
            Some(remade.by_another_strata)
        }
    }

    #[test]
    fn it_is_known_why_a_base_was_made_again() {
        let machine = Machine::new();
        let first = machine.base();
        machine.put("strata", Path::new("/bin/cat"));
        let second = machine.base();
        assert_ne!(first, second);
        assert_eq!(machine.why(&first, &second), Some(true));
        assert_eq!(machine.why(&second, &first), None);

        machine.put("bin/ls", Path::new("/bin/ls"));
        machine.put("strata", Path::new("/bin/true"));
        let third = machine.base();
        assert_eq!(machine.why(&second, &third), Some(false));
        assert_eq!(machine.base(), third, "the same again");
        assert_eq!(machine.why(&second, &third), Some(false));
    }
}
