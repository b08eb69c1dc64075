//! `strata lesson ...` in the shell: writing, proving and reporting on lessons.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::strata::Home;

/// Copies the lessons of the sources into a folder that may be changed.
fn lessons(home: &Home) -> PathBuf {
    let to = home.beside("lessons");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("lessons"), &to);
    to
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, to) = {
            let entry = entry.unwrap();
            (entry.path(), to.join(entry.file_name()))
        };
        if path.is_dir() {
            copy(&path, &to);
        } else {
            fs::copy(&path, &to).unwrap();
        }
    }
}

fn change(file: &Path, old: &str, new: &str) {
    let text = fs::read_to_string(file).unwrap();
    assert!(text.contains(old), "{old}");
    fs::write(file, text.replacen(old, new, 1)).unwrap();
}

#[test]
fn a_new_lesson_passes_and_a_changed_text_is_a_changed_picture() {
    let home = Home::new();
    let folder = lessons(&home);
    let shown = folder.display();
    let told = home.ok(&format!("lesson new 99-my-own {shown}"));
    assert!(told.contains("99-my-own/lesson.ko.md written"), "{told}");
    let test = format!("lesson test {shown} --filter my-own --seed 3");
    let called = home.call(&test);
    assert!(called.out.contains("screens 6/12"), "{called:#?}");
    assert_eq!(called.code, Some(1));
    home.ok(&format!("{test} --update"));
    let told = home.ok(&test);
    assert!(told.contains("screens 12/12"), "{told}");
    let lesson = folder.join("99-my-own/lesson.md");
    change(&lesson, "Say what just happened", "Tell what happened");
    let called = home.call(&test);
    assert_eq!(called.code, Some(1));
    for line in ["-Say what just happened, ", "+Tell what happened, "] {
        assert!(called.out.contains(line), "{called:#?}");
    }
    // The translation knows that it is older, until somebody says it fits.
    let sync = format!("lesson sync ko {shown}");
    let called = home.call(&sync);
    assert_eq!(called.code, Some(1));
    assert!(called.out.contains("+ Tell what happened"), "{called:#?}");
    home.ok(&format!("{sync} --write"));
    home.ok(&sync);
}

#[test]
fn machines_read_a_test_as_json_and_as_junit() {
    let home = Home::new();
    let json = home.ok("lesson test --filter first-run/images --json");
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report["lessons"][0]["lesson"], "first-run");
    assert_eq!(report["lessons"][0]["failures"], serde_json::json!([]));
    let xml = home.ok("lesson test --filter first-run/images --junit");
    assert!(xml.starts_with("<?xml"), "{xml}");
    assert!(xml.contains("name=\"solve\"></testcase>"), "{xml}");
}

#[test]
fn a_filter_without_a_lesson_and_pictures_without_a_folder_are_refused() {
    let home = Home::new();
    let called = home.call("lesson test --filter nosuch");
    called.fails(1, "no lesson or step is named `nosuch`");
    let called = home.call("lesson test --update");
    called.fails(1, "lesson test lessons --update");
    home.call("lesson forget nosuch")
        .fails(1, "no lesson `nosuch`");
    home.call("lesson reset").fails(1, "--yes");
    home.call("lesson new x nowhere").fails(1, "`nowhere`");
}

#[test]
fn coverage_fails_when_a_mapped_step_is_gone() {
    let home = Home::new();
    let folder = lessons(&home);
    let coverage = format!("lesson coverage {}", folder.display());
    let told = home.ok(&coverage);
    assert!(told.contains("claims taught"), "{told}");
    let table = folder.join("coverage.txt");
    change(&table, "first-run/images", "first-run/pictures");
    let called = home.call(&coverage);
    assert_eq!(called.code, Some(1));
    let mistake = "there is no step `first-run/pictures`";
    assert!(called.out.contains(mistake), "{called:#?}");
}

#[test]
fn progress_is_reported_forgotten_and_reset() {
    let home = Home::new();
    let json = home.ok("lesson report --json");
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report["passed"], 0);
    assert!(home.ok("lesson list").contains("first-dockerfile"));
    let told = home.ok("lesson forget 1");
    assert!(told.contains("was never opened"), "{told}");
    let told = home.ok("lesson reset cache-order --yes");
    assert!(told.contains("from the beginning"), "{told}");
}

#[test]
fn an_unknown_lesson_is_refused_with_the_one_it_may_mean() {
    let called = Home::new().call("learn cache");
    assert_eq!((called.code, called.out.as_str()), (Some(1), ""));
    for words in [
        "error: there is no lesson `cache`",
        "strata learn cache-order",
    ] {
        assert!(called.err.contains(words), "{called:#?}");
    }
}
