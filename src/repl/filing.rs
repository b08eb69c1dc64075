//! Verbs between the draft and files: write, open, edit.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::changing::cannot_write;
use super::desk::Desk;
use super::journal::{Act, FileChange};
use super::typing::empty_draft;
use crate::build::BuildReport;
use crate::parser;
use crate::plan::MissReason;
use crate::render::{self, Line, Style};
use crate::session::draft;
use crate::session::{SessionError, read_to_rewrite};
use crate::source::Source;

const DOCKERFILE: &str = "Dockerfile";
const IGNORE_FILE: &str = ".dockerignore";

impl Desk {
    /// Writes the draft to a file of the context. Another text that stands there is kept beside it.
    pub(super) fn write_draft(&mut self, file: Option<&Path>) -> i32 {
        let language = self.language();
        if self.draft.count() == 0 {
            return self.complain(&empty_draft(language).into());
        }
        let path = self.folder.join(file.unwrap_or(Path::new(DOCKERFILE)));
        let name = self.shown(&path);
        let text = self.draft.text();
        if fs::read(&path).is_ok_and(|old| old == text.as_bytes()) {
            self.say(&already_so(language, &name));
        } else {
            match write_beside(&path, &text) {
                Ok(changes) => {
                    self.say(&written(language, &name, self.draft.count()));
                    if let [kept, _] = &changes[..] {
                        let kept = self.shown(&kept.path);
                        self.say(&old_is_kept(language, &name, &kept));
                    }
                    self.journal.add(Act::Files(changes));
                }
                Err(error) => {
                    return self.refuse(cannot_write(language, &name, &error.to_string()), None);
                }
            }
        }
        self.offer_ignoring(&name);
        0
    }

    /// Says which step now sees a file that was written, and offers to keep it out.
    fn offer_ignoring(&mut self, name: &str) {
        let Some((step, text)) = self.seen_by(name) else {
            return;
        };
        let language = self.language();
        self.say(&now_seen(language, step, &text, name));
        let lines = [format!("{name}*"), IGNORE_FILE.to_owned()];
        if !self.is_interactive() {
            return self.remark(&ignore_advice(language, &lines.join(", ")));
        }
        self.say(&ignore_lines(language, &lines.join("`, `")));
        let question = Line::styled(Style::Prompt, add_them(language));
        if !self.agrees(&question) {
            return;
        }
        let path = self.folder.join(IGNORE_FILE);
        let change = FileChange::begin(&path);
        if let Err(error) = append(&path, &lines) {
            self.refuse(
                cannot_write(language, IGNORE_FILE, &error.to_string()),
                None,
            );
            return;
        }
        self.journal.add(Act::Files(vec![change.end()]));
        match self.seen_by(name) {
            Some((step, _)) => self.say(&still_seen(language, step)),
            None => self.say(&no_longer_seen(language)),
        }
    }

    /// Returns the first step that would run again because it copies a file, and its text.
    fn seen_by(&self, name: &str) -> Option<(usize, String)> {
        let forecast = self.session.forecast(&self.call(&self.draft)).ok()?;
        let step = forecast.steps.iter().find(|step| {
            step.reasons.iter().any(|reason| match reason {
                MissReason::FilesChanged { files } => files
                    .iter()
                    .any(|file| file.path.trim_start_matches('/') == name),
                _ => false,
            })
        })?;
        Some((step.number, step.text.clone()))
    }

    /// Makes a file of the context the draft.
    pub(super) fn open(&mut self, file: &Path) -> i32 {
        let path = self.folder.join(file);
        let name = self.shown(&path);
        let read = read_to_rewrite(&name, &path, self.language());
        match read.and_then(|source| self.take_text(&source)) {
            Ok(code) => code,
            Err(error) => self.complain(&error),
        }
    }

    /// Makes a text the draft and builds it. It stays the draft when a step fails: so it can be
    /// corrected.
    fn take_text(&mut self, source: &Source) -> Result<i32, SessionError> {
        let wrong = |errors: Vec<parser::ParseError>| SessionError::Dockerfile {
            diagnostics: errors
                .iter()
                .map(|error| error.diagnostic(source, self.language()))
                .collect(),
            source: source.clone(),
        };
        parser::parse(source).map_err(wrong)?;
        let file = parser::syntax(source).map_err(wrong)?;
        let ends: Vec<usize> = file.instructions.iter().map(|node| node.span.end).collect();
        let draft = self.draft.cut(source.text(), &ends);
        if draft.instructions() == self.draft.instructions() {
            let sentence = unchanged(self.language());
            self.remark(&sentence);
            return Ok(0);
        }
        for line in draft.instructions() {
            if !self.is_agreed(&line[draft::comments(line).len()..]) {
                return Ok(1);
            }
        }
        let forecast = self.session.forecast(&self.call(&draft))?;
        self.say_misses(&forecast);
        self.adopt(draft);
        Ok(match self.built_draft() {
            Ok(report) => {
                self.show_stack(&report);
                0
            }
            Err(code) => code,
        })
    }

