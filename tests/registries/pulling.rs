//! Images come from registries.

use serde_json::{Value, json};

use crate::common::registry::{INDEX, MANIFEST, Made, Odd, Registry, tar};
use crate::common::strata::Home;

/// The store is clean, and nothing is half here. (To look into layers that others made, `fsck`
/// unpacks them in a folder that the next start collects.)
fn assert_whole(home: &Home) {
    let said = home.ok("system fsck");
    assert!(said.contains("the store is clean"), "{said}");
    assert!(!home.store().join("tmp/partial").exists());
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_pull_says_what_docker_says() {
    let (registry, home) = (Registry::new(), Home::new().online());
    let (digest, layer) = registry.put_image("library/one", "1", &Made::gzipped(b"text"));
    let name = registry.name("library/one:1");
    let id = &layer["sha256:".len()..][..12];
    let said = home.ok(&format!("pull {name}"));
    assert_eq!(
        said,
        format!(
            "1: Pulling from library/one\n{id}: Pulling fs layer\n{id}: Download complete\n\
             {id}: Pull complete\nDigest: {digest}\nStatus: Downloaded newer image for {name}\n{name}\n"
        )
    );
    let again = home.ok(&format!("pull {name}"));
    assert!(
        again.contains(&format!("Status: Image is up to date for {name}\n")),
        "{again}"
    );
    assert_eq!(home.ok(&format!("pull -q {name}")), format!("{name}\n"));
    let inspected = json(&home.ok(&format!("inspect {name}")));
    let noted = registry.name(&format!("library/one@{digest}"));
    assert_eq!(inspected[0]["RepoDigests"], json!([noted]));
    assert_whole(&home);
    // By its digest it is the same image.
    let by_digest = home.ok(&format!("pull {noted}"));
    assert!(by_digest.contains("Image is up to date"), "{by_digest}");
    assert_eq!(
        json(&home.ok(&format!("inspect {noted}")))[0]["Id"],
        inspected[0]["Id"]
    );
}

#[test]
fn without_a_tag_it_is_latest_and_with_a_every_tag() {
    let (registry, home) = (Registry::new(), Home::new().online());
    for tag in ["1", "2", "latest"] {
        registry.put_image("shop", tag, &Made::gzipped(tag.as_bytes()));
    }
    let said = home.ok(&format!("pull {}", registry.name("shop")));
    assert!(
        said.starts_with("Using default tag: latest\nlatest: Pulling from shop\n"),
        "{said}"
    );
    home.ok(&format!("pull -a {}", registry.name("shop")));
    let mut tags = home
        .ok("images")
        .lines()
        .filter(|it| it.contains("/shop"))
        .count();
    assert_eq!(tags, 3);
    let called = home.call(&format!("pull -a {}", registry.name("shop:1")));
    called.fails(1, "tag can't be used with --all-tags/-a");
    tags = home.ok("images -q").lines().count();
    assert_eq!(tags, 3);
}

#[test]
fn from_and_run_pull_what_is_missing_and_plan_does_not() {
    let registry = Registry::new();
    registry.put_image("base", "latest", &Made::gzipped(b"text"));
    let name = registry.name("base");
    let home = Home::with(&format!("FROM {name}\nLABEL a=b\n")).online();
    let refused = home.call("plan .").fails(1, "not found in the store");
    assert!(refused.contains(&format!("pull {name}")), "{refused}");
    assert_eq!(registry.asked(), Vec::<String>::new());
    let said = home.ok("build --progress plain .");
    assert!(said.contains("Pull complete"), "{said}");
    let asked = registry.asked().len();
    assert!(asked > 0);
    home.ok("build .");
    assert_eq!(
        registry.asked(),
        Vec::<String>::new(),
        "nothing is asked about what is here"
    );
    home.ok("build --pull .");
    assert!(
        registry
            .asked()
            .iter()
            .any(|it| it.contains("/manifests/latest"))
    );
    home.ok(&format!("rmi {name}"));
    let never = home.call(&format!("run --rm --pull never {name} x"));
    never.fails(125, "not found in the store");
    // There is no program in the image, but it has come.
    let run = home.call(&format!("run --rm {name} nosuch"));
    assert!(
        run.err
            .contains(&format!("Unable to find image '{name}:latest' locally")),
        "{run:?}"
    );
    assert!(home.ok("images").contains("/base"));
    home.ok(&format!("rmi -f {name}"));
    home.ok(&format!("create {name} nosuch"));
    assert!(
        home.ok("images").contains("/base"),
        "create pulls as run does"
    );
}

#[test]
fn what_copy_and_mounts_take_files_from_is_pulled_too() {
    let (registry, home) = (Registry::new(), Home::new().online());
    for name in ["one", "two"] {
        registry.put_image(name, "1", &Made::gzipped(name.as_bytes()));
    }
    let (one, two) = (registry.name("one:1"), registry.name("two:1"));
    home.file(
        "Dockerfile",
        format!(
            "FROM practice-os\nCOPY --from={one} /f /a\n\
             RUN --mount=from={two},target=/two cat /two/f > /b\n"
        ),
    );
    home.call("plan .").fails(1, "not found in the store");
    home.ok("build -q -t both .");
    assert_eq!(home.shell("both", "cat /a /b"), "onetwo");
}

#[test]
fn of_an_index_the_right_image_comes_and_the_index_stays_whole() {
    let (registry, home) = (Registry::new(), Home::new().online());
    let mut entries = Vec::new();
    for (architecture, variant) in [("arm64", ""), ("amd64", ""), ("arm", "v6"), ("arm", "v7")] {
        let text = format!("{architecture}{variant}");
        let plain = tar(text.as_bytes());
        let made = Made::new(
            plain.clone(),
            "application/vnd.oci.image.layer.v1.tar",
            &plain,
            architecture,
        );
        let (digest, _) = registry.put_image("many", &text, &made);
        let size = registry.has_manifest("many", &text).unwrap().len();
        let mut platform = json!({ "os": "linux", "architecture": architecture });
        if !variant.is_empty() {
            platform["variant"] = variant.into();
        }
        entries.push(
            json!({ "mediaType": MANIFEST, "digest": digest, "size": size, "platform": platform }),
        );
    }
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": entries });
    let digest = registry.put_manifest("many", "1", INDEX, &index);
    let name = registry.name("many:1");
    let read = |home: &Home| {
        let out = home.beside("out");
        let image = format!("FROM {name}\n");
        home.file("Dockerfile", image);
        home.ok(&format!("build -q -o {} .", out.display()));
        std::fs::read_to_string(out.join("f")).unwrap()
    };
    let own = match std::env::consts::ARCH {
        "aarch64" => "arm64",
        _ => "amd64",
    };
    home.ok(&format!("pull {name}"));
    assert_eq!(read(&home), own);
    let kept = home
        .store()
        .join("blobs/sha256")
        .join(&digest["sha256:".len()..]);
    assert_eq!(
        std::fs::read(kept).unwrap(),
        registry.has_manifest("many", "1").unwrap()
    );
    for (platform, text) in [("linux/arm/v7", "armv7"), ("linux/arm64/v8", "arm64")] {
        let said = home.ok(&format!("pull --platform {platform} {name}"));
        assert!(said.contains(&digest), "{said}");
        assert_eq!(read(&home), text);
    }
    let missing = home.call(&format!("pull --platform linux/s390x {name}"));
    let said = missing.fails(
        1,
        "no matching manifest for linux/s390x in the manifest list entries",
    );
    assert!(said.contains("linux/arm/v7"), "{said}");
    home.call(&format!("pull --platform beos {name}"))
        .fails(1, "unknown operating system");
    assert_whole(&home);
}

#[test]
fn what_broke_off_goes_on_where_it_ended() {
    let (registry, home) = (Registry::new(), Home::new().online());
    // Noise, so that the layer is as large as it looks.
    let noise: Vec<u8> = (0..600_000_u32)
        .flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes())
        .collect();
    let (_, layer) = registry.put_image("big", "latest", &Made::gzipped(&noise));
    let path = format!("/v2/big/blobs/{layer}");
    let name = registry.name("big");
    // Once: the same pull goes on.
    registry.cut(&path, 1_000_000, 1);
    home.ok(&format!("pull {name}"));
    let asked = registry.asked();
    let ranges = || asked.iter().filter(|it| it.contains(" 206 bytes="));
    assert_eq!(ranges().count(), 1, "{asked:?}");
    home.ok(&format!("rmi {name}"));
    // For good: the next pull goes on.
    registry.cut(&path, 0, usize::MAX);
    registry.odd(&path, &[Odd::status(200)]);
    home.call(&format!("pull {name}")).fails(1, "broke off");
    registry.even();
    registry.cut(&path, 1_500_000, 1);
    registry.odd(&path, &[]);
    registry.asked();
    home.ok(&format!("pull {name}"));
    assert_whole(&home);
}

