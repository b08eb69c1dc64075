//! The verbs and their options, one list for the shell and the REPL.
//!
//! Options are docker's where docker has the verb: `--rm=false`, `-p8080:80`, `-it`, and the
//! options of `run` and `exec` end at the image or container.

// The comments are the text of `--help`: brackets in it are no links.
#![allow(rustdoc::broken_intra_doc_links)]

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::language::Language;

mod help;
mod korean;

pub use help::{for_help, language_asked};

/// Learn container images by building them, one Dockerfile instruction at a time.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "strata",
    version,
    disable_help_subcommand = true,
    max_term_width = 100,
    after_help = "Without a verb, strata opens its prompt: type a Dockerfile there, line by line."
)]
pub struct Arguments {
    /// Options that go before the verb.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Options that every verb takes.
#[derive(Debug, Clone, Default, Args)]
pub struct Global {
    /// Folder of the image store
    #[arg(long, value_name = "DIR", global = true)]
    pub root: Option<PathBuf>,
    /// Language: en or ko
    #[arg(long, value_name = "LANG", global = true, value_parser = language)]
    pub lang: Option<Language>,
    /// Draw with ASCII characters only
    #[arg(long, global = true)]
    pub ascii: bool,
    /// Plain sentences instead of pictures
    #[arg(long, global = true)]
    pub plain: bool,
    /// When to use colour
    #[arg(long, value_name = "WHEN", global = true, value_enum)]
    pub color: Option<When>,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal.
    Auto,
    /// Also into a pipe.
    Always,
    /// Not at all.
    Never,
}

fn language(code: &str) -> Result<Language, String> {
    Language::from_locale(code).ok_or_else(|| format!("no language `{code}`, try en or ko"))
}

/// Everything strata can be told to do.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Learn with lessons: go on where you were, or open one
    Learn(Learn),
    /// Work with lessons: list, report, forget, reset; for authors test, lint, new, sync, coverage
    #[command(subcommand)]
    Lesson(Lesson),
    /// Show how a Dockerfile is read
    Parse(Parse),
    /// Judge a Dockerfile: mistakes, build checks, what is hardly meant
    Check(Check),
    /// Lay a Dockerfile out anew without changing what it says
    Fmt(Fmt),
    /// Show what a word of a Dockerfile becomes: quotes and $variables resolved
    Expand(Expand),
    /// Say whether paths stay out of the build context, and which line of the ignore file decided
    IgnoreCheck(IgnoreCheck),
    /// Look into a build context: ls
    #[command(subcommand)]
    Context(Context),
    /// Build an image from a Dockerfile
    Build(Box<Build>),
    /// Say what a build would reuse and what it would run, and why, without building
    Plan(Box<Plan>),
    /// Say why a step of the last build was reused or ran
    Why(Why),
    /// Draw the layers of an image
    Stack(Stack),
    /// List the files of an image or of one step
    Files(Files),
    /// Compare two images, layer by layer
    Compare(Compare),
    /// Show the bytes that a later layer hides or doubles, and the steps to blame
    Waste(Waste),
    /// Show which steps touched a path
    Log(Log),
    /// List images
    #[command(visible_alias = "image-ls")]
    Images(Images),
    /// Show the history of an image
    History(History),
    /// Show all that is known of an image or a container, as JSON
    Inspect(Inspect),
    /// Give an image another name
    Tag(Tag),
    /// Remove images
    Rmi(Rmi),
    /// Bring in an image from an archive
    Load(Load),
    /// Write an image to an archive or an OCI folder
    Save(Save),
    /// Make a container from an image and run it
    #[command(disable_help_flag = true)]
    Run(Box<Run>),
    /// Run one more program in a running container
    Exec(Exec),
    /// List containers
    Ps(Ps),
    /// Show what a container wrote
    Logs(Logs),
    /// Stop containers
    Stop(Stop),
    /// Send a signal to containers
    Kill(Kill),
    /// Start stopped containers
    Start(Start),
    /// Wait until containers stop, print their exit codes
    Wait(Names),
    /// Remove containers
    Rm(Rm),
    /// Say what works on this machine, and the remedy for what does not
    Doctor(Json),
    /// Look after the store
    #[command(subcommand)]
    System(System),
    /// Commands on images: ls, history, inspect, rm, tag, build, load, save
    #[command(subcommand)]
    Image(ImageCommand),
    /// Commands on containers: ls, run, exec, logs, stop, rm, ...
    #[command(subcommand)]
    Container(ContainerCommand),
    /// Show the version
    Version,
}

