//! Options of the verbs on registries.

use clap::{Args, Subcommand, ValueEnum};

/// `pull`
#[derive(Debug, Clone, Args)]
pub struct Pull {
    /// All tags of the repository
    #[arg(long, short)]
    pub all_tags: bool,
    /// Of an image for several platforms, that for this one: linux/arm64
    #[arg(long, value_name = "PLATFORM")]
    pub platform: Option<String>,
    /// Print only the name
    #[arg(long, short)]
    pub quiet: bool,
    /// The image: NAME[:TAG] or NAME@DIGEST
    #[arg(value_name = "NAME")]
    pub image: String,
}

/// `push`
#[derive(Debug, Clone, Args)]
pub struct Push {
    /// All tags of the repository that are here
    #[arg(long, short)]
    pub all_tags: bool,
    /// Print only the name
    #[arg(long, short)]
    pub quiet: bool,
    /// The image: NAME[:TAG]
    #[arg(value_name = "NAME")]
    pub image: String,
}

/// `login`
#[derive(Debug, Clone, Args)]
pub struct Login {
    /// Name at the registry
    #[arg(long, short, value_name = "NAME")]
    pub username: Option<String>,
    /// Password or token
    #[arg(
        long,
        short,
        value_name = "PASSWORD",
        conflicts_with = "password_stdin"
    )]
    pub password: Option<String>,
    /// Read the password from standard input
    #[arg(long)]
    pub password_stdin: bool,
    /// The registry; docker.io if left out
    pub server: Option<String>,
}

/// `logout`
#[derive(Debug, Clone, Args)]
pub struct Logout {
    /// The registry; docker.io if left out
    pub server: Option<String>,
}

/// `search`
#[derive(Debug, Clone, Args)]
pub struct Search {
    /// How many at most
    #[arg(long, default_value_t = 25, value_name = "NUMBER")]
    pub limit: usize,
    /// Whole descriptions
    #[arg(long)]
    pub no_trunc: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// What to look for
    pub term: String,
}

/// `manifest ...`
#[derive(Debug, Clone, Subcommand)]
pub enum Manifest {
    /// Show the manifest or index that a registry has for a name
    Inspect(ManifestInspect),
}

/// `manifest inspect`
#[derive(Debug, Clone, Args)]
pub struct ManifestInspect {
    /// Say too what it is and what its digest is
    #[arg(long, short)]
    pub verbose: bool,
    /// The image
    pub image: String,
}

/// When `run` pulls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum PullPolicy {
    /// Each time.
    Always,
    /// What is missing in the store.
    #[default]
    Missing,
    /// Not at all.
    Never,
}
