//! Volumes, folders of this machine and memory in containers; `volume ...`.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::common::strata::Home;

/// An image that brings data along for a volume.
const BRINGS: &str = "FROM practice-os\n\
    RUN mkdir -p /logs/deep && echo hi > /logs/deep/note && chmod 640 /logs/deep/note \\\n\
      && ln /logs/deep/note /logs/same && ln -s deep/note /logs/link && chmod 1777 /logs\n\
    VOLUME [\"/logs\"]\n";

fn inspect(home: &Home, name: &str) -> Value {
    let all: Value = serde_json::from_str(&home.ok(&format!("inspect {name}"))).unwrap();
    all[0].clone()
}

fn volumes(home: &Home) -> Vec<String> {
    let listed = home.ok("volume ls -q");
    listed.lines().map(str::to_owned).collect()
}

fn run(home: &Home, options: &str, line: &str) -> String {
    let mut words = vec!["run", "--rm"];
    words.extend(options.split_whitespace());
    words.extend(["practice-os", "sh", "-c", line]);
    home.words(&words).ok()
}

#[test]
fn an_images_volume_is_anonymous_and_begins_with_the_images_files() {
    let home = Home::with(BRINGS);
    home.ok("build -q -t brings .");
    let said = home.words(&["run", "--name", "first", "brings", "sh", "-c", "echo more > /logs/new; ls -ld /logs; ls -l /logs/deep; stat -c %h /logs/same; cat /logs/link"]).ok();
    for words in ["drwxrwxrwt", "-rw-r-----", "\n2\nhi\n"] {
        assert!(said.contains(words), "{said}");
    }
    let mounts = &inspect(&home, "first")["Mounts"][0];
    let name = mounts["Name"].as_str().unwrap().to_owned();
    assert_eq!(name.len(), 64);
    assert_eq!(
        [
            &mounts["Type"],
            &mounts["Destination"],
            &mounts["RW"],
            &mounts["Driver"]
        ],
        [
            &Value::from("volume"),
            &"/logs".into(),
            &true.into(),
            &"local".into()
        ]
    );
    assert_eq!(volumes(&home), std::slice::from_ref(&name));
    // The image's layer is as it was, and the second container has a volume of its own.
    assert_eq!(
        home.words(&["run", "--name", "second", "brings", "ls", "/logs"])
            .ok(),
        "deep\nlink\nsame\n"
    );
    assert_eq!(volumes(&home).len(), 2);
    home.ok("rm -v second");
    home.ok("rm first");
    assert_eq!(volumes(&home), [name]);
    assert!(home.ok("volume prune -f").starts_with("Deleted Volumes:\n"));
    assert_eq!(volumes(&home).len(), 0);
}

#[test]
fn what_is_removed_at_its_end_takes_its_anonymous_volumes_along() {
    let home = Home::with(BRINGS);
    home.ok("build -q -t brings .");
    home.ok("run --rm -v /mine -v kept:/kept brings true");
    assert_eq!(volumes(&home), ["kept"]);
    home.call("run --rm brings nosuchprogram")
        .fails(127, "nosuchprogram");
    assert_eq!(volumes(&home), ["kept"]);
}

#[test]
fn a_named_volume_outlives_its_containers() {
    let home = Home::new();
    run(&home, "-v data:/d", "echo kept > /d/file");
    assert_eq!(
        run(&home, "--mount source=data,target=/e", "cat /e/file"),
        "kept\n"
    );
    let refused = home.words(&[
        "run",
        "--rm",
        "-v",
        "data:/d:ro",
        "practice-os",
        "sh",
        "-c",
        "echo no > /d/file",
    ]);
    assert_ne!(refused.code, Some(0), "{refused:?}");
    assert_eq!(run(&home, "-v data:/d", "cat /d/file"), "kept\n");
}

#[test]
fn what_is_in_a_volume_is_not_covered_by_the_image() {
    let home = Home::with(BRINGS);
    home.ok("build -q -t brings .");
    run(&home, "-v data:/d", "echo mine > /d/mine");
    assert_eq!(home.ok("run --rm -v data:/logs brings ls /logs"), "mine\n");
    assert_eq!(
        home.ok("run --rm -v empty:/logs:nocopy brings ls /logs"),
        ""
    );
    assert_eq!(
        home.ok("run --rm -v empty:/logs brings ls /logs"),
        "deep\nlink\nsame\n"
    );
}

