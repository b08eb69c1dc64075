//! `--cache-to` and `--cache-from`: what one machine built, another one reuses. A machine is a store.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use strata::digest::Digest;

use crate::common::strata::{Home, entries};

const STAGES: &str = "FROM practice-os AS build\nCOPY a /in/\nRUN cat /in/a > /b && cat /in/a > /c\n\
                      FROM scratch\nCOPY --from=build /b /\nCOPY a /\n";

/// A machine with this Dockerfile and a file `a`.
fn machine(dockerfile: &str) -> Home {
    let home = Home::with(dockerfile);
    home.file("a", "text");
    home
}

/// Builds on one machine and returns it, and the folder its cache is in.
fn exported(dockerfile: &str, mode: &str) -> (Home, PathBuf) {
    let home = machine(dockerfile);
    let folder = home.beside("cache");
    let to = format!("--cache-to type=local,dest={}{mode}", folder.display());
    home.build(&to);
    (home, folder)
}

fn from(folder: &Path) -> String {
    format!("--cache-from type=local,src={}", folder.display())
}

fn blob(folder: &Path, digest: &str) -> PathBuf {
    folder.join("blobs").join(digest.replace(':', "/"))
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// Changes what the cache says, with digests that are right.
fn forge(folder: &Path, change: impl Fn(&mut Value)) {
    let put = |value: &Value| {
        let bytes = serde_json::to_vec(value).unwrap();
        let digest = Digest::of(&bytes).to_string();
        fs::write(blob(folder, &digest), bytes).unwrap();
        Value::from(digest)
    };
    let mut index = json(&folder.join("index.json"));
    let named = index["manifests"][0]["digest"].as_str().unwrap();
    let mut manifest = json(&blob(folder, named));
    let config = manifest["config"]["digest"].as_str().unwrap();
    let mut document = json(&blob(folder, config));
    change(&mut document);
    manifest["config"]["digest"] = put(&document);
    index["manifests"][0]["digest"] = put(&manifest);
    let bytes = serde_json::to_vec(&index).unwrap();
    fs::write(folder.join("index.json"), bytes).unwrap();
}

#[test]
fn another_machine_reuses_everything_and_makes_the_same_image() {
    let (first, folder) = exported(STAGES, ",mode=max");
    let second = machine(STAGES);
    let plan = second.plan(&from(&folder));
    let build = second.build(&from(&folder));
    assert_eq!(build.states(), "BASE HIT HIT BASE HIT HIT");
    assert_eq!(plan.verdicts(), build.verdicts());
    assert_eq!(build.image(), first.build("").image());
    let why = second.ok("why 3");
    assert!(why.contains("from --cache-from"), "{why}");
    let why = second.ok("--plain --lang ko why 3");
    assert!(why.contains("에서 왔습니다"), "{why}");
    // What came in stays when the folder goes.
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(second.states(""), "BASE HIT HIT BASE HIT HIT");
    second.assert_clean();
}

#[test]
fn the_least_is_what_the_image_is_made_of() {
    let (_first, folder) = exported(STAGES, "");
    let second = machine(STAGES);
    let states = second.states(&from(&folder));
    assert_eq!(states, "BASE MISS MISS BASE HIT HIT");
}

#[test]
fn a_changed_file_misses_there_too_and_says_why() {
    let (_first, folder) = exported(STAGES, ",mode=max");
    let second = machine(STAGES);
    second.build(&from(&folder));
    second.file("a", "changed");
    let build = second.build(&from(&folder));
    assert_eq!(build.states(), "BASE MISS MISS BASE MISS MISS");
    assert!(second.ok("why 2").contains('a'));
}

#[test]
fn a_folder_that_is_missing_or_no_cache_is_passed_over_with_a_note() {
    let home = machine("FROM scratch\nCOPY a /\n");
    let called = home.call("build --cache-from type=local,src=../none .");
    assert!(called.err.contains("--cache-from ../none"), "{called:#?}");
    called.ok();
    fs::create_dir(home.beside("none")).unwrap();
    fs::write(home.beside("none/index.json"), "{}").unwrap();
    let called = home.call("--lang ko build --cache-from type=local,src=../none .");
    assert!(called.err.contains("여기에서 만듭니다"), "{called:#?}");
    called.ok();
    home.assert_clean();
}

#[test]
fn bytes_that_are_not_what_they_are_called_do_not_get_in() {
    let (_first, folder) = exported("FROM scratch\nCOPY a /\n", "");
    let blobs = folder.join("blobs/sha256");
    for name in entries(&blobs) {
        let bytes = fs::read(blobs.join(&name)).unwrap();
        if !bytes.starts_with(b"{") && !bytes.starts_with(b"[") {
            let mut bytes = bytes;
            let at = bytes.windows(4).position(|four| four == b"text").unwrap();
            bytes[at] = b'X';
            fs::write(blobs.join(&name), bytes).unwrap();
        }
    }
    let second = machine("FROM scratch\nCOPY a /\n");
    assert_eq!(second.plan(&from(&folder)).states(), "BASE MISS");
    let called = second.call(&format!("build {} .", from(&folder)));
    assert!(called.err.contains("digest"), "{called:#?}");
    called.ok();
    second.assert_clean();
}

#[test]
fn a_record_whose_key_is_not_made_of_its_ingredients_is_not_believed() {
    let (_first, folder) = exported("FROM scratch\nCOPY a /\n", "");
    forge(&folder, |document| {
        assert_eq!(document.as_array().unwrap().len(), 1);
    });
    let second = machine("FROM scratch\nCOPY a /\n");
    assert_eq!(second.plan(&from(&folder)).states(), "BASE HIT");
    forge(&folder, |document| {
        document[0]["ingredients"]["values"][0][1] = Value::from("another parent");
    });
    let third = machine("FROM scratch\nCOPY a /\n");
    assert_eq!(third.states(&from(&folder)), "BASE MISS");
}

#[test]
fn a_cache_that_is_written_again_is_the_newer_one() {
    let (home, folder) = exported("FROM scratch\nCOPY a /\n", "");
    home.file("a", "new");
    home.build(&format!("--cache-to type=local,dest={}", folder.display()));
    let second = Home::with("FROM scratch\nCOPY a /\n");
    second.file("a", "new");
    assert_eq!(second.states(&from(&folder)), "BASE HIT");
}

#[test]
fn secrets_are_not_in_a_shared_cache() {
    let home =
        machine("FROM practice-os\nRUN --mount=type=secret,id=s cat /run/secrets/s > /dev/null\n");
    fs::write(home.beside("s"), "QUITESECRET").unwrap();
    let folder = home.beside("cache");
    home.build(&format!(
        "--secret id=s,src=../s --cache-to type=local,dest={},mode=max",
        folder.display()
    ));
    let blobs = folder.join("blobs/sha256");
    assert!(entries(&blobs).len() >= 3);
    for name in entries(&blobs) {
        let bytes = fs::read(blobs.join(name)).unwrap();
        assert!(!bytes.windows(11).any(|part| part == b"QUITESECRET"));
    }
}

#[test]
fn other_places_are_refused_by_name() {
    let home = machine("FROM scratch\n");
    for (options, words) in [
        ("--cache-to type=inline", "type=inline"),
        ("--cache-to type=registry", "ref is required"),
        ("--cache-from type=local", "src is required"),
        ("--cache-to type=local,dest=x,mode=all", "unknown mode"),
    ] {
        home.call(&format!("build {options} .")).fails(125, words);
        home.call(&format!("plan {options} .")).fails(125, words);
    }
    home.call("--lang ko build --cache-to type=inline .")
        .fails(125, "쓸 수 없습니다");
}
