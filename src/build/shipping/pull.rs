//! Pulling: a reference becomes an image of the store.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use super::{AT_ONCE, MOST_CONFIG, ShippingError, State, Transfer};
use crate::digest::{DiffId, Digest};
use crate::layers::{Descriptor, Image, ImageConfig, ImageIndex, Manifest, MediaType, Store};
use crate::plan::platform::Platform;
use crate::reference::ImageReference;
use crate::registry::{Client, Document, Endpoint, RegistryError, Settings};

/// An index may name indexes, but nobody nests them deeper than this.
const DEEPEST_INDEX: usize = 4;
/// How often a download tells how far it is.
const TOLD: Duration = Duration::from_millis(100);

/// What is pulled.
#[derive(Debug, Clone)]
pub struct Pull<'a> {
    /// The image.
    pub reference: &'a ImageReference,
    /// `--platform`; this machine's where nobody says.
    pub platform: Option<&'a str>,
}

/// What came of a pull.
#[derive(Debug, Clone, PartialEq)]
pub struct Pulled {
    /// The image, which has the name now.
    pub image: Image,
    /// What the registry calls it: the digest of the index or manifest.
    pub digest: Digest,
    /// Whether it was here already, under this name.
    pub was_here: bool,
}

/// A layer that is to come.
struct Wanted {
    descriptor: Descriptor,
    diff_id: DiffId,
    is_here: bool,
}

/// Who is told.
pub(super) type Told<'e> = &'e mut dyn FnMut(Transfer);

/// Pulls an image: mirrors first, where there are any.
pub fn pull(
    store: &Store,
    settings: &Settings,
    pull: &Pull<'_>,
    told: Told<'_>,
) -> Result<Pulled, ShippingError> {
    let mut sources = Endpoint::sources(pull.reference, settings)?
        .into_iter()
        .peekable();
    while let Some(source) = sources.next() {
        let came = Client::new(source, settings)
            .map_err(ShippingError::from)
            .and_then(|client| from(store, &client, pull, told));
        match came {
            // What a mirror does not give the registry itself may.
            Err(ShippingError::Registry(_)) if sources.peek().is_some() => {}
            other => return other,
        }
    }
    unreachable!("a reference has a registry of its own")
}

/// Pulls every tag of a repository, `each` before its layers.
pub fn pull_all(
    store: &Store,
    settings: &Settings,
    all: &Pull<'_>,
    each: &mut dyn FnMut(&ImageReference),
    told: Told<'_>,
) -> Result<Vec<(ImageReference, Pulled)>, ShippingError> {
    let client = Client::new(Endpoint::of(all.reference), settings)?;
    let mut pulled = Vec::new();
    for tag in client.tags()? {
        let Some(reference) = all.reference.tagged_as(&tag) else {
            continue;
        };
        each(&reference);
        let one = Pull {
            reference: &reference,
            platform: all.platform,
        };
        let came = pull(store, settings, &one, told)?;
        pulled.push((reference, came));
    }
    Ok(pulled)
}

fn from(
    store: &Store,
    client: &Client,
    pull: &Pull<'_>,
    told: Told<'_>,
) -> Result<Pulled, ShippingError> {
    let reference = pull.reference;
    let which = match (reference.digest(), reference.tag()) {
        (Some(digest), _) => digest.to_string(),
        (None, tag) => tag.unwrap_or(crate::reference::DEFAULT_TAG).to_owned(),
    };
    // Nobody may collect what has come before it has a name.
    let _held = store.hold()?;
    let named = client.manifest(&which)?;
    let digest = named.digest;
    if let Some(image) = known(store, pull, digest)? {
        return Ok(Pulled {
            image,
            digest,
            was_here: true,
        });
    }
    let what = reference.to_string();
    let manifest = choose(store, client, &what, pull.platform, named, DEEPEST_INDEX)?;
    let image = fetch(store, client, &what, pull.platform, &manifest, told)?;
    if reference.digest().is_some() {
        store.list(&image)?;
    } else {
        store.tag(reference, &image)?;
    }
    store.note_digest(reference, &image, digest)?;
    Ok(Pulled {
        image,
        digest,
        was_here: false,
    })
}

