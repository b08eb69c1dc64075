//! The chain of reasons as two columns: what a step's key is made of, and whether it is the same.

use super::grid;
use super::reason;
use super::screen::Screen;
use super::text::{Line, Style, Text};
use super::why::{FILES, parent, short};
use super::width::cut_left;
use crate::build::{StepReport, StepState};
use crate::language::Language;
use crate::plan::{Changed, FileChange, FileDifference, MissReason};

/// How far each link of the chain is moved to the right, and its ingredients again.
const STEP_IN: usize = 2;
/// Where values begin at the earliest and at the latest.
const VALUES: (usize, usize) = (24, 48);

/// Draws a chain of reasons, the asked step first.
pub(super) fn rows(chain: &[&StepReport], screen: &Screen) -> Text {
    let mut rows = Rows {
        screen,
        rows: Vec::new(),
    };
    for (depth, step) in chain.iter().enumerate() {
        rows.step(step, chain.get(depth + 1).copied(), depth * 2 * STEP_IN);
    }
    rows.draw()
}

/// A name and what is to be said about it, in two columns.
struct Row {
    indent: usize,
    name: Line,
    value: Line,
}

struct Rows<'a> {
    screen: &'a Screen,
    rows: Vec<Row>,
}

impl Rows<'_> {
    fn language(&self) -> Language {
        self.screen.language
    }

    fn add(&mut self, indent: usize, name: Line, value: Line) {
        self.rows.push(Row {
            indent,
            name,
            value,
        });
    }

    fn fact(&mut self, indent: usize, name: String, value: Line) {
        self.add(indent, Line::plain(name), value);
    }

    /// Adds a step and what its key is made of, each the same or changed. `cause` is the next link.
    fn step(&mut self, step: &StepReport, cause: Option<&StepReport>, indent: usize) {
        let mut value = grid::state(step);
        value.append(&Line::styled(
            Style::Dim,
            format!("  {}", named_step(self.language(), step.number)),
        ));
        self.add(indent, grid::instruction(step, self.screen.width), value);
        let inner = indent + STEP_IN;
        match step.state {
            StepState::Hit => self.ingredients(step, cause, inner),
            StepState::Miss | StepState::Fail if is_new(step) => self.not_in_cache(step, inner),
            StepState::Miss | StepState::Fail => {
                self.ingredients(step, cause, inner);
                self.other_reasons(step, inner);
            }
            _ => self.fact(
                inner,
                head_reason(self.language()),
                state_words(step, self.language()),
            ),
        }
        if step.state == StepState::Fail {
            let words = reason::failed_shortly(step, self.language());
            self.fact(
                inner,
                head_result(self.language()),
                Line::styled(Style::Bad, words),
            );
        }
    }

    fn not_in_cache(&mut self, step: &StepReport, indent: usize) {
        for reason in &step.reasons {
            let words = reason::clause(reason, self.language());
            self.fact(indent, head_cache(self.language()), Line::plain(words));
        }
    }

    fn ingredients(&mut self, step: &StepReport, cause: Option<&StepReport>, indent: usize) {
        self.text(step, indent);
        self.files(step, indent);
        self.values(step, indent);
        self.base(step, indent);
        self.parent(step, cause, indent);
    }

    fn text(&mut self, step: &StepReport, indent: usize) {
        let texts = step.reasons.iter().find_map(|reason| match reason {
            MissReason::TextChanged { old, new } => Some((old, new)),
            _ => None,
        });
        let Some((old, new)) = texts else {
            // Where a COPY goes to is a part of its text: the change is told below.
            if !step.reasons.iter().any(changes_text) {
                self.fact(indent, head_text(self.language()), self.same());
            }
            return;
        };
        self.fact(indent, head_text(self.language()), self.changed());
        let inner = indent + STEP_IN;
        self.fact(
            inner,
            before(self.language()),
            Line::styled(Style::Old, old),
        );
        self.fact(inner, now(self.language()), Line::styled(Style::New, new));
    }

    fn files(&mut self, step: &StepReport, indent: usize) {
        let files = step.reasons.iter().find_map(|reason| match reason {
            MissReason::FilesChanged { files } => Some(files),
            _ => None,
        });
        match files {
            None if !reason::is_copy(&step.text) => {}
            None => self.fact(indent, head_files(self.language()), self.same()),
            Some(files) => {
                let words = count_changed(self.language(), files.len());
                self.fact(indent, head_files(self.language()), Line::plain(words));
                self.changed_files(files, indent + STEP_IN);
            }
        }
    }

    fn changed_files(&mut self, files: &[FileChange], indent: usize) {
        for file in files.iter().take(FILES) {
            let path = cut_left(&file.path, self.screen.width / 2);
            let what = self.difference(&file.what);
            self.add(indent, Line::styled(Style::Path, path), what);
        }
        let more = files.len().saturating_sub(FILES);
        if more > 0 {
            self.fact(indent, and_more(self.language(), more), Line::new());
        }
    }

    fn difference(&self, what: &FileDifference) -> Line {
        let language = self.language();
        match what {
            FileDifference::Added => Line::styled(Style::New, is_new_file(language)),
            FileDifference::Removed => Line::styled(Style::Old, is_removed(language)),
            FileDifference::Content { old, new } => {
                remark(self.change(&short(old), &short(new)), &content(language))
            }
            FileDifference::Mode { old, new } => {
                let mut line = Line::plain(mode(language) + " ");
                line.append(&self.change(&format!("{old:o}"), &format!("{new:o}")));
                line
            }
            FileDifference::Other { what, old, new } => remark(self.change(old, new), what),
        }
    }

    fn change(&self, old: &str, new: &str) -> Line {
        let arrow = format!(" {} ", self.screen.chrome.arrow());
        Line::styled(Style::Old, old)
            .with(Style::Dim, arrow)
            .with(Style::New, new)
    }

    /// Adds variables and settings that changed.
    fn values(&mut self, step: &StepReport, indent: usize) {
        let language = self.language();
        for reason in &step.reasons {
            let (name, changed) = match reason {
                MissReason::EnvChanged(changed) => (head_env(language, &changed.name), changed),
                MissReason::ArgChanged(changed) => (head_arg(language, &changed.name), changed),
                MissReason::SettingChanged(changed) => {
                    (reason::setting(&changed.name, language), changed)
                }
                _ => continue,
            };
            let value = match reason {
                MissReason::SettingChanged(changed) => {
                    match reason::before_and_now(changed, language) {
                        values if reason::is_long(&values) => self.changed(),
                        [old, new] => self.change(&old, &new),
                    }
                }
                _ => self.value(changed),
            };
            self.fact(indent, name, value);
        }
    }

    fn value(&self, changed: &Changed) -> Line {
        let shown = |value: &Option<String>| match value.as_deref() {
            Some("") => "\"\"".to_owned(),
            Some(value) => value.to_owned(),
            None => not_set(self.language()),
        };
        self.change(&shown(&changed.old), &shown(&changed.new))
    }

    fn base(&mut self, step: &StepReport, indent: usize) {
        for reason in &step.reasons {
            if let MissReason::BaseChanged { old, new, remade } = reason {
                let value = self.change(old, new);
                self.fact(indent, head_base(self.language()), value);
                if remade.is_some() {
                    let words = reason::says_why_base(remade.as_ref(), self.language());
                    let head = head_reason(self.language());
                    self.fact(indent + STEP_IN, head, Line::plain(words));
                }
            }
        }
    }

    fn parent(&mut self, step: &StepReport, cause: Option<&StepReport>, indent: usize) {
        let language = self.language();
        if step
            .reasons
            .iter()
            .any(|reason| matches!(reason, MissReason::BaseChanged { .. }))
        {
            return;
        }
        let moved = step.reasons.iter().find_map(|reason| match reason {
            MissReason::ChainChanged { was, .. } => Some(was.as_deref()),
            _ => None,
        });
        if let Some(was) = moved {
            let words = reason::chain_clause(was, language);
            return self.fact(indent, head_earlier(language), Line::plain(words));
        }
        let value = match (parent(step), cause) {
            (Some(earlier), Some(cause)) if cause.number != earlier => {
                Line::plain(changed_because(language, earlier, cause.number))
            }
            (Some(earlier), _) => Line::plain(changed_step(language, earlier)),
            (None, _) => self.same(),
        };
        self.fact(indent, head_earlier(language), value);
    }

    /// Adds reasons that are about the cache, not about the step.
    fn other_reasons(&mut self, step: &StepReport, indent: usize) {
        for reason in &step.reasons {
            if matches!(reason, MissReason::CacheDisabled | MissReason::LayerGone) {
                let words = reason::clause(reason, self.language());
                self.fact(indent, head_cache(self.language()), Line::plain(words));
            }
        }
    }

    fn same(&self) -> Line {
        Line::styled(Style::Dim, is_same(self.language()))
    }

    fn changed(&self) -> Line {
        Line::plain(is_changed(self.language()))
    }

    /// Draws both columns: values begin where the longest name ends, but not behind the middle.
    fn draw(&self) -> Text {
        let columns = grid::picture_width(self.screen);
        let ends = self.rows.iter().map(|row| row.indent + row.name.width());
        let at = (ends.max().unwrap_or(0) + 2)
            .clamp(VALUES.0, VALUES.1)
            .min(columns / 2);
        let rows = self.rows.iter().flat_map(|row| {
            let mut name = Line::plain(" ".repeat(row.indent));
            name.append(&row.name);
            let value = row.value.wrap(columns.saturating_sub(at), 0).into_lines();
            let names = std::iter::once(name.cut(at.saturating_sub(2)))
                .chain(std::iter::repeat(Line::new()));
            names.zip(value).map(move |(name, value)| {
                let mut line = name.pad(at);
                line.append(&value);
                line.trimmed()
            })
        });
        rows.collect()
    }
}

