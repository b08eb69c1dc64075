//! The desk: the session, the draft, and where answers go. Whoever carries out a line works here.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::guide::Guide;
use super::interrupts::Interrupts;
use super::journal::Journal;
use super::line_source::{Input, LineSource, Printer};
use super::live_offers::LiveOffers;
use super::verb::Verbs;
use crate::build::BuildReport;
use crate::command::Global;
use crate::face::{Face, Last, Surroundings};
use crate::language::{self, Language};
use crate::render::{Line, Screen, Style, Text};
use crate::runtime::Resources;
use crate::session::draft::Draft;
use crate::session::{BuildCall, Session, SessionError, Settings, Trouble};

/// What the prompt is told of its surroundings; it looks at none itself.
#[derive(Clone)]
pub struct Opening {
    /// How sessions are opened.
    pub settings: Settings,
    /// The options strata was started with.
    pub global: Global,
    /// Works out what is drawn for: the window may change its size between two lines.
    pub screen: fn(&Global, bool) -> Screen,
    /// The folder strata was started in: the build context.
    pub folder: PathBuf,
    /// The file of the lines that were typed.
    pub history: Option<PathBuf>,
    /// What was typed before there was a prompt.
    pub typed: String,
    /// Seconds since the epoch.
    pub now: fn() -> i64,
    /// A variable of the environment.
    pub variable: fn(&str) -> Option<String>,
}

/// Where answers go.
pub struct Sinks {
    /// Answers.
    pub out: Box<dyn Write>,
    /// Complaints.
    pub err: Box<dyn Write>,
    /// Whether these are this process's own streams.
    pub own_stdio: bool,
    /// Whether what is written ends up on the terminal all the same.
    pub shown: bool,
}

impl Default for Sinks {
    fn default() -> Self {
        Self {
            out: Box::new(io::stdout()),
            err: Box::new(io::stderr()),
            own_stdio: true,
            shown: true,
        }
    }
}

/// What became of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// What it was.
    pub kind: DoneKind,
    /// Its exit code, docker's where docker has the verb.
    pub code: i32,
}

/// What a line was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DoneKind {
    /// An instruction of the draft.
    Instruction,
    /// A verb, without `docker` before it.
    Verb(String),
    /// `!cmd`.
    Shell,
    /// Nothing.
    Empty,
    /// The verb that leaves the prompt.
    Leave,
}

impl Done {
    pub(super) fn verb(name: &str, code: i32) -> Self {
        let kind = DoneKind::Verb(name.to_owned());
        Self { kind, code }
    }
}

/// The session, the draft, and where answers go.
pub struct Desk {
    pub(super) opening: Opening,
    pub(super) session: Session,
    pub(super) screen: Screen,
    pub(super) folder: PathBuf,
    pub(super) source: Box<dyn LineSource>,
    pub(super) sinks: Sinks,
    pub(super) verbs: Rc<Verbs>,
    pub(super) draft: Draft,
    pub(super) last: Last,
    /// The last build that was carried out, of whatever file: `in`, `files` and `stack` look here.
    pub(super) built: Option<BuildReport>,
    /// The build of the draft as it stands.
    pub(super) draft_build: Option<BuildReport>,
    /// What stands on the prompt when the next line is asked for.
    pub(super) begun: String,
    /// A line that was typed where something else was asked: it is the next line.
    pub(super) queued: Option<String>,
    /// The last line that could not be carried out: it is proposed on the next prompt.
    pub(super) again: String,
    /// Whether it was said how a proposed line is taken over.
    pub(super) again_explained: bool,
    /// Whether a large context was agreed to.
    pub(super) context_agreed: bool,
    /// Whether the heads of rows were shown for this draft.
    pub(super) heads_shown: bool,
    /// A text that was edited and could not be taken.
    pub(super) rejected: Option<String>,
    pub(super) journal: Journal,
    /// Remarks of builds that were made already.
    pub(super) remarks: Vec<String>,
    /// What the next command reads instead of the terminal.
    pub(super) fed: Option<File>,
    /// Whether the prompt is to be left as soon as it is reached.
    pub(super) leaving: bool,
    pub(super) interrupts: Interrupts,
}