/// Returns the image that has this name and came with this digest.
fn known(store: &Store, pull: &Pull<'_>, digest: Digest) -> Result<Option<Image>, ShippingError> {
    let Some(image) = store.tagged(pull.reference)? else {
        return Ok(None);
    };
    let note = format!("{}@{digest}", pull.reference.name());
    let came = store.repo_digests(image.id)?.contains(&note);
    let fits = pull
        .platform
        .is_none_or(|wanted| is_for(&image.config, wanted));
    Ok((came && fits).then_some(image))
}

fn host() -> Platform {
    Platform::parse(&crate::plan::platform(), None).expect("this machine's platform is one")
}

fn wanted(platform: Option<&str>) -> Platform {
    let host = host();
    platform
        .and_then(|text| Platform::parse(text, Some(&host)))
        .unwrap_or(host)
}

fn is_for(config: &ImageConfig, wanted_text: &str) -> bool {
    let wanted = wanted(Some(wanted_text));
    config.os == wanted.os && config.architecture == wanted.arch
}

/// Returns the manifest for a platform; the indexes on the way to it are kept whole.
fn choose(
    store: &Store,
    client: &Client,
    what: &str,
    platform: Option<&str>,
    document: Document,
    depth: usize,
) -> Result<Document, ShippingError> {
    let media_type = MediaType::from(document.media_type.clone());
    if !matches!(media_type, MediaType::Index | MediaType::DockerIndex) {
        return Ok(document);
    }
    let index: ImageIndex = parse(what, &document.bytes)?;
    let wanted = wanted(platform);
    let chosen = best(&index.manifests, &wanted).filter(|_| depth > 0);
    let Some(chosen) = chosen else {
        let found = index.manifests.iter().filter_map(platform_of);
        let mut found: Vec<String> = found.map(|it| it.to_string()).collect();
        found.dedup();
        return Err(RegistryError::NoPlatform {
            what: what.to_owned(),
            platform: wanted.to_string(),
            found,
        }
        .into());
    };
    let inner = client.manifest(&chosen.digest.to_string())?;
    if inner.bytes.len() as u64 != chosen.size {
        return Err(RegistryError::WrongSize {
            what: "manifest",
            digest: chosen.digest,
            expected: chosen.size,
        }
        .into());
    }
    let leaf = choose(store, client, what, platform, inner, depth - 1)?;
    store.keep_document(&document.bytes)?;
    Ok(leaf)
}

/// The first entry for the platform; one of its very variant goes before.
fn best<'a>(manifests: &'a [Descriptor], wanted: &Platform) -> Option<&'a Descriptor> {
    let fits = |found: &Platform| found.os == wanted.os && found.arch == wanted.arch;
    let here = || {
        let pairs = manifests
            .iter()
            .filter_map(|it| Some((it, platform_of(it)?)));
        pairs.filter(|(_, found)| fits(found))
    };
    let exact = here().find(|(_, found)| found.variant == wanted.variant);
    let found = exact.or_else(|| here().next()).map(|(it, _)| it);
    // An index of one image need not say what it is for.
    let untold = manifests
        .iter()
        .filter(|it| !it.other.contains_key("platform"));
    found.or_else(|| untold.clone().next().filter(|_| manifests.len() == 1))
}

fn platform_of(descriptor: &Descriptor) -> Option<Platform> {
    let platform = descriptor.other.get("platform")?;
    let text = |name: &str| platform.get(name).and_then(serde_json::Value::as_str);
    let (os, arch) = (text("os")?, text("architecture")?);
    // Proofs of origin stand in the same list.
    if os == "unknown" || arch == "unknown" {
        return None;
    }
    let text = match text("variant") {
        Some(variant) if !variant.is_empty() => format!("{os}/{arch}/{variant}"),
        _ => format!("{os}/{arch}"),
    };
    Platform::parse(&text, None)
}