#[test]
fn a_volume_in_use_is_not_removed() {
    let home = Home::new();
    assert_eq!(home.ok("volume create data"), "data\n");
    assert_eq!(home.ok("volume create data"), "data\n");
    home.ok("create --name holder -v data:/d practice-os true");
    let id = inspect(&home, "holder")["Id"].as_str().unwrap().to_owned();
    let said = format!("remove data: volume is in use - [{id}]");
    home.call("volume rm data").fails(1, &said);
    home.call("volume rm -f data").fails(1, &said);
    assert_eq!(home.ok("volume prune -af"), "Total reclaimed space: 0B\n");
    home.ok("rm -v holder");
    assert_eq!(home.ok("volume rm data"), "data\n");
    home.call("volume rm data").fails(1, "No such volume: data");
    assert_eq!(home.ok("volume rm -f data"), "data\n");
}

#[test]
fn volumes_are_listed_and_inspected_as_dockers() {
    let home = Home::new();
    home.ok("volume create --label team=red first");
    home.ok("volume create second");
    home.ok("create --name holder -v second:/d practice-os true");
    assert_eq!(
        home.ok("volume ls"),
        "DRIVER   VOLUME NAME\nlocal    first\nlocal    second\n"
    );
    for (words, names) in [
        ("--filter dangling=true", "first\n"),
        ("--filter dangling=false", "second\n"),
        ("--filter label=team=red", "first\n"),
        ("--filter name=eco", "second\n"),
        ("--filter driver=nfs", ""),
    ] {
        assert_eq!(home.ok(&format!("volume ls -q {words}")), names, "{words}");
    }
    home.call("volume ls --filter colour=red")
        .fails(1, "invalid filter 'colour'");
    assert_eq!(
        home.words(&["volume", "ls", "--format", "{{.Name}} {{.Labels}}"])
            .ok(),
        "first team=red\nsecond \n"
    );
    let json: Value = serde_json::from_str(&home.ok("volume inspect first")).unwrap();
    assert_eq!(json[0]["Labels"]["team"], "red");
    assert_eq!(json[0]["Scope"], "local");
    let path = home
        .words(&["volume", "inspect", "-f", "{{.Mountpoint}}", "first"])
        .ok();
    assert!(fs::metadata(path.trim()).unwrap().is_dir());
    let missing = home.call("volume inspect nosuch");
    assert_eq!((missing.code, missing.out.as_str()), (Some(1), "[]\n"));
    assert!(
        missing.err.contains("No such volume: nosuch"),
        "{}",
        missing.err
    );
    assert!(home.ok("system df").contains("Local Volumes   2       1"));
    assert_eq!(
        home.words(&["ps", "-a", "--format", "{{.Mounts}} {{.LocalVolumes}}"])
            .ok(),
        "second 1\n"
    );
}

#[test]
fn a_folder_of_this_machine_is_seen_from_both_sides() {
    let home = Home::new();
    home.file("code/app.txt", "old");
    let folder = home.context().join("code");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
    home.words(&[
        "run",
        "-d",
        "--name",
        "web",
        "-v",
        "./code:/code",
        "practice-os",
        "sleep",
        "1000",
    ])
    .ok();
    assert_eq!(home.ok("exec web cat /code/app.txt"), "old");
    home.file("code/app.txt", "new");
    assert_eq!(home.ok("exec web cat /code/app.txt"), "new");
    home.ok("exec web touch /code/made");
    assert!(folder.join("made").exists());
    let mount = &inspect(&home, "web")["Mounts"][0];
    assert_eq!(mount["Type"], "bind");
    assert_eq!(mount["Propagation"], "rprivate");
    // A missing folder is made by `-v` and missed by `--mount`.
    let missing = home.context().join("missing/deep");
    let word = format!("{}:/d", missing.display());
    assert_eq!(
        home.words(&["run", "--rm", "-v", &word, "practice-os", "ls", "/d"])
            .ok(),
        ""
    );
    assert!(missing.is_dir());
    home.call("run --rm --mount type=bind,source=/no/such,target=/d practice-os true")
        .fails(125, "bind source path does not exist: /no/such");
}

