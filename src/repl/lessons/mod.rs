//! Lessons at the prompt: the guide that leads a learner, and the console that lessons use.

mod console;
mod facts;
mod watch;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use console::{DeskConsole, parse_dockerfile};

use super::desk::Desk;
use super::guide::Guide;
use crate::command::Learn;
use crate::course::{Asked, Homes, Runner, Say, lesson_verbs, like, load, show};
use crate::language::Language;
use crate::lesson::Course;
use crate::render::{Line, Style, lesson_question_prompt};
use crate::session::Trouble;
use watch::{Watcher, opening_at};

/// Leads a learner through the course.
pub struct LessonGuide {
    course: Arc<Course>,
    homes: Homes,
    clock: fn() -> String,
    runner: Option<Runner>,
    /// What is being asked, for the prompt.
    asked: Option<Asked>,
    /// Lines of a solution that wait for their turn on the prompt.
    waiting: Vec<String>,
    /// Where the learner was before the lesson.
    own: Option<(PathBuf, PathBuf)>,
    offered: bool,
    /// Whether changed files are to be told of.
    watches: bool,
    watcher: Option<Watcher>,
}

crate::messages! {
    progress(done: usize, of: usize) {
        en: "lessons: {done} of {of} passed",
        ko: "레슨: {of}개 중 {done}개 통과",
    }
    offer_first(title: &str) {
        en: "New here? The first lesson takes a few minutes: \"{title}\".",
        ko: "처음이신가요? 첫 레슨은 몇 분이면 됩니다: \"{title}\"",
    }
    offer_next(title: &str, step: usize, of: usize) {
        en: "Continue \"{title}\", step {step} of {of}?",
        ko: "\"{title}\" {of}단계 중 {step}단계부터 이어서 할까요?",
    }
    offer_keys() {
        en: "[Enter] yes   [l] list   [p] free play   [q] quit  > ",
        ko: "[Enter] 예   [l] 목록   [p] 자유롭게   [q] 끝내기  > ",
    }
    later() {
        en: "`learn` opens the lessons whenever you like. Now type a Dockerfile, or `help`.",
        ko: "언제든 `learn`으로 레슨을 열 수 있습니다. 이제 Dockerfile을 입력하거나 `help`를 쳐 보세요.",
    }
    cannot_open(why: &str) {
        en: "the lesson cannot be opened: {why}",
        ko: "레슨을 열 수 없습니다: {why}",
    }
    no_lesson(name: &str) { en: "there is no lesson `{name}`", ko: "`{name}` 레슨이 없습니다" }
    did_you_mean(lesson: &str) {
        en: "did you mean `strata learn {lesson}`? `strata lesson list` shows them all",
        ko: "`strata learn {lesson}`을 찾으셨나요? `strata lesson list`로 모두 볼 수 있습니다",
    }
    see_the_list() { en: "`strata lesson list` shows them all", ko: "`strata lesson list`로 모두 볼 수 있습니다" }
    store_is(root: &str) {
        en: "This lesson has images of its own; from another terminal: `strata --root {root}`",
        ko: "이 레슨은 자기만의 이미지 저장소를 씁니다. 다른 터미널에서는: `strata --root {root}`",
    }
}

impl LessonGuide {
    /// Opens the course: a folder's, or the one that came with strata.
    pub fn new(folder: Option<&Path>, homes: Homes, clock: fn() -> String) -> Result<Self, String> {
        let course = load(folder).map_err(|error| error.to_string())?;
        Ok(Self {
            course: Arc::new(course),
            homes,
            clock,
            runner: None,
            asked: None,
            waiting: Vec::new(),
            own: None,
            offered: false,
            watches: true,
            watcher: None,
        })
    }

    /// Says what is wrong with the name of a lesson to open, and what to type instead; none where
    /// there is such a lesson.
    pub fn refusal(&self, name: &str, language: Language) -> Option<(String, String)> {
        if self.course.position(name).is_some() {
            return None;
        }
        let help = match like(&self.course, name) {
            Some(lesson) => did_you_mean(language, &lesson.id),
            None => see_the_list(language),
        };
        Some((no_lesson(language, name), help))
    }

