//! `fmt`: Dockerfiles laid out anew, in place.

use std::path::Path;
use std::time::Duration;

use similar::{ChangeTag, TextDiff};

use super::{Answer, Face};
use crate::command;
use crate::parser;
use crate::session::{Result, SessionError, Trouble, read_to_rewrite, replace_file};

/// Lines shown around what would change.
const AROUND: usize = 2;
/// Looking for the shortest difference of two long files takes no longer; what is found by then is
/// a difference, too.
const PATIENCE: Duration = Duration::from_millis(200);

impl Face<'_> {
    pub(super) fn fmt(&mut self, call: &command::Fmt) -> Answer {
        let mut changed = false;
        // All are read before one is written.
        let laid_out: Vec<(&Path, String, String)> = call
            .files
            .iter()
            .map(|file| self.laid_out(file))
            .collect::<Result<_>>()?;
        for (file, before, after) in laid_out {
            if file.as_os_str() == "-" && !call.check {
                self.write(&after);
            } else if before != after {
                changed = true;
                self.change(file, &before, &after, call.check)?;
            }
        }
        Ok(i32::from(changed && call.check))
    }

    /// Returns a file's text as it is and as it should be.
    fn laid_out<'a>(&self, file: &'a Path) -> Result<(&'a Path, String, String)> {
        let name = file.display().to_string();
        let source = read_to_rewrite(&name, &self.path(file), self.language())?;
        let after = parser::format(&source).map_err(|errors| SessionError::Dockerfile {
            diagnostics: errors
                .iter()
                .map(|error| error.diagnostic(&source, self.language()))
                .collect(),
            source: source.clone(),
        })?;
        Ok((file, source.text().to_owned(), after))
    }

    fn change(&mut self, file: &Path, before: &str, after: &str, check: bool) -> Result<()> {
        let (name, language) = (file.display().to_string(), self.language());
        if check {
            self.line(&would_change(language, &name));
            self.write(&difference(before, after));
            return Ok(());
        }
        replace_file(&self.path(file), after.as_bytes())
            .map_err(|error| Trouble::system(&format!("write {name}"), &error))?;
        self.line(&laid_out(language, &name));
        Ok(())
    }
}

/// Draws what would change, as diff(1) does.
fn difference(before: &str, after: &str) -> String {
    let diff = TextDiff::configure()
        .timeout(PATIENCE)
        .diff_lines(before, after);
    let mut drawn = String::new();
    for group in diff.grouped_ops(AROUND) {
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Delete => "-",
                ChangeTag::Insert => "+",
                ChangeTag::Equal => " ",
            };
            let line = change.value().trim_end_matches('\n');
            drawn.extend(["  ", sign, " ", line, "\n"]);
        }
    }
    drawn
}

crate::messages! {
    laid_out(name: &str) {
        en: "{name}: laid out anew; no instruction reads differently",
        ko: "{name}: 모양을 정리했습니다. 명령의 뜻은 그대로입니다",
    }
    would_change(name: &str) {
        en: "{name}: would be laid out anew:",
        ko: "{name}: 다음과 같이 정리됩니다:",
    }
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn a_difference_shows_both_lines_and_what_is_around() {
        let drawn = difference("FROM a\nrun x\nCMD y\n", "FROM a\nRUN x\nCMD y\n");
        assert_eq!(drawn, "    FROM a\n  - run x\n  + RUN x\n    CMD y\n");
    }
}
