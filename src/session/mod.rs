//! What a user can ask, without a terminal: the faces ask here and draw the answers.
//!
//! | file | what |
//! |---|---|
//! | `building` | build, forecast, why |
//! | `checking` | check |
//! | `images` | list, history, inspect, tag, load, save, files |
//! | `removing`, `pruning`, `usage` | rmi; the prune verbs; who takes up how much of the disk |
//! | `sharing` | what images have in common |
//! | `making` | export, import, commit |
//! | `filters`, `moment`, `image_list` | `--filter`; a time; which images `images` lists |
//! | `registries` | pull, push, log in and out, search |
//! | `containers` | run, exec, ps, logs, stop, remove, ... |
//! | `volumes` | volume |
//! | `networking` | what containers are connected to, and their ports |
//! | `lid` | what a container is made of |
//! | `networks` | networks: made, listed, removed, joined and left |
//! | [`draft`], `drafts` | the Dockerfile that is being typed, with undo; kept per folder |
//! | `context_size`, `context_listing` | whether a folder is meant to be a build context; what is in it |
//! | `doctor` | what works on this machine |
//! | [`worker`], [`work`] | the process inside the namespaces, and what it does |

mod building;
mod checking;
mod containers;
mod context_listing;
mod context_size;
mod doctor;
pub mod draft;
mod drafts;
mod filters;
mod given_context;
mod image_list;
mod images;
mod interrupter;
mod lid;
mod making;
mod moment;
mod networking;
mod networks;
mod pruning;
mod registries;
mod removing;
mod replace;
mod sharing;
mod shipping;
mod tracing;
mod trouble;
mod usage;
mod volumes;
pub mod work;
pub mod worker;

use std::cell::{Cell, OnceCell, RefCell};
use std::ffi::OsString;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

pub use building::{BuildCall, DRAFT, read_bytes, read_file, read_text, read_to_rewrite};
pub use checking::{CheckCall, Checked};
pub use containers::{
    CONTAINER_FILTERS, Changes, CopyCall, ExecCall, HealthCall, RunCall, Side, Started,
};
pub use context_listing::{ContextListing, LeftOut, Listed, Sum, read_ignore};
pub use context_size::ContextSize;
pub use doctor::{Finding, Health};
pub use filters::Filters;
pub use given_context::GivenContext;
pub use image_list::{FILTERS as IMAGE_FILTERS, ImageQuery};
pub use images::{HistoryRow, Inspected};
pub use interrupter::Interrupter;
pub use lid::{Kernel, Lid};
pub use making::NewImage;
pub use moment::moment;
pub use networking::{NetworkCall, NetworkWord};
pub use networks::{LIST_FILTERS, NetworkRow};
pub use pruning::{ImagePrune, PrunedCache};
pub use registries::{PullRequest, PulledImage};
pub use removing::{Removal, Removed};
pub use replace::replace_file;
pub use sharing::{ImageNode, MadeLayer, SharedLayers};
pub use tracing::{Maker, PathStep, Touch, WasteReport, WastedPath};
pub use trouble::{SessionError, Trouble};
pub use usage::{ContainerUse, DiskUse, ImageUse, VolumeUse};
pub use volumes::{ANONYMOUS, LOCAL, NewVolume, UsedVolume};
pub use work::{BuildRequest, FileChange, FileFacts, LoadedImage, Which};

use crate::build::{BuildCache, BuildEvent, PracticeSettings};
use crate::language::Language;
use crate::layers::Store;
use crate::plan::mount::size_in_bytes;
use crate::registry;
use crate::runtime::{IdMode, Mode, NoNamespaces, Probe, Resources, RuntimeError, probe};
use work::{Bench, configure};
use worker::{Asked, Beginning, Request, Setup, Worker};

/// A result of a session.
pub type Result<T, E = SessionError> = std::result::Result<T, E>;