    fn passed(&self) -> usize {
        let progress = self.progress();
        let is_passed = |lesson: &&crate::lesson::Lesson| {
            progress
                .as_ref()
                .is_some_and(|progress| progress.passed(lesson))
        };
        self.course.lessons.iter().filter(is_passed).count()
    }

    fn progress(&self) -> Option<crate::lesson::Progress> {
        let file = std::fs::read(self.homes.progress()).ok()?;
        serde_json::from_slice(&file).ok()
    }

    fn open(&mut self, name: Option<&str>, desk: &mut Desk) {
        let language = desk.language();
        if let Some((message, help)) = name.and_then(|name| self.refusal(name, language)) {
            desk.complain(&Trouble::new(message).with_help(help).into());
            return;
        }
        let own = (desk.session().root().to_owned(), desk.folder().to_owned());
        let mut console = DeskConsole { desk, shown: true };
        let opened = Runner::open(
            self.course.clone(),
            self.homes.clone(),
            name,
            self.clock,
            &mut console,
        );
        match opened {
            Ok((mut runner, says)) => {
                if self.watches && desk.is_interactive() {
                    runner.begin_watching();
                    let printer = || desk.printer().map(Watcher::start);
                    self.watcher = self.watcher.take().or_else(printer);
                }
                self.runner = Some(runner);
                self.own.get_or_insert(own);
                let root = desk.session().root().display().to_string();
                desk.remark(&store_is(desk.language(), &root));
                self.tell(says, desk);
                self.resume_watching(desk);
            }
            Err(error) => {
                let why = error.to_string();
                desk.say(&cannot_open(desk.language(), &why));
                desk.move_to(&own.0, &own.1);
            }
        }
    }

    /// Shows what a lesson has to say; returns whether the learner leaves.
    fn tell(&mut self, says: Vec<Say>, desk: &mut Desk) -> bool {
        let mut leaves = false;
        self.asked = None;
        for say in says {
            match &say {
                Say::Ask(asked) => self.asked = Some((**asked).clone()),
                Say::Solution(lines) => {
                    self.waiting.clone_from(lines);
                    self.suggest(desk);
                }
                Say::Language(language) => desk.set_language(*language),
                Say::Leave { .. } => leaves = true,
                Say::Closed => {
                    self.leave_lesson(desk);
                    return false;
                }
                _ => {}
            }
            if let Some(runner) = &self.runner {
                let text = show(&say, runner, desk.screen());
                desk.show(&text);
            }
        }
        leaves
    }

    /// Puts the next line of a solution on the prompt.
    fn suggest(&mut self, desk: &mut Desk) {
        if !self.waiting.is_empty() {
            let line = self.waiting.remove(0);
            desk.suggest(&line);
        }
    }

    fn leave_lesson(&mut self, desk: &mut Desk) {
        self.pause_watching();
        self.runner = None;
        if let Some((root, folder)) = self.own.take() {
            desk.move_to(&root, &folder);
        }
    }
}

impl LessonGuide {
    fn is_open(&self, name: &str) -> bool {
        let open = self.runner.as_ref().map(Runner::lesson);
        open.is_some_and(|open| {
            let named = self.course.lesson(name);
            named.is_some_and(|named| named.id == open.id)
        })
    }

    /// Lets the lesson have a line; returns whether the learner leaves.
    fn carry_out(&mut self, line: &str, desk: &mut Desk) -> bool {
        let Some(runner) = &mut self.runner else {
            return false;
        };
        runner.look_again();
        let mut says = runner.line(line, &mut DeskConsole { desk, shown: true });
        // What the learner's own programs did; strata tells itself what it does.
        let edited = line.starts_with("edit ");
        if edited && runner.awaits_prediction() {
            // The editor's own sentence is enough: what the change means is the question.
            runner.look_again();
        } else if edited || line.starts_with('!') {
            says.extend(runner.notice_files(&mut DeskConsole { desk, shown: true }));
        }
        self.tell(says, desk)
    }

    /// Says how to come back, and closes the lesson.
    fn close(&mut self, desk: &mut Desk) {
        if self.runner.is_some() {
            self.carry_out("exit", desk);
            self.leave_lesson(desk);
        }
    }

