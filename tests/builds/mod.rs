//! What every instruction makes: a table of Dockerfiles, each with the tree, the settings and the
//! history that have to come of it, or with the words it is refused with.
//!
//! The tables are `tests/fixtures/builds/*.toml`; how a case is written is said in `case`. Beside
//! what a case asks for, all of them are held to this: the forecast says what the build then does,
//! building again reuses everything, and there is one line of history for every layer. With
//! `STRATA_TEST_OTHERS=1` skopeo and umoci read every image too.

mod archives;
mod case;
mod others;
mod repositories;
mod samples;
mod saved;
mod urls;

use std::fs;
use std::path::Path;

use case::{Case, Table};
use saved::Saved;
use serde_json::Value;

use crate::common::strata::{Home, Rows};

/// A home whose Dockerfile adds a URL with these flags to `/x/`.
fn adding(flags: &str, url: &str) -> Home {
    Home::with(&format!("FROM scratch\nADD {flags} {url} /x/\n"))
}

/// Builds it and returns what the image has.
fn tree(home: &Home) -> Vec<String> {
    home.ok("build -q -t image .");
    home.assert_clean();
    Saved::of(home, "image").tree(None)
}

/// Builds every case of a table, and says all that is wrong at once.
fn check(name: &str) {
    check_with(name, &mut |case| wrong(&Home::new(), case));
}

/// Does the same in one store: its base image is made once.
fn check_in_one_store(name: &str) {
    let home = Home::new();
    check_with(name, &mut |case| {
        let found = wrong(&home, case);
        fs::remove_dir_all(home.context()).unwrap();
        fs::create_dir(home.context()).unwrap();
        found
    });
    home.assert_clean();
}

fn check_with(name: &str, wrong: &mut dyn FnMut(&Case) -> Option<String>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/builds");
    let table = fs::read_to_string(folder.join(name)).unwrap();
    let table: Table = toml::from_str(&table).unwrap_or_else(|error| panic!("{name}: {error}"));
    let wrong: Vec<String> = table.case.iter().filter_map(wrong).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn wrong(home: &Home, case: &Case) -> Option<String> {
    case.files
        .iter()
        .for_each(|(name, file)| file.write(home, name));
    if let Some(base) = &case.base {
        fs::write(home.beside("Base"), base).unwrap();
        let file = home.beside("Base").display().to_string();
        home.ok(&format!("build -q -t base -f {file} ."));
    }
    fs::write(home.beside("Dockerfile"), &case.dockerfile).unwrap();
    let file = home.beside("Dockerfile").display().to_string();
    let options = format!("-f {file} {}", case.options);
    let found = match &case.fails {
        Some(words) => refused(home, &options, words),
        None => built(home, &options, case),
    };
    let found = found.err()?;
    Some(format!(
        "---- {}\n{}\n{found}\n",
        case.name, case.dockerfile
    ))
}

fn refused(home: &Home, options: &str, words: &str) -> Result<(), String> {
    let called = home.call(&format!("build -q {options} ."));
    let said = called.code == Some(1) && called.err.contains(words);
    said.then_some(())
        .ok_or(format!("no {words:?} in {called:#?}"))
}

fn built(home: &Home, options: &str, case: &Case) -> Result<(), String> {
    let plan = home.call(&format!("plan --json {options} ."));
    let build = home.call(&format!("build --json -t image {options} ."));
    if plan.code != Some(0) || build.code != Some(0) {
        return Err(format!("{plan:#?}\n{build:#?}"));
    }
    let (plan, build) = (Rows::new(&plan.out), Rows::new(&build.out));
    let again = Rows::new(&home.ok(&format!("build --json {options} .")));
    let known = |(said, _): &(Value, Value)| said[1] != "unknown";
    let verdicts = plan.verdicts().into_iter().zip(build.verdicts());
    for (said, done) in verdicts.filter(known) {
        same("the forecast and the build", &said, &done)?;
    }
    if again.states().contains("MISS") || again.image() != build.image() {
        return Err(format!("built again: {}", again.states()));
    }
    if std::env::var_os("STRATA_TEST_OTHERS").is_some() {
        others::agree(home, "image")?;
    }
    let saved = Saved::of(home, "image");
    same(
        "layers and their history",
        &saved.diff_ids(),
        &saved.layer_lines(),
    )?;
    if let Some(tree) = &case.tree {
        let tree: Vec<&str> = tree
            .lines()
            .map(str::trim)
            .filter(|l| !l.is_empty())
            .collect();
        let found = saved.tree(case.layers);
        same("the tree", &tree.join("\n"), &found.join("\n"))?;
    }
    if let Some(history) = &case.history {
        let found = saved.history();
        let new = found.len().saturating_sub(history.len());
        same("the history", &history[..], &found[new..])?;
    }
    for (key, expected) in &case.config {
        same(key, expected, saved.setting(key))?;
    }
    for key in &case.without {
        same(key, &Value::Null, saved.setting(key))?;
    }
    Ok(())
}

fn same<T: PartialEq + std::fmt::Debug + ?Sized>(
    what: &str,
    expected: &T,
    found: &T,
) -> Result<(), String> {
    if expected == found {
        return Ok(());
    }
    Err(format!(
        "{what}\nexpected: {expected:#?}\nfound:    {found:#?}"
    ))
}

#[test]
fn stages() {
    check("stages.toml");
}

#[test]
fn variables() {
    check("variables.toml");
}

#[test]
fn ignored() {
    check("ignored.toml");
}

#[test]
fn runs() {
    check_in_one_store("runs.toml");
}

#[test]
fn settings() {
    check("settings.toml");
}

#[test]
fn triggers() {
    check("triggers.toml");
}

#[test]
fn copies() {
    check("copies.toml");
}

#[test]
fn adds() {
    check("adds.toml");
}
