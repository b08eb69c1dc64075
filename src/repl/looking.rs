//! Verbs that look into the draft and its last build: in, files, why, stack, plan, run, build.

use super::desk::Desk;
use super::quiet_terminal::QuietTerminal;
use super::typing::empty_draft;
use crate::build::practice::BUILT_IN;
use crate::build::{BuildReport, StepReport, StepState};
use crate::command::{self, Command};
use crate::render;
use crate::session::{DRAFT, RunCall, Trouble, Which};

/// The shell that `in` opens.
const SHELL: &str = "/bin/sh";

/// First words that are programs of a container's shell, whether this machine has them or not.
const PROGRAMS: [&str; 14] = [
    "apk", "apt", "apt-get", "bundle", "cargo", "dnf", "go", "make", "npm", "pip", "pip3", "pnpm",
    "yarn", "yum",
];

impl Desk {
    /// Returns the build that `in`, `files` and `stack` look into: the last one that was carried
    /// out, else the draft's.
    fn looked_into(&mut self) -> Result<BuildReport, i32> {
        match &self.built {
            Some(report) => Ok(report.clone()),
            None => self.built_draft(),
        }
    }

    fn step_of(&mut self, report: &BuildReport, number: usize) -> Result<StepReport, i32> {
        let found = report.step(number).cloned();
        let language = self.language();
        found.ok_or_else(|| self.refuse(no_step(language, number, report.count()), None))
    }

    /// Opens a shell in the image as it is after a step, or before it if it failed; with words,
    /// runs them there. What is changed is thrown away.
    pub(super) fn look_inside(&mut self, number: usize, words: &[String]) -> i32 {
        let looked = self.looked_into().and_then(|report| {
            let step = self.step_of(&report, number)?;
            Ok((report, step))
        });
        let (report, step) = match looked {
            Ok(looked) => looked,
            Err(code) => return code,
        };
        let language = self.language();
        let Some(image) = image_for(&report, &step) else {
            return self.refuse(nothing_there(language, number), None);
        };
        let is_shell = words.is_empty();
        if is_shell && !self.face(|face| face.around.terminal) {
            return self.refuse(no_terminal(language), no_terminal_help(language, number));
        }
        if is_shell {
            let sentence = match step.state {
                StepState::Fail => shell_before(language, number),
                _ => shell_after(language, number),
            };
            self.remark(&sentence);
        }
        let command = if is_shell {
            vec![SHELL.to_owned()]
        } else {
            words.to_vec()
        };
        let call = RunCall {
            image,
            command,
            interactive: is_shell,
            tty: is_shell,
            remove: true,
            // The image's own entrypoint stands aside.
            entrypoint: Some(String::new()),
            term: (self.opening.variable)("TERM"),
            ..RunCall::default()
        };
        let run = |desk: &mut Self| {
            let answer = desk.face(|face| face.run_asked(&call));
            answer.unwrap_or_else(|error| desk.complain(&error))
        };
        // What the last command of a shell came to was seen there.
        if is_shell {
            run(self)
        } else {
            self.in_foreground(run)
        }
    }

    /// Judges the draft.
    pub(super) fn check_draft(&mut self, call: &command::Check) -> i32 {
        let text = self.draft.text();
        let folder = self.folder.clone();
        let answer = self.face(|face| {
            let mut asked = face.check_call(call);
            DRAFT.clone_into(&mut asked.name);
            asked.text = Some(text);
            asked.context.get_or_insert(folder);
            face.check_as(&asked, call.format_asked())
        });
        answer.unwrap_or_else(|error| self.complain(&error))
    }

    /// Expands a word as an instruction after the draft would: with its ENV and ARG, and what
    /// `--env` gives.
    pub(super) fn expand(&mut self, mut call: command::Expand) -> i32 {
        if let Some(scope) = self.session.scope_of(&self.draft.text()) {
            let given = std::mem::take(&mut call.env);
            // Of two values for one name the later counts: an ARG hides the ENV before it.
            call.env = [scope.env.pairs(), scope.args.pairs(), given].concat();
        }
        self.face(|face| face.run(Command::Expand(call)))
    }

    /// Lists what a step changed.
    pub(super) fn files_of(&mut self, number: usize, json: bool) -> i32 {
        let looked = self.looked_into();
        let step = looked.and_then(|report| self.step_of(&report, number));
        let step = match step {
            Ok(step) => step,
            Err(code) => return code,
        };
        let language = self.language();
        match (step.state, &step.layer, &step.image) {
            (StepState::Base, Some(layer), _) => {
                let name = step.text.split_whitespace().nth(1).unwrap_or_default();
                self.say(&of_base(language, layer.files, name));
                0
            }
            (StepState::Fail, ..) => {
                self.say(&of_failed(language, number));
                0
            }
            (_, Some(_), Some(id)) => {
                let answer = self.face(|face| {
                    let image = face.session.find_image(&id.to_string())?;
                    face.show_files(&image, Which::Top, json)
                });
                answer.unwrap_or_else(|error| self.complain(&error))
            }
            (StepState::Meta, ..) => {
                self.say(&of_settings(language, number));
                0
            }
            _ => self.refuse(nothing_there(language, number), None),
        }
    }

