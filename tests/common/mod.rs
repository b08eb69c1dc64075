//! What several tests need.

pub mod rootfs;
pub mod strata;
