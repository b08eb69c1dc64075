//! ADD of git repositories, from a daemon that each test starts itself. Where a machine has no git,
//! the build is held to the sentence that says so.

use super::{adding, tree};
use crate::common::repository::{Repository, has_git};
use crate::common::strata::Home;

/// A repository with a file, a program and a link; none on a machine without git.
fn repository() -> Option<Repository> {
    if !has_git() {
        let home = Home::with("FROM scratch\nADD git://127.0.0.1:9/repo /\n");
        home.call("build -q .").fails(1, "there is no git program");
        return None;
    }
    let repository = Repository::with(&[("a", "text"), ("d/run", "#!/bin/sh\n")]);
    repository.git(&["update-index", "--chmod=+x", "d/run"]);
    std::os::unix::fs::symlink("a", repository.path().join("link")).unwrap();
    repository.git(&["add", "link"]);
    repository.git(&["commit", "-q", "-m", "modes"]);
    Some(repository)
}

#[test]
fn the_files_of_a_repository_are_added_with_gits_modes() {
    let Some(repository) = repository() else {
        return;
    };
    let daemon = repository.daemon();
    let files = [
        "x/ 755",
        "x/a 644 text",
        "x/d/ 755",
        "x/d/run 755 #!/bin/sh",
        "x/link -> a",
    ];
    assert_eq!(tree(&adding("", &daemon.url())), files);
    let home = adding("--chown=5:6 --exclude=d", &format!("{}#main", daemon.url()));
    assert_eq!(
        tree(&home),
        ["x/ 755 5:6", "x/a 644 5:6 text", "x/link -> a 5:6"]
    );
    let home = adding("", &format!("{}#main:d", daemon.url()));
    assert_eq!(tree(&home), ["x/ 755", "x/run 755 #!/bin/sh"]);
}

#[test]
fn a_new_commit_is_a_miss_that_names_both() {
    let Some(repository) = repository() else {
        return;
    };
    let daemon = repository.daemon();
    let home = adding("", &daemon.url());
    let old = repository.git(&["rev-parse", "HEAD"]);
    assert_eq!(home.plan("").states(), "BASE MISS");
    assert_eq!(home.states(""), "BASE MISS");
    assert_eq!(home.states(""), "BASE HIT");
    let new = repository.commit(&[("a", "changed")]);
    let plan = home.plan("");
    assert_eq!(plan.states(), "BASE MISS");
    let build = home.build("");
    assert_eq!(plan.verdicts(), build.verdicts());
    let why = home.ok("--plain why 2");
    assert!(why.contains(&old[..7]) && why.contains(&new[..7]), "{why}");
    assert_eq!(home.states(""), "BASE HIT");
}

#[test]
fn the_folder_of_the_repository_can_be_kept() {
    let Some(repository) = repository() else {
        return;
    };
    let daemon = repository.daemon();
    let home = adding("--keep-git-dir", &daemon.url());
    let found = tree(&home);
    assert!(
        found.iter().any(|line| line.starts_with("x/.git/HEAD ")),
        "{found:?}"
    );
    home.file(
        "Dockerfile",
        format!("FROM scratch\nADD {} /x/\n", daemon.url()),
    );
    assert_eq!(home.plan("").states(), "BASE MISS");
}

#[test]
fn a_checksum_is_the_commit_or_how_it_begins() {
    let Some(repository) = repository() else {
        return;
    };
    let daemon = repository.daemon();
    let url = daemon.url();
    let commit = repository.git(&["rev-parse", "HEAD"]);
    for checksum in [&commit[..], &commit[..8]] {
        tree(&adding(&format!("--checksum={checksum}"), &url));
    }
    repository.commit(&[("a", "changed")]);
    let home = adding(&format!("--checksum={commit}"), &url);
    let words = format!("expected checksum to match {commit}");
    home.call("plan .").fails(1, &words);
    let said = home.call("build -q .").fails(1, &words);
    assert!(said.contains("look before you believe"), "{said}");
    home.call("--lang ko build -q .")
        .fails(1, "--checksum의 커밋");
    home.assert_clean();
}

#[test]
fn a_checksum_that_can_be_no_commit_is_refused() {
    for checksum in ["sha256:0", "12345", "v1"] {
        adding(&format!("--checksum={checksum}"), "git://127.0.0.1:9/r")
            .call("build -q .")
            .fails(1, "invalid checksum of a git repository");
    }
}