    /// Says why a step of the last build or forecast was reused or ran; with another image
    /// named, of the build that made that.
    pub(super) fn why(&mut self, call: &command::Why) -> i32 {
        let known = self.last.build.clone().or_else(|| self.built.clone());
        let report = match (&call.image, known) {
            (None, Some(report)) => report,
            (None, None) if !self.draft.is_empty() => match self.built_draft() {
                Ok(report) => report,
                Err(code) => return code,
            },
            _ => return self.face(|face| face.run(Command::Why(call.clone()))),
        };
        self.face(|face| {
            let answer = face.explain(&report, call.step, call.json);
            answer.unwrap_or_else(|error| face.refuse(&error, call.json))
        })
    }

    /// Does a command about an image; where none is named, about what the draft became.
    pub(super) fn looking_at(
        &mut self,
        image: Option<String>,
        command: impl FnOnce(Option<String>) -> Command,
    ) -> i32 {
        if image.is_some() || (self.draft.is_empty() && self.built.is_none()) {
            return self.face(|face| face.run(command(image)));
        }
        let report = match self.looked_into() {
            Ok(report) => report,
            Err(code) => return code,
        };
        let made = report.steps.iter().rev().find_map(|step| step.image);
        let image = report.image.or(made).map(|id| id.short());
        self.face(|face| face.run(command(image)))
    }

    /// Draws the layers of the draft; where there is none, of the last build.
    pub(super) fn stack(&mut self, call: &command::Stack) -> i32 {
        if call.image.is_some() || (self.draft.is_empty() && self.built.is_none()) {
            return self.face(|face| face.run(Command::Stack(call.clone())));
        }
        let report = if self.draft.is_empty() {
            self.looked_into()
        } else {
            self.built_draft()
        };
        match report {
            Ok(report) if call.json => {
                let json = render::json(&report);
                self.say(&json);
                0
            }
            Ok(report) => {
                self.show_stack(&report);
                0
            }
            Err(code) => code,
        }
    }

    /// Says what a build of the draft would reuse and what it would run.
    pub(super) fn plan(&mut self, call: &command::Plan) -> i32 {
        let request =
            self.face(|face| face.build_call(&call.path, &call.options, &call.unneeded.tag));
        let forecast = request.and_then(|mut request| {
            request.text = Some(self.draft.text());
            self.session.forecast(&request)
        });
        match forecast {
            Ok(report) => {
                let text = render::forecast(&report, &self.screen);
                if call.json {
                    self.say(&render::json(&report));
                } else {
                    self.show(&text);
                }
                self.last.build = Some(report);
                0
            }
            Err(error) => self.face(|face| face.refuse(&error, call.json)),
        }
    }

    /// Builds the whole draft, for instance under a name.
    pub(super) fn build_draft(&mut self, call: &command::Build) -> i32 {
        let request = self.face(|face| face.build_call(&call.path, &call.options, &call.tag));
        let answer = request.and_then(|mut request| {
            request.text = Some(self.draft.text());
            let _quiet = self.is_interactive().then(QuietTerminal::begin);
            self.face(|face| face.build_as(&request, call))
        });
        let plain = call.options.build_arg.is_empty() && call.options.target.is_none();
        match answer {
            Ok(code) => {
                self.built.clone_from(&self.last.build);
                if code == 0 && plain {
                    self.draft_build.clone_from(&self.last.build);
                }
                code
            }
            Err(error) => self.complain(&error),
        }
    }

    /// Runs the image of the draft.
    pub(super) fn run_draft(&mut self, call: &command::Run) -> i32 {
        if self.draft.count() == 0 {
            let language = self.language();
            let trouble = empty_draft(language)
                .with_help(run_help(language))
                .with_exit(125);
            return self.complain(&trouble.into());
        }
        let report = match self.built_draft() {
            Ok(report) => report,
            Err(code) => return code,
        };
        let Some(image) = report.image else {
            let sentence = nothing_there(self.language(), report.count());
            return self.refuse(sentence, None);
        };
        let mut call = call.clone();
        call.words.insert(0, image.short());
        let own_command = call.words.len() > 1 || call.entrypoint.is_some();
        let code = self.face(|face| face.run(Command::Run(Box::new(call.clone()))));
        let has_command = |step: &StepReport| {
            let first = step.text.split_whitespace().next().unwrap_or_default();
            ["CMD", "ENTRYPOINT"]
                .iter()
                .any(|word| first.eq_ignore_ascii_case(word))
        };
        if !own_command && !call.interactive && code == 0 && !report.steps.iter().any(has_command) {
            let sentence = base_command_ran(self.language());
            self.remark(&sentence);
        }
        code
    }

