//! Everything tested from outside, in one binary.

mod builds;
mod checks;
mod cli;
mod common;
mod direction;
mod fallbacks;
mod faults;
mod forecast;
mod garbage;
mod kernel;
mod language;
mod messages;
mod pressure;
mod registries;
mod repl;
