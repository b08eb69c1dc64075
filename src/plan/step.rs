//! The plan as a value: stages, steps, and what each step does once everything is expanded.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::mode::Mode;
use super::mount::RunMount;
use super::remote::{is_git, is_remote};
use super::sandbox::Sandbox;
use super::scope::Variables;
use super::settings::Ports;
use crate::digest::Digest;
use crate::reference::ImageReference;
use crate::source::Span;

/// A step's place in the file, from 1, global ARGs included.
pub type StepNumber = usize;

/// What is to be built, in the order of the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Every stage of the file.
    pub stages: Vec<PlannedStage>,
    /// Index of the stage that becomes the image.
    pub target: usize,
    /// Every instruction of the file, in its order.
    pub steps: Vec<Step>,
}

/// One stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedStage {
    /// The lower-case name, if it has one.
    pub name: Option<String>,
    /// Where it starts.
    pub base: Base,
    /// Whether the target needs it.
    pub needed: bool,
}

/// What a stage is built on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Base {
    /// Nothing: `FROM scratch`.
    Scratch,
    /// An earlier stage, by index.
    Stage(usize),
    /// An image.
    Image(ImageReference),
}

/// One instruction, ready to be carried out.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Its place in the file; of a trigger, that of the FROM that brought it.
    pub number: StepNumber,
    /// For an instruction that the base left with ONBUILD: which of them it is, from 1.
    pub trigger: Option<usize>,
    /// The stage it belongs to; none for a global ARG.
    pub stage: Option<usize>,
    /// Its bytes in the Dockerfile.
    pub span: Span,
    /// First and last line, from 1.
    pub lines: (usize, usize),
    /// The instruction as one line, continuations joined.
    pub text: String,
    /// What it does.
    pub kind: StepKind,
}

/// What tells a step from all others: its number, and for a trigger which one it is.
pub type StepId = (StepNumber, Option<usize>);

impl Step {
    /// Returns what tells the step from all others.
    pub fn id(&self) -> StepId {
        (self.number, self.trigger)
    }
}

/// What a step does.
#[derive(Debug, Clone, PartialEq)]
pub enum StepKind {
    /// Starts a stage.
    From(Base),
    /// Makes a layer.
    Layer(LayerStep),
    /// Changes the image's settings only.
    Config(ConfigChange),
    /// Is parsed, but strata cannot carry it out yet; the words name what.
    Unsupported(String),
    /// Its stage is not needed, so nothing about it was worked out.
    NotNeeded,
}

/// A step that makes a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LayerStep {
    /// RUN.
    Run(RunStep),
    /// COPY.
    Copy(CopyStep),
    /// WORKDIR: makes the folder where it is missing.
    Workdir(WorkdirStep),
}

/// A RUN with everything that decides what it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunStep {
    /// The words to execute; for the shell form the shell comes first.
    pub argv: Vec<String>,
    /// The image's environment, in its order.
    pub env: Variables,
    /// The build arguments in scope that ENV does not hide, in order of declaration.
    pub args: Variables,
    /// Proxy variables: passed on, but no part of the cache key.
    pub proxies: Vec<(String, String)>,
    /// Absolute working directory.
    pub workdir: String,
    /// `user[:group]`, empty for root.
    pub user: String,
    /// A script to be written to a file and executed, from a heredoc that starts with `#!`.
    pub script: Option<String>,
    /// What is mounted while it runs, in order.
    pub mounts: Vec<RunMount>,
    /// Its network, powers and limits.
    pub sandbox: Sandbox,
}

/// A COPY with its words expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyStep {
    /// Where the files come from.
    pub from: CopyFrom,
    /// Paths or patterns, relative to the root of `from`, cleaned.
    pub sources: Vec<String>,
    /// Files written in the Dockerfile itself, as heredocs.
    pub inline: Vec<InlineFile>,
    /// Absolute destination; a trailing `/` means a folder.
    pub destination: String,
    /// Sources and destination as they are written, variables expanded: what the history shows.
    pub written: Vec<String>,
    /// `user[:group]` given to everything copied.
    pub chown: Option<String>,
    /// Permission bits given to everything copied.
    pub chmod: Option<Mode>,
    /// `--link`: made without looking at the layers below.
    pub link: bool,
    /// `--parents`: sources keep the folders they lie in, those before a `/./` left out.
    pub parents: bool,
    /// `--exclude`: patterns of what stays behind, relative to each source.
    pub exclude: Vec<String>,
    /// For an ADD: what only that can do.
    pub add: Option<Box<AddStep>>,
}

