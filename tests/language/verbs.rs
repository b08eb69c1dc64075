//! parse, expand, ignore-check and context ls, as a shell sees them (machine-interface.md).

use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::common::strata::{Called, Home};

fn parsed(called: Called) -> Value {
    let out = called.ok();
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
}

/// Calls strata with a text on standard input.
fn fed(home: &Home, words: &[&str], text: &[u8]) -> Called {
    let mut child = home
        .command(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Whoever refuses the options does not read.
    let _ = child.stdin.take().unwrap().write_all(text);
    Called::new(words.join(" "), child.wait_with_output().unwrap())
}

#[test]
fn parse_shows_a_tree_or_one_json_value() {
    let home = Home::with("FROM a AS b\nENV a=\"x y\" b=1\n");
    let tree = home.ok("parse Dockerfile");
    assert!(
        tree.contains("FROM") && tree.contains("pair  a = \"x y\""),
        "{tree}"
    );
    let value = parsed(home.call("parse --json Dockerfile"));
    assert_eq!(value["file"], "Dockerfile");
    assert_eq!(value["instructions"][1]["pairs"][0]["value"], "\"x y\"");
    let value = parsed(fed(&home, &["parse", "--json", "-"], b"FROM a\n"));
    assert_eq!(value["file"], "-");
}

#[test]
fn parse_warns_on_standard_error_and_is_content() {
    let home = Home::with("FROM a\nRUN b \\\n\n  c\n");
    let called = home.call("parse Dockerfile");
    assert!(
        called
            .err
            .starts_with("Dockerfile:4: warning: Empty continuation line"),
        "{called:#?}"
    );
    assert_eq!(called.code, Some(0));
}

#[test]
fn parse_refuses_with_file_and_line() {
    let home = Home::with("FROM a\nRUN x \\\n <<E\n");
    home.call("parse Dockerfile")
        .fails(1, "Dockerfile:2: error: unterminated heredoc");
    fed(&home, &["parse", "-"], b"").fails(1, "-:1: error: the Dockerfile cannot be empty");
    fed(&home, &["parse", "--json", "-"], b"FROM a\nENV b\n").fails(1, "-:2: error: ENV must have");
    home.call("parse nosuch").fails(1, "nosuch");
}

#[test]
fn a_file_that_is_wrong_from_end_to_end_is_soon_told() {
    let home = Home::with(&("FROM a\n".to_owned() + &"CMD [1]\n".repeat(20_000)));
    let called = home.call("parse Dockerfile");
    assert!(
        called.err.starts_with("Dockerfile:2: error: "),
        "{}",
        &called.err[..200]
    );
    assert!(called.err.ends_with("... and 19900 more\n"));
    assert_eq!(called.code, Some(1));
}

#[test]
fn expand_prints_the_result_the_words_or_json() {
    let home = Home::new();
    let word = "he${PWD}${XXX:-\"x  x\"} y";
    let with = |option: &[&str]| {
        let words = [
            &["expand", "--env", "PWD=no", "--env", "PWD=/home"],
            option,
            &["--", word],
        ];
        home.words(&words.concat())
    };
    assert_eq!(with(&[]).ok(), "he/homex  x y\n");
    assert_eq!(with(&["--words"]).ok(), "he/homex\nx\ny\n");
    let expected = json!({
        "result": "he/homex  x y",
        "words": ["he/homex", "x", "y"],
        "used": ["PWD"],
        "unset": ["XXX"],
    });
    assert_eq!(parsed(with(&["--json"])), expected);
}

#[test]
fn expand_reads_no_environment_but_what_is_given() {
    let home = Home::new();
    assert_eq!(home.words(&["expand", "--", "[$HOME]"]).ok(), "[]\n");
    let called = home.words(&["expand", "--env", "E=", "--", "${E-unset}${E:-empty}"]);
    assert_eq!(called.ok(), "empty\n");
    let called = home.words(&["expand", "--escape", "`", "--", "C:\\`$x"]);
    assert_eq!(called.ok(), "C:\\$x\n");
}

#[test]
fn expand_shows_the_mistake_in_the_word() {
    let home = Home::new();
    let said = home.words(&["expand", "--", "ab${X:?give one}"]);
    let said = said.fails(1, "error: X: give one");
    assert!(said.contains("|   ^^^^^^^^^^^^^^"), "{said}");
    home.words(&["expand", "--", "${a"]).fails(1, "missing '}'");
}

#[test]
fn ignore_check_names_the_line_that_decided() {
    let home = Home::new();
    home.file(".dockerignore", "# comment\n\n**/*.log\n!keep.log\n");
    let call = "--ignorefile .dockerignore -- a/b.log keep.log c";
    let plain = home.ok(&format!("ignore-check {call}"));
    let expected = "ignored   a/b.log    .dockerignore:3: **/*.log\n\
                    included  keep.log   .dockerignore:4: !keep.log\n\
                    included  c\n";
    assert_eq!(plain, expected);
    let paths = json!([
        {"path": "a/b.log", "ignored": true, "pattern": "**/*.log", "line": 3},
        {"path": "keep.log", "ignored": false, "pattern": "!keep.log", "line": 4},
        {"path": "c", "ignored": false, "pattern": null, "line": null},
    ]);
    let value = parsed(home.call(&format!("ignore-check --json {call}")));
    assert_eq!(value, json!({ "paths": paths }));
}

#[test]
fn ignore_check_refuses_what_is_no_pattern() {
    let home = Home::new();
    let words = ["ignore-check", "--ignorefile", "-", "x"];
    fed(&home, &words, b"ok\na[\n").fails(1, "-:2: error: bad pattern");
    fed(&home, &words, b"!\n").fails(1, "-:1: error: illegal exclusion pattern: \"!\"");
    home.call("ignore-check --ignorefile nosuch x")
        .fails(1, "nosuch");
    let long = "a/".repeat(2048);
    let words = ["ignore-check", "--ignorefile", "-", "x", &long];
    fed(&home, &words, b"a\n").fails(1, "a path of 4096 bytes: Linux takes at most 4095");
}

#[test]
fn at_a_prompt_a_dash_is_not_the_prompts_own_lines() {
    let home = Home::new();
    let lines = b"parse -\nexpand 'a${X:-b}'\nexit\n";
    let called = fed(&home, &[], lines);
    assert!(
        called
            .err
            .contains("-:1: error: the Dockerfile cannot be empty"),
        "{called:#?}"
    );
    assert!(called.out.contains("ab\n"), "{called:#?}");
}

#[test]
fn wrong_usage_is_two() {
    let home = Home::with("FROM a\n");
    for (words, said) in [
        ("parse", "requires <FILE>"),
        ("parse --bogus Dockerfile", "unknown flag: --bogus"),
        ("parse Dockerfile b", "unexpected argument: b"),
        ("--lang en parse --bogus", "unknown flag: --bogus"),
        ("expand", "requires <WORD>"),
        ("expand --escape x y", "invalid argument \"x\""),
        ("expand --env A y", "invalid argument \"A\""),
        ("ignore-check", "requires <PATH>"),
        ("ignore-check --ignorefile Dockerfile", "requires <PATH>"),
        ("context ls --bogus", "unknown flag: --bogus"),
    ] {
        home.call(words).fails(2, said);
    }
}

#[test]
fn no_bytes_make_it_panic() {
    let home = Home::new();
    let texts: [&[u8]; 6] = [
        b"FROM a\nRUN \xff\xfe\n",
        b"\xef\xbb\xbf",
        b"\0\0\0",
        b"FROM a\nCOPY <<\xc3\x28 /x\n",
        b"# escape=\xed\xa0\x80\nFROM a",
        b"[\\\n!\\\n\xf0\x90",
    ];
    for bytes in texts {
        let word = OsStr::from_bytes(bytes);
        for words in [
            vec![OsStr::new("parse"), OsStr::new("--json"), OsStr::new("-")],
            ["ignore-check", "--ignorefile", "-", "x"]
                .map(OsStr::new)
                .to_vec(),
        ] {
            let shown: Vec<&str> = words.iter().filter_map(|it| it.to_str()).collect();
            let called = fed(&home, &shown, bytes);
            assert!(matches!(called.code, Some(0 | 1)), "{bytes:?}: {called:#?}");
        }
        // No word of a command line holds a zero byte.
        if !bytes.contains(&0) {
            let words = [OsStr::new("expand"), OsStr::new("--"), word];
            let output = home.command(words).output().unwrap();
            assert!(matches!(output.status.code(), Some(0 | 1)), "{bytes:?}");
        }
    }
}

#[test]
fn context_ls_lists_what_a_build_sees_and_what_not() {
    let home = Home::with("FROM a\n");
    home.file("big", "x".repeat(2_000));
    home.file("out/a", "12345");
    home.file("out/b", "1");
    home.file(".dockerignore", "out\n");
    let seen = home.ok("context ls");
    let first = seen.lines().next().unwrap();
    assert!(first.ends_with("2 kB  big"), "{seen}");
    assert!(seen.contains("can see 3 files, 2.01 kB"), "{seen}");
    assert!(
        seen.contains(".dockerignore leaves out 2 files, 6 B"),
        "{seen}"
    );
    let excluded = home.ok("context ls --excluded .");
    assert!(excluded.contains("out/   1: out"), "{excluded}");
    let value = parsed(home.call("context ls --json"));
    assert_eq!(value["files"][0], json!({"path": "big", "size": 2000}));
    let out = json!({"path": "out/", "size": 6, "files": 2, "pattern": "out", "line": 1});
    assert_eq!(value["excluded"], json!([out]));
}

#[test]
fn a_dockerfiles_own_ignore_file_comes_before_the_contexts() {
    let home = Home::with("FROM a\n");
    home.file(".dockerignore", "one\n");
    home.file("other.Dockerfile", "FROM a\n");
    home.file("other.Dockerfile.dockerignore", "two\n");
    home.file("one", "1");
    home.file("two", "2");
    let left_out = |words: &str| {
        let value = parsed(home.call(words));
        let path = value["excluded"][0]["path"].clone();
        (value["ignore_file"].clone(), path)
    };
    let own = (json!("other.Dockerfile.dockerignore"), json!("two"));
    assert_eq!(left_out("context ls --json -f other.Dockerfile"), own);
    let contexts = (json!(".dockerignore"), json!("one"));
    assert_eq!(left_out("context ls --json"), contexts);
}

#[test]
fn json_is_english_and_one_value_whatever_the_language() {
    let home = Home::with("FROM a\nENV b\nRUN <<E\n");
    home.file("bad", "a[\n");
    home.file("bytes", b"FROM \xff\n");
    let calls: [(&[&str], &str); 9] = [
        (&["parse", "Dockerfile"], "ENV must have two arguments"),
        (&["parse", "nosuch"], "unable to read the file: nosuch"),
        (&["parse", "bytes"], "not UTF-8"),
        (&["check", "Dockerfile"], "ENV must have two arguments"),
        (&["check", "nosuch"], "unable to read the file: nosuch"),
        (&["expand", "--", "${a:?}"], "is not allowed to be unset"),
        (&["expand", "--", "${a"], "missing '}'"),
        (&["ignore-check", "--ignorefile", "bad", "x"], "bad pattern"),
        (&["context", "ls", "nosuch"], "nosuch"),
    ];
    for (words, sentence) in calls {
        let (verb, rest) = words.split_first().expect("a verb");
        let called = |language| {
            let verb = if *verb == "context" {
                vec!["context", "ls", "--json", "nosuch"]
            } else {
                [&[verb, "--json"], rest].concat()
            };
            home.words(&[&["--lang", language], verb.as_slice()].concat())
        };
        let (english, korean) = (called("en"), called("ko"));
        let json: Value = serde_json::from_str(&korean.out)
            .unwrap_or_else(|error| panic!("{words:?}: {error}: {korean:#?}"));
        let message = json["errors"][0]["message"].as_str().expect("a sentence");
        assert!(message.contains(sentence), "{words:?}: {message}");
        assert!(json["errors"][0]["kind"].is_string(), "{json}");
        assert_eq!(korean.out, english.out, "{words:?}");
        assert_eq!(korean.err, english.err, "{words:?}");
        korean.fails(1, message);
        // Without `--json` it is a person who reads.
        let asked = home.words(&[&["--lang", "ko"], words].concat());
        assert_ne!(asked.err, english.err, "{words:?}");
    }
}
