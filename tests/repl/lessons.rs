//! Lessons at a terminal: the keys of the screens, free play, and the ways out.

use std::fs;

use crate::common::strata::Home;
use crate::common::terminal::Terminal;

/// Opens a lesson in English.
fn learn(home: &Home, lesson: &str) -> Terminal {
    let mut terminal = Terminal::open(home);
    terminal.expect("free play");
    terminal.keys(&format!("learn {lesson}\r"));
    terminal.expect("hint  check");
    terminal.expect("strata>");
    terminal
}

#[test]
fn help_shows_the_lessons_verbs_and_explains_one() {
    let home = Home::new();
    let mut terminal = learn(&home, "1");
    terminal.line("?", "takes back the last instruction");
    terminal.line("help skip", "never counts as passed");
    terminal.line("help COPY", "Copies files");
    terminal.line("lid x", "No such container: x");
}

#[test]
fn what_is_missing_comes_with_keys_that_help() {
    let home = Home::new();
    let mut terminal = learn(&home, "1");
    terminal.keys("s\r");
    terminal.expect("strata> docker images");
    terminal.keys("\r");
    terminal.expect("Step 1 done.");
    terminal.line("", "Run it");
    terminal.line("check", "[h] hint 1 of 2   [s] solution");
    terminal.line("h", "Hint 1 of 2");
    terminal.line("check", "[h] hint 2 of 2   [s] solution");
}

#[test]
fn free_play_leaves_the_lesson_as_it_was() {
    let home = Home::new();
    let mut terminal = learn(&home, "1");
    terminal.line("play", "free play: a copy");
    terminal.line("next", "`back` returns to the lesson first");
    terminal.line("back", "exactly where you left it");
    terminal.line("back", "in the lesson already");
}

#[test]
fn every_way_out_says_how_to_come_back() {
    let home = Home::new();
    for keys in ["q\r", "exit\r", "bye\r", "\u{4}"] {
        let mut terminal = learn(&home, "1");
        terminal.keys(keys);
        terminal.expect("`strata learn first-run` goes on with step 1");
        assert_eq!(terminal.ended(), 0);
    }
}

#[test]
fn a_saved_file_is_told_of_while_nothing_is_typed() {
    let home = Home::new();
    let mut terminal = learn(&home, "10");
    let server = home.beside("strata/cache-order/server.js");
    let text = fs::read_to_string(&server).unwrap();
    fs::write(&server, text.clone() + "// more\n").unwrap();
    // It stands where the prompt stood.
    terminal.sees("server.js changed");
    terminal.line("watch off", "no longer watched");
    terminal.line("watch on", "file changes are watched");
}

#[test]
fn the_language_changes_in_the_middle_of_a_lesson() {
    let home = Home::new();
    let mut terminal = learn(&home, "10");
    terminal.keys("lang ko\r");
    terminal.expect("한 번 빌드하기");
    terminal.keys("forget\r");
    terminal.expect("진도를 지웠습니다");
}
