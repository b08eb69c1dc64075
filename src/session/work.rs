//! The work itself: what the worker does with a request. Where namespaces are forbidden, the
//! session does what it can of it in its own process.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::making::{ContainerFiles, MakeImage, Material};
use super::pruning::PrunedCache;
use super::tracing::Touch;
use super::trouble::Trouble;
use super::worker::{Asked, Request, Setup};
use crate::build::{
    BuildCache, BuildError, BuildEvent, BuildInput, BuildReport, Builder, CacheItem, CachePlace,
    CacheSource, Imports, PruneCache, Pulls, Supplies, export_cache,
};
use crate::digest::{DiffId, ImageId};
use crate::language::Language;
use crate::layers::{
    Change, ChangeKind, Collected, EntryKind, Follow, Image, Keep, OwnersMode, RootPath, Stack,
    Store, StoreError, UNPACKS_TO, Whiteouts, changes, files,
};
use crate::plan::{Entitlement, NamedContexts, PlanOptions, Sandbox, context::Rights};
use crate::reference::ImageReference;
use crate::runtime::state::Record;
use crate::runtime::{
    IdMode, bridge, containers::Containers, is_real_root, remove_tree::remove_tree,
};
use crate::source::Source;

/// A build as it is asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BuildRequest {
    /// The name of the Dockerfile, as messages show it.
    pub file: String,
    /// Its text.
    pub text: String,
    /// The context, absolute.
    pub context: PathBuf,
    /// For a context that is gone after the build: the folder whose builds this one belongs to.
    pub temporary: Option<PathBuf>,
    /// `--expect-cached`.
    pub expect_cached: bool,
    /// `--build-context`.
    pub contexts: NamedContexts,
    /// `--cache-from`.
    pub cache_from: Vec<CacheSource>,
    /// A build on the way to another.
    pub in_passing: bool,
    /// The name and text of the ignore file.
    pub ignore: Option<(String, String)>,
    /// `--target`.
    pub target: Option<String>,
    /// `--build-arg`.
    pub build_args: Vec<(String, String)>,
    /// `-t`.
    pub tags: Vec<ImageReference>,
    /// `--no-cache`.
    pub no_cache: bool,
    /// `--pull`.
    pub pull: bool,
    /// `--no-cache-filter`.
    pub no_cache_filter: Vec<String>,
    /// `--label`.
    pub labels: Vec<(String, String)>,
    /// What surrounds every RUN.
    pub sandbox: Sandbox,
    /// `--allow`.
    pub allowed: Vec<Entitlement>,
    /// `--secret` and `--ssh`.
    pub supplies: Supplies,
}

/// A cache as `--cache-to` asks for it.
#[derive(Debug, Serialize, Deserialize)]
pub struct ExportCache {
    /// The build.
    pub report: Box<BuildReport>,
    /// Where to.
    pub place: CachePlace,
    /// The steps of all its stages.
    pub all: bool,
}

/// An image that was loaded.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LoadedImage {
    /// Its id.
    pub id: ImageId,
    /// The names it was given.
    pub references: Vec<ImageReference>,
    /// Whether its files belong to more users than this machine gives us ids for.
    pub owners_recorded: bool,
}

/// Which changes of a stack of layers are asked for.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub enum Which {
    /// Those of the topmost layer.
    Top,
    /// All files of all layers.
    All,
}

/// A path that a layer adds, changes or hides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChange {
    /// How it differs.
    pub kind: ChangeKind,
    /// Where, absolute; a folder ends with `/`.
    pub path: String,
    /// Bytes now.
    pub size: u64,
    /// Bytes before.
    pub before: u64,
    /// Permission bits now; 0 for what is gone.
    pub mode: u32,
}

/// What is known of a file in an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileFacts {
    /// Permission bits.
    pub mode: u32,
    /// The owner.
    pub uid: u32,
    /// The layer it comes from, from 1.
    pub layer: usize,
    /// The bytes of a regular file of at most 1 MiB.
    pub content: Option<Vec<u8>>,
}

/// Files of an image above this size are not read for lessons.
const MOST_CONTENT: u64 = 1 << 20;

