//! Options of the verbs on images, and `image ...`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Build, Pull, Push};

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
    /// Fetch an image from a registry
    Pull(Pull),
    /// Send an image to a registry
    Push(Push),
}
