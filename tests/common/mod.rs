//! What several tests need.

pub mod rootfs;
