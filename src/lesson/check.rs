//! The check block: expectations, prediction, wrong cases, notices, set-up and clean-up.
//!
//! TOML in, typed values out; an unknown key is an error with its place. Nothing here can run a
//! command of the host, so a lesson from a stranger is only data.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Everything a `toml check` block says.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// How to get to the start of the step.
    #[serde(default)]
    pub setup: Setup,
    /// What to remove after the lesson.
    #[serde(default)]
    pub cleanup: Cleanup,
    /// What has to hold.
    #[serde(default)]
    pub expect: Expect,
    /// What the learner is asked before.
    pub predict: Option<Predict>,
    /// Known mistakes.
    #[serde(default)]
    pub wrong: Vec<Wrong>,
    /// Remarks for certain results.
    #[serde(default)]
    pub notice: Vec<Notice>,
}

/// How to get to the start of the step.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setup {
    /// The step after whose solution this one starts; the step before where it is left out.
    pub start_from: Option<String>,
    /// Files of the lesson to bring back to their first content.
    #[serde(default)]
    pub files: Vec<String>,
    /// Lines to carry out.
    #[serde(default)]
    pub run: Vec<String>,
}

/// What to remove after the lesson.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cleanup {
    /// Containers by name; `*` means all of the lesson.
    #[serde(default)]
    pub containers: Vec<String>,
    /// Images by name.
    #[serde(default)]
    pub images: Vec<String>,
    /// Files of the work folder.
    #[serde(default)]
    pub files: Vec<String>,
}

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

/// A size between bounds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    /// At least.
    pub min: Option<Bytes>,
    /// At most.
    pub max: Option<Bytes>,
}

/// A number of bytes, written as a number or as `1kB`, `20MB`, `4MiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "BytesText")]
pub struct Bytes(pub u64);

#[derive(Deserialize)]
#[serde(untagged)]
enum BytesText {
    Number(u64),
    Text(String),
}

impl TryFrom<BytesText> for Bytes {
    type Error = String;

    fn try_from(text: BytesText) -> Result<Self, String> {
        match text {
            BytesText::Number(number) => Ok(Self(number)),
            BytesText::Text(text) => parse_bytes(&text)
                .map(Self)
                .ok_or_else(|| format!("`{text}` is no size: write 500, `1kB`, `20MB` or `4MiB`")),
        }
    }
}

fn parse_bytes(text: &str) -> Option<u64> {
    let split = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let factor = match unit.trim() {
        "" | "B" => 1,
        "kB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
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

/// What an image has to be like.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ImageExpectation {
    /// There is no such image.
    pub absent: Option<bool>,
    /// So many layers.
    pub layers: Option<Layers>,
    /// So many lines of history.
    pub history: Option<usize>,
    /// Bytes of all layers.
    pub size: Option<SizeExpectation>,
    /// Bytes that a later layer hides.
    pub waste: Option<WasteExpectation>,
    /// Layers in common with another image.
    pub shares: Option<Shares>,
    /// Settings.
    pub config: Option<ConfigExpectation>,
    /// The other name has the same id.
    pub same_id_as: Option<String>,
    /// Paths inside.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub file: BTreeMap<String, ImageFileExpectation>,
}

/// A number of layers, in all or beyond the base image.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum Layers {
    /// In all.
    All(usize),
    /// Beyond the base image.
    BasePlus(BasePlus),
}

/// A number of layers beyond the base image.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct BasePlus {
    /// The number.
    pub base_plus: usize,
}

/// What an image's size has to be like.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SizeExpectation {
    /// At least.
    pub min: Option<Bytes>,
    /// At most.
    pub max: Option<Bytes>,
    /// Smaller than this image.
    pub less_than: Option<String>,
    /// By at least so much.
    pub by: Option<Bytes>,
}

/// What hidden bytes have to be like.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct WasteExpectation {
    /// At least so many.
    pub min: Option<Bytes>,
    /// At most so many.
    pub max: Option<Bytes>,
    /// Some of them at this path.
    pub path: Option<String>,
}

/// Layers in common with another image.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Shares {
    /// The other image.
    pub with: String,
    /// How many, from the base on.
    pub first: usize,
}

