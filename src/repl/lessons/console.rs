//! The desk as lessons see it: lines are carried out and watched, records are turned into facts.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::rc::Rc;

use rustix::pty::{OpenptFlags, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

use super::facts;
use crate::build::BuildReport;
use crate::command::{Arguments, Command};
use crate::course::{Console, Input, Place};
use crate::lesson::{ContainerDetails, ContainerFacts, FileFacts, ImageFacts, Outcome};
use crate::parser;
use crate::repl::desk::{Desk, Done, DoneKind, Sinks};
use crate::runtime::Mode;
use crate::session::draft::Draft;
use crate::session::{Session, SessionError};
use crate::source::Source;

/// Lends a desk to a lesson.
pub struct DeskConsole<'a> {
    /// The desk.
    pub desk: &'a mut Desk,
    /// Whether the learner sees what lines write; a test does not.
    pub shown: bool,
}

/// Takes down what is written, and passes it on.
#[derive(Clone)]
struct Tee {
    seen: Rc<RefCell<Vec<u8>>>,
    on: Option<Rc<RefCell<Box<dyn Write>>>>,
}

impl Tee {
    fn new(on: Option<Box<dyn Write>>) -> Self {
        Self {
            seen: Rc::default(),
            on: on.map(|on| Rc::new(RefCell::new(on))),
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.seen.borrow()).into_owned()
    }
}

impl Write for Tee {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.seen.borrow_mut().extend_from_slice(bytes);
        match &self.on {
            Some(on) => on.borrow_mut().write_all(bytes).map(|()| bytes.len()),
            None => Ok(bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.on
            .as_ref()
            .map_or(Ok(()), |on| on.borrow_mut().flush())
    }
}

impl DeskConsole<'_> {
    fn session(&self) -> &Session {
        self.desk.session()
    }

    /// Carries a line out and takes down what it writes.
    fn watched(&mut self, line: &str) -> (Done, String, String) {
        let out = Tee::new(self.shown.then(|| Box::new(io::stdout()) as Box<dyn Write>));
        let err = Tee::new(self.shown.then(|| Box::new(io::stderr()) as Box<dyn Write>));
        let sinks = Sinks {
            out: Box::new(out.clone()),
            err: Box::new(err.clone()),
            own_stdio: false,
            shown: self.shown,
        };
        let before = self.desk.redirect(sinks);
        let done = self.desk.carry_out(line);
        self.desk.redirect(before);
        (done, out.text(), err.text())
    }
}

