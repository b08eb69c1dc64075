//! Options of `system ...`: what looks after the store.

use clap::{Args, Subcommand};

use super::Json;

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
