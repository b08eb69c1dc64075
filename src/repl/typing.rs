//! An instruction is typed: the whole draft is built, which runs only what is new, and its row is
//! shown.

use super::desk::{Desk, Done, DoneKind};
use super::journal::Act;
use super::quiet_terminal::QuietTerminal;
use crate::build::{BuildReport, StepReport, StepState};
use crate::parser;
use crate::render::{self, Keep, Line, Style};
use crate::session::draft::{self, Draft};
use crate::session::{SessionError, Trouble};
use crate::source::Source;

/// How a draft is shown that was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// One more row; the total, if nothing follows at once.
    Row { last: bool },
    /// The whole stack.
    Stack,
}

impl Desk {
    /// Carries out an instruction. `last` tells that no more lines of the same paste follow.
    pub(super) fn instruction(&mut self, text: &str, last: bool) -> Done {
        let candidate = self.draft.with(text);
        let kind = DoneKind::Instruction;
        if candidate.count() == self.draft.count() {
            // A comment changes nothing that could be built.
            self.adopt(candidate);
            return Done { kind, code: 0 };
        }
        let code = if self.is_agreed(text) {
            self.take_up(candidate, Shown::Row { last }, Some(text))
        } else {
            self.propose(Some(text));
            1
        };
        Done { kind, code }
    }

    /// Builds a draft, and makes it the draft if that goes well. `typed` is put on the prompt
    /// again if its text is wrong.
    pub(super) fn take_up(&mut self, draft: Draft, shown: Shown, typed: Option<&str>) -> i32 {
        match self.try_out(&draft) {
            Ok(None) => {
                self.adopt(draft);
                self.say_nothing_to_build();
                0
            }
            Ok(Some(report)) if report.failed().is_some() => {
                let code = self.show_failure(&report, typed);
                self.remember(report);
                code
            }
            Ok(Some(report)) => {
                self.adopt(draft);
                self.show_built(&report, shown);
                self.draft_build = Some(report.clone());
                self.remember(report);
                0
            }
            Err(error) => {
                let code = self.complain(&error);
                self.propose(typed);
                code
            }
        }
    }

    /// Builds a draft; none where it has no FROM yet and all is well so far.
    fn try_out(&mut self, draft: &Draft) -> Result<Option<BuildReport>, SessionError> {
        if let Some(found) = self.without_from(draft) {
            return found.map(|()| None);
        }
        let call = self.call(draft);
        let _quiet = self.is_interactive().then(QuietTerminal::begin);
        self.face(|face| {
            let live = face.around.live;
            face.watched_build(&call, false, live, Keep::Output)
                .map(Some)
        })
    }

    /// Judges a draft of nothing but comments and ARG; none if there is more in it.
    fn without_from(&self, draft: &Draft) -> Option<Result<(), SessionError>> {
        let is_arg = |text: &String| {
            let word = text[draft::comments(text).len()..]
                .split_whitespace()
                .next();
            word.is_none_or(|word| word.eq_ignore_ascii_case("ARG"))
        };
        if !draft.instructions().iter().all(is_arg) {
            return None;
        }
        // Everything is judged as it will be once a FROM follows.
        let whole = Source::new(crate::session::DRAFT, draft.text() + "FROM scratch\n");
        let judged = parser::parse(&whole).map(|_| ());
        Some(judged.map_err(|errors| {
            SessionError::Dockerfile {
                diagnostics: errors
                    .iter()
                    .map(|error| error.diagnostic(&whole, self.language()))
                    .collect(),
                source: whole.clone(),
            }
        }))
    }

    /// Makes a draft the draft.
    pub(super) fn adopt(&mut self, draft: Draft) {
        self.draft = draft;
        self.draft_build = None;
        self.journal.add(Act::Draft);
        self.keep_draft();
    }

    /// Remembers a build for the verbs that look into it.
    pub(super) fn remember(&mut self, report: BuildReport) {
        let failed = report.failed().and_then(|step| step.failure.as_ref());
        self.last.error = failed.map(|failure| failure.message.clone());
        self.last.build = Some(report.clone());
        self.built = Some(report);
    }

    fn say_nothing_to_build(&mut self) {
        let sentence = nothing_to_build(self.language());
        self.remark(&sentence);
    }

    /// Shows why a step failed, and returns the exit code.
    fn show_failure(&mut self, report: &BuildReport, typed: Option<&str>) -> i32 {
        let is_news = |step: &&StepReport| {
            matches!(
                step.state,
                StepState::Miss | StepState::Fail | StepState::Wait
            )
        };
        for step in report.steps.iter().filter(is_news) {
            self.show(&render::row(report, step, &self.screen));
        }
        let mut shown = report.clone();
        let failed = shown
            .steps
            .iter_mut()
            .find(|step| step.state == StepState::Fail);
        if let Some((number, failure)) =
            failed.and_then(|it| Some((it.number, it.failure.as_mut()?)))
        {
            // What it wrote stands right before.
            failure.output.clear();
            if failure.exit_code.is_some() {
                let help = look_before(self.language(), number);
                failure.help.get_or_insert(help);
            }
        }
        if let Some(text) = render::failure(&shown, &self.screen) {
            let painted = self.screen.paint(&text);
            self.face(|face| face.mutter(&painted));
        }
        self.say_notes(report);
        self.propose(typed);
        1
    }

    /// Says what is worth a line, each once.
    fn say_notes(&mut self, report: &BuildReport) {
        for note in &report.notes {
            if !self.remarks.contains(note) {
                self.remark(note);
                self.remarks.push(note.clone());
            }
        }
    }

