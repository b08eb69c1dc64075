//! A learner at the prompt, on the scripted console.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::course::library;
use crate::course::script::ScriptedConsole;
use crate::lesson::StepMark;

/// A learner who starts from nothing.
struct Learner {
    scratch: tempfile::TempDir,
    console: ScriptedConsole,
    runner: Runner,
    first: Vec<Say>,
}

fn clock() -> String {
    "2026-11-22T01-02-03".to_owned()
}

fn edit(file: &Path) {
    let text = fs::read_to_string(file).unwrap();
    fs::write(file, text + "// by hand\n").unwrap();
}

impl Learner {
    fn opens(lesson: &str) -> Self {
        let scratch = tempfile::tempdir().unwrap();
        let mut console = ScriptedConsole::default();
        console.editor = Some(edit);
        Self::with(scratch, console, Some(lesson))
    }

    fn with(
        scratch: tempfile::TempDir,
        mut console: ScriptedConsole,
        lesson: Option<&str>,
    ) -> Self {
        let course = Arc::new(library::scripted());
        let homes = Homes::below(scratch.path());
        let (runner, first) = Runner::open(course, homes, lesson, clock, &mut console).unwrap();
        Self {
            scratch,
            console,
            runner,
            first,
        }
    }

    /// Ends the process and starts a new one with the same disk.
    fn comes_back(self) -> Self {
        Self::with(self.scratch, self.console, None)
    }

    fn types(&mut self, line: &str) -> Vec<Say> {
        self.runner.line(line, &mut self.console)
    }

    fn solves(&mut self, steps: usize) {
        for _ in 0..steps {
            self.runner.stage.solve(&mut self.console).unwrap();
            assert!(passed(&self.types("check")), "{}", self.runner.step().id);
            self.types("");
        }
    }

    fn mark(&self, step: &str) -> Option<StepMark> {
        let lesson = &self.runner.lesson().id;
        self.runner
            .progress()
            .step(lesson, step)
            .map(|known| known.state)
    }

    fn file(&self, path: &str) -> Option<String> {
        let content = self.runner.stage.folder().read(path)?;
        Some(String::from_utf8(content).unwrap())
    }

    fn names(&mut self) -> Vec<String> {
        self.console
            .images()
            .into_iter()
            .map(|(name, _)| name)
            .collect()
    }
}

fn passed(says: &[Say]) -> bool {
    says.iter().any(|say| matches!(say, Say::Passed { .. }))
}

