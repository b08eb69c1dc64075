//! The shell's face: arguments to a command, the session's answer to the terminal.

mod ctrl_c;
mod cursor;
mod frequent;
mod lesson;
mod surroundings;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use crate::command::{Arguments, Command, Global, Learn, for_help, language_asked};
use crate::course::Homes;
use crate::face::{Face, Last, Surroundings, usage};
use crate::render::{self, Chrome, Screen};
use crate::repl::{self, desk::Opening, lessons::LessonGuide};
use crate::runtime;
use crate::session::{Session, worker};

pub use surroundings::{now, screen, settings, variable};

/// Runs strata as the shell called it.
pub fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    if let Some(code) = hidden(&arguments[1..]) {
        return code;
    }
    let words: Vec<String> = arguments
        .iter()
        .map(|it| it.to_string_lossy().into_owned())
        .collect();
    let parsed =
        frequent::parse(&arguments).map_or_else(|| Arguments::try_parse_from(&arguments), Ok);
    let parsed = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return refuse(error, &words),
    };
    code(match parsed.command {
        None => prompt(&parsed.global, None),
        Some(Command::Learn(learn)) => prompt(&parsed.global, Some(&learn)),
        Some(Command::Lesson(verb)) => lesson::main(&parsed.global, &verb),
        Some(command) => run(&parsed.global, command),
    })
}

/// Plays a hidden verb: strata starts itself as worker, supervisor and PID 1.
fn hidden(arguments: &[OsString]) -> Option<ExitCode> {
    if arguments.first()?.to_str()? == worker::VERB {
        // Whoever started this is told why it did not get in, and tells.
        let Ok(channel) = runtime::complete_entry() else {
            return Some(ExitCode::FAILURE);
        };
        return Some(match worker::serve(&channel) {
            Ok(()) => ExitCode::SUCCESS,
            // A face that needed no worker after all went while this one was on its way.
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => ExitCode::FAILURE,
            Err(error) => {
                // The face has ended or will tell; this helps who looks for the reason.
                let _ = writeln!(io::stderr(), "strata: worker: {error}");
                ExitCode::FAILURE
            }
        });
    }
    runtime::hidden(arguments)
}

/// Does one command with this process's own streams.
fn run(global: &Global, command: Command) -> i32 {
    let screen = screen(global, io::stdout().is_terminal());
    let session = Session::new(settings(global, screen.language));
    let command = command.short();
    runtime::set_play(hidden);
    if ctrl_c::can_stop(&command) {
        if !matches!(&command, Command::Build(build) if build.check) {
            // While this process still has one thread.
            session.begin_worker();
        }
        // Without it Ctrl-C ends strata at once, and the next start clears up.
        let _ = ctrl_c::listen(session.interrupter());
    }
    let (mut out, mut err) = (io::stdout(), io::stderr());
    let stdin = io::stdin();
    let mut face = Face {
        session: &session,
        screen,
        out: &mut out,
        err: &mut err,
        around: Surroundings {
            folder: folder(),
            now,
            variable,
            stdin: Some(stdin.as_fd()),
            own_stdio: true,
            terminal: io::stdin().is_terminal() && io::stdout().is_terminal(),
            live: io::stderr().is_terminal(),
            stdout: io::stdout().as_fd().try_clone_to_owned().ok(),
        },
        last: Last::default(),
    };
    face.run(command)
}

/// Adds to the options what the terminal itself says, and returns what was typed meanwhile.
fn at_terminal(global: &Global) -> (Global, String) {
    let mut global = global.clone();
    let terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    if !terminal || screen(&global, terminal).chrome != Chrome::Unicode {
        return (global, String::new());
    }
    let Some(asked) = cursor::ask() else {
        return (global, String::new());
    };
    global.ascii = !asked.narrow;
    (global, asked.typed)
}

/// Opens the prompt.
fn prompt(global: &Global, learn: Option<&Learn>) -> i32 {
    let (global, typed) = &at_terminal(global);
    let screen_of: fn(&Global, bool) -> Screen = screen;
    let language = screen(global, false).language;
    let opening = Opening {
        settings: settings(global, language),
        global: global.clone(),
        screen: screen_of,
        folder: folder(),
        history: Some(surroundings::state_home().join("strata/history")),
        typed: typed.clone(),
        now,
        variable,
    };
    let homes = Homes::usual(|name| variable(name).map(PathBuf::from));
    let homes = homes.with_work(learn.and_then(|learn| learn.dir.as_deref()));
    let lessons = learn.and_then(|learn| learn.lessons.as_deref());
    let name = learn.and_then(|learn| learn.lesson.as_deref());
    let guide = LessonGuide::new(lessons, homes, moment).map_err(|why| (why, None));
    let guide = guide.and_then(|guide| {
        let refusal = name.and_then(|name| guide.refusal(name, language));
        refusal.map_or(Ok(guide), |(why, help)| Err((why, Some(help))))
    });
    match guide {
        Ok(guide) => repl::open(&opening, Some(Box::new(guide)), learn),
        Err((why, help)) => {
            let screen = screen(global, io::stderr().is_terminal());
            let text = render::error(&why, help.as_deref(), &screen);
            // Whoever closed standard error does not want to know.
            let _ = write!(io::stderr(), "{}", screen.paint(&text));
            1
        }
    }
}

/// Returns the time as a name for folders: `2026-11-22T01-02-03`.
fn moment() -> String {
    let time = jiff::Timestamp::from_second(now()).unwrap_or_default();
    time.to_string().trim_end_matches('Z').replace(':', "-")
}

fn folder() -> PathBuf {
    std::env::current_dir().unwrap_or_else(|_| "/".into())
}

/// Answers a call that clap did not understand, or one for help.
fn refuse(error: clap::Error, words: &[String]) -> ExitCode {
    // clap gave up before it came to know `--lang`.
    let global = Global {
        lang: language_asked(words.iter().map(String::as_str)),
        ..Global::default()
    };
    let screen = screen(&global, io::stderr().is_terminal());
    let command = || for_help(Arguments::command(), screen.language);
    if !error.use_stderr() {
        let asked = command().try_get_matches_from(words).err();
        let asked = asked.filter(|again| !again.use_stderr()).unwrap_or(error);
        // Help and version go where they were asked for; a closed pipe is no failure.
        let _ = write!(io::stdout(), "{}", asked.render());
        return ExitCode::SUCCESS;
    }
    if matches!(
        words.get(1).map(String::as_str),
        Some(
            "image"
                | "container"
                | "network"
                | "volume"
                | "system"
                | "builder"
                | "lesson"
                | "context"
        )
    ) && words.len() == 2
    {
        let mut command = command();
        let help = command
            .find_subcommand_mut(&words[1])
            .map(clap::Command::render_help);
        let _ = write!(io::stdout(), "{}", help.unwrap_or_default());
        return ExitCode::SUCCESS;
    }
    let trouble = usage::trouble(&error, words, &verbs(), screen.language);
    let text = render::error(&trouble.message, trouble.help.as_deref(), &screen);
    let _ = write!(io::stderr(), "{}", screen.paint(&text));
    code(trouble.exit)
}

/// Returns the verbs of the shell.
fn verbs() -> Vec<String> {
    let command = Arguments::command();
    let names = command.get_subcommands().map(clap::Command::get_name);
    names.map(str::to_owned).collect()
}

fn code(code: i32) -> ExitCode {
    ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX))
}
