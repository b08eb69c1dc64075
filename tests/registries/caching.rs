//! A build cache in a registry, and builds that push. A machine is a store.

use serde_json::Value;

use crate::common::registry::{GZIP, Made, Odd, Registry};
use crate::common::strata::Home;

const STAGES: &str = "FROM practice-os AS build\nCOPY a /in/\nRUN cat /in/a > /b\n\
                      FROM scratch\nCOPY --from=build /b /c\n";

fn machine() -> Home {
    let home = Home::with(STAGES).online();
    home.file("a", "text");
    home
}

/// All that a call that succeeds says.
fn whole(home: &Home, words: &str) -> String {
    let called = home.call(words);
    assert_eq!(called.code, Some(0), "{called:#?}");
    called.out + &called.err
}

/// How many blobs of the cache were asked for since the last look.
fn fetched(registry: &Registry) -> usize {
    let asked = registry.asked();
    let blobs = asked.iter();
    blobs
        .filter(|it| it.starts_with("GET /v2/me/cache/blobs/"))
        .count()
}

#[test]
fn what_one_machine_built_another_reuses() {
    let registry = Registry::new();
    let name = registry.name("me/cache:main");
    let built = machine();
    built.ok(&format!(
        "build -q --cache-to type=registry,ref={name},mode=max ."
    ));
    let own = built.build("").states();
    assert!(!own.contains("MISS"), "{own}");

    let other = machine();
    registry.asked();
    let states = other.build(&format!("--cache-from {name}")).states();
    assert_eq!(states, own);
    other.assert_clean();
    // The document and the layers of three steps.
    assert_eq!(fetched(&registry), 4);
    let why = other.ok("why 3");
    assert!(why.contains(&name), "{why}");

    // What is not reused is not fetched.
    let third = machine();
    third.file("a", "another text");
    let build = third.build(&format!("--cache-from type=registry,ref={name}"));
    let states = build.states();
    assert_eq!(states.matches("MISS").count(), 3, "{states}");
    assert_eq!(fetched(&registry), 1);
}

#[test]
fn a_cache_that_is_not_there_is_passed_over_with_a_note() {
    let registry = Registry::new();
    let home = machine();
    let name = registry.name("me/nothing:1");
    let said = whole(&home, &format!("build --cache-from {name} ."));
    assert!(said.contains(&format!("--cache-from {name}")), "{said}");

    registry.put_image("me/image", "1", &Made::gzipped(b"text"));
    let name = registry.name("me/image:1");
    let said = whole(&home, &format!("build --cache-from {name} ."));
    assert!(said.contains("is no build cache of strata"), "{said}");
}

#[test]
fn a_layer_of_a_cache_that_is_not_what_it_should_be_is_made_again() {
    let registry = Registry::new();
    let name = registry.name("me/cache:1");
    machine().ok(&format!("build -q --cache-to type=registry,ref={name} ."));
    let bytes = registry.has_manifest("me/cache", "1").unwrap();
    let manifest: Value = serde_json::from_slice(&bytes).unwrap();
    for layer in manifest["layers"].as_array().unwrap() {
        let size = usize::try_from(layer["size"].as_u64().unwrap()).unwrap();
        let path = format!("/v2/me/cache/blobs/{}", layer["digest"].as_str().unwrap());
        registry.odd(&path, &[Odd::body(GZIP, vec![b'x'; size])]);
    }
    let other = machine();
    let said = whole(&other, &format!("build --cache-from {name} ."));
    assert!(said.contains("what it was to give is made here"), "{said}");
    other.assert_clean();
}

#[test]
fn a_build_pushes_what_it_made() {
    let registry = Registry::new();
    let home = machine();
    let (one, two) = (registry.name("me/shop:1"), registry.name("me/shop:2"));
    let said = home.ok(&format!("build --push -t {one} -t {two} ."));
    assert!(said.contains("2: digest: sha256:"), "{said}");
    assert!(registry.has_manifest("me/shop", "1").is_some());
    assert!(registry.has_manifest("me/shop", "2").is_some());
    home.call("build --output type=registry .")
        .fails(125, "tag is needed when pushing to registry");
}