    fn pause_watching(&self) {
        if let Some(watcher) = &self.watcher {
            watcher.watch(None);
        }
    }

    fn resume_watching(&self, desk: &Desk) {
        let Some((watcher, runner)) = self.watcher.as_ref().zip(self.runner.as_ref()) else {
            return;
        };
        let line = runner.build_line().map(str::to_owned);
        let here = || (opening_at(desk), line);
        watcher.watch(runner.is_watching().then(here));
    }
}

impl Guide for LessonGuide {
    fn status(&self, language: Language) -> Option<String> {
        Some(progress(language, self.passed(), self.course.lessons.len()))
    }

    fn begin(&mut self, call: Option<&Learn>, desk: &mut Desk) {
        if let Some(call) = call {
            self.watches = !call.no_watch;
            self.open(call.lesson.as_deref(), desk);
            return;
        }
        if self.offered || !desk.is_interactive() {
            return;
        }
        self.offered = true;
        let language = desk.language();
        let place = self.progress().and_then(|it| it.going_on(&self.course));
        let lesson = &self.course.lessons[place.map_or(0, |(lesson, _)| lesson)];
        let title = lesson.title.get(language).value.clone();
        let sentence = match place {
            Some((_, step)) => offer_next(language, &title, step + 1, lesson.steps.len()),
            None => offer_first(language, &title),
        };
        desk.say(&sentence);
        let keys = Line::styled(Style::Prompt, offer_keys(language));
        match desk.ask(&keys).as_deref() {
            Some("" | "y" | "yes" | "예" | "네") => self.open(None, desk),
            Some("l" | "list") => {
                self.open(None, desk);
                self.take("list", desk);
            }
            Some("q" | "quit" | "exit") => desk.leave_next(),
            Some(line) if !matches!(line, "p" | "n" | "no") => {
                if !line.starts_with("learn") {
                    desk.remark(&later(language));
                }
                desk.queue(line);
            }
            _ => desk.remark(&later(language)),
        }
    }

    fn verbs(&self) -> Vec<String> {
        if self.runner.is_none() {
            return vec!["learn".to_owned()];
        }
        lesson_verbs().map(str::to_owned).collect()
    }

    fn lessons(&self) -> Vec<String> {
        self.course
            .lessons
            .iter()
            .map(|lesson| lesson.id.clone())
            .collect()
    }

    fn prompt(&self, language: Language) -> Option<Line> {
        let asked = self.asked.as_ref()?;
        Some(Line::styled(
            Style::Prompt,
            lesson_question_prompt(&asked.state(), language),
        ))
    }

    fn take(&mut self, line: &str, desk: &mut Desk) -> Option<i32> {
        let words: Vec<&str> = line.split_whitespace().collect();
        if words.first() == Some(&"learn") {
            self.pause_watching();
            self.open(words.get(1).copied(), desk);
            return Some(0);
        }
        self.runner.as_ref()?;
        self.pause_watching();
        let line = match words.as_slice() {
            // The prompt leaves with the code that is asked for.
            ["exit" | "quit" | "bye", _] => {
                self.close(desk);
                return None;
            }
            // What is known of the lesson is in its own hands while it is open.
            ["lesson", "list", rest @ ..] => format!("list {}", rest.join(" ")),
            ["lesson", "forget", name] if self.is_open(name) => "forget".to_owned(),
            ["lesson", "forget" | "reset", ..] => {
                self.leave_lesson(desk);
                return None;
            }
            ["lesson", ..] => return None,
            _ => line.to_owned(),
        };
        if self.carry_out(&line, desk) {
            self.leave_lesson(desk);
            desk.leave_next();
            return Some(0);
        }
        self.suggest(desk);
        self.resume_watching(desk);
        Some(0)
    }

    fn leave(&mut self, desk: &mut Desk) {
        self.close(desk);
    }

    fn cancel(&mut self, _desk: &mut Desk) {
        if let Some(runner) = &mut self.runner {
            runner.cancel();
        }
        self.asked = None;
        self.waiting.clear();
    }
}
