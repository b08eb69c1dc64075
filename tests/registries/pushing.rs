//! Images go to registries.

use serde_json::Value;

use crate::common::registry::{MANIFEST, Made, Odd, Registry};
use crate::common::strata::Home;

fn inspected(home: &Home, name: &str) -> Value {
    let said: Value = serde_json::from_str(&home.ok(&format!("inspect {name}"))).unwrap();
    said[0].clone()
}

fn sent(registry: &Registry) -> Vec<String> {
    let asked = registry.asked();
    asked
        .into_iter()
        .filter(|it| it.starts_with("PUT") || it.starts_with("POST"))
        .collect()
}

#[test]
fn what_was_pushed_comes_back_with_the_same_digests() {
    let registry = Registry::new();
    let home = Home::with("FROM scratch\nCOPY a /\nCOPY b /\n").online();
    home.file("a", "a");
    home.file("b", "b");
    let name = registry.name("me/shop:1");
    home.ok(&format!("build -q -t {name} ."));
    let said = home.ok(&format!("push {name}"));
    assert!(
        said.starts_with(&format!(
            "The push refers to repository [{}]\n",
            registry.name("me/shop")
        )),
        "{said}"
    );
    assert_eq!(said.matches(": Pushed\n").count(), 2, "{said}");
    let bytes = registry.has_manifest("me/shop", "1").unwrap();
    let digest = strata::digest::Digest::of(&bytes);
    assert!(
        said.ends_with(&format!("1: digest: {digest} size: {}\n", bytes.len())),
        "{said}"
    );
    let before = inspected(&home, &name);
    assert_eq!(
        before["RepoDigests"][0],
        registry.name(&format!("me/shop@{digest}"))
    );

    // Two layers and a config, each with a place and its bytes, and the manifest.
    assert_eq!(sent(&registry).len(), 7);
    let again = home.ok(&format!("push {name}"));
    assert_eq!(
        again.matches(": Layer already exists\n").count(),
        2,
        "{again}"
    );
    assert_eq!(sent(&registry), ["PUT /v2/me/shop/manifests/1 201"]);

    home.ok(&format!("rmi {name}"));
    let pulled = home.ok(&format!("pull {name}"));
    assert!(pulled.contains(&digest.to_string()), "{pulled}");
    let after = inspected(&home, &name);
    for part in ["Id", "RootFS", "RepoDigests"] {
        assert_eq!(after[part], before[part]);
    }
    home.assert_clean();

    // A new layer goes alone; what is pushed on does not change its digest.
    home.ok(&format!("push {name}"));
    assert_eq!(registry.has_manifest("me/shop", "1"), Some(bytes));
    home.file("Dockerfile", format!("FROM {name}\nCOPY a /c\n"));
    sent(&registry);
    let next = registry.name("me/shop:2");
    home.ok(&format!("build -q -t {next} ."));
    let said = home.ok(&format!("push {next}"));
    assert_eq!(said.matches(": Pushed\n").count(), 1, "{said}");
}

#[test]
fn another_repository_gives_what_it_has() {
    let registry = Registry::new();
    let home = Home::with("FROM scratch\nCOPY a /\n").online();
    home.file("a", "a");
    let (one, two) = (registry.name("one"), registry.name("two"));
    home.ok(&format!("build -q -t {one} -t {two} ."));
    home.ok(&format!("push {one}"));
    sent(&registry);
    let said = home.ok(&format!("push {two}"));
    assert!(said.contains(": Mounted from one\n"), "{said}");
    let sent = sent(&registry);
    // The config and the manifest; of the layer only the question.
    assert_eq!(
        sent.iter().filter(|it| it.starts_with("PUT")).count(),
        2,
        "{sent:?}"
    );
}

#[test]
fn every_tag_goes_at_once_and_what_is_not_here_is_named() {
    let registry = Registry::new();
    let home = Home::with("FROM scratch\nCOPY a /\n").online();
    home.file("a", "a");
    let name = registry.name("shop");
    home.ok(&format!("build -q -t {name}:1 -t {name}:2 ."));
    let said = home.ok(&format!("push -a {name}"));
    assert!(
        said.contains("\n1: digest: ") && said.contains("\n2: digest: "),
        "{said}"
    );
    for tag in ["1", "2"] {
        assert!(registry.has_manifest("shop", tag).is_some());
    }
    home.call(&format!("push {name}"))
        .fails(1, "An image does not exist locally with the tag");
    let digest = format!("push {name}@sha256:{}", "0".repeat(64));
    home.call(&digest)
        .fails(1, "cannot push a digest reference");
}

#[test]
fn an_upload_that_broke_off_is_made_again() {
    let registry = Registry::new();
    let home = Home::with("FROM scratch\nCOPY a /\n").online();
    home.file("a", "a");
    let name = registry.name("shop");
    home.ok(&format!("build -q -t {name} ."));
    registry.odd(
        "/v2/shop/blobs/uploads/",
        &[
            Odd::status(500),
            Odd::status(202).header("Location", "/v2/gone?a=b"),
            Odd::status(202).header("Location", "/v2/shop/blobs/uploads/8?a=b"),
        ],
    );
    home.ok(&format!("push {name}"));
    assert!(registry.has_manifest("shop", "latest").is_some());
}

#[test]
fn what_others_made_goes_on_byte_for_byte() {
    let (registry, home) = (Registry::new(), Home::new().online());
    registry.put_image("theirs", "latest", &Made::gzipped(b"text"));
    let bytes = registry.has_manifest("theirs", "latest");
    let (theirs, mine) = (registry.name("theirs"), registry.name("mine"));
    home.ok(&format!("pull {theirs}"));
    home.ok(&format!("tag {theirs} {mine}"));
    home.ok(&format!("push {mine}"));
    assert_eq!(registry.has_manifest("mine", "latest"), bytes);
    assert!(String::from_utf8_lossy(&bytes.unwrap()).contains(MANIFEST));
}
