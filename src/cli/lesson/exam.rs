//! `lesson test`: every lesson in a store and folder of its own, with nobody at the desk.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::{Done, Refusal, say};
use crate::cli::surroundings::{now, screen, settings, variable};
use crate::command::{Global, LessonTest};
use crate::course::exam::{self, Exam};
use crate::course::load;
use crate::language::Language;
use crate::render::{self, Screen};
use crate::repl::desk::{Desk, Opening};
use crate::repl::lessons::DeskConsole;
use crate::repl::line_source::PipeSource;
use crate::repl::offers::Offers;

/// The folder of stored pictures inside a folder of lessons.
const PICTURES: &str = ".screens";

crate::messages! {
    seed(seed: u64) { en: "seed {seed}", ko: "seed {seed}" }
    nothing_fits(filter: &str) {
        en: "no lesson or step is named `{filter}`",
        ko: "이름이 `{filter}`인 레슨이나 단계가 없습니다",
    }
    nothing_fits_help() {
        en: "`strata lesson list` shows the lessons; a step is `cache-order/fix`",
        ko: "레슨 목록은 `strata lesson list`로 봅니다. 단계는 `cache-order/fix`처럼 씁니다",
    }
    update_where() {
        en: "pictures are written into a folder of lessons: `strata lesson test lessons --update`",
        ko: "그림은 레슨 폴더에 저장합니다: `strata lesson test lessons --update`",
    }
    no_pictures() {
        en: "there are no stored pictures yet, so only widths were looked at; --update stores them",
        ko: "저장된 그림이 없어 너비만 확인했습니다. --update로 저장합니다",
    }
    kept_in(folder: &str) { en: "kept: {folder}", ko: "남겨 둔 폴더: {folder}" }
}

/// Tests lessons; the exit code is 0 only if nothing failed.
pub(super) fn test(call: &LessonTest, global: &Global, screen: &Screen) -> Done {
    let language = screen.language;
    let refusal = |message: String, help: Option<String>| Refusal { message, help };
    if call.update && call.folder.is_none() {
        return Err(refusal(update_where(language), None));
    }
    let scratch = tempfile::Builder::new().prefix("strata-test-").tempdir()?;
    let pictures = call.folder.as_deref().map(|folder| folder.join(PICTURES));
    let has_pictures = pictures.as_ref().is_some_and(|it| it.is_dir());
    let exam = Exam {
        course: Arc::new(load(call.folder.as_deref())?),
        filter: call.filter.clone(),
        seed: call.seed.unwrap_or_else(|| now().unsigned_abs()),
        scratch: scratch.path().to_owned(),
        real: call.real,
        draw: Some(&exam::draw),
        pictures: pictures.filter(|_| call.update || has_pictures),
        update: call.update,
    };
    if !exam.has_work() {
        let filter = call.filter.as_deref().unwrap_or_default();
        let message = nothing_fits(language, filter);
        return Err(refusal(message, Some(nothing_fits_help(language))));
    }
    let mut desk = test_desk(global, scratch.path());
    let report = examine(&exam, call, &mut desk, language)?;
    desk.session().stop_worker();
    let for_machines = call.json || call.junit;
    if exam.pictures.is_none() && call.folder.is_some() && !for_machines {
        say(&no_pictures(language));
    }
    if call.keep || !report.passed() {
        let kept = scratch.keep();
        if !for_machines {
            say(&kept_in(language, &kept.display().to_string()));
        }
    } else {
        clear(desk, scratch.path());
    }
    Ok(i32::from(!report.passed()))
}

/// Runs the exam and tells of every lesson when it is done.
fn examine(
    exam: &Exam,
    call: &LessonTest,
    desk: &mut Desk,
    language: Language,
) -> Result<exam::ExamReport, Refusal> {
    let for_machines = call.json || call.junit;
    if !for_machines {
        say(&seed(language, exam.seed));
    }
    let lessons = exam.course.lessons.iter();
    let width = lessons.map(|lesson| lesson.id.len()).max().unwrap_or(0);
    let mut console = DeskConsole { desk, shown: false };
    let report = exam.run(&mut console, &mut |lesson| {
        if !for_machines {
            say(&exam::line(lesson, width));
        }
    })?;
    say(&match (call.json, call.junit) {
        (true, _) => render::json(&report),
        (_, true) => exam::junit(&report),
        _ => exam::summary(&report),
    });
    Ok(report)
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

/// A desk with nobody at it.
fn test_desk(global: &Global, scratch: &Path) -> Desk {
    let screen_of: fn(&Global, bool) -> Screen = screen;
    let opening = Opening {
        settings: crate::session::Settings {
            root: scratch.join("none"),
            // Lessons need no network but their own registry, and tests of them are to use no other.
            registry: crate::registry::Settings::loopback_only(),
            ..settings(global, Language::En)
        },
        global: global.clone(),
        screen: screen_of,
        folder: scratch.to_owned(),
        history: None,
        typed: String::new(),
        now,
        variable,
    };
    let offers = std::rc::Rc::new(Offers::default());
    Desk::new(opening, Box::new(PipeSource::new(io::empty(), offers)))
}
