//! What several tests need.

pub mod registry;
pub mod repository;
pub mod rootfs;
pub mod server;
pub mod strata;
pub mod terminal;
