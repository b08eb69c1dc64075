//! Why one step was not reused: the chain from it to what changed, down to a file's digests.

use super::layer_stack::fitted;
use super::reason;
use super::screen::Screen;
use super::sentence::{self, Tense};
use super::suggestion::suggestion;
use super::text::{Line, Text};
use super::why_rows::rows;
use crate::build::{BuildReport, StepReport, StepState};
use crate::digest::Digest;
use crate::plan::{FileDifference, MissReason, StepNumber};

/// More files than this are counted, not listed.
pub(super) const FILES: usize = 12;
/// Hex digits of a file's digest.
const DIGITS: usize = 8;

/// Draws the chain of reasons of a step; empty for a number that no step has.
pub fn why(report: &BuildReport, number: StepNumber, screen: &Screen) -> Text {
    let Some(step) = report.step(number) else {
        return Text::new();
    };
    let chain = chain(report, step);
    let mut text = if screen.is_plain() {
        sentences(report, &chain, screen)
    } else {
        rows(&chain, screen)
    };
    text.append(suggestion(report, number, screen));
    fitted(text, screen)
}

/// Follows "an earlier step changed" to the step that changed by itself. Steps between the two that
/// only pass the news on are left out.
fn chain<'a>(report: &'a BuildReport, step: &'a StepReport) -> Vec<&'a StepReport> {
    let links: Vec<&StepReport> =
        std::iter::successors(Some(step), |link| cause(report, link)).collect();
    let says_more = |link: &StepReport| link.reasons.len() > 1;
    let last = links.len() - 1;
    let kept = links.into_iter().enumerate();
    let kept = kept.filter(|(index, link)| *index == 0 || *index == last || says_more(link));
    kept.map(|(_, link)| link).collect()
}

/// Returns the row of the earlier step that is a reason for this one. The instructions that a base
/// left share a number: what an earlier one changed is told of the one right before.
fn cause<'a>(report: &'a BuildReport, step: &StepReport) -> Option<&'a StepReport> {
    if let Some(number) = parent(step) {
        return report.result_of(number);
    }
    let changed = |reason: &MissReason| matches!(reason, MissReason::ParentChanged { .. });
    let before = step.trigger?.checked_sub(1).filter(|before| *before > 0)?;
    let rows = report.steps.iter();
    let mut same = rows.filter(|row| row.number == step.number && row.trigger == Some(before));
    same.find(|_| step.reasons.iter().any(changed))
}

/// Returns the earlier step that is a reason for this one, or has to run before anything can be said.
pub(super) fn parent(step: &StepReport) -> Option<StepNumber> {
    let parents = step.reasons.iter().filter_map(|reason| match reason {
        MissReason::ParentChanged { step } => Some(*step),
        _ => None,
    });
    let waits_for = step.until.filter(|_| step.state == StepState::Unknown);
    // Only an earlier step can be a reason; anything else would go round in circles.
    let mut earlier = parents.chain(waits_for);
    earlier.find(|&number| number < step.number)
}

fn sentences(report: &BuildReport, chain: &[&StepReport], screen: &Screen) -> Text {
    let happened = report.image.is_some() || report.failed().is_some();
    let tense = if happened { Tense::Done } else { Tense::Would };
    let mut said = Vec::new();
    for step in chain {
        said.push(sentence::step(step, report.count(), tense, screen.language));
        let origin = step.origin.iter();
        said.extend(origin.map(|folder| came_from(screen.language, folder) + "."));
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

/// Returns enough of a digest to tell two versions of a file apart.
pub(super) fn short(digest: &Digest) -> String {
    digest.short().chars().take(DIGITS).collect()
}

crate::messages! {
    pub(super) came_from(folder: &str) {
        en: "from --cache-from {folder}: another machine ran it",
        ko: "--cache-from {folder}에서 왔습니다. 다른 컴퓨터가 실행한 것입니다",
    }
    digests_were(path: &str, old: &str, new: &str) {
        en: "{path}: digest {old} before, {new} now.",
        ko: "{path}: 다이제스트가 전에는 {old}, 지금은 {new}입니다.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;
    use crate::plan::{Changed, FileChange, Remade};
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
        So: put RUN npm install (line 4) before COPY . /app (line 3), with only
            package.json before it? That would have saved 1.2 s.
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
        제안: package.json만 먼저 복사하고, RUN npm install (4번 줄) 다음에 COPY . /app
            (3번 줄) 순서로 옮기면 어떨까요? 그랬다면 아꼈을 시간: 1.2초.
        ");
        insta::assert_snapshot!(drawn(&sample::rebuilt(), 4, Language::En, Chrome::Plain), @r"
        Step 4 of 6, RUN npm install: would run again, step 3 changed. 1.05 megabytes.
        Step 3 of 6, COPY . /app: would run again, server.js has new content. 71 bytes.
        server.js: digest cba06b57 before, 11507a0e now.
        So: put RUN npm install (line 4) before COPY . /app (line 3), with only
            package.json before it? That would have saved 1.2 s.
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
                remade: Some(Remade {
                    name: "practice-os".into(),
                    by_another_strata: true,
                }),
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
          user                   root -> app
          base image             practice-os@1a -> practice-os@2b
            reason               the base practice-os was made by another strata
          cache                  its layer is gone from the store
        "#);
    }

    #[test]
    fn a_copy_that_goes_elsewhere_does_not_have_the_same_text() {
        let mut step = sample::step(1, StepState::Miss, "COPY a.txt /there");
        step.reasons = vec![MissReason::SettingChanged(Changed {
            name: "destination".into(),
            old: Some("/here".into()),
            new: Some("/there".into()),
        })];
        insta::assert_snapshot!(drawn(&sample::report(vec![step]), 1, Language::En, Chrome::Ascii), @r"
        COPY a.txt /there       MISS  step 1
          files copied          same
          destination           /here -> /there
          earlier steps         same
        ");
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

    #[test]
    fn steps_that_only_pass_the_news_on_are_left_out() {
        let mut steps = vec![sample::step(1, StepState::Miss, "COPY . /")];
        steps[0].reasons = vec![sample::changed("a")];
        for number in 2..=60 {
            let mut step = sample::step(number, StepState::Miss, "RUN a");
            step.reasons = vec![MissReason::ParentChanged { step: number - 1 }];
            steps.push(step);
        }
        insta::assert_snapshot!(drawn(&sample::report(steps), 60, Language::En, Chrome::Ascii), @r"
        RUN a                   MISS  step 60
          text                  same
          earlier steps         changed: step 59, because of step 1
            COPY . /            MISS  step 1
              text              same
              files copied      1 changed
                a               cba06b57 -> 11507a0e  content
              earlier steps     same
        ");
    }
}