/// Returns the English text of everything that is text.
fn texts(says: &[Say]) -> String {
    let text = |say: &Say| match say {
        Say::Text(prose) => format!("{:?}", prose.english()),
        Say::Note(note) => note.en.clone(),
        _ => String::new(),
    };
    says.iter().map(text).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_line_that_ends_the_step_passes_it_and_enter_goes_on() {
    let mut learner = Learner::opens("first-run");
    assert!(matches!(learner.first[..], [Say::Page]));
    assert!(passed(&learner.types("docker images")));
    assert_eq!(learner.mark("images"), Some(StepMark::Passed));
    assert!(matches!(learner.types("")[..], [Say::Page]));
    assert_eq!(learner.runner.step().id, "run");
    assert!(passed(&learner.types("run practice-os")));
}

#[test]
fn a_known_mistake_gets_its_own_words() {
    let mut learner = Learner::opens("first-run");
    learner.solves(2);
    let says = learner.types("docker ps");
    assert!(texts(&says).contains("nothing runs right now"), "{says:?}");
    assert!(
        says.iter()
            .any(|say| matches!(say, Say::Facts(facts) if facts.iter().any(|f| !f.ok)))
    );
    assert!(passed(&learner.types("docker ps -a")));
}

#[test]
fn a_question_comes_before_the_line_and_the_real_build_scores_it() {
    let mut learner = Learner::opens("cache-order");
    learner.solves(2);
    learner.types("edit server.js");
    let says = learner.types("docker build . --tag shop:2");
    assert!(matches!(&says[..], [Say::Ask(asked)] if asked.next == 0 && asked.forecast.is_some()));
    assert!(matches!(
        &learner.types("perhaps")[..],
        [Say::NotAnAnswer, Say::Ask(_)]
    ));
    learner.types("h");
    assert!(!learner.names().contains(&"shop:2".to_owned()));
    learner.types("m");
    let says = learner.types("h");
    let score = says.iter().find_map(|say| match say {
        Say::Score { score, .. } => Some(score.short()),
        _ => None,
    });
    assert_eq!(score.as_deref(), Some("2/3"));
    assert!(texts(&says).contains("fits only on the stack"), "{says:?}");
    assert!(passed(&says));
    let known = learner
        .runner
        .progress()
        .step("cache-order", "guess")
        .unwrap();
    assert_eq!(known.predicted.as_deref(), Some("2/3"));
}

#[test]
fn a_prediction_of_the_wrong_moment_is_asked_again() {
    let mut learner = Learner::opens("cache-order");
    learner.solves(2);
    learner.types("touch server.js");
    learner.types("build -t shop:2 .");
    learner.types("h");
    learner.types("h");
    let says = learner.types("h");
    assert!(!passed(&says));
    assert!(texts(&says).contains("A new date alone"), "{says:?}");
    learner.types("edit server.js");
    assert!(matches!(
        &learner.types("build -t shop:2 .")[..],
        [Say::Ask(_)]
    ));
}

#[test]
fn ctrl_c_cancels_a_question_and_nothing_was_built() {
    let mut learner = Learner::opens("cache-order");
    learner.solves(2);
    learner.types("build -t shop:2 .");
    learner.runner.cancel();
    assert!(!learner.names().contains(&"shop:2".to_owned()));
    assert!(matches!(
        &learner.types("hint")[..],
        [Say::Hint {
            number: 1,
            of: 2,
            ..
        }]
    ));
}

#[test]
fn hints_climb_and_the_solution_is_only_put_on_the_prompt() {
    let mut learner = Learner::opens("cache-order");
    let numbers: Vec<usize> = (0..4)
        .filter_map(|_| match &learner.types("h")[..] {
            [Say::Hint { number, .. }] => Some(*number),
            _ => None,
        })
        .collect();
    assert_eq!(numbers, [1, 2, 3, 1]);
    let says = learner.types("solution");
    assert_eq!(
        says.last(),
        Some(&Say::Solution(vec!["docker build -t shop:1 .".to_owned()]))
    );
    assert!(!learner.names().contains(&"shop:1".to_owned()));
    assert!(
        learner
            .runner
            .progress()
            .step("cache-order", "first-build")
            .unwrap()
            .solution
    );
}

#[test]
fn a_given_file_is_written_and_what_was_there_is_kept() {
    let mut learner = Learner::opens("cache-order");
    fs::write(
        learner.runner.stage.folder().root().join("Dockerfile"),
        "FROM mine\n",
    )
    .unwrap();
    let says = learner.types("w");
    assert!(texts(&says).contains("Dockerfile.1"));
    assert_eq!(learner.file("Dockerfile.1").as_deref(), Some("FROM mine\n"));
    assert!(learner.file("Dockerfile").unwrap().contains("npm install"));
}

#[test]
fn undo_takes_files_and_images_back_and_redo_brings_them_again() {
    let mut learner = Learner::opens("cache-order");
    learner.solves(2);
    let before = learner.file("server.js");
    learner.types("edit server.js");
    let after = learner.file("server.js");
    learner.types("build -t other .");
    assert!(learner.names().contains(&"other".to_owned()));
    learner.types("undo");
    assert!(!learner.names().contains(&"other".to_owned()));
    learner.types("u");
    assert_eq!(learner.file("server.js"), before);
    assert!(
        texts(&learner.types("undo")).is_empty(),
        "the session says it"
    );
    learner.types("redo");
    assert_eq!(learner.file("server.js"), after);
}

#[test]
fn undo_says_what_cannot_come_back() {
    let mut learner = Learner::opens("first-run");
    learner.solves(2);
    let id = learner.console.containers()[0].id.clone();
    learner.types(&format!("rm {id}"));
    let says = learner.types("undo");
    assert!(texts(&says).contains("can't be taken back"), "{says:?}");
}

#[test]
fn undo_reaches_lines_of_the_draft_that_are_older_than_the_step() {
    let mut learner = Learner::opens("first-dockerfile");
    learner.solves(4);
    assert_eq!(learner.runner.step().id, "again");
    learner.types("undo");
    assert_eq!(learner.console.draft().len(), 3);
    let says = learner.types("RUN echo \"made while building\" > note.txt");
    assert!(passed(&says), "{says:?}");
}

#[test]
fn a_skipped_step_is_not_passed_and_the_next_starts_as_if_it_were_done() {
    let mut learner = Learner::opens("cache-order");
    learner.types("skip");
    assert_eq!(learner.mark("first-build"), Some(StepMark::Skipped));
    assert_eq!(learner.runner.step().id, "again");
    assert!(learner.names().contains(&"shop:1".to_owned()));
    assert!(passed(&learner.types("build -t shop:1 .")));
}

#[test]
fn next_waits_until_the_step_is_done() {
    let mut learner = Learner::opens("first-run");
    assert!(texts(&learner.types("next")).contains("not done yet"));
    learner.types("images");
    learner.types("next");
    assert_eq!(learner.runner.step().id, "run");
}

#[test]
fn reset_asks_once_and_keeps_files_aside() {
    let mut learner = Learner::opens("cache-order");
    learner.solves(2);
    learner.types("append mine.txt precious");
    assert!(matches!(
        &learner.types("reset")[..],
        [Say::Confirm(Scope::Step, _)]
    ));
    // A command is no answer: it is asked again.
    assert!(matches!(
        &learner.types("hint")[..],
        [Say::Note(_), Say::Confirm(Scope::Step, _)]
    ));
    learner.types("no");
    assert_eq!(learner.file("mine.txt").as_deref(), Some("precious\n"));
    let says = learner.types("reset --yes");
    assert!(texts(&says).contains(".before-reset"), "{says:?}");
    assert_eq!(learner.file("mine.txt"), None);
    let kept = learner
        .scratch
        .path()
        .join("work/.before-reset")
        .join(clock())
        .join("cache-order/mine.txt");
    assert_eq!(fs::read_to_string(kept).unwrap(), "precious\n");
    assert_eq!(learner.runner.step().id, "guess");
}

#[test]
fn reset_lesson_and_course_forget_progress() {
    let mut learner = Learner::opens("cache-order");
    learner.solves(2);
    learner.types("reset lesson --yes");
    assert_eq!(learner.runner.step().id, "first-build");
    assert_eq!(learner.mark("again"), None);
    learner.types("reset course -y");
    assert_eq!(learner.runner.lesson().id, "first-run");
}

#[test]
fn another_process_goes_on_where_this_one_stopped() {
    let mut learner = Learner::opens("cache-order");
    learner.solves(2);
    learner.types("edit server.js");
    let edited = learner.file("server.js");
    let mut learner = learner.comes_back();
    assert_eq!(learner.runner.step().id, "guess");
    assert_eq!(learner.file("server.js"), edited);
    for line in ["build -t shop:2 .", "h", "m"] {
        learner.types(line);
    }
    assert!(
        passed(&learner.types("m")),
        "the edit of the earlier process counts"
    );
}

#[test]
fn a_passed_step_is_not_offered_again() {
    let mut learner = Learner::opens("first-run");
    assert!(passed(&learner.types("images")));
    let leave = learner.types("q");
    assert!(
        matches!(&leave[..], [Say::Leave { step: 2, .. }]),
        "{leave:?}"
    );
    let mut learner = learner.comes_back();
    assert_eq!(learner.runner.step().id, "run");
    assert_eq!(learner.names(), ["practice-os"]);
}

#[test]
fn a_finished_lesson_is_followed_by_the_next() {
    let mut learner = Learner::opens("first-run");
    learner.solves(8);
    let learner = learner.comes_back();
    assert_eq!(learner.runner.lesson().id, "first-dockerfile");
}

#[test]
fn the_last_lesson_names_what_is_not_finished() {
    let mut learner = Learner::opens("cache-order");
    learner.solves(5);
    learner.runner.stage.solve(&mut learner.console).unwrap();
    learner.types("check");
    let says = learner.types("");
    let [Say::Finished { unfinished, .. }] = &says[..] else {
        panic!("{says:?}");
    };
    let ids: Vec<_> = unfinished.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids, ["first-run", "first-dockerfile"]);
}

