//! ADD of URLs, from a server that each test starts itself.

use super::saved::Saved;
use super::{adding, tree};
use crate::common::server::{Page, Server};
use crate::common::strata::Home;

const TIME: &str = "Wed, 21 Oct 2015 07:28:00 GMT";
const SECONDS: u64 = 1_445_412_480;

fn digest(bytes: &[u8]) -> String {
    strata::digest::Digest::of(bytes).to_string()
}

#[test]
fn a_file_has_the_name_of_its_url_mode_600_and_the_servers_time() {
    let server = Server::new();
    let page = Page::new("text")
        .header("Last-Modified", TIME)
        .header("Content-Disposition", "attachment; filename=other");
    server.put("/a/b%20c?x=/y", page);
    let home = adding("", &server.url("/a/b%20c?x=/y"));
    assert_eq!(tree(&home), ["x/ 755", "x/b c 600 text"]);
    let times = Saved::of(&home, "image").times();
    assert_eq!(times[1], ("x/b c".to_owned(), SECONDS));
}

#[test]
fn a_server_without_a_time_gives_the_epoch() {
    let server = Server::new();
    server.put("/f", Page::new("text"));
    let home = adding("", &server.url("/f"));
    home.ok("build -q -t image .");
    assert_eq!(Saved::of(&home, "image").times()[1].1, 0);
}

#[test]
fn owner_mode_and_name_can_be_given() {
    let server = Server::new();
    server.put("/f", Page::new("text"));
    let home = Home::with(&format!(
        "FROM scratch\nADD --chown=5:6 --chmod=644 {} /d/name\n",
        server.url("/f")
    ));
    assert_eq!(tree(&home), ["d/ 755 5:6", "d/name 644 5:6 text"]);
}

#[test]
fn a_url_stands_beside_files_of_the_context() {
    let server = Server::new();
    server.put("/f", Page::new("fetched"));
    let home = adding("", &format!("a {}", server.url("/f")));
    home.file("a", "local");
    assert_eq!(tree(&home), ["x/ 755", "x/a 644 local", "x/f 600 fetched"]);
}

#[test]
fn a_server_is_asked_in_every_build_and_sends_nothing_twice() {
    let server = Server::new();
    for (path, page) in [
        ("/etag", Page::new("1").header("ETag", "\"one\"")),
        ("/time", Page::new("1").header("Last-Modified", TIME)),
    ] {
        server.put(path, page);
        let home = adding("", &server.url(path));
        assert_eq!(home.states(""), "BASE MISS");
        assert_eq!(home.states(""), "BASE HIT");
        assert_eq!(home.plan("").states(), "BASE HIT");
        let expected = [200, 304, 304].map(|status| format!("{path} {status}"));
        assert_eq!(server.asked(), expected);
    }
}

#[test]
fn other_bytes_miss_and_equal_ones_hit_whatever_the_server_says_of_them() {
    let server = Server::new();
    let url = server.url("/f");
    server.put("/f", Page::new("one").header("ETag", "\"1\""));
    let home = adding("", &url);
    home.build("");
    server.put("/f", Page::new("one").header("ETag", "\"2\""));
    assert_eq!(home.states(""), "BASE HIT");
    server.put("/f", Page::new("two").header("ETag", "\"3\""));
    let plan = home.plan("");
    let build = home.build("");
    assert_eq!(plan.verdicts(), build.verdicts());
    assert_eq!(build.states(), "BASE MISS");
    let why = home.ok("why 2");
    assert!(why.contains(&url), "{why}");
}

#[test]
fn with_a_checksum_nobody_is_asked_about_a_step_that_is_reused() {
    let server = Server::new();
    server.put("/f", Page::new("text"));
    let flag = format!("--checksum={}", digest(b"text"));
    let home = adding(&flag, &server.url("/f"));
    assert_eq!(home.plan("").states(), "BASE MISS");
    assert_eq!(server.asked(), [""; 0]);
    assert_eq!(home.states(""), "BASE MISS");
    assert_eq!(server.asked(), ["/f 200"]);
    let url = server.url("/f");
    drop(server);
    assert_eq!(home.states(""), "BASE HIT");
    home.file("Dockerfile", format!("FROM scratch\nADD {url} /x/\n"));
    home.call("build -q .").fails(1, &url);
}