/// The store and all that is needed to work on it.
pub struct Bench {
    pub(super) setup: Setup,
    pub(super) store: Store,
    cache: BuildCache,
}

impl Bench {
    /// Opens the store.
    pub fn open(setup: Setup) -> Result<Self, StoreError> {
        let mut store = Store::open(&setup.root)?;
        configure(&mut store, setup.rootful, setup.ids);
        store.set_unpacks_to(setup.unpacks_to.unwrap_or(UNPACKS_TO));
        let cache = BuildCache::open(&setup.root)?;
        collect_containers(&setup.root);
        Ok(Self {
            setup,
            store,
            cache,
        })
    }

    /// Does what is asked, and answers with JSON.
    pub fn work(
        &self,
        asked: Asked,
        along: Option<File>,
        events: &mut dyn FnMut(BuildEvent),
    ) -> Result<serde_json::Value, Trouble> {
        let language = asked.language;
        let store = |error: StoreError| Trouble::store(&error, language);
        match asked.request {
            Request::Build(request) => json(&self.build(request, language, events)?),
            Request::ExportCache(asked) => json(&self.export_cache(&asked, language)?),
            Request::Forecast(request) => json(&self.forecast(request, language)?),
            Request::Image(reference) => json(&self.image(&reference, language)?.id),
            Request::Pull(request) => json(&self.pull(&request, language, events)?),
            Request::Push(reference) => json(&self.push(&reference, language, events)?),
            Request::Load(path) => json(&self.loaded(self.store.load(&path).map_err(store)?)),
            Request::LoadStream => {
                let mut from = along.ok_or_else(|| Trouble::new("nothing to load from"))?;
                json(&self.loaded(self.store.load_reader(&mut from).map_err(store)?))
            }
            Request::SaveOci(folder, names) => {
                let images = self.named(&names, language)?;
                json(&self.store.save_oci(&folder, &images).map_err(store)?)
            }
            Request::SaveArchive(names) => {
                let mut to = along.ok_or_else(|| Trouble::new("nothing to save to"))?;
                let images = self.named(&names, language)?;
                json(&self.store.save_docker(&mut to, &images).map_err(store)?)
            }
            Request::ExportTree(layers) => {
                let to = along.ok_or_else(|| Trouble::new("nothing to write to"))?;
                json(&self.export_tree(&layers, to).map_err(store)?)
            }
            Request::ExportContainer(container) => {
                let to = along.ok_or_else(|| Trouble::new("nothing to write to"))?;
                let stack = self.files_of(&container).map_err(store)?;
                json(&write_tree(&stack, to).map_err(store)?)
            }
            Request::MakeImage(asked) => json(&self.make_image(*asked, along).map_err(store)?),
            Request::Changes(layers, which) => json(&self.changes(&layers, which).map_err(store)?),
            Request::Waste(layers, base) => {
                let stack = self.store.stack(&layers).map_err(store)?;
                json(&stack.waste(base).map_err(store)?)
            }
            Request::PathLog(layers, path) => json(&self.path_log(&layers, &path).map_err(store)?),
            Request::File(layers, path) => json(&self.file(&layers, &path).map_err(store)?),
            Request::Collect => json(&self.collect().map_err(store)?),
            Request::CacheItems => json(&self.cache_items().map_err(store)?),
            Request::PruneCache(call) => json(&self.prune_cache(&call).map_err(store)?),
            Request::Sizes(folders) => {
                let sizes = folders.iter().map(|folder| files::size_of_tree(folder));
                json(&sizes.collect::<Vec<_>>())
            }
            Request::CheckOut {
                layers,
                upper,
                folder,
            } => json(&self.check_out(&layers, &upper, &folder).map_err(store)?),
            Request::RemoveTrees(paths) => {
                for path in &paths {
                    self.remove_tree(path).map_err(store)?;
                }
                json(&())
            }
            Request::ClearUp => json(&()),
            Request::Fsck => {
                let problems = self.store.fsck().map_err(store)?;
                let sentences = problems.iter().map(|problem| problem.message(language));
                json(&sentences.collect::<Vec<_>>())
            }
        }
    }