/// What a session is told of its surroundings; it looks at none itself.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The store's folder.
    pub root: PathBuf,
    /// The language of messages, to begin with.
    pub language: Language,
    /// `STRATA_BASE`.
    pub base: Option<String>,
    /// PATH, for making practice bases.
    pub path: OsString,
    /// strata's own executable.
    pub executable: Option<PathBuf>,
    /// `SOURCE_DATE_EPOCH`.
    pub epoch: Option<i64>,
    /// `STRATA_UNPACK_LIMIT`: what an archive may unpack to, such as `20g`.
    pub unpacks_to: Option<String>,
    /// What containers are limited to that ask for no limit themselves.
    pub limits: Resources,
    /// What counts for registries.
    pub registry: registry::Settings,
}

/// A store, and the process that works on it.
pub struct Session {
    settings: Settings,
    /// The language of messages; an answer for machines changes it for as long as it lasts.
    language: Cell<Language>,
    store: OnceCell<Store>,
    probe: OnceCell<Probe>,
    /// What is left where the kernel refused what the probe had hoped for.
    refused: OnceCell<Probe>,
    worker: RefCell<Option<Worker>>,
    /// The worker, while it is on its way.
    beginning: Cell<Option<Beginning>>,
    interrupter: Interrupter,
}

impl Session {
    /// Begins a session. Nothing is opened or started yet.
    pub fn new(settings: Settings) -> Self {
        let (store, probe) = (OnceCell::new(), OnceCell::new());
        Self {
            language: Cell::new(settings.language),
            settings,
            store,
            probe,
            refused: OnceCell::new(),
            worker: RefCell::new(None),
            beginning: Cell::new(None),
            interrupter: Interrupter::default(),
        }
    }

    /// Returns the store's folder.
    pub fn root(&self) -> &Path {
        &self.settings.root
    }

    /// Returns the language of messages.
    pub fn language(&self) -> Language {
        self.language.get()
    }

    /// Changes the language of messages.
    pub fn set_language(&self, language: Language) {
        self.language.set(language);
    }

    /// Limits the containers that ask for no limit themselves.
    pub fn set_limits(&mut self, limits: Resources) {
        self.settings.limits = limits;
    }

    /// Returns what this kernel and user may do.
    pub fn probe(&self) -> &Probe {
        let hoped = || self.probe.get_or_init(probe);
        self.refused.get().unwrap_or_else(hoped)
    }

    /// Goes on without namespaces: the kernel refused them.
    fn do_without(&self, reason: NoNamespaces) {
        let mode = Mode::Nothing { reason };
        let probe = self.probe().clone();
        // Told twice, the first reason stays.
        let _ = self.refused.set(Probe { mode, ..probe });
    }

    fn store(&self) -> Result<&Store> {
        if let Some(store) = self.store.get() {
            return Ok(store);
        }
        let opened = Store::open(&self.settings.root);
        let mut store = opened.map_err(|e| Trouble::store(&e, self.language()))?;
        configure(&mut store, self.rootful(), self.ids());
        Ok(self.store.get_or_init(|| store))
    }

    fn cache(&self) -> Result<BuildCache> {
        let cache = BuildCache::open(&self.settings.root);
        Ok(cache.map_err(|e| Trouble::store(&e, self.language()))?)
    }

    fn rootful(&self) -> bool {
        matches!(self.probe().mode, Mode::Rootful)
    }

    fn ids(&self) -> IdMode {
        match self.probe().mode {
            Mode::Nothing { .. } => IdMode::Single,
            ref mode => mode.ids(),
        }
    }

    fn setup(&self) -> Result<Setup> {
        Ok(Setup {
            root: self.settings.root.clone(),
            rootful: self.rootful(),
            ids: self.ids(),
            practice: PracticeSettings {
                kind: self.settings.base.clone(),
                path: self.settings.path.clone(),
                executable: self.settings.executable.clone(),
            },
            epoch: self.settings.epoch,
            unpacks_to: self.unpacks_to()?,
            registry: self.settings.registry.clone(),
            no_namespaces: match &self.probe().mode {
                Mode::Nothing { reason } => Some(reason.clone()),
                _ => None,
            },
        })
    }