/// What settings have to be.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigExpectation {
    /// CMD.
    pub cmd: Option<Vec<String>>,
    /// ENTRYPOINT.
    pub entrypoint: Option<Vec<String>>,
    /// These `NAME=value` are among the variables.
    pub env: Option<Vec<String>>,
    /// EXPOSE; `80` means `80/tcp`.
    pub exposed: Option<Vec<String>>,
    /// USER.
    pub user: Option<String>,
    /// WORKDIR.
    pub workdir: Option<String>,
    /// These are among the labels.
    pub labels: Option<BTreeMap<String, String>>,
}

/// What a path inside an image has to be like.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ImageFileExpectation {
    /// Whether it is there.
    pub exists: Option<bool>,
    /// Its content has these.
    pub contains: Option<Words>,
    /// Its content is that of this file of the work folder.
    pub same_as: Option<String>,
    /// Its permission bits, in octal.
    pub mode: Option<String>,
    /// Its owner.
    pub uid: Option<u32>,
    /// The layer it comes from, from 1, base first.
    pub layer: Option<usize>,
}

/// What a container has to be like.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ContainerExpectation {
    /// `running`, `exited`, `created`, `paused`, `absent`.
    pub state: Option<String>,
    /// Its exit code.
    pub exit: Option<Exit>,
    /// The image it was made from.
    pub image: Option<String>,
    /// The program that is process 1.
    pub pid1: Option<String>,
    /// The words it was started with.
    pub argv: Option<Vec<String>>,
    /// Published ports.
    pub ports: Option<Vec<String>>,
    /// Mounts.
    pub mounts: Option<Vec<String>>,
    /// What it wrote has these.
    pub logs: Option<Words>,
    /// These are among the changes of its writable layer, as `A /x`.
    pub changed: Option<Vec<String>>,
    /// It was restarted at least so often.
    pub restarts: Option<u32>,
    /// So many containers fit all the rest.
    pub count: Option<usize>,
    /// What the kernel says.
    pub kernel: Option<KernelExpectation>,
}

/// What the kernel has to say about a container.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct KernelExpectation {
    /// These namespaces are not the host's.
    pub namespaces_differ: Option<Vec<String>>,
    /// So many lower directories.
    pub overlay_lower: Option<u64>,
    /// The memory limit.
    pub memory_max: Option<Bytes>,
    /// The limit on processes.
    pub pids_max: Option<u64>,
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

/// What the learner is asked before it happens.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Predict {
    /// What kind of question.
    pub kind: PredictKind,
    /// What is asked about: instructions (`cache`), image names (`layers`, `size-order`).
    #[serde(default)]
    pub ask: Vec<String>,
    /// The line that brings the real result.
    pub by: Option<String>,
    /// For `choice`: a short name for each answer; the step's text lists them, as prose is what
    /// is translated.
    #[serde(default)]
    pub choices: Vec<String>,
    /// For `choice`: the right one, from 1. The other kinds have no key to keep.
    pub answer: Option<usize>,
    /// The real result, for the lesson's test only.
    #[serde(default)]
    pub pinned: BTreeMap<String, Pinned>,
}

/// What kind of question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PredictKind {
    /// HIT or MISS, for each instruction.
    Cache,
    /// How many layers each image will have beyond its base.
    Layers,
    /// Which image is the smallest, and so on.
    SizeOrder,
    /// One of several answers.
    Choice,
}

/// A pinned result: a word or a number.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum Pinned {
    /// `hit`, `miss`.
    Word(String),
    /// A number of layers, or a place in an order.
    Number(u64),
}

impl Pinned {
    /// Returns it as the words that predictions are made of.
    pub fn text(&self) -> String {
        match self {
            Self::Word(word) => word.clone(),
            Self::Number(number) => number.to_string(),
        }
    }
}

/// A known mistake.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wrong {
    /// Its name.
    pub name: String,
    /// Lines that make it.
    #[serde(default, rename = "do")]
    pub lines: Vec<String>,
    /// Files that make it, written before the lines.
    #[serde(default)]
    pub file: BTreeMap<String, String>,
    /// Facts that fail then; a prefix stands for all facts below it.
    pub fails: Vec<String>,
    /// What else must hold, see [`super::Condition`]; tells mistakes apart that fail alike.
    #[serde(rename = "if")]
    pub condition: Option<String>,
    /// The `when:` text to show; its own name where left out.
    pub says: Option<String>,
}

