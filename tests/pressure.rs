//! Builds under pressure: a context that changes under their hands, a disk that is full, many of
//! them at once. Each succeeds or says clearly why not, and leaves a store that is whole.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::Value;

use crate::common::strata::{Called, Home, Rows};

/// Does something to the context again and again while `builds` is carried out.
fn meanwhile(disturb: impl Fn() + Sync, builds: impl FnOnce()) {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                disturb();
            }
        });
        // A failed assertion ends the disturbance too.
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(builds));
        done.store(true, Ordering::Relaxed);
        if let Err(panic) = ended {
            std::panic::resume_unwind(panic);
        }
    });
}

/// Returns the digest that the key of a step promises for a file.
fn promised(home: &Home, key: &str, path: &str) -> String {
    let hex = key.trim_start_matches("sha256:");
    let file = home.store().join(format!("cache/steps/{hex}.why.json"));
    let why: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    let files = why["files"].as_array().unwrap();
    let found = files.iter().find(|file| file["path"] == path).unwrap();
    let text = found["content"].to_string();
    let hex = text.split("sha256:").nth(1).unwrap();
    hex.chars().take_while(char::is_ascii_hexdigit).collect()
}

/// Writes a file over with another letter, in place: its size stays.
fn write_over(path: &Path, letter: u8) {
    let mut file = OpenOptions::new().write(true).open(path).unwrap();
    for chunk in 0..8 {
        file.seek(SeekFrom::Start(chunk * 64 * 1024)).unwrap();
        file.write_all(&vec![letter; 64 * 1024]).unwrap();
    }
}

#[test]
fn a_file_that_changes_while_it_is_copied_is_never_taken_for_what_it_was() {
    let home = Home::with("FROM practice-os\nCOPY f /\n");
    home.file("f", vec![b'a'; 8 * 64 * 1024]);
    let path = home.context().join("f");
    let disturb = || {
        for letter in b'a'..=b'h' {
            write_over(&path, letter);
        }
    };
    meanwhile(disturb, || {
        for round in 0..15 {
            let called = home.call("build --json -t image .");
            if called.code != Some(0) {
                let said = "f of the build context changed while it was copied";
                assert!(called.out.contains(said), "{called:#?}");
                continue;
            }
            let build = Rows::new(&called.out);
            let key = build.step(2)["key"].as_str().unwrap().to_owned();
            let sum = home.ok("run --rm image sha256sum /f");
            let promised = promised(&home, &key, "f");
            assert!(
                sum.starts_with(&promised),
                "round {round}: {sum}, not {promised}"
            );
        }
    });
    home.ok("build .");
    home.assert_clean();
}

#[test]
fn files_that_come_and_go_are_copied_or_named() {
    let home = Home::with("FROM scratch\nCOPY . /\n");
    for number in 0..200 {
        home.file(&format!("d/{number}"), "stays");
    }
    let (gone, folder) = (
        home.context().join("d/100-gone"),
        home.context().join("d/200"),
    );
    let disturb = || {
        File::create(&gone).unwrap();
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("f"), "x").unwrap();
        fs::remove_file(&gone).unwrap();
        fs::remove_dir_all(&folder).unwrap();
    };
    meanwhile(disturb, || {
        for _ in 0..15 {
            let called = home.call("build -q .");
            if called.code != Some(0) {
                called.fails(1, "of the build context changed while it was copied");
            }
        }
    });
    home.ok("build .");
    home.assert_clean();
}

