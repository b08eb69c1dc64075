//! strata: build container images one Dockerfile instruction at a time, and see why.
//!
//! The road through the house, which is also the order to read it in:
//!
//! ```text
//! Dockerfile text
//!   │ parser    grammar/dockerfile.pest → syntax with spans → typed instructions, stages
//!   ▼
//! Dockerfile ─► check: what is wrong with it, and what is hardly meant
//!   │ plan      stages needed and their order; ARG/ENV scope; one Step per instruction;
//!   │           the ingredients of every step's cache key
//!   ▼
//! Plan ───────► plan::forecast: what would hit or miss, and why; executes nothing
//!   │ build     each step: hit → take the recorded layer; miss → execute, diff, commit
//!   ▼
//! BuildReport   layers: trees, tars, blobs, config, image layout
//!   │           runtime: one process in namespaces on a rootfs
//!   ▼
//! Image in the store ───► runtime: container run
//! ```
//!
//! `parser`, `layers` and `runtime` never see each other; `build` is where they meet. The faces
//! (`cli`, `repl`, `lesson`) ask a [`session`] and draw its answers with [`render`].

pub mod applets;
pub mod diagnostic;
pub mod digest;
pub mod language;
pub mod reference;
pub mod source;
pub mod template;

pub mod build;
pub mod check;
pub mod cli;
pub mod command;
pub mod course;
pub mod face;
pub mod layers;
pub mod lesson;
pub mod parser;
pub mod plan;
pub mod registry;
pub mod render;
pub mod repl;
pub mod runtime;
pub mod session;