impl Wrong {
    /// Returns the name of the text to show.
    pub fn says(&self) -> &str {
        self.says.as_deref().unwrap_or(&self.name)
    }
}

/// A remark for a certain result.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// The condition, see [`super::Condition`].
    #[serde(rename = "if")]
    pub condition: String,
    /// The `when:` text to show.
    pub says: String,
}

/// What is wrong with a check block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckError {
    /// One sentence.
    pub message: String,
    /// Byte offset in the block.
    pub offset: usize,
}

impl Check {
    /// Reads a check block.
    pub fn parse(text: &str) -> Result<Self, CheckError> {
        let check: Self = toml::from_str(text).map_err(|error| CheckError {
            message: error.message().to_owned(),
            offset: error.span().map_or(0, |span| span.start),
        })?;
        check
            .judge()
            .map_err(|message| CheckError { message, offset: 0 })?;
        Ok(check)
    }

    /// Says what TOML's types can't: which keys need which.
    fn judge(&self) -> Result<(), String> {
        if self
            .expect
            .step
            .iter()
            .any(|s| s.n.is_some() == s.is.is_some())
        {
            return Err("`[[expect.step]]` needs either `n` or `is`".to_owned());
        }
        let Some(predict) = &self.predict else {
            return Ok(());
        };
        let choices = predict.kind == PredictKind::Choice;
        match predict.answer {
            _ if choices && predict.choices.len() < 2 => {
                Err("a choice needs two `choices` or more".to_owned())
            }
            Some(answer) if choices && (1..=predict.choices.len()).contains(&answer) => Ok(()),
            _ if choices => Err("`answer` is the number of one of the `choices`".to_owned()),
            Some(_) => Err("only a choice has an `answer`: the real result scores the rest".into()),
            None if predict.by.is_none() => {
                Err("`by` is missing: the line that brings the real result".to_owned())
            }
            None if predict.ask.is_empty() => Err("`ask` is empty".to_owned()),
            None => Ok(()),
        }
    }

    /// Tells whether there is nothing to check.
    pub fn is_empty(&self) -> bool {
        self.expect == Expect::default() && self.predict.is_none()
    }

    /// Returns a short hash of what has to hold and what is asked; layout and comments of the
    /// block don't matter.
    pub fn hash(&self) -> String {
        let canonical = serde_json::to_string(&(&self.expect, &self.predict))
            .expect("expectations are maps with string keys");
        crate::digest::Digest::of(canonical.as_bytes()).hex()[..6].to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_an_error_with_its_place() {
        let error = Check::parse("[expect.build]\ntga = \"x\"\n").unwrap_err();
        assert!(error.message.contains("tga"), "{}", error.message);
        assert_eq!(error.offset, 15);
    }

    #[test]
    fn sizes_are_written_as_docker_writes_them() {
        let check = Check::parse("[expect.build]\nsent = { max = \"1kB\" }\n").unwrap();
        let sent = check.expect.build.unwrap().sent.unwrap();
        assert_eq!(sent.max, Some(Bytes(1000)));
        assert!(Check::parse("[expect.build]\nsent = { max = \"1 pot\" }\n").is_err());
    }

    #[test]
    fn layers_are_counted_in_all_or_beyond_the_base() {
        let check = Check::parse(
            "[expect.image.a]\nlayers = 4\n[expect.image.b]\nlayers = { base_plus = 3 }\n",
        );
        let image = check.unwrap().expect.image;
        assert_eq!(image["a"].layers, Some(Layers::All(4)));
        assert_eq!(
            image["b"].layers,
            Some(Layers::BasePlus(BasePlus { base_plus: 3 }))
        );
    }

    #[test]
    fn only_a_choice_has_a_key() {
        let text = "[predict]\nkind = \"cache\"\nask = [\"RUN a\"]\nby = \"build .\"\nanswer = 1\n";
        assert!(
            Check::parse(text)
                .unwrap_err()
                .message
                .contains("only a choice")
        );
    }

    #[test]
    fn the_hash_ignores_layout_and_sees_expectations() {
        let one = Check::parse("[expect]\nexit = 0\n").unwrap();
        let same = Check::parse("# said twice\n[expect]\nexit   =   0\n").unwrap();
        let other = Check::parse("[expect]\nexit = 1\n").unwrap();
        assert_eq!(one.hash(), same.hash());
        assert_ne!(one.hash(), other.hash());
    }
}