#[test]
fn a_pull_that_failed_leaves_what_came_to_the_next_one() {
    let (registry, home) = (Registry::new(), Home::new().online());
    let noise: Vec<u8> = (0..100_000_u32)
        .flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes())
        .collect();
    let made = Made::gzipped(&noise);
    let (_, layer) = registry.put_image("big", "latest", &made);
    let path = format!("/v2/big/blobs/{layer}");
    let half = made.blob.len() / 2;
    // It promises everything, sends the half, and then nothing any more.
    registry.odd(
        &path,
        &[
            Odd::body("x", &made.blob[..half]).times(1),
            Odd::status(403),
        ],
    );
    home.call(&format!("pull {}", registry.name("big")))
        .fails(1, "denied");
    let partial = home
        .store()
        .join("tmp/partial")
        .join(&layer["sha256:".len()..]);
    assert_eq!(std::fs::metadata(&partial).unwrap().len(), half as u64);
    registry.even();
    registry.asked();
    home.ok(&format!("pull {}", registry.name("big")));
    let asked = registry.asked();
    let wanted = format!("GET {path} 206 bytes={half}-");
    assert!(asked.contains(&wanted), "{asked:?}");
    assert_whole(&home);
}

#[test]
fn a_server_that_is_busy_is_asked_again() {
    let (registry, home) = (Registry::new(), Home::new().online());
    registry.put_image("busy", "latest", &Made::gzipped(b"text"));
    let path = "/v2/busy/manifests/latest";
    let busy = Odd::status(429).header("Retry-After", "0");
    registry.odd(
        path,
        &[
            Odd::status(503),
            busy,
            Odd::status(301).header("Location", "/v2/busy/manifests/latest?again"),
        ],
    );
    let again = "/v2/busy/manifests/latest?again";
    let bytes = registry.has_manifest("busy", "latest").unwrap();
    registry.odd(again, &[Odd::body(MANIFEST, bytes)]);
    home.ok(&format!("pull {}", registry.name("busy")));
    let asked = registry.asked();
    assert_eq!(
        asked.iter().filter(|it| it.contains(path)).count(),
        4,
        "{asked:?}"
    );
}

