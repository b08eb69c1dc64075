//! What other programs say of an image: skopeo and umoci read the store, and what `save` writes.

use std::process::Command;

use serde_json::Value;

use super::saved::Saved;
use crate::common::strata::Home;

/// Lets skopeo and umoci read an image: both have to accept it, their layers have to be those of
/// its config, and each of them has to have a line of its history.
pub fn agree(home: &Home, image: &str) -> Result<(), String> {
    // In the store itself a large layer has no tar before somebody asks for it.
    let layout = home.beside("layout").display().to_string();
    home.ok(&format!("save --oci {layout} {image}"));
    let (in_store, written) = (
        home.store().display().to_string(),
        format!("{layout}:{image}"),
    );
    let inspected = json("skopeo", &["inspect", &format!("oci:{in_store}:{image}")])?;
    let config = json(
        "skopeo",
        &["inspect", "--config", &format!("oci:{written}")],
    )?;
    let stat = json("umoci", &["stat", "--json", "--image", &written])?;
    let saved = Saved::of(home, image);
    let diff_ids = config["rootfs"]["diff_ids"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let layers = inspected["Layers"].as_array().map_or(0, Vec::len);
    let count = saved.diff_ids();
    if diff_ids.len() != count || layers != count {
        return Err(format!(
            "skopeo sees {} and {layers} of {count} layers",
            diff_ids.len()
        ));
    }
    let history = stat["history"].as_array().cloned().unwrap_or_default();
    let made: Vec<&Value> = history
        .iter()
        .filter(|it| it["empty_layer"] != true)
        .collect();
    if made.len() != count || history.len() != saved.history().len() {
        return Err(format!(
            "umoci sees {} of {count} layers in {stat:#}",
            made.len()
        ));
    }
    for (line, diff_id) in made.iter().zip(&diff_ids) {
        if line["diff_id"] != *diff_id {
            return Err(format!(
                "umoci sees {} where the config has {diff_id}",
                line["diff_id"]
            ));
        }
    }
    let unpacked = unpacked(home, &written);
    std::fs::remove_dir_all(&layout).map_err(|error| error.to_string())?;
    unpacked
}

/// umoci compares every layer with its diff id as it unpacks it.
fn unpacked(home: &Home, image: &str) -> Result<(), String> {
    let bundle = home.beside("bundle");
    let folder = bundle.display().to_string();
    let mut words = vec!["unpack", "--image", image, &folder];
    if !rustix::process::geteuid().is_root() {
        words.insert(1, "--rootless");
    }
    let answer = said("umoci", &words).map(drop);
    std::fs::remove_dir_all(bundle).map_err(|error| error.to_string())?;
    answer
}

fn json(program: &str, words: &[&str]) -> Result<Value, String> {
    let said = said(program, words)?;
    serde_json::from_str(&said).map_err(|error| format!("{program}: {error}: {said}"))
}

fn said(program: &str, words: &[&str]) -> Result<String, String> {
    let output = Command::new(program).args(words).output();
    let output = output.map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    Err(format!("{program} {}: {complaint}", words.join(" ")))
}
