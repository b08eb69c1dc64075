//! `--restart`, `--init`, `update`, and what starts after a reboot.

use serde_json::Value;

use crate::common::strata::{Home, wait_for};

fn inspect(home: &Home, name: &str) -> Value {
    let all: Value = serde_json::from_str(&home.ok(&format!("inspect {name}"))).unwrap();
    all[0].clone()
}

fn background(home: &Home, options: &str, line: &str) {
    let mut words = vec!["run", "-d"];
    words.extend(options.split_whitespace());
    words.extend(["practice-os", "sh", "-c", line]);
    home.words(&words).ok();
}

fn is(home: &Home, name: &str, state: &str) -> bool {
    inspect(home, name)["State"]["Status"] == state
}

#[test]
fn a_failure_is_tried_again_so_many_times() {
    let home = Home::new();
    background(
        &home,
        "--name fails --restart on-failure:3",
        "echo try; exit 7",
    );
    wait_for("the last try", || is(&home, "fails", "exited"));
    let found = inspect(&home, "fails");
    assert_eq!(found["RestartCount"], 3);
    assert_eq!(found["State"]["ExitCode"], 7);
    assert_eq!(found["HostConfig"]["RestartPolicy"]["Name"], "on-failure");
    assert_eq!(home.ok("logs fails"), "try\n".repeat(4));
    // A success needs no second try.
    background(&home, "--name works --restart on-failure", "echo once");
    wait_for("its end", || is(&home, "works", "exited"));
    assert_eq!(home.ok("logs works"), "once\n");
}

#[test]
fn always_goes_on_until_it_is_stopped() {
    let home = Home::new();
    background(&home, "--name again --restart always", "echo ran; exit 0");
    wait_for("three runs", || home.ok("logs again").lines().count() >= 3);
    assert!(home.ok("ps").contains("again"));
    home.call("rm again").fails(1, "Stop the container before");
    assert_eq!(home.ok("stop again"), "again\n");
    assert!(is(&home, "again", "exited"));
    let runs = home.ok("logs again");
    assert_eq!(home.ok("logs again"), runs);
    // It can be started again, and removed with force while it restarts.
    home.ok("start again");
    wait_for("one more run", || home.ok("logs again").len() > runs.len());
    assert_eq!(home.ok("rm -f again"), "again\n");
    assert_eq!(home.ok("ps -aq"), "");
}

#[test]
fn between_two_runs_it_says_that_it_restarts() {
    let home = Home::new();
    background(&home, "--name slow --restart always", "exit 3");
    // The rests grow, so that one of them is seen.
    wait_for("a rest", || home.ok("ps").contains("Restarting (3) "));
    wait_for("a refusal", || {
        let called = home.call("exec slow true");
        called.code == Some(1) && called.err.contains("is restarting, wait until")
    });
    assert_eq!(home.ok("kill slow"), "slow\n");
    assert_eq!(home.ok("wait slow"), "3\n");
    assert!(is(&home, "slow", "exited"));
}

#[test]
fn a_policy_may_be_changed_and_has_to_make_sense() {
    let home = Home::new();
    home.call("run --rm --restart always practice-os true")
        .fails(125, "Conflicting options: --restart and --rm");
    home.call("run --restart sometimes practice-os true")
        .fails(125, "invalid restart policy");
    background(&home, "--name web --restart always", "sleep 1000");
    assert_eq!(home.ok("update --restart on-failure:5 web"), "web\n");
    let policy = &inspect(&home, "web")["HostConfig"]["RestartPolicy"];
    assert_eq!(
        (&policy["Name"], &policy["MaximumRetryCount"]),
        (&"on-failure".into(), &5.into())
    );
    home.call("update --restart sometimes web")
        .fails(125, "invalid restart policy");
    home.call("update -m 1 web")
        .fails(125, "Minimum memory limit");
    home.call("update --restart no nobody")
        .fails(1, "No such container: nobody");
}

#[test]
fn what_was_running_is_started_after_a_reboot() {
    let home = Home::new();
    for (name, policy) in [
        ("plain", "no"),
        ("always", "always"),
        ("kept", "unless-stopped"),
        ("stopped", "unless-stopped"),
    ] {
        background(
            &home,
            &format!("--name {name} --restart {policy}"),
            "sleep 1000",
        );
    }
    home.ok("stop -t 0 stopped always");
    // The machine goes down: nobody says good-bye.
    for name in ["plain", "kept"] {
        let pid = inspect(&home, name)["State"]["supervisor"]
            .as_i64()
            .unwrap();
        let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
        wait_for("its end", || is(&home, name, "exited"));
    }
    let mut started: Vec<String> = home
        .ok("start --all-restartable")
        .lines()
        .map(str::to_owned)
        .collect();
    started.sort_unstable();
    assert_eq!(started, ["always", "kept"]);
    assert_eq!(home.ok("start --all-restartable"), "");
    let unit = home.ok("generate systemd");
    assert!(
        unit.contains("start --all-restartable\n") && unit.contains("[Install]"),
        "{unit}"
    );
    home.call("start").fails(1, "\"start\" requires");
}

#[test]
fn an_init_passes_signals_on_and_buries_orphans() {
    let home = Home::new();
    home.ok("run -d --init --name quick practice-os sleep 1000");
    assert!(
        inspect(&home, "quick")["HostConfig"]["Init"]
            .as_bool()
            .unwrap()
    );
    home.ok("stop -t 1000 quick");
    assert_eq!(inspect(&home, "quick")["State"]["ExitCode"], 143);
    // Codes come through, and a program that is not there is docker's 127.
    assert_eq!(
        home.words(&["run", "--rm", "--init", "practice-os", "sh", "-c", "exit 5"])
            .code,
        Some(5)
    );
    home.call("run --rm --init practice-os nosuchprogram")
        .fails(127, "nosuchprogram");
    // The program is no PID 1, and orphans are gone when they end.
    let line = "echo $$; (sleep 0.1 & echo $! > /orphan); sleep 0.5; test -d /proc/$(cat /orphan) && echo zombie; echo end";
    let said = home
        .words(&["run", "--rm", "--init", "practice-os", "sh", "-c", line])
        .ok();
    assert!(
        !said.starts_with("1\n") && said.ends_with("end\n") && !said.contains("zombie"),
        "{said}"
    );
    // A further program has no init of its own.
    home.ok("run -d --init --name more practice-os sleep 1000");
    assert_eq!(home.ok("exec more echo hi"), "hi\n");
}
