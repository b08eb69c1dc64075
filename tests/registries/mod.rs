//! Registries, through the binary: pull, push, login, and what is refused. The registry is a small
//! server of the tests' own; `.ci/interop` does the same with a real one.
//!
//! | file | what |
//! |---|---|
//! | `practice` | the registry that strata brings along, in a container |
//! | `pulling` | images come, are looked for where they should be, and go on where they broke off |
//! | `caching` | a build cache goes and comes, and a build pushes what it made |
//! | `pushing` | only what is missing goes |
//! | `doors` | names, passwords, tokens, helpers |
//! | `hostile` | what is wrong is refused, and nothing of it stays |

mod caching;
mod doors;
mod hostile;
mod practice;
mod pulling;
mod pushing;
