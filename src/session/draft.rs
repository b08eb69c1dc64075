//! The draft: the Dockerfile that is typed at the prompt. A value; undo is the old value.

use serde::{Deserialize, Serialize};

/// A Dockerfile in the making: its instructions in order, each with the comments typed before it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Draft {
    now: Vec<String>,
    #[serde(default)]
    undone: Vec<Vec<String>>,
    #[serde(default)]
    before: Vec<Vec<String>>,
}

/// How many old versions a draft remembers.
const REMEMBERED: usize = 200;

/// A line number of a draft that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoSuchLine {
    /// The number as given.
    pub number: usize,
    /// How many there are.
    pub count: usize,
}

impl Draft {
    /// Returns the instructions, from the first.
    pub fn instructions(&self) -> &[String] {
        &self.now
    }

    /// Whether nothing has been typed.
    pub fn is_empty(&self) -> bool {
        self.now.is_empty()
    }

    /// Returns the text of the Dockerfile.
    ///
    /// ```
    /// use strata::session::draft::Draft;
    /// let draft = Draft::default().with("FROM scratch").with("COPY . /");
    /// assert_eq!(draft.text(), "FROM scratch\nCOPY . /\n");
    /// ```
    pub fn text(&self) -> String {
        self.now
            .iter()
            .map(|line| format!("{}\n", line.trim_end_matches('\n')))
            .collect()
    }

    /// Returns how many instructions there are. Comments at the end wait for theirs.
    pub fn count(&self) -> usize {
        self.now.len() - usize::from(self.ends_in_comment())
    }

    fn ends_in_comment(&self) -> bool {
        self.now.last().is_some_and(|last| is_comment(last))
    }

    /// Returns the draft with one more instruction, or comment, at its end.
    ///
    /// ```
    /// use strata::session::draft::Draft;
    /// let draft = Draft::default().with("# greet").with("RUN echo hi");
    /// assert_eq!(draft.instructions(), ["# greet\nRUN echo hi"]);
    /// ```
    pub fn with(&self, instruction: &str) -> Self {
        let mut lines = self.now.clone();
        match lines.last_mut().filter(|last| is_comment(last)) {
            Some(comment) => {
                comment.push('\n');
                comment.push_str(instruction);
            }
            None => lines.push(instruction.to_owned()),
        }
        self.changed(lines)
    }

    /// Returns a draft of a whole text, cut behind each of its instructions; blank lines and
    /// comments stay where they are. `ends` are the bytes where instructions end.
    pub fn cut(&self, text: &str, ends: &[usize]) -> Self {
        let mut lines = Vec::new();
        let mut start = 0;
        for &end in ends {
            let end = text[end..].find('\n').map_or(text.len(), |at| end + at);
            lines.push(text[start..end].to_owned());
            start = (end + 1).min(text.len());
        }
        if !text[start..].trim().is_empty() {
            lines.push(text[start..].trim_end().to_owned());
        }
        self.replaced_by(lines)
    }

    /// Returns the draft with an instruction put before the one at `number` (from 1), or at the
    /// end for one more than there are.
    pub fn insert(&self, number: usize, instruction: &str) -> Result<Self, NoSuchLine> {
        if number == 0 || number > self.count() + 1 {
            return Err(self.no_such(number));
        }
        let mut lines = self.now.clone();
        lines.insert(number - 1, instruction.to_owned());
        Ok(self.changed(lines))
    }

    /// Returns the draft with the instruction at `number` replaced. Comments before it stay.
    pub fn replace(&self, number: usize, instruction: &str) -> Result<Self, NoSuchLine> {
        if number == 0 || number > self.count() {
            return Err(self.no_such(number));
        }
        let mut lines = self.now.clone();
        let line = &mut lines[number - 1];
        line.truncate(comments(line).len());
        line.push_str(instruction);
        Ok(self.changed(lines))
    }

    /// Returns the draft without the instruction at `number`.
    pub fn drop_line(&self, number: usize) -> Result<Self, NoSuchLine> {
        if number == 0 || number > self.count() {
            return Err(self.no_such(number));
        }
        let mut lines = self.now.clone();
        lines.remove(number - 1);
        Ok(self.changed(lines))
    }

