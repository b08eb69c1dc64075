//! An image as other tools see it: what `save` writes, read with nothing of strata's.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs::{self, File};
use std::io::Read;
use std::path::PathBuf;

use serde_json::Value;

use crate::common::strata::Home;

/// An image that was saved.
pub struct Saved {
    folder: PathBuf,
    config: Value,
    layers: Vec<String>,
}

impl Saved {
    /// Saves an image and opens what was written.
    pub fn of(home: &Home, image: &str) -> Self {
        let folder = home.beside("saved");
        let archive = home.beside("saved.tar");
        home.words(&["save", "-o", archive.to_str().unwrap(), image])
            .ok();
        let mut archive = tar::Archive::new(File::open(archive).unwrap());
        archive.unpack(&folder).unwrap();
        let json = |name: &str| -> Value {
            serde_json::from_slice(&fs::read(folder.join(name)).unwrap()).unwrap()
        };
        let manifest = json("manifest.json");
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let layers = manifest[0]["Layers"].as_array().unwrap();
        Self {
            config: json(&text(&manifest[0]["Config"])),
            layers: layers.iter().map(text).collect(),
            folder,
        }
    }

    /// Returns a setting of the image, or of its containers.
    pub fn setting(&self, key: &str) -> &Value {
        match &self.config["config"][key] {
            Value::Null => &self.config[key],
            found => found,
        }
    }

    /// Returns how many layers there are.
    pub fn diff_ids(&self) -> usize {
        self.config["rootfs"]["diff_ids"].as_array().unwrap().len()
    }

    /// Returns how many lines of the history say that they made a layer.
    pub fn layer_lines(&self) -> usize {
        let lines = self.history();
        lines.iter().filter(|line| line.starts_with("L ")).count()
    }

    /// Returns the history, oldest line first.
    pub fn history(&self) -> Vec<String> {
        let line = |entry: &Value| {
            let sign = if entry["empty_layer"] == true {
                'M'
            } else {
                'L'
            };
            format!("{sign} {}", entry["created_by"].as_str().unwrap_or("-"))
        };
        let lines = self.config["history"].as_array();
        lines.into_iter().flatten().map(line).collect()
    }

    /// Returns every path that the last layers, or all of them, show.
    pub fn tree(&self, last: Option<usize>) -> Vec<String> {
        let skipped = last.map_or(0, |last| self.layers.len() - last);
        let mut tree = BTreeMap::new();
        for layer in &self.layers[skipped..] {
            apply(File::open(self.folder.join(layer)).unwrap(), &mut tree);
        }
        tree.into_values().collect()
    }

    /// Returns what is neither file nor folder nor link, with its numbers.
    pub fn devices(&self) -> Vec<String> {
        let mut devices = Vec::new();
        self.members(|path, entry| {
            let header = entry.header();
            let kind = header.entry_type();
            if kind.is_character_special() || kind.is_block_special() || kind.is_fifo() {
                let number = |part: Option<u32>| part.unwrap_or_default();
                let (major, minor) = (header.device_major(), header.device_minor());
                let (major, minor) = (number(major.unwrap()), number(minor.unwrap()));
                devices.push(format!("{path} {kind:?} {major}:{minor}"));
            }
        });
        devices
    }

    /// Returns the times of all members, in seconds since the epoch.
    pub fn times(&self) -> Vec<(String, u64)> {
        let mut times = Vec::new();
        self.members(|path, entry| times.push((path.to_owned(), entry.header().mtime().unwrap())));
        times
    }

    /// Returns the extended attributes of all members, by path.
    pub fn attributes(&self) -> Vec<(String, String)> {
        let mut attributes = Vec::new();
        self.members(|path, entry| {
            for record in entry.pax_extensions().unwrap().into_iter().flatten() {
                let record = record.unwrap();
                let (key, value) = (record.key().unwrap(), record.value().unwrap());
                if key.starts_with("SCHILY.xattr.") {
                    attributes.push((path.to_owned(), format!("{key}={value}")));
                }
            }
        });
        attributes
    }

    /// Shows every member of every layer.
    fn members(&self, mut show: impl FnMut(&str, &mut tar::Entry<'_, File>)) {
        for layer in &self.layers {
            let mut archive = tar::Archive::new(File::open(self.folder.join(layer)).unwrap());
            for entry in archive.entries().unwrap() {
                let mut entry = entry.unwrap();
                let path = entry.path().unwrap().to_string_lossy().into_owned();
                show(&path, &mut entry);
            }
        }
    }
}

fn apply(layer: File, tree: &mut BTreeMap<String, String>) {
    let mut archive = tar::Archive::new(layer);
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().to_string_lossy().into_owned();
        let path = path.trim_end_matches('/').to_owned();
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
        if let Some(hidden) = name.strip_prefix(".wh.") {
            let hidden = format!("{folder}/{hidden}");
            let hidden = hidden.trim_start_matches('/');
            tree.retain(|path, _| path != hidden && !path.starts_with(&format!("{hidden}/")));
            continue;
        }
        let header = entry.header().clone();
        let mut line = path.clone();
        let kind = header.entry_type();
        if let Some(target) = entry.link_name().unwrap() {
            let sign = if kind.is_hard_link() { "=" } else { "->" };
            let _ = write!(line, " {sign} {}", target.display());
        } else {
            line += if kind.is_dir() { "/" } else { "" };
            let _ = write!(line, " {:o}", header.mode().unwrap());
        }
        let owner = (header.uid().unwrap(), header.gid().unwrap());
        if owner != (0, 0) {
            let _ = write!(line, " {}:{}", owner.0, owner.1);
        }
        if kind.is_file() {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            let _ = write!(line, " {}", text.trim_end().replace('\n', "|"));
        }
        tree.insert(path, line.trim_end().to_owned());
    }
}
