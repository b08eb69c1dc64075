//! Garbage in: one clear sentence out, docker's exit code, nothing half-written.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::process::Command;

use crate::common::strata::{Called, Home};

/// docker's exit code and the sentence; no panic, nothing left, and help where a user needs some.
fn refused(home: &Home, words: &[&str], code: i32, sentence: &str) -> String {
    let err = home.words(words).fails(code, sentence);
    let told = err.lines().filter(|line| line.contains("error: ")).count();
    assert_eq!(told, 1, "one sentence, not: {err}");
    assert!(!err.contains("panicked"), "{err}");
    nothing_left(home);
    err
}

fn nothing_left(home: &Home) {
    home.assert_clean();
    assert_eq!(home.ok("images -aq"), "", "an image was left");
}

/// A file that cannot be a Dockerfile.
fn bad_dockerfile(bytes: &[u8], sentence: &str) -> String {
    let home = Home::new();
    home.file("Dockerfile", bytes);
    let err = refused(&home, &["build", "."], 1, sentence);
    assert!(err.contains("help: "), "{err}");
    assert!(err.starts_with("Dockerfile:"), "{err}");
    refused(&home, &["plan", "."], 1, sentence);
    err
}

/// Deterministic noise with every byte value.
fn noise() -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..5000).map(|_| next()).collect()
}

#[test]
fn a_binary_file_as_dockerfile() {
    bad_dockerfile(&noise(), "this is a binary file");
    let program = fs::read(env!("CARGO_BIN_EXE_strata")).unwrap();
    bad_dockerfile(&program[..100_000], "this is a binary file");
}

#[test]
fn invalid_utf8_names_its_line() {
    let err = bad_dockerfile(b"FROM scratch\nLABEL a=\xff\xfe\n", "not UTF-8 text");
    assert!(err.starts_with("Dockerfile:2: "), "{err}");
}

#[test]
fn an_empty_file() {
    bad_dockerfile(b"", "the Dockerfile cannot be empty");
    bad_dockerfile(b"\n\n  \n", "no instructions");
}

#[test]
fn only_comments() {
    bad_dockerfile(b"# one\n# two\n", "no instructions");
}

#[test]
fn a_line_of_70_000_bytes() {
    let line = "x".repeat(70_000);
    bad_dockerfile(
        format!("FROM scratch\nENV A={line}\n").as_bytes(),
        "dockerfile line greater than max allowed size of 65535",
    );
}

#[test]
fn unclosed_and_misspelt() {
    bad_dockerfile(b"FROM scratch\nRUNN x\n", "unknown instruction: RUNN");
    bad_dockerfile(b"FROM scratch\nCOPY <<EOF /x\nno end\n", "EOF");
    bad_dockerfile(b"RUN x\n", "FROM");
}

#[test]
fn ten_thousand_nested_substitutions_are_worked_out() {
    let home = Home::new();
    let nested = "${a:-".repeat(10_000) + "deep" + &"}".repeat(10_000);
    home.file("Dockerfile", format!("FROM scratch\nCOPY {nested} /\n"));
    home.call("build .").fails(1, "\"/deep\": not found");
    home.file("Dockerfile", format!("FROM scratch\nENV A={nested}\n"));
    home.ok("build -q -t deep .");
    assert!(home.ok("inspect deep").contains("\"A=deep\""));
    home.file(
        "Dockerfile",
        format!("FROM scratch\nENV A={}\n", "${a:-".repeat(10_000)),
    );
    home.call("build .").fails(1, "missing '}'");
    home.assert_clean();
}

