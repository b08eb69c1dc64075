//! `lesson lint`, `new`, `sync`, `coverage`: for those who write lessons.

use std::fs;
use std::path::Path;

use super::{Done, Refusal, agrees, files, say, show, with_causes};
use crate::command::{LessonFolder, LessonNew, LessonSync};
use crate::course::{self, NewLessonError, Synced, lesson_coverage, load, new_lesson};
use crate::language::Language;
use crate::lesson::{Finding, LessonFiles, Linter};
use crate::render::{self, Screen};
use crate::repl::lessons::parse_dockerfile;

crate::messages! {
    no_findings(count: usize) {
        en: "{count} lesson files, nothing wrong",
        ko: "레슨 파일 {count}개, 문제 없음",
    }
    findings_are(errors: usize, warnings: usize) {
        en: "errors: {errors}, warnings: {warnings}",
        ko: "오류 {errors}개, 경고 {warnings}개",
    }
    in_order(language: &str) {
        en: "{language}: every translation is as new as the English",
        ko: "{language}: 모든 번역이 영어와 맞습니다",
    }
    fits() {
        en: "Code blocks and hashes will be written. Does the text say what the English says? [y/N]",
        ko: "코드 블록과 해시를 씁니다. 번역이 영어와 같은 말을 하고 있나요? [y/N]",
    }
    not_written() {
        en: "nothing written; translate, then add --write or answer the question at a terminal",
        ko: "아무것도 쓰지 않았습니다. 번역한 뒤 --write를 붙이거나 터미널에서 질문에 답하세요",
    }
    wrote(path: &str) { en: "{path} written", ko: "{path} 파일을 썼습니다" }
    next_steps(folder: &str, id: &str) {
        en: "Now write it, then:\n  strata lesson lint {folder}\n  strata lesson test {folder} --filter {id} --update",
        ko: "이제 내용을 쓰고 나서:\n  strata lesson lint {folder}\n  strata lesson test {folder} --filter {id} --update",
    }
    no_name(name: &str) {
        en: "`{name}` is no name for a lesson: small letters, digits and `-`, such as `ports` or `13-ports`",
        ko: "레슨 이름으로 쓸 수 없습니다: `{name}`. `ports`나 `13-ports`처럼 영어 소문자, 숫자, `-`로 쓰세요",
    }
    taken(folder: &str) {
        en: "there is a lesson `{folder}` already",
        ko: "`{folder}` 레슨이 이미 있습니다",
    }
    no_course() {
        en: "there is no course.toml in that folder: name the folder of the lessons",
        ko: "그 폴더에 course.toml이 없습니다. 레슨 폴더를 적어 주세요",
    }
    odd_course(folder: &str) {
        en: "course.toml can't be read, or has no list of lessons to add `{folder}` to",
        ko: "course.toml을 읽을 수 없거나 `{folder}` 폴더를 넣을 레슨 목록이 없습니다",
    }
}

/// Of a lesson that is wrong from end to end nobody reads more; `--json` has all that is found.
const MOST_FINDINGS: usize = 100;

/// `lesson lint`
pub(super) fn lint(call: &LessonFolder, screen: &Screen) -> Done {
    let files = files(call.folder.as_deref())?;
    let linter = Linter {
        parse_dockerfile: &parse_dockerfile,
    };
    let findings = linter.lint(&files);
    let errors = findings.iter().filter(|it| it.is_error()).count();
    if call.json {
        let told: Vec<_> = findings.iter().map(Finding::record).collect();
        say(&render::json(&told));
        return Ok(i32::from(errors > 0));
    }
    for finding in findings.iter().take(MOST_FINDINGS) {
        let text = render::diagnostic(&finding.diagnostic, &finding.source, screen);
        show(&text, screen);
    }
    if findings.is_empty() {
        say(&no_findings(screen.language, files.len()));
    } else {
        say(&findings_are(
            screen.language,
            errors,
            findings.len() - errors,
        ));
    }
    Ok(i32::from(errors > 0))
}

/// `lesson new`
pub(super) fn begin(call: &LessonNew, screen: &Screen) -> Done {
    let language = screen.language;
    let known = files(Some(&call.folder))?;
    let new = new_lesson(&known, &call.name).map_err(|error| Refusal {
        message: refused(&error, language),
        help: None,
    })?;
    let lesson = new.keys().find_map(|path| path.strip_suffix("/lesson.md"));
    let id = lesson.and_then(|folder| folder.split_once('-'));
    let id = id.map_or("", |(_, id)| id).to_owned();
    write_files(&call.folder, &new, language)?;
    say(&next_steps(
        language,
        &call.folder.display().to_string(),
        &id,
    ));
    Ok(0)
}

fn refused(error: &NewLessonError, language: Language) -> String {
    match error {
        NewLessonError::Name(name) => no_name(language, name),
        NewLessonError::Taken(folder) => taken(language, folder),
        NewLessonError::NoCourse => no_course(language),
        NewLessonError::Course(folder) => odd_course(language, folder),
    }
}

fn write_files(root: &Path, files: &LessonFiles, language: Language) -> Result<(), Refusal> {
    for (path, content) in files {
        let path = root.join(path);
        let written = path
            .parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::write(&path, content));
        let shown = path.display().to_string();
        written.map_err(|error| Refusal {
            message: format!("{shown}: {}", with_causes(&error)),
            help: None,
        })?;
        say(&wrote(language, &shown));
    }
    Ok(())
}

/// `lesson sync`
pub(super) fn sync(call: &LessonSync, screen: &Screen) -> Done {
    let language = screen.language;
    let stale = course::sync(&files(Some(&call.folder))?, call.language);
    if stale.is_empty() {
        say(&in_order(language, call.language.code()));
        return Ok(0);
    }
    stale.iter().for_each(tell);
    if !call.write && agrees(&fits(language), screen) != Some(true) {
        say(&not_written(language));
        return Ok(1);
    }
    let renewed = stale
        .into_iter()
        .map(|file| (file.path, file.content.into_bytes()));
    write_files(&call.folder, &renewed.collect(), language)?;
    Ok(0)
}

/// Lists the steps that are older than the English, with the text that is new.
fn tell(file: &Synced) {
    say(&file.path);
    for step in &file.steps {
        say(&format!("  {}", step.id));
        for line in step.english.iter().flat_map(|piece| piece.lines()) {
            say(&format!("    + {line}"));
        }
    }
}

/// `lesson coverage`
pub(super) fn coverage(call: &LessonFolder, screen: &Screen) -> Done {
    let folder = call.folder.as_deref();
    let coverage = course::coverage(&load(folder)?, &files(folder)?);
    if call.json {
        say(&render::json(&coverage));
    } else {
        show(&lesson_coverage(&coverage, screen), screen);
    }
    Ok(i32::from(!coverage.mistakes.is_empty()))
}
