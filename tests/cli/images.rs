//! Images: looked at, named, removed, carried away and brought back.

use std::fs;

use serde_json::Value;

use crate::common::strata::Home;

const SHOP: &str = "\
FROM scratch
ENV GREETING=hello
WORKDIR /app
COPY a.txt /app/
CMD [\"cat\", \"/app/a.txt\"]
";

fn shop() -> Home {
    let home = Home::with(SHOP);
    home.file("a.txt", "seven.\n");
    home.ok("build -q -t shop .");
    home
}

fn lines(text: &str) -> Vec<Vec<&str>> {
    let lines = text.lines().filter(|line| !line.is_empty());
    lines
        .map(|line| {
            line.split("  ")
                .map(str::trim)
                .filter(|it| !it.is_empty())
                .collect()
        })
        .collect()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

#[test]
fn a_quiet_build_prints_only_the_id() {
    let home = Home::with("FROM scratch\nENV A=1\n");
    let id = home.ok("build -q .");
    assert!(
        id.starts_with("sha256:") && id.trim_end().len() == 71,
        "{id:?}"
    );
}

#[test]
fn history_names_every_instruction_newest_first() {
    let home = shop();
    let text = home.ok("history --no-trunc shop");
    let rows = lines(&text);
    assert_eq!(
        rows[0],
        ["IMAGE", "CREATED", "CREATED BY", "SIZE", "COMMENT"]
    );
    let by: Vec<&str> = rows[1..].iter().map(|row| row[2]).collect();
    assert_eq!(
        by,
        [
            "CMD [\"cat\" \"/app/a.txt\"]",
            "COPY a.txt /app/ # buildkit",
            "WORKDIR /app",
            "ENV GREETING=hello"
        ]
    );
    assert_eq!(rows[2][3], "7B");
    assert_eq!(rows[2][0], "<missing>");
    let id = home.ok("images -q --no-trunc shop");
    assert_eq!(rows[1][0], id.trim_end());
}

/// Returns the column CREATED of a history, newest first.
fn ages(home: &Home, image: &str) -> Vec<String> {
    let text = home.ok(&format!("history {image}"));
    let rows = lines(&text);
    rows[1..].iter().map(|row| row[1].to_owned()).collect()
}

#[test]
fn a_setting_is_as_old_as_the_nearest_layer_and_what_has_no_time_says_so() {
    let home = Home::with("FROM practice-os\nENV A=1\nRUN true\nENV B=2\n");
    home.ok("build -q -t app .");
    let ages = ages(&home, "app");
    let (own, base) = ages.split_at(3);
    for age in own {
        assert!(age.contains("second"), "{ages:?}");
    }
    assert!(base.iter().all(|age| age == "N/A"), "{ages:?}");
    let before = home.ok("images -q --no-trunc app");
    home.ok("build -q -t app .");
    assert_eq!(
        home.ok("images -q --no-trunc app"),
        before,
        "the same again"
    );
}

#[test]
fn settings_alone_are_as_old_as_their_base() {
    let home = Home::with("FROM practice-os\nENV A=1\n");
    home.ok("build -q -t app .");
    assert!(ages(&home, "app").iter().all(|age| age == "N/A"));
    assert!(home.ok("images app").contains("N/A"));
}

#[test]
fn images_lists_names_and_short_ids() {
    let home = shop();
    home.ok("tag shop shop:v2");
    let text = home.ok("images");
    let rows = lines(&text);
    assert_eq!(
        rows[0],
        ["REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE"]
    );
    let mut names: Vec<&[&str]> = rows[1..].iter().map(|row| &row[..2]).collect();
    names.sort_unstable();
    assert_eq!(names, [["shop", "latest"], ["shop", "v2"]]);
    assert_eq!(rows[1][2].len(), 12);
    assert_eq!(rows[1][4], "7B");
}

#[test]
fn inspect_is_docker_shaped_json() {
    let home = shop();
    let found = json(&home.ok("inspect shop"));
    let image = &found[0];
    assert_eq!(image["RepoTags"], serde_json::json!(["shop:latest"]));
    assert_eq!(image["Config"]["WorkingDir"], "/app");
    assert_eq!(
        image["Config"]["Cmd"],
        serde_json::json!(["cat", "/app/a.txt"])
    );
    assert_eq!(image["RootFS"]["Layers"].as_array().unwrap().len(), 2);
    assert_eq!(image["Size"], 7);
}

#[test]
fn the_beginning_of_an_id_is_enough() {
    let home = shop();
    let id = home.ok("images -q --no-trunc shop");
    let short = &id.trim_start_matches("sha256:")[..4];
    let found = json(&home.ok(&format!("inspect {short}")));
    assert_eq!(found[0]["Id"], id.trim_end());
}

#[test]
fn rmi_of_one_name_of_two_only_takes_the_name_away() {
    let home = shop();
    home.ok("tag shop other:1");
    assert_eq!(home.ok("rmi shop"), "Untagged: shop:latest\n");
    let id = home.ok("images -q --no-trunc other:1");
    let said = home.ok("rmi other:1");
    assert_eq!(
        said,
        format!("Untagged: other:1\nDeleted: {}\n", id.trim_end())
    );
    assert_eq!(home.ok("images -q"), "");
    home.assert_clean();
}

#[test]
fn rmi_refuses_an_image_that_a_container_uses() {
    let home = Home::with("FROM practice-os\nLABEL a=b\n");
    home.ok("build -q -t used .");
    home.ok("run --name user used true");
    home.call("rmi used").fails(1, "conflict");
    home.ok("rm user");
    home.ok("rmi used");
}

#[test]
fn what_was_saved_loads_into_another_store_as_the_same_image() {
    let (from, to) = (shop(), Home::new());
    let archive = from.beside("shop.tar");
    let archive = archive.to_str().unwrap();
    from.ok(&format!("save -o {archive} shop"));
    assert_eq!(
        to.ok(&format!("load -i {archive}")),
        "Loaded image: shop:latest\n"
    );
    assert_eq!(
        to.ok("images -q --no-trunc shop"),
        from.ok("images -q --no-trunc shop")
    );
    to.assert_clean();
}

#[test]
fn an_oci_folder_loads_as_the_same_image() {
    let (from, to) = (shop(), Home::new());
    let folder = from.beside("oci");
    let folder = folder.to_str().unwrap();
    from.ok(&format!("save --oci {folder} shop"));
    to.ok(&format!("load -i {folder}"));
    assert_eq!(
        to.ok("images -q --no-trunc shop"),
        from.ok("images -q --no-trunc shop")
    );
}

#[test]
fn an_archive_goes_through_a_pipe() {
    let (from, to) = (shop(), Home::new());
    let saved = from.command(["save", "shop"]).output().unwrap();
    assert!(saved.status.success());
    let path = from.beside("piped.tar");
    fs::write(&path, saved.stdout).unwrap();
    let mut load = to.command(["load"]);
    load.stdin(fs::File::open(&path).unwrap());
    let said = String::from_utf8(load.output().unwrap().stdout).unwrap();
    assert_eq!(said, "Loaded image: shop:latest\n");
}

#[test]
fn a_tag_on_a_new_build_takes_the_name_from_the_old_image() {
    let home = shop();
    let old = home.ok("images -q --no-trunc shop");
    home.file("a.txt", "other\n");
    home.ok("build -q -t shop .");
    let new = home.ok("images -q --no-trunc shop");
    assert_ne!(old, new);
    let found = json(&home.ok(&format!("inspect {}", old.trim_end())));
    assert_eq!(found[0]["RepoTags"], serde_json::json!([]));
}

#[test]
fn reset_takes_the_store_away_and_the_next_build_begins_anew() {
    let home = shop();
    home.call("system reset").fails(1, "this would remove");
    home.ok("system reset -f");
    assert!(!home.store().exists());
    assert_eq!(home.states(""), "BASE META MISS MISS META");
}
