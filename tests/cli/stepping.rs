//! `build --step` and `build --on-fail shell`, at a terminal.

use crate::common::strata::{Home, Rows};
use crate::common::terminal::Terminal;

const FILE: &str = "FROM practice-os\nCOPY a /a\nRUN cat /a > /b\nENV x=y\n";

fn home() -> Home {
    let home = Home::with(FILE);
    home.file("a", "text");
    home
}

/// Answers at a pause once it is there.
fn answer(terminal: &mut Terminal, pause: &str, say: &str) {
    terminal.expect(pause);
    terminal.expect("[q] ");
    terminal.keys(&format!("{say}\r"));
}

#[test]
fn every_instruction_waits_for_its_turn() {
    let home = home();
    let mut terminal = Terminal::call(&home, &["build", "--step", "-t", "image", "."]);
    answer(&mut terminal, "Step 1 of 4, line 1  BASE", "n");
    answer(&mut terminal, "Step 2 of 4, line 2  MISS", "why");
    terminal.expect("never built before");
    answer(&mut terminal, "Step 2 of 4, line 2  MISS", "");
    answer(&mut terminal, "Step 3 of 4, line 3  MISS", "n");
    answer(&mut terminal, "Step 4 of 4, line 4  META", "what");
    // Asked again.
    terminal.sees("[q] quit  > [Enter]");
    terminal.keys("next\r");
    terminal.expect("image:latest");
    assert_eq!(terminal.ended(), 0);
    // What happened at the pauses is what is remembered, and no image of a pause is listed.
    let why = home.ok("--plain why 3");
    assert!(why.contains("never built"), "{why}");
    let images = home.ok("images");
    assert!(!images.contains("<none>"), "{images}");
    assert_eq!(home.states(""), "BASE HIT HIT META");
    home.assert_clean();
}

#[test]
fn a_shell_shows_the_image_before_the_step_and_back_goes_back() {
    let home = home();
    let mut terminal = Terminal::call(&home, &["build", "--step", "."]);
    answer(&mut terminal, "Step 1 of 4", "shell");
    terminal.expect("into.");
    answer(&mut terminal, "Step 1 of 4", "n");
    answer(&mut terminal, "Step 2 of 4", "n");
    answer(&mut terminal, "Step 3 of 4", "s");
    terminal.expect("thrown away.");
    terminal.keys("echo a$(cat /a)a; ls /b; exit\r");
    terminal.expect("atexta");
    answer(&mut terminal, "Step 3 of 4", "n");
    answer(&mut terminal, "Step 4 of 4", "back");
    terminal.sees("line 3  HIT\n  RUN cat /a > /b\n[Enter] next");
    terminal.keys("c\r");
    assert_eq!(terminal.ended(), 0);
    home.assert_clean();
}

#[test]
fn stopping_leaves_no_image_and_what_was_made_is_used_again() {
    let home = home();
    let mut terminal = Terminal::call(&home, &["--lang", "ko", "build", "--step", "."]);
    answer(&mut terminal, "4단계 중 1단계", "n");
    answer(&mut terminal, "4단계 중 2단계", "n");
    answer(&mut terminal, "4단계 중 3단계", "q");
    terminal.expect("3단계 앞에서 멈췄습니다");
    assert_eq!(terminal.ended(), 130);
    let images = home.ok("images");
    assert!(!images.contains("<none>"), "{images}");
    assert_eq!(home.states(""), "BASE HIT MISS META");
}

#[test]
fn a_step_that_fails_can_be_looked_into_and_tried_again() {
    let home = Home::with("FROM practice-os\nRUN echo here > /h\nRUN cat /none\n");
    let words = ["build", "--step", "--on-fail", "shell", "."];
    let mut terminal = Terminal::call(&home, &words);
    answer(&mut terminal, "Step 1 of 3", "n");
    answer(&mut terminal, "Step 2 of 3", "n");
    answer(&mut terminal, "Step 3 of 3", "n");
    terminal.expect("thrown away.");
    terminal.keys("echo a$(cat /h)a; exit\r");
    terminal.expect("aherea");
    answer(&mut terminal, "Step 3 of 3", "q");
    assert_eq!(terminal.ended(), 130);
    home.assert_clean();
}

#[test]
fn a_build_that_fails_opens_a_shell_where_it_is_asked_for() {
    let home = Home::with("FROM practice-os\nRUN echo here > /h\nRUN cat /none\n");
    let mut terminal = Terminal::call(&home, &["build", "--on-fail", "shell", "."]);
    terminal.expect("thrown away.");
    terminal.keys("echo a$(cat /h)a; exit\r");
    terminal.expect("aherea");
    assert_eq!(terminal.ended(), 1);
    home.assert_clean();
}

#[test]
fn steps_of_stages_follow_the_file() {
    let home = Home::with(
        "ARG v=1\nFROM scratch AS unused\nCOPY a /\nFROM scratch AS one\nCOPY a /one\n\
         FROM scratch\nCOPY <<x /y\nhello\nx\nCOPY --from=one /one /\n",
    );
    home.file("a", "");
    let mut terminal = Terminal::call(&home, &["build", "--step", "-t", "image", "."]);
    answer(&mut terminal, "Step 1 of 8, line 1  META", "n");
    // This terminal has no echo: the next pause stands right behind the question.
    terminal.sees("line 4  BASE\n  FROM scratch AS one\n[Enter] next");
    terminal.keys("n\r");
    for pause in [
        "Step 5 of 8, line 5  MISS",
        "Step 6 of 8, line 6  BASE",
        "Step 7 of 8, line 7  MISS",
        "Step 8 of 8, line 10  MISS",
    ] {
        answer(&mut terminal, pause, "n");
    }
    assert_eq!(terminal.ended(), 0);
    let report = Rows::new(&home.ok("stack --json image"));
    assert_eq!(report.states(), "META SKIP SKIP BASE MISS BASE MISS MISS");
}

#[test]
fn without_a_terminal_it_is_refused() {
    let home = home();
    for options in ["--step", "--on-fail shell"] {
        let said = home
            .call(&format!("build {options} ."))
            .fails(125, "terminal");
        assert!(said.contains("help: "), "{said}");
    }
    home.call("--lang ko build --step .").fails(125, "터미널");
    home.call("build --step --no-cache .")
        .fails(125, "--no-cache");
}
