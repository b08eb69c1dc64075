//! kill -9 at any moment leaves nothing running, nothing mounted, and a store that is whole.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::common::strata::{Home, entries, wait_for};

/// How often a build is killed; `benches/kills.sh` asks for more (`STRATA_TEST_KILLS`).
const KILLS: u32 = 30;

/// A word on the command line of every process of the containers here, and in no other.
fn marker(home: &Home) -> String {
    let store = home.store();
    let name = store.parent().unwrap().file_name().unwrap();
    format!("mark-{}", name.to_string_lossy())
}

/// Lists the processes that a store has: those with the marker on their command line, those told
/// of the store, and those that see a mount of it.
fn processes(home: &Home) -> Vec<String> {
    let (marker, store) = (marker(home), home.store());
    let own = std::process::id().to_string();
    let has = |bytes: &[u8], word: &[u8]| bytes.windows(word.len()).any(|it| it == word);
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().to_string_lossy().into_owned();
        if name == own || !name.bytes().all(|byte| byte.is_ascii_digit()) {
            continue;
        }
        // It may have ended meanwhile, and other users' processes are not ours.
        let read = |file| fs::read(entry.path().join(file)).unwrap_or_default();
        let line = read("cmdline");
        let ours = has(&line, marker.as_bytes())
            || has(&read("environ"), store.as_os_str().as_bytes())
            || has(&read("mountinfo"), store.as_os_str().as_bytes());
        if ours {
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            found.push(format!("{name}: {line}"));
        }
    }
    found
}

fn assert_nothing_runs(home: &Home, when: &str) {
    let started = Instant::now();
    loop {
        let left = processes(home);
        if left.is_empty() {
            break;
        }
        let late = started.elapsed() > Duration::from_secs(10);
        assert!(!late, "{when}: still there: {left:#?}");
        thread::sleep(Duration::from_millis(5));
    }
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let store = home.store().display().to_string();
    assert!(!mounts.contains(&store), "{when}: still mounted: {mounts}");
}

/// The Dockerfile of the killed builds: a bit of everything, two stages at the same time.
fn dockerfile(home: &Home) -> String {
    let mark = marker(home);
    format!(
        "FROM practice-os AS base\n\
        WORKDIR /app\n\
        COPY . /app/\n\
        RUN : {mark}; mkdir -p /d/e && cp /app/big /d/e/big && sleep 0.01\n\
        RUN : {mark}; rm -r /d/e && seq 1 2000 > /d/seq\n\
        FROM practice-os AS beside\n\
        COPY changed /\n\
        RUN : {mark}; seq 1 3000 > /beside && sleep 0.01\n\
        RUN : {mark}; cp /beside /again\n\
        FROM practice-os\n\
        COPY --from=base /d /d\n\
        COPY --from=beside /again /\n\
        RUN : {mark}; cat /d/seq | sort > /sorted\n"
    )
}

