//! What several tests need.

pub mod rootfs;
pub mod strata;
pub mod terminal;
