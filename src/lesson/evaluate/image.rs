//! Facts about images in the store, and about paths inside them.

use super::build::judge_bounds;
use super::sheet::{NOTHING, Sheet, listed};
use crate::language::Language;
use crate::lesson::check::{
    Bounds, Bytes, ConfigExpectation, ImageExpectation, ImageFileExpectation, Layers, Shares,
    SizeExpectation, WasteExpectation,
};
use crate::lesson::{FileFacts, ImageFacts, sentences};

/// Judges everything that is expected of one image.
pub(super) fn judge(name: &str, expected: &ImageExpectation, sheet: &mut Sheet) {
    let image = sheet.evidence.image(name);
    let about = About {
        name,
        image: image.as_ref(),
    };
    if let Some(absent) = expected.absent {
        let word = |absent| if absent { "absent" } else { "there" };
        let got = about.image.is_none();
        let what = about.noun(sentences::existence);
        sheet.value(
            about.fact("absent"),
            got == absent,
            (word(absent), word(got)),
            what,
        );
    }
    if let Some(layers) = &expected.layers {
        judge_layers(&about, layers, sheet);
    }
    if let Some(lines) = &expected.history {
        let got = about.image.map(|image| image.history);
        sheet.equal(
            about.fact("history"),
            lines,
            got,
            about.noun(sentences::history),
        );
    }
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
        let id = |image: &ImageFacts| image.id.clone();
        let wanted = sheet.evidence.image(other).as_ref().map(id);
        let got = about.image.map(id);
        let shown = |id: &Option<String>| id.clone().unwrap_or(NOTHING.to_owned());
        let ok = got.is_some() && got == wanted;
        let what = about.noun(sentences::identity);
        sheet.value(
            about.fact("same_id_as"),
            ok,
            (shown(&wanted), shown(&got)),
            what,
        );
    }
    for (path, expected) in &expected.file {
        judge_file(name, path, expected, sheet);
    }
}

/// An image and how its facts are named.
struct About<'a> {
    name: &'a str,
    image: Option<&'a ImageFacts>,
}

impl About<'_> {
    fn fact(&self, key: &str) -> String {
        format!("image.{}.{key}", self.name)
    }

    fn noun(&self, what: fn(Language) -> String) -> impl Fn(Language) -> String {
        let name = self.name.to_owned();
        move |language| sentences::of_image(language, &name, &what(language))
    }
}

fn judge_layers(about: &About, expected: &Layers, sheet: &mut Sheet) {
    let count = about.image.map(|image| image.layers.len());
    let base = about
        .image
        .and_then(|image| sheet.evidence.base_layers(image));
    let what = about.noun(sentences::layers);
    match expected {
        Layers::All(number) => sheet.equal(about.fact("layers"), number, count, what),
        Layers::BasePlus(plus) => {
            let wanted = format!("base + {}", plus.base_plus);
            let got = count
                .zip(base)
                .map(|(count, base)| format!("base + {}", count.saturating_sub(base)));
            sheet.equal(about.fact("layers"), &wanted, got, what);
        }
    }
}

fn judge_size(about: &About, expected: &SizeExpectation, sheet: &mut Sheet) {
    let size = about.image.map(|image| image.size);
    let what = about.noun(sentences::size);
    if expected.min.is_some() || expected.max.is_some() {
        let bounds = Bounds {
            min: expected.min,
            max: expected.max,
        };
        judge_bounds(&about.fact("size"), &bounds, size, sheet, &what);
    }
    if let Some(other) = &expected.less_than {
        let Bytes(by) = expected.by.unwrap_or(Bytes(1));
        let limit = sheet.evidence.image(other).map(|other| other.size);
        let ok = size
            .zip(limit)
            .is_some_and(|(size, limit)| size.saturating_add(by) <= limit);
        let shown = |size: Option<u64>| size.map_or(NOTHING.to_owned(), |size| format!("{size} B"));
        let wanted = format!("{by} B less than {other} ({})", shown(limit));
        sheet.value(
            about.fact("size.less_than"),
            ok,
            (wanted, shown(size)),
            what,
        );
    }
}

fn judge_waste(about: &About, expected: &WasteExpectation, sheet: &mut Sheet) {
    let waste = about.image.map(|image| &image.waste);
    let total = waste.map(|waste| waste.iter().map(|part| part.size).sum());
    let what = about.noun(sentences::waste);
    if expected.min.is_some() || expected.max.is_some() {
        let bounds = Bounds {
            min: expected.min,
            max: expected.max,
        };
        judge_bounds(&about.fact("waste"), &bounds, total, sheet, &what);
    }
    if let Some(path) = &expected.path {
        let paths: Vec<String> = waste
            .map(|waste| waste.iter().map(|part| part.path.clone()).collect())
            .unwrap_or_default();
        let ok = paths.contains(path);
        sheet.value(about.fact("waste.path"), ok, (path, listed(&paths)), what);
    }
}

