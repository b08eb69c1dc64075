//! Containers: run, looked at, entered, stopped, removed.

use std::process::Stdio;

use crate::common::strata::{Home, wait_for};

#[test]
fn run_passes_output_and_input_through() {
    let home = Home::new();
    let mut command = home.command(["run", "--rm", "-i", "practice-os", "cat"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut stdin, b"through and through\n").unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.stdout, b"through and through\n");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn stdout_and_stderr_stay_apart() {
    let home = Home::new();
    let called = home.words(&[
        "run",
        "--rm",
        "practice-os",
        "sh",
        "-c",
        "echo o; echo e >&2",
    ]);
    assert_eq!((called.out.as_str(), called.err.as_str()), ("o\n", "e\n"));
}

#[test]
fn options_of_run_reach_the_process() {
    let home = Home::new();
    let words = [
        "run",
        "--rm",
        "-e",
        "A=b c",
        "-w",
        "/made/here",
        "-u",
        "learner",
        "--hostname",
        "box",
        "practice-os",
        "sh",
        "-c",
        "echo $A; pwd; id -u; hostname",
    ];
    assert_eq!(home.words(&words).ok(), "b c\n/made/here\n1000\nbox\n");
}

#[test]
fn entrypoint_replaces_the_images_own_and_its_command() {
    let home = Home::with("FROM practice-os\nENTRYPOINT [\"echo\", \"own\"]\nCMD [\"cmd\"]\n");
    home.ok("build -q -t image .");
    assert_eq!(home.ok("run --rm image"), "own cmd\n");
    assert_eq!(home.ok("run --rm image other words"), "own other words\n");
    assert_eq!(home.ok("run --rm --entrypoint printf image x%s y"), "xy");
}

#[test]
fn a_volume_shows_a_folder_of_the_host_and_ro_protects_it() {
    let home = Home::new();
    home.file("data/file", "from the host\n");
    let source = home.context().join("data");
    let source = source.to_str().unwrap();
    let line = "cat /data/file; echo new > /data/written";
    let volume = format!("{source}:/data");
    let out = home.words(&[
        "run",
        "--rm",
        "-v",
        &volume,
        "practice-os",
        "sh",
        "-c",
        line,
    ]);
    assert_eq!(out.ok(), "from the host\n");
    let written = home.context().join("data/written");
    assert_eq!(std::fs::read_to_string(&written).unwrap(), "new\n");
    let volume = format!("{source}:/data:ro");
    let called = home.words(&[
        "run",
        "--rm",
        "-v",
        &volume,
        "practice-os",
        "touch",
        "/data/no",
    ]);
    called.fails(1, "Read-only file system");
    std::fs::remove_file(written).unwrap();
}

#[test]
fn a_container_stays_until_it_is_removed() {
    let home = Home::new();
    home.ok("run --name once practice-os true");
    assert_eq!(home.ok("ps -q"), "");
    let row = home.ok("ps -a");
    assert!(row.contains("once") && row.contains("Exited (0)"), "{row}");
    assert_eq!(home.ok("rm once"), "once\n");
    assert_eq!(home.ok("ps -aq"), "");
}

#[test]
fn rm_leaves_nothing_behind() {
    let home = Home::new();
    home.ok("run --rm practice-os true");
    assert_eq!(home.ok("ps -aq"), "");
    // The supervisor sweeps up after it has told the exit code.
    let containers = home.store().join("containers");
    wait_for("only the folder of names", || {
        crate::common::strata::entries(&containers) == ["names"]
    });
}

#[test]
fn what_one_container_writes_no_other_sees() {
    let home = Home::new();
    home.shell("practice-os", "echo x > /trace");
    assert_eq!(
        home.shell("practice-os", "ls /trace 2>/dev/null || echo none"),
        "none\n"
    );
}

#[test]
fn detached_it_lives_is_logged_is_entered_and_stops() {
    let home = Home::new();
    let line = "trap 'echo bye; exit 0' TERM; echo started; while :; do :; done";
    let id = home
        .words(&[
            "run",
            "-d",
            "--name",
            "web",
            "practice-os",
            "sh",
            "-c",
            line,
        ])
        .ok();
    assert_eq!(id.trim_end().len(), 64);
    wait_for("its first line", || {
        home.call("logs web").out == "started\n"
    });
    let row = home.ok("ps");
    assert!(row.contains("web") && row.contains("Up "), "{row}");
    assert!(row.contains(&id[..12]), "{row}");
    assert_eq!(home.ok("exec web echo inside"), "inside\n");
    assert_eq!(
        home.words(&["exec", "web", "sh", "-c", "exit 9"]).code,
        Some(9)
    );
    home.call("rm web")
        .fails(1, "You cannot remove a running container");
    assert_eq!(home.ok("stop web"), "web\n");
    assert_eq!(home.ok("logs web"), "started\nbye\n");
    assert!(home.ok("ps -a").contains("Exited (0)"));
    home.call("exec web true").fails(1, "is not running");
    home.ok("rm web");
}

#[test]
fn what_looks_after_a_container_shows_nobody_what_it_was_started_with() {
    let home = Home::new();
    home.ok("run -d --name web -e PASSWORD=geheim practice-os sleep 1000");
    let inspected: serde_json::Value = serde_json::from_str(&home.ok("inspect web")).unwrap();
    let supervisor = &inspected[0]["State"]["supervisor"];
    let line = std::fs::read_to_string(format!("/proc/{supervisor}/cmdline")).unwrap();
    let words: Vec<&str> = line.split('\0').collect();
    assert_eq!(words[..2], ["strata", "__supervise"]);
    assert!(!line.contains("geheim"), "{words:?}");
    home.ok("rm -f web");
}

#[test]
fn exec_in_a_folder_that_is_not_there_is_dockers_126() {
    let home = Home::new();
    home.ok("run -d --name web practice-os sleep 60");
    let err = home
        .call("exec -w /missing web true")
        .fails(126, "/missing");
    assert!(err.contains("exec CONTAINER mkdir -p /missing"), "{err}");
    home.ok("exec web mkdir -p /missing");
    assert_eq!(home.ok("exec -w /missing web pwd"), "/missing\n");
}

#[test]
fn rm_f_ends_a_running_container() {
    let home = Home::new();
    home.ok("run -d --name web practice-os sleep 1000");
    home.ok("rm -f web");
    assert_eq!(home.ok("ps -aq"), "");
}

#[test]
fn the_same_name_twice_is_a_conflict() {
    let home = Home::new();
    home.ok("run --name taken practice-os true");
    home.call("run --name taken practice-os true")
        .fails(125, "Conflict");
    assert_eq!(home.ok("ps -aq").lines().count(), 1);
}

#[test]
fn a_container_is_alone_and_guarded() {
    let home = Home::new();
    let line = "ls -d /proc/[0-9]* | wc -l; \
        ls /proc/self/fd | wc -l; \
        grep -E '^(CapEff|Seccomp):' /proc/self/status; \
        (echo 1 > /proc/sys/kernel/hostname) 2>/dev/null || echo refused; \
        (mkdir /sys/x) 2>/dev/null || echo refused";
    let said = home.shell("practice-os", line);
    let said: Vec<&str> = said.lines().map(str::trim).collect();
    // The shell and `ls`; 0, 1, 2 and the folder that `ls` reads.
    let processes: u32 = said[0].parse().unwrap();
    assert!(processes <= 3, "{said:?}");
    assert_eq!(
        said[1..],
        [
            "4",
            "CapEff:\t00000000a80425fb",
            "Seccomp:\t2",
            "refused",
            "refused"
        ]
    );
}
