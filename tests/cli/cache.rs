//! What is a hit and what a miss, and that the forecast says the same (dockerfile-spec.md, 10).

use std::process::Command;

use serde_json::{Value, json};

use crate::common::strata::{Home, Rows};

const APP: &str = "\
FROM practice-os
WORKDIR /app
COPY a.txt b.txt /app/
RUN cat a.txt b.txt > both
CMD [\"cat\", \"both\"]
";

fn app() -> Home {
    let home = Home::with(APP);
    home.file("a.txt", "one\n");
    home.file("b.txt", "two\n");
    assert_eq!(home.states("-t app"), "BASE MISS MISS MISS META");
    home
}

/// Forecasts, builds, and demands that both say the same of every step.
fn build_as_forecast(home: &Home, options: &str) -> Rows {
    let plan = home.plan(options);
    let build = home.build(options);
    assert_eq!(plan.verdicts(), build.verdicts());
    build
}

/// Builds `before`, changes the Dockerfile to `after`, and returns the states.
fn changed(before: &str, after: &str) -> String {
    let home = Home::with(before);
    home.build("");
    home.file("Dockerfile", after);
    build_as_forecast(&home, "").states()
}

#[test]
fn nothing_changed_is_all_hit() {
    let home = app();
    let before = home.ok("images -q --no-trunc app");
    let rows = build_as_forecast(&home, "");
    assert_eq!(rows.states(), "BASE HIT HIT HIT META");
    assert_eq!(rows.image(), before.trim_end());
}

#[test]
fn an_edited_file_is_named_with_both_digests() {
    let home = app();
    home.file("a.txt", "changed\n");
    let rows = build_as_forecast(&home, "");
    assert_eq!(rows.states(), "BASE HIT MISS MISS META");
    let digest = |text: &[u8]| strata::digest::Digest::of(text).to_string();
    let what = json!({ "content": { "old": digest(b"one\n"), "new": digest(b"changed\n") } });
    assert_eq!(
        rows.step(3)["reasons"],
        json!([{ "kind": "files-changed", "files": [{ "path": "a.txt", "what": what }] }])
    );
    assert_eq!(
        rows.step(4)["reasons"],
        json!([{ "kind": "parent-changed", "step": 3 }])
    );
    home.build("-t app");
    assert_eq!(home.ok("run --rm app"), "changed\ntwo\n");
}

#[test]
fn why_goes_down_to_the_file_with_its_old_and_new_digest() {
    let home = app();
    home.file("a.txt", "changed\n");
    home.build("");
    assert!(home.ok("why 3").contains("a.txt"));
    let why = home.ok("why 4");
    assert!(why.contains("a.txt"), "{why}");
    for text in ["one\n", "changed\n"] {
        let digest = strata::digest::Digest::of(text.as_bytes()).to_string();
        let short = &digest["sha256:".len()..][..8];
        assert!(why.contains(short), "no {short} in {why}");
    }
}

#[test]
fn touch_alone_is_all_hit() {
    let home = app();
    let long_ago = Command::new("touch")
        .args(["-d", "1999-01-01", "a.txt"])
        .current_dir(home.context())
        .status();
    assert!(long_ago.unwrap().success());
    assert_eq!(
        build_as_forecast(&home, "").states(),
        "BASE HIT HIT HIT META"
    );
}

#[test]
fn chmod_is_a_miss_that_names_the_mode() {
    let home = app();
    home.mode("a.txt", 0o755);
    let rows = build_as_forecast(&home, "");
    assert_eq!(rows.states(), "BASE HIT MISS MISS META");
    let file = &rows.step(3)["reasons"][0]["files"][0];
    assert_eq!(file["path"], "a.txt");
    let mode = &file["what"]["mode"];
    let bits = |value: &Value| value.as_u64().unwrap() & 0o777;
    assert_eq!((bits(&mode["old"]), bits(&mode["new"])), (0o644, 0o755));
    let why = home.ok("why 3");
    assert!(why.contains("644") && why.contains("755"), "{why}");
}

#[test]
fn old_content_brought_back_is_a_hit_again() {
    let home = app();
    home.file("a.txt", "changed\n");
    home.build("");
    home.file("a.txt", "one\n");
    assert_eq!(
        build_as_forecast(&home, "").states(),
        "BASE HIT HIT HIT META"
    );
}

#[test]
fn a_file_of_the_same_size_and_time_with_other_bytes_is_seen() {
    let home = app();
    let path = home.context().join("a.txt");
    let time = std::fs::metadata(&path).unwrap().modified().unwrap();
    home.file("a.txt", "uno\n");
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(time).unwrap();
    assert_eq!(
        build_as_forecast(&home, "").states(),
        "BASE HIT MISS MISS META"
    );
}

#[test]
fn files_that_no_copy_takes_change_nothing() {
    let home = app();
    home.file("c.txt", "new\n");
    assert_eq!(
        build_as_forecast(&home, "").states(),
        "BASE HIT HIT HIT META"
    );
}

#[test]
fn added_and_removed_files_of_a_folder_are_named() {
    let home = Home::with("FROM scratch\nCOPY src /src/\n");
    home.file("src/old", "x");
    home.build("");
    std::fs::remove_file(home.context().join("src/old")).unwrap();
    home.file("src/new", "y");
    let rows = build_as_forecast(&home, "");
    let files = &rows.step(2)["reasons"][0]["files"];
    assert_eq!(
        *files,
        json!([{ "path": "src/new", "what": "added" }, { "path": "src/old", "what": "removed" }])
    );
}

#[test]
fn comments_case_and_blank_lines_do_not_matter() {
    let before = "FROM practice-os\nRUN echo a\n";
    let after = "# a comment\nfrom practice-os\n\n# another\nrun echo a\n";
    assert_eq!(changed(before, after), "BASE HIT");
}

#[test]
fn spaces_inside_a_run_do_matter() {
    assert_eq!(
        changed(
            "FROM practice-os\nRUN echo a\n",
            "FROM practice-os\nRUN echo  a\n"
        ),
        "BASE MISS"
    );
}

#[test]
fn env_misses_the_runs_after_it_and_not_those_before() {
    let file = |value| format!("FROM practice-os\nRUN echo a\nENV K={value}\nRUN echo b\n");
    assert_eq!(changed(&file("1"), &file("2")), "BASE HIT META MISS");
}

#[test]
fn an_arg_misses_at_the_first_run_after_its_line_even_unused() {
    let home = Home::with("FROM practice-os\nRUN echo a\nARG K=1\nCOPY f /\nRUN echo b\n");
    home.file("f", "f");
    home.build("");
    let rows = build_as_forecast(&home, "--build-arg K=2");
    assert_eq!(rows.states(), "BASE HIT META HIT MISS");
    let reason = &rows.step(5)["reasons"][0];
    assert_eq!((&reason["old"], &reason["new"]), (&json!("1"), &json!("2")));
    assert_eq!(
        build_as_forecast(&home, "").states(),
        "BASE HIT META HIT HIT"
    );
}

#[test]
fn notes_for_the_image_never_miss() {
    for line in [
        "LABEL k=",
        "CMD echo ",
        "ENTRYPOINT echo ",
        "EXPOSE 80",
        "VOLUME /v",
        "STOPSIGNAL 1",
    ] {
        let file = |value| format!("FROM practice-os\n{line}{value}\nRUN echo a\n");
        assert_eq!(changed(&file("1"), &file("2")), "BASE META HIT", "{line}");
    }
}

#[test]
fn user_shell_and_workdir_miss_the_runs_after_them() {
    for (old, new) in [
        ("USER root", "USER learner"),
        (
            "SHELL [\"/bin/sh\", \"-c\"]",
            "SHELL [\"/bin/sh\", \"-ec\"]",
        ),
    ] {
        let file = |line| format!("FROM practice-os\nRUN echo a\n{line}\nRUN echo b\n");
        assert_eq!(changed(&file(old), &file(new)), "BASE HIT META MISS");
    }
    let file = |dir| format!("FROM practice-os\nRUN echo a\nWORKDIR {dir}\nRUN echo b\n");
    assert_eq!(changed(&file("/x"), &file("/y")), "BASE HIT MISS MISS");
}

#[test]
fn no_cache_runs_everything() {
    let home = app();
    let rows = build_as_forecast(&home, "--no-cache");
    assert_eq!(rows.states(), "BASE MISS MISS MISS META");
    assert_eq!(
        rows.step(2)["reasons"],
        json!([{ "kind": "cache-disabled" }])
    );
    assert_eq!(home.states("--no-cache=false"), "BASE HIT HIT HIT META");
}

const STAGES: &str = "\
FROM practice-os AS build
COPY a.txt /
RUN wc -l < /a.txt > /out
FROM practice-os AS unused
RUN exit 1
FROM practice-os
COPY --from=build /out /out
CMD [\"cat\", \"/out\"]
";

#[test]
fn a_stage_that_nothing_needs_is_skipped() {
    let home = Home::with(STAGES);
    home.file("a.txt", "one\n");
    let rows = home.build("-t counted");
    assert_eq!(rows.states(), "BASE MISS MISS SKIP SKIP BASE MISS META");
    assert_eq!(home.ok("run --rm counted").trim(), "1");
    let rows = build_as_forecast(&home, "");
    assert_eq!(rows.states(), "BASE HIT HIT SKIP SKIP BASE HIT META");
}

#[test]
fn target_builds_only_what_that_stage_needs() {
    let home = Home::with(STAGES);
    home.file("a.txt", "one\n");
    let rows = home.build("--target build -t half");
    assert_eq!(rows.states(), "BASE MISS MISS SKIP SKIP SKIP SKIP SKIP");
    assert_eq!(home.shell("half", "cat /out").trim(), "1");
}

#[test]
fn what_cannot_be_known_waits_for_the_step_that_decides() {
    let home = Home::with(
        "FROM practice-os AS make\nCOPY a.txt /\nRUN cp /a.txt /out\nENV X=1\n\
         FROM practice-os\nCOPY a.txt /\nCOPY --from=make /out /out\nRUN cat /out\nRUN true\n",
    );
    home.file("a.txt", "one\n");
    let plan = home.plan("");
    assert_eq!(
        plan.states(),
        "BASE MISS MISS META BASE HIT UNKNOWN UNKNOWN UNKNOWN"
    );
    for step in 7..=9 {
        assert_eq!(plan.step(step)["until"], 3, "step {step}");
    }
}

#[test]
fn a_build_becomes_a_plan_by_its_first_word_alone() {
    let home = app();
    let options = "-t shop:1 -q --progress plain --no-cache";
    let plan = home.plan(options);
    assert_eq!(plan.states(), "BASE MISS MISS MISS META");
    assert!(!home.ok("images").contains("shop"), "a plan names nothing");
    // What a build would refuse, a plan refuses too.
    home.call("plan -t BAD .").fails(125, "must be lowercase");
    let help = home.ok("plan --help");
    assert!(!help.contains("--tag"), "{help}");
}

#[test]
fn copy_from_a_stage_that_makes_the_same_again_is_a_hit() {
    let home = Home::with(STAGES);
    home.file("a.txt", "one\n");
    home.build("");
    // Another line, but still one: the stage runs and what is copied is equal.
    home.file("a.txt", "uno\n");
    let plan = home.plan("");
    assert_eq!(plan.states(), "BASE MISS MISS SKIP SKIP BASE UNKNOWN META");
    assert_eq!(
        plan.step(7)["until"],
        3,
        "the stage is known after its last layer"
    );
    let rows = home.build("");
    assert_eq!(rows.states(), "BASE MISS MISS SKIP SKIP BASE HIT META");
}

#[test]
fn an_ignored_file_is_not_part_of_the_context() {
    let home = Home::with("FROM scratch\nCOPY . /\n");
    home.file(
        ".dockerignore",
        "*.log\n!keep.log\nDockerfile\n.dockerignore\n",
    );
    home.file("a.txt", "a");
    home.file("noise.log", "1");
    home.file("keep.log", "1");
    home.build("-t image");
    let files = home.ok("files image");
    assert!(
        files.contains("/a.txt") && files.contains("/keep.log"),
        "{files}"
    );
    assert!(
        !files.contains("noise") && !files.contains("Dockerfile"),
        "{files}"
    );
    home.file("noise.log", "2");
    assert_eq!(build_as_forecast(&home, "").states(), "BASE HIT");
    home.file("keep.log", "2");
    assert_eq!(build_as_forecast(&home, "").states(), "BASE MISS");
}

#[test]
fn an_unchanged_file_goes_where_it_is_sent_now() {
    // Bytes are taken from the layer of the last run where they can be.
    let cases: [(&str, &str, &str); 4] = [
        ("COPY one two /x/", "COPY one /x/two", "one\n"),
        ("COPY one /y/", "COPY one /x/two", "one\n"),
        ("COPY two /x/two", "COPY --chmod=700 two /x/two", "two\n"),
        ("COPY a/two b/two /x/", "COPY a/two /x/", "one\n"),
    ];
    for (before, after, content) in cases {
        let home = Home::with(&format!("FROM practice-os\n{before}\n"));
        for (name, text) in [
            ("one", "one\n"),
            ("two", "two\n"),
            ("a/two", "one\n"),
            ("b/two", "two\n"),
        ] {
            home.file(name, text);
        }
        home.build("");
        home.file("Dockerfile", format!("FROM practice-os\n{after}\n"));
        home.build("-t image");
        assert_eq!(home.shell("image", "cat /x/two"), content, "{after}");
    }
}

#[test]
fn when_the_last_of_two_matches_goes_the_other_comes_through() {
    let home = Home::with("FROM practice-os\nCOPY */f /x/\n");
    home.file("a/f", "a\n");
    home.file("b/f", "b\n");
    home.build("-t image");
    assert_eq!(home.shell("image", "cat /x/f"), "b\n");
    std::fs::remove_file(home.context().join("b/f")).unwrap();
    home.build("-t image");
    assert_eq!(home.shell("image", "cat /x/f"), "a\n");
}

#[test]
fn one_edited_file_of_a_folder_leaves_the_others_as_they_were() {
    let home = Home::with("FROM practice-os\nCOPY src /src/\n");
    home.file("src/kept", "kept\n");
    home.file("src/edited", "old\n");
    home.file("src/mode", "mode\n");
    home.build("");
    home.file("src/edited", "new\n");
    home.mode("src/mode", 0o711);
    home.build("-t image");
    let line = "cat /src/kept /src/edited /src/mode; stat -c %a /src/mode /src/kept";
    assert_eq!(home.shell("image", line), "kept\nnew\nmode\n711\n644\n");
}

#[test]
fn a_step_that_moved_is_told_what_stood_before_it() {
    let home = Home::with("FROM practice-os\nCOPY a.txt /\nCOPY . /app/\nRUN ls /\n");
    home.file("a.txt", "one\n");
    home.build("");
    let moved = "FROM practice-os\nCOPY a.txt /\nRUN ls /\nCOPY . /app/\n";
    home.file("Dockerfile", moved);
    let rows = build_as_forecast(&home, "");
    assert_eq!(rows.states(), "BASE HIT MISS MISS");
    let reason = json!([{ "kind": "chain-changed", "step": 2, "was": "COPY . /app/" }]);
    assert_eq!(rows.step(3)["reasons"], reason);
}

#[test]
fn a_step_right_after_its_base_now_does_not_blame_the_base() {
    let home = Home::with("FROM practice-os\nCOPY a.txt /\nRUN true\n");
    home.file("a.txt", "one\n");
    home.build("");
    home.file("Dockerfile", "FROM practice-os\nRUN true\nCOPY a.txt /\n");
    let reason = json!([{ "kind": "chain-changed", "step": 1, "was": "COPY a.txt /" }]);
    assert_eq!(home.plan("").step(2)["reasons"], reason);
}

#[test]
fn a_file_that_was_never_built_has_no_text_that_changed() {
    let home = app();
    home.file("Other", "FROM practice-os\nWORKDIR /other\n");
    let rows = home.plan("-f Other");
    assert_eq!(rows.step(2)["reasons"], json!([{ "kind": "never-built" }]));
}

#[test]
fn advice_names_lines_and_seconds_and_a_file_that_follows_it_is_reused() {
    let home = Home::with("FROM practice-node\nCOPY . .\nRUN npm install\n");
    home.file("package.json", "{\"dependencies\": {\"express\": \"1\"}}");
    home.file("server.js", "1");
    home.build("");
    home.file("server.js", "2");
    let plan: Value = serde_json::from_str(&home.ok("plan --json .")).unwrap();
    assert_eq!(
        (
            &plan["advice"][0]["moved"]["line"],
            &plan["advice"][0]["how"]
        ),
        (&json!(3), &json!({ "above": "package.json" }))
    );
    let shown = home.ok("--plain plan .").replace("\n  ", " ");
    assert!(
        shown.contains("So: put RUN npm install (line 3) before"),
        "{shown}"
    );
    home.build("");
    let why = home.ok("--plain why 3").replace("\n  ", " ");
    let advice = "put RUN npm install (line 3) before COPY . . (line 2), with only package.json";
    assert!(why.contains(advice), "{why}");
    let followed = "FROM practice-node\nCOPY package.json .\nRUN npm install\nCOPY . .\n";
    home.file("Dockerfile", followed);
    home.build("");
    home.file("server.js", "3");
    assert_eq!(home.states(""), "BASE HIT HIT MISS");
    assert!(!home.ok("--plain why 4").contains("So:"));
    home.file(
        "Dockerfile",
        "FROM practice-os\nARG V\nRUN sleep 1\nRUN true\nRUN echo $V\n",
    );
    home.build("--build-arg V=1");
    home.build("--build-arg V=2");
    let why = home.ok("--lang ko --plain why 3").replace("\n  ", " ");
    assert!(
        why.contains("RUN true (4번 줄) 다음에 ARG V (2번 줄)"),
        "{why}"
    );
    assert!(why.contains("아꼈을 시간: 1"), "{why}");
    home.file(
        "Dockerfile",
        "FROM practice-os\nRUN sleep 1\nRUN true\nARG V\nRUN echo $V\n",
    );
    home.build("--build-arg V=3");
    assert_eq!(home.states("--build-arg V=4"), "BASE HIT HIT META MISS");
}
