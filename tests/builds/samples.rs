//! The sample applications of study notes (tests/fixtures/seeds, as they are written there), built
//! on practice bases that bear the names of the real ones, and run.

use std::fs;
use std::path::Path;

use crate::common::strata::Home;

/// Shell scripts that do what the samples need of the real programs.
const PYTHON: &str = r#"#!/bin/sh
sed -n 's/^print("\(.*\)")$/\1/p' "$1"
"#;
const PIP: &str = r#"#!/bin/sh
for list; do :; done
mkdir -p /usr/lib/python && cp "$list" /usr/lib/python/installed
"#;
const JAVA: &str = r#"#!/bin/sh
echo "$2 $3"
for jar; do :; done
exec cat "$jar"
"#;
const APT_GET: &str = r#"#!/bin/sh
lists=/var/lib/apt/lists
case $* in
update) mkdir -p $lists && echo nginx >$lists/packages ;;
"install -y nginx")
    grep -q nginx $lists/packages || { echo "E: Unable to locate package nginx" >&2; exit 100; }
    printf '#!/bin/sh\necho "nginx $*"\n' >/usr/bin/nginx
    chmod 755 /usr/bin/nginx
    ;;
*) exit 100 ;;
esac
"#;

/// A home with a sample's Dockerfile.
fn sample(name: &str) -> Home {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/seeds");
    let home = Home::new();
    let text = fs::read_to_string(folder.join(name).join("Dockerfile")).unwrap();
    home.file("Dockerfile", text);
    home
}

/// Makes a base of this name out of a practice base and programs.
fn base(home: &Home, name: &str, from: &str, programs: &[(&str, &str)]) {
    let folder = home.beside(from);
    fs::create_dir_all(folder.join("bin")).unwrap();
    for (program, script) in programs {
        fs::write(folder.join("bin").join(program), script).unwrap();
    }
    let text = format!("FROM {from}\nCOPY --chmod=755 bin /usr/bin/\n");
    fs::write(folder.join("Dockerfile"), text).unwrap();
    home.words(&["build", "-q", "-t", name, folder.to_str().unwrap()])
        .ok();
}

/// Gives a home an application for Node.js.
fn node(home: &Home) {
    base(home, "node", "practice-node", &[]);
    let needs = r#"{"name": "shop", "dependencies": {"express": "^4.18.2"}}"#;
    home.file("package.json", needs);
    let server = "const express = require(\"express\");\nconsole.log(\"open\");\n";
    home.file("server.js", server);
}

fn assert_runs(home: &Home, options: &str, said: &str) {
    home.ok(&format!("build -q -t app {options} ."));
    assert_eq!(home.ok("run --rm app"), said);
    home.assert_clean();
}

/// Edits server.js and returns the states of the build that follows.
fn edited(home: &Home) -> String {
    home.build("");
    home.file("server.js", "console.log(\"closed\");\n");
    let foreseen = home.plan("").states();
    assert_eq!(home.states(""), foreseen);
    foreseen
}

#[test]
fn node_with_everything_copied_first_installs_at_every_edit() {
    let home = sample("node-copy-everything");
    node(&home);
    assert_runs(&home, "", "open\n");
    assert_eq!(edited(&home), "BASE HIT MISS MISS META META");
}

#[test]
fn node_with_package_json_first_still_installs_at_every_edit() {
    let home = sample("node-package-json-first");
    node(&home);
    assert_runs(&home, "", "open\n");
    assert_eq!(edited(&home), "BASE HIT HIT MISS MISS META META");
}

#[test]
fn node_that_installs_in_between_does_not() {
    let home = sample("two-dockerfiles-in-one");
    node(&home);
    home.ok("tag node node:14");
    home.file("package-lock.json", "{}");
    assert_runs(&home, "", "open\n");
    let states = edited(&home);
    let (unneeded, node) = states.split_at("SKIP SKIP SKIP SKIP SKIP SKIP ".len());
    assert_eq!(unneeded.trim_end().replace("SKIP", ""), "     ");
    assert_eq!(node, "BASE HIT HIT HIT MISS META META");
}

#[test]
fn python_with_its_requirements() {
    let home = sample("two-dockerfiles-in-one");
    let programs = [("python", PYTHON), ("pip", PIP)];
    base(&home, "python:3.9-slim", "practice-os", &programs);
    home.file("requirements.txt", "flask\n");
    home.file("app.py", "print(\"hello\")\n");
    assert_runs(&home, "--target 0", "hello\n");
    let installed = home.shell("app", "cat /usr/lib/python/installed");
    assert_eq!(installed, "flask\n");
}

#[test]
fn a_spring_jar_out_of_a_build_argument() {
    let home = sample("spring-jar");
    base(&home, "openjdk:11-jdk", "practice-os", &[("java", JAVA)]);
    home.file("build/libs/kotlin-0.0.1-SNAPSHOT.jar", "served\n");
    let options = "-Duser.timezone=Asia/Seoul -Dspring.profiles.active=dev";
    assert_runs(&home, "", &format!("{options}\nserved\n"));
    home.file("other.jar", "other\n");
    let said = format!("{options}\nother\n");
    assert_runs(&home, "--build-arg JAR_FILE=other.jar", &said);
}

#[test]
fn nginx_out_of_packages() {
    let home = sample("nginx");
    base(&home, "ubuntu", "practice-os", &[("apt-get", APT_GET)]);
    assert_runs(&home, "", "nginx -g daemon off;\n");
}

#[test]
fn a_file_of_a_hundred_mebibytes_that_is_removed_too_late() {
    let home = sample("file-removed-in-a-later-layer");
    base(&home, "ubuntu:14.04", "practice-os", &[]);
    home.ok("build -q -t fat .");
    let waste: serde_json::Value = serde_json::from_str(&home.ok("waste --json fat")).unwrap();
    let path = &waste["paths"][0];
    assert_eq!(waste["waste"], 104_857_600);
    assert_eq!(path["path"], "/test/dummy");
    assert_eq!(path["added"]["text"], "RUN fallocate -l 100m /test/dummy");
    assert_eq!(path["hidden"]["text"], "RUN rm /test/dummy");
}