    fn build(
        &self,
        request: BuildRequest,
        language: Language,
        events: &mut dyn FnMut(BuildEvent),
    ) -> Result<BuildReport, Trouble> {
        let settings = self.setup.registry.clone();
        let pulls = if request.pull {
            Pulls::Always(settings)
        } else {
            Pulls::Missing(settings)
        };
        self.with_imports(request, language, |input| {
            let builder = Builder {
                pulls,
                ..self.builder(language)
            };
            builder.build(input, events)
        })
    }

    /// Says what a build would do.
    pub fn forecast(
        &self,
        request: BuildRequest,
        language: Language,
    ) -> Result<BuildReport, Trouble> {
        self.with_imports(request, language, |input| {
            self.builder(language).forecast(input)
        })
    }

    /// Opens what `--cache-from` names, and tells afterwards what of it could not be used.
    fn with_imports(
        &self,
        mut request: BuildRequest,
        language: Language,
        work: impl FnOnce(&BuildInput) -> Result<BuildReport, BuildError>,
    ) -> Result<BuildReport, Trouble> {
        let store = |error: StoreError| Trouble::store(&error, language);
        let sources = std::mem::take(&mut request.cache_from);
        let mut input = input(request);
        if sources.is_empty() {
            return work(&input).map_err(|error| Trouble::build(&error, language));
        }
        // Nobody may collect a layer between its coming in and its record.
        let _hold = self.store.hold().map_err(store)?;
        let imports = Arc::new(Imports::open(&self.store, &self.setup.registry, &sources));
        input.imports = Some(Arc::clone(&imports));
        let report = work(&input).map_err(|error| Trouble::build(&error, language));
        let mut report = report?;
        report.notes.extend(imports.notes(language));
        Ok(report)
    }

    fn export_cache(&self, asked: &ExportCache, language: Language) -> Result<(), Trouble> {
        let ExportCache { report, place, all } = asked;
        let settings = &self.setup.registry;
        let exported = export_cache(&self.store, &self.cache, settings, report, place, *all);
        exported.map_err(|error| Trouble::shipping(&error, language))
    }

    fn image(&self, reference: &ImageReference, language: Language) -> Result<Image, Trouble> {
        let image = self.builder(language).image(reference);
        image.map_err(|error| Trouble::image(error, language))
    }