impl Desk {
    /// Opens a session in a folder and takes up its draft, if there is one.
    pub fn new(opening: Opening, source: Box<dyn LineSource>) -> Self {
        let interactive = source.is_interactive();
        let screen = (opening.screen)(&opening.global, interactive && io::stdout().is_terminal());
        Self {
            session: Session::new(opening.settings.clone()),
            screen,
            folder: opening.folder.clone(),
            opening,
            source,
            sinks: Sinks::default(),
            verbs: Rc::new(Verbs::all()),
            draft: Draft::default(),
            last: Last::default(),
            built: None,
            draft_build: None,
            begun: String::new(),
            queued: None,
            again: String::new(),
            again_explained: false,
            context_agreed: false,
            heads_shown: false,
            rejected: None,
            journal: Journal::default(),
            remarks: Vec::new(),
            fed: None,
            leaving: false,
            interrupts: Interrupts::default(),
        }
    }

    /// Lets Ctrl-C end a running step, and nothing else.
    pub(super) fn hear_signals(&self) {
        self.interrupts.end(self.session.interrupter());
        // Without them Ctrl-C ends the session, which is a pity and no reason not to begin one.
        let _ = self.interrupts.listen();
    }

    /// Goes to another store and folder, with the draft that was left there.
    pub fn move_to(&mut self, root: &Path, folder: &Path) {
        let language = self.language();
        let settings = Settings {
            root: root.to_owned(),
            language,
            ..self.opening.settings.clone()
        };
        self.session = Session::new(settings);
        self.interrupts.end(self.session.interrupter());
        folder.clone_into(&mut self.folder);
        self.draft = self.session.kept_draft(folder);
        (self.last, self.built, self.draft_build) = (Last::default(), None, None);
        (self.rejected, self.journal) = (None, Journal::default());
        (self.context_agreed, self.heads_shown) = (false, false);
    }

    /// Sends answers elsewhere; returns where they went.
    pub fn redirect(&mut self, sinks: Sinks) -> Sinks {
        std::mem::replace(&mut self.sinks, sinks)
    }

    /// Returns the session.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Returns the folder: the context of builds.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the draft.
    pub fn draft(&self) -> &Draft {
        &self.draft
    }

    /// Returns what the last command came to.
    pub fn last(&self) -> &Last {
        &self.last
    }

    /// Returns what is drawn for.
    pub fn screen(&self) -> &Screen {
        &self.screen
    }

    /// Returns the language.
    pub fn language(&self) -> Language {
        self.session.language()
    }

    /// Changes the language.
    pub fn set_language(&mut self, language: Language) {
        self.session.set_language(language);
        self.screen.language = language;
        self.opening.global.lang = Some(language);
    }

    /// Tells whether somebody sits there who can answer.
    pub fn is_interactive(&self) -> bool {
        self.source.is_interactive()
    }

    /// Returns what prints above the prompt while a line is typed; none where nobody types.
    pub(super) fn printer(&mut self) -> Option<Printer> {
        self.source.printer()
    }

    /// Puts a line on the next prompt, to be edited.
    pub fn suggest(&mut self, line: &str) {
        line.clone_into(&mut self.begun);
    }

    /// Takes an answer for what it is: somebody who answers with a line has gone on already.
    pub fn queue(&mut self, line: &str) {
        self.queued = Some(line.to_owned());
    }

    /// Proposes a line that could not be carried out for the next prompt, to be corrected.
    pub(super) fn propose(&mut self, line: Option<&str>) {
        let Some(line) = line.filter(|_| self.is_interactive()) else {
            return;
        };
        line.clone_into(&mut self.again);
        if !self.again_explained {
            self.again_explained = true;
            let sentence = take_over(self.language());
            self.remark(&sentence);
        }
    }

    /// Asks something; none where nobody can answer, or nobody did.
    pub fn ask(&mut self, question: &Line) -> Option<String> {
        if !self.is_interactive() {
            return None;
        }
        match self.source.read(question, "") {
            Ok(Input::Text(answer)) => Some(answer.trim().to_owned()),
            Ok(Input::Interrupted | Input::End) | Err(_) => None,
        }
    }

    /// Asks a question of yes and no.
    pub fn agrees(&mut self, question: &Line) -> bool {
        while let Some(answer) = self.ask(question) {
            if let Some(agreed) = language::yes_or_no(&answer) {
                return agreed;
            }
            let sentence = language::not_yes_or_no(self.language());
            self.remark(&sentence);
        }
        false
    }

    /// Writes a picture.
    pub fn show(&mut self, text: &Text) {
        let painted = self.screen.paint(text);
        // A reader that is gone does not end the session; its next line does.
        let _ = self.sinks.out.write_all(painted.as_bytes());
        let _ = self.sinks.out.flush();
    }

    /// Writes a sentence.
    pub fn say(&mut self, sentence: &str) {
        self.say_in(Style::Plain, sentence);
    }

    /// Writes a sentence that is there for whoever looks for it.
    pub fn remark(&mut self, sentence: &str) {
        self.say_in(Style::Dim, sentence);
    }