#[test]
fn nul_bytes_never_reach_the_kernel_unseen() {
    let home = Home::new();
    for (text, told) in [
        (&b"FROM practice-os\nRUN echo a\0b\n"[..], "Dockerfile:2"),
        (b"FROM practice-os\nENV A=x\0y\nRUN true\n", "Dockerfile:"),
        (b"FROM practice-os\nWORKDIR /a\0b\n", "Dockerfile:2"),
        (b"FROM scratch\nCOPY a\0b /\n", "Dockerfile:2"),
        (b"FROM practice-os\nUSER a\0b\nRUN true\n", "Dockerfile:"),
        (b"FROM prac\0tice-os\n", "Dockerfile:1"),
    ] {
        home.file("Dockerfile", text);
        let err = home.call("build .").fails(1, told);
        assert!(!err.contains('\0'), "{err:?}");
        home.assert_clean();
    }
}

#[test]
fn a_folder_in_place_of_the_dockerfile() {
    let home = Home::new();
    fs::create_dir(home.context().join("Dockerfile")).unwrap();
    let err = refused(&home, &["build", "."], 1, "it is a folder");
    assert!(err.contains("help: "), "{err}");
    refused(
        &home,
        &["build", "-f", "Dockerfile", "."],
        1,
        "it is a folder",
    );
}

#[test]
fn no_dockerfile_and_no_context() {
    let home = Home::new();
    let err = refused(&home, &["build", "."], 1, "no file named Dockerfile in");
    assert!(err.contains("help: "), "{err}");
    refused(&home, &["build", "nosuch"], 1, "unable to prepare context");
    home.file("Dockerfile", "FROM scratch\n");
    let err = refused(
        &home,
        &["build", "Dockerfile"],
        1,
        "context must be a directory",
    );
    assert!(err.contains("build -f"), "{err}");
}

#[test]
fn wrong_words() {
    let home = Home::with("FROM scratch\n");
    for (words, code, sentence, help) in [
        (
            "biuld .",
            1,
            "'biuld' is not a strata command",
            "did you mean `build .`",
        ),
        ("xyzzy", 1, "'xyzzy' is not a strata command", "--help"),
        (
            "build -name x .",
            125,
            "'n' in -name",
            "did you mean --name",
        ),
        (
            "run -name x practice-os",
            125,
            "'n' in -name",
            "did you mean --name",
        ),
        ("build --tga x .", 125, "unknown flag: --tga", "help: "),
        ("build a b", 1, "unexpected argument: b", "help: "),
        ("build -t BAD_Tag .", 125, "must be lowercase", ""),
        ("build -t a:b:c .", 125, "invalid reference format", ""),
        ("tag a B:c", 1, "must be lowercase", ""),
    ] {
        let words: Vec<&str> = words.split(' ').collect();
        let err = refused(&home, &words, code, sentence);
        assert!(err.contains(help), "{err}");
    }
}

#[test]
fn words_that_are_no_text() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let home = Home::with("FROM scratch\n");
    let bad = OsStr::from_bytes(b"\xff\xfe");
    for words in [
        vec![bad],
        vec![OsStr::new("build"), bad],
        vec![OsStr::new("build"), OsStr::new("-t"), bad, OsStr::new(".")],
        vec![OsStr::new("run"), bad],
        vec![OsStr::new("run"), OsStr::new("practice-os"), bad],
        vec![OsStr::new("--root"), bad, OsStr::new("images")],
    ] {
        let output = home.command(&words).output().unwrap();
        let code = output.status.code();
        assert!(
            matches!(code, Some(0 | 1 | 125 | 127)),
            "{words:?}: {output:?}"
        );
    }
    let _ = fs::remove_dir_all(home.context().join(bad));
}

#[test]
fn a_dangling_link_a_socket_and_a_pipe_in_the_context() {
    let home = Home::with("FROM scratch\nCOPY . /all/\n");
    symlink("/nonexistent/x", home.context().join("dangling")).unwrap();
    let _socket = UnixListener::bind(home.context().join("socket")).unwrap();
    let made = Command::new("mkfifo")
        .arg(home.context().join("pipe"))
        .status();
    assert!(made.unwrap().success());
    home.ok("build -q -t image .");
    let files = home.ok("files image");
    assert!(
        files.contains("/all/dangling"),
        "links are copied as they are: {files}"
    );
    assert_eq!(home.states(""), "BASE HIT");
    home.assert_clean();
}

