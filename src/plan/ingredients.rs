//! Everything a step's cache key depends on, walked once and fed to any sink.
//!
//! One sink hashes ([`KeySink`]), the other keeps the list ([`Ingredients`]), which is stored with
//! the cache record. Why a step missed is then a comparison of two lists, so the key and its
//! explanation cannot part.
//!
//! What is in a key, and what is not:
//!
//! | step    | in the key                                                        | not in the key |
//! |---------|-------------------------------------------------------------------|----------------|
//! | FROM    | the image's id                                                    | its name |
//! | RUN     | parent's key, words, ENV, ARGs in scope, folder, user, network, security, limits, mounts and the files they show | time, output, proxies, LABEL, CMD, what caches hold, secrets |
//! | COPY    | parent's key, destination, owner and mode flags, of every file: path, kind, mode, bytes or link target | times, the files' owners |
//! | COPY --from | the same, and the files' owners and extended attributes       | how the other stage made them |
//! | ADD     | as COPY, and `--unpack`; of a URL: its bytes                      | what is in an archive, beside its bytes; a URL's time |
//! | COPY --link | as COPY, without the parent's key                          | the layers below |
//! | WORKDIR | parent's key, path, user                                          | |
//!
//! The parent's key stands for everything below (as in BuildKit), not the content of its result:
//! only copied files are keyed by content.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::step::{CopyStep, InlineFile, LayerStep, RunStep, StepNumber, WorkdirStep};
use crate::digest::{CacheKey, Digest, Hasher};

/// Takes the ingredients of one step, in a fixed order.
pub trait Sink {
    /// A named value. Names are unique within a step.
    fn value(&mut self, name: &str, value: &str);
    /// A copied file.
    fn file(&mut self, file: &FileIngredient);
}

/// What of a copied file is in the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileIngredient {
    /// Path relative to the root that COPY takes from.
    pub path: String,
    /// Permission bits.
    pub mode: u32,
    /// Owner and group, where COPY keeps them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<(u32, u32)>,
    /// The digest of its extended attributes, where COPY keeps them and it has some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<Digest>,
    /// What it is.
    pub content: FileContent,
}

/// Kind and content of a copied file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileContent {
    /// A regular file with these bytes.
    File(Digest),
    /// A folder.
    Folder,
    /// A symbolic link to this target.
    Symlink(String),
    /// A device, pipe or socket, in words.
    Special(String),
}

impl fmt::Display for FileContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(digest) => write!(f, "file {}", digest.short()),
            Self::Folder => f.write_str("folder"),
            Self::Symlink(target) => write!(f, "link to {target}"),
            Self::Special(what) => f.write_str(what),
        }
    }
}

/// The list that is kept for explanations.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Ingredients {
    /// Named values, in the order of the walk.
    pub values: Vec<(String, String)>,
    /// Copied files, sorted by path.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileIngredient>,
}

/// Hashes the ingredients.
#[derive(Default)]
pub struct KeySink(Hasher);

/// The name of the ingredient that stands for everything below.
pub const PARENT: &str = "parent";
/// The name of the ingredient that holds the instruction's own words.
pub const TEXT: &str = "text";
/// The names of `--link` layers that lie between the parent and the step begin with this.
pub const LINKED: &str = "linked:";
/// Names of ENV variables begin with this.
pub const ENV: &str = "env:";
/// Names of build arguments begin with this.
pub const ARG: &str = "arg:";

/// What lies below a step: the layer that depends on all below it, and the `--link` layers on top,
/// which do not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parent {
    /// The key of that layer, or of the base.
    pub key: CacheKey,
    /// The steps of the `--link` layers, and their keys.
    pub linked: Vec<(StepNumber, CacheKey)>,
}

impl Parent {
    /// What lies below a layer that does not look.
    pub fn nothing() -> Self {
        CacheKey(Digest::of(b"")).into()
    }
}

impl From<CacheKey> for Parent {
    fn from(key: CacheKey) -> Self {
        Self {
            key,
            linked: Vec::new(),
        }
    }
}

/// Feeds everything that a layer step depends on to a sink.
pub fn walk(step: &LayerStep, parent: &Parent, files: &[FileIngredient], sink: &mut dyn Sink) {
    if !step.is_linked() {
        sink.value(PARENT, &parent.key.to_string());
        for (index, (_, key)) in parent.linked.iter().enumerate() {
            sink.value(&format!("{LINKED}{index}"), &key.to_string());
        }
    }
    match step {
        LayerStep::Run(run) => walk_run(run, files, sink),
        LayerStep::Copy(copy) => walk_copy(copy, files, sink),
        LayerStep::Workdir(workdir) => walk_workdir(workdir, sink),
    }
}

fn walk_run(run: &RunStep, files: &[FileIngredient], sink: &mut dyn Sink) {
    sink.value("instruction", "RUN");
    sink.value(TEXT, &words(&run.argv));
    for (name, value) in run.env.iter() {
        sink.value(&format!("{ENV}{name}"), value);
    }
    for (name, value) in run.args.iter() {
        sink.value(&format!("{ARG}{name}"), value);
    }
    sink.value("workdir", &run.workdir);
    sink.value("user", &run.user);
    if let Some(script) = &run.script {
        sink.value("script", script);
    }
    run.sandbox.walk(sink);
    for (place, mount) in run.mounts.iter().enumerate() {
        sink.value(&format!("--mount {}", place + 1), &mount.ingredient());
    }
    for file in files {
        sink.file(file);
    }
}