#[test]
fn files_stay_when_another_lesson_was_open_meanwhile() {
    let mut learner = Learner::opens("cache-order");
    learner.solves(2);
    learner.types("append mine.txt precious");
    learner.types("learn first-run");
    let says = learner.types("learn cache-order");
    assert!(matches!(says[..], [Say::Page]), "{says:?}");
    assert_eq!(learner.file("mine.txt").as_deref(), Some("precious\n"));
    assert_eq!(learner.runner.step().id, "guess");
}

#[test]
fn a_line_on_the_way_is_no_mistake_and_says_what_is_next() {
    let mut learner = Learner::opens("cache-order");
    learner.solves(4);
    let right =
        "FROM practice-node\nWORKDIR /app\nCOPY package.json /app\nRUN npm install\nCOPY . /app\n";
    learner
        .runner
        .stage
        .folder()
        .write("Dockerfile", right.as_bytes())
        .unwrap();
    let says = learner.types("docker build -t shop:warm .");
    assert!(
        matches!(&says[..], [Say::Text(_)]) && texts(&says).contains("is built. Next"),
        "{says:?}"
    );
    learner.types("edit server.js");
    let says = learner.types("check");
    assert!(
        texts(&says).contains("files changed after the last build"),
        "{says:?}"
    );
    assert!(passed(&learner.types("docker build -t shop:3 .")));
}

