//! Facts about images in the store, and about paths inside them.

use std::collections::BTreeMap;

use super::sheet::{NOTHING, Sheet, listed};
use super::subject::{Subject, bytes};
use crate::lesson::check::{
    Bounds, Bytes, ConfigExpectation, ImageExpectation, ImageFileExpectation, Layers, Shares,
    SizeExpectation, WasteExpectation,
};
use crate::lesson::{Evidence, FileFacts, ImageFacts, sentences};

/// Judges everything that is expected of one image.
pub(super) fn judge(name: &str, expected: &ImageExpectation, sheet: &mut Sheet) {
    let image = sheet.evidence.image(name);
    let about = About {
        subject: Subject::new(format!("image.{name}"), |language| {
            sentences::named_image(language, name)
        }),
        image: image.as_ref(),
    };
    let there = expected.absent.map(|absent| !absent);
    about.subject.there("absent", there, image.is_some(), sheet);
    if let Some(layers) = &expected.layers {
        judge_layers(&about, layers, sheet);
    }
    let lines = image.as_ref().map(|image| image.history);
    let wanted = expected.history.as_ref();
    about
        .subject
        .equal("history", sentences::history, wanted, lines, sheet);
    if let Some(size) = &expected.size {
        judge_size(&about, size, sheet);
    }
    if let Some(waste) = &expected.waste {
        judge_waste(&about, waste, sheet);
    }
    if let Some(shares) = &expected.shares {
        judge_shares(&about, shares, sheet);
    }
    if let Some(config) = &expected.config {
        judge_config(&about, config, sheet);
    }
    if let Some(other) = &expected.same_id_as {
        judge_identity(&about, other, sheet);
    }
    for (path, expected) in &expected.file {
        judge_file(name, path, expected, sheet);
    }
}

/// An image and how it is spoken of.
struct About<'a> {
    subject: Subject<'a>,
    image: Option<&'a ImageFacts>,
}

fn judge_layers(about: &About, expected: &Layers, sheet: &mut Sheet) {
    let count = about.image.map(|image| image.layers.len());
    let base = about
        .image
        .and_then(|image| sheet.evidence.base_layers(image));
    let (subject, what) = (&about.subject, sentences::layers);
    match expected {
        Layers::All(number) => subject.equal("layers", what, Some(number), count, sheet),
        Layers::BasePlus(plus) => {
            let got = count
                .zip(base)
                .map(|(count, base)| count.saturating_sub(base).to_string());
            let values = (plus.base_plus.to_string(), got);
            subject.worded("layers", what, values, sentences::on_base, sheet);
        }
    }
}

fn judge_size(about: &About, expected: &SizeExpectation, sheet: &mut Sheet) {
    let size = about.image.map(|image| image.size);
    let bounds = Bounds {
        min: expected.min,
        max: expected.max,
    };
    let (subject, what) = (&about.subject, sentences::size);
    subject.within("size", what, &bounds, size, sheet);
    if let Some(other) = &expected.less_than {
        let Bytes(by) = expected.by.unwrap_or(Bytes(1));
        let limit = sheet.evidence.image(other).map(|other| other.size);
        let ok = size
            .zip(limit)
            .is_some_and(|(size, limit)| size.saturating_add(by) <= limit);
        let wanted = format!("{by} B less than {other} ({})", bytes(limit));
        subject.value("size.less_than", what, ok, (wanted, bytes(size)), sheet);
    }
}

fn judge_waste(about: &About, expected: &WasteExpectation, sheet: &mut Sheet) {
    let waste = about.image.map(|image| &image.waste);
    let total = waste.map(|waste| waste.iter().map(|part| part.size).sum());
    let bounds = Bounds {
        min: expected.min,
        max: expected.max,
    };
    let (subject, what) = (&about.subject, sentences::waste);
    subject.within("waste", what, &bounds, total, sheet);
    if let Some(path) = &expected.path {
        let parts = waste.into_iter().flatten();
        let paths: Vec<String> = parts.map(|part| part.path.clone()).collect();
        let ok = paths.contains(path);
        subject.value("waste.path", what, ok, (path, listed(&paths)), sheet);
    }
}

fn judge_shares(about: &About, expected: &Shares, sheet: &mut Sheet) {
    let other = sheet.evidence.image(&expected.with);
    let same = |(one, other): (&ImageFacts, ImageFacts)| {
        let pairs = one.layers.iter().zip(&other.layers);
        pairs.take_while(|(one, other)| one == other).count()
    };
    let got = about.image.zip(other).map(same);
    let least = Some(expected.first);
    about
        .subject
        .at_least("shares", sentences::shared, least, got, sheet);
}

