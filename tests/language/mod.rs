//! The Dockerfile language: what is read, what is refused, and how it is said.
//!
//! | file | what |
//! |---|---|
//! | `fixtures` | the Dockerfiles of tests/fixtures/dockerfiles, each with what it is read as |
//! | `rows` | every rule of the language has a test: the table tests/fixtures/rows.toml |
//! | `expansion` | where variables are expanded, and where not |
//! | `verbs` | parse, expand, ignore-check, context ls, through the binary |

mod expansion;
mod fixtures;
mod rows;
mod shapes;
mod verbs;
