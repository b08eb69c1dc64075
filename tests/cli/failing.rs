//! A RUN that fails: shown where, why and with its last words; nothing of it is kept.

use crate::common::strata::Home;

const FAILING: &str = "\
FROM practice-os
RUN echo first >> /log
RUN echo before \\
  && exit 3
RUN echo after
CMD [\"true\"]
";

#[test]
fn it_is_shown_with_its_lines_a_caret_its_code_and_last_output() {
    let home = Home::with(FAILING);
    let called = home.call("build .");
    let err = called.fails(1, "Dockerfile:3:");
    assert!(err.contains("exit code: 3"), "{err}");
    assert!(
        err.contains("3 | / RUN echo before") && err.contains('^'),
        "{err}"
    );
    assert!(err.contains("last output:\n  before\n"), "{err}");
}

#[test]
fn later_steps_wait() {
    let home = Home::with(FAILING);
    let called = home.call("build --json .");
    assert_eq!(called.code, Some(1));
    let rows = crate::common::strata::Rows::new(&called.out);
    assert_eq!(rows.states(), "BASE MISS FAIL WAIT WAIT");
    assert_eq!(rows.step(3)["failure"]["exit_code"], 3);
    assert_eq!(rows.0["image"], serde_json::Value::Null);
}

#[test]
fn nothing_of_it_is_in_the_cache() {
    let home = Home::with(FAILING);
    home.file(".dockerignore", "*");
    home.call("build .").fails(1, "exit code: 3");
    // A HIT before it, and it runs again: the same report, the same words.
    assert_eq!(home.plan("").states(), "BASE HIT MISS MISS META");
    let called = home.call("build .");
    assert!(called.out.contains("before"), "{called:#?}");
    called.fails(1, "exit code: 3");
    assert_eq!(home.ok("images -q"), home.ok("images -q practice-os"));
    home.assert_clean();
}

#[test]
fn repaired_it_goes_on_from_where_it_was() {
    let home = Home::with(FAILING);
    home.call("build .").fails(1, "exit code: 3");
    home.file("Dockerfile", FAILING.replace("exit 3", "exit 0"));
    assert_eq!(home.states("-t good"), "BASE HIT MISS MISS META");
    assert_eq!(home.shell("good", "cat /log"), "first\n");
}

#[test]
fn a_command_that_is_not_there_is_127() {
    let home = Home::with("FROM practice-os\nRUN nosuchcmd\n");
    let err = home.call("build .").fails(1, "exit code: 127");
    assert!(err.contains("help: 127 means"), "{err}");
}

#[test]
fn a_copy_of_nothing_names_the_line() {
    let home = Home::with("FROM scratch\nCOPY nope.txt /\n");
    home.call("build .")
        .fails(1, "Dockerfile:2: error: \"/nope.txt\": not found");
    home.assert_clean();
}

#[test]
fn instructions_that_cannot_be_carried_out_are_refused_by_name_before_anything_is() {
    let refused = [("RUN --device=vendor.com/gpu=all true", "RUN --device")];
    for (line, name) in refused {
        let home = Home::with(&format!("FROM practice-os\nRUN echo ran > /ran\n{line}\n"));
        home.file("a.txt", "a");
        let called = home.call("build .");
        assert!(!called.out.contains("Step 2"), "{called:#?}");
        let err = called.fails(1, name);
        assert!(err.contains("cannot carry it out yet"), "{err}");
        home.call("plan .").fails(1, name);
        // Nothing was built: the step before it is new.
        home.file("Dockerfile", "FROM practice-os\nRUN echo ran > /ran\n");
        assert_eq!(home.plan("").states(), "BASE MISS");
    }
}

#[test]
fn a_context_is_named_as_it_was_typed() {
    let home = Home::with("FROM scratch\n");
    home.file("sub/file", "x");
    let said = home.call("build ./missing").fails(1, "\"./missing\"");
    let folder = home.context().display().to_string();
    assert!(!said.contains(&folder), "{said}");
    let said = home.call("plan sub/file").fails(1, "directory: sub/file\n");
    assert!(said.contains("`build -f sub/file sub`"), "{said}");
    let said = home
        .call("build Dockerfile")
        .fails(1, "directory: Dockerfile\n");
    assert!(said.contains("`build -f Dockerfile .`"), "{said}");
}

#[test]
fn an_array_that_is_no_json_is_named_where_it_is_built_planned_and_typed() {
    let home = Home::with("FROM practice-os\nCMD [\"echo\", 'hi']\n");
    for words in ["plan", "build -t odd .", "build -t odd ."] {
        let called = home.call(words);
        assert_eq!(called.code, Some(0), "{called:#?}");
        assert!(called.err.contains("note: line 2: "), "{called:#?}");
        assert!(called.err.contains("a line for the shell"), "{called:#?}");
    }
    let said = home.call("--lang ko plan").err;
    assert!(
        said.contains("2번째 줄") && said.contains("[\"echo\", \"hi\"]"),
        "{said}"
    );
    // What it became is what runs, and the shell knows no such command.
    home.call("run --rm odd").fails(127, "[echo,");

    home.file("Dockerfile", "FROM practice-os\nRUN ['true']\n");
    home.call("build .").fails(1, "note: line 2: ");
}