#[test]
fn nothing_is_told_of_a_build_that_never_was() {
    for steps in [2, 3, 4] {
        let mut learner = Learner::opens("cache-order");
        learner.solves(steps);
        for line in ["check", "edit server.js", "check"] {
            let says = learner.types(line);
            assert_eq!(texts(&says).trim(), "", "step {} {line}", steps + 1);
        }
    }
}

#[test]
fn steps_that_were_reused_are_not_said_to_have_run() {
    let mut learner = Learner::opens("cache-order");
    learner.types("w");
    learner.types("docker build -t shop:2 .");
    let says = learner.types("docker build -t shop:1 .");
    assert!(passed(&says));
    assert!(texts(&says).contains("under another name"), "{says:?}");
}

#[test]
fn another_program_is_not_the_images_own() {
    let mut learner = Learner::opens("first-run");
    learner.solves(1);
    let says = learner.types("run practice-os echo hi");
    assert!(!passed(&says));
    assert!(texts(&says).contains("let the image decide"), "{says:?}");
}

#[test]
fn a_store_that_serves_another_lesson_is_made_anew() {
    let mut learner = Learner::opens("cache-order");
    learner.solves(2);
    learner.types("learn first-run");
    assert_eq!(learner.names(), ["practice-os"]);
    learner.types("learn 10");
    assert_eq!(learner.runner.step().id, "guess");
    assert!(learner.names().contains(&"shop:1".to_owned()));
}

#[test]
fn free_play_leaves_no_trace_in_the_lesson() {
    let mut learner = Learner::opens("cache-order");
    learner.solves(2);
    let before = learner.runner.stage.state(&mut learner.console).unwrap();
    learner.types("play");
    assert!(learner.runner.playing());
    learner.types("edit server.js");
    learner.types("build -t wild .");
    assert!(learner.names().contains(&"wild".to_owned()));
    learner.types("back");
    assert_eq!(
        learner.runner.stage.state(&mut learner.console).unwrap(),
        before
    );
    assert_eq!(learner.runner.step().id, "guess");
}

#[test]
fn a_saved_file_gives_no_answer_away_while_a_prediction_waits() {
    let mut learner = Learner::opens("cache-order");
    learner.solves(2);
    learner.types("watch on");
    edit(&learner.runner.stage.folder().root().join("server.js"));
    let says = learner.runner.notice_files(&mut learner.console);
    assert_eq!(texts(&says), "server.js changed");
}

#[test]
fn watching_tells_what_a_saved_file_would_do() {
    let mut learner = Learner::opens("cache-order");
    learner.solves(4);
    assert_eq!(learner.runner.notice_files(&mut learner.console), []);
    learner.types("watch on");
    edit(&learner.runner.stage.folder().root().join("server.js"));
    let says = learner.runner.notice_files(&mut learner.console);
    assert_eq!(texts(&says), "server.js changed: step 4 would MISS");
    assert_eq!(learner.runner.notice_files(&mut learner.console), []);
}

