//! Lays a Dockerfile out anew without changing what it says: every instruction reads as before, to
//! the byte, so that no cache key changes either.
//!
//! | it changes | it never changes |
//! |---|---|
//! | white space before and between words | the text of a shell form, white space included |
//! | the case of instruction words | any other word, AS included |
//! | indentation after a continuation, where words are separate | here-documents |
//! | comments move to the left, or in by four | where lines are continued |
//! | empty lines: one at most, none inside an instruction, one before a stage | the order of anything |
//!
//! That is not taken on trust: the result is read again and compared. An instruction that would
//! read differently is left as it was written.

use std::collections::BTreeSet;

use super::error::ParseError;
use super::file;
use super::json::meaning;
use super::syntax;
use super::syntax::{Arguments, Command, File, Node, Pair, Word};
use crate::source::{Source, Span};

const INDENT: &str = "    ";

/// Returns the text of a Dockerfile, laid out.
///
/// ```
/// use strata::parser::format;
/// use strata::source::Source;
///
/// let source = Source::new("Dockerfile", "from   alpine\n\n\nenv  A=1   \\\n B=2\n");
/// assert_eq!(format(&source).unwrap(), "FROM alpine\n\nENV A=1 \\\n    B=2\n");
/// ```
///
/// # Errors
///
/// What [`syntax()`](super::syntax()) cannot read.
pub fn format(source: &Source) -> Result<String, Vec<ParseError>> {
    let mut text = source.text().to_owned();
    // A continuation that leads to nothing leaves something to tidy up; nothing needs a third look.
    for _ in 0..3 {
        let next = once(&Source::new(source.name(), text.clone()))?;
        if next == text {
            break;
        }
        text = next;
    }
    Ok(text)
}

fn once(source: &Source) -> Result<String, Vec<ParseError>> {
    let before = syntax(source)?;
    // A comment can hide in a word that goes on.
    let broken =
        |node: &Node| source.text()[node.keyword.span.start..node.keyword.span.end].contains('\n');
    let places = before.instructions.iter().enumerate();
    let mut kept: BTreeSet<usize> = places
        .filter(|(_, node)| broken(node) || node.onbuild.as_deref().is_some_and(broken))
        .map(|(place, _)| place)
        .collect();
    loop {
        let text = lay_out(source.text(), &before, &kept);
        if text == source.text() {
            return Ok(text);
        }
        match differing(&before, &text) {
            Some(differing) if differing.is_empty() => return Ok(text),
            Some(differing) if !differing.is_subset(&kept) => kept.extend(differing),
            _ => return Ok(source.text().to_owned()),
        }
    }
}

/// Returns which instructions read differently; none when the file as a whole does.
fn differing(before: &File, text: &str) -> Option<BTreeSet<usize>> {
    let mut differing = BTreeSet::new();
    let mut place = 0;
    let source = Source::new("", text);
    let after = file::walk(&source, &mut |node| {
        let was = before.instructions.get(place);
        if was.is_none_or(|was| meaning(was) != meaning(&node)) {
            differing.insert(place);
        }
        place += 1;
    });
    let directives = |file: &File| -> Vec<(String, String)> {
        let each = file.directives.iter();
        each.map(|it| (it.name.clone(), it.value.text.clone()))
            .collect()
    };
    let is_other = !after.errors.is_empty()
        || place != before.instructions.len()
        || directives(before) != directives(&after.file);
    (!is_other).then_some(differing)
}

fn lay_out(text: &str, file: &File, kept: &BTreeSet<usize>) -> String {
    let mut page = Page {
        text,
        escape: file.escape,
        out: String::new(),
    };
    let mut cursor = text.len() - text.trim_start_matches('\u{FEFF}').len();
    for directive in &file.directives {
        let line = format!("# {}={}\n", directive.name, directive.value.text);
        page.out.push_str(&line);
        cursor = end_of_line(text, directive.value.span.end);
    }
    for (place, node) in file.instructions.iter().enumerate() {
        page.between(cursor, node.span.start, place > 0 && node.name == "FROM");
        if kept.contains(&place) {
            page.out.push_str(&text[node.span.start..node.span.end]);
        } else {
            page.instruction(node);
        }
        page.out.push('\n');
        cursor = end_of_line(text, node.span.end);
    }
    page.between(cursor, text.len(), false);
    page.out
}

/// Returns where the line after the one that `at` lies in begins.
fn end_of_line(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |end| at + end + 1)
}

/// What is written, and what it is read from.
struct Page<'a> {
    text: &'a str,
    escape: char,
    out: String,
}

