//! The worker: strata once more, inside a user and mount namespace, where it is root and can work
//! on trees whose files belong to many users. The face sends it requests over a socket.
//!
//! It is started when it is first needed and dies with its face.

use std::ffi::OsStr;
use std::fs::File;
use std::io::ErrorKind;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::making::{ContainerFiles, MakeImage};
use super::trouble::Trouble;
use super::{INTERRUPTED, work};
use crate::build::{BuildEvent, PracticeSettings, PruneCache};
use crate::language::Language;
use crate::reference::ImageReference;
use crate::runtime::{Child, Enter, Entering, IdMode, Mode, NoNamespaces, RuntimeError, frames};

/// The hidden verb of the worker.
pub const VERB: &str = "__worker";

/// What the worker is told when it starts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Setup {
    /// The store.
    pub root: PathBuf,
    /// Whether trees are mounted by root (`trusted.overlay`).
    pub rootful: bool,
    /// Which ids exist.
    pub ids: IdMode,
    /// How practice bases are made.
    pub practice: PracticeSettings,
    /// `SOURCE_DATE_EPOCH`.
    pub epoch: Option<i64>,
    /// What an archive may unpack to, in bytes.
    pub unpacks_to: Option<u64>,
    /// What counts for registries.
    pub registry: crate::registry::Settings,
    /// Why nothing can be run, where that is so.
    pub no_namespaces: Option<NoNamespaces>,
}

/// What the face asks for, and in which language it wants to hear of trouble.
#[derive(Debug, Serialize, Deserialize)]
pub struct Asked {
    /// The language.
    pub language: Language,
    /// The request.
    pub request: Request,
}

/// Work that needs to be done inside.
#[derive(Debug, Serialize, Deserialize)]
pub enum Request {
    /// Build, and answer with a `BuildReport`.
    Build(work::BuildRequest),
    /// Forecast a build; answer with a `BuildReport`.
    Forecast(work::BuildRequest),
    /// Write the steps of a build where `--cache-to` says.
    ExportCache(work::ExportCache),
    /// Make sure an image is there; answer with its id.
    Image(ImageReference),
    /// Pull an image; answer with `Vec<PulledImage>`.
    Pull(super::shipping::PullRequest),
    /// Push an image; answer with the digest and the size of its manifest.
    Push(ImageReference),
    /// Load an archive or OCI folder; answer with `Vec<LoadedImage>`.
    Load(PathBuf),
    /// Load what comes through the descriptor that is sent along; answer the same.
    LoadStream,
    /// Write images into an OCI folder.
    SaveOci(PathBuf, Vec<String>),
    /// Write images as an archive into the descriptor that is sent along.
    SaveArchive(Vec<String>),
    /// Write what layers show as a tar into the descriptor that is sent along.
    ExportTree(Vec<crate::digest::DiffId>),
    /// Write all files of a container as a tar into the descriptor that is sent along.
    ExportContainer(ContainerFiles),
    /// Make an image with a new layer on top; answer with its id.
    MakeImage(Box<MakeImage>),
    /// List what layers change; answer with `Vec<work::FileChange>`.
    Changes(Vec<crate::digest::DiffId>, work::Which),
    /// Say what of layers could be got back, given how many are the base image's; answer with
    /// `Vec<layers::Waste>`.
    Waste(Vec<crate::digest::DiffId>, usize),
    /// Say which layers touch a path; answer with `Vec<Touch>`.
    PathLog(Vec<crate::digest::DiffId>, String),
    /// Read a file of an image; answer with `Option<work::FileFacts>`.
    File(Vec<crate::digest::DiffId>, String),
    /// Collect what nothing refers to; answer with an `Option<layers::Collected>`, none if somebody
    /// is at work.
    Collect,
    /// List what the build cache holds; answer with `Vec<build::CacheItem>`.
    CacheItems,
    /// Take things out of the build cache; answer with a `PrunedCache`.
    PruneCache(PruneCache),
    /// Add up the bytes of the files below these folders of the store; answer with `Vec<u64>`.
    Sizes(Vec<PathBuf>),
    /// Copy layers, and a container's changes over them, into a new folder.
    CheckOut {
        /// The layers, base first.
        layers: Vec<crate::digest::DiffId>,
        /// The container's upper directory.
        upper: PathBuf,
        /// Where to.
        folder: PathBuf,
    },
    /// Remove folder trees of the store.
    RemoveTrees(Vec<PathBuf>),
    /// Check every digest; answer with sentences.
    Fsck,
    /// Nothing: opening the store has cleared up after a worker that was ended.
    ClearUp,
}

