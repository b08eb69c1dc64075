//! What has to hold: commands, builds, steps, the draft, files, servers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::container::ContainerExpectation;
use super::image::ImageExpectation;
use super::size::Bounds;

/// What has to hold.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// How the command ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit: Option<Exit>,
    /// Which verb is meant by `exit`, `stdout` and `stderr`; alone: it was used in this step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// What it wrote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stdout: Option<TextExpectation>,
    /// What it wrote to standard error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stderr: Option<TextExpectation>,
    /// About the last build.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build: Option<BuildExpectation>,
    /// About steps of the last build.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub step: Vec<StepExpectation>,
    /// About the draft.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub draft: Option<DraftExpectation>,
    /// About images, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub image: BTreeMap<String, ImageExpectation>,
    /// About containers, by name, id, `*` (any) or `last`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub container: BTreeMap<String, ContainerExpectation>,
    /// About files of the work folder, by path.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub file: BTreeMap<String, FileExpectation>,
    /// About a server on loopback.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<HttpExpectation>,
}

/// How a command has to end.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum Exit {
    /// With this code.
    Code(i32),
    /// With any other code than 0.
    Word(Nonzero),
}

/// The word `nonzero`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Nonzero {
    /// Any other code than 0.
    Nonzero,
}

/// One word or several.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum Words {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl Words {
    /// Returns them all.
    pub fn all(&self) -> &[String] {
        match self {
            Self::One(word) => std::slice::from_ref(word),
            Self::Many(words) => words,
        }
    }
}

/// What a text has to be like. Colours are removed and line ends folded first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TextExpectation {
    /// Has all of these.
    pub contains: Option<Words>,
    /// Has none of these.
    pub lacks: Option<Words>,
    /// One line fits this pattern: `*` any text, `?` any character, `#` one digit.
    pub matches: Option<String>,
    /// Is this, but for a final line end.
    pub equals: Option<String>,
    /// Has so many lines.
    pub lines: Option<usize>,
}

/// What the last build has to be like.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct BuildExpectation {
    /// The image got this name.
    pub tag: Option<String>,
    /// The file has so many instructions.
    pub steps: Option<usize>,
    /// What the build read of its context.
    pub sent: Option<Bounds>,
    /// The number of the step that failed.
    pub failed_at: Option<usize>,
}

/// What one step of the last build has to be like.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct StepExpectation {
    /// The step by number.
    pub n: Option<usize>,
    /// The step by its text.
    pub is: Option<String>,
    /// Whether it was reused.
    pub cache: Option<CacheWord>,
    /// What it made.
    pub makes: Option<Makes>,
    /// Why it ran: `file:PATH`, `parent:N`, `text`, `arg:NAME`, `env:NAME`, `setting:NAME`,
    /// `base`, `never-built`, `no-cache`, `layer-gone`.
    pub cause: Option<String>,
    /// Bytes of its layer.
    pub size: Option<Bounds>,
}

impl StepExpectation {
    /// Returns the words that name the step in facts: its text, or its number.
    pub fn label(&self) -> String {
        match (&self.is, self.n) {
            (Some(text), _) => text.clone(),
            (None, Some(number)) => number.to_string(),
            (None, None) => "?".to_owned(),
        }
    }
}

/// What became of a step, as check blocks say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CacheWord {
    /// HIT.
    Hit,
    /// MISS.
    Miss,
    /// SKIP.
    Skip,
    /// WAIT.
    Unreached,
    /// FAIL.
    Fail,
}

/// What a step makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Makes {
    /// A layer of its own.
    Layer,
    /// Settings only.
    Meta,
    /// Nothing: it takes over a base image.
    Base,
}

/// What the draft has to be like.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DraftExpectation {
    /// So many instructions.
    pub lines: Option<usize>,
    /// The last instruction.
    pub last: Option<String>,
    /// All of these are in it.
    pub has: Option<Words>,
    /// None of these is in it.
    pub lacks: Option<Words>,
}

/// What a file of the work folder has to be like.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FileExpectation {
    /// Whether it is there.
    pub exists: Option<bool>,
    /// It has these.
    pub contains: Option<Words>,
    /// It is what the step's `file=` block with this path says.
    pub equals_block: Option<String>,
    /// Whether it is a Dockerfile by the grammar.
    pub parses: Option<bool>,
    /// Its content is another than at the end of this step.
    pub changed_since: Option<String>,
}

/// What a server on loopback has to answer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct HttpExpectation {
    /// Where.
    pub url: String,
    /// The status code.
    pub status: Option<u16>,
    /// The body has these.
    pub contains: Option<Words>,
    /// Nobody listens.
    pub refused: Option<bool>,
}