    fn say_in(&mut self, style: Style, sentence: &str) {
        let lines = sentence.lines().map(|line| Line::styled(style, line));
        let text: Text = lines
            .flat_map(|line| self.screen.wrap(&line, 0).into_lines())
            .collect();
        self.show(&text);
    }

    /// Writes why something could not be done, and returns its exit code.
    pub fn complain(&mut self, error: &SessionError) -> i32 {
        self.face(|face| face.complain(error));
        error.exit()
    }

    /// Writes what is wrong and what to do about it, and returns the exit code.
    pub(super) fn refuse(&mut self, message: String, help: impl Into<Option<String>>) -> i32 {
        self.complain(&Trouble::new(message).with_help(help).into())
    }

    /// Lends the face that draws the session's answers.
    pub fn face<T>(&mut self, act: impl FnOnce(&mut Face<'_>) -> T) -> T {
        let interactive = self.is_interactive();
        let stdin = io::stdin();
        let shown = interactive && self.sinks.shown && io::stdout().is_terminal();
        // Whoever plays the learner may have a terminal of their own.
        let terminal = shown || self.fed.as_ref().is_some_and(File::is_terminal);
        // Lines come through a pipe: it is not a container's to read, and one that wants to finds
        // its end.
        let nothing = || File::open("/dev/null").ok().filter(|_| !interactive);
        let fed = self.fed.take().or_else(nothing);
        let mut face = Face {
            session: &self.session,
            screen: self.screen,
            out: &mut *self.sinks.out,
            err: &mut *self.sinks.err,
            around: Surroundings {
                folder: self.folder.clone(),
                now: self.opening.now,
                variable: self.opening.variable,
                stdin: match &fed {
                    Some(fed) => Some(fed.as_fd()),
                    None => interactive.then(|| stdin.as_fd()),
                },
                own_stdio: self.sinks.own_stdio,
                terminal,
                live: shown && io::stderr().is_terminal(),
                stdout: None,
            },
            last: std::mem::take(&mut self.last),
        };
        let value = act(&mut face);
        let last = face.last;
        self.last = last;
        value
    }

    /// Begins a line whose build is wanted afterwards: `fed` is what its command reads. Returns the
    /// build that was the last one so far.
    pub(super) fn begin_line(&mut self, fed: Option<File>) -> Option<BuildReport> {
        self.last = Last::default();
        self.fed = fed;
        self.built.take()
    }

    /// Ends such a line and returns the build it made, if it made one.
    pub(super) fn end_line(&mut self, before: Option<BuildReport>) -> Option<BuildReport> {
        self.fed = None;
        let made = self.built.clone();
        self.built = made.clone().or(before);
        made
    }

    /// Limits the containers of this session.
    pub(super) fn set_limits(&mut self, limits: Resources) {
        self.session.set_limits(limits);
    }

    /// Leaves the prompt as soon as it is reached.
    pub(super) fn leave_next(&mut self) {
        self.leaving = true;
    }

    /// Returns the build of a draft.
    pub(super) fn call(&self, draft: &Draft) -> BuildCall {
        BuildCall {
            context: self.folder.clone(),
            text: Some(draft.text()),
            ..BuildCall::default()
        }
    }

    /// Keeps the draft for the next session.
    pub(super) fn keep_draft(&mut self) {
        // Lines from a pipe begin anew each time, and leave somebody's draft alone.
        if !self.is_interactive() {
            return;
        }
        if let Err(error) = self.session.keep_draft(&self.folder, &self.draft) {
            self.complain(&error);
        }
    }

    /// Looks at the terminal again, which may have another size, and says what can be completed.
    pub(super) fn refresh(&mut self, guide: Option<&dyn Guide>) {
        let (interactive, language) = (self.is_interactive(), self.language());
        let terminal = interactive && self.sinks.own_stdio && io::stdout().is_terminal();
        self.screen = (self.opening.screen)(&self.opening.global, terminal);
        self.screen.language = language;
        let settings = Settings {
            root: self.session.root().to_owned(),
            language,
            ..self.opening.settings.clone()
        };
        let offers = LiveOffers::new(self.verbs.clone(), settings, &self.folder, &self.draft);
        self.source.offer(Rc::new(offers.with_guide(guide)));
    }
}

crate::messages! {
    take_over() {
        en: "The line is on the prompt in grey: the right arrow takes it over, to be corrected.",
        ko: "그 줄이 프롬프트에 흐리게 보입니다. 오른쪽 화살표를 누르면 가져와 고칠 수 있습니다.",
    }
}