/// What the worker answers.
#[derive(Debug, Serialize, Deserialize)]
enum Reply {
    Event(BuildEvent),
    Done(serde_json::Value),
    Trouble(Trouble),
}

/// A worker on its way in, which takes longer than reading what it will be asked. Dropped, it ends
/// by itself.
#[derive(Debug)]
pub struct Beginning(Entering);

impl Beginning {
    /// Begins to start the worker.
    pub fn new(mode: &Mode) -> Result<Self, RuntimeError> {
        let arguments = [OsStr::new(VERB)];
        Entering::begin(mode, &arguments, Enter::default()).map(Self)
    }

    /// Waits until it is inside.
    fn finish(self) -> Result<Worker, RuntimeError> {
        let entered = self.0.finish()?;
        Ok(Worker {
            child: entered.child,
            channel: entered.channel,
        })
    }

    /// Waits until it is inside, and tells it which store it is for.
    pub fn start(self, setup: &Setup) -> Result<Worker, RuntimeError> {
        let worker = self.finish()?;
        frames::send(&worker.channel, setup).map_err(|_| RuntimeError::Lost)?;
        Ok(worker)
    }
}

/// A running worker.
#[derive(Debug)]
pub struct Worker {
    child: Child,
    channel: UnixStream,
}

impl Worker {
    /// Tries whether a worker can be had, which opens no store.
    pub fn attempt(mode: &Mode) -> Result<(), RuntimeError> {
        Beginning::new(mode)?.finish().map(drop)
    }

    /// Returns the worker's process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Tells whether the worker has ended.
    pub fn is_gone(&self) -> bool {
        self.child.has_ended()
    }

    /// Asks for something and waits for the answer; events on the way go to `events`.
    pub fn ask<T: DeserializeOwned>(
        &self,
        asked: &Asked,
        along: Option<&OwnedFd>,
        events: &mut dyn FnMut(BuildEvent),
    ) -> Result<T, Trouble> {
        let lost = |e: std::io::Error| match e.kind() {
            // It was ended in the middle of a word.
            ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => {
                Trouble::new(interrupted(asked.language)).with_exit(INTERRUPTED)
            }
            _ => Trouble::system("talk to the worker", &e),
        };
        match along {
            Some(fd) => frames::send_with_fds(&self.channel, asked, &[fd.as_fd()]).map_err(lost)?,
            None => frames::send(&self.channel, asked).map_err(lost)?,
        }
        loop {
            match frames::receive::<Reply>(&self.channel).map_err(lost)? {
                Some(Reply::Event(event)) => events(event),
                Some(Reply::Done(value)) => {
                    return serde_json::from_value(value).map_err(|e| lost(e.into()));
                }
                Some(Reply::Trouble(trouble)) => return Err(trouble),
                None => {
                    return Err(Trouble::new(interrupted(asked.language)).with_exit(INTERRUPTED));
                }
            }
        }
    }
}

crate::messages! {
    interrupted() {
        en: "the work was stopped before it was done",
        ko: "작업이 끝나기 전에 중단되었습니다",
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It may be gone already; either way it is to be gone now.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Plays the worker: reads requests until the face closes the socket.
pub fn serve(channel: &UnixStream) -> std::io::Result<()> {
    let Some(setup) = frames::receive::<Setup>(channel)? else {
        return Ok(());
    };
    let bench = work::Bench::open(setup);
    while let Some((asked, fds)) = frames::receive_with_fds::<Asked>(channel)? {
        let along = fds.into_iter().next().map(File::from);
        let mut events = |event| {
            // A face that is gone has no use for events; the next receive ends the loop.
            let _ = frames::send(channel, &Reply::Event(event));
        };
        let answer = match &bench {
            Ok(bench) => bench.work(asked, along, &mut events),
            Err(error) => Err(Trouble::store(error, asked.language)),
        };
        let reply = match answer {
            Ok(value) => Reply::Done(value),
            Err(trouble) => Reply::Trouble(trouble),
        };
        frames::send(channel, &reply)?;
    }
    Ok(())
}