fn walk_copy(copy: &CopyStep, files: &[FileIngredient], sink: &mut dyn Sink) {
    let instruction = if copy.add.is_some() { "ADD" } else { "COPY" };
    sink.value("instruction", instruction);
    sink.value(TEXT, &words(&copy.sources));
    sink.value("destination", &copy.destination);
    sink.value("chown", copy.chown.as_deref().unwrap_or_default());
    sink.value(
        "chmod",
        &copy
            .chmod
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
    );
    for (flag, given) in [("link", copy.link), ("parents", copy.parents)] {
        if given {
            sink.value(flag, "yes");
        }
    }
    if let Some(unpack) = copy.add.and_then(|add| add.unpack) {
        sink.value("unpack", &unpack.to_string());
    }
    if !copy.exclude.is_empty() {
        sink.value("exclude", &words(&copy.exclude));
    }
    for InlineFile { name, content } in &copy.inline {
        sink.value(&format!("heredoc:{name}"), content);
    }
    for file in files {
        sink.file(file);
    }
}

fn walk_workdir(workdir: &WorkdirStep, sink: &mut dyn Sink) {
    sink.value("instruction", "WORKDIR");
    sink.value(TEXT, &workdir.path);
    sink.value("user", &workdir.user);
}

/// Writes words so that different lists never look the same, and plain ones stay readable.
fn words(words: &[String]) -> String {
    shlex::try_join(words.iter().map(String::as_str)).unwrap_or_else(|_| format!("{words:?}"))
}

impl Ingredients {
    /// Collects the ingredients of a step.
    pub fn of(step: &LayerStep, parent: &Parent, files: &[FileIngredient]) -> Self {
        let mut list = Self::default();
        walk(step, parent, files, &mut list);
        list
    }

    /// Returns the value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

impl Sink for Ingredients {
    fn value(&mut self, name: &str, value: &str) {
        self.values.push((name.to_owned(), value.to_owned()));
    }

    fn file(&mut self, file: &FileIngredient) {
        self.files.push(file.clone());
    }
}

impl KeySink {
    /// Returns the cache key of a step.
    pub fn key(step: &LayerStep, parent: &Parent, files: &[FileIngredient]) -> CacheKey {
        let mut sink = Self::default();
        walk(step, parent, files, &mut sink);
        CacheKey(sink.0.finish())
    }

    /// Hashes a text with its length, so that no two lists of texts run into each other.
    fn text(&mut self, text: &str) {
        self.0.update(&(text.len() as u64).to_le_bytes());
        self.0.update(text.as_bytes());
    }
}

impl Sink for KeySink {
    fn value(&mut self, name: &str, value: &str) {
        self.text(name);
        self.text(value);
    }

    fn file(&mut self, file: &FileIngredient) {
        self.text(&file.path);
        self.0.update(&file.mode.to_le_bytes());
        if let Some((owner, group)) = file.owner {
            self.text(&format!("{owner}:{group}"));
        }
        if let Some(attributes) = &file.attributes {
            self.text("attributes");
            self.0.update(attributes.as_bytes());
        }
        match &file.content {
            FileContent::File(digest) => {
                self.0.update(b"f");
                self.0.update(digest.as_bytes());
            }
            FileContent::Folder => self.0.update(b"d"),
            FileContent::Symlink(target) => {
                self.0.update(b"l");
                self.text(target);
            }
            FileContent::Special(what) => {
                self.0.update(b"s");
                self.text(what);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(argv: &[&str], env: &[(&str, &str)]) -> LayerStep {
        LayerStep::Run(RunStep {
            argv: argv.iter().map(ToString::to_string).collect(),
            env: env.iter().copied().collect(),
            args: crate::plan::Variables::default(),
            proxies: vec![("http_proxy".into(), "x".into())],
            workdir: "/".into(),
            user: String::new(),
            script: None,
            mounts: Vec::new(),
            sandbox: crate::plan::Sandbox::default(),
        })
    }

    fn key(step: &LayerStep) -> CacheKey {
        KeySink::key(step, &CacheKey(Digest::of(b"base")).into(), &[])
    }

    #[test]
    fn words_that_would_join_alike_have_different_keys() {
        assert_ne!(key(&run(&["a b"], &[])), key(&run(&["a", "b"], &[])));
        assert_ne!(
            key(&run(&["a"], &[("x", "1")])),
            key(&run(&["a"], &[("x", "2")]))
        );
    }

    #[test]
    fn proxies_are_not_in_the_key() {
        let LayerStep::Run(mut other) = run(&["a"], &[]) else {
            unreachable!()
        };
        other.proxies.clear();
        assert_eq!(key(&LayerStep::Run(other)), key(&run(&["a"], &[])));
    }
}
