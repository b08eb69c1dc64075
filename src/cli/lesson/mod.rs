//! `lesson ...`: for those who write lessons and those who teach with them.
//!
//! `author` is for writing (lint, new, sync, coverage), `exam` proves, `learner` is about progress.

mod author;
mod exam;
mod learner;

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use super::surroundings::screen;
use crate::command::{Global, Lesson};
use crate::course::{embedded_files, folder_files};
use crate::lesson::LessonFiles;
use crate::render::{self, Line, Screen, Style, Text};

/// Does a lesson verb and returns its exit code.
pub fn main(global: &Global, verb: &Lesson) -> i32 {
    let screen = screen(global, io::stdout().is_terminal());
    let done = match verb {
        Lesson::List(call) => learner::list(call, &screen),
        Lesson::Report(call) => learner::report(call, &screen),
        Lesson::Forget(call) => learner::forget(call, &screen),
        Lesson::Reset(call) => learner::reset(call, &screen),
        Lesson::Lint(call) => author::lint(call, &screen),
        Lesson::New(call) => author::begin(call, &screen),
        Lesson::Sync(call) => author::sync(call, &screen),
        Lesson::Coverage(call) => author::coverage(call, &screen),
        Lesson::Test(call) => exam::test(call, global, &screen),
    };
    done.unwrap_or_else(|why| {
        let text = render::error(&why.message, why.help.as_deref(), &screen);
        // Whoever closed standard error does not want to know.
        let _ = write!(io::stderr(), "{}", screen.paint(&text));
        1
    })
}

/// Why a lesson verb can't be done.
struct Refusal {
    message: String,
    help: Option<String>,
}

impl Refusal {
    fn with_help(message: String, help: String) -> Self {
        let help = Some(help);
        Self { message, help }
    }
}

impl<E: std::error::Error> From<E> for Refusal {
    fn from(error: E) -> Self {
        let message = with_causes(&error);
        Self {
            message,
            help: None,
        }
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

type Done = Result<i32, Refusal>;

fn say(text: &str) {
    // A closed pipe has seen enough.
    let _ = writeln!(io::stdout(), "{}", text.trim_end());
}

fn show(text: &Text, screen: &Screen) {
    // The same.
    let _ = write!(io::stdout(), "{}", screen.paint(text));
}

fn files(folder: Option<&Path>) -> Result<LessonFiles, Refusal> {
    match folder {
        Some(folder) => Ok(folder_files(folder)?),
        None => Ok(embedded_files()),
    }
}

/// Asks a question of yes and no; none where nobody can answer.
fn agrees(question: &str, screen: &Screen) -> Option<bool> {
    if !io::stdin().is_terminal() {
        return None;
    }
    let line = Line::styled(Style::Prompt, question);
    let painted = screen.paint(&line.into());
    // A question that can't be shown is answered with no.
    let _ = write!(io::stdout(), "{} ", painted.trim_end());
    let _ = io::stdout().flush();
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).ok()?;
    let answer = answer.trim().to_lowercase();
    Some(["y", "yes", "예", "네"].contains(&answer.as_str()))
}