#[test]
fn the_last_step_ends_the_lesson_and_enter_opens_the_next() {
    let mut learner = Learner::opens("first-run");
    learner.types("skip");
    learner.solves(6);
    learner.runner.stage.solve(&mut learner.console).unwrap();
    assert!(passed(&learner.types("check")));
    let says = learner.types("");
    assert!(
        matches!(&says[..], [Say::Finished { skipped, next: Some(_), .. }] if skipped.len() == 1)
    );
    assert_eq!(learner.console.containers(), [], "the lesson cleans up");
    learner.types("");
    assert_eq!(learner.runner.lesson().id, "first-dockerfile");
}

#[test]
fn the_list_finds_lessons_by_title_in_any_language() {
    let mut learner = Learner::opens("first-run");
    let found = |says: Vec<Say>| match &says[..] {
        [Say::List(lines)] => lines.iter().map(|line| line.id.clone()).collect::<Vec<_>>(),
        _ => panic!("a list"),
    };
    assert_eq!(found(learner.types("list")).len(), 3);
    assert_eq!(found(learner.types("list CACHING")), ["cache-order"]);
    assert_eq!(found(learner.types("list 한 줄")), ["first-dockerfile"]);
}

#[test]
fn trouble_is_shown_and_the_session_goes_on() {
    let mut learner = Learner::opens("cache-order");
    fs::remove_dir_all(learner.scratch.path().join("state")).unwrap();
    fs::write(learner.scratch.path().join("state"), "in the way").unwrap();
    let says = learner.types("skip");
    assert!(
        texts(&says).contains("strata: error: cannot write"),
        "{says:?}"
    );
    assert!(matches!(&learner.types("hint")[..], [Say::Hint { .. }]));
}

#[test]
fn leaving_says_how_to_come_back() {
    let mut learner = Learner::opens("first-run");
    learner.solves(1);
    for word in ["exit", "quit", "bye", "q"] {
        assert_eq!(
            learner.types(word),
            [Say::Leave {
                lesson: "first-run".to_owned(),
                step: 2
            }]
        );
    }
}

#[test]
fn y_explains_what_was_predicted_wrong_and_is_no_command_of_the_step() {
    let mut learner = Learner::opens("cache-order");
    assert!(texts(&learner.types("y")).contains("nothing was built"));
    learner.solves(2);
    learner.types("edit server.js");
    learner.types("build -t shop:2 .");
    for guess in ["h", "m", "h"] {
        learner.types(guess);
    }
    let before = learner.runner.stage.record().commands.len();
    assert_eq!(learner.runner.step_to_explain(), Some(4));
    assert_eq!(learner.types("y"), []);
    assert_eq!(learner.runner.stage.record().commands.len(), before);
}

#[test]
fn what_is_the_lessons_waits_while_playing() {
    let mut learner = Learner::opens("first-run");
    learner.types("play");
    for verb in ["check", "", "next", "skip", "reset", "forget", "watch off"] {
        assert!(texts(&learner.types(verb)).contains("`back`"), "{verb}");
    }
    assert!(matches!(learner.types("q")[..], [Say::Leave { .. }]));
    assert!(!learner.runner.playing());
}

#[test]
fn a_lesson_that_is_forgotten_is_closed() {
    let mut learner = Learner::opens("cache-order");
    let says = learner.types("forget");
    assert_eq!(says.last(), Some(&Say::Closed));
    assert_eq!(learner.runner.progress().lessons.len(), 0);
}

#[test]
fn a_refused_act_is_told_of_and_a_refused_command_is_left_to_the_session() {
    let mut learner = Learner::opens("cache-order");
    let says = learner.types("remove gone");
    assert!(texts(&says).contains("cannot remove `gone`"), "{says:?}");
    assert!(!texts(&learner.types("build nowhere")).contains("nowhere"));
}

#[test]
fn a_search_that_finds_nothing_says_so() {
    let mut learner = Learner::opens("first-run");
    assert!(matches!(&learner.types("list 캐시")[..], [Say::List(found)] if found.len() == 1));
    assert!(texts(&learner.types("list zzz")).contains("no lesson has `zzz`"));
}
