//! The host's own programs: a shell for `!cmd`, an editor, and strata itself for what waits.

use std::path::Path;
use std::process::{Command, Stdio};

use super::desk::{Desk, Done, DoneKind};
use crate::render::{Line, Style};

/// Editors that are tried where nobody said which: first the one that names its keys.
const EDITORS: [&str; 3] = ["nano", "vim", "vi"];

impl Desk {
    /// Carries out a line in the host's shell; an empty one opens the shell.
    pub(super) fn shell(&mut self, line: &str) -> Done {
        let shell = (self.opening.variable)("SHELL").filter(|shell| !shell.is_empty());
        let mut command = Command::new(shell.as_deref().unwrap_or("/bin/sh"));
        let line = line.trim();
        if !line.is_empty() {
            command.arg("-c").arg(line);
        }
        let code = self.start(&mut command);
        if line.split_whitespace().next() == Some("cd") {
            let folder = self.folder.display().to_string();
            let sentence = cd_ends(self.language(), &folder);
            self.remark(&sentence);
        }
        let kind = DoneKind::Shell;
        Done { kind, code }
    }

    /// Opens a file in the learner's editor, and waits.
    pub(super) fn edit_in_place(&mut self, file: &Path) -> i32 {
        let language = self.language();
        if !self.is_interactive() {
            return self.refuse(no_terminal(language), no_terminal_help(language));
        }
        let told = ["VISUAL", "EDITOR"].map(self.opening.variable);
        let told = told.into_iter().flatten().find(|editor| !editor.is_empty());
        let found = || EDITORS.into_iter().find(|editor| self.is_program(editor));
        let editor = match (told, found()) {
            (Some(told), _) => told,
            (None, Some(found)) => {
                if found != "nano" {
                    // Its screen covers this; who never saw it would not know how to leave.
                    self.say(&keys_of_vi(language, found));
                    let question = Line::styled(Style::Prompt, open_it(language));
                    if self.ask(&question).is_none() {
                        return 130;
                    }
                }
                found.to_owned()
            }
            (None, None) => return self.refuse(no_editor(language), no_editor_help(language)),
        };
        // An editor may come with options: EDITOR="code --wait".
        let mut command = Command::new("/bin/sh");
        command
            .arg("-c")
            .arg(format!("{editor} \"$1\""))
            .arg("sh")
            .arg(file);
        match self.start(&mut command) {
            0 => 0,
            code => {
                let help = no_editor_help(language);
                self.refuse(editor_failed(language, &editor, code), help);
                code
            }
        }
    }

    /// Has strata do something in a process of its own, so that Ctrl-C ends it and not the prompt.
    pub(super) fn strata(&mut self, words: &[String]) -> i32 {
        let settings = &self.opening.settings;
        let executable = settings
            .executable
            .as_deref()
            .unwrap_or(Path::new("strata"));
        let mut command = Command::new(executable);
        command.arg("--root").arg(self.session.root());
        command.args(["--lang", self.language().code()]).args(words);
        self.start(&mut command)
    }

    fn start(&mut self, command: &mut Command) -> i32 {
        command.current_dir(&self.folder);
        if !self.is_interactive() {
            // The pipe holds the next lines.
            command.stdin(Stdio::null());
        }
        match command.status() {
            Ok(status) => {
                use std::os::unix::process::ExitStatusExt;
                let signal = status.signal().map(|signal| 128 + signal);
                status.code().or(signal).unwrap_or(1)
            }
            Err(error) => {
                let program = command.get_program().to_string_lossy().into_owned();
                let message = cannot_start(self.language(), &program, &error.to_string());
                self.refuse(message, None)
            }
        }
    }

    /// Tells whether the host has a program of this name.
    pub(super) fn is_program(&self, name: &str) -> bool {
        let is_name = !name.is_empty() && !name.contains('/');
        let path = &self.opening.settings.path;
        is_name && std::env::split_paths(path).any(|folder| folder.join(name).is_file())
    }
}

crate::messages! {
    cd_ends(folder: &str) {
        en: "A `cd` ends with its line. Builds look at {folder}, where strata was started.",
        ko: "`cd`는 그 줄에서 끝납니다. 빌드는 strata를 시작한 폴더 {folder}에서 합니다.",
    }
    no_terminal() {
        en: "an editor needs a terminal",
        ko: "편집기를 열려면 터미널이 필요합니다",
    }
    no_terminal_help() {
        en: "`insert`, `replace`, `move` and `drop` change the draft without one",
        ko: "`insert`, `replace`, `move`, `drop`은 터미널 없이도 초안을 바꿀 수 있습니다",
    }
    keys_of_vi(editor: &str) {
        en: "This opens {editor}: `i` begins to write; Esc, then `:wq` saves and leaves, `:q!` leaves only.",
        ko: "{editor} 편집기를 엽니다. `i`를 누르면 입력하고, Esc 다음 `:wq`는 저장하고 나가기, `:q!`는 그냥 나가기입니다.",
    }
    open_it() { en: "[Enter] open it > ", ko: "[Enter] 열기 > " }
    no_editor() {
        en: "no editor was found",
        ko: "편집기를 찾지 못했습니다",
    }
    no_editor_help() {
        en: "name one before strata is started: `export EDITOR=nano`",
        ko: "strata를 시작하기 전에 정하세요: `export EDITOR=nano`",
    }
    editor_failed(editor: &str, code: i32) {
        en: "the editor `{editor}` ended with exit code {code}; nothing is taken over",
        ko: "편집기 `{editor}` 프로그램이 실패해서(종료 코드 {code}) 아무것도 바꾸지 않았습니다",
    }
    cannot_start(program: &str, why: &str) {
        en: "cannot start {program}: {why}",
        ko: "{program} 프로그램을 시작할 수 없습니다: {why}",
    }
}