fn judge_shares(about: &About, expected: &Shares, sheet: &mut Sheet) {
    let other = sheet.evidence.image(&expected.with);
    let same = |(one, other): (&ImageFacts, ImageFacts)| {
        let pairs = one.layers.iter().zip(&other.layers);
        pairs.take_while(|(one, other)| one == other).count()
    };
    let got = about.image.zip(other).map(same);
    let ok = got.is_some_and(|got| got >= expected.first);
    let shown = got.map_or(NOTHING.to_owned(), |got| got.to_string());
    let what = about.noun(sentences::shared);
    sheet.value(about.fact("shares"), ok, (expected.first, shown), what);
}

fn judge_config(about: &About, expected: &ConfigExpectation, sheet: &mut Sheet) {
    let config = about.image.map(|image| &image.config);
    let setting = |key: &'static str| {
        let name = about.name.to_owned();
        move |language| sentences::of_image(language, &name, &sentences::setting(language, key))
    };
    let fact = |key: &str| about.fact(&format!("config.{key}"));
    let list = |items: &[String]| listed(items);
    if let Some(words) = &expected.cmd {
        let got = config.map(|config| list(&config.cmd));
        sheet.equal(fact("cmd"), &list(words), got, setting("cmd"));
    }
    if let Some(words) = &expected.entrypoint {
        let got = config.map(|config| list(&config.entrypoint));
        sheet.equal(fact("entrypoint"), &list(words), got, setting("entrypoint"));
    }
    if let Some(words) = &expected.env {
        let got = config.map(|config| config.env.as_slice());
        sheet.all_in(&fact("env"), words, got, setting("env"));
    }
    if let Some(ports) = &expected.exposed {
        let got = config.map(|config| list(&config.exposed));
        sheet.equal(
            fact("exposed"),
            &list(&with_protocol(ports)),
            got,
            setting("exposed"),
        );
    }
    if let Some(user) = &expected.user {
        let got = config.map(|config| config.user.clone());
        sheet.equal(fact("user"), user, got, setting("user"));
    }
    if let Some(workdir) = &expected.workdir {
        let got = config.map(|config| config.workdir.clone());
        sheet.equal(fact("workdir"), workdir, got, setting("workdir"));
    }
    if let Some(labels) = &expected.labels {
        let pairs = |labels: &std::collections::BTreeMap<String, String>| {
            let pair = |(name, value): (&String, &String)| format!("{name}={value}");
            labels.iter().map(pair).collect::<Vec<_>>()
        };
        let got = config.map(|config| pairs(&config.labels));
        sheet.all_in(
            &fact("labels"),
            &pairs(labels),
            got.as_deref(),
            setting("labels"),
        );
    }
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
    // The path itself is a fact name that `fails` may give: `image.shop:3.file./app/server.js`.
    let fact = |key: &str| format!("image.{image}.file.{path}.{key}");
    let noun = |what: fn(Language) -> String| {
        move |language| sentences::in_image(language, image, path, &what(language))
    };
    if let Some(exists) = expected.exists {
        let got = file.is_some();
        sheet.value(
            fact("exists"),
            got == exists,
            (exists, got),
            noun(sentences::existence),
        );
    }
    if let Some(words) = &expected.contains {
        let text = file.as_ref().and_then(text_of);
        sheet.contains(
            &fact("contains"),
            words,
            text.as_deref(),
            noun(sentences::content),
        );
    }
    if let Some(other) = &expected.same_as {
        let wanted = sheet.evidence.file(other);
        let got = file.as_ref().and_then(|file| file.content.as_ref());
        let ok = got.is_some() && got == wanted.as_ref();
        let shown = if ok { "the same" } else { "different" };
        sheet.value(
            fact("same_as"),
            ok,
            (format!("the same as {other}"), shown),
            noun(sentences::content),
        );
    }
    if let Some(mode) = &expected.mode {
        let got = file.as_ref().map(|file| format!("{:04o}", file.mode));
        let wanted = format!("{:0>4}", mode.trim_start_matches("0o"));
        sheet.equal(fact("mode"), &wanted, got, noun(sentences::mode));
    }
    if let Some(uid) = &expected.uid {
        let got = file.as_ref().map(|file| file.uid);
        sheet.equal(fact("uid"), uid, got, noun(sentences::owner));
    }
    if let Some(layer) = &expected.layer {
        let got = file.as_ref().map(|file| file.layer);
        sheet.equal(fact("layer"), layer, got, noun(sentences::from_layer));
    }
}

fn text_of(file: &FileFacts) -> Option<String> {
    let content = file.content.as_ref()?;
    Some(String::from_utf8_lossy(content).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::evaluate;
    use crate::lesson::scene::{Scene, step_with};
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
        let facts = evaluate(&step_with(check), &scene());
        facts
            .into_iter()
            .filter(|f| !f.ok)
            .map(|f| f.name)
            .collect()
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
