//! From the files of a `lessons/` folder to a course.
//!
//! Machine blocks come from `lesson.md` only; a `lesson.xx.md` adds prose by step id.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::front::Front;
use super::lint::Finding;
use super::markdown::{self, Document, RawStep, text_of};
use super::{
    Block, Check, CodeBlock, CodeRole, ConsoleLine, Course, Hint, Lesson, Localized, Part, Prose,
    Step,
};
use crate::diagnostic::Diagnostic;
use crate::digest::Digest;
use crate::language::Language;
use crate::source::{Source, Span};

/// The files of a `lessons/` folder: content by path, such as `10-cache-order/lesson.md`.
pub type LessonFiles = BTreeMap<String, Vec<u8>>;

/// What keeps a course from being taught.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{} mistakes in the lessons, first: {}", .0.len(), .0.first().map(Finding::to_string).unwrap_or_default())]
pub struct LessonError(pub Vec<Finding>);

/// A course as its files have it, for the linter and for [`assemble_course`].
pub(super) struct CourseText {
    pub id: String,
    pub title: Localized<String>,
    pub parts: Vec<Part>,
    pub lessons: Vec<LessonText>,
    pub findings: Vec<Finding>,
}

/// A lesson as its files have it.
pub(super) struct LessonText {
    pub folder: String,
    pub english: FileText,
    pub translations: Vec<(Language, FileText)>,
    /// The check block of every step of the English file.
    pub checks: Vec<Check>,
    pub files: BTreeMap<String, Vec<u8>>,
}