/// Brings what a manifest names into the store.
fn fetch(
    store: &Store,
    client: &Client,
    what: &str,
    platform: Option<&str>,
    document: &Document,
    told: Told<'_>,
) -> Result<Image, ShippingError> {
    let manifest: Manifest = parse(what, &document.bytes)?;
    check(what, &manifest)?;
    let blob = &manifest.config;
    let config = if store.has(blob.digest) {
        store.document(blob.digest)?
    } else {
        client.blob(blob.digest, blob.size, MOST_CONFIG)?
    };
    let parsed: ImageConfig = parse(what, &config)?;
    let diff_ids = parsed.rootfs.diff_ids.clone();
    let wrong = |reason: String| RegistryError::NotAnImage {
        what: what.to_owned(),
        reason,
    };
    if diff_ids.len() != manifest.layers.len() {
        let (listed, named) = (diff_ids.len(), manifest.layers.len());
        return Err(wrong(format!(
            "its config lists {listed} layers, its manifest {named}"
        ))
        .into());
    }
    if let Some(asked) = platform.filter(|asked| !is_for(&parsed, asked)) {
        return Err(RegistryError::NoPlatform {
            what: what.to_owned(),
            platform: wanted(Some(asked)).to_string(),
            found: vec![format!("{}/{}", parsed.os, parsed.architecture)],
        }
        .into());
    }
    let mut layers = Vec::new();
    for (descriptor, diff_id) in manifest.layers.into_iter().zip(&diff_ids) {
        layers.push(Wanted {
            is_here: store.has_layer(*diff_id, descriptor.digest)?,
            diff_id: *diff_id,
            descriptor,
        });
    }
    bring(store, client, &layers, told)?;
    Ok(store.keep_image(&document.bytes, &config, parsed)?)
}

fn parse<T: serde::de::DeserializeOwned>(what: &str, bytes: &[u8]) -> Result<T, RegistryError> {
    serde_json::from_slice(bytes).map_err(|error| RegistryError::NotAnImage {
        what: what.to_owned(),
        reason: error.to_string(),
    })
}

/// A registry keeps many things that are named as images are.
fn check(what: &str, manifest: &Manifest) -> Result<(), RegistryError> {
    use MediaType as Type;
    let no_image = |found: &Type| {
        let name = String::from(found.clone());
        RegistryError::NotAnImage {
            what: what.to_owned(),
            reason: format!("media type `{name}`"),
        }
    };
    if !matches!(
        manifest.config.media_type,
        Type::Config | Type::DockerConfig
    ) {
        return Err(no_image(&manifest.config.media_type));
    }
    let is_layer = |found: &Type| {
        matches!(
            found,
            Type::Layer
                | Type::LayerGzip
                | Type::LayerZstd
                | Type::DockerLayer
                | Type::DockerLayerGzip
        )
    };
    let mut layers = manifest.layers.iter();
    match layers.find(|layer| !is_layer(&layer.media_type)) {
        Some(other) => Err(no_image(&other.media_type)),
        None => Ok(()),
    }
}