    fn unpacks_to(&self) -> Result<Option<u64>> {
        let told = self.settings.unpacks_to.as_deref();
        let read = |told: &str| {
            let language = self.language();
            let trouble =
                || Trouble::new(bad_limit(language, told)).with_help(limit_help(language));
            size_in_bytes(told).ok_or_else(trouble)
        };
        Ok(told.map(read).transpose()?)
    }

    fn begin(&self) -> Result<Beginning, RuntimeError> {
        Beginning::new(&self.probe().mode)
    }

    /// Begins to start the worker, for a command that is about to need it.
    pub fn begin_worker(&self) {
        if self.worker.borrow().is_none() {
            // If it fails, it does so again where the worker is needed, and is told there.
            self.beginning.set(self.begin().ok());
        }
    }

    /// Asks the worker, which is started if need be. Where there are no namespaces, the session
    /// does it in its own process; what needs them says so.
    fn ask<T: DeserializeOwned>(
        &self,
        request: Request,
        along: Option<OwnedFd>,
        events: &mut dyn FnMut(BuildEvent),
    ) -> Result<T> {
        let asked = Asked {
            language: self.language(),
            request,
        };
        if matches!(self.probe().mode, Mode::Nothing { .. }) {
            return self.ask_here(asked, along, events);
        }
        let mut worker = self.worker.borrow_mut();
        // A Ctrl-C that was meant for somebody else may have ended it.
        if worker.as_ref().is_none_or(Worker::is_gone) {
            // The store is made and checked before, so that what is wrong with it is told first.
            self.store()?;
            let beginning = self.beginning.take().map_or_else(|| self.begin(), Ok);
            let setup = self.setup()?;
            match beginning.and_then(|worker| worker.start(&setup)) {
                Ok(started) => *worker = Some(started),
                Err(RuntimeError::NoNamespaces(reason)) => {
                    self.do_without(reason);
                    return self.ask_here(asked, along, events);
                }
                Err(error) => return Err(Trouble::runtime(&error, self.language()).into()),
            }
        }
        let at_work = worker.as_ref().expect("the worker was just started");
        let working = self.interrupter.watch(at_work.pid());
        let answer = at_work.ask(&asked, along.as_ref(), events);
        drop(working);
        let interrupted = answer
            .as_ref()
            .is_err_and(|trouble| trouble.exit == INTERRUPTED);
        if interrupted {
            *worker = None;
            drop(worker);
            if !matches!(asked.request, Request::ClearUp) {
                // What is left now is collected when the store is opened again, at the latest.
                let _ = self.ask::<()>(Request::ClearUp, None, &mut |_| {});
            }
        }
        Ok(answer?)
    }

    fn ask_here<T: DeserializeOwned>(
        &self,
        asked: Asked,
        along: Option<OwnedFd>,
        events: &mut dyn FnMut(BuildEvent),
    ) -> Result<T> {
        let language = asked.language;
        let bench = Bench::open(self.setup()?).map_err(|e| Trouble::store(&e, language))?;
        let value = bench.work(asked, along.map(File::from), events)?;
        Ok(serde_json::from_value(value).map_err(|e| Trouble::new(e.to_string()))?)
    }

    /// Returns what ends the running step, from any thread.
    pub fn interrupter(&self) -> Interrupter {
        self.interrupter.clone()
    }

    /// Ends the worker, for example before its store is removed.
    pub fn stop_worker(&self) {
        self.beginning.take();
        self.worker.borrow_mut().take();
    }
}

crate::messages! {
    bad_limit(told: &str) {
        en: "invalid STRATA_UNPACK_LIMIT \"{told}\"",
        ko: "STRATA_UNPACK_LIMIT 값이 올바르지 않습니다: \"{told}\"",
    }
    limit_help() {
        en: "a number of bytes, also with a unit: STRATA_UNPACK_LIMIT=20g",
        ko: "바이트 수를 쓰세요. 단위를 붙여도 됩니다: STRATA_UNPACK_LIMIT=20g",
    }
}

/// The exit code of work that was interrupted: 128 and SIGINT.
const INTERRUPTED: i32 = 130;

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("root", &self.settings.root)
            .finish_non_exhaustive()
    }
}
