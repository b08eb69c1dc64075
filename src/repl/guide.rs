//! The seam for whoever leads through a session, as the lessons do.
//!
//! A guide hears every line before it is carried out and every outcome after it, and may ask and
//! write in between, all through the [`Desk`] it is lent.

use super::desk::{Desk, Done};
use crate::command::Learn;
use crate::language::Language;
use crate::render::Line;

/// Leads through a session.
pub trait Guide {
    /// Returns what the banner says of it: `lessons: 9 of 28 passed`.
    fn status(&self, _language: Language) -> Option<String> {
        None
    }

    /// Begins: after the banner, where it may offer to go on, or at the verb `learn`.
    fn begin(&mut self, call: Option<&Learn>, desk: &mut Desk);

    /// Returns its own verbs, such as `hint` and `next`, as far as they make sense now.
    fn verbs(&self) -> Vec<String>;

    /// Returns the names that `learn` takes.
    fn lessons(&self) -> Vec<String> {
        Vec::new()
    }

    /// Returns a prompt of its own, space included.
    fn prompt(&self, _language: Language) -> Option<Line> {
        None
    }

    /// Takes a line, empty ones too, and returns its exit code; none leaves it to the prompt. A
    /// guide may also carry it out itself with [`Desk::carry_out`].
    fn take(&mut self, line: &str, desk: &mut Desk) -> Option<i32>;

    /// Hears what came of a line that the prompt carried out; [`Desk::last`] tells the rest.
    fn after(&mut self, _line: &str, _done: &Done, _desk: &mut Desk) {}

    /// Hears that somebody leaves with Ctrl-D.
    fn leave(&mut self, _desk: &mut Desk) {}

    /// Hears that Ctrl-C dropped a line.
    fn cancel(&mut self, _desk: &mut Desk) {}
}