/// What of an ADD is not a COPY.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AddStep {
    /// `--unpack`, where it was given.
    pub unpack: Option<bool>,
    /// `--checksum`: what the bytes of the one URL have to be.
    pub checksum: Option<Digest>,
    /// `--checksum`: what the commit of the one repository begins with.
    pub commit: Option<String>,
    /// `--keep-git-dir`, where there is a repository.
    pub keep_git_dir: bool,
}

impl CopyStep {
    /// A COPY without flags.
    pub fn new(from: CopyFrom, sources: Vec<String>, destination: String) -> Self {
        Self {
            from,
            inline: Vec::new(),
            written: sources.iter().chain([&destination]).cloned().collect(),
            sources,
            destination,
            chown: None,
            chmod: None,
            link: false,
            parents: false,
            exclude: Vec::new(),
            add: None,
        }
    }

    /// Returns the sources that are paths of where it copies from.
    pub fn paths(&self) -> impl Iterator<Item = &String> {
        self.sources.iter().filter(|source| !self.fetches(source))
    }

    /// Returns the sources that are files to be fetched.
    pub fn urls(&self) -> impl Iterator<Item = &String> {
        let sources = self.sources.iter();
        sources.filter(|source| self.fetches(source) && !is_git(source))
    }

    /// Returns the sources that are git repositories.
    pub fn repositories(&self) -> impl Iterator<Item = &String> {
        let sources = self.sources.iter();
        sources.filter(|source| self.fetches(source) && is_git(source))
    }

    fn fetches(&self, source: &str) -> bool {
        self.add.is_some() && is_remote(source)
    }

    /// Returns a source as a path or pattern, and how many of its folders it does not keep.
    pub fn source_parts(&self, source: &str) -> (String, usize) {
        match source.split_once("/./") {
            Some((left, kept)) if self.parents => {
                (format!("{left}/{kept}"), left.split('/').count())
            }
            _ => (source.to_owned(), 0),
        }
    }
}

impl LayerStep {
    /// Whether its layer is the same on whatever layers it is put.
    pub fn is_linked(&self) -> bool {
        matches!(self, Self::Copy(copy) if copy.link)
    }
}

/// Where COPY takes files from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CopyFrom {
    /// The build context.
    Context,
    /// A folder that `--build-context` named.
    Folder(PathBuf),
    /// An earlier stage, by index.
    Stage(usize),
    /// An image.
    Image(ImageReference),
}

/// A file whose content stands in the Dockerfile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InlineFile {
    /// The heredoc's name.
    pub name: String,
    /// The content, expanded where it asks for it.
    pub content: String,
}

/// A WORKDIR with its path worked out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkdirStep {
    /// Absolute, cleaned path.
    pub path: String,
    /// `user[:group]` who owns folders that have to be made.
    pub user: String,
}

/// A change to the image's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigChange {
    /// ENV.
    Env(Vec<(String, String)>),
    /// LABEL.
    Labels(Vec<(String, String)>),
    /// ARG, inside a stage or before the first: names and the values they got.
    Arg(Vec<(String, Option<String>)>),
    /// USER.
    User(String),
    /// CMD; `shell` tells how it was written.
    Cmd {
        /// The words; for the shell form the shell comes first.
        argv: Vec<String>,
        /// Written in the shell form.
        shell: bool,
    },
    /// ENTRYPOINT.
    Entrypoint {
        /// The words; for the shell form the shell comes first.
        argv: Vec<String>,
        /// Written in the shell form.
        shell: bool,
    },
    /// EXPOSE: `80/tcp`, sorted.
    Expose(Ports),
    /// VOLUME.
    Volumes(Vec<String>),
    /// SHELL.
    Shell(Vec<String>),
    /// STOPSIGNAL.
    StopSignal(String),
    /// HEALTHCHECK.
    Healthcheck(HealthCheck),
    /// ONBUILD: the instruction as text.
    Onbuild(String),
    /// MAINTAINER.
    Author(String),
    /// `WORKDIR /`: the only folder that is always there, so that no layer is needed.
    Workdir(String),
}

/// A HEALTHCHECK as an image's config holds it; zero stands for "not given".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthCheck {
    /// `NONE`, `CMD` or `CMD-SHELL`, and the words.
    pub test: Vec<String>,
    /// Time between two checks.
    pub interval: Duration,
    /// Time one check may take.
    pub timeout: Duration,
    /// Time in which failures do not count.
    pub start_period: Duration,
    /// Time between two checks during the start period.
    pub start_interval: Duration,
    /// Failures in a row that make it unhealthy.
    pub retries: u32,
}