fn judge_identity(about: &About, other: &str, sheet: &mut Sheet) {
    let id = |image: &ImageFacts| image.id.clone();
    let wanted = sheet.evidence.image(other).as_ref().map(id);
    let got = about.image.map(id);
    let ok = got.is_some() && got == wanted;
    let shown = |id: Option<String>| id.unwrap_or(NOTHING.to_owned());
    let values = (shown(wanted), shown(got));
    about
        .subject
        .value("same_id_as", sentences::identity, ok, values, sheet);
}

fn judge_config(about: &About, expected: &ConfigExpectation, sheet: &mut Sheet) {
    let config = about.image.map(|image| &image.config);
    let setting = |key: &'static str| move |language| sentences::setting(language, key);
    let subject = &about.subject;
    let texts = [
        (
            ("config.cmd", "cmd"),
            expected.cmd.as_deref().map(listed),
            config.map(|config| listed(&config.cmd)),
        ),
        (
            ("config.entrypoint", "entrypoint"),
            expected.entrypoint.as_deref().map(listed),
            config.map(|config| listed(&config.entrypoint)),
        ),
        (
            ("config.exposed", "exposed"),
            expected
                .exposed
                .as_deref()
                .map(|ports| listed(&with_protocol(ports))),
            config.map(|config| listed(&config.exposed)),
        ),
        (
            ("config.user", "user"),
            expected.user.clone(),
            config.map(|config| config.user.clone()),
        ),
        (
            ("config.workdir", "workdir"),
            expected.workdir.clone(),
            config.map(|config| config.workdir.clone()),
        ),
    ];
    for ((key, name), wanted, got) in texts {
        subject.equal(key, setting(name), wanted.as_ref(), got, sheet);
    }
    let env = config.map(|config| config.env.as_slice());
    let wanted = expected.env.as_deref();
    subject.all_in("config.env", setting("env"), wanted, env, sheet);
    let labels = config.map(|config| pairs(&config.labels));
    let wanted = expected.labels.as_ref().map(pairs);
    let (wanted, got) = (wanted.as_deref(), labels.as_deref());
    subject.all_in("config.labels", setting("labels"), wanted, got, sheet);
}

fn pairs(labels: &BTreeMap<String, String>) -> Vec<String> {
    let pair = |(name, value): (&String, &String)| format!("{name}={value}");
    labels.iter().map(pair).collect()
}

fn with_protocol(ports: &[String]) -> Vec<String> {
    let full = |port: &String| {
        if port.contains('/') {
            return port.clone();
        }
        format!("{port}/tcp")
    };
    ports.iter().map(full).collect()
}

fn judge_file(image: &str, path: &str, expected: &ImageFileExpectation, sheet: &mut Sheet) {
    let file = sheet.evidence.file_in_image(image, path);
    let file = file.as_ref();
    // The path itself is a fact name that `fails` may give: `image.shop:3.file./app/server.js`.
    let subject = Subject::new(format!("image.{image}.file.{path}"), |language| {
        sentences::path_in_image(language, image, path)
    });
    subject.there("exists", expected.exists, file.is_some(), sheet);
    let text = file.and_then(text_of);
    let (words, text) = (expected.contains.as_ref(), text.as_deref());
    subject.contains("contains", sentences::content, words, text, sheet);
    if let Some(other) = &expected.same_as {
        let wanted = sheet.evidence.file(other);
        let got = file.and_then(|file| file.content.as_ref());
        let ok = got.is_some() && got == wanted.as_ref();
        let shown = if ok { "the same" } else { "different" };
        let values = (format!("the same as {other}"), shown);
        let fact = format!("image.{image}.file.{path}.same_as");
        sheet.judge(fact, ok, values, |language, ok| {
            let thing = sentences::path_in_image(language, image, path);
            if ok {
                sentences::same_content(language, &thing, other)
            } else {
                sentences::must_be_same_content(language, &thing, other)
            }
        });
    }
    let mode = file.map(|file| format!("{:04o}", file.mode));
    let wanted = expected.mode.as_ref();
    let wanted = wanted.map(|mode| format!("{:0>4}", mode.trim_start_matches("0o")));
    subject.equal("mode", sentences::mode, wanted.as_ref(), mode, sheet);
    let uid = file.map(|file| file.uid);
    subject.equal("uid", sentences::owner, expected.uid.as_ref(), uid, sheet);
    let layer = file.map(|file| file.layer);
    let wanted = expected.layer.as_ref();
    subject.equal("layer", sentences::from_layer, wanted, layer, sheet);
}

