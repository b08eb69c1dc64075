//! Wrong lines, steps that fail, keys that interrupt: the session and the terminal live on.

use rexpect::process::Signal;

use crate::common::strata::Home;
use crate::common::terminal::{Terminal, WIDE};

#[test]
fn a_failing_run_is_shown_and_leaves_nothing_but_the_state_before_it() {
    let home = Home::new();
    let mut terminal = Terminal::begin(&home);
    terminal.line("FROM practice-os", "1  BASE");
    terminal.line("RUN echo ok > /kept", "2  MISS");
    let news = terminal.line(
        "RUN echo one; echo two >&2; exit 3",
        "help: `in 3` opens a shell",
    );
    for words in [
        "  one",
        "  two",
        "3  FAIL",
        "exit code 3",
        "draft:3: error:",
        "^^^^",
    ] {
        assert!(news.contains(words), "{words}: {news}");
    }
    terminal.line("in 3 cat /kept", "ok");
    terminal.line("why 3", "FAIL");
    terminal.line("files 3", "nothing of it is kept");
    let draft = terminal.line("draft", "2  RUN");
    assert!(!draft.contains("exit 3"), "{draft}");
    // The same line is not a hit.
    terminal.line("RUN echo one; echo two >&2; exit 3", "3  FAIL");
}

#[test]
fn a_wrong_line_is_proposed_in_grey_and_taken_over_with_an_arrow() {
    let home = Home::new();
    let mut terminal = Terminal::begin(&home);
    terminal.line("FROM practice-os", "1  BASE");
    terminal.line("RUNN echo hi", "build> RUNN echo hi");
    // The right arrow takes it over; Home, right, right, right, Delete corrects it.
    terminal.keys("\u{1b}[C\u{1b}[H\u{1b}[C\u{1b}[C\u{1b}[C\u{1b}[3~\r");
    terminal.expect("2  MISS");
    terminal.line("RUNN echo hi", "build> RUNN echo hi");
    terminal.line("ENV A=1", "3  META");
}

#[test]
fn every_wrong_line_gets_its_own_answer() {
    let home = Home::new();
    let mut terminal = Terminal::begin(&home);
    let wrong = [
        ("RUN echo hi", "RUN before the first FROM"),
        ("run", "the draft has nothing to build yet"),
        ("in 3", "the draft has nothing to build yet"),
        ("write", "the draft has nothing to build yet"),
        ("undo", "nothing to take back"),
        ("run npm install", "did you mean the instruction RUN?"),
        ("run nosuchimage", "nosuchimage: not found in the store"),
        ("run --bogus x", "unknown flag: --bogus"),
        ("run 'x", "a quote is opened and not closed"),
        ("ls -l", "begin with a `!`: `!ls -l`"),
        ("fooo", "'fooo' is not a strata command"),
        ("rnu shop", "did you mean `run shop`?"),
        ("unod", "did you mean `undo`?"),
        ("learn cache", "did you mean `strata learn cache-order`?"),
        ("drop", "the form is `drop N`"),
        ("drop x", "invalid argument \"x\""),
        ("open nothing", "unable to read the file: nothing"),
        ("help nothing", "there is no verb or instruction `nothing`"),
        ("lang fr", "there is no language `fr`"),
        ("build", "requires exactly 1 argument"),
        ("!exit 7", ""),
    ];
    for (line, words) in wrong {
        terminal.line(line, words);
    }
    terminal.line("FROM practice-os", "1  BASE");
    terminal.line("in 7", "there is no step 7: the last build has 1");
    terminal.line("COPY nothing /", "not found");
    terminal.line("RUN /etc", "/etc is a folder, not a program");
    terminal.line(
        "RUN /etc/passwd",
        "126 means that /etc/passwd cannot be executed",
    );
    terminal.line("RUN sh -c 'exit 126'", "126 means that a file");
    terminal.line("draft", " 1  FROM practice-os");
}

