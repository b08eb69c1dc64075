//! Pushing: what a registry lacks of an image goes there.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::{AT_ONCE, ShippingError, State, Transfer};
use crate::digest::{DiffId, Digest};
use crate::layers::archive::CacheManifest;
use crate::layers::{Descriptor, Image, Manifest, MediaType, Outgoing, Store};
use crate::reference::ImageReference;
use crate::registry::{Client, Endpoint, Open, Place, RegistryError, Settings};

/// Attempts for one blob: each gets a place of its own.
const ATTEMPTS: usize = 3;
/// How often an upload tells how far it is, in bytes.
const TOLD: u64 = 1 << 20;

/// What came of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// The digest of the manifest.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
}

/// What the threads of a push share.
struct Sending<'a> {
    store: &'a Store,
    client: &'a Client,
    layers: &'a [Outgoing],
    /// Repositories of the same registry, and what of them is known.
    others: Vec<(String, BTreeSet<Digest>)>,
    next: AtomicUsize,
    sent: Mutex<Vec<Option<Descriptor>>>,
}

/// Pushes an image under a name.
pub fn push(
    store: &Store,
    settings: &Settings,
    reference: &ImageReference,
    told: super::pull::Told<'_>,
) -> Result<Pushed, ShippingError> {
    let tag = tag(reference)?;
    let image = store.tagged(reference)?;
    let image = image.ok_or_else(|| ShippingError::NotHere(reference.with_tag()))?;
    let _held = store.hold()?;
    let client = Client::new(Endpoint::of(reference), settings)?;
    let (bytes, manifest, layers) = store.outgoing(&image)?;
    let sending = Sending::new(store, &client, &layers, others(store, reference)?);
    let sent = sending.send(told)?;
    sending.document(&manifest.config, || Ok(store.document(image.id.0)?))?;
    let (bytes, media_type) = if layers.iter().any(|layer| layer.compress) {
        let manifest = Manifest::new(manifest.config.clone(), sent);
        (manifest.to_bytes(), MediaType::Manifest)
    } else {
        let known = manifest.media_type.clone();
        (bytes, known.unwrap_or(MediaType::Manifest))
    };
    client.put_manifest(tag, &String::from(media_type), &bytes)?;
    remember(store, reference, &image, &bytes)?;
    Ok(Pushed {
        digest: Digest::of(&bytes),
        size: bytes.len() as u64,
    })
}

/// Pushes a build cache under a name: a document, and the layers it speaks of.
pub fn push_cache(
    store: &Store,
    settings: &Settings,
    reference: &ImageReference,
    document: &[u8],
    layers: &[DiffId],
) -> Result<(), ShippingError> {
    let tag = tag(reference)?;
    let _held = store.hold()?;
    let client = Client::new(Endpoint::of(reference), settings)?;
    let outgoing: Result<Vec<Outgoing>, _> =
        layers.iter().map(|it| store.outgoing_layer(*it)).collect();
    let outgoing = outgoing?;
    let sending = Sending::new(store, &client, &outgoing, others(store, reference)?);
    let sent = sending.send(&mut |_| {})?;
    let config = CacheManifest::describe(document);
    sending.document(&config, || Ok(document.to_vec()))?;
    let layers = layers.iter().copied().zip(sent).collect();
    let bytes = CacheManifest::new(config, layers).to_bytes();
    client.put_manifest(tag, &String::from(MediaType::Manifest), &bytes)?;
    Ok(())
}

/// What is pushed to: a digest names what is there already.
fn tag(reference: &ImageReference) -> Result<&str, ShippingError> {
    let tag = reference.tag().filter(|_| reference.digest().is_none());
    tag.ok_or_else(|| ShippingError::Digest(reference.to_string()))
}

fn remember(
    store: &Store,
    reference: &ImageReference,
    image: &Image,
    manifest: &[u8],
) -> Result<(), ShippingError> {
    let digest = store.keep_document(manifest)?;
    Ok(store.note_digest(reference, image, digest)?)
}

/// Finds what other repositories of the same registry have, as far as it is known here.
fn others(
    store: &Store,
    reference: &ImageReference,
) -> Result<Vec<(String, BTreeSet<Digest>)>, ShippingError> {
    let mut found: Vec<(String, BTreeSet<Digest>)> = Vec::new();
    for (name, digest) in store.noted_manifests()? {
        let other: Result<ImageReference, _> = name.parse();
        let Ok(other) = other else { continue };
        let same = other.registry() == reference.registry();
        if !same || other.name() == reference.name() {
            continue;
        }
        let manifest = store.document(digest).ok();
        let manifest = manifest.and_then(|bytes| serde_json::from_slice::<Manifest>(&bytes).ok());
        let layers = manifest.into_iter().flat_map(|manifest| manifest.layers);
        found.push((
            other.repository(),
            layers.map(|layer| layer.digest).collect(),
        ));
    }
    Ok(found)
}

impl<'a> Sending<'a> {
    fn new(
        store: &'a Store,
        client: &'a Client,
        layers: &'a [Outgoing],
        others: Vec<(String, BTreeSet<Digest>)>,
    ) -> Self {
        Self {
            store,
            client,
            layers,
            others,
            next: AtomicUsize::new(0),
            sent: Mutex::new(vec![None; layers.len()]),
        }
    }

