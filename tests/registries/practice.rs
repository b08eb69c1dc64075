//! `practice-registry`: the registry that strata brings along, run as docker's users run theirs.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::common::strata::Home;

/// A machine on which the registry runs; returns where.
fn machine() -> (Home, String) {
    let home = Home::with("FROM scratch\nCOPY a /\nCOPY b /\n").online();
    home.file("a", "a");
    home.file("b", "b");
    home.ok("run -d --name registry -p 127.0.0.1::5000 practice-registry");
    let place = home.ok("port registry 5000");
    let place = place.trim().to_owned();
    crate::common::strata::wait_for("the registry", || {
        home.call("logs registry").out.contains("listening")
    });
    (home, place)
}

/// The lines of its log that change something.
fn sent(home: &Home) -> Vec<String> {
    let log = home.ok("logs registry");
    let lines = log.lines();
    let changes = lines.filter(|it| it.starts_with("PUT") || it.starts_with("POST"));
    changes.map(str::to_owned).collect()
}

/// What it answers to a request by hand.
fn asked(place: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(place).unwrap();
    write!(stream, "{request} HTTP/1.0\r\nHost: {place}\r\n\r\n").unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).unwrap();
    said
}

#[test]
fn what_is_pushed_to_it_comes_back_and_only_what_is_new_goes() {
    let (home, place) = machine();
    let name = format!("{place}/me/shop:1");
    home.ok(&format!("build -q -t {name} ."));
    let said = home.ok(&format!("push {name}"));
    assert_eq!(said.matches(": Pushed\n").count(), 2, "{said}");
    // Two layers and a config, each with a place and its bytes, and the manifest.
    assert_eq!(sent(&home).len(), 7, "{:#?}", sent(&home));
    let id = home.ok(&format!("images -q --no-trunc {name}"));

    home.file("Dockerfile", format!("FROM {name}\nCOPY a /c\n"));
    home.ok(&format!("build -q -t {place}/me/shop:2 ."));
    let said = home.ok(&format!("push {place}/me/shop:2"));
    assert_eq!(said.matches(": Pushed\n").count(), 1, "{said}");
    assert_eq!(sent(&home).len(), 7 + 5);
    // Another repository of the same registry takes over what is there.
    home.ok(&format!("tag {name} {place}/you/shop"));
    let said = home.ok(&format!("push {place}/you/shop"));
    assert_eq!(said.matches("Mounted from me/shop").count(), 2, "{said}");

    home.ok(&format!("rmi {name} {place}/me/shop:2 {place}/you/shop"));
    home.ok(&format!("pull {name}"));
    assert_eq!(home.ok(&format!("images -q --no-trunc {name}")), id);
    let tags = asked(&place, "GET /v2/me/shop/tags/list");
    assert!(
        tags.ends_with(r#"{"name":"me/shop","tags":["1","2"]}"#),
        "{tags}"
    );
    let catalog = asked(&place, "GET /v2/_catalog");
    assert!(catalog.contains(r#"["me/shop","you/shop"]"#), "{catalog}");

    // It ends as soon as it is asked to, and what it has stays.
    home.ok("stop -t 60 registry");
    assert!(home.ok("ps -a").contains("Exited (0)"));
    home.ok("start registry");
    let place = home.ok("port registry 5000").trim().to_owned();
    crate::common::strata::wait_for("the registry", || TcpStream::connect(&place).is_ok());
    home.ok(&format!("pull {place}/me/shop:2"));
    home.ok("rm -f registry");
}

#[test]
fn what_is_wrong_is_refused() {
    let (home, place) = machine();
    let digest = strata::digest::Digest::of(b"x");
    for (request, status) in [
        ("GET /v2/".to_owned(), 200),
        ("GET /".to_owned(), 404),
        ("GET /v2/shop/tags/list".to_owned(), 404),
        ("GET /v2/shop/manifests/1".to_owned(), 404),
        (format!("HEAD /v2/shop/blobs/{digest}"), 404),
        ("GET /v2/../../etc/blobs/x".to_owned(), 400),
        ("GET /v2/SHOP/manifests/1".to_owned(), 400),
        ("PUT /v2/shop/manifests/1".to_owned(), 400),
        ("PUT /v2/shop/blobs/uploads/none?digest=x".to_owned(), 404),
        ("POST /v2/".to_owned(), 200),
        ("DELETE /v2/_catalog".to_owned(), 405),
    ] {
        let said = asked(&place, &request);
        let line = said.lines().next().unwrap_or_default();
        assert!(line.contains(&status.to_string()), "{request}: {said}");
    }
    home.ok("rm -f registry");
}
