//! Every rule of the linter, broken once: what lesson-format names is found, as an error or as a
//! warning.

use super::Linter;
use super::tests::parse;
use crate::lesson::LessonFiles;
use crate::lesson::assemble::tests::small_course;

const ENGLISH: &str = "01-a/lesson.md";
const KOREAN: &str = "01-a/lesson.ko.md";
const COURSE: &str = "course.toml";

/// A rule's name, whether breaking it is an error, and what breaks it: in a file, a text for
/// another.
type Rule = (&'static str, bool, &'static str, &'static str, &'static str);

const ERROR: bool = true;
const WARNING: bool = false;

#[rustfmt::skip]
const RULES: &[Rule] = &[
    // Unknown keys and marks.
    ("front", ERROR, ENGLISH, "minutes: 5", "minutes: 5\nmood: good"),
    ("front", ERROR, ENGLISH, "minutes: 5\n", ""),
    ("front", ERROR, KOREAN, "lang: ko", "lang: ko\nminutes: 5"),
    ("lang-differs", ERROR, KOREAN, "lang: ko", "lang: en"),
    ("check", ERROR, ENGLISH, "tag = \"a\"", "tga = \"a\""),
    ("unknown-mark", ERROR, ENGLISH, "<!-- after -->", "<!-- afterwards -->"),
    ("unknown-mark", ERROR, ENGLISH, "step: build -->", "step: build kind=dance -->"),
    ("unknown-mark", ERROR, ENGLISH, "step: build -->", "step: build unreal -->"),
    ("unknown-mark", ERROR, ENGLISH, "file=Dockerfile give", "file=Dockerfile take"),
    ("unknown-block", ERROR, ENGLISH, "Build it.", "> Build it."),
    ("no-heading", ERROR, ENGLISH, "## 1. Build\n", ""),
    ("no-step-mark", ERROR, ENGLISH, "## 1. Build\n", "## 0. Lost\n\nText.\n\n## 1. Build\n"),
    ("lost-text", ERROR, ENGLISH, "<!-- when: no-tag -->", "Between.\n\n<!-- when: no-tag -->"),
    ("check-place", ERROR, ENGLISH, "<!-- hint -->", "```toml check\n[expect]\n```\n\n<!-- hint -->"),
    ("course", ERROR, COURSE, "title = { en = \"A\" }", "titel = { en = \"A\" }"),
    ("no-lesson", ERROR, COURSE, "\"01-a\"", "\"01-a\", \"02-b\""),
    // Ids.
    ("duplicate-id", ERROR, COURSE, "\"01-a\"", "\"01-a\", \"01-a\""),
    ("duplicate-id", ERROR, ENGLISH, "<!-- after -->", "## 2. Again\n<!-- step: build kind=free -->\n\n<!-- after -->"),
    ("duplicate-id", ERROR, ENGLISH, "<!-- after -->", "<!-- when: no-tag -->\nAgain.\n\n<!-- after -->"),
    ("no-id", ERROR, ENGLISH, "<!-- step: build -->", "<!-- step: -->"),
    ("id-differs", ERROR, KOREAN, "id: a\n", "id: b\n"),
    ("folder-name", ERROR, ENGLISH, "id: a\n", "id: b\n"),
    // What a step has to have.
    ("no-check", ERROR, ENGLISH, "[expect.build]\ntag = \"a\"\n", ""),
    ("no-hint", ERROR, ENGLISH, "<!-- hint -->\n<details><summary>Hint 1</summary>\n\nA dot.\n\n</details>\n\n", ""),
    ("no-predict", ERROR, ENGLISH, "step: build -->", "step: build kind=predict -->"),
    // Names that lead nowhere.
    ("unknown-step", ERROR, ENGLISH, "[expect.build]", "[setup]\nstart_from = \"later\"\n[expect.build]"),
    ("unknown-file", ERROR, ENGLISH, "[expect.build]", "[setup]\nfiles = [\"gone\"]\n[expect.build]"),
    ("unknown-fact", ERROR, ENGLISH, "[\"build.tag\"]", "[\"build.tga\"]"),
    ("unknown-fact", ERROR, ENGLISH, "[\"build.tag\"]", "[]"),
    ("no-when", ERROR, ENGLISH, "when: no-tag", "when: another"),
    ("unused-when", WARNING, ENGLISH, "when: no-tag", "when: another"),
    ("condition", ERROR, ENGLISH, "fails = [\"build.tag\"]", "fails = [\"build.tag\"]\nif = \"step.4 ==\""),
    ("line", ERROR, ENGLISH, "build -t b .\"", "chmod much a\""),
    ("line", ERROR, ENGLISH, "[expect.build]", "[typed]\n\"run -it a\" = \"exit\"\n[expect.build]"),
    ("not-pinned", ERROR, ENGLISH, "[expect.build]", "[predict]\nkind = \"cache\"\nask = [\"RUN a\"]\nby = \"build -t a .\"\n[expect.build]"),
    ("predict-by", ERROR, ENGLISH, "[expect.build]", "[predict]\nkind = \"cache\"\nask = [\"RUN a\"]\nby = \"build -t c .\"\n[expect.build]"),
    ("unknown-need", WARNING, ENGLISH, "minutes: 5", "minutes: 5\nneeds: [layers]"),
    // Words on a screen, and out of the lesson.
    ("untaught", ERROR, ENGLISH, "[build, build -t, FROM]", "[build, FROM]"),
    ("untaught", ERROR, ENGLISH, "[build, build -t, FROM]", "[build, build -t]"),
    ("dockerfile", ERROR, ENGLISH, "FROM scratch", "FORM scratch"),
    ("wide-word", ERROR, ENGLISH, "Build it.", "Build-it-build-it-build-it-build-it-build-it-build-it-build-it."),
    ("nfc", ERROR, KOREAN, "점.", "\u{110c}\u{1165}\u{11b7}."),
    ("host-path", ERROR, ENGLISH, "file=Dockerfile", "file=/etc/Dockerfile"),
    ("host-path", ERROR, ENGLISH, "build -t b .\"", "append ../x y\""),
    ("url", ERROR, ENGLISH, "Build it.", "See <https://example.org/>."),
    ("url", ERROR, ENGLISH, "[expect.build]", "[expect.http]\nurl = \"http://10.0.0.1/\"\n[expect.build]"),
    // Translations.
    ("check-in-translation", ERROR, KOREAN, "빌드하세요.", "빌드하세요.\n\n```toml check\n[expect]\nexit = 0\n```"),
    ("code-differs", ERROR, KOREAN, "docker build -t a .", "docker build  -t a ."),
    ("steps-differ", ERROR, KOREAN, "step: build ", "step: bulid "),
    ("untranslated", ERROR, KOREAN, "<!-- after -->\n잘했습니다.\n", ""),
    ("untranslated", ERROR, KOREAN, "when: no-tag", "when: another"),
    ("untranslated", ERROR, KOREAN, "<!-- hint -->\n<details><summary>힌트 1</summary>\n\n점.\n\n</details>\n\n", ""),
    ("stale", WARNING, ENGLISH, "Build it.", "Build it now."),
];

