//! What `build` writes beside the store: `--output`, `--metadata-file`; and `--expect-cached`.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use serde_json::Value;

use crate::common::strata::Home;

const APP: &str = "\
FROM scratch
COPY --chmod=600 --chown=5:6 a /d/a
COPY b /d/
COPY <<one <<two /d/
1
one
2
two
";

fn app() -> Home {
    let home = Home::with(APP);
    home.file("a", "text");
    home.file("b", "other");
    home
}

fn names(tar: &[u8]) -> Vec<String> {
    let mut archive = tar::Archive::new(tar);
    let entries = archive.entries().unwrap();
    let name = |entry: std::io::Result<tar::Entry<'_, &[u8]>>| {
        entry.unwrap().path().unwrap().display().to_string()
    };
    entries.map(name).collect()
}

#[test]
fn a_folder_gets_the_files_and_they_belong_to_whoever_builds() {
    for option in ["-o ../out", "--output type=local,dest=../out"] {
        let home = app();
        fs::create_dir(home.beside("out")).unwrap();
        fs::write(home.beside("out/kept"), "").unwrap();
        home.ok(&format!("build {option} ."));
        let out = home.beside("out");
        assert_eq!(fs::read_to_string(out.join("d/a")).unwrap(), "text");
        let meta = fs::metadata(out.join("d/a")).unwrap();
        assert_eq!(meta.permissions().mode() & 0o7777, 0o600);
        assert_eq!(meta.uid(), fs::metadata(home.context()).unwrap().uid());
        assert!(out.join("kept").exists());
        home.assert_clean();
    }
}

#[test]
fn what_a_later_layer_hides_is_not_there() {
    let home = Home::with("FROM practice-os\nRUN echo 1 > /gone; echo 2 > /stays\nRUN rm /gone\n");
    home.ok("build -q -o ../out .");
    assert!(home.beside("out/stays").exists());
    assert!(!home.beside("out/gone").exists());
    assert!(home.beside("out/bin/sh").symlink_metadata().is_ok());
}

#[test]
fn a_tar_goes_to_a_file_or_to_standard_output() {
    let home = app();
    home.ok("build -q --output type=tar,dest=../out.tar .");
    let expected = ["d/", "d/a", "d/b", "d/one", "d/two"];
    let bytes = fs::read(home.beside("out.tar")).unwrap();
    assert_eq!(names(&bytes), expected);
    for option in ["-o -", "-o type=tar"] {
        let words: Vec<&str> = ["build", "."]
            .into_iter()
            .chain(option.split(' '))
            .collect();
        let output = home.command(words).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        assert_eq!(output.stdout, bytes);
    }
}

#[test]
fn hard_links_of_an_image_are_links_of_its_tar() {
    let home = Home::with("FROM scratch\nCOPY d /d\n");
    home.file("d/a", "text");
    fs::hard_link(home.context().join("d/a"), home.context().join("d/b")).unwrap();
    home.ok("build -q -o ../out .");
    let inode = |name: &str| fs::metadata(home.beside(name)).unwrap().ino();
    assert_eq!(inode("out/d/a"), inode("out/d/b"));
}

#[test]
fn an_image_goes_to_an_archive_or_a_layout() {
    let home = app();
    for (option, loaded) in [
        ("type=docker,dest=../image.tar", "../image.tar"),
        ("type=oci,dest=../oci.tar", "../oci.tar"),
        ("type=oci,tar=false,dest=../layout", "../layout"),
    ] {
        let id = home.ok(&format!("build -q -t app --output {option} ."));
        let other = Home::new();
        let path = home.context().join(loaded);
        other.words(&["load", "-i", path.to_str().unwrap()]).ok();
        assert_eq!(other.ok("images -q --no-trunc app"), id, "{option}");
    }
}

#[test]
fn several_outputs_are_written() {
    let home = app();
    home.ok("build -q -o ../one -o type=tar,dest=../two.tar -o type=docker .");
    assert!(home.beside("one/d/a").exists() && home.beside("two.tar").exists());
}

#[test]
fn a_failed_build_writes_nothing() {
    let home = Home::with("FROM scratch\nCOPY missing /\n");
    home.call("build -o ../out --metadata-file ../meta .")
        .fails(1, "missing");
    assert!(!home.beside("out").exists() && !home.beside("meta").exists());
}

#[test]
fn outputs_that_make_no_sense_are_refused_before_anything_is_built() {
    let home = app();
    for (option, words) in [
        ("type=zip,dest=x", "unsupported output type \"zip\""),
        ("type=local", "dest is required"),
        ("dest=x", "type is required"),
        ("type=registry", "tag is needed"),
    ] {
        home.call(&format!("build --output {option} ."))
            .fails(125, words);
    }
    home.call("build -o - -o type=tar .")
        .fails(125, "only one --output");
    assert_eq!(home.plan("").states(), "BASE MISS MISS MISS");
}

#[test]
fn metadata_names_the_image_as_docker_does() {
    let home = app();
    let id = home.ok("build -q -t app -t app:2 --metadata-file ../meta .");
    let text = fs::read_to_string(home.beside("meta")).unwrap();
    let found: BTreeMap<String, Value> = serde_json::from_str(&text).unwrap();
    assert_eq!(found["containerimage.config.digest"], id.trim_end());
    assert_eq!(found["image.name"], "app:latest,app:2");
    let manifest = found["containerimage.digest"].as_str().unwrap();
    let shown = home.ok("images --digests app");
    assert!(shown.contains(manifest), "{shown}");
}

#[test]
fn expect_cached_fails_at_the_first_miss_and_says_why() {
    let home = app();
    home.build("");
    home.ok("build --expect-cached .");
    home.file("b", "changed");
    let said = home
        .call("build --expect-cached -t app .")
        .fails(1, "step 3 would have to run");
    assert!(said.contains("Dockerfile:3"), "{said}");
    assert!(said.contains("b: digest"), "{said}");
    assert_eq!(home.ok("images -q app"), "");
    // Nothing ran, and nothing was recorded.
    assert_eq!(home.plan("").states(), "BASE HIT MISS MISS");
    home.assert_clean();
    home.build("");
    home.ok("build --expect-cached .");
}

#[test]
fn expect_cached_on_an_empty_store_fails_at_the_first_step() {
    let home = app();
    let called = home.call("build --expect-cached --json .");
    assert_eq!(called.code, Some(1), "{called:#?}");
    let rows = crate::common::strata::Rows::new(&called.out);
    assert_eq!(rows.states(), "BASE FAIL WAIT WAIT");
    assert_eq!(rows.step(2)["reasons"][0]["kind"], "never-built");
}