/// One lesson file.
pub(super) struct FileText {
    pub source: Source,
    pub front: Front,
    pub document: Document,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CourseToml {
    id: String,
    title: TitleToml,
    part: Vec<PartToml>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PartToml {
    title: TitleToml,
    lessons: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TitleToml {
    en: String,
    ko: Option<String>,
}

impl TitleToml {
    fn localized(self) -> Localized<String> {
        let mut title = Localized::new(self.en);
        if let Some(korean) = self.ko {
            title.add(Language::Ko, korean);
        }
        title
    }
}

/// Makes a course of its files. Mistakes that leave a lesson teachable are the linter's.
pub fn assemble_course(files: &LessonFiles) -> Result<Course, LessonError> {
    let text = read_course(files);
    if !text.findings.is_empty() {
        return Err(LessonError(text.findings));
    }
    let lessons: Vec<Lesson> = text.lessons.into_iter().map(lesson).collect();
    let id_of = |folder: &String| {
        let found = lessons.iter().find(|lesson| lesson.folder == *folder);
        found.map(|lesson| lesson.id.clone())
    };
    let parts = text.parts.iter().map(|part| Part {
        title: part.title.clone(),
        lessons: part.lessons.iter().filter_map(id_of).collect(),
    });
    Ok(Course {
        id: text.id,
        title: text.title,
        parts: parts.collect(),
        lessons,
    })
}

/// Reads everything there is, mistakes and all.
pub(super) fn read_course(files: &LessonFiles) -> CourseText {
    let mut course = CourseText {
        id: String::new(),
        title: Localized::new(String::new()),
        parts: Vec::new(),
        lessons: Vec::new(),
        findings: Vec::new(),
    };
    let Some(bytes) = files.get("course.toml") else {
        let source = Source::new("course.toml", "");
        course.findings.push(Finding::error(
            &source,
            "no-course",
            "there is no course.toml",
            Span::default(),
        ));
        return course;
    };
    let source = Source::new("course.toml", String::from_utf8_lossy(bytes));
    let toml: CourseToml = match toml::from_str(source.text()) {
        Ok(toml) => toml,
        Err(error) => {
            let span = error
                .span()
                .map_or(Span::default(), |s| Span::new(s.start, s.end));
            course
                .findings
                .push(Finding::error(&source, "course", error.message(), span));
            return course;
        }
    };
    course.id = toml.id;
    course.title = toml.title.localized();
    for part in toml.part {
        for folder in &part.lessons {
            match read_lesson(folder, files, &mut course.findings) {
                Some(lesson) => course.lessons.push(lesson),
                None => course.findings.push(Finding::error(
                    &source,
                    "no-lesson",
                    format!("{folder}/lesson.md is missing or can't be read"),
                    Span::default(),
                )),
            }
        }
        course.parts.push(Part {
            title: part.title.localized(),
            lessons: part.lessons,
        });
    }
    course
}

fn read_lesson(
    folder: &str,
    files: &LessonFiles,
    findings: &mut Vec<Finding>,
) -> Option<LessonText> {
    let english = read_file(&format!("{folder}/lesson.md"), files, findings)?;
    let translations = Language::ALL
        .into_iter()
        .filter(|language| *language != Language::En)
        .filter_map(|language| {
            let path = format!("{folder}/lesson.{}.md", language.code());
            Some((language, read_file(&path, files, findings)?))
        })
        .collect();
    let checks = english
        .document
        .steps
        .iter()
        .map(|step| read_check(step, &english, findings));
    let checks = checks.collect();
    let prefix = format!("{folder}/files/");
    let own = files.iter().filter_map(|(path, bytes)| {
        let path = path.strip_prefix(&prefix)?;
        Some((path.to_owned(), bytes.clone()))
    });
    Some(LessonText {
        folder: folder.to_owned(),
        english,
        translations,
        checks,
        files: own.collect(),
    })
}

/// The longest file of a lesson, in bytes: eight times what anybody wrote. What Markdown can nest in
/// more takes hundreds of megabytes.
const LONGEST_FILE: usize = 1 << 17;

fn read_file(path: &str, files: &LessonFiles, findings: &mut Vec<Finding>) -> Option<FileText> {
    let bytes = files.get(path)?;
    if bytes.len() > LONGEST_FILE {
        let source = Source::new(path, "");
        let message = format!(
            "{} KiB: a lesson is a page, of {} KiB at most",
            bytes.len() >> 10,
            LONGEST_FILE >> 10
        );
        findings.push(Finding::error(
            &source,
            "long-file",
            message,
            Span::default(),
        ));
        return None;
    }
    let source = Source::new(path, String::from_utf8_lossy(bytes));
    if std::str::from_utf8(bytes).is_err() {
        findings.push(Finding::error(
            &source,
            "utf-8",
            "this is not UTF-8",
            Span::default(),
        ));
    }
    match Front::parse(source.text()) {
        Err(error) => {
            let span = source.line_span(source.line(error.offset));
            findings.push(Finding::error(&source, "front", error.message, span));
            None
        }
        Ok((front, end)) => {
            let document = markdown::read(source.text(), end);
            let problem = |diagnostic: &Diagnostic| Finding::new(&source, diagnostic.clone());
            findings.extend(document.problems.iter().map(problem));
            Some(FileText {
                source,
                front,
                document,
            })
        }
    }
}

fn read_check(step: &RawStep, file: &FileText, findings: &mut Vec<Finding>) -> Check {
    let Some(check) = &step.check else {
        return Check::default();
    };
    Check::parse(&check.text).unwrap_or_else(|error| {
        let at = check.offset + error.offset;
        let span = file.source.line_span(file.source.line(at));
        findings.push(Finding::error(&file.source, "check", error.message, span));
        Check::default()
    })
}

fn lesson(text: LessonText) -> Lesson {
    let front = text.english.front;
    let mut title = Localized::new(front.title);
    let mut intro = Localized::new(text.english.document.intro);
    for (language, file) in &text.translations {
        title.add(*language, file.front.title.clone());
        intro.add(*language, file.document.intro.clone());
    }
    let steps = text.english.document.steps.into_iter().zip(text.checks);
    let steps = steps.map(|(raw, check)| {
        let same = |(language, file): &(Language, FileText)| {
            let step = file.document.steps.iter().find(|step| step.id == raw.id);
            Some((*language, step?.clone()))
        };
        let translations: Vec<_> = text.translations.iter().filter_map(same).collect();
        step(raw, check, &translations)
    });
    Lesson {
        folder: text.folder,
        id: front.id,
        title,
        needs: front.needs,
        teaches: front.teaches,
        images: front.images,
        network: front.network,
        rights: front.rights,
        minutes: front.minutes,
        limits: front.limits,
        intro,
        steps: steps.collect(),
        files: text.files,
    }
}

fn step(raw: RawStep, check: Check, translations: &[(Language, RawStep)]) -> Step {
    fn localized<T>(
        english: T,
        translations: &[(Language, RawStep)],
        part: impl Fn(&RawStep) -> Option<T>,
    ) -> Localized<T> {
        let mut value = Localized::new(english);
        for (language, step) in translations {
            if let Some(part) = part(step) {
                value.add(*language, part);
            }
        }
        value
    }
    let solution = solution(&raw.body);
    let hints = raw.hints.into_iter().enumerate().map(|(n, hint)| Hint {
        text: localized(hint, translations, |step| step.hints.get(n).cloned()),
    });
    let whens = raw.whens.into_iter().map(|(name, prose)| {
        let text = localized(prose, translations, |step| {
            let (_, prose) = step.whens.iter().find(|(known, _)| *known == name)?;
            Some(prose.clone())
        });
        (name, text)
    });
    let after = raw
        .after
        .map(|after| localized(after, translations, |step| step.after.clone()));
    Step {
        id: raw.id,
        kind: raw.kind,
        real: raw.real,
        title: localized(raw.title, translations, |step| Some(step.title.clone())),
        body: localized(raw.body, translations, |step| Some(step.body.clone())),
        hints: hints.collect(),
        whens: whens.collect(),
        after,
        check_hash: check.hash(),
        check,
        solution,
    }
}

/// Returns what the blocks of a step do, in their order.
pub(super) fn solution(body: &Prose) -> Vec<ConsoleLine> {
    let code = body.iter().filter_map(|block| match block {
        Block::Code(code) => Some(code),
        _ => None,
    });
    code.flat_map(|CodeBlock { role, text, .. }| match role {
        CodeRole::File { path, .. } => vec![ConsoleLine::Write {
            path: path.clone(),
            text: text.clone(),
        }],
        CodeRole::Console => typed_lines(text),
        CodeRole::Sample => Vec::new(),
    })
    .collect()
}

/// Returns the lines after `$ `; a line starting with `> ` goes on with the one before.
fn typed_lines(text: &str) -> Vec<ConsoleLine> {
    let mut lines: Vec<String> = Vec::new();
    let mut typing = false;
    for line in text.lines() {
        if let Some(typed) = line.strip_prefix("$ ") {
            lines.push(typed.to_owned());
            typing = true;
        } else if let (true, Some(more), Some(last)) =
            (typing, line.strip_prefix("> "), lines.last_mut())
        {
            last.push('\n');
            last.push_str(more);
        } else {
            typing = false;
        }
    }
    lines.into_iter().map(ConsoleLine::Type).collect()
}

/// Returns the `src=` value of a step's English prose: four hex digits for each piece of it, so
/// that a stale translation also tells which piece is new.
pub(super) fn prose_hash(step: &RawStep) -> String {
    let hashes = prose_pieces(step)
        .into_iter()
        .map(|piece| Digest::of(piece.as_bytes()).hex()[..4].to_owned());
    hashes.collect::<Vec<_>>().join(".")
}

/// Returns a step's prose piece by piece: title, paragraphs, hints, texts, `after`.
pub(super) fn prose_pieces(step: &RawStep) -> Vec<String> {
    let whens = step.whens.iter().map(|(_, prose)| prose);
    let sections = std::iter::once(&step.body)
        .chain(&step.hints)
        .chain(whens)
        .chain(&step.after);
    let blocks = sections.flatten().filter_map(|block| match block {
        Block::Paragraph(inlines) => Some(text_of(inlines)),
        Block::List { items, .. } => {
            let items = items.iter().map(|item| text_of(item));
            Some(items.collect::<Vec<_>>().join("\n"))
        }
        Block::Code(_) => None,
    });
    std::iter::once(step.title.clone()).chain(blocks).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::lesson::StepKind;

    pub(in crate::lesson) const COURSE: &str = "id = \"strata\"\ntitle = { en = \"Course\", ko = \"과정\" }\n[[part]]\ntitle = { en = \"A\" }\nlessons = [\"01-a\"]\n";
    pub(in crate::lesson) const ENGLISH: &str = "---\nformat: 1\nid: a\ntitle: First\nteaches: [build, build -t, FROM]\nrights: run\nminutes: 5\n---\n\n\
        # First\n\nIntro.\n\n## 1. Build\n<!-- step: build -->\n\nBuild it.\n\n```dockerfile file=Dockerfile give\nFROM scratch\n```\n\n\
        ```console\n$ docker build -t a .\nsome output\n```\n\n<details><summary>Checked</summary>\n\n```toml check\n[expect.build]\ntag = \"a\"\n\
        [[wrong]]\nname = \"no-tag\"\ndo = [\"build -t b .\"]\nfails = [\"build.tag\"]\n```\n\n</details>\n\n\
        <!-- hint -->\n<details><summary>Hint 1</summary>\n\nA dot.\n\n</details>\n\n<!-- when: no-tag -->\nNo tag.\n\n<!-- after -->\nWell done.\n";
    pub(in crate::lesson) const KOREAN: &str = "---\nid: a\nlang: ko\ntitle: 첫째\n---\n\n# 첫째\n\n소개.\n\n## 1. 빌드\n<!-- step: build src=SRC -->\n\n빌드하세요.\n\n\
        ```dockerfile file=Dockerfile give\nFROM scratch\n```\n\n```console\n$ docker build -t a .\nsome output\n```\n\n\
        <!-- hint -->\n<details><summary>힌트 1</summary>\n\n점.\n\n</details>\n\n<!-- when: no-tag -->\n태그가 없습니다.\n\n<!-- after -->\n잘했습니다.\n";

    /// Returns the files of a small course without mistakes.
    pub(in crate::lesson) fn small_course() -> LessonFiles {
        let document = markdown::read(ENGLISH, Front::parse(ENGLISH).unwrap().1);
        let korean = KOREAN.replace("SRC", &prose_hash(&document.steps[0]));
        let file = |path: &str, text: &str| (path.to_owned(), text.as_bytes().to_vec());
        LessonFiles::from([
            file("course.toml", COURSE),
            file("01-a/lesson.md", ENGLISH),
            file("01-a/lesson.ko.md", &korean),
            file("01-a/files/app/server.js", "// shop\n"),
        ])
    }

    #[test]
    fn a_course_is_made_of_its_files() {
        let course = assemble_course(&small_course()).unwrap();
        let lesson = course.lesson("01-a").unwrap();
        assert_eq!(course.lesson("a"), course.lesson("1"));
        assert_eq!(lesson.title.get(Language::Ko).value, "첫째");
        assert_eq!(lesson.files["app/server.js"], b"// shop\n");
        let step = &lesson.steps[0];
        assert_eq!(step.kind, StepKind::Do);
        assert_eq!(
            step.solution,
            [
                ConsoleLine::Write {
                    path: "Dockerfile".into(),
                    text: "FROM scratch\n".into()
                },
                ConsoleLine::Type("docker build -t a .".into())
            ]
        );
        assert!(step.whens["no-tag"].get(Language::Ko).translated);
    }

    #[test]
    fn without_a_translation_english_stands_in() {
        let mut files = small_course();
        files.remove("01-a/lesson.ko.md");
        let course = assemble_course(&files).unwrap();
        let body = course.lessons[0].steps[0].page(Language::Ko);
        assert!(!body.translated);
        assert_eq!(body.value.len(), 3);
    }

    #[test]
    fn a_mistake_in_a_check_block_points_into_the_markdown() {
        let mut files = small_course();
        let broken = ENGLISH.replace("tag = \"a\"", "tga = \"a\"");
        files.insert("01-a/lesson.md".into(), broken.clone().into_bytes());
        let error = assemble_course(&files).unwrap_err();
        let finding = &error.0[0];
        assert_eq!(
            finding.source.slice(finding.diagnostic.span()),
            "tga = \"a\""
        );
    }

    #[test]
    fn a_line_may_go_on() {
        let lines = typed_lines("$ RUN <<EOF\n> echo hi\n> EOF\noutput\n> not typed\n$ stack\n");
        assert_eq!(
            lines,
            [
                ConsoleLine::Type("RUN <<EOF\necho hi\nEOF".into()),
                ConsoleLine::Type("stack".into())
            ]
        );
    }

    #[test]
    fn a_changed_paragraph_changes_its_own_part_of_the_hash() {
        let read = |text: &str| {
            let document = markdown::read(text, Front::parse(text).unwrap().1);
            prose_hash(&document.steps[0])
        };
        let (old, new) = (
            read(ENGLISH),
            read(&ENGLISH.replace("A dot.", "A full stop.")),
        );
        let differing = old
            .split('.')
            .zip(new.split('.'))
            .filter(|(a, b)| a != b)
            .count();
        assert_eq!(differing, 1);
    }
}
