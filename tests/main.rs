//! Everything tested from outside, in one binary.

mod common;
mod kernel;
