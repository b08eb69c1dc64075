//! cp, diff and top: the files and processes of a container, running and stopped.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::process::Stdio;

use crate::common::strata::{Called, Home, ids};

/// A store with a container that runs and one that was made only, and files to copy.
fn home() -> Home {
    let home = Home::new();
    home.file("plain", "plain\n");
    home.file("tree/sub/file", "deep\n");
    symlink("sub/file", home.context().join("tree/link")).unwrap();
    home.ok("run -d --name web practice-os sleep 1000");
    home.ok("create --name rest practice-os sh -c exit");
    home
}

/// Says what a container holds; one that rests is asked by way of a tar.
fn tree(home: &Home, name: &str, path: &str) -> Vec<String> {
    let output = home
        .command(["cp", &format!("{name}:{path}"), "-"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let mut tar = tar::Archive::new(&output.stdout[..]);
    let shown = |entry: std::io::Result<tar::Entry<'_, &[u8]>>| {
        let entry = entry.unwrap();
        let path = entry.path().unwrap().display().to_string();
        let link = entry.link_name().unwrap();
        path + &link.map_or(String::new(), |to| format!(" -> {}", to.display()))
    };
    tar.entries().unwrap().map(shown).collect()
}

#[test]
fn where_something_lands_is_as_docker_says() {
    let home = home();
    for name in ["web", "rest"] {
        let to = |path: &str| format!("{name}:{path}");
        let cp = |from: &str, path: &str| home.words(&["cp", from, &to(path)]);
        // A file: to a new name, into a folder, over a file.
        cp("plain", "/srv/new").ok();
        cp("plain", "/srv/").ok();
        cp("tree/sub/file", "/srv/new").ok();
        // A folder: into one that is there, its content, to a new name.
        cp("tree", "/srv").ok();
        cp("tree/.", "/srv/tree/sub").ok();
        cp("tree/", "/other").ok();
        cp("tree/.", "/third").ok();
        assert_eq!(
            tree(&home, name, "/srv"),
            [
                "srv/",
                "srv/new",
                "srv/plain",
                "srv/tree/",
                "srv/tree/link -> sub/file",
                "srv/tree/sub/",
                "srv/tree/sub/file",
                "srv/tree/sub/link -> sub/file",
                "srv/tree/sub/sub/",
                "srv/tree/sub/sub/file",
            ]
            .map(|it| it.trim_end_matches('/').to_owned())
        );
        for folder in ["other", "third"] {
            let expected = ["", "/link -> sub/file", "/sub", "/sub/file"];
            let expected = expected.map(|it| format!("{folder}{it}"));
            assert_eq!(tree(&home, name, &format!("/{folder}")), expected);
        }
        cp("plain", "/nowhere/").fails(1, "no such directory");
        let missing = format!("No such container:path: {name}:/no/where");
        cp("plain", "/no/where/file").fails(1, &missing);
        cp("tree", "/srv/plain").fails(1, "cannot copy directory");
        cp("missing", "/srv").fails(1, "missing: no such file or directory");
        cp("plain/", "/srv").fails(1, "not a directory");
        fs::create_dir_all(home.context().join("odd/plain")).unwrap();
        cp("odd/.", "/srv").fails(1, "cannot overwrite non-directory");
    }
}

#[test]
fn files_come_out_as_they_are() {
    let home = home();
    home.mode("plain", 0o640);
    for name in ["web", "rest"] {
        let from = |path: &str| format!("{name}:{path}");
        let cp = |path: &str, to: &str| home.words(&["cp", &from(path), to]);
        home.ok(&format!("cp plain {name}:/srv"));
        home.ok(&format!("cp tree {name}:/srv"));
        let out = home.context().join(format!("out-{name}"));
        let out_text = out.to_str().unwrap();
        cp("/srv", out_text).ok();
        let plain = fs::metadata(out.join("plain")).unwrap();
        let before = fs::metadata(home.context().join("plain")).unwrap();
        assert_eq!(
            (plain.mode(), plain.mtime()),
            (before.mode(), before.mtime())
        );
        assert_eq!(
            fs::read_link(out.join("tree/link")).unwrap().to_str(),
            Some("sub/file")
        );
        // As a link and as what it leads to.
        cp("/srv/tree/link", out_text).ok();
        assert!(out.join("link").is_symlink());
        home.words(&["cp", "-L", &from("/srv/tree/link"), out_text])
            .ok();
        assert_eq!(fs::read_to_string(out.join("link")).unwrap(), "deep\n");
        cp("/srv/.", out_text).ok();
        cp("/nope", ".").fails(1, &format!("No such container:path: {name}:/nope"));
        cp("/srv", "no/where/x").fails(1, "invalid output path: directory");
        cp("/srv", "plain").fails(1, "cannot copy directory");
    }
}

#[test]
fn tars_stream_in_and_out() {
    let home = home();
    for name in ["web", "rest"] {
        let from = format!("{name}:/etc/passwd");
        let output = home.command(["cp", &from, "-"]).output().unwrap();
        let mut child = home
            .command(["cp", "-", &format!("{name}:/srv")])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(&output.stdout)
            .unwrap();
        assert!(child.wait().unwrap().success());
        assert_eq!(tree(&home, name, "/srv"), ["srv", "srv/passwd"]);
        home.call(&format!("cp - {name}:/etc/passwd"))
            .fails(1, "must be a directory");
    }
}

#[test]
fn links_in_a_container_lead_nowhere_outside() {
    let home = home();
    let secret = home.beside("secret");
    fs::write(&secret, "the host's\n").unwrap();
    let line = format!(
        "ln -s {} /leak; ln -s / /root-link; ln -s ../../../.. /srv/up",
        home.beside("").display()
    );
    home.words(&["exec", "web", "sh", "-c", &line]).ok();
    home.call("cp web:/leak/secret out")
        .fails(1, "No such container:path");
    home.words(&["cp", "-L", "web:/leak", "out"])
        .fails(1, "No such container:path");
    home.ok("cp plain web:/root-link/srv/up/through");
    assert_eq!(home.ok("exec web cat /through"), "plain\n");
    // Where a link leads to nothing the file is made there, inside.
    home.ok("exec web ln -s /made /dangling");
    home.ok("cp plain web:/dangling");
    assert_eq!(home.ok("exec web cat /made"), "plain\n");
    assert_eq!(fs::read_to_string(secret).unwrap(), "the host's\n");
}

#[test]
fn owners_are_roots_unless_they_are_wanted() {
    let home = home();
    let owner = |path: &str| {
        home.words(&["exec", "web", "stat", "-c", "%u:%g", path])
            .ok()
    };
    home.ok("exec web sh -c true");
    home.words(&[
        "exec",
        "web",
        "sh",
        "-c",
        "echo x > /srv/own; chown 1000:1000 /srv/own",
    ])
    .ok();
    let output = home.command(["cp", "web:/srv/own", "-"]).output().unwrap();
    let stream = |options: &[&str]| {
        let words = [&["cp"], options, &["-", "web:/tmp"]].concat();
        let mut child = home.command(words).stdin(Stdio::piped()).spawn().unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(&output.stdout)
            .unwrap();
        assert!(child.wait().unwrap().success());
    };
    stream(&[]);
    assert_eq!(owner("/tmp/own"), "0:0\n");
    stream(&["-a"]);
    assert_eq!(owner("/tmp/own"), ids("1000:1000\n", "0:0\n"));
    let mine = fs::metadata(home.context().join("plain")).unwrap();
    assert_eq!(
        (mine.uid(), mine.gid()),
        (
            nix::unistd::getuid().as_raw(),
            nix::unistd::getgid().as_raw()
        )
    );
    home.ok("cp -a plain web:/tmp/mine");
    assert_eq!(owner("/tmp/mine"), "0:0\n");
}

#[test]
fn a_mounted_folder_is_part_of_a_container_that_rests() {
    let home = home();
    let tree = home.context().join("tree");
    let volume = format!("{}:/srv", tree.display());
    home.words(&[
        "create",
        "--name",
        "with",
        "-v",
        &volume,
        "practice-os",
        "true",
    ])
    .ok();
    home.ok("cp with:/srv/sub/file out");
    assert_eq!(
        fs::read_to_string(home.context().join("out")).unwrap(),
        "deep\n"
    );
    home.ok("cp plain with:/srv/into");
    assert_eq!(fs::read_to_string(tree.join("into")).unwrap(), "plain\n");
    home.words(&[
        "create",
        "--name",
        "shut",
        "--read-only",
        "-v",
        &volume,
        "practice-os",
        "true",
    ])
    .ok();
    home.call("cp plain shut:/etc/x")
        .fails(1, "marked read-only");
    home.ok("cp plain shut:/srv/more");
}

#[test]
fn what_makes_no_copy_says_why() {
    let home = home();
    home.call("cp plain other")
        .fails(1, "must specify at least one container source");
    home.call("cp web:/a rest:/b")
        .fails(1, "copying between containers is not supported");
    home.words(&["cp", "", "web:/a"])
        .fails(1, "source can not be empty");
    home.call("cp nobody:/a .")
        .fails(1, "No such container: nobody");
    home.call("--lang ko cp plain other")
        .fails(1, "컨테이너:경로");
    fs::set_permissions(
        home.context().join("plain"),
        fs::Permissions::from_mode(0o600),
    )
    .unwrap();
    home.ok("cp ./plain web:/with:colon");
    home.ok("cp web:/with:colon ./with:colon");
    assert!(home.context().join("with:colon").exists());
}

#[test]
fn diff_lists_what_was_added_changed_and_deleted() {
    let home = home();
    let line = "echo a > /a; rm /etc/group; touch /etc/passwd; exec sleep 1000";
    home.words(&["run", "-d", "--name", "k3", "practice-os", "sh", "-c", line])
        .ok();
    let mut said = String::new();
    crate::common::strata::wait_for("its changes", || {
        said = home.ok("diff k3");
        said.contains("/etc/passwd")
    });
    assert_eq!(said, "A /a\nC /etc\nD /etc/group\nC /etc/passwd\n");
    home.call("diff nobody")
        .fails(1, "No such container: nobody");
}

#[test]
fn top_shows_the_processes_of_a_container_alone() {
    let home = home();
    home.ok("exec -d web sleep 999");
    let rows = || -> Vec<String> { home.ok("top web").lines().map(str::to_owned).collect() };
    crate::common::strata::wait_for("a second process", || rows().len() == 3);
    let rows = rows();
    assert!(
        rows[0].starts_with("UID                 PID                 PPID"),
        "{rows:?}"
    );
    assert!(
        rows[1].ends_with("sleep 1000") && rows[2].ends_with("sleep 999"),
        "{rows:?}"
    );
    let called: Called = home.call("top rest");
    called.fails(1, "is not running");
}
