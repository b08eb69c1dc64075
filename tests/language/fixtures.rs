//! Every folder of tests/fixtures/dockerfiles is a Dockerfile and what comes of it.
//!
//! | file | what |
//! |---|---|
//! | `Dockerfile` | any bytes |
//! | `expected.json` | what `strata parse --json` prints; missing where even the syntax is refused |
//! | `expected.txt` | what is wrong: `Dockerfile:LINE: error: sentence`; missing where nothing is |
//!
//! `STRATA_BLESS=1 cargo test --test main language::fixtures` writes them anew; read the difference
//! as you would read code.

use std::fs;
use std::path::{Path, PathBuf};

use strata::diagnostic::Diagnostic;
use strata::digest::{Digest, ImageId};
use strata::language::Language;
use strata::parser::{self, ParseError, decode, json, syntax};
use strata::plan::{BaseInfo, PlanFailure, PlanOptions, plan};
use strata::source::Source;

/// The folder of all cases.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/dockerfiles")
}

/// What an image is that exists only in a test: nothing is set in it.
pub fn plain_base() -> BaseInfo {
    BaseInfo {
        id: ImageId(Digest::of(b"a base")),
        env: Vec::new(),
        workdir: String::new(),
        user: String::new(),
        shell: None,
        triggers: Vec::new(),
    }
}

/// What comes of a case.
struct Outcome {
    json: Option<String>,
    wrong: Option<String>,
}

fn outcome(case: &Path) -> Outcome {
    let bytes = fs::read(case.join("Dockerfile")).expect("every case has a Dockerfile");
    let source = match decode("Dockerfile", bytes) {
        Ok(source) => source,
        Err(not_text) => {
            let diagnostic = not_text.error.diagnostic(&not_text.source, Language::En);
            return Outcome {
                json: None,
                wrong: Some(line(&not_text.source, &diagnostic)),
            };
        }
    };
    match syntax(&source) {
        Err(errors) => Outcome {
            json: None,
            wrong: Some(lines(&source, &errors)),
        },
        Ok(file) => {
            let value = json::json("Dockerfile", &file);
            let value = serde_json::to_string_pretty(&value).expect("plain data") + "\n";
            Outcome {
                json: Some(value),
                wrong: wrong_meaning(&source),
            }
        }
    }
}

/// What a build would refuse before it begins.
fn wrong_meaning(source: &Source) -> Option<String> {
    let file = match parser::parse(source) {
        Ok(file) => file,
        Err(errors) => return Some(lines(source, &errors)),
    };
    match plan(&file, &PlanOptions::default(), &mut |_| {
        Ok::<_, ()>(plain_base())
    }) {
        Ok(_) => None,
        Err(PlanFailure::Dockerfile(error)) => Some(line(source, &error.diagnostic(Language::En))),
        Err(PlanFailure::Base { .. }) => unreachable!("every base exists"),
    }
}

fn lines(source: &Source, errors: &[ParseError]) -> String {
    let lines = errors.iter();
    lines
        .map(|error| line(source, &error.diagnostic(source, Language::En)))
        .collect()
}

fn line(source: &Source, diagnostic: &Diagnostic) -> String {
    let line = source.line(diagnostic.span().start);
    format!("Dockerfile:{line}: error: {}\n", diagnostic.message)
}

#[test]
fn every_fixture_is_read_as_it_says() {
    let mut cases: Vec<PathBuf> = fs::read_dir(folder())
        .expect("the fixtures are part of the tree")
        .map(|entry| entry.expect("readable").path())
        .collect();
    cases.sort();
    let mut different = Vec::new();
    for case in &cases {
        let found = outcome(case);
        for (name, found) in [("expected.json", found.json), ("expected.txt", found.wrong)] {
            let file = case.join(name);
            if std::env::var_os("STRATA_BLESS").is_some() {
                match &found {
                    Some(text) => fs::write(&file, text).expect("writable"),
                    // It need not have been there.
                    None => drop(fs::remove_file(&file)),
                }
            }
            let expected = fs::read_to_string(&file).ok();
            if found != expected {
                let found = found.unwrap_or_else(|| "(nothing)".to_owned());
                different.push(format!("{}:\n{found}", file.display()));
            }
        }
    }
    assert!(cases.len() > 60, "the fixtures are gone");
    assert!(different.is_empty(), "{}", different.join("\n"));
}

#[test]
fn what_is_called_refused_is_refused_and_all_else_has_a_syntax() {
    for entry in fs::read_dir(folder()).expect("the fixtures are part of the tree") {
        let case = entry.expect("readable").path();
        let name = case.file_name().expect("a folder has a name");
        let is_refused = name.to_string_lossy().starts_with("refused-");
        let wanted = if is_refused {
            "expected.txt"
        } else {
            "expected.json"
        };
        assert!(
            case.join(wanted).exists(),
            "{}: no {wanted}",
            case.display()
        );
    }
}
