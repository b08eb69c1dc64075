//! Options of the verbs that carry files in and out: `export`, `import`, `commit`.

use std::path::PathBuf;

use clap::Args;

/// `export`
#[derive(Debug, Clone, Args)]
pub struct Export {
    /// File to write; standard output if left out
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// The container
    pub container: String,
}

/// `import`
#[derive(Debug, Clone, Args)]
pub struct Import {
    /// Change a setting: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, USER, WORKDIR, ...
    #[arg(long, short, value_name = "INSTRUCTION")]
    pub change: Vec<String>,
    /// Remark in the history
    #[arg(long, short, value_name = "TEXT")]
    pub message: Option<String>,
    /// A tar, plain or compressed: a file, a web address, or `-` for standard input
    pub source: String,
    /// Name for the image: NAME[:TAG]
    pub name: Option<String>,
}

/// `commit`
#[derive(Debug, Clone, Args)]
pub struct Commit {
    /// Who made it
    #[arg(long, short, value_name = "NAME")]
    pub author: Option<String>,
    /// Change a setting: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, USER, WORKDIR, ...
    #[arg(long, short, value_name = "INSTRUCTION")]
    pub change: Vec<String>,
    /// Remark in the history
    #[arg(long, short, value_name = "TEXT")]
    pub message: Option<String>,
    /// The container
    pub container: String,
    /// Name for the image: NAME[:TAG]
    pub name: Option<String>,
}