#[test]
fn ctrl_c_ends_the_step_or_drops_the_line_and_nothing_else() {
    let home = Home::new();
    let mut terminal = Terminal::begin(&home);
    terminal.line("FROM practice-os", "1  BASE");
    terminal.keys("RUN sleep 1000\r");
    terminal.sees(" 2  RUN sleep 1000");
    terminal.keys("\u{3}");
    terminal.sees("stopped before it was done");
    terminal.line("", "build>");
    terminal.keys("RUN garbage");
    terminal.sees("build> RUN garbage");
    terminal.keys("\u{3}");
    terminal.expect("build>");
    terminal.line("RUN echo again", "2  MISS");
    terminal.keys("run practice-os sleep 1000\r");
    crate::common::strata::wait_for("the container", || !home.ok("ps -q").is_empty());
    // PID 1 of a container hears only what it has a handler for; the third one is not asked.
    crate::common::strata::wait_for("its end", || {
        terminal.keys("\u{3}");
        std::thread::sleep(std::time::Duration::from_millis(200));
        home.ok("ps -q").is_empty()
    });
    terminal.line("", "build>");
    // The worker may have heard it, too.
    terminal.line("RUN echo once more", "3  MISS");
    // The worker tidies up behind the answer; a prompt that is left has none.
    terminal.keys("exit\r");
    let tmp = home.store().join("tmp");
    crate::common::strata::wait_for("the worker's end", || {
        home.ok("system fsck");
        std::fs::read_dir(&tmp).is_ok_and(|mut left| left.next().is_none())
    });
    home.assert_clean();
}

#[test]
fn a_session_that_is_ended_gives_the_terminal_back() {
    let home = Home::new();
    let mut terminal = Terminal::begin(&home);
    assert!(!terminal.is_in_order());
    terminal.signal(Signal::SIGTERM);
    assert_eq!(terminal.ended(), 128 + Signal::SIGTERM as i32);
    assert!(terminal.is_in_order());
}

#[test]
fn the_prompt_is_left_in_every_way() {
    let home = Home::new();
    for (keys, code) in [("\u{4}", 0), ("exit\r", 0), ("bye\r", 0), ("exit 3\r", 3)] {
        let mut terminal = Terminal::begin(&home);
        terminal.keys(keys);
        assert_eq!(terminal.ended(), code, "{keys:?}");
        assert!(terminal.is_in_order());
    }
}

#[test]
fn a_home_folder_is_only_copied_after_a_question() {
    let home = Home::new();
    home.file("letter", "private");
    let folder = home.context().display().to_string();
    let mut terminal = Terminal::open_with(&home, &[("HOME", &folder)]);
    terminal.expect("free play");
    terminal.keys("p\r");
    terminal.expect("strata>");
    terminal.line("FROM practice-os", "1  BASE");
    terminal.keys("COPY . /app\r");
    terminal.expect("The build context is");
    terminal.expect("Go on?");
    terminal.line("", "build> COPY . /app");
    terminal.keys("COPY . /app\r");
    terminal.expect("Go on?");
    terminal.line("y", "2  MISS");
    terminal.line("COPY letter /b", "3  MISS");
}

#[test]
fn lines_are_drawn_as_the_terminal_shows_them() {
    let drawn = |variables: &[_]| {
        let home = Home::new();
        home.file("a", "a");
        let mut terminal = Terminal::open_with(&home, variables);
        terminal.expect("free play");
        terminal.keys("p\r");
        terminal.expect("strata>");
        terminal.line("FROM practice-os", "1  BASE");
        terminal.line("COPY a /", "2  MISS");
        terminal.line("stack", "practice-os")
    };
    assert!(drawn(&[]).contains('─'));
    // On a terminal where they are two columns wide they would break every picture.
    let ascii = drawn(&[WIDE]);
    assert!(!ascii.contains('─') && ascii.contains("--"), "{ascii}");
}