#[test]
fn other_bytes_than_the_checksum_are_refused() {
    let server = Server::new();
    server.put("/f", Page::new("evil"));
    let flag = format!("--checksum={}", digest(b"good"));
    let home = adding(&flag, &server.url("/f"));
    let said = home.call("build -q .").fails(1, "digest mismatch");
    for digest in [digest(b"evil"), digest(b"good")] {
        assert!(said.contains(&digest), "{said}");
    }
    home.assert_clean();
    server.put("/f", Page::new("good"));
    assert_eq!(tree(&home), ["x/ 755", "x/f 600 good"]);
}

#[test]
fn a_checksum_that_is_none_is_refused() {
    for value in ["sha256:12", "md5:0", "x"] {
        let home = adding(&format!("--checksum={value}"), "http://127.0.0.1:9/f");
        home.call("build -q .").fails(1, "invalid checksum");
    }
}

#[test]
fn archives_are_unpacked_only_where_that_is_asked_for() {
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(2);
    header.set_mode(0o640);
    tar.append_data(&mut header, "in", &b"hi"[..]).unwrap();
    let tar = tar.into_inner().unwrap();
    let server = Server::new();
    server.put("/a.tar", Page::new(tar));
    let url = server.url("/a.tar");
    for (flag, expected) in [
        ("", "x/a.tar 600"),
        ("--unpack=false", "x/a.tar 600"),
        ("--unpack", "x/in 640 hi"),
    ] {
        let found = tree(&adding(flag, &url));
        assert!(found[1].starts_with(expected), "{flag}: {found:?}");
    }
}

#[test]
fn redirects_are_followed_and_the_first_url_names_the_file() {
    let server = Server::new();
    server.put("/old", Page::status(302).header("Location", "/new"));
    server.put("/new", Page::new("moved"));
    let home = adding("", &server.url("/old"));
    assert_eq!(tree(&home), ["x/ 755", "x/old 600 moved"]);
}

#[test]
fn a_refusal_names_the_url_and_the_status() {
    let server = Server::new();
    for status in [404, 500, 403] {
        server.put("/f", Page::status(status));
        let url = server.url("/f");
        let words = format!("cannot fetch {url}: invalid response status {status}");
        let home = adding("", &url);
        home.call("build -q .").fails(1, &words);
        home.assert_clean();
    }
}

#[test]
fn an_answer_that_breaks_off_is_no_file() {
    let server = Server::new();
    let mut page = Page::new("half");
    page.missing = 100;
    server.put("/f", page);
    let url = server.url("/f");
    let home = adding("", &url);
    home.call("build -q .").fails(1, &url);
    home.assert_clean();
    server.put("/f", Page::new("whole"));
    assert_eq!(tree(&home), ["x/ 755", "x/f 600 whole"]);
}

#[test]
fn a_server_that_cannot_be_reached_is_named_in_both_languages() {
    let server = Server::new();
    let url = server.url("/f");
    drop(server);
    let home = adding("", &url);
    let said = home
        .call("build -q .")
        .fails(1, &format!("cannot fetch {url}"));
    assert!(said.contains("a URL needs the network"), "{said}");
    home.call("--lang ko build -q .")
        .fails(1, "가져올 수 없습니다");
    home.call("plan .").fails(1, &url);
    let home = adding("", "http://no-such-host.invalid/f");
    home.call("build -q .")
        .fails(1, "http://no-such-host.invalid/f");
}

#[test]
fn a_url_without_a_name_needs_one() {
    let server = Server::new();
    server.put("/", Page::new("index"));
    let home = adding("", &server.url("/"));
    home.call("build -q .")
        .fails(1, "cannot determine filename");
    home.file(
        "Dockerfile",
        format!("FROM scratch\nADD {} /index\n", server.url("/")),
    );
    assert_eq!(tree(&home), ["index 600 index"]);
}

#[test]
fn https_asks_for_a_certificate_that_is_believed() {
    // A server that speaks plain HTTP is no HTTPS server; what matters is that this is tried.
    let server = Server::new();
    let url = server.url("/f").replace("http:", "https:");
    adding("", &url).call("build -q .").fails(1, &url);
}
