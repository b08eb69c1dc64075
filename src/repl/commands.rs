//! A command is typed: words, then clap, then whoever does it.

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};

use super::desk::{Desk, Done, DoneKind};
use super::line_kind::LineKind;
use super::unknown_word;
use super::verb::{Change, Own, PREFIXES, PromptLine, PromptVerb};
use crate::command::{self, Command, for_help};
use crate::face::usage;
use crate::language::Language;
use crate::session::Trouble;

impl Desk {
    /// Carries out one line of any kind; instructions of a paste come one by one.
    pub fn carry_out(&mut self, line: &str) -> Done {
        self.carry_out_piece(line, true)
    }

    /// Carries out a line. `last` tells that no more lines of the same paste follow.
    pub(super) fn carry_out_piece(&mut self, line: &str, last: bool) -> Done {
        match LineKind::of(line, |word| self.is_verb(word)) {
            LineKind::Empty => Done {
                kind: DoneKind::Empty,
                code: 0,
            },
            LineKind::Shell => self.shell(line.trim_start().trim_start_matches('!')),
            LineKind::Instruction => self.instruction(line.trim_end(), last),
            LineKind::Command => self.command(line),
        }
    }

    /// Tells whether a word is a verb.
    pub(super) fn is_verb(&self, word: &str) -> bool {
        self.verbs.names.iter().any(|verb| verb == word)
    }

    fn command(&mut self, line: &str) -> Done {
        let (line, bare) = without_prefix(line.trim());
        let name = line.split_whitespace().next().unwrap_or("help");
        let code = match self.words(line) {
            Ok(words) if words == ["docker"] => self.help(None),
            Ok(words) => match parse(&words) {
                Ok(verb) => return self.dispatch(verb, line, &words, bare),
                Err(error) => self.refuse_words(&error, &words, line, bare),
            },
            Err(trouble) => self.complain(&trouble.into()),
        };
        Done::verb(name, code)
    }

    /// Cuts a line into words as a shell would.
    fn words(&self, line: &str) -> Result<Vec<String>, Trouble> {
        let folder = self.folder.display().to_string();
        let line = with_folder(line, &folder);
        // An instruction in the middle of a line has quotes of its own.
        if let Some(words) = change_words(&line) {
            return Ok(words);
        }
        shlex::split(&line).ok_or_else(|| {
            Trouble::new(open_quote(self.language())).with_help(open_quote_help(self.language()))
        })
    }

    fn dispatch(&mut self, verb: PromptVerb, line: &str, words: &[String], bare: bool) -> Done {
        let name = words.first().map_or("", String::as_str);
        let code = match verb {
            PromptVerb::Own(Own::Exit { code }) => {
                let kind = DoneKind::Leave;
                return Done { kind, code };
            }
            PromptVerb::Own(own) => self.own(own, line),
            PromptVerb::Shared(command) => self.shared(command.short(), words, bare),
        };
        Done::verb(name, code)
    }

    fn own(&mut self, verb: Own, line: &str) -> i32 {
        match verb {
            Own::Draft => self.show_draft(),
            Own::Write { file } => self.write_draft(file.as_deref()),
            Own::Open { file } => self.open(&file),
            Own::Edit { file: None } => self.edit_draft(),
            Own::Edit { file: Some(file) } => self.edit_file(&file),
            Own::Insert(Change { number, text }) => {
                self.change(self.draft.insert(number, &text.join(" ")), line)
            }
            Own::Replace(Change { number, text }) => {
                self.change(self.draft.replace(number, &text.join(" ")), line)
            }
            Own::Move { from, to } => self.change(self.draft.move_line(from, to), line),
            Own::Drop { number } => self.change(self.draft.drop_line(number), line),
            Own::Undo => self.undo(),
            Own::Redo => self.redo(),
            Own::New => self.begin_anew(),
            Own::In { number, words } => self.look_inside(number, &words),
            Own::Help { word } => self.help(word.as_deref()),
            Own::Lang { language } => self.choose_language(language.as_deref()),
            Own::Exit { code } => code,
        }
    }