#[test]
fn sixteen_builds_at_once() {
    let home = Home::new();
    let files: Vec<String> = (0..16)
        .map(|number| format!("Dockerfile.{number}"))
        .collect();
    for (number, file) in files.iter().enumerate() {
        home.file(
            file,
            format!(
                "FROM practice-os AS one\nCOPY shared /\nRUN seq {number} > /one\n\
                FROM practice-os AS two\nRUN seq 100 > /two\n\
                FROM one\nCOPY --from=two /two /\nRUN cat /one /two > /all\n"
            ),
        );
    }
    home.file("shared", "the same for all");
    let start = |(number, file): (usize, &String)| {
        let tag = format!("image{number}");
        let mut command = home.command(["build", "-q", "-t", &tag, "-f", file, "."]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let builds: Vec<_> = files.iter().enumerate().map(start).collect();
    for build in builds {
        Called::new("build".to_owned(), build.wait_with_output().unwrap()).ok();
    }
    for number in [0, 15] {
        let count = home.shell(&format!("image{number}"), "wc -l < /all");
        assert_eq!(count.trim(), (100 + number).to_string());
    }
    let ids: BTreeSet<String> = files
        .iter()
        .map(|file| {
            let again = home.build(&format!("-f {file}"));
            assert!(!again.states().contains("MISS"), "{}", again.states());
            again.image()
        })
        .collect();
    assert_eq!(ids.len(), 16);
    home.assert_clean();
}

/// Calls strata with a file system of so many kibibytes as its store, and once more with enough of
/// them. What it says is after a line `== WHAT CODE`.
const IN_A_SMALL_STORE: &str = r#"
mount -t tmpfs -o "size=$1k" strata-test "$STRATA_ROOT" || exit 99
told() { what=$1; shift; said=$("$@" 2>&1); code=$?; echo "== $what $code"; echo "$said"; }
told small "$STRATA" build -q -t image .
told fsck "$STRATA" system fsck
told left ls "$STRATA_ROOT/tmp"
mount -o remount,size=2g "$STRATA_ROOT" || exit 98
told large "$STRATA" build -q -t image .
told fsck "$STRATA" system fsck
told left ls "$STRATA_ROOT/tmp"
told used du -sk "$STRATA_ROOT"
"#;

/// Returns what each call said, and its exit code.
fn in_a_small_store(home: &Home, kibibytes: u64) -> Vec<(String, i32, String)> {
    fs::create_dir_all(home.store()).unwrap();
    let namespaces = if rustix::process::geteuid().is_root() {
        "-m"
    } else {
        "-Urm"
    };
    let mut command = Command::new("unshare");
    command.args([namespaces, "sh", "-c", IN_A_SMALL_STORE, "sh"]);
    command.arg(kibibytes.to_string()).env_clear();
    for (name, value) in home.command(["build"]).get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    command.env("STRATA", env!("CARGO_BIN_EXE_strata"));
    command.current_dir(home.context()).stdin(Stdio::null());
    let out = Called::new(format!("small {kibibytes}"), command.output().unwrap()).ok();
    let parts = out.split("== ").skip(1);
    let part = |part: &str| {
        let (head, said) = part.split_once('\n').unwrap();
        let (what, code) = head.split_once(' ').unwrap();
        (
            what.to_owned(),
            code.parse().unwrap(),
            said.trim().to_owned(),
        )
    };
    parts.map(part).collect()
}

#[test]
fn a_full_disk_is_named_and_costs_nothing_but_the_step() {
    let home = Home::with(
        "FROM practice-os AS one\nCOPY big /big\nRUN cp /big /again\n\
        FROM practice-os AS two\nRUN seq 1 100000 > /seq\n\
        FROM one\nCOPY --from=two /seq /seq\nRUN cat /seq /seq > /double\n",
    );
    home.file("big", vec![7; 3_000_000]);
    let roomy = in_a_small_store(&home, 1 << 20);
    assert_eq!(roomy[0].1, 0, "{roomy:#?}");
    let used = roomy.last().unwrap().2.split_whitespace().next().unwrap();
    let used: u64 = used.parse().unwrap();
    let mut failed = 0;
    // From the making of the base to the last steps.
    for part in [1, 30, 60, 75, 80, 85, 90, 95, 99] {
        let calls = in_a_small_store(&home, (used * part / 100).max(64));
        let when = format!("{part} % of {used} KiB: {calls:#?}");
        let [small, rest @ ..] = &calls[..] else {
            panic!("{when}")
        };
        if small.1 != 0 {
            failed += 1;
            assert_eq!(small.1, 1, "{when}");
            assert!(small.2.contains("No space left on device"), "{when}");
        }
        for (what, code, said) in rest {
            assert_eq!(*code, 0, "{what}, {when}");
            match what.as_str() {
                "fsck" => assert!(said.contains("is clean"), "{when}"),
                "left" => assert_eq!(said, "", "{when}"),
                _ => {}
            }
        }
    }
    assert!(failed >= 6, "only {failed} of 9 stores were too small");
}
