//! HEALTHCHECK and `--health-*`: what `ps` and `inspect` say of it.

use serde_json::Value;

use crate::common::strata::{Home, wait_for};

fn health(home: &Home, name: &str) -> Value {
    let all: Value = serde_json::from_str(&home.ok(&format!("inspect {name}"))).unwrap();
    all[0]["State"]["Health"].clone()
}

fn run(home: &Home, options: &[&str]) {
    let words = [&["run", "-d"], options, &["practice-os", "sleep", "1000"]].concat();
    home.words(&words).ok();
}

#[test]
fn a_container_becomes_healthy_and_unhealthy_with_its_checks() {
    let home = Home::new();
    run(
        &home,
        &[
            "--name",
            "web",
            "--health-cmd",
            "cat /ok",
            "--health-interval",
            "50ms",
            "--health-retries",
            "2",
            "--health-start-period",
            "1000s",
            "--health-start-interval",
            "50ms",
        ],
    );
    assert!(home.ok("ps").contains("(health: starting)"));
    wait_for("a failure", || {
        health(&home, "web")["Log"]
            .as_array()
            .is_some_and(|log| !log.is_empty())
    });
    let first = health(&home, "web");
    assert_eq!(
        (&first["Status"], &first["FailingStreak"]),
        (&"starting".into(), &0.into())
    );
    assert!(
        first["Log"][0]["Output"].as_str().unwrap().contains("/ok"),
        "{first}"
    );
    home.ok("exec web touch /ok");
    wait_for("health", || home.ok("ps").contains("(healthy)"));
    assert_eq!(home.ok("ps -q --filter health=healthy").lines().count(), 1);
    assert_eq!(home.ok("ps -q --filter health=unhealthy"), "");
    home.ok("exec web rm /ok");
    wait_for("illness", || home.ok("ps").contains("(unhealthy)"));
    assert!(health(&home, "web")["FailingStreak"].as_u64().unwrap() >= 2);
    wait_for("five checks", || {
        health(&home, "web")["Log"].as_array().unwrap().len() == 5
    });
    home.ok("stop -t 0 web");
    assert!(!home.ok("ps -a").contains("healthy"));
}

#[test]
fn a_check_that_takes_too_long_fails_and_is_ended() {
    let home = Home::new();
    run(
        &home,
        &[
            "--name",
            "slow",
            "--health-cmd",
            "sleep 777",
            "--health-interval",
            "50ms",
            "--health-timeout",
            "100ms",
            "--health-retries",
            "1",
        ],
    );
    wait_for("illness", || health(&home, "slow")["Status"] == "unhealthy");
    let found = health(&home, "slow");
    assert_eq!(found["Log"][0]["ExitCode"], -1);
    assert_eq!(
        found["Log"][0]["Output"],
        "Health check exceeded timeout (100ms)"
    );
    home.ok("rm -f slow");
}

#[test]
fn an_images_check_counts_unless_it_is_refused() {
    let home = Home::with(
        "FROM practice-os\nHEALTHCHECK --interval=50ms CMD [\"true\"]\nCMD [\"sleep\", \"1000\"]\n",
    );
    home.ok("build -q -t checked .");
    home.ok("run -d --name one checked");
    wait_for("health", || home.ok("ps").contains("(healthy)"));
    home.ok("rm -f one");
    home.ok("run -d --name two --no-healthcheck checked");
    assert_eq!(health(&home, "two"), Value::Null);
    assert_eq!(home.ok("ps -q --filter health=none").lines().count(), 1);
    for (words, said) in [
        (
            "--no-healthcheck --health-cmd x",
            "conflicts with --health-* options",
        ),
        ("--health-interval soon", "invalid duration"),
        ("--health-interval=-1s", "cannot be negative"),
        ("--health-retries=-1", "cannot be negative"),
    ] {
        home.call(&format!("run --rm {words} checked"))
            .fails(125, said);
    }
}
