//! The life of a container: made, started, watched, paused, restarted, given another name.

use std::io::Write;
use std::process::Stdio;

use crate::common::strata::{Home, wait_for};
use crate::common::terminal::Terminal;

/// A program that counts as fast as it can, so that rest shows.
const COUNTS: &str = "n=0; while :; do n=$((n+1)); echo $n > /count; done";

fn script(home: &Home, name: &str, options: &str, line: &str) {
    let mut words = vec!["run", "-d", "--name", name];
    words.extend(options.split_whitespace());
    words.extend(["practice-os", "sh", "-c", line]);
    home.words(&words).ok();
}

fn state(home: &Home, name: &str) -> serde_json::Value {
    let json: serde_json::Value =
        serde_json::from_str(&home.ok(&format!("inspect {name}"))).unwrap();
    json[0]["State"].clone()
}

/// Waits until a program has said something.
fn says(home: &Home, name: &str, text: &str) {
    wait_for(text, || home.ok(&format!("logs {name}")).contains(text));
}

#[test]
fn create_makes_what_start_runs() {
    let home = Home::new();
    let id = home
        .words(&[
            "create",
            "--name",
            "made",
            "practice-os",
            "sh",
            "-c",
            "echo ran; exit 3",
        ])
        .ok();
    assert_eq!(id.trim_end().len(), 64);
    assert!(home.ok("ps -a").contains("Created"));
    assert_eq!(home.ok("ps -q"), "");
    let started = home.call("start -a made");
    assert_eq!((started.code, started.out.as_str()), (Some(3), "ran\n"));
    assert_eq!(home.ok("start made"), "made\n");
    assert_eq!(home.ok("wait made"), "3\n");
    assert_eq!(
        home.ok("container create --name other practice-os true")
            .trim()
            .len(),
        64
    );
    home.call("create -d practice-os")
        .fails(125, "unknown flag");
    home.call("create").fails(1, "requires at least 1 argument");
    home.call("create --name made practice-os")
        .fails(125, "Conflict");
}

#[test]
fn starting_what_runs_is_no_mistake() {
    let home = Home::new();
    home.ok("run -d --name web practice-os sleep 1000");
    assert_eq!(home.ok("start web"), "web\n");
    home.call("start nobody")
        .fails(1, "No such container: nobody");
}

