//! Ctrl-C at a real terminal: for the container in the foreground, or for the build.

use std::fs;

use crate::common::strata::{Home, entries, wait_for};
use crate::common::terminal::Terminal;

/// Says that it runs, and ends by its own handler.
const HANDLER: &str = "trap 'echo by hand; exit 7' INT; echo ready; while :; do :; done";
const CTRL_C: &str = "\x03";

/// Nothing of the store is mounted where others see it, and no process works on it.
fn assert_left_in_peace(home: &Home) {
    let store = home.store().display().to_string();
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(!mounts.contains(&store), "{mounts}");
    assert_eq!(entries(&home.store().join("tmp")), Vec::<String>::new());
}

#[test]
fn one_ctrl_c_ends_a_container_by_its_own_handler() {
    for options in [&["-i"][..], &["-it"], &[]] {
        let home = Home::new();
        home.ok("run --rm practice-os true");
        let image = ["practice-os", "sh", "-c", HANDLER];
        let words = [&["run", "--rm", "--name", "web"], options, &image].concat();
        let mut terminal = Terminal::call(&home, &words);
        terminal.expect("ready");
        terminal.keys(CTRL_C);
        assert_eq!(terminal.ended(), 7, "{options:?}: {}", terminal.text());
        terminal.sees("by hand");
        assert!(terminal.is_in_order(), "{options:?}");
        assert_eq!(home.ok("ps -aq"), "", "{options:?}");
        wait_for("the container's folder to go", || {
            entries(&home.store().join("containers")) == ["names"]
        });
        assert_left_in_peace(&home);
    }
}

#[test]
fn one_ctrl_c_stops_a_build_and_nothing_is_left_of_the_step() {
    let home = Home::with("FROM practice-os\nRUN echo one > /one\nRUN echo ready; sleep 60\n");
    home.ok("run --rm practice-os true");
    for progress in ["plain", "auto"] {
        let mut terminal = Terminal::call(&home, &["build", "--progress", progress, "."]);
        terminal.expect("ready");
        terminal.keys(CTRL_C);
        assert_eq!(terminal.ended(), 130, "{}", terminal.text());
        terminal.sees("stopped before it was done");
        assert!(terminal.is_in_order());
        assert_left_in_peace(&home);
    }
    // What was finished before is kept.
    assert_eq!(home.plan("").states(), "BASE HIT MISS");
}