impl Page<'_> {
    /// Writes the comments and empty lines between two instructions.
    fn between(&mut self, start: usize, end: usize, before_stage: bool) {
        let mut lines: Vec<&str> = self.text[start..end.max(start)].split('\n').collect();
        // What stands before the instruction, or behind the file's last line end.
        if lines.last().is_some_and(|last| last.trim().is_empty()) {
            lines.pop();
        }
        let lines: Vec<&str> = lines.into_iter().map(str::trim).collect();
        let attached = lines.iter().rev().take_while(|line| !line.is_empty());
        let loose = lines.len() - attached.count();
        let mut empty = false;
        for (place, line) in lines.iter().enumerate() {
            empty |= line.is_empty() || (before_stage && place == loose);
            if !line.is_empty() {
                self.gap(&mut empty);
                self.out.push_str(line);
                self.out.push('\n');
            }
        }
        empty |= before_stage && loose == lines.len();
        // At the top an empty line may keep a comment from being a directive; elsewhere it only
        // separates.
        if end < self.text.len() && !self.out.is_empty() {
            self.gap(&mut empty);
        }
    }

    fn gap(&mut self, empty: &mut bool) {
        if std::mem::take(empty) {
            self.out.push('\n');
        }
    }

    fn instruction(&mut self, node: &Node) {
        let bodies = node.heredocs.first().map(|heredoc| heredoc.body.start);
        let end = bodies.map_or(node.span.end, |start| self.text[..start].trim_end().len());
        let mut at = self.head(node);
        let mut inner = node;
        loop {
            for token in tokens(inner) {
                self.gap_before(at, token.start);
                self.verbatim(token);
                at = token.end;
            }
            let Some(trigger) = &inner.onbuild else { break };
            inner = trigger;
            self.gap_before(at, inner.keyword.span.start);
            at = self.head(inner);
        }
        if matches!(inner.arguments, Arguments::None) && inner.flags.is_empty() {
            let rest = self.text[at..end.max(at)].trim();
            if !rest.is_empty() {
                let start = end - self.text[at..end].trim_start().len();
                self.gap_before(at, start);
                self.verbatim(Span::new(start, end));
            }
        } else {
            self.rest(at, end);
        }
        if let Some(start) = bodies {
            self.out.push('\n');
            self.out.push_str(&self.text[start..node.span.end]);
        }
    }

    /// Writes the instruction word and returns where it ends.
    fn head(&mut self, node: &Node) -> usize {
        self.out.push_str(&node.name);
        node.keyword.span.end
    }

    /// Writes what stands between two tokens: white space, continuations with their comments, and
    /// what is no token: `--`, and the brackets and commas of an exec form.
    fn gap_before(&mut self, start: usize, end: usize) {
        self.rest(start, end);
        let joined = self.out.ends_with(['[', ' ', '\n']);
        if !joined {
            self.out.push(' ');
        }
    }

    fn rest(&mut self, start: usize, end: usize) {
        let gap = &self.text[start..end.max(start)];
        let mut lines = gap.split('\n').peekable();
        let mut first = true;
        while let Some(line) = lines.next() {
            let line = line.trim();
            if !first && line.starts_with('#') {
                self.comment(line);
                continue;
            }
            let continued = lines.peek().is_some();
            let mark = line.strip_suffix(self.escape).filter(|_| continued);
            self.mark(mark.unwrap_or(line).trim_end());
            if mark.is_some() {
                self.continuation();
            }
            first = false;
        }
    }

    /// Writes `--`, `[`, `,` or `]`.
    fn mark(&mut self, mark: &str) {
        if mark.is_empty() {
            return;
        }
        let close = mark.starts_with([',', ']']);
        if !close && !self.out.ends_with(['[', ' ']) {
            self.out.push(' ');
        }
        self.out.push_str(mark);
    }

    fn continuation(&mut self) {
        self.out.truncate(self.out.trim_end_matches(' ').len());
        self.out.push(' ');
        self.out.push(self.escape);
        self.out.push('\n');
        self.out.push_str(INDENT);
    }

    /// Writes a comment line inside an instruction.
    fn comment(&mut self, line: &str) {
        if !self.out.ends_with(INDENT) {
            self.out.push_str(INDENT);
        }
        self.out.push_str(line);
        self.out.push('\n');
        self.out.push_str(INDENT);
    }

    /// Writes a token as it is. Between its lines, only what is dropped when they are joined goes.
    fn verbatim(&mut self, token: Span) {
        let mut lines = self.text[token.start..token.end].split('\n');
        self.out
            .push_str(lines.next().unwrap_or_default().trim_end_matches('\r'));
        for line in lines {
            let bare = line.trim();
            if bare.is_empty() {
                continue;
            }
            self.out.truncate(self.out.trim_end().len());
            self.out.push('\n');
            if bare.starts_with('#') {
                self.out.push_str(INDENT);
                self.out.push_str(bare);
            } else {
                self.out.push_str(line);
            }
        }
    }
}

/// Returns the places of an instruction's flags and arguments, in order.
fn tokens(node: &Node) -> Vec<Span> {
    let flags = node.flags.iter().map(|flag| flag.span);
    flags.chain(arguments(&node.arguments)).collect()
}

