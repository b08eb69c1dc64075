//! The language as a tool: parse, expand, ignore-check, context ls.
//!
//! Nothing here needs a store, an image, or the caller's environment.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::Serialize;

use super::{Answer, Face, PAGE};
use crate::command;
use crate::diagnostic::Diagnostic;
use crate::parser;
use crate::parser::word::{self, Expanded, WordFault};
use crate::plan::ignore;
use crate::render::{self, PathFate};
use crate::session::{SessionError, Trouble, read_bytes, read_ignore, read_text};
use crate::source::Source;

/// The name of a word that stands in no file.
const WORD: &str = "WORD";

/// `expand --json`.
#[derive(Serialize)]
struct ExpandedJson {
    result: String,
    words: Vec<String>,
    used: Vec<String>,
    unset: Vec<String>,
}

/// `ignore-check --json`.
#[derive(Serialize)]
struct Fates<'a> {
    paths: &'a [PathFate],
}

impl Face<'_> {
    pub(super) fn parse(&mut self, call: &command::Parse) -> Answer {
        let name = call.file.display().to_string();
        let bytes = self.bytes_of(&name, &call.file)?;
        let source = read_text(&name, bytes, self.language())?;
        let file = parser::syntax(&source).map_err(|errors| SessionError::Dockerfile {
            diagnostics: errors
                .iter()
                .map(|error| error.diagnostic(&source, self.language()))
                .collect(),
            source: source.clone(),
        })?;
        if call.json {
            self.write_json(&parser::json::json(source.name(), &file));
            return Ok(0);
        }
        let mut page = String::new();
        for branch in parser::tree::tree(&file) {
            page += &self
                .screen
                .paint(&render::syntax_tree(&[branch], &self.screen));
            if page.len() >= PAGE {
                self.write(&std::mem::take(&mut page));
            }
        }
        self.write(&page);
        for warning in &file.warnings {
            let drawn =
                render::diagnostic(&warning.diagnostic(self.language()), &source, &self.screen);
            self.mutter(&self.screen.paint(&drawn));
        }
        Ok(0)
    }

    pub(super) fn expand(&mut self, call: &command::Expand) -> Answer {
        let bytes = std::os::unix::ffi::OsStrExt::as_bytes(call.word.as_os_str());
        let source = parser::decode_strictly(WORD, bytes.to_vec()).map_err(|_| {
            let help = not_text_help(self.language());
            Trouble::new(not_text(self.language())).with_help(help)
        })?;
        // Of two values for one name the later one stays.
        let variables: BTreeMap<&str, &str> = call
            .env
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let lookup = |name: &str| variables.get(name).map(|value| (*value).to_owned());
        let expanded = word::expand_located(source.text(), call.escape, &lookup)
            .map_err(|fault| self.misread(source, &fault))?;
        if call.json {
            self.write_json(&ExpandedJson::from(expanded));
        } else if call.words {
            for word in &expanded.words {
                self.line(word);
            }
        } else {
            self.line(&expanded.text);
            self.note_unset(&expanded);
        }
        Ok(0)
    }

    /// Shows a mistake in a word where it is.
    fn misread(&self, source: Source, fault: &WordFault) -> SessionError {
        let (error, language) = (&fault.error, self.language());
        let diagnostic = Diagnostic::error(error.id(), error.message(language), fault.span)
            .with_help(error.help(language));
        SessionError::Dockerfile {
            source,
            diagnostics: vec![diagnostic],
        }
    }

    /// Whoever looks on may wonder where a variable went; a script does not.
    fn note_unset(&mut self, expanded: &Expanded) {
        if !self.around.terminal || expanded.unset.is_empty() {
            return;
        }
        let names: Vec<&str> = expanded.unset.iter().map(String::as_str).collect();
        let note = unset(self.language(), &names.join(", "));
        self.mutter(&format!("note: {note}\n"));
    }

    pub(super) fn ignore_check(&mut self, call: &command::IgnoreCheck) -> Answer {
        let name = call.ignorefile.display().to_string();
        let bytes = self.bytes_of(&name, &call.ignorefile)?;
        // Comments may be in any encoding; a path that is not UTF-8 is in no context.
        let text = String::from_utf8_lossy(&bytes);
        let ignore = read_ignore(&name, &text, self.language())?;
        self.refuse_long(&call.paths)?;
        let paths = call.paths.iter().map(|path| path.to_string_lossy());
        let fates: Vec<PathFate> = paths
            .map(|path| PathFate::new(&path, ignore.decide(&path)))
            .collect();
        if call.json {
            self.write_json(&Fates { paths: &fates });
        } else {
            self.show(&render::path_fates(&name, &fates, &self.screen));
        }
        Ok(0)
    }

    /// A path that is longer than Linux takes is that of no file.
    fn refuse_long(&self, paths: &[OsString]) -> Result<(), Trouble> {
        let lengths = paths.iter().map(|path| path.len());
        match lengths.max() {
            Some(length) if length > ignore::LONGEST_PATH => {
                let language = self.language();
                Err(Trouble::new(long_path(
                    language,
                    length,
                    ignore::LONGEST_PATH,
                )))
            }
            _ => Ok(()),
        }
    }

    /// Reads a file. What `-` means is for the surroundings to say: a prompt's own lines are not for
    /// the verbs that are typed there.
    pub(super) fn bytes_of(&self, name: &str, file: &Path) -> Result<Vec<u8>, SessionError> {
        let stdin = self.around.stdin.filter(|_| file.as_os_str() == "-");
        let Some(stdin) = stdin else {
            return read_bytes(name, &self.path(file), self.language());
        };
        let mut bytes = Vec::new();
        let read = stdin
            .try_clone_to_owned()
            .and_then(|stdin| File::from(stdin).read_to_end(&mut bytes));
        read.map_err(|error| Trouble::system("read standard input", &error))?;
        Ok(bytes)
    }

    pub(super) fn context(&mut self, command: &command::Context) -> Answer {
        let command::Context::Ls(call) = command;
        let file = call.file.as_ref().map(|file| self.path(file));
        let listing = self
            .session
            .context_listing(&self.path(&call.path), file.as_deref())?;
        if call.json {
            self.write(&render::json(&listing));
        } else if call.excluded {
            self.show(&render::context_excluded(&listing, call.all, &self.screen));
        } else {
            self.show(&render::context_files(&listing, call.all, &self.screen));
        }
        Ok(0)
    }
}

impl From<Expanded> for ExpandedJson {
    fn from(expanded: Expanded) -> Self {
        Self {
            result: expanded.text,
            words: expanded.words,
            used: expanded.used.into_iter().collect(),
            unset: expanded.unset.into_iter().collect(),
        }
    }
}

crate::messages! {
    not_text() {
        en: "the word is not UTF-8 text",
        ko: "단어가 UTF-8 텍스트가 아닙니다",
    }
    long_path(length: usize, most: usize) {
        en: "a path of {length} bytes: Linux takes at most {most}",
        ko: "경로가 {length}바이트입니다. Linux의 경로는 최대 {most}바이트입니다",
    }
    not_text_help() {
        en: "a Dockerfile is UTF-8 text; check the encoding of the terminal or script",
        ko: "Dockerfile은 UTF-8 텍스트입니다. 터미널이나 스크립트의 인코딩을 확인하세요",
    }
    unset(names: &str) {
        en: "not set: {names}; --env NAME=VALUE gives a value",
        ko: "값이 정해지지 않은 변수: {names}. --env NAME=VALUE로 값을 줄 수 있습니다",
    }
}
