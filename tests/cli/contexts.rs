//! Build contexts that come on standard input, as a tar or as nothing but a Dockerfile.

use std::io::Write;
use std::process::Stdio;

use crate::common::strata::{Called, Home, Rows, entries};

/// Calls strata with these bytes on standard input.
pub fn piped(home: &Home, words: &str, input: &[u8]) -> Called {
    let mut command = home.command(words.split_whitespace());
    command.stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // Who refuses before it has read everything closes the pipe.
    let _ = child.stdin.take().unwrap().write_all(input);
    Called::new(words.to_owned(), child.wait_with_output().unwrap())
}

pub fn tar(files: &[(&str, &str)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_uid(12345);
        tar.append_data(&mut header, name, content.as_bytes())
            .unwrap();
    }
    tar.into_inner().unwrap()
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

#[test]
fn a_tar_is_the_context_and_may_be_compressed() {
    let files = [
        ("Dockerfile", "FROM scratch\nCOPY . /x/\n"),
        ("a/b", "text"),
        (".dockerignore", "Dockerfile\n.dockerignore\n"),
    ];
    let tar = tar(&files);
    for input in [tar.clone(), gzip(&tar)] {
        let home = Home::new();
        piped(&home, "build -q -t image -", &input).ok();
        let shown = home.ok("files image");
        assert!(shown.contains("/x/a/b"), "{shown}");
        assert!(!shown.contains("Dockerfile"), "{shown}");
        home.assert_clean();
    }
}

#[test]
fn the_same_tar_again_is_all_hit_and_leaves_nothing_behind() {
    let home = Home::new();
    let input = |text| tar(&[("Dockerfile", "FROM scratch\nCOPY a /\n"), ("a", text)]);
    let states = |words: &str, text| Rows::new(&piped(&home, words, &input(text)).ok()).states();
    assert_eq!(states("plan --json -", "1"), "BASE MISS");
    assert_eq!(states("build --json -", "1"), "BASE MISS");
    assert_eq!(states("build --json -", "1"), "BASE HIT");
    assert_eq!(states("build --json -", "2"), "BASE MISS");
    // The last build of the folder it was started in.
    let why = home.ok("why 2");
    assert!(why.contains('a'), "{why}");
    assert_eq!(entries(&home.store().join("cache/contexts")), [""; 0]);
    home.assert_clean();
}

#[test]
fn another_dockerfile_of_the_tar_can_be_named() {
    let home = Home::new();
    let input = tar(&[("d/other", "FROM scratch\nCOPY a /\n"), ("a", "")]);
    piped(&home, "build -q -f d/other -", &input).ok();
    piped(&home, "build -q -", &input).fails(1, "Dockerfile is not in the tar");
}

#[test]
fn anything_else_is_a_dockerfile_without_a_context() {
    let home = Home::new();
    home.file("a", "not to be seen");
    piped(&home, "build -q -", b"FROM scratch\nENV a=b\n").ok();
    let copies = b"FROM scratch\nCOPY a /\n";
    piped(&home, "build -q -", copies).fails(1, "Dockerfile:2: error: \"/a\": not found");
    piped(&home, "build -q -", b"FORM scratch\n").fails(1, "Dockerfile:1");
    piped(&home, "build -q -", b"").fails(1, "Dockerfile");
}

#[test]
fn links_of_a_tar_lead_nowhere_else() {
    let home = Home::new();
    std::fs::write(home.beside("secret"), "FROM scratch\nENV secret=1\n").unwrap();
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    tar.append_link(&mut header, "Dockerfile", home.beside("secret"))
        .unwrap();
    let input = tar.into_inner().unwrap();
    piped(&home, "build -q -", &input).fails(1, "Dockerfile is not in the tar");
}

#[test]
fn standard_input_is_one_thing_only() {
    let home = Home::new();
    piped(&home, "build -f - -", b"FROM scratch\n").fails(1, "can't use stdin for both");
}

#[test]
fn a_named_folder_is_copied_from_like_a_stage() {
    let home = Home::with(
        "FROM practice-os\nCOPY --from=assets a /x/\nRUN --mount=from=assets,target=/m cat /m/b > /b\n",
    );
    let assets = home.beside("assets");
    std::fs::create_dir(&assets).unwrap();
    for (name, text) in [
        ("a", "one"),
        ("b", "two"),
        (".dockerignore", "secret"),
        ("secret", ""),
    ] {
        std::fs::write(assets.join(name), text).unwrap();
    }
    let options = "--build-context assets=../assets";
    let plan = home.plan(options);
    let build = home.build(&format!("{options} -t image"));
    assert_eq!(plan.verdicts(), build.verdicts());
    assert_eq!(home.shell("image", "cat /x/a /b"), "onetwo");
    assert_eq!(home.states(options), "BASE HIT HIT");
    std::fs::write(assets.join("a"), "changed").unwrap();
    assert_eq!(home.plan(options).states(), "BASE MISS MISS");
    home.file("Dockerfile", "FROM scratch\nCOPY --from=assets secret /\n");
    home.call(&format!("build -q {options} ."))
        .fails(1, "leaves it out");
}

#[test]
fn a_stage_may_begin_with_a_named_folder() {
    let home = Home::with("FROM assets\nENV A=1\nCOPY --from=assets b /c\n");
    home.file("assets/a", "one");
    home.file("assets/b", "two");
    let options = "--build-context assets=assets";
    let plan = home.plan(options);
    let build = home.build(&format!("{options} -t image"));
    assert_eq!(plan.verdicts(), build.verdicts());
    assert_eq!(build.states(), "BASE MISS META MISS");
    let shown = home.ok("files image");
    assert!(
        ["/a", "/b", "/c"].iter().all(|path| shown.contains(path)),
        "{shown}"
    );
    home.file("assets/a", "changed");
    assert_eq!(home.states(options), "BASE MISS META MISS");
    assert_eq!(home.states(options), "BASE HIT META HIT");
    assert!(home.ok("history image").contains("COPY . /"));
}

#[test]
fn what_a_named_folder_leaves_out_is_never_guessed() {
    let home = Home::with("FROM scratch\nCOPY --from=assets . /\n");
    let assets = home.beside("assets");
    std::fs::create_dir(&assets).unwrap();
    std::fs::write(assets.join("secret"), "").unwrap();
    let ignore = assets.join(".dockerignore");
    // A comment in another encoding takes nothing away from the rest.
    std::fs::write(&ignore, b"# caf\xe9\nsecret\n").unwrap();
    let options = "--build-context assets=../assets";
    home.build(&format!("{options} -t image"));
    let shown = home.ok("files image");
    assert!(!shown.contains("secret"), "{shown}");
    // One that cannot be read leads nowhere.
    std::fs::remove_file(&ignore).unwrap();
    std::fs::create_dir(&ignore).unwrap();
    home.call(&format!("build -q {options} ."))
        .fails(1, ".dockerignore");
}

#[test]
fn a_name_may_stand_for_an_image() {
    let home = Home::with("FROM scratch\nCOPY a /\n");
    home.file("a", "text");
    home.build("-t mine");
    home.file("Dockerfile", "FROM other:1\nCOPY --from=other:1 a /b\n");
    home.call("build -q .").fails(1, "other:1");
    home.build("--build-context other:1=docker-image://mine -t image");
    let shown = home.ok("files image");
    assert!(shown.contains("/a") && shown.contains("/b"), "{shown}");
}

/// Two stages, of which the first cannot be built.
const REPLACED: &str = "\
FROM nowhere AS one
RUN exit 1
COPY --from=two x /
FROM scratch AS two
FROM scratch
COPY --from=one a /b
";

#[test]
fn a_folder_takes_the_place_of_a_stage() {
    let home = Home::with(REPLACED);
    home.file("folder/a", "folder");
    home.call("build -q .").fails(1, "");
    let options = "--build-context one=folder";
    assert_eq!(
        home.plan(options).states(),
        "BASE MISS SKIP SKIP SKIP BASE UNKNOWN"
    );
    home.ok(&format!("build -q {options} -o ../out ."));
    let copied = std::fs::read_to_string(home.beside("out/b")).unwrap();
    assert_eq!(copied, "folder");
    // The stage itself may be what is asked for.
    home.ok(&format!("build -q {options} --target one -t one ."));
    assert!(home.ok("files one").contains("/a"));
}

#[test]
fn an_image_takes_the_place_of_a_stage_and_triggers_nothing() {
    let home = Home::with("FROM scratch\nCOPY a /\nENV A=1\nONBUILD COPY nothing /\n");
    home.file("a", "text");
    home.ok("build -q -t mine .");
    home.file("Dockerfile", REPLACED);
    let options = "--build-context one=docker-image://mine";
    assert_eq!(home.plan(options).states(), "BASE SKIP SKIP SKIP BASE MISS");
    home.ok(&format!("build -q {options} -t image ."));
    assert!(home.ok("files image").contains("/b"));
    home.ok(&format!("build -q {options} --target one -t one ."));
    assert!(home.ok("inspect one").contains("A=1"));
}

#[test]
fn names_that_make_no_sense_are_refused() {
    let home = Home::with("FROM scratch\n");
    for (option, words) in [
        ("assets", "key=value"),
        ("assets=nowhere", "no such folder"),
        ("assets=oci-layout://x", "only folders"),
        ("Ä=.", "invalid --build-context"),
    ] {
        home.call(&format!("build --build-context {option} ."))
            .fails(125, words);
    }
}

#[test]
fn a_filter_that_names_no_stage_is_refused() {
    let home = Home::with("FROM scratch AS build\nENV a=b\n");
    home.call("build --no-cache-filter biuld .")
        .fails(1, "did you mean the stage build?");
    home.call("plan --no-cache-filter nothing .")
        .fails(1, "no stage is called \"nothing\"");
    home.ok("build -q --no-cache-filter BUILD .");
}
