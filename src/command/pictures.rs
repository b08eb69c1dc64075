//! Options of the verbs that show what layers hold: `stack`, `files`, `compare`, `waste`, `log`.

use clap::Args;

/// `stack`
#[derive(Debug, Clone, Args)]
pub struct Stack {
    /// The image; at the prompt the draft if left out
    pub image: Option<String>,
    /// A second image: draw which layers both have
    pub other: Option<String>,
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

/// `lid`
#[derive(Debug, Clone, Args)]
pub struct Lid {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// The container
    pub container: String,
}
