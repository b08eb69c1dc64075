//! Whether a text that is being typed is finished: what a prompt asks at every line end.

use super::lines::Lines;
use super::read;
use crate::source::Source;

/// Whether a text can be carried out as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Completeness {
    /// It ends where an instruction ends.
    Complete,
    /// It ends in the middle of an instruction.
    Incomplete(Missing),
}

/// What an incomplete text waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// The next line: the last one ends in the escape character.
    Continuation,
    /// A here-document's terminator.
    Heredoc {
        /// The terminator.
        name: String,
    },
}

/// Returns whether a text can be carried out as it stands.
///
/// ```
/// use strata::parser::{Completeness, Missing, completeness};
/// assert_eq!(completeness("RUN a"), Completeness::Complete);
/// let waits = Completeness::Incomplete(Missing::Continuation);
/// assert_eq!(completeness("RUN a \\"), waits);
/// ```
pub fn completeness(text: &str) -> Completeness {
    completeness_in(text, None)
}

/// Returns the same for text that goes on a file with an escape character of its own; with none,
/// the text's directives decide.
pub fn completeness_in(text: &str, escape: Option<char>) -> Completeness {
    let source = Source::new("", text);
    let (escape, mut lines) = Lines::start(&source, escape);
    while let Some(line) = lines.next_line() {
        let heredocs = read::read(&line, escape).map_or_else(|_| Vec::new(), |node| node.heredocs);
        for mut heredoc in heredocs {
            if !lines.take_body(&mut heredoc) {
                let name = heredoc.name;
                return Completeness::Incomplete(Missing::Heredoc { name });
            }
        }
    }
    if lines.ends_open() {
        return Completeness::Incomplete(Missing::Continuation);
    }
    Completeness::Complete
}

#[cfg(test)]
mod tests {
    use super::{Completeness, Missing, completeness, completeness_in};

    fn heredoc(name: &str) -> Completeness {
        let name = name.to_owned();
        Completeness::Incomplete(Missing::Heredoc { name })
    }

    #[test]
    fn an_instruction_that_ends_is_complete() {
        for text in [
            "",
            "RUN a",
            "RUN a\n",
            "# c\n",
            "FORM x",
            "ENV A",
            "RUN C:\\\\",
            "RUN <<E\nE\n",
        ] {
            assert_eq!(completeness(text), Completeness::Complete, "{text:?}");
        }
    }

    #[test]
    fn a_continued_line_waits_for_the_next() {
        let waits = Completeness::Incomplete(Missing::Continuation);
        for text in [
            "RUN a \\",
            "RUN a \\\n",
            "RUN a \\ \n  # c\n",
            "\\",
            "RUN a \\\n b \\",
        ] {
            assert_eq!(completeness(text), waits, "{text:?}");
        }
        assert_eq!(completeness("# escape=`\nRUN a `"), waits);
        assert_eq!(completeness_in("RUN a `", Some('`')), waits);
        assert_eq!(completeness("RUN a `"), Completeness::Complete);
    }

    #[test]
    fn an_open_heredoc_waits_for_its_terminator() {
        assert_eq!(completeness("RUN <<EOF"), heredoc("EOF"));
        assert_eq!(completeness("RUN <<EOF\na\n"), heredoc("EOF"));
        assert_eq!(completeness("COPY <<A <<'B' /\nA\n"), heredoc("B"));
        assert_eq!(completeness("RUN <<EOF\n\\"), heredoc("EOF"));
    }
}
