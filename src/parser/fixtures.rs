//! The fixtures under `tests/fixtures/dockerfiles`: a Dockerfile and the JSON it is read as.
//!
//! `STRATA_BLESS=1 cargo test --lib parser::fixtures` writes the JSON anew; read the difference
//! as you would read code.

use std::fs;
use std::path::{Path, PathBuf};

use super::{ParseError, json, syntax};
use crate::source::Source;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/dockerfiles")
}

fn read_as_json(case: &Path) -> String {
    let text = fs::read_to_string(case.join("Dockerfile")).expect("every case has a Dockerfile");
    let source = Source::new("Dockerfile", text);
    match syntax(&source) {
        Ok(file) => {
            let value = json::json("Dockerfile", &file);
            serde_json::to_string_pretty(&value).expect("plain data") + "\n"
        }
        Err(errors) => {
            let line = |error: &ParseError| source.line(error.instruction.start);
            let lines = errors
                .iter()
                .map(|error| format!("{}: {error}", line(error)));
            lines.collect::<Vec<_>>().join("\n") + "\n"
        }
    }
}

#[test]
fn every_fixture_is_read_as_its_json_says() {
    let mut cases: Vec<_> = fs::read_dir(folder())
        .expect("the fixtures are part of the tree")
        .map(|entry| entry.expect("readable").path())
        .collect();
    cases.sort();
    let mut wrong = Vec::new();
    for case in &cases {
        let found = read_as_json(case);
        let file = case.join("expected.json");
        if std::env::var_os("STRATA_BLESS").is_some() {
            fs::write(&file, &found).expect("writable");
        }
        let expected = fs::read_to_string(&file).unwrap_or_default();
        if found != expected {
            wrong.push(format!("{}:\n{found}", case.display()));
        }
    }
    assert!(cases.len() > 10, "the fixtures are gone");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