    /// Does a verb that the shell has, too. `bare` tells that no `docker` stood before it: then
    /// what is left out is the draft.
    fn shared(&mut self, command: Command, words: &[String], bare: bool) -> i32 {
        let has_draft = bare && !self.draft.is_empty();
        match command {
            Command::Files(call) => match call.what.parse() {
                Ok(number) => self.files_of(number, call.json),
                Err(_) => self.face(|face| face.run(Command::Files(call))),
            },
            Command::Waste(call) => self.looking_at(call.image.clone(), |image| {
                Command::Waste(command::Waste { image, ..call })
            }),
            Command::Log(call) => self.looking_at(call.image.clone(), |image| {
                Command::Log(command::Log { image, ..call })
            }),
            Command::Why(call) => self.why(&call),
            Command::Stack(call) => self.stack(&call),
            Command::Plan(call) if has_draft && is_of_draft(&call, words) => self.plan(&call),
            Command::Check(call)
                if bare
                    && call.file.is_none()
                    && call.explain.is_none()
                    && !self.draft.is_empty() =>
            {
                self.check_draft(&call)
            }
            Command::Run(call) if bare && call.detach => self.run_line(&call, words),
            Command::Run(call) if bare => self.in_foreground(|desk| desk.run_line(&call, words)),
            Command::Run(call) if !call.detach => {
                self.in_foreground(|desk| desk.face(|face| face.run(Command::Run(call))))
            }
            Command::Attach(call) => {
                self.in_foreground(|desk| desk.face(|face| face.run(Command::Attach(call))))
            }
            Command::Start(call) if call.attach || call.interactive => {
                self.in_foreground(|desk| desk.face(|face| face.run(Command::Start(call))))
            }
            Command::Exec(call) if !call.detach => {
                self.in_foreground(|desk| desk.face(|face| face.run(Command::Exec(call))))
            }
            Command::Expand(call) if has_draft => self.expand(call),
            Command::Build(call) => {
                let code = self.face(|face| face.run(Command::Build(call)));
                self.built.clone_from(&self.last.build);
                code
            }
            // These wait for something else to happen, and Ctrl-C is to end the waiting only.
            Command::Logs(call) if call.follow => self.strata(words),
            Command::Stats(call) if !call.no_stream => self.strata(words),
            // Lessons have their own course and their own questions.
            Command::Wait(_) | Command::Lesson(_) => self.strata(words),
            Command::Learn(_) => {
                let language = self.language();
                self.refuse(no_guide(language), None)
            }
            other => self.face(|face| face.run(other)),
        }
    }

    /// `run` without an image, or with `--` instead, runs the draft.
    fn run_line(&mut self, call: &command::Run, words: &[String]) -> i32 {
        let before = words.len().checked_sub(call.words.len() + 1);
        let after_dashes = before.is_some_and(|at| words[at] == "--");
        if call.words.is_empty() || after_dashes {
            return self.run_draft(call);
        }
        let flags = &words[1..before.map_or(1, |at| at + 1).max(1)];
        match self.meant_instruction(flags, &call.words) {
            Some(trouble) => self.complain(&trouble.into()),
            None => self.face(|face| face.run(Command::Run(Box::new(call.clone())))),
        }
    }

    /// Answers words that clap does not understand, or that ask for help.
    fn refuse_words(
        &mut self,
        error: &clap::Error,
        words: &[String],
        line: &str,
        bare: bool,
    ) -> i32 {
        if !error.use_stderr() {
            let help = for_help(PromptLine::command(), self.language());
            let asked = help.try_get_matches_from(shell_words(words)).err();
            let asked = asked.filter(|again| !again.use_stderr());
            self.show_usage(&asked.as_ref().unwrap_or(error).to_string());
            return 0;
        }
        let name = words.first().map_or("", String::as_str);
        let nested = [
            "image",
            "container",
            "volume",
            "generate",
            "network",
            "system",
            "lesson",
            "context",
        ]
        .contains(&name)
            && words.len() == 1;
        if nested {
            return self.help(Some(name));
        }
        let missing = error.kind() == ErrorKind::MissingRequiredArgument;
        if missing && bare && name == "build" && !self.draft.is_empty() {
            let with_folder: Vec<String> = words.iter().cloned().chain([".".to_owned()]).collect();
            if let Ok(PromptVerb::Shared(Command::Build(call))) = parse(&with_folder) {
                return self.build_draft(&call);
            }
        }
        let language = self.language();
        let typed: Vec<String> = shell_words(words).collect();
        let mut trouble = usage::trouble(error, &typed, &self.verbs.names, language);
        if error.kind() == ErrorKind::InvalidSubcommand {
            let near = usage::suggestion(error, &typed, &self.verbs.names).is_some();
            let program = name.trim_end_matches([';', '&', '|']);
            trouble = match near {
                _ if let Some(help) = unknown_word::help(words, language) => {
                    trouble.with_help(help)
                }
                _ if self.is_program(program) => trouble.with_help(host_program(language, line)),
                true => trouble,
                false => trouble.with_help(verbs_help(language)),
            };
        }
        let form = self.verbs.usages.iter().find(|(verb, _)| verb == name);
        if let Some((verb, form)) = form.filter(|_| missing) {
            trouble = trouble.with_help(the_form(language, verb, form));
        }
        self.complain(&trouble.into())
    }

    fn choose_language(&mut self, code: Option<&str>) -> i32 {
        let language = self.language();
        let Some(code) = code else {
            self.say(&speaking(language));
            return 0;
        };
        match Language::from_locale(code) {
            Some(chosen) => {
                self.set_language(chosen);
                self.say(&speaking(chosen));
                0
            }
            None => self.refuse(no_language(language, code), no_language_help(language)),
        }
    }
}

fn parse(words: &[String]) -> Result<PromptVerb, clap::Error> {
    PromptLine::try_parse_from(shell_words(words)).map(|line| line.verb)
}

/// Puts the program's name before the words, as in a shell.
fn shell_words(words: &[String]) -> impl Iterator<Item = String> + '_ {
    std::iter::once("strata".to_owned()).chain(words.iter().cloned())
}

