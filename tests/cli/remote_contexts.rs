//! Build contexts that are not on this machine: git repositories, tars and Dockerfiles of a web
//! server. All servers are the tests' own, on 127.0.0.1.
//!
//! Where a machine has no git, the tests about repositories hold the build to the sentence that
//! says so.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use super::contexts::{gzip, piped, tar};
use crate::common::repository::{Repository, has_git};
use crate::common::server::{Page, Server};
use crate::common::strata::{Called, Home, Rows, entries};

const NO_GIT: &str = "there is no git program on this machine";

/// A repository of two folders to build from; none on a machine without git, where a build says so.
fn repository() -> Option<Repository> {
    if !has_git() {
        let home = Home::new();
        home.call("build git://127.0.0.1:9/repo").fails(1, NO_GIT);
        return None;
    }
    Some(Repository::with(&[
        ("Dockerfile", "FROM scratch\nCOPY . /x/\n"),
        ("a", "one"),
        (".dockerignore", "sub\n"),
        ("sub/Dockerfile", "FROM scratch\nCOPY b /\n"),
        ("sub/b", "two"),
    ]))
}

fn states(called: Called) -> String {
    Rows::new(&called.ok()).states()
}

#[test]
fn a_tar_of_a_web_server_is_the_context() {
    let (home, server) = (Home::new(), Server::new());
    let files = [("Dockerfile", "FROM scratch\nCOPY a /\n"), ("a", "text")];
    let bytes = tar(&files);
    server.put("/c.tar", Page::new(bytes.clone()).header("ETag", "1"));
    server.put("/c", Page::new(gzip(&bytes)));
    let url = server.url("/c.tar");
    assert_eq!(
        states(home.call(&format!("plan --json {url}"))),
        "BASE MISS"
    );
    assert_eq!(
        states(home.call(&format!("build --json {url}"))),
        "BASE MISS"
    );
    assert_eq!(server.asked(), ["/c.tar 200", "/c.tar 304"]);
    // Compressed, and by another name, it is the same.
    let other = server.url("/c");
    assert_eq!(
        states(home.call(&format!("build --json {other}"))),
        "BASE HIT"
    );
    assert_eq!(entries(&home.store().join("cache/contexts")), [""; 0]);
    home.assert_clean();
}

#[test]
fn anything_else_of_a_web_server_is_a_dockerfile_without_a_context() {
    let (home, server) = (Home::new(), Server::new());
    server.put("/d", Page::new("FROM scratch\nENV a=b\n"));
    server.put("/copies", Page::new("FROM scratch\nCOPY a /\n"));
    home.file("a", "not to be seen");
    home.ok(&format!("build -q {}", server.url("/d")));
    let copies = format!("build -q {}", server.url("/copies"));
    home.call(&copies).fails(1, "\"/a\": not found");
    home.assert_clean();
}

#[test]
fn what_a_web_server_refuses_is_named_in_both_languages() {
    let (home, server) = (Home::new(), Server::new());
    let url = server.url("/none.tar");
    let words = format!("cannot fetch {url}: invalid response status 404");
    home.call(&format!("build {url}")).fails(1, &words);
    home.call(&format!("--lang ko build {url}"))
        .fails(1, "가져올 수 없습니다");
    server.put("/c.tar", Page::new(tar(&[("a", "")])));
    let url = server.url("/c.tar");
    let words = format!("Dockerfile is not in the build context {url}");
    home.call(&format!("build {url}")).fails(1, &words);
    home.assert_clean();
}

#[test]
fn a_tar_that_unpacks_to_too_much_is_refused() {
    let (home, server) = (Home::new(), Server::new());
    let zeros = "0".repeat(4 << 20);
    let files = [("Dockerfile", "FROM scratch\n"), ("zeros", zeros.as_str())];
    server.put("/c.tgz", Page::new(gzip(&tar(&files))));
    let url = server.url("/c.tgz");
    let mut command = home.command(["build", "-q", &url]);
    command.env("STRATA_UNPACK_LIMIT", "1m");
    let called = Called::new("build".to_owned(), command.output().unwrap());
    called.fails(1, "unpack");
    home.ok(&format!("build -q {url}"));
    home.assert_clean();
}