impl Console for DeskConsole<'_> {
    fn can_run(&mut self) -> Result<(), String> {
        match &self.session().probe().mode {
            Mode::Nothing { reason } => Err(reason.message(self.desk.language())),
            _ => Ok(()),
        }
    }

    fn open(&mut self, place: &Place) -> Result<(), String> {
        std::fs::create_dir_all(&place.work)
            .map_err(|error| format!("{}: {error}", place.work.display()))?;
        let here = self.session().root() == place.store && self.desk.folder() == place.work;
        if !here {
            self.desk.move_to(&place.store, &place.work);
        }
        self.desk.set_limits(facts::resources(&place.limits));
        Ok(())
    }

    fn forget(&mut self) -> Result<(), String> {
        let trouble = |error: SessionError| error.message().to_owned();
        let session = self.session();
        for record in session.containers_list().map_err(trouble)? {
            session
                .remove_container(record.id.as_str(), true, true)
                .map_err(trouble)?;
        }
        session.reset().map_err(trouble)?;
        let (root, folder) = (session.root().to_owned(), self.desk.folder().to_owned());
        self.desk.move_to(&root, &folder);
        Ok(())
    }

    fn provide(&mut self, image: &str) -> Result<(), String> {
        let found = self.session().image_or_base(image);
        found.map(drop).map_err(|error| error.message().to_owned())
    }

    fn execute(&mut self, line: &str, input: Input<'_>) -> Outcome {
        // The far end of a terminal stays open until the command is done with it.
        let (fed, _typist) = match input {
            Input::Own => (None, None),
            Input::Piped(text) => (feed(text).ok(), None),
            Input::Typed(text) => type_in(text).ok().unzip(),
        };
        let built = self.desk.begin_line(fed);
        let (done, stdout, stderr) = self.watched(line);
        let build = self.desk.end_line(built);
        let last = self.desk.last().clone();
        let verb = match &done.kind {
            DoneKind::Instruction => "instruction".to_owned(),
            DoneKind::Verb(verb) => verb.clone(),
            DoneKind::Shell => "!".to_owned(),
            DoneKind::Empty | DoneKind::Leave => String::new(),
        };
        let is_build = matches!(verb.as_str(), "instruction" | "build");
        Outcome {
            verb,
            exit: done.code,
            stdout,
            stderr,
            build: build.or(last.build).filter(|_| is_build),
            container: last.container.map(|record| record.id.as_str().to_owned()),
            error: last.error,
        }
    }

    fn forecast(&mut self, line: &str) -> Option<BuildReport> {
        use clap::Parser as _;
        let words = shlex::split(line)?;
        let words = words
            .iter()
            .skip_while(|word| matches!(word.as_str(), "docker" | "strata"));
        let words = std::iter::once("strata").chain(words.map(String::as_str));
        let parsed = Arguments::try_parse_from(words).ok()?;
        match parsed.command?.short() {
            Command::Build(call) => self.desk.face(|face| face.foresee(&call)).ok(),
            _ => None,
        }
    }

    fn edit(&mut self, file: &Path) -> Result<(), String> {
        let line = format!(
            "edit {}",
            shlex::try_quote(&file.to_string_lossy()).unwrap_or_default()
        );
        let done = self.desk.carry_out(&line);
        if done.code == 0 {
            Ok(())
        } else {
            // The desk has said why.
            Err(String::new())
        }
    }

    fn images(&mut self) -> Vec<(String, String)> {
        let images = self.session().images().unwrap_or_default();
        let named = |image: &crate::layers::ImageSummary| {
            let id = image.id.to_string();
            let names: Vec<String> = image
                .references
                .iter()
                .map(crate::reference::ImageReference::with_tag)
                .collect();
            names
                .into_iter()
                .map(move |name| (name, id.clone()))
                .collect::<Vec<_>>()
        };
        images.iter().flat_map(named).collect()
    }

    fn image(&mut self, name: &str) -> Option<ImageFacts> {
        facts::image(self.session(), name).ok()
    }

    fn file_in_image(&mut self, image: &str, path: &str) -> Option<FileFacts> {
        let image = self.session().find_image(image).ok()?;
        let found = self.session().file_in_image(&image, path).ok()??;
        let crate::session::FileFacts {
            mode,
            uid,
            layer,
            content,
        } = found;
        Some(FileFacts {
            content,
            mode,
            uid,
            layer,
        })
    }

    fn containers(&mut self) -> Vec<ContainerFacts> {
        facts::containers(self.session())
    }

    fn container_details(&mut self, id: &str) -> Option<ContainerDetails> {
        facts::container_details(self.session(), id)
    }

    fn draft(&mut self) -> Vec<String> {
        let one_line = |text: &String| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let draft: &Draft = self.desk.draft();
        draft.instructions().iter().map(one_line).collect()
    }

    fn parse_dockerfile(&mut self, text: &str) -> Result<(), String> {
        parse_dockerfile(text)
    }

    fn hide(&mut self, hidden: bool) -> bool {
        !std::mem::replace(&mut self.shown, !hidden)
    }

    fn leftovers(&mut self) -> Vec<String> {
        facts::leftovers(self.session().root())
    }
}

/// Tells what is wrong with a text as a Dockerfile.
pub fn parse_dockerfile(text: &str) -> Result<(), String> {
    let parsed = parser::parse(&Source::new("Dockerfile", text));
    parsed
        .map(drop)
        .map_err(|errors| errors.first().map(ToString::to_string).unwrap_or_default())
}

/// Makes a pipe that holds a text. A lesson's text is shorter than a pipe is deep.
fn feed(text: &str) -> io::Result<File> {
    let (read, mut write) = io::pipe()?;
    write.write_all(text.as_bytes())?;
    Ok(File::from(std::os::fd::OwnedFd::from(read)))
}

/// Makes a terminal at which a text was typed already. It is raw, so that nothing is echoed and
/// every key waits for whoever reads.
fn type_in(text: &str) -> io::Result<(File, File)> {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let keyboard = openpt(flags)?;
    unlockpt(&keyboard)?;
    let terminal = ioctl_tiocgptpeer(&keyboard, flags)?;
    let mut raw = tcgetattr(&terminal)?;
    raw.make_raw();
    tcsetattr(&terminal, OptionalActions::Now, &raw)?;
    let mut keyboard = File::from(keyboard);
    keyboard.write_all(text.as_bytes())?;
    Ok((File::from(terminal), keyboard))
}