    /// Returns what to answer to a `run` of no image: one that was meant for the draft, or as RUN.
    pub(super) fn meant_instruction(&self, flags: &[String], words: &[String]) -> Option<Trouble> {
        let name = words.first()?;
        if BUILT_IN.contains(&name.as_str()) {
            return None;
        }
        let Err(crate::session::SessionError::Trouble(trouble)) = self.session.find_image(name)
        else {
            return None;
        };
        let is_program = PROGRAMS.contains(&name.as_str()) || self.is_program(name);
        let joins = |word: &String| ["&&", "||", "|", ";", ">", ">>"].contains(&word.as_str());
        let is_line = is_program || words.iter().any(joins);
        let language = self.language();
        let line = words.join(" ");
        let mut help = Vec::new();
        if self.draft.count() > 0 {
            let call = [flags, &["--".to_owned()], words].concat().join(" ");
            help.push(meant_draft(language, &call));
        }
        if is_line {
            help.push(meant_run(language, &line));
        }
        (!help.is_empty()).then(|| trouble.with_help(help.join("\n")).with_exit(125))
    }
}

/// Returns the image as it is after a step; before it, where the step failed.
fn image_for(report: &BuildReport, step: &StepReport) -> Option<String> {
    let before = report
        .steps
        .iter()
        .rev()
        .filter(|it| it.number < step.number && it.stage == step.stage)
        .find_map(|it| it.image);
    let image = match step.state {
        StepState::Fail => before,
        StepState::Wait | StepState::Skip => None,
        _ => step.image.or(before),
    };
    image.map(|id| id.short())
}

crate::messages! {
    no_step(step: usize, count: usize) {
        en: "there is no step {step}: the last build has {count}",
        ko: "{step}단계가 없습니다. 마지막 빌드는 {count}단계입니다",
    }
    nothing_there(step: usize) {
        en: "step {step} left no image to look into",
        ko: "{step}단계가 만든 이미지가 없어서 볼 것이 없습니다",
    }
    no_terminal() {
        en: "a shell needs a terminal",
        ko: "셸을 열려면 터미널이 필요합니다",
    }
    no_terminal_help(step: usize) {
        en: "one command does not: `in {step} ls -l`",
        ko: "명령 하나는 괜찮습니다: `in {step} ls -l`",
    }
    shell_after(step: usize) {
        en: "A shell in the image as step {step} left it. `exit` comes back; changes are thrown away.",
        ko: "{step}단계가 끝난 이미지 안의 셸입니다. `exit`로 돌아오고, 바꾼 것은 버려집니다.",
    }
    shell_before(step: usize) {
        en: "A shell in the image as it was before step {step} failed. `exit` comes back; changes are thrown away.",
        ko: "{step}단계가 실패하기 전 이미지 안의 셸입니다. `exit`로 돌아오고, 바꾼 것은 버려집니다.",
    }
    of_base(files: u64, name: &str) {
        en: "The base brings {files} files; `files {name}` lists them.",
        ko: "베이스 이미지의 파일은 {files}개입니다. `files {name}`로 볼 수 있습니다.",
    }
    of_failed(step: usize) {
        en: "Step {step} failed; nothing of it is kept.",
        ko: "{step}단계는 실패해서 남은 것이 없습니다.",
    }
    of_settings(step: usize) {
        en: "Step {step} changed settings of the image and no file: it has no layer.",
        ko: "{step}단계는 이미지 설정만 바꾸었고 파일은 바꾸지 않아 레이어가 없습니다.",
    }
    run_help() {
        en: "type one, or name an image: `run practice-os echo hi`",
        ko: "초안을 먼저 쓰거나 이미지 이름을 쓰세요: `run practice-os echo hi`",
    }
    base_command_ran() {
        en: "The draft has no CMD, so the base's own command ran. `run -it` keeps a shell open, `run -- ls -l` runs something else.",
        ko: "초안에 CMD가 없어서 베이스의 명령이 실행되었습니다. `run -it`로 셸을 열거나 `run -- ls -l`처럼 다른 명령을 실행해 보세요.",
    }
    meant_draft(call: &str) {
        en: "to run it in the draft's image write `--` before it: `run {call}`",
        ko: "초안의 이미지에서 실행하려면 앞에 `--`를 쓰세요: `run {call}`",
    }
    meant_run(line: &str) {
        en: "did you mean the instruction RUN? Instructions begin with capitals: `RUN {line}`",
        ko: "혹시 RUN 명령을 쓰려던 것 아닌가요? Dockerfile 명령은 대문자로 씁니다: `RUN {line}`",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    #[test]
    fn a_failed_step_opens_the_image_before_it() {
        let mut report = render::sample::failed();
        let before = crate::digest::ImageId(crate::digest::Digest::of(b"before"));
        report.steps[1].image = Some(before);
        let failed = report.steps[2].clone();
        assert_eq!(image_for(&report, &failed), Some(before.short()));
        let waiting = report.steps[3].clone();
        assert_eq!(image_for(&report, &waiting), None);
    }

    #[test]
    fn sentences_name_the_step_in_every_language() {
        for language in Language::ALL {
            assert!(shell_before(language, 4).contains('4'));
        }
    }
}
