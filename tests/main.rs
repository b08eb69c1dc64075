//! Everything tested from outside, in one binary.

mod common;
mod direction;
mod kernel;
