//! Options of the verbs that build and foresee: `build`, `plan`, `why`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

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
    /// Reuse what another machine made: type=local,src=FOLDER or type=registry,ref=NAME
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
    /// Whether a build would ask for newer base images
    #[arg(long, num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true", action = clap::ArgAction::Set, hide = true)]
    pub pull: bool,
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
    /// Ask registries for newer base images
    #[arg(long, num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true", action = clap::ArgAction::Set)]
    pub pull: bool,
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
    /// Write the result elsewhere too: a folder, `-`, type=local|tar|oci|docker,dest=PATH, or type=registry
    #[arg(long, short, value_name = "DEST")]
    pub output: Vec<String>,
    /// Push the image under every -t, as --output type=registry does
    #[arg(long)]
    pub push: bool,
    /// Keep the image in the store, where it is anyway
    #[arg(long)]
    pub load: bool,
    /// Write the cache for another machine: type=local,dest=FOLDER or type=registry,ref=NAME, with mode=min|max
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
