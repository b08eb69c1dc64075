//! Where the loop gets its lines: somebody at a terminal, or a pipe.

use std::io::{self, BufRead};
use std::rc::Rc;

use super::completion::Completions;
use super::line_kind::is_complete;
use crate::parser::Missing;
use crate::render::Line;

/// What came of asking for a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A line, or several that belong together, or a pasted text of many (see
    /// [`pieces`](super::line_kind::pieces)).
    Text(String),
    /// Ctrl-C: the line is dropped, nothing else.
    Interrupted,
    /// Ctrl-D, or the pipe's end.
    End,
}

/// Prints above the prompt while a line is being typed, from any thread.
pub type Printer = Box<dyn FnMut(&str) + Send>;

/// Gives lines.
pub trait LineSource {
    /// Asks for a line. `begun` already stands on the prompt, to be edited.
    fn read(&mut self, prompt: &Line, begun: &str) -> io::Result<Input>;

    /// Returns what a text waits for that was read; none where it is whole, or nobody sits there
    /// who could type the rest.
    fn missing(&self, _text: &str) -> Option<Missing> {
        None
    }

    /// Asks for one more line of a text that is not whole yet.
    fn read_on(&mut self, prompt: &Line, _so_far: &str) -> io::Result<Input> {
        self.read(prompt, "")
    }

    /// Shows a line in grey on the next prompt: one key takes it over to be edited, anything
    /// else that is typed makes it vanish.
    fn propose(&mut self, _line: &str) {}

    /// Keeps a line for later sessions.
    fn remember(&mut self, line: &str);

    /// Changes what completion offers.
    fn offer(&mut self, completions: Rc<dyn Completions>);

    /// Returns what prints above the prompt; none where there is no prompt.
    fn printer(&mut self) -> Option<Printer> {
        None
    }

    /// Tells whether somebody sits there who sees prompts.
    fn is_interactive(&self) -> bool;
}

/// Lines from a pipe or a file: no prompt, no editing; lines that belong together come together.
pub struct PipeSource<R> {
    input: R,
    completions: Rc<dyn Completions>,
}

impl<R: BufRead> PipeSource<R> {
    /// Reads from a pipe. `completions` tell which words are verbs.
    pub fn new(input: R, completions: Rc<dyn Completions>) -> Self {
        Self { input, completions }
    }

    fn is_complete(&self, text: &str) -> bool {
        is_complete(text, |word| {
            self.completions.verbs().iter().any(|verb| verb == word)
        })
    }
}

impl<R: BufRead> LineSource for PipeSource<R> {
    fn read(&mut self, _prompt: &Line, _begun: &str) -> io::Result<Input> {
        let mut bytes = Vec::new();
        loop {
            let count = self.input.read_until(b'\n', &mut bytes)?;
            let text = String::from_utf8_lossy(&bytes);
            let text = text.trim_end_matches(['\n', '\r']);
            if count == 0 && text.is_empty() {
                return Ok(Input::End);
            }
            if count == 0 || self.is_complete(text) {
                return Ok(Input::Text(text.to_owned()));
            }
        }
    }

    fn remember(&mut self, _line: &str) {}

    fn offer(&mut self, completions: Rc<dyn Completions>) {
        self.completions = completions;
    }

    fn is_interactive(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::super::offers::Offers;
    use super::*;

    fn read(text: &str) -> Vec<Input> {
        let offers = Offers {
            verbs: vec!["run".to_owned()],
            ..Offers::default()
        };
        let mut source = PipeSource::new(text.as_bytes(), Rc::new(offers));
        let mut inputs = Vec::new();
        while inputs.last() != Some(&Input::End) {
            inputs.push(source.read(&Line::new(), "").expect("memory can be read"));
        }
        inputs
    }

    fn text(text: &str) -> Input {
        Input::Text(text.to_owned())
    }

    #[test]
    fn every_line_is_an_input_and_empty_ones_too() {
        assert_eq!(
            read("run a\r\n\nrun b"),
            [text("run a"), text(""), text("run b"), Input::End]
        );
    }

    #[test]
    fn lines_that_belong_together_come_together() {
        assert_eq!(
            read("RUN a \\\n  b\nrun c\n"),
            [text("RUN a \\\n  b"), text("run c"), Input::End]
        );
    }

    #[test]
    fn an_unfinished_end_is_given_as_it_is() {
        assert_eq!(read("run a \\\n"), [text("run a \\"), Input::End]);
    }
}