    fn show_built(&mut self, report: &BuildReport, shown: Shown) {
        self.say_notes(report);
        match shown {
            Shown::Stack => {
                let verbs = self.footer(report);
                self.show(&render::layer_stack(report, &verbs, &self.screen));
                self.heads_shown = true;
            }
            Shown::Row { last } => self.show_rows(report, last),
        }
    }

    /// Shows the newest row, and those of earlier steps that had to run again.
    fn show_rows(&mut self, report: &BuildReport, last: bool) {
        if !self.heads_shown {
            self.heads_shown = true;
            self.show(&render::row_heads(report, &self.screen));
        }
        let newest = report.count();
        let is_news = |step: &&StepReport| step.number == newest || step.state == StepState::Miss;
        for step in report.steps.iter().filter(is_news) {
            self.show(&render::row(report, step, &self.screen));
        }
        if last {
            self.show_total(report);
        }
    }

    /// Shows what the draft adds up to, and the verbs that make sense now.
    pub(super) fn show_total(&mut self, report: &BuildReport) {
        let verbs = self.footer(report);
        self.show(&render::typed_total(report, &verbs, &self.screen));
    }

    /// Returns the verbs that make sense now.
    fn footer(&self, report: &BuildReport) -> Vec<String> {
        let mut verbs = render::draft_verbs(report);
        let begins = |step: &StepReport, word: &str| {
            let first = step.text.split_whitespace().next();
            first.is_some_and(|first| first.eq_ignore_ascii_case(word))
        };
        let runs = |step: &StepReport| begins(step, "CMD") || begins(step, "ENTRYPOINT");
        if report.steps.iter().any(runs) {
            verbs.push("run".to_owned());
        }
        verbs
    }

    /// Asks once whether a home folder, or a very large one, is meant to be the context.
    pub(super) fn is_agreed(&mut self, text: &str) -> bool {
        let words: Vec<&str> = text.split_whitespace().collect();
        let reads_context = words.first().is_some_and(|word| {
            ["COPY", "ADD"]
                .iter()
                .any(|it| word.eq_ignore_ascii_case(it))
        }) && !words.iter().any(|word| word.starts_with("--from="));
        if !reads_context || self.context_agreed {
            return true;
        }
        let size = self.session.context_size(&self.folder);
        let home = (self.opening.variable)("HOME");
        let is_home = home.is_some_and(|home| self.folder == std::path::Path::new(&home));
        let shown = self.folder.display().to_string();
        let language = self.language();
        let asked = if is_home || shown == "/" {
            not_a_context(language, &shown)
        } else if size.is_large() {
            large_context(language, &shown, size.files, &render::size(size.bytes))
        } else {
            self.context_agreed = true;
            return true;
        };
        if self.is_interactive() {
            self.say(&asked);
            let question = Line::styled(Style::Prompt, go_on(language));
            self.context_agreed = self.agrees(&question);
        } else {
            // Nobody can be asked, and whoever wrote the lines may have meant them.
            self.context_agreed = true;
        }
        self.context_agreed
    }

    /// Returns the build of the draft as it stands; it is built where that was not done yet.
    pub(super) fn built_draft(&mut self) -> Result<BuildReport, i32> {
        let text = self.draft.text();
        if let Some(report) = self.draft_build.as_ref().filter(|it| it.dockerfile == text) {
            return Ok(report.clone());
        }
        let language = self.language();
        match self.try_out(&self.draft.clone()) {
            Ok(Some(report)) if report.failed().is_none() => {
                self.draft_build = Some(report.clone());
                self.remember(report.clone());
                Ok(report)
            }
            Ok(Some(report)) => {
                let code = self.show_failure(&report, None);
                self.remember(report);
                Err(code)
            }
            Ok(None) => Err(self.complain(&empty_draft(language).into())),
            Err(error) => Err(self.complain(&error)),
        }
    }
}

/// Says that there is no draft to do something with.
pub(super) fn empty_draft(language: crate::language::Language) -> Trouble {
    Trouble::new(draft_is_empty(language)).with_help(draft_is_empty_help(language))
}

crate::messages! {
    nothing_to_build() {
        en: "kept in the draft; there is nothing to build before a FROM",
        ko: "초안에 넣었습니다. FROM이 나오기 전에는 빌드할 것이 없습니다",
    }
    look_before(step: usize) {
        en: "`in {step}` opens a shell in the image as it was before step {step}",
        ko: "`in {step}`로 {step}단계 직전의 이미지 안에서 셸을 열 수 있습니다",
    }
    not_a_context(folder: &str) {
        en: "The build context is {folder}: COPY would look at everything in it.",
        ko: "빌드 컨텍스트가 {folder}입니다. COPY가 그 안의 모든 파일을 보게 됩니다.",
    }
    large_context(folder: &str, files: u64, size: &str) {
        en: "The build context {folder} is large: {files} files and {size} at least. COPY would look at all of it.",
        ko: "빌드 컨텍스트 {folder} 폴더가 큽니다(파일 {files}개, {size} 이상). COPY가 그 모두를 보게 됩니다.",
    }
    go_on() {
        en: "Go on? [y] yes, Enter no > ",
        ko: "계속할까요? [y] 예, Enter 아니요 > ",
    }
    draft_is_empty() {
        en: "the draft has nothing to build yet",
        ko: "초안에 아직 빌드할 것이 없습니다",
    }
    draft_is_empty_help() {
        en: "begin with `FROM practice-os`",
        ko: "`FROM practice-os`로 시작하세요",
    }
}
