//! Carries a plan out, step by step, and reports what happened.
//!
//! | file | what |
//! |---|---|
//! | `builder` | from the Dockerfile to the image, and the forecast of it |
//! | `stages`, `board`, `stop` | all stages, at the same time where they can be |
//! | `carry` | one step: reuse the recorded layer, or make it |
//! | `stage` | what a stage has come to: layers, config, key |
//! | `rows` | the report's rows |
//! | [`base`], [`practice`], `recipe` | FROM: images of the store, built-in bases |
//! | `taken`, `layer_source`, `copy`, `placement`, `unpack`, `run` (in a `room`), `workdir` | the instructions that make layers |
//! | `mounts`, `shown`, `cache_mount`, `supplies`, `agent` | what a RUN's `--mount`s show |
//! | `permission` | what a build has to be allowed |
//! | `config_changes` | settings that `commit` and `import` are told |
//! | `settings`, `health` | the instructions that change settings, and history lines |
//! | [`cache`], `stat_cache`, `shared_cache` | what earlier builds left, on disk, and what other machines did |
//! | `inventory` | what the cache holds, and how things leave it |
//! | `fetch` | the files that ADD takes from URLs |
//! | [`shipping`] | images from and to registries |
//! | `world` | what the plan asks about while it judges a step |
//! | `times` | when the entries of an image's history were made |
//! | `notes` | what of this machine is worth a line |
//! | `report`, `advice` | what a build has to tell, and what would have made it faster |

mod advice;
mod agent;
pub mod base;
mod board;
mod builder;
pub mod cache;
mod cache_mount;
mod carry;
mod config_changes;
mod copy;
mod error;
mod fetch;
mod health;
mod inventory;
mod layer_source;
mod mount_error;
mod mounts;
mod notes;
mod permission;
mod placement;
pub mod practice;
mod recipe;
mod report;
mod room;
mod rows;
mod run;
mod settings;
mod shared_cache;
pub mod shipping;
mod shown;
mod stage;
mod stages;
mod stat_cache;
mod stop;
mod supplies;
mod taken;
mod times;
mod unpack;
mod workdir;
mod world;

pub use advice::{Advice, How, advice, all_advice};
pub use base::PracticeSettings;
pub use builder::{BuildInput, Builder, Pulls};
pub use cache::BuildCache;
pub use config_changes::apply_changes;
pub use error::{BuildError, CopyError, ImageError};
pub use fetch::{Download, Downloads, FetchError, git};
pub use inventory::{CacheItem, CacheKind, PruneCache};
pub use mount_error::MountError;
pub use recipe::not_pulled;
pub use report::{
    BuildEvent, BuildReport, ContextReport, LayerReport, StepFailure, StepReport, StepState,
};
pub use shared_cache::{CachePlace, CacheSource, Imports, export_cache};
pub use stage::base_info;
pub use supplies::{Agent, Secret, Supplies};