fn arguments(arguments: &Arguments) -> Vec<Span> {
    let spans = |words: &[Word]| words.iter().map(|word| word.span).collect();
    match arguments {
        Arguments::None => Vec::new(),
        Arguments::Shell(word) | Arguments::Text(word) => vec![word.span],
        Arguments::Exec(words) | Arguments::Words(words) => spans(words),
        Arguments::Pairs(pairs) => pairs.iter().flat_map(pair).collect(),
        Arguments::Check { kind, command } => {
            let command = match command.as_deref() {
                None => Vec::new(),
                Some(Command::Shell(word)) => vec![word.span],
                Some(Command::Exec(words)) => spans(words),
            };
            [kind.span].into_iter().chain(command).collect()
        }
    }
}

/// `KEY=value` is one token, `KEY the rest` two.
fn pair(pair: &Pair) -> Vec<Span> {
    let (key, value) = (pair.key.span, pair.value.span);
    if pair.legacy {
        return vec![key, value];
    }
    // Of an empty value only the place behind the `=` is known.
    vec![Span::new(key.start, value.end.max(key.end))]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laid_out(text: &str) -> String {
        format(&Source::new("Dockerfile", text)).expect("the text can be read")
    }

    #[track_caller]
    fn becomes(before: &str, after: &str) {
        assert_eq!(laid_out(before), after);
        assert_eq!(laid_out(after), after, "laid out twice");
    }

    #[test]
    fn words_are_one_space_apart_and_instruction_words_are_in_upper_case() {
        becomes(
            "  from  alpine   as x  \ncopy  --from=a   b\tc\n",
            "FROM alpine as x\nCOPY --from=a b c\n",
        );
    }

    #[test]
    fn a_shell_form_keeps_every_space() {
        becomes(
            "run   a   &&  \\  \n      b\t&& c  \n",
            "RUN a   &&  \\\n      b\t&& c\n",
        );
    }

    #[test]
    fn words_that_go_on_are_indented_by_four() {
        becomes(
            "FROM a\nCOPY one\\\n two \\\n\t\tthree /x\\\n/y\n",
            "FROM a\nCOPY one \\\n    two \\\n    three /x\\\n/y\n",
        );
    }

    #[test]
    fn comments_and_empty_lines_inside_an_instruction() {
        becomes(
            "FROM a\nENV A=1 \\\n# why\n\n  B=2 \\\n   # more\n C='x  y'\n",
            "FROM a\nENV A=1 \\\n    # why\n    B=2 \\\n    # more\n    C='x  y'\n",
        );
        becomes(
            "FROM a\nRUN x \\\n# why\n\n  && y\n",
            "FROM a\nRUN x \\\n    # why\n  && y\n",
        );
    }

    #[test]
    fn stages_are_an_empty_line_apart_with_their_comments() {
        becomes(
            "\n\nFROM a\n\n\n\nRUN x\n  # two\n# lines\nFROM b\n\n\n",
            "FROM a\n\nRUN x\n\n# two\n# lines\nFROM b\n",
        );
    }

    #[test]
    fn an_exec_form_reads_like_a_list() {
        becomes(
            "FROM a\nCMD   [ \"a\" ,\"b\\n\",   \"c\" ]\nRUN --network=none  []\n",
            "FROM a\nCMD [\"a\", \"b\\n\", \"c\"]\nRUN --network=none []\n",
        );
        becomes(
            "FROM a\nCMD [\"a\", \\\n\"b\"]\n",
            "FROM a\nCMD [\"a\", \\\n    \"b\"]\n",
        );
    }

    #[test]
    fn bodies_of_heredocs_are_left_alone() {
        becomes(
            "FROM a\nrun   <<A   cat <<-B\n  x  \n\nA\n\ty\n\tB\nCOPY  <<E  /e\r\n \r\nE\r\n",
            "FROM a\nRUN <<A   cat <<-B\n  x  \n\nA\n\ty\n\tB\nCOPY <<E /e\n \r\nE\n",
        );
    }

    #[test]
    fn directives_stay_directives_and_comments_comments() {
        becomes(
            "#  syntax = x/y:1\n#escape=`\nFROM a `\n AS b\n",
            "# syntax=x/y:1\n# escape=`\nFROM a `\n    AS b\n",
        );
        becomes("\n# escape=`\nFROM a\n", "\n# escape=`\nFROM a\n");
        becomes(
            "# note\n# escape=`\nFROM a\n",
            "# note\n# escape=`\nFROM a\n",
        );
    }

    #[test]
    fn what_is_no_word_keeps_its_place() {
        becomes(
            "FROM a\nRUN  --   --x\nHEALTHCHECK  --retries=1   CMD   [\"x\" ]\nonbuild   run  a  b\nENV  a   b  c\n",
            "FROM a\nRUN -- --x\nHEALTHCHECK --retries=1 CMD [\"x\"]\nONBUILD RUN a  b\nENV a b  c\n",
        );
        becomes("FROM a\nfrob   x   y\n", "FROM a\nFROB x   y\n");
    }

    #[test]
    fn values_may_be_empty() {
        becomes(
            "FROM a\nENV  A=   B=\"\"  \\\n   C=\nARG\nCMD\n",
            "FROM a\nENV A= B=\"\" \\\n    C=\nARG\nCMD\n",
        );
    }
}
