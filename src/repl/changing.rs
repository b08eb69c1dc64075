//! Verbs that change the draft: insert, replace, move, drop, undo, redo, new.

use super::desk::Desk;
use super::journal::{self, Act, Refusal};
use super::typing::Shown;
use crate::build::{BuildReport, StepReport, StepState};
use crate::language::Language;
use crate::render::{Line, Style};
use crate::session::draft::{Draft, NoSuchLine};

/// Returns the lines that one draft has and the other has not, or not as often.
fn missing(from: &Draft, to: &Draft) -> Vec<String> {
    let mut others = to.instructions().to_vec();
    let mut lines = from.instructions().to_vec();
    lines.retain(|line| {
        let other = others.iter().position(|other| other == line);
        other.map(|at| others.remove(at)).is_none()
    });
    let shown = lines.iter().map(|line| line.trim().replace('\n', " "));
    shown.collect()
}

/// More lines than this that come or go are shown as the whole draft.
const FEW: usize = 3;

impl Desk {
    /// Shows the draft, each instruction with its number.
    pub(super) fn show_draft(&mut self) -> i32 {
        if self.draft.is_empty() {
            let sentence = no_lines(self.language());
            self.remark(&sentence);
            return 0;
        }
        let width = self.draft.count().to_string().len().max(2);
        let mut rows = Vec::new();
        for (index, text) in self.draft.instructions().iter().enumerate() {
            let mut number = Some(index + 1);
            for line in text.lines() {
                let is_comment = line.trim_start().starts_with('#') || line.trim().is_empty();
                let shown = if is_comment { None } else { number.take() };
                let shown = shown.map(|number| number.to_string()).unwrap_or_default();
                let style = if is_comment {
                    Style::Comment
                } else {
                    Style::Plain
                };
                let row = Line::styled(Style::Dim, format!("{shown:>width$}  "));
                rows.push(row.with(style, line));
            }
        }
        let text = rows
            .iter()
            .flat_map(|row| self.screen.wrap(row, width + 4).into_lines())
            .collect();
        self.show(&text);
        0
    }

    /// Changes the draft in its middle: says which steps go to MISS, then does it.
    pub(super) fn change(&mut self, changed: Result<Draft, NoSuchLine>, typed: &str) -> i32 {
        let language = self.language();
        let draft = match changed {
            Ok(draft) => draft,
            Err(wrong) => {
                let help = draft_help(language);
                return self.refuse(no_such_line(language, wrong.number, wrong.count), help);
            }
        };
        if !draft.is_empty() && draft.instructions() != self.draft.instructions() {
            // What is wrong with it, if it is not just a missing FROM, the build tells.
            if let Ok(forecast) = self.session.forecast(&self.call(&draft)) {
                self.say_misses(&forecast);
            }
        }
        if draft.is_empty() {
            self.adopt(draft);
            return self.show_draft();
        }
        self.take_up(draft, Shown::Stack, Some(typed))
    }

    /// Says which steps have to run.
    pub(super) fn say_misses(&mut self, forecast: &BuildReport) {
        let of = |state| {
            let steps = forecast
                .steps
                .iter()
                .filter(move |step| step.state == state);
            steps
                .map(|step| step.number.to_string())
                .collect::<Vec<_>>()
        };
        let (misses, unknown) = (of(StepState::Miss), of(StepState::Unknown));
        let language = self.language();
        let mut sentence = match &misses[..] {
            [] => no_misses(language),
            [one] => one_miss(language, one),
            many => several_misses(language, &many.join(", ")),
        };
        if !unknown.is_empty() {
            sentence.push(' ');
            sentence.push_str(&unknown_yet(language, &unknown.join(", ")));
        }
        self.remark(&sentence);
    }

    /// Takes the last change back.
    pub(super) fn undo(&mut self) -> i32 {
        match self.journal.undo() {
            Act::Files(changes) => self.turn_files(&changes, false),
            Act::Draft => {
                if let Some(draft) = self.draft.undo() {
                    self.turn_draft(draft, taken_back, is_again)
                } else {
                    let language = self.language();
                    self.refuse(nothing_to_undo(language), None)
                }
            }
        }
    }

    /// Does again what was taken back.
    pub(super) fn redo(&mut self) -> i32 {
        match self.journal.redo() {
            Act::Files(changes) => self.turn_files(&changes, true),
            Act::Draft => {
                if let Some(draft) = self.draft.redo() {
                    self.turn_draft(draft, is_gone_again, done_again)
                } else {
                    let language = self.language();
                    self.refuse(nothing_to_redo(language), None)
                }
            }
        }
    }

    /// Goes to another version of the draft. Nothing has to run for what was built before; where
    /// the context has changed meanwhile, that is said and left for later.
    fn turn_draft(
        &mut self,
        draft: Draft,
        went: fn(Language, &str) -> String,
        came: fn(Language, &str) -> String,
    ) -> i32 {
        let before = std::mem::replace(&mut self.draft, draft);
        self.draft_build = None;
        self.keep_draft();
        let language = self.language();
        let went: Vec<String> = missing(&before, &self.draft)
            .iter()
            .map(|line| went(language, line))
            .collect();
        let came: Vec<String> = missing(&self.draft, &before)
            .iter()
            .map(|line| came(language, line))
            .collect();
        if went.len() + came.len() <= FEW {
            for line in went.iter().chain(&came) {
                self.say(line);
            }
        } else if !self.draft.is_empty() {
            self.show_draft();
        }
        if self.draft.is_empty() {
            self.heads_shown = false;
            return self.show_draft();
        }
        // A draft without a FROM has nothing to forecast, and it was accepted before.
        if let Ok(forecast) = self.session.forecast(&self.call(&self.draft)) {
            let runs =
                |step: &&StepReport| matches!(step.state, StepState::Miss | StepState::Unknown);
            let runs = forecast.steps.iter().filter(runs);
            let runs: Vec<String> = runs.map(|step| step.number.to_string()).collect();
            if !runs.is_empty() {
                self.remark(&next_build_runs(language, &runs.join(", ")));
            } else if let Ok(report) = self.built_draft() {
                self.show_total(&report);
            }
        }
        0
    }