/// Returns a line without `docker` or `strata` before its verb, and whether none was there.
fn without_prefix(line: &str) -> (&str, bool) {
    let mut rest = line;
    loop {
        let cut = PREFIXES.into_iter().find_map(|prefix| {
            let after = rest.strip_prefix(prefix)?;
            after
                .starts_with(char::is_whitespace)
                .then(|| after.trim_start())
        });
        match cut {
            Some(after) => rest = after,
            None => return (rest, rest.len() == line.len()),
        }
    }
}

/// Cuts `insert N TEXT` and `replace N TEXT`: the instruction stays one word, with its quotes.
fn change_words(line: &str) -> Option<Vec<String>> {
    let (verb, rest) = line.split_once(char::is_whitespace)?;
    if !["insert", "replace"].contains(&verb) {
        return None;
    }
    let (number, text) = rest.trim_start().split_once(char::is_whitespace)?;
    let words = [verb, number, text.trim()];
    (!number.starts_with('-')).then(|| words.map(str::to_owned).to_vec())
}

/// Puts the folder for `$PWD` and `$(pwd)`, which `-v` wants; nothing else is a shell's here.
fn with_folder(line: &str, folder: &str) -> String {
    let mut quoted = false;
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(character) = rest.chars().next() {
        quoted ^= character == '\'';
        let names = ["$PWD", "${PWD}", "$(pwd)"];
        let name = names
            .iter()
            .find(|name| !quoted && rest.starts_with(**name));
        if let Some(name) = name {
            text.push_str(folder);
            rest = &rest[name.len()..];
        } else {
            text.push(character);
            rest = &rest[character.len_utf8()..];
        }
    }
    text
}

/// Tells whether a `plan` names no file and no folder.
fn is_of_draft(call: &command::Plan, words: &[String]) -> bool {
    let names_folder = words.iter().skip(1).any(|word| word == ".");
    call.options.file.is_none() && call.path.as_os_str() == "." && !names_folder
}

crate::messages! {
    open_quote() {
        en: "a quote is opened and not closed",
        ko: "따옴표가 열리고 닫히지 않았습니다",
    }
    open_quote_help() {
        en: "close it, or write a backslash before it",
        ko: "닫거나, 앞에 백슬래시(\\)를 쓰세요",
    }
    host_program(line: &str) {
        en: "for this machine's own program begin with a `!`: `!{line}`",
        ko: "이 컴퓨터의 프로그램을 실행하려면 앞에 `!`를 쓰세요: `!{line}`",
    }
    the_form(verb: &str, words: &str) {
        en: "the form is `{verb} {words}`; `help {verb}` says more",
        ko: "`{verb} {words}` 형식으로 씁니다. `help {verb}`로 더 볼 수 있습니다",
    }
    verbs_help() {
        en: "`help` lists the verbs; instructions such as RUN begin with capitals",
        ko: "`help`로 명령 목록을 볼 수 있습니다. RUN 같은 Dockerfile 명령은 대문자로 씁니다",
    }
    no_guide() {
        en: "there are no lessons here",
        ko: "여기에는 레슨이 없습니다",
    }
    speaking() {
        en: "Messages are in English. `lang ko` is Korean.",
        ko: "한국어로 말합니다. `lang en`은 영어입니다.",
    }
    no_language(code: &str) {
        en: "there is no language `{code}`",
        ko: "`{code}` 언어는 없습니다",
    }
    no_language_help() {
        en: "`lang en` or `lang ko`",
        ko: "`lang en` 또는 `lang ko`",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn docker_and_strata_before_a_verb_are_left_out() {
        assert_eq!(without_prefix("docker  run x"), ("run x", false));
        assert_eq!(without_prefix("run docker x"), ("run docker x", true));
        assert_eq!(without_prefix("dockers"), ("dockers", true));
    }

    #[test]
    fn an_instruction_in_a_line_keeps_its_quotes() {
        let words = change_words("replace 3 CMD [\"it's\"]").unwrap();
        assert_eq!(words, ["replace", "3", "CMD [\"it's\"]"]);
        assert_eq!(change_words("insert 3"), None);
        assert_eq!(change_words("insert --help x"), None);
    }

    #[test]
    fn the_folder_is_put_outside_single_quotes() {
        let line = with_folder(
            "run -v $PWD/a:/a -v \"$(pwd)\":/b x sh -c 'echo $PWD'",
            "/w",
        );
        assert_eq!(line, "run -v /w/a:/a -v \"/w\":/b x sh -c 'echo $PWD'");
    }

    #[test]
    fn a_plan_of_a_named_folder_is_not_of_the_draft() {
        let plan = |line: &str| {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            match parse(&words) {
                Ok(PromptVerb::Shared(Command::Plan(call))) => is_of_draft(&call, &words),
                other => panic!("{other:?}"),
            }
        };
        assert!(plan("plan") && plan("plan --build-arg A=1"));
        assert!(!plan("plan .") && !plan("plan -f x") && !plan("plan src"));
    }
}
