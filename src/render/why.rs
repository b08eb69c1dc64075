//! Why one step was not reused: the chain from it to what changed, down to a file's digests.

use super::grid;
use super::layer_stack::fitted;
use super::reason;
use super::screen::Screen;
use super::sentence::{self, Tense};
use super::suggestion::suggestion;
use super::text::{Line, Style, Text};
use super::width::cut_left;
use crate::build::{BuildReport, StepReport, StepState};
use crate::digest::Digest;
use crate::language::Language;
use crate::plan::{Changed, FileChange, FileDifference, MissReason, StepNumber};

/// More files than this are counted, not listed.
const FILES: usize = 12;
/// Hex digits of a file's digest.
const DIGITS: usize = 8;
/// How far each link of the chain is moved to the right.
const STEP_IN: usize = 2;

/// Draws the chain of reasons of a step; empty for a number that no step has.
pub fn why(report: &BuildReport, number: StepNumber, screen: &Screen) -> Text {
    let Some(step) = report.step(number) else {
        return Text::new();
    };
    let chain = chain(report, step);
    let mut text = if screen.is_plain() {
        sentences(report, &chain, screen)
    } else {
        let mut rows = Rows {
            screen,
            rows: Vec::new(),
        };
        for (depth, link) in chain.iter().enumerate() {
            rows.step(report, link, depth * 2 * STEP_IN);
        }
        rows.draw()
    };
    if let Some(advice) = suggestion(&chain, screen.language) {
        text.append(screen.wrap(&Line::styled(Style::Help, advice), 4));
    }
    fitted(text, screen)
}

/// Follows "an earlier step changed" to the step that changed by itself.
fn chain<'a>(report: &'a BuildReport, step: &'a StepReport) -> Vec<&'a StepReport> {
    let mut chain = vec![step];
    while let Some(earlier) = chain.last().and_then(|link| parent(report, link)) {
        chain.push(earlier);
    }
    chain
}

fn parent<'a>(report: &'a BuildReport, step: &StepReport) -> Option<&'a StepReport> {
    let parents = step.reasons.iter().filter_map(|reason| match reason {
        MissReason::ParentChanged { step } => Some(*step),
        _ => None,
    });
    let waits_for = step.until.filter(|_| step.state == StepState::Unknown);
    // Only an earlier step can be a reason; anything else would go round in circles.
    let number = parents
        .chain(waits_for)
        .find(|&number| number < step.number)?;
    report.step(number)
}

fn sentences(report: &BuildReport, chain: &[&StepReport], screen: &Screen) -> Text {
    let happened = report.image.is_some() || report.failed().is_some();
    let tense = if happened { Tense::Done } else { Tense::Would };
    let mut said = Vec::new();
    for step in chain {
        said.push(sentence::step(
            step,
            report.steps.len(),
            tense,
            screen.language,
        ));
        let others = step.reasons.iter().skip(1);
        said.extend(others.map(|reason| reason::clause(reason, screen.language) + "."));
        for (path, old, new) in step.reasons.iter().flat_map(digests) {
            said.push(digests_were(
                screen.language,
                path,
                &short(old),
                &short(new),
            ));
        }
    }
    let lines = said
        .into_iter()
        .flat_map(|words| screen.wrap(&Line::plain(words), 2).into_lines());
    lines.collect()
}

fn digests(reason: &MissReason) -> Vec<(&str, &Digest, &Digest)> {
    let MissReason::FilesChanged { files } = reason else {
        return Vec::new();
    };
    let contents = files
        .iter()
        .take(FILES)
        .filter_map(|file| match &file.what {
            FileDifference::Content { old, new } => Some((file.path.as_str(), old, new)),
            _ => None,
        });
    contents.collect()
}