    fn turn_files(&mut self, changes: &[journal::FileChange], forward: bool) -> i32 {
        let language = self.language();
        match journal::apply(changes, forward) {
            Ok(()) => {
                for change in changes {
                    let is_there = change.path.exists();
                    let name = self.shown(&change.path);
                    let sentence = if is_there {
                        file_is_back(language, &name)
                    } else {
                        file_is_gone(language, &name)
                    };
                    self.say(&sentence);
                }
                0
            }
            Err(Refusal::Changed(path)) => {
                let name = self.shown(&path);
                self.refuse(file_changed(language, &name), None)
            }
            Err(Refusal::System(path, error)) => {
                let name = self.shown(&path);
                self.refuse(cannot_write(language, &name, &error.to_string()), None)
            }
        }
    }

    /// Begins a new draft.
    pub(super) fn begin_anew(&mut self) -> i32 {
        if !self.draft.is_empty() {
            let draft = self.draft.replaced_by(Vec::new());
            self.adopt(draft);
        }
        self.heads_shown = false;
        let sentence = fresh(self.language());
        self.remark(&sentence);
        0
    }

    /// Returns a path as it is named in this folder.
    pub(super) fn shown(&self, path: &std::path::Path) -> String {
        let inside = path.strip_prefix(&self.folder).unwrap_or(path);
        inside.display().to_string()
    }
}

crate::messages! {
    no_lines() {
        en: "The draft is empty. It begins with a line such as `FROM practice-os`.",
        ko: "초안이 비어 있습니다. `FROM practice-os` 같은 줄로 시작합니다.",
    }
    no_such_line(number: usize, count: usize) {
        en: "there is no line {number}: the draft has {count}",
        ko: "{number}번 줄이 없습니다. 초안은 {count}줄입니다",
    }
    draft_help() {
        en: "`draft` shows the lines with their numbers",
        ko: "`draft`로 줄 번호를 볼 수 있습니다",
    }
    no_misses() {
        en: "No step has to run for this.",
        ko: "다시 실행할 단계가 없습니다.",
    }
    one_miss(step: &str) {
        en: "Step {step} goes to MISS; every other step is reused.",
        ko: "{step}단계가 MISS가 됩니다. 나머지는 재사용합니다.",
    }
    several_misses(steps: &str) {
        en: "Steps {steps} go to MISS.",
        ko: "{steps}단계가 MISS가 됩니다.",
    }
    unknown_yet(steps: &str) {
        en: "Of step {steps} nothing can be said before that.",
        ko: "{steps}단계는 그 전에는 알 수 없습니다.",
    }
    next_build_runs(steps: &str) {
        en: "The next build would run step {steps} again: `plan` says why.",
        ko: "다음 빌드에서 {steps}단계를 다시 실행합니다. 이유는 `plan`으로 볼 수 있습니다.",
    }
    taken_back(line: &str) {
        en: "taken back: {line}",
        ko: "되돌렸습니다: {line}",
    }
    is_again(line: &str) {
        en: "back again: {line}",
        ko: "다시 있습니다: {line}",
    }
    is_gone_again(line: &str) {
        en: "gone again: {line}",
        ko: "다시 없어졌습니다: {line}",
    }
    done_again(line: &str) {
        en: "done again: {line}",
        ko: "다시 했습니다: {line}",
    }
    nothing_to_undo() {
        en: "there is nothing to take back",
        ko: "되돌릴 것이 없습니다",
    }
    nothing_to_redo() {
        en: "there is nothing to do again",
        ko: "다시 할 것이 없습니다",
    }
    file_is_back(name: &str) {
        en: "{name} is as it was",
        ko: "{name} 파일을 전과 같게 했습니다",
    }
    file_is_gone(name: &str) {
        en: "{name} is removed again",
        ko: "{name} 파일을 다시 지웠습니다",
    }
    file_changed(name: &str) {
        en: "{name} has been changed since; it stays as it is",
        ko: "{name} 파일이 그 뒤에 바뀌어서 그대로 둡니다",
    }
    pub(super) cannot_write(name: &str, why: &str) {
        en: "cannot write {name}: {why}",
        ko: "{name} 파일에 쓸 수 없습니다: {why}",
    }
    fresh() {
        en: "A new draft. `undo` brings the old one back.",
        ko: "새 초안입니다. `undo`로 이전 초안을 되살릴 수 있습니다.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_there_twice_is_missed_once() {
        let once = Draft::default().with("FROM a").with("ENV x=1");
        let twice = once.with("ENV x=1");
        assert_eq!(missing(&twice, &once), ["ENV x=1"]);
        assert_eq!(missing(&once, &twice), [] as [&str; 0]);
    }
}
