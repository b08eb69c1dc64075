//! Options of `system ...`: what looks after the store.

use clap::{Args, Subcommand};

use super::{Df, Json, PruneSystem};

/// `system ...`
#[derive(Debug, Clone, Subcommand)]
pub enum System {
    /// Show what takes up the disk, and what of it could be got back
    Df(Df),
    /// Remove what nothing uses: stopped containers, images, build cache
    Prune(PruneSystem),
    /// Check every digest and size of the store
    Fsck(Json),
    /// Remove the whole store
    Reset(Reset),
}

/// `generate ...`
#[derive(Debug, Clone, Subcommand)]
pub enum Generate {
    /// Print a systemd unit that starts containers with a restart policy after a reboot
    Systemd,
}

/// `system reset`
#[derive(Debug, Clone, Args)]
pub struct Reset {
    /// Do not ask
    #[arg(long, short = 'f', visible_alias = "yes")]
    pub force: bool,
}