#[test]
fn wrong_words_about_mounts_have_dockers_answers() {
    let home = Home::new();
    for (words, said) in [
        (
            "-v rel/path:/x",
            "create rel/path: \"rel/path\" includes invalid characters for a local volume name",
        ),
        ("-v x:/y", "volume name is too short"),
        ("-v /x:/y:zz", "invalid mode: zz"),
        ("-v one:/y -v two:/y", "Duplicate mount point: /y"),
        ("-v one:/", "destination can't be '/'"),
        ("--mount type=bind,source=/tmp", "target is required"),
        ("--mount type=moon,target=/x", "mount type unknown"),
        ("--tmpfs relative", "mount path must be absolute"),
        ("--volumes-from nobody", "No such container: nobody"),
    ] {
        home.call(&format!("run --rm {words} practice-os true"))
            .fails(125, said);
    }
    assert_eq!(
        volumes(&home).len(),
        0,
        "a refused container leaves no volume"
    );
    home.call("volume create bad/name")
        .fails(1, "invalid characters");
    home.call("volume create --driver nfs data")
        .fails(1, "plugin \"nfs\" not found");
}

#[test]
fn memory_is_mounted_with_its_options() {
    let home = Home::new();
    let shown = run(
        &home,
        "--tmpfs /run/x:size=64k,exec",
        "grep ' /run/x ' /proc/mounts",
    );
    assert!(
        shown.contains("tmpfs") && shown.contains("size=64k"),
        "{shown}"
    );
    assert!(!shown.contains("noexec"), "{shown}");
    let shown = run(
        &home,
        "--mount type=tmpfs,target=/t,tmpfs-mode=700",
        "ls -ld /t; grep ' /t ' /proc/mounts",
    );
    assert!(
        shown.starts_with("drwx------") && shown.contains("noexec"),
        "{shown}"
    );
}

#[test]
fn a_container_takes_over_what_another_has_mounted() {
    let home = Home::new();
    home.ok("create --name source -v shared:/s -v /unnamed practice-os true");
    run(
        &home,
        "--volumes-from source",
        "echo 1 > /s/1; echo 2 > /unnamed/2",
    );
    assert_eq!(
        run(
            &home,
            "--volumes-from source:ro",
            "cat /s/1 /unnamed/2; touch /s/3 2>&1 | grep -c Read-only"
        ),
        "1\n2\n1\n"
    );
    // `--rm` leaves the unnamed one to the container that it was made for.
    assert_eq!(volumes(&home).len(), 2);
    home.file("note", "text");
    home.ok("cp note source:/s/note");
    assert_eq!(run(&home, "-v shared:/s", "cat /s/note"), "text");
    home.ok("rm -v source");
    assert_eq!(volumes(&home), ["shared"]);
}

#[test]
fn links_of_a_container_lead_nowhere_outside() {
    let home = Home::new();
    home.file("secret", "secret");
    let secret = home.context().join("secret").display().to_string();
    // The part that is mounted was made a link to this machine's file.
    run(
        &home,
        "-v trap:/t",
        &format!(
            "mkdir /t/ok; ln -s {} /t/out; ln -s ../../.. /t/up",
            home.context().display()
        ),
    );
    home.ok("run --rm --mount source=trap,target=/d,volume-subpath=ok practice-os true");
    for part in ["out", "up", "../.."] {
        let call = home.call(&format!(
            "run --rm --mount source=trap,target=/d,volume-subpath={part} practice-os cat /d/secret"
        ));
        assert_eq!(call.code, Some(125), "{part}: {call:?}");
    }
    // The place that is mounted on is one, too: it is looked up inside.
    home.file(
        "Dockerfile",
        format!(
            "FROM practice-os\nRUN ln -s {} /place\n",
            home.context().display()
        ),
    );
    home.ok("build -q -t trap .");
    home.ok("run --rm -v data:/place trap touch /place/mark");
    assert!(!home.context().join("mark").exists());
    assert_eq!(run(&home, "-v data:/d", "ls /d"), "mark\n");
    assert_eq!(fs::read_to_string(secret).unwrap(), "secret");
}
