//! Stages that do not depend on each other are built at the same time, and nothing else changes.

use std::process::Stdio;

use crate::common::strata::{Home, Rows, entries, wait_for};

/// A RUN that ends only if a RUN of another stage is running meanwhile.
fn meet(own: &str, other: &str) -> String {
    format!(
        "RUN --mount=type=cache,target=/meet touch /meet/{own}; n=0; \
        until [ -e /meet/{other} ]; do n=$((n + 1)); [ $n -lt 1200 ] || exit 9; sleep 0.05; done; \
        echo {own} met {other}"
    )
}

const ENDS: &str = "FROM scratch\nCOPY --from=one /etc/one* /\nCOPY --from=two /etc/two* /\n";

fn meeting() -> String {
    let (one, two) = (meet("one", "two"), meet("two", "one"));
    format!("FROM practice-os AS one\n{one}\nFROM practice-os AS two\n{two}\n")
}

#[test]
fn two_stages_are_built_at_the_same_time_and_their_output_names_the_step() {
    let home = Home::with(&format!(
        "{}FROM scratch\nCOPY --from=one /bin/sh /1\nCOPY --from=two /bin/sh /2\n",
        meeting()
    ));
    let out = home.ok("build --progress plain .");
    for line in ["  #2 one met two\n", "  #4 two met one\n"] {
        assert!(out.contains(line), "no {line:?} in {out}");
    }
    home.assert_clean();
}

#[test]
fn what_is_reused_is_told_in_the_order_of_the_file() {
    let home = Home::with(&format!(
        "{}FROM one\nCOPY --from=two /bin/sh /2\nRUN echo last\n",
        meeting()
    ));
    home.ok("build -q .");
    let out = home.ok("build --progress plain .");
    let steps: Vec<&str> = out.lines().filter(|it| it.starts_with("Step ")).collect();
    let numbers = (1..=7).map(|number| format!("Step {number} of 7"));
    for (number, line) in numbers.zip(&steps) {
        assert!(line.starts_with(&number), "{out}");
    }
    assert!(out.matches("reused").count() >= 4, "{out}");
}

#[test]
fn the_image_is_that_of_a_build_of_one_stage_after_the_other() {
    let dockerfile = "\
        FROM practice-os AS one\nWORKDIR /w\nCOPY f /w/\nRUN seq 1 500 > seq && ln -s seq link\n\
        FROM practice-os AS two\nENV A=1\nRUN mkdir -p /d/e && echo $A > /d/e/f\n\
        FROM one AS three\nRUN rm seq && cp f g\n\
        FROM three\nCOPY --from=two /d /d\nCOPY --from=one /w /one\nRUN cat /d/e/f > /last\n";
    let build = |home: &Home, options: &str| {
        let mut command = home.command(["build", "--json"]);
        command.args(options.split_whitespace()).arg(".");
        let output = command.env("SOURCE_DATE_EPOCH", "1000").output().unwrap();
        let called = crate::common::strata::Called::new(options.to_owned(), output);
        Rows::new(&called.ok())
    };
    let home = || {
        let home = Home::with(dockerfile);
        home.file("f", "content");
        home
    };
    let (at_once, in_turn) = (home(), home());
    let expected = build(&at_once, "");
    for stage in ["one", "two", "three"] {
        build(&in_turn, &format!("--target {stage}"));
    }
    let found = build(&in_turn, "");
    assert_eq!(found.image(), expected.image());
    assert_eq!(build(&at_once, "").image(), expected.image());
    at_once.assert_clean();
}

#[test]
fn a_step_that_two_stages_ask_for_is_made_once() {
    let same = "RUN --mount=type=cache,target=/count echo x >> /count/x; sleep 0.2\n\
        RUN --mount=type=cache,target=/count cp /count/x /counted; sleep 0.2\n";
    let home = Home::with(&format!(
        "FROM practice-os AS one\n{same}RUN echo 1\nFROM practice-os AS two\n{same}RUN echo 2\n\
        FROM one\nCOPY --from=two /counted /two\n"
    ));
    let (plan, build) = (home.plan(""), home.build("-t image"));
    let states = "BASE MISS MISS MISS BASE HIT HIT MISS BASE";
    assert_eq!(plan.states(), format!("{states} UNKNOWN"));
    assert_eq!(build.states(), format!("{states} MISS"));
    assert_eq!(home.shell("image", "cat /counted /two"), "x\nx\n");
}

#[test]
fn a_failure_stops_the_other_stages() {
    let (one, two) = (meet("one", "two"), meet("two", "one"));
    let home = Home::with(&format!(
        "FROM practice-os AS one\n{one}\nRUN sleep 1000\nRUN echo never\n\
        FROM practice-os AS two\n{two}; exit 3\n{ENDS}"
    ));
    let called = home.call("build --json .");
    assert_eq!(called.code, Some(1), "{called:#?}");
    let rows = Rows::new(&called.out);
    // Whether the first one came as far as its second step is a matter of luck.
    let states = rows.states();
    let expected =
        ["MISS WAIT", "WAIT WAIT"].map(|it| format!("BASE {it} WAIT BASE FAIL BASE WAIT WAIT"));
    assert!(expected.contains(&states), "{states}");
    assert_eq!(rows.step(6)["failure"]["exit_code"], 3);
    assert!(rows.0["image"].is_null());
    home.assert_clean();
    let said = home.call("build --progress plain .");
    said.fails(1, "Dockerfile:6:");
}

/// Whoever has the cache is another build: of one build two steps may be all that work at once.
#[test]
fn a_step_that_waits_for_a_cache_is_stopped_too() {
    let locked = "RUN --mount=type=cache,target=/meet2,id=locked,sharing=locked";
    let (one, two) = (meet("one", "two"), meet("two", "one"));
    let one = one.replace("RUN --mount", &format!("{locked} --mount"));
    let home = Home::with(&format!(
        "FROM practice-os AS two\n{two}; exit 3\n\
        FROM practice-os AS three\n{locked} true\n\
        FROM scratch\nCOPY --from=two / /\nCOPY --from=three / /\n"
    ));
    home.file("Other", format!("FROM practice-os\n{one}; sleep 1000\n"));
    let mut other = home
        .command(["build", "-f", "Other", "."])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    home.call("build .").fails(1, "Dockerfile:2:");
    other.kill().unwrap();
    other.wait().unwrap();
    wait_for("the killed build to be gone", || {
        home.call("system fsck").code == Some(0) && entries(&home.store().join("tmp")).is_empty()
    });
    home.assert_clean();
}

#[test]
fn an_image_that_is_not_there_may_be_an_earlier_stage() {
    for last in ["FROM biuld", "FROM scratch\nCOPY --from=biuld / /"] {
        let home = Home::with(&format!("FROM practice-os AS build\n{last}\n"));
        home.call("build .")
            .fails(1, "help: did you mean the stage build?");
        home.call("--lang ko plan .")
            .fails(1, "혹시 build 스테이지인가요?");
    }
}
