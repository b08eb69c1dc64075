//! The tests that drive the public API and the binary, in one program (one link instead of many).

mod common;
mod direction;
mod kernel;