fn short(digest: &Digest) -> String {
    digest.short().chars().take(DIGITS).collect()
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

    /// Adds a step and what its key is made of, each the same or changed.
    fn step(&mut self, report: &BuildReport, step: &StepReport, indent: usize) {
        let mut value = grid::state(step);
        value.append(&Line::styled(
            Style::Dim,
            format!("  {}", named_step(self.language(), step.number)),
        ));
        self.add(indent, grid::instruction(step, self.screen.width), value);
        let inner = indent + STEP_IN;
        match step.state {
            StepState::Hit => self.ingredients(report, step, inner),
            StepState::Miss | StepState::Fail if is_new(step) => self.not_in_cache(step, inner),
            StepState::Miss | StepState::Fail => {
                self.ingredients(report, step, inner);
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

    fn ingredients(&mut self, report: &BuildReport, step: &StepReport, indent: usize) {
        self.text(step, indent);
        self.files(step, indent);
        self.values(step, indent);
        self.base(step, indent);
        self.parent(report, step, indent);
    }

    fn text(&mut self, step: &StepReport, indent: usize) {
        let texts = step.reasons.iter().find_map(|reason| match reason {
            MissReason::TextChanged { old, new } => Some((old, new)),
            _ => None,
        });
        let Some((old, new)) = texts else {
            return self.fact(indent, head_text(self.language()), self.same());
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
                    (head_setting(language, &changed.name), changed)
                }
                _ => continue,
            };
            let value = self.value(changed);
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
            if let MissReason::BaseChanged { old, new } = reason {
                let value = self.change(old, new);
                self.fact(indent, head_base(self.language()), value);
            }
        }
    }

    fn parent(&mut self, report: &BuildReport, step: &StepReport, indent: usize) {
        let language = self.language();
        if step
            .reasons
            .iter()
            .any(|reason| matches!(reason, MissReason::BaseChanged { .. }))
        {
            return;
        }
        let value = match parent(report, step) {
            Some(earlier) => Line::plain(changed_step(language, earlier.number)),
            None => self.same(),
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
        let at = (ends.max().unwrap_or(0) + 2).clamp(24, 48).min(columns / 2);
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
    head_setting(name: &str) { en: "setting {name}", ko: "설정 {name}" }
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
    is_waiting() {
        en: "the build stopped before it",
        ko: "빌드가 이 단계에 오기 전에 멈췄습니다",
    }
    is_base() {
        en: "taken as it is: nothing has to run",
        ko: "있는 그대로 씁니다. 실행할 것이 없습니다",
    }
    digests_were(path: &str, old: &str, new: &str) {
        en: "{path}: digest {old} before, {new} now.",
        ko: "{path}: 다이제스트가 전에는 {old}, 지금은 {new}입니다.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::{Chrome, sample};

    fn drawn(report: &BuildReport, number: usize, language: Language, chrome: Chrome) -> String {
        why(report, number, &Screen::new(80, language, chrome)).to_string()
    }

    #[test]
    fn the_chain_goes_down_to_the_file() {
        insta::assert_snapshot!(drawn(&sample::rebuilt(), 4, Language::En, Chrome::Ascii), @r"
        RUN npm install         MISS  step 4
          text                  same
          earlier steps         changed: step 3
            COPY . /app         MISS  step 3
              text              same
              files copied      1 changed
                server.js       cba06b57 -> 11507a0e  content
              earlier steps     same
        So: put RUN npm install before COPY . /app, with only package.json before it?
        ");
        insta::assert_snapshot!(drawn(&sample::rebuilt(), 4, Language::Ko, Chrome::Unicode), @r"
        RUN npm install         MISS  4단계
          명령의 글자           같음
          앞 단계               3단계가 바뀜
            COPY . /app         MISS  3단계
              명령의 글자       같음
              복사하는 파일     1개 바뀜
                server.js       cba06b57 → 11507a0e  내용
              앞 단계           같음
        제안: package.json만 먼저 복사하고, RUN npm install 다음에 COPY . /app 순서로
            옮기면 어떨까요?
        ");
        insta::assert_snapshot!(drawn(&sample::rebuilt(), 4, Language::En, Chrome::Plain), @r"
        Step 4 of 6, RUN npm install: would run again, step 3 changed. 1.05 megabytes.
        Step 3 of 6, COPY . /app: would run again, server.js has new content. 71 bytes.
        server.js: digest cba06b57 before, 11507a0e now.
        So: put RUN npm install before COPY . /app, with only package.json before it?
        ");
    }

    #[test]
    fn every_kind_of_change_is_shown() {
        let file = |path: &str, what| FileChange {
            path: path.to_owned(),
            what,
        };
        let mode = FileDifference::Mode {
            old: 0o644,
            new: 0o755,
        };
        let owner = FileDifference::Other {
            what: "owner".into(),
            old: "0:0".into(),
            new: "7:7".into(),
        };
        let files = vec![
            file("a", mode),
            file("b", FileDifference::Added),
            file("c", FileDifference::Removed),
            file("d", owner),
        ];
        let changed = |name: &str, old: Option<&str>, new: Option<&str>| Changed {
            name: name.to_owned(),
            old: old.map(str::to_owned),
            new: new.map(str::to_owned),
        };
        let mut step = sample::step(1, StepState::Miss, "COPY --chmod=755 a b /x");
        step.reasons = vec![
            MissReason::TextChanged {
                old: "COPY a b /x".into(),
                new: step.text.clone(),
            },
            MissReason::FilesChanged { files },
            MissReason::EnvChanged(changed("A", Some("1"), None)),
            MissReason::ArgChanged(changed("V", None, Some(""))),
            MissReason::SettingChanged(changed("user", Some("root"), Some("app"))),
            MissReason::BaseChanged {
                old: "practice-os@1a".into(),
                new: "practice-os@2b".into(),
            },
            MissReason::LayerGone,
        ];
        insta::assert_snapshot!(drawn(&sample::report(vec![step]), 1, Language::En, Chrome::Ascii), @r#"
        COPY --chmod=755 a b /x  MISS  step 1
          text                   changed
            before               COPY a b /x
            now                  COPY --chmod=755 a b /x
          files copied           4 changed
            a                    mode 644 -> 755
            b                    new file
            c                    removed
            d                    0:0 -> 7:7  owner
          ENV A                  1 -> (not set)
          build argument V       (not set) -> ""
          setting user           root -> app
          base image             practice-os@1a -> practice-os@2b
          cache                  its layer is gone from the store
        "#);
    }

    #[test]
    fn steps_that_did_not_miss_say_why_not() {
        let report = sample::rebuilt();
        insta::assert_snapshot!(drawn(&report, 2, Language::En, Chrome::Ascii), @r"
        WORKDIR /app            HIT  step 2
          text                  same
          earlier steps         same
        ");
        insta::assert_snapshot!(drawn(&report, 5, Language::En, Chrome::Ascii), @r"
        EXPOSE 80               META  step 5
          reason                changes image settings only: no layer, so it can never
                                miss
        ");
        insta::assert_snapshot!(drawn(&sample::failed(), 3, Language::Ko, Chrome::Ascii), @r"
        RUN echo 안녕 && exit 3  FAIL  3단계
          캐시                   전에 빌드한 적이 없습니다
          결과                   종료 코드 3
        ");
        assert_eq!(drawn(&report, 99, Language::En, Chrome::Ascii), "");
    }

    #[test]
    fn a_chain_in_a_circle_ends() {
        let mut step = sample::step(1, StepState::Miss, "RUN a");
        step.reasons = vec![MissReason::ParentChanged { step: 1 }];
        assert!(
            drawn(&sample::report(vec![step]), 1, Language::En, Chrome::Ascii).contains("MISS")
        );
    }

    #[test]
    fn many_files_are_counted() {
        let file = |index: usize| FileChange {
            path: format!("f{index:02}"),
            what: FileDifference::Added,
        };
        let mut step = sample::step(1, StepState::Miss, "COPY . /");
        step.reasons = vec![MissReason::FilesChanged {
            files: (0..15).map(file).collect(),
        }];
        let drawn = drawn(&sample::report(vec![step]), 1, Language::En, Chrome::Ascii);
        assert!(
            drawn.contains("15 changed") && drawn.contains("and 3 more"),
            "{drawn}"
        );
        assert!(!drawn.contains("f12"), "{drawn}");
    }
}
