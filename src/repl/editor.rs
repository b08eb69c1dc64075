//! The line editor at a terminal, with a history that outlives the session.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::path::PathBuf;
use std::rc::Rc;

use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{CompletionType, Config, Editor, ExternalPrinter};

use super::completion::Completions;
use super::line_source::{Input, LineSource, Printer};
use super::prompt_helper::PromptHelper;
use crate::parser::Missing;
use crate::render::{Line, Piece, theme};

/// Lines of history that are kept.
const HISTORY: usize = 5_000;

/// Lines from somebody at a terminal.
pub struct TerminalEditor {
    editor: Editor<PromptHelper, FileHistory>,
    history: Option<PathBuf>,
    color: bool,
    /// Lines that were typed before they were asked for; the last one is not at its end.
    ahead: VecDeque<String>,
}

impl TerminalEditor {
    /// Opens the terminal. `history` is a file; without one nothing is kept.
    pub fn new(
        history: Option<PathBuf>,
        color: bool,
        completions: Rc<dyn Completions>,
    ) -> io::Result<Self> {
        let config = Config::builder()
            .max_history_size(HISTORY)
            .and_then(|config| config.history_ignore_dups(true));
        let config = config
            .map_err(as_io)?
            .history_ignore_space(true)
            .completion_type(CompletionType::List);
        let mut editor = Editor::with_config(config.build()).map_err(as_io)?;
        editor.set_helper(Some(PromptHelper::new(completions, color)));
        if let Some(file) = &history {
            // Without its folder there is no history either, but a session all the same.
            let _ = file.parent().map(std::fs::create_dir_all);
            // A history that is not there yet, or was damaged, is no reason not to start.
            let _ = editor.load_history(file);
        }
        Ok(Self {
            editor,
            history,
            color,
            ahead: VecDeque::new(),
        })
    }

    /// Begins with what was typed before.
    pub fn typed_ahead(mut self, typed: &str) -> Self {
        self.ahead = typed.split('\n').map(str::to_owned).collect();
        self
    }
}

impl TerminalEditor {
    /// Tells completion and colours which lines the next one goes on.
    fn stands_after(&mut self, before: String) {
        if let Some(helper) = self.editor.helper_mut() {
            helper.before = before;
        }
    }
}

impl LineSource for TerminalEditor {
    fn read(&mut self, prompt: &Line, begun: &str) -> io::Result<Input> {
        // The space after a prompt belongs to it.
        let plain: String = prompt.pieces().iter().map(Piece::text).collect();
        let painted = prompt
            .pieces()
            .iter()
            .map(|piece| theme::paint_words(piece.text(), piece.style(), self.color));
        let prompt = (plain, painted.collect::<String>());
        let ahead = self.ahead.pop_front().unwrap_or_default();
        if !self.ahead.is_empty() {
            writeln!(io::stdout(), "{}{ahead}", prompt.1)?;
            return Ok(Input::Text(ahead));
        }
        let begun = format!("{begun}{ahead}");
        let begun = begun.as_str();
        let read = self.editor.readline_with_initial(&prompt, (begun, ""));
        self.propose("");
        match read {
            Ok(line) => Ok(Input::Text(line)),
            Err(ReadlineError::Interrupted) => Ok(Input::Interrupted),
            Err(ReadlineError::Eof) => Ok(Input::End),
            Err(error) => Err(as_io(error)),
        }
    }

    fn missing(&self, text: &str) -> Option<Missing> {
        self.editor.helper()?.missing(text)
    }

    fn read_on(&mut self, prompt: &Line, so_far: &str) -> io::Result<Input> {
        self.stands_after(format!("{so_far}\n"));
        let read = self.read(prompt, "");
        self.stands_after(String::new());
        read
    }

    fn propose(&mut self, line: &str) {
        if let Some(helper) = self.editor.helper_mut() {
            line.clone_into(&mut helper.proposed);
        }
    }

    fn remember(&mut self, line: &str) {
        let line = line.trim_end();
        let is_new = self.editor.add_history_entry(line).unwrap_or(false);
        if let Some(file) = self.history.as_ref().filter(|_| is_new) {
            // At once, so that a crash loses nothing. A full disk costs the history, not the session.
            let _ = self.editor.append_history(file);
        }
    }

    fn offer(&mut self, completions: Rc<dyn Completions>) {
        if let Some(helper) = self.editor.helper_mut() {
            helper.offer(completions);
        }
    }

    fn printer(&mut self) -> Option<Printer> {
        // Without one nothing is printed while a line is typed, and no more is lost.
        let mut printer = self.editor.create_external_printer().ok()?;
        Some(Box::new(move |text| {
            // A terminal that is gone shows nothing any more.
            let _ = printer.print(text.to_owned());
        }))
    }

    fn is_interactive(&self) -> bool {
        true
    }
}

fn as_io(error: ReadlineError) -> io::Error {
    match error {
        ReadlineError::Io(error) => error,
        other => io::Error::other(other),
    }
}

#[cfg(test)]
mod tests {
    use super::super::offers::Offers;
    use super::*;

    #[test]
    fn history_is_there_in_the_next_session() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let file = folder.path().join("new/history");
        let open = || {
            TerminalEditor::new(Some(file.clone()), false, Rc::new(Offers::default()))
                .expect("no terminal is needed")
        };
        open().remember("RUN echo 안녕 \\\n  && true");
        let mut second = open();
        second.remember("RUN b");
        second.remember("RUN b ");
        second.remember(" RUN secret");
        let third = open();
        let lines: Vec<&String> = third.editor.history().iter().collect();
        assert_eq!(lines, ["RUN echo 안녕 \\\n  && true", "RUN b"]);
    }
}