fn remark(line: Line, words: &str) -> Line {
    line.with(Style::Dim, format!("  {words}"))
}

fn changes_text(reason: &MissReason) -> bool {
    matches!(reason, MissReason::SettingChanged(changed) if reason::is_of_copy(changed))
}

/// Tells whether there is nothing older to compare with.
fn is_new(step: &StepReport) -> bool {
    let mut reasons = step.reasons.iter();
    reasons.all(|reason| {
        matches!(
            reason,
            MissReason::NeverBuilt | MissReason::CacheDisabled | MissReason::LayerGone
        )
    })
}

fn state_words(step: &StepReport, language: Language) -> Line {
    let words = match step.state {
        StepState::Meta => is_meta(language),
        StepState::Skip => is_skipped(language),
        StepState::Wait if step.millis.is_some() => was_stopped(language),
        StepState::Wait => is_waiting(language),
        StepState::Base => is_base(language),
        _ => reason::short(step, language, usize::MAX).1,
    };
    Line::plain(words)
}

crate::messages! {
    named_step(number: usize) { en: "step {number}", ko: "{number}단계" }
    head_text() { en: "text", ko: "명령의 글자" }
    head_files() { en: "files copied", ko: "복사하는 파일" }
    head_env(name: &str) { en: "ENV {name}", ko: "ENV {name}" }
    head_arg(name: &str) { en: "build argument {name}", ko: "빌드 인자 {name}" }
    head_base() { en: "base image", ko: "베이스 이미지" }
    head_earlier() { en: "earlier steps", ko: "앞 단계" }
    head_cache() { en: "cache", ko: "캐시" }
    head_reason() { en: "reason", ko: "이유" }
    head_result() { en: "result", ko: "결과" }
    before() { en: "before", ko: "이전" }
    now() { en: "now", ko: "지금" }
    is_same() { en: "same", ko: "같음" }
    is_changed() { en: "changed", ko: "바뀜" }
    changed_step(step: usize) { en: "changed: step {step}", ko: "{step}단계가 바뀜" }
    changed_because(step: usize, cause: usize) {
        en: "changed: step {step}, because of step {cause}",
        ko: "{cause}단계 때문에 {step}단계가 바뀜",
    }
    count_changed(count: usize) { en: "{count} changed", ko: "{count}개 바뀜" }
    and_more(count: usize) { en: "and {count} more", ko: "외 {count}개" }
    is_new_file() { en: "new file", ko: "새 파일" }
    is_removed() { en: "removed", ko: "없어짐" }
    content() { en: "content", ko: "내용" }
    mode() { en: "mode", ko: "권한" }
    not_set() { en: "(not set)", ko: "(없음)" }
    is_meta() {
        en: "changes image settings only: no layer, so it can never miss",
        ko: "이미지 설정만 바꿉니다. 레이어가 없으므로 MISS가 될 수 없습니다",
    }
    is_skipped() {
        en: "the image does not need this stage",
        ko: "이미지에 필요 없는 스테이지입니다",
    }
    was_stopped() {
        en: "stopped while it ran, because another step failed",
        ko: "실행하는 동안 다른 단계가 실패해서 중단했습니다",
    }
    is_waiting() {
        en: "the build stopped before it",
        ko: "빌드가 이 단계에 오기 전에 멈췄습니다",
    }
    is_base() {
        en: "taken as it is: nothing has to run",
        ko: "있는 그대로 씁니다. 실행할 것이 없습니다",
    }
}