#[test]
fn links_of_a_context_from_elsewhere_are_not_followed_out_of_it() {
    let (home, server) = (Home::new(), Server::new());
    fs::write(home.beside("secret"), "*\n").unwrap();
    let mut archive = ::tar::Builder::new(Vec::new());
    let text = b"FROM scratch\nCOPY a /\n";
    for (name, text) in [("Dockerfile", &text[..]), ("a", b"")] {
        let mut header = ::tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, text).unwrap();
    }
    let mut header = ::tar::Header::new_gnu();
    header.set_entry_type(::tar::EntryType::Symlink);
    header.set_size(0);
    // Were it read, `*` would leave out everything.
    archive
        .append_link(&mut header, ".dockerignore", home.beside("secret"))
        .unwrap();
    server.put("/c.tar", Page::new(archive.into_inner().unwrap()));
    home.ok(&format!("build -q {}", server.url("/c.tar")));
}

#[test]
fn a_dockerfile_of_this_side_builds_a_context_from_elsewhere() {
    let (home, server) = (Home::new(), Server::new());
    server.put("/c.tar", Page::new(tar(&[("a", "text")])));
    let words = format!("build -q -t image -f - {}", server.url("/c.tar"));
    piped(&home, &words, b"FROM scratch\nCOPY a /mine\n").ok();
    assert!(home.ok("files image").contains("/mine"));
}

#[test]
fn a_repository_is_the_context_and_the_same_commit_is_all_hit() {
    let Some(repository) = repository() else {
        return;
    };
    let (home, daemon) = (Home::new(), repository.daemon());
    let url = daemon.url();
    let called = home.call(&format!("build -t image {url}"));
    let commit = repository.git(&["rev-parse", "HEAD"]);
    assert!(
        called.err.replace("\n  ", " ").contains(&commit),
        "{called:#?}"
    );
    called.ok();
    let files = home.ok("files image");
    assert!(
        files.contains("/x/a") && !files.contains(".git/"),
        "{files}"
    );
    assert!(!files.contains("sub"), "{files}");
    assert_eq!(
        states(home.call(&format!("build --json {url}"))),
        "BASE HIT"
    );
    repository.commit(&[("a", "changed")]);
    assert_eq!(
        states(home.call(&format!("plan --json {url}"))),
        "BASE MISS"
    );
    // The commit by its name, which no branch shows any more.
    let old = format!("build --json {url}#{commit}");
    assert_eq!(states(home.call(&old)), "BASE HIT");
    home.assert_clean();
}

#[test]
fn branch_tag_and_folder_are_chosen_behind_the_url() {
    let Some(repository) = repository() else {
        return;
    };
    repository.git(&["tag", "-a", "-m", "x", "v1"]);
    repository.git(&["checkout", "-q", "-b", "topic/x"]);
    repository.commit(&[("sub/b", "three")]);
    let (home, daemon) = (Home::new(), repository.daemon());
    let url = daemon.url();
    for (behind, text) in [
        ("v1", "two"),
        ("topic/x", "three"),
        ("refs/heads/main", "two"),
    ] {
        home.ok(&format!("build -q -o ../{behind} {url}#{behind}:sub"));
        let found = fs::read_to_string(home.beside(behind).join("b")).unwrap();
        assert_eq!(found, text, "{behind}");
    }
    home.call(&format!("build {url}#none"))
        .fails(1, "does not contain none");
    home.call(&format!("build {url}#v1:none"))
        .fails(1, "no folder none");
    home.call(&format!("build {url}#v1:.."))
        .fails(1, "no folder ..");
    home.call(&format!("build -f none {url}"))
        .fails(1, "none is not in the build context");
    home.assert_clean();
}

