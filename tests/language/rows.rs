//! Every rule of the language has a test: tests/fixtures/rows.toml is the list, and this reads it.
//!
//! A row names fixtures (`fixtures`: folders of tests/fixtures/dockerfiles, `checks`: of
//! tests/fixtures/checks) and tests (`tests`: paths as `cargo test` prints them). One that has
//! neither fails here.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    row: Vec<Row>,
}

/// A rule of the language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    section: u8,
    rule: String,
    #[serde(default)]
    fixtures: Vec<String>,
    #[serde(default)]
    checks: Vec<String>,
    #[serde(default)]
    tests: Vec<String>,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rows() -> Vec<Row> {
    let text = fs::read_to_string(root().join("tests/fixtures/rows.toml")).expect("it is there");
    let table: Table = toml::from_str(&text).expect("it is a table of rows");
    table.row
}

#[test]
fn every_row_has_a_fixture_or_a_test() {
    let bare = |row: &Row| row.fixtures.is_empty() && row.checks.is_empty() && row.tests.is_empty();
    let without: Vec<String> = rows()
        .into_iter()
        .filter(bare)
        .map(|row| format!("{} (section {}): {}", row.id, row.section, row.rule))
        .collect();
    assert!(without.is_empty(), "no test shows:\n{}", without.join("\n"));
}

#[test]
fn every_id_is_one_rows_and_every_section_is_there() {
    let mut seen = BTreeSet::new();
    let mut sections: BTreeMap<u8, usize> = BTreeMap::new();
    for row in rows() {
        assert!(seen.insert(row.id.clone()), "{} stands twice", row.id);
        assert!(!row.rule.is_empty(), "{} has no rule", row.id);
        *sections.entry(row.section).or_default() += 1;
    }
    // The rows of the specification's tables, in its own count.
    let expected = [
        (1, 15),
        (2, 7),
        (3, 11),
        (4, 10),
        (5, 17),
        (6, 35),
        (8, 8),
        (11, 22),
    ];
    for (section, rows) in expected {
        assert_eq!(sections.get(&section), Some(&rows), "section {section}");
    }
}

#[test]
fn every_fixture_is_a_folder_and_belongs_to_a_row() {
    let mut named = BTreeSet::new();
    for row in rows() {
        let folders = [("dockerfiles", &row.fixtures), ("checks", &row.checks)];
        for (kind, names) in folders {
            for name in names {
                let folder = root().join("tests/fixtures").join(kind).join(name);
                assert!(folder.is_dir(), "{}: no {}", row.id, folder.display());
                named.insert((kind, name.clone()));
            }
        }
    }
    for entry in fs::read_dir(super::fixtures::folder()).expect("the fixtures are there") {
        let name = entry.expect("readable").file_name();
        let name = name.to_string_lossy().into_owned();
        let is_named = named.contains(&("dockerfiles", name.clone()));
        assert!(is_named, "no row of rows.toml names the fixture {name}");
    }
}

#[test]
fn every_test_that_a_row_names_exists() {
    for row in rows() {
        for path in &row.tests {
            let (module, name) = path.rsplit_once("::").expect("a path with its module");
            let found = sources_of(module).iter().any(|file| {
                let text = fs::read_to_string(file).unwrap_or_default();
                text.contains(&format!("fn {name}("))
            });
            assert!(found, "{}: there is no test {path}", row.id);
        }
    }
}

/// The files a module's tests may stand in: `a::b::tests` is src/a/b.rs, src/a/b/mod.rs or
/// src/a/b/tests.rs; a module of this program is below tests/.
fn sources_of(module: &str) -> Vec<PathBuf> {
    let plain = module.strip_suffix("::tests").unwrap_or(module);
    let path = plain.replace("::", "/");
    ["src", "tests"]
        .into_iter()
        .flat_map(|top| {
            [
                format!("{top}/{path}.rs"),
                format!("{top}/{path}/mod.rs"),
                format!("{top}/{path}/tests.rs"),
            ]
        })
        .map(|file| root().join(file))
        .collect()
}