    pub(super) fn show_stack(&mut self, report: &BuildReport) {
        let verbs = render::draft_verbs(report);
        self.show(&render::layer_stack(report, &verbs, &self.screen));
        self.heads_shown = true;
    }

    /// Opens the draft in an editor. A text that could not be taken is opened again next time.
    pub(super) fn edit_draft(&mut self) -> i32 {
        let text = self.rejected.take().unwrap_or_else(|| self.draft.text());
        match self.edited(&text) {
            Ok(edited) if edited == self.draft.text() => {
                let sentence = unchanged(self.language());
                self.remark(&sentence);
                0
            }
            Ok(edited) if edited.trim().is_empty() => self.begin_anew(),
            Ok(edited) => {
                let source = Source::new(crate::session::DRAFT, edited.as_str());
                match self.take_text(&source) {
                    Ok(code) => code,
                    Err(error) => {
                        self.rejected = Some(edited);
                        let code = self.complain(&error);
                        let sentence = edit_again(self.language());
                        self.remark(&sentence);
                        code
                    }
                }
            }
            Err(code) => code,
        }
    }

    /// Has a text edited in a file of its own.
    fn edited(&mut self, text: &str) -> Result<String, i32> {
        let language = self.language();
        let made = tempfile::tempdir().and_then(|folder| {
            let path = folder.path().join(DOCKERFILE);
            fs::write(&path, text)?;
            Ok((folder, path))
        });
        // The folder goes when it is dropped.
        let (_folder, path) = match made {
            Ok(made) => made,
            Err(error) => {
                let message = cannot_write(language, DOCKERFILE, &error.to_string());
                return Err(self.refuse(message, None));
            }
        };
        match self.edit_in_place(&path) {
            0 => fs::read_to_string(&path).map_err(|error| {
                let message = cannot_read(language, DOCKERFILE, &error.to_string());
                self.refuse(message, None)
            }),
            code => Err(code),
        }
    }

    /// Opens a file of the context in an editor, and says what that means for the draft.
    pub(super) fn edit_file(&mut self, file: &Path) -> i32 {
        let path = self.folder.join(file);
        let change = FileChange::begin(&path);
        let code = self.edit_in_place(&path);
        if code != 0 {
            return code;
        }
        let change = change.end();
        let (language, name) = (self.language(), self.shown(&path));
        if !change.is_change() {
            self.remark(&file_unchanged(language, &name));
            return 0;
        }
        self.journal.add(Act::Files(vec![change]));
        match self.seen_by(&name) {
            Some((step, text)) => self.say(&would_miss(language, &name, step, &text)),
            None if self.draft().is_empty() => self.say(&file_has_changed(language, &name)),
            None => self.say(&file_changed(language, &name)),
        }
        0
    }
}

/// Writes a file in one step. Another text that stands there is first kept under a free name:
/// `Dockerfile.1`. Returns the changes, the kept file's first.
fn write_beside(path: &Path, text: &str) -> io::Result<Vec<FileChange>> {
    let mut changes = Vec::new();
    let mut mode = 0o644;
    if let Ok(metadata) = fs::metadata(path) {
        mode = metadata.permissions().mode();
        let kept = free_name(path);
        let change = FileChange::begin(&kept);
        fs::copy(path, &kept)?;
        changes.push(change.end());
    }
    let change = FileChange::begin(path);
    let folder = path.parent().unwrap_or(Path::new("/"));
    let mut new = tempfile::NamedTempFile::new_in(folder)?;
    new.write_all(text.as_bytes())?;
    new.as_file()
        .set_permissions(fs::Permissions::from_mode(mode))?;
    new.persist(path)?;
    changes.push(change.end());
    Ok(changes)
}

fn free_name(path: &Path) -> PathBuf {
    let numbered = |number: u32| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{number}"));
        PathBuf::from(name)
    };
    let mut names = (1..).map(numbered);
    names
        .find(|name| !name.exists())
        .expect("some number is free")
}