    fn builder(&self, language: Language) -> Builder<'_> {
        Builder {
            pulls: Pulls::Nothing,
            store: &self.store,
            cache: &self.cache,
            ids: self.setup.ids,
            rights: self.rights(),
            practice: self.setup.practice.clone(),
            epoch: self.setup.epoch,
            no_namespaces: self.setup.no_namespaces.clone(),
            language,
        }
    }

    /// Rootful strata reads what root may, as docker's daemon does. Without namespaces, it is
    /// nobody but the user.
    fn rights(&self) -> Rights {
        if self.setup.rootful || self.setup.no_namespaces.is_some() {
            Rights::Kernel
        } else {
            Rights::Owner
        }
    }

    fn loaded(&self, loaded: Vec<crate::layers::archive::Loaded>) -> Vec<LoadedImage> {
        let owners_recorded = self.store.owners() == OwnersMode::Recorded;
        let one = |loaded: crate::layers::archive::Loaded| LoadedImage {
            id: loaded.image.id,
            references: loaded.references,
            owners_recorded,
        };
        loaded.into_iter().map(one).collect()
    }

    fn named(
        &self,
        names: &[String],
        language: Language,
    ) -> Result<Vec<(Image, Vec<ImageReference>)>, Trouble> {
        let one = |name: &String| {
            let image = self
                .store
                .find(name)
                .map_err(|e| Trouble::store(&e, language))?;
            let reference: Option<ImageReference> = name.parse().ok();
            let tagged = |reference: &ImageReference| {
                self.store
                    .tagged(reference)
                    .is_ok_and(|it| it.is_some_and(|it| it.id == image.id))
            };
            let references = reference.into_iter().filter(tagged).collect();
            Ok((image, references))
        };
        names.iter().map(one).collect()
    }

    fn export_tree(&self, layers: &[DiffId], to: File) -> Result<(), StoreError> {
        write_tree(&self.store.stack(layers)?, to)
    }

    fn files_of(&self, container: &ContainerFiles) -> Result<Stack, StoreError> {
        let layers = if container.copied {
            &[]
        } else {
            &container.layers[..]
        };
        self.store.stack(layers)?.with_upper(&container.changed)
    }

    /// Makes a layer and an image with it on top. Nobody may collect the layer in between.
    fn make_image(&self, asked: MakeImage, along: Option<File>) -> Result<ImageId, StoreError> {
        let _held = self.store.hold()?;
        let (mut layers, layer) = match asked.material {
            Material::Container(container) => {
                let before = self.store.stack(&container.layers)?;
                let layer = self.store.capture(&before, &self.files_of(&container)?)?;
                (container.layers, layer)
            }
            Material::Tar => {
                let from = along.expect("whoever imports sends something along");
                (Vec::new(), self.store.import_tar(from)?)
            }
        };
        layers.push(layer.diff_id);
        let image = self.store.put_image(&asked.config, &layers)?;
        match &asked.name {
            Some(name) => self.store.tag(name, &image)?,
            None => self.store.list(&image)?,
        }
        Ok(image.id)
    }

    fn changes(&self, layers: &[DiffId], which: Which) -> Result<Vec<FileChange>, StoreError> {
        let stack = self.store.stack(layers)?;
        let list = match which {
            Which::Top => stack.changes(layers.len().saturating_sub(1))?,
            Which::All => changes::between(&self.store.stack(&[])?, &stack)?,
        };
        list.iter()
            .map(|change| file_change(&stack, change))
            .collect()
    }

    /// Finds the layers that change a path, or something in it.
    fn path_log(&self, layers: &[DiffId], path: &str) -> Result<Vec<Touch>, StoreError> {
        let stack = self.store.stack(layers)?;
        let path = RootPath::clean(path);
        let mut touches = Vec::new();
        for layer in 0..layers.len() {
            let mut touch = Touch {
                layer,
                change: None,
                within: 0,
            };
            for change in stack.changes(layer)? {
                let takes_along =
                    change.kind == ChangeKind::Deleted && path.is_within(&change.path);
                if change.path == path || takes_along {
                    let there = stack.below(layer).lookup(&path)?;
                    if change.path == path || there.is_some() {
                        touch.change = Some(file_change(&stack.below(layer + 1), &change)?);
                    }
                } else if change.path.is_within(&path) {
                    touch.within += 1;
                }
            }
            if touch.change.is_some() || touch.within > 0 {
                touches.push(touch);
            }
        }
        Ok(touches)
    }

    fn file(&self, layers: &[DiffId], path: &str) -> Result<Option<FileFacts>, StoreError> {
        let stack = self.store.stack(layers)?;
        let Some(node) = stack.resolve(path, Follow::Yes)?.node else {
            return Ok(None);
        };
        let small = matches!(node.kind, EntryKind::File { size } if size <= MOST_CONTENT);
        let content = if small { stack.read(path)? } else { None };
        Ok(Some(FileFacts {
            mode: node.mode,
            uid: node.uid,
            layer: node.level + 1,
            content,
        }))
    }

    /// Keeps what cache records and containers need. None while somebody is at work.
    pub(super) fn collect(&self) -> Result<Option<Collected>, StoreError> {
        let keep = || Keep {
            layers: self.cache.records().iter().map(|it| it.layer).collect(),
            images: self.images_of_containers(),
        };
        let collected = self.store.collect_garbage(keep)?;
        if let Some(collected) = &collected {
            self.cache.forget_images(&collected.images)?;
        }
        Ok(collected)
    }

    fn images_of_containers(&self) -> BTreeSet<ImageId> {
        let containers = Containers::new(&self.setup.root).list().unwrap_or_default();
        let id = |record: &Record| record.image_id.parse().ok();
        containers.iter().filter_map(id).collect()
    }

    fn cache_items(&self) -> Result<Vec<CacheItem>, StoreError> {
        let of_images = self.store.layers_of_images(&self.images_of_containers())?;
        self.cache.items(&self.store, &of_images)
    }

    fn prune_cache(&self, call: &PruneCache) -> Result<PrunedCache, StoreError> {
        let mut pruned = PrunedCache::default();
        for item in call.choose(self.cache_items()?) {
            // What a build uses at this moment is not unused.
            if let Some(bytes) = self.cache.remove(&self.store, &item)? {
                pruned.bytes += bytes;
                pruned.items.push(item);
            }
        }
        match self.collect()? {
            Some(collected) => pruned.bytes += collected.bytes,
            None => pruned.busy = true,
        }
        Ok(pruned)
    }

    fn check_out(&self, layers: &[DiffId], upper: &Path, folder: &Path) -> Result<(), StoreError> {
        // What an attempt left that was interrupted.
        files::remove_tree(folder)?;
        let stack = self.store.stack(layers)?.with_upper(upper)?;
        self.store.check_out(&stack, folder)
    }

    fn remove_tree(&self, path: &Path) -> Result<(), StoreError> {
        if path.starts_with(&self.setup.root) {
            files::remove_tree(path)
        } else {
            Ok(())
        }
    }
}