/// Tells whether the image of the step's last build has a path: `there` or `absent`; nothing
/// where that build made no named image.
pub(super) fn is_in_build(evidence: &dyn Evidence, path: &str) -> Option<String> {
    let name = super::build::first_tag(evidence)?;
    evidence.image(&name)?;
    let there = evidence.file_in_image(&name, path).is_some();
    Some(if there { "there" } else { "absent" }.to_owned())
}

fn text_of(file: &FileFacts) -> Option<String> {
    let content = file.content.as_ref()?;
    Some(String::from_utf8_lossy(content).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::evaluate;
    use crate::lesson::scene::{Scene, failing_in, step_with};
    use crate::lesson::{ConfigFacts, WasteFacts};

    fn image(layers: &[&str], size: u64) -> ImageFacts {
        ImageFacts {
            id: format!("sha256:{}", layers.join("")),
            layers: layers.iter().map(|&layer| layer.to_owned()).collect(),
            history: 6,
            size,
            ..ImageFacts::default()
        }
    }

    fn scene() -> Scene {
        let mut small = image(&["base", "a", "b"], 300);
        small.config = ConfigFacts {
            cmd: vec!["node".into(), "server.js".into()],
            exposed: vec!["80/tcp".into()],
            ..ConfigFacts::default()
        };
        let mut fat = image(&["base", "a", "c"], 900);
        fat.waste = vec![WasteFacts {
            path: "/test/dummy".into(),
            size: 600,
        }];
        Scene::default()
            .with_image("small", small)
            .with_image("fat", fat)
            .with_base(1)
    }

    fn failing(check: &str) -> Vec<String> {
        failing_in(check, &scene())
    }

    #[test]
    fn layers_beyond_the_base_are_counted() {
        assert!(failing("[expect.image.small]\nlayers = { base_plus = 2 }\n").is_empty());
        assert!(failing("[expect.image.small]\nlayers = 3\n").is_empty());
        assert_eq!(
            failing("[expect.image.small]\nlayers = 2\n"),
            ["image.small.layers"]
        );
    }

    #[test]
    fn sizes_are_compared_with_another_image() {
        let by = |by: &str| {
            format!("[expect.image.small]\nsize = {{ less_than = \"fat\", by = \"{by}\" }}\n")
        };
        assert!(failing(&by("600B")).is_empty());
        assert_eq!(failing(&by("601B")), ["image.small.size.less_than"]);
    }

    #[test]
    fn shared_layers_waste_and_settings_are_facts() {
        assert!(failing("[expect.image.fat]\nshares = { with = \"small\", first = 2 }\nwaste = { min = 600, path = \"/test/dummy\" }\n").is_empty());
        assert_eq!(
            failing("[expect.image.fat]\nshares = { with = \"small\", first = 3 }\n"),
            ["image.fat.shares"]
        );
        assert!(failing("[expect.image.small]\nconfig.cmd = [\"node\", \"server.js\"]\nconfig.exposed = [\"80\"]\n").is_empty());
    }

    #[test]
    fn a_missing_image_fails_all_but_absent() {
        assert!(failing("[expect.image.gone]\nabsent = true\n").is_empty());
        assert_eq!(
            failing("[expect.image.gone]\nabsent = false\nlayers = 1\nhistory = 1\n"),
            [
                "image.gone.absent",
                "image.gone.layers",
                "image.gone.history"
            ]
        );
    }

    #[test]
    fn a_path_in_an_image_has_content_mode_and_layer() {
        let file = FileFacts {
            content: Some(b"hello\n".to_vec()),
            mode: 0o755,
            uid: 0,
            layer: 2,
        };
        let scene = scene().with_image_file("small", "/app/x", file);
        let check = "[expect.image.small.file.\"/app/x\"]\nexists = true\ncontains = \"hello\"\nsame_as = \"x\"\nmode = \"755\"\nlayer = 2\nuid = 1\n";
        let facts = evaluate(&step_with(check), &scene);
        let failing: Vec<_> = facts
            .iter()
            .filter(|f| !f.ok)
            .map(|f| f.name.as_str())
            .collect();
        assert_eq!(
            failing,
            [
                "image.small.file./app/x.same_as",
                "image.small.file./app/x.uid"
            ]
        );
    }
}