    /// Sends the layers, some at a time, and returns what the manifest is to name.
    fn send(&self, told: super::pull::Told<'_>) -> Result<Vec<Descriptor>, ShippingError> {
        for layer in self.layers {
            told(Transfer::new(&id(layer), State::Preparing));
        }
        let (say, heard) = mpsc::channel();
        thread::scope(|scope| {
            let mut threads = Vec::new();
            for _ in 0..self.layers.len().min(AT_ONCE) {
                let say = say.clone();
                let started = thread::Builder::new().spawn_scoped(scope, move || self.layers(&say));
                match started {
                    Ok(thread) => threads.push(thread),
                    Err(error) if threads.is_empty() => return Err(ShippingError::Thread(error)),
                    // Fewer do as well.
                    Err(_) => break,
                }
            }
            drop(say);
            for transfer in heard {
                told(transfer);
            }
            for thread in threads {
                let ended = thread.join();
                ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            }
            Ok(())
        })?;
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = std::mem::take(&mut *sent).into_iter().flatten();
        Ok(sent.collect())
    }

    fn layers(&self, say: &Sender<Transfer>) -> Result<(), ShippingError> {
        loop {
            let at = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(layer) = self.layers.get(at) else {
                return Ok(());
            };
            let done = self.layer(layer, say);
            if done.is_err() {
                // The others take no more.
                self.next.store(self.layers.len(), Ordering::Relaxed);
            }
            let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
            sent[at] = Some(done?);
        }
    }

    fn layer(&self, layer: &Outgoing, say: &Sender<Transfer>) -> Result<Descriptor, ShippingError> {
        let state = |state| {
            let _ = say.send(Transfer::new(&id(layer), state));
        };
        let mut place = None;
        if let Some(known) = &layer.descriptor
            && self.client.has_blob(known.digest)?
        {
            state(State::There);
            return Ok(known.clone());
        }
        if let Some(known) = &layer.descriptor
            && let Some(from) = self.other(known.digest)
        {
            match self.client.place(known.digest, Some(from))? {
                Place::Mounted => {
                    state(State::Mounted(from.to_owned()));
                    return Ok(known.clone());
                }
                Place::Upload(to) => place = Some(to),
            }
        }
        let scratch = self.store.scratch()?;
        let (descriptor, path) = self.store.write_outgoing(layer, &scratch)?;
        let known = layer.descriptor.as_ref().map(|known| known.digest);
        if known != Some(descriptor.digest) {
            if self.client.has_blob(descriptor.digest)? {
                state(State::There);
                return Ok(descriptor);
            }
            place = None;
        }
        let total = descriptor.size;
        let open = || {
            let file = File::open(&path)?;
            let reader: Box<dyn Read + '_> = Box::new(Counting {
                from: file,
                told: 0,
                say,
                of: Transfer {
                    total,
                    ..Transfer::new(&id(layer), State::Pushing)
                },
            });
            Ok(reader)
        };
        self.blob(place, &descriptor, &open)?;
        state(State::Pushed);
        Ok(descriptor)
    }

    /// Another repository that is known to have a blob.
    fn other(&self, digest: Digest) -> Option<&str> {
        let mut others = self.others.iter();
        let (name, _) = others.find(|(_, blobs)| blobs.contains(&digest))?;
        Some(name)
    }

    /// Sends a blob to the place that was found for it, or to a new one.
    fn blob<'b>(
        &self,
        mut place: Option<String>,
        blob: &Descriptor,
        open: &'b Open<'b>,
    ) -> Result<(), ShippingError> {
        let mut attempt = 1;
        loop {
            let found = place.take().map(|to| Ok(Place::Upload(to)));
            let sent = match found.unwrap_or_else(|| self.client.place(blob.digest, None))? {
                Place::Mounted => Ok(()),
                Place::Upload(to) => self.client.send_blob(&to, blob.digest, blob.size, open),
            };
            match sent {
                Err(RegistryError::BrokenOff { .. } | RegistryError::NotFound(_))
                    if attempt < ATTEMPTS =>
                {
                    attempt += 1;
                }
                other => return Ok(other?),
            }
        }
    }

    /// Sends a small blob, if it is not there.
    fn document(
        &self,
        blob: &Descriptor,
        bytes: impl FnOnce() -> Result<Vec<u8>, ShippingError>,
    ) -> Result<(), ShippingError> {
        if self.client.has_blob(blob.digest)? {
            return Ok(());
        }
        let bytes = bytes()?;
        let open = || {
            let reader: Box<dyn Read + '_> = Box::new(&bytes[..]);
            Ok(reader)
        };
        self.blob(None, blob, &open)
    }
}

/// A layer's name before its blob has one.
fn id(layer: &Outgoing) -> String {
    layer.diff_id.short()
}

/// Tells how much of it was read.
struct Counting<'a> {
    from: File,
    told: u64,
    say: &'a Sender<Transfer>,
    of: Transfer,
}

impl Read for Counting<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(buffer)?;
        self.of.done += count as u64;
        if self.of.done - self.told >= TOLD {
            self.told = self.of.done;
            // Who asked may have gone.
            let _ = self.say.send(self.of.clone());
        }
        Ok(count)
    }
}