/// `learn`
#[derive(Debug, Clone, Args)]
pub struct Learn {
    /// Number or id of a lesson
    pub lesson: Option<String>,
    /// Folder of lessons instead of the built-in ones
    #[arg(long, value_name = "DIR")]
    pub lessons: Option<PathBuf>,
    /// Folder that holds the work folders of lessons (default: ~/strata)
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Do not watch the work folder for changes
    #[arg(long)]
    pub no_watch: bool,
}

/// `lesson ...`
#[derive(Debug, Clone, Subcommand)]
pub enum Lesson {
    /// List the lessons
    List(LessonFolder),
    /// Prove that lessons can be finished, without a terminal
    Test(LessonTest),
    /// Look for mistakes in lesson files
    Lint(LessonFolder),
    /// Begin a new lesson: a step that works, in every language, and its line in course.toml
    New(LessonNew),
    /// Show which translations are older than the English
    Sync(LessonSync),
    /// Show where what is taught is typed, and which study notes are taught where
    Coverage(LessonFolder),
    /// Report progress, for learners and teachers
    Report(LessonReport),
    /// Forget a lesson that was opened by mistake
    Forget(LessonForget),
    /// Start a lesson, or the whole course, again; your files are kept aside
    Reset(LessonReset),
}

/// A folder of lessons.
#[derive(Debug, Clone, Args)]
pub struct LessonFolder {
    /// Folder of lessons; the built-in ones if left out
    pub folder: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `lesson test`
#[derive(Debug, Clone, Args)]
pub struct LessonTest {
    /// Folder of lessons; the built-in ones if left out
    pub folder: Option<PathBuf>,
    /// Only lessons or steps: `cache-order` or `cache-order/fix`
    #[arg(long, value_name = "LESSON[/STEP]")]
    pub filter: Option<String>,
    /// Keep the folders of failed steps
    #[arg(long)]
    pub keep: bool,
    /// Accept the screens as they are now
    #[arg(long)]
    pub update: bool,
    /// Take steps that need real images, too
    #[arg(long)]
    pub real: bool,
    /// Seed of the random order
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Print `JUnit` XML
    #[arg(long, conflicts_with = "json")]
    pub junit: bool,
}

/// `lesson new`
#[derive(Debug, Clone, Args)]
pub struct LessonNew {
    /// Its id, with or without a number before it: `ports` or `13-ports`
    #[arg(value_name = "ID")]
    pub name: String,
    /// Folder of lessons
    #[arg(default_value = "lessons")]
    pub folder: PathBuf,
}

/// `lesson sync`
#[derive(Debug, Clone, Args)]
pub struct LessonSync {
    /// The language to look at, such as ko
    #[arg(value_parser = language)]
    pub language: Language,
    /// Folder of lessons
    #[arg(default_value = "lessons")]
    pub folder: PathBuf,
    /// Write code blocks and hashes without asking: the translations are right again
    #[arg(long)]
    pub write: bool,
}

/// Whose progress: that in the built-in course, or in another.
#[derive(Debug, Clone, Args)]
pub struct LessonHomes {
    /// Folder of lessons instead of the built-in ones
    #[arg(long, value_name = "DIR")]
    pub lessons: Option<PathBuf>,
    /// Folder that holds the work folders of lessons (default: ~/strata)
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// `lesson report`
#[derive(Debug, Clone, Args)]
pub struct LessonReport {
    /// Which course.
    #[command(flatten)]
    pub homes: LessonHomes,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `lesson forget`
#[derive(Debug, Clone, Args)]
pub struct LessonForget {
    /// Number or id of the lesson
    pub lesson: String,
    /// Which course.
    #[command(flatten)]
    pub homes: LessonHomes,
}

/// `lesson reset`
#[derive(Debug, Clone, Args)]
pub struct LessonReset {
    /// The lesson; the whole course if left out
    pub lesson: Option<String>,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
    /// Which course.
    #[command(flatten)]
    pub homes: LessonHomes,
}

/// Only `--json`.
#[derive(Debug, Clone, Args)]
pub struct Json {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `parse`
#[derive(Debug, Clone, Args)]
pub struct Parse {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// The Dockerfile, `-` for standard input
    pub file: PathBuf,
}

/// `fmt`
#[derive(Debug, Clone, Args)]
pub struct Fmt {
    /// Write nothing: show what would change, and exit with 1 if anything would
    #[arg(long)]
    pub check: bool,
    /// The Dockerfiles, `-` for standard input
    #[arg(default_value = "Dockerfile", value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// `expand`
#[derive(Debug, Clone, Args)]
pub struct Expand {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// The escape character: a backslash or a backtick
    #[arg(long, value_name = "CHAR", default_value = "\\", value_parser = escape)]
    pub escape: char,
    /// Give a variable a value; nothing else has one
    #[arg(long, short, value_name = "NAME=VALUE", value_parser = pair)]
    pub env: Vec<(String, String)>,
    /// Print the words it splits into, one a line
    #[arg(long)]
    pub words: bool,
    /// The word; -- before it if it begins with a dash
    pub word: OsString,
}

fn escape(text: &str) -> Result<char, String> {
    match text {
        "\\" => Ok('\\'),
        "`" => Ok('`'),
        _ => Err("the escape character is \\ or `".to_owned()),
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE".to_owned()),
    }
}

/// `ignore-check`
#[derive(Debug, Clone, Args)]
pub struct IgnoreCheck {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// The ignore file, `-` for standard input
    #[arg(long, value_name = "FILE", default_value = ".dockerignore")]
    pub ignorefile: PathBuf,
    /// Paths, relative to the folder that is built from
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<OsString>,
}

/// `context ...`
#[derive(Debug, Clone, Subcommand)]
pub enum Context {
    /// List the files a build can see, largest first, and what .dockerignore leaves out
    #[command(visible_alias = "list")]
    Ls(ContextLs),
}

/// `context ls`
#[derive(Debug, Clone, Args)]
pub struct ContextLs {
    /// List what is left out instead, and by which line
    #[arg(long, short = 'x')]
    pub excluded: bool,
    /// List all files, however many
    #[arg(long, short)]
    pub all: bool,
    /// Dockerfile: its own FILE.dockerignore counts, if there is one
    #[arg(long, short, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// The build context: a folder, or `-` for a tar or a Dockerfile on standard input
    #[arg(default_value = ".")]
    pub path: PathBuf,
}

/// `check`
#[derive(Debug, Clone, Default, Args)]
pub struct Check {
    /// Print JSON
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
    /// How to print what was found
    #[arg(long, value_name = "HOW", value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Judge only what this stage needs
    #[arg(long, value_name = "STAGE")]
    pub target: Option<String>,
    /// Set a build argument
    #[arg(long, value_name = "NAME=VALUE")]
    pub build_arg: Vec<String>,
    /// Folder to build from, for its .dockerignore (default: the Dockerfile's)
    #[arg(long, value_name = "DIR")]
    pub context: Option<PathBuf>,
    /// Options about rules.
    #[command(flatten)]
    pub rules: RuleOptions,
    /// Explain a rule, or list them all
    #[arg(long, value_name = "RULE", num_args = 0..=1, conflicts_with = "file")]
    pub explain: Option<Option<String>>,
    /// The Dockerfile, `-` for standard input (default: Dockerfile)
    pub file: Option<PathBuf>,
}

impl Check {
    /// Returns the format; `--json` is short for one of them.
    pub fn format_asked(&self) -> Format {
        if self.json { Format::Json } else { self.format }
    }
}

/// What is said about build checks.
#[derive(Debug, Clone, Default, Args)]
pub struct RuleOptions {
    /// Leave out these build checks, or all
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub skip: Vec<String>,
    /// Turn on these experimental build checks, or all
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub experimental: Vec<String>,
    /// Warnings make the check fail
    #[arg(long)]
    pub error: bool,
}

/// How `check` prints what it found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// Sentences with the line and what to type.
    #[default]
    Text,
    /// One JSON value.
    Json,
    /// SARIF 2.1.0, for editors and code hosts.
    Sarif,
    /// Workflow commands of GitHub Actions.
    Github,
}

/// What `build` and `plan` have in common.
#[derive(Debug, Clone, Args)]
pub struct BuildOptions {
    /// Dockerfile, `-` for standard input (default: PATH/Dockerfile)
    #[arg(long, short, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Set a build argument; without a value it is taken from the environment
    #[arg(long, value_name = "NAME[=VALUE]")]
    pub build_arg: Vec<String>,
    /// Run every step again
    #[arg(long, num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true", action = clap::ArgAction::Set)]
    pub no_cache: bool,
    /// Run every step of a stage again
    #[arg(long, value_name = "STAGE", value_delimiter = ',')]
    pub no_cache_filter: Vec<String>,
    /// Stage to build
    #[arg(long, value_name = "STAGE")]
    pub target: Option<String>,
    /// A name for COPY --from and FROM: NAME=FOLDER or NAME=docker-image://IMAGE
    #[arg(long, value_name = "NAME=WHAT")]
    pub build_context: Vec<String>,
    /// Reuse what another machine made: type=local,src=FOLDER
    #[arg(long, value_name = "CACHE")]
    pub cache_from: Vec<String>,
    /// Add a label to the image
    #[arg(long, value_name = "NAME=VALUE")]
    pub label: Vec<String>,
    /// What is given to RUN.
    #[command(flatten)]
    pub given: RunOptions,
}

/// What is given to the RUN steps of a build.
#[derive(Debug, Clone, Default, Args)]
pub struct RunOptions {
    /// A secret for RUN --mount=type=secret: id=NAME,src=FILE or id=NAME,env=VARIABLE
    #[arg(long, value_name = "SECRET")]
    pub secret: Vec<String>,
    /// An ssh agent for RUN --mount=type=ssh: default, or NAME=SOCKET
    #[arg(long, value_name = "AGENT")]
    pub ssh: Vec<String>,
    /// Network of RUN: default, none or host
    #[arg(long, value_name = "MODE")]
    pub network: Option<String>,
    /// Size of /dev/shm, such as 64m
    #[arg(long, value_name = "BYTES")]
    pub shm_size: Option<String>,
    /// A limit of RUN: NAME=SOFT[:HARD], such as nofile=1024
    #[arg(long, value_name = "LIMIT")]
    pub ulimit: Vec<String>,
    /// A line of /etc/hosts for RUN: NAME:ADDRESS
    #[arg(long, value_name = "HOST")]
    pub add_host: Vec<String>,
    /// Allow RUN what is refused otherwise: network.host or security.insecure
    #[arg(long, value_name = "WHAT")]
    pub allow: Vec<String>,
}

/// What `plan` takes though it changes nothing there: a typed `build -t shop .` becomes a plan by
/// its first word alone.
#[derive(Debug, Clone, Args)]
pub struct BuildOnly {
    /// Name that the image would get
    #[arg(long, short, value_name = "NAME", hide = true)]
    pub tag: Vec<String>,
    /// How a build would show progress
    #[arg(long, value_name = "HOW", value_enum, hide = true)]
    pub progress: Option<Progress>,
    /// Where a build would write the image's id
    #[arg(long, value_name = "FILE", hide = true)]
    pub iidfile: Option<PathBuf>,
    /// Where a build would write its cache
    #[arg(long, value_name = "CACHE", hide = true)]
    pub cache_to: Vec<String>,
    /// Whether a build would print only the image's id
    #[arg(long, short, hide = true)]
    pub quiet: bool,
}

/// `build`
#[derive(Debug, Clone, Args)]
pub struct Build {
    /// Name for the image: NAME[:TAG], may be given more than once
    #[arg(long, short, value_name = "NAME")]
    pub tag: Vec<String>,
    /// Options shared with `plan`.
    #[command(flatten)]
    pub options: BuildOptions,
    /// How to show progress
    #[arg(long, value_name = "HOW", value_enum, default_value_t = Progress::Auto)]
    pub progress: Progress,
    /// Print only the image's id
    #[arg(long, short)]
    pub quiet: bool,
    /// Write the image's id to a file
    #[arg(long, value_name = "FILE")]
    pub iidfile: Option<PathBuf>,
    /// Write what is known of the image to a file, as JSON
    #[arg(long, value_name = "FILE")]
    pub metadata_file: Option<PathBuf>,
    /// Write the result elsewhere too: a folder, `-`, or type=local|tar|oci|docker,dest=PATH
    #[arg(long, short, value_name = "DEST")]
    pub output: Vec<String>,
    /// Write the cache for another machine: type=local,dest=FOLDER[,mode=min|max]
    #[arg(long, value_name = "CACHE")]
    pub cache_to: Vec<String>,
    /// Fail at the first step that would have to run
    #[arg(long)]
    pub expect_cached: bool,
    /// Pause before each instruction: next, continue, back, shell, why, quit
    #[arg(long, conflicts_with_all = ["no_cache", "no_cache_filter", "quiet", "json", "check", "expect_cached"])]
    pub step: bool,
    /// What to do when a step fails: shell opens one in the image as it was before
    #[arg(long, value_name = "WHAT", value_enum, conflicts_with_all = ["quiet", "json", "check"])]
    pub on_fail: Option<OnFail>,
    /// Judge the Dockerfile and build nothing
    #[arg(long)]
    pub check: bool,
    /// Print the report as JSON
    #[arg(long)]
    pub json: bool,
    /// The build context: a folder, a git repository or tar by its URL, `-` for standard input
    pub path: PathBuf,
}

/// What to do when a step fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OnFail {
    /// Open a shell.
    Shell,
}

/// How to show a build's progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Progress {
    /// As the terminal allows.
    Auto,
    /// Lines that are only added.
    Plain,
    /// Redrawn in place.
    Tty,
}

/// `plan`
#[derive(Debug, Clone, Args)]
pub struct Plan {
    /// Options shared with `build`.
    #[command(flatten)]
    pub options: BuildOptions,
    /// Options of `build` alone.
    #[command(flatten)]
    pub unneeded: BuildOnly,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// The build context: a folder, a git repository or tar by its URL, `-` for standard input
    #[arg(default_value = ".")]
    pub path: PathBuf,
}

/// `why`
#[derive(Debug, Clone, Args)]
pub struct Why {
    /// The step's number, as `plan` and `build` show it
    pub step: usize,
    /// Explain the build that made this image instead of the last one here
    #[arg(long, value_name = "IMAGE")]
    pub image: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `stack`
#[derive(Debug, Clone, Args)]
pub struct Stack {
    /// The image; at the prompt the draft if left out
    pub image: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `files`
#[derive(Debug, Clone, Args)]
pub struct Files {
    /// An image, or at the prompt the number of a step
    pub what: String,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `compare`
#[derive(Debug, Clone, Args)]
pub struct Compare {
    /// One image
    pub left: String,
    /// The other
    pub right: String,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `waste`
#[derive(Debug, Clone, Args)]
pub struct Waste {
    /// The image; what was built last here if left out
    pub image: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `log`
#[derive(Debug, Clone, Args)]
pub struct Log {
    /// The path in the image
    pub path: String,
    /// The image; what was built last here if left out
    #[arg(long, value_name = "IMAGE")]
    pub image: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `images`
#[derive(Debug, Clone, Args)]
pub struct Images {
    /// Only images of this name
    pub name: Option<String>,
    /// Show untagged images as well
    #[arg(long, short)]
    pub all: bool,
    /// Only ids
    #[arg(long, short)]
    pub quiet: bool,
    /// Whole ids
    #[arg(long)]
    pub no_trunc: bool,
    /// Show digests
    #[arg(long)]
    pub digests: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `history`
#[derive(Debug, Clone, Args)]
pub struct History {
    /// The image
    pub image: String,
    /// Whole ids and texts
    #[arg(long)]
    pub no_trunc: bool,
    /// Only ids
    #[arg(long, short)]
    pub quiet: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `inspect`
#[derive(Debug, Clone, Args)]
pub struct Inspect {
    /// Images or containers
    #[arg(required = true)]
    pub names: Vec<String>,
}

/// `tag`
#[derive(Debug, Clone, Args)]
pub struct Tag {
    /// The image
    pub source: String,
    /// The new name
    pub target: String,
}

/// `rmi`
#[derive(Debug, Clone, Args)]
pub struct Rmi {
    /// Remove even if containers use it
    #[arg(long, short)]
    pub force: bool,
    /// The images
    #[arg(required = true)]
    pub images: Vec<String>,
}

/// `load`
#[derive(Debug, Clone, Args)]
pub struct Load {
    /// Archive (docker or OCI) or OCI folder; standard input if left out
    #[arg(long, short, value_name = "FILE")]
    pub input: Option<PathBuf>,
    /// Print only ids
    #[arg(long, short)]
    pub quiet: bool,
}

/// `save`
#[derive(Debug, Clone, Args)]
pub struct Save {
    /// File to write; standard output if left out
    #[arg(long, short, value_name = "FILE", conflicts_with = "oci")]
    pub output: Option<PathBuf>,
    /// Write an OCI image layout into this folder
    #[arg(long, value_name = "DIR")]
    pub oci: Option<PathBuf>,
    /// The images
    #[arg(required = true)]
    pub images: Vec<String>,
}

/// What `run` takes. `-h` is docker's `--hostname`, so help is only `--help`.
#[derive(Debug, Clone, Args)]
#[command(disable_help_flag = true)]
pub struct Run {
    /// Keep standard input open
    #[arg(long, short, num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true", action = clap::ArgAction::Set)]
    pub interactive: bool,
    /// Give it a terminal
    #[arg(long, short, num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true", action = clap::ArgAction::Set)]
    pub tty: bool,
    /// Leave it running in the background, print its id
    #[arg(long, short, num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true", action = clap::ArgAction::Set)]
    pub detach: bool,
    /// Remove it when it ends
    #[arg(long, num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true", action = clap::ArgAction::Set)]
    pub rm: bool,
    /// Name of the container
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Set a variable; without a value it is taken from the environment
    #[arg(long, short, value_name = "NAME[=VALUE]")]
    pub env: Vec<String>,
    /// Working directory
    #[arg(long, short, value_name = "DIR")]
    pub workdir: Option<String>,
    /// User, and group: name or number
    #[arg(long, short, value_name = "USER[:GROUP]")]
    pub user: Option<String>,
    /// Mount a folder of this machine at a path of the container, `:ro` for reading only
    #[arg(long, short, value_name = "SOURCE:TARGET[:ro]")]
    pub volume: Vec<String>,
    /// Run this instead of the image's entrypoint
    #[arg(long, value_name = "COMMAND")]
    pub entrypoint: Option<String>,
    /// none (loopback only) or host
    #[arg(
        long,
        visible_alias = "net",
        value_name = "NETWORK",
        default_value = "default"
    )]
    pub network: String,
    /// Host name
    #[arg(long, short = 'h', value_name = "NAME")]
    pub hostname: Option<String>,
    /// Label: KEY[=VALUE]
    #[arg(long, short, value_name = "LABEL")]
    pub label: Vec<String>,
    /// Make the image's files read-only
    #[arg(long)]
    pub read_only: bool,
    /// Add a capability
    #[arg(long, value_name = "CAPABILITY")]
    pub cap_add: Vec<String>,
    /// Take a capability away
    #[arg(long, value_name = "CAPABILITY")]
    pub cap_drop: Vec<String>,
    /// Memory limit, such as 64m
    #[arg(long, short, value_name = "BYTES")]
    pub memory: Option<String>,
    /// Processor limit, such as 0.5
    #[arg(long, value_name = "NUMBER")]
    pub cpus: Option<String>,
    /// Limit of processes
    #[arg(long, value_name = "NUMBER")]
    pub pids_limit: Option<i64>,
    /// Go on without a limit that this machine cannot give
    #[arg(long)]
    pub best_effort: bool,
    /// Signal that `stop` sends
    #[arg(long, value_name = "SIGNAL")]
    pub stop_signal: Option<String>,
    /// Show help
    #[arg(long, action = clap::ArgAction::Help)]
    pub help: Option<bool>,
    /// The image, then the command instead of the image's own
    // No `allow_hyphen_values`: it would take an unknown flag before the image for the image.
    #[arg(trailing_var_arg = true, value_name = "IMAGE [COMMAND [ARG...]]")]
    pub words: Vec<String>,
}

/// `exec`
#[derive(Debug, Clone, Args)]
pub struct Exec {
    /// Keep standard input open
    #[arg(long, short)]
    pub interactive: bool,
    /// Give it a terminal
    #[arg(long, short)]
    pub tty: bool,
    /// Leave it running in the background
    #[arg(long, short)]
    pub detach: bool,
    /// Set a variable
    #[arg(long, short, value_name = "NAME=VALUE")]
    pub env: Vec<String>,
    /// User, and group
    #[arg(long, short, value_name = "USER[:GROUP]")]
    pub user: Option<String>,
    /// Working directory
    #[arg(long, short, value_name = "DIR")]
    pub workdir: Option<String>,
    /// The container
    pub container: String,
    /// The command
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        required = true,
        value_name = "COMMAND [ARG...]"
    )]
    pub words: Vec<String>,
}

/// `ps`
#[derive(Debug, Clone, Args)]
pub struct Ps {
    /// Stopped ones as well
    #[arg(long, short)]
    pub all: bool,
    /// Only ids
    #[arg(long, short)]
    pub quiet: bool,
    /// Whole ids and commands
    #[arg(long)]
    pub no_trunc: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `logs`
#[derive(Debug, Clone, Args)]
pub struct Logs {
    /// Go on as more is written
    #[arg(long, short)]
    pub follow: bool,
    /// Only the last lines: a number, or all
    #[arg(long, short = 'n', value_name = "NUMBER", default_value = "all")]
    pub tail: String,
    /// Show times
    #[arg(long, short)]
    pub timestamps: bool,
    /// The container
    pub container: String,
}

/// `stop`
#[derive(Debug, Clone, Args)]
pub struct Stop {
    /// Seconds to wait before it is killed
    #[arg(long, short = 't', visible_alias = "timeout", value_name = "SECONDS")]
    pub time: Option<u64>,
    /// The containers
    #[arg(required = true)]
    pub containers: Vec<String>,
}

/// `kill`
#[derive(Debug, Clone, Args)]
pub struct Kill {
    /// The signal
    #[arg(long, short, value_name = "SIGNAL", default_value = "KILL")]
    pub signal: String,
    /// The containers
    #[arg(required = true)]
    pub containers: Vec<String>,
}

/// `start`
#[derive(Debug, Clone, Args)]
pub struct Start {
    /// Show its output, and wait for its end
    #[arg(long, short)]
    pub attach: bool,
    /// Pass standard input on
    #[arg(long, short)]
    pub interactive: bool,
    /// The containers
    #[arg(required = true)]
    pub containers: Vec<String>,
}

/// Some names.
#[derive(Debug, Clone, Args)]
pub struct Names {
    /// The containers
    #[arg(required = true)]
    pub names: Vec<String>,
}

/// `rm`
#[derive(Debug, Clone, Args)]
pub struct Rm {
    /// Running ones as well
    #[arg(long, short)]
    pub force: bool,
    /// The containers
    #[arg(required = true)]
    pub containers: Vec<String>,
}

/// `system ...`
#[derive(Debug, Clone, Subcommand)]
pub enum System {
    /// Check every digest and size of the store
    Fsck(Json),
    /// Remove the whole store
    Reset(Reset),
}

/// `system reset`
#[derive(Debug, Clone, Args)]
pub struct Reset {
    /// Do not ask
    #[arg(long, short = 'f', visible_alias = "yes")]
    pub force: bool,
}

/// `image ...`
#[derive(Debug, Clone, Subcommand)]
pub enum ImageCommand {
    /// List images
    #[command(visible_alias = "list")]
    Ls(Images),
    /// Build an image
    Build(Box<Build>),
    /// Show the history of an image
    History(History),
    /// Show all that is known of images
    Inspect(Inspect),
    /// Remove images
    #[command(visible_alias = "remove")]
    Rm(Rmi),
    /// Give an image another name
    Tag(Tag),
    /// Bring in an image from an archive
    Load(Load),
    /// Write an image to an archive
    Save(Save),
}

/// `container ...`
#[derive(Debug, Clone, Subcommand)]
pub enum ContainerCommand {
    /// List containers
    #[command(visible_alias = "list", visible_alias = "ps")]
    Ls(Ps),
    /// Make a container and run it
    #[command(disable_help_flag = true)]
    Run(Box<Run>),
    /// Run one more program in a container
    Exec(Exec),
    /// Show what a container wrote
    Logs(Logs),
    /// Show all that is known of containers
    Inspect(Inspect),
    /// Start containers
    Start(Start),
    /// Stop containers
    Stop(Stop),
    /// Send a signal to containers
    Kill(Kill),
    /// Wait for containers
    Wait(Names),
    /// Remove containers
    #[command(visible_alias = "remove")]
    Rm(Rm),
}

impl Command {
    /// Turns `image ...` and `container ...` into the short verbs they stand for.
    pub fn short(self) -> Self {
        match self {
            Self::Image(command) => match command {
                ImageCommand::Ls(it) => Self::Images(it),
                ImageCommand::Build(it) => Self::Build(it),
                ImageCommand::History(it) => Self::History(it),
                ImageCommand::Inspect(it) => Self::Inspect(it),
                ImageCommand::Rm(it) => Self::Rmi(it),
                ImageCommand::Tag(it) => Self::Tag(it),
                ImageCommand::Load(it) => Self::Load(it),
                ImageCommand::Save(it) => Self::Save(it),
            },
            Self::Container(command) => match command {
                ContainerCommand::Ls(it) => Self::Ps(it),
                ContainerCommand::Run(it) => Self::Run(it),
                ContainerCommand::Exec(it) => Self::Exec(it),
                ContainerCommand::Logs(it) => Self::Logs(it),
                ContainerCommand::Inspect(it) => Self::Inspect(it),
                ContainerCommand::Start(it) => Self::Start(it),
                ContainerCommand::Stop(it) => Self::Stop(it),
                ContainerCommand::Kill(it) => Self::Kill(it),
                ContainerCommand::Wait(it) => Self::Wait(it),
                ContainerCommand::Rm(it) => Self::Rm(it),
            },
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn run(words: &[&str]) -> Run {
        let words = ["strata", "run"].iter().chain(words);
        match Arguments::try_parse_from(words)
            .expect("these options are right")
            .command
        {
            Some(Command::Run(run)) => *run,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_verbs_fit_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn options_of_run_end_at_the_image() {
        let run = run(&["-it", "--rm=false", "-eA=1", "shop", "ls", "-l", "--rm"]);
        assert!(run.interactive && run.tty && !run.rm);
        assert_eq!(run.env, ["A=1"]);
        assert_eq!(run.words, ["shop", "ls", "-l", "--rm"]);
    }
}
