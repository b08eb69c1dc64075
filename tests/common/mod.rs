//! What several tests need.

pub mod rootfs;
pub mod server;
pub mod strata;
pub mod terminal;
