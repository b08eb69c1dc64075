//! What `check` finds: the fixtures under `tests/fixtures/checks`, and its ways to answer.
//!
//! A case is a folder with a Dockerfile, sometimes a `.dockerignore` and `arguments`, and the JSON
//! that `check --json` prints. `STRATA_BLESS=1 cargo test --test main checks::` writes the JSON anew; read
//! the difference as you would read code.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::common::strata::{Called, Home};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

fn cases(name: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder(name)).expect("the fixtures are part of the tree");
    let mut cases: Vec<_> = entries
        .map(|entry| entry.expect("readable").path())
        .collect();
    cases.sort();
    cases
}

/// Calls `check --json` in the folder of a case.
fn check(home: &Home, case: &Path) -> Called {
    let arguments = fs::read_to_string(case.join("arguments")).unwrap_or_default();
    let mut words = vec!["check", "--json"];
    words.extend(arguments.split_whitespace());
    words.push("Dockerfile");
    let output = home.command(&words).current_dir(case).output().unwrap();
    Called::new(words.join(" "), output)
}

#[test]
fn every_fixture_is_judged_as_its_json_says() {
    let home = Home::new();
    let cases = cases("checks");
    let mut wrong = Vec::new();
    for case in &cases {
        let called = check(&home, case);
        let file = case.join("expected.json");
        if std::env::var_os("STRATA_BLESS").is_some() {
            fs::write(&file, &called.out).expect("writable");
        }
        if called.out != fs::read_to_string(&file).unwrap_or_default() {
            wrong.push(format!("{}:\n{}", case.display(), called.out));
        }
        let json: Value = serde_json::from_str(&called.out).expect("one JSON value");
        let has_errors = json["errors"].as_array().is_some_and(|it| !it.is_empty());
        let strict = called.err.contains("lint violation found");
        let code = i32::from(has_errors || strict);
        if called.code != Some(code) {
            wrong.push(format!("{}: exit {:?}", case.display(), called.code));
        }
        let line = "Dockerfile:";
        if code == 1 && !called.err.starts_with(line) {
            wrong.push(format!("{}: {}", case.display(), called.err));
        }
    }
    assert!(cases.len() > 100, "the fixtures are gone");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(!home.store().exists(), "a check makes no store");
}

#[test]
fn every_rule_fires_in_some_fixture() {
    let mut fired = BTreeSet::new();
    for case in cases("checks") {
        let text = fs::read_to_string(case.join("expected.json")).expect("every case has one");
        let json: Value = serde_json::from_str(&text).expect("JSON");
        let warnings = json["warnings"].as_array().expect("a list");
        fired.extend(
            warnings
                .iter()
                .filter_map(|it| it["rule"].as_str().map(str::to_owned)),
        );
    }
    let all = strata::check::Rule::ALL.into_iter();
    let silent: Vec<_> = all
        .map(strata::check::Rule::name)
        .filter(|name| !fired.contains(*name))
        .collect();
    // It needs an image in the store: `an_image_of_the_store_is_known`.
    assert_eq!(silent, ["InvalidBaseImagePlatform"]);
}

