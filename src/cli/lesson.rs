//! `lesson ...`: for those who write lessons and those who teach with them.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::surroundings::{now, screen, settings, variable};
use crate::command::{Global, Json, Lesson, LessonFolder, LessonReset, LessonSync, LessonTest};
use crate::course::exam::{self, Exam};
use crate::course::{Homes, ProgressFile, embedded_files, folder_files, load, report, sync};
use crate::language::Language;
use crate::lesson::{LessonFiles, Linter, Progress};
use crate::render::{self, Screen, lesson_page};
use crate::repl::desk::{Desk, Opening};
use crate::repl::lessons::{DeskConsole, parse_dockerfile};
use crate::repl::line_source::PipeSource;
use crate::repl::offers::Offers;

/// The folder of stored pictures inside a folder of lessons.
const PICTURES: &str = ".screens";

crate::messages! {
    no_findings(count: usize) {
        en: "{count} lesson files, nothing wrong",
        ko: "레슨 파일 {count}개, 문제 없음",
    }
    in_order(language: &str) {
        en: "{language}: every translation is as new as the English",
        ko: "{language}: 모든 번역이 영어와 맞습니다",
    }
    seed(seed: u64) {
        en: "seed {seed}",
        ko: "seed {seed}",
    }
    reset_asks(what: &str) {
        en: "this forgets the progress of {what}; to do it, add --yes",
        ko: "{what}의 진행 기록이 지워집니다. 지우려면 --yes를 붙이세요",
    }
    whole_course() {
        en: "the whole course",
        ko: "전체 과정",
    }
    trouble(why: &str) {
        en: "{why}",
        ko: "문제가 생겼습니다: {why}",
    }
}

/// Does a lesson verb and returns its exit code.
pub fn main(global: &Global, verb: &Lesson) -> i32 {
    let screen = screen(global, io::stdout().is_terminal());
    let done = match verb {
        Lesson::List(call) => list(call, &screen),
        Lesson::Lint(call) => lint(call, &screen),
        Lesson::Sync(call) => translations(call, &screen),
        Lesson::Report(call) => progress_report(call, &screen),
        Lesson::Reset(call) => reset(call, &screen),
        Lesson::Test(call) => test(call, global, &screen),
    };
    done.unwrap_or_else(|why| {
        let text = render::error(&trouble(screen.language, &why), None, &screen);
        // Whoever closed standard error does not want to know.
        let _ = write!(io::stderr(), "{}", screen.paint(&text));
        1
    })
}

fn say(text: &str) {
    // A closed pipe has seen enough.
    let _ = writeln!(io::stdout(), "{}", text.trim_end());
}

fn homes() -> Homes {
    Homes::usual(|name| variable(name).map(PathBuf::from))
}

fn files(folder: Option<&Path>) -> Result<LessonFiles, String> {
    match folder {
        Some(folder) => folder_files(folder).map_err(|error| error.to_string()),
        None => Ok(embedded_files()),
    }
}

fn list(call: &LessonFolder, screen: &Screen) -> Result<i32, String> {
    let course = load(call.folder.as_deref()).map_err(|error| error.to_string())?;
    if call.json {
        say(&render::json(&report(&course, &progress(&course.id))));
        return Ok(0);
    }
    for lesson in report(&course, &progress(&course.id)).lessons {
        let known = course.lessons.iter().find(|known| known.id == lesson.id);
        let title = known.map_or(&lesson.title, |it| it.title.get(screen.language).value);
        say(&format!(
            "{:<18} {}/{}  {title}",
            lesson.id,
            lesson.passed,
            lesson.steps.len()
        ));
    }
    Ok(0)
}

fn progress(course: &str) -> Progress {
    let file = fs::read(homes().progress()).ok();
    file.and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_else(|| Progress::new(course))
}

fn progress_report(call: &Json, screen: &Screen) -> Result<i32, String> {
    list(
        &LessonFolder {
            folder: None,
            json: call.json,
        },
        screen,
    )
}

fn lint(call: &LessonFolder, screen: &Screen) -> Result<i32, String> {
    let files = files(call.folder.as_deref())?;
    let findings = Linter {
        parse_dockerfile: &parse_dockerfile,
    }
    .lint(&files);
    for finding in &findings {
        let text = render::diagnostic(&finding.diagnostic, &finding.source, screen);
        say(&screen.paint(&text));
    }
    if findings.is_empty() {
        say(&no_findings(screen.language, files.len()));
    }
    Ok(i32::from(
        findings.iter().any(crate::lesson::Finding::is_error),
    ))
}

