//! Options of the verbs that read and judge: `parse`, `fmt`, `expand`, `ignore-check`, `context`, `check`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

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
