//! Options of the verbs on images, and `image ...`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{Build, Import, PruneImages, Pull, Push};

/// `images`
#[derive(Debug, Clone, Args)]
pub struct Images {
    /// Only images of this name, or of names that fit a pattern: 'shop*'
    pub name: Option<String>,
    /// Show all images; those without a name are shown anyhow
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
    /// Only what fits: dangling=true, reference=PATTERN, before=IMAGE, since=IMAGE, label=KEY[=VALUE], until=24h
    #[arg(long, short = 'f', value_name = "FILTER")]
    pub filter: Vec<String>,
    /// Draw which image stands on which, and what it adds
    #[arg(long, conflicts_with_all = ["quiet", "format", "json", "filter", "name"])]
    pub tree: bool,
    /// Lay it out: json, table TEMPLATE, or a Go template such as '{{.ID}} {{.Size}}'
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<String>,
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
    /// Lay it out: json, table TEMPLATE, or a Go template such as '{{.ID}} {{.Size}}'
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<String>,
}

/// `inspect`
#[derive(Debug, Clone, Args)]
pub struct Inspect {
    /// Lay it out: json, or a Go template such as '{{.Id}} {{json .Config}}'
    #[arg(long, short, value_name = "FORMAT")]
    pub format: Option<String>,
    /// What the names are of: image or container
    #[arg(long, value_name = "TYPE", value_enum)]
    pub r#type: Option<ObjectType>,
    /// Images or containers
    #[arg(required = true)]
    pub names: Vec<String>,
}

/// What can be inspected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ObjectType {
    /// Images.
    Image,
    /// Containers.
    Container,
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
    /// Take names away and remove nothing else
    #[arg(long)]
    pub no_prune: bool,
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
    /// Make an image of the files in a tar
    Import(Import),
    /// Remove images that nothing uses
    Prune(PruneImages),
    /// Fetch an image from a registry
    Pull(Pull),
    /// Send an image to a registry
    Push(Push),
}