/// The Dockerfiles of notes and blogs: each is read as meant, or told what is really wrong.
#[test]
fn dockerfiles_of_beginners_are_understood() {
    let home = Home::new();
    let mut wrong = Vec::new();
    for case in cases("seeds") {
        for language in ["en", "ko"] {
            let words = ["--lang", language, "check", "Dockerfile"];
            let output = home.command(words).current_dir(&case).output().unwrap();
            let called = Called::new(words.join(" "), output);
            let said = called.err + &called.out;
            let file = case.join(format!("expected.{language}.txt"));
            if std::env::var_os("STRATA_BLESS").is_some() {
                fs::write(&file, &said).expect("writable");
            }
            if said != fs::read_to_string(&file).unwrap_or_default() {
                wrong.push(format!("{}:\n{said}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_dockerfile_of_the_folder_is_meant_where_none_is_named() {
    let home = Home::with("FROM a\nMAINTAINER me\n");
    let called = home.call("check");
    assert_eq!(called.code, Some(0), "{called:#?}");
    assert!(
        called.err.starts_with("Dockerfile:2: warning: "),
        "{called:#?}"
    );
    assert!(
        called.out.starts_with("Dockerfile: 1 warning\n"),
        "{called:#?}"
    );
    home.file("Dockerfile", "FROM scratch\n");
    assert_eq!(home.ok("check"), "Dockerfile: nothing to complain about\n");
}

#[test]
fn standard_input_is_a_file_too() {
    let home = Home::new();
    let mut command = home.command(["check", "--json", "-"]);
    let file = home.beside("input");
    fs::write(&file, "FORM a\n").unwrap();
    command.stdin(fs::File::open(&file).unwrap());
    let called = Called::new("check -".to_owned(), command.output().unwrap());
    assert_eq!(called.code, Some(1));
    assert!(
        called
            .err
            .starts_with("-:1: error: unknown instruction: FORM"),
        "{called:#?}"
    );
    let json: Value = serde_json::from_str(&called.out).unwrap();
    assert_eq!(json["errors"][0]["line"], 1);
}

#[test]
fn wrong_usage_is_two_and_a_missing_file_is_one() {
    let home = Home::new();
    home.call("check --nonsense")
        .fails(2, "unknown flag: --nonsense");
    home.call("check a b").fails(2, "b");
    home.call("check --format xml").fails(2, "xml");
    home.call("check --json --format sarif").fails(2, "");
    home.call("check --explain Nonsense")
        .fails(2, "no rule is called Nonsense");
    home.call("check --explain stagenamecasng")
        .fails(2, "check --explain StageNameCasing");
    home.call("check nowhere").fails(1, "nowhere");
}

#[test]
fn every_rule_can_be_explained_in_both_languages() {
    let home = Home::new();
    let list = home.ok("check --explain");
    for rule in strata::check::Rule::ALL {
        let name = rule.name();
        assert!(list.contains(name), "{name} is not listed");
        let page = home.ok(&format!("check --explain {name}"));
        assert!(page.contains("Not so:") && page.contains("FROM "), "{page}");
    }
    let page = home.ok("--lang ko check --explain UndefinedVar");
    assert!(page.contains("이렇게 말고:"), "{page}");
}

#[test]
fn sarif_has_a_place_and_a_rule_for_every_finding() {
    let home = Home::with("FROM a AS Base\nCOPY --form=x a b\nCOPY ../a b\n");
    let called = home.call("check --format sarif");
    assert_eq!((called.code, called.err.as_str()), (Some(1), ""));
    let log: Value = serde_json::from_str(&called.out).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let ids: BTreeSet<&str> = rules.iter().filter_map(|it| it["id"].as_str()).collect();
    let results = run["results"].as_array().unwrap();
    let found = |it: &Value| {
        let place = &it["locations"][0]["physicalLocation"];
        let region = &place["region"];
        assert_eq!(place["artifactLocation"]["uri"], "Dockerfile");
        assert!(ids.contains(it["ruleId"].as_str().unwrap()), "{it}");
        assert!(!it["message"]["text"].as_str().unwrap().is_empty());
        let level = it["level"].as_str().unwrap().to_owned();
        let number = |name: &str| region[name].as_u64().unwrap();
        let columns = (number("startColumn"), number("endColumn"));
        (level, number("startLine"), columns)
    };
    let found: Vec<_> = results.iter().map(found).collect();
    let expected = [
        ("warning", 1, (11, 15)),
        ("error", 2, (6, 14)),
        ("note", 3, (6, 10)),
    ];
    assert_eq!(
        found,
        expected.map(|(level, line, columns)| (level.to_owned(), line, columns))
    );
}

#[test]
fn github_marks_lines() {
    let home = Home::with("FROM a AS Base\nCOPY --form=x a b\n");
    let called = home.call("check --format github");
    let lines: Vec<&str> = called.out.lines().collect();
    let start = "::warning file=Dockerfile,line=1,col=11,endColumn=15,title=StageNameCasing::";
    assert!(lines[0].starts_with(start), "{}", lines[0]);
    let start =
        "::error file=Dockerfile,line=2,col=6,endColumn=14,title=unknown-flag::unknown flag";
    assert!(lines[1].starts_with(start), "{}", lines[1]);
    assert_eq!(lines.len(), 2);
}

#[test]
fn a_build_can_be_checked_and_forbidden() {
    let home = Home::with("# check=error=true\nFROM scratch AS Base\nCOPY a /a\n");
    home.file("a", "a");
    home.file(".dockerignore", "a\n");
    let said = home
        .call("build --check .")
        .fails(1, "lint violation found for rules");
    assert!(
        said.contains("StageNameCasing") && said.contains("CopyIgnoredFile"),
        "{said}"
    );
    assert!(!home.store().exists(), "a check builds nothing");
    home.call("build .")
        .fails(1, "lint violation found for rules");
    home.call("build --check -f nowhere .").fails(1, "nowhere");
    home.call("build --check Dockerfile")
        .fails(1, "build -f Dockerfile .");
}

/// An image that is at hand tells its variables and its shell.
#[test]
fn an_image_of_the_store_is_known() {
    let home = Home::with("FROM scratch\nENV DIR=/x\nSHELL [\"/bin/sh\", \"-c\"]\n");
    home.ok("build -t base .");
    home.file("Dockerfile", "FROM base\nCOPY a $DIR\nCMD echo x\n");
    assert_eq!(home.ok("check"), "Dockerfile: nothing to complain about\n");
    home.file(
        "Dockerfile",
        "FROM --platform=linux/s390x base AS for-s390x\n",
    );
    let called = home.call("check --json");
    assert!(
        called.out.contains("InvalidBaseImagePlatform"),
        "{called:#?}"
    );
}
