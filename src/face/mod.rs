//! A face: does a command with a session and writes the answer, for a shell, a prompt or a lesson.
//!
//! Nothing here knows a terminal: what is written goes to two writers, what the surroundings are
//! like is told.
//!
//! | file | what |
//! |---|---|
//! | `reading` | parse, expand, ignore-check, context |
//! | `formatting` | fmt |
//! | `checking` | check |
//! | `building` | build, plan, why, stack, compare |
//! | `exporting` | where `build --output` puts the result |
//! | `run_options` | what `build` says about every RUN |
//! | `supplying` | what `--secret` and `--ssh` give to a build |
//! | `refusal` | why it could not be done, as JSON |
//! | `images` | images, history, inspect, tag, rmi, load, save, files |
//! | `registries` | pull, push, login, logout, search, manifest |
//! | `tracing` | waste, log |
//! | `containers` | run, exec, ps, logs, stop, ... |
//! | `networking` | port |
//! | `rebooting` | update; what starts after a reboot |
//! | `networks` | network ... |
//! | `lid` | lid |
//! | `life` | create, attach, restart, pause, rename |
//! | `container_files` | cp, diff |
//! | `top`, `stats` | top, stats |
//! | `looking_after` | doctor, system, version |
//! | `layout` | `--format` |
//! | `carrying` | export, import, commit |
//! | `manuals` | completions, man |
//! | `volumes` | volume |
//! | `pruning`, `disk_use` | the prune verbs; system df |
//! | [`usage`] | clap's errors in docker's words |

mod build_call;
mod building;
mod cache_options;
mod carrying;
mod checking;
mod container_files;
mod containers;
mod disk_use;
mod exporting;
mod formatting;
mod images;
mod layout;
mod lid;
mod life;
mod looking_after;
mod manuals;
mod networking;
mod networks;
mod pruning;
mod reading;
mod rebooting;
mod refusal;
mod registries;
mod run_options;
mod stats;
mod stepping;
mod supplying;
mod top;
mod tracing;
pub mod usage;
mod volumes;

pub use containers::bytes;

use std::io::{BufWriter, Write};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::build::BuildReport;
use crate::command::{Builder, Command, ContainerCommand, Generate};
use crate::diagnostic::Diagnostic;
use crate::language::Language;
use crate::render::{self, Line, Screen, Text};
use crate::runtime::state::Record;
use crate::session::{Session, SessionError, Trouble};
use crate::source::Source;

/// What a face is told of its surroundings.
pub struct Surroundings<'a> {
    /// The folder that relative paths start from; the process's own.
    pub folder: PathBuf,
    /// Seconds since the epoch.
    pub now: fn() -> i64,
    /// A variable of the environment, for `-e NAME` and `--build-arg NAME`.
    pub variable: fn(&str) -> Option<String>,
    /// Standard input, for containers and archives.
    pub stdin: Option<BorrowedFd<'a>>,
    /// Whether the writers are this process's own stdout and stderr.
    pub own_stdio: bool,
    /// Whether standard input and output are a terminal.
    pub terminal: bool,
    /// Whether standard error is one, for what is redrawn while it runs.
    pub live: bool,
    /// Where an archive goes that `save` writes to standard output.
    pub stdout: Option<OwnedFd>,
}

/// What the last commands came to, for lessons and the prompt.
#[derive(Debug, Clone, Default)]
pub struct Last {
    /// The last build or forecast.
    pub build: Option<BuildReport>,
    /// The last container that was run.
    pub container: Option<Record>,
    /// The sentence of the last failure.
    pub error: Option<String>,
}

/// Does commands.
pub struct Face<'a> {
    /// What is asked.
    pub session: &'a Session,
    /// What is drawn for.
    pub screen: Screen,
    /// Where answers go.
    pub out: &'a mut dyn Write,
    /// Where complaints go.
    pub err: &'a mut dyn Write,
    /// What it is told of its surroundings.
    pub around: Surroundings<'a>,
    /// What the last command came to.
    pub last: Last,
}

/// How much of a large answer is written at once, in bytes.
const PAGE: usize = 1 << 16;

/// Of a file that is wrong from end to end nobody reads more.
const MOST_MISTAKES: usize = 100;

/// What a command comes to: an exit code, or why it could not be done.
pub type Answer = Result<i32, SessionError>;

