//! Build contexts that come on standard input, as a tar or as nothing but a Dockerfile.

use std::io::Write;
use std::process::Stdio;

use crate::common::strata::{Called, Home, Rows, entries};

/// Calls strata with these bytes on standard input.
fn piped(home: &Home, words: &str, input: &[u8]) -> Called {
    let mut command = home.command(words.split_whitespace());
    command.stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // Who refuses before it has read everything closes the pipe.
    let _ = child.stdin.take().unwrap().write_all(input);
    Called::new(words.to_owned(), child.wait_with_output().unwrap())
}

fn tar(files: &[(&str, &str)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_uid(12345);
        tar.append_data(&mut header, name, content.as_bytes())
            .unwrap();
    }
    tar.into_inner().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

#[test]
fn a_tar_is_the_context_and_may_be_compressed() {
    let files = [
        ("Dockerfile", "FROM scratch\nCOPY . /x/\n"),
        ("a/b", "text"),
        (".dockerignore", "Dockerfile\n.dockerignore\n"),
    ];
    let tar = tar(&files);
    for input in [tar.clone(), gzip(&tar)] {
        let home = Home::new();
        piped(&home, "build -q -t image -", &input).ok();
        let shown = home.ok("files image");
        assert!(shown.contains("/x/a/b"), "{shown}");
        assert!(!shown.contains("Dockerfile"), "{shown}");
        home.assert_clean();
    }
}

#[test]
fn the_same_tar_again_is_all_hit_and_leaves_nothing_behind() {
    let home = Home::new();
    let input = |text| tar(&[("Dockerfile", "FROM scratch\nCOPY a /\n"), ("a", text)]);
    let states = |words: &str, text| Rows::new(&piped(&home, words, &input(text)).ok()).states();
    assert_eq!(states("plan --json -", "1"), "BASE MISS");
    assert_eq!(states("build --json -", "1"), "BASE MISS");
    assert_eq!(states("build --json -", "1"), "BASE HIT");
    assert_eq!(states("build --json -", "2"), "BASE MISS");
    // The last build of the folder it was started in.
    let why = home.ok("why 2");
    assert!(why.contains('a'), "{why}");
    assert_eq!(entries(&home.store().join("cache/contexts")), [""; 0]);
    home.assert_clean();
}

#[test]
fn another_dockerfile_of_the_tar_can_be_named() {
    let home = Home::new();
    let input = tar(&[("d/other", "FROM scratch\nCOPY a /\n"), ("a", "")]);
    piped(&home, "build -q -f d/other -", &input).ok();
    piped(&home, "build -q -", &input).fails(1, "Dockerfile is not in the tar");
}

#[test]
fn anything_else_is_a_dockerfile_without_a_context() {
    let home = Home::new();
    home.file("a", "not to be seen");
    piped(&home, "build -q -", b"FROM scratch\nENV a=b\n").ok();
    let copies = b"FROM scratch\nCOPY a /\n";
    piped(&home, "build -q -", copies).fails(1, "Dockerfile:2: error: \"/a\": not found");
    piped(&home, "build -q -", b"FORM scratch\n").fails(1, "Dockerfile:1");
    piped(&home, "build -q -", b"").fails(1, "Dockerfile");
}

#[test]
fn links_of_a_tar_lead_nowhere_else() {
    let home = Home::new();
    std::fs::write(home.beside("secret"), "FROM scratch\nENV secret=1\n").unwrap();
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    tar.append_link(&mut header, "Dockerfile", home.beside("secret"))
        .unwrap();
    let input = tar.into_inner().unwrap();
    piped(&home, "build -q -", &input).fails(1, "Dockerfile is not in the tar");
}

#[test]
fn standard_input_is_one_thing_only() {
    let home = Home::new();
    piped(&home, "build -f - -", b"FROM scratch\n").fails(1, "can't use stdin for both");
}