fn translations(call: &LessonSync, screen: &Screen) -> Result<i32, String> {
    let stale = sync(&files(Some(&call.folder))?, call.language);
    for file in &stale {
        say(&file.path);
        for step in &file.steps {
            say(&format!("  {}", step.id));
            for paragraph in &step.english {
                say(&format!("    {paragraph}"));
            }
        }
        if call.write {
            let path = call.folder.join(&file.path);
            fs::write(&path, &file.content).map_err(|e| format!("{}: {e}", path.display()))?;
        }
    }
    if stale.is_empty() {
        say(&in_order(screen.language, call.language.code()));
    }
    Ok(i32::from(!stale.is_empty() && !call.write))
}

fn reset(call: &LessonReset, screen: &Screen) -> Result<i32, String> {
    let language = screen.language;
    let what = call
        .lesson
        .clone()
        .unwrap_or_else(|| whole_course(language));
    if !call.yes {
        return Err(reset_asks(language, &what));
    }
    let course = load(None).map_err(|error| error.to_string())?;
    let opened = ProgressFile::open(&homes().progress(), &course.id);
    let (mut file, _) = opened.map_err(|error| with_causes(&error))?;
    match &call.lesson {
        Some(lesson) => drop(file.progress.lessons.remove(lesson)),
        None => file.progress.lessons.clear(),
    }
    file.save().map_err(|error| with_causes(&error))?;
    Ok(0)
}

fn test(call: &LessonTest, global: &Global, screen: &Screen) -> Result<i32, String> {
    let course = Arc::new(load(call.folder.as_deref()).map_err(|error| error.to_string())?);
    let scratch = tempfile::Builder::new()
        .prefix("strata-test-")
        .tempdir()
        .map_err(|error| error.to_string())?;
    let seed_number = call.seed.unwrap_or_else(|| now().unsigned_abs());
    let draw = |page: &exam::Screen<'_>| {
        let chrome = render::Chrome::Unicode;
        let on = Screen {
            width: page.width,
            language: page.language,
            chrome,
            color: page.colour,
        };
        on.paint(&lesson_page(page.lesson, page.step, &on))
    };
    let exam = Exam {
        course,
        filter: call.filter.clone(),
        seed: seed_number,
        scratch: scratch.path().to_owned(),
        draw: Some(&draw),
        pictures: pictures(call.folder.as_deref(), call.update),
        update: call.update,
    };
    let mut desk = test_desk(global, scratch.path());
    let mut console = DeskConsole {
        desk: &mut desk,
        shown: false,
    };
    if !call.json {
        say(&seed(screen.language, seed_number));
    }
    let report = exam
        .run(&mut console, &mut |_| {})
        .map_err(|error| with_causes(&error))?;
    desk.session().stop_worker();
    if call.json {
        say(&render::json(&report));
    } else {
        say(&exam::table(&report));
    }
    if call.keep || !report.passed() {
        let kept = scratch.keep();
        say(&kept.display().to_string());
    } else {
        clear(desk, scratch.path());
    }
    Ok(i32::from(!report.passed()))
}

/// Stores whose trees belong to ids that only exist inside cannot be removed from outside.
fn clear(mut desk: Desk, scratch: &Path) {
    let Ok(stores) = fs::read_dir(scratch.join("store")) else {
        return;
    };
    for store in stores.flatten() {
        desk.move_to(&store.path(), scratch);
        // What stays is in a temporary folder.
        let _ = desk.session().reset();
    }
}

fn pictures(folder: Option<&Path>, update: bool) -> Option<PathBuf> {
    let pictures = folder?.join(PICTURES);
    (update || pictures.is_dir()).then_some(pictures)
}

/// A desk with nobody at it.
fn test_desk(global: &Global, scratch: &Path) -> Desk {
    let screen_of: fn(&Global, bool) -> Screen = screen;
    let opening = Opening {
        settings: crate::session::Settings {
            root: scratch.join("none"),
            ..settings(global, Language::En)
        },
        global: global.clone(),
        screen: screen_of,
        folder: scratch.to_owned(),
        history: None,
        now,
        variable,
    };
    let offers = std::rc::Rc::new(Offers::default());
    Desk::new(opening, Box::new(PipeSource::new(io::empty(), offers)))
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
