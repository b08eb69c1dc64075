//! Registries that lie: refused with one sentence, and nothing of it stays.

use serde_json::json;

use crate::common::registry::{CONFIG, GZIP, MANIFEST, Made, Odd, Registry};
use crate::common::strata::{Home, entries};

/// Pulls `x`, which must be refused with these words and leave an empty store.
fn refused(registry: &Registry, words: &str) {
    let home = Home::new().online();
    let said = home
        .call(&format!("pull {}", registry.name("x")))
        .fails(1, words);
    assert_eq!(said.matches("error:").count(), 1, "{said}");
    assert_eq!(home.ok("images -aq"), "");
    for folder in ["blobs/sha256", "layers", "tmp"] {
        let left = entries(&home.store().join(folder));
        assert_eq!(left, Vec::<String>::new(), "{folder} after {words}");
    }
    home.assert_clean();
}

fn with_image() -> (Registry, String) {
    let registry = Registry::new();
    let (_, layer) = registry.put_image("x", "latest", &Made::gzipped(b"text"));
    (registry, format!("/v2/x/blobs/{layer}"))
}

const NAMED: &str = "/v2/x/manifests/latest";

#[test]
fn blobs_whose_bytes_or_size_lie() {
    let (registry, blob) = with_image();
    let length = Made::gzipped(b"text").blob.len();
    registry.odd(&blob, &[Odd::body("x", vec![0; length])]);
    refused(&registry, "verification failed for digest");
    registry.odd(&blob, &[Odd::body("x", vec![0; length + 1])]);
    refused(&registry, "bytes that were promised");
    // Without end, as far as anybody reads it.
    registry.odd(&blob, &[Odd::body("x", vec![0; 1 << 20]).times(1 << 20)]);
    refused(&registry, "bytes that were promised");
}

#[test]
fn manifests_that_are_too_large_or_lie() {
    let (registry, _) = with_image();
    registry.odd(NAMED, &[Odd::body(MANIFEST, vec![b' '; 10_000_000])]);
    refused(&registry, "larger than 4194304 bytes");
    registry.odd(
        NAMED,
        &[Odd::body(MANIFEST, vec![b' '; 1 << 20]).times(1 << 20)],
    );
    refused(&registry, "larger than 4194304 bytes");
    let zero = format!("sha256:{}", "0".repeat(64));
    let odd = Odd::body(MANIFEST, r#"{"schemaVersion":2}"#);
    registry.odd(NAMED, &[odd.header("Docker-Content-Digest", zero)]);
    refused(&registry, "verification failed for digest");
}

#[test]
fn what_is_no_image() {
    let (registry, _) = with_image();
    registry.odd(NAMED, &[Odd::body("text/html", "<html>")]);
    refused(&registry, "is no image that strata can read");
    let old = "application/vnd.docker.distribution.manifest.v1+json";
    registry.odd(NAMED, &[Odd::body(old, r#"{"schemaVersion":1}"#)]);
    refused(&registry, "schema version 2");
    let made = Made::gzipped(b"text");
    let config = registry.put_blob("x", &made.config);
    let layer = registry.put_blob("x", &made.blob);
    registry.even();
    for (what, kind) in [("config", CONFIG), ("layers", GZIP)] {
        let text = made.manifest(&config, &layer).to_string();
        let document = serde_json::from_str(&text.replace(kind, "application/x-other")).unwrap();
        registry.put_manifest("x", "latest", MANIFEST, &document);
        refused(&registry, "media type `application/x-other`");
        assert!(text.contains(what));
    }
}

#[test]
fn layers_that_are_not_what_the_config_says() {
    let registry = Registry::new();
    let mut made = Made::gzipped(b"text");
    made.config = Made::gzipped(b"other").config;
    registry.put_image("x", "latest", &made);
    refused(&registry, "digest");
    let mut several: serde_json::Value = serde_json::from_slice(&made.config).unwrap();
    several["rootfs"]["diff_ids"] = json!([]);
    made.config = serde_json::to_vec(&several).unwrap();
    registry.put_image("x", "latest", &made);
    refused(&registry, "its config lists 0 layers, its manifest 1");
    // Whose bytes are right, and who leads out of the store.
    let mut header = tar::Header::new_gnu();
    header.set_size(1);
    header.as_mut_bytes()[..4].copy_from_slice(b"../x");
    header.set_cksum();
    let mut builder = tar::Builder::new(Vec::new());
    builder.append(&header, &b"x"[..]).unwrap();
    let plain = builder.into_inner().unwrap();
    let made = Made::new(
        plain.clone(),
        "application/vnd.oci.image.layer.v1.tar",
        &plain,
        "amd64",
    );
    registry.put_image("x", "latest", &made);
    refused(&registry, "../x");
}

#[test]
fn addresses_that_lead_nowhere() {
    let (registry, blob) = with_image();
    registry.odd(NAMED, &[Odd::status(302).header("Location", NAMED)]);
    refused(&registry, "redirect loop");
    registry.even();
    let plain = Odd::status(302).header("Location", "http://registry.example/blob");
    registry.odd(&blob, &[plain]);
    refused(&registry, "which is not https: refused");
    registry.odd(
        NAMED,
        &[Odd::status(302).header("Location", "ftp://127.0.0.1/x")],
    );
    refused(&registry, "which is not https: refused");
}

#[test]
fn what_a_server_says_moves_no_cursor() {
    let (registry, _) = with_image();
    let said = json!({ "errors": [{ "code": "X", "message": "no\u{1b}[2Jthing" }] });
    registry.odd(
        NAMED,
        &[Odd {
            body: said.to_string().into(),
            ..Odd::status(418)
        }],
    );
    refused(&registry, "418 no[2Jthing");
}