fn spawn(home: &Home, words: &[&str]) -> Child {
    let mut command = home.command(words);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

fn told(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// `STRATA_TEST_SEED`, or the clock.
fn seed() -> u64 {
    let clock = || {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        u64::from(now.subsec_nanos())
    };
    told("STRATA_TEST_SEED").unwrap_or_else(clock)
}

/// A linear congruential generator (Knuth, MMIX): its upper bits are good enough for moments.
fn below(state: &mut u64, limit: u64) -> u64 {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) % limit
}

#[test]
#[expect(clippy::print_stdout, reason = "benches/kills.sh shows the figure")]
fn a_build_killed_at_any_moment_harms_nothing() {
    let seed = seed();
    let mut random = seed;
    let home = Home::new();
    home.file("Dockerfile", dockerfile(&home));
    home.file("big", vec![7; 300_000]);
    home.file("changed", "");
    let timed = || {
        let started = Instant::now();
        home.ok("build -q -t whole .");
        u64::try_from(started.elapsed().as_micros()).unwrap()
    };
    let mut cold = timed();
    home.file("changed", "once");
    let mut warm = timed();
    let kills = told("STRATA_TEST_KILLS").map_or(KILLS, |it| it.try_into().unwrap());
    let mut unfinished = 0;
    for round in 0..kills {
        // Every fifth time from the very beginning, where the base is made.
        let is_cold = round % 5 == 4;
        let whole = if is_cold { &mut cold } else { &mut warm };
        if is_cold {
            home.ok("system reset -f");
        }
        home.file("changed", round.to_string());
        let moment = Duration::from_micros(below(&mut random, *whole));
        let mut build = spawn(&home, &["build", "-t", "whole", "."]);
        thread::sleep(moment);
        let is_unfinished = build.try_wait().unwrap().is_none();
        build.kill().unwrap();
        build.wait().unwrap();
        let when = format!("seed {seed}, round {round}, after {moment:?} of {whole} us");
        // How long a build takes depends on what else the machine does.
        if is_unfinished {
            unfinished += 1;
            *whole += *whole / 16;
        } else {
            *whole -= *whole / 4;
        }
        assert_nothing_runs(&home, &when);
        let next = home.call("build -q -t whole .");
        assert_eq!(next.code, Some(0), "{when}: {next:#?}");
        let fsck = home.call("system fsck");
        assert!(fsck.out.contains("is clean"), "{when}: {fsck:#?}");
        let left = entries(&home.store().join("tmp"));
        assert_eq!(left, Vec::<String>::new(), "{when}");
    }
    assert_eq!(home.shell("whole", "wc -l < /sorted").trim(), "2000");
    println!("{unfinished} of {kills} builds were killed before their end, seed {seed}");
    assert!(unfinished > kills / 3, "only {unfinished}, seed {seed}");
}

#[test]
fn a_run_that_is_killed_takes_its_container_with_it() {
    let home = Home::new();
    home.ok("run --rm practice-os true");
    let line = format!("echo up; sleep 1000 & sleep 1000; : {}", marker(&home));
    for options in [&["run", "--rm"][..], &["run"], &["run", "-i"]] {
        let mut words = options.to_vec();
        words.extend(["practice-os", "sh", "-c", &line]);
        let mut run = spawn(&home, &words);
        wait_for("the container", || {
            home.call("ps -q").out.lines().count() == 1
        });
        run.kill().unwrap();
        run.wait().unwrap();
        assert_nothing_runs(&home, &options.join(" "));
        wait_for("its end", || home.call("ps -q").out.is_empty());
        for id in home.ok("ps -aq").lines() {
            home.ok(&format!("rm {id}"));
        }
    }
    home.assert_clean();
}

#[test]
fn a_run_killed_while_it_starts_leaves_nothing() {
    let seed = seed();
    let mut random = seed;
    let home = Home::new();
    home.ok("run --rm practice-os true");
    let line = format!("sleep 1000; : {}", marker(&home));
    for _ in 0..20 {
        let moment = Duration::from_micros(below(&mut random, 25_000));
        let mut run = spawn(&home, &["run", "practice-os", "sh", "-c", &line]);
        thread::sleep(moment);
        run.kill().unwrap();
        run.wait().unwrap();
        assert_nothing_runs(&home, &format!("seed {seed}, after {moment:?}"));
    }
    wait_for("their ends", || home.call("ps -q").out.is_empty());
    for id in home.ok("ps -aq").lines() {
        home.ok(&format!("rm {id}"));
    }
    home.assert_clean();
}

#[test]
fn what_is_left_of_containers_goes_when_the_worker_starts() {
    let home = Home::with("FROM scratch\n");
    home.ok("run -d --rm --name lost practice-os sleep 1000");
    home.ok("run -d --name kept practice-os sleep 1000");
    for name in ["lost", "kept"] {
        kill_supervisor(&home, name);
    }
    let containers = home.store().join("containers");
    for left in [".new-0123", ".gone-4567"] {
        fs::create_dir_all(containers.join(left).join("upper/deep")).unwrap();
    }
    home.build("");
    let names = home.ok("ps -a");
    assert!(!names.contains("   lost\n"), "{names}");
    assert!(
        names.contains("kept"),
        "only --rm asks for removal: {names}"
    );
    let left = entries(&containers);
    assert_eq!(left.len(), 2, "a container and the names: {left:?}");
    assert_eq!(left[1], "names", "{left:?}");
}

/// Ends the process that looks after a container, as the kernel does when memory is short.
fn kill_supervisor(home: &Home, name: &str) {
    let inspected: serde_json::Value =
        serde_json::from_str(&home.ok(&format!("inspect {name}"))).unwrap();
    let supervisor = inspected[0]["State"]["supervisor"].as_i64().unwrap();
    let pid = rustix::process::Pid::from_raw(supervisor.try_into().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    wait_for("its end", || !home.ok("ps").contains(name));
}

#[test]
fn the_same_build_twice_at_once() {
    let home = Home::new();
    home.file("Dockerfile", dockerfile(&home));
    home.file("big", vec![7; 300_000]);
    for round in 0..3 {
        home.file("changed", round.to_string());
        let builds: Vec<Child> = (0..3)
            .map(|_| {
                let mut command = home.command(["build", "-q", "-t", "whole", "."]);
                command.stdout(Stdio::piped()).stderr(Stdio::piped());
                command.spawn().unwrap()
            })
            .collect();
        for build in builds {
            let output = build.wait_with_output().unwrap();
            assert!(output.status.success(), "{output:?}");
        }
        home.assert_clean();
    }
    assert_eq!(
        home.states(""),
        "BASE HIT HIT HIT HIT BASE HIT HIT HIT BASE HIT HIT HIT"
    );
    assert_eq!(home.ok("images whole").lines().count(), 2);
}

#[test]
fn a_store_is_read_while_it_is_built_in() {
    let home = Home::new();
    home.file("Dockerfile", dockerfile(&home));
    home.file("big", vec![7; 300_000]);
    for round in 0..5 {
        home.file("changed", round.to_string());
        let mut build = spawn(&home, &["build", "-t", "whole", "."]);
        while build.try_wait().unwrap().is_none() {
            for words in ["images", "ps -a", "system fsck"] {
                home.ok(words);
            }
        }
        assert!(build.wait().unwrap().success());
    }
    home.assert_clean();
}