#[test]
fn the_folder_of_the_repository_stays_where_it_is_asked_for() {
    let Some(repository) = repository() else {
        return;
    };
    repository.commit(&[("Dockerfile", "FROM scratch\nCOPY .git/HEAD /\n")]);
    let (home, daemon) = (Home::new(), repository.daemon());
    let url = daemon.url();
    home.call(&format!("build -q {url}")).fails(1, "not found");
    home.ok(&format!(
        "build -q --build-arg BUILDKIT_CONTEXT_KEEP_GIT_DIR=1 {url}"
    ));
}

#[test]
fn a_repository_of_plain_files_on_a_web_server_will_do() {
    let Some(repository) = repository() else {
        return;
    };
    let (home, server) = (Home::new(), Server::new());
    let url = repository.publish(&server);
    home.ok(&format!("build -q {url}"));
    home.ok(&format!("build -q {url}#main:sub"));
    home.assert_clean();
}

#[test]
fn submodules_come_along_but_not_from_this_machine() {
    let Some(repository) = repository() else {
        return;
    };
    let (inner, outer) = (Repository::with(&[("inner", "")]), repository);
    let (home, near) = (Home::new(), inner.daemon());
    outer.git(&["submodule", "--quiet", "add", &near.url(), "module"]);
    outer.commit(&[]);
    let daemon = outer.daemon();
    home.ok(&format!("build -q -t image {}", daemon.url()));
    let files = home.ok("files image");
    assert!(files.contains("/x/module/inner"), "{files}");
    assert!(!files.contains(".git\n"), "{files}");
    let path = inner.path().display().to_string();
    outer.git(&["submodule", "set-url", "module", &path]);
    outer.commit(&[]);
    home.call(&format!("build -q {}", daemon.url()))
        .fails(1, "not allowed");
    home.assert_clean();
}

#[test]
fn nothing_of_a_repository_or_of_the_users_settings_is_executed() {
    let Some(repository) = repository() else {
        return;
    };
    let home = Home::new();
    let mark = home.beside("mark");
    let script = format!("#!/bin/sh\ntouch {}\ncat\n", mark.display());
    let hooks = home.beside("hooks");
    fs::create_dir(&hooks).unwrap();
    for name in ["post-checkout", "run"] {
        fs::write(hooks.join(name), &script).unwrap();
        fs::set_permissions(hooks.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let run = hooks.join("run").display().to_string();
    let settings = format!(
        "[core]\nhooksPath = {}\nfsmonitor = {run}\n[filter \"x\"]\nsmudge = {run}\n",
        hooks.display()
    );
    // HOME of the call is the folder that holds the context.
    fs::write(home.beside(".gitconfig"), settings).unwrap();
    repository.commit(&[(".gitattributes", "* filter=x\n")]);
    let daemon = repository.daemon();
    home.ok(&format!("build -q {}", daemon.url()));
    assert!(!mark.exists());
    home.assert_clean();
}

#[test]
fn a_machine_without_git_is_told_so_in_both_languages() {
    let home = Home::new();
    let empty = home.beside("empty");
    fs::create_dir(&empty).unwrap();
    let without = |words: &[&str]| {
        let mut command = home.command(words);
        command.env("PATH", &empty).stdin(Stdio::null());
        Called::new(words.join(" "), command.output().unwrap())
    };
    let url = "https://127.0.0.1:9/repo.git";
    let said = without(&["build", url]).fails(1, NO_GIT);
    assert!(said.contains("help: install it"), "{said}");
    without(&["--lang", "ko", "build", url]).fails(1, "git 프로그램이 없습니다");
    without(&["plan", "github.com/me/repo"]).fails(1, "https://github.com/me/repo");
    home.assert_clean();
}

#[test]
fn a_folder_goes_before_a_url_of_its_name() {
    let home = Home::new();
    home.file("github.com/me/Dockerfile", "FROM scratch\n");
    home.ok("build -q github.com/me");
}
