//! The prompt: a Dockerfile is typed line by line, every line is carried out at once.
//!
//! ```text
//! LineSource ─► Prompt ─► Guide (lessons, if they run)      may take a line
//!                  └────► Desk ─► instruction, command, !cmd  carries it out
//! ```
//!
//! | file | what |
//! |---|---|
//! | [`prompt`] | the loop |
//! | [`desk`] | the session, the draft, where answers go |
//! | [`guide`] | the seam for lessons |
//! | [`line_source`], [`editor`] | where lines come from: a pipe, a terminal |
//! | [`line_kind`] | what a line is; a paste cut into lines |
//! | `typing` | an instruction: build, show its row |
//! | `commands`, [`verb`] | a command: its words, its verb, who does it |
//! | `unknown_word` | what to answer to words of a shell, of docker, of a container |
//! | `changing`, `filing`, `looking` | verbs of the draft: undo, insert; write, open, edit; in, why, files |
//! | `journal` | what `undo` takes back |
//! | `foreground` | a program in the foreground: Ctrl-C, its exit code |
//! | `host` | the host's shell and editor |
//! | `help`, `instruction_help` | the verbs on one screen; the instructions explained |
//! | [`lessons`] | the guide through lessons, and what lessons see of the desk |
//! | `banner` | the first lines |
//! | `interrupts`, `quiet_terminal` | Ctrl-C, and other keys, while a step runs |
//! | [`completion`], [`offers`], `live_offers`, `prompt_helper` | Tab, hints, colours |

mod banner;
mod changing;
mod commands;
pub mod completion;
pub mod desk;
pub mod editor;
mod filing;
mod foreground;
pub mod guide;
mod help;
mod host;
mod instruction_help;
mod interrupts;
mod journal;
pub mod lessons;
pub mod line_kind;
pub mod line_source;
mod live_offers;
mod looking;
pub mod offers;
pub mod prompt;
mod prompt_helper;
mod quiet_terminal;
mod typing;
mod unknown_word;
pub mod verb;

use std::io::{self, IsTerminal};
use std::rc::Rc;

use crate::command::Learn;
use desk::{Desk, Opening};
use editor::TerminalEditor;
use guide::Guide;
use line_source::{LineSource, PipeSource};
use live_offers::LiveOffers;
use prompt::Prompt;
use verb::Verbs;

/// Opens the prompt and returns the exit code. Lines come from the terminal, or from whatever
/// standard input is.
pub fn open(opening: &Opening, guide: Option<Box<dyn Guide>>, learn: Option<&Learn>) -> i32 {
    let desk = Desk::new(opening.clone(), source(opening));
    if desk.is_interactive() {
        desk.hear_signals();
    }
    Prompt::new(desk, guide).run(learn)
}

fn source(opening: &Opening) -> Box<dyn LineSource> {
    let draft = crate::session::draft::Draft::default();
    let verbs = Rc::new(Verbs::all());
    let offers = LiveOffers::new(verbs, opening.settings.clone(), &opening.folder, &draft);
    let offers = Rc::new(offers);
    if io::stdin().is_terminal() && io::stdout().is_terminal() {
        let color = (opening.screen)(&opening.global, true).color;
        let editor = TerminalEditor::new(opening.history.clone(), color, offers.clone());
        if let Ok(editor) = editor {
            return Box::new(editor.typed_ahead(&opening.typed));
        }
        // Where the editor can't work, lines can still be read.
    }
    Box::new(PipeSource::new(io::BufReader::new(io::stdin()), offers))
}