#[test]
fn start_a_i_passes_input_to_its_end() {
    let home = Home::new();
    home.ok("create -i --name echo practice-os cat");
    let mut command = home.command(["start", "-ai", "echo"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(b"there and back\n")
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.stdout, b"there and back\n");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn attach_shows_types_and_ends_with_the_container() {
    let home = Home::new();
    script(&home, "talk", "-i", "read word; echo got $word >&2; exit 7");
    let mut command = home.command(["attach", "talk"]);
    let piped = || Stdio::piped();
    let mut child = command
        .stdin(piped())
        .stdout(piped())
        .stderr(piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"hello\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.stderr, b"got hello\n");
    assert_eq!(output.status.code(), Some(7));
    home.call("attach talk").fails(
        1,
        "You cannot attach to a stopped container, start it first",
    );
    home.call("attach --detach-keys ctrl-1 talk")
        .fails(1, "Invalid detach keys (ctrl-1)");
}

#[test]
fn the_end_of_what_one_types_is_not_the_end_for_all() {
    let home = Home::new();
    script(
        &home,
        "talk",
        "-i",
        "while read word; do echo got $word; done; echo end",
    );
    let type_in = |text: &str| {
        let mut child = home
            .command(["attach", "talk"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(text.as_bytes())
            .unwrap();
        says(&home, "talk", &format!("got {}", text.trim()));
        child.kill().unwrap();
        child.wait().unwrap();
    };
    type_in("one\n");
    type_in("two\n");
    assert_eq!(home.ok("logs talk"), "got one\ngot two\n");
    // With --no-stdin nothing is read, and a signal that is not passed on ends the watching only.
    let mut child = home
        .command(["attach", "--no-stdin", "--sig-proxy=false", "talk"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.as_mut().unwrap().write_all(b"three\n").unwrap();
    let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap());
    wait_for("a handler of SIGTERM", || catches_sigterm(child.id()));
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(128 + 15));
    assert_eq!(home.ok("logs talk"), "got one\ngot two\n");
    assert!(home.ok("ps").contains("talk"));
}

fn catches_sigterm(pid: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let caught = status
        .lines()
        .find_map(|line| line.strip_prefix("SigCgt:"))
        .unwrap();
    u64::from_str_radix(caught.trim(), 16).unwrap() & (1 << 14) != 0
}

#[test]
fn own_detach_keys_leave_a_terminal_that_is_attached_to_again() {
    let home = Home::new();
    home.ok("run --rm practice-os true");
    let line = "echo ready; read word; echo got $word; exit 5";
    let mut terminal = Terminal::call(
        &home,
        &[
            "run",
            "-it",
            "--name",
            "web",
            "--detach-keys",
            "ctrl-x,x",
            "practice-os",
            "sh",
            "-c",
            line,
        ],
    );
    terminal.expect("ready");
    terminal.keys("\x18x");
    assert_eq!(terminal.ended(), 0);
    assert!(home.ok("ps").contains("web"));
    let mut terminal = Terminal::call(&home, &["attach", "web"]);
    wait_for("a raw terminal", || !terminal.is_in_order());
    terminal.keys("back\r");
    terminal.expect("got back");
    assert_eq!(terminal.ended(), 5);
}

#[test]
fn restart_stops_starts_and_keeps_what_was_to_be_removed() {
    let home = Home::new();
    let line = "trap 'echo bye; exit 0' TERM; echo up; while :; do :; done";
    script(&home, "web", "--rm", line);
    says(&home, "web", "up");
    let before = state(&home, "web");
    assert_eq!(home.ok("restart web"), "web\n");
    let after = state(&home, "web");
    assert_ne!(before["init"], after["init"]);
    wait_for("the second start", || {
        home.ok("logs web") == "up\nbye\nup\n"
    });
    // Now it is removed, as it was to be.
    home.ok("stop web");
    assert_eq!(home.ok("ps -aq"), "");
    home.ok("run --name over practice-os true");
    assert_eq!(home.ok("restart -t 1 over"), "over\n");
    assert_eq!(home.ok("wait over"), "0\n");
    home.call("restart nobody").fails(1, "No such container");
}

#[test]
fn stop_and_restart_take_another_signal_and_patience() {
    let home = Home::new();
    let line = "trap 'exit 4' USR1; echo up; while :; do :; done";
    script(&home, "web", "--stop-timeout -1", line);
    says(&home, "web", "up");
    home.ok("stop -s USR1 -t -1 web");
    assert!(home.ok("ps -a").contains("Exited (4)"));
    home.call("stop -s NONE web")
        .fails(1, "Invalid signal: NONE");
}

#[test]
fn what_is_paused_does_nothing_until_it_is_let_go() {
    let home = Home::new();
    script(&home, "web", "", COUNTS);
    let count = || home.ok("exec web cat /count");
    wait_for("a count", || {
        home.call("exec web cat /count").code == Some(0)
    });
    assert_eq!(home.ok("pause web"), "web\n");
    let row = home.ok("ps");
    assert!(row.contains("(Paused)"), "{row}");
    let resting = processes_of(&home, "web");
    assert!(!resting.is_empty());
    let ticks: Vec<u64> = resting.iter().map(|pid| ticks(*pid)).collect();
    home.call("exec web true")
        .fails(1, "is paused, unpause the container before exec");
    home.call("attach web")
        .fails(1, "You cannot attach to a paused container");
    home.call("start web")
        .fails(1, "cannot start a paused container");
    home.call("pause web").fails(1, "is already paused");
    home.call("rm web")
        .fails(1, "You cannot remove a paused container");
    let later: Vec<u64> = resting.iter().map(|pid| self::ticks(*pid)).collect();
    assert_eq!(ticks, later, "no processor time was used");
    assert_eq!(home.ok("unpause web"), "web\n");
    let before = count();
    wait_for("it to count on", || count() != before);
    home.call("unpause web").fails(1, "is not paused");
    home.ok("pause web");
    // A second pause finds what was started in between as well.
    assert_eq!(home.ok("rm -f web"), "web\n");
    home.call("pause web").fails(1, "No such container");
    home.ok("run --name over practice-os true");
    home.call("pause over").fails(1, "is not running");
    home.call("unpause over").fails(1, "is not paused");
}

fn processes_of(home: &Home, name: &str) -> Vec<u32> {
    let init = state(home, name)["init"].as_u64().unwrap();
    let found = strata::runtime::processes::of(u32::try_from(init).unwrap()).unwrap();
    found.into_iter().map(|it| it.pid).collect()
}

/// How much processor time a process has used.
fn ticks(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let words: Vec<&str> = stat
        .rsplit_once(')')
        .unwrap()
        .1
        .split_whitespace()
        .collect();
    words[11].parse::<u64>().unwrap() + words[12].parse::<u64>().unwrap()
}

#[test]
fn what_is_paused_is_stopped_and_killed_all_the_same() {
    let home = Home::new();
    let line = "trap 'echo bye; exit 0' TERM; echo up; while :; do :; done";
    script(&home, "web", "", line);
    says(&home, "web", "up");
    home.ok("pause web");
    home.ok("stop -t -1 web");
    assert_eq!(home.ok("logs web"), "up\nbye\n");
    home.ok("start web");
    home.ok("pause web");
    home.ok("kill web");
    assert_eq!(home.ok("wait web"), "137\n");
    home.ok("start web");
    home.ok("pause web");
    // Nothing may rest for ever when its supervisor is gone.
    let state = state(&home, "web");
    let init = u32::try_from(state["init"].as_u64().unwrap()).unwrap();
    let supervisor = i32::try_from(state["supervisor"].as_i64().unwrap()).unwrap();
    let supervisor = nix::unistd::Pid::from_raw(supervisor);
    nix::sys::signal::kill(supervisor, nix::sys::signal::Signal::SIGKILL).unwrap();
    wait_for("the loss to show", || {
        home.ok("ps -a").contains("supervisor lost")
    });
    wait_for("its process to end", || {
        strata::runtime::processes::read(init).is_none_or(|it| it.state == 'Z')
    });
}

#[test]
fn a_new_name_is_the_only_one() {
    let home = Home::new();
    home.ok("run -d --name old practice-os sleep 1000");
    home.ok("create --name other practice-os true");
    assert_eq!(home.ok("rename old new"), "");
    assert_eq!(home.ok("exec new echo here"), "here\n");
    home.call("exec old true")
        .fails(1, "No such container: old");
    home.call("rename new other")
        .fails(1, "Conflict. The container name \"/other\"");
    home.call("rename new new")
        .fails(1, "Renaming a container with the same name");
    home.call("rename new w")
        .fails(1, "Invalid container name (w)");
    home.words(&["rename", "new", ""])
        .fails(1, "Neither old nor new names may be empty");
    home.ok("rename /new /newest");
    home.ok("stop -t 0 newest");
    assert!(home.ok("ps -a").contains("newest"));
    assert_eq!(home.ok("run --rm --name /slash practice-os true"), "");
}

#[test]
fn a_cidfile_is_written_once() {
    let home = Home::new();
    let id = home.ok("create --cidfile id practice-os true");
    let written = std::fs::read_to_string(home.context().join("id")).unwrap();
    assert_eq!(written, id.trim_end());
    home.call("run --cidfile id practice-os true")
        .fails(125, "Container ID file found");
    assert_eq!(home.ok("ps -aq").lines().count(), 1);
    // A container that comes to nothing leaves no file.
    home.call("run --cidfile other practice-os nosuchcommand")
        .fails(127, "nosuchcommand");
    assert!(!home.context().join("other").exists());
    home.call("run --cidfile no/where practice-os true")
        .fails(125, "no/where");
}

#[test]
fn a_pidfile_holds_the_number_outside() {
    let home = Home::new();
    home.ok("run -d --name web --pidfile pid practice-os sleep 1000");
    let read = || std::fs::read_to_string(home.context().join("pid")).unwrap();
    let first = read();
    assert_eq!(first, state(&home, "web")["init"].to_string());
    home.ok("restart -t 0 web");
    assert_ne!(read(), first);
    home.call("run --name no --pidfile no/where practice-os true")
        .fails(125, "no/where");
    assert!(!home.ok("ps -a").contains(" no"));
}

#[test]
fn logs_of_a_time_and_its_last_lines() {
    let home = Home::new();
    let line = "echo early; sleep 1.2; echo late; echo oops >&2";
    home.words(&["run", "--name", "talk", "practice-os", "sh", "-c", line])
        .ok();
    let times = home.ok("logs -t talk");
    let late = times
        .lines()
        .last()
        .unwrap()
        .split(' ')
        .next()
        .unwrap()
        .to_owned();
    assert_eq!(home.ok(&format!("logs --since {late} talk")), "late\n");
    assert_eq!(home.ok(&format!("logs --until {late} talk")), "early\n");
    assert_eq!(home.ok("logs --since 1h talk"), "early\nlate\n");
    assert_eq!(home.ok("logs --until 1h talk"), "");
    assert_eq!(home.ok("logs --details --tail -1 talk"), " early\n late\n");
    // Following ends where nothing more is wanted.
    home.ok("run -d --name more practice-os sleep 1000");
    home.ok("logs -f --until 0s more");
    home.call("logs --since soon talk").fails(
        1,
        "invalid value for \"since\": failed to parse value as time or duration",
    );
}