fn write_tree(stack: &Stack, to: File) -> Result<(), StoreError> {
    let mut to = std::io::BufWriter::with_capacity(256 * 1024, to);
    stack.write_tar(&mut to)?;
    std::io::Write::flush(&mut to).map_err(StoreError::io("write", "tar"))
}

fn file_change(stack: &Stack, change: &Change) -> Result<FileChange, StoreError> {
    let slash = if change.what.is_directory() { "/" } else { "" };
    let mode = match change.kind {
        ChangeKind::Deleted => 0,
        _ => stack.lookup(&change.path)?.map_or(0, |node| node.mode),
    };
    Ok(FileChange {
        kind: change.kind,
        path: format!("{}{slash}", change.path.absolute()),
        size: change.after,
        before: change.before,
        mode,
    })
}

/// Removes what is left of containers: what a crash left half made or half removed, and those of
/// `run --rm` whose supervisor was killed before it could. Whatever resists is left for the next
/// start: no work may fail because of it.
fn collect_containers(root: &Path) {
    let containers = Containers::new(root);
    let mut trees = containers.leftovers().unwrap_or_default();
    trees.extend(containers.volumes().leftovers().unwrap_or_default());
    for id in containers.lost().unwrap_or_default() {
        let config = containers.folder(&id).config();
        let points = config.map(|it| it.mounts).unwrap_or_default();
        trees.extend(containers.remove(&id, false).ok().flatten());
        trees.extend(containers.take_out_anonymous(&points).unwrap_or_default());
    }
    for tree in trees {
        let _ = remove_tree(&tree);
    }
    if is_real_root() {
        let _ = bridge::sweep(&containers);
    }
}

/// Tells a store how files and whiteouts are kept on this machine.
pub fn configure(store: &mut Store, rootful: bool, ids: IdMode) {
    store.set_whiteouts(if rootful {
        Whiteouts::Trusted
    } else {
        Whiteouts::User
    });
    store.set_owners(match ids {
        IdMode::Many => OwnersMode::Kernel,
        IdMode::Single => OwnersMode::Recorded,
    });
}

fn input(request: BuildRequest) -> BuildInput {
    BuildInput {
        source: Source::new(request.file, request.text),
        temporary: request.temporary.is_some(),
        history: request.temporary.unwrap_or_else(|| request.context.clone()),
        expect_cached: request.expect_cached,
        context: Some(request.context),
        ignore: request.ignore,
        options: PlanOptions {
            target: request.target,
            build_args: request.build_args,
            sandbox: request.sandbox,
            allowed: request.allowed,
            contexts: request.contexts,
        },
        tags: request.tags,
        no_cache: request.no_cache,
        no_cache_filter: request.no_cache_filter,
        labels: request.labels,
        supplies: request.supplies,
        imports: None,
        in_passing: request.in_passing,
    }
}

fn json<T: Serialize>(value: &T) -> Result<serde_json::Value, Trouble> {
    serde_json::to_value(value).map_err(|error| Trouble::new(error.to_string()))
}