    /// Returns the draft with the instruction at `from` moved so that it stands at `to`.
    pub fn move_line(&self, from: usize, to: usize) -> Result<Self, NoSuchLine> {
        for number in [from, to] {
            if number == 0 || number > self.count() {
                return Err(self.no_such(number));
            }
        }
        let mut lines = self.now.clone();
        let line = lines.remove(from - 1);
        lines.insert(to - 1, line);
        Ok(self.changed(lines))
    }

    /// Returns a draft of these instructions, which can be undone to this one.
    pub fn replaced_by(&self, instructions: Vec<String>) -> Self {
        self.changed(instructions)
    }

    /// Returns the version before, if there is one.
    pub fn undo(&self) -> Option<Self> {
        let mut draft = self.clone();
        let old = draft.before.pop()?;
        draft.undone.push(std::mem::replace(&mut draft.now, old));
        Some(draft)
    }

    /// Returns the version that was undone, if there is one.
    pub fn redo(&self) -> Option<Self> {
        let mut draft = self.clone();
        let next = draft.undone.pop()?;
        draft.before.push(std::mem::replace(&mut draft.now, next));
        Some(draft)
    }

    fn changed(&self, now: Vec<String>) -> Self {
        let mut before = self.before.clone();
        before.push(self.now.clone());
        let extra = before.len().saturating_sub(REMEMBERED);
        before.drain(..extra);
        Self {
            now,
            before,
            undone: Vec::new(),
        }
    }

    fn no_such(&self, number: usize) -> NoSuchLine {
        NoSuchLine {
            number,
            count: self.count(),
        }
    }
}

/// Returns the comments and blank lines that an instruction begins with.
pub fn comments(text: &str) -> &str {
    let is_before = |line: &&str| line.trim().is_empty() || line.trim_start().starts_with('#');
    let length = text.split_inclusive('\n').take_while(is_before);
    &text[..length.map(str::len).sum()]
}

fn is_comment(text: &str) -> bool {
    comments(text).len() == text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> Draft {
        Draft::default().with("FROM a").with("RUN b").with("RUN c")
    }

    #[test]
    fn undo_goes_back_and_redo_goes_on() {
        let back = draft().undo().unwrap().undo().unwrap();
        assert_eq!(back.text(), "FROM a\n");
        assert_eq!(back.redo().unwrap().text(), "FROM a\nRUN b\n");
        assert_eq!(back.with("RUN x").redo(), None);
        assert_eq!(Draft::default().undo(), None);
    }

    #[test]
    fn lines_are_moved_to_where_they_are_wanted() {
        assert_eq!(
            draft().move_line(3, 2).unwrap().text(),
            "FROM a\nRUN c\nRUN b\n"
        );
        assert_eq!(draft().drop_line(2).unwrap().text(), "FROM a\nRUN c\n");
        assert_eq!(
            draft().insert(2, "ENV x=1").unwrap().text(),
            "FROM a\nENV x=1\nRUN b\nRUN c\n"
        );
        let wrong = draft().replace(4, "RUN d");
        assert_eq!(
            wrong,
            Err(NoSuchLine {
                number: 4,
                count: 3
            })
        );
        assert!(draft().drop_line(0).is_err());
    }

    #[test]
    fn comments_belong_to_the_instruction_after_them() {
        let draft = Draft::default().with("# a").with("# b").with("FROM x");
        assert_eq!(draft.count(), 1);
        assert_eq!(
            draft.replace(1, "FROM y").unwrap().text(),
            "# a\n# b\nFROM y\n"
        );
        let waiting = draft.with("# c");
        assert_eq!(waiting.count(), 1);
        assert!(waiting.drop_line(2).is_err());
        assert_eq!(waiting.with("RUN z").count(), 2);
    }

    #[test]
    fn a_whole_text_is_kept_byte_for_byte() {
        let text = "# syntax=a\n\nFROM x\n\n# why\nRUN <<E\na\nE\nCMD c\n# end\n";
        let ends = ["FROM x", "a\nE", "CMD c"].map(|it| text.find(it).unwrap() + it.len());
        let draft = Draft::default().cut(text, &ends);
        assert_eq!(draft.text(), text);
        assert_eq!((draft.count(), draft.instructions().len()), (3, 4));
        assert_eq!(draft.instructions()[1], "\n# why\nRUN <<E\na\nE");
    }
}