/// Lints the small course, clean as it is, after a change.
fn findings(files: &LessonFiles) -> Vec<(&'static str, bool)> {
    let linter = Linter {
        parse_dockerfile: &parse,
    };
    let found = linter.lint(files);
    let told = found.iter().map(|it| (it.diagnostic.kind, it.is_error()));
    told.collect()
}

fn changed(path: &str, old: &str, new: &str) -> LessonFiles {
    let mut files = small_course();
    let text = String::from_utf8(files[path].clone()).unwrap();
    assert!(text.contains(old), "{path} has no {old:?}");
    files.insert(path.to_owned(), text.replacen(old, new, 1).into_bytes());
    files
}

#[test]
fn every_rule_is_found_when_it_is_broken() {
    let mut missed = Vec::new();
    for (kind, is_error, path, old, new) in RULES {
        let found = findings(&changed(path, old, new));
        if !found.contains(&(kind, *is_error)) {
            missed.push((kind, new, found));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

/// Changes the English file several times.
fn english(changes: &[(&str, &str)]) -> LessonFiles {
    let mut files = small_course();
    for (old, new) in changes {
        let text = String::from_utf8(files[ENGLISH].clone()).unwrap();
        assert!(text.contains(old), "{old:?}");
        files.insert(ENGLISH.to_owned(), text.replacen(old, new, 1).into_bytes());
    }
    files
}

#[test]
fn an_edit_step_without_a_known_mistake_is_a_warning() {
    let wrong = "[[wrong]]\nname = \"no-tag\"\ndo = [\"build -t b .\"]\nfails = [\"build.tag\"]\n";
    let edit = ("step: build -->", "step: build kind=edit -->");
    assert_eq!(findings(&english(&[edit])), [] as [(&str, bool); 0]);
    let found = findings(&english(&[edit, (wrong, "")]));
    assert!(found.contains(&("no-wrong", WARNING)), "{found:?}");
}

#[test]
fn only_a_real_step_starts_from_one() {
    let second = |mark: &str| {
        let check = "```toml check\n[setup]\nstart_from = \"build\"\n```";
        let step = format!("## 2. B\n<!-- step: b kind=free{mark} -->\n\n{check}\n");
        let after = format!("<!-- after -->\nWell done.\n\n{step}");
        findings(&english(&[
            ("step: build -->", "step: build real -->"),
            ("<!-- after -->\nWell done.\n", &after),
        ]))
    };
    let kind = ("starts-from-real", ERROR);
    assert!(second("").contains(&kind));
    assert!(!second(" real").contains(&kind));
}

#[test]
fn what_is_too_long_is_a_warning() {
    let words = "word ".repeat(300);
    let found = findings(&changed(ENGLISH, "Build it.", &words));
    assert!(found.contains(&("long-text", WARNING)), "{found:?}");
    let steps: String = (0..9)
        .map(|n| format!("## {n}. S\n<!-- step: s{n} kind=free -->\n\nText.\n\n"))
        .collect();
    let last = format!("<!-- after -->\nWell done.\n\n{steps}");
    let found = findings(&changed(ENGLISH, "<!-- after -->\nWell done.\n", &last));
    assert!(found.contains(&("many-steps", WARNING)), "{found:?}");
}

#[test]
fn what_is_missing_or_unreadable_is_found() {
    let mut files = small_course();
    files.remove(KOREAN);
    assert_eq!(findings(&files), [("no-translation", WARNING)]);
    let mut files = small_course();
    files.remove(COURSE);
    assert_eq!(findings(&files), [("no-course", ERROR)]);
    let mut files = small_course();
    files.get_mut(ENGLISH).unwrap().push(0xff);
    assert!(findings(&files).contains(&("utf-8", ERROR)));
}
