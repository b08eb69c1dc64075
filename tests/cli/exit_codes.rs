//! What the shell is told: docker's numbers (docker-output.md, 2 and 5).

use crate::common::strata::Home;

#[test]
fn run_returns_the_processs_own_code() {
    let home = Home::new();
    for code in [0, 1, 7, 125, 255] {
        let line = format!("exit {code}");
        let called = home.words(&["run", "--rm", "practice-os", "sh", "-c", &line]);
        assert_eq!(called.code, Some(code), "{called:#?}");
    }
}

#[test]
fn a_signal_is_128_and_its_number() {
    let home = Home::new();
    let called = home.words(&[
        "run",
        "--rm",
        "practice-os",
        "sh",
        "-c",
        "sh -c 'kill -9 $$'; exit $?",
    ]);
    assert_eq!(called.code, Some(137));
    // PID 1 is immune to its own signals.
    let called = home.words(&["run", "--rm", "practice-os", "sh", "-c", "kill -9 $$"]);
    assert_eq!(called.code, Some(0));
}

#[test]
fn every_refusal_has_dockers_code_and_names_what_is_wrong() {
    let home = Home::with("FROM scratch\n");
    home.file("empty/x", "");
    let cases: [(&str, i32, &str); 36] = [
        ("run --rm practice-os nosuchcmd", 127, "nosuchcmd"),
        ("run --rm practice-os /etc/passwd", 126, "/etc/passwd"),
        ("run --rm practice-os /etc", 126, "/etc"),
        ("run --rm nosuchimage true", 125, "nosuchimage"),
        ("run --bogus practice-os", 125, "unknown flag: --bogus"),
        (
            "run -name x practice-os",
            125,
            "unknown shorthand flag: 'n' in -name",
        ),
        ("run", 1, "requires at least 1 argument"),
        (
            "run -u nosuch practice-os true",
            125,
            "unable to find user nosuch",
        ),
        ("run -v /x:/y:zz practice-os true", 125, "invalid mode: zz"),
        ("run -v rel/path:/x practice-os true", 125, "rel/path"),
        ("run -m 1 practice-os true", 125, "Minimum memory limit"),
        (
            "run --name w practice-os true",
            125,
            "Invalid container name (w)",
        ),
        ("run -it practice-os sh", 1, "the input device is not a TTY"),
        ("exec nosuch true", 1, "No such container: nosuch"),
        ("logs nosuch", 1, "No such container: nosuch"),
        ("stop nosuch", 1, "No such container: nosuch"),
        ("rm nosuch", 1, "No such container: nosuch"),
        ("rmi nosuch", 1, "No such image: nosuch"),
        ("history nosuch", 1, "No such image: nosuch"),
        ("inspect nosuch", 1, "No such object: nosuch"),
        ("tag practice-os x:y:z", 1, "invalid reference format"),
        ("save nosuch", 1, "nosuch"),
        ("load -i /nosuch", 1, "/nosuch"),
        ("build --bogus .", 125, "unknown flag: --bogus"),
        ("build -t BAD_Tag .", 125, "must be lowercase"),
        ("build", 1, "requires exactly 1 argument"),
        ("build nosuch", 1, "not found"),
        (
            "build --target zz .",
            1,
            "target stage \"zz\" could not be found",
        ),
        ("nosuch", 1, "'nosuch' is not a strata command"),
        ("build empty", 1, "no file named Dockerfile in empty"),
        ("why 1", 1, "no build has been started"),
        ("why abc", 1, "invalid argument \"abc\""),
        ("why", 1, "requires <STEP>"),
        ("files nosuch", 1, "nosuch"),
        ("stack nosuch", 1, "No such image: nosuch"),
        ("compare nosuch nosuch", 1, "No such image: nosuch"),
    ];
    for (words, code, message) in cases {
        let called = home.call(words);
        let err = called.fails(code, message);
        assert!(!err.is_empty(), "`strata {words}` says nothing");
    }
    assert_eq!(home.ok("ps -aq"), "", "a refused run leaves no container");
}

#[test]
fn inspect_of_nothing_is_still_json() {
    let home = Home::new();
    assert_eq!(home.call("inspect nosuch").out.trim_end(), "[]");
}

#[test]
fn what_was_asked_for_as_json_is_refused_as_json() {
    let home = Home::with("FROM scratch\nCOPY a\n");
    for words in ["build --json .", "plan --json .", "plan --json nosuch"] {
        let called = home.call(words);
        let json: serde_json::Value = serde_json::from_str(&called.out).expect("one JSON value");
        let error = &json["errors"][0];
        let is_file = words.ends_with('.');
        assert_eq!(
            error["line"],
            if is_file { 2 } else { 1 },
            "{words}: {json}"
        );
        let kind = if is_file { "no-destination" } else { "trouble" };
        assert_eq!(error["kind"], kind, "{words}: {json}");
        let message = error["message"].as_str().expect("a sentence");
        called.fails(1, message);
    }
}

#[test]
fn one_wrong_name_does_not_stop_the_others() {
    let home = Home::new();
    home.ok("run --name one practice-os true");
    let called = home.call("rm nosuch one");
    assert_eq!((called.code, called.out.as_str()), (Some(1), "one\n"));
}

#[test]
fn help_and_complaints_of_the_command_line_are_in_the_language_that_is_asked_for() {
    let home = Home::new();
    for words in ["--lang ko save --help", "save --lang=ko --help"] {
        let help = home.ok(words);
        assert!(help.contains("사용법: strata save"), "{help}");
        assert!(!help.contains("Folder of"), "{help}");
    }
    assert!(
        home.ok("image --lang ko --help")
            .contains("이미지 목록을 보여 줍니다")
    );
    assert!(home.ok("--help").contains("Usage: strata"));
    home.call("--lang ko ps --bogus")
        .fails(125, "그런 옵션이 없습니다");
    assert!(home.ok("--version").starts_with("strata "));
}