#[test]
fn a_copy_of_what_a_dangling_link_names_is_refused() {
    let home = Home::with("FROM scratch\nCOPY dangling/x /\n");
    symlink("/nonexistent", home.context().join("dangling")).unwrap();
    refused(&home, &["build", "."], 1, "\"/dangling/x\": not found");
}

#[test]
fn a_link_out_of_the_context_leads_nowhere() {
    let home = Home::with("FROM scratch\nCOPY out/passwd /\n");
    symlink("/etc", home.context().join("out")).unwrap();
    refused(&home, &["build", "."], 1, "not found");
    home.file(
        "Dockerfile",
        "FROM scratch\nCOPY ../../../../../etc/passwd /\n",
    );
    refused(&home, &["build", "."], 1, "not found");
}

#[test]
fn a_file_that_nobody_can_read_is_named() {
    // Root reads everything; .ci/interop tries a file of somebody else's. A loop of links is closed
    // to everybody.
    let home = Home::with("FROM scratch\nCOPY secret/x /\n");
    symlink("secret", home.context().join("secret")).unwrap();
    refused(&home, &["build", "."], 1, "secret");
}

#[test]
fn a_file_that_its_user_has_closed_is_named_where_strata_is_not_root() {
    use strata::runtime::{Mode, probe};
    let home = Home::with("FROM scratch\nCOPY . /\n");
    home.file("in/secret", "x");
    home.mode("in/secret", 0o000);
    if probe().mode == Mode::Rootful {
        home.build("");
    } else {
        for verb in ["build", "plan"] {
            refused(&home, &[verb, "."], 1, "in/secret");
        }
    }
    home.file(".dockerignore", "in/secret\n");
    home.build("");
}

#[test]
fn archives_that_are_none() {
    let home = Home::new();
    let empty_tar = vec![0; 10_240];
    for bytes in [
        &noise()[..],
        b"",
        b"PK\x03\x04 a zip",
        &empty_tar,
        b"\x1f\x8b\x08broken gzip",
    ] {
        home.file("archive", bytes);
        let err = refused(&home, &["load", "-i", "archive"], 1, "");
        assert!(err.starts_with("strata: error: "), "{err}");
    }
    fs::create_dir(home.context().join("folder")).unwrap();
    refused(&home, &["load", "-i", "folder"], 1, "");
}

#[test]
fn half_an_archive_loads_nothing() {
    let from = Home::with("FROM scratch\nCOPY big /\n");
    from.file("big", noise().repeat(20));
    from.ok("build -q -t image .");
    let archive = from.beside("image.tar");
    from.ok(&format!("save -o {} image", archive.display()));
    let whole = fs::read(&archive).unwrap();
    for part in [whole.len() / 3, whole.len() / 2, whole.len() - 5000] {
        let home = Home::new();
        home.file("half.tar", &whole[..part]);
        refused(&home, &["load", "-i", "half.tar"], 1, "");
    }
}

#[test]
fn a_closed_pipe_is_no_panic() {
    let home = Home::with("FROM scratch\nENV A=1\n");
    home.ok("build -q -t image .");
    for words in [
        "build .",
        "images",
        "history image",
        "--help",
        "inspect image",
    ] {
        let mut command = home.command(words.split(' '));
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = command.stdout(writer).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert!(!err.contains("panicked"), "{words}: {err}");
        assert_ne!(output.status.code(), Some(101), "{words}");
    }
}

#[test]
fn a_store_that_is_none_is_refused_by_name() {
    let home = Home::new();
    home.file("file", "not a store");
    let path = home.context().join("file");
    let called: Called = home.words(&["--root", path.to_str().unwrap(), "images"]);
    called.fails(1, path.to_str().unwrap());
}