#[test]
fn a_mirror_stands_for_the_hub_and_its_failure_is_not_the_end() {
    let mirror = Registry::new();
    mirror.put_image("library/node", "18", &Made::gzipped(b"text"));
    let home = Home::new()
        .online()
        .variable("STRATA_MIRRORS", format!("http://{}", mirror.host()));
    let said = home.ok("pull node:18");
    assert!(
        said.ends_with("Status: Downloaded newer image for node:18\ndocker.io/library/node:18\n"),
        "{said}"
    );
    let wrong = Home::new()
        .online()
        .variable("STRATA_MIRRORS", "http://mirror.example");
    wrong
        .call("pull node")
        .fails(1, "invalid mirror \"http://mirror.example\"");
}

#[test]
fn layers_of_zstd_are_read() {
    let (registry, home) = (Registry::new(), Home::new().online());
    let plain = tar(b"text");
    let packed =
        ruzstd::encoding::compress_to_vec(&plain[..], ruzstd::encoding::CompressionLevel::Fastest);
    let made = Made::new(
        packed,
        "application/vnd.oci.image.layer.v1.tar+zstd",
        &plain,
        "amd64",
    );
    registry.put_image("z", "latest", &made);
    let name = registry.name("z");
    home.ok(&format!("pull {name}"));
    assert_whole(&home);
    home.file("Dockerfile", format!("FROM {name}\n"));
    let out = home.beside("out");
    home.ok(&format!("build -q -o {} .", out.display()));
    assert_eq!(std::fs::read(out.join("f")).unwrap(), b"text");
}

#[test]
fn without_a_network_the_sentence_names_what_there_is() {
    let home = Home::with("FROM nosuch\n");
    for words in ["build .", "run --rm nosuch x"] {
        let code = if words.starts_with("run") { 125 } else { 1 };
        let said = home.call(words).fails(
            code,
            "nosuch: not found in the store, and no registry can be reached",
        );
        assert!(
            said.contains("practice-os, practice-node, scratch"),
            "{said}"
        );
    }
    home.call("pull nosuch")
        .fails(1, "no registry is asked, because STRATA_OFFLINE is set");
}

#[test]
fn manifests_and_names_are_looked_up() {
    let (registry, home) = (Registry::new(), Home::new().online());
    let (digest, _) = registry.put_image("one", "1", &Made::gzipped(b"text"));
    let name = registry.name("one:1");
    let shown = json(&home.ok(&format!("manifest inspect {name}")));
    assert_eq!(shown["mediaType"], MANIFEST);
    let verbose = json(&home.ok(&format!("manifest inspect -v {name}")));
    assert_eq!(verbose["Descriptor"]["digest"], digest);
    assert_eq!(verbose["Ref"], name);
    home.call(&format!("manifest inspect {}", registry.name("one:2")))
        .fails(1, "manifest unknown");
    let found = json!({ "results": [
        { "name": "shop", "description": "sells\nthings", "star_count": 3, "is_official": true },
    ]});
    registry.odd(
        "/v1/search?q=shop&n=25",
        &[Odd::body("application/json", found.to_string())],
    );
    let said = home.ok(&format!("search {}", registry.name("shop")));
    let rows: Vec<Vec<&str>> = said
        .lines()
        .map(|it| it.split_whitespace().collect())
        .collect();
    assert_eq!(rows[0], ["NAME", "DESCRIPTION", "STARS", "OFFICIAL"]);
    assert_eq!(rows[1], ["shop", "sells", "things", "3", "[OK]"]);
}
