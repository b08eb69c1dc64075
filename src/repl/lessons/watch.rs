//! Watches the work folder while a line is being typed: a file that is saved in an editor is told
//! of at once, with what it means for the next build.
//!
//! A thread of its own looks a few times a second: folders of lessons are small, and unlike file
//! events looking works on every file system.

use std::io;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::{Duration, SystemTime};

use crate::build::BuildReport;
use crate::command::{Arguments, Command};
use crate::course::{Snapshot, WorkFolder, told_of_change};
use crate::face::{Face, Last, Surroundings};
use crate::repl::desk::{Desk, Opening};
use crate::repl::line_source::Printer;
use crate::session::Session;

/// How often the folder is looked at: often enough to seem at once.
const BETWEEN: Duration = Duration::from_millis(300);

/// A thread that watches; it ends when this is dropped.
pub(super) struct Watcher {
    watch: Arc<Mutex<Option<Watch>>>,
}

/// What is watched at the moment.
struct Watch {
    folder: WorkFolder,
    opening: Opening,
    /// The line whose build a change would matter to.
    line: Option<String>,
    seen: Snapshot,
    /// Times and sizes at the last look: files are only read when these change.
    outside: Vec<(String, SystemTime, u64)>,
}

impl Watcher {
    /// Starts a thread that prints above the prompt.
    pub fn start(printer: Printer) -> Self {
        let watch = Arc::new(Mutex::new(None));
        let weak = Arc::downgrade(&watch);
        thread::spawn(move || look_on(&weak, printer));
        Self { watch }
    }

    /// Watches a folder from its present state on; none pauses. `opening` has the folder and
    /// store of the lesson, `line` builds from it.
    pub fn watch(&self, now: Option<(Opening, Option<String>)>) {
        let watch = now.and_then(|(opening, line)| {
            // A folder that is gone has nothing to be told of.
            let folder = WorkFolder::open(&opening.folder).ok()?;
            Some(Watch {
                seen: folder.snapshot().ok()?,
                outside: folder.outside(),
                folder,
                opening,
                line,
            })
        });
        *self.watch.lock().unwrap_or_else(PoisonError::into_inner) = watch;
    }
}

fn look_on(watch: &Weak<Mutex<Option<Watch>>>, mut printer: Printer) {
    loop {
        thread::sleep(BETWEEN);
        let Some(watch) = watch.upgrade() else {
            return;
        };
        let mut watch = watch.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(news) = watch.as_mut().and_then(Watch::look) {
            printer(&format!("{news}\n"));
        }
    }
}

impl Watch {
    /// Returns what is new since the last look. A file is told of once it rests.
    fn look(&mut self) -> Option<String> {
        let outside = self.folder.outside();
        if outside == self.outside {
            return None;
        }
        let now = self.folder.snapshot().ok()?;
        // An editor writes in several steps; what changes while it is read is read again.
        if self.folder.outside() != outside {
            return None;
        }
        self.outside = outside;
        let language = self.opening.settings.language;
        let before = std::mem::replace(&mut self.seen, now);
        if before.changed(&self.seen).is_empty() {
            return None;
        }
        let forecast = self.forecast();
        told_of_change(&before, &self.seen, forecast.as_ref())
            .map(|told| told.get(language).to_owned())
    }

    /// Asks a session of its own what the line would build now: the prompt's is busy.
    fn forecast(&self) -> Option<BuildReport> {
        use clap::Parser as _;
        let words = shlex::split(self.line.as_ref()?)?;
        let words = words
            .into_iter()
            .skip_while(|word| matches!(word.as_str(), "docker" | "strata"));
        let parsed = Arguments::try_parse_from(std::iter::once("strata".to_owned()).chain(words));
        let Command::Build(call) = parsed.ok()?.command?.short() else {
            return None;
        };
        let session = Session::new(self.opening.settings.clone());
        let (mut out, mut err) = (io::sink(), io::sink());
        let mut face = Face {
            session: &session,
            screen: (self.opening.screen)(&self.opening.global, false),
            out: &mut out,
            err: &mut err,
            around: Surroundings {
                folder: self.opening.folder.clone(),
                now: self.opening.now,
                variable: self.opening.variable,
                stdin: None,
                own_stdio: false,
                terminal: false,
                live: false,
                stdout: None,
            },
            last: Last::default(),
        };
        let report = face.foresee(&call).ok();
        session.stop_worker();
        report
    }
}

/// Returns an opening of the store and folder that a desk is at.
pub(super) fn opening_at(desk: &Desk) -> Opening {
    let mut here = desk.opening.clone();
    desk.session().root().clone_into(&mut here.settings.root);
    here.settings.language = desk.language();
    desk.folder().clone_into(&mut here.folder);
    here
}