/// Fetches layers side by side and unpacks them base first, while others still come.
fn bring(
    store: &Store,
    client: &Client,
    layers: &[Wanted],
    told: Told<'_>,
) -> Result<(), ShippingError> {
    let id = |layer: &Wanted| layer.descriptor.digest.short();
    for layer in layers {
        let state = if layer.is_here {
            State::Here
        } else {
            State::Waiting
        };
        told(Transfer::new(&id(layer), state));
    }
    let (say, heard) = mpsc::channel();
    let fetching = Fetching {
        store,
        client,
        layers,
        next: AtomicUsize::new(0),
        stopped: AtomicBool::new(false),
    };
    thread::scope(|scope| {
        let fetching = &fetching;
        let (done, ready) = mpsc::channel();
        let missing = layers.iter().filter(|layer| !layer.is_here).count();
        for _ in 0..missing.min(AT_ONCE) {
            let (say, done) = (say.clone(), done.clone());
            let started =
                thread::Builder::new().spawn_scoped(scope, move || fetching.fetch(&say, &done));
            started.map_err(|error| fetching.stop(ShippingError::Thread(error)))?;
        }
        drop(done);
        let unpacking =
            thread::Builder::new().spawn_scoped(scope, move || fetching.unpack(&ready, &say));
        let unpacking = unpacking.map_err(|error| fetching.stop(ShippingError::Thread(error)))?;
        for transfer in heard {
            told(transfer);
        }
        unpacking
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// What the threads of a pull share.
struct Fetching<'a> {
    store: &'a Store,
    client: &'a Client,
    layers: &'a [Wanted],
    next: AtomicUsize,
    stopped: AtomicBool,
}

/// A layer that has come, or why not.
type Came = (usize, Result<(), ShippingError>);

impl Fetching<'_> {
    fn stop(&self, error: ShippingError) -> ShippingError {
        self.stopped.store(true, Ordering::Relaxed);
        error
    }

    /// Fetches one layer after the other until there are no more.
    fn fetch(&self, say: &Sender<Transfer>, done: &Sender<Came>) {
        loop {
            let at = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(layer) = self.layers.get(at) else {
                return;
            };
            if !self.is_fetched(at) {
                continue;
            }
            let came = self.fetch_one(&layer.descriptor, say);
            if came.is_err() {
                self.stopped.store(true, Ordering::Relaxed);
            }
            // Who unpacks may have given up.
            let _ = done.send((at, came));
        }
    }

    /// Whether this layer is one that is fetched: not here, and not a layer's twin.
    fn is_fetched(&self, at: usize) -> bool {
        let layer = &self.layers[at];
        let twin = |it: &Wanted| it.descriptor.digest == layer.descriptor.digest;
        !layer.is_here && !self.layers[..at].iter().any(twin)
    }

    fn fetch_one(&self, blob: &Descriptor, say: &Sender<Transfer>) -> Result<(), ShippingError> {
        let (id, last) = (blob.digest.short(), std::cell::Cell::new(None::<Instant>));
        let go_on = |bytes: u64| {
            if last.get().is_none_or(|last| last.elapsed() > TOLD) {
                last.set(Some(Instant::now()));
                let _ = say.send(Transfer {
                    id: id.clone(),
                    state: State::Downloading,
                    done: bytes,
                    total: blob.size,
                });
            }
            !self.stopped.load(Ordering::Relaxed)
        };
        fetch_blob(self.store, self.client, blob, &go_on)?;
        let _ = say.send(Transfer::new(&id, State::Downloaded));
        Ok(())
    }

    /// Unpacks layers in their order as they come; the first that fails ends it.
    fn unpack(&self, ready: &Receiver<Came>, say: &Sender<Transfer>) -> Result<(), ShippingError> {
        let diff_ids: Vec<DiffId> = self.layers.iter().map(|layer| layer.diff_id).collect();
        let mut came = vec![false; self.layers.len()];
        let mut failed = None;
        for (at, layer) in self.layers.iter().enumerate() {
            if !self.is_fetched(at) {
                continue;
            }
            while !came[at] && failed.is_none() {
                match ready.recv() {
                    Ok((at, Ok(()))) => came[at] = true,
                    Ok((_, Err(error))) => failed = Some(error),
                    Err(_) => failed = Some(RegistryError::Stopped.into()),
                }
            }
            if !came[at] {
                break;
            }
            let id = layer.descriptor.digest.short();
            let _ = say.send(Transfer::new(&id, State::Extracting));
            let blob = layer.descriptor.digest;
            let taken = self
                .store
                .take_in_blob(blob, layer.diff_id, &diff_ids[..at]);
            taken.map_err(|error| self.stop(error.into()))?;
            let _ = say.send(Transfer::new(&id, State::Complete));
        }
        match failed {
            Some(ShippingError::Registry(RegistryError::Stopped)) => {
                // Another thread says why, if it has not done so yet.
                let why = ready.iter().find_map(|(_, came)| came.err());
                Err(why.unwrap_or(RegistryError::Stopped.into()))
            }
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
}

/// Fetches a blob into the store, unless it is there; `go_on` is told how far it is.
pub(super) fn fetch_blob(
    store: &Store,
    client: &Client,
    blob: &Descriptor,
    go_on: &dyn Fn(u64) -> bool,
) -> Result<(), ShippingError> {
    let mut partial = store.partial(blob.digest)?;
    // An earlier pull got this far, or another process just did.
    if !store.has(blob.digest) {
        client.download(blob.digest, blob.size, partial.file(), go_on)?;
        store.adopt_partial(&partial, blob.digest)?;
    }
    Ok(())
}
