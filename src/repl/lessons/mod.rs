//! Lessons at the prompt: the guide that leads a learner, and the console that lessons use.

mod console;
mod facts;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use console::{DeskConsole, parse_dockerfile};

use super::desk::Desk;
use super::guide::Guide;
use crate::command::Learn;
use crate::course::{Asked, Homes, Runner, Say, load, show};
use crate::language::Language;
use crate::lesson::{Course, StepMark};
use crate::render::{Line, Style, lesson_question_prompt};

/// The verbs of a lesson that are words of their own at the prompt.
const VERBS: [&str; 14] = [
    "learn", "lesson", "check", "hint", "solution", "next", "skip", "list", "reset", "play",
    "back", "watch", "undo", "redo",
];

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
        })
    }

    fn passed(&self) -> usize {
        let progress = self.progress();
        let is_passed = |lesson: &&crate::lesson::Lesson| {
            let steps = progress.as_ref().and_then(|it| it.lessons.get(&lesson.id));
            steps.is_some_and(|done| {
                let passed = |step: &crate::lesson::Step| {
                    done.steps
                        .get(&step.id)
                        .is_some_and(|it| matches!(it.state, StepMark::Passed | StepMark::Seen))
                };
                lesson.steps.iter().all(passed)
            })
        };
        self.course.lessons.iter().filter(is_passed).count()
    }

    fn progress(&self) -> Option<crate::lesson::Progress> {
        let file = std::fs::read(self.homes.progress()).ok()?;
        serde_json::from_slice(&file).ok()
    }

    fn open(&mut self, name: Option<&str>, desk: &mut Desk) {
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
            Ok((runner, says)) => {
                self.runner = Some(runner);
                self.own.get_or_insert(own);
                let root = desk.session().root().display().to_string();
                desk.remark(&store_is(desk.language(), &root));
                self.tell(says, desk);
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
                Say::Help => {
                    desk.carry_out("help");
                    continue;
                }
                Say::Leave { .. } => leaves = true,
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

    fn leave(&mut self, desk: &mut Desk) {
        self.runner = None;
        if let Some((root, folder)) = self.own.take() {
            desk.move_to(&root, &folder);
        }
    }
}

impl Guide for LessonGuide {
    fn status(&self, language: Language) -> Option<String> {
        Some(progress(language, self.passed(), self.course.lessons.len()))
    }

    fn begin(&mut self, call: Option<&Learn>, desk: &mut Desk) {
        if let Some(call) = call {
            self.open(call.lesson.as_deref(), desk);
            return;
        }
        if self.offered || !desk.is_interactive() {
            return;
        }
        self.offered = true;
        let language = desk.language();
        let current = self.progress().and_then(|it| it.current);
        let position = current.as_deref().and_then(|id| self.course.position(id));
        let lesson = &self.course.lessons[position.unwrap_or(0)];
        let title = lesson.title.get(language).value.clone();
        let at = self
            .progress()
            .and_then(|it| it.lessons.get(&lesson.id)?.at.clone());
        let step = at.and_then(|at| lesson.steps.iter().position(|step| step.id == at));
        let sentence = match position {
            Some(_) => offer_next(language, &title, step.unwrap_or(0) + 1, lesson.steps.len()),
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
                desk.remark(&later(language));
                desk.queue(line);
            }
            _ => desk.remark(&later(language)),
        }
    }

    fn verbs(&self) -> Vec<String> {
        let count = if self.runner.is_some() {
            VERBS.len()
        } else {
            1
        };
        VERBS[..count].iter().map(ToString::to_string).collect()
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
            self.open(words.get(1).copied(), desk);
            return Some(0);
        }
        let runner = self.runner.as_mut()?;
        let says = runner.line(line, &mut DeskConsole { desk, shown: true });
        if self.tell(says, desk) {
            self.leave(desk);
            return None;
        }
        self.suggest(desk);
        Some(0)
    }

    fn cancel(&mut self, _desk: &mut Desk) {
        if let Some(runner) = &mut self.runner {
            runner.cancel();
        }
        self.asked = None;
        self.waiting.clear();
    }
}