/// Adds lines to a text file that are not in it yet.
fn append(path: &Path, lines: &[String]) -> io::Result<()> {
    let mut text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    for line in lines {
        if text.lines().any(|old| old.trim() == line) {
            continue;
        }
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(line);
        text.push('\n');
    }
    fs::write(path, text)
}

/// Returns the text of a draft as it would be written.
#[cfg(test)]
fn text_of(lines: &[&str]) -> String {
    let draft = lines
        .iter()
        .fold(draft::Draft::default(), |draft, line| draft.with(line));
    draft.text()
}

crate::messages! {
    already_so(name: &str) {
        en: "{name} already says this.",
        ko: "{name} 파일이 이미 이 내용입니다.",
    }
    written(name: &str, lines: usize) {
        en: "{name} is written ({lines} instructions).",
        ko: "{name} 파일을 썼습니다(명령 {lines}개).",
    }
    old_is_kept(name: &str, kept: &str) {
        en: "The {name} that was there is now {kept}.",
        ko: "전에 있던 {name} 파일의 새 이름은 {kept}입니다.",
    }
    now_seen(step: usize, text: &str, name: &str) {
        en: "Step {step}, {text}, now sees {name} as well: it would run again.",
        ko: "이제 {step}단계 {text} 명령이 {name} 파일도 보게 되어, 다시 실행됩니다.",
    }
    ignore_lines(lines: &str) {
        en: "Lines in .dockerignore keep it out of the build: `{lines}`.",
        ko: ".dockerignore에 다음 줄을 넣으면 빌드에서 빠집니다: `{lines}`.",
    }
    ignore_advice(lines: &str) {
        en: "Lines in .dockerignore would keep it out of the build: {lines}",
        ko: ".dockerignore에 다음 줄을 넣으면 빌드에서 빠집니다: {lines}",
    }
    add_them() {
        en: "Add them? [y] yes, Enter no > ",
        ko: "넣을까요? [y] 예, Enter 아니요 > ",
    }
    no_longer_seen() {
        en: "Written. No step sees it any more: `build .` reuses them all.",
        ko: "넣었습니다. 이제 보는 단계가 없으니 `build .`가 모두 재사용합니다.",
    }
    still_seen(step: usize) {
        en: "Written, but step {step} still sees it: another line of .dockerignore brings it back.",
        ko: "넣었지만 {step}단계가 여전히 봅니다. .dockerignore의 다른 줄이 다시 포함시킵니다.",
    }
    unchanged() {
        en: "Nothing changed.",
        ko: "바뀐 것이 없습니다.",
    }
    edit_again() {
        en: "The draft is as it was. `edit` opens your text again.",
        ko: "초안은 그대로입니다. `edit`로 고치던 글을 다시 열 수 있습니다.",
    }
    cannot_read(name: &str, why: &str) {
        en: "cannot read {name}: {why}",
        ko: "{name} 파일을 읽을 수 없습니다: {why}",
    }
    file_unchanged(name: &str) {
        en: "{name} is unchanged.",
        ko: "{name} 파일은 그대로입니다.",
    }
    file_has_changed(name: &str) {
        en: "{name} has changed.",
        ko: "{name} 파일이 바뀌었습니다.",
    }
    file_changed(name: &str) {
        en: "{name} has changed. No step of the draft copies it.",
        ko: "{name} 파일이 바뀌었습니다. 초안에서 이 파일을 복사하는 단계는 없습니다.",
    }
    would_miss(name: &str, step: usize, text: &str) {
        en: "{name} has changed: step {step}, {text}, would run again. `plan` shows the rest, `build` does it.",
        ko: "{name} 파일이 바뀌어서 {step}단계 {text} 명령이 다시 실행됩니다. `plan`으로 나머지를 보고 `build`로 실행하세요.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_there_is_kept_beside_the_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("Dockerfile");
        let text = text_of(&["FROM a"]);
        assert_eq!(write_beside(&path, &text).unwrap().len(), 1);
        write_beside(&path, "two\n").unwrap();
        write_beside(&path, "three\n").unwrap();
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(read("Dockerfile"), "three\n");
        assert_eq!(read("Dockerfile.1"), "FROM a\n");
        assert_eq!(read("Dockerfile.2"), "two\n");
    }

    #[test]
    fn lines_are_added_once_and_on_lines_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".dockerignore");
        fs::write(&path, "*.log").unwrap();
        let lines = ["Dockerfile*", ".dockerignore"].map(str::to_owned);
        append(&path, &lines).unwrap();
        append(&path, &lines).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text, "*.log\nDockerfile*\n.dockerignore\n");
    }
}
