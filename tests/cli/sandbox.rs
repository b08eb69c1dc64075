//! What surrounds a RUN: network, powers, limits; and the options of `build` beside them.

use crate::common::strata::{Home, ids};

#[test]
fn the_network_of_a_step_is_what_it_asks_for() {
    let home = Home::with(
        "FROM practice-os\nRUN ls /sys/class/net > /default\n\
         RUN --network=none readlink /proc/self/ns/net > /none\n\
         RUN --network=host readlink /proc/self/ns/net > /host\n",
    );
    home.call("build .").fails(1, "network.host is not allowed");
    home.ok("build -q -t image --allow network.host .");
    let said = home.shell("image", "cat /default /none /host");
    let lines: Vec<&str> = said.lines().collect();
    let host = std::fs::read_link("/proc/self/ns/net").unwrap();
    assert_eq!(lines[0], "lo");
    assert_ne!(lines[1], host.to_string_lossy());
    assert_eq!(lines[2], host.to_string_lossy());
}

#[test]
fn the_network_of_the_build_is_that_of_steps_that_do_not_say() {
    let home = Home::with(
        "FROM practice-os\nRUN readlink /proc/self/ns/net > /said\n\
         RUN --network=none readlink /proc/self/ns/net >> /said\n",
    );
    home.ok("build -q -t image --network host .");
    let said = home.shell("image", "cat /said");
    let host = std::fs::read_link("/proc/self/ns/net").unwrap();
    let is_host: Vec<bool> = said
        .lines()
        .map(|it| it == host.to_string_lossy())
        .collect();
    assert_eq!(is_host, [true, false]);
    assert_eq!(home.states("--network host"), "BASE HIT HIT");
    assert_eq!(home.states(""), "BASE MISS MISS");
    let why = home.ok("why 2");
    assert!(why.contains("--network"), "{why}");
}

#[test]
fn insecure_has_to_be_allowed_and_takes_the_fence_away() {
    let home = Home::with(
        "FROM practice-os\nRUN --security=sandbox grep -E 'CapEff|Seccomp:' /proc/self/status > /said\n\
         RUN --security=insecure grep -E 'CapEff|Seccomp:' /proc/self/status >> /said\n",
    );
    let error = home
        .call("build .")
        .fails(1, "security.insecure is not allowed");
    assert!(error.contains("Dockerfile:3"), "{error}");
    assert!(error.contains("--allow security.insecure"), "{error}");
    home.ok("build -q -t image --allow security.insecure .");
    let said = home.shell("image", "cat /said");
    let values: Vec<&str> = said
        .lines()
        .filter_map(|line| line.split('\t').nth(1))
        .collect();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let own = status
        .lines()
        .find_map(|line| line.strip_prefix("Seccomp:\t"))
        .unwrap()
        .to_owned();
    let bits = |text: &str| u64::from_str_radix(text, 16).unwrap().count_ones();
    assert_eq!(bits(values[0]), 14, "{said}");
    assert!(bits(values[2]) > 30, "{said}");
    assert_eq!(values[1], "2", "{said}");
    // With one id the filter that answers for it stays.
    assert_eq!(values[3], ids(own.as_str(), "2"), "{said}");
}

#[test]
fn limits_and_hosts_reach_the_step_and_the_key() {
    let home = Home::with(
        "FROM practice-os\nRUN ulimit -Sn > /said; ulimit -Hn >> /said; grep -c '10.0.0.5.db' /etc/hosts >> /said; \
         grep ' /dev/shm ' /proc/self/mounts | grep -c size=1024k >> /said\n",
    );
    let options = "--ulimit nofile=100:200 --add-host db:10.0.0.5 --shm-size 1m";
    home.ok(&format!("build -q -t image {options} ."));
    assert_eq!(home.shell("image", "cat /said"), "100\n200\n1\n1\n");
    assert_eq!(home.states(options), "BASE HIT");
    assert_eq!(home.plan("--ulimit nofile=100:200").states(), "BASE MISS");
}

#[test]
fn wrong_options_are_refused_with_what_to_type() {
    for (options, words) in [
        (
            "--network bridge",
            ["network mode \"bridge\"", "default, none or host"],
        ),
        ("--shm-size big", ["invalid size: 'big'", "64m"]),
        (
            "--ulimit files=1",
            ["invalid ulimit argument: files=1", "nofile=1024"],
        ),
        (
            "--add-host db",
            ["bad format for add-host: \"db\"", "db:10.0.0.5"],
        ),
        (
            "--allow all",
            ["invalid entitlement: all", "security.insecure"],
        ),
        (
            "--iidfile no/such/folder",
            ["cannot write the image's id", "No such file"],
        ),
    ] {
        let home = Home::with("FROM scratch\n");
        let called = home.call(&format!("build {options} ."));
        for word in words {
            assert!(called.err.contains(word), "{options}: {called:?}");
        }
        assert_eq!(called.code, Some(125), "{options}");
    }
}

#[test]
fn labels_of_the_build_are_the_last_word() {
    let home = Home::with("FROM scratch\nLABEL a=file b=file\n");
    home.ok("build -q -t image --label a=option --label c .");
    let found: serde_json::Value = serde_json::from_str(&home.ok("inspect image")).unwrap();
    let labels = &found[0]["Config"]["Labels"];
    assert_eq!(
        *labels,
        serde_json::json!({"a": "option", "b": "file", "c": ""})
    );
    let history = home.ok("history --no-trunc image");
    assert!(history.contains("LABEL a=option c="), "{history}");
}

#[test]
fn the_id_is_written_to_a_file_and_gone_after_a_failure() {
    let home = Home::with("FROM practice-os\nRUN true\n");
    let rows = home.build("--iidfile id");
    let file = home.context().join("id");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), rows.image());
    home.file("Dockerfile", "FROM practice-os\nRUN false\n");
    assert_eq!(home.call("build --iidfile id .").code, Some(1));
    assert!(!file.exists());
}

#[test]
fn only_the_stages_of_a_filter_are_run_again() {
    let home = Home::with(
        "FROM practice-os AS one\nRUN echo 1\nFROM practice-os AS two\nRUN echo 2\nCOPY --from=one /etc/passwd /x\n",
    );
    assert_eq!(home.states(""), "BASE MISS BASE MISS MISS");
    let options = "--no-cache-filter ONE";
    assert_eq!(home.plan(options).states(), "BASE MISS BASE HIT UNKNOWN");
    assert_eq!(home.states(options), "BASE MISS BASE HIT HIT");
    assert_eq!(home.states(""), "BASE HIT BASE HIT HIT");
}