impl Face<'_> {
    /// Does a command and returns its exit code; trouble is written.
    pub fn run(&mut self, command: Command) -> i32 {
        let command = command.short();
        let json = refusal::wants_json(&command);
        let language = self.language();
        if json {
            self.speak(Language::En);
        }
        let answer = self.answer(command);
        let code = answer.unwrap_or_else(|error| self.refuse(&error, json));
        self.speak(language);
        // A reader that has seen enough is no failure of ours.
        let _ = self.out.flush();
        let _ = self.err.flush();
        code
    }

    fn answer(&mut self, command: Command) -> Answer {
        match command {
            Command::Parse(it) => self.parse(&it),
            Command::Check(it) => self.check(&it),
            Command::Fmt(it) => self.fmt(&it),
            Command::Expand(it) => self.expand(&it),
            Command::IgnoreCheck(it) => self.ignore_check(&it),
            Command::Context(it) => self.context(&it),
            Command::Build(it) => self.build(&it),
            Command::Plan(it) => self.plan(&it),
            Command::Why(it) => self.why(&it),
            Command::Stack(it) => self.stack(&it),
            Command::Compare(it) => self.compare(&it),
            Command::Waste(it) => self.waste(&it),
            Command::Log(it) => self.log(&it),
            Command::Files(it) => self.files(&it),
            Command::Images(it) => self.images(&it),
            Command::History(it) => self.history(&it),
            Command::Inspect(it) => self.inspect(&it),
            Command::Tag(it) => self.done(self.session.tag(&it.source, &it.target)),
            Command::Rmi(it) => self.rmi(&it),
            Command::Load(it) => self.load(&it),
            Command::Save(it) => self.save(&it),
            Command::Import(it) => self.import(&it),
            Command::Export(it) => self.export_container(&it),
            Command::Commit(it) => self.commit(&it),
            Command::Pull(it) => self.pull(&it),
            Command::Push(it) => self.push(&it),
            Command::Login(it) => self.login(&it),
            Command::Logout(it) => self.logout(&it),
            Command::Search(it) => self.search(&it),
            Command::Manifest(it) => self.manifest(&it),
            Command::Run(it) => self.run_container(&it),
            Command::Exec(it) => self.exec(&it),
            Command::Ps(it) => self.ps(&it),
            Command::Logs(it) => self.logs(&it),
            Command::Stop(it) => self.stop(&it),
            Command::Kill(it) => self.kill(&it),
            Command::Start(it) => self.start(&it),
            Command::Wait(it) => self.wait(&it),
            Command::Port(it) => self.port(&it),
            Command::Network(it) => self.network(&it),
            Command::Rm(it) => self.rm(&it),
            Command::Create(it) => self.create(&it),
            Command::Attach(it) => self.attach(&it),
            Command::Restart(it) => self.restart(&it),
            Command::Update(it) => self.update(&it),
            Command::Generate(Generate::Systemd) => self.generate_systemd(),
            Command::Pause(it) => self.pause_containers(&it),
            Command::Unpause(it) => self.unpause_containers(&it),
            Command::Rename(it) => self.rename(&it),
            Command::Cp(it) => self.cp(&it),
            Command::Diff(it) => self.diff(&it),
            Command::Top(it) => self.top(&it),
            Command::Stats(it) => self.stats(&it),
            Command::Lid(it) => self.lid(&it),
            Command::Doctor(it) => self.doctor(&it),
            Command::System(it) => self.system(&it),
            Command::PruneImages(it) => self.prune_images(&it),
            Command::Builder(Builder::Prune(it)) => self.prune_builder(&it),
            Command::Volume(it) => self.volume(&it),
            Command::Completions(it) => self.completions(&it),
            Command::Man(it) => self.man(&it),
            Command::Version(it) => self.version(&it),
            Command::Learn(_) | Command::Lesson(_) => {
                Err(Trouble::new(only_at_a_prompt(self.language())).into())
            }
            Command::Container(ContainerCommand::Prune(it)) => self.prune_containers(&it),
            Command::Image(_) | Command::Container(_) | Command::Builder(Builder::Build(_)) => {
                unreachable!("short() has replaced these")
            }
        }
    }

    fn language(&self) -> Language {
        self.session.language()
    }

    /// Changes the language of what is said from here on.
    fn speak(&mut self, language: Language) {
        self.session.set_language(language);
        self.screen.language = language;
    }

    fn done(&self, answer: Result<(), SessionError>) -> Answer {
        answer.map(|()| 0)
    }

    /// Writes a picture.
    pub fn show(&mut self, text: &Text) {
        self.write(&self.screen.paint(text));
    }

    /// Writes text as it is.
    pub fn write(&mut self, text: &str) {
        // A closed pipe ends the answer, not the program.
        let _ = self.out.write_all(text.as_bytes());
    }

    /// Writes a value as JSON, piece by piece: as one text it may be many times what it tells of.
    pub fn write_json(&mut self, value: &impl Serialize) {
        let mut out = BufWriter::with_capacity(PAGE, &mut *self.out);
        // As above.
        let _ = serde_json::to_writer_pretty(&mut out, value);
        let _ = out.write_all(b"\n");
        let _ = out.flush();
    }

    /// Writes one line.
    pub fn line(&mut self, text: &str) {
        self.write(&format!("{text}\n"));
    }

    /// Writes why something could not be done, as JSON too where that was asked for, and returns the
    /// exit code.
    pub fn refuse(&mut self, error: &SessionError, json: bool) -> i32 {
        if json {
            self.write_json(&refusal::Refusal::new(error));
        }
        self.complain(error);
        error.exit()
    }

    /// Writes why something could not be done.
    pub fn complain(&mut self, error: &SessionError) {
        self.last.error = Some(error.message().to_owned());
        let text = match error {
            SessionError::Dockerfile {
                source,
                diagnostics,
            } => self.mistakes(source, diagnostics),
            SessionError::Trouble(Trouble { message, help, .. }) => {
                render::error(message, help.as_deref(), &self.screen)
            }
        };
        self.mutter(&self.screen.paint(&text));
    }

    /// Draws mistakes, as many as anybody reads.
    fn mistakes(&self, source: &Source, diagnostics: &[Diagnostic]) -> Text {
        let shown = diagnostics.iter().take(MOST_MISTAKES);
        let mut text: Text = shown
            .flat_map(|it| render::diagnostic(it, source, &self.screen).into_lines())
            .collect();
        let more = diagnostics.len().saturating_sub(MOST_MISTAKES);
        if more > 0 {
            text.push(Line::plain(more_mistakes(self.language(), more)));
        }
        text
    }

    /// Writes a line to standard error.
    pub fn mutter(&mut self, text: &str) {
        // As above.
        let _ = self.err.write_all(text.as_bytes());
    }

    /// Does one thing for each of some names, and goes on after trouble, as docker does.
    fn each(
        &mut self,
        names: &[String],
        mut action: impl FnMut(&mut Self, &str) -> Result<(), SessionError>,
    ) -> Answer {
        let mut code = 0;
        for name in names {
            if let Err(error) = action(self, name) {
                self.complain(&error);
                code = error.exit();
            }
        }
        Ok(code)
    }

    /// Does one thing for each of some containers, and says the name of each that it was done for.
    fn each_named<T>(
        &mut self,
        names: &[String],
        action: impl Fn(&Session, &str) -> Result<T, SessionError>,
    ) -> Answer {
        self.each(names, |face, name| {
            action(face.session, name)?;
            face.line(name);
            Ok(())
        })
    }

    /// Splits `NAME=VALUE`; a name alone is looked up in the environment.
    fn pairs(&self, words: &[String]) -> Vec<(String, String)> {
        let pair = |word: &String| match word.split_once('=') {
            Some((name, value)) => Some((name.to_owned(), value.to_owned())),
            None => (self.around.variable)(word).map(|value| (word.clone(), value)),
        };
        words.iter().filter_map(pair).collect()
    }

    fn path(&self, path: &Path) -> PathBuf {
        if path.as_os_str() == "-" {
            path.to_owned()
        } else {
            self.around.folder.join(path)
        }
    }
}

crate::messages! {
    more_mistakes(count: usize) {
        en: "... and {count} more",
        ko: "... 이 밖에 {count}개",
    }
    only_at_a_prompt() {
        en: "lessons need a prompt: start `strata learn` in a terminal",
        ko: "레슨은 터미널에서 `strata learn`으로 시작하세요",
    }
}
