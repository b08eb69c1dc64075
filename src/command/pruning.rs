//! Options of the verbs that clear up: `image prune`, `builder ...`, `system prune`.

use clap::{Args, Subcommand};

use super::Build;

/// `image prune`
#[derive(Debug, Clone, Args)]
pub struct PruneImages {
    /// All images that no container uses, not only those without a name
    #[arg(long, short)]
    pub all: bool,
    /// Do not ask
    #[arg(long, short)]
    pub force: bool,
    /// Only what fits: until=24h, label=KEY[=VALUE], label!=KEY[=VALUE]
    #[arg(long, value_name = "FILTER")]
    pub filter: Vec<String>,
}

/// `builder prune`
#[derive(Debug, Clone, Args)]
pub struct PruneBuilder {
    /// Also what images share, and the digests of context files
    #[arg(long, short)]
    pub all: bool,
    /// Do not ask
    #[arg(long, short)]
    pub force: bool,
    /// Only what fits: until=24h (not used since), id=ID, type=KIND
    #[arg(long, value_name = "FILTER")]
    pub filter: Vec<String>,
    /// Keep so much, such as 1g: what was used last stays
    #[arg(long, visible_alias = "reserved-space", value_name = "SIZE")]
    pub keep_storage: Option<String>,
}

/// `system prune`
#[derive(Debug, Clone, Args)]
pub struct PruneSystem {
    /// All images that no container uses, and the whole build cache
    #[arg(long, short)]
    pub all: bool,
    /// Do not ask
    #[arg(long, short)]
    pub force: bool,
    /// Volumes without a name as well
    #[arg(long)]
    pub volumes: bool,
    /// Only what fits: until=24h, label=KEY[=VALUE], label!=KEY[=VALUE]
    #[arg(long, value_name = "FILTER")]
    pub filter: Vec<String>,
}

/// `builder ...`
#[derive(Debug, Clone, Subcommand)]
pub enum Builder {
    /// Remove what the build cache holds and nothing uses
    Prune(PruneBuilder),
    /// Build an image
    Build(Box<Build>),
}

/// `system df`
#[derive(Debug, Clone, Args)]
pub struct Df {
    /// Every image, container, volume and thing of the build cache
    #[arg(long, short)]
    pub verbose: bool,
    /// Lay it out: json, table TEMPLATE, or a Go template such as '{{.Type}} {{.Size}}'
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<String>,
}
