//! `lesson list`, `report`, `forget`, `reset`: how far a learner got.

use std::path::{Path, PathBuf};

use super::{Done, Refusal, agrees, say, show};
use crate::cli::moment;
use crate::cli::surroundings::variable;
use crate::command::{LessonFolder, LessonForget, LessonHomes, LessonReport, LessonReset};
use crate::course::{self, Homes, ProgressFile, Report, lesson_list, lesson_report, load};
use crate::lesson::{Course, Lesson, Progress};
use crate::render::{self, Screen};

crate::messages! {
    set_aside(why: &str, path: &str) {
        en: "{why}; it was kept as {path}",
        ko: "진도 파일을 읽지 못해({why}) {path}에 보관했습니다",
    }
    no_lesson(name: &str) {
        en: "there is no lesson `{name}`",
        ko: "`{name}` 레슨이 없습니다",
    }
    no_lesson_help() {
        en: "`strata lesson list` shows them all",
        ko: "`strata lesson list`로 목록을 볼 수 있습니다",
    }
    forgotten(lesson: &str) {
        en: "lesson `{lesson}` forgotten; its files are where they were",
        ko: "`{lesson}` 레슨의 진도를 지웠습니다. 파일은 그대로 있습니다",
    }
    nothing_known(lesson: &str) {
        en: "lesson `{lesson}` was never opened",
        ko: "`{lesson}` 레슨은 연 적이 없습니다",
    }
    goes_lesson(lesson: &str) {
        en: "the progress of lesson `{lesson}` is forgotten, its files are kept aside",
        ko: "`{lesson}` 레슨의 진도를 지우고 파일은 따로 보관합니다",
    }
    goes_course() {
        en: "the progress of every lesson is forgotten, the files are kept aside",
        ko: "모든 레슨의 진도를 지우고 파일은 따로 보관합니다",
    }
    go_on() { en: "Go on? [y/N]", ko: "계속할까요? [y/N]" }
    add_yes() {
        en: "nobody can be asked here; add --yes to do it",
        ko: "물어볼 사람이 없습니다. 그대로 하려면 --yes를 붙이세요",
    }
    kept_all() { en: "nothing changed", ko: "아무것도 바꾸지 않았습니다" }
    files_are(folder: &str) {
        en: "your files are in {folder}",
        ko: "하던 파일은 {folder} 폴더에 있습니다",
    }
    starts_again() { en: "forgotten; it starts from the beginning", ko: "진도를 지웠습니다. 처음부터 시작합니다" }
}

/// A course and the homes of who learns it.
struct Learner {
    course: Course,
    homes: Homes,
}

impl Learner {
    fn of(lessons: Option<&Path>, work: Option<&Path>) -> Result<Self, Refusal> {
        let homes = Homes::usual(|name| variable(name).map(PathBuf::from));
        Ok(Self {
            course: load(lessons)?,
            homes: homes.with_work(work),
        })
    }

    fn called(call: &LessonHomes) -> Result<Self, Refusal> {
        Self::of(call.lessons.as_deref(), call.dir.as_deref())
    }

    fn progress(&self, screen: &Screen) -> Result<Progress, Refusal> {
        let (file, setback) = ProgressFile::open(&self.homes.progress(), &self.course.id)?;
        if let Some(setback) = setback {
            let kept = setback.kept.display().to_string();
            say(&set_aside(screen.language, &setback.why.to_string(), &kept));
        }
        Ok(file.progress)
    }

    fn report(&self, screen: &Screen) -> Result<Report, Refusal> {
        Ok(course::report(&self.course, &self.progress(screen)?))
    }

    fn lesson(&self, name: &str, screen: &Screen) -> Result<&Lesson, Refusal> {
        let unknown = || {
            let (message, help) = (
                no_lesson(screen.language, name),
                no_lesson_help(screen.language),
            );
            Refusal::with_help(message, help)
        };
        self.course.lesson(name).ok_or_else(unknown)
    }
}

/// `lesson list`
pub(super) fn list(call: &LessonFolder, screen: &Screen) -> Done {
    let learner = Learner::of(call.folder.as_deref(), None)?;
    if call.json {
        say(&render::json(&learner.report(screen)?));
        return Ok(0);
    }
    let progress = learner.progress(screen)?;
    let lines = course::list(&learner.course, &progress, progress.current.as_deref(), "");
    show(&lesson_list(&lines, screen), screen);
    Ok(0)
}

/// `lesson report`
pub(super) fn report(call: &LessonReport, screen: &Screen) -> Done {
    let report = Learner::called(&call.homes)?.report(screen)?;
    if call.json {
        say(&render::json(&report));
        return Ok(0);
    }
    show(&lesson_report(&report, screen), screen);
    Ok(0)
}

/// `lesson forget`
pub(super) fn forget(call: &LessonForget, screen: &Screen) -> Done {
    let learner = Learner::called(&call.homes)?;
    let lesson = learner.lesson(&call.lesson, screen)?;
    let known = course::forget(&learner.homes, &learner.course, lesson)?;
    let sentence = if known { forgotten } else { nothing_known };
    say(&sentence(screen.language, &lesson.id));
    Ok(0)
}

/// `lesson reset`
pub(super) fn reset(call: &LessonReset, screen: &Screen) -> Done {
    let language = screen.language;
    let learner = Learner::called(&call.homes)?;
    let name = call.lesson.as_deref();
    let lesson = name.map(|name| learner.lesson(name, screen)).transpose()?;
    let goes = lesson.map_or_else(
        || goes_course(language),
        |lesson| goes_lesson(language, &lesson.id),
    );
    if !call.yes {
        say(&goes);
        match agrees(&go_on(language), screen) {
            Some(true) => {}
            Some(false) => {
                say(&kept_all(language));
                return Ok(0);
            }
            None => {
                return Err(Refusal {
                    message: add_yes(language),
                    help: None,
                });
            }
        }
    }
    let kept = course::start_again(&learner.homes, &learner.course, lesson, &moment())?;
    say(&starts_again(language));
    for folder in kept {
        say(&files_are(language, &folder.display().to_string()));
    }
    Ok(0)
}
