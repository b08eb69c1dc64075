//! What strata does where a machine has less: no overlayfs, one id, no namespaces at all.

use std::ffi::OsStr;
use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::common::strata::{Called, Home, entries};

/// Everything a RUN can do to files, one step each.
const CHANGES: &str = "\
FROM practice-os
RUN mkdir -p /d/sub /old && echo a > /d/a && echo b > /d/sub/b && echo c > /c && echo x > /old/x
RUN echo more >> /d/a && echo new > /new
RUN chmod 2755 /d/sub && chmod 600 /c
RUN rm /new /d/a
RUN rm -r /old && echo file > /old
RUN rm -r /d/sub && mkdir /d/sub && echo other > /d/sub/c
RUN rm /old && mkdir /old && mv /c /old/moved
RUN echo one > /one && ln /one /two && ln -s one /three && ln /old/moved /again
RUN ln -sf two /three && mkfifo /pipe && touch /etc/x && rm /etc/x
RUN true
RUN rm -r /d && mv /old /older
USER 1000
RUN echo mine > /tmp/mine
";

/// Builds in a store of its own and returns the diff ids of all layers.
fn layers(dockerfile: &str, force: &'static str) -> Vec<String> {
    let home = Home::with(dockerfile).force(force);
    let mut build = home.command(["build", "-q", "-t", "it", "."]);
    build.env("SOURCE_DATE_EPOCH", "1700000000");
    Called::new("build".to_owned(), build.output().unwrap()).ok();
    home.assert_clean();
    let image: Value = serde_json::from_str(&home.ok("inspect it")).unwrap();
    let layers = image[0]["RootFS"]["Layers"].as_array().unwrap();
    let text = |layer: &Value| layer.as_str().unwrap().to_owned();
    layers.iter().map(text).collect()
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn every_way_to_merge_layers_makes_the_same_ones() {
    let merged = layers(CHANGES, "");
    assert_eq!(merged.len(), 13);
    assert_eq!(layers(CHANGES, "copy"), merged);
    assert_eq!(layers(CHANGES, "classic-mount"), merged);
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn one_id_makes_no_difference_to_layers_that_give_nothing_away() {
    let merged = layers(CHANGES, "single-id");
    assert_eq!(layers(CHANGES, "single-id,copy"), merged);
    assert_eq!(layers(CHANGES, ""), merged);
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn a_build_on_copied_layers_says_so() {
    let home = Home::with("FROM practice-os\nRUN true\n").force("copy");
    let notes = &home.build("").0["notes"];
    assert!(
        notes[0].as_str().unwrap().contains("overlayfs"),
        "{notes:?}"
    );
    assert_eq!(home.build("").0["notes"], Value::Array(Vec::new()));
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn a_container_on_copied_layers_lives_in_its_folder_and_goes_with_it() {
    let home = Home::new().force("copy");
    home.words(&[
        "run",
        "-d",
        "--name",
        "box",
        "practice-os",
        "sh",
        "-c",
        "echo start >> /log; exec sleep 100",
    ])
    .ok();
    let add = "echo 'bob:x:7:7::/:/bin/sh' >> /etc/passwd";
    home.words(&["exec", "box", "sh", "-c", add]).ok();
    assert!(home.ok("exec -u bob box id").starts_with("uid=7(bob)"));
    let rootfs = &inspect(&home, "box")["GraphDriver"]["Data"]["Folder"];
    let rootfs = rootfs.as_str().unwrap().to_owned();
    assert!(rootfs.starts_with(&home.store().display().to_string()));
    home.ok("stop -t 0 box");
    home.ok("start box");
    assert_eq!(home.ok("exec box cat /log"), "start\nstart\n");
    home.ok("rm -f box");
    assert_eq!(containers(&home), Vec::<String>::new());
    // Nothing of it is in the image.
    assert_eq!(
        home.shell("practice-os", "ls /log 2>/dev/null || echo none"),
        "none\n"
    );
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn exit_codes_on_copied_layers_are_dockers() {
    let home = Home::new().force("copy");
    let exit = home.words(&["run", "--rm", "practice-os", "sh", "-c", "exit 7"]);
    assert_eq!(exit.code, Some(7));
    home.call("run practice-os /nope")
        .fails(127, "no such file");
    home.call("run practice-os /etc/passwd")
        .fails(126, "cannot be executed");
    assert_eq!(containers(&home), Vec::<String>::new());
}

/// Makes a folder on an overlay, where no other overlay can have its upper directory and no
/// whiteout can be made: as a container's own files are.
const ON_OVERLAY: &str = r#"
set -e
mount -t tmpfs none "$STRATA_ROOT"
cd "$STRATA_ROOT"
mkdir low up work store
mount -t overlay none -o lowerdir=low,upperdir=up,workdir=work store
export STRATA_ROOT="$PWD/store"
cd "$OLDPWD"
"$@" build -q -t it . > /dev/null
"$@" inspect it
"$@" run --rm it sh -c 'ls -d /old/moved /older/moved 2>/dev/null; cat /older/moved' >&2
"$@" system fsck >&2
"#;

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn a_store_on_an_overlay_works_although_the_mount_is_refused() {
    let home = Home::with(CHANGES).force("");
    fs::create_dir(home.store()).unwrap();
    let said = within(&home, &["-m"], ON_OVERLAY, &[]);
    assert!(said.err.contains("/older/moved\nc\n"), "{said:#?}");
    assert!(said.err.contains("the store is clean"), "{said:#?}");
    let image: Value = serde_json::from_str(&said.ok()).unwrap();
    let layers_there: Vec<&str> = image[0]["RootFS"]["Layers"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(layers_there, layers(CHANGES, "single-id"));
}

const OWNERS: &str = "\
FROM practice-os
COPY --chown=1000:7 data /srv/data
WORKDIR /srv/w
USER 1000:7
RUN echo mine > /tmp/mine && echo more >> /srv/data
";

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn owners_one_id_cannot_have_travel_with_the_image() {
    let one = Home::with(OWNERS).force("single-id");
    one.file("data", "data");
    one.build("-t it");
    assert!(one.shell("it", "id").starts_with("uid=1000"));
    let archive = one.beside("it.tar").display().to_string();
    one.ok(&format!("save -o {archive} it"));

    let many = Home::new().force("");
    many.ok(&format!("load -i {archive}"));
    let again = many.beside("again.tar").display().to_string();
    many.ok(&format!("save -o {again} it"));
    assert_eq!(fs::read(&archive).unwrap(), fs::read(&again).unwrap());
    // With one id that one is 1000:7 for this user, so it looks the same.
    let listed = many.shell(
        "it",
        "ls -ln /srv/data /tmp/mine | tr -s ' ' | cut -d' ' -f3,4",
    );
    assert_eq!(listed, "1000 7\n1000 7\n");
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn an_image_of_many_owners_goes_through_one_id_unchanged() {
    let many = Home::with(OWNERS).force("");
    many.file("data", "data");
    many.build("-t it");
    let archive = many.beside("it.tar").display().to_string();
    many.ok(&format!("save -o {archive} it"));

    let one = Home::new().force("single-id");
    one.call(&format!("load -i {archive}")).ok();
    let again = one.beside("again.tar").display().to_string();
    one.ok(&format!("save -o {again} it"));
    assert_eq!(fs::read(&archive).unwrap(), fs::read(&again).unwrap());
    let owned = one.words(&["run", "--rm", "-u", "0", "it", "cat", "/srv/data"]);
    assert_eq!(owned.ok(), "datamore\n");
    let user = one.words(&["run", "--rm", "-u", "1000:7", "it", "id", "-u"]);
    assert_eq!(user.ok(), "1000\n");
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn with_one_id_what_could_only_fail_for_that_succeeds() {
    let home = Home::with(
        "FROM practice-os\nRUN touch /f && chown 33:44 /f && chgrp 5 /f && mknod /n c 1 3\n",
    )
    .force("single-id");
    let report = home.build("-t it");
    assert_eq!(report.states(), "BASE MISS");
    let note = report.0["notes"][0].as_str().unwrap();
    assert!(note.contains("only one id"), "{note}");
}

/// Calls strata where `user.max_user_namespaces` is this. The limit belongs to a user namespace,
/// so nobody else notices.
fn limited(home: &Home, limit: u32, words: &[&str]) -> Called {
    // At 1, another process has that one.
    let taken = "unshare -U sleep 60 & holder=$!; sleep 0.2;";
    let script = format!(
        "{} echo {limit} > /proc/sys/user/max_user_namespaces; \"$@\"; code=$?; \
         test -z \"$holder\" || kill $holder; exit $code",
        if limit == 0 { "" } else { taken }
    );
    within(home, &[], &script, words)
}

/// Runs a shell script in a user namespace of its own; `$@` in it calls strata with `words`.
fn within(home: &Home, options: &[&str], script: &str, words: &[&str]) -> Called {
    let strata = home.command(words);
    let mut command = Command::new("unshare");
    command
        .arg("-r")
        .args(options)
        .args(["sh", "-c", script, "sh"])
        .arg(strata.get_program())
        .args(strata.get_args())
        .current_dir(home.context())
        .env_clear()
        .env("SOURCE_DATE_EPOCH", "1700000000");
    let set = |(name, value): (&OsStr, Option<&OsStr>)| Some((name.to_owned(), value?.to_owned()));
    command.envs(strata.get_envs().filter_map(set));
    Called::new(words.join(" "), command.output().unwrap())
}

/// Returns what is left of containers in the store.
fn containers(home: &Home) -> Vec<String> {
    let mut names = entries(&home.store().join("containers"));
    names.retain(|name| name != "names");
    names
}

fn inspect(home: &Home, name: &str) -> Value {
    let found: Value = serde_json::from_str(&home.ok(&format!("inspect {name}"))).unwrap();
    found[0].clone()
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn without_namespaces_all_but_running_works_and_that_says_the_remedy() {
    let home = Home::with("FROM practice-os\nCOPY f /f\nENV A=1\n").force("");
    home.file("f", "f");
    home.file("Runs", "FROM practice-os\nRUN true\n");
    for (limit, reason) in [(0, "is 0"), (1, "is used up")] {
        let call = |words: &str| {
            let words: Vec<&str> = words.split_whitespace().collect();
            limited(&home, limit, &words)
        };
        let doctor = call("doctor");
        assert!(doctor.out.contains(reason), "{doctor:#?}");
        for words in [
            "parse Dockerfile",
            "plan -f Runs .",
            "build -t it .",
            "images",
            "history it",
            "why 2",
            "stack it",
            "compare it it",
            "inspect it",
            "files it",
            "save -o it.tar it",
            "load -i it.tar",
            "ps -a",
            "system fsck",
        ] {
            call(words).ok();
        }
        call("system reset -f").ok();
        call("build -t it .").ok();
        let remedy = "sudo sysctl -w user.max_user_namespaces=15000";
        let refused = call("build -f Runs .").fails(1, "error: this machine allows no");
        assert!(refused.contains(remedy), "{refused}");
        let refused = call("run --rm it true").fails(125, reason);
        assert!(refused.contains(remedy), "{refused}");
        assert!(!refused.contains("panic"), "{refused}");
        assert_eq!(containers(&home), Vec::<String>::new());
    }
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn without_a_network_namespace_the_hosts_network_is_named() {
    let home = Home::new().force("no-net");
    let ran = home.call("run --rm practice-os true");
    assert!(ran.err.contains("the network is the host's"), "{ran:#?}");
    ran.ok();
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn without_cgroups_a_limit_is_refused_and_no_limit_is_no_trouble() {
    let home = Home::new().force("cgroup-none");
    home.ok("run --rm practice-os true");
    home.call("run --rm -m 64m practice-os true")
        .fails(125, "memory limit");
}
